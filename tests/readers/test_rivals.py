"""Names one letter off, against made-up network output: no network is run."""

from __future__ import annotations

import numpy as np
import pytest

from verify_media.readers import ocr_recognise
from verify_media.readers.ocr_recognise import Alphabet, Reading
from verify_media.readers.rivals import Rival, one_letter_off, other_name, rival, skeleton
from verify_media.readers.spotting import Form, Match, variants

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(autouse=True)
def _small_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank, 26 letters, a point, an apostrophe, a space."""
    monkeypatch.setattr(ocr_recognise, "characters", lambda: ("", *LETTERS, ".", "'", " "))
    monkeypatch.setattr(ocr_recognise, "class_keys", lambda: ("", *LETTERS, "", "", ""))
    monkeypatch.setattr(ocr_recognise, "other_case", lambda: np.full(30, -1, np.int32))


def line(text: str, alphabet: Alphabet, seen: dict[int, dict[str, float]] | None = None) -> Reading:
    """Each character peaks on one step; `seen` gives a place other probabilities."""
    probability = np.full((3 * len(text) + 3, 30), 1e-5, np.float32)
    probability[:, 0] = 1 - 29e-5
    for place, character in enumerate(text):
        step = probability[3 * place + 2]
        step[:] = 1e-5
        for letter, share in (seen or {}).get(place, {character: 1 - 29e-5}).items():
            step[(*LETTERS, ".", "'", " ").index(letter) + 1 if letter else 0] = share
    return ocr_recognise._reading(probability, alphabet)


def other(name: str, text: str, span: tuple[int, int] | None = None, touching: int = 0, **how: object) -> str:
    """What is told of `name`, matched at the characters [span) of a line."""
    forms = variants(name)
    alphabet = Alphabet(form.key for form in forms)
    first, last = span or (0, len(text))
    match = Match(-0.5, 3 * first + 2, 3 * (last - 1) + 3, "", 0, touching)
    return other_name([rival(line(text, alphabet, **how), match, forms, alphabet)], forms)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["willow", "my willow tree", "www.willow.com"])
def test_the_name_is_no_other(text: str) -> None:
    first = text.index("willow")
    assert other("Willow", text, (first, first + 6)) == ""


@pytest.mark.parametrize("text", ["pillow", "willaw", "wilow", "willlow", "willows", "willoww"])
def test_one_letter_makes_another_name(text: str) -> None:
    assert other("Willow", text) == text


@pytest.mark.parametrize("text", ["willows", "willows tree", "swillow"])
def test_a_letter_that_touches_the_name_makes_another(text: str) -> None:
    first = text.index("willow")
    assert other("Willow", text, (first, first + 6)) == text.removesuffix(" tree")


def test_a_name_in_a_handle_is_the_name() -> None:
    assert other("Willow Thread", "willowthreadshop", (0, 12), touching=2) == ""
    assert other("Willow Thread", "willowthreads", (0, 12), touching=1) == "willowthreads"


def test_a_letter_in_doubt_makes_none() -> None:
    assert other("Willow", "willow", seen={4: {"o": 0.4, "a": 0.6}}) == ""
    assert other("Willow", "willow", seen={4: {"o": 0.05, "a": 0.95}}) == "willaw"


@pytest.mark.parametrize("text", ["wiiiow", "vviiiow"])
def test_letters_that_look_the_same_make_none(text: str) -> None:
    assert skeleton(text) == skeleton("willow")
    assert other("Willow", "willow", seen={2: {"l": 0.1, "i": 0.9}}) == ""


def test_an_accepted_spelling_is_no_rival() -> None:
    assert other("Willow & Thread", "willowthread") == ""
    assert other("Willow & Thread", "willowandthread") == ""


def test_an_ampersand_read_as_a_letter_makes_none_and_a_plural_does() -> None:
    assert other("Willow & Thread", "willowethread") == ""
    assert other("Willow & Thread", "willowsthread") == "willowsthread"


def test_several_readings_decide_together() -> None:
    forms, first, second = variants("Willow"), Rival("willaw", 3.0, "Willaw"), Rival("willaw", -1.0, "Willow")
    assert other_name([first, first], forms) == "Willaw"
    assert other_name([first, second, second], forms) == ""
    assert other_name([Rival("willaw", 13.0, "Willaw"), Rival("wilow", -40.0, "Willow")], forms) == "Willaw"


def test_one_letter_off() -> None:
    assert set(one_letter_off(Form("ab"), "x")) == {"b", "a", "xb", "ax", "xab", "axb", "abx"}


def test_a_letter_that_cannot_be_written_is_left_out_by_the_network_and_not_by_the_name() -> None:
    forms = variants("Mộc")
    assert [form.letters for form in forms] == ["mOc"]
    assert {"mc", "moc", "mxc"}.isdisjoint(one_letter_off(forms[0], ["o", "x", "U"]))
    assert {"mUc", "oOc", "mO"} <= set(one_letter_off(forms[0], ["o", "x", "U"]))
