"""The whole reader on drawn pictures."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from verify_media.readers import looks, ocr_detect, view
from verify_media.readers.text import TextReader
from verify_media.records import Frame

Image = NDArray[np.uint8]


def drawn(*lines: str, angle_deg: float = 0, size: tuple[int, int] = (480, 640), scale: float = 1.4) -> Image:
    """Dark letters on a soft gradient, one line under the other, turned about the middle."""
    height, width = size
    image = np.tile(np.linspace(150, 220, width, dtype=np.float32), (height, 1))
    image = np.repeat(image[:, :, None], 3, axis=2).astype(np.uint8)
    for row, line in enumerate(lines):
        cv2.putText(image, line, (120, 200 + 70 * row), cv2.FONT_HERSHEY_DUPLEX, scale, (40, 30, 60), 2, cv2.LINE_AA)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1)
    return np.asarray(cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def test_finds_the_name_and_not_the_whole_line() -> None:
    frame = Frame(drawn("from Willow Tree"))
    (sighting,) = TextReader(["Willow"]).find(frame)
    (text_width, _), _ = cv2.getTextSize("from ", cv2.FONT_HERSHEY_DUPLEX, 1.4, 2)
    name_width = cv2.getTextSize("Willow", cv2.FONT_HERSHEY_DUPLEX, 1.4, 2)[0][0]
    left, right = sighting.quad[0][0], sighting.quad[1][0]
    assert abs(left - (120 + text_width)) < 0.06 * name_width
    assert abs(right - (120 + text_width + name_width)) < 0.06 * name_width
    assert sighting.score > 0.8
    assert 25 < (sighting.letter_height_px or 0) < 55


@pytest.mark.parametrize("angle_deg", [90, 180])
def test_reads_every_way_up(angle_deg: float) -> None:
    picture = drawn("Willow & Thread", size=(640, 640), scale=1.2)
    frame = Frame(np.ascontiguousarray(np.rot90(picture, angle_deg // 90)))
    assert TextReader(["Willow and Thread"]).find(frame)


def test_joins_stacked_lines() -> None:
    (sighting, *_) = TextReader(["Willow & Thread"]).find(Frame(drawn("Willow &", "Thread")))
    assert sighting.quad[3][1] - sighting.quad[0][1] > 80


@pytest.mark.parametrize("name", ["Pillow & Bread", "Amber Forge", "Thread", "Will"])
def test_finds_nothing_where_the_name_is_not(name: str) -> None:
    assert TextReader([name]).find(Frame(drawn("Willow", "Threads")), most_looks=1) == ()


@pytest.mark.parametrize(("name", "read"), [("Willow & Threads", "Willow & Thread"), ("Hollow & Thread", "")])
def test_another_name_by_a_letter_is_told_or_not_found(name: str, read: str) -> None:
    found = TextReader([name]).find(Frame(drawn("Willow & Thread", scale=1.2)), most_looks=1)
    assert [sighting.other_name for sighting in found] == ([read] if found else [])


def test_searches_every_way_and_finds_nothing_in_a_small_picture() -> None:
    assert TextReader(["Amber Forge"]).find(Frame(drawn("Willow", size=(120, 320), scale=0.9)[100:])) == ()


@pytest.mark.parametrize("sides", [[320], [64, 1024]])
def test_a_glance_is_enough_where_the_name_is_plain(monkeypatch: pytest.MonkeyPatch, sides: list[int]) -> None:
    """At a tenth of the size the letters have 3 px and are lost: then the whole look follows."""
    seen: list[int] = []
    whole = ocr_detect.text_map

    def watched(image: Image, weights: ocr_detect.Weights) -> ocr_detect.Floats:
        seen.append(image.shape[1])
        return whole(image, weights)

    monkeypatch.setattr(ocr_detect, "text_map", watched)
    monkeypatch.setattr(view, "text_map", watched)
    frame = Frame(drawn("Willow & Thread"))
    (sighting,) = TextReader(["Willow & Thread"]).find(frame, most_looks=1, glance_px=sides[0])
    assert sighting.score > 0.8
    assert seen == sides


@pytest.mark.parametrize(("look", "count"), [(looks.second_detector, 0), (looks.overlaid, 1)])
def test_weights_trained_on_see_a_name_over_other_lettering(
    monkeypatch: pytest.MonkeyPatch, look: looks.Look, count: int
) -> None:
    image = np.full((480, 640, 3), 215, np.uint8)
    cv2.putText(image, "GREEN", (20, 300), cv2.FONT_HERSHEY_TRIPLEX, 5.5, (30, 30, 30), 14, cv2.LINE_AA)
    cv2.putText(image, "Willow & Thread", (110, 255), cv2.FONT_HERSHEY_DUPLEX, 1.3, (235, 170, 20), 3, cv2.LINE_AA)
    monkeypatch.setattr(looks, "LOOKS", (look,))
    found = TextReader(["Willow & Thread"]).find(Frame(image))
    assert len([sighting for sighting in found if sighting.is_certain]) == count


@pytest.mark.parametrize(("least_px", "count"), [(looks.SETTINGS.overlaid_glance_letters_px, 1), (999.0, 0)])
def test_letters_of_bulbs_are_seen_when_the_picture_is_very_small(
    monkeypatch: pytest.MonkeyPatch, least_px: float, count: int
) -> None:
    strokes = cv2.putText(np.zeros((1440, 1920), np.uint8), "CAFE", (350, 850), 0, 11, 255, 50)
    image = np.full((1440, 1920, 3), 25, np.uint8)
    image[strokes > 0] = (140, 120, 90)
    for y, x in np.ndindex(1440 // 30, 1920 // 30):
        if strokes[y * 30, x * 30]:
            cv2.circle(image, (x * 30, y * 30), 12, (255, 235, 190), -1, cv2.LINE_AA)
    image = cv2.addWeighted(image, 1.0, cv2.GaussianBlur(image, (0, 0), 30), 0.6, 0)
    monkeypatch.setattr(looks, "LOOKS", (looks.overlaid,))
    monkeypatch.setattr(looks, "SETTINGS", replace(looks.SETTINGS, overlaid_glance_letters_px=least_px))
    assert len(TextReader(["Cafe"]).find(Frame(image))) == count


def test_unrolls_an_arc() -> None:
    assert TextReader(["Willow Thread"]).find(Frame(arc("WILLOW THREAD")), most_looks=1)


def arc(text: str, side: int = 640, radius: float = 200) -> Image:
    """Letters along the upper part of a circle, tops outwards."""
    image = np.full((side, side, 3), 225, np.uint8)
    for number, letter in enumerate(text):
        angle = (number - (len(text) - 1) / 2) * 13
        layer = np.full_like(image, 225)
        cv2.putText(layer, letter, (side // 2 - 14, int(side / 2 - radius)), 0, 1.4, (30, 30, 40), 3, cv2.LINE_AA)
        turn = cv2.getRotationMatrix2D((side / 2, side / 2), -angle, 1)
        image = np.minimum(image, cv2.warpAffine(layer, turn, (side, side), borderValue=(225, 225, 225)))
    return image


def test_other_text_is_what_is_not_the_name() -> None:
    reader, frame = TextReader(["Willow"]), Frame(drawn("Willow", "STOCK PHOTO"))
    assert [other.text.replace(" ", "") for other in reader.other_text(frame)] == ["STOCKPHOTO"]
    assert all(other.mark == "" for other in reader.other_text(frame))


def test_a_word_in_a_longer_address_is_asked_about() -> None:
    (sighting,) = TextReader(["Quillmoor"]).find(Frame(drawn("quillmoorstudio.com", scale=1.0)), most_looks=1)
    assert sighting.other_name == "quillmoorstudio.com"


def test_letters_that_the_network_cannot_write_are_no_other_name() -> None:
    """The dictionary has neither ộ nor ạ: without them "Mộc Thạnh" is read, or less."""
    names = ["Mộc Thạnh", "Möc Thänh"]
    found = [TextReader([name]).find(Frame(drawn("Moc Thanh")), most_looks=1) for name in names]
    assert [sighting.is_certain for (sighting,) in found] == [True, True]
    assert TextReader(["Mục Thạnh"]).find(Frame(drawn("Moc Thanh")), most_looks=1) == ()
