"""How marks that rest come and go, in clips on disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import moving_scenes as scenes
from builders import sighting
from verify_media.codecs import video
from verify_media.records import MediaItem, Outcome
from verify_media.stages import ends
from verify_media.stages.follow import follow
from verify_media.stages.ingest import identify

GROUND = scenes.view(scenes.scene(), 0, 0)
SHOWN = scenes.lettered(GROUND)
COUNT, RESTS_FROM = 90, 30


def faded_in() -> list[np.ndarray]:
    """A title that is whole from frame 30 on, over 9 frames."""
    shares = np.clip((np.arange(COUNT) - RESTS_FROM + 9) / 9, 0, 1)
    return [np.asarray(np.round(GROUND * (1 - share) + SHOWN * share), np.uint8) for share in shares]


def slid_in() -> list[np.ndarray]:
    """A caption that a program moves 84 px and lets rest."""
    left = np.clip(RESTS_FROM - np.arange(COUNT), 0, 16)
    return [scenes.lettered_at(GROUND, (-(x**2) * 0.33, 0.0)) for x in left]


def put_there() -> list[np.ndarray]:
    """A card that a hand brings."""
    way = scenes.shaky(17, 4.0)[np.clip(RESTS_FROM - np.arange(COUNT), 0, 16)]
    return [scenes.lettered_at(scenes.carded(GROUND, at), at) for at in way]


def item(path: Path, frames: list[np.ndarray], gop: int = 15) -> MediaItem:
    found = identify(scenes.write(path, frames, gop=gop))
    assert isinstance(found, MediaItem)
    return found


def seen_at(time_s: float) -> ends.Sight:
    return ends.Sight(SHOWN, scenes.MARK, time_s)


def seeker(clip: MediaItem) -> ends.Seeker:
    return ends.Seeker(clip, video.key_times(clip.path), 1, 1280)


@pytest.mark.parametrize("gop", [15, 90])
@pytest.mark.parametrize(
    ("frames", "outcome"),
    [(faded_in(), Outcome.DIGITAL), (slid_in(), Outcome.DIGITAL), (put_there(), Outcome.PHYSICAL)],
)
def test_what_rests_is_judged_by_how_it_came(
    tmp_path: Path, frames: list[np.ndarray], outcome: Outcome, gop: int
) -> None:
    mark = sighting(Outcome.UNSURE, quad=scenes.MARK, time_s=2.0, p_digital=0.5, evidence=())
    (found,) = follow(item(tmp_path / "a.mp4", frames, gop), [mark])
    assert (found.log_odds > 3) if outcome is Outcome.DIGITAL else (found.log_odds < -3)
    assert 0.4 <= found.start_s <= 1.0
    last_s = 2.5 if gop == 15 else (COUNT - 1) / 30  # of one that is settled by how it came: the last keyframe
    assert last_s - 0.05 <= found.end_s <= COUNT / 30


def test_what_goes_is_seen_too(tmp_path: Path) -> None:
    mark = sighting(Outcome.UNSURE, quad=scenes.MARK, time_s=0.0, p_digital=0.5, evidence=())
    (found,) = follow(item(tmp_path / "a.mp4", [*[SHOWN] * 30, *faded_in()[::-1]]), [mark])
    assert found.log_odds > 3
    assert found.start_s == 0.0 and found.end_s == pytest.approx((30 + COUNT - RESTS_FROM) / 30, abs=0.5)


def test_frames_run_backwards_from_where_it_rests(tmp_path: Path) -> None:
    came = seeker(item(tmp_path / "a.mp4", faded_in())).came(seen_at(2.5))
    assert came.time_s == pytest.approx(RESTS_FROM / 30, abs=0.1)
    assert came.seen_s == pytest.approx((RESTS_FROM - 4) / 30, abs=0.1)
    assert np.abs(came.frames[0].astype(int) - SHOWN).mean() < 5
    assert np.abs(came.frames[-1].astype(int) - GROUND).mean() < 5


def test_a_sign_that_is_always_there_costs_some_keyframes_alone(tmp_path: Path, decoded_times: list[float]) -> None:
    clip = item(tmp_path / "a.mp4", [SHOWN] * COUNT)
    decoded_times.clear()
    assert seeker(clip).came(seen_at(2.5)) == ends.End(0.0, 0.0)
    assert seeker(clip).goes(seen_at(0.1)) == ends.End(2.5, 2.5)
    assert not decoded_times


def test_long_groups_of_pictures_are_not_decoded(
    tmp_path: Path, decoded_times: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ends, "LIMITS", ends.Limits(decoded=40))
    clip = item(tmp_path / "a.mp4", faded_in(), gop=90)
    decoded_times.clear()
    assert not seeker(clip).came(seen_at(2.0)).frames and not decoded_times


def test_what_comes_across_a_keyframe_is_seen_from_the_one_before(tmp_path: Path) -> None:
    came = seeker(item(tmp_path / "a.mp4", faded_in(), gop=25)).came(seen_at(2.5))
    assert len(came.frames) > RESTS_FROM
