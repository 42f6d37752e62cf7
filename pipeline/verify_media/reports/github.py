"""Annotations for GitHub Actions (workflow commands), and a summary in Markdown for the page of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from verify_media.records import RuleResult, Skipped, Verdict
from verify_media.reports import view
from verify_media.reports.escape import github_data, github_property, markdown
from verify_media.reports.units import megabytes

if TYPE_CHECKING:
    from pathlib import Path

    from verify_media.pipeline import RunResult

COMMANDS = {Verdict.FAIL: "error", Verdict.REVIEW: "warning"}
LIGHTS = {view.Light.STOP: "🔴", view.Light.CHECK: "🟡", view.Light.READY: "🟢"}


def render(result: RunResult) -> str:
    """One command for each "no" and each review, a notice for each file that was left out; ends with the headline."""
    lines = [*(_annotation(result, rule) for rule in result.rules if rule.verdict in COMMANDS)]
    lines += [_notice(skipped) for skipped in result.skipped]
    lines.append(f"::notice title=verify-media::{github_data(view.headline(result))}")
    return "".join(f"{line}\n" for line in lines)


def _annotation(result: RunResult, rule: RuleResult) -> str:
    text = "\n".join(str(reason) for reason in rule.reasons) or "\n".join((rule.question, *view.cures(result, [rule])))
    return _command(COMMANDS[rule.verdict], rule.question, text, rule.item)


def _notice(skipped: Skipped) -> str:
    return _command("notice", "Left out", str(skipped.message), skipped.path)


def _command(name: str, title: str, text: str, file: Path | None) -> str:
    """GitHub knows files by their path from the checkout, where the job runs."""
    place = f"file={github_property(_from_here(file))}," if file else ""
    return f"::{name} {place}title={github_property(title)}::{github_data(text)}"


def _from_here(file: Path) -> str:
    here = file.cwd()
    return (file.relative_to(here) if file.is_relative_to(here) else file).as_posix()


def summary(result: RunResult) -> str:
    """Markdown for $GITHUB_STEP_SUMMARY: the headline, a row for each item, the next actions."""
    return "\n".join((*_head(result), *_items(result), *_actions(result), "", ""))


def _head(result: RunResult) -> Iterator[str]:
    yield f"## {LIGHTS[view.light(result)]} {markdown(view.headline(result))}"
    yield ""
    yield markdown(result.policy.title)
    for draft in result.drafts:
        yield f"{markdown(draft.path.name)}: {megabytes(draft.size_bytes)} of {megabytes(draft.limit_bytes)}"
    yield ""


def _items(result: RunResult) -> Iterator[str]:
    yield "| | File | | What to do |"
    yield "|---|---|---|---|"
    for item in view.item_views(result):
        step = markdown(view.next_step(result, item))
        yield f"| {item.number} | {markdown(item.name)} | {markdown(item.status.text)} | {step} |"
    for skipped in result.skipped:
        yield f"| | {markdown(skipped.path.name)} | left out | {markdown(skipped.message)} |"
    yield ""


def _actions(result: RunResult) -> Iterator[str]:
    for number, note in enumerate(result.todo, start=1):
        yield f"{number}. {markdown(note)}"
