"""Bytes from the browser to disk: bounded, under a name that is made here."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path

from verify_media.messages import Message, message

ALLOWED = frozenset(" .()&+,'-_")
MAX_STEM = 80
MAX_SUFFIX = 6
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)
"""Names that Windows keeps for devices."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """A phone's longest sensible clip is some 400 MB; the letter asks for five files."""

    file_bytes: int = 1_000_000_000
    total_bytes: int = 3_000_000_000
    files: int = 40
    mark_bytes: int = 30_000_000


class Refused(Exception):
    """The upload was not kept, and why."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.text)
        self.reason = reason


def safe_name(given: str, taken: Collection[str]) -> str:
    """A file name without a path, from the letters of the given one; unlike all of `taken`, whatever their case."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", given)[-1])
    stem, dot, suffix = last.rpartition(".")
    stem, suffix = (stem, suffix) if dot and stem else (last, "")
    suffix = re.sub(r"[^A-Za-z0-9]", "", suffix)[:MAX_SUFFIX]
    stem = "".join(char if _is_allowed(char) else "_" for char in stem).strip(" .-_'")[:MAX_STEM].strip() or "file"
    stem = f"{stem}_" if stem.lower() in RESERVED else stem
    return _free(stem, f".{suffix}" if suffix else "", {name.casefold() for name in taken})


def _is_allowed(char: str) -> bool:
    """Letters with their accents and digits of any script, and a few signs."""
    return char in ALLOWED or unicodedata.category(char)[0] in "LMN"


def _free(stem: str, suffix: str, taken: set[str]) -> str:
    name, number = f"{stem}{suffix}", 2
    while name.casefold() in taken:
        name, number = f"{stem} ({number}){suffix}", number + 1
    return name


async def receive(chunks: AsyncIterator[bytes], target: Path, limit_bytes: int) -> int:
    """Writes the stream to `target` and returns its size. Nothing stays after a refusal or a lost connection.

    It grows beside the folder of `target`, where nobody takes it for a file that is complete.
    """
    partial = target.parent.with_name(f"arriving-{secrets.token_hex(6)}")
    size = 0
    try:
        with partial.open("xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit_bytes:
                    raise Refused(message("web-too-large", limit=limit_bytes // 1_000_000))
                file.write(chunk)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return size
