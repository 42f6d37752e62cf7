"""One mark in several pictures: an overlay keeps its place and shape while the scenes change, a real thing does not.

An imprint of a few kilobytes is kept with each sighting, so that pictures can be compared without their pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.records import ItemReport, Quad, Sighting

WIDTH, HEIGHT = 128, 32
"""The rectified mark, half of it surroundings: the mark fills the middle half of either side."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Set on marks laid on and photographed in different scenes. Readers place a quad to within 2 % of its height."""

    place: float = 0.012
    """Largest distance of two centres, in picture widths."""
    size: float = 0.04
    turn_deg: float = 1.5
    likeness: float = 0.88
    """Least correlation of the two marks' edges."""
    scenery: float = 0.5
    """Largest correlation of their surroundings: above it, a tripod explains the same place."""
    turned_deg: float = 6.0
    """A difference of angle or of slant above this is movement in space."""


BOUNDS = Bounds()


def imprint(image: NDArray[np.uint8], quad: Quad) -> bytes:
    """HEIGHT x WIDTH grey values of the mark and what is around it, upright; empty for a quad without an area."""
    if cv2.contourArea(np.array(quad, np.float32)) < 1.0:
        return b""
    inner = np.array([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]], np.float32) * (WIDTH, HEIGHT)
    matrix = cv2.getPerspectiveTransform(np.array(quad, np.float32), inner.astype(np.float32))
    tall = max(1.0, float(np.linalg.norm(np.subtract(quad[3], quad[0]))))
    corners = cv2.perspectiveTransform(
        np.array([[[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]]], np.float64), np.linalg.inv(matrix)
    )[0]
    low = np.clip(np.floor(corners.min(0)), 0, [image.shape[1] - 2, image.shape[0] - 2]).astype(int)
    high = np.clip(np.ceil(corners.max(0)), low + 2, [image.shape[1], image.shape[0]]).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    shrink = min(1.0, HEIGHT / tall)
    size = max(1, round(part.shape[1] * shrink)), max(1, round(part.shape[0] * shrink))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA) if shrink < 0.7 else part
    factor = np.diag([part.shape[1] / small.shape[1], part.shape[0] / small.shape[0], 1.0])
    moved = matrix @ np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1.0]]) @ factor
    grey = cv2.warpPerspective(
        cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), moved, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE
    )
    return bytes(np.asarray(grey, np.uint8).tobytes())


def repeated(reports: Sequence[ItemReport]) -> dict[tuple[int, int], int]:
    """(report, sighting) -> in how many pictures the mark keeps its exact place and shape in different scenes."""
    counts: dict[tuple[int, int], set[int]] = {}
    for one, other in combinations(_numbered(reports), 2):
        (i, _, a), (k, _, b) = one, other
        if i != k and a.mark == b.mark and _same_place(reports[i], a, reports[k], b) and _laid_on(a, b):
            counts.setdefault(one[:2], {i}).add(k)
            counts.setdefault(other[:2], {k}).add(i)
    return {key: len(items) for key, items in counts.items()}


def moving(reports: Sequence[ItemReport]) -> set[tuple[int, int]]:
    """(report, sighting) of marks that are seen from different angles in different pictures."""
    moved: set[tuple[int, int]] = set()
    for one, other in combinations(_numbered(reports), 2):
        (i, _, a), (k, _, b) = one, other
        if i != k and a.mark == b.mark and _angle_between(a.quad, b.quad) > BOUNDS.turned_deg:
            moved |= {one[:2], other[:2]}
    return moved


def _numbered(reports: Sequence[ItemReport]) -> list[tuple[int, int, Sighting]]:
    return [(i, j, s) for i, report in enumerate(reports) for j, s in enumerate(report.sightings) if s.imprint]


def _same_place(one: ItemReport, a: Sighting, other: ItemReport, b: Sighting) -> bool:
    """The same corner distances or the same relative place, size and angle; stamping tools keep one or the other."""
    (ca, ta, sa), (cb, tb, sb) = _shape(a.quad), _shape(b.quad)
    if abs((ta - tb + 180) % 360 - 180) > BOUNDS.turn_deg:
        return False
    size_a, size_b = np.array([one.media.width, one.media.height]), np.array([other.media.width, other.media.height])
    relative = np.abs(ca / size_a - cb / size_b).max() < BOUNDS.place
    same_share = abs(np.log((sa / size_a[0]) / (sb / size_b[0]))) < BOUNDS.size
    anchored = (
        any(np.abs((ca - f * size_a) - (cb - f * size_b)).max() < 3 for f in _ANCHORS)
        and abs(np.log(sa / sb)) < BOUNDS.size
    )
    return bool((relative and same_share) or anchored)


_ANCHORS = [np.array([x, y]) for x in (0.0, 0.5, 1.0) for y in (0.0, 0.5, 1.0)]


def _shape(quad: Quad) -> tuple[NDArray[np.float64], float, float]:
    """Centre, angle of the upper side in degrees, length of the sides' mean."""
    points = np.array(quad, np.float64)
    across = (points[1] - points[0] + points[2] - points[3]) / 2
    return points.mean(0), float(np.degrees(np.arctan2(across[1], across[0]))), max(1e-6, float(np.hypot(*across)))


def _laid_on(a: Sighting, b: Sighting) -> bool:
    """The marks agree, their surroundings do not."""
    one, other = (_slopes(np.frombuffer(s.imprint, np.uint8).reshape(HEIGHT, WIDTH)) for s in (a, b))
    middle = np.zeros((HEIGHT, WIDTH), bool)
    middle[HEIGHT // 4 - 1 : 3 * HEIGHT // 4 + 1, WIDTH // 4 - 1 : 3 * WIDTH // 4 + 1] = True
    return _likeness(one, other, middle) > BOUNDS.likeness and _likeness(one, other, ~middle) < BOUNDS.scenery


def _slopes(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Horizontal and vertical slopes, 2 x HEIGHT x WIDTH."""
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0)
    return np.stack([cv2.Sobel(soft, cv2.CV_32F, i, 1 - i) for i in (1, 0)]).astype(np.float32)


def _likeness(one: NDArray[np.float32], other: NDArray[np.float32], where: NDArray[np.bool_]) -> float:
    a, b = one[:, where], other[:, where]
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum() / size) if size > 1e-3 else 0.0


def _angle_between(one: Quad, other: Quad) -> float:
    """Largest difference of the angles at the quads' corners and of their upper sides, degrees."""
    a, b = (np.array(q, np.float64) for q in (one, other))
    corners = [abs(_corner(a, k) - _corner(b, k)) for k in range(4)]
    turn = abs((_shape(one)[1] - _shape(other)[1] + 180) % 360 - 180)
    return max(*corners, turn)


def _corner(points: NDArray[np.float64], k: int) -> float:
    before, after = points[k - 1] - points[k], points[(k + 1) % 4] - points[k]
    return float(np.degrees(np.arctan2(abs(before[0] * after[1] - before[1] * after[0]), before @ after)))
