"""The driver is killed with SIGKILL in mid-run; the next one goes on where it stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from verify_media.engines.local import IN_FLIGHT_PER_WORKER

HERE = Path(__file__).resolve().parent
ITEMS, WORKERS = 60, 2


def test_at_most_the_items_in_flight_are_done_twice(tmp_path: Path) -> None:
    for n in range(ITEMS):
        folder = tmp_path / "letters" / f"{n // 5:02d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{n % 5}.jpg").write_bytes(b"%d" % n)
    begun, rows = tmp_path / "begun", tmp_path / "out" / "items.jsonl"
    first = _start(tmp_path, begun)
    while not rows.exists() or len(rows.read_bytes().splitlines()) < ITEMS // 3:
        assert first.poll() is None
        time.sleep(0.01)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert _start(tmp_path, begun).wait(60) == 0
    items = [json.loads(line)["item"] for line in rows.read_text().splitlines()]
    assert len(items) == len(set(items)) == ITEMS
    jobs = begun.read_text().splitlines()
    assert len(set(jobs)) == ITEMS
    assert len(jobs) - ITEMS <= WORKERS * IN_FLIGHT_PER_WORKER
    assert len((tmp_path / "out" / "submissions.jsonl").read_text().splitlines()) == ITEMS // 5


def _start(folder: Path, begun: Path) -> subprocess.Popen[bytes]:
    arguments = [str(folder / "letters"), str(folder / "out"), str(begun)]
    path = os.pathsep.join([str(HERE), str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, str(HERE / "killed_driver.py"), *arguments],
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )
