"""The learned judges, run by ONNX Runtime on one core: boosted trees and a perceptron on the measurements, a small
network on pixels at their native size, and one that learned to find lettering in scenes, on the mark in its setting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from verify_media import assets
from verify_media.cues import vector
from verify_media.cues.calibration import Scores
from verify_media.cues.windows import SIDE, View

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Floats: TypeAlias = NDArray[np.float32]
PIXELS, SETTING = "authenticate_pixels.onnx", "authenticate_setting.onnx"
TREES, PERCEPTRON = "authenticate_trees.onnx", "authenticate_perceptron.onnx"
MISSING = -9.0
"""What stands for a measurement that could not be made; the trees were trained with it."""
UNUSED = ("letter_height_px", "longest_side_px")
"""In the vector for reports and calibration, never seen by the trees: they tell how the training data were made."""
COLUMNS = [i for i, name in enumerate(vector.NAMES) if name not in UNUSED]


def scores(seen: vector.Measured) -> Scores:
    """Log odds of digital by every judge."""
    judges = (tree_scores, perceptron_scores, pixel_scores, setting_scores)
    return Scores(*(float(judge([seen])[0]) for judge in judges))


def pixel_scores(seen: Sequence[vector.Measured]) -> Floats:
    """Log odds of digital by the network, one a sighting."""
    feeds = {
        "mark": np.stack([_planes(m.mark, vector.ON_MARK) for m in seen]),
        "near": np.stack([_planes(m.near, vector.AROUND) for m in seen]),
        "far": np.stack([_planes(m.far, vector.AWAY) for m in seen]),
        "context": np.stack([_ground(m.context, m.place[0]) for m in seen]),
        "wide": np.stack([_ground(m.wide, m.place[1]) for m in seen]),
    }
    return np.asarray(session(PIXELS).run(None, feeds)[0], np.float32).reshape(-1)


def setting_scores(seen: Sequence[vector.Measured]) -> Floats:
    """Log odds of digital by the network that sees the mark in its setting, one a sighting."""
    feeds = {
        "picture": np.stack([m.setting.pixels.transpose(2, 0, 1) for m in seen]).astype(np.float32),
        "inside": np.stack([m.setting.inside[None] for m in seen]).astype(np.float32),
        "around": np.stack([m.setting.around[None] for m in seen]).astype(np.float32),
    }
    return np.asarray(session(SETTING).run(None, feeds)[0], np.float32).reshape(-1)


def tree_scores(seen: Sequence[vector.Measured]) -> Floats:
    """Log odds of digital by the trees, one a sighting."""
    return _measured(TREES, seen)


def perceptron_scores(seen: Sequence[vector.Measured]) -> Floats:
    """Log odds of digital by the perceptron, one a sighting."""
    return _measured(PERCEPTRON, seen)


def _measured(judge: str, seen: Sequence[vector.Measured]) -> Floats:
    values = tidy(np.stack([m.values for m in seen]))[:, COLUMNS]
    return np.asarray(session(judge).run(None, {"values": values})[0], np.float32).reshape(-1)


def tidy(values: Floats) -> Floats:
    """Missing values as one number, extremes cut."""
    filled = np.nan_to_num(values, nan=MISSING, posinf=1e3, neginf=-1e3)
    return np.clip(filled, -1e3, 1e4).astype(np.float32)


def _planes(view: View, count: int) -> Floats:
    """count x 4 x SIDE x SIDE: red, green, blue (0 to 255) and the mask; windows that are not there are all 0."""
    out = np.zeros((count, 4, SIDE, SIDE), np.float32)
    number = min(count, len(view.pixels))
    out[:number, :3] = view.pixels[:number].transpose(0, 3, 1, 2)
    out[:number, 3] = view.inside[:number]
    return out


def _ground(pixels: NDArray[np.uint8], place: NDArray[np.bool_]) -> Floats:
    """4 x HEIGHT x WIDTH: red, green, blue (0 to 255), and where the mark is."""
    return np.concatenate([pixels.transpose(2, 0, 1), place[None]]).astype(np.float32)


@cache
def session(name: str) -> InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(str(assets.model(name)), options, providers=["CPUExecutionProvider"])
