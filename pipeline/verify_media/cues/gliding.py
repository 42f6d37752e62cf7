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

from verify_media.cues.placing import alike, placed, strength
from verify_media.cues.rings import fill, height, rings
from verify_media.cues.tracking import Floats, Grey, Motion, corners, follow, motion, moved
from verify_media.cues.tremor import Tremor, jitter, tremor
from verify_media.records import Quad


@dataclass(frozen=True, slots=True)
class Settings:
    """Pixels are those of the tracked frames, at most 1280 on a side.

    Measured on the first 13 frames of 133 simulated clips over photos of the half "fit" (bench/video_clips.py),
    unless it says otherwise.
    """

    reach_px: int = 20
    """How far from the expected place lettering is looked for, from frame to frame. Captions went up to 19 px a frame,
    and at most 2 px from where their speed foresees them (372 steps)."""
    first_reach_px: int = 40
    """The same for the first step, of which no speed is known: captions that ease out went up to 35 px."""
    alike: float = 0.55
    """Correlation with the mean so far, below which the lettering is lost. With the first frame alone, pieces without
    it had .16 as the median and .54 at most (120), sliding captions .87 as the median (372 frames, of those that were
    found)."""
    in_place: float = 0.85
    """Correlation at the same place of the picture, above which the lettering has not moved: .47 at most for captions
    that slid (40), .96 as the median for overlays that stayed. Saves time only: what went less than `least_px` is left
    out as well."""
    plain: float = 1.0
    """Standard deviation of the Sobel magnitude at the mark, below which nothing can be found again; lettering has
    20 or more."""
    least_side_px: int = 6
    """Below this there are no letters, and correlations are chance."""
    least_frames: int = 6
    """Three third differences, so that tremor has a median; a fifth of a second."""
    least_px: float = 6.0
    """A mark that has gone less has not glided. A little more than `rings.SETTINGS.apart_px`: with less no ring can be
    compared."""
    hidden: tuple[float, float] = (6.0, 0.8)
    """Pixels and heights, added: this near to the lettering's path no point of the scene is taken, for points there are
    dragged along. It is gap and ring (see rings.py), and nearly half of the 15 px window that follows a point."""
    tremble_px: float = 0.2
    """Unevenness of the scene's movement that lettering in it would have to share: 0.05 px at most under a still
    camera (39), 0.4 to 0.7 as the median of hand-held ones (5 kinds)."""
    steady: float = 0.3
    """Share of the scene's tremor below which the lettering has not shared it."""
    in_scene: int = 150
    """Points by which the scene is followed: many more than the 6 that a motion needs, for fast pans lose most."""
    corners_px: int = 7
    """Between points of the scene: half of the 15 px window, so that they tell different things."""


SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class Glide:
    """One batch of frames in which the lettering moved unturned. Shares 0 to 1."""

    frames: int
    px: float
    """How far the lettering went in the picture."""
    fit: float
    """Correlation of the lettering with that of the first frame: median of the batch."""
    tremor: Tremor
    """What is uneven in its path, from frame to frame, beside that of the scene."""
    own: float
    """Share of its path that the scene's movement does not explain: 0 for what stands in the scene at any depth."""
    behind: float
    """Agreement of the ring around the letters with the scene that was there before or after."""
    beside: float
    """Agreement of the ring with itself, moved as the letters are."""
    side: float
    """Where the ring lies between what the scene (1) and what the letters (-1) foresee for it."""
    texture: float
    """Pixels of texture in the ring, on average."""
    scene_share: float
    """Share of the scene's points that agree on its movement."""


def glide(frames: Sequence[Grey], quad: Quad) -> tuple[Glide, Quad] | None:
    """What the lettering at `quad` in the first frame does, and its place in the last; None where it does not glide."""
    place = np.array(quad, np.float64)
    if _is_in_place(frames, place):
        return None
    way, fits = _way(frames, place)
    if len(way) < SETTINGS.least_frames or np.ptp(way, axis=0).max() < SETTINGS.least_px:
        return None
    scene = _scene(frames[: len(way)], place, way)
    if scene is None:
        return None
    way = placed(frames, place, way)
    seen = rings(frames, place, way, scene.motions)
    middles = scene.at(place.mean(0))
    found = Glide(
        frames=len(way),
        px=float(np.linalg.norm(np.ptp(way, axis=0))),
        fit=float(np.median(fits)),
        tremor=tremor(way, middles, scene.halves_at(place.mean(0))),
        own=own_share(way, middles),
        behind=seen.behind,
        beside=seen.beside,
        side=seen.side,
        texture=seen.texture,
        scene_share=scene.share,
    )
    tl, tr, br, bl = ((float(x), float(y)) for x, y in place + way[-1])
    return found, (tl, tr, br, bl)


def _box(place: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    low, high = np.floor(place.min(0)).astype(np.intp), np.ceil(place.max(0)).astype(np.intp)
    return np.maximum(low, 0), np.maximum(high, 0)


def _shows(frame: Grey, low: NDArray[np.intp], high: NDArray[np.intp]) -> bool:
    """Whether all of the box, and enough to be compared, is in the picture."""
    return bool((high - low >= SETTINGS.least_side_px).all() and (high <= frame.shape[::-1]).all())


def _is_in_place(frames: Sequence[Grey], place: NDArray[np.float64]) -> bool:
    """Whether the last frame shows at the same place what the first one did."""
    low, high = _box(place)
    if not _shows(frames[0], low, high):
        return True
    one, two = (strength(f[low[1] : high[1], low[0] : high[0]]) for f in (frames[0], frames[-1]))
    return alike(two, one) >= SETTINGS.in_place


def _way(frames: Sequence[Grey], place: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[float]]:
    """frames x 2: shift of the lettering since the first frame, as long as it is found unturned; and how well.

    Compared with the mean of where it was found so far: the letters stay in it, what lay behind them in the first
    frame fades.
    """
    low, high = _box(place)
    template = strength(frames[0][low[1] : high[1], low[0] : high[0]])
    if float(template.std()) < SETTINGS.plain:
        return np.zeros((0, 2)), []
    way, fits, speed = [np.zeros(2)], [1.0], np.zeros(2)
    for number, frame in enumerate(frames[1:], 1):
        farther = SETTINGS.first_reach_px if number == 1 else SETTINGS.reach_px
        near = _found(frame, template, low + way[-1] + speed, SETTINGS.reach_px)
        found = near or _found(frame, template, low + way[-1], farther)
        if found is None:
            break
        speed = found.at - low - way[-1]
        way.append(found.at - low)
        fits.append(found.fit)
        template = np.asarray(template + (found.patch - template) / (number + 1), np.float32)
    return np.stack(way), fits


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """Where the template's corner lies, to a fraction of a pixel, its correlation, and what is there."""

    at: NDArray[np.float64]
    fit: float
    patch: Floats


def _found(frame: Grey, template: Floats, expected: NDArray[np.float64], reach_px: int) -> _Found | None:
    """The template's best place near the expected one, if it is there."""
    height, width = template.shape
    start = np.maximum(np.round(expected).astype(int) - reach_px, 0)
    stop = np.round(expected).astype(int) + reach_px + (width, height)
    window = frame[start[1] : stop[1], start[0] : stop[0]]
    if window.shape[0] < height + 2 or window.shape[1] < width + 2:
        return None
    edges = strength(window)
    scores = np.where(_is_lettered(edges, template), cv2.matchTemplate(edges, template, cv2.TM_CCOEFF_NORMED), 0.0)
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    if best < SETTINGS.alike:
        return None
    at = np.array([_peak(scores[y, :], x), _peak(scores[:, x], y)])
    middle = at + np.array([width - 1, height - 1]) / 2
    patch = cv2.getRectSubPix(edges, (width, height), (float(middle[0]), float(middle[1])))
    return _Found(start + at, float(best), np.asarray(patch, np.float32))


def _is_lettered(edges: Floats, template: Floats) -> NDArray[np.bool_]:
    """Where there is anything to compare: OpenCV calls a plain wall perfectly alike, with a correlation of 1."""
    height, width = template.shape
    mean, square = (cv2.boxFilter(power, -1, (width, height), anchor=(0, 0)) for power in (edges, edges * edges))
    found = square - mean * mean >= SETTINGS.plain**2
    return np.asarray(found[: edges.shape[0] - height + 1, : edges.shape[1] - width + 1], bool)


def _peak(values: NDArray[np.generic], at: int) -> float:
    """Top of the parabola through the largest value and its neighbours."""
    if not 0 < at < len(values) - 1:
        return float(at)
    one, two, three = (float(v) for v in values[at - 1 : at + 2])
    bend = one - 2 * two + three
    return at + (0.5 * (one - three) / bend if bend < 0 else 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """Movement from the first frame to each, by all of the points and by each half of them; and the share that agrees
    on it."""

    motions: list[Motion]
    halves: tuple[list[Motion], list[Motion]]
    share: float

    def at(self, point: NDArray[np.float64]) -> NDArray[np.float64]:
        """frames x 2: where it takes the point."""
        return _path(self.motions, point)

    def halves_at(self, point: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return _path(self.halves[0], point), _path(self.halves[1], point)


def _path(motions: Sequence[Motion], point: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([moved(point[None], matrix)[0] for matrix in motions]) - point


def _scene(frames: Sequence[Grey], place: NDArray[np.float64], way: NDArray[np.float64]) -> _Scene | None:
    """What lies around the lettering's path."""
    mask = np.full(frames[0].shape, 255, np.uint8)
    hidden_px = SETTINGS.hidden[0] + SETTINGS.hidden[1] * height(place)
    for shift in way:
        fill(mask, place + shift, hidden_px, 0)
    points = corners(frames[0], mask, SETTINGS.in_scene, SETTINGS.corners_px)
    if not len(points):
        return None
    paths = follow(frames, points)
    whole, one, two = (_motions(group) for group in (paths, paths[:, ::2], paths[:, 1::2]))
    if whole is None or one is None or two is None:
        return None
    return _Scene(whole[0], (one[0], two[0]), whole[1])


def _motions(paths: Floats) -> tuple[list[Motion], float] | None:
    """From the first frame to each, and the share of the points that agrees, in the median frame."""
    fits = [motion(paths, number) for number in range(len(paths))]
    found = [fit for fit in fits if fit is not None]
    if len(found) < len(paths):
        return None
    return [fit[0] for fit in found], float(np.median([fit[1] for fit in found]))


def own_share(way: NDArray[np.float64], scene: NDArray[np.float64]) -> float:
    """Share of a path (frames x 2) that is not the scene's, larger or smaller: what is nearer or farther moves so.

    All of it where the scene trembles and the lettering does not.
    """
    whole, steps = way - way.mean(0), scene - scene.mean(0)
    factor = max(0.0, float((whole * steps).sum() / max((steps**2).sum(), 1e-6)))
    tremble = factor * jitter(steps)
    if tremble >= SETTINGS.tremble_px and jitter(way) < SETTINGS.steady * tremble:
        return 1.0
    return float(np.sqrt(((whole - factor * steps) ** 2).sum() / max((whole**2).sum(), 1e-6)))
