"""What the maker hands in: a folder, the marks to look for, and the answers; from `submission.toml`, flags, or both."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from verify_media.errors import NothingToCheck, UsageError
from verify_media.policy import Policy, load_policy
from verify_media.records import Marks

FILE_NAME = "submission.toml"
LISTS = ("names", "spellings", "logos", "cards", "confirmed")
TABLES = ("asins", "answers")
TEXTS = ("policy", "to", "sender", "subject")
DEFAULT_POLICY = "amazon-handmade"
MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Submission:
    """One letter to be answered. Paths of logos and cards are absolute."""

    folder: Path
    marks: Marks
    policy: str = DEFAULT_POLICY
    asins: Mapping[str, str] = field(default_factory=dict)
    """File name -> ASIN."""
    answers: Mapping[str, str] = field(default_factory=dict)
    received: date | None = None
    """The day on which the letter came; deadlines count from here."""
    to: str = ""
    sender: str = ""
    subject: str = ""
    confirmed: tuple[str, ...] = ()
    """Rules of level "ask" that the maker has answered with yes."""

    @classmethod
    def load(cls, folder: Path, **flags: Any) -> Submission:
        """Reads `folder/submission.toml` where there is one; flags add to its lists and win over its texts.

        Raises NothingToCheck for a missing folder and UsageError for a file that cannot be understood.
        """
        folder = Path(folder)
        if not folder.exists():
            raise NothingToCheck(f"{str(folder)!r} does not exist", "Check the spelling of the folder's name.")
        data = _read(folder / FILE_NAME) if folder.is_dir() else {}
        return _build(folder, _merge(data, flags))

    @classmethod
    def from_flags(cls, folder: Path = Path(), **flags: Any) -> Submission:
        """As `load`, without reading a submission.toml; paths of logos and cards are relative to `folder`."""
        return _build(folder, _merge({}, flags))

    def load_policy(self) -> Policy:
        """The policy by name, or by a path relative to the folder."""
        beside = self.folder / self.policy
        return load_policy(beside if self.policy.endswith(".toml") and beside.is_file() else self.policy)

    @property
    def own_files(self) -> tuple[Path, ...]:
        """Files in the folder that say what to look for and are not themselves shots."""
        return (self.folder / FILE_NAME, *self.marks.logos, *self.marks.cards)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path.name} is larger than a megabyte", "`verify-media init` writes an example.")
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, OSError, RecursionError) as error:
        raise UsageError(f"{path.name}: {error}", "Correct that line; texts stand between double quotes.") from error


def _merge(data: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    _check_types(data)
    merged = dict(data)
    for key, value in flags.items():
        if key in LISTS:
            merged[key] = (*data.get(key, ()), *value)
        elif key in TABLES:
            merged[key] = {**data.get(key, {}), **value}
        elif value is not None:
            merged[key] = value
    return merged


def _check_types(data: Mapping[str, Any]) -> None:
    wanted: dict[str, type] = {"received": date}
    for kind, keys in ((list, LISTS), (dict, TABLES), (str, TEXTS)):
        wanted |= dict.fromkeys(keys, kind)
    for key, value in data.items():
        if key not in wanted:
            raise UsageError(f"{FILE_NAME}: unknown field {key!r}", f"Known fields: {', '.join(sorted(wanted))}.")
        if not isinstance(value, wanted[key]) or isinstance(value, datetime):
            raise UsageError(
                f"{FILE_NAME}: {key} should be a {_kind(wanted[key])}", "`verify-media init` writes an example."
            )
        if isinstance(value, list) and not all(isinstance(entry, str) for entry in value):
            raise UsageError(f"{FILE_NAME}: {key} should hold texts", 'For example names = ["Willow & Thread"].')


def _kind(wanted: type) -> str:
    return {list: "list", dict: "table", str: "text", date: "date like 2026-11-20"}[wanted]


def _build(folder: Path, data: Mapping[str, Any]) -> Submission:
    marks = Marks(
        names=_texts(data.get("names", ())),
        spellings=_texts(data.get("spellings", ())),
        logos=_paths(folder, data.get("logos", ()), "logo"),
        cards=_paths(folder, data.get("cards", ()), "card"),
    )
    return Submission(
        folder=folder,
        marks=marks,
        received=data.get("received"),
        confirmed=tuple(data.get("confirmed", ())),
        asins=_table(data.get("asins", {})),
        answers=_table(data.get("answers", {})),
        **{key: str(data[key]) for key in TEXTS if key in data},
    )


def _table(data: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in data.items()}


def _texts(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for value in values if (text := value.strip())))


def _paths(folder: Path, values: Sequence[str | Path], what: str) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(_find(folder, Path(value), what) for value in values))


def _find(folder: Path, path: Path, what: str) -> Path:
    base = folder if folder.is_dir() else folder.parent
    for candidate in (base / path, path):
        if candidate.is_file():
            return candidate.resolve()
    raise UsageError(
        f"the {what} {str(path)!r} does not exist", "Give its path from here, or from the folder of shots."
    )
