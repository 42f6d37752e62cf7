"""Does the mark move with the scene, or stay with the picture? Measured on a short run of neighbouring frames.

What a camera or a hand moves, moves together; what was added afterwards does not. See `tracking.py` for the points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.tracking import SETTINGS as TRACKING
from verify_media.cues.tracking import Floats, Grey, Motion, Seeds, follow, motion, moved, seeds
from verify_media.records import Quad


@dataclass(frozen=True, slots=True)
class Settings:
    """Pixels are those of the tracked frames, at most 1280 on a side."""

    survivors: float = 0.5
    """A run ends when fewer of its scene points are left."""
    moved_px: float = 1.0
    """Below this, nothing has moved."""
    same: float = 0.4
    """Correlation of the mark at the start and the end of a run, below which it has been lost or covered."""
    looks: int = 8
    """Frames of a run that are compared pixel by pixel."""


SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class Run:
    """Measurements of one unbroken stretch of tracking, at the frame where the scene had moved most."""

    scene_px: float
    """How far the scene went at the place of the mark."""
    everywhere: float
    """Share of the picture that moved: 1 for a moving camera, little for a moving object."""
    still: float
    """Share of the mark's points that stayed where they were in the picture."""
    along: float
    """Share of the mark's points that went with the scene, or with what is around the mark."""
    still_energy: float
    """Share of the mark's edge energy that survives averaging the frames as they lie."""
    along_energy: float
    """The same, with the frames laid along the scene."""
    mark_px: float
    """How far the mark went."""
    agreement: float
    """Share of the mark's points that move as one."""
    companions: float
    """Share of the points around the mark that went with it."""
    around: int
    """Number of points around the mark."""
    wobble_px: float
    """What a smooth path does not explain of the mark's: hands shake, animations do not."""
    scene_wobble_px: float
    turn: float
    """Turn and growth of the mark, as a share: 0.01 is half a degree or one percent."""
    points: int
    frames: int


@dataclass(frozen=True, slots=True)
class Course:
    """What a mark did in a batch of frames: its runs, where it is at the end, and how many steps it was followed."""

    runs: list[Run]
    place: Quad
    frames: int
    is_lost: bool


def course(frames: Sequence[Grey], quad: Quad) -> Course:
    """Follows the mark from the first frame on; `quad` is its place there."""
    runs: list[Run] = []
    start, place = 0, quad
    while start < len(frames) - 1:
        stretch = _stretch(frames[start:], place)
        if stretch is None:
            return Course(runs, place, start, True)
        run, end, length = stretch
        runs.append(run)
        if not _is_same(frames[start], place, frames[start + length], end):
            return Course(runs, place, start, True)
        start, place = start + length, end
    return Course(runs, place, start, False)


def _is_same(one: Grey, place: Quad, two: Grey, end: Quad) -> bool:
    """Whether the mark still looks alike: normalised correlation of both, rectified to one size."""
    a, b = (_rectified(frame, quad) for frame, quad in ((one, place), (two, end)))
    return float(cv2.matchTemplate(a, b, cv2.TM_CCOEFF_NORMED)[0, 0]) >= SETTINGS.same


def _rectified(frame: Grey, quad: Quad) -> Grey:
    box = np.array([[0, 0], [95, 0], [95, 31], [0, 31]], np.float32)
    matrix = cv2.getPerspectiveTransform(np.array(quad, np.float32), box)
    return np.asarray(cv2.warpPerspective(frame, matrix, (96, 32), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _as_quad(points: NDArray[np.float64]) -> Quad:
    tl, tr, br, bl = ((float(x), float(y)) for x, y in points)
    return (tl, tr, br, bl)


def _inside(frame: Grey, place: NDArray[np.float64]) -> bool:
    size = np.array([frame.shape[1], frame.shape[0]])
    return bool((place > 2).all() and (place < size - 2).all())


def _stretch(frames: Sequence[Grey], quad: Quad) -> tuple[Run, Quad, int] | None:
    """One run, the mark's place at its end, and its length in frames."""
    place = np.array(quad, np.float64)
    if not _inside(frames[0], place):
        return None
    seed = seeds(frames[0], quad)
    if len(seed.mark) < TRACKING.least or len(seed.around) + len(seed.scene) < 3 * TRACKING.least:
        return None
    paths = follow(frames, seed.all)
    length = _length(paths, len(seed.mark))
    if length < 1:
        return None
    tracks = Tracks.of(paths[: length + 1], seed, place)
    run = _measured(frames, tracks)
    end = moved(place, tracks.mark_motions[-1]) if tracks.mark_motions[-1] is not None else place
    return run, _as_quad(end), length


def _length(paths: Floats, on_mark: int) -> int:
    """Last frame in which enough points of the mark and of the rest are left."""
    alive = ~np.isnan(paths[:, :, 0])
    mark, rest = alive[:, :on_mark].sum(1), alive[:, on_mark:].sum(1)
    good = (mark >= max(TRACKING.least, 0.3 * mark[0])) & (rest >= SETTINGS.survivors * rest[0])
    return int(np.argmin(np.append(good, False))) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Paths by place, and the motion of each group from frame 0 to every frame."""

    place: NDArray[np.float64]
    mark: Floats
    around: Floats
    scene: Floats
    mark_motions: list[Motion | None]
    mark_share: float
    around_motions: list[Motion | None]
    scene_motions: list[Motion | None]

    @classmethod
    def of(cls, paths: Floats, seed: Seeds, place: NDArray[np.float64]) -> Tracks:
        one, two = len(seed.mark), len(seed.mark) + len(seed.around)
        groups = paths[:, :one], paths[:, one:two], paths[:, two:]
        fits = [[motion(group, number) for number in range(len(paths))] for group in groups]
        mark, around, scene = ([None if fit is None else fit[0] for fit in row] for row in fits)
        shares = [fit[1] for fit in fits[0] if fit is not None]
        return cls(place, *groups, mark, float(np.median(shares)) if shares else 0.0, around, scene)


def _way(place: NDArray[np.float64], motions: Sequence[Motion | None]) -> NDArray[np.float64]:
    """frames x 2: where the middle of the mark would go; NaN where it is not known."""
    middle = place.mean(0)[None]
    return np.stack([np.full(2, np.nan) if m is None else moved(middle, m)[0] - middle[0] for m in motions])


def _measured(frames: Sequence[Grey], tracks: Tracks) -> Run:
    ways = [_way(tracks.place, m) for m in (tracks.mark_motions, tracks.around_motions, tracks.scene_motions)]
    far = [np.nan_to_num(np.linalg.norm(way, axis=1)) for way in ways]
    at = int(np.argmax(np.maximum(far[1], far[2])))
    carriers = [
        m[at]
        for m, d in ((tracks.around_motions, far[1]), (tracks.scene_motions, far[2]))
        if m[at] is not None and d[at] >= SETTINGS.moved_px
    ]
    scene_px = float(max(far[1][at], far[2][at]))
    still, along = _shares(tracks.mark[0], tracks.mark[at], carriers)
    wobble, scene_wobble = _wobble(ways[0]), max(_wobble(ways[1]), _wobble(ways[2]))
    mark_at = int(np.argmax(far[0]))
    companions, around = _companions(tracks, mark_at)
    still_energy, along_energy = _energies(frames, tracks, at) if carriers else (0.0, 0.0)
    return Run(
        scene_px=scene_px,
        everywhere=_everywhere(tracks.scene, at),
        still=still,
        along=along,
        still_energy=still_energy,
        along_energy=along_energy,
        mark_px=float(far[0][mark_at]),
        agreement=tracks.mark_share,
        companions=companions,
        around=around,
        wobble_px=wobble,
        scene_wobble_px=scene_wobble,
        turn=_turn(tracks.mark_motions),
        points=int((~np.isnan(tracks.mark[at, :, 0])).sum()),
        frames=len(tracks.mark),
    )


def _shares(before: Floats, after: Floats, carriers: Sequence[Motion | None]) -> tuple[float, float]:
    alive = ~np.isnan(after[:, 0])
    if not carriers or alive.sum() < TRACKING.least:
        return 0.0, 0.0
    before, after = before[alive], after[alive]
    expected = [moved(before, m) for m in carriers if m is not None]
    ways = np.max([np.linalg.norm(e - before, axis=1) for e in expected], axis=0)
    off_scene = np.min([np.linalg.norm(e - after, axis=1) for e in expected], axis=0)
    off_still = np.linalg.norm(after - before, axis=1)
    near = np.clip(0.35 * ways, 0.4, 3.0)
    return float(((off_still < near) & (off_still < off_scene)).mean()), float(
        ((off_scene < near) & (off_scene < off_still)).mean()
    )


def _everywhere(scene: Floats, at: int) -> float:
    """Share of the scene's points that moved, each tile of the picture counting once."""
    alive = ~np.isnan(scene[at, :, 0])
    if alive.sum() < TRACKING.least:
        return 0.0
    went = np.linalg.norm(scene[at, alive] - scene[0, alive], axis=1) >= 0.6 * SETTINGS.moved_px
    tile = (scene[0, alive] // 120).astype(int) @ np.array([1, 1000])
    return float(np.mean([went[tile == t].mean() for t in np.unique(tile)]))


def _wobble(way: NDArray[np.float64]) -> float:
    """Root mean square, pixels, of what a parabola does not explain: hands shake, animations do not."""
    known = ~np.isnan(way[:, 0])
    if known.sum() < 8:
        return 0.0
    t = np.linspace(-1, 1, len(way))[known]
    basis = np.stack([np.ones_like(t), t, t * t, t**3], axis=1)
    rest = way[known] - basis @ np.linalg.lstsq(basis, way[known], rcond=None)[0]
    return float(np.sqrt((rest**2).sum(1).mean()))


def _turn(motions: Sequence[Motion | None]) -> float:
    """Largest turn and growth of the mark, as a share: 0.01 is half a degree or one percent."""
    known = [m[:, 0] - np.array([1.0, 0.0]) for m in motions if m is not None]
    return float(np.max(np.linalg.norm(known, axis=1))) if known else 0.0


def _companions(tracks: Tracks, at: int) -> tuple[float, int]:
    """Share of the points around the mark that moved as it did, and their number."""
    alive, own = ~np.isnan(tracks.around[at, :, 0]), tracks.mark_motions[at]
    if own is None or not alive.any():
        return 0.0, 0
    before, after = tracks.around[0, alive], tracks.around[at, alive]
    expected = moved(before, own)
    far = np.linalg.norm(expected - before, axis=1)
    near = np.linalg.norm(expected - after, axis=1) < np.clip(0.3 * far, 0.5, 2.5)
    return float(near.mean()), int(alive.sum())


def _energies(frames: Sequence[Grey], tracks: Tracks, at: int) -> tuple[float, float]:
    """Shares of the mark's edge energy that survive averaging the frames as they lie, and laid along the scene."""
    steps = np.unique(np.linspace(0, at, min(SETTINGS.looks, at + 1)).astype(int))
    still = _surviving([_patch(frames[n], tracks.place, np.eye(2, 3)) for n in steps])
    along = [
        _surviving([_patch(frames[n], tracks.place, m) for n in steps if (m := motions[n]) is not None])
        for motions in (tracks.around_motions, tracks.scene_motions)
    ]
    return still, max(along)


def _patch(frame: Grey, place: NDArray[np.float64], matrix: NDArray[np.float64]) -> Floats:
    """The mark's box of frame 0, as seen in another frame when it moves by `matrix`."""
    low, high = np.floor(place.min(0)).astype(int), np.ceil(place.max(0)).astype(int)
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ low
    size = (max(4, int(high[0] - low[0])), max(4, int(high[1] - low[1])))
    patch = cv2.warpAffine(
        frame, shifted, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(patch, np.float32)


def _surviving(patches: Sequence[Floats]) -> float:
    """Energy of the mean gradient over the mean energy of the gradients: 1 for equal patches, 0 for unrelated ones."""
    if len(patches) < 2:
        return 0.0
    slopes = np.stack([np.stack([cv2.Sobel(p, cv2.CV_32F, 1, 0), cv2.Sobel(p, cv2.CV_32F, 0, 1)]) for p in patches])
    whole = float((slopes**2).sum(axis=(1, 2, 3)).mean())
    share = float((slopes.mean(axis=0) ** 2).sum()) / max(whole, 1e-6)
    return max(0.0, (share * len(patches) - 1) / (len(patches) - 1))


@dataclass(frozen=True, slots=True)
class Weights:
    """Logistic weights."""

    share: float = 5.0
    energy: float = 1.0
    own_way: float = 3.0
    most: float = 6.0


WEIGHTS = Weights()


def log_odds(runs: Sequence[Run]) -> float:
    """Of digital against physical, over all runs; exactly 0 where nothing moved that could tell."""
    told = [(run.frames, odds) for run in runs if (odds := _odds(run))]
    if not told:
        return 0.0
    total = sum(frames * odds for frames, odds in told) / sum(frames for frames, _ in told)
    return float(np.clip(total, -WEIGHTS.most, WEIGHTS.most))


def _odds(run: Run) -> float:
    everywhere = _ramp(run.everywhere, 0.6, 0.85)
    if run.scene_px >= SETTINGS.moved_px and max(run.still, run.along) >= 0.3:
        share = run.still * everywhere - run.along
        energy = float(np.clip(np.log((run.still_energy + 0.03) / (run.along_energy + 0.03)), -3, 3))
        energy *= everywhere if energy > 0 else 1.0
        return _ramp(run.scene_px, 0.5, 3.0) * (WEIGHTS.share * share + WEIGHTS.energy * energy)
    if run.mark_px >= 2.0 and run.agreement >= 0.8:
        return WEIGHTS.own_way * _own_way(run)
    return 0.0


def _own_way(run: Run) -> float:
    """1 for a mark that glides alone over the picture, -1 for one that a hand moves with what it is on."""
    is_smooth = run.wobble_px < 0.15 and run.turn < 0.01 and run.frames >= 10
    if is_smooth:
        return 1.0 if run.companions < 0.1 and run.around >= 8 else 0.0
    return -_ramp(run.companions, 0.1, 0.5) * _ramp(max(run.wobble_px / 0.6, run.turn / 0.02), 0.3, 1.0)


def _ramp(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))
