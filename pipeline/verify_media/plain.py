"""Records to plain JSON data and back, guided by their type hints: for the cache and for results in files."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
_SCALARS: Mapping[Any, tuple[type, ...]] = {str: (str,), int: (int,), float: (int, float), bool: (bool,)}


def to_plain(value: Any) -> Any:
    """Dataclasses become dicts, tuples lists, paths texts, bytes base64. Raises TypeError for anything else."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(entry) for entry in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[Record], data: Any) -> Record:
    """The record of type `kind` that `to_plain` made `data` from. Raises KeyError, TypeError or ValueError."""
    built: Record = _build(kind, data)
    return built


def _build(kind: Any, data: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _build_union(get_args(kind), data)
    if origin is tuple:
        return _build_tuple(get_args(kind), data)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _build(get_args(kind)[1], entry) for key, entry in data.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _build(hints[name], data[name]) for name in hints if name in data})
    if kind is bytes:
        return base64.b64decode(data, validate=True)
    if isinstance(kind, type) and issubclass(kind, Enum | Path):
        return kind(data)
    if kind in _SCALARS and not isinstance(data, _SCALARS[kind]):
        raise TypeError(f"{kind.__name__} expected, not {type(data).__name__}")
    return data


def _build_union(options: tuple[Any, ...], data: Any) -> Any:
    if data is None and NoneType in options:
        return None
    rest = [option for option in options if option is not NoneType]
    return _build(rest[0], data) if len(rest) == 1 else data


def _build_tuple(parts: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if len(parts) == 2 and parts[1] is Ellipsis:
        return tuple(_build(parts[0], entry) for entry in data)
    return tuple(_build(part, entry) for part, entry in zip(parts, data, strict=True))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
