"""Points of a mark, of its surroundings and of the scene, followed through neighbouring frames.

Always from frame to frame (pyramidal Lucas-Kanade, Bouguet 2000, with a check backwards), never from the first frame:
fast pans hold, and a point that is lost is known to be lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.windows import grown, letter_height
from verify_media.records import Quad

Grey: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]
"""Points are N x 2, paths frames x N x 2 with NaN after a point was lost."""
Motion: TypeAlias = NDArray[np.float64]
"""2 x 3: turn, growth and shift from one frame to another."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Pixels are those of the tracked frames, at most 1280 on a side."""

    window_px: int = 15
    levels: int = 4
    """Halvings of the picture: 15 px windows then hold 100 px from frame to frame."""
    return_px: float = 0.7
    """A point that does not come back this near when followed backwards is lost."""
    on_mark: int = 60
    around: int = 120
    in_scene: int = 200
    least: int = 6
    """Points that a motion needs."""
    dimming: float = 0.02
    """Change of brightness from frame to frame that is taken out first. A lamp that goes out takes 4 to 20 % a frame,
    and points drift with it: of 29 simulated clips 8 seemed to move, by up to 10 px; with this none."""


SETTINGS = Settings()


def follow(frames: Sequence[Grey], points: Floats) -> Floats:
    """Paths of the points, frames x N x 2; NaN from where a point was lost."""
    paths = np.full((len(frames), len(points), 2), np.nan, np.float32)
    paths[0] = points
    alive = np.arange(len(points))
    for number in range(1, len(frames)):
        if not len(alive):
            break
        alive, moved = _step(frames[number - 1], frames[number], paths[number - 1], alive)
        paths[number, alive] = moved
    return paths


def _step(one: Grey, two: Grey, points: Floats, alive: NDArray[np.intp]) -> tuple[NDArray[np.intp], Floats]:
    one, two = _as_bright(one, two)
    window = (SETTINGS.window_px, SETTINGS.window_px)
    start = points[alive].reshape(-1, 1, 2)
    lucas_kanade: Any = cv2.calcOpticalFlowPyrLK  # whose stubs refuse None for points that are not guessed
    there, found, _ = lucas_kanade(one, two, start, None, winSize=window, maxLevel=SETTINGS.levels)
    back, again, _ = lucas_kanade(two, one, there, None, winSize=window, maxLevel=SETTINGS.levels)
    near = np.linalg.norm(back - start, axis=2)[:, 0] < SETTINGS.return_px
    size = np.array([one.shape[1], one.shape[0]])
    within = ((there[:, 0] >= 2) & (there[:, 0] < size - 2)).all(axis=1)
    kept = near & within & (found[:, 0] > 0) & (again[:, 0] > 0)
    return alive[kept], np.asarray(there[kept, 0], np.float32)


def _as_bright(one: Grey, two: Grey) -> tuple[Grey, Grey]:
    """Both with the brightness of the brighter one: Lucas and Kanade take it that a point keeps its own."""
    coarse = [cv2.resize(frame, (32, 24), interpolation=cv2.INTER_AREA).astype(np.float32) + 1 for frame in (one, two)]
    gain = float(np.median(coarse[1] / coarse[0]))  # the median: what a pan brings into view is no change of light
    if abs(gain - 1) <= SETTINGS.dimming:
        return one, two
    return (one, _brightened(two, 1 / gain)) if gain < 1 else (_brightened(one, gain), two)


def _brightened(frame: Grey, gain: float) -> Grey:
    return np.asarray(cv2.convertScaleAbs(frame, alpha=gain), np.uint8)


@dataclass(frozen=True, slots=True)
class Seeds:
    """Corners to follow: strictly on the mark, in the band around it, and in the rest of the picture."""

    mark: Floats
    around: Floats
    scene: Floats

    @property
    def all(self) -> Floats:
        return np.concatenate([self.mark, self.around, self.scene])


def seeds(frame: Grey, quad: Quad) -> Seeds:
    height = letter_height(quad)
    hole = _filled(frame, grown(quad, 1.0, max(5.0, 0.2 * height)))
    band = _filled(frame, grown(quad, 1.2, 1.3 * height + 24))
    mark = _filled(frame, np.array(quad))
    return Seeds(
        corners(frame, mark, SETTINGS.on_mark, 3),
        corners(frame, band & ~hole, SETTINGS.around, 5),
        _spread_corners(frame, ~band),
    )


def _filled(frame: Grey, polygon: NDArray[np.float64]) -> Grey:
    mask = np.zeros(frame.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(polygon).astype(np.int32)], 255)
    return mask


CORNER_MARGIN_PX = 8
"""More than the reach of a corner's measure: half of its block of 5, a gradient, and a neighbour to be larger than."""


def corners(frame: Grey, mask: Grey, most: int, apart_px: int) -> Floats:
    """The strongest corners under the mask; only the piece that holds it is measured, which changes none of them."""
    left, top, width, height = cv2.boundingRect(mask)
    low = np.maximum((left - CORNER_MARGIN_PX, top - CORNER_MARGIN_PX), 0)
    piece = slice(low[1], top + height + CORNER_MARGIN_PX), slice(low[0], left + width + CORNER_MARGIN_PX)
    if not width:
        return np.empty((0, 2), np.float32)
    found = cv2.goodFeaturesToTrack(frame[piece], most, 0.03, apart_px, mask=mask[piece], blockSize=5)
    return np.empty((0, 2), np.float32) if found is None else np.asarray(found[:, 0] + low, np.float32)


GRID = 4


def _spread_corners(frame: Grey, mask: Grey) -> Floats:
    """The same number for each of GRID x GRID tiles: one busy corner must not speak for the picture."""
    height, width = frame.shape
    found = []
    for row in range(GRID):
        for column in range(GRID):
            y, x = (
                slice(row * height // GRID, (row + 1) * height // GRID),
                slice(column * width // GRID, (column + 1) * width // GRID),
            )
            points = corners(frame[y, x], np.ascontiguousarray(mask[y, x]), SETTINGS.in_scene // GRID**2, 7)
            found.append(points + np.array([x.start, y.start], np.float32))
    return np.concatenate(found)


def motion(paths: Floats, number: int, tolerance_px: float = 1.5) -> tuple[Motion, float] | None:
    """Similarity from frame 0 to `number` that most of the points follow, and their share; None for too few points."""
    alive = ~np.isnan(paths[number, :, 0])
    if alive.sum() < SETTINGS.least:
        return None
    matrix, inliers = cv2.estimateAffinePartial2D(
        paths[0, alive], paths[number, alive], method=cv2.RANSAC, ransacReprojThreshold=tolerance_px
    )
    if matrix is None or inliers.sum() < SETTINGS.least:
        return None
    return np.asarray(matrix, np.float64), float(inliers.mean())


def moved(points: NDArray[np.floating], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(points, np.float64) @ matrix[:, :2].T + matrix[:, 2]
