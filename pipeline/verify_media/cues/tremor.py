"""Does a mark that goes its own way share the tremor of the camera? Whatever lies before a hand-held camera does.

A card that is pushed as evenly as a program would move it trembles with all of the picture. A caption, or the plate
that slides in with it, is laid over the picture afterwards, and does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Settings:
    """Pixels are those of the tracked frames, at most 1280 on a side."""

    lattice_px: tuple[float, float] = (0.5, 1.0)
    """Whole pixels of the film in those of the tracked frames. Of less, the steps no longer look like tremor."""
    on_lattice: float = 0.15
    """Mean distance from whole steps, as a share of one, of a path that goes in them: chance has .29."""

    least_wandering: int = 10
    """Frames: a cubic curve takes four numbers."""


SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class Tremor:
    """Unevenness of two paths from frame to frame, pixels; see `jitter`."""

    scene_px: float
    """What is more than two halves of the scene's points disagree."""
    mark_px: float
    across_px: float
    """The mark's, across the line along which it goes: programs keep to it, however they step on it; hands do not."""
    shared: float
    """How much of the scene's the mark shows: 1 for what stands as far away, 0 for what is laid over the picture."""
    rest_px: float
    """The most in any frame that is left of the mark's without the shared part."""
    wander_px: float = 0.0
    """How far the mark strays from any smooth way across its own: see `wander`."""
    unstepped_px: float = 0.0
    """`mark_px`, but 0 for a path in whole pixels, which is uneven by its steps."""


NONE = Tremor(0.0, 0.0, 0.0, 0.0, 0.0)


def tremor(
    way: NDArray[np.float64], scene: NDArray[np.float64], halves: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> Tremor:
    """Of the paths of the mark, and of the scene at its place by all and by each half of its points: frames x 2."""
    own, common = _uneven(way), _uneven(scene)
    if not len(own):
        return NONE
    shared = _slope(own, common)
    rest = np.linalg.norm(own - shared * common, axis=1)
    return Tremor(
        scene_px=max(0.0, jitter(scene) ** 2 - jitter(halves[0] - halves[1]) ** 2) ** 0.5,
        mark_px=jitter(way),
        across_px=across(way),
        shared=shared,
        rest_px=float(rest.max()) / NOISE,
        wander_px=wander(way),
        unstepped_px=0.0 if _is_stepped(way) else jitter(way),
    )


def across(way: NDArray[np.float64]) -> float:
    """Tremor of a path, pixels, across the line along which it goes; 0 for one in whole pixels."""
    return 0.0 if len(way) < 4 or _is_stepped(way) else jitter(_across(way))


def wander(way: NDArray[np.float64]) -> float:
    """Root mean square, pixels, of what a cubic curve does not explain of a path across its main direction.

    Slow hands tremble little from frame to frame, but stray within a second. Programs go straight, or along curves that
    are drawn with a few points. 0 for short paths, and for those in whole pixels.
    """
    if len(way) < SETTINGS.least_wandering or _is_stepped(way):
        return 0.0
    astray, basis = _across(way)[:, 0], np.vander(np.linspace(-1, 1, len(way)), 4)
    rest = astray - basis @ np.linalg.lstsq(basis, astray, rcond=None)[0]
    return float(np.sqrt((rest**2).sum() / (len(way) - 4)))


def _across(way: NDArray[np.float64]) -> NDArray[np.float64]:
    """frames x 1: the path across its main direction."""
    centred = way - way.mean(0)
    return np.asarray(centred @ np.linalg.svd(centred, full_matrices=False)[2][1:].T, np.float64)


def _is_stepped(way: NDArray[np.float64]) -> bool:
    """Whether it goes in whole pixels of the film, as many programs move a layer."""
    low, high = SETTINGS.lattice_px
    steps = (way - way[0])[None] / np.linspace(low, high, 61)[:, None, None]
    astray = np.sqrt(((steps - np.round(steps)) ** 2).mean(axis=(1, 2)))
    return bool(astray.min() < SETTINGS.on_lattice)


NOISE = 20**0.5
"""Of third differences (1, -3, 3, -1), over that of the path: the squares add up to 20."""


def jitter(way: NDArray[np.float64]) -> float:
    """Tremor, pixels: third differences over those of white noise, the median frame's. An even or eased path has next
    to none."""
    third = _uneven(way)
    return float(np.median(np.linalg.norm(third, axis=1))) / NOISE if len(third) else 0.0


def _uneven(way: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.diff(way, n=3, axis=0)


def _slope(own: NDArray[np.float64], common: NDArray[np.float64]) -> float:
    """Weighted median of the frames' own slopes: an animation that sets in or stops spoils three of them."""
    weights = (common**2).sum(axis=1)
    slopes = (own * common).sum(axis=1) / np.maximum(weights, 1e-9)
    order = np.argsort(slopes)
    sums = np.cumsum(weights[order])
    return float(slopes[order][np.searchsorted(sums, sums[-1] / 2)]) if sums[-1] > 0 else 0.0
