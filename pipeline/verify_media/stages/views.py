"""Does a frame show anything that was not read yet? Compared in small grey copies, tile by tile.

Before a camera on a tripod most frames show what an earlier one did. Reading one costs 1 CPU-s, comparing 1 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from verify_media.records import Image


@dataclass(frozen=True, slots=True)
class Settings:
    """How copies are compared."""

    side_px: int = 480
    """Longer side of the copies: enough to see hand shake, and noise is averaged away."""
    tile_px: int = 16
    new: float = 4.0
    """Mean grey levels by which one tile differs where there is something new."""


SETTINGS = Settings()

View = NDArray[np.uint8]
"""The whole frame, upright, grey, `side_px` at most on its longer side."""


def view(image: Image) -> View:
    factor = min(1.0, SETTINGS.side_px / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)


def sharpness(small: View) -> float:
    """Variance of the Laplacian: hand shake shows there, noise does not."""
    return float(cv2.Laplacian(small, cv2.CV_32F).var())


def difference(one: View, two: View) -> float:
    """Mean grey levels by which the tile differs that differs most."""
    height, width = one.shape
    tiles = max(1, round(width / SETTINGS.tile_px)), max(1, round(height / SETTINGS.tile_px))
    apart = cv2.absdiff(one, two).astype(np.float32)
    return float(cv2.resize(apart, tiles, interpolation=cv2.INTER_AREA).max())


def is_new(seen: View, known: Iterable[View]) -> bool:
    """Whether it differs from each of those that are known."""
    return all(seen.shape != other.shape or difference(seen, other) >= SETTINGS.new for other in known)
