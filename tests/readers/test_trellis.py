"""Best paths and forced alignments on made-up log-probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_recognise import Alphabet
from verify_media.readers.trellis import best_paths, letter_spans

ALPHABET = Alphabet(["abl"])


def line(letters: str) -> NDArray[np.float32]:
    """One step for each character; "-" is the filler."""
    emit = np.full((len(letters), len(ALPHABET.keys)), -7, np.float32)
    emit[np.arange(len(letters)), [ALPHABET.index[letter.strip("-")] for letter in letters]] = -0.1
    return emit


def test_the_best_path_begins_and_ends_at_the_name() -> None:
    path, none = best_paths([line("--a-bb--"), line("-----")], "ab", ALPHABET)
    assert (path.start, path.stop - path.start) == (2, 3)
    assert path.score > -0.3 and none.score < -6


def test_a_doubled_letter_has_a_filler_between() -> None:
    assert letter_spans(line("al-l"), "all", ALPHABET, 10) == ((10, 11), (11, 12), (13, 14))


def test_a_letter_that_lasts_has_all_its_steps() -> None:
    assert letter_spans(line("aa--bbb"), "ab", ALPHABET) == ((0, 2), (4, 7))
