"""Looking for the rest of a name beside what was read of it."""

from __future__ import annotations

import numpy as np
import pytest

from verify_media.readers import ocr_recognise
from verify_media.readers.arcs import Circle, ring_strips
from verify_media.readers.completing import Run, completing, longest_run, part_in
from verify_media.readers.ocr_recognise import STEP_PX, Alphabet, Reading
from verify_media.readers.placing import Line
from verify_media.readers.spotting import Form, variants
from verify_media.readers.strips import Pyramid, Strip, straight

LETTERS = "abcdefghijklmnopqrstuvwxyz"
NAME = "Willow and Thread"


@pytest.fixture(autouse=True)
def _small_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank, 26 letters, a space."""
    monkeypatch.setattr(ocr_recognise, "characters", lambda: ("", *LETTERS, " "))
    monkeypatch.setattr(ocr_recognise, "class_keys", lambda: ("", *LETTERS, ""))
    monkeypatch.setattr(ocr_recognise, "other_case", lambda: np.full(28, -1, np.int32))


def reading(text: str, steps: int, certainty: float = 0.95) -> Reading:
    """The letters evenly over so many time steps."""
    probability = np.full((steps, 28), 1e-5, np.float32)
    probability[:, 0] = 1.0
    for step, character in zip(np.linspace(1, steps - 2, len(text)).astype(int), text, strict=True):
        probability[step, 0] = 1 - certainty
        probability[step, (*LETTERS, " ").index(character) + 1] = certainty
    return ocr_recognise._reading(probability, Alphabet([NAME]))


def line(text: str, certainty: float = 0.95) -> Line:
    """A straight line of text from x = 200 to 360, y = 100 to 140, in a picture of 900 x 300."""
    quad = np.array([[200, 100], [360, 100], [360, 140], [200, 140]], np.float32)
    strip = straight(Pyramid(np.zeros((300, 900, 3), np.uint8)), quad)
    return Line(strip, reading(text, strip.image.shape[1] // STEP_PX, certainty))


def form() -> Form:
    return variants(NAME)[0]


@pytest.mark.parametrize(
    ("read", "words", "run"),
    [
        ("willow", [0, 6], Run(0, 6, 0)),
        ("thread", [0, 6], Run(9, 15, 0)),
        ("and", [0, 3], Run(6, 9, 0)),
        ("xhread", [0, 6], Run(10, 15, 1)),
        ("bywillow", [0, 2, 8], Run(0, 6, 2)),
        ("willowandthrea", [0, 14], Run(0, 14, 0)),
    ],
)
def test_a_part_of_a_name_is_known(read: str, words: list[int], run: Run) -> None:
    assert longest_run(read, form(), words) == run


@pytest.mark.parametrize("read", ["willowandthread", "threats", "thr", "low", "sandy", "pottery"])
def test_what_tells_too_little_or_all_is_no_part(read: str) -> None:
    assert longest_run(read, form(), [0, len(read)]) is None


def test_letters_that_the_network_leaves_out_are_in_a_part() -> None:
    """Of "Mây Tre Đất Việt" the box holds "re Đất Việt", and ấ and ệ are not read."""
    whole = Form("maytredatviet", joints=(3, 6, 9), spelt="maytredAtviEt")
    assert longest_run("redtvit", whole, [0, 2, 4, 7]) == Run(4, 13, 0, left_out=2)


def test_the_rest_is_looked_for_where_it_must_be() -> None:
    strips = completing([line("willow")], [form()])
    pitch, wide = 160 / 6, [strip.quad for strip in strips if strip.quad[0, 1] == 100]
    assert all(quad[0, 0] == pytest.approx(200) for quad in wide)
    assert min(quad[1, 0] for quad in wide) > 200 + 15 * pitch
    below = [strip.quad for strip in strips if strip.quad[0, 1] > 100]
    assert below and len(below) + len(wide) == len(strips)
    assert all(quad[0, 0] < 200 and quad[1, 0] - quad[0, 0] > 9 * pitch for quad in below)


def test_the_beginning_is_looked_for_on_the_left_and_above() -> None:
    quads = [strip.quad for strip in completing([line("thread")], [form()])]
    assert all(quad[0, 0] < 200 and quad[0, 1] <= 100 for quad in quads)


def test_one_letter_alone_is_looked_for_in_the_same_line_only() -> None:
    quads = [strip.quad for strip in completing([line("willo")], [Form("willow")])]
    assert quads and all(quad[0, 1] == 100 and quad[1, 0] > 360 + 160 / 5 for quad in quads)


@pytest.mark.parametrize(("text", "certainty"), [("willow", 0.5), ("pottery", 0.95), ("willowandthread", 0.95)])
def test_nothing_is_looked_for_without_a_certain_part(text: str, certainty: float) -> None:
    assert completing([line(text, certainty)], [form()]) == []


def test_a_turned_strip_is_longer_the_other_way() -> None:
    strip = line("willow").strip
    turned = strip.turned()
    assert turned.longer and strip.longer
    np.testing.assert_allclose(turned.longer(0, 1.5, 0).quad[1], [120, 140], atol=1e-3)
    np.testing.assert_allclose(turned.longer(0, 1, 1).quad[0], [360, 100], atol=1e-3)


@pytest.mark.parametrize("number", [0, 1])
def test_an_arc_is_made_longer_along_its_circle(number: int) -> None:
    pyramid, circle = Pyramid(np.zeros((600, 600, 3), np.uint8)), Circle(300, 300, 200)
    strip = ring_strips(pyramid, circle, 20, -2.0, -1.0)[number]
    assert strip.longer
    more: Strip = strip.longer(0, 1.5, 0)
    assert more.curved
    assert more.image.shape[1] == pytest.approx(1.5 * strip.image.shape[1], rel=0.02)
    np.testing.assert_allclose(more.quad[0], strip.quad[0], atol=1)
    assert strip.longer(-9, 9, 0).image.shape[1] == pytest.approx(2 * np.pi * strip.image.shape[1], rel=0.02)


def test_letters_have_their_place_in_the_strip() -> None:
    part = part_in(line("willow"), [form()])
    assert part and (part.first, part.last, part.letters) == (0, 6, 15)
    assert part.left == pytest.approx(0, abs=0.1) and part.right == pytest.approx(1, abs=0.1)
