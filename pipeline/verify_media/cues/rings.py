"""Does the ring close around moving lettering show the scene, or a support that moves as the letters do?

Between two frames it is laid along the scene, and along the letters; only pixels at which the two ways foresee
something else are asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues import layers
from verify_media.cues.tracking import Floats, Grey, Motion, moved


@dataclass(frozen=True, slots=True)
class Settings:
    """Pixels are those of the tracked frames, at most 1280 on a side; heights are those of the mark."""

    apart_px: float = 5.0
    """Letters and scene must have gone so far apart before the ring between them can tell: the Sobel edge of a blurred
    line is about so wide, and laid less apart it agrees both ways."""
    apart_heights: float = 0.6
    """The same in heights of the mark, added where the clip is long enough: the letters then hide less of the ring."""
    gap: tuple[float, float] = (3.0, 0.15)
    """Pixels, and heights of the mark, whichever is more, that are left out around the letters: their outlines (up to
    2 px) and the blocks of the codec that they spoil."""
    wide: tuple[float, float] = (6.0, 0.5)
    """Width of the ring, likewise: with the gap about the margin of the narrowest simulated cards, 0.3 heights
    and 8 px."""
    slope: float = 40.0
    """Sobel magnitude of texture; sensor noise of two grey levels has 8."""
    looks: int = 6
    """Frames whose rings are compared; a batch has 13, and neighbours show nearly the same."""


SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the ring shows, over several pairs of frames."""

    behind: float
    """Agreement with the scene, 1 for the same."""
    beside: float
    """Agreement with itself, moved as the letters are."""
    side: float
    """Where it lies between what the scene (1) and what the letters (-1) foresee, along the line between both.

    Unlike the agreements it is the same where scene and support look alike, as rows of lettering do.
    """
    texture: float
    """Pixels at which both foresee something else, on average."""


def rings(
    frames: Sequence[Grey], place: NDArray[np.float64], way: NDArray[np.float64], scene: Sequence[Motion]
) -> Seen:
    """What is seen close around the letters."""
    sums, texture, pairs = np.zeros((3, 2)), 0.0, 0
    for number in np.unique(np.linspace(0, len(way) - 1, SETTINGS.looks).astype(int)):
        other = _apart(number, place, way, scene)
        if other is None:
            continue
        compared = _compared(frames, place, way, scene, int(number), other)
        sums += compared[0]
        texture += compared[1]
        pairs += 1
    behind, beside, side = sums[:, 0] / np.maximum(sums[:, 1], 1e-6)
    return Seen(float(behind), float(beside), float(side), texture / max(pairs, 1))


def _apart(number: int, place: NDArray[np.float64], way: NDArray[np.float64], scene: Sequence[Motion]) -> int | None:
    """The nearest frame in which letters and scene have gone well apart since frame `number`; else the farthest one."""
    middle = place.mean(0)[None]
    here = middle + way[number]
    apart = np.array([
        np.linalg.norm(moved(here, _between(scene[number], after))[0] - (middle[0] + there))
        for after, there in zip(scene, way, strict=True)
    ])  # fmt: skip
    well = np.flatnonzero(apart >= SETTINGS.apart_heights * height(place) + SETTINGS.apart_px)
    at = int(well[np.argmin(np.abs(well - number))]) if len(well) else int(np.argmax(apart))
    return at if apart[at] >= SETTINGS.apart_px else None


def _between(one: Motion, two: Motion) -> Motion:
    """From one frame to the other, of motions from the first frame."""
    whole = np.vstack([two, [0, 0, 1]]) @ np.linalg.inv(np.vstack([one, [0, 0, 1]]))
    return np.asarray(whole[:2], np.float64)


def _compared(
    frames: Sequence[Grey],
    place: NDArray[np.float64],
    way: NDArray[np.float64],
    scene: Sequence[Motion],
    one: int,
    two: int,
) -> tuple[NDArray[np.float64], float]:
    """The sums of `_agreements` for the ring in frame `one`, and its pixels of texture."""
    gap, wide = (max(px, heights * height(place)) for px, heights in (SETTINGS.gap, SETTINGS.wide))
    quad = place + way[one]
    low = np.floor(quad.min(0) - gap - wide).astype(int)
    size = tuple(int(v) for v in np.ceil(quad.max(0) + gap + wide).astype(int) - low)
    ring = np.zeros(size[::-1], np.uint8)
    fill(ring, quad - low, gap + wide, 1)
    fill(ring, quad - low, gap, 0)
    along_scene, along_mark = _between(scene[one], scene[two]), np.column_stack([np.eye(2), way[two] - way[one]])
    free = np.ones(frames[two].shape, np.uint8)
    fill(free, place + way[two], gap, 0)
    base = slopes(_patch(frames[one], np.eye(2, 3), low, size))
    inside = ring.astype(bool) & (_patch(np.ones_like(free), np.eye(2, 3), low, size) > 0)
    uncovered = inside & (_patch(free, along_scene, low, size) > 0)
    in_view = uncovered & (_patch(np.ones_like(free), along_mark, low, size) > 0)
    ways = [slopes(_patch(frames[two], matrix, low, size))[in_view] for matrix in (along_scene, along_mark)]
    return _agreements(base[in_view], *ways)


def _agreements(here: Floats, scene: Floats, mark: Floats) -> tuple[NDArray[np.float64], float]:
    """3 x 2: sums of common and of all gradient energy, along the scene and the letters; and the way from the middle
    of both towards the scene, over half of their distance. Of the pixels (N x 2) at which they foresee something else.
    """
    apart = ((scene - mark) ** 2).sum(1)
    told = apart >= SETTINGS.slope**2
    sums = [
        [float((here[told] * way[told]).sum()), float((here[told] ** 2 + way[told] ** 2).sum()) / 2]
        for way in (scene, mark)
    ]
    towards = ((2 * here - scene - mark) * (scene - mark)).sum(1)
    return np.array([*sums, [float(towards[told].sum()), float(apart[told].sum())]]), float(told.sum())


def _patch(frame: Grey, matrix: Motion, low: NDArray[np.intp], size: tuple[int, ...]) -> Grey:
    """The box at `low` as it is seen in a frame when it moves by `matrix`; 0 outside of the picture."""
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ low
    return np.asarray(cv2.warpAffine(frame, shifted, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.uint8)


def slopes(grey: Grey) -> Floats:
    """height x width x 2: Sobel gradients."""
    return np.moveaxis(layers.slopes(grey), 0, -1)


def height(place: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(place[3] - place[0]))


def fill(mask: Grey, quad: NDArray[np.float64], grow_px: float, value: int) -> None:
    """Fills the upright box around the quad, `grow_px` larger on every side."""
    low, high = np.floor(quad.min(0) - grow_px).astype(int), np.ceil(quad.max(0) + grow_px).astype(int)
    mask[max(0, low[1]) : max(0, high[1]), max(0, low[0]) : max(0, high[0])] = value
