"""One module for each way to show a result; every one has `render(result) -> str`. Loaded by name, only when needed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify_media.pipeline import RunResult

REPORTERS = {"text": "terminal", "json": "json_report", "junit": "junit", "github": "github", "html": "html"}
"""Name on the command line -> module."""


def render(name: str, result: RunResult) -> str:
    """The result as text in the format `name`. Raises KeyError for an unknown name."""
    module = import_module(f"{__name__}.{REPORTERS[name]}")
    return str(module.render(result))
