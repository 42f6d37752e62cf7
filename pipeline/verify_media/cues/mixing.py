"""How two colours mix across an edge, how ink follows the light on its ground, and the grain inside the strokes.

A lens mixes light before the camera's curve is applied, so a photographed edge leans to its dark side in the file's
values; drawing programs mix the values themselves, so their edges are even, even when they are blurred.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.edges import Edges, Floats
from verify_media.cues.noise import MASK
from verify_media.cues.sharpness import quantiles, ratio
from verify_media.cues.windows import SIDE, View

NAMES = (
    "edge_lean",
    "edge_lean_minus_near",
    "edge_lean_minus_far",
    "edge_lean_spread",
    "ink_follows_ground",
    "ink_slope_on_ground",
    "ink_rest",
    "ink_rest_over_ground",
    "ink_grain",
    "ground_grain",
    "ink_grain_over_ground",
    "ink_grain_over_far",
    "ground_grain_over_far",
)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Sides:
    """Mean high-pass residual where the dark and where the light colour of the edges prevails, grey levels."""

    dark: float = NAN
    light: float = NAN


def mixing(mark: Edges, near: Edges, far: Edges, own: Sides, away: Sides) -> list[float]:
    """Values of NAMES."""
    lean = [quantiles(e.lean, 0.5)[0] for e in (mark, near, far)]
    spread = quantiles(mark.lean, 0.2, 0.8)
    if len(mark) < 8:
        return [*lean[:1], lean[0] - lean[1], lean[0] - lean[2], spread[1] - spread[0], *[NAN] * 9]
    dark_is_ink = _varies(mark.dark) < _varies(mark.light)
    inked, ground = (mark.dark, mark.light) if dark_is_ink else (mark.light, mark.dark)
    ink_grain, ground_grain = (own.dark, own.light) if dark_is_ink else (own.light, own.dark)
    scene = float(np.nanmean([away.dark, away.light])) if away.dark == away.dark or away.light == away.light else NAN
    return [
        lean[0],
        lean[0] - lean[1],
        lean[0] - lean[2],
        spread[1] - spread[0],
        *_following(inked @ LUMA, ground @ LUMA, mark),
        ink_grain,
        ground_grain,
        ink_grain / (ground_grain + 0.2),
        ink_grain / (scene + 0.2),
        ground_grain / (scene + 0.2),
    ]


def sides(view: View, edges: Edges) -> Sides:
    """Pixels whose 3 x 3 neighbours all lie nearer to the same side's colour."""
    if len(edges) < 8 or not view.inside.any():
        return Sides()
    strip = view.pixels.reshape(-1, SIDE, 3).astype(np.float32)
    inside = view.inside.reshape(-1, SIDE)
    colours = np.median(edges.dark, 0), np.median(edges.light, 0)
    reach = [((strip - c) ** 2).sum(2) for c in colours]
    span = float(((colours[0] - colours[1]) ** 2).sum())
    rest = np.abs(cv2.filter2D(view.grey.reshape(-1, SIDE).astype(np.float32), -1, MASK))
    return Sides(*(_grain(rest, inside & (reach[k] < reach[1 - k]) & (reach[k] < span / 4)) for k in (0, 1)))


def _grain(rest: Floats, where: NDArray[np.bool_]) -> float:
    core = cv2.erode(where.view(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    return float(np.minimum(rest[core], 60).mean() / 6) if core.sum() >= 20 else NAN


def _following(ink: Floats, ground: Floats, mark: Edges) -> list[float]:
    """Correlation and slope of ink on ground over the edges, what remains of the ink, and that over the ground's
    spread."""
    a, b = ink - ink.mean(), ground - ground.mean()
    contrast = float(np.median(mark.contrast))
    slope = ratio(float((a * b).sum()), float((b * b).sum()) + 1.0)
    rest = float(np.abs(a - slope * b).mean())
    together = ratio(float((a * b).mean()), float(a.std() * b.std()) + 0.5)
    return [together, slope, rest / contrast, rest / (float(np.abs(b).mean()) + 0.5)]


def _varies(side: Floats) -> float:
    return float(np.median(np.abs(side @ LUMA - np.median(side @ LUMA))))
