"""The whole command is killed, interrupted and starved: old result or new one, both whole, and the shots untouched."""

from __future__ import annotations

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from whole import NAME, hashes, is_whole, make_shots, start

from builders import sighting
from uncaged import Uncaged
from verify_media.errors import CannotWrite, Exit
from verify_media.pipeline import run
from verify_media.records import ItemReport, Marks, MediaItem, Outcome
from verify_media.submission import Submission

posix = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, float]]:
    """Shots with a result beside them, and how long the second run takes."""
    root = tmp_path_factory.mktemp("faults")
    shots = make_shots(root / "shots")
    assert start(shots, root / "tmp").wait(300) == Exit.RULE_FAILED
    began = time.monotonic()
    start(shots, root / "tmp").wait(300)
    yield root, time.monotonic() - began


def left(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


@posix
@pytest.mark.parametrize("part", [0.3, 0.55, 0.75, 0.9])
def test_killed_at_some_moment(finished: tuple[Path, float], part: float) -> None:
    root, whole_s = finished
    before = hashes(root / "shots")
    process = start(root / "shots", root / "tmp")
    time.sleep(part * whole_s * random.uniform(0.9, 1.1))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert is_whole(root / "shots-verified")
    assert hashes(root / "shots") == before


@posix
def test_the_next_run_clears_away_what_killed_ones_left(finished: tuple[Path, float]) -> None:
    root, _ = finished
    (root / ".shots-verified.dead.partial").mkdir()
    assert start(root / "shots", root / "tmp").wait(300) == Exit.RULE_FAILED
    assert left(root) == ["shots", "shots-verified", "tmp"]
    assert not list((root / "tmp").iterdir())


@posix
@pytest.mark.parametrize("part", [0.5, 0.8])
def test_interrupted_by_the_keyboard(finished: tuple[Path, float], part: float) -> None:
    root, whole_s = finished
    process = start(root / "shots", root / "tmp")
    time.sleep(part * whole_s)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    # An interpreter that is about to end dies of the signal; a shell shows that as 130 too.
    assert process.returncode in (Exit.INTERRUPTED, -signal.SIGINT, Exit.RULE_FAILED), said
    assert b"Traceback" not in said
    assert is_whole(root / "shots-verified")
    assert left(root) == ["shots", "shots-verified", "tmp"]
    assert not list((root / "tmp").iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="needs a place where nobody can write")
def test_an_output_that_cannot_be_written(finished: tuple[Path, float]) -> None:
    root, _ = finished
    command = [sys.executable, "-m", "verify_media", str(root / "shots"), "--name", NAME, "--out", "/proc/verified"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.CANNOT_WRITE
    assert "Choose another place" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="makes a small disk of memory")
def test_a_disk_that_is_really_full(finished: tuple[Path, float]) -> None:
    root, _ = finished
    disk = root / "disk"
    disk.mkdir()
    command = f"mount -t tmpfs -o size=160k none '{disk}' && exec \"$@\""
    alone = ["unshare", "-rm", "sh", "-c", command, "sh"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this system does not let us make a small disk")
    program = [sys.executable, "-m", "verify_media", str(root / "shots"), "--name", NAME, "--out", f"{disk}/out"]
    done = subprocess.run([*alone, *program], capture_output=True, text=True, check=False)
    disk.rmdir()
    assert done.returncode == Exit.CANNOT_WRITE, done.stderr
    assert "Make room on the disk" in done.stderr or "free space" in done.stderr


# Every single write fails once, with each error a disk has.


@pytest.fixture
def shots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    def look(item: MediaItem, marks: Marks) -> ItemReport:
        return ItemReport(item, Outcome.PHYSICAL, 0.02, (sighting(),))

    monkeypatch.setattr("verify_media.pipeline.Cage", Uncaged)
    monkeypatch.setattr("verify_media.examination.examine", look)
    monkeypatch.setattr("verify_media.stages.send._Sending._still_readable", lambda *_: True)
    return make_shots(tmp_path / "shots")


class Disk:
    """Stands in for `open`: the write number `fails_at` raises."""

    def __init__(self, fails_at: int, error: int) -> None:
        self.fails_at, self.error, self.writes = fails_at, error, 0
        self.real: Callable[..., Any] = io.open

    def open(self, file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if ".partial" in str(file) and set(mode) & set("wxa+"):
            self.writes += 1
            if self.writes == self.fails_at:
                raise OSError(self.error, os.strerror(self.error), str(file))
        return self.real(file, mode, *args, **options)


@pytest.mark.parametrize("error", [28, 5, 30, 122], ids=["ENOSPC", "EIO", "EROFS", "EDQUOT"])
def test_each_write_may_fail(shots: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    submission = Submission.load(shots, names=(NAME,))
    run(submission)
    out = shots.parent / "shots-verified"
    before, failed, number = hashes(shots), 0, 0
    while True:
        number += 1
        (out / "old").touch()
        with monkeypatch.context() as patch:
            disk = Disk(number, error)
            patch.setattr(io, "open", disk.open)
            try:
                run(submission)
            except CannotWrite as stop:
                assert stop.cure
                failed += 1
                assert (out / "old").exists(), "the new result is there although its writing failed"
        assert is_whole(out)
        assert hashes(shots) == before
        assert left(shots.parent) == ["shots", "shots-verified"]
        if disk.writes < number:
            break
    assert failed == number - 1 >= 5, "both files, the message and both reports"
