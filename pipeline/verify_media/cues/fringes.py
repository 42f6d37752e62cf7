"""How red, green and blue line up across edges: a lens, a mosaic and chroma subsampling shift and widen them; a
drawing program does not."""

from __future__ import annotations

import numpy as np

from verify_media.cues.edges import Edges
from verify_media.cues.sharpness import quantiles, ratio

NAMES = (
    "fringe_px",
    "fringe_over_near",
    "fringe_over_far",
    "fringe_bias_px",
    "fringe_bias_minus_far_px",
    "chroma_width",
    "chroma_width_over_near",
    "chroma_width_over_far",
    "chroma_width_spread",
)


def fringes(mark: Edges, near: Edges, far: Edges) -> list[float]:
    """Values of NAMES."""
    size = [quantiles(np.abs(e.shift).max(1), 0.5)[0] if len(e) else float("nan") for e in (mark, near, far)]
    bias = [float(np.abs(np.median(e.shift, 0)).max()) if len(e) >= 4 else float("nan") for e in (mark, far)]
    width = [quantiles(e.chroma_width.max(1), 0.5)[0] if len(e) else float("nan") for e in (mark, near, far)]
    spread = quantiles(mark.chroma_width.max(1), 0.1, 0.9) if len(mark) else [float("nan")] * 2
    return [
        size[0],
        size[0] / (size[1] + 0.02),
        size[0] / (size[2] + 0.02),
        bias[0],
        bias[0] - bias[1],
        width[0],
        ratio(width[0], width[1]),
        ratio(width[0], width[2]),
        spread[1] - spread[0],
    ]
