"""Ctrl-C at every line of what puts a result into place: the result is whole, and nothing is left beside it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from verify_media import output
from verify_media.interrupts import HeldInterrupts

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class AtLine:
    """A trace function that interrupts at the line number `at` of those that run in `files`."""

    def __init__(self, at: int, files: tuple[str, ...]) -> None:
        self.at, self.files, self.seen = at, files, 0

    def __call__(self, frame: FrameType, event: str, value: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename not in self.files:
            return None
        if event == "line":
            self.seen += 1
            if self.seen == self.at:
                interrupt()
        return self


def rewrite(root: Path, trace: AtLine) -> bool:
    """Replaces root/out; whether that was interrupted."""
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with output.whole_folder(root / "out", keep_out_of=root / "shots") as (draft, _):
            (draft / "report.json").write_text("new")
        return False
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)


def test_an_interrupt_at_any_line_leaves_one_whole_result_and_nothing_else(tmp_path: Path) -> None:
    files = (output.__file__, shutil.__file__)
    was_interrupted, at = True, 0
    while was_interrupted:
        at += 1
        root = tmp_path / str(at)
        (root / "out").mkdir(parents=True)
        (root / "out" / "report.json").write_text("old")
        trace = AtLine(at, files)
        was_interrupted = rewrite(root, trace)
        assert was_interrupted == (trace.seen >= at)
        assert [path.name for path in root.iterdir()] == ["out"], f"line {at}"
        assert (root / "out" / "report.json").read_text() in ("old", "new")
    assert at > 50
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_it_waits_for_the_end_of_the_block() -> None:
    done = False
    with pytest.raises(KeyboardInterrupt), HeldInterrupts():
        interrupt()
        done = True
    assert done


def test_an_inner_block_closes_an_open_outer_one() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), HeldInterrupts() as outer:
        outer.let_in()
        with HeldInterrupts():
            interrupt()
            done.append("inner")
        done.append("outer")
    assert done == ["inner"]


def test_an_ignored_interrupt_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with HeldInterrupts():
            interrupt()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_change_nothing() -> None:
    held: list[object] = []

    def work() -> None:
        with HeldInterrupts():
            held.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert held == [signal.default_int_handler]
