"""The lettering of a logo or card settles look-alikes: a card of the same make with another name fits as well as the
right one.

Where the mark's own picture shows a line of text, the same line of the place is straightened in the same way (the fit
says where it lies, bent lines too), and the mark's words are scored against it as known names are (`spotting.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from rapidfuzz import fuzz

from verify_media.readers.ocr_recognise import STRIP_HEIGHT, Alphabet, Reading, fold, recognise
from verify_media.readers.spotting import SETTINGS as SPOTTING
from verify_media.readers.spotting import Form, spot

if TYPE_CHECKING:
    from verify_media.readers.frame_view import FrameView
    from verify_media.readers.strips import Strip
    from verify_media.readers.template import Template


@dataclass(frozen=True, slots=True)
class LetteringSettings:
    """Set on badges and cards of bench/logo_scenes.py, each with itself and with its twin laid over it: at their own
    place words score above -1.2 per letter from 5 px on, those of a twin below -5 wherever something is read."""

    own_certainty: float = 0.9
    fewest_letters: int = 3
    """Shorter ones are read into any pattern."""
    leading: float = 0.75
    """Lines of this share of the tallest one's height tell marks apart; small print is shared by look-alikes."""
    unlike: float = -3.5
    certain: float = 0.8
    alike: float = 65.0
    """Letters in common, of 100, from which a bad score may come from a fit that cuts the word off."""
    slips_px: tuple[int, ...] = (-9, 9)
    """Rows of the strip by which a fit may be off."""


SETTINGS = LetteringSettings()


class Lettering(Enum):
    """What the words at a place say about the mark."""

    NONE = "the mark has no words"
    SAME = "every leading line reads the same"
    PARTLY = "a leading line reads the same, none differs"
    UNREAD = "no leading line can be compared"
    OTHER = "other words stand there"


@dataclass(frozen=True, slots=True, eq=False)
class OwnLine:
    """A line of the mark's own picture. `leads`: among the tallest."""

    strip: Strip
    key: str
    leads: bool


@dataclass(frozen=True, slots=True, eq=False)
class OwnLettering:
    lines: tuple[OwnLine, ...]
    alphabet: Alphabet


def compare(view: FrameView, template: Template, homography: Any) -> Lettering:
    """The words of the mark and those at a place; `homography` as in `planar.Guess`."""
    own = lettering_of(template)
    if not own.lines:
        return Lettering.NONE
    found = _compared(view, template, homography, own, 0)
    for slip in SETTINGS.slips_px:
        open_lines = [n for n, line in enumerate(found) if line is Lettering.UNREAD]
        part = OwnLettering(tuple(own.lines[n] for n in open_lines), own.alphabet)
        for n, line in zip(open_lines, _compared(view, template, homography, part, slip), strict=True):
            found[n] = line if line is Lettering.SAME else found[n]
    return _whole(own.lines, found)


def _whole(lines: Sequence[OwnLine], found: Sequence[Lettering]) -> Lettering:
    leading = [answer for line, answer in zip(lines, found, strict=True) if line.leads]
    others = found.count(Lettering.OTHER)
    if Lettering.OTHER in leading or others > found.count(Lettering.SAME):
        return Lettering.OTHER
    if all(answer is Lettering.SAME for answer in leading):
        return Lettering.SAME
    return Lettering.PARTLY if Lettering.SAME in leading else Lettering.UNREAD


def _compared(view: FrameView, template: Template, homography: Any, own: OwnLettering, slip_px: int) -> list[Lettering]:
    strips = [_at_place(view, template, homography, line.strip, slip_px) for line in own.lines]
    readings = recognise(strips, own.alphabet) if strips else []
    return [_line(reading, line.key, own.alphabet) for reading, line in zip(readings, own.lines, strict=True)]


def _line(reading: Reading, key: str, alphabet: Alphabet) -> Lettering:
    score = spot([[reading]], Form(key), alphabet)[0].score
    if score >= SPOTTING.found:
        return Lettering.SAME
    seen = fold(reading.text)
    is_clear = reading.certainty >= SETTINGS.certain and len(seen) >= SETTINGS.fewest_letters
    if is_clear and score <= SETTINGS.unlike and fuzz.partial_ratio(key, seen) < SETTINGS.alike:
        return Lettering.OTHER
    return Lettering.UNREAD


def _at_place(view: FrameView, template: Template, homography: Any, strip: Strip, slip_px: int) -> Any:
    """The strip of a line of the mark as the frame shows it, 48 x width x 3."""
    width = strip.image.shape[1]
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(STRIP_HEIGHT) + 0.5 + slip_px)
    grid = np.stack([columns, rows], axis=-1).astype(np.float32).reshape(-1, 2)
    in_mark = strip.to_frame(grid).astype(np.float64) - template.pad_px
    places = cv2.perspectiveTransform(in_mark[None], homography)[0].reshape(STRIP_HEIGHT, width, 2)
    height_px = float(np.linalg.norm(places[-1, width // 2] - places[0, width // 2]))
    image, scale = view.for_size(max(height_px, 1.0), STRIP_HEIGHT)
    at = (places * scale - 0.5).astype(np.float32)
    return cv2.remap(image, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def lettering_of(template: Template) -> OwnLettering:
    """The lines that can be read in the mark's own picture, each once; read when first asked for."""

    def make() -> OwnLettering:
        lines = _own_lines(template)
        return OwnLettering(lines, Alphabet(line.key for line in lines))

    own: OwnLettering = template.once("lettering", make)
    return own


def _own_lines(template: Template) -> tuple[OwnLine, ...]:
    kept: dict[str, Strip] = {}
    for strip, reading in sorted(_read(template), key=lambda pair: -len(fold(pair[1].text))):
        key = fold(reading.text)
        is_word = reading.certainty >= SETTINGS.own_certainty and len(key) >= SETTINGS.fewest_letters
        if is_word and not any(key in other for other in kept):
            kept[key] = strip
    tallest = max((strip.height for strip in kept.values()), default=0.0)
    return tuple(OwnLine(strip, key, strip.height >= SETTINGS.leading * tallest) for key, strip in kept.items())


def _read(template: Template) -> list[tuple[Strip, Reading]]:
    """Every strip, those that read badly the other way up as well. The second detector sees bent lines better."""
    from verify_media.readers import looks
    from verify_media.readers.view import View

    view = View(np.ascontiguousarray(template.rgb))
    strips = list(looks.first(view))
    if not strips or any(strip.curved for strip in strips):
        strips += looks.second_detector(view)
    read = _readings(strips)
    poor = [strip.turned() for strip, reading in read if reading.certainty < SETTINGS.own_certainty]
    return read + _readings(poor)


def _readings(strips: Sequence[Strip]) -> list[tuple[Strip, Reading]]:
    if not strips:
        return []
    return list(zip(strips, recognise([strip.image for strip in strips], Alphabet(())), strict=True))
