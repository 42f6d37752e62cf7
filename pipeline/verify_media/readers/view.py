"""What the looks share about one picture: its half sizes, the detector's first impression, and what is read already."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_detect import Weights, shrunk, text_map
from verify_media.readers.strips import Pyramid

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the full picture; right and bottom are outside."""


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """Sides and margins are in pixels of the first look's copy."""

    side: int = 1280
    max_upscale: float = 1.6
    hint: float = 0.02
    """Text probability from which a place is worth a closer look. On photos of 7 to 16 MP with drawn tags, letters of
    12 px and more had it in 40 of 41 cases (the detector boxes them from 9 px of its copy, here they have 4), and 2 to
    45 % of a photo without text."""
    margin: int = 20
    """Letters around a hint that belong to the same word."""
    pad: int = 12
    known_growth: float = 1.25
    """A clear reading accounts for hints in its box grown so much."""


SETTINGS = WindowSettings()


class View:
    """One RGB picture as the looks see it. `known` are 4x2 boxes of clear readings, in its pixels."""

    def __init__(self, image: Pixels) -> None:
        self.pyramid = Pyramid(image)
        self.known: list[Floats] = []
        self._maps: dict[Weights, Floats] = {}

    @property
    def image(self) -> Pixels:
        return self.pyramid.image

    @property
    def scale(self) -> float:
        """Pixels of the first look's copy per pixel of the picture."""
        return float(min(SETTINGS.side / max(self.image.shape[:2]), SETTINGS.max_upscale))

    def impression(self, weights: Weights) -> Floats:
        """Text probability of each pixel of the first look's copy."""
        if weights not in self._maps:
            self._maps[weights] = text_map(shrunk(self.image, self.scale), weights)
        return self._maps[weights]

    def unread(self) -> list[Box]:
        """Boxes around what hints at text that no clear reading accounts for, strongest hint first."""
        hints = np.max([self.impression(weights) for weights in (Weights.V6, *self._maps)], axis=0)
        hints = np.where(hints >= SETTINGS.hint, hints, np.float32(0))
        ratio = np.array([hints.shape[1], hints.shape[0]]) / self.image.shape[1::-1]
        for quad in self.known:
            middle = quad.mean(axis=0)
            grown = (middle + (quad - middle) * SETTINGS.known_growth) * ratio
            cv2.fillConvexPoly(hints, np.round(grown).astype(np.int32), 0.0)
        return [_in_picture(box, ratio, self.image) for box in boxes_of(hints)]


def boxes_of(hints: Floats) -> list[Box]:
    """Left, top, right, bottom around the groups of hints, merged where they overlap, strongest first."""
    side = 2 * SETTINGS.margin + 1
    groups = cv2.dilate((hints > 0).astype(np.uint8), np.ones((side, side), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(groups)
    pad = SETTINGS.pad
    boxes = merged([(x - pad, y - pad, x + w + pad, y + h + pad) for x, y, w, h, _ in stats[1:].tolist()])
    return sorted(boxes, key=lambda b: -float(hints[max(b[1], 0) : b[3], max(b[0], 0) : b[2]].max()))


def merged(boxes: list[Box]) -> list[Box]:
    """Boxes of which no two overlap; those that did are joined."""
    kept: list[Box] = []
    for box in boxes:
        while touching := [other for other in kept if _overlap(box, other)]:
            several = [box, *touching]
            kept = [other for other in kept if other not in touching]
            box = (
                min(b[0] for b in several),
                min(b[1] for b in several),
                max(b[2] for b in several),
                max(b[3] for b in several),
            )
        kept.append(box)
    return kept


def _overlap(one: Box, two: Box) -> bool:
    return one[0] < two[2] and two[0] < one[2] and one[1] < two[3] and two[1] < one[3]


def _in_picture(box: Box, ratio: NDArray[np.float64], image: Pixels) -> Box:
    height, width = image.shape[:2]
    left, top = max(0, int(box[0] / ratio[0])), max(0, int(box[1] / ratio[1]))
    return left, top, min(width, round(box[2] / ratio[0])), min(height, round(box[3] / ratio[1]))
