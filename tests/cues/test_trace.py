"""A mark through several batches of frames: which of its places are believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import moving_scenes as scenes
from verify_media.cues import motion, trace
from verify_media.cues.gliding import Glide
from verify_media.cues.tremor import NONE
from verify_media.records import Quad

SLID = Glide(
    frames=12, px=44, fit=0.9, tremor=NONE, own=1.0, behind=0.98, beside=0.1, side=1.0, texture=500, scene_share=1.0
)
END: Quad = ((10.0, 10.0), (90.0, 10.0), (90.0, 40.0), (10.0, 40.0))


@pytest.mark.parametrize(
    ("agreement", "glide", "is_lost", "place"),
    [
        (0.4, SLID, False, END),
        (0.4, replace(SLID, frames=8), True, scenes.MARK),
        (0.4, replace(SLID, frames=8, own=0.1), False, scenes.MARK),
        (0.9, replace(SLID, frames=8), False, scenes.MARK),
    ],
)
def test_a_place_laid_along_the_scene_is_not_believed_where_the_letters_went_elsewhere(
    monkeypatch: pytest.MonkeyPatch, agreement: float, glide: Glide, is_lost: bool, place: Quad
) -> None:
    """Else what lay behind a sliding caption is followed from there on, and passes in its stead."""
    frames = scenes.pan(1) * 12
    run = replace(motion.course(scenes.pan(12), scenes.MARK).runs[0], agreement=agreement, still=0.0, along=0.0)
    monkeypatch.setattr(trace, "course", lambda batch, quad: motion.Course([run], quad, 11, False))
    monkeypatch.setattr(trace, "glide", lambda batch, quad: (glide, END))
    followed = trace.Trace(scenes.MARK)
    followed.go(frames)
    assert (followed.is_lost, followed.place) == (is_lost, place)


def test_a_fade_at_the_end_of_a_batch_is_looked_at_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faint letters are lost; the next batch shows whether they were fading."""
    monkeypatch.setattr(trace, "course", lambda batch, quad: motion.Course([], quad, 0, True))
    ground = scenes.view(scenes.scene(), 0, 0)
    shares = np.clip(1 - (np.arange(25) - 5) / 9, 0, 1)
    frames = [np.asarray(ground * (1 - s) + scenes.lettered(ground) * s, np.uint8) for s in shares]
    followed = trace.Trace(scenes.MARK)
    followed.go(frames[:13])
    assert followed.is_lost and not followed.is_done and not followed.fades
    followed.go(frames[12:])
    assert followed.is_done and followed.log_odds > 3


def test_traces_of_one_mark_are_weighed_together() -> None:
    one, two = trace.Trace(scenes.MARK, glides=[SLID]), trace.Trace(END, frames=5)
    assert trace.Trace.joined([two, one]).glides == [SLID]
    assert trace.Trace.joined([two, one]).frames == 5 and not two.glides
