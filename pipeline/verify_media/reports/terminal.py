"""For people at a terminal: one line for each file with its next action, the sentence, and where the files are."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, TextIO

from verify_media.messages import catalogue, message
from verify_media.records import Event, Progress, Verdict
from verify_media.reports import view
from verify_media.reports.escape import visible
from verify_media.reports.units import megabytes

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

    from verify_media.pipeline import RunResult
    from verify_media.policy import Rule

STYLES = {
    Verdict.FAIL: "bold red",
    Verdict.REVIEW: "bold yellow",
    Verdict.PASS: "bold green",
    Verdict.NOT_APPLICABLE: "dim",
}
LIGHTS = {view.Light.STOP: Verdict.FAIL, view.Light.CHECK: Verdict.REVIEW, view.Light.READY: Verdict.PASS}
WORD_WIDTH = 12
"""Columns of the first word of a line; the longest is "Please check"."""
NAME_WIDTH = 32


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what the file is ("Ready", "Take again"), which file, what to do."""

    word: str
    style: str
    name: str
    step: str


def render(result: RunResult, *, color: bool | None = None) -> str:
    """Lines of text that end with a newline. `color` None: as the terminal on stdout and NO_COLOR ask.

    On a terminal, long actions wrap inside their column; elsewhere a file is always one line, so that `grep` works.
    """
    rows, closing = list(_rows(result)), list(_closing(result))
    if wants_color(sys.stdout) if color is None else color:
        return _painted(rows, closing)
    name_width = max((len(row.name) for row in rows), default=0)
    lines = [f"{row.word:<{WORD_WIDTH}}  {row.name:<{name_width}}  {row.step}".rstrip() for row in rows]
    return "".join(f"{line}\n" for line in (*lines, "", *(text for text, _ in closing)))


def wants_color(stream: TextIO) -> bool:
    """https://no-color.org: NO_COLOR with any text turns it off."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def explain(rule: Rule) -> str:
    """What a rule asks, how strictly, where that stands, and how to cure a "no"."""
    parts = [rule.question, "", rule.explanation, message(f"report-explain-{rule.level.value}").text, ""]
    parts += [message("report-explain-source", source=rule.source).text] if rule.source else []
    parts += [message("report-explain-cure", cure=rule.cure).text] if rule.cure else []
    return visible("\n".join(parts), keep="\n").replace("\n\n\n", "\n\n").strip()


@contextmanager
def progress_display(*, quiet: bool = False, stream: TextIO | None = None) -> Iterator[Progress | None]:
    """A bar on a terminal's stderr; None where nobody watches, so that logs stay short."""
    stream = stream or sys.stderr
    if quiet or not stream.isatty() or os.environ.get("CI"):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=Console(file=stream), transient=True) as bars:
        yield _teller(bars)


def _teller(bars: Bars) -> Progress:
    tasks: dict[str, TaskID] = {}

    def tell(event: Event) -> None:
        label = stage_label(event.stage) + (f": {visible(event.item.name)}" if event.item else "")
        if event.stage not in tasks:
            tasks[event.stage] = bars.add_task(label, total=event.total)
        bars.update(tasks[event.stage], description=label, completed=event.done, total=event.total)

    return tell


def stage_label(stage: str) -> str:
    """A stage in a maker's words; its own name where the catalogue has none."""
    key = f"report-stage-{stage}"
    return message(key).text if key in catalogue() else stage


def _rows(result: RunResult) -> Iterator[Row]:
    """A row for each item, each file that was left out, and each open question about the whole."""
    for item in view.item_views(result):
        yield Row(item.status.text, STYLES[item.verdict], visible(item.name), visible(view.next_step(result, item)))
    for skipped in result.skipped:
        word = message("report-status-skipped").text
        yield Row(word, "dim", visible(skipped.path.name), visible(skipped.message))
    for rule in (rule for rule in result.rules if rule.item is None and rule.verdict in view.OPEN):
        word = message(view.STATUS[rule.verdict]).text
        for text in rule.reasons or view.cures(result, [rule]):
            yield Row(word, STYLES[rule.verdict], rule.id, visible(text))


def _closing(result: RunResult) -> Iterator[tuple[str, str]]:
    """(line, style): the sentence, then where things are."""
    yield visible(view.headline(result)), STYLES[LIGHTS[view.light(result)]]
    if result.out is None:
        return
    if result.deliverables:
        yield visible(message("report-files-at", folder=str(result.out / "send")).text), ""
    for draft in result.drafts:
        sizes = {"size": megabytes(draft.size_bytes), "limit": megabytes(draft.limit_bytes)}
        yield visible(message("report-draft-at", path=str(draft.path), **sizes).text), ""
    yield visible(message("report-page-at", path=str(result.out / "report.html")).text), ""


def _painted(rows: Sequence[Row], closing: Sequence[tuple[str, str]]) -> str:
    """`Text` objects only: nothing from a file is parsed as markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold", max_width=NAME_WIDTH)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(Text(row.word, row.style), Text(row.name, "bold"), Text(row.step))
    buffer = StringIO()
    console = Console(file=buffer, force_terminal=True, color_system="standard", highlight=False)
    console.print(grid, Text(), sep="\n")
    for text, style in closing:
        console.print(Text(text, style), soft_wrap=True)
    return buffer.getvalue()
