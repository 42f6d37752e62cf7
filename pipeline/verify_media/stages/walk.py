"""Which files of a folder are looked at: quiet about what systems and cameras leave there, clear about the rest."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from verify_media.messages import message
from verify_media.records import Skipped

_QUIET_NAMES = frozenset(
    ("thumbs.db", "ehthumbs.db", "desktop.ini", "picasa.ini", ".picasa.ini", "icon\r", "submission.toml")
)
_QUIET_SUFFIXES = frozenset((".aae", ".thm", ".lrv", ".xmp"))
"""Edit lists of iPhones, thumbnails and low-resolution twins of action cameras, edits of raw programs."""
_QUIET_FOLDERS = frozenset(("__macosx", "@eadir", "$recycle.bin", "system volume information"))
_PLACEHOLDER = ".icloud"
MAX_DEPTH = 16


def walk(folder: Path, ignore: Collection[Path] = ()) -> tuple[tuple[Path, ...], tuple[Skipped, ...]]:
    """Files to identify and what cannot be looked at, both sorted. `ignore`: files and folders to leave out."""
    root = folder.resolve()
    left_out = {path.resolve() for path in ignore}
    files: list[Path] = []
    skipped: list[Skipped] = []
    pending = [(folder, 0)]
    while pending:
        current, depth = pending.pop()
        for entry in _entries(current, skipped):
            path = current / entry.name
            if _is_quiet(entry) or path.resolve() in left_out:
                continue
            if entry.is_symlink() and (problem := _link_problem(path, root)):
                skipped.append(problem)
            elif not entry.is_dir():
                files.append(path)
            elif depth >= MAX_DEPTH:
                skipped.append(Skipped(path, message("folder-too-deep", file=path.name)))
            elif not entry.is_symlink():
                pending.append((path, depth + 1))
    return tuple(sorted(files, key=_order)), tuple(sorted(skipped, key=lambda s: _order(s.path)))


def _order(path: Path) -> tuple[str, str]:
    return str(path).casefold(), str(path)


def _entries(folder: Path, skipped: list[Skipped]) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        skipped.append(Skipped(folder, message("folder-not-readable", file=folder.name)))
        return []


def _is_quiet(entry: os.DirEntry[str]) -> bool:
    name = entry.name.casefold()
    if name.startswith("."):
        return not name.endswith(_PLACEHOLDER)
    if entry.is_dir(follow_symlinks=False):
        return name in _QUIET_FOLDERS
    return name in _QUIET_NAMES or Path(name).suffix in _QUIET_SUFFIXES


def _link_problem(path: Path, root: Path) -> Skipped | None:
    """Links may point at files inside the folder only: anything else would read what the maker did not hand over."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return Skipped(path, message("link-broken", file=path.name))
    return None if target.is_relative_to(root) else Skipped(path, message("link-out-of-folder", file=path.name))
