"""A real dask scheduler and two worker processes; one worker is killed in mid-run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from stand_ins import slow_answer

from verify_media.engines.cluster import DaskEngine
from verify_media.engines.work import Job
from verify_media.records import Marks

HERE = Path(__file__).resolve().parent


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler with two single-threaded workers, and their processes."""
    file = tmp_path / "scheduler.json"
    environment = {**os.environ, "PYTHONPATH": str(HERE), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "5"}
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", *common]
    scheduler = subprocess.Popen(start, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL)
    while not file.exists():
        time.sleep(0.05)
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--no-nanny", "--nthreads", "1", *common]
    workers = [subprocess.Popen(worker, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL) for _ in range(2)]
    from json import loads

    yield loads(file.read_text())["address"], workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def test_a_killed_worker_leaves_every_item_with_exactly_one_result(
    cluster: tuple[str, list[subprocess.Popen[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, workers = cluster
    monkeypatch.setattr("verify_media.engines.cluster.perform", slow_answer)
    monkeypatch.setattr("verify_media.engines.cluster._plugin", lambda _: _no_models())
    jobs = [Job("s", f"item-{n}", Marks(names=("x",))) for n in range(40)]
    seen: Counter[str] = Counter()
    for answer in DaskEngine(address).run(jobs):
        seen[answer.job.url] += 1
        assert "done" in str(answer.reason)
        if sum(seen.values()) == 5:
            workers[0].send_signal(signal.SIGKILL)
    assert seen == Counter({job.url: 1 for job in jobs})
    assert workers[0].poll() is not None


def _no_models() -> object:
    from distributed import WorkerPlugin

    return WorkerPlugin()
