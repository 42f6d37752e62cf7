"""The real worker process: answers, errors, and a stop in the middle."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from verify_media.errors import UsageError, VerifyMediaError
from verify_media.records import Event, Marks, Progress
from verify_media.web.jobs import Stopped, Worker, remember


@dataclass(frozen=True)
class Answer:
    def __call__(self, tell: Progress) -> int:
        tell(Event("examine", 1, 2))
        return os.getpid()


@dataclass(frozen=True)
class Fail:
    error: Exception

    def __call__(self, tell: Progress) -> int:
        raise self.error


@dataclass(frozen=True)
class Sleep:
    started: Path

    def __call__(self, tell: Progress) -> int:
        self.started.touch()
        time.sleep(60)
        return 1


@dataclass(frozen=True)
class Die:
    def __call__(self, tell: Progress) -> int:
        os._exit(9)


def test_answers_errors_and_stops(tmp_path: Path) -> None:
    async def story() -> None:
        worker, events = Worker(), []
        first = await worker.do(Answer(), events.append)
        assert first != os.getpid() and events == [Event("examine", 1, 2)]
        with pytest.raises(UsageError, match="no name") as caught:
            await worker.do(Fail(UsageError("no name", "Type one.")))
        assert caught.value.cure == "Type one."
        with pytest.raises(VerifyMediaError, match="ZeroDivisionError"):
            await worker.do(Fail(ZeroDivisionError("x")))
        assert await worker.do(Answer()) == first
        await _stop_in_the_middle(worker, tmp_path / "started")
        with pytest.raises(Stopped):
            await worker.do(Die())
        assert await worker.do(Answer()) != first
        worker.stop()

    asyncio.run(asyncio.wait_for(story(), 60))


async def _stop_in_the_middle(worker: Worker, started: Path) -> None:
    task = asyncio.create_task(worker.do(Sleep(started)))
    while not started.exists():
        await asyncio.sleep(0.01)
    stopped_at = time.monotonic()
    worker.stop()
    with pytest.raises(Stopped):
        await task
    assert time.monotonic() - stopped_at < 5


def test_what_is_remembered_counts_as_an_earlier_result(tmp_path: Path) -> None:
    from verify_media.output import whole_folder

    remember(tmp_path / "out", (), Marks(("A",)))
    with whole_folder(tmp_path / "out", keep_out_of=tmp_path / "shots") as (draft, target):
        (draft / "report.json").write_text("{}")
    assert (target / "report.json").read_text() == "{}"
