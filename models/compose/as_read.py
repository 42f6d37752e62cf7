"""Marks of composed pictures as the product's reader finds them, photographed and drawn lettering alike.

A detector's box has ground around the letters and a slant of its own; the corners of drawn artwork have neither. Of
drawn names on a level line 99 % lay exactly along the picture's rows by their artwork, 36 % as the reader finds them.
Networks and trees that are shown one kind of quad for what is there and the other for overlays learn to tell quads.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from verify_media.readers.candidates import shared_area
from verify_media.readers.spotting import variants
from verify_media.readers.text import TextReader
from verify_media.records import Frame, Sighting

LOOKS = 1
"""Ways to search: marks that only a later look finds are few, and the quads come from the same code."""
SHARED = 0.6
PART = 0.4
"""Share of the long lines of which some words only are taken for the name, as a name stands in a line."""


def as_read(image: np.ndarray, marks: Sequence[dict], rng: random.Random) -> list[Sighting | None]:
    """Where the reader sees each mark (`quad`, `text`) in an RGB picture; None where it does not: then the product
    would not judge it either."""
    names = [_name(mark["text"], rng) for mark in marks]
    wanted = [name for name in dict.fromkeys(names) if variants(name)]
    found = TextReader(wanted).find(Frame(image), most_looks=LOOKS) if wanted else ()
    sure = [sighting for sighting in found if sighting.is_certain and sighting.readable]
    return [_at(mark["quad"], name, sure) for mark, name in zip(marks, names, strict=True)]


def _name(text: str, rng: random.Random) -> str:
    words = text.split()
    if len(words) > 2 and rng.random() < PART:
        first = rng.randrange(len(words) - 1)
        words = words[first : first + rng.randint(1, len(words) - 1)]
    return " ".join(words)


def _at(quad: Sequence, name: str, found: Sequence[Sighting]) -> Sighting | None:
    here = [s for s in found if s.mark == name and shared_area(np.array(quad, np.float32), s.quad) >= SHARED]
    return max(here, key=lambda sighting: sighting.score, default=None)
