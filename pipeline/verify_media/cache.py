"""Reports of items examined before: content-addressed, so a changed file, mark or model is simply another key."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from verify_media import assets
from verify_media.plain import from_plain, to_plain
from verify_media.records import ItemReport, Marks, MediaItem

FOLDER = ".cache"
FORMAT = 1
"""Raised when the records change in a way that old entries cannot follow."""


@dataclass(frozen=True, slots=True)
class Cache:
    """Entries in `folder`, one JSON file each. A damaged entry is a missing one."""

    folder: Path

    def get(self, item: MediaItem, marks: Marks) -> ItemReport | None:
        """The report of the same bytes, marks and versions, with today's media record: the file may have moved."""
        try:
            data = json.loads(self._path(item, marks).read_text(encoding="utf-8"))
            old = from_plain(ItemReport, data)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return replace(old, media=item)

    def put(self, report: ItemReport, marks: Marks) -> None:
        """Whole or not at all; a cache that cannot be written is no error."""
        path = self._path(report.media, marks)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(to_plain(report)), encoding="utf-8")
            partial.replace(path)
        except OSError:
            partial.unlink(missing_ok=True)

    def adopt(self, older: Path) -> None:
        """Takes over the entries of an earlier result's cache."""
        if older.is_dir():
            shutil.copytree(older, self.folder, dirs_exist_ok=True)

    def _path(self, item: MediaItem, marks: Marks) -> Path:
        return self.folder / f"{key(item, marks)}.json"


def key(item: MediaItem, marks: Marks) -> str:
    """sha256 over the bytes of the item, what was looked for, and the versions of program and models."""
    companion = item.companion.name if item.companion else ""
    parts = (str(FORMAT), item.sha256, companion, marks_digest(marks), versions())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def marks_digest(marks: Marks) -> str:
    """sha256 over what is looked for: the texts, and the bytes of logos and cards (a URL stands for itself)."""
    hashes = map(_picture, (*marks.logos, *marks.cards))
    parts = ("names", *marks.names, "spellings", *marks.spellings, "pictures", str(len(marks.logos)), *hashes)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _picture(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else str(path)


@cache
def versions() -> str:
    """Fingerprint of the program's own source and of its models."""
    digest = hashlib.sha256()
    for source in sorted(assets.PACKAGE.rglob("*.py")):
        digest.update(source.read_bytes())
    for entry in assets.manifest().values():
        digest.update(str(entry.get("sha256", "")).encode())
    return digest.hexdigest()
