"""A cage without bars, for tests that put stand-ins in the place of readers: those would not reach a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from verify_media.records import Event


class Uncaged:
    def __init__(self, writable: Sequence[Path] = ()) -> None:
        self.writable = tuple(writable)

    def ask(self, task: Callable[..., Any], *args: Any, tell: Callable[[Event], None] | None = None) -> Any:
        return task(tell or (lambda event: None), *args)

    def close(self) -> None:
        pass

    def __enter__(self) -> Uncaged:
        return self

    def __exit__(self, *_: object) -> None:
        pass
