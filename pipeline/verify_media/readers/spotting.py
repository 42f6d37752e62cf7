"""Word spotting: how well does a strip's CTC output agree with a name that is known beforehand?

The score of a name is the best CTC path through all its characters inside the line (Graves et al., "Connectionist
temporal classification", ICML 2006, with free ends), in log-probability per character: 0 is certain, a wrong character
costs up to 7.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_recognise import Alphabet, Reading, as_folded, characters, fold, spelt
from verify_media.readers.trellis import Path, best_paths, letter_spans

Floats = NDArray[np.float32]

AND = re.compile(r"\s*(?:&|\+|\b(?:and|und|et|y|n)\b|'n'?|(?<=\w )\b(?:e|og|och|en)\b(?= \w))\s*", re.IGNORECASE)
"""What joins two words. "e", "og", "och" and "en" do so between words only: at an end they are words of their own."""
ADDRESS = re.compile(r"@|www\.|\w\.[a-z]{2,}\b|\w/", re.IGNORECASE)
"""What is read in a handle or the address of a page."""
_AND_SIGN = re.compile(r"\s*[&+]\s*")
_AND_WORDS = ("und", "et", "y", "e", "n")
"""What "&" is written as besides "and". A single letter must stand apart: Willowy Thread is no Willow & Thread."""
_LIGATURES = {"ß": "ss", "æ": "ae", "œ": "oe"}
_UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", **_LIGATURES}
"""How the letters are written where a keyboard, an address or a typeface lacks them."""


@dataclass(frozen=True, slots=True)
class SpottingSettings:
    """Thresholds in log-probability per character."""

    found: float = -1.2
    """No false sight in 15,655 pairs (CUTE80) and 9,840 (ICDAR 2003) at this value."""
    well: float = -0.35
    """So good that looking further cannot help."""
    joined: float = -0.8
    """Names put together from several strips have more ways to arise by chance."""
    floor: float = -7.0
    """Cost of a wrong character where the network is in doubt."""
    sure: float = 0.7
    doubt: float = 1e-3
    """A step contradicts a character when another has the one probability and the character less than the other. With
    and without this rule 268 and 270 of 279 words in ICDAR photos are found, and 3 % and 40 % of names one letter off
    are taken for them."""
    contradiction: float = -1.3
    """Cost of a contradiction, times the length of the name: one alone refuses the name."""
    long_name: int = 12
    """From this length on, one letter may be taken for one that looks like it at the cost of `floor`."""
    compound: int = 10
    """From this length on, a name of several words may stand inside a longer word (a handle or a domain)."""
    address: int = 7
    """From this length on, one word may be a part of an address, and the maker is asked whether that is hers."""
    neighbour: float = -3.0
    """Cost of each letter that touches it there."""
    word_gap: float = 3.0
    """A pause of this many letter pitches is a word boundary even where no space was read."""
    space: float = 0.5
    """A space of this probability between the letters that were read and an end of the name: the letters beyond it were
    guessed from noise (ASDAS where ASDA stands)."""


SETTINGS = SpottingSettings()


@dataclass(frozen=True, slots=True)
class Match:
    """A name in a sequence of time steps."""

    score: float
    """Log-probability per character, letters that touch it included."""
    start: int
    stop: int
    """Time steps of the name: [start, stop)."""
    text: str
    """What the free decoding says there."""
    before: int = 0
    after: int = 0
    """Letters that touch it, two at most: more are not counted."""
    letters: tuple[tuple[int, int], ...] = ()
    """Time steps [start, stop) of its letters, in their order; () where the name is not found."""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a name: `key` is folded; a `compound` of several words may be part of a longer word."""

    key: str
    compound: bool = False
    joints: tuple[int, ...] = ()
    """Where its words meet: letters of the key before each."""
    joiner: tuple[int, int] = (0, 0)
    """Letters [first, last) of another word for the sign that joins its words: no part of the name."""
    spelt: str = ""
    """The key, with capitals for letters that the network cannot write (`ocr_recognise.spelt`); "" has none."""

    @property
    def letters(self) -> str:
        """Keys of the alphabet."""
        return self.spelt or self.key


def variants(name: str) -> tuple[Form, ...]:
    """The folded forms that count as the name: "Willow & Thread" is willowandthread and willowthread."""
    plain = fold(name)
    if not plain:
        return ()
    several = sum(bool(fold(word)) for word in name.split()) > 1
    forms: dict[str, Form] = {}
    for written, joining in _joinings(name):
        for text in _spellings(written):
            letters = spelt(text)
            if letters and 2 * len(letters) > len(plain):
                compound, at = several and len(letters) >= SETTINGS.compound, _joiner(text, joining)
                forms.setdefault(letters, Form(as_folded(letters), compound, _joints(text), at, letters))
    return tuple(forms.values())


def _joinings(name: str) -> Iterator[tuple[str, str]]:
    """With "and" for what joins its words, with nothing, as it is; and with other words, told beside it, for a sign."""
    for written in (AND.sub(" and ", name), AND.sub(" ", name), name):
        yield written, ""
    if [bool(fold(part)) for part in _AND_SIGN.split(name)] == [True, True]:
        for word in _AND_WORDS:
            yield _AND_SIGN.sub(f" {word} ", name), word


def _joiner(text: str, word: str) -> tuple[int, int]:
    """Where the word stands in the key."""
    if not word:
        return (0, 0)
    first = len(spelt(text.lower().partition(f" {word} ")[0]))
    return first, first + len(word)


def _spellings(name: str) -> Iterator[str]:
    """Weiß & Süß, Weiss & Süss, Weiss & Suess: as it is, without ligatures, and without umlauts too."""
    small = unicodedata.normalize("NFC", name).lower()
    yield name
    for table in (_LIGATURES, _UMLAUTS):
        yield "".join(table.get(character, character) for character in small)


def _joints(name: str) -> tuple[int, ...]:
    lengths = [len(spelt(word)) for word in name.split()]
    return tuple(sorted({sum(lengths[:count]) for count in range(1, len(lengths))} - {0, sum(lengths)}))


def spot(readings: Sequence[Sequence[Reading]], form: Form, alphabet: Alphabet) -> list[Match]:
    """The best place of a folded name in each line. A line is one reading, or several that follow one another."""
    lines = [joined(parts) for parts in readings]
    emissions = [emission(line, form.letters, alphabet) for line in lines]
    found = best_paths(emissions, form.letters, alphabet)
    matches = [_match(line, form, path) for line, path in zip(lines, found, strict=True)]
    return [
        _aligned(match, form, emit, line, alphabet) if match.score >= SETTINGS.found else match
        for match, emit, line in zip(matches, emissions, lines, strict=True)
    ]


def _aligned(match: Match, form: Form, emit: Floats, line: Reading, alphabet: Alphabet) -> Match:
    """With the steps of its letters; refused where one letter joins its words and does not stand apart."""
    spans = letter_spans(emit[match.start : match.stop], form.letters, alphabet, match.start)
    first, last = form.joiner
    gaps = [line.space[spans[n - 1][1] : spans[n][0]] for n in (first, last)] if last - first == 1 else []
    cost = 0.0 if all((gap >= SETTINGS.space).any() for gap in gaps) else SETTINGS.contradiction
    return replace(match, letters=spans, score=match.score + cost)


def joined(parts: Sequence[Reading]) -> Reading:
    """Readings one after the other, a sure space between them."""
    if len(parts) == 1:
        return parts[0]
    gap = _pause(parts[0].wanted.shape[1])
    pieces = [piece for part in parts for piece in (part, gap)][:-1]
    return Reading(
        np.concatenate([piece.wanted for piece in pieces]),
        np.concatenate([piece.best for piece in pieces]),
        np.concatenate([piece.confidence for piece in pieces]),
        np.concatenate([piece.space for piece in pieces]),
    )


def _pause(keys: int) -> Reading:
    wanted = np.full((1, keys), -14.0, np.float32)
    wanted[0, 0] = 0.0
    one = np.ones(1, np.float32)
    return Reading(wanted, np.full(1, len(characters()) - 1, np.int32), one, one)


def emission(line: Reading, form: str, alphabet: Alphabet) -> Floats:
    """T x K log-probabilities with their floor, and with contradictions priced for a name of this length."""
    emit = np.maximum(line.wanted, SETTINGS.floor)
    sure = (line.confidence > SETTINGS.sure) | (line.wanted[:, 0] > np.log(SETTINGS.sure))
    against = sure[:, None] & (line.wanted < np.log(SETTINGS.doubt))
    if len(form) >= SETTINGS.long_name:
        against &= ~alphabet.resembles[:, line.best].T
    emit[against] = min(2 * SETTINGS.floor, SETTINGS.contradiction * len(form))
    return emit


def _match(line: Reading, form: Form, path: Path) -> Match:
    start, stop = path.start, path.stop
    letters = [(character, step) for character, step in line.letters() if line.confidence[step] > 0.5]
    inside = "".join(character for character, step in letters if start <= step < stop)
    pitch = (stop - start) / len(form.key)
    before = _touching([(c, start - step) for c, step in reversed(letters) if step < start], line, start, -1, pitch)
    after = _touching([(c, step - stop + 1) for c, step in letters if step >= stop], line, stop, 1, pitch)
    guessed = _ends_in_noise([step for c, step in letters if start <= step < stop and fold(c)], line, start, stop)
    may_touch = form.compound or (len(form.key) >= SETTINGS.address and bool(ADDRESS.search(line.text)))
    cost = SETTINGS.contradiction if guessed else _crowding(before, after, may_touch, len(form.key))
    return Match(path.score + cost, start, stop, inside, before, after)


def _ends_in_noise(read: Sequence[int], line: Reading, start: int, stop: int) -> bool:
    """Whether a space lies between the letters that were read (their steps) and an end of the name."""
    if not read:
        return False
    ends = np.concatenate([line.space[start : read[0]], line.space[read[-1] + 1 : stop]])
    return bool((ends >= SETTINGS.space).any())


def _crowding(before: int, after: int, may_touch: bool, letters: int) -> float:
    """Cost per character of the letters that touch the name: CREATION is neither in CREATIONS nor in RECREATION."""
    if 1 in (before, after) or (before + after and not may_touch):
        return SETTINGS.contradiction
    return SETTINGS.neighbour * (before + after) / letters


def _touching(letters: Sequence[tuple[str, int]], line: Reading, edge: int, way: int, pitch: float) -> int:
    """How many letters (two at most) follow the name without a word boundary; distances in steps from its edge."""
    last = 0
    for count, (character, distance) in enumerate(letters[:2]):
        if (
            not fold(character)
            or distance - last > max(SETTINGS.word_gap * pitch, 5.0)
            or _spaced(line, edge, distance, way)
        ):
            return count
        last = distance
    return min(len(letters), 2)


def _spaced(line: Reading, edge: int, distance: int, way: int) -> bool:
    between = line.space[edge : edge + distance] if way > 0 else line.space[max(edge - distance, 0) : edge]
    return bool(between.sum() > 0.1)


def word_around(line: Reading, match: Match) -> str:
    """What was read without a space before, in and after the name: the whole address that it is a part of."""
    written = line.letters()
    gaps = [step for character, step in written if character.isspace()]
    first = max((step for step in gaps if step < match.start), default=-1)
    last = min((step for step in gaps if step >= match.stop), default=len(line.best))
    return "".join(character for character, step in written if first < step < last)
