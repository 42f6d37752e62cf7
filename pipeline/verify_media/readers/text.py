"""The text reader: finds names that are known beforehand, cheap looks first, dearer ones while nothing is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers import joining
from verify_media.readers.arcs import unrolled
from verify_media.readers.ocr_detect import Region, Weights, detect
from verify_media.readers.ocr_recognise import Alphabet, recognise
from verify_media.readers.placing import Line, as_quad, place
from verify_media.readers.spotting import SETTINGS as SPOTTING
from verify_media.readers.spotting import Match, spot, variants
from verify_media.readers.strips import Pyramid, Strip, straight
from verify_media.records import Frame, Quad, Reader, Sighting

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LookSettings:
    first_side: int = 1280
    """Long side of the first look: letters need about 9 px there (rendered names in 12 MP photos)."""
    max_upscale: float = 1.6
    sure: float = 0.85
    """A strip read with this mean probability is not read the other way up."""
    tall: float = 1.5
    """A strip this much narrower than high may hold letters side by side that run across."""
    other_certainty: float = 0.7
    other_letters: int = 3


SETTINGS = LookSettings()


@dataclass(slots=True, eq=False)
class Page:
    """What has been seen of one frame so far."""

    frame: Frame
    pyramid: Pyramid
    lines: list[Line] = field(default_factory=list)
    """Best reading of every strip."""
    turned: list[Line] = field(default_factory=list)
    """Second readings: the other way up."""
    sightings: list[Sighting] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name found in lines that follow one another; `score` is log-probability per character."""

    score: float
    mark: str
    lines: tuple[Line, ...]
    match: Match


class TextReader:
    """Finds `names` and other accepted `spellings` of them; `other_text` uses the reading of the last frame."""

    def __init__(self, names: Sequence[str], spellings: Sequence[str] = ()) -> None:
        marks = [(name, name) for name in names] + [
            (spelling, names[0] if names else spelling) for spelling in spellings
        ]
        self._forms = {form: mark for text, mark in reversed(marks) for form in variants(text)}
        self._alphabet = Alphabet(self._forms)
        self._page: Page | None = None

    def find(self, frame: Frame) -> tuple[Sighting, ...]:
        """Places of the names, best first. Quads are those of the name itself, in pixels of the full frame."""
        return tuple(self._read(frame).sightings)

    def other_text(self, frame: Frame) -> tuple[Sighting, ...]:
        """Everything else that was read while looking for the names, `mark` empty, best first."""
        page = self._read(frame)
        taken = [sighting.quad for sighting in page.sightings]
        read = [_as_other(line, page.frame) for line in page.lines if _worth_telling(line)]
        return tuple(_distinct(sorted(read, key=lambda s: -s.score), taken))

    def _read(self, frame: Frame) -> Page:
        if self._page is None or self._page.frame is not frame:
            self._page = Page(frame, Pyramid(frame.image))
            self._search(self._page)
        return self._page

    def _search(self, page: Page) -> None:
        """Looks until the name is found well; a doubtful finding allows one more look."""
        best = -99.0
        for look in LOOKS:
            for candidate in self._candidates(page, look(page)):
                page.sightings.append(_sighting(candidate, page.frame))
                best = max(best, candidate.score)
            page.sightings = _distinct(sorted(page.sightings, key=lambda s: -s.score), [])
            if not self._forms or best >= SPOTTING.well:
                return

    def _candidates(self, page: Page, strips: Sequence[Strip]) -> list[Candidate]:
        fresh = self._read_strips(page, strips)
        if not fresh or not self._forms:
            return []
        singles = [(line,) for line in fresh]
        chained = [tuple(page.lines[i] for i in chain) for chain in joining.chains([line.strip for line in page.lines])]
        return [*self._spotted(singles, SPOTTING.found), *self._spotted(chained, SPOTTING.joined)]

    def _spotted(self, groups: Sequence[tuple[Line, ...]], bound: float) -> list[Candidate]:
        found = []
        for form, mark in self._forms.items() if groups else ():
            matches = spot([[line.reading for line in group] for group in groups], form, self._alphabet)
            found += [Candidate(m.score, mark, g, m) for g, m in zip(groups, matches, strict=True) if m.score >= bound]
        return found

    def _read_strips(self, page: Page, strips: Sequence[Strip]) -> list[Line]:
        """Reads every strip, and again the other way up where the reading is poor."""
        lines = [Line(s, r) for s, r in zip(strips, recognise([s.image for s in strips], self._alphabet), strict=True)]
        poor = [number for number, line in enumerate(lines) if _is_poor(line)]
        turned = [lines[number].strip.turned() for number in poor]
        second = recognise([strip.image for strip in turned], self._alphabet)
        extra = []
        for number, strip, reading in zip(poor, turned, second, strict=True):
            other = Line(strip, reading)
            if reading.certainty > lines[number].reading.certainty:
                lines[number], other = other, lines[number]
            extra.append(other)
        page.lines += lines
        page.turned += extra
        return lines + extra


Look = Callable[[Page], Sequence[Strip]]


def first_look(page: Page) -> list[Strip]:
    return _strips(page, detect(page.frame.image, Weights.V6, scale=_scale(page.frame.image, SETTINGS.first_side)))


def second_detector(page: Page) -> list[Strip]:
    return _strips(page, detect(page.frame.image, Weights.V4, scale=_scale(page.frame.image, SETTINGS.first_side)))


LOOKS: tuple[Look, ...] = (first_look, second_detector)


def _scale(image: Pixels, side: int) -> float:
    return float(min(side / max(image.shape[:2]), SETTINGS.max_upscale))


def _strips(page: Page, regions: Sequence[Region]) -> list[Strip]:
    return [strip for region in regions for strip in _strips_of(page.pyramid, region)]


def _strips_of(pyramid: Pyramid, region: Region) -> Iterator[Strip]:
    yield straight(pyramid, region.quad)
    if region.width < SETTINGS.tall * region.height and region.width < 1.1 * region.height:
        yield straight(pyramid, np.roll(region.quad, 1, axis=0))
    yield from unrolled(pyramid, region)


def _is_poor(line: Line) -> bool:
    return line.reading.certainty < SETTINGS.sure and not line.strip.curved


def _worth_telling(line: Line) -> bool:
    return (
        line.reading.certainty >= SETTINGS.other_certainty and len(line.reading.text.strip()) >= SETTINGS.other_letters
    )


def _sighting(candidate: Candidate, frame: Frame) -> Sighting:
    found = place(candidate.lines, candidate.match)
    return Sighting(
        mark=candidate.mark,
        reader=Reader.TEXT,
        quad=found.quad,
        score=float(np.exp(min(candidate.score, 0.0) / 2)),
        time_s=frame.time_s,
        text=candidate.match.text.strip(),
        letter_height_px=found.letter_height_px,
    )


def _as_other(line: Line, frame: Frame) -> Sighting:
    return Sighting(
        mark="",
        reader=Reader.TEXT,
        quad=as_quad(line.strip.quad),
        score=line.reading.certainty,
        time_s=frame.time_s,
        text=line.reading.text.strip(),
        letter_height_px=line.strip.height * 0.6,
    )


def _distinct(sightings: Sequence[Sighting], taken: Sequence[Quad]) -> list[Sighting]:
    """Without those that lie over a better one."""
    kept: list[Sighting] = []
    for sighting in sightings:
        if all(_overlap(sighting.quad, other) < 0.3 for other in [*taken, *(k.quad for k in kept)]):
            kept.append(sighting)
    return kept


def _overlap(one: Quad, two: Quad) -> float:
    """Shared area over the smaller area."""
    a, b = (np.array(cv2.convexHull(np.array(quad, np.float32)), np.float32) for quad in (one, two))
    smaller = min(cv2.contourArea(a), cv2.contourArea(b))
    return float(cv2.intersectConvexConvex(a, b)[0]) / smaller if smaller > 0 else 0.0
