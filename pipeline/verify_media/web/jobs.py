"""Work in a process of its own: the page stays quick, and "stop" stops at once, in the middle of a picture.

It opens no file itself: that happens in its cage, which ends with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, TypeVar

from verify_media.errors import VerifyMediaError
from verify_media.pipeline import Options, RunResult
from verify_media.records import Event, ItemReport, Marks, MediaItem, Preview, Progress, Skipped
from verify_media.submission import Submission

THUMBNAIL_SIDE_PX = 640
Answer = TypeVar("Answer", covariant=True)


class Job(Protocol[Answer]):
    """Picklable; runs in the worker."""

    def __call__(self, tell: Progress) -> Answer: ...


class Stopped(Exception):
    """The worker was stopped, or died, before it had an answer."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What lies in the folder: items, what is left out, and a small picture of each new item."""

    items: tuple[MediaItem, ...]
    skipped: tuple[Skipped, ...]
    thumbnails: Mapping[Path, Preview]


@dataclass(frozen=True, slots=True)
class Sort:
    """Recognises the files, joins Live Photos, marks copies."""

    folder: Path
    known: frozenset[Path]

    def __call__(self, tell: Progress) -> Sorted:
        from verify_media.cage import shared, stages

        items, skipped = stages.ingest(shared(), self.folder, tell=tell)
        new = [item for item in items if item.path not in self.known]
        return Sorted(items, skipped, stages.thumbnails(shared(), new, THUMBNAIL_SIDE_PX))


@dataclass(frozen=True, slots=True)
class Examine:
    item: MediaItem
    marks: Marks

    def __call__(self, tell: Progress) -> ItemReport | Skipped:
        from verify_media.cage import shared, stages

        return stages.examine(shared(), self.item, self.marks)


@dataclass(frozen=True, slots=True)
class Pack:
    """The whole job; what was examined before is not examined again."""

    submission: Submission
    out: Path
    reports: tuple[ItemReport, ...]
    options: Options

    def __call__(self, tell: Progress) -> RunResult:
        from verify_media.cage import close_shared
        from verify_media.pipeline import run

        close_shared()  # `run` has a cage of its own, which may write to its output
        remember(self.out, self.reports, self.submission.marks)
        return run(self.submission, self.out, tell, options=self.options)


def remember(out: Path, reports: tuple[ItemReport, ...], marks: Marks) -> None:
    """Puts the reports where `run` looks for an earlier result."""
    from verify_media.cache import FOLDER, Cache

    out.mkdir(exist_ok=True)
    (out / "report.json").touch()  # the sign of an earlier result, see output.py
    cache = Cache(out / FOLDER)
    for report in reports:
        cache.put(report, marks)


class Worker:
    """One process, one job at a time. It starts with the first job and again after a stop."""

    def __init__(self) -> None:
        self._context = get_context("spawn")  # a fork would copy the server's sockets and threads
        self._process: Any = None
        self._pipe: Connection | None = None

    async def do(self, job: Job[Answer], tell: Callable[[Event], None] = lambda event: None) -> Answer:
        """The job's answer. Raises Stopped, or the VerifyMediaError of the job."""
        pipe = self._started()
        try:
            pipe.send(job)
            while True:
                kind, payload = await asyncio.to_thread(pipe.recv)
                if kind == "event":
                    tell(payload)
                elif kind == "error":
                    raise payload
                else:
                    return payload  # type: ignore[no-any-return]
        except (EOFError, OSError) as error:
            if self._pipe is pipe:  # died by itself
                self.stop()
            raise Stopped from error

    def stop(self) -> None:
        """Ends the process at once; a job that waits for it raises Stopped."""
        process, self._process, self._pipe = self._process, None, None
        if process is not None:
            process.kill()
            process.join(5)

    def _started(self) -> Connection:
        if self._pipe is None or not self._process.is_alive():
            ours, theirs = self._context.Pipe()
            self._process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
            self._process.start()
            theirs.close()
            self._pipe = ours
        return self._pipe


def _serve(pipe: Connection) -> None:
    """The worker's loop; ends when the server has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's to handle
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            pipe.send(_answer(pipe.recv(), pipe))


def _answer(job: Job[Any], pipe: Connection) -> tuple[str, Any]:
    try:
        return "done", job(lambda event: pipe.send(("event", event)))
    except VerifyMediaError as error:
        return "error", error
    except Exception as error:
        return "error", VerifyMediaError(f"{type(error).__name__}: {error}")
