"""The caged side: gives up its rights first, imports the decoders only then, and answers one request after the other.

python -P -m verify_media.cage.worker FOLDER...     (where it may write; the first one is its own for temporary files)
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO

from verify_media.cage import limits, wire
from verify_media.errors import VerifyMediaError
from verify_media.plain import to_plain
from verify_media.records import Event


def main(writable: list[Path]) -> None:
    requests, answers = _own_pipes()
    holds = confine(writable)
    waiting: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting, writable[0]), daemon=True).start()
    _say(answers, holds=holds)
    while True:
        # From our own parent, so it may be unpickled; the way back is plain data.
        _say(answers, **_outcome(pickle.loads(waiting.get()), answers))


def confine(writable: list[Path]) -> tuple[str, ...]:
    """Everything that this system lets a process take from itself. The names of what holds."""
    sys.addaudithook(_no_sockets)
    held = limits.apply()
    if sys.platform == "linux":
        from verify_media.cage.linux import confine as confine_by_kernel

        held += confine_by_kernel(writable)
    return held


def _no_sockets(event: str, _: object) -> None:
    """For Python code on every system; on Linux the kernel says the same to everything else."""
    if event == "socket.__new__":
        raise PermissionError("no network in here")


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """stdin and stdout for ourselves; whoever reads or prints below gets nothing."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return requests, answers


def _listen(requests: BinaryIO, waiting: SimpleQueue[bytes], own: Path) -> None:
    """Ends everything here, programs that were started too, when the parent has gone: nothing is left behind."""
    try:
        while True:
            waiting.put(wire.receive(requests))
    except wire.Broken:
        shutil.rmtree(own, ignore_errors=True)  # the empty folder itself stays where Landlock holds; see `_sweep`
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
        os._exit(1)


def _outcome(request: tuple[Callable[..., Any], tuple[Any, ...]], answers: BinaryIO) -> dict[str, Any]:
    task, arguments = request
    limits.renew_cpu_time()
    try:
        return {"answer": to_plain(task(lambda event: _tell(answers, event), *arguments))}
    except VerifyMediaError as error:
        return {"error": type(error).__name__, "what": str(error), "cure": error.cure}
    except Exception as error:
        if os.environ.get("VERIFY_MEDIA_DEBUG"):
            traceback.print_exc()
        return {"error": "VerifyMediaError", "what": f"{type(error).__name__}: {error}", "cure": ""}


def _tell(answers: BinaryIO, event: Event) -> None:
    limits.renew_cpu_time()
    _say(answers, event=to_plain(event))


_speaking = threading.Lock()


def _say(answers: BinaryIO, **told: Any) -> None:
    with _speaking:
        wire.send(answers, json.dumps(told).encode())


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])
