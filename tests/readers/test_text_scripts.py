"""Names in scripts that can and cannot be read."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from verify_media.readers import second_reader
from verify_media.readers.second_reader import second_reading
from verify_media.readers.text import TextReader, unsupported
from verify_media.records import Frame
from verify_media.tools import tesseract
from verify_media.tools.tesseract import Word


@pytest.fixture
def packs(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    installed: set[str] = set()
    monkeypatch.setattr(tesseract, "languages", lambda: frozenset(installed))
    return installed


@pytest.mark.parametrize("name", ["Willow & Thread", "Café Olé", "木工房", "ハンドメイド", "Żółw 7"])
def test_the_network_reads(name: str, packs: set[str]) -> None:
    assert unsupported(name) is None


def test_other_scripts_are_named_with_their_cure(packs: set[str]) -> None:
    told = unsupported("Мастерская")
    assert told is not None
    assert "Cyrillic" in told.text
    assert "rus" in told.cure


def test_a_language_pack_makes_a_script_readable(packs: set[str]) -> None:
    packs.add("kor")
    assert unsupported("한글공방") is None


def test_a_name_without_letters_is_told(packs: set[str]) -> None:
    told = unsupported("&!")
    assert told is not None
    assert told.key == "name-without-letters"


def test_second_reader_takes_exact_words_only(monkeypatch: pytest.MonkeyPatch) -> None:
    line = [
        Word(text, 0.9, (1, 1, 1), 100 * n, 50, 100 * n + 90, 80)
        for n, text in enumerate(("by", "Willow", "&", "Thread"))
    ]
    monkeypatch.setattr(second_reader.tesseract, "words", lambda image, language: line)
    frame = Frame(np.zeros((200, 800, 3), np.uint8))
    (sighting,) = second_reading(
        frame, {"Willow & Thread": "Willow & Thread", "Willow": "Willow"} | {"Thready": "x"}, "eng"
    )[:1]
    assert sighting.quad[0] == (100, 50)
    assert second_reading(frame, {"Thready": "Thready"}, "eng") == []
    assert second_reading(frame, {"Willow": "Willow"}, "") == []


@pytest.mark.skipif(not tesseract.installed(), reason="Tesseract is not installed")
def test_tesseract_reads_a_plain_line() -> None:
    image = np.full((120, 500, 3), 255, np.uint8)
    cv2.putText(image, "Willow Thread", (20, 80), cv2.FONT_HERSHEY_DUPLEX, 1.8, (0, 0, 0), 3, cv2.LINE_AA)
    assert [word.text for word in tesseract.words(image, "eng")] == ["Willow", "Thread"]
    assert tesseract.version()[0].isdigit()


def test_tesseract_is_asked_only_for_what_the_network_lacks(monkeypatch: pytest.MonkeyPatch, packs: set[str]) -> None:
    packs.update({"eng", "rus"})
    asked: list[str] = []
    monkeypatch.setattr(tesseract, "words", lambda image, language: asked.append(language) or [])
    TextReader(["Willow", "Мастерская"]).find(Frame(np.full((64, 96, 3), 200, np.uint8)))
    TextReader(["Willow"]).find(Frame(np.full((64, 96, 3), 200, np.uint8)))
    assert asked == ["rus"]
