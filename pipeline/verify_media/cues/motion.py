"""Does the mark move with the scene, or stay with the picture? Measured on a short run of neighbouring frames.

What a camera or a hand moves, moves together; what was added afterwards does not. See `tracking.py` for the points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.gliding import own_share
from verify_media.cues.layers import Energies, energies
from verify_media.cues.placing import alike, strength
from verify_media.cues.tracking import SETTINGS as TRACKING
from verify_media.cues.tracking import Floats, Grey, Motion, Seeds, follow, motion, moved, seeds
from verify_media.cues.tremor import across, wander
from verify_media.records import Quad


@dataclass(frozen=True, slots=True)
class Settings:
    """Pixels are those of the tracked frames, at most 1280 on a side."""

    survivors: float = 0.5
    """A run ends when fewer of its scene points are left."""
    moved_px: float = 1.0
    """Below this, nothing has moved."""
    same: float = 0.7
    """Correlation of the mark's edges at the start and the end of a run, and of the whole, below which it has been lost
    or covered. Of 40 marks of the half "fit" that passed all had .97 or more; a caption over busy ground that was lost
    and passed, .48: half of what was seen in its place was the ground."""
    split: float = 0.2
    """Share of the mark's edges that stay for no reason in the scene: at most 0.08 for marks that went 4 px with it."""
    agreed: float = 0.6
    """Share of the mark's points that must move as one to say where it went."""
    apart_px: float = 4.0
    """A mark that has gone this far shows whether what is around it goes with it."""
    seen: float = 0.4
    """Correlation of the mark's brightness before a scene that does not move, below which it has gone or is covered: a
    title that fades is followed until it has."""
    tile_px: int = 100
    wide: float = 0.3
    """Share of the picture that the moving points must span to be all of it."""
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
    around_energy: float
    """What survives as they lie of the edges around the mark: the measure for `still_energy`."""
    foreseen_energy: float
    """What `still_energy` would be if all that is seen at the mark went with the scene."""
    mark_px: float
    """How far the mark went."""
    own_px: float
    """How far it went, or what is around it where its own points are lost, that the scene does not explain."""
    agreement: float
    """Share of the mark's points that move as one."""
    companions: float
    """Share of the points around the mark that went with it."""
    around: int
    """Number of points around the mark."""
    wobble_px: float
    """What a smooth path does not explain of the mark's: hands shake, animations do not."""
    scene_wobble_px: float
    across_px: float
    """Its tremor across the line along which it goes (see tremor.py): hands shake, plates that slide in do not."""
    wander_px: float
    """How far it strays from a smooth way (see tremor.py)."""
    turn: float
    """Turn and growth of the mark, as a share: 0.01 is half a degree or one percent."""
    kept: float
    """Share of the mark's points that could be followed."""
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
        is_same = _is_same(run, (frames[start], place), (frames[start + length], end))
        if is_same or run.still_energy >= run.along_energy:
            runs.append(run)  # else it is not the mark that went along
        if _has_gone(run) or _is_split(run) or not is_same:
            return Course(runs, place, start, True)
        start, place = start + length, end
    return Course(runs, place, start, False)


def _has_gone(run: Run) -> bool:
    """Whether neither the mark's points nor its edges are anywhere that is known."""
    return run.scene_px >= SETTINGS.moved_px and run.kept < 0.3 and max(run.still_energy, run.along_energy) < 0.9


def _is_split(run: Run) -> bool:
    """Whether some of what is seen at the mark's place stays while most goes on: it is not known which is the mark."""
    stays = run.still_energy - max(run.around_energy, run.foreseen_energy)
    return stays >= SETTINGS.split and run.along_energy > run.still_energy


def _is_same(run: Run, one: tuple[Grey, Quad], two: tuple[Grey, Quad]) -> bool:
    if run.scene_px >= SETTINGS.moved_px:
        return looks_same(*one, *two)
    return alike(_rectified(*one), _rectified(*two)) >= SETTINGS.seen


def looks_same(one: Grey, place: Quad, two: Grey, end: Quad) -> bool:
    """Whether the mark's edges still look alike: normalised correlation of both, rectified to one size."""
    a, b = (cv2.GaussianBlur(strength(_rectified(*seen)), (0, 0), 1.0) for seen in ((one, place), (two, end)))
    return alike(np.asarray(a, np.float32), np.asarray(b, np.float32)) >= SETTINGS.same


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
    if len(seed.around) + len(seed.scene) < 3 * TRACKING.least:
        return None
    paths = follow(frames, seed.all)
    length = _length(paths[:, len(seed.mark) :])
    tracks = Tracks.of(paths[: length + 1], seed, place)
    length = min(length, _last_in_view(frames[0], tracks))
    if length < 1:
        return None
    tracks = tracks.until(length)
    run = _measured(frames, tracks)
    return run, _as_quad(_end(tracks, run)), length


def _length(paths: Floats) -> int:
    """Last frame in which enough of the points are left."""
    left = (~np.isnan(paths[:, :, 0])).sum(axis=1)
    return int(np.argmin(np.append(left >= max(TRACKING.least, SETTINGS.survivors * left[0]), False))) - 1


def _last_in_view(frame: Grey, tracks: Tracks) -> int:
    """Last frame in which the mark would be in view if it went along: behind it there is nothing to compare."""
    motions = [
        far if near is None else near for near, far in zip(tracks.around_motions, tracks.scene_motions, strict=True)
    ]
    views = [motion is None or _inside(frame, moved(tracks.place, motion)) for motion in motions]
    return int(np.argmin([*views, False])) - 1


def _end(tracks: Tracks, run: Run) -> NDArray[np.float64]:
    """Where the mark is at the end of a run: as its own points say, else along whichever layer its edges belong to."""
    own = tracks.mark_motions[-1]
    if own is not None and run.agreement >= SETTINGS.agreed:
        return moved(tracks.place, own)
    scene = tracks.around_motions[-1] if tracks.around_motions[-1] is not None else tracks.scene_motions[-1]
    return tracks.place if scene is None or run.still_energy >= run.along_energy else moved(tracks.place, scene)


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

    def until(self, number: int) -> Tracks:
        """The first frames, `number` included."""
        to = slice(0, number + 1)
        groups = self.mark[to], self.around[to], self.scene[to]
        return Tracks(
            self.place, *groups, self.mark_motions[to], self.mark_share, self.around_motions[to], self.scene_motions[to]
        )


def _way(place: NDArray[np.float64], motions: Sequence[Motion | None]) -> NDArray[np.float64]:
    """frames x 2: where the middle of the mark would go; NaN where it is not known."""
    middle = place.mean(0)[None]
    return np.stack([np.full(2, np.nan) if m is None else moved(middle, m)[0] - middle[0] for m in motions])


def _measured(frames: Sequence[Grey], tracks: Tracks) -> Run:
    own, near, far = (_way(tracks.place, m) for m in (tracks.mark_motions, tracks.around_motions, tracks.scene_motions))
    went = [_lengths(way) for way in (own, near, far)]
    at = int(np.argmax(np.maximum(went[1], went[2])))
    groups = ((tracks.around_motions, went[1]), (tracks.scene_motions, went[2]))
    carriers = [motions for motions, px in groups if px[at] >= SETTINGS.moved_px]
    still, along = _shares(tracks.mark[0], tracks.mark[at], [motions[at] for motions in carriers])
    steps = np.unique(np.linspace(0, at, min(SETTINGS.looks, at + 1)).astype(int))
    laid = [[motions[n] for n in steps] for motions in carriers]
    energy = energies([frames[n] for n in steps], tracks.place, laid) if carriers else Energies()
    known = own[: int(np.argmin(np.append(~np.isnan(own[:, 0]), False)))]
    companions, around = _companions(tracks, _first(went[0], SETTINGS.apart_px))
    return Run(
        scene_px=float(max(went[1][at], went[2][at])),
        everywhere=_everywhere(tracks, at, np.array(frames[0].shape, np.float64)),
        still=still,
        along=along,
        still_energy=energy.still,
        along_energy=energy.along,
        around_energy=energy.around,
        foreseen_energy=energy.foreseen,
        mark_px=float(went[0].max()),
        own_px=_own_px(own if tracks.mark_motions[at] is not None else near, far),
        agreement=tracks.mark_share,
        companions=companions,
        around=around,
        wobble_px=_wobble(own),
        scene_wobble_px=_wobble(far),
        across_px=across(known),
        wander_px=wander(known),
        turn=_turn(tracks.mark_motions),
        kept=float((~np.isnan(tracks.mark[at, :, 0])).mean()) if tracks.mark.size else 0.0,
        frames=len(tracks.mark),
    )


def _own_px(way: NDArray[np.float64], scene: NDArray[np.float64]) -> float:
    known = ~np.isnan(way[:, 0]) & ~np.isnan(scene[:, 0])
    if known.sum() < 4:
        return 0.0
    return own_share(way[known], scene[known]) * float(np.linalg.norm(np.ptp(way[known], axis=0)))


def _lengths(way: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.nan_to_num(np.linalg.norm(way, axis=1)))


def _first(went: NDArray[np.float64], far_px: float) -> int:
    """First frame in which it had gone so far, else the one in which it had gone farthest."""
    there = np.flatnonzero(went >= far_px)
    return int(there[0]) if len(there) else int(np.argmax(went))


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


def _spread(points: Floats) -> float:
    """Area, square pixels, of the hull of the points."""
    return float(cv2.contourArea(cv2.convexHull(points))) if len(points) >= 3 else 0.0


def _everywhere(tracks: Tracks, at: int, size: NDArray[np.float64]) -> float:
    """Share of the picture that moved: tiles that did, among those that are not beside the mark (a banner may be).

    Less where all that moves lies close together: that is a thing, not the camera.
    """
    alive = ~np.isnan(tracks.scene[at, :, 0])
    start, went = tracks.scene[0, alive], np.linalg.norm(tracks.scene[at, alive] - tracks.scene[0, alive], axis=1)
    height = np.linalg.norm(tracks.place[3] - tracks.place[0])
    low, high = tracks.place.min(0) - 2.5 * height, tracks.place.max(0) + 2.5 * height
    away = ((start < low) | (start > high)).any(axis=1)
    if away.sum() < TRACKING.least:
        return 0.0
    tile = (start[away] // SETTINGS.tile_px).astype(int) @ np.array([1, 1000])
    is_moving = went[away] >= 0.6 * SETTINGS.moved_px
    share = float(np.mean([is_moving[tile == t].mean() > 0.5 for t in np.unique(tile)]))
    return share * float(min(1.0, _spread(start[away][is_moving]) / size.prod() / SETTINGS.wide))


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
