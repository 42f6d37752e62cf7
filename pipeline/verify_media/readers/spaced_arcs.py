"""Arcs of widely spaced letters: the detector boxes a few letters each, whose middles lie on one circle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.arcs import Circle, arc_span, densified, ring_strips
from verify_media.readers.ocr_detect import Region
from verify_media.readers.strips import Pyramid, Strip

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpacedArcSettings:
    """Lengths are in heights of a letter's box."""

    min_letters: int = 4
    near: int = 5
    """A circle is guessed from a middle and two of its nearest ones."""
    min_radius: float = 1.2
    max_radius: float = 12.0
    max_off: float = 0.3
    min_angle: float = 0.9
    """Radians between the first and the last letter: less is a straight line read askew."""
    max_gap: float = 4.0
    size_ratio: float = 1.8
    half_band: float = 0.75
    max_arcs: int = 3
    max_points: int = 100


SETTINGS = SpacedArcSettings()
KERNEL_SHARE = 2.2
"""Height of the letters over the thickness of their kernel: 1.8 for a square kernel, 2.6 for a long one."""


@dataclass(frozen=True, slots=True, eq=False)
class Middles:
    """Points on the middle lines of regions: N x 2 places, N heights of letters, N numbers of the regions."""

    points: Floats
    sizes: Floats
    owners: NDArray[np.intp]

    def without(self, gone: NDArray[np.bool_]) -> Middles:
        return Middles(self.points[~gone], self.sizes[~gone], self.owners[~gone])


def spaced_arcs(pyramid: Pyramid, regions: Sequence[Region]) -> list[Strip]:
    """Strips along the circles on which most letters lie, tops outwards and inwards."""
    middles = _middles(regions)
    found: list[Strip] = []
    for _ in range(SETTINGS.max_arcs):
        if len(middles.points) < SETTINGS.min_letters or (best := _best_arc(middles)) is None:
            break
        circle, members = best
        size = float(np.median(middles.sizes[members]))
        first, last = arc_span(middles.points[members], circle)
        pad = size / circle.radius
        found += ring_strips(pyramid, circle, SETTINGS.half_band * size, first - pad, last + pad)
        middles = middles.without(members)
    return found


def _middles(regions: Sequence[Region]) -> Middles:
    """Points along the middle lines of the text kernels, one for each letter or so."""
    points: list[Floats] = []
    sizes: list[float] = []
    owners: list[int] = []
    for number, region in enumerate(regions):
        line, size = _middle_line(region)
        if len(points) + len(line) <= SETTINGS.max_points:
            points += list(line)
            sizes += [size] * len(line)
            owners += [number] * len(line)
    places = np.array(points, np.float32).reshape(-1, 2)
    return Middles(places, np.array(sizes, np.float32), np.array(owners, np.intp))


def _middle_line(region: Region) -> tuple[Floats, float]:
    """N x 2 points and the height of the letters: a kernel is about half as high as its letters."""
    unit = (region.quad[1] - region.quad[0]) / max(region.width, 1e-3)
    normal = np.array([-unit[1], unit[0]], np.float32)
    outline = densified(region.contour)
    along, across = outline @ unit, outline @ normal
    length = float(np.ptp(along))
    size = KERNEL_SHARE * float(cv2.contourArea(region.contour)) / max(length, 1.0)
    edges = np.linspace(along.min(), along.max() + 1e-3, max(1, round(length / max(size, 1.0))) + 1)
    rows = [(low, high, across[(along >= low) & (along < high)]) for low, high in pairwise(edges.tolist())]
    middles = [
        unit * (low + high) / 2 + normal * (part.min() + part.max()) / 2 for low, high, part in rows if len(part)
    ]
    return np.array(middles, np.float32).reshape(-1, 2), size


def _best_arc(middles: Middles) -> tuple[Circle, NDArray[np.bool_]] | None:
    """The circle with most letters in one run, and which they are."""
    arcs = ((circle, _run(middles, circle, size)) for circle, size in _guesses(middles))
    best = max(arcs, key=lambda arc: int(arc[1].sum()), default=None)
    return best if best is not None and best[1].sum() >= SETTINGS.min_letters else None


def _guesses(middles: Middles) -> Iterator[tuple[Circle, float]]:
    distance = np.linalg.norm(middles.points[:, None] - middles.points[None], axis=2)
    for first, size in enumerate(middles.sizes.tolist()):
        near = np.argsort(distance[first])[1 : SETTINGS.near + 1]
        for second, third in combinations(near.tolist(), 2):
            circle = _through(middles.points[[first, second, third]])
            if circle and SETTINGS.min_radius * size <= circle.radius <= SETTINGS.max_radius * size:
                yield circle, size


def _through(points: Floats) -> Circle | None:
    """The circle through three points; None where they lie on a line."""
    (ax, ay), (bx, by), (cx, cy) = points.astype(float)
    twice = 2 * (ax * (by - cy) + bx * (cy - ay) + cx * (ay - by))
    if abs(twice) < 1e-6:
        return None
    a, b, c = ax * ax + ay * ay, bx * bx + by * by, cx * cx + cy * cy
    x = (a * (by - cy) + b * (cy - ay) + c * (ay - by)) / twice
    y = (a * (cx - bx) + b * (ax - cx) + c * (bx - ax)) / twice
    return Circle(x, y, float(np.hypot(ax - x, ay - y)))


def _run(middles: Middles, circle: Circle, size: float) -> NDArray[np.bool_]:
    """The longest run of letters of like size along the circle without a large gap."""
    offset = middles.points - np.array([circle.x, circle.y], np.float32)
    off = np.abs(np.hypot(offset[:, 0], offset[:, 1]) - circle.radius)
    ratio = np.maximum(middles.sizes / size, size / middles.sizes)
    on = np.flatnonzero((off < SETTINGS.max_off * size) & (ratio < SETTINGS.size_ratio))
    run = np.zeros(len(middles.points), bool)
    if len(on) < SETTINGS.min_letters:
        return run
    order = on[np.argsort(np.arctan2(offset[on, 1], offset[on, 0]))]
    angle = np.arctan2(offset[order, 1], offset[order, 0])
    gaps = np.diff(angle, append=angle[0] + 2 * np.pi) * circle.radius > SETTINGS.max_gap * size
    order = np.roll(order, -(int(np.argmax(gaps)) + 1)) if gaps.any() else order
    breaks = np.roll(gaps, -(int(np.argmax(gaps)) + 1))[:-1] if gaps.any() else np.zeros(len(order) - 1, bool)
    longest = max(np.split(order, np.flatnonzero(breaks) + 1), key=len)
    run[longest] = True
    run &= ~np.isin(middles.owners, middles.owners[~run])  # a word that only touches the circle would be cut
    first, last = arc_span(middles.points[run], circle) if run.any() else (0.0, 0.0)
    return run if last - first >= SETTINGS.min_angle else np.zeros_like(run)
