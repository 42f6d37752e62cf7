"""What bench/locate.py compares with: RapidOCR at its defaults and Tesseract, each with fuzzy matching of its lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from verify_media.readers.ocr_recognise import fold
from verify_media.tools import tesseract

Pixels = NDArray[np.uint8]

FUZZY = 85.0
"""Threshold of the fuzzy matchers, in per cent."""


def rapid(image: Pixels, names: Sequence[str]) -> dict[str, Any]:
    return fuzzy(rapid_lines(image), names)


def rapid_lines(image: Pixels) -> list[str]:
    result = rapid_engine()(image[:, :, ::-1])
    return list(result.txts or ())


def rapid_engine() -> Any:
    if not ENGINE:
        import logging

        from rapidocr import RapidOCR

        ENGINE.append(RapidOCR())
        logging.disable(logging.WARNING)
    return ENGINE[0]


ENGINE: list[Any] = []


def by_tesseract(image: Pixels, names: Sequence[str]) -> dict[str, Any]:
    lines: dict[tuple[int, int, int], list[str]] = defaultdict(list)
    for word in tesseract.words(image, "eng"):
        lines[word.line].append(word.text)
    return fuzzy([" ".join(words) for words in lines.values()], names)


def fuzzy(lines: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """partial_ratio where the line is as long as the name, else ratio: a one-letter line must not match everything."""
    folded = [fold(line) for line in lines]

    def similar(name: str, line: str) -> float:
        return fuzz.partial_ratio(name, line) if len(line) >= len(name) else fuzz.ratio(name, line)

    return {name: None for name in names if any(similar(fold(name), line) >= FUZZY for line in folded)}


METHODS: dict[str, Callable[[Pixels, Sequence[str]], Mapping[str, Any]]] = {"RapidOCR + fuzzy": rapid}
if tesseract.installed():
    METHODS["Tesseract + fuzzy"] = by_tesseract
