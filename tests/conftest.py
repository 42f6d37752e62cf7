"""Fixtures that many tests share; the records come from builders.py."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from builders import report
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
