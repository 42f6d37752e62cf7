"""A real worker that misbehaves: what it can do, and what becomes of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import misdeeds
import pytest

from verify_media.cage import Cage, Died, limits
from verify_media.errors import UsageError, VerifyMediaError
from verify_media.records import Event

linux = pytest.mark.skipif(sys.platform != "linux", reason="what the Linux kernel enforces")


@pytest.fixture(scope="module")
def cage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cage]:
    with Cage(writable=(tmp_path_factory.mktemp("writable"),)) as cage:
        cage.start()
        yield cage


def needs(cage: Cage, what: str) -> None:
    if what not in cage.holds:
        pytest.skip(f"this system does not hold back: {what}")


def is_running(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def until(what: object, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def test_one_worker_answers_and_is_kept(cage: Cage) -> None:
    first = cage.ask(misdeeds.process_id)
    assert first == cage.ask(misdeeds.process_id) != os.getpid()


def test_errors_come_back_with_their_kind_and_their_cure(cage: Cage) -> None:
    with pytest.raises(UsageError, match="no name") as caught:
        cage.ask(misdeeds.fail, "no name")
    assert caught.value.cure == "Type one."
    with pytest.raises(VerifyMediaError, match="ZeroDivisionError"):
        cage.ask(misdeeds.slip)


def test_a_crash_names_the_file_and_the_next_worker_goes_on(cage: Cage, tmp_path: Path) -> None:
    events: list[Event] = []
    with pytest.raises(Died) as caught:
        cage.ask(misdeeds.speak_and_crash, tmp_path / "a.jpg", tell=events.append)
    assert caught.value.at == tmp_path / "a.jpg" == events[0].item
    reason = caught.value.reason("a.jpg")
    assert reason.key == "file-stopped-the-reader" and reason.cure
    assert cage.ask(misdeeds.process_id) > 0


def test_an_answer_of_another_form_is_no_answer(cage: Cage) -> None:
    with pytest.raises(Died):
        cage.ask(misdeeds.lie)


def test_who_takes_too_long_is_ended() -> None:
    with Cage(patience_s=0.5) as cage, pytest.raises(Died) as caught:
        cage.ask(misdeeds.hang)
    assert caught.value.key == "file-took-too-long"


@linux
def test_processor_time_has_an_end(cage: Cage) -> None:
    with pytest.raises(Died) as caught:
        cage.ask(misdeeds.spin)
    assert caught.value.key == "file-took-too-long"


@linux
def test_memory_has_an_end(cage: Cage) -> None:
    cage.start()
    needs(cage, "memory")
    assert cage.ask(misdeeds.eat, limits.memory_bytes()) == "no memory"
    assert cage.ask(misdeeds.eat, 100_000_000) == "100000000"


@linux
@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, 16])
def test_the_kernel_gives_no_socket(cage: Cage, family: int) -> None:
    cage.start()
    needs(cage, "network")
    assert cage.ask(misdeeds.open_socket, family) == "Permission denied"


def test_python_gives_no_socket(cage: Cage) -> None:
    assert "no network" in cage.ask(misdeeds.open_python_socket)


@linux
def test_programs_that_it_starts_have_no_network_either(cage: Cage) -> None:
    cage.start()
    needs(cage, "network")
    assert "PermissionError" in cage.ask(misdeeds.socket_of_a_child)


@linux
def test_it_writes_only_where_it_may(cage: Cage, tmp_path: Path) -> None:
    cage.start()
    needs(cage, "writes")
    precious = tmp_path / "precious.jpg"
    precious.write_text("original")
    assert cage.ask(misdeeds.write, precious) == "Permission denied"
    assert cage.ask(misdeeds.remove, precious) == "Permission denied"
    assert cage.ask(misdeeds.write, tmp_path / "new") == "Permission denied"
    assert precious.read_text() == "original"
    assert cage.ask(misdeeds.write, cage._writable[0] / "new") == "written"


@linux
def test_files_have_a_largest_size(cage: Cage) -> None:
    assert cage.ask(misdeeds.write_much, cage._writable[0] / "large") == "File too large"


@linux
def test_it_sends_no_signal_outside(cage: Cage) -> None:
    from verify_media.cage import linux as kernel

    cage.start()
    if kernel.ctypes.CDLL(None).syscall(444, None, 0, 1) < 6:
        pytest.skip("this kernel does not know of signals in Landlock")
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        assert cage.ask(misdeeds.shoot, bystander.pid) == "Operation not permitted"
    finally:
        bystander.kill()
        bystander.wait()


@linux
def test_nothing_is_left_when_we_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the worker, nor what it has started, nor its temporary files."""
    started = tmp_path / "started"
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = sys.argv[2:]; import misdeeds\n"
        "from verify_media.cage import Cage\n"
        "Cage(writable=(Path(sys.argv[1]).parent,)).ask(misdeeds.hang_with_a_child, Path(sys.argv[1]))"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code, str(started), *sys.path], env=environment)
    assert until(started.exists)
    processes = [int(text) for text in started.read_text().split()]
    assert all(map(is_running, processes)) and list(tmp_path.glob("verify-media-cage-*"))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert until(lambda: not any(map(is_running, processes)))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Cage() as cage:
        cage.start()
    assert not list(tmp_path.glob("verify-media-cage-*"))


def test_its_temporary_files_go_with_it() -> None:
    with Cage() as cage:
        folder = cage.ask(misdeeds.temporary_folder)
        assert folder.is_dir()
    assert not folder.exists() and not folder.parent.exists()


def test_a_file_in_the_current_folder_is_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    with Cage() as cage:
        assert cage.ask(misdeeds.process_id) > 0


def test_the_filter_ends_who_switches_the_table_of_calls() -> None:
    from verify_media.cage.linux import program

    for machine, kind in (("x86_64", 0xC000003E), ("aarch64", 0xC00000B7)):
        code = program(machine)
        assert len(code) % 8 == 0 and kind.to_bytes(4, "little") in code
