"""Traces of JPEG: how much a fresh compression changes the mark against the scene (error level), and the old 8-pixel
grid."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.windows import SIDE, View

NAMES = (
    "error_level_90_over_near",
    "error_level_90_over_far",
    "error_level_75_over_near",
    "error_level_75_over_far",
    "error_level_90",
    "grid_far",
    "grid_mark_minus_far",
    "grid_mark_minus_near",
)
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Traces:
    """Error levels at quality 90 and 75; mean excess of pixel steps by column and by row modulo 8."""

    levels: tuple[float, float]
    columns: NDArray[np.float64]
    rows: NDArray[np.float64]


def traces(view: View) -> Traces:
    if not view.inside.any():
        return Traces((NAN, NAN), np.full(8, np.nan), np.full(8, np.nan))
    grey = view.grey.astype(np.float32)
    columns = _excess(grey.reshape(-1, SIDE), view.inside.reshape(-1, SIDE))
    turned = grey.transpose(0, 2, 1).reshape(-1, SIDE), view.inside.transpose(0, 2, 1).reshape(-1, SIDE)
    return Traces((_error_level(view, 90), _error_level(view, 75)), columns, _excess(*turned))


def compression(mark: Traces, near: Traces, far: Traces) -> list[float]:
    """Values of NAMES."""
    out = [mark.levels[q] / (other.levels[q] + 0.02) for q in (0, 1) for other in (near, far)]
    if np.isnan(far.columns).any() or np.isnan(far.rows).any():
        return [*out, mark.levels[0], NAN, NAN, NAN]
    phase = int(far.columns.argmax()), int(far.rows.argmax())
    grid = [_gridded(t, *phase) for t in (mark, near, far)]
    return [*out, mark.levels[0], grid[2], grid[0] - grid[2], grid[0] - grid[1]]


def _error_level(view: View, quality: int) -> float:
    """Mean change by compression over the mean gradient, on the inside."""
    strip = view.pixels.reshape(-1, SIDE, 3)
    data = cv2.imencode(".jpg", strip, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    again = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    change = cv2.absdiff(strip, again)
    inside = view.inside.reshape(-1, SIDE).view(np.uint8)
    grey = view.grey.reshape(-1, SIDE)
    slope = cv2.mean(cv2.absdiff(grey[:, 1:], grey[:, :-1]), inside[:, 1:])[0]
    return float(sum(cv2.mean(change, inside)[:3]) / 3 / (slope + 0.5))


def _excess(grey: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean excess of each horizontal step over its two neighbours, by position modulo 8, small steps only."""
    step = np.abs(grey[:, 1:] - grey[:, :-1])
    excess = step[:, 1:-1] - (step[:, :-2] + step[:, 2:]) * 0.5
    keep = (inside[:, 1:-2] & (step[:, 1:-1] < 12)).astype(np.float32)
    sums, counts = (excess * keep).sum(0), keep.sum(0)
    at = (np.arange(excess.shape[1]) + 1) % 8
    total, number = np.bincount(at, sums, 8), np.bincount(at, counts, 8)
    return np.asarray(np.divide(total, number, out=np.full(8, np.nan), where=number > 0), np.float64)


def _gridded(of: Traces, column: int, row: int) -> float:
    """Excess at the grid's borders over that elsewhere, grey levels."""
    return float(sum(b[p] - (b.sum() - b[p]) / 7 for b, p in ((of.columns, column), (of.rows, row))) / 2)
