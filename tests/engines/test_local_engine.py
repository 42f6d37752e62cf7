"""Real workers; the jobs are stand-ins, so that no model is loaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import stand_ins

from verify_media.cage import Cage, Died
from verify_media.engines.local import LocalEngine
from verify_media.engines.work import Answer, Job, lost
from verify_media.records import Marks


def perform(job: Job, cage: Cage) -> Answer:
    """Goes through the real cage, to a stand-in that dies on files called `killer`."""
    try:
        process_id = cage.ask(stand_ins.look, Path(job.url))
    except Died:
        return lost(job, "its worker died")
    return Answer(job, None, lost(job, "done").reason, worker=str(process_id))


def pin(workers: int, cage: Cage) -> None:
    """A worker's start without the models."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> LocalEngine:
    monkeypatch.setattr("verify_media.engines.local.perform", perform)
    monkeypatch.setattr("verify_media.engines.local.warm_up", pin)
    return LocalEngine(2)


def jobs(folder: Path, *names: str) -> list[Job]:
    return [Job("s", str(folder / name), Marks(names=("x",))) for name in names]


def answered(engine: LocalEngine, work: list[Job]) -> list[str]:
    return sorted(Path(answer.job.url).name for answer in engine.run(work))


def test_every_job_is_answered_once(engine: LocalEngine, tmp_path: Path) -> None:
    work = jobs(tmp_path, *(f"{n:02d}" for n in range(20)))
    assert answered(engine, work) == [f"{n:02d}" for n in range(20)]


def test_two_workers_share_the_work(engine: LocalEngine, tmp_path: Path) -> None:
    assert len({answer.worker for answer in engine.run(jobs(tmp_path, *(f"slow-{n}" for n in range(12))))}) == 2


def test_a_file_that_kills_its_worker_is_named_and_the_rest_goes_on(engine: LocalEngine, tmp_path: Path) -> None:
    answers = {Path(a.job.url).name: a for a in engine.run(jobs(tmp_path, "a", "killer", "b", "c", "d"))}
    assert set(answers) == {"a", "b", "c", "d", "killer"}
    assert "its worker died" in str(answers["killer"].reason)
    assert all("done" in str(answers[name].reason) for name in "abcd")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_an_engine_that_is_left_early_leaves_no_worker(engine: LocalEngine, tmp_path: Path) -> None:
    answers = engine.run(jobs(tmp_path, *(f"slow-{n}" for n in range(30))))
    worker = int(next(answers).worker)
    answers.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
