"""The text reader: finds names that are known beforehand, cheap looks first, dearer ones while nothing is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from verify_media.readers import looks
from verify_media.readers.candidates import Candidate, candidates, doubtful, shared_area
from verify_media.readers.completing import completing
from verify_media.readers.ocr_recognise import Alphabet, recognise
from verify_media.readers.placing import Line, as_quad, place
from verify_media.readers.rivals import SETTINGS as RIVALS
from verify_media.readers.rivals import Rival, other_name, rival
from verify_media.readers.scripts import network_reads, tesseract_language, unsupported
from verify_media.readers.second_reader import second_reading
from verify_media.readers.spotting import SETTINGS as SPOTTING
from verify_media.readers.spotting import Form, joined, spot, variants, word_around
from verify_media.readers.strips import Strip, padded, straight
from verify_media.readers.view import View
from verify_media.records import Frame, Quad, Reader, Sighting

__all__ = ["TextReader", "unsupported"]

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ReadingSettings:
    sure: float = 0.85
    """A strip read with this mean probability is not read the other way up."""
    known: float = 0.9
    same: float = 0.75
    """A box that shares this with one that was read with certainty `known` is not read again."""
    clear_letters: int = 2
    """Single letters are read into any pattern."""
    pads: tuple[float, ...] = (0.15, 0.35)
    """Ground around a name that is read again, in heights of it."""
    other_certainty: float = 0.7
    other_letters: int = 3


SETTINGS = ReadingSettings()


@dataclass(slots=True, eq=False)
class Page:
    """What has been seen of one frame so far."""

    frame: Frame
    view: View
    lines: list[Line] = field(default_factory=list)
    """Best reading of every strip."""
    turned: list[Line] = field(default_factory=list)
    """Second readings: the other way up."""
    sightings: list[Sighting] = field(default_factory=list)


class TextReader:
    """Finds `names` and other accepted `spellings` of them; `other_text` uses the reading of the last frame."""

    def __init__(self, names: Sequence[str], spellings: Sequence[str] = ()) -> None:
        marks = [(name, name) for name in names] + [
            (spelling, names[0] if names else spelling) for spelling in spellings
        ]
        self._strange = {text: mark for text, mark in reversed(marks) if not network_reads(text)}
        self._language = "+".join(dict.fromkeys(tesseract_language(text) for text in self._strange if text))
        readable = [(text, mark) for text, mark in reversed(marks) if network_reads(text)]
        self._forms = {form: mark for text, mark in readable for form in variants(text)}
        self._alphabet = Alphabet(form.letters for form in self._forms)
        self._page: Page | None = None

    def find(
        self, frame: Frame, *, most_looks: int | None = None, glance_px: int | None = None
    ) -> tuple[Sighting, ...]:
        """Places of the names, best first. Quads are those of the name itself, in pixels of the full frame.

        `most_looks`: stop after so many ways to search. A clip has other frames, and the last ways cost most.
        `glance_px`: look at a copy with this longer side before; where a name is plain there, nothing else is done.
        """
        return tuple(self._read(frame, most_looks, glance_px).sightings)

    def other_text(self, frame: Frame) -> tuple[Sighting, ...]:
        """Everything else that was read while looking for the names, `mark` empty, best first."""
        page = self._read(frame)
        taken = [sighting.quad for sighting in page.sightings]
        read = [_as_other(line, page.frame) for line in page.lines if _worth_telling(line)]
        return tuple(_distinct(read, taken))

    def _read(self, frame: Frame, most_looks: int | None = None, glance_px: int | None = None) -> Page:
        if self._page is None or self._page.frame is not frame:
            page = Page(frame, View(frame.image))
            before = [] if glance_px is None else [partial(looks.glance, side_px=glance_px)]
            self._search(page, [*before, *looks.LOOKS[:most_looks]])
            if not page.sightings and (most_looks is None or not self._forms):
                page.sightings = _distinct(second_reading(frame, self._strange, self._language))
            if not page.sightings:
                page.sightings = self._too_small(page)
            self._page = page
        return self._page

    def _search(self, page: Page, ways: Sequence[looks.Look]) -> None:
        """Looks until the name is found well; after a doubtful finding one look more; after another name all."""
        best = -np.inf
        for look in ways:
            before, read = best, len(page.lines)
            best = max(best, self._add(page, _unread(look(page.view), page.lines)))
            if not page.sightings:
                best = max(best, self._complete(page, page.lines[read:]))
            if not self._forms or best >= SPOTTING.well or before >= SPOTTING.found:
                return

    def _add(self, page: Page, strips: Sequence[Strip]) -> float:
        """Reads the strips; the score of the best sighting in them that is certain."""
        best = -np.inf
        for candidate, sighting in self._fresh(page, strips):
            page.sightings.append(checked := self._checked(candidate, sighting, page))
            best = max(best, candidate.score if checked.is_certain else -np.inf)
        page.sightings = _distinct(page.sightings)
        return best

    def _complete(self, page: Page, lines: Sequence[Line]) -> float:
        """Looks for the rest of the name around the parts of it in these lines. A doubtful whole is no sighting: of
        FOREVER, read again from FOREVE on, it would make a question about Forevers."""
        known = len(page.view.known)
        best = self._add(page, completing(lines, list(self._forms)))
        del page.view.known[known:]  # what lies beside the part that was read may still be text
        page.sightings = [sighting for sighting in page.sightings if sighting.is_certain]
        return best

    def _fresh(self, page: Page, strips: Sequence[Strip]) -> list[tuple[Candidate, Sighting]]:
        """New sightings, the best of each place, with what they come from."""
        found = self._candidates(page, strips)
        seen = [_sighting(candidate, self._forms[candidate.form], page.frame) for candidate in found]
        kept = {id(sighting) for sighting in _distinct(seen)}
        return [pair for pair in zip(found, seen, strict=True) if id(pair[1]) in kept]

    def _checked(self, candidate: Candidate, sighting: Sighting, page: Page) -> Sighting:
        """The sighting, and what it says where that is another name."""
        forms = [form for form, name in self._forms.items() if name == sighting.mark]
        line = joined([part.reading for part in candidate.lines])
        if (candidate.match.before or candidate.match.after) and not candidate.form.compound:
            return replace(sighting, other_name=word_around(line, candidate.match))
        first = rival(line, candidate.match, forms, self._alphabet)
        if first.lead < RIVALS.doubt:
            return sighting
        is_longer = candidate.form.letters in first.key
        again = [] if is_longer else self._again(candidate, sighting, forms, page)
        return replace(sighting, other_name=other_name([first, *again], forms))

    def _again(self, candidate: Candidate, seen: Sighting, forms: Sequence[Form], page: Page) -> list[Rival]:
        """Further readings of the place alone; a line that is bent or in parts has none."""
        if len(candidate.lines) > 1 or candidate.lines[0].strip.curved:
            return []
        quad = np.array(seen.quad, np.float32)
        strips = [straight(page.view.pyramid, padded(quad, share)) for share in SETTINGS.pads]
        readings = recognise([strip.image for strip in strips], self._alphabet)
        matches = [spot([[reading]], candidate.form, self._alphabet)[0] for reading in readings]
        pairs = zip(readings, matches, strict=True)
        return [rival(reading, match, forms, self._alphabet) for reading, match in pairs]

    def _too_small(self, page: Page) -> list[Sighting]:
        """The lettering that comes nearest to the name, where it may be the name but cannot be read."""
        weak = doubtful(page.lines + page.turned, self._forms, self._alphabet)
        found = [_sighting(candidate, self._forms[candidate.form], page.frame) for candidate in weak]
        return [replace(sighting, readable=False) for sighting in _distinct(found)[:1]]

    def _candidates(self, page: Page, strips: Sequence[Strip]) -> list[Candidate]:
        fresh = self._read_strips(page, strips)
        return candidates(fresh, page.lines, self._forms, self._alphabet) if fresh else []

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
        page.view.known += [line.strip.quad for line in lines if _is_clear(line)]
        page.turned += extra
        return lines + extra


def _unread(strips: Sequence[Strip], lines: Sequence[Line]) -> list[Strip]:
    """The strips without those of which a clear reading of nearly the same box exists."""
    clear = [line for line in lines if line.reading.certainty >= SETTINGS.known]
    if not clear or not strips:
        return list(strips)
    boxes, known = _boxes(strips), _boxes([line.strip for line in clear])
    sides = np.minimum(boxes[:, None, 2:], known[None, :, 2:]) - np.maximum(boxes[:, None, :2], known[None, :, :2])
    shared = np.clip(sides, 0, None).prod(axis=2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)[:, None] + (known[:, 2:] - known[:, :2]).prod(axis=1)[None]
    like = (
        np.array([strip.curved for strip in strips])[:, None] == np.array([line.strip.curved for line in clear])[None]
    )
    read = (like & (shared / np.maximum(areas - shared, 1e-6) >= SETTINGS.same)).any(axis=1)
    return [strip for strip, is_read in zip(strips, read, strict=True) if not is_read]


def _boxes(strips: Sequence[Strip]) -> Floats:
    """N x 4: left, top, right, bottom of each strip in the picture."""
    quads = np.stack([strip.quad for strip in strips])
    return np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)


def _is_clear(line: Line) -> bool:
    return line.reading.certainty >= SETTINGS.known and len(line.reading.text.strip()) >= SETTINGS.clear_letters


def _is_poor(line: Line) -> bool:
    return line.reading.certainty < SETTINGS.sure and not line.strip.curved


def _worth_telling(line: Line) -> bool:
    return (
        line.reading.certainty >= SETTINGS.other_certainty and len(line.reading.text.strip()) >= SETTINGS.other_letters
    )


def _sighting(candidate: Candidate, mark: str, frame: Frame) -> Sighting:
    found = place(candidate.lines, candidate.match)
    return Sighting(
        mark=mark,
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


def _distinct(sightings: Sequence[Sighting], taken: Sequence[Quad] = ()) -> list[Sighting]:
    """Best first, without those that lie over a better one or over what is taken."""
    kept: list[Sighting] = []
    for sighting in sorted(sightings, key=lambda s: -s.score):
        if all(shared_area(sighting.quad, other) < 0.3 for other in [*taken, *(k.quad for k in kept)]):
            kept.append(sighting)
    return kept
