"""Where the picture at a place and the mark agree, part by part: a look-alike agrees in its ring and not in its words.

Both are compared in moving windows, each part allowed to slip by a few pixels because a fit is never perfect: by the
correlation with the mark redrawn in the place's inks, and by the directions of the edges, which survive relief and
uneven ink.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

WINDOWS = (7, 15)
SLIPS = tuple((x, y) for x in (-2, 0, 2) for y in (-2, 0, 2))


def agreement(pair: Any) -> Any:
    """4 x side x side, -1 to 1, from a pair of pair.py: the correlation of place and mark in windows of two sizes, and
    that of the directions of their edges, each at the best of nine slips."""
    seen, wanted, mark = (np.ascontiguousarray(plane, np.float32) for plane in pair)
    edges = _doubled(seen), _doubled(mark)
    planes = [*(_correlation(seen, wanted, w) for w in WINDOWS), *(_alike(*edges, w) for w in WINDOWS)]
    return np.clip(np.stack(planes), -1, 1)  # at the border, slipped means are not those of what is slipped


def _correlation(seen: Any, wanted: Any, window: int) -> Any:
    mean, power = _mean(seen, window), _mean(seen * seen, window)
    middle = _mean(wanted, window)
    weight = 1 / np.sqrt(np.maximum(_mean(wanted * wanted, window) - middle * middle, 0) + 1e-3)
    scale = 1 / np.sqrt(np.maximum(power - mean * mean, 0) + 5e-3)
    best = np.full(seen.shape, -1, np.float32)
    for slip in SLIPS:
        moved, m, s = (_slipped(plane, slip) for plane in (seen, mean, scale))
        best = np.maximum(best, (_mean(moved * wanted, window) - m * middle) * s * weight)
    return best


def _alike(seen: Any, mark: Any, window: int) -> Any:
    weight = 1 / np.sqrt(_mean(mark[0] ** 2 + mark[1] ** 2, window) + 1e-5)
    scale = 1 / np.sqrt(_mean(seen[0] ** 2 + seen[1] ** 2, window) + 1e-4)
    best = np.full(scale.shape, -1, np.float32)
    for slip in SLIPS:
        real, imaginary, s = (_slipped(plane, slip) for plane in (*seen, scale))
        best = np.maximum(best, _mean(real * mark[0] + imaginary * mark[1], window) * s * weight)
    return best


def _mean(plane: Any, window: int) -> Any:
    return cv2.blur(plane, (window, window))


def _slipped(plane: Any, slip: tuple[int, int]) -> Any:
    move = np.array([[1, 0, slip[0]], [0, 1, slip[1]]], np.float32)
    return cv2.warpAffine(plane, move, plane.shape[1::-1], flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)


def _doubled(plane: Any) -> tuple[Any, Any]:
    """The gradient with its angle doubled, so that opposite directions are one."""
    soft = cv2.GaussianBlur(plane, (0, 0), 1.0)
    dx, dy = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125)
    length = np.hypot(dx, dy) + 1e-6
    return (dx * dx - dy * dy) / length, 2 * dx * dy / length
