"""Scores of names against made-up network output: no network is run."""

from __future__ import annotations

import numpy as np
import pytest

from verify_media.readers import ocr_recognise
from verify_media.readers.ocr_recognise import Alphabet, Reading, fold, spelt
from verify_media.readers.spotting import SETTINGS, Form, spot, variants, word_around

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WILLOW = tuple(f"willow{joiner}thread" for joiner in ("and", "", "und", "et", "y", "e", "n"))


@pytest.fixture(autouse=True)
def _small_dictionary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank, 26 letters, a point, a space."""
    monkeypatch.setattr(ocr_recognise, "characters", lambda: ("", *LETTERS, ".", " "))
    monkeypatch.setattr("verify_media.readers.spotting.characters", ocr_recognise.characters)
    monkeypatch.setattr(ocr_recognise, "class_keys", lambda: ("", *LETTERS, "", ""))
    monkeypatch.setattr(ocr_recognise, "other_case", lambda: np.full(29, -1, np.int32))


def read(
    text: str,
    alphabet: Alphabet,
    sure: float = 0.998,
    doubts: dict[int, str] | None = None,
    seen: dict[int, dict[str, float]] | None = None,
) -> Reading:
    """A line in which each character of `text` peaks on one step; `doubts` gives a place an equal rival, `seen` other
    probabilities, the rest for blank."""
    probability = np.full((3 * len(text) + 3, 29), (1 - sure) / 28, np.float32)
    probability[:, 0] = sure
    for place, character in enumerate(text):
        rivals = character + (doubts or {}).get(place, "")
        probability[3 * place + 2] = 1e-4
        for rival in rivals:
            probability[3 * place + 2, (*LETTERS, ".", " ").index(rival) + 1] = sure / len(rivals)
    for place, shares in (seen or {}).items():
        probability[3 * place + 2] = 1e-6
        probability[3 * place + 2, 0] = 1 - sum(shares.values())
        for letter, share in shares.items():
            probability[3 * place + 2, LETTERS.index(letter) + 1] = share
    return ocr_recognise._reading(probability, alphabet)


def score(name: str, text: str, **how: object) -> float:
    form = variants(name)[0]
    alphabet = Alphabet([form.letters])
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


def test_a_word_may_be_a_part_of_an_address_and_of_no_other_word() -> None:
    """The address is told, and the maker asked."""
    form = variants("Quillmoor")[0]
    alphabet = Alphabet([form.letters])
    reading = read("see quillmoorstudio.com now", alphabet)
    match = spot([[reading]], form, alphabet)[0]
    assert match.score > SETTINGS.found
    assert word_around(reading, match) == "quillmoorstudio.com"
    assert score("Quillmoor", "quillmoorstudio") < SETTINGS.found
    assert score("Quillmoor", "quillmoors.com") < SETTINGS.found
    assert score("Fable", "fablestudio.com") < SETTINGS.found


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
        ("Willow & Thread", WILLOW),
        ("Willow and Thread", ("willowandthread", "willowthread")),
        ("Anna's Café", ("annascafe",)),
        ("Straße 7", ("straße7", "strasse7")),
        ("Müllers Wolle", ("mullerswolle", "muellerswolle")),
        ("Cœur and Æble", ("cœurandæble", "coeurandaeble", "cœuræble", "coeuraeble")),
        ("Ull og Lin", ("ullandlin", "ulllin", "ulloglin")),
        ("Oh my e", ("ohmye",)),
        ("ʻOhana", ("ohana",)),
        ("&", ()),
        ("Ivy +", ("ivyand", "ivy")),
        ("ᏣᎳᎩ", ("ᏣᎳᎩ",)),
    ],
)
def test_variants(name: str, keys: tuple[str, ...]) -> None:
    assert tuple(form.key for form in variants(name)) == keys


def test_variants_know_another_word_for_their_sign() -> None:
    assert [form.joiner for form in variants("Fil & Laine")] == [(0, 0)] * 2 + [(3, 6), (3, 5)] + [(3, 4)] * 3


@pytest.mark.parametrize(("text", "is_found"), [("willow y thread", True), ("willowy thread", False)])
def test_a_letter_that_joins_words_stands_apart(text: str, is_found: bool) -> None:
    forms = variants("Willow & Thread")
    alphabet = Alphabet(form.letters for form in forms)
    best = max(spot([[read(text, alphabet)]], form, alphabet)[0].score for form in forms)
    assert (best >= SETTINGS.found) == is_found


def test_variants_know_where_their_words_meet() -> None:
    assert [form.joints for form in variants("Willow and Thread")] == [(6, 9), (6,)]


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


@pytest.mark.parametrize(
    ("suspected", "is_found"),
    [({"o": 0.05}, True), ({"o": 0.002}, True), ({"o": 0.998}, True), ({"u": 0.05}, False), ({"u": 0.998}, False)],
)
def test_a_letter_that_cannot_be_written_is_the_one_that_is_suspected(
    suspected: dict[str, float], is_found: bool
) -> None:
    """The dictionary has no ộ: what stands there is left out, or read without its marks."""
    assert (score("Mộc Lan", "moc lan", seen={1: suspected}) >= SETTINGS.found) == is_found


def test_a_letter_that_is_not_even_suspected_is_not_there() -> None:
    assert score("Mộc Lan", "mc lan") < SETTINGS.found


def test_spelt_marks_what_the_network_cannot_write() -> None:
    assert [spelt(text) for text in ("Mộc", "Moc", "mo\u0323\u0302c", "Straße")] == ["mOc", "moc", "mOc", "straße"]


def test_a_ligature_that_is_taken_for_a_half_of_it_is_found_and_another_letter_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ocr_recognise, "_HALVES", {"e": "x"})
    ocr_recognise._feeds.cache_clear()
    assert score("Faxry Arts", "faxry arts") > score("Faxry Arts", "faery arts") + 0.3
    assert score("Faxry Arts", "faery arts") >= SETTINGS.found > score("Faxry Arts", "fairy arts")
