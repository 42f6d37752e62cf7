"""Where lettering lies in each frame, to a few hundredths of a pixel: registered to its own mean over all frames.

The letters stay in the mean, what lies behind them does not. Peaks of a correlation alone lean to whole pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues import layers
from verify_media.cues.tracking import Floats, Grey


@dataclass(frozen=True, slots=True)
class Settings:
    rounds: int = 2
    """Of taking the mean and registering each frame to it."""
    steps: int = 2
    """Of Gauss and Newton in each round."""
    step_px: float = 0.5
    """The most that one step may correct."""
    astray_px: float = 1.0
    """Farther from where a frame's lettering was found, it was not the start that was inexact."""
    plain: float = 0.5
    """Standard deviation, of grey levels or Sobel magnitude, below which there is nothing to compare."""
    margin_px: int = 4
    least_gain: float = 0.2
    """Contrast of a frame's lettering beside the mean's, below which it is not followed down."""


SETTINGS = Settings()


def strength(grey: Grey) -> Floats:
    """Magnitude of the gradient."""
    return np.asarray(np.linalg.norm(layers.slopes(grey), axis=0), np.float32)


def alike(one: Grey | Floats, two: Grey | Floats) -> float:
    """Normalised correlation of two pictures of one size; 0 where one is plain, of which OpenCV says 1."""
    if min(float(one.std()), float(two.std())) < SETTINGS.plain:
        return 0.0
    return float(cv2.matchTemplate(one, two, cv2.TM_CCOEFF_NORMED)[0, 0])


def placed(frames: Sequence[Grey], place: NDArray[np.float64], way: NDArray[np.float64]) -> NDArray[np.float64]:
    """frames x 2: the shifts of `way` since the first frame, made exact.

    The unevenness (see tremor.py) of 40 captions that slide by a program, half "fit": .08 px before and .04 after as
    the median, the largest .19 and .15.
    """
    low, high = np.floor(place.min(0)).astype(int), np.ceil(place.max(0)).astype(int)
    pieces = [_Piece.of(frame, low + shift, high - low) for frame, shift in zip(frames, way, strict=False)]
    exact = way.copy()
    for _ in range(SETTINGS.rounds):
        looks = [piece.at(low + shift) for piece, shift in zip(pieces, exact, strict=True)]
        mean = _Mean.of(np.asarray(np.mean(looks, axis=0), np.float32))
        for number, piece in enumerate(pieces):
            shift = mean.found(piece, low + exact[number]) - low
            if np.abs(shift - way[number]).max() < SETTINGS.astray_px:
                exact[number] = shift
    return np.asarray(exact - exact[0], np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """Edges of one frame around its lettering."""

    edges: Floats
    corner: NDArray[np.intp]
    size: tuple[int, int]

    @classmethod
    def of(cls, frame: Grey, at: NDArray[np.float64], size: NDArray[np.intp]) -> _Piece:
        margin = SETTINGS.margin_px
        left, top = corner = np.maximum(np.floor(at).astype(np.intp) - margin, 0)
        width, height = int(size[0]), int(size[1])
        piece = frame[top : top + height + 2 * margin + 1, left : left + width + 2 * margin + 1]
        return cls(strength(piece), corner, (width, height))

    def at(self, place: NDArray[np.float64]) -> Floats:
        """The lettering whose upper left corner lies at `place`, in pixels of the frame."""
        x, y = place - self.corner + (np.array(self.size) - 1) / 2
        return np.asarray(cv2.getRectSubPix(self.edges, self.size, (float(x), float(y))), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class _Mean:
    """The mean lettering, without its average, and what turns differences from it into shifts."""

    edges: Floats
    slopes: NDArray[np.float64]
    inverse: NDArray[np.float64]

    @classmethod
    def of(cls, edges: Floats) -> _Mean:
        down, across = np.gradient(edges.astype(np.float64))
        slopes = np.stack([across.ravel(), down.ravel()])
        return cls(edges - edges.mean(), slopes, np.linalg.inv(slopes @ slopes.T + 1e-6 * np.eye(2)))

    def found(self, piece: _Piece, start: NDArray[np.float64]) -> NDArray[np.float64]:
        place = start
        for _ in range(SETTINGS.steps):
            look = piece.at(place)
            look = look - look.mean()
            gain = max(SETTINGS.least_gain, float((look * self.edges).sum() / max((self.edges**2).sum(), 1e-6)))
            step = self.inverse @ (self.slopes @ (gain * self.edges - look).ravel()) / gain
            place = place + np.clip(step, -SETTINGS.step_px, SETTINGS.step_px)
        return place
