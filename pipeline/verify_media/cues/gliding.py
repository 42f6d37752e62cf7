"""Does lettering glide over the picture, with the scene showing right up to its letters? Sliding captions do.

A card that is pushed along takes its support with it: what lies close around its letters moves as they do and hides
what is behind. Around a caption the scene lies as if the letters were not there. So the ring close around the letters
is compared between frames twice: laid along the scene, and laid along the letters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.tracking import Floats, Grey, Motion, corners, follow, motion, moved
from verify_media.records import Quad


@dataclass(frozen=True, slots=True)
class Settings:
    """Pixels are those of the tracked frames, at most 1280 on a side."""

    reach_px: int = 20
    """How far from the expected place lettering is looked for, from frame to frame."""
    alike: float = 0.55
    """Correlation with the first frame, below which the lettering is lost."""
    in_place: float = 0.85
    """Correlation at the same place of the picture, above which the lettering has not moved."""
    least_px: float = 6.0
    """A mark that has gone less has not glided."""
    apart_px: float = 5.0
    """Letters and scene must have gone so far apart before the ring between them can tell."""
    tremble_px: float = 0.2
    """Unevenness of the scene's movement that lettering in it would have to share."""
    slope: float = 40.0
    """Sobel magnitude of texture; sensor noise of two grey levels has 8."""
    in_scene: int = 150
    """Points by which the scene is followed."""
    looks: int = 6
    """Frames whose rings are compared."""


SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class Glide:
    """One batch of frames in which the lettering moved unturned. Shares 0 to 1."""

    frames: int
    px: float
    """How far the lettering went in the picture."""
    fit: float
    """Correlation of the lettering with that of the first frame: median of the batch."""
    jitter_px: float
    """What is uneven in its path, from frame to frame."""
    own: float
    """Share of its path that the scene's movement does not explain: 0 for what stands in the scene at any depth."""
    behind: float
    """Agreement of the ring around the letters with the scene that was there before or after."""
    beside: float
    """Agreement of the ring with itself, moved as the letters are."""
    texture: float
    """Pixels of texture in the ring, on average."""


def glide(frames: Sequence[Grey], quad: Quad) -> tuple[Glide, Quad] | None:
    """What the lettering at `quad` in the first frame does, and its place in the last; None where it does not glide."""
    place = np.array(quad, np.float64)
    if _is_in_place(frames, place):
        return None
    way, fits = _way(frames, place)
    if len(way) < 6 or np.ptp(way, axis=0).max() < SETTINGS.least_px:
        return None
    scene = _scene(frames[: len(way)], place, way)
    if scene is None:
        return None
    behind, beside, texture = _rings(frames, place, way, scene)
    middles = np.stack([moved(place.mean(0)[None], matrix)[0] for matrix in scene])
    length = float(np.linalg.norm(np.ptp(way, axis=0)))
    found = Glide(
        frames=len(way),
        px=length,
        fit=float(np.median(fits)),
        jitter_px=jitter(way),
        own=own_share(way, middles - place.mean(0)),
        behind=behind,
        beside=beside,
        texture=texture,
    )
    tl, tr, br, bl = ((float(x), float(y)) for x, y in place + way[-1])
    return found, (tl, tr, br, bl)


def slopes(grey: NDArray[np.uint8]) -> Floats:
    """height x width x 2: Sobel gradients."""
    return np.dstack([cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)])


def _box(place: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    low, high = np.floor(place.min(0)).astype(np.intp), np.ceil(place.max(0)).astype(np.intp)
    return np.maximum(low, 0), np.maximum(high, 0)


def _shows(frame: Grey, low: NDArray[np.intp], high: NDArray[np.intp]) -> bool:
    """Whether all of the box, and enough to be compared, is in the picture."""
    return bool((high - low >= 6).all() and (high <= frame.shape[::-1]).all())


def _strength(grey: NDArray[np.uint8]) -> Floats:
    return np.asarray(np.linalg.norm(slopes(grey), axis=2), np.float32)


def _is_in_place(frames: Sequence[Grey], place: NDArray[np.float64]) -> bool:
    """Whether the last frame shows at the same place what the first one did."""
    low, high = _box(place)
    if not _shows(frames[0], low, high):
        return True
    one, two = (_strength(f[low[1] : high[1], low[0] : high[0]]) for f in (frames[0], frames[-1]))
    return float(cv2.matchTemplate(two, one, cv2.TM_CCOEFF_NORMED)[0, 0]) >= SETTINGS.in_place


def _way(frames: Sequence[Grey], place: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[float]]:
    """frames x 2: shift of the lettering since the first frame, as long as it is found unturned; and how well."""
    low, high = _box(place)
    template = _strength(frames[0][low[1] : high[1], low[0] : high[0]])
    if float(template.std()) < 1:
        return np.zeros((0, 2)), []
    way, fits, speed = [np.zeros(2)], [1.0], np.zeros(2)
    for frame in frames[1:]:
        found = _found(frame, template, low + way[-1] + speed) or _found(frame, template, low + way[-1])
        if found is None:
            break
        at, fit = found
        speed = at - low - way[-1]
        way.append(at - low)
        fits.append(fit)
    return np.stack(way), fits


def _found(frame: Grey, template: Floats, expected: NDArray[np.float64]) -> tuple[NDArray[np.float64], float] | None:
    """Place of the template's corner near the expected one, to a fraction of a pixel, and its correlation."""
    height, width = template.shape
    start = np.maximum(np.round(expected).astype(int) - SETTINGS.reach_px, 0)
    stop = np.round(expected).astype(int) + SETTINGS.reach_px + (width, height)
    window = frame[start[1] : stop[1], start[0] : stop[0]]
    if window.shape[0] < height + 2 or window.shape[1] < width + 2:
        return None
    scores = cv2.matchTemplate(_strength(window), template, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    if best < SETTINGS.alike:
        return None
    return start + np.array([_peak(scores[y, :], x), _peak(scores[:, x], y)]), float(best)


def _peak(values: NDArray[np.generic], at: int) -> float:
    """Top of the parabola through the largest value and its neighbours."""
    if not 0 < at < len(values) - 1:
        return float(at)
    one, two, three = (float(v) for v in values[at - 1 : at + 2])
    bend = one - 2 * two + three
    return at + (0.5 * (one - three) / bend if bend < 0 else 0.0)


def _scene(frames: Sequence[Grey], place: NDArray[np.float64], way: NDArray[np.float64]) -> list[Motion] | None:
    """Movement of the scene near the lettering's path, from the first frame to each."""
    height = float(np.linalg.norm(place[3] - place[0]))
    mask = np.full(frames[0].shape, 255, np.uint8)
    for shift in way:
        _fill(mask, place + shift, 0.8 * height + 6, 0)
    points = corners(frames[0], mask, SETTINGS.in_scene, 7)
    if not len(points):
        return None
    paths = follow(frames, points)
    fits = [motion(paths, number) for number in range(len(frames))]
    found = [fit[0] for fit in fits if fit is not None]
    return found if len(found) == len(frames) else None


def _fill(mask: Grey, quad: NDArray[np.float64], grow_px: float, value: int) -> None:
    """Fills the upright box around the quad, `grow_px` larger on every side."""
    low, high = np.floor(quad.min(0) - grow_px).astype(int), np.ceil(quad.max(0) + grow_px).astype(int)
    mask[max(0, low[1]) : max(0, high[1]), max(0, low[0]) : max(0, high[0])] = value


def jitter(way: NDArray[np.float64]) -> float:
    """Tremor, pixels: third differences over those of white noise of one pixel; an even or eased path has none."""
    third = np.diff(way, n=3, axis=0)
    return float(np.sqrt(np.median((third**2).sum(axis=1)) / 20)) if len(third) else 0.0


def own_share(way: NDArray[np.float64], scene: NDArray[np.float64]) -> float:
    """Share of a path (frames x 2) that is not the scene's, larger or smaller: what is nearer or farther moves so.

    All of it where the scene trembles and the lettering does not.
    """
    whole, steps = way - way.mean(0), scene - scene.mean(0)
    factor = max(0.0, float((whole * steps).sum() / max((steps**2).sum(), 1e-6)))
    tremble = factor * jitter(steps)
    if tremble >= SETTINGS.tremble_px and jitter(way) < 0.3 * tremble:
        return 1.0
    return float(np.sqrt(((whole - factor * steps) ** 2).sum() / max((whole**2).sum(), 1e-6)))


def _rings(
    frames: Sequence[Grey], place: NDArray[np.float64], way: NDArray[np.float64], scene: Sequence[Motion]
) -> tuple[float, float, float]:
    """Agreement of the rings laid along the scene and along the letters, and their pixels of texture."""
    sums, texture, pairs = np.zeros((2, 2)), 0.0, 0
    for number in np.unique(np.linspace(0, len(way) - 1, SETTINGS.looks).astype(int)):
        other = _apart(number, place, way, scene)
        if other is None:
            continue
        compared = _compared(frames, place, way, scene, int(number), other)
        sums += compared[0]
        texture += compared[1]
        pairs += 1
    share = sums[:, 0] / np.maximum(sums[:, 1], 1e-6)
    return float(share[0]), float(share[1]), texture / max(pairs, 1)


def _apart(number: int, place: NDArray[np.float64], way: NDArray[np.float64], scene: Sequence[Motion]) -> int | None:
    """The nearest frame in which letters and scene have gone well apart since frame `number`; else the farthest one."""
    middle = place.mean(0)[None]
    here = middle + way[number]
    apart = np.array([
        np.linalg.norm(moved(here, _between(scene[number], after))[0] - (middle[0] + there))
        for after, there in zip(scene, way, strict=True)
    ])  # fmt: skip
    well = np.flatnonzero(apart >= 0.6 * np.linalg.norm(place[3] - place[0]) + SETTINGS.apart_px)
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
    """2 x 2: sums of common and of all gradient energy of the ring in frame `one`, along the scene and the letters."""
    height = float(np.linalg.norm(place[3] - place[0]))
    gap, wide = max(3.0, 0.15 * height), max(6.0, 0.5 * height)
    quad = place + way[one]
    low = np.floor(quad.min(0) - gap - wide).astype(int)
    size = tuple(int(v) for v in np.ceil(quad.max(0) + gap + wide).astype(int) - low)
    ring = np.zeros(size[::-1], np.uint8)
    _fill(ring, quad - low, gap + wide, 1)
    _fill(ring, quad - low, gap, 0)
    along_scene, along_mark = _between(scene[one], scene[two]), np.column_stack([np.eye(2), way[two] - way[one]])
    free = np.ones(frames[two].shape, np.uint8)
    _fill(free, place + way[two], gap, 0)
    base = slopes(_patch(frames[one], np.eye(2, 3), low, size))
    inside = ring.astype(bool) & (_patch(np.ones_like(free), np.eye(2, 3), low, size) > 0)
    uncovered = inside & (_patch(free, along_scene, low, size) > 0)
    in_view = uncovered & (_patch(np.ones_like(free), along_mark, low, size) > 0)
    ways = [slopes(_patch(frames[two], matrix, low, size))[in_view] for matrix in (along_scene, along_mark)]
    return _agreements(base[in_view], *ways)


def _agreements(here: Floats, scene: Floats, mark: Floats) -> tuple[NDArray[np.float64], float]:
    """Sums as in `_compared`, over the pixels (N x 2 gradients) at which both ways foresee something else."""
    told = ((scene - mark) ** 2).sum(1) >= SETTINGS.slope**2
    sums = [
        [float((here[told] * way[told]).sum()), float((here[told] ** 2 + way[told] ** 2).sum()) / 2]
        for way in (scene, mark)
    ]
    return np.array(sums), float(told.sum())


def _patch(frame: Grey, matrix: Motion, low: NDArray[np.intp], size: tuple[int, ...]) -> Grey:
    """The box at `low` as it is seen in a frame when it moves by `matrix`; 0 outside of the picture."""
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ low
    return np.asarray(cv2.warpAffine(frame, shifted, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.uint8)
