"""Noise and fine detail on the mark, around it, and in the scene (fast estimate of Immerkaer 1996 on the flat
pixels)."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.windows import SIDE, View

NAMES = (
    "noise",
    "noise_over_near",
    "noise_over_far",
    "chroma_noise",
    "chroma_noise_over_near",
    "chroma_noise_over_far",
    "detail",
    "detail_over_near",
    "detail_over_far",
    "exact_repeats",
    "exact_repeats_minus_near",
    "exact_repeats_minus_far",
    "common_colour",
    "common_colour_minus_near",
    "common_colour_minus_far",
)
MASK = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Grain:
    """Deviation of grey and of colour on flat pixels; finest over second-finest detail; share of equal neighbours;
    share of the commonest colour."""

    grey: float = NAN
    chroma: float = NAN
    detail: float = NAN
    repeats: float = NAN
    common: float = NAN


def grain(view: View) -> Grain:
    if not view.inside.any():
        return Grain()
    strip, inside = view.pixels.reshape(-1, SIDE, 3), view.inside.reshape(-1, SIDE)
    planes = np.asarray(cv2.cvtColor(strip, cv2.COLOR_RGB2YCrCb), np.float32)
    grey = np.ascontiguousarray(planes[:, :, 0])
    slope = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125)) + np.abs(
        cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125)
    )
    within = slope[inside]
    flat = inside & (slope < np.partition(within, int(0.4 * len(within)))[int(0.4 * len(within))] + 0.5)
    rest = np.abs(cv2.filter2D(planes, -1, MASK))
    equal = cv2.absdiff(strip[:, 1:], strip[:, :-1]) == 0
    same = (equal[:, :, 0] & equal[:, :, 1] & equal[:, :, 2])[inside[:, 1:]]
    colour = (rest[:, :, 1] + rest[:, :, 2]) / 2
    return Grain(
        _level(rest[:, :, 0][flat]),
        _level(colour[flat]),
        _fineness(grey, inside),
        float(same.mean()) if len(same) else NAN,
        _common(strip[inside]),
    )


def noise(mark: Grain, near: Grain, far: Grain) -> list[float]:
    """Values of NAMES."""
    own, around, scene = (astuple(g) for g in (mark, near, far))
    out: list[float] = []
    for k, floor in ((0, 0.2), (1, 0.2), (2, 0.02)):
        out += [own[k], own[k] / (around[k] + floor), own[k] / (scene[k] + floor)]
    for k in (3, 4):
        out += [own[k], own[k] - around[k], own[k] - scene[k]]
    return out


def _common(colours: NDArray[np.uint8]) -> float:
    """Share of the two commonest colours, at 5 bits a channel: flat ink on a flat ground."""
    codes = (colours >> 3).astype(np.int32) @ np.array([1024, 32, 1], np.int32)
    counts = np.bincount(codes, minlength=2)
    seen = np.sort(counts[counts > 0])  # partitioning 32768 counts that are nearly all 0 takes 40 times as long
    return float(seen[-2:].sum() / len(codes)) if len(codes) else NAN


def _level(values: NDArray[np.float32]) -> float:
    """Mean, with the largest tenth cut down, as a standard deviation."""
    if len(values) < 30:
        return NAN
    most = np.partition(values, int(0.9 * len(values)))[int(0.9 * len(values))]
    return float(np.minimum(values, most).mean() * np.sqrt(np.pi / 2) / 6)


def _fineness(grey: NDArray[np.float32], inside: NDArray[np.bool_]) -> float:
    """The larger of two neighbouring steps over both together: near 1 for pixel-sharp, near 0.5 for smooth pictures."""
    first, second = np.abs(grey[:, 1:-1] - grey[:, :-2]), np.abs(grey[:, 2:] - grey[:, 1:-1])
    two = np.abs(grey[:, 2:] - grey[:, :-2])
    keep = inside[:, 1:-1] & (two > 12)
    return float((np.maximum(first, second)[keep] / two[keep]).mean()) if keep.sum() >= 30 else NAN
