"""The rectified pictures: letters of one size, the mark in the middle, and the same with more around it."""

from __future__ import annotations

import numpy as np
import pytest

from verify_media.cues import support
from verify_media.records import Quad

SMALL: Quad = ((100.0, 100.0), (220.0, 100.0), (220.0, 128.0), (100.0, 128.0))
LARGE: Quad = ((400.0, 400.0), (2800.0, 400.0), (2800.0, 960.0), (400.0, 960.0))


@pytest.mark.parametrize("wider", [1.0, support.WIDER])
def test_the_mark_fills_its_place_in_the_picture(wider: float) -> None:
    image = np.full((300, 400, 3), 200, np.uint8)
    image[100:128, 100:220] = 20
    dark = support.context(image, SMALL, wider)[:, :, 0] < 110
    assert (dark != support.place(SMALL, wider)).mean() < 0.03


def test_large_letters_are_averaged_not_skipped() -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (1400, 3200, 3)).astype(np.uint8)
    near = support.context(image, LARGE)
    assert near.shape == (support.HEIGHT, support.WIDTH, 3)
    assert float(near.std()) < 30


def test_a_mark_at_the_border_keeps_the_size() -> None:
    image = np.zeros((90, 120, 3), np.uint8)
    edge: Quad = ((0.0, 0.0), (119.0, 0.0), (119.0, 30.0), (0.0, 30.0))
    assert support.context(image, edge, support.WIDER).shape == (support.HEIGHT, support.WIDTH, 3)
