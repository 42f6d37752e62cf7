from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from verify_media.pipeline import RunResult
from verify_media.records import Verdict
from verify_media.reports import github
from verify_media.reports.escape import github_data, github_property, markdown


def test_a_command_for_each_open_answer(not_ready: RunResult) -> None:
    lines = github.render(not_ready).splitlines()
    verdicts = [rule.verdict for rule in not_ready.rules]
    assert sum(line.startswith("::error ") for line in lines) == verdicts.count(Verdict.FAIL)
    assert sum(line.startswith("::warning ") for line in lines) == verdicts.count(Verdict.REVIEW)
    assert (
        lines[-1]
        == "::notice title=verify-media::"
        + "Not ready: 2 photos to take again, 2 to check, 2 answers to write, 1 ASIN to note."
    )


def test_every_line_is_a_command(hostile: RunResult) -> None:
    lines = github.render(hostile).split("\n")
    assert lines.pop() == ""
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)


def test_escapes_as_the_toolkit_does() -> None:
    assert github_data("100 %\nnext") == "100 %25%0Anext"
    assert github_property("a:b,c%\r") == "a%3Ab%2Cc%25%0D"


def test_files_are_named_from_the_checkout(
    not_ready: RunResult, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    rule = next(rule for rule in not_ready.rules if rule.verdict is Verdict.FAIL)
    inside = replace(not_ready, rules=(replace(rule, item=tmp_path / "shots" / "a,b.jpg"),))
    assert github.render(inside).startswith("::error file=shots/a%2Cb.jpg,title=")


def test_the_summary_is_a_table(not_ready: RunResult) -> None:
    text = github.summary(not_ready)
    assert text.startswith("## 🔴 Not ready: 2 photos to take again")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 1 + len(not_ready.items) + len(not_ready.skipped)


def test_the_summary_keeps_names_harmless(hostile: RunResult) -> None:
    text = github.summary(hostile)
    assert "<img" not in text and "@all" not in text and "\u202e" not in text
    assert all(line.replace("\\|", "").count("|") == 5 for line in text.splitlines() if line.startswith("|"))


def test_markdown_escapes_markup() -> None:
    assert markdown("a|b <i> [x](y) `c` @team") == "a\\|b &lt;i&gt; \\[x\\]\\(y\\) \\`c\\` @\u200bteam"
