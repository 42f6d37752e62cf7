from __future__ import annotations

import cv2
import numpy as np
import pytest

from make_media import textured
from verify_media.stages.views import SETTINGS, difference, is_new, view

PICTURE = textured(1280, 720, seed=4)


def noisy(image: np.ndarray, seed: int) -> np.ndarray:
    return np.clip(image + np.random.default_rng(seed).normal(0, 3, image.shape), 0, 255).astype(np.uint8)


def lettered(image: np.ndarray, height_px: int) -> np.ndarray:
    """Capitals of that height (of Hershey's they are 21 high at scale 1) on a plain grey patch."""
    board = image.copy()
    cv2.rectangle(board, (560, 300), (760, 380), (128, 128, 128), -1)
    scale = height_px / 21
    return cv2.putText(board, "WILLOW", (570, 350), cv2.FONT_HERSHEY_DUPLEX, scale, (60, 60, 60), 1, cv2.LINE_AA)


def test_a_view_is_small_and_keeps_its_shape() -> None:
    assert view(PICTURE).shape == (270, SETTINGS.side_px)
    assert view(PICTURE[:100, :80]).shape == (100, 80)


def test_noise_is_nothing_new() -> None:
    assert not is_new(view(noisy(PICTURE, 1)), [view(noisy(PICTURE, 2))])


@pytest.mark.parametrize("height_px", [14, 22, 30])
def test_letters_are_new(height_px: int) -> None:
    plain = PICTURE.copy()
    cv2.rectangle(plain, (560, 300), (760, 380), (128, 128, 128), -1)
    assert is_new(view(noisy(lettered(PICTURE, height_px), 1)), [view(noisy(plain, 2))])


def test_what_was_seen_once_is_known() -> None:
    one, two = view(PICTURE), view(lettered(PICTURE, 30))
    assert is_new(two, [one]) and not is_new(two, [one, two])
    assert is_new(one, [])


def test_frames_of_another_size_are_new() -> None:
    assert is_new(view(PICTURE), [view(PICTURE[:, :700])])


def test_the_difference_is_that_of_the_tile_that_differs_most() -> None:
    one = np.full((270, 480), 100, np.uint8)
    two = one.copy()
    two[160:176, 32:48] = 130
    assert 10 < difference(one, two) <= 30
