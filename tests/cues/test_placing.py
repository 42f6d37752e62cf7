"""Lettering is placed to a few hundredths of a pixel."""

from __future__ import annotations

import numpy as np

import moving_scenes as scenes
from verify_media.cues.placing import alike, placed

PLACE = np.array(scenes.MARK)


def test_a_start_that_is_half_a_pixel_off_is_made_exact() -> None:
    way = np.column_stack([3.37 * np.arange(12), 0.21 * np.arange(12)])
    frames = [scenes.lettered_at(scenes.view(scenes.scene(), 2 * n, 0), at) for n, at in enumerate(way)]
    start = way + np.random.default_rng(1).uniform(-0.5, 0.5, way.shape)
    start[0] = 0
    found = placed(frames, PLACE, start)
    assert np.abs(found - way).max() < 0.08 < np.abs(start - way).max()


def test_what_is_not_there_is_left_where_it_was_said_to_be() -> None:
    way = np.column_stack([3.0 * np.arange(12), np.zeros(12)])
    frames = [np.full(scenes.VIEW[::-1], 90, np.uint8)] * 12
    assert np.allclose(placed(frames, PLACE, way), way)


def test_a_plain_wall_is_not_like_anything() -> None:
    shown = scenes.lettered(np.full(scenes.VIEW[::-1], 120, np.uint8))
    assert alike(shown, shown) > 0.99
    assert alike(shown, np.full_like(shown, 120)) == 0.0
