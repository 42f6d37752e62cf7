"""What lies close around moving letters: the scene, or what carries them."""

from __future__ import annotations

import numpy as np
import pytest

import moving_scenes as scenes
from verify_media.cues.rings import Seen, rings

PLACE = np.array(scenes.MARK)
STILL = [np.eye(2, 3)] * 12


def way(step_px: float) -> np.ndarray:
    return np.column_stack([np.round(step_px * np.arange(12)), np.zeros(12)])


def test_the_scene_lies_right_up_to_a_caption() -> None:
    path, ground = way(4.0), scenes.view(scenes.scene(), 0, 0)
    seen = rings([scenes.lettered(ground, at) for at in path], PLACE, path, STILL)
    assert seen.behind > 0.9 and seen.beside < 0.3 and seen.texture > 120
    assert seen.side == pytest.approx(1, abs=0.1)


def test_a_card_carries_its_ring_along() -> None:
    path, ground = way(4.0), scenes.view(scenes.scene(), 0, 0)
    frames = [scenes.lettered(scenes.board(ground.copy(), at), at) for at in path]
    seen = rings(frames, PLACE, path, STILL)
    assert seen.beside > 0.7 > seen.behind and seen.side == pytest.approx(-1, abs=0.2)


def test_letters_that_hardly_leave_the_scene_tell_nothing() -> None:
    path, ground = way(0.3), scenes.view(scenes.scene(), 0, 0)
    assert rings([scenes.lettered(ground, at) for at in path], PLACE, path, STILL) == Seen(0.0, 0.0, 0.0, 0.0)


def test_rows_that_look_alike_are_told_apart() -> None:
    """Stripes lie nearly the same along both ways: both agree, and only one of them is right."""
    x = np.arange(scenes.VIEW[0])
    row = 120 + 60 * np.sin(2 * np.pi * x / 16) + 25 * np.sin(2 * np.pi * x / 37)
    ground = np.tile(row, (scenes.VIEW[1], 1)).astype(np.uint8)
    path = way(16.0)[:12] * 0.8
    seen = rings([scenes.lettered(ground, at) for at in np.round(path)], PLACE, np.round(path), STILL)
    assert seen.behind > 0.9 and seen.side == pytest.approx(1, abs=0.15)
