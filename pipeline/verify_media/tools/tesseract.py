"""The only module that names Tesseract, an outside program, reached through pytesseract."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify_media.errors import MissingProgram

OLDEST = 4
"""Version 4 brought the line reader; version 3 reads shapes of single letters and is of no use in photos."""
PAGE_MODE = "--psm 11"
"""Sparse text in no particular order."""
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its box in pixels of the picture that was read."""

    text: str
    certainty: float
    """0 to 1, as Tesseract says."""
    line: tuple[int, int, int]
    """Block, paragraph, line: words with the same one stand on one line, in this order."""
    left: int
    top: int
    right: int
    bottom: int


@cache
def version() -> str:
    """For example "5.3.0". Raises MissingProgram when there is none, or only one that is too old."""
    import pytesseract

    try:
        found = str(pytesseract.get_tesseract_version())
    except (pytesseract.TesseractNotFoundError, SystemExit, OSError) as error:
        raise MissingProgram("Tesseract, the second text reader, was not found.", "Install tesseract-ocr.") from error
    if int(found.split(".")[0]) < OLDEST:
        raise MissingProgram(f"Tesseract {found} is too old.", f"Install version {OLDEST} or later.")
    return found


@cache
def installed() -> bool:
    try:
        return bool(version())
    except MissingProgram:
        return False


@cache
def languages() -> frozenset[str]:
    """Installed language packs ("eng", "rus"); none without the program."""
    if not installed():
        return frozenset()
    import pytesseract

    return frozenset(pytesseract.get_languages()) - {"osd"}


def words(image: NDArray[np.uint8], language: str) -> list[Word]:
    """Words in an RGB picture; none when Tesseract fails or takes too long, since it is only the second reader."""
    import pytesseract

    try:
        table = pytesseract.image_to_data(
            image, lang=language, config=PAGE_MODE, timeout=TIMEOUT_S, output_type=pytesseract.Output.DICT
        )
    except (pytesseract.TesseractError, RuntimeError, OSError):
        return []
    return [_word(table, row) for row, text in enumerate(table["text"]) if str(text).strip()]


def _word(table: dict[str, list[Any]], row: int) -> Word:
    left, top = int(table["left"][row]), int(table["top"][row])
    line = (int(table["block_num"][row]), int(table["par_num"][row]), int(table["line_num"][row]))
    right, bottom = left + int(table["width"][row]), top + int(table["height"][row])
    certainty = max(float(table["conf"][row]), 0.0) / 100
    return Word(str(table["text"][row]), certainty, line, left, top, right, bottom)
