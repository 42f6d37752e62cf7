"""Takes the answers of an engine, whatever their order, and closes each submission when its last item has come.

Rules are answered anew from the stored evidence, so a changed policy needs no pixels.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from verify_media.batch import events
from verify_media.batch.counters import Counters, Told
from verify_media.batch.ledger import Ledger
from verify_media.batch.rows import (
    ITEMS,
    SUBMISSIONS,
    SUMMARY,
    append_row,
    line_of,
    placed_rows,
    row_at,
    submission_row,
    write_whole,
)
from verify_media.batch.source import Listed, Source
from verify_media.engines.work import Answer, Engine, Job
from verify_media.errors import UsageError
from verify_media.pipeline import RunResult, conclude_batch
from verify_media.records import ItemReport, Skipped


def run_batch(
    source: Source,
    dest: Path,
    engine: Engine,
    *,
    today: date | None = None,
    told: Told | None = None,
) -> Counters:
    """Writes the result files to `dest` and returns the counters. Raises UsageError and CannotWrite."""
    dest.mkdir(parents=True, exist_ok=True)
    listed = list(source.submissions())
    if twice := [name for name, count in Counter(one.name for one in listed).items() if count > 1]:
        raise UsageError(f"two submissions are called {twice[0]!r}", "Give each submission a name of its own.")
    total = sum(len(one.jobs) for one in listed)
    book = _Book(dest, today or date.today(), listed)
    events.started(len(listed), total)
    for answer in engine.run(book.waiting()):
        book.take(answer, known=False)
        if told:
            told(book.counters, total)
    book.close()
    return book.counters


class _Book:
    """What is known of every submission, and the files that it is written to."""

    def __init__(self, dest: Path, today: date, listed: Iterable[Listed]) -> None:
        self.dest, self.today = dest, today
        self.counters = Counters()
        self._ledger = Ledger(dest / ITEMS)
        self._listed = {one.name: one for one in listed}
        self._open: dict[str, dict[str, Answer]] = {name: {} for name in self._listed}
        self._fresh = dest / f".{SUBMISSIONS}.{os.getpid()}"
        self._fresh.unlink(missing_ok=True)
        for one in self._listed.values():
            self._finish_if_complete(one)

    def waiting(self) -> Iterator[Job]:
        """Jobs without an answer yet, submission by submission; what an earlier batch found is booked on the way."""
        for one in list(self._listed.values()):
            for job in one.jobs:
                known = self._ledger.answer(one, job)
                if known is None:
                    yield job
                else:
                    self.counters.reused += 1
                    self.take(known, known=True)

    def take(self, answer: Answer, *, known: bool) -> None:
        """Books an answer; a second answer for the same job is dropped."""
        one = self._listed[answer.job.submission]
        answers = self._open[one.name]
        if answer.job.url in answers:
            return
        answers[answer.job.url] = answer
        self.counters.count(answer)
        if not known:
            self._ledger.write(one, answer)
        events.item(answer, known=known)
        self._finish_if_complete(one)

    def close(self) -> None:
        """The submissions' rows appear together, in the order of the source; then the summary."""
        places = {row["submission"]: offset for offset, row in placed_rows(self._fresh)}
        ordered = (line_of(row_at(self._fresh, places[name])) for name in self._listed if name in places)
        write_whole(self.dest / SUBMISSIONS, ordered)
        self._fresh.unlink(missing_ok=True)
        write_whole(self.dest / SUMMARY, [json.dumps(self.counters.plain(), indent=2), "\n"])
        events.finished(self.counters)

    def _finish_if_complete(self, one: Listed) -> None:
        answers = self._open[one.name]
        if len(answers) < len(one.jobs):
            return
        result = self._conclude(one, [answers[job.url] for job in one.jobs])
        self.counters.submissions[str(int(result.exit_code))] += 1
        append_row(self._fresh, submission_row(one.name, result))
        events.submission(one.name, result)
        self._open[one.name] = {job.url: replace(answers[job.url], report=None) for job in one.jobs}

    def _conclude(self, one: Listed, answers: Iterable[Answer]) -> RunResult:
        reports: list[ItemReport] = []
        skipped: list[Skipped] = list(one.skipped)
        for answer in answers:
            if answer.report is not None:
                reports.append(answer.report)
            elif answer.reason is not None:
                skipped.append(Skipped(Path(answer.job.url), answer.reason))
        return conclude_batch(one.submission, reports, skipped, self.today)
