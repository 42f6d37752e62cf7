"""Which readings of a place refute a name there."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from verify_media.readers.candidates import candidates
from verify_media.readers.ocr_recognise import Alphabet, recognise
from verify_media.readers.placing import Line
from verify_media.readers.spotting import variants
from verify_media.readers.strips import Pyramid, Strip, straight


def strip(text: str, letters: int) -> Strip:
    """The first letters of a line, cut between two of them."""
    face, size, left, base = cv2.FONT_HERSHEY_DUPLEX, 1.4, 60, 90
    image = np.full((140, 420, 3), 210, np.uint8)
    cv2.putText(image, text, (left, base), face, size, (40, 30, 60), 2, cv2.LINE_AA)
    right = left + cv2.getTextSize(text[:letters], face, size, 2)[0][0]
    quad = np.array([[40, 40], [right, 40], [right, 105], [40, 105]], np.float32)
    return straight(Pyramid(image), quad)


@pytest.mark.parametrize(("below", "is_cut", "count"), [("RAISED", True, 0), ("RAISED", False, 1), ("OFFICE", True, 1)])
def test_a_cut_word_is_refuted_by_the_whole_one_and_not_by_other_lettering(
    below: str, is_cut: bool, count: int
) -> None:
    forms = variants("RAISE")
    alphabet = Alphabet(form.key for form in forms)
    seen = [replace(strip("RAISED", 5), cut=is_cut), strip(below, 6)]
    one, whole = (Line(s, r) for s, r in zip(seen, recognise([s.image for s in seen], alphabet), strict=True))
    assert len(candidates([one], [one, whole], forms, alphabet)) == count
