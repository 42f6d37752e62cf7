from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from marks import badge, ground, put

from verify_media.readers.frame_view import FrameView
from verify_media.readers.matching import TemplateFeatures, feature_matches
from verify_media.readers.planar import corners, feature_guesses
from verify_media.readers.template import Template, from_pixels

STEEP = [(400, 300), (640, 300), (700, 410), (460, 410)]


@pytest.fixture
def mark() -> Template:
    template = from_pixels("badge", badge("WILLOW", "THREAD"))
    assert template is not None
    return template


def best_overlap(view: FrameView, mark: Template, quad: Any, *, tilted: bool) -> float:
    matches = feature_matches(view, TemplateFeatures(mark), tilted=tilted)
    found = [corners(g.homography, mark.size) for g in feature_guesses(view, mark, matches)]
    truth = np.array(quad, np.float32)
    return max((float(cv2.intersectConvexConvex(f, truth)[0]) / cv2.contourArea(truth) for f in found), default=0.0)


def test_a_steep_view_is_matched_by_the_simulated_tilts(mark: Template) -> None:
    view = FrameView(put(ground(), badge("WILLOW", "THREAD"), STEEP))
    assert best_overlap(view, mark, STEEP, tilted=True) > 0.9


def test_a_negative_is_matched_as_well(mark: Template) -> None:
    negative = badge("WILLOW", "THREAD")
    negative[..., :3] = 255 - negative[..., :3]
    quad = [(400, 300), (640, 320), (630, 560), (390, 540)]
    view = FrameView(put(ground(), negative, quad))
    assert best_overlap(view, mark, quad, tilted=False) > 0.9
