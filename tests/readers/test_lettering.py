from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from verify_media.readers.lettering import SETTINGS, Lettering, compare, rectified, words
from verify_media.readers.template import Template, from_pixels
from verify_media.records import Frame, Reader, Sighting

QUAD = ((100.0, 80.0), (300.0, 80.0), (300.0, 180.0), (100.0, 180.0))


def label(text: str) -> Any:
    picture = np.full((200, 400, 4), 255, np.uint8)
    cv2.rectangle(picture, (4, 4), (395, 195), (40, 40, 90, 255), 6)
    cv2.putText(picture, text, (30, 125), cv2.FONT_HERSHEY_DUPLEX, 2.2, (30, 30, 30, 255), 5, cv2.LINE_AA)
    return picture


def template(text: str) -> Template:
    made = from_pixels("label.png", label(text), trim=False)
    assert made is not None
    return made


def scene(text: str) -> Frame:
    picture = np.full((300, 400, 3), 150, np.uint8)
    picture[80:180, 100:300] = cv2.resize(label(text)[..., :3], (200, 100), interpolation=cv2.INTER_AREA)
    return Frame(picture)


@pytest.mark.parametrize(
    ("wanted", "seen", "log_odds"),
    [
        ({"willow"}, {"willow", "other"}, SETTINGS.same),
        ({"willow"}, {"wilow"}, SETTINGS.same),
        ({"willow"}, {"copper"}, SETTINGS.other),
        (set(), {"copper"}, 0.0),
        ({"willow"}, set(), 0.0),
    ],
)
def test_words_decide_only_where_both_sides_have_some(wanted: set[str], seen: set[str], log_odds: float) -> None:
    assert compare(wanted, seen) == log_odds


def test_short_and_doubtful_words_are_left_out() -> None:
    read = [
        Sighting("", Reader.TEXT, QUAD, score, text=text) for text, score in (("Oak & Ämber", 0.95), ("Thread", 0.5))
    ]
    assert words(read) == {"amber"}


def test_the_place_is_seen_from_the_front() -> None:
    patch = rectified(scene("FERN"), QUAD, template("FERN"))
    assert max(patch.shape) == pytest.approx(1.16 * SETTINGS.patch_px, abs=2)


def test_the_right_label_is_confirmed_and_its_look_alike_is_not() -> None:
    lettering, mark = Lettering(), template("CANDLE")
    assert lettering.log_odds(scene("CANDLE"), QUAD, mark) == SETTINGS.same
    assert lettering.log_odds(scene("POTTER"), QUAD, mark) == SETTINGS.other
