"""What was typed on the page, one field at a time, checked before it is believed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from verify_media.policy import Level, builtin_names

if TYPE_CHECKING:
    from verify_media.web.session import Session

MAX_NAMES = 10
MAX_NAME = 100
MAX_ANSWER = 8_000
MAX_ASIN = 60


def take(session: Session, field: str, value: object) -> None:
    """Raises ValueError for an unknown field or a value that is not of its kind."""
    name, _, key = field.partition(".")
    if name not in FIELDS:
        raise ValueError(field)
    session.tell(**FIELDS[name](session, key, value))


def _names(session: Session, key: str, value: object) -> Mapping[str, Any]:
    names = [_text(name, MAX_NAME) for name in re.split(r"[,\n;]", _text(value, MAX_NAMES * MAX_NAME))]
    return {"names": tuple(dict.fromkeys(name for name in names if name))[:MAX_NAMES]}


def _policy(session: Session, key: str, value: object) -> Mapping[str, Any]:
    """Built-in ones only: a path never comes from the page."""
    if value not in builtin_names():
        raise ValueError("policy")
    return {"policy": value}


def _received(session: Session, key: str, value: object) -> Mapping[str, Any]:
    text = _text(value, 10)
    return {"received": date.fromisoformat(text) if text else None}


def _answers(session: Session, key: str, value: object) -> Mapping[str, Any]:
    if key not in (session.policy.answers or {}):
        raise ValueError("answers")
    return {"answers": {**session.details.answers, key: _text(value, MAX_ANSWER)}}


def _asins(session: Session, key: str, value: object) -> Mapping[str, Any]:
    if key not in session.shots:
        raise ValueError("asins")
    return {"asins": {**session.details.asins, key: _text(value, MAX_ASIN).upper()}}


def _confirmed(session: Session, key: str, value: object) -> Mapping[str, Any]:
    rule = session.policy.rule(key)
    if rule is None or rule.level is not Level.ASK or not isinstance(value, bool):
        raise ValueError("confirmed")
    others = tuple(other for other in session.details.confirmed if other != key)
    return {"confirmed": (*others, key) if value else others}


def _photos_only(session: Session, key: str, value: object) -> Mapping[str, Any]:
    if not isinstance(value, bool):
        raise ValueError("photos_only")
    return {"photos_only": value}


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise ValueError("text")
    return value.strip()


FIELDS: Mapping[str, Callable[[Session, str, object], Mapping[str, Any]]] = {
    "names": _names,
    "policy": _policy,
    "received": _received,
    "answers": _answers,
    "asins": _asins,
    "confirmed": _confirmed,
    "photos_only": _photos_only,
}
