"""Scores of names against made-up network output: no network is run."""

from __future__ import annotations

import numpy as np
import pytest

from verify_media.readers import ocr_recognise
from verify_media.readers.ocr_recognise import Alphabet, Reading, fold
from verify_media.readers.spotting import SETTINGS, Form, spot, variants

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(autouse=True)
def _small_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank, 26 letters, a point, a space."""
    monkeypatch.setattr(ocr_recognise, "characters", lambda: ("", *LETTERS, ".", " "))
    monkeypatch.setattr("verify_media.readers.spotting.characters", ocr_recognise.characters)
    monkeypatch.setattr(ocr_recognise, "class_keys", lambda: ("", *LETTERS, "", ""))
    monkeypatch.setattr(ocr_recognise, "other_case", lambda: np.full(29, -1, np.int32))


def read(text: str, alphabet: Alphabet, sure: float = 0.998, doubts: dict[int, str] | None = None) -> Reading:
    """A line in which each character of `text` peaks on one step; `doubts` gives a place an equal rival."""
    probability = np.full((3 * len(text) + 3, 29), (1 - sure) / 28, np.float32)
    probability[:, 0] = sure
    for place, character in enumerate(text):
        rivals = character + (doubts or {}).get(place, "")
        probability[3 * place + 2] = 1e-4
        for rival in rivals:
            probability[3 * place + 2, (*LETTERS, ".", " ").index(rival) + 1] = sure / len(rivals)
    return ocr_recognise._reading(probability, alphabet)


def score(name: str, text: str, **how: object) -> float:
    form = variants(name)[0]
    alphabet = Alphabet([form.key])
    return spot([[read(text, alphabet, **how)]], form, alphabet)[0].score  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["willow", "the willow tree", "www.willow.com", "w i l l o w", "will.ow"])
def test_finds_the_name_as_a_whole_word(text: str) -> None:
    assert score("Willow", text) > SETTINGS.well


@pytest.mark.parametrize("text", ["willows", "pillow", "wilow", "williow", "swillow", "oak"])
def test_refuses_other_words(text: str) -> None:
    assert score("Willow", text) < SETTINGS.found


def test_refuses_a_short_word_inside_another() -> None:
    assert score("the", "other") < SETTINGS.found


def test_a_letter_guessed_from_noise_beyond_a_space_is_no_plural() -> None:
    assert score("willows", "willow qo", doubts={7: "sxz"}) < SETTINGS.found


def test_a_long_name_counts_as_part_of_a_handle() -> None:
    assert score("willow and thread", "willowandthreadshop") > SETTINGS.found


def test_a_plural_of_a_long_name_is_another_name() -> None:
    assert score("willow and thread", "willow and threads") < SETTINGS.found


def test_doubt_about_a_letter_is_forgiven() -> None:
    assert score("willow", "willqw", doubts={4: "o"}) > SETTINGS.found


def test_the_match_covers_the_name_only() -> None:
    alphabet = Alphabet(["willow"])
    (match,) = spot([[read("the willow tree", alphabet)]], Form("willow"), alphabet)
    assert (match.text, match.start, match.stop) == ("willow", 14, 30)


def test_a_name_runs_over_several_readings() -> None:
    alphabet = Alphabet(["godmorgon"])
    parts = [read(text, alphabet) for text in ("god", "mor", "gon")]
    assert spot([parts], Form("godmorgon"), alphabet)[0].score > SETTINGS.well


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Willow & Thread", ("willowandthread", "willowthread")),
        ("Willow and Thread", ("willowandthread", "willowthread")),
        ("Anna's Café", ("annascafe",)),
        ("Straße 7", ("straße7", "strasse7")),
        ("Müllers Wolle", ("mullerswolle", "muellerswolle")),
        ("Cœur & Æble", ("cœurandæble", "coeurandaeble", "cœuræble", "coeuraeble")),
        ("&", ()),
    ],
)
def test_variants(name: str, keys: tuple[str, ...]) -> None:
    assert tuple(form.key for form in variants(name)) == keys


def test_variants_know_where_their_words_meet() -> None:
    assert [form.joints for form in variants("Willow & Thread")] == [(6, 9), (6,)]


@pytest.mark.parametrize(
    ("text", "folded"), [("ÅNGSTRÖM", "angstrom"), ("Łódź", "lodz"), ("ﬁne", "fine"), ("木工房", "木工房")]
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_each_letter_has_its_own_steps() -> None:
    alphabet = Alphabet(["godmorgon"])
    parts = [read(text, alphabet) for text in ("god", "  mor", "gon")]
    (match,) = spot([parts], Form("godmorgon"), alphabet)
    offsets = [0, 12 + 1 + 2 * 3, 12 + 1 + 18 + 1]
    wanted = [offset + 3 * letter + 2 for offset in offsets for letter in range(3)]
    assert match.letters == tuple((step, step + 1) for step in wanted)
    assert (match.letters[0][0], match.letters[-1][1]) == (match.start, match.stop)


def test_a_name_that_is_not_found_has_no_letters() -> None:
    alphabet = Alphabet(["willow"])
    assert spot([[read("pottery", alphabet)]], Form("willow"), alphabet)[0].letters == ()
