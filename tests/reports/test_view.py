from __future__ import annotations

from pathlib import Path

import pytest
from report_samples import item

from verify_media.messages import message
from verify_media.pipeline import RunResult
from verify_media.records import Deliverable, Draft, Outcome, Verdict
from verify_media.reports import pictures, render, view
from verify_media.reports.escape import visible
from verify_media.reports.units import clock, megabytes, relative


def test_the_light_follows_the_rules(ready: RunResult, not_ready: RunResult) -> None:
    assert view.light(ready) is view.Light.READY
    assert view.light(not_ready) is view.Light.STOP


def test_headlines(ready: RunResult, not_ready: RunResult, checked: RunResult) -> None:
    assert view.headline(ready) == "Ready to send: 4 files in one message of 18.7 MB."
    assert view.headline(not_ready) == view.headline(checked)
    assert view.headline(checked).startswith("Not ready: 2 photos to take again")


def test_each_item_has_its_words(not_ready: RunResult) -> None:
    assert [view_.status.text for view_ in view.item_views(not_ready)] == [
        "Ready",
        "Take again",
        "Take again",
        "Please check",
        "To complete",
    ]


def test_an_example_only_where_another_picture_helps(not_ready: RunResult) -> None:
    examples = [view_.example is not None for view_ in view.item_views(not_ready)]
    assert examples == [False, True, True, True, False]


def test_a_rule_names_the_items_that_fail(not_ready: RunResult) -> None:
    rule = next(rule for rule in view.rule_views(not_ready) if rule.id == "mark-physical")
    assert (rule.verdict, rule.items) == (Verdict.FAIL, (3,))


def test_same_steps_are_grouped_in_order() -> None:
    notes = [
        message("answer-missing", question="A?"),
        message("count-ok", have=3),
        message("answer-missing", question="B?"),
    ]
    assert [len(group) for group in view.grouped(notes)] == [2, 1]


@pytest.mark.parametrize("name", ["text", "json", "junit", "github", "html"])
def test_every_format_by_its_name(name: str, ready: RunResult) -> None:
    assert render(name, ready).endswith(("\n", ">"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\x0ab"),
        ("\u202egpj", "\\u202egpj"),
        ("caf\udce9", "caf\\xe9"),
        ("Ünï 👩‍🎨", "Ünï 👩‍🎨"),
        ("\ufffe", "\\ufffe"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_units() -> None:
    assert [megabytes(n) for n in (0, 99_000, 18_684_112)] == ["0 kB", "99 kB", "18.7 MB"]
    assert [clock(t) for t in (0.0, 12.9, 3723.0)] == ["0:00", "0:12", "1:02:03"]
    assert relative(Path("/a/b/c.jpg"), Path("/a")) == "b/c.jpg"
    assert relative(Path("/x/c.jpg"), Path("/a")) == "c.jpg"


def test_mail_makes_files_a_third_larger() -> None:
    """Against Python's own encoder, which ends lines with LF alone."""
    from email.base64mime import body_encode

    for size in (0, 1, 56, 57, 58, 100_000):
        assert pictures.mail_bytes(size) == len(body_encode(b"x" * size, eol="\r\n"))


def test_shares_lie_side_by_side() -> None:
    files = [Deliverable(Path(n), Path(n), "image/jpeg", size, "0" * 64, 1, 1) for n, size in (("a", 300), ("b", 500))]
    shares = pictures.shares(Draft(Path("m"), 800, 1000, ("a", "b")), files, as_mail=False)
    assert [(share.stretch.x, share.stretch.width) for share in shares] == [(0.0, 300.0), (300.0, 500.0)]


def test_strips_stay_inside() -> None:
    spans = item("a.mp4", Outcome.PHYSICAL).spans
    assert pictures.stretches(spans, 10.0) == ()
    assert pictures.moment(0.0, 10.0) == 6.0 and pictures.moment(99.0, 10.0) == 994.0
