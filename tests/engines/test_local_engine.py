"""The process pool with real workers; the jobs are stand-ins, so that no model is loaded."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from verify_media.engines.local import LocalEngine
from verify_media.engines.work import Answer, Job, lost
from verify_media.records import Marks


def stand_in(job: Job) -> Answer:
    """Dies on the first item called `crash`, and always on one called `killer`."""
    path = Path(job.url)
    if path.name == "killer" or (path.name == "crash" and not path.with_name("crashed").exists()):
        path.with_name("crashed").write_text("once")
        os.kill(os.getpid(), signal.SIGKILL)
    if path.name.startswith("slow"):
        time.sleep(0.3)  # long enough for the second worker to have started on a busy machine
    return Answer(job, None, lost(job, "done").reason, worker=str(os.getpid()))


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> LocalEngine:
    monkeypatch.setattr("verify_media.engines.local.perform", stand_in)
    monkeypatch.setattr("verify_media.engines.local.warm_up", pin)
    return LocalEngine(2)


def pin(workers: int) -> None:
    """A worker's start without the models."""


def jobs(folder: Path, *names: str) -> list[Job]:
    return [Job("s", str(folder / name), Marks(names=("x",))) for name in names]


def answered(engine: LocalEngine, work: list[Job]) -> list[str]:
    return sorted(Path(answer.job.url).name for answer in engine.run(work))


def test_every_job_is_answered_once(engine: LocalEngine, tmp_path: Path) -> None:
    work = jobs(tmp_path, *(f"{n:02d}" for n in range(20)))
    assert answered(engine, work) == [f"{n:02d}" for n in range(20)]


def test_two_workers_share_the_work(engine: LocalEngine, tmp_path: Path) -> None:
    assert len({answer.worker for answer in engine.run(jobs(tmp_path, *(f"slow-{n}" for n in range(30))))}) == 2


def test_a_dead_worker_costs_no_answer(engine: LocalEngine, tmp_path: Path) -> None:
    work = jobs(tmp_path, "a", "b", "crash", "c", "d", "e")
    assert answered(engine, work) == ["a", "b", "c", "crash", "d", "e"]


def test_a_file_that_kills_every_worker_is_named_and_the_rest_goes_on(engine: LocalEngine, tmp_path: Path) -> None:
    answers = {Path(a.job.url).name: a for a in engine.run(jobs(tmp_path, "a", "killer", "b", "c", "d"))}
    assert set(answers) == {"a", "b", "c", "d", "killer"}
    assert "its worker died" in str(answers["killer"].reason)
