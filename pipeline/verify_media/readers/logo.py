"""The logo reader: finds a logo by its picture, flat or textured, whatever its colours became in print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

from verify_media.readers.frame_view import FrameView, view_of
from verify_media.readers.lettering import Lettering, compare
from verify_media.readers.mark_finder import Candidate, MarkFinder
from verify_media.readers.planar import corners
from verify_media.readers.template import load_template
from verify_media.readers.verify_match import is_supported
from verify_media.records import Frame, Quad, Reader, Sighting


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """`found` from the false-sight curve on pictures without the mark; from `asked` it is a question; below it a place
    may still be confirmed by its lettering, which no chance likeness shares."""

    found: float = 0.75
    asked: float = 0.5
    doubtful: float = 0.05
    supported: int = 6
    """SIFT matches from which a place is read, however unlike the mark it looks: a carton bulges, its front is a part
    of the picture. 4 of 46 packages and logos were lost without."""
    clear: float = 2.0
    """Likeness (log-odds) without which a shape that neither features nor words support is a question: three petals lie
    well on three of another flower's six. Of 659 right places it asks about 11."""
    most: int = 4
    same: float = 5.0
    """Log-odds of the mark's own words at their own places."""


SETTINGS = ReaderSettings()


class LogoReader:
    """Raises UsageError where a logo cannot be read or holds nothing to recognise."""

    def __init__(self, logos: Sequence[Path]) -> None:
        self._finders = tuple(MarkFinder(load_template(path)) for path in logos)

    def find(self, frame: Frame) -> tuple[Sighting, ...]:
        """Every place of every logo, best first. Quads follow the drawn part of the logo, without its empty margin."""
        return find_marks(self._finders, frame, Reader.LOGO)


def find_marks(finders: Sequence[MarkFinder], frame: Frame, reader: Reader) -> tuple[Sighting, ...]:
    """Sightings of every mark, best first; those that may be another mark are not `readable`."""
    view = view_of(frame.image)
    found = [s for finder in finders for s in _sightings(finder, view, frame, reader)]
    return tuple(sorted(found, key=lambda s: (not s.readable, -s.score)))


def _sightings(finder: MarkFinder, view: FrameView, frame: Frame, reader: Reader) -> list[Sighting]:
    kept = []
    for rough in finder.candidates(view)[: SETTINGS.most]:
        if rough.p < SETTINGS.doubtful and rough.support.sift < SETTINGS.supported:
            continue
        candidate = finder.finished(view, rough)
        lettering = compare(view, finder.template, candidate.fit.homography)
        score = _with_lettering(candidate.p, lettering)
        if score >= SETTINGS.asked:
            readable = score >= SETTINGS.found and _is_clear(candidate, lettering)
            quad = _quad(finder, candidate)
            kept.append(Sighting(finder.template.name, reader, quad, score, frame.time_s, readable=readable))
    return kept


def _is_clear(candidate: Candidate, lettering: Lettering) -> bool:
    """No other mark is likely to look so."""
    if lettering is Lettering.NONE:
        return is_supported(candidate.support) or candidate.fit.likeness >= SETTINGS.clear
    return lettering is not Lettering.UNREAD


def _quad(finder: MarkFinder, candidate: Candidate) -> Quad:
    (a, b), (c, d), (e, f), (g, h) = corners(candidate.fit.homography, finder.template.size).tolist()
    return (a, b), (c, d), (e, f), (g, h)


def _with_lettering(p: float, lettering: Lettering) -> float:
    """Other words are a veto: twins fit so well that the shape alone gives odds of a thousand."""
    if lettering is Lettering.OTHER:
        return 0.0
    if lettering is not Lettering.SAME:
        return p
    p = max(p, SETTINGS.doubtful)
    odds = p / max(1 - p, 1e-6) * exp(SETTINGS.same)
    return odds / (1 + odds)
