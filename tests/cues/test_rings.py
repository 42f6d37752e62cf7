"""What lies close around moving letters: the scene, or what carries them."""

from __future__ import annotations

import numpy as np

import moving_scenes as scenes
from verify_media.cues.rings import rings

PLACE = np.array(scenes.MARK)
STILL = [np.eye(2, 3)] * 12


def way(step_px: float) -> np.ndarray:
    return np.column_stack([np.round(step_px * np.arange(12)), np.zeros(12)])


def test_the_scene_lies_right_up_to_a_caption() -> None:
    path, ground = way(4.0), scenes.view(scenes.scene(), 0, 0)
    behind, beside, texture = rings([scenes.lettered(ground, at) for at in path], PLACE, path, STILL)
    assert behind > 0.9 and beside < 0.3 and texture > 120


def test_a_card_carries_its_ring_along() -> None:
    path, ground = way(4.0), scenes.view(scenes.scene(), 0, 0)
    frames = [scenes.lettered(scenes.board(ground.copy(), at), at) for at in path]
    behind, beside, _ = rings(frames, PLACE, path, STILL)
    assert beside > 0.7 > behind


def test_letters_that_hardly_leave_the_scene_tell_nothing() -> None:
    path, ground = way(0.3), scenes.view(scenes.scene(), 0, 0)
    assert rings([scenes.lettered(ground, at) for at in path], PLACE, path, STILL) == (0.0, 0.0, 0.0)
