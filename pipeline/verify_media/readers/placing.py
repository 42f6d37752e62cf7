"""Where a matched name lies: its own quad, cut out of its line by the CTC alignment and the ink around it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_recognise import STEP_PX, STRIP_HEIGHT, Reading, fold
from verify_media.readers.spotting import Match
from verify_media.readers.strips import Strip
from verify_media.records import Quad

Floats = NDArray[np.float32]

INK_SHARE = 0.22
"""Rows and columns with less contrast than this share of the strong ones hold no ink."""
BLANK_ROWS = 6
BLANK_COLUMNS = 7
"""Edges of a strip that hold no letters: the detector's boxes are too large. With them the corners of 73 words of ICDAR
photos (half `tune`) are off by 2.4 % of the word's width in the median, without them by 4.7 %."""
ROW_GAP = 0.35
COLUMN_GAP = 0.3
"""Heights of the letters; beyond a wider gap the ink is that of a card's edge. With it the corners of 9 in 10 of 89
composed names are off by up to 8.5 % of the width, without it by 4.9 %; the dots of an i are nearer."""
MIN_GAP = 2
SIGN = 0.5
"""Probability of a sign that is part of the name; ground is read as less likely ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A strip and what was read in it."""

    strip: Strip
    reading: Reading


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    quad: Quad
    letter_height_px: float


def place(parts: Sequence[Line], match: Match) -> Place:
    """Quad and letter height of a match in lines that follow one another."""
    pieces = [_piece(line, start, stop) for line, start, stop in _shares(parts, match)]
    heights = [height for _, height in pieces]
    points = [corners for corners, _ in pieces]
    if len(points) == 1 and len(points[0]) == 4:
        return Place(as_quad(points[0]), heights[0])
    direction = points[0][1] - points[0][0] if len(points[0]) == 4 else _middle_direction(points[0])
    return Place(as_quad(enclosing(np.concatenate(points), direction)), float(np.min(heights)))


def _shares(parts: Sequence[Line], match: Match) -> Iterator[tuple[Line, int, int]]:
    """From which step to which each line holds letters and signs of the match; a step of pause lies between lines."""
    offset, letters = 0, match.letters or ((match.start, match.stop),)
    for line in parts:
        steps = len(line.reading.best)
        own = [(start - offset, stop - offset) for start, stop in letters if 0 <= start - offset < steps]
        if own:
            own += _signs(line.reading, match.start - offset, match.stop - offset)
            yield line, min(own)[0], max(own)[1]
        offset += steps + 1


def _signs(reading: Reading, start: int, stop: int) -> list[tuple[int, int]]:
    """Steps of what is read there and is no letter: the + at the end of IVY + belongs to the name."""
    read = [(character, step) for character, step in reading.letters() if reading.confidence[step] > SIGN]
    return [
        (step, step + 1)
        for character, step in read
        if start <= step < stop and not (fold(character) or character.isspace())
    ]


def _piece(line: Line, start: int, stop: int) -> tuple[Floats, float]:
    """Corner points in the picture (4, or more along a bent line: upper edge then lower edge) and letter height."""
    left, right, top, bottom = ink_box(line, start, stop)
    count = 2 if not line.strip.curved else 9
    along = np.linspace(left, right, count)
    upper = np.stack([along, np.full(count, top)], axis=1).astype(np.float32)
    lower = np.stack([along[::-1], np.full(count, bottom)], axis=1).astype(np.float32)
    points = line.strip.to_frame(np.concatenate([upper, lower]))
    middle = line.strip.to_frame(np.array([[(left + right) / 2, top], [(left + right) / 2, bottom]], np.float32))
    return points, float(np.linalg.norm(middle[1] - middle[0]))


def ink_box(line: Line, start: int, stop: int) -> tuple[float, float, float, float]:
    """Left, right, top, bottom of the name's ink in the strip, in strip pixels."""
    low, high = _limits(line, start, stop)
    gray = cv2.cvtColor(line.strip.image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    ink = np.abs(np.diff(gray, axis=1, prepend=gray[:, :1])) + np.abs(np.diff(gray, axis=0, prepend=gray[:1]))
    first, last = start * STEP_PX + STEP_PX // 2 - low, stop * STEP_PX - STEP_PX // 2 - low
    profile = ink[BLANK_ROWS : STRIP_HEIGHT - BLANK_ROWS, low:high].mean(axis=1)
    middle = len(profile) // 2
    core = _around(profile, middle - 6, middle + 6, MIN_GAP)
    rows = _around(profile, *core, ROW_GAP * (core[1] - core[0]))
    top, bottom = rows[0] + BLANK_ROWS, rows[1] + BLANK_ROWS
    columns = _around(ink[top:bottom, low:high].mean(axis=0), first, last, COLUMN_GAP * (bottom - top))
    left, right = max(0, min(columns[0], first)), min(high - low, max(columns[1], last))
    return float(low + left), float(low + right), float(top), float(bottom)


def _limits(line: Line, start: int, stop: int) -> tuple[int, int]:
    """How far the name can reach: half-way to the letters on either side, and one letter beyond its own."""
    steps = [step for _, step in line.reading.letters()]
    reach = max(1.0, 1.2 * (stop - start) / max(1, sum(start <= step < stop for step in steps)))
    before = max((step for step in steps if step < start), default=None)
    after = min((step for step in steps if step >= stop), default=None)
    low = start - reach if before is None else max((before + start) / 2, start - reach)
    high = stop + reach if after is None else min((after + stop - 1) / 2 + 1, stop + reach)
    blank = min(BLANK_COLUMNS, start * STEP_PX + STEP_PX // 2)
    width = line.strip.image.shape[1]
    left = int(np.clip(low * STEP_PX, blank, max(blank, width - 2)))
    right = max(width - BLANK_COLUMNS, min(stop * STEP_PX - STEP_PX // 2, width))
    return left, int(np.clip(high * STEP_PX, left + 2, max(right, left + 2)))


def _around(profile: Floats, first: int, last: int, gap: float) -> tuple[int, int]:
    """[first, last) and the ink around it: a wider gap ends it, beyond lies the edge of a card."""
    inked = np.flatnonzero(profile >= INK_SHARE * float(np.quantile(profile, 0.9)))
    low, high = max(first, 0), max(last - 1, 0)
    for place_ in inked[inked < low][::-1]:
        if low - place_ > max(gap, MIN_GAP):
            break
        low = int(place_)
    for place_ in inked[inked > high]:
        if place_ - high > max(gap, MIN_GAP):
            break
        high = int(place_)
    return low, high + 1


def enclosing(points: Floats, direction: Floats) -> Floats:
    """The smallest rectangle around the points with sides along `direction`, TL TR BR BL as it reads."""
    along = direction / max(float(np.linalg.norm(direction)), 1e-6)
    axes = np.stack([along, np.array([-along[1], along[0]])]).astype(np.float32)
    low, high = (points @ axes.T).min(axis=0), (points @ axes.T).max(axis=0)
    corners = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]], np.float32)
    return np.asarray(corners @ axes, np.float32)


def _middle_direction(points: Floats) -> Floats:
    middle = len(points) // 4
    return np.asarray(points[middle + 1] - points[middle - 1], np.float32)


def as_quad(corners: Floats) -> Quad:
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    return a, b, c, d
