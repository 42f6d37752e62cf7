"""Many submissions: list the jobs, run them on an engine, append a row for each item, go on after a stop.

Rows are whole lines appended in one write. A row is used again while the file, the marks and the models are the same.
Rules are answered anew from the stored evidence, so a changed policy needs no pixels.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from verify_media.batch_source import Listed, Source
from verify_media.cache import versions
from verify_media.engines.work import Answer, Engine, Job
from verify_media.errors import CannotWrite, UsageError
from verify_media.messages import Message
from verify_media.pipeline import RunResult, conclude_batch
from verify_media.plain import from_plain, to_plain
from verify_media.records import ItemReport, RuleResult, Skipped

ITEMS, SUBMISSIONS, SUMMARY = "items.jsonl", "submissions.jsonl", "summary.json"


@dataclass
class Counters:
    """What a monitoring system would scrape; printed at the end and kept in summary.json."""

    outcomes: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    reused: int = 0
    submissions: Counter[str] = field(default_factory=Counter)
    item_seconds: float = 0.0
    started: float = field(default_factory=time.perf_counter)

    @property
    def items(self) -> int:
        return sum(self.outcomes.values()) + self.skipped

    def plain(self) -> dict[str, Any]:
        wall = time.perf_counter() - self.started
        return {
            "items_total": self.items,
            "items_reused_total": self.reused,
            "items_skipped_total": self.skipped,
            "items_by_outcome": dict(sorted(self.outcomes.items())),
            "submissions_by_exit_code": dict(sorted(self.submissions.items())),
            "item_seconds_total": round(self.item_seconds, 3),
            "wall_seconds": round(wall, 3),
            "items_per_second": round((self.items - self.reused) / wall, 3) if wall else 0.0,
        }


Told = Callable[[Counters, int], None]
"""Called after each item with the counters and the number of items in all."""


def run_batch(
    source: Source, dest: Path, engine: Engine, *, today: date | None = None, told: Told | None = None
) -> Counters:
    """Writes the result files to `dest` and returns the counters. Raises UsageError and CannotWrite."""
    dest.mkdir(parents=True, exist_ok=True)
    listed = list(source.submissions())
    if twice := [name for name, count in Counter(one.name for one in listed).items() if count > 1]:
        raise UsageError(f"two submissions are called {twice[0]!r}", "Give each submission a name of its own.")
    book = _Book(dest, today or date.today(), listed)
    total = sum(len(one.jobs) for one in listed)
    for answer in book.reused():
        book.take(answer, write=False)
    for answer in engine.run(book.waiting()):
        book.take(answer, write=True)
        if told:
            told(book.counters, total)
    book.close()
    return book.counters


class _Book:
    """What is known of every submission, and the files that it is written to."""

    def __init__(self, dest: Path, today: date, listed: Iterable[Listed]) -> None:
        self.dest, self.today = dest, today
        self.counters = Counters()
        self._listed = {one.name: one for one in listed}
        self._old = {row["key"]: row for row in read_rows(dest / ITEMS) if "key" in row}
        self._open: dict[str, dict[str, Answer]] = {name: {} for name in self._listed}
        self._fresh_submissions = dest / f".{SUBMISSIONS}.{os.getpid()}"
        self._fresh_submissions.unlink(missing_ok=True)
        for one in self._listed.values():
            self._finish_if_complete(one)

    def reused(self) -> Iterator[Answer]:
        for one in self._listed.values():
            for job in one.jobs:
                if row := self._old.get(self._key(one, job)):
                    self.counters.reused += 1
                    yield _from_row(job, row)

    def waiting(self) -> Iterator[Job]:
        """Jobs without an answer yet, submission by submission."""
        for one in list(self._listed.values()):
            yield from (job for job in one.jobs if self._key(one, job) not in self._old)

    def take(self, answer: Answer, *, write: bool) -> None:
        """Books an answer; a second answer for the same job is dropped."""
        one = self._listed[answer.job.submission]
        answers = self._open[one.name]
        if answer.job.url in answers:
            return
        answers[answer.job.url] = answer
        self._count(answer)
        if write:
            append_row(self.dest / ITEMS, _row(answer, self._key(one, answer.job)))
        self._finish_if_complete(one)

    def close(self) -> None:
        """The submissions' rows appear together, in the order of the source; then the summary."""
        rows = {row["submission"]: row for row in read_rows(self._fresh_submissions)}
        text = "".join(_line(rows[name]) for name in self._listed if name in rows)
        _write_whole(self.dest / SUBMISSIONS, text)
        self._fresh_submissions.unlink(missing_ok=True)
        _write_whole(self.dest / SUMMARY, json.dumps(self.counters.plain(), indent=2) + "\n")

    def _key(self, one: Listed, job: Job) -> str:
        parts = (job.submission, job.url, one.stamps.get(job.url, ""), json.dumps(to_plain(job.marks)), versions())
        return "\0".join(parts)

    def _count(self, answer: Answer) -> None:
        self.counters.item_seconds += answer.seconds
        if answer.report is None:
            self.counters.skipped += 1
        else:
            self.counters.outcomes[answer.report.outcome.value] += 1

    def _finish_if_complete(self, one: Listed) -> None:
        answers = self._open[one.name]
        if len(answers) < len(one.jobs):
            return
        result = self._conclude(one, [answers[job.url] for job in one.jobs])
        self.counters.submissions[str(int(result.exit_code))] += 1
        append_row(self._fresh_submissions, _submission_row(one, result))
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


def _row(answer: Answer, key: str) -> dict[str, Any]:
    return {
        "submission": answer.job.submission,
        "item": answer.job.url,
        "outcome": answer.report.outcome.value if answer.report else None,
        "p_digital": answer.report.p_digital if answer.report else None,
        "reason": str(answer.reason) if answer.reason else None,
        "seconds": round(answer.seconds, 4),
        "worker": answer.worker,
        "key": key,
        "report": to_plain(answer.report),
        "message": to_plain(answer.reason),
    }


def _from_row(job: Job, row: Mapping[str, Any]) -> Answer:
    report = from_plain(ItemReport, row["report"]) if row["report"] else None
    reason = from_plain(Message, row["message"]) if row["message"] else None
    return Answer(job, report, reason, 0.0, str(row["worker"]))


def _submission_row(one: Listed, result: RunResult) -> dict[str, Any]:
    return {
        "submission": one.name,
        "exit_code": int(result.exit_code),
        "policy": result.policy.id,
        "items": len(result.items),
        "skipped": len(result.skipped),
        "rules": [
            {
                "id": r.id,
                "verdict": r.verdict.value,
                "item": r.item.name if r.item else None,
                "reasons": [m.key for m in r.reasons],
            }
            for r in result.rules
        ],
        "todo": [str(action) for action in result.todo],
    }


def _rule_row(rule: RuleResult) -> dict[str, Any]:
    return {
        "id": rule.id,
        "verdict": rule.verdict.value,
        "item": rule.item.name if rule.item else None,
        "reasons": [reason.key for reason in rule.reasons],
    }


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Whole rows only: a line that was torn by a stop is left out."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def append_row(path: Path, row: Mapping[str, Any]) -> None:
    """One write of one whole line; after a torn line, on a line of its own."""
    data = _line(row).encode()
    try:
        with path.open("ab+") as file:
            file.seek(0, os.SEEK_END)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                data = data if file.read(1) == b"\n" else b"\n" + data
            file.write(data)
    except OSError as error:
        raise CannotWrite(
            f"{path.name} cannot be written: {error.strerror}", "Make room, then start the batch again."
        ) from error


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _write_whole(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
