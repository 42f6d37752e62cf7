"""The unit of work of a batch: one item, pure and picklable, on whatever machine it lands."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from verify_media.machine import cores
from verify_media.messages import Message, message
from verify_media.records import ItemReport, Marks, Skipped

if TYPE_CHECKING:
    from verify_media.cage import Cage


@dataclass(frozen=True, slots=True)
class Job:
    """One item of one submission. `url` is a local path or anything that fsspec opens; logos and cards likewise."""

    submission: str
    url: str
    marks: Marks

    @property
    def id(self) -> str:
        return f"{self.submission}\t{self.url}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a job: a report, or the reason why there is none."""

    job: Job
    report: ItemReport | None
    reason: Message | None = None
    seconds: float = 0.0
    worker: str = ""


class Engine(Protocol):
    """Runs jobs somewhere and yields each answer exactly once, in any order, with a bounded number in flight."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Answer]: ...


def perform(job: Job, cage: Cage | None = None) -> Answer:
    """Fetches one item, and has it identified and examined in the cage. A broken file is an answer, not an error."""
    from verify_media.cage import shared, stages
    from verify_media.engines.fetch import fetched

    started = time.perf_counter()
    try:
        with fetched(job) as (path, marks):
            outcome = stages.look_at(cage or shared(), path, marks)
    except OSError:
        reason = message("failed-fetching").text
        outcome = Skipped(Path(job.url), message("skipped-failed", file=Path(job.url).name, reason=reason))
    seconds = time.perf_counter() - started
    worker = f"{os.uname().nodename}:{os.getpid()}" if hasattr(os, "uname") else str(os.getpid())
    if isinstance(outcome, Skipped):
        return Answer(job, None, outcome.message, seconds, worker)
    return Answer(job, _slim(outcome), None, seconds, worker)


def _slim(report: ItemReport) -> ItemReport:
    """Without pictures: a batch keeps numbers."""
    return replace(report, preview=None, close_up=None)


def lost(job: Job, reason: str) -> Answer:
    """The answer for a job whose worker died every time it was tried."""
    return Answer(job, None, message("skipped-failed", file=Path(job.url).name, reason=reason))


def pin_threads(workers: int) -> None:
    """Shares the cores among `workers` processes; to be called before the numeric libraries are imported."""
    threads = str(max(1, cores() // max(1, workers)))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VERIFY_MEDIA_THREADS"):
        os.environ[name] = threads


def warm_up(workers: int, cage: Cage | None = None) -> None:
    """What is done once for a worker: its share of the threads, and the text models loaded."""
    from verify_media.cage import shared, tasks

    pin_threads(workers)
    (cage or shared()).ask(tasks.warm_up, int(os.environ["VERIFY_MEDIA_THREADS"]))
