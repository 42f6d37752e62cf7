"""Where to look: small native-resolution windows on the mark, around it, and elsewhere in the picture.

Every measurement works on such windows and never on a scaled picture, because scaling hides what tells a drawn edge
from a photographed one; their fixed number also keeps the cost the same for a thumbnail and for 24 megapixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from verify_media.records import Image, Quad

SIDE = 48
"""Pixels on a side: holds a stroke of a 100 px letter and six JPEG blocks."""

Corners: TypeAlias = NDArray[np.intp]
"""N x 2: x and y of the top left corner, multiples of 8 so that windows keep the JPEG grid."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame, measured once for all its sightings. `energy` is the mean gradient of each block of `STEP` pixels."""

    image: Image
    grey: NDArray[np.uint8]
    energy: NDArray[np.float32]


STEP = 16
BAR_LEVELS = 12
"""Grey levels that JPEG may vary in a bar of one colour."""


def scene(image: Image) -> Scene:
    """Gradient energy on a coarse grid; 30 ms for 12 megapixels on one core."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    slope = cv2.absdiff(grey[:, 1:], grey[:, :-1])[:-1] // 2 + cv2.absdiff(grey[1:], grey[:-1])[:, :-1] // 2
    size = max(1, slope.shape[1] // STEP), max(1, slope.shape[0] // STEP)
    return Scene(image, grey, cv2.resize(slope, size, interpolation=cv2.INTER_AREA).astype(np.float32))


def inner_box(image: Image) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the picture without bars of one colour; at most a third on either side is taken
    off."""
    grey = image[:, :, 1]
    rows = np.ptp(grey[:, :: max(1, grey.shape[1] // 200)], axis=1) > BAR_LEVELS
    columns = np.ptp(grey[:: max(1, grey.shape[0] // 200)], axis=0) > BAR_LEVELS
    (top, bottom), (left, right) = _run(rows), _run(columns)
    return left, top, right, bottom


def _run(busy: NDArray[np.bool_]) -> tuple[int, int]:
    """From the first to behind the last busy line, two lines tighter where something is cut off."""
    at = np.nonzero(busy)[0]
    if not len(at):
        return 0, len(busy)
    first, last, third = int(at[0]), int(at[-1]) + 1, len(busy) // 3
    first, last = (first + 2 if first > 2 else 0), (last - 2 if last < len(busy) - 2 else len(busy))
    return min(first, third), max(last, len(busy) - third)


@dataclass(frozen=True, slots=True)
class View:
    """N windows and, for each pixel, whether it belongs to what is measured (the mark; the band without the mark;
    all)."""

    pixels: NDArray[np.uint8]
    inside: NDArray[np.bool_]
    corners: Corners
    grey: NDArray[np.uint8]


def mark_view(of: Scene, quad: Quad, count: int) -> View:
    """The windows with the most strokes, whose centres lie on the mark."""
    area = grown(quad, 1.1, 2)
    corners = _strongest(of, _mask(of, [np.array(quad)]), count)
    return View(cut(of.image, corners), _inside(area, corners), corners, cut(of.grey, corners))


def near_view(of: Scene, quad: Quad, count: int) -> View:
    """The windows with the most edges in the band around the mark: what it stands on, and its neighbours."""
    hole = grown(quad, 1.1, 4)
    band = _mask(of, [grown(quad, 2.5, SIDE * 1.5)]) & ~_mask(of, [grown(quad, 1.1, 8)])
    corners = _strongest(of, band, count)
    return View(cut(of.image, corners), ~_inside(hole, corners), corners, cut(of.grey, corners))


def far_view(of: Scene, quads: list[Quad], count: int) -> View:
    """The windows with the most edges away from every mark and every other lettering: the picture itself."""
    taken = _mask(of, [grown(q, 1.3, SIDE * 0.6) for q in quads])
    corners = _strongest(of, ~taken, count, spread=3)
    return View(cut(of.image, corners), np.ones((len(corners), SIDE, SIDE), bool), corners, cut(of.grey, corners))


def _inside(polygon: NDArray[np.float64], corners: Corners) -> NDArray[np.bool_]:
    """N x SIDE x SIDE: the polygon, seen from each window."""
    masks = np.zeros((len(corners), SIDE, SIDE), np.uint8)
    for mask, corner in zip(masks, corners, strict=True):
        cv2.fillPoly(mask, [np.round(polygon - corner).astype(np.int32)], 1)
    return masks.astype(bool)


def cut(image: NDArray[np.uint8], corners: Corners, side: int = SIDE) -> NDArray[np.uint8]:
    """N x side x side (x 3) pixels; a picture smaller than a window is mirrored at its edges."""
    height, width = image.shape[:2]
    if height < side or width < side:
        pads = ((0, max(0, side - height)), (0, max(0, side - width))) + ((0, 0),) * (image.ndim - 2)
        image = np.pad(image, pads, mode="symmetric")
    if not len(corners):
        return np.empty((0, side, side, *image.shape[2:]), np.uint8)
    return np.stack([image[y : y + side, x : x + side] for x, y in corners])


def grown(quad: Quad, factor: float, least: float) -> NDArray[np.float64]:
    """The quad moved outwards from its centre: `factor` times its size, and `least` pixels at least. 4 x 2."""
    points = np.array(quad, np.float64)
    away = points - points.mean(0)
    reach = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    return np.asarray(points.mean(0) + away * np.maximum(factor, 1 + least / reach))


def letter_height(quad: Quad) -> float:
    """Mean of the quad's left and right side, pixels."""
    tl, tr, br, bl = np.array(quad, np.float64)
    return float(np.hypot(*(bl - tl)) + np.hypot(*(br - tr))) / 2


def _mask(of: Scene, polygons: list[NDArray[np.float64]]) -> NDArray[np.bool_]:
    rows, columns = of.energy.shape
    mask = np.zeros((rows, columns), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.round(np.asarray(polygon) / STEP - 0.5).astype(np.int32)], 1)
    return mask.astype(bool)


def _strongest(of: Scene, allowed: NDArray[np.bool_], count: int, spread: int = 2) -> Corners:
    """Greedy choice by gradient energy, each at least `spread` grid steps from those before it."""
    energy = np.where(allowed, of.energy + 1e-3, 0)
    order = np.argsort(energy, axis=None, kind="stable")[::-1][: 40 * count]
    chosen: list[tuple[int, int]] = []
    for row, column in zip(*np.unravel_index(order, energy.shape), strict=True):
        if len(chosen) == count or energy[row, column] <= 0:
            break
        if all(max(abs(row - r), abs(column - c)) >= spread for r, c in chosen):
            chosen.append((int(row), int(column)))
    return _corners(of, chosen)


def _corners(of: Scene, cells: list[tuple[int, int]]) -> Corners:
    height, width = of.grey.shape
    most = max(0, (width - SIDE) // 8 * 8), max(0, (height - SIDE) // 8 * 8)
    at = np.array([(c * STEP + STEP // 2 - SIDE // 2, r * STEP + STEP // 2 - SIDE // 2) for r, c in cells], np.intp)
    return np.clip(at.reshape(-1, 2) // 8 * 8, 0, most)
