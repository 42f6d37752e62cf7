"""Does lettering fade evenly while everything around it stays as it was? Titles do.

A thing that leaves is covered from one side, goes out of focus, or goes dark together with what is around it. A title
loses its contrast everywhere at once, to nothing, and the scene around it does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.layers import slopes
from verify_media.cues.tracking import Floats, Grey
from verify_media.records import Quad


@dataclass(frozen=True, slots=True)
class Settings:
    """Contrast is a share of that of the first frame, over the ground that the last one shows."""

    goes: float = 0.3
    """Share of the gradients' energy that must go: less is noise, or something that moves behind it."""
    whole: float = 0.85
    gone: float = 0.2
    blocks: int = 4
    """Pieces of the lettering, side by side, that must fade together."""
    margin: float = 0.8
    """Width of the ring around the mark, in heights of the mark."""
    slope: float = 40.0
    """Sobel magnitude of texture; sensor noise of two grey levels has 8."""
    tiles: tuple[int, int] = (32, 24)
    """Across and down, into which the whole picture is shrunk to see what else changes."""
    changed: float = 4.0
    """Grey levels by which the mean of a tile must change; sensor noise and codec leave it within one."""


SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class Fade:
    """One disappearance of lettering that did not move."""

    frames: int
    """From whole to gone."""
    uneven: float
    """Largest difference in contrast between pieces of the lettering on the way, median over the frames."""
    back: float
    """Largest rise of the contrast on the way: 0 for a steady fade."""
    shape: float
    """Correlation with the first frame while more than half of the contrast is left: letters stay sharp."""
    around: float
    """Largest change of contrast around the lettering, where there is texture."""
    light: float
    """Largest change of brightness around the lettering, as a share."""
    texture: int
    """Pixels of texture around it."""
    elsewhere: float = 0.0
    """Share of the rest of the picture that changed meanwhile: one shot that is blended into another changes it all."""


@dataclass(frozen=True, slots=True)
class Window:
    """The upright box around a mark with its ring, cut out of every frame."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, quad: Quad, frame: Grey) -> Window:
        place = np.array(quad)
        margin = max(10.0, SETTINGS.margin * float(np.linalg.norm(place[3] - place[0])))
        low, high = np.floor(place.min(0) - margin).astype(int), np.ceil(place.max(0) + margin).astype(int)
        height, width = frame.shape
        return cls(max(0, low[0]), max(0, low[1]), min(width, high[0]), min(height, high[1]))

    @property
    def is_in_view(self) -> bool:
        return self.right > self.left and self.bottom > self.top

    def inner(self, quad: Quad) -> Quad:
        """The quad in what the window shows."""
        tl, tr, br, bl = ((x - self.left, y - self.top) for x, y in quad)
        return (tl, tr, br, bl)

    def of(self, frame: Grey) -> Grey:
        """What the window shows; a copy, so that the frame itself can be let go."""
        return frame[self.top : self.bottom, self.left : self.right].copy()


def shrunk(frame: Grey) -> Grey:
    """The whole picture in tiles."""
    return np.asarray(cv2.resize(frame, SETTINGS.tiles, interpolation=cv2.INTER_AREA), np.uint8)


def presence(first: Grey, frame: Grey, quad: Quad) -> float:
    """Contrast of the lettering at `quad` of the first frame that is at the same place of the other, as a share."""
    window = Window.around(quad, first)
    if not window.is_in_view or first.shape != frame.shape:
        return 0.0
    mark, _ = _masks(window, quad)
    return _contrast(slopes(window.of(frame)), slopes(window.of(first)), mark)[0] if mark.any() else 0.0


def fade(crops: Sequence[Grey], window: Window, quad: Quad, tiles: Sequence[Grey] = ()) -> Fade | None:
    """How the lettering at `quad` goes; None while it is there, or where it was cut off at once. `tiles`: `shrunk`."""
    if len(crops) < 4 or not window.is_in_view:
        return None
    mark, ring = _masks(window, quad)
    if not mark.any() or not ring.any():
        return None
    gradients = [slopes(crop) for crop in crops]
    ground = gradients[-1]
    title = gradients[0] - ground
    if _share(gradients[0], ground, mark) < SETTINGS.goes or _contrast(ground, title, mark)[0] > SETTINGS.gone:
        return None  # what is there is there to the last, or as much of it as a lamp leaves that is turned down
    whole = np.array([_contrast(s - ground, title, mark)[0] for s in gradients])
    end = int(np.argmax(whole <= SETTINGS.gone))
    start = int(np.flatnonzero(whole[:end] >= SETTINGS.whole)[-1])
    way = range(start, end + 1)
    pieces = np.array([[_contrast(gradients[n] - ground, title, piece)[0] for piece in _pieces(mark)] for n in way])
    shapes = [_contrast(gradients[n] - ground, title, mark)[1] for n in way if whole[n] >= 0.5]
    textured = ring & (np.linalg.norm(gradients[0], axis=0) >= SETTINGS.slope)
    around = [_contrast(gradients[n], gradients[0], textured)[0] for n in way] if textured.any() else [0.0]
    light = np.array([float(crops[n][ring].mean()) for n in way])
    return Fade(
        frames=end - start,
        uneven=float(np.median(np.ptp(pieces[1:-1], axis=1))) if end - start > 1 else 1.0,
        back=float(max(0.0, np.diff(whole[start : end + 1]).max())),
        shape=float(min(shapes)),
        around=float(np.abs(np.array(around) - 1).max()),
        light=float(np.abs(light / max(light[0], 1.0) - 1).max()),
        texture=int(textured.sum()),
        elsewhere=_elsewhere(tiles[start], tiles[end]) if tiles else 0.0,
    )


def _elsewhere(one: Grey, two: Grey) -> float:
    """Share of tiles that changed; the lettering's own are few."""
    return float((cv2.absdiff(one, two) >= SETTINGS.changed).mean())


def _share(first: Floats, ground: Floats, mark: NDArray[np.bool_]) -> float:
    """Of the energy of the first frame's gradients: that of what is gone in the last."""
    gone, whole = float(((first - ground)[:, mark] ** 2).sum()), float((first[:, mark] ** 2).sum())
    return gone / max(whole, 1e-6)


def _contrast(slopes: Floats, first: Floats, mask: NDArray[np.bool_]) -> tuple[float, float]:
    """Share of the first frame's gradients that is there (least squares), and the correlation of both."""
    a, b = slopes[:, mask], first[:, mask]
    common, own, whole = float((a * b).sum()), float((a * a).sum()), float((b * b).sum())
    return common / max(whole, 1e-6), common / max((own * whole) ** 0.5, 1e-6)


def _masks(window: Window, quad: Quad) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    size = (window.bottom - window.top, window.right - window.left)
    place = np.array(quad) - (window.left, window.top)
    gap = max(4, round(0.15 * float(np.linalg.norm(place[3] - place[0]))))
    mark = np.zeros(size, np.uint8)
    cv2.fillPoly(mark, [np.round(place).astype(np.int32)], 1)
    ring = 1 - cv2.dilate(mark, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8))
    return mark.astype(bool), ring.astype(bool)


def _pieces(mark: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """The mark cut into upright strips of one width."""
    columns = np.flatnonzero(mark.any(axis=0))
    strips = np.array_split(columns, SETTINGS.blocks)
    numbers = np.arange(mark.shape[1])
    return [mark & np.isin(numbers, strip)[None] for strip in strips if len(strip)]
