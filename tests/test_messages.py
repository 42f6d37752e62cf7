"""The catalogue is complete: each message has its cure, its words are kind, and every key in the source exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

import verify_media
from verify_media.messages import Message, catalogue, counted, message
from verify_media.messages.__main__ import page

SOURCE = Path(verify_media.__file__).parent
DOCS = SOURCE.parent.parent / "docs" / "messages.md"
FORBIDDEN = re.compile(
    r"\b(fak\w*|forg(ed|ery|eries|ing)|manipulat\w*|cheat\w*|fraud\w*|guarantee\w*|will be accepted)\b", re.IGNORECASE
)
KEYS = sorted(catalogue())
COUNT = re.compile(
    r"\{(?!mark\b|file\b|name\b)(\w+)\} (days|files|hours|items|messages|photos|pictures|pixels|videos)\b"
)
NEVER_ONE = {
    "cue-edges-sharper",  # a width with its decimals: "1.0 pixels"
    "cue-edges-alike",
    "repeat-same-place",  # other pictures and this one
    "fit-scaled",
    "photo-too-large",
    "video-too-large",
    "video-too-long",
    "web-too-many",
    "sighting-too-small",  # the height that is wanted
    "fit-type",  # {media_type} files
}
"""Messages whose amount before a plural is a constant above 1, or no whole number."""


@pytest.mark.parametrize("key", KEYS)
def test_has_a_text_and_a_cure_or_is_for_information(key: str) -> None:
    entry = catalogue()[key]
    assert entry["text"].strip()
    assert set(entry) <= {"text", "cure", "informative"}
    assert bool(entry.get("cure", "").strip()) != entry.get("informative", False)


@pytest.mark.parametrize("key", KEYS)
def test_can_be_filled_in(key: str) -> None:
    names = _placeholders(key)
    assert all(name.isidentifier() for name in names)
    filled = Message(key, dict.fromkeys(names, 3))
    assert "{" not in filled.text and "{" not in filled.cure


@pytest.mark.parametrize("key", KEYS)
def test_accuses_nobody_and_promises_nothing(key: str) -> None:
    entry = catalogue()[key]
    assert not FORBIDDEN.search(f"{entry['text']} {entry.get('cure', '')}")


@pytest.mark.parametrize("key", [key for key in KEYS if catalogue()[key].get("cure")])
def test_a_cure_is_a_sentence(key: str) -> None:
    assert catalogue()[key]["cure"].rstrip().endswith((".", "?", "!", ")"))


@pytest.mark.parametrize("key", KEYS)
def test_an_amount_that_can_be_one_has_both_wordings(key: str) -> None:
    entry = catalogue()[key]
    if COUNT.search(f"{entry['text']} {entry.get('cure', '')}") and key not in NEVER_ONE:
        assert key.endswith("-many") and f"{key.removesuffix('many')}one" in catalogue()


@pytest.mark.parametrize(("number", "text"), [(0, "0 days"), (1, "1 day"), (2, "2 days")])
def test_one_day_is_no_days(number: int, text: str) -> None:
    assert counted("count-day", number).text == text


def test_the_page_is_up_to_date() -> None:
    assert DOCS.read_text(encoding="utf-8") == page(), "run: python -m verify_media.messages > docs/messages.md"


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_message_in_the_source_exists_and_gets_its_values(path: Path) -> None:
    for call in _message_calls(path):
        for key in _keys(call.args[0]):
            assert key in catalogue(), f"{path.name}:{call.lineno}: no message {key!r}"
            given = {keyword.arg for keyword in call.keywords}
            missing = set() if None in given else _placeholders(key) - given
            assert not missing, f"{path.name}:{call.lineno}: {key!r} needs {sorted(missing)}"


def test_templates_use_keys_that_exist() -> None:
    for template in SOURCE.rglob("*.j2"):
        for key in re.findall(r"(?:say|plain)\('([a-z0-9_-]+)'\s*[,)]", template.read_text(encoding="utf-8")):
            assert key in catalogue(), f"{template.name}: no message {key!r}"


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(KeyError):
        message("no-such-message")


def _placeholders(key: str) -> set[str]:
    entry = catalogue()[key]
    parts = Formatter().parse(f"{entry['text']} {entry.get('cure', '')}")
    return {name for _, name, _, _ in parts if name is not None}


def _message_calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("message", "say", "plain")]


def _keys(argument: ast.expr) -> list[str]:
    """The key, or both keys of `"a" if ... else "b"`; computed keys are not checked here."""
    if isinstance(argument, ast.IfExp):
        return [*_keys(argument.body), *_keys(argument.orelse)]
    return [argument.value] if isinstance(argument, ast.Constant) and isinstance(argument.value, str) else []
