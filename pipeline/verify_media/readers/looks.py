"""Looks: ways to search a picture for text, cheapest first. Each gives strips to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.arcs import rings, unrolled
from verify_media.readers.ocr_detect import Region, Weights, detect
from verify_media.readers.spaced_arcs import spaced_arcs
from verify_media.readers.strips import Pyramid, Strip, straight

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LookSettings:
    """Sides are of the picture as the detector sees it; letters need about 9 px there."""

    first_side: int = 1280
    coarse_side: int = 640
    turned_side: int = 960
    fine_side: int = 2560
    tile: int = 1024
    overlap: int = 128
    max_upscale: float = 1.6
    fine_upscale: float = 2.5
    fine_tiles: int = 5
    native_tiles: int = 4
    min_detail: float = 0.02
    """Share of a tile's pixels with a steep edge, below which no sharp lettering can be in it."""
    turn_deg: float = 45.0
    """The detector boxes lines well up to 30 degrees either way."""


SETTINGS = LookSettings()
Look = Callable[[Pyramid], Sequence[Strip]]


def first(pyramid: Pyramid) -> list[Strip]:
    """The whole picture, small."""
    return strips(pyramid, detect(*_whole(pyramid, SETTINGS.first_side), Weights.V6))


def second_detector(pyramid: Pyramid) -> list[Strip]:
    """The same with the other weights: they see bent lines better."""
    return strips(pyramid, detect(*_whole(pyramid, SETTINGS.first_side), Weights.V4))


def coarser(pyramid: Pyramid) -> list[Strip]:
    """Very small, for letters so large that the detector sees their strokes one by one."""
    return strips(pyramid, detect(*_whole(pyramid, SETTINGS.coarse_side), Weights.V6))


def finer(pyramid: Pyramid) -> list[Strip]:
    """Twice as fine, where there is detail."""
    side = max(pyramid.image.shape[:2])
    scale = min(SETTINGS.fine_side / side, SETTINGS.fine_upscale)
    return _tiled(pyramid, scale, SETTINGS.fine_tiles)


def native(pyramid: Pyramid) -> list[Strip]:
    """Every pixel of a large picture, where there is most detail."""
    if max(pyramid.image.shape[:2]) <= 1.3 * SETTINGS.fine_side:
        return []
    return _tiled(pyramid, 1.0, SETTINGS.native_tiles)


def contrast(pyramid: Pyramid) -> list[Strip]:
    """A copy in which faint lettering stands out as much as strong lettering."""
    small, _ = _small(pyramid)
    ratio = pyramid.image.shape[1] / small.shape[1]
    copy = local_contrast(small)
    regions = [_moved(region, ratio) for region in detect(copy, 1.0, Weights.V6)]
    faint = Pyramid(copy)
    return [
        *strips(pyramid, regions),
        *(_seen_in(strip, ratio) for strip in strips(faint, [_moved(region, 1 / ratio) for region in regions])),
    ]


def turned(pyramid: Pyramid) -> list[Strip]:
    """A copy turned by 45 degrees, for lines that run diagonally."""
    small, ratio = _small(pyramid, SETTINGS.turned_side)
    height, width = small.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), SETTINGS.turn_deg, 1.0)
    span = np.abs(matrix[:, :2]) @ np.array([width, height])
    matrix[:, 2] += span / 2 - np.array([width, height]) / 2
    size = (int(span[0]), int(span[1]))
    copy = np.asarray(cv2.warpAffine(small, matrix, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
    return strips(pyramid, [_turned_back(region, back, ratio) for region in detect(copy, 1.0, Weights.V6)])


def round_badges(pyramid: Pyramid) -> list[Strip]:
    """Rings around circles that are seen in the picture."""
    small, ratio = _small(pyramid, SETTINGS.first_side // 2)
    return rings(pyramid, small, ratio)


LOOKS: tuple[Look, ...] = (first, second_detector, coarser, finer, contrast, turned, round_badges, native)


def strips(pyramid: Pyramid, regions: Sequence[Region]) -> list[Strip]:
    """The strips of each region, and those of arcs that several regions form together."""
    return [strip for region in regions for strip in _strips_of(pyramid, region)] + spaced_arcs(pyramid, regions)


def _strips_of(pyramid: Pyramid, region: Region) -> Iterator[Strip]:
    yield straight(pyramid, region.quad)
    if region.width < 1.1 * region.height:
        yield straight(pyramid, np.roll(region.quad, 1, axis=0))
    yield from unrolled(pyramid, region)


def local_contrast(image: Pixels) -> Pixels:
    """Each channel less its surroundings, over the contrast of its surroundings."""
    pixels = image.astype(np.float32)
    reach = max(image.shape[:2]) / 60
    mean = cv2.GaussianBlur(pixels, (0, 0), reach)
    spread = np.sqrt(np.maximum(cv2.GaussianBlur(pixels * pixels, (0, 0), reach) - mean * mean, 0))
    return np.asarray(np.clip(128 + 55 * (pixels - mean) / (spread + 4), 0, 255), np.uint8)


def _whole(pyramid: Pyramid, side: int) -> tuple[Pixels, float]:
    return pyramid.image, min(side / max(pyramid.image.shape[:2]), SETTINGS.max_upscale)


def _small(pyramid: Pyramid, side: int = SETTINGS.first_side) -> tuple[Pixels, float]:
    """The picture at the side of the first look, and full pixels per pixel of it."""
    image, scale = _whole(pyramid, side)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8), image.shape[1] / size[0]


def _tiled(pyramid: Pyramid, scale: float, count: int) -> list[Strip]:
    found = []
    for left, top, right, bottom in detailed_tiles(pyramid.image, scale, count):
        tile = pyramid.image[top:bottom, left:right]
        shift = np.array([left, top], np.float32)
        found += [_shifted(region, shift) for region in detect(tile, scale, Weights.V6)]
    return strips(pyramid, found)


def detailed_tiles(image: Pixels, scale: float, count: int) -> list[tuple[int, int, int, int]]:
    """Left, top, right, bottom of the `count` tiles with most steep edges, at `scale` each as large as a first look."""
    side, step = SETTINGS.tile / scale, (SETTINGS.tile - SETTINGS.overlap) / scale
    height, width = image.shape[:2]
    tiles = [
        (int(x), int(y), min(int(x + side), width), min(int(y + side), height))
        for y in _starts(height, side, step)
        for x in _starts(width, side, step)
    ]
    detail = _detail(image)
    share = [float(detail[t // 4 : b // 4 + 1, l // 4 : r // 4 + 1].mean()) for l, t, r, b in tiles]  # noqa: E741
    ranked = sorted(zip(share, tiles, strict=True), reverse=True)
    return [tile for value, tile in ranked[:count] if value >= SETTINGS.min_detail]


def _starts(length: int, side: float, step: float) -> list[float]:
    """Evenly spread starts of stretches of `side` that cover `length` and overlap."""
    if length <= side:
        return [0.0]
    count = int(np.ceil((length - side) / step)) + 1
    return [float(start) for start in np.linspace(0, length - side, count)]


def _detail(image: Pixels) -> NDArray[np.bool_]:
    """Where a quarter-size copy has steep edges."""
    size = (max(1, image.shape[1] // 4), max(1, image.shape[0] // 4))
    gray = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 40)


def _moved(region: Region, ratio: float) -> Region:
    return Region(region.quad * np.float32(ratio), region.contour * np.float32(ratio), region.score, region.fill)


def _shifted(region: Region, shift: Floats) -> Region:
    return Region(region.quad + shift, region.contour + shift, region.score, region.fill)


def _turned_back(region: Region, matrix: NDArray[np.float64], ratio: float) -> Region:
    def back(points: Floats) -> Floats:
        return np.asarray((points @ matrix[:, :2].T + matrix[:, 2]) * ratio, np.float32)

    return Region(back(region.quad), back(region.contour), region.score, region.fill)


def _seen_in(strip: Strip, ratio: float) -> Strip:
    """A strip of a copy that is `ratio` times smaller than the picture."""
    inner = strip.to_frame
    return Strip(
        strip.image, lambda points: inner(points) * np.float32(ratio), strip.quad * np.float32(ratio), strip.curved
    )
