"""The lettering inside a logo or card settles look-alikes: a badge of the same make with another name fits as well as
the right one."""

from __future__ import annotations

import re
import unicodedata
import weakref
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
from rapidfuzz import fuzz

from verify_media.records import Frame, Quad, Sighting

if TYPE_CHECKING:
    from verify_media.readers.template import Template
    from verify_media.readers.text import TextReader


@dataclass(frozen=True, slots=True)
class LetteringSettings:
    """Words of three letters are read into any pattern; the log-odds were not fitted: they outvote the shape only when
    it doubts."""

    fewest_letters: int = 4
    certain: float = 0.85
    alike: float = 75.0
    unlike: float = 50.0
    same: float = 3.0
    other: float = -12.0
    """Other words where the mark has its own are a veto: twins fit so well that the shape alone gives odds of a
    thousand."""
    patch_px: int = 560
    smallest_px: float = 70.0
    """A badge of fewer pixels in the frame has letters of fewer than 8 px: nothing is concluded from them."""


SETTINGS = LetteringSettings()
MARGIN = 0.08
"""Surroundings of the rectified place, as a part of its long side: the detector needs some ground around letters."""


class Lettering:
    """Reads the words of a mark once, and those at each doubtful place."""

    def __init__(self) -> None:
        self._words: weakref.WeakKeyDictionary[Template, frozenset[str]] = weakref.WeakKeyDictionary()

    @cached_property
    def _reader(self) -> TextReader:
        from verify_media.readers.text import TextReader

        return TextReader(())

    def log_odds(self, frame: Frame, quad: Quad, template: Template) -> float:
        """Above 0: the mark's words are there. Below 0: other words are. 0: no lettering, or nothing can be read."""
        wanted = self.words_of(template)
        if not wanted or np.sqrt(cv2.contourArea(np.array(quad, np.float32))) < SETTINGS.smallest_px:
            return 0.0
        patch = rectified(frame, quad, template)
        return compare(wanted, words(s for s in self._seen(patch) if _is_inside(s, patch)))

    def words_of(self, template: Template) -> frozenset[str]:
        if template not in self._words:
            self._words[template] = words(self._seen(template.rgb))
        return self._words[template]

    def _seen(self, image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> tuple[Sighting, ...]:
        return self._reader.other_text(Frame(np.ascontiguousarray(image)))


def words(read: Iterable[Sighting]) -> frozenset[str]:
    """Words that were read with certainty, folded to plain lower-case letters."""
    sure = (s.text for s in read if s.score >= SETTINGS.certain)
    plain = (unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower() for text in sure)
    return frozenset(w for text in plain for w in re.findall(r"[a-z]+", text) if len(w) >= SETTINGS.fewest_letters)


def _is_inside(seen: Sighting, patch: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> bool:
    """Its middle lies on the mark, not on what is beside it."""
    margin = MARGIN * SETTINGS.patch_px
    x, y = np.mean(seen.quad, axis=0)
    return bool(margin <= x <= patch.shape[1] - margin and margin <= y <= patch.shape[0] - margin)


def compare(wanted: Collection[str], seen: Collection[str]) -> float:
    """Log-odds from the words of the mark and the words at the place."""
    if not wanted or not seen:
        return 0.0
    best = [max(fuzz.ratio(word, other) for other in seen) for word in wanted]
    if max(best) >= SETTINGS.alike:
        return SETTINGS.same
    return SETTINGS.other if max(best) < SETTINGS.unlike else 0.0


def rectified(frame: Frame, quad: Quad, template: Template) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The place seen from the front, with a little of what is around it."""
    scale = SETTINGS.patch_px / template.long_side
    margin = MARGIN * SETTINGS.patch_px
    width, height = template.size[0] * scale, template.size[1] * scale
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + np.float32(margin)
    matrix = cv2.getPerspectiveTransform(np.array(quad, np.float32), target)
    size = (round(width + 2 * margin), round(height + 2 * margin))
    return np.asarray(cv2.warpPerspective(frame.image, matrix, size, flags=cv2.INTER_CUBIC), np.uint8)
