from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders import media, report, sighting
from verify_media.cache import Cache, key
from verify_media.messages import message
from verify_media.plain import from_plain, to_plain
from verify_media.records import Cue, ItemReport, Marks, Outcome, Preview, Span

FULL = report(
    preview=Preview(b"\x00\xff", 3, 2, 0.5),
    notes=(message("count-ok", have=1),),
    timings_s={"text": 1.5},
    spans=(Span("Willow", 1.0, 2.0, 1.5, Outcome.UNSURE),),
    sightings=(sighting(evidence=(Cue("edge_width_ratio", 0.4, message("count-ok", have=2)),)),),
)


def test_a_report_survives_json() -> None:
    again = from_plain(ItemReport, json.loads(json.dumps(to_plain(FULL))))
    assert again == FULL
    assert again.preview == FULL.preview


def test_what_has_no_plain_form_is_refused() -> None:
    with pytest.raises(TypeError):
        to_plain(object())


def test_the_cache_gives_back_what_was_put(tmp_path: Path) -> None:
    cache, marks = Cache(tmp_path / "cache"), Marks(names=("Willow",))
    assert cache.get(FULL.media, marks) is None
    cache.put(FULL, marks)
    assert cache.get(FULL.media, marks) == FULL


def test_other_bytes_or_marks_are_another_entry(tmp_path: Path) -> None:
    logo = tmp_path / "logo.png"
    logo.write_bytes(b"one")
    marks = Marks(logos=(logo,))
    first = key(media(), marks)
    logo.write_bytes(b"two")
    assert key(media(), marks) != first
    assert key(media(), Marks(names=("a",))) != key(media(), Marks(spellings=("a",)))


def test_a_damaged_entry_is_a_missing_one(tmp_path: Path) -> None:
    cache, marks = Cache(tmp_path), Marks(names=("Willow",))
    cache.put(FULL, marks)
    next(tmp_path.glob("*.json")).write_text('{"media": {}}')
    assert cache.get(FULL.media, marks) is None
