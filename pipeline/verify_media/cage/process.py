"""Our side of the cage: starts the worker, asks it, waits no longer than is reasonable, and replaces one that died."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar, get_type_hints

import verify_media
from verify_media import errors
from verify_media.cage import wire
from verify_media.errors import VerifyMediaError
from verify_media.interrupts import HeldInterrupts
from verify_media.messages import Message, message
from verify_media.plain import from_plain
from verify_media.records import Event, Progress

PATIENCE_S = 600.0
"""Wall clock from one event to the next; the slowest step measured took 40 s. Only a hostile file meets this."""
START_S = 120.0
_FOLDER, _STALE_S = "verify-media-cage-", 7 * 86400.0
P = ParamSpec("P")
T = TypeVar("T")


class Died(Exception):
    """The worker ended, or was ended, before it had an answer. `at` is the file that it spoke of last."""

    def __init__(self, key: str, at: Path | None) -> None:
        super().__init__(key)
        self.key, self.at = key, at

    def reason(self, file: str) -> Message:
        """The sentence for the file that was at fault."""
        return message(self.key, file=file)


class Cage:
    """One worker, started with the first request. `writable`: folders in which it may write; else only its own."""

    def __init__(self, writable: Sequence[Path] = (), *, patience_s: float = PATIENCE_S) -> None:
        self.holds: tuple[str, ...] = ()
        """What the system takes from the worker, by name; known after the first request."""
        self._writable = tuple(writable)
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None
        self._own: Path | None = None
        self._at: Path | None = None
        self._overdue = False
        self._turn = threading.Lock()

    def start(self) -> tuple[str, ...]:
        """What the system takes from the worker. Raises VerifyMediaError where none can be started."""
        with self._turn:
            self._started()
            return self.holds

    def ask(self, task: Callable[Concatenate[Progress, P], T], *args: P.args, tell: Progress | None = None) -> T:  # type: ignore[valid-type]
        """What `task(tell, *args)` returns in the worker; its annotation says which record that is.

        Raises the VerifyMediaError that the task raises, and Died.
        """
        with self._turn:
            process = self._started()
            self._at = None
            try:
                wire.send(process.stdin, pickle.dumps((task, args)))  # type: ignore[arg-type]
                told = self._next(process, self._patience_s)
                while "event" in told:
                    event = from_plain(Event, told["event"])
                    self._at = event.item
                    if tell:
                        tell(event)
                    told = self._next(process, self._patience_s)
                if "error" in told:
                    raise _error(told)
                return from_plain(get_type_hints(task)["return"], told["answer"])  # type: ignore[no-any-return]
            except (wire.Broken, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
                raise self._died() from error
            except VerifyMediaError:
                raise
            except BaseException:  # Ctrl-C: an answer that nobody waits for must not meet the next question
                self._end()
                raise

    def close(self) -> None:
        """Ends the worker and whatever it has started, and removes its temporary files."""
        self._end()

    def __enter__(self) -> Cage:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        _sweep()
        with HeldInterrupts():
            self._own = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-"))
            self._process = process = _launch(self._own, self._writable)
        try:
            self.holds = tuple(self._next(process, START_S)["holds"])
        except (wire.Broken, KeyError, ValueError) as error:
            self._end()
            raise VerifyMediaError(
                "the process that reads pictures could not be started", "Type: verify-media doctor"
            ) from error
        return process

    def _next(self, process: subprocess.Popen[bytes], patience_s: float) -> dict[str, Any]:
        """The next thing it says. Raises Broken when it ends, or is ended because it took too long."""
        watch = threading.Timer(patience_s, self._give_up, (process,))
        watch.daemon = True
        watch.start()
        try:
            told: dict[str, Any] = json.loads(wire.receive(process.stdout))  # type: ignore[arg-type]
            return told
        finally:
            watch.cancel()

    def _give_up(self, process: subprocess.Popen[bytes]) -> None:
        self._overdue = True
        _kill(process)

    def _died(self) -> Died:
        """Why, from the way in which it ended."""
        process, overdue, at = self._process, self._overdue, self._at
        if process is None:  # closed by another thread
            return Died("file-stopped-the-reader", at)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=1)
        is_slow = overdue or process.returncode == -getattr(signal, "SIGXCPU", 0)
        self._end()
        return Died("file-took-too-long" if is_slow else "file-stopped-the-reader", at)

    def _end(self) -> None:
        with HeldInterrupts():
            process, self._process, self._overdue = self._process, None, False
            if process is not None:
                _kill(process)
                process.wait()
                for pipe in (process.stdin, process.stdout):
                    with contextlib.suppress(OSError):
                        pipe.close()  # type: ignore[union-attr]
            if self._own is not None:
                shutil.rmtree(self._own, ignore_errors=True)
                self._own = None


def _launch(own: Path, writable: Sequence[Path]) -> subprocess.Popen[bytes]:
    """A process group of its own: Ctrl-C is ours to handle, and one signal ends it with all its children."""
    command = [sys.executable, "-P", "-m", "verify_media.cage.worker", str(own), *map(str, writable)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(_search_path())}
    environment |= dict.fromkeys(("TMPDIR", "TMP", "TEMP"), str(own))
    debug = bool(os.environ.get("VERIFY_MEDIA_DEBUG"))
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None if debug else subprocess.DEVNULL,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def _search_path() -> list[str]:
    """Ours, without the current folder: a foreign file called cv2.py must not be taken for a library."""
    home = str(Path(verify_media.__file__).resolve().parent.parent)
    found = [str(Path(place).resolve()) for place in sys.path if place]
    return list(dict.fromkeys([*found, home]))


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg") and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def _error(told: dict[str, Any]) -> VerifyMediaError:
    kind = getattr(errors, str(told["error"]), VerifyMediaError)
    is_ours = isinstance(kind, type) and issubclass(kind, VerifyMediaError)
    error: VerifyMediaError = (kind if is_ours else VerifyMediaError)(str(told["what"]), str(told["cure"]))
    return error


def _sweep() -> None:
    """Folders of runs that were killed, which their workers have emptied; after a power loss old ones with files."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}[0-9]*-*"):
        with contextlib.suppress(OSError, ValueError):
            if time.time() - folder.stat().st_mtime > _STALE_S:
                shutil.rmtree(folder, ignore_errors=True)
            elif _is_dead(int(folder.name.removeprefix(_FOLDER).partition("-")[0])):
                folder.rmdir()


def _is_dead(process_id: int) -> bool:
    if os.name != "posix":
        return False
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False
