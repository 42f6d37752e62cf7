"""Edge width of the strokes over that of the scene: a drawn letter is sharper than anything a lens has imaged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verify_media.cues.edges import Edges, Floats

NAMES = (
    "edge_width_px",
    "edge_width_p10_px",
    "edge_width_p90_px",
    "edge_width_over_near",
    "edge_width_over_far",
    "edge_width_over_sharpest",
    "edge_width_spread",
    "overshoot",
    "overshoot_minus_near",
    "overshoot_minus_far",
    "contrast_over_far",
    "slope_over_far",
    "edges",
)


def sharpness(mark: Edges, near: Edges, far: Edges) -> list[float]:
    """Values of NAMES; NaN where there are no edges."""
    low, middle, high = quantiles(mark.width, 0.1, 0.5, 0.9)
    sharpest = np.nanmin([quantiles(far.width, 0.15)[0], quantiles(near.width, 0.15)[0], 99.0])
    slope = quantiles(mark.contrast / np.maximum(mark.width, 0.5), 0.9)[0]
    far_slope = quantiles(far.contrast / np.maximum(far.width, 0.5), 0.9)[0]
    over = [ratio(middle, quantiles(e.width, 0.5)[0]) for e in (near, far)]
    shoot = [mean(e.overshoot) for e in (mark, near, far)]
    contrast = ratio(quantiles(mark.contrast, 0.7)[0], quantiles(far.contrast, 0.7)[0])
    return [
        middle,
        low,
        high,
        *over,
        ratio(low, float(sharpest)),
        ratio(high - low, middle),
        shoot[0],
        shoot[0] - shoot[1],
        shoot[0] - shoot[2],
        contrast,
        ratio(slope, far_slope),
        float(len(mark)),
    ]


def ratio(one: float, other: float) -> float:
    return one / other if other else float("nan")


def quantiles(values: NDArray[np.floating], *shares: float) -> list[float]:
    if len(values) < 4:
        return [float("nan")] * len(shares)
    return [float(v) for v in np.quantile(values, shares)]


def mean(values: Floats) -> float:
    return float(values.mean()) if len(values) >= 4 else float("nan")
