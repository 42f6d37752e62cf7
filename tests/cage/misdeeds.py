"""What a decoder that was taken over, or has merely failed, might do; importable in the worker by name."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from verify_media.errors import UsageError
from verify_media.records import Event, Progress


def process_id(tell: Progress) -> int:
    return os.getpid()


def fail(tell: Progress, what: str) -> int:
    raise UsageError(what, "Type one.")


def slip(tell: Progress) -> int:
    return 1 // 0


def speak_and_crash(tell: Progress, path: Path) -> int:
    tell(Event("ingest", 0, 1, path))
    ctypes.string_at(0)
    return 0


def hang(tell: Progress, started: Path | None = None) -> int:
    if started:
        started.write_text(str(os.getpid()))
    time.sleep(600)
    return 0


def hang_with_a_child(tell: Progress, started: Path) -> int:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    started.with_suffix(".new").write_text(f"{os.getpid()} {child.pid}")
    started.with_suffix(".new").rename(started)
    child.wait()
    return 0


def eat(tell: Progress, count_bytes: int) -> str:
    try:
        return str(len(bytearray(count_bytes)))
    except MemoryError:
        return "no memory"


def spin(tell: Progress) -> int:
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    import resource

    used = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + 1, resource.RLIM_INFINITY))
    while True:
        pass


def open_socket(tell: Progress, family: int) -> str:
    """Past Python, straight to the kernel."""
    libc = ctypes.CDLL(None, use_errno=True)
    found = libc.socket(family, socket.SOCK_STREAM, 0)
    return "open" if found >= 0 else os.strerror(ctypes.get_errno())


def open_python_socket(tell: Progress) -> str:
    try:
        socket.socket()
    except PermissionError as error:
        return str(error)
    return "open"


def socket_of_a_child(tell: Progress) -> str:
    code = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1]


def write(tell: Progress, path: Path) -> str:
    try:
        path.write_text("x")
    except OSError as error:
        return error.strerror or ""
    return "written"


def write_much(tell: Progress, path: Path) -> str:
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 1 << 40)
    except OSError as error:
        return error.strerror or ""
    return "written"


def remove(tell: Progress, path: Path) -> str:
    try:
        path.unlink()
    except OSError as error:
        return error.strerror or ""
    return "removed"


def shoot(tell: Progress, process_id: int) -> str:
    try:
        os.kill(process_id, signal.SIGTERM)
    except OSError as error:
        return error.strerror or ""
    return "hit"


def temporary_folder(tell: Progress) -> Path:
    import tempfile

    return Path(tempfile.mkdtemp())


def lie(tell: Progress) -> tuple[Path, ...]:
    """An answer of another form than was promised."""
    return 7  # type: ignore[return-value]
