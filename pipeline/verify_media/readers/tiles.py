"""Cutting a picture into tiles that the detector can take in at a fine scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.view import Box

Pixels = NDArray[np.uint8]

SIDE = 1344
"""Longest side of a tile as the detector sees it: a tile costs at most what the first look costs."""
OVERLAP = 128
MIN_DETAIL = 0.02
"""Share of a tile's pixels with a steep edge, below which no sharp lettering can be in it."""


def tiles(box: Box, scale: float) -> list[Box]:
    """Tiles that cover a box and overlap, each at most SIDE wide and high at `scale`."""
    left, top, right, bottom = box
    return [(x0, y0, x1, y1) for y0, y1 in _spans(top, bottom, scale) for x0, x1 in _spans(left, right, scale)]


def _spans(start: int, stop: int, scale: float) -> Iterator[tuple[int, int]]:
    length, side, shared = stop - start, SIDE / scale, OVERLAP / scale
    count = max(1, int(np.ceil((length - shared) / (side - shared))))
    width = (length + (count - 1) * shared) / count
    for number in range(count):
        first = start + number * (width - shared)
        yield int(first), min(int(np.ceil(first + width)), stop)


def within(boxes: Sequence[Box], scale: float, budget_px: float) -> list[Box]:
    """The first boxes that together have at most so many pixels at `scale`."""
    kept = []
    for box in boxes:
        area_px = (box[2] - box[0]) * (box[3] - box[1]) * scale * scale
        if area_px <= budget_px:
            kept.append(box)
            budget_px -= area_px
    return kept


def detailed(image: Pixels, boxes: Sequence[Box]) -> list[Box]:
    """The boxes with steep edges, most of them first."""
    size = (max(1, image.shape[1] // 4), max(1, image.shape[0] // 4))
    gray = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    steep = np.asarray(cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 40)
    share = [float(steep[t // 4 : b // 4 + 1, l // 4 : r // 4 + 1].mean()) for l, t, r, b in boxes]  # noqa: E741
    ranked = sorted(zip(share, boxes, strict=True), reverse=True)
    return [box for value, box in ranked if value >= MIN_DETAIL]
