"""The mark in its setting: an upright piece of the picture around it, letters at one size, for the network that knows
scenes with lettering."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.windows import letter_height
from verify_media.records import Quad

HEIGHT, WIDTH = 128, 256
LETTERS, LONGEST, TALLEST = 24, 176, 84
"""Letters are LETTERS px high, unless the mark would then be longer or taller than LONGEST and TALLEST."""
REACH, RIM = 24, 3
"""The band around the mark begins RIM px from it and ends REACH px from it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`pixels`: HEIGHT x WIDTH x 3, RGB. `inside`, `around`: HEIGHT x WIDTH, the mark and the band around it."""

    pixels: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    around: NDArray[np.bool_]


def setting(image: NDArray[np.uint8], quad: Quad) -> Setting:
    pixels, corners = cut(image, quad)
    return Setting(pixels, *bands(corners))


def cut(image: NDArray[np.uint8], quad: Quad, margin: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The piece with the mark in its middle, `margin` px wider on each side (half as much above and below), and the
    mark's corners in it (4 x 2). Mirrored at the picture's borders."""
    width, height = WIDTH + 2 * margin, HEIGHT + margin
    corners = np.array(quad, np.float64)
    middle, (wide, tall) = corners.mean(0), np.ptp(corners, axis=0)
    scale = min(LETTERS / letter_height(quad), LONGEST / max(wide, 1e-3), TALLEST / max(tall, 1e-3))
    half = np.array([width, height]) / 2 / scale
    low = np.clip((middle - half - 4).astype(int), 0, None)
    high = np.minimum((middle + half + 5).astype(int), image.shape[1::-1])
    part, factor = _shrunk(image[low[1] : high[1], low[0] : high[0]], scale)
    shift = np.array([width, height]) / 2 + scale * (low - middle)
    matrix = np.column_stack([np.eye(2) * scale / factor, shift])
    pixels = cv2.warpAffine(part, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(pixels, np.uint8), (corners - low) * scale + shift


def _shrunk(part: NDArray[np.uint8], scale: float) -> tuple[NDArray[np.uint8], float]:
    """Area means a little finer than the piece will be, where it is much smaller than the picture."""
    factor = scale / 0.8
    if scale >= 0.6:
        return np.ascontiguousarray(part), 1.0
    step = max(1, int(1 / factor // 4))  # 16 samples make a good mean of hundreds, in a fraction of the time
    size = max(2, round(part.shape[1] * factor)), max(2, round(part.shape[0] * factor))
    return np.asarray(cv2.resize(part[::step, ::step], size, interpolation=cv2.INTER_AREA), np.uint8), factor


def bands(
    corners: NDArray[np.float64], height: int = HEIGHT, width: int = WIDTH
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """height x width: inside the mark, and in the band around it."""
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, corners.round().astype(np.int32), 1)
    outer, rim = (cv2.dilate(inside, np.ones((2 * r + 1, 2 * r + 1), np.uint8)) for r in (REACH, RIM))
    return inside > 0, (outer > 0) & (rim == 0)
