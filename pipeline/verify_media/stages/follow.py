"""Follow the marks of one frame through its neighbours, and weigh how they move against how the scene moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from math import exp, log

from verify_media.codecs import video
from verify_media.cues import motion
from verify_media.cues.motion import Course
from verify_media.cues.motion_odds import log_odds
from verify_media.cues.tracking import Grey
from verify_media.messages import Message, message
from verify_media.records import Cue, MediaItem, Outcome, Quad, Sighting


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is decoded, and what counts as decided."""

    side_px: int = 1280
    """Frames are followed at this size: 0.7 px there is 1 px at 1080p."""
    frames: int = 12
    """Decoded at a time; a hand-held camera moves some pixels in half a second."""
    rounds: int = 5
    most_fps: float = 34.0
    """Of faster clips, every second, third... frame is followed."""
    settled: float = 3.5
    """Log-odds at which no more is decoded."""
    photo_weight: float = 0.4
    """Of the photo's log-odds beside those of the motion: one is a measurement of a single frame, the other of many."""
    digital: float = 0.95
    physical: float = 0.05
    """Both as measured in bench/video.py: log-odds of 3 either way."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Followed:
    """One mark through a stretch of the clip. `log_odds`: digital against physical; 0 where nothing tells."""

    start_s: float
    end_s: float
    log_odds: float
    cues: tuple[Cue, ...] = ()
    quads: tuple[tuple[float, Quad], ...] = ()
    """Time and place, in pixels of the full frame, wherever it was located anew."""

    @property
    def tells(self) -> bool:
        return self.log_odds != 0.0


def follow(item: MediaItem, sightings: Sequence[Sighting]) -> tuple[Followed, ...]:
    """The sightings of one frame, forwards in time; near the end of the clip, backwards. Raises DecodeError."""
    time_s = sightings[0].time_s or 0.0
    marks = [_Mark(sighting, _scaled(sighting.quad, _scale(item))) for sighting in sightings]
    frames, step_s = _neighbours(item, time_s)
    batch = list(islice(frames, 1))
    for _ in range(LIMITS.rounds):
        batch = [*batch[-1:], *islice(frames, LIMITS.frames)]
        for mark in marks:
            mark.go(batch)
        if len(batch) < 2 or all(mark.is_done for mark in marks):
            break
    return tuple(mark.followed(time_s, step_s, _scale(item)) for mark in marks)


@dataclass(slots=True)
class _Mark:
    """A sighting on its way through the frames."""

    sighting: Sighting
    place: Quad
    runs: list[motion.Run] = field(default_factory=list)
    trail: list[tuple[int, Quad]] = field(default_factory=list)
    frames: int = 0
    is_lost: bool = False

    def go(self, batch: Sequence[Grey]) -> None:
        if self.is_done:
            return
        course: Course = motion.course(batch, self.place)
        self.runs += course.runs
        self.place, self.is_lost = course.place, course.is_lost
        self.frames += course.frames
        self.trail.append((self.frames, course.place))

    @property
    def is_done(self) -> bool:
        return self.is_lost or abs(log_odds(self.runs)) >= LIMITS.settled

    def followed(self, time_s: float, step_s: float, scale: float) -> Followed:
        ends = sorted((time_s, time_s + self.frames * step_s))
        odds = log_odds(self.runs)
        quads = tuple((time_s + n * step_s, _scaled(quad, 1 / scale)) for n, quad in self.trail)
        return Followed(max(0.0, ends[0]), ends[1], odds, _cues(self.sighting, self.runs, odds, scale), quads)


def _scale(item: MediaItem) -> float:
    return min(1.0, LIMITS.side_px / max(item.width, item.height))


def _scaled(quad: Quad, factor: float) -> Quad:
    tl, tr, br, bl = ((x * factor, y * factor) for x, y in quad)
    return (tl, tr, br, bl)


def _neighbours(item: MediaItem, time_s: float) -> tuple[Iterator[Grey], float]:
    """Grey frames from the moment on, and the seconds from one to the next (negative: backwards)."""
    fps = item.fps or 30.0
    every = max(1, round(fps / LIMITS.most_fps + 0.25))
    span_s = LIMITS.frames * every / fps
    if (item.duration_s or 0.0) - time_s >= 0.7 * span_s or time_s < span_s / 2:
        most = LIMITS.rounds * LIMITS.frames * every + 1
        return _greys(item, time_s, time_s + LIMITS.rounds * span_s, most, every), every / fps
    before = list(_greys(item, max(0.0, time_s - 1.5 * span_s), time_s, 4 * LIMITS.frames * every, 1))
    return iter(before[::-every]), -every / fps


def _greys(item: MediaItem, start_s: float, end_s: float, most: int, every: int) -> Iterator[Grey]:
    slack_s = 2e-3  # times of frames are rounded to milliseconds
    return video.luma_between(
        item.path, start_s - slack_s, end_s + slack_s, max_side=LIMITS.side_px, every=every, max_frames=most
    )


def fused(sighting: Sighting, followed: Followed) -> Sighting:
    """The sighting with what the motion adds to the photo's judgement; unchanged where nothing moved."""
    if not followed.tells:
        return sighting
    photo = min(max(sighting.p_digital if sighting.p_digital is not None else 0.5, 0.03), 0.97)
    odds = followed.log_odds + LIMITS.photo_weight * log(photo / (1 - photo))
    p_digital = 1 / (1 + exp(-odds))
    numbers = tuple(replace(cue, reason=None) for cue in sighting.evidence)
    return replace(sighting, p_digital=p_digital, outcome=_outcome(p_digital), evidence=(*followed.cues, *numbers))


def _outcome(p_digital: float) -> Outcome:
    if p_digital >= LIMITS.digital:
        return Outcome.DIGITAL
    return Outcome.PHYSICAL if p_digital <= LIMITS.physical else Outcome.UNSURE


def _cues(sighting: Sighting, runs: Sequence[motion.Run], odds: float, scale: float) -> tuple[Cue, ...]:
    if not runs:
        return ()
    scene_px = max(run.scene_px for run in runs) / scale
    mark_px = max(run.mark_px for run in runs) / scale
    return (
        Cue("motion_log_odds", odds, _reason(sighting, runs, odds)),
        Cue("motion_scene_px", scene_px),
        Cue("motion_mark_px", mark_px),
    )


def _reason(sighting: Sighting, runs: Sequence[motion.Run], odds: float) -> Message | None:
    mark = sighting.mark or f"“{sighting.text}”"
    if abs(odds) < 1:
        return None
    slid = max(run.mark_px for run in runs) >= 3
    if odds > 0:
        return message("motion-slides" if slid else "motion-stays", mark=mark)
    return message("motion-with-object" if max(r.everywhere for r in runs) < 0.5 else "motion-with-scene", mark=mark)
