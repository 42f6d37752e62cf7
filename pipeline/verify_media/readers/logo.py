"""The logo reader: finds a logo by its picture, flat or textured, whatever its colours became in print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from verify_media.readers.frame_view import FrameView, view_of
from verify_media.readers.mark_finder import Candidate, MarkFinder
from verify_media.readers.planar import corners
from verify_media.readers.template import Template, load_template
from verify_media.records import Frame, Quad, Reader, Sighting

ConfirmText: TypeAlias = Callable[[Frame, Quad, Template], float]
"""Log-odds that the lettering at a place is the mark's own: above 0 where it reads the same, below 0 where it reads
another name, 0 where the mark has no lettering or nothing can be read."""


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """`found` from the false-sight curve on pictures without the mark; below it a place may still be confirmed by its
    lettering."""

    found: float = 0.75
    doubtful: float = 0.1
    most: int = 4


SETTINGS = ReaderSettings()


class LogoReader:
    """Raises UsageError where a logo cannot be read or holds nothing to recognise."""

    def __init__(self, logos: Sequence[Path], *, confirm_text: ConfirmText | None = None) -> None:
        self._finders = tuple(MarkFinder(load_template(path)) for path in logos)
        self._confirm = confirm_text

    def find(self, frame: Frame) -> tuple[Sighting, ...]:
        """Every place of every logo, best first. Quads follow the drawn part of the logo, without its empty margin."""
        return find_marks(self._finders, frame, Reader.LOGO, self._confirm)


def find_marks(
    finders: Sequence[MarkFinder], frame: Frame, reader: Reader, confirm: ConfirmText | None = None
) -> tuple[Sighting, ...]:
    view = view_of(frame.image)
    found = [s for finder in finders for s in _sightings(finder, view, frame, reader, confirm)]
    return tuple(sorted(found, key=lambda s: -s.score))


def _sightings(
    finder: MarkFinder, view: FrameView, frame: Frame, reader: Reader, confirm: ConfirmText | None
) -> list[Sighting]:
    kept = []
    for rough in finder.candidates(view)[: SETTINGS.most]:
        if rough.p < SETTINGS.doubtful:
            break
        candidate = finder.finished(view, rough)
        if candidate.p < (SETTINGS.doubtful if confirm else SETTINGS.found):
            continue
        quad = _quad(finder, candidate)
        score = _with_text(candidate.p, confirm(frame, quad, finder.template)) if confirm else candidate.p
        if score >= SETTINGS.found:
            kept.append(Sighting(finder.template.name, reader, quad, score, frame.time_s))
    return kept


def _quad(finder: MarkFinder, candidate: Candidate) -> Quad:
    (a, b), (c, d), (e, f), (g, h) = corners(candidate.fit.homography, finder.template.size).tolist()
    return (a, b), (c, d), (e, f), (g, h)


def _with_text(p: float, log_odds: float) -> float:
    odds = p / max(1 - p, 1e-6) * 2.718281828**log_odds
    return float(odds / (1 + odds))
