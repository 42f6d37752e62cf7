"""How the pairs that planar_pair.onnx learns from are kept, and which of them it is not shown."""

from __future__ import annotations

from typing import Any

import numpy as np

UNIT = 31.0
"""Steps of the int8 pixels in one unit of readers/pair.py."""
KEPT_BACK = 3
"""One photo in three is not shown to the network, but to the fit of the whole."""


def packed(planes: Any) -> Any:
    """int8 from planes in units of the place's spread, -4 to 4."""
    return np.round(planes * UNIT).astype(np.int8)


def unpacked(pixels: Any) -> Any:
    return pixels.astype(np.float32) / UNIT
