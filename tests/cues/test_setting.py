"""The piece of the picture that shows the mark in its setting: letters of one size, the mark in the middle."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from verify_media.cues import setting
from verify_media.records import Quad


def flat(x: float, y: float, wide: float, tall: float) -> Quad:
    return ((x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall))


def picture_with(x: int, y: int, wide: int, tall: int, shape: tuple[int, int] = (1900, 2800)) -> NDArray[np.uint8]:
    image = np.full((*shape, 3), 90, np.uint8)
    image[y : y + tall, x : x + wide] = (250, 200, 10)
    return image


@pytest.mark.parametrize("size", [0.5, 1, 4, 9])
def test_letters_have_one_size_and_the_mark_is_in_the_middle(size: float) -> None:
    wide, tall = round(96 * size), round(24 * size)
    piece = setting.setting(picture_with(900, 800, wide, tall), flat(900, 800, wide, tall))
    assert piece.pixels.shape == (setting.HEIGHT, setting.WIDTH, 3)
    bright = piece.pixels[:, :, 0] > 170
    assert bright.sum() == pytest.approx(96 * 24, rel=0.06)
    assert np.argwhere(bright).mean(0) == pytest.approx([setting.HEIGHT / 2, setting.WIDTH / 2], abs=1.5)
    assert (bright & piece.inside).sum() > 0.95 * bright.sum()
    assert not (bright & piece.around).any()


def test_long_marks_are_shown_whole() -> None:
    piece = setting.setting(picture_with(50, 400, 1000, 30), flat(50, 400, 1000, 30))
    assert np.ptp(np.argwhere(piece.inside)[:, 1]) == pytest.approx(setting.LONGEST, abs=2)
    assert piece.around.any()


def test_a_mark_at_the_border_is_mirrored_not_black() -> None:
    piece = setting.setting(picture_with(0, 0, 80, 20), flat(0, 0, 80, 20))
    assert piece.pixels[:, :, 0].min() > 60


def test_a_stored_piece_holds_the_judged_one() -> None:
    image, quad = picture_with(300, 400, 96, 24), flat(300, 400, 96, 24)
    wider, corners = setting.cut(image, quad, margin=16)
    pixels, own = setting.cut(image, quad)
    assert wider.shape == (setting.HEIGHT + 16, setting.WIDTH + 32, 3)
    assert np.abs(wider[8:-8, 16:-16].astype(int) - pixels).max() <= 2
    assert corners - own == pytest.approx(np.tile([16.0, 8.0], (4, 1)))
