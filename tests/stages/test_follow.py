"""Clips on disk: what following decodes, and what it tells."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import moving_scenes as scenes
from builders import sighting
from verify_media.records import MediaItem, Outcome, Sighting
from verify_media.stages.follow import LIMITS, Followed, follow, fused
from verify_media.stages.ingest import identify


def item(path: Path, frames: list[np.ndarray]) -> MediaItem:
    found = identify(scenes.write(path, frames))
    assert isinstance(found, MediaItem)
    return found


def mark(time_s: float = 0.0) -> Sighting:
    return sighting(Outcome.UNSURE, quad=scenes.MARK, time_s=time_s, p_digital=0.5, evidence=())


@pytest.mark.parametrize(
    ("frames", "outcome", "key"),
    [
        (scenes.pan(), Outcome.PHYSICAL, "motion-with-scene"),
        (scenes.captioned_pan(), Outcome.DIGITAL, "motion-stays"),
        (scenes.held_card(), Outcome.PHYSICAL, "motion-with-object"),
    ],
)
def test_what_moves_how(tmp_path: Path, frames: list[np.ndarray], outcome: Outcome, key: str) -> None:
    (found,) = follow(item(tmp_path / "a.mp4", frames), [mark()])
    judged = fused(mark(), found)
    assert judged.outcome is outcome
    assert judged.evidence[0].reason is not None and judged.evidence[0].reason.key == key


def test_it_follows_backwards_at_the_end_of_the_clip(tmp_path: Path) -> None:
    frames = scenes.pan()[::-1]
    (found,) = follow(item(tmp_path / "a.mp4", frames), [mark(15 / 30)])
    assert found.tells and found.start_s < 0.1 and found.end_s == pytest.approx(0.5)


def test_nothing_before_the_keyframe_is_decoded(tmp_path: Path, decoded_times: list[float]) -> None:
    """The group before it costs as much as everything that is followed."""
    scenes.write(tmp_path / "a.mp4", scenes.pan(60), gop=20)
    clip = identify(tmp_path / "a.mp4")
    assert isinstance(clip, MediaItem)
    decoded_times.clear()
    follow(clip, [mark(0.667)])
    assert decoded_times[0] == pytest.approx(20 / 30, abs=1e-3) and len(decoded_times) <= 2 * LIMITS.frames


def test_a_still_clip_leaves_the_photo_s_judgement(tmp_path: Path) -> None:
    (found,) = follow(item(tmp_path / "a.mp4", [scenes.pan(1)[0]] * 20), [mark()])
    as_photo = sighting(Outcome.PHYSICAL, p_digital=0.04)
    assert not found.tells and fused(as_photo, found) is as_photo


def test_places_are_in_pixels_of_the_full_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify_media.stages.follow.LIMITS", type(LIMITS)(side_px=scenes.VIEW[0] // 2 + 120))
    (found,) = follow(item(tmp_path / "a.mp4", scenes.pan()), [mark()])
    time_s, quad = found.quads[0]
    then = np.array(scenes.MARK) + scenes.shaky(16, 2.0)[round(time_s * 30)]
    assert np.allclose(quad, then, atol=1.5)


def test_motion_outweighs_a_photo_that_says_otherwise() -> None:
    judged = fused(sighting(Outcome.DIGITAL, p_digital=0.97), Followed(0, 1, -6.0))
    assert judged.outcome is Outcome.PHYSICAL
    weak = fused(sighting(Outcome.DIGITAL, p_digital=0.97), Followed(0, 1, -1.5))
    assert weak.outcome is Outcome.UNSURE


def test_what_was_lost_at_once_explains_nothing() -> None:
    assert not Followed(1.0, 1.0, 0.0).explains and Followed(1.0, 1.4, 0.0).explains
    assert Followed(1.0, 1.0, 4.0).explains and not Followed(1.0, 1.4, -4.0).explains
