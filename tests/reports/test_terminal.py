from __future__ import annotations

import io
import re

import pytest

from verify_media.pipeline import RunResult
from verify_media.policy import load_policy
from verify_media.records import Event
from verify_media.reports import terminal

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_one_line_for_each_file_with_its_next_action(not_ready: RunResult) -> None:
    lines = terminal.render(not_ready, color=False).splitlines()
    assert [line.split("  ")[0] for line in lines[:5]] == [
        "Ready",
        "Take again",
        "Take again",
        "Please check",
        "To complete",
    ]
    assert "from closer" in lines[1] and "Large letters, in focus, facing the camera." in lines[1]
    assert lines[5].startswith("Left out")


def test_the_sentence_and_the_places_come_last(ready: RunResult) -> None:
    lines = terminal.render(ready, color=False).splitlines()
    assert lines[-4] == "Ready to send: 4 files in one message of 18.7 MB."
    assert lines[-3] == "Files to attach: /maker/shots-verified/send"
    assert lines[-1] == "Report with pictures: /maker/shots-verified/report.html"


def test_a_check_names_no_places(checked: RunResult) -> None:
    assert terminal.render(checked, color=False).splitlines()[-1].startswith("Not ready:")


def test_plain_text_has_no_escapes(hostile: RunResult) -> None:
    text = terminal.render(hostile, color=False)
    assert "\x1b" not in text and "\r" not in text and "\u202e" not in text
    text.encode("utf-8")


def test_colours_change_no_words(ready: RunResult) -> None:
    painted = terminal.render(ready, color=True)
    assert ESCAPE.search(painted)
    assert "Ready to send: 4 files in one message of 18.7 MB." in ESCAPE.sub("", painted)


def test_names_are_not_read_as_markup(hostile: RunResult) -> None:
    assert "a\\x0ab" in ESCAPE.sub("", terminal.render(hostile, color=True))


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert terminal.wants_color(Tty())
    assert not terminal.wants_color(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.wants_color(Tty())


def test_progress_shows_the_file_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    screen = Tty()
    with terminal.progress_display(stream=screen) as progress:
        assert progress is not None
        progress(Event("examine", 1, 2))
        progress(Event("examine", 2, 2))
    assert "Looking for the mark" in screen.getvalue()


def test_progress_is_quiet_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal.progress_display(stream=io.StringIO()) as progress:
        assert progress is None
    with terminal.progress_display(quiet=True, stream=Tty()) as progress:
        assert progress is None
    monkeypatch.setenv("CI", "true")
    with terminal.progress_display(stream=Tty()) as progress:
        assert progress is None


@pytest.mark.parametrize("rule", load_policy("amazon-handmade").rules, ids=lambda rule: rule.id)
def test_explains_every_rule(rule: object) -> None:
    text = terminal.explain(rule)  # type: ignore[arg-type]
    assert rule.question in text and rule.cure in text and "What to do:" in text  # type: ignore[attr-defined]
