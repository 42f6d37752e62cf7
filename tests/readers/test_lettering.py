from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from marks import fern

from verify_media.readers.frame_view import FrameView
from verify_media.readers.lettering import Lettering, compare, lettering_of
from verify_media.readers.template import Template, from_pixels

SMALL_PRINT = "handmade, by appointment only"


def label(*names: str) -> Any:
    """A card with names in large letters and a line of small print. RGBA, 420 x 700."""
    picture = np.full((420, 700, 4), 255, np.uint8)
    for row, name in enumerate(names):
        origin = (50, 110 + 110 * row)
        cv2.putText(picture, name, origin, cv2.FONT_HERSHEY_DUPLEX, 2.6, (30, 30, 30, 255), 5, cv2.LINE_AA)
    cv2.putText(picture, SMALL_PRINT, (50, 380), cv2.FONT_HERSHEY_DUPLEX, 1.0, (60, 60, 60, 255), 2, cv2.LINE_AA)
    return picture


def template(*names: str) -> Template:
    made = from_pixels("label.png", label(*names), trim=False)
    assert made is not None
    return made


def seen(mark: Template, picture: Any, *, width: int = 350) -> Lettering:
    """The card, `width` px wide, turned by a quarter in the scene, and what its lettering says about `mark`."""
    scene = np.full((500, 500, 3), 150, np.uint8)
    height = width * 420 // 700
    small = cv2.resize(picture[..., :3], (width, height), interpolation=cv2.INTER_AREA)
    scene[60 : 60 + width, 80 : 80 + height] = np.rot90(small, -1)
    w, h = mark.size
    square = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
    place = np.array([[80 + height, 60], [80 + height, 60 + width], [80, 60 + width], [80, 60]], np.float32)
    return compare(FrameView(scene), mark, cv2.getPerspectiveTransform(square, place).astype(np.float64))


def test_a_card_reads_as_itself_and_its_twin_does_not() -> None:
    mark = template("Willow", "Thread")
    assert {line.key for line in lettering_of(mark).lines if line.leads} == {"willow", "thread"}
    assert seen(mark, label("Willow", "Thread")) is Lettering.SAME
    assert seen(mark, label("Copper", "River")) is Lettering.OTHER  # the small print is the same


def test_a_covered_name_leaves_the_other_to_speak() -> None:
    covered = label("Willow", "Thread")
    covered[150:260] = (90, 120, 80, 255)
    assert seen(template("Willow", "Thread"), covered) is Lettering.PARTLY


def test_letters_that_cannot_be_read_are_not_compared() -> None:
    blurred = cv2.GaussianBlur(label("Willow", "Thread"), (0, 0), 22)
    assert seen(template("Willow", "Thread"), blurred) is Lettering.UNREAD


@pytest.mark.parametrize("name", ["Willow", "Copper"])
def test_a_mark_without_words_is_left_to_its_shape(name: str) -> None:
    mark = from_pixels("fern.png", fern())
    assert mark is not None and seen(mark, label(name)) is Lettering.NONE
