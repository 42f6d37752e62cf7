"""Strips: lines of text straightened to 48 rows, each with the way back to the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_recognise import STRIP_HEIGHT

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

MAX_WIDTH = 2400
MIN_WIDTH = 24


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A line as the recogniser sees it."""

    image: Pixels
    """48 x width x 3, RGB."""
    to_frame: Callable[[Floats], Floats]
    """N x 2 points of the strip -> points of the full picture."""
    quad: Floats
    """4x2 corners in the full picture, TL TR BR BL as the strip reads."""
    curved: bool = False
    cut: bool = False
    """Whether its ends may cut a word: of RAISED it would read RAISE with certainty."""
    longer: Callable[[float, float, float], Strip] | None = None
    """A strip of the same line from `low` to `high` of its width (0 to 1 is itself), moved down by so many heights; a
    curved one cannot be moved. None where that is not known."""

    @property
    def height(self) -> float:
        """Height of the line in pixels of the picture."""
        left, right = self.quad[3] - self.quad[0], self.quad[2] - self.quad[1]
        return float(np.linalg.norm(left) + np.linalg.norm(right)) / 2

    def turned(self) -> Strip:
        """The same line read the other way up."""
        width, back, further = self.image.shape[1], self.to_frame, self.longer

        def to_frame(points: Floats) -> Floats:
            return back(np.array([width, STRIP_HEIGHT], np.float32) - points)

        def longer(low: float, high: float, down: float) -> Strip:
            return further(1 - high, 1 - low, -down).turned() if further else self.turned()

        pixels = np.ascontiguousarray(self.image[::-1, ::-1])
        return Strip(pixels, to_frame, self.quad[[2, 3, 0, 1]], self.curved, self.cut, longer if further else None)


class Pyramid:
    """A picture at half sizes, so that a large line is not shrunk by skipping its pixels."""

    def __init__(self, image: Pixels) -> None:
        self._levels = [image]

    def level(self, shrink: float) -> tuple[Pixels, float]:
        """The picture at the largest power of a half that is still finer than 1/`shrink`, and its scale."""
        depth = max(0, int(np.floor(np.log2(max(shrink, 1.0)))))
        while len(self._levels) <= depth and min(self._levels[-1].shape[:2]) > 2:
            last = self._levels[-1]
            size = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
            self._levels.append(np.asarray(cv2.resize(last, size, interpolation=cv2.INTER_AREA), np.uint8))
        image = self._levels[min(depth, len(self._levels) - 1)]
        return image, image.shape[1] / self._levels[0].shape[1]

    @property
    def image(self) -> Pixels:
        return self._levels[0]


def padded(quad: Floats, share: float) -> Floats:
    """The quad (TL TR BR BL) with `share` of its height added on every side."""
    along, down = quad[1] - quad[0], quad[3] - quad[0]
    grow_down = share * down
    grow_along = along * (np.linalg.norm(grow_down) / max(float(np.linalg.norm(along)), 1e-6))
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float32)
    return np.asarray(quad + signs[:, :1] * grow_along + signs[:, 1:] * grow_down, np.float32)


def straight(pyramid: Pyramid, quad: Floats) -> Strip:
    """The strip of a quad (TL TR BR BL of a line), rectified from the full picture."""
    length = float(np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    height = max(float(np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2, 1.0)
    width = int(np.clip(round(STRIP_HEIGHT * length / height), MIN_WIDTH, MAX_WIDTH))
    image, scale = pyramid.level(height / STRIP_HEIGHT)
    corners = np.array([[0, 0], [width, 0], [width, STRIP_HEIGHT], [0, STRIP_HEIGHT]], np.float32)
    inverse = np.asarray(cv2.getPerspectiveTransform(corners, quad.astype(np.float32)), np.float64)
    shift = np.diag([scale, scale, 1.0])
    pixels = cv2.warpPerspective(
        image, shift @ inverse, (width, STRIP_HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip

    def to_frame(points: Floats) -> Floats:
        return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float64), inverse)[0], np.float32)

    def longer(low: float, high: float, down: float) -> Strip:
        return straight(pyramid, stretched(quad, low, high, down))

    return Strip(np.asarray(pixels, np.uint8), to_frame, quad, longer=longer)


def stretched(quad: Floats, low: float, high: float, down: float) -> Floats:
    """The quad (TL TR BR BL) from `low` to `high` of its width, moved down by so many of its heights."""
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    fall = (quad[3] + quad[2] - quad[0] - quad[1]) / 2 * down
    corners = [quad[0] + low * top, quad[0] + high * top, quad[3] + high * bottom, quad[3] + low * bottom]
    return np.asarray(np.stack(corners) + fall, np.float32)


def bent(pyramid: Pyramid, along: Floats, across: Floats) -> Strip:
    """The strip of a bent line: `along` is the N x 2 upper edge, `across` the N x 2 lower edge, both evenly spaced."""
    height = max(float(np.median(np.linalg.norm(across - along, axis=1))), 1.0)
    middle = (along + across) / 2
    length = float(np.linalg.norm(np.diff(middle, axis=0), axis=1).sum())
    width = int(np.clip(round(STRIP_HEIGHT * length / height), MIN_WIDTH, MAX_WIDTH))
    image, scale = pyramid.level(height / STRIP_HEIGHT)

    def to_frame(points: Floats) -> Floats:
        place = np.clip(points[:, 0] / width, 0, 1) * (len(along) - 1)
        low = np.clip(np.floor(place).astype(int), 0, len(along) - 2)
        part = (place - low)[:, None]
        top = along[low] * (1 - part) + along[low + 1] * part
        bottom = across[low] * (1 - part) + across[low + 1] * part
        return np.asarray(top + (bottom - top) * (points[:, 1:] / STRIP_HEIGHT), np.float32)

    grid = np.stack(np.meshgrid(np.arange(width) + 0.5, np.arange(STRIP_HEIGHT) + 0.5), axis=-1).astype(np.float32)
    places = to_frame(grid.reshape(-1, 2)).reshape(STRIP_HEIGHT, width, 2) * np.float32(scale) - np.float32(0.5)
    pixels = cv2.remap(image, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    quad = np.stack([along[0], along[-1], across[-1], across[0]]).astype(np.float32)
    return Strip(np.asarray(pixels, np.uint8), to_frame, quad, curved=True)
