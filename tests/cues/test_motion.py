"""Marks that move with the scene, with a thing in it, or with the picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

import moving_scenes as scenes
from verify_media.cues import motion, tracking
from verify_media.cues.motion_odds import log_odds


def odds(frames: list[np.ndarray]) -> float:
    return log_odds(motion.course(frames, scenes.MARK).runs)


@pytest.mark.parametrize("speed_px", [0.5, 2.0, 8.0])
def test_a_mark_that_goes_with_the_camera_is_physical(speed_px: float) -> None:
    assert odds(scenes.pan(speed_px=speed_px)) < -3


@pytest.mark.parametrize("speed_px", [0.5, 2.0, 8.0])
def test_a_mark_that_stays_in_the_picture_is_digital(speed_px: float) -> None:
    assert odds(scenes.captioned_pan(speed_px=speed_px)) > 3


def test_a_card_in_a_hand_before_a_still_camera_is_physical() -> None:
    assert odds(scenes.held_card()) < -1


def test_a_still_clip_tells_nothing() -> None:
    assert odds([scenes.view(scenes.in_scene(scenes.scene()), 0, 0)] * 12) == 0


def test_something_that_passes_behind_a_still_mark_tells_nothing() -> None:
    assert abs(odds(scenes.passed_behind())) < 1


def test_a_lamp_that_goes_out_moves_nothing() -> None:
    scene = scenes.view(scenes.in_scene(scenes.scene()), 0, 0)
    frames = [np.asarray(scene * 0.85**number, np.uint8) for number in range(12)]
    points = tracking.seeds(scene, scenes.MARK).all
    paths = tracking.follow(frames, points)
    assert np.nanmax(np.abs(paths - points)) < 1.5 and np.isfinite(paths[-1]).mean() > 0.9


def test_a_thing_that_fills_the_picture_and_leaves_is_not_taken_for_the_camera() -> None:
    (run,) = motion.course(scenes.captioned_pan(speed_px=8.0)[:4], scenes.MARK).runs
    whole, leaving = replace(run, everywhere=0.96), replace(run, everywhere=0.65)
    assert log_odds([whole, whole]) > 3
    assert log_odds([whole, leaving]) == 0


def test_the_mark_is_followed_to_its_place() -> None:
    path = scenes.shaky(16, 2.0)
    course = motion.course(scenes.pan(), scenes.MARK)
    assert course.frames == 15
    assert np.allclose(course.place, np.array(scenes.MARK) + path[-1], atol=0.7)


def test_a_mark_that_is_covered_is_lost() -> None:
    frames = [*scenes.pan(8), *[scenes.view(scenes.scene(11), 0, 0)] * 4]
    assert motion.course(frames, scenes.MARK).is_lost


def test_a_place_off_the_picture_gives_nothing() -> None:
    off = tuple((x - 300.0, y) for x, y in scenes.MARK)
    assert motion.course(scenes.pan(4), off).runs == []  # type: ignore[arg-type]


def test_points_are_lost_rather_than_guessed() -> None:
    frames = [scenes.view(scenes.scene(), 0, 0), scenes.view(scenes.scene(12), 0, 0)]
    seeds = tracking.seeds(frames[0], scenes.MARK)
    lost = np.isnan(tracking.follow(frames, seeds.all)[1, :, 0])
    assert lost.mean() > 0.8


def test_corners_are_those_of_the_whole_picture() -> None:
    """Measured on a piece only: to save time, not to find others."""
    frame, mask = scenes.scene()[:320, :480], np.zeros((320, 480), np.uint8)
    for low, high in (((0, 0), (60, 40)), ((200, 100), (330, 140)), ((430, 280), (480, 320))):
        mask[:] = 0
        mask[low[1] : high[1], low[0] : high[0]] = 255
        whole = cv2.goodFeaturesToTrack(frame, 60, 0.03, 3, mask=mask, blockSize=5)
        assert len(whole) >= 6
        np.testing.assert_array_equal(tracking.corners(frame, mask, 60, 3), whole[:, 0])
    assert len(tracking.corners(frame, np.zeros_like(mask), 60, 3)) == 0


def test_a_card_that_nearly_stays_while_the_camera_moves_is_not_accused() -> None:
    """A hand may push it against the pan; its own points went 1.9 px as one in three frames. No overlay does that."""
    stay = replace(motion.course(scenes.captioned_pan(), scenes.MARK).runs[0], frames=3, own_px=0.0, agreement=1.0)
    assert log_odds([replace(stay, mark_px=0.2)]) > 3
    assert log_odds([replace(stay, mark_px=1.9)]) == 0
    assert log_odds([replace(stay, mark_px=1.9, kept=0.1)]) > 3  # a point or two may be dragged along


def test_runs_count_by_their_length() -> None:
    run = motion.course(scenes.pan(), scenes.MARK).runs[0]
    stay = motion.course(scenes.captioned_pan(), scenes.MARK).runs[0]
    mixed = log_odds([replace(run, frames=30), replace(stay, frames=2)])
    assert mixed < 0
    assert log_odds([]) == 0
