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

from verify_media.readers.frame_view import FrameView
from verify_media.readers.outline import gradient, rotation, thin_edges
from verify_media.readers.planar import Guess

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
    tilts_small: tuple[float, ...] = (0.6,)
    """In the finest octave, which costs most."""
    tilts: tuple[float, ...] = (0.75, 0.5)
    tilt_axes: int = 4
    features: int = 60
    busy: float = 0.7
    """How much of the score of a random shape is taken off."""
    keep: int = 24


SETTINGS = ShapeSettings()


class EdgeMaps:
    """Edge directions of one octave, spread. `rows[plane]` is the response, 0 to 4, at every T-th pixel, flat."""

    def __init__(self, rows: NDArray[np.uint8], grid: tuple[int, int], scale: float) -> None:
        self.rows = rows
        self.grid = grid
        self.scale = scale
        self._busy = rows.mean(axis=0, dtype=np.float32).reshape(grid[0] + 1, grid[1])[: grid[0]]
        self._expected: dict[tuple[int, int, int], NDArray[np.uint8]] = {}

    def expected(self, pose: Pose) -> NDArray[np.uint8]:
        """The part SETTINGS.busy of the score that a random shape of the pose's extent gets at each place."""
        step = 2 * SETTINGS.spread_px
        key = (pose.extent[0] // step * 2 + 1, pose.extent[1] // step * 2 + 1, len(pose.xs))
        if key not in self._expected:
            mean = cv2.boxFilter(self._busy, -1, key[:2], anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
            self._expected[key] = np.minimum(SETTINGS.busy * len(pose.xs) * mean, 255).astype(np.uint8)
        return self._expected[key]


@dataclass(frozen=True, slots=True)
class Pose:
    """`matrix` takes the mark (its own pixels) to pixels of an octave, top left of its features at 0, 0.

    `planes` picks the row of `EdgeMaps` for each feature: its direction, and its place within a cell.
    """

    matrix: Any
    xs: NDArray[np.int64]
    ys: NDArray[np.int64]
    planes: NDArray[np.int64]
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
    # One more row of cells than the grid, so that every shifted row is long enough.
    padded = np.zeros((count, (grid[0] + 1) * step, grid[1] * step), np.uint8)
    padded[:, :height, :width] = response
    rows = padded.reshape(count, grid[0] + 1, step, grid[1], step).transpose(0, 2, 4, 1, 3)
    return EdgeMaps(np.ascontiguousarray(rows).reshape(count * step * step, -1), grid, scale)


def bank_of(template: Template) -> tuple[tuple[Pose, ...], ...]:
    """The poses for the finest octave and for the others."""
    return poses(template, SETTINGS.tilts_small), poses(template, SETTINGS.tilts)


def poses(template: Template, tilts: tuple[float, ...]) -> tuple[Pose, ...]:
    """Every size, turn and tilt of the mark that the search tries."""
    return tuple(
        pose
        for size in SETTINGS.mark_sizes_px
        for squeeze in _squeezes(tilts)
        for pose in _turned_poses(template, size, squeeze)
    )


def _squeezes(tilts: tuple[float, ...]) -> list[Any]:
    made = [np.eye(2)]
    for tilt in tilts:
        for axis in range(SETTINGS.tilt_axes):
            turn = rotation(np.pi * axis / SETTINGS.tilt_axes)
            made.append(turn @ np.diag([1.0, tilt]) @ turn.T)
    return made


def _turned_poses(template: Template, size_px: int, squeeze: Any) -> list[Pose]:
    contour = template.contour(48 if size_px <= 60 else 96)
    unit = squeeze * (size_px * template.stretch / max(contour.size))
    points = contour.points @ unit.T
    # A contour's normal turns with the inverse transpose.
    normals = contour.normals @ np.linalg.inv(unit)
    keep = _even(points, SETTINGS.features)
    if len(keep) < 16:
        return []
    points, normals = points[keep], normals[keep]
    matrix = np.eye(3)
    matrix[:2, :2] = unit * (max(contour.size) / template.long_side)
    turns = round(SETTINGS.turns * template.stretch)
    angles = 2 * np.pi * np.arange(turns) / turns
    return [_turned(points, normals, matrix, float(angle)) for angle in angles]


def _turned(points: Floats, normals: Floats, matrix: Any, angle: float) -> Pose:
    turn = rotation(angle)
    points = points @ turn.T
    corner = points.min(axis=0)
    at = (points - corner).astype(np.int64)
    direction = np.arctan2(normals[:, 1], normals[:, 0]) + angle
    bins = np.round(direction * (SETTINGS.bins / np.pi)).astype(np.int64) % SETTINGS.bins
    step = SETTINGS.spread_px
    planes = (bins * step + at[:, 1] % step) * step + at[:, 0] % step
    turned = np.eye(3)
    turned[:2, :2] = turn
    turned[:2, 2] = -corner
    width, height = at.max(axis=0) + 1
    return Pose(turned @ matrix, at[:, 0], at[:, 1], planes, (int(width), int(height)))


def _even(points: Floats, most: int) -> NDArray[np.int64]:
    """Farthest-point order would be best; a seeded grid thinning is nearly as even and a hundred times cheaper."""
    for cell in (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0):
        cells = np.floor(points / cell).astype(np.int64)
        first = np.unique(cells[:, 0] * 4096 + cells[:, 1], return_index=True)[1]
        if len(first) <= most:
            break
    return np.asarray(first[:most], np.int64)


@dataclass(frozen=True, slots=True)
class Place:
    """A pose at a cell of the grid."""

    score: float
    maps: EdgeMaps
    pose: Pose
    x: int
    y: int

    def guess(self) -> Guess:
        move = np.eye(3)
        move[:2, 2] = (self.x * SETTINGS.spread_px, self.y * SETTINGS.spread_px)
        shrink = np.diag([1 / self.maps.scale, 1 / self.maps.scale, 1.0])
        return Guess(shrink @ move @ self.pose.matrix, "shape", score=self.score)


def shape_guesses(pyramid: EdgePyramid, template: Template, bank: tuple[tuple[Pose, ...], ...]) -> list[Guess]:
    """The best places over all poses, best first."""
    found = [
        place
        for number, maps in enumerate(pyramid.octaves)
        for pose in bank[min(number, 1)]
        for place in _best_places(maps, pose)
    ]
    found.sort(key=lambda place: -place.score)
    return _apart(found, template)


def _best_places(maps: EdgeMaps, pose: Pose, count: int = 2) -> list[Place]:
    step = SETTINGS.spread_px
    rows, columns = maps.grid
    free = (rows - pose.extent[1] // step - 1, columns - pose.extent[0] // step - 1)
    if min(free) < 1:
        return []
    length = free[0] * columns
    total = np.zeros(length, np.uint8)  # 60 features of at most 4 stay under 256
    starts = ((pose.ys // step) * columns + pose.xs // step).tolist()
    for plane, start in zip(pose.planes.tolist(), starts, strict=True):
        np.add(total, maps.rows[plane, start : start + length], out=total)
    # What a random shape would score there is taken off, so that foliage does not win.
    score = cv2.subtract(total.reshape(free[0], columns)[:, : free[1]], maps.expected(pose)[: free[0], : free[1]])
    full = 4.0 * len(starts)
    found: list[Place] = []
    for _ in range(count):
        _, top, _, (x, y) = cv2.minMaxLoc(score)
        if top < 0.25 * full:
            break
        found.append(Place(top / full, maps, pose, x, y))
        score[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4] = 0
    return found


def _apart(found: list[Place], template: Template) -> list[Guess]:
    """At most three poses for one place, because the refinement may need another turn of the same spot."""
    kept: list[Guess] = []
    places: list[tuple[Any, float]] = []
    middle = np.array([template.size[0] / 2, template.size[1] / 2, 1.0])
    for place in found:
        guess = place.guess()
        centre = (guess.homography @ middle)[:2]
        size = float(np.sqrt(abs(np.linalg.det(guess.homography[:2, :2]))) * template.long_side)
        near = sum(np.linalg.norm(centre - c) < 0.3 * min(size, s) and 0.6 < size / s < 1.6 for c, s in places)
        if near >= 3:
            continue
        kept.append(guess)
        places.append((centre, size))
        if len(kept) == SETTINGS.keep:
            break
    return kept
