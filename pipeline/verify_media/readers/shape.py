"""Finds flat marks with few features by the directions of their edges (after LINE-MOD, Hinterstoisser et al. 2012).

Edge directions (without sign: a white stamp of a black logo looks the same) are quantised, spread over a small
neighbourhood and stored so that a pose of the mark is scored for every place at once by adding up shifted rows. Poses:
rotations, sizes and tilts.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from verify_media.readers.planar import FrameView, Guess
from verify_media.readers.template import gradient, thin_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.template import Template

    Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ShapeSettings:
    """48 px is the smallest mark with a shape of its own; at 960 px that is 5 % of the side."""

    side_px: int = 960
    bins: int = 8
    spread_px: int = 4
    mark_sizes_px: tuple[int, ...] = (48, 60, 76)
    """A third of an octave; the pyramid's octaves give the larger sizes."""
    octaves: int = 4
    turns: int = 24
    tilts: tuple[float, ...] = (0.6,)
    tilt_axes: int = 4
    features: int = 60
    keep: int = 32


SETTINGS = ShapeSettings()


@dataclass(frozen=True, slots=True)
class EdgeMaps:
    """`rows[bin, y % T, x % T]` is the response, 0 to 4, at every T-th pixel; `busy` its mean, 0 to 1."""

    rows: NDArray[np.uint8]
    grid: tuple[int, int]
    busy: Floats
    scale: float


@dataclass(frozen=True, slots=True)
class Pose:
    """`matrix` takes the mark (its own pixels) to pixels of an octave, top left of its features at 0, 0."""

    matrix: Any
    xs: NDArray[np.int64]
    ys: NDArray[np.int64]
    bins: NDArray[np.int64]
    extent: tuple[int, int]


class EdgePyramid:
    """Edge maps of a frame, made once for all marks."""

    def __init__(self, view: FrameView) -> None:
        self.view = view

    @cached_property
    def octaves(self) -> tuple[EdgeMaps, ...]:
        sides = [SETTINGS.side_px >> k for k in range(SETTINGS.octaves)]
        return tuple(
            _edge_maps(*self.view.at_side(min(side, self.view.side))) for side in sides if side <= 1.5 * self.view.side
        )


def _edge_maps(image: Any, scale: float) -> EdgeMaps:
    dx, dy = gradient(cv2.GaussianBlur(image, (0, 0), 0.8))
    energy = cv2.boxFilter(dx * dx + dy * dy, -1, (49, 49))
    # Local contrast: a faint stamp in a quiet corner counts as much as a poster in the sun; 1.5 levels is sensor noise.
    level = np.asarray(np.sqrt(energy) + 1.5, np.float32)
    edges = thin_edges(dx / level, dy / level, 0.5, 1.0)
    count = SETTINGS.bins
    angle = np.arctan2(dy, dx) % np.pi
    bins = (np.round(angle * (count / np.pi)).astype(np.int64) % count)[edges]
    ys, xs = np.nonzero(edges)
    planes = np.zeros((count, *edges.shape), np.uint8)
    planes[bins, ys, xs] = 1
    kernel = np.ones((SETTINGS.spread_px + 1, SETTINGS.spread_px + 1), np.uint8)
    planes = np.stack([cv2.dilate(p, kernel) for p in planes])
    response = np.maximum(planes * 4, np.maximum(np.roll(planes, 1, 0), np.roll(planes, -1, 0)) * 2)
    return _linear(response, scale)


def _linear(response: NDArray[np.uint8], scale: float) -> EdgeMaps:
    step = SETTINGS.spread_px
    count, height, width = response.shape
    grid = (-(-height // step), -(-width // step))
    padded = np.zeros((count, grid[0] * step, grid[1] * step), np.uint8)
    padded[:, :height, :width] = response
    rows = padded.reshape(count, grid[0], step, grid[1], step).transpose(0, 2, 4, 1, 3)
    busy = rows.mean(axis=(0, 1, 2), dtype=np.float32) / 4
    return EdgeMaps(np.ascontiguousarray(rows).reshape(count, step, step, -1), grid, busy, scale)


def poses(template: Template) -> tuple[Pose, ...]:
    """Every size, turn and tilt of the mark that the search tries."""
    made = []
    for size in SETTINGS.mark_sizes_px:
        for turn in range(SETTINGS.turns):
            for squeeze in _squeezes():
                angle = 2 * np.pi * turn / SETTINGS.turns
                made.append(_pose(template, size, _rotation(angle) @ squeeze))
    return tuple(pose for pose in made if pose is not None)


def _rotation(angle: float) -> Any:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _squeezes() -> list[Any]:
    made = [np.eye(2)]
    for tilt in SETTINGS.tilts:
        for axis in range(SETTINGS.tilt_axes):
            turn = _rotation(np.pi * axis / SETTINGS.tilt_axes)
            made.append(turn @ np.diag([1.0, tilt]) @ turn.T)
    return made


def _pose(template: Template, size_px: int, shape: Any) -> Pose | None:
    contour = template.contour(48 if size_px <= 60 else 96)
    unit = shape * (size_px / max(contour.size))
    points = contour.points @ unit.T
    # A contour's normal turns with the inverse transpose.
    normals = contour.normals @ np.linalg.inv(unit)
    keep = _even(points, SETTINGS.features)
    points, normals = points[keep], normals[keep]
    corner = points.min(axis=0)
    at = np.floor(points - corner).astype(np.int64)
    bins = np.round((np.arctan2(normals[:, 1], normals[:, 0]) % np.pi) * (SETTINGS.bins / np.pi)).astype(np.int64)
    if len(at) < 16:
        return None
    to_contour = max(contour.size) / template.long_side
    matrix = np.eye(3)
    matrix[:2, :2] = unit * to_contour
    matrix[:2, 2] = -corner
    extent = at.max(axis=0) + 1
    return Pose(matrix, at[:, 0], at[:, 1], bins % SETTINGS.bins, (int(extent[0]), int(extent[1])))


def _even(points: Floats, most: int) -> NDArray[np.int64]:
    """Farthest-point order would be best; a seeded grid thinning is nearly as even and a hundred times cheaper."""
    for cell in (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0):
        cells = np.floor(points / cell).astype(np.int64)
        first = np.unique(cells[:, 0] * 4096 + cells[:, 1], return_index=True)[1]
        if len(first) <= most:
            break
    return np.asarray(first[:most], np.int64)


def shape_guesses(pyramid: EdgePyramid, template: Template, bank: tuple[Pose, ...]) -> list[Guess]:
    """The best places over all poses, best first, one for each neighbourhood."""
    found: list[tuple[float, Guess]] = []
    for maps in pyramid.octaves:
        for pose in bank:
            found += _best_places(maps, pose)
    found.sort(key=lambda f: -f[0])
    return _apart(found, template, SETTINGS.keep)


def _best_places(maps: EdgeMaps, pose: Pose, count: int = 2) -> list[tuple[float, Guess]]:
    step = SETTINGS.spread_px
    rows, columns = maps.grid
    free = (rows - pose.extent[1] // step - 1, columns - pose.extent[0] // step - 1)
    if min(free) < 1:
        return []
    length = free[0] * columns
    total = np.zeros(length, np.uint8)  # 60 features of at most 4 stay under 256
    shifts = (pose.ys // step) * columns + pose.xs // step
    for row, shift in zip(maps.rows[pose.bins, pose.ys % step, pose.xs % step], shifts, strict=True):
        part = row[shift : shift + length]
        np.add(total[: len(part)], part, out=total[: len(part)])
    score = total.reshape(free[0], columns)[:, : free[1]].astype(np.float32) * (0.25 / len(pose.bins))
    score -= 0.7 * _around(maps, pose, free)
    found = []
    for _ in range(count):
        _, top, _, (x, y) = cv2.minMaxLoc(score)
        if top < 0.25:
            break
        found.append((top, _guess(maps, pose, x, y, top)))
        score[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 0
    return found


def _around(maps: EdgeMaps, pose: Pose, free: tuple[int, int]) -> Floats:
    """How much a random shape would score there: the mean response under the mark's box."""
    step = SETTINGS.spread_px
    box = (pose.extent[0] // step + 1, pose.extent[1] // step + 1)
    mean = cv2.boxFilter(maps.busy, -1, box, anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(mean[: free[0], : free[1]], np.float32)


def _guess(maps: EdgeMaps, pose: Pose, x: int, y: int, score: float) -> Guess:
    step = SETTINGS.spread_px
    move = np.eye(3)
    move[:2, 2] = (x * step, y * step)
    shrink = np.diag([1 / maps.scale, 1 / maps.scale, 1.0])
    return Guess(shrink @ move @ pose.matrix, "shape", score=float(score))


def _apart(found: list[tuple[float, Guess]], template: Template, keep: int) -> list[Guess]:
    """At most three poses for one place, because the refinement may need another turn of the same spot."""
    kept: list[Guess] = []
    places: list[tuple[Any, float]] = []
    middle = np.array([template.size[0] / 2, template.size[1] / 2, 1.0])
    for _, guess in found:
        centre = (guess.homography @ middle)[:2]
        size = float(np.sqrt(abs(np.linalg.det(guess.homography[:2, :2]))) * template.long_side)
        near = sum(np.linalg.norm(centre - c) < 0.3 * min(size, s) and 0.6 < size / s < 1.6 for c, s in places)
        if near >= 3:
            continue
        kept.append(guess)
        places.append((centre, size))
        if len(kept) == keep:
            break
    return kept
