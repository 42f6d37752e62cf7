"""Whether two items are the same picture: the same bytes, or the same picture saved, shrunk or converted again.

Two photos of one scene must not merge: three shots of one table are three photos.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from verify_media.records import Image, MediaItem

_HASH_SIDE, _DCT_SIDE = 8, 32
_GAINS = (0.8, 1.25)
"""Contrast that a brightened copy may differ by."""
_LOOK_SIDE = 256


@dataclass(frozen=True, slots=True)
class SameLimits:
    """Bounds within which two pictures are one.

    42 camera photos, each saved again four ways (quality 30 to 90, size 1 to 1/4): hash up to 10 bits apart, mean
    difference up to 1.2, worst tile up to 2.0; these bounds join 167 of 168. Of 255 pairs of frames 0.1 to 1 s apart in
    30 clips the hash alone takes 172 for one picture; with the differences 36 remain, all 0.3 s apart or less and from
    cameras that stood still.
    """

    hash_bits: int = 8
    mean_difference: float = 1.6
    tile_difference: float = 3.2
    aspect: float = 0.02
    duration_s: float = 0.1


SAME = SameLimits()


@dataclass(frozen=True, slots=True)
class Look:
    """A small grey picture, side at most 256, for the second check."""

    grey: NDArray[np.uint8]
    width: int
    height: int


def phash(pixels: Image) -> int:
    """64-bit perceptual hash: signs of the low DCT frequencies against their median (Zauner 2010, pHash)."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_DCT_SIDE, _DCT_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:_HASH_SIDE, :_HASH_SIDE].ravel()
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def look(pixels: Image) -> Look:
    height, width = pixels.shape[:2]
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_LOOK_SIDE, _LOOK_SIDE), interpolation=cv2.INTER_AREA)
    return Look(np.asarray(small, np.uint8), width, height)


def hamming(a: int, b: int) -> int:
    return (a ^ b).bit_count()


def is_same_picture(a: MediaItem, b: MediaItem, look_a: Look, look_b: Look) -> bool:
    """Near in hash, not taken at different moments, and alike in every part."""
    if a.kind is not b.kind or a.phash is None or b.phash is None or hamming(a.phash, b.phash) > SAME.hash_bits:
        return False
    if abs(a.width * b.height - b.width * a.height) > SAME.aspect * a.width * b.height:
        return False
    if a.duration_s is not None and b.duration_s is not None and abs(a.duration_s - b.duration_s) > SAME.duration_s:
        return False
    if a.capture.taken_at and b.capture.taken_at and a.capture.taken_at[:19] != b.capture.taken_at[:19]:
        return False
    mean, worst = differences(look_a, look_b)
    return mean < SAME.mean_difference and worst < SAME.tile_difference


def differences(a: Look, b: Look) -> tuple[float, float]:
    """Mean absolute difference in grey levels, over all and of the worst of 16 x 16 tiles, at equal light."""
    x, y = a.grey.astype(np.float32), b.grey.astype(np.float32)
    gain = np.clip(x.std() / max(float(y.std()), 1e-3), *_GAINS)
    apart = np.abs(cv2.GaussianBlur(x - x.mean() - gain * (y - y.mean()), (3, 3), 0))
    tiles = apart.reshape(16, _LOOK_SIDE // 16, 16, _LOOK_SIDE // 16).mean(axis=(1, 3))
    return float(apart.mean()), float(tiles.max())


def original_of(items: list[MediaItem]) -> MediaItem:
    """The best of some that are the same: most pixels, then camera data, then the first by name."""
    return min(items, key=lambda i: (-i.width * i.height, i.capture.make is None, _order(i.path)))


def _order(path: Path) -> tuple[str, str]:
    return str(path).casefold(), str(path)
