"""What the mark lies on: the mark and its surroundings rectified to one size, texture between the letters against
that around them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.windows import letter_height
from verify_media.records import Quad

NAMES = (
    "ground_texture_over_ring",
    "ground_minus_ring",
    "ring_contrast",
    "ring_texture",
    "ground_texture",
    "ground_texture_over_outer",
)
HEIGHT, WIDTH, LETTERS = 64, 192, 28
"""Size of the rectified picture, and of the letters in it."""
WIDER = 3.0
"""How much more the second rectified picture shows: the card, the cloth, the wall with their edges and their light."""


def context(image: NDArray[np.uint8], quad: Quad, wider: float = 1.0) -> NDArray[np.uint8]:
    """HEIGHT x WIDTH x 3: the mark's middle, letters LETTERS high, upright, with its surroundings. `wider`: how many
    times as much is seen, with letters as many times smaller."""
    tl, tr, br, bl = np.array(quad, np.float64)
    down, across = (bl - tl + br - tr) / 2, (tr - tl + br - bl) / 2
    wide, tall, scale = size(quad)
    scale *= wider
    ex, ey = across / wide * scale, down / tall * scale
    centre = np.array(quad, np.float64).mean(0)
    origin = centre - ex * WIDTH / 2 - ey * HEIGHT / 2
    matrix = np.array([[ex[0], ey[0], origin[0]], [ex[1], ey[1], origin[1]]])
    return _sampled(image, matrix, scale)


def size(quad: Quad) -> tuple[float, float, float]:
    """Width and height of the mark, and how many of its pixels make one of the rectified picture."""
    tl, tr, br, bl = np.array(quad, np.float64)
    tall, wide = (max(1e-3, float(np.hypot(*v)) / 2) for v in (bl - tl + br - tr, tr - tl + br - bl))
    return wide, tall, max(tall / LETTERS, wide / (WIDTH * 0.8))


def place(quad: Quad, wider: float = 1.0) -> NDArray[np.bool_]:
    """HEIGHT x WIDTH: where the mark is in the picture from `context`."""
    wide, tall, scale = size(quad)
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    inside = (np.abs(columns - WIDTH / 2) < wide / scale / wider / 2) & (
        np.abs(rows - HEIGHT / 2) < tall / scale / wider / 2
    )
    return np.asarray(inside, np.bool_)


def _sampled(image: NDArray[np.uint8], matrix: NDArray[np.float64], scale: float) -> NDArray[np.uint8]:
    """Cut out, shrink with area averages where the letters are large, then turn; mirrored at the borders."""
    corners = np.array([[0, 0, 1], [WIDTH, 0, 1], [WIDTH, HEIGHT, 1], [0, HEIGHT, 1]]) @ matrix.T
    low = np.clip(np.floor(corners.min(0)).astype(int) - 2, 0, [image.shape[1] - 2, image.shape[0] - 2])
    high = np.clip(np.ceil(corners.max(0)).astype(int) + 2, low + 2, [image.shape[1], image.shape[0]])
    part = image[low[1] : high[1], low[0] : high[0]]
    shrink = max(1.0, scale)
    size = max(2, round(part.shape[1] / shrink)), max(2, round(part.shape[0] / shrink))
    step = max(1, int(shrink // 4))  # 16 samples make a good mean of hundreds, in a fraction of the time
    small = cv2.resize(np.ascontiguousarray(part[::step, ::step]), size, interpolation=cv2.INTER_AREA)
    factors = np.array([size[0] / part.shape[1], size[1] / part.shape[0]])
    inner = np.column_stack([matrix[:, :2] * factors[:, None], (matrix[:, 2] - low) * factors])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(small, inner, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


def support(context_pixels: NDArray[np.uint8], quad: Quad) -> list[float]:
    """Values of NAMES, on a picture from `context`."""
    tl, tr, br, bl = np.array(quad, np.float64)
    wide, tall = np.hypot(*(tr - tl + br - bl)) / 2, max(1e-3, letter_height(quad))
    scale = max(tall / LETTERS, wide / (WIDTH * 0.8))
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    reach = np.maximum(np.abs(columns - WIDTH / 2) - wide / scale / 2, np.abs(rows - HEIGHT / 2) - tall / scale / 2)
    lab = np.asarray(cv2.cvtColor(context_pixels, cv2.COLOR_RGB2LAB), np.float32)
    slope = np.hypot(
        cv2.Sobel(lab[:, :, 0], cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(lab[:, :, 0], cv2.CV_32F, 0, 1, scale=0.25)
    )
    inner, ring, outer = reach < 0, (reach > 3) & (reach < 12), reach > 12
    if not (inner.any() and ring.any() and outer.any()):
        return [float("nan")] * len(NAMES)
    ground = inner & (slope < np.quantile(slope[inner], 0.35) + 0.01)
    texture, ring_texture, outer_texture = (float(np.median(slope[m])) for m in (ground, ring, outer))
    distance = float(np.linalg.norm(np.median(lab[ground], 0) - np.median(lab[ring], 0)))
    contrast = float(np.ptp(np.quantile(lab[ring][:, 0], [0.1, 0.9])))
    return [texture / (ring_texture + 0.3), distance, contrast, ring_texture, texture, texture / (outer_texture + 0.3)]
