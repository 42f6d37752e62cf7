"""Completing: where a part of a name was read with certainty, the rest is looked for beside it and in the next lines.

The detector boxes what looks like text to it; of a widely spaced name, or of one that runs over leaves, it boxes some
words or letters. The name is known, and so is where the rest of it must lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_recognise import STEP_PX, Reading, fold, is_unwritten
from verify_media.readers.placing import Line
from verify_media.readers.spotting import Form
from verify_media.readers.strips import Strip

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CompletingSettings:
    certainty: float = 0.8
    """A part that is read with less may be another word."""
    min_word: int = 3
    """Letters of a part that is a whole word, of one that begins or ends a word of the name, and of any other."""
    min_end: int = 4
    min_inside: int = 6
    next_line: int = 2
    """Letters that are missing and may stand in another line: one alone does not."""
    max_strange: int = 1
    """Letters of the same word that are not the name's: an edge of a leaf is read as one, CREATION is no CREATED."""
    slacks: tuple[float, ...] = (1.15, 1.8)
    """Pitch of the letters that are missing over that of those that were read: gaps between words take more room."""
    offsets: tuple[float, ...] = (0.85, 1.15)
    """Middles of the next lines, in heights of the line's box, which is about two capitals high."""
    max_parts: int = 4
    """Of one look; each costs up to six readings."""


SETTINGS = CompletingSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A line that holds letters [first, last) of a name of so many `letters`."""

    strip: Strip
    first: int
    last: int
    letters: int
    left: float
    right: float
    """Where they begin and end, in widths of the strip."""

    @property
    def pitch(self) -> float:
        return (self.right - self.left) / (self.last - self.first)


@dataclass(frozen=True, slots=True)
class Run:
    """Letters [first, last) of a name, read from the letter `at` of a line on."""

    first: int
    last: int
    at: int
    left_out: int = 0
    """Letters among them that the network cannot write, and left out."""

    @property
    def length(self) -> int:
        """Letters that were read."""
        return self.last - self.first - self.left_out


def completing(lines: Sequence[Line], forms: Sequence[Form]) -> list[Strip]:
    """Strips that would hold the whole name, or its other lines, around the parts of it in these lines."""
    found = [part for line in lines if (part := part_in(line, forms))]
    found.sort(key=lambda part: part.first - part.last)
    return [strip for part in found[: SETTINGS.max_parts] for strip in (*_longer(part), *_next_lines(part))]


def part_in(line: Line, forms: Sequence[Form]) -> Part | None:
    """The longest part of a name in a line; None where there is none, or all of it."""
    if line.strip.longer is None or line.reading.certainty < SETTINGS.certainty:
        return None
    letters = [(fold(c), step) for c, step in line.reading.letters() if len(fold(c)) == 1]
    read = "".join(letter for letter, _ in letters)
    runs = [(run, form) for form in forms if (run := longest_run(read, form, _words(line.reading)))]
    if not runs:
        return None
    run, form = max(runs, key=lambda pair: pair[0].length)
    first, last = letters[run.at][1], letters[run.at + run.length - 1][1]
    pitch = max(1.0, (last - first) / max(1, run.last - run.first - 1))
    width = line.strip.image.shape[1] / STEP_PX
    edges = (first + 0.5 - pitch / 2) / width, (last + 0.5 + pitch / 2) / width
    return Part(line.strip, run.first, run.last, len(form.key), *edges)


def _words(reading: Reading) -> list[int]:
    """Numbers of the letters at which words begin, and that of all letters."""
    words = reading.text.split()
    return [0, *np.cumsum([len(fold(word)) for word in words]).tolist()]


def longest_run(read: str, form: Form, words: Sequence[int]) -> Run | None:
    """The longest run of the name's letters in what was read; None where it tells too little, or all."""
    places = [place for place, letter in enumerate(form.letters) if not is_unwritten(letter)]
    key = "".join(form.key[place] for place in places)
    for length in range(min(len(read), len(key)), SETTINGS.min_word - 1, -1):
        for at in range(len(read) - length + 1):
            found = key.find(read[at : at + length])
            if found >= 0:
                first, last = places[found], places[found + length - 1] + 1
                run = Run(first, last, at, last - first - length)
                return run if _tells(run, form, words) else None
    return None


def _tells(run: Run, form: Form, words: Sequence[int]) -> bool:
    ends = {0, len(form.key), *form.joints}
    at_ends = (run.first in ends) + (run.last in ends)
    begun = max(word for word in words if word <= run.at)
    ended = min(word for word in words if word >= run.at + run.length)
    strange = ended - begun - run.length
    if run.last - run.first == len(form.key) or strange > SETTINGS.max_strange:
        return False
    if at_ends == 2 and not strange:
        return run.length >= SETTINGS.min_word
    return run.length >= (SETTINGS.min_end if at_ends else SETTINGS.min_inside)


def _longer(part: Part) -> Iterator[Strip]:
    """The line made longer where letters are missing."""
    if part.strip.longer is None:
        return
    for slack in SETTINGS.slacks:
        before, after = (slack * part.pitch * count for count in (part.first, part.letters - part.last))
        low = min(0.0, part.left - before - part.pitch) if before else 0.0
        high = max(1.0, part.right + after + part.pitch) if after else 1.0
        yield part.strip.longer(low, high, 0.0)


def _next_lines(part: Part) -> Iterator[Strip]:
    """The lines above and below a straight one, as wide as the letters that are missing."""
    missing = part.letters - part.last + part.first
    if part.strip.longer is None or part.strip.curved or missing < SETTINGS.next_line:
        return
    rest = part.pitch * (missing + 2)
    middle = (part.left + part.right) / 2
    low = min(part.left, middle - rest / 2) - part.pitch
    high = max(part.right, middle + rest / 2, part.left + rest) + part.pitch
    for offset in SETTINGS.offsets:
        if part.last < part.letters:
            yield part.strip.longer(low, high, offset)
        if part.first > 0:
            yield part.strip.longer(low, high, -offset)
