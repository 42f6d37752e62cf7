"""Locate: where the marks are in a frame. Three readers look; sightings of one mark are merged, best first."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np

from verify_media.records import Frame, Marks, Quad, Reader, Sighting

if TYPE_CHECKING:
    from verify_media.readers.text import TextReader

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Located:
    """`sightings` of the marks, best first; `others` is every other text that was read; seconds by reader."""

    sightings: tuple[Sighting, ...] = ()
    others: tuple[Sighting, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)


class Locator:
    """Loads the models and the marks once; keep one for many frames. Raises UsageError for a logo or card of no use."""

    def __init__(self, marks: Marks) -> None:
        from verify_media.readers.card import CardReader
        from verify_media.readers.logo import LogoReader

        self._marks = marks
        self._logo = LogoReader(marks.logos) if marks.logos else None
        self._card = CardReader(marks.cards) if marks.cards else None

    @cached_property
    def _text(self) -> TextReader:
        from verify_media.readers.text import TextReader

        return TextReader(self._marks.names, self._marks.spellings)

    def find(self, frame: Frame, *, most_looks: int | None = None, glance_px: int | None = None) -> Located:
        """`most_looks` bounds the search for names, `glance_px` may shorten it; see TextReader.find."""
        clock = Stopwatch()
        found: list[Sighting] = []
        if self._logo:
            found += clock.timed("logo", lambda: self._logo.find(frame) if self._logo else ())
        if self._card:
            found += clock.timed("card", lambda: self._card.find(frame) if self._card else ())
        found += clock.timed("text", lambda: self._text.find(frame, most_looks=most_looks, glance_px=glance_px))
        others = clock.timed("text", lambda: self._text.other_text(frame))
        return Located(merge(found), others, clock.seconds)


class Stopwatch:
    """Wall-clock seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, work: Callable[[], T]) -> T:
        start = time.perf_counter()
        result = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        return result


def merge(sightings: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Best first. Sightings of the same mark over one another become one: the best, with what the others know."""
    kept: list[Sighting] = []
    for sighting in sorted(sightings, key=_rank):
        twin = next(
            (i for i, k in enumerate(kept) if k.mark == sighting.mark and overlap(k.quad, sighting.quad) > 0.4), None
        )
        if twin is None:
            kept.append(sighting)
        else:
            kept[twin] = _with_reading(kept[twin], sighting)
    return tuple(kept)


def _rank(sighting: Sighting) -> tuple[bool, bool, float]:
    # A mark that a person can read settles a case better than a shape.
    return (
        not sighting.is_certain,
        not sighting.readable,
        -sighting.score - (0.05 if sighting.reader is Reader.TEXT else 0.0),
    )


def _with_reading(best: Sighting, other: Sighting) -> Sighting:
    if best.text or not other.text:
        return best
    return replace(best, text=other.text, letter_height_px=other.letter_height_px)


def overlap(one: Quad, two: Quad) -> float:
    """Shared area over the smaller area, 0 to 1."""
    a, b = (np.asarray(cv2.convexHull(np.array(quad, np.float32)), np.float32) for quad in (one, two))
    smaller = min(cv2.contourArea(a), cv2.contourArea(b))
    return float(cv2.intersectConvexConvex(a, b)[0]) / smaller if smaller > 0 else 0.0
