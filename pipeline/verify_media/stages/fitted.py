"""What the parts of the fit stage hand to each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from verify_media.messages import Message

if TYPE_CHECKING:
    from verify_media.records import Image, ItemReport

StillReadable: TypeAlias = Callable[["Image", "ItemReport"], bool]
"""Whether the marks of the report can still be read in the converted upright picture."""


class CannotFit(Exception):
    """One item cannot go out; `message` is for the maker."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.key)
        self.message = reason


@dataclass(frozen=True, slots=True)
class Fitted:
    """A file that could go out. `path` may be the source itself; without `changes` its bytes are."""

    path: Path
    media_type: str
    size_bytes: int
    width: int
    height: int
    changes: tuple[Message, ...] = ()
    quality: Mapping[str, float] = field(default_factory=dict)
    """Empty: the pixels are the source's."""


def changed(fitted: Fitted, *, quality: Mapping[str, float]) -> Fitted:
    return replace(fitted, quality=quality)
