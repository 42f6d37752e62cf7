"""Where the submissions of a batch come from: a folder of folders, a manifest (CSV or JSON Lines), or an fsspec URL."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from verify_media.engines.fetch import filesystem, is_url
from verify_media.engines.work import Job
from verify_media.errors import NothingToCheck, UsageError, VerifyMediaError
from verify_media.messages import message
from verify_media.records import Marks, Skipped
from verify_media.submission import FILE_NAME, Submission

LISTS = ("names", "spellings", "logos", "cards")
KEYS = ("submission", "file", "policy", *LISTS)
"""Columns of a manifest; others are left alone."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One submission and its jobs. `stamps` tell whether a file changed, without reading it: size and time, or etag."""

    name: str
    submission: Submission
    jobs: tuple[Job, ...]
    stamps: Mapping[str, str] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """`place`: folder, manifest or URL. `flags` are what the command line adds to every submission."""

    place: str
    flags: Mapping[str, Any] = field(default_factory=dict)

    def submissions(self) -> Iterator[Listed]:
        """In the order of their names, or of the manifest. Raises NothingToCheck and UsageError."""
        path = Path(self.place)
        if is_url(self.place):
            yield from _from_url(self.place, self.flags)
        elif path.is_dir():
            yield from _from_folder(path, self.flags)
        elif path.suffix.lower() in (".csv", ".jsonl", ".ndjson"):
            yield from _from_manifest(path, self.flags)
        else:
            raise NothingToCheck(
                f"{self.place!r} is no folder, manifest or URL", "Give a folder of submission folders."
            )


def _from_folder(root: Path, flags: Mapping[str, Any]) -> Iterator[Listed]:
    folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise NothingToCheck(
            f"{root.name!r} holds no submission folders", "Put each submission in a folder of its own."
        )
    for folder in folders:
        yield _folder(folder, flags)


def _folder(folder: Path, flags: Mapping[str, Any]) -> Listed:
    try:
        submission = Submission.load(folder, **flags)
    except VerifyMediaError as error:
        return _broken(folder, error)
    own = {path.resolve() for path in submission.own_files}
    files = [
        p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith(".") and p.resolve() not in own
    ]
    return _listed(folder.name, submission, {str(path): _stamp(str(path)) for path in files})


def _broken(folder: Path, error: VerifyMediaError) -> Listed:
    """A submission that cannot be understood is a row with its reason."""
    reason = message("skipped-failed", file=FILE_NAME, reason=str(error))
    return Listed(folder.name, Submission(folder, Marks()), (), {}, (Skipped(folder, reason),))


def _listed(name: str, submission: Submission, stamps: Mapping[str, str]) -> Listed:
    jobs = tuple(Job(name, url, submission.marks) for url in stamps)
    return Listed(name, submission, jobs, stamps)


def _from_url(url: str, flags: Mapping[str, Any]) -> Iterator[Listed]:
    """One folder below `url` is one submission; names, logos and policy come from the flags."""
    system = filesystem(url)
    scheme = url.split("://")[0]
    groups: dict[str, dict[str, str]] = {}
    base = system._strip_protocol(url).rstrip("/")
    for path, info in sorted(system.find(base, detail=True).items()):
        name, slash, file = path[len(base) :].lstrip("/").partition("/")
        if slash and not file.rsplit("/", 1)[-1].startswith(".") and file != FILE_NAME:
            stamp = f"{info.get('size')} {info.get('ETag') or info.get('mtime') or ''}"
            groups.setdefault(name, {})[f"{scheme}://{path}"] = stamp
    if not groups:
        raise NothingToCheck(f"{url} holds no submission folders", "Put each submission under a prefix of its own.")
    for name, stamps in groups.items():
        yield _listed(name, replace(Submission.from_flags(**flags), folder=Path(name)), stamps)


def _from_manifest(path: Path, flags: Mapping[str, Any]) -> Iterator[Listed]:
    """Rows with `submission`, `file`, perhaps `names`, `logos`, `cards`, `policy`; rows of one name belong together."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for number, row in enumerate(_rows(path), 1):
        if not row.get("submission") or not row.get("file"):
            raise UsageError(f"{path.name}, row {number}: submission and file are needed", "Name the columns so.")
        if wrong := next((key for key in KEYS if not _is_text(row.get(key), several=key in LISTS)), None):
            cure = "Write a text; several names, spellings, logos or cards as a|b or as a list of texts."
            raise UsageError(f"{path.name}, row {number}: {wrong} is no text", cure)
        rows.setdefault(str(row["submission"]), []).append(row)
    for name, group in rows.items():
        yield _manifest_group(path.parent, name, group, flags)


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """Raises UsageError for what is no table of texts."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                yield from csv.DictReader(file)
            else:
                yield from (_row(line) for line in file if line.strip())
    except (ValueError, RecursionError, csv.Error, OSError) as error:
        raise UsageError(f"{path.name} cannot be read: {error}", "Write it as UTF-8, one row for each file.") from error


def _row(line: str) -> Mapping[str, Any]:
    row = json.loads(line)
    if not isinstance(row, dict):
        raise ValueError(f"{line.strip()[:40]!r} is no object")
    return row


def _manifest_group(base: Path, name: str, rows: list[Mapping[str, Any]], flags: Mapping[str, Any]) -> Listed:
    given = {key: _values(rows, key) for key in LISTS}
    policy = next((row["policy"] for row in rows if row.get("policy")), flags.get("policy"))
    merged = {**flags, **{key: (*flags.get(key, ()), *values) for key, values in given.items()}, "policy": policy}
    submission = replace(Submission.from_flags(base, **merged), folder=base / name)
    urls = [file if is_url(file := str(row["file"])) else str(base / file) for row in rows]
    return _listed(name, submission, {url: _stamp(url) for url in urls})


def _is_text(value: object, *, several: bool) -> bool:
    if several and isinstance(value, list):
        return all(isinstance(part, str) for part in value)
    return value is None or isinstance(value, str)


def _values(rows: list[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    """A JSON list, or a text with `|` between several values, in any of the rows."""
    values: list[str] = []
    for row in rows:
        value = row.get(key) or ()
        values += value.split("|") if isinstance(value, str) else [str(entry) for entry in value]
    return tuple(dict.fromkeys(values))


def _stamp(url: str) -> str:
    if is_url(url):
        return ""
    path = Path(url)
    return f"{path.stat().st_size} {path.stat().st_mtime_ns}" if path.is_file() else "missing"


def digest_of(url: str) -> str | None:
    """sha256 of a local file; None for what is elsewhere or cannot be read."""
    if is_url(url):
        return None
    try:
        with Path(url).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
