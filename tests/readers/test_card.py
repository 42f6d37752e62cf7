from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from marks import ground, put, worst_corner
from PIL import Image

from verify_media.readers.card import CardReader, card_outline, crop_card
from verify_media.records import Frame, Reader

QUAD = [(300, 260), (620, 330), (570, 520), (260, 440)]


def card(name: str = "Fern & Field", street: str = "12 Mill Lane") -> Any:
    """A business card whose letters are lines of a few pixels once it lies in the scene. RGB, 700 x 420."""
    rng = np.random.default_rng(4)
    picture = np.full((420, 700, 3), (244, 240, 230), np.uint8)
    cv2.circle(picture, (140, 150), 80, (60, 90, 70), -1, cv2.LINE_AA)
    cv2.circle(picture, (165, 130), 40, (244, 240, 230), -1, cv2.LINE_AA)
    for row, text in enumerate((name, "hand-thrown pots", street, "hello at fern dot field")):
        cv2.putText(
            picture,
            text,
            (270, 110 + 70 * row),
            cv2.FONT_HERSHEY_DUPLEX,
            1.0 - 0.12 * row,
            (50, 50, 60),
            2,
            cv2.LINE_AA,
        )
    for x in rng.integers(20, 660, 14):
        cv2.rectangle(picture, (int(x), 370), (int(x) + 12, 395), (150, 110, 60), -1)
    return picture


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "card.jpg"
    Image.fromarray(card()).save(path, quality=92)
    return path


def test_the_quad_follows_the_edge_of_the_card(scan: Path) -> None:
    best = CardReader([scan]).find(Frame(put(ground(), card(), QUAD)))[0]
    assert best.reader is Reader.CARD and best.mark == "card.jpg" and best.readable
    assert worst_corner(best.quad, np.array(QUAD, np.float32)) < 0.03


def test_a_card_of_the_same_make_with_another_name_is_not_it(scan: Path) -> None:
    twin = card("Oak & Harbor", "7 Quarry Road")
    assert CardReader([scan]).find(Frame(put(ground(), twin, QUAD))) == ()


def test_where_the_lettering_cannot_be_compared_it_is_said(scan: Path) -> None:
    small = [(x / 2.4 + 200, y / 2.4 + 200) for x, y in QUAD]
    blurred = cv2.GaussianBlur(put(ground(), card(), small), (0, 0), 1.4)
    found = CardReader([scan]).find(Frame(blurred))
    assert [sighting.readable for sighting in found] in ([], [False])


def test_no_card_no_sighting(scan: Path) -> None:
    assert CardReader([scan]).find(Frame(ground(5, 700, 900))) == ()


def test_a_photo_of_the_card_on_a_table_is_cut_to_the_card(tmp_path: Path) -> None:
    table = np.full((900, 1200, 3), (110, 80, 60), np.uint8)
    corners = [(250, 200), (930, 260), (900, 690), (220, 620)]
    photo = put(table, card(), corners)
    outline = card_outline(photo)
    assert outline is not None and worst_corner(outline, np.array(corners, np.float32)) < 0.02
    assert crop_card(photo).shape[1] / crop_card(photo).shape[0] == pytest.approx(700 / 420, rel=0.08)
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path)
    best = CardReader([path]).find(Frame(put(ground(), card(), QUAD)))[0]
    assert worst_corner(best.quad, np.array(QUAD, np.float32)) < 0.05


def test_a_scan_without_a_table_is_left_whole() -> None:
    assert card_outline(card()) is None
    assert crop_card(card()).shape == card().shape
