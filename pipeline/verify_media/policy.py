"""A marketplace's rules as data: what is asked, how strictly, and where that is written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Any

from verify_media.errors import UsageError


class Level(StrEnum):
    """What a "no" means: `required` fails, `advice` asks for a second look; `ask` only a person can answer."""

    REQUIRED = "required"
    ADVICE = "advice"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    question: str
    level: Level
    source: str
    """The sentence of the letter, or where it is written."""
    explanation: str = ""
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    id: str
    title: str
    source: str
    date_checked: date
    rules: tuple[Rule, ...]
    min_items: int = 1
    max_items: int = 100
    formats: tuple[str, ...] = ("image/jpeg", "image/png", "video/mp4")
    limit_bytes: int = 20_000_000
    counts: str = "message"
    """What the limit is measured on: "message" (files travel as base64) or "raw" (an upload form)."""
    deadline_days: int | None = None
    answers: Mapping[str, str] | None = None
    """Key in submission.toml -> the question of the letter."""
    needs_asins: bool = False
    note_max_age_days: int | None = None
    allow_trim: bool = False
    """Whether a clip that does not fit, or would look poor, may be cut to the part with the mark."""
    subject: str = ""
    to: str = ""
    version: int = 1

    def rule(self, rule_id: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == rule_id), None)


_TYPES: Mapping[str, type] = {
    **dict.fromkeys(("min_items", "max_items", "limit_bytes", "deadline_days", "note_max_age_days", "version"), int),
    **dict.fromkeys(("needs_asins", "allow_trim"), bool),
    **dict.fromkeys(("rules", "formats"), list),
    "answers": dict,
    "date_checked": date,
}
"""Of the fields that are not texts."""
_PLAIN = {int: "a whole number", bool: "true or false", list: "a list", dict: "a table", date: "a date", str: "a text"}


def builtin_names() -> tuple[str, ...]:
    folder = files("verify_media") / "policies"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


def load_policy(name: str | Path) -> Policy:
    """A built-in policy by name, or one from a file. Raises UsageError with the names there are, or what is wrong."""
    text = _builtin_text(str(name)) if str(name) in builtin_names() else _file_text(Path(name))
    try:
        return parse_policy(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(
            f"policy {name}: {error}", "Correct the file; `verify-media policies show generic` prints an example."
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"policy {name}: {_explain(error)}", "`verify-media policies show generic` prints an example."
        ) from error


def policy_text(name: str | Path) -> str:
    """The TOML source of a policy, for `policies show`."""
    return _builtin_text(str(name)) if str(name) in builtin_names() else _file_text(Path(name))


def parse_policy(data: Mapping[str, Any]) -> Policy:
    """Raises KeyError, TypeError or ValueError naming the field that is missing or wrong."""
    known = {field.name for field in fields(Policy)}
    if unknown := set(data) - known:
        raise ValueError(f"unknown field {sorted(unknown)[0]!r}")
    _check_types(data)
    values = dict(data)
    values["rules"] = tuple(_rule(rule) for rule in data["rules"])
    if "formats" in values:
        values["formats"] = tuple(values["formats"])
    policy = Policy(**values)
    _check_bounds(policy)
    return policy


def _check_types(data: Mapping[str, Any]) -> None:
    """A wrong type is said here, by the field's name, not found out by a rule."""
    for key, value in data.items():
        wanted = _TYPES.get(key, str)
        if not isinstance(value, wanted) or isinstance(value, datetime) or (wanted is int and isinstance(value, bool)):
            raise TypeError(f"{key} should be {_PLAIN[wanted]}")
        entries = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if not all(isinstance(entry, dict if key == "rules" else str) for entry in entries):
            raise TypeError(f"{key} should hold {'tables' if key == 'rules' else 'texts'}")


def _rule(data: Mapping[str, Any]) -> Rule:
    _check_types(data)
    return Rule(**{**data, "level": Level(data["level"])})


def _check_bounds(policy: Policy) -> None:
    if not 1 <= policy.min_items <= policy.max_items:
        raise ValueError("min_items must be at least 1 and at most max_items")
    if policy.counts not in ("message", "raw"):
        raise ValueError('counts must be "message" or "raw"')
    if policy.limit_bytes < 100_000:
        raise ValueError("limit_bytes must be at least 100000")


def _builtin_text(name: str) -> str:
    return (files("verify_media") / "policies" / f"{name}.toml").read_text(encoding="utf-8")


def _file_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(builtin_names())
        raise UsageError(
            f"there is no policy {str(path)!r}", f"Use one of {names}, or the path of a TOML file."
        ) from error


def _explain(error: Exception) -> str:
    return f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
