"""Lettering that fades, and things that vanish otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

import moving_scenes as scenes
from verify_media.cues.fading import Fade, Window, fade, presence, shrunk
from verify_media.cues.motion_odds import log_odds
from verify_media.cues.tracking import Grey

SHARES = [1.0, 1.0, 1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1, 0.0, 0.0]
GROUND = scenes.view(scenes.scene(), 0, 0)
SHOWN = scenes.lettered(scenes.board(GROUND.copy()))
BARE = scenes.board(GROUND.copy())


def judged(frames: Sequence[Grey]) -> tuple[Fade | None, float]:
    window = Window.around(scenes.MARK, frames[0])
    found = fade([window.of(f) for f in frames], window, scenes.MARK, [shrunk(f) for f in frames])
    return found, log_odds((), (), [] if found is None else [found])


def mixed(one: Grey, two: Grey, share: float) -> Grey:
    return np.asarray(cv2.addWeighted(one, share, two, 1 - share, 0), np.uint8)


def test_a_title_that_fades_is_digital() -> None:
    found, odds = judged([mixed(SHOWN, BARE, share) for share in SHARES])
    assert found is not None and found.uneven < 0.1 and found.around < 0.05
    assert odds > 3


def test_also_over_busy_ground() -> None:
    """What lies behind the letters stays, and is no contrast of theirs."""
    found, odds = judged([mixed(scenes.lettered(GROUND), GROUND, share) for share in SHARES])
    assert found is not None and found.shape > 0.9
    assert odds > 3


def test_a_plain_wall_in_two_shots_that_are_blended_is_no_title() -> None:
    """Around the letters nothing changes; everywhere else the picture does."""
    other = scenes.view(scenes.scene(12), 0, 0)
    window = Window.around(scenes.MARK, SHOWN)
    wall, shown = other.copy(), GROUND.copy()
    for image in (wall, shown):
        image[window.top : window.bottom, window.left : window.right] = 120
    frames = [mixed(scenes.lettered(shown), wall, share) for share in SHARES]
    found, odds = judged(frames)
    assert found is not None and found.elsewhere > 0.5
    assert odds == 0


def test_presence_is_the_share_of_the_contrast_at_the_place() -> None:
    assert presence(SHOWN, SHOWN, scenes.MARK) == pytest.approx(1.0)
    assert presence(SHOWN, mixed(SHOWN, BARE, 0.4), scenes.MARK) == pytest.approx(0.4, abs=0.05)
    assert presence(SHOWN, SHOWN[:-2], scenes.MARK) == 0.0


def test_a_light_that_goes_out_accuses_nobody() -> None:
    found, odds = judged([np.asarray(SHOWN * share, np.uint8) for share in SHARES])
    assert found is not None and found.light > 0.5
    assert odds == 0


def test_nor_does_another_scene_that_is_blended_in() -> None:
    assert judged([mixed(SHOWN, scenes.view(scenes.scene(12), 0, 0), share) for share in SHARES])[1] == 0


def test_nor_does_a_hand_that_covers_it() -> None:
    frames = []
    for number in range(12):
        frame = SHOWN.copy()
        frame[:, : 130 + 18 * number] = 90
        frames.append(frame)
    assert judged(frames)[1] == 0


def test_nor_does_a_cut() -> None:
    assert judged([SHOWN] * 5 + [BARE] * 5)[1] == 0


def test_nor_does_a_lens_that_loses_its_focus() -> None:
    frames = [SHOWN, *(np.asarray(cv2.GaussianBlur(SHOWN, (0, 0), 0.4 * n + 0.1), np.uint8) for n in range(30))]
    assert judged(frames)[1] == 0


def test_a_mark_that_stays_has_not_faded() -> None:
    assert judged([SHOWN] * 12)[0] is None


@pytest.mark.parametrize("off", [-900.0, 900.0])
def test_a_place_off_the_picture_gives_nothing(off: float) -> None:
    tl, tr, br, bl = ((x + off, y) for x, y in scenes.MARK)
    window = Window.around((tl, tr, br, bl), SHOWN)
    assert fade([window.of(SHOWN)] * 8, window, (tl, tr, br, bl)) is None


def test_too_little_to_tell() -> None:
    assert judged([SHOWN] * 2)[0] is None


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_letters_that_grow_only_fainter_have_not_faded(share: float) -> None:
    """A neon sign that is turned off is still to be seen."""
    assert judged([mixed(SHOWN, BARE, 1 - (1 - share) * n / 11) for n in range(12)])[0] is None
