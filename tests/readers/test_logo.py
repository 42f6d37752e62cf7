from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from marks import drawn_corners, fern, ground, put, worst_corner
from PIL import Image

from verify_media.errors import UsageError
from verify_media.readers.lettering import Lettering
from verify_media.readers.logo import SETTINGS, LogoReader, _with_lettering
from verify_media.records import Frame, Reader

TILTED = [(420, 300), (640, 350), (600, 560), (390, 500)]


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    path = tmp_path / "fern.png"
    Image.fromarray(fern()).save(path)
    return path


def test_a_tilted_flat_logo_is_found_to_its_corners(logo: Path) -> None:
    best = LogoReader([logo]).find(Frame(put(ground(), fern(), TILTED), time_s=1.5))[0]
    assert best.reader is Reader.LOGO and best.mark == "fern.png" and best.time_s == 1.5
    assert worst_corner(best.quad, drawn_corners(fern(), TILTED)) < 0.03


def test_a_white_stamp_of_a_dark_logo_is_found(logo: Path) -> None:
    white = fern()
    white[..., :3] = 250
    card = put(ground(), np.full((60, 60, 3), (40, 50, 70), np.uint8), [(360, 250), (700, 250), (700, 620), (360, 620)])
    found = LogoReader([logo]).find(Frame(put(card, white, TILTED)))
    assert found and worst_corner(found[0].quad, drawn_corners(fern(), TILTED)) < 0.03


def test_a_quarter_turn_and_a_covered_part_do_not_hide_it(logo: Path) -> None:
    turned = TILTED[1:] + TILTED[:1]
    picture = put(ground(), fern(), turned)
    cv2.circle(picture, (600, 380), 28, (200, 160, 130), -1)
    found = LogoReader([logo]).find(Frame(picture))
    assert found and worst_corner(found[0].quad, drawn_corners(fern(), turned)) < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_seen_where_nothing_is(logo: Path, seed: int) -> None:
    assert LogoReader([logo]).find(Frame(ground(seed + 10, 700, 900))) == ()


def test_opaque_picture_with_an_even_border_is_trimmed(tmp_path: Path) -> None:
    path = tmp_path / "fern.jpg"
    flat = Image.new("RGB", (420, 420), (255, 255, 255))
    flat.paste(Image.fromarray(fern()).convert("RGB"), (60, 60), Image.fromarray(fern()[..., 3]))
    flat.save(path, quality=92)
    best = LogoReader([path]).find(Frame(put(ground(), fern(), TILTED)))[0]
    assert worst_corner(best.quad, drawn_corners(fern(), TILTED)) < 0.04


def test_svg_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "mark.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        '<path d="M2 2h8v3H5v14h9v3H2z"/><circle cx="17" cy="8" r="4"/></svg>'
    )
    assert LogoReader([path]).find(Frame(ground(3, 300, 400))) == ()


@pytest.mark.parametrize("shape", ["blank", "square", "disc"])
def test_shapes_that_are_everywhere_are_refused(tmp_path: Path, shape: str) -> None:
    picture = np.full((300, 300, 3), 255, np.uint8)
    if shape == "square":
        picture[80:220, 60:240] = 20
    if shape == "disc":
        cv2.circle(picture, (150, 150), 90, (200, 30, 30), -1, cv2.LINE_AA)
    path = tmp_path / f"{shape}.png"
    Image.fromarray(picture).save(path)
    with pytest.raises(UsageError) as refused:
        LogoReader([path])
    assert shape in str(refused.value) and refused.value.cure


def test_missing_and_broken_pictures_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    for path in (tmp_path / "nowhere.png", broken):
        with pytest.raises(UsageError):
            LogoReader([path])


@pytest.mark.parametrize(
    ("lettering", "low", "high"),
    [
        (Lettering.SAME, SETTINGS.found, 1.0),  # a carton bulges, and looks unlike its flat picture
        (Lettering.UNREAD, 0.01, 0.01),
        (Lettering.NONE, 0.01, 0.01),
        (Lettering.OTHER, 0.0, 0.0),
    ],
)
def test_a_mark_is_confirmed_by_its_own_words_alone(lettering: Lettering, low: float, high: float) -> None:
    assert low <= _with_lettering(0.01, lettering) <= high
