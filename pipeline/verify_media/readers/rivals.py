"""Rivals: names that differ from the wanted one by a letter, and may be what is really written.

A name that is spelled otherwise scores nearly as well as the right one: THREADS under THREAD loses a letter in fifteen.
What tells them apart is the likelihood ratio of the two over the same time steps (the CTC forward score of a whole
stretch: Graves et al., ICML 2006), not the score of one alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_recognise import Alphabet, Reading, fold, is_unwritten
from verify_media.readers.spotting import Form, Match

Floats = NDArray[np.float32]

_CONFUSED = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("1", "i"), ("l", "i"), ("0", "o"), ("5", "s"), ("8", "b"))
"""Written alike in many typefaces: nobody can tell them apart, so they make no rival."""


@dataclass(frozen=True, slots=True)
class RivalSettings:
    doubt: float = 1.0
    """Log-likelihood by which a rival must lead for the place to be read again. Of 168 words of ICDAR photos (half
    `tune`) 3 have such a rival, and 7 of the 9 names one letter off that were taken for one; of 115 composed names 6,
    and 54 of 58."""
    lead: float = 2.2
    """Mean lead over all readings that makes it another name. A true Willow, 48 px high in brush lettering, has 1.8."""
    least: float = -6.0
    """One reading that finds a letter of the rival impossible must not outvote two that read it."""
    reach: float = 1.2
    """Letter pitches on either side of the name that a longer rival may take up. With 1.6, A YEAR is no YEAR."""
    space: float = 0.5
    """A space of this probability ends the stretch."""
    far: float = 16.0
    """Another word for "&" that is by so much less likely there is not mended by a letter, which costs 14 at most."""
    possible: float = 1e-3
    """Letters that nowhere in the stretch have this probability make no rival."""


SETTINGS = RivalSettings()


@dataclass(frozen=True, slots=True)
class Rival:
    """The likeliest name one letter off; `lead`: its log-likelihood less that of the likeliest accepted form."""

    key: str
    lead: float
    read: str
    """What the free decoding says there."""


def rival(line: Reading, match: Match, forms: Sequence[Form], alphabet: Alphabet) -> Rival:
    """The strongest rival of the accepted `forms` of a name at the place of a match."""
    first, last = stretch(line, match, max(len(form.key) for form in forms))
    read = "".join(character for character, step in line.letters() if first <= step < last).strip()
    return Rival(*strongest(line.wanted[first:last], forms, alphabet), read)


def other_name(readings: Sequence[Rival], forms: Sequence[Form]) -> str:
    """What stands there rather than the name, by several readings of one place; "" where it is the name."""
    if np.mean([max(seen.lead, SETTINGS.least) for seen in readings]) < SETTINGS.lead:
        return ""
    names = {"", *(form.key for form in forms)}
    return next((seen.read for seen in readings if fold(seen.read) not in names), readings[0].key.lower())


def strongest(window: Floats, forms: Sequence[Form], alphabet: Alphabet) -> tuple[str, float]:
    """The likeliest name one letter off, and its log-likelihood less that of the likeliest form."""
    letters = [key for key, column in alphabet.index.items() if key and window[:, column].max() >= _possible()]
    looks = {skeleton(form.letters) for form in forms}
    signs = {key for form in forms for key in _with_sign(form, letters)}
    wanted = likelihoods(window, [form.letters for form in forms], alphabet)
    likely = wanted >= wanted.max() - SETTINGS.far
    near = [form for form, is_likely in zip(forms, likely, strict=True) if is_likely or not any(form.joiner)]
    off = ((key, form) for form in near for key in one_letter_off(form, letters) if skeleton(key) not in looks)
    rivals = sorted({key for key, form in off if not (any(form.joiner) and key in signs)})
    if not rivals:
        return "", -np.inf
    others = likelihoods(window, rivals, alphabet)
    best = int(others.argmax())
    return rivals[best], float(others[best] - wanted.max())


def _possible() -> float:
    return float(np.log(SETTINGS.possible))


def stretch(line: Reading, match: Match, letters: int) -> tuple[int, int]:
    """The steps that a name of so many letters and one that may touch it take up.

    It ends at a space or mark of punctuation; and at the name, where that is a part of a longer word (a handle).
    """
    reach = round(SETTINGS.reach * (match.stop - match.start) / letters)
    low = match.start if match.before > 1 else max(0, match.start - reach)
    high = match.stop if match.after > 1 else min(len(line.best), match.stop + reach)
    ends = _word_ends(line)
    before, after = np.flatnonzero(ends[low : match.start]), np.flatnonzero(ends[match.stop : high])
    return low + (int(before[-1]) if len(before) else 0), match.stop + int(after[0]) + 1 if len(after) else high


def _word_ends(line: Reading) -> NDArray[np.bool_]:
    """Steps at which a word ends; an apostrophe ends none."""
    ends = line.space >= SETTINGS.space
    ends[[step for character, step in line.letters() if not fold(character) and character not in "'’`´"]] = True
    return ends


def one_letter_off(form: Form, letters: Sequence[str]) -> Iterator[str]:
    """Names with a letter less, other or more. Between words only a plural is one: an ornament or "&" is read there.

    A letter that the network cannot write is another such letter there: that it was left out tells nothing. What is
    no part of the name makes none: of "Fil et Laine" for "Fil & Laine", & may be read as e.
    """
    key = form.letters
    written = [letter for letter in letters if not is_unwritten(letter)]
    first, last = form.joiner
    for place in (*range(first), *range(last, len(key) + 1)):
        head, tail = key[:place], key[place:]
        yield from (head + letter + tail for letter in written if letter == "s" or place not in form.joints)
        if tail:
            others = [letter for letter in letters if is_unwritten(letter)] if is_unwritten(tail[0]) else ["", *written]
            yield from (head + letter + tail[1:] for letter in others)


def _with_sign(form: Form, letters: Sequence[str]) -> Iterator[str]:
    """The name with a letter between its words, as which a sign is read: an s there is a plural."""
    for place in form.joints:
        yield from (form.letters[:place] + letter + form.letters[place:] for letter in letters if letter != "s")


def skeleton(key: str) -> str:
    """The same for names that look the same."""
    key = key.lower()
    for written, seen in _CONFUSED:
        key = key.replace(written, seen)
    return key


def likelihoods(window: Floats, keys: Sequence[str], alphabet: Alphabet) -> Floats:
    """Log-probability of each key over the whole window, fillers around and between the letters."""
    columns = _columns(keys, alphabet)
    skips = np.zeros(columns.shape, bool)
    skips[:, 3::2] = columns[:, 3::2] != columns[:, 1:-2:2]
    score = np.full(columns.shape, -1e9, np.float32)
    score[:, 0] = 0.0
    for step in window:
        moved = np.full((3, *score.shape), -1e9, np.float32)
        moved[0] = score
        moved[1, :, 1:] = score[:, :-1]
        moved[2, :, 2:] = np.where(skips[:, 2:], score[:, :-2], -1e9)
        score = np.logaddexp.reduce(moved, axis=0) + step[columns]
    ends = 2 * np.array([len(key) for key in keys])
    rows = np.arange(len(keys))
    return np.asarray(np.logaddexp(score[rows, ends], score[rows, ends - 1]), np.float32)


def _columns(keys: Sequence[str], alphabet: Alphabet) -> NDArray[np.intp]:
    """Keys x states: filler, letter, filler, ..., filler; shorter names are filled up with fillers."""
    columns = np.zeros((len(keys), 2 * max(map(len, keys)) + 1), np.intp)
    for row, key in enumerate(keys):
        columns[row, 1 : 2 * len(key) : 2] = [alphabet.index[letter] for letter in key]
    return columns
