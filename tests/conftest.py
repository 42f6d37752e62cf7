"""Fixtures that many tests share; the records come from builders.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import av
import pytest

from builders import report
from verify_media.codecs import video_file
from verify_media.policy import Policy, load_policy
from verify_media.records import Marks
from verify_media.stages.judge import Facts
from verify_media.submission import Submission


@pytest.fixture
def policy() -> Policy:
    return load_policy("amazon-handmade")


@pytest.fixture
def submission() -> Submission:
    names = ("a.jpg", "b.jpg", "c.jpg")
    answers = dict.fromkeys(load_policy("amazon-handmade").answers or {}, "By hand.")
    return Submission(
        Path("shots"),
        Marks(names=("Willow & Thread",)),
        asins=dict.fromkeys(names, "B0ABCDEFGH"),
        answers=answers,
        received=date(2026, 11, 20),
    )


@pytest.fixture
def facts(policy: Policy, submission: Submission) -> Facts:
    items = tuple(report(name) for name in submission.asins)
    return Facts(policy=policy, submission=submission, today=date(2026, 11, 22), items=items)


@pytest.fixture
def decoded_times(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Times in seconds of all frames of clips that are decoded, shown or not."""
    times: list[float] = []
    whole = video_file.decoded

    def watched(of: video_file.Clip) -> Iterator[av.VideoFrame]:
        for frame in whole(of):
            times.append(of.time_of(frame))
            yield frame

    monkeypatch.setattr(video_file, "decoded", watched)
    return times
