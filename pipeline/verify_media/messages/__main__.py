"""`python -m verify_media.messages` prints docs/messages.md: every sentence that a maker can meet, with its cure."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

TITLES = {
    "ingest": "Reading files",
    "locate": "Finding the mark",
    "authenticate": "Is the mark really in the scene?",
    "judge": "The rules",
    "fit": "Converting and fitting",
    "package": "The message",
    "report": "The report and the terminal",
}
"""Catalogue file -> heading, in the order of the work; files without a title follow under their own name."""
HEAD = """\
# Messages

Every sentence that verify-media says to a maker, and what to do about it. Words in braces are filled in.
Made by `python -m verify_media.messages > docs/messages.md`: change the catalogue in
`pipeline/verify_media/messages/`, not this page.
"""


def page() -> str:
    """Markdown that ends with a newline."""
    entries = _files()
    names = sorted(entries, key=lambda name: (list(TITLES).index(name) if name in TITLES else len(TITLES), name))
    return "\n".join((HEAD, *(line for name in names for line in _section(name, entries[name]))))


def _files() -> dict[str, dict[str, Any]]:
    folder = files("verify_media.messages")
    texts = {file.name.removesuffix(".toml"): file for file in folder.iterdir() if file.name.endswith(".toml")}
    return {name: tomllib.loads(file.read_text(encoding="utf-8")) for name, file in texts.items()}


def _section(name: str, entries: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {TITLES.get(name, name.capitalize())}"
    yield ""
    with_cure = {key: entry for key, entry in entries.items() if entry.get("cure")}
    if with_cure:
        yield from ("| Key | What happened | What to do |", "|---|---|---|")
        yield from (
            f"| `{key}` | {_cell(entry['text'])} | {_cell(entry['cure'])} |" for key, entry in with_cure.items()
        )
        yield ""
    for_information = {key: entry for key, entry in entries.items() if key not in with_cure}
    if for_information:
        yield from ("For information, nothing to do:", "", "| Key | Sentence |", "|---|---|")
        yield from (f"| `{key}` | {_cell(entry['text'])} |" for key, entry in for_information.items())
        yield ""


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(page())
