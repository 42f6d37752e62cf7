"""Lettering that glides over a scene, and things that are pushed along in it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

import moving_scenes as scenes
from verify_media.cues.gliding import Glide, glide
from verify_media.cues.motion import course
from verify_media.cues.motion_odds import log_odds
from verify_media.cues.tracking import Grey

WAY = [(4.0 * number, 0.0) for number in range(12)]


def slid(*, panned: bool = False) -> list[Grey]:
    path = scenes.shaky(12, 2.0) if panned else np.zeros((12, 2))
    return [scenes.lettered(scenes.view(scenes.scene(), x, y), at) for (x, y), at in zip(path, WAY, strict=True)]


def pushed() -> list[Grey]:
    ground = scenes.view(scenes.scene(), 0, 0)
    return [scenes.lettered(scenes.board(ground.copy(), at), at) for at in WAY]


def followed(*, plate: bool, shared: float, speed_px: float = 2.0) -> list[Grey]:
    """A card, or a plate that is laid over the picture, which goes evenly while the camera trembles."""
    path = scenes.shaky(12, speed_px)
    ways = np.array(WAY) + shared * path
    views = [scenes.view(scenes.scene(), x, y) for x, y in path]
    return [scenes.lettered_at(scenes.carded(v, at) if plate else v, at) for v, at in zip(views, ways, strict=True)]


def judged(frames: list[Grey]) -> tuple[Glide, float]:
    found = glide(frames, scenes.MARK)
    assert found is not None
    return found[0], log_odds((), [found[0]])


@pytest.mark.parametrize("panned", [False, True])
def test_a_caption_that_slides_is_digital(panned: bool) -> None:
    found, odds = judged(slid(panned=panned))
    assert found.behind > 0.9 and found.beside < 0.3
    assert odds > 3


def test_a_caption_that_eases_out_is_found_after_its_first_step() -> None:
    """It takes 25 px from the first frame to the second, when its speed is not known yet; then 23, 21 and so on."""
    way = [(float(number * (26 - number)), 0.0) for number in range(12)]
    frames = [scenes.lettered(scenes.view(scenes.scene(), 0, 0), at) for at in way]
    found, odds = judged(frames)
    assert found.frames == 12 and found.px == pytest.approx(165, abs=1)
    assert odds > 3


def test_faint_lettering_is_not_found_on_the_plain_wall_beside_it() -> None:
    """OpenCV calls a wall without any texture perfectly alike: letters that faded seemed to jump there, and accused."""
    wall = scenes.view(scenes.scene(), 0, 0)
    wall[90:230, 100:380] = 120
    quad = ((180.0, 150.0), (236.0, 150.0), (236.0, 162.0), (180.0, 162.0))
    shown = cv2.putText(wall.copy(), "WILLOW", (182, 161), cv2.FONT_HERSHEY_PLAIN, 0.9, 220, 1, cv2.LINE_AA)
    noise = np.random.default_rng(2).normal(0, 3, (12, 16, 60))
    frames = []
    for number, share in enumerate(np.linspace(1, 0.02, 12)):
        frame = wall * (1 - share) + shown * share
        frame[148:164, 178:238] += noise[number]
        frames.append(np.asarray(np.clip(np.round(frame), 0, 255), np.uint8))
    assert glide(frames, quad) is None


def test_lettering_is_found_again_over_ground_that_changes() -> None:
    """The mean of what was found keeps the letters, and the ground of the first frame fades from it."""
    frames = [scenes.lettered(scenes.view(scenes.scene(), 9 * n, 5 * n), at) for n, at in enumerate(WAY)]
    found, _ = judged(frames)
    assert found.frames == len(WAY) and found.px == pytest.approx(44, abs=1)
    assert found.fit > 0.93  # 0.91 against the first frame alone


def test_its_place_is_known_at_the_end() -> None:
    found = glide(slid(), scenes.MARK)
    assert found is not None
    assert np.allclose(found[1], np.array(scenes.MARK) + WAY[-1], atol=0.5)


def test_a_card_that_is_pushed_as_evenly_is_not_accused() -> None:
    found, odds = judged(pushed())
    assert found.px == pytest.approx(44, abs=1) and found.behind < 0.5
    assert odds == 0


def test_nor_is_one_of_which_only_a_plain_face_is_seen() -> None:
    plain = [scenes.lettered(np.asarray(cv2.rectangle(f, (0, 0), (480, 320), 90, -1)), at)
             for f, at in zip(slid(), WAY, strict=True)]  # fmt: skip
    found = glide(plain, scenes.MARK)
    assert found is None or log_odds((), [found[0]]) == 0


def test_what_stands_at_another_depth_than_the_scene_is_not_accused() -> None:
    path = scenes.shaky(12, 2.0)
    pane = [scenes.lettered(scenes.view(scenes.scene(), x, y), (2.5 * x, 2.5 * y)) for x, y in path]
    found, odds = judged(pane)
    assert found.behind > 0.8 and found.own < 0.25
    assert odds == 0


def test_a_mark_that_stands_still_does_not_glide() -> None:
    assert glide(scenes.captioned_pan(), scenes.MARK) is None


@pytest.mark.parametrize("off", [-400.0, -185.0, 250.0, 600.0])
def test_a_mark_that_has_left_the_picture_gives_nothing(off: float) -> None:
    tl, tr, br, bl = ((x + off, y) for x, y in scenes.MARK)
    assert glide(slid(), (tl, tr, br, bl)) is None


def test_a_path_that_trembles_does_not_accuse() -> None:
    found, odds = judged(slid())
    assert odds > 3 and log_odds((), [replace(found, tremor=replace(found.tremor, across_px=0.7))]) == 0


def test_letters_on_a_pane_that_is_pushed_along_a_rail_are_not_accused() -> None:
    """Nothing around them tells that they are no caption, but the hand pushes unevenly."""
    found, odds = judged(slid())
    assert odds > 3 and found.tremor.unstepped_px < 0.1
    assert log_odds((), [replace(found, tremor=replace(found.tremor, unstepped_px=0.14))]) < 3


def test_a_card_that_trembles_as_the_scene_does_lay_before_the_camera() -> None:
    """It is pushed as evenly as a program would: the camera's own tremor tells."""
    found, _ = judged(followed(plate=True, shared=1.0))
    assert found.tremor.shared == pytest.approx(1, abs=0.1) and found.own * found.px > 12
    assert log_odds((), [found]) < -3


def test_a_plate_that_slides_in_over_a_trembling_scene_is_digital() -> None:
    """It hides what is behind it, as a card does."""
    frames = followed(plate=True, shared=0.0)
    found, _ = judged(frames)
    assert found.behind < 0.5 and abs(found.tremor.shared) < 0.05
    assert log_odds(course(frames, scenes.MARK).runs, [found]) > 3


def test_what_is_even_accuses_only_where_all_of_the_picture_moves() -> None:
    frames = followed(plate=True, shared=0.0)
    found, _ = judged(frames)
    runs = [replace(run, everywhere=0.5) for run in course(frames, scenes.MARK).runs]
    assert log_odds(runs, [found]) < 1 and log_odds((), [found]) == 0


def test_a_card_that_a_hand_moves_before_a_still_camera_passes() -> None:
    path = np.array(WAY) + scenes.shaky(12, 0.0) + np.random.default_rng(2).normal(0, 0.35, (12, 2))
    ground = scenes.view(scenes.scene(), 0, 0)
    found, odds = judged([scenes.lettered_at(scenes.carded(ground, at), at) for at in path])
    assert found.side < -0.8 and found.tremor.across_px > 0.15
    assert odds < -3


def test_what_tells_nothing_leaves_what_the_points_tell() -> None:
    runs = course(scenes.captioned_pan(), scenes.MARK).runs
    found, _ = judged(pushed())
    assert log_odds(runs) > 3 and log_odds(runs, [replace(found, own=0.0)]) == log_odds(runs)


def test_a_hand_that_trembles_a_little_in_each_batch_is_told_by_all_of_them() -> None:
    """Programs do not tremble in any; one batch is not enough."""
    held = [
        scenes.lettered_at(scenes.carded(scenes.view(scenes.scene(), 0, 0), at), at) for at in scenes.shaky(16, 2.0)
    ]
    found = glide(held, scenes.MARK)
    assert found is not None
    faint = replace(found[0], tremor=replace(found[0].tremor, across_px=0.11, wander_px=0.0))
    assert log_odds((), [faint]) > -3
    assert log_odds((), [faint] * 3) < -3
    even = replace(found[0], tremor=replace(found[0].tremor, across_px=0.06, wander_px=0.04))
    assert log_odds((), [even] * 9) == 0


def test_a_slow_hand_strays_where_it_does_not_tremble() -> None:
    t = np.linspace(0, 1, 13)
    way = np.column_stack([12 * t, 0.3 * np.sin(2 * np.pi * 1.4 * t)])
    ground = scenes.view(scenes.scene(), 0, 0)
    found, odds = judged([scenes.lettered_at(scenes.carded(ground, at), at) for at in way])
    assert found.tremor.across_px < 0.1 and odds < -3
    curved = np.column_stack([12 * t, 3 * t * t])  # as a program draws it
    found, odds = judged([scenes.lettered_at(scenes.carded(ground, at), at) for at in curved])
    assert found.tremor.wander_px < 0.06 and odds == 0
