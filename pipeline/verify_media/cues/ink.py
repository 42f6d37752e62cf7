"""The colours on either side of the strokes: how steady they are, how extreme, and whether the scene's light colours
them too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verify_media.cues.edges import Edges, Floats

NAMES = (
    "ink_spread",
    "ground_spread",
    "ink_spread_over_near",
    "ink_spread_over_far",
    "dark_level",
    "light_level",
    "dark_below_scene",
    "light_above_scene",
    "dark_clipped",
    "light_clipped",
    "ink_chroma",
    "ink_chroma_over_far",
    "light_cast",
    "light_cast_minus_far",
    "ink_flat",
    "ink_drift",
    "ground_drift",
    "ink_drift_minus_ground",
)
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def ink(mark: Edges, near: Edges, far: Edges, scene_levels: NDArray[np.float64]) -> list[float]:
    """Values of NAMES. `scene_levels`: the grey levels below which 2 % and 98 % of the picture lie."""
    if len(mark) < 4:
        return [float("nan")] * len(NAMES)
    low, high = spreads(mark)
    inked = mark.dark if spread(mark.dark) < spread(mark.light) else mark.light
    dark, light = (np.median(side @ LUMA) for side in (mark.dark, mark.light))
    chroma, far_chroma = np.median(np.ptp(inked, axis=1)), _chroma(far)
    cast = _cast(mark), _cast(far)
    drift, ground_drift = sorted((_drift(mark, mark.dark), _drift(mark, mark.light)))
    flat = float(np.median(np.abs(inked - np.median(inked, 0)).max(1)))
    return [
        low,
        high,
        low / (spreads(near)[0] + 0.01),
        low / (spreads(far)[0] + 0.01),
        float(dark),
        float(light),
        float(scene_levels[0] - dark),
        float(light - scene_levels[1]),
        float((mark.dark.max(1) <= 6).mean()),
        float((mark.light.min(1) >= 249).mean()),
        float(chroma),
        float(chroma / (far_chroma + 8)),
        cast[0],
        cast[0] - cast[1],
        flat,
        drift,
        ground_drift,
        drift - ground_drift,
    ]


def spreads(edges: Edges) -> tuple[float, float]:
    """Spread of the steadier and of the other side, over the contrast."""
    if len(edges) < 4:
        return float("nan"), float("nan")
    contrast = float(np.median(edges.contrast))
    both = sorted((spread(edges.dark) / contrast, spread(edges.light) / contrast))
    return both[0], both[1]


def spread(side: Floats) -> float:
    """Median distance from the median colour, grey levels."""
    return float(np.median(np.linalg.norm(side - np.median(side, 0), axis=1)))


def _drift(edges: Edges, side: Floats) -> float:
    """Deviation of one side's grey level from window to window, over the contrast: light falls unevenly on real ink."""
    grey = side @ LUMA
    levels = [np.median(grey[edges.window == k]) for k in np.unique(edges.window) if (edges.window == k).sum() >= 4]
    return float(np.std(levels) / np.median(edges.contrast)) if len(levels) > 1 else 0.0


def _chroma(edges: Edges) -> float:
    return (
        float(np.quantile(np.ptp(np.concatenate([edges.dark, edges.light]), axis=1), 0.8))
        if len(edges) >= 4
        else float("nan")
    )


def _cast(edges: Edges) -> float:
    """Red minus blue of the lighter side, over its level."""
    if len(edges) < 4:
        return float("nan")
    colour = np.median(edges.light, 0)
    return float((colour[0] - colour[2]) / (colour.mean() + 16))
