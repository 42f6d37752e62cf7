"""Ctrl-C that waits until what must not stop half-way is done."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class HeldInterrupts:
    """While `on`, an interrupt waits; it is raised when the `with` block ends, or by `let_in`.

    Only the main thread gets signals, and only Python's own handler is replaced: in other threads, and where interrupts
    are ignored, nothing changes. A block inside of another one closes the outer one for its time.
    """

    def __init__(self) -> None:
        self.on = True
        self._came = False
        self._outer: HeldInterrupts | None = None
        self._outer_was_on = self._is_installed = False

    def __enter__(self) -> HeldInterrupts:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            if before is signal.default_int_handler:
                self._is_installed = True
                signal.signal(signal.SIGINT, self._arrived)
            elif isinstance(outer := getattr(before, "__self__", None), HeldInterrupts):
                self._outer, self._outer_was_on, outer.on = outer, outer.on, True
        return self

    def let_in(self) -> None:
        """From here on an interrupt is raised where it arrives, until `on = True` (no call: none can slip in)."""
        self.on = False
        self._raise()

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        self._came = True
        if not self.on:
            self._raise()

    def _raise(self) -> None:
        if self._came:
            self._came = False
            raise KeyboardInterrupt

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._is_installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._raise()
        elif self._outer is not None and not self._outer_was_on:
            self._outer.let_in()
