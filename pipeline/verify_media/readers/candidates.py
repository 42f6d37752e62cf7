"""Candidates: places where a name may stand, and the certain readings of the same place that refute some of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import cv2
import numpy as np
from numpy.typing import ArrayLike

from verify_media.readers import joining
from verify_media.readers.ocr_recognise import Alphabet, fold
from verify_media.readers.placing import Line
from verify_media.readers.spotting import SETTINGS as SPOTTING
from verify_media.readers.spotting import Form, Match, spot


@dataclass(frozen=True, slots=True)
class RefutingSettings:
    """A blurred second strip must not outvote a clear reading of the same letters."""

    below: float = -0.25
    """Candidates with a better score stand by themselves, but on a bent strip, whose ends may cut words."""
    certainty: float = 0.93
    min_shared: float = 0.6
    min_letters: float = 0.6
    """The clear reading must have at least this share of the name's letters."""
    alike: float = 0.6
    """And so many of them in a row to tell that a strip has cut the word."""


@dataclass(frozen=True, slots=True)
class DoubtSettings:
    """Lettering that may be the name. Of 1,160 pairs of an ICDAR photo and an absent name, one passes `score`."""

    score: float = -1.9
    max_certainty: float = 0.75
    """The letters must be hard to read: what is clear and does not match is another word."""
    min_letters: int = 6


SETTINGS = RefutingSettings()
DOUBT = DoubtSettings()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name found in lines that follow one another; `score` is log-probability per character."""

    score: float
    form: Form
    lines: tuple[Line, ...]
    match: Match


def candidates(
    fresh: Sequence[Line], known: Sequence[Line], forms: Iterable[Form], alphabet: Alphabet
) -> list[Candidate]:
    """Places of the names in `fresh` lines and in chains of `known` lines, refuted ones left out."""
    singles = [(line,) for line in fresh]
    chained = [tuple(known[i] for i in chain) for chain in joining.chains([line.strip for line in known])]
    found = []
    for form in forms:
        found += _over(singles, form, alphabet, SPOTTING.found) + _over(chained, form, alphabet, SPOTTING.joined)
    return [candidate for candidate in found if not refuted(candidate, known, alphabet)]


def doubtful(lines: Sequence[Line], forms: Iterable[Form], alphabet: Alphabet) -> list[Candidate]:
    """Places where the name may stand in letters that are too small or blurred to read."""
    singles = [(line,) for line in lines]
    long = [form for form in forms if len(form.key) >= DOUBT.min_letters]
    weak = [candidate for form in long for candidate in _over(singles, form, alphabet, DOUBT.score)]
    return [c for c in weak if _certainty(c) <= DOUBT.max_certainty and not refuted(c, lines, alphabet)]


def _certainty(candidate: Candidate) -> float:
    """Mean probability of the letters read where the name would be, in a candidate of one line."""
    reading = candidate.lines[0].reading
    steps = [step for _, step in reading.letters() if candidate.match.start <= step < candidate.match.stop]
    return float(np.mean(reading.confidence[steps])) if steps else 0.0


def _over(groups: Sequence[tuple[Line, ...]], form: Form, alphabet: Alphabet, bound: float) -> list[Candidate]:
    likely = _likely(groups, form, alphabet, bound)
    if not likely:
        return []
    matches = spot([[line.reading for line in group] for group in likely], form, alphabet)
    return [Candidate(m.score, form, g, m) for g, m in zip(likely, matches, strict=True) if m.score >= bound]


def _likely(groups: Sequence[tuple[Line, ...]], form: Form, alphabet: Alphabet, bound: float) -> list[tuple[Line, ...]]:
    """Groups that can reach the bound: no path scores more than the mean of the letters' highest probabilities.

    The exact search over all chains of a page full of text costs more than reading it; this leaves one in a hundred.
    """
    columns = np.array([alphabet.index[character] for character in form.letters], np.intp)
    peaks = {id(line): np.maximum(line.reading.peaks[columns], SPOTTING.floor) for g in groups for line in g}
    return [g for g in groups if np.max([peaks[id(line)] for line in g], axis=0).mean() >= bound]


def refuted(candidate: Candidate, known: Sequence[Line], alphabet: Alphabet) -> bool:
    """Whether a clear reading of one of the candidate's places says something else."""
    stands = candidate.score >= SETTINGS.below and not any(line.strip.curved for line in candidate.lines)
    if stands and not any(line.strip.cut for line in candidate.lines):
        return False
    own = {id(line) for line in candidate.lines}
    certainty = max(SETTINGS.certainty, max(line.reading.certainty for line in candidate.lines))
    letters = SETTINGS.min_letters * len(candidate.form.key) / len(candidate.lines)
    clear = [
        (line,)
        for line in known
        if id(line) not in own and line.reading.certainty >= certainty and len(fold(line.reading.text)) >= letters
        if any(shared_area(line.strip.quad, other.strip.quad) >= SETTINGS.min_shared for other in candidate.lines)
    ]
    if stands:  # what lies below lettering that was put over it is no other reading of that
        clear = [(line,) for (line,) in clear if _alike(fold(line.reading.text), candidate.form.key)]
    return bool(clear) and not _over(clear, candidate.form, alphabet, SPOTTING.found)


def _alike(read: str, key: str) -> bool:
    """Whether most of the name's letters stand in what was read, one after the other."""
    return SequenceMatcher(None, read, key, autojunk=False).find_longest_match().size >= SETTINGS.alike * len(key)


def shared_area(one: ArrayLike, two: ArrayLike) -> float:
    """Shared area of two quads over the smaller area."""
    a, b = (np.asarray(cv2.convexHull(np.array(quad, np.float32)), np.float32) for quad in (one, two))
    smaller = min(cv2.contourArea(a), cv2.contourArea(b))
    return float(cv2.intersectConvexConvex(a, b)[0]) / smaller if smaller > 0 else 0.0
