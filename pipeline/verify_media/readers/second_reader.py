"""The second reader: Tesseract, where it is installed, for names in scripts that the network lacks.

It finds half of the straight words in photos and one in eight on bent lines (ICDAR 2003, CUTE80). Of the names that the
network can read it found none that all looks had missed, and it cost a fifth of their time: so it is not asked.
Only words that it reads exactly and with certainty count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_recognise import fold
from verify_media.readers.spotting import variants
from verify_media.records import Frame, Reader, Sighting
from verify_media.tools import tesseract

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SecondReaderSettings:
    side: int = 1600
    min_certainty: float = 0.6
    min_letters: int = 4


SETTINGS = SecondReaderSettings()


def second_reading(frame: Frame, names: Mapping[str, str], language: str) -> list[Sighting]:
    """Exact readings of names (text -> mark); `language` as in scripts.tesseract_language, "" finds nothing."""
    forms = {form.key: mark for text, mark in names.items() for form in variants(text)}
    forms = {key: mark for key, mark in forms.items() if len(key) >= SETTINGS.min_letters or not key.isascii()}
    if not language or not forms:
        return []
    scale = min(1.0, SETTINGS.side / max(frame.image.shape[:2]))
    small = np.asarray(cv2.resize(frame.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    read = tesseract.words(small, language)
    return [
        _sighting(frame, run, mark, scale)
        for _, line in groupby(read, key=lambda word: word.line)
        for run, mark in _runs(list(line), forms)
    ]


def _runs(line: Sequence[tesseract.Word], forms: Mapping[str, str]) -> Iterator[tuple[Sequence[tesseract.Word], str]]:
    for first in range(len(line)):
        for last in range(first + 1, min(first + 8, len(line)) + 1):
            run = line[first:last]
            mark = forms.get(fold("".join(word.text for word in run)))
            if mark is not None and float(np.mean([word.certainty for word in run])) >= SETTINGS.min_certainty:
                yield run, mark


def _sighting(frame: Frame, run: Sequence[tesseract.Word], mark: str, scale: float) -> Sighting:
    left, right = min(word.left for word in run) / scale, max(word.right for word in run) / scale
    top, bottom = min(word.top for word in run) / scale, max(word.bottom for word in run) / scale
    return Sighting(
        mark=mark,
        reader=Reader.TEXT,
        quad=((left, top), (right, top), (right, bottom), (left, bottom)),
        score=0.5 + 0.3 * float(np.mean([word.certainty for word in run])),
        time_s=frame.time_s,
        text=" ".join(word.text for word in run),
        letter_height_px=bottom - top,
    )
