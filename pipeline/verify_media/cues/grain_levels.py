"""Grain against brightness: what a sensor leaves depends on the light, so ink is compared with equally bright places.

The mean high-pass residue of flat pixels in eight bands of grey, on the mark against around it and far from it (the
noise level function of Liu et al. 2006, as splicing detectors use it).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.noise import MASK
from verify_media.cues.windows import SIDE, View

NAMES = (
    "grain_at_level_over_near",
    "grain_at_level_over_far",
    "grain_at_level_least_over_far",
    "chroma_grain_at_level_over_near",
    "chroma_grain_at_level_over_far",
)
BANDS, STEEPEST, LEAST = 8, 5.0, 24
"""Bands of grey; the slope in grey levels a pixel up to which it is flat; and flat pixels that a band needs."""
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Levels:
    """Flat pixels of each band, and the mean residue of grey and of colour there."""

    count: NDArray[np.float64]
    grey: NDArray[np.float64]
    chroma: NDArray[np.float64]


def levels(view: View) -> Levels:
    if not len(view.pixels):
        return Levels(*np.zeros((3, BANDS)))
    planes = np.asarray(cv2.cvtColor(view.pixels.reshape(-1, SIDE, 3), cv2.COLOR_RGB2YCrCb), np.float32)
    rest = np.abs(cv2.filter2D(planes, -1, MASK)) / 6
    grey = np.ascontiguousarray(planes[:, :, 0])
    slopes = [np.abs(cv2.Sobel(grey, cv2.CV_32F, i, 1 - i, scale=0.125)) for i in (0, 1)]
    flat = view.inside.reshape(-1, SIDE) & (slopes[0] + slopes[1] < STEEPEST)
    band = (grey[flat] / (256 / BANDS)).astype(np.intp)
    count = np.bincount(band, minlength=BANDS)[:BANDS].astype(float)
    of_grey = np.bincount(band, rest[:, :, 0][flat], BANDS)[:BANDS]
    of_chroma = np.bincount(band, (rest[:, :, 1] + rest[:, :, 2])[flat] / 2, BANDS)[:BANDS]
    return Levels(count, of_grey / np.maximum(count, 1), of_chroma / np.maximum(count, 1))


def grain_levels(mark: Levels, near: Levels, far: Levels) -> list[float]:
    """Values of NAMES: logarithms to base 2."""
    close, away = _over(mark.grey, near.grey, mark, near), _over(mark.grey, far.grey, mark, far)
    return [
        _mean(*close),
        _mean(*away),
        float(away[0].min()) if len(away[0]) else NAN,
        _mean(*_over(mark.chroma, near.chroma, mark, near)),
        _mean(*_over(mark.chroma, far.chroma, mark, far)),
    ]


def _over(
    own: NDArray[np.float64], other: NDArray[np.float64], mark: Levels, reference: Levels
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ratios of the bands that both have, and their weights."""
    both = (mark.count >= LEAST) & (reference.count >= LEAST)
    return np.log2((own[both] + 0.1) / (other[both] + 0.1)), np.sqrt(mark.count[both])


def _mean(ratios: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    return float((ratios * weights).sum() / weights.sum()) if len(ratios) else NAN
