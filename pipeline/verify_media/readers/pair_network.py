"""Does the picture at a fitted place show this mark? A small network that sees both, and where they agree, decides.

It tells twins (a badge of the same make with other words) and marks across a busy ground, which no summary of the
agreement did; the model card is models/planar_verify.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from verify_media.assets import model
from verify_media.readers.local_agreement import agreement
from verify_media.readers.ocr_models import run, session
from verify_media.readers.pair import pair

if TYPE_CHECKING:
    from verify_media.readers.frame_view import FrameView
    from verify_media.readers.template import Template

WEIGHTS = "planar_pair.onnx"
MOST = 8.0
"""Log-odds beyond this say no more than the training data can show."""


def likeness(view: FrameView, template: Template, homography: Any) -> float:
    """Log-odds, -MOST to MOST, that the mark is at the place; `homography` as in `planar.Guess`."""
    return log_odds(pair(view, template, homography))


def log_odds(planes: Any) -> float:
    """The same for a pair of pair.py, 3 x 96 x 96."""
    seen = np.concatenate([planes, agreement(planes)])[None]
    return float(np.clip(run(session(model(WEIGHTS)), np.ascontiguousarray(seen, np.float32))[0], -MOST, MOST))
