"""Where the picture at a place and the mark agree, part by part: a look-alike agrees in its ring and not in its words.

Both are compared in a moving window, each part allowed to slip by a few pixels because a fit is never perfect: by the
correlation with the mark redrawn in the place's inks, and by the directions of the edges, which survive relief and
uneven ink.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

WINDOW = 13
SLIPS = tuple((x, y) for x in (-2, 0, 2) for y in (-2, 0, 2))
BLOCKS = 5
SUMMARY = ("mean", "p10", "p25", "p50", "poor", "worst", "worst3", "inner")
NAMES = (
    *(f"tone_{name}" for name in SUMMARY),
    *(f"edge_{name}" for name in SUMMARY),
    *(f"still_{name}" for name in SUMMARY),
    "explained", "strange", "calm_edges", "structured",
)  # fmt: skip


def local_agreement(pair: Any) -> Any:
    """The measurements of NAMES for a pair of pair.py (3 x side x side)."""
    seen, wanted, mark = (np.ascontiguousarray(plane, np.float32) for plane in pair)
    tone, detail = _tones(seen, wanted)
    _, shape = _tones(mark, mark)
    is_shaped = shape > 0.1 * np.percentile(shape, 95)
    edges, still, calm = _edges(seen, mark, is_shaped)
    is_detailed = (detail > 0.1 * np.percentile(detail, 95) + 1e-4) & is_shaped
    strange = _smooth(seen * seen) - _smooth(seen) ** 2
    ratio = strange[~is_shaped].mean() / (strange[is_shaped].mean() + 0.02) if (~is_shaped).any() else 0.5
    return np.array([
        *_summary(tone, is_detailed), *_summary(edges, is_shaped), *_summary(still, is_shaped),
        float(wanted.std()), min(float(ratio), 4.0), calm, float(is_shaped.mean()),
    ])  # fmt: skip


WINDOWS = (7, 15)


def agreement(pair: Any) -> Any:
    """4 x side x side: the correlation of place and mark in windows of two sizes, and that of the directions of their
    edges, each at the best of nine slips. -1 to 1."""
    seen, wanted, mark = (np.ascontiguousarray(plane, np.float32) for plane in pair)
    edges = _doubled(seen), _doubled(mark)
    planes = [_correlation(seen, wanted, w) for w in WINDOWS] + [_alike(*edges, w) for w in WINDOWS]
    return np.stack(planes)


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


def _smooth(plane: Any) -> Any:
    return cv2.blur(plane, (WINDOW, WINDOW))


def _slipped(plane: Any, slip: tuple[int, int]) -> Any:
    move = np.array([[1, 0, slip[0]], [0, 1, slip[1]]], np.float32)
    return cv2.warpAffine(plane, move, plane.shape[1::-1], flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REPLICATE)


def _tones(seen: Any, wanted: Any) -> tuple[Any, Any]:
    """Correlation in the window at the best slip, and the variance of the wanted picture there."""
    mean = _smooth(wanted)
    spread = np.maximum(_smooth(wanted * wanted) - mean * mean, 0)
    best = np.full(seen.shape, -1, np.float32)
    for slip in SLIPS:
        moved = _slipped(seen, slip)
        middle = _smooth(moved)
        power = np.maximum(_smooth(moved * moved) - middle * middle, 0)
        together = _smooth(moved * wanted) - middle * mean
        best = np.maximum(best, together / np.sqrt((spread + 1e-3) * (power + 5e-3)))
    return best, spread


def _edges(seen: Any, mark: Any, is_shaped: Any) -> tuple[Any, Any, float]:
    """Agreement of the edges' directions (-1 to 1) at the best slip and without one; and the seen edges in the mark's
    plain parts over those in its shapes."""
    first, second = _doubled(seen), _doubled(mark)
    power = _smooth(second[0] ** 2 + second[1] ** 2)
    seen_power = _smooth(first[0] ** 2 + first[1] ** 2)
    best = still = np.full(seen.shape, -1, np.float32)
    for slip in SLIPS:
        real, imaginary = (_slipped(part, slip) for part in first)
        together = _smooth(real * second[0] + imaginary * second[1])
        here = together / np.sqrt((power + 1e-5) * (_smooth(real * real + imaginary * imaginary) + 1e-4))
        best = np.maximum(best, here)
        still = here if slip == (0, 0) else still
    calm = seen_power[~is_shaped].mean() / (seen_power[is_shaped].mean() + 1e-4) if (~is_shaped).any() else 0.5
    return best, still, min(float(calm), 4.0)


def _doubled(plane: Any) -> tuple[Any, Any]:
    """The gradient with its angle doubled, so that opposite directions are one."""
    soft = cv2.GaussianBlur(plane, (0, 0), 1.0)
    dx, dy = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125)
    length = np.hypot(dx, dy) + 1e-6
    return (dx * dx - dy * dy) / length, 2 * dx * dy / length


def _summary(plane: Any, chosen: Any) -> list[float]:
    """SUMMARY of a plane over the chosen pixels; blocks with little to see are left out of the worst ones."""
    if np.count_nonzero(chosen) < 20:
        return [0.0] * len(SUMMARY)
    values = plane[chosen]
    size = (BLOCKS, BLOCKS)
    weight = cv2.resize(chosen.astype(np.float32), size, interpolation=cv2.INTER_AREA).ravel()
    block = cv2.resize(plane * chosen, size, interpolation=cv2.INTER_AREA).ravel()
    blocks = np.sort(block[weight > 0.15] / weight[weight > 0.15])
    if not blocks.size:
        blocks = values[:1]
    quarter = plane.shape[0] // 4
    inner = (slice(quarter, -quarter), slice(quarter, -quarter))
    middle = plane[inner][chosen[inner]]
    p10, p25, p50 = (float(v) for v in np.percentile(values, (10, 25, 50)))
    return [
        float(values.mean()), p10, p25, p50, float((values < 0.4).mean()), float(blocks[0]),
        float(blocks[:3].mean()), float(middle.mean()) if middle.size else float(values.mean()),
    ]  # fmt: skip
