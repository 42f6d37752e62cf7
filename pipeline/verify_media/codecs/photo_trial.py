"""What a photo would look like as a JPEG of some quality and scale, tried on a sample of it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image as PilImage

from verify_media.codecs import jpeg, ssimulacra2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.records import Image, Quad

TILE, TILES = 256, (4, 2)
"""The sample for probes: tiles spread evenly over the photo, cut at multiples of 16 so that they are coded as in the
whole. Size foreseen over the true one, at the qualities 45, 65, 80, 90, four photos of 6 to 12 MP: 384 px 1.14 to 1.34,
1.07 to 1.32, 1.01 to 1.27, 0.98 to 1.22; 256 px 1.29 to 1.43, 1.17 to 1.40, 1.07 to 1.34, 1.02 to 1.29. `size_ratio`
corrects most of that; within one photo the factor moves by 4 to 9 % for ten steps of quality, with either."""
GRAIN = 16
QUICK_QUALITY = 60
TRUE_OVER_QUICK = ((45, 65, 80, 90), (0.906, 0.938, 0.986, 1.034))
LESS_WHEN_SMALLER = 0.18
"""True bytes over those that `size_ratio` foresees, by the JPEG quality, and the part lost for each part of the sides:
12 photos of the half "tune", +-5, 4, 3 and 2 %; without `size_ratio` the true bytes were 0.57 to 0.98 of those foreseen
at 45. Two thirds at 0.5 of the sides: +-8 %."""
LOST_MORE, LOST_AS_MUCH = 1.08, 0.07
"""Points lost by the whole over those lost by the sample, less for a smaller copy, the same photos:
1.11 +-0.05 at quality 45, 1.07 +-0.05 at 80, 1.05 +-0.07 at 70 and half the sides."""
HEADER_BYTES = 700
"""The sRGB profile and the segment headers, which do not grow with the picture."""
MARK_MARGIN = 0.5
MARK_SIDE = 768


class Sample:
    """Pixels that are tried at several settings."""

    def __init__(self, pixels: Image) -> None:
        self.pixels = pixels
        self.reference = ssimulacra2.Reference(pixels)


def mosaic(image: Image) -> Image:
    """Tiles spread evenly over the picture, side by side; the picture itself where it is hardly larger.

    Every other tile is the one with the most detail of its part, since a small bright thing before a dark wall would
    else be missed.
    """
    height, width = image.shape[:2]
    cols, rows = TILES if width >= height else TILES[::-1]
    if width < cols * TILE * 1.2 or height < rows * TILE * 1.2:
        return image
    detail = _detail(image)
    return np.vstack(
        [np.hstack([_tile(image, detail, row, rows, col, cols) for col in range(cols)]) for row in range(rows)]
    )


def _detail(image: Image) -> NDArray[np.float32]:
    """Mean edge strength of the tile that starts at each pixel of the picture made 16 times smaller."""
    small = cv2.resize(image, None, fx=1 / GRAIN, fy=1 / GRAIN, interpolation=cv2.INTER_AREA)
    edges = np.abs(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), cv2.CV_32F))
    side = TILE // GRAIN
    return np.asarray(cv2.boxFilter(edges, -1, (side, side), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT), np.float32)


def _tile(image: Image, detail: NDArray[np.float32], row: int, rows: int, col: int, cols: int) -> Image:
    (low, high), (left, right) = _part(image.shape[0], row, rows), _part(image.shape[1], col, cols)
    top, start = (low + high) // 2, (left + right) // 2
    if (row + col) % 2:
        part = detail[low : high + 1, left : right + 1]
        y, x = np.unravel_index(int(part.argmax()), part.shape)
        top, start = low + int(y), left + int(x)
    return image[top * GRAIN : top * GRAIN + TILE, start * GRAIN : start * GRAIN + TILE]


def _part(length: int, n: int, count: int) -> tuple[int, int]:
    """The first and the last start of a tile within the n-th of `count` equal parts, in steps of `GRAIN` pixels."""
    return length * n // count // GRAIN, (length * (n + 1) // count - TILE) // GRAIN


def around(image: Image, quad: Quad) -> Image:
    """The mark with its surroundings, at most `MARK_SIDE` pixels a side."""
    points = np.array(quad)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARK_MARGIN * float(min(high - low))
    middle, half = (low + high) / 2, np.minimum((high - low) / 2 + margin, MARK_SIDE / 2)
    left, top = np.maximum((middle - half) // 16 * 16, 0).astype(int)
    right, bottom = np.minimum(middle + half, (image.shape[1], image.shape[0])).astype(int)
    return image[top:bottom, left:right]


def size_ratio(image: Image, sample: Image) -> float:
    """How many times the bytes of its sample a photo takes, by a quick encoder (libjpeg-turbo, 5 ms a megapixel)."""
    return _quick_bytes(image) / _quick_bytes(sample)


def _quick_bytes(pixels: Image) -> int:
    buffer = BytesIO()
    PilImage.fromarray(pixels).save(buffer, "JPEG", quality=QUICK_QUALITY)
    return buffer.tell()


def true_over_quick(scale: float, quality: int) -> float:
    """What `size_ratio` is to be multiplied by."""
    return float(np.interp(quality, *TRUE_OVER_QUICK)) * (1 - LESS_WHEN_SMALLER * (1 - scale))


def true_quality(score: float, scale: float) -> float:
    """SSIMULACRA2 of the whole, from that of the sample."""
    return 100 - (LOST_MORE - LOST_AS_MUCH * (1 - scale)) * (100 - score)


def trial(sample: Sample, scale: float, quality: int, *, full_chroma: bool = False) -> tuple[int, float]:
    """(bytes, SSIMULACRA2 at the original's size) of a JPEG of these pixels."""
    data = encoded(sample.pixels, scale, quality, full_chroma=full_chroma)
    copy = enlarged(decoded(data), sample.pixels.shape[1], sample.pixels.shape[0])
    return len(data) - HEADER_BYTES, ssimulacra2.score(sample.reference, copy)


def encoded(image: Image, scale: float, quality: int, *, full_chroma: bool = False, exif: bytes = b"") -> bytes:
    return jpeg.encode(resized(image, scale), quality, exif=exif, full_chroma=full_chroma)


def resized(image: Image, scale: float) -> Image:
    if scale >= 1:
        return image
    size = max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def enlarged(image: Image, width: int, height: int) -> Image:
    """At the size of its original, as a viewer would show it, for comparing."""
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)


def decoded(data: bytes) -> Image:
    return np.asarray(PilImage.open(BytesIO(data)).convert("RGB"))
