"""Every sentence that a maker reads, with its cure: one catalogue, a TOML file for each stage beside this module.

An entry is `[key]` with `text` (what happened, `{placeholders}` allowed) and `cure` (what to do); where nothing needs
doing, `informative = true` stands in the cure's place. Keys are unique over all files; `docs/messages.md` is made from
here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence of the catalogue and the values for its placeholders; rendered late, so records stay data."""

    key: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return str(entry(self.key)["text"]).format_map(self.values)

    @property
    def cure(self) -> str:
        return str(entry(self.key).get("cure", "")).format_map(self.values)

    def __str__(self) -> str:
        return f"{self.text} {self.cure}".strip()


def message(key: str, **values: str | int | float) -> Message:
    """A message by its key. Raises KeyError for a key that is not in the catalogue."""
    entry(key)
    return Message(key, values)


def counted(key: str, number: int, **values: str | int | float) -> Message:
    """`key`-one for 1, else `key`-many; both get the number as `{number}`."""
    return message(f"{key}-{'one' if number == 1 else 'many'}", number=number, **values)


def entry(key: str) -> Mapping[str, Any]:
    return catalogue()[key]


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """All entries by key. Raises ValueError where two files define one key."""
    entries: dict[str, Mapping[str, Any]] = {}
    for file in sorted(files(__name__).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            new = tomllib.loads(file.read_text(encoding="utf-8"))
            if twice := entries.keys() & new.keys():
                raise ValueError(f"{file.name}: defined twice: {sorted(twice)}")
            entries |= new
    return entries
