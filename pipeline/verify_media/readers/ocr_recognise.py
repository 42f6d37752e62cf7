"""Text recognition: the PP-OCRv6 network (a CTC line reader with 18,710 characters) run directly on onnxruntime."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verify_media import assets
from verify_media.readers.ocr_models import run, session

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

WEIGHTS = "PP-OCRv6_rec_small.onnx"
STRIP_HEIGHT = 48
"""Rows of a strip: what the network was trained on."""
STEP_PX = 8
"""Columns of a strip for each time step of the output."""
BATCH_PX = 2560
"""Columns in one batch: bounds the output (18,710 floats for every 8 columns) to 24 MB."""
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
SHARP_S = "ß"
_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
FILLER = ""
"""The key of everything that is not a letter or digit: blank, space, punctuation."""

_SINGLE = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "ħ": "h", "ŧ": "t", "’": "'", "ð": "d"}
_APOSTROPHES = "ʹʻʼʽʾʿˈ"
"""Letters to Unicode, the ʻokina among them; written and read as signs."""
_LOOK_ALIKE = {
    **{"0": "o", "o": "0", "1": "il", "i": "l1", "l": "i1", "|": "il1", "!": "i", "5": "s", "s": "5", "$": "s"},
    **{"8": "b", "6": "b", "〇": "o", "@": "a", "€": "e", "ß": "b"},
    **dict(zip("αβεικνορτυχω", "abeikvoptuxw", strict=True)),
}
"""Glyphs that the network takes for one another where the letters around do not tell."""
_RESEMBLING = ("aceoudqg0", "mnhruwvy", "iltjfr1", "bhkpdl68", "sz52g8", "vyux", "ef", "ft", "kxr", "pr", "cg", "dcl")
"""Letters that a decorative hand or a blur makes alike."""
LOOK_ALIKE_SHARE = 0.2
"""What a look-alike's probability counts for: one costs ln(0.2) = -1.6, a wrong letter from -7."""
_HALVES = {"a": "æ", "e": "æœ", "o": "œ"}
"""Halves of a ligature, for which the network takes it now and then."""
HALF_SHARE = 0.05
"""At ln(0.05) = -3 the place is found and asked about: HANDVERK may be another name than HÅNDVÆRK."""
SUSPECTED = 1e-3
"""Probability of all letters from which on a step may hold one that the network cannot write."""
SUSPECTED_LEAST = 0.1
"""Part of it that a letter must have: noise is spread over all letters."""
SUSPECTED_SHARE = 0.7
"""What such a letter counts for, so that one which is read beside it counts for more."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What the network says about one strip."""

    wanted: Floats
    """T x K: log-probability at each time step of each key of the alphabet; column 0 is FILLER."""
    best: NDArray[np.int32]
    """T: the most probable class."""
    confidence: Floats
    """T: its probability, together with that of the same letter in the other case."""
    space: Floats
    """T: probability of a space."""

    @cached_property
    def peaks(self) -> Floats:
        """K: the highest log-probability of each key anywhere in the strip."""
        return np.asarray(self.wanted.max(axis=0), np.float32)

    @property
    def text(self) -> str:
        return "".join(character for character, _ in self.letters())

    @property
    def certainty(self) -> float:
        """Mean probability of the characters read, 0 when none was."""
        kept = [self.confidence[step] for _, step in self.letters()]
        return float(np.mean(kept)) if kept else 0.0

    def letters(self) -> list[tuple[str, int]]:
        """The free decoding: (character, time step)."""
        classes = characters()
        fresh = np.flatnonzero((self.best > 0) & (self.best != np.concatenate([[0], self.best[:-1]])))
        return [(classes[self.best[step]], int(step)) for step in fresh]


class Alphabet:
    """The keys that the wanted names and their rivals need, and which classes of the network feed each of them.

    A capital is the key of a letter that the network cannot write with its marks (see `spelt`).
    """

    def __init__(self, names: Iterable[str]) -> None:
        wanted = set("".join(names))
        unwritten = {letter.upper() for letter in LETTERS} if any(map(is_unwritten, wanted)) else set()
        self.keys = (FILLER, *sorted({*LETTERS, *wanted, *unwritten}))
        self.index = {key: column for column, key in enumerate(self.keys)}
        self.resembles = np.stack([_resembling(as_folded(key), class_keys()) for key in self.keys])
        """K x classes: which classes could be the key drawn unusually."""
        self._feeds = [_feeds(as_folded(key), class_keys(), characters()) for key in self.keys]
        self._unwritten = np.array([is_unwritten(key) for key in self.keys])

    def columns(self, probability: Floats) -> Floats:
        """T x K log-probabilities from the network's T x classes."""
        sums = [sum(share * probability[:, classes].sum(axis=1) for share, classes in feed) for feed in self._feeds]
        columns = np.stack(sums, axis=1)
        if self._unwritten.any():
            columns[:, self._unwritten] = _suspected(columns[:, self._unwritten], probability)
        return np.asarray(np.log(np.clip(columns, 1e-6, 1.0)), np.float32)


def _suspected(columns: Floats, probability: Floats) -> Floats:
    """Probabilities of unwritten letters: greater where they are a good part of the letters that are suspected."""
    letters = np.maximum(1 - probability[:, [0, -1]].sum(axis=1), SUSPECTED)[:, None]
    share = columns / letters
    return np.where(share >= SUSPECTED_LEAST, np.maximum(columns, SUSPECTED_SHARE * share), columns)


@cache
def _feeds(key: str, keys: tuple[str, ...], written: tuple[str, ...]) -> tuple[tuple[float, NDArray[np.intp]], ...]:
    """Shares and the classes whose probability counts by them for a key."""
    own = [number for number, other in enumerate(keys) if other == key]
    alike = [n for n, other in enumerate(keys) if key and key in _LOOK_ALIKE.get(other or written[n], "")]
    halves = [number for number, other in enumerate(keys) if key and key in _HALVES.get(other, "")]
    shares = (1.0, own), (LOOK_ALIKE_SHARE, alike), (HALF_SHARE, halves)
    return tuple((share, np.array(classes, np.intp)) for share, classes in shares if classes or share == 1)


@cache
def _resembling(key: str, classes: tuple[str, ...]) -> NDArray[np.bool_]:
    alike = {letter for group in _RESEMBLING if key and key in group for letter in group}
    return np.array([other in alike for other in classes])


def recognise(strips: Sequence[Pixels], alphabet: Alphabet) -> list[Reading]:
    """Reads RGB strips (48 rows, any width), widest last so that a batch holds like widths."""
    readings: dict[int, Reading] = {}
    for batch in _batches([strip.shape[1] for strip in strips]):
        width = max(STRIP_HEIGHT, *(strips[number].shape[1] for number in batch))
        blob = np.zeros((len(batch), 3, STRIP_HEIGHT, width), np.float32)
        for row, number in enumerate(batch):
            strip = strips[number]
            blob[row, :, :, : strip.shape[1]] = strip[:, :, ::-1].transpose(2, 0, 1) / np.float32(127.5) - 1
        for number, output in zip(batch, run(_model(), blob), strict=True):
            steps = -(-strips[number].shape[1] // STEP_PX)
            readings[number] = _reading(output[: min(steps + 1, len(output))], alphabet)
    return [readings[number] for number in range(len(strips))]


def _reading(probability: Floats, alphabet: Alphabet) -> Reading:
    best = probability.argmax(axis=1).astype(np.int32)
    steps = np.arange(len(best))
    partner = other_case()[best]
    confidence = probability[steps, best] + np.where(partner >= 0, probability[steps, partner], 0)
    return Reading(alphabet.columns(probability), best, confidence, probability[:, -1].copy())


def _batches(widths: Sequence[int]) -> list[list[int]]:
    """Numbers of the strips that go together: sorted by width, bounded in total columns."""
    batches: list[list[int]] = []
    for number in np.argsort(widths, kind="stable").tolist():
        if batches and widths[number] * (len(batches[-1]) + 1) <= BATCH_PX:
            batches[-1].append(number)
        else:
            batches.append([number])
    return batches


@cache
def characters() -> tuple[str, ...]:
    """The character of each class: blank first, space last."""
    listed = _model().get_modelmeta().custom_metadata_map["character"].split("\n")
    return ("", *listed, " ")


@cache
def other_case() -> NDArray[np.int32]:
    """For each class that of the same letter in the other case, or -1."""
    number = {character: index for index, character in enumerate(characters())}
    swapped = [number.get(c.swapcase(), -1) if c.isalpha() and c.swapcase() != c else -1 for c in characters()]
    return np.array(swapped, np.int32)


@cache
def class_keys() -> tuple[str, ...]:
    return tuple(_class_key(character) for character in characters())


def _class_key(character: str) -> str:
    key = fold(character)
    return SHARP_S if character == SHARP_S else key if len(key) == 1 else FILLER


def fold(text: str) -> str:
    """Letters and digits only, without case, accents, width or ligature: the form in which names are compared."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    flat = "".join(c for c in flat if not 0x300 <= ord(c) <= 0x36F)
    flat = unicodedata.normalize("NFC", flat).casefold()
    return "".join(_SINGLE.get(c, c) for c in flat if _is_letter(c))


def spelt(text: str) -> str:
    """`fold`, but ß is kept, and a letter that the network cannot write with its marks is a capital: Mộc is mOc.

    The network leaves such letters out, or writes them with other marks. But what little it suspects at that step is
    the right letter: so only what it suspects is compared.
    """
    return "".join(_spelt(character) for character in unicodedata.normalize("NFC", text))


def _spelt(character: str) -> str:
    key = _class_key(character) or fold(character)
    if character.isascii() or key not in LETTERS:
        return key
    cased = {cased for cased in (character.lower(), character.upper()) if len(cased) == 1}
    return key if cased <= _dictionary(characters()) else key.upper()


def is_unwritten(key: str) -> bool:
    return key.isascii() and key.isupper()


def as_folded(letters: str) -> str:
    """What `spelt` gives, without its capitals. Cherokee folds to capitals, which stay."""
    return letters.translate(_SMALL)


@cache
def _dictionary(written: tuple[str, ...]) -> frozenset[str]:
    return frozenset(written)


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNM" and character not in _APOSTROPHES


def _model() -> Any:
    return session(assets.rapidocr_model(WEIGHTS))
