"""Follow the marks of one frame through its neighbours, and weigh how they move against how the scene moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import islice
from math import exp

from verify_media.codecs import video
from verify_media.cues.calibration import log_odds
from verify_media.cues.trace import SETTLED, Trace
from verify_media.cues.tracking import Grey
from verify_media.messages import Message, message
from verify_media.records import Cue, MediaItem, Outcome, Quad, Sighting
from verify_media.stages import ends


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
    settled: float = SETTLED
    """Log-odds at which no more is decoded."""
    at_once_s: float = 0.25
    """What was followed for a shorter time was lost at once; a batch of frames takes 0.4 s."""
    resting_px: float = 1.5
    """At the size at which it is followed: what has gone less may be where it was a second later."""
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

    @property
    def explains(self) -> bool:
        """Whether it may speak for the same place at other times: not where the mark went along or was lost at once."""
        return self.log_odds > 0 or (self.log_odds == 0 and self.end_s - self.start_s >= LIMITS.at_once_s)


def follow(item: MediaItem, sightings: Sequence[Sighting]) -> tuple[Followed, ...]:
    """The sightings of one frame, forwards in time; near the end of the clip, backwards. Raises DecodeError.

    A mark of which that does not settle anything is followed from where it came, and to where it goes.
    """
    time_s = sightings[0].time_s or 0.0
    frames, step_s = _neighbours(item, time_s)
    first = list(islice(frames, 1))
    places = [_scaled(sighting.quad, _scale(item)) for sighting in sightings]
    traces = [Trace(place) for place in places]
    last = _go(traces, frames, first, 1)
    seeker = cache(partial(_seeker, item, step_s))  # reads the times of the keyframes: once, and only where asked
    came = [
        _came(seeker, place, Stretch(trace, time_s, step_s), first) if sighting.mark else None
        for sighting, place, trace in zip(sightings, places, traces, strict=True)
    ]
    if not _is_settled_by(came):
        _go(traces, frames, last, LIMITS.rounds - 1)
    stretches = [Stretch(trace, time_s, step_s) for trace in traces]
    beyond = [
        _beyond(seeker, place, one, first, before) if sighting.mark else one
        for sighting, place, one, before in zip(sightings, places, stretches, came, strict=True)
    ]
    return tuple(
        _followed(sighting, stretch, _scale(item)) for sighting, stretch in zip(sightings, beyond, strict=True)
    )


def traced(frames: Iterator[Grey], places: Sequence[Quad]) -> list[Trace]:
    """What the marks at these places in the first frame do, until it is settled or they are lost."""
    traces = [Trace(place) for place in places]
    _go(traces, frames, list(islice(frames, 1)), LIMITS.rounds)
    return traces


def _go(traces: Sequence[Trace], frames: Iterator[Grey], batch: list[Grey], rounds: int) -> list[Grey]:
    """So many batches further; `batch` ends with the frame in which they are, and so does what is returned."""
    for _ in range(rounds):
        if all(trace.is_done for trace in traces):
            break
        batch = [*batch[-1:], *islice(frames, LIMITS.frames)]
        if len(batch) < 2:
            break
        for trace in traces:
            trace.go(batch)
    return batch


@dataclass(frozen=True, slots=True)
class Stretch:
    """A trace from a moment on, and since when and until when the mark is known to be seen beyond it."""

    trace: Trace
    time_s: float
    step_s: float
    """Negative: backwards."""
    since_s: float = float("inf")
    until_s: float = 0.0

    @property
    def span_s(self) -> tuple[float, float]:
        start_s, end_s = sorted((self.time_s, self.time_s + self.trace.frames * self.step_s))
        return max(0.0, min(start_s, self.since_s)), max(end_s, self.until_s)


def _seeker(item: MediaItem, step_s: float) -> ends.Seeker:
    every = round(abs(step_s) * (item.fps or 30.0))
    return ends.Seeker(item, tuple(video.key_times(item.path)), max(1, every), LIMITS.side_px)


def _came(seeker: Callable[[], ends.Seeker], place: Quad, stretch: Stretch, first: Sequence[Grey]) -> Stretch | None:
    """How the mark came, looked for at once where it rests in a still picture; None where that is not so.

    Nor in the last group of pictures, where no keyframe tells until when it is seen.
    """
    trace = stretch.trace
    if not first or stretch.step_s < 0 or not trace.rests or not _rests(trace, place):
        return None
    if seeker().keys_s[-1] <= stretch.span_s[1]:
        return None
    return _ending(seeker().came(ends.Sight(first[0], place, stretch.time_s)), place, -abs(stretch.step_s))


def _is_settled_by(came: Sequence[Stretch | None]) -> bool:
    """Whether how the marks came says all: then they need not be followed any further."""
    found = [one for one in came if one is not None]
    return bool(found) and all(abs(one.trace.log_odds) >= LIMITS.settled for one in found)


def _beyond(
    seeker: Callable[[], ends.Seeker], place: Quad, stretch: Stretch, first: Sequence[Grey], came: Stretch | None
) -> Stretch:
    """The stretch with how the mark came and how it goes; as it is, where it is settled."""
    trace = stretch.trace
    if not first or abs(trace.log_odds) >= LIMITS.settled:
        return stretch
    since, until = stretch.span_s
    found = [stretch]
    if came is not None:
        found.append(came)
    elif stretch.step_s > 0 or not trace.is_lost:
        found.append(_ending(seeker().came(ends.Sight(first[0], place, since)), place, -abs(stretch.step_s)))
    if not trace.is_lost and _rests(trace, place):
        found.append(_ending(seeker().goes(ends.Sight(first[0], place, until)), place, abs(stretch.step_s)))
    spans = [one.span_s for one in found]
    joined = Trace.joined([one.trace for one in found])
    return replace(stretch, trace=joined, since_s=min(s for s, _ in spans), until_s=max(u for _, u in spans))


def _ending(end: ends.End, place: Quad, step_s: float) -> Stretch:
    """The mark followed to where it came from, or goes to; what comes or goes at its place, until it is seen there."""
    (trace,) = traced(iter(end.frames), [place])
    if trace.glides:
        return Stretch(trace, end.time_s, step_s)
    return Stretch(replace(trace, frames=0), end.seen_s, step_s)


def _rests(trace: Trace, place: Quad) -> bool:
    """Whether it is where it was first seen."""
    apart = (abs(a - b) for now, then in zip(trace.place, place, strict=True) for a, b in zip(now, then, strict=True))
    return max(apart) <= LIMITS.resting_px


def _followed(sighting: Sighting, stretch: Stretch, scale: float) -> Followed:
    trace = stretch.trace
    quads = tuple((stretch.time_s + n * stretch.step_s, _scaled(quad, 1 / scale)) for n, quad in trace.trail)
    return Followed(*stretch.span_s, trace.log_odds, _cues(sighting, trace, scale), quads)


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
    return video.luma_between(item.path, start_s, end_s, max_side=LIMITS.side_px, every=every, max_frames=most)


def fused(sighting: Sighting, followed: Followed) -> Sighting:
    """The sighting with what the motion adds to the photo's judgement; unchanged where nothing moved."""
    if not followed.tells:
        return sighting
    photo = min(max(sighting.p_digital if sighting.p_digital is not None else 0.5, 0.03), 0.97)
    odds = followed.log_odds + LIMITS.photo_weight * log_odds(photo)
    p_digital = 1 / (1 + exp(-odds))
    numbers = tuple(replace(cue, reason=None) for cue in sighting.evidence)
    return replace(sighting, p_digital=p_digital, outcome=_outcome(p_digital), evidence=(*followed.cues, *numbers))


def _outcome(p_digital: float) -> Outcome:
    if p_digital >= LIMITS.digital:
        return Outcome.DIGITAL
    return Outcome.PHYSICAL if p_digital <= LIMITS.physical else Outcome.UNSURE


def _cues(sighting: Sighting, trace: Trace, scale: float) -> tuple[Cue, ...]:
    if not trace.runs and not trace.glides and not trace.fades:
        return ()
    ways = [*(run.mark_px for run in trace.runs), *(glide.px for glide in trace.glides), 0.0]
    return (
        Cue("motion_log_odds", trace.log_odds, _reason(sighting, trace, max(ways))),
        Cue("motion_scene_px", max([0.0, *(run.scene_px for run in trace.runs)]) / scale),
        Cue("motion_mark_px", max(ways) / scale),
    )


def _reason(sighting: Sighting, trace: Trace, mark_px: float) -> Message | None:
    mark = sighting.mark or f"“{sighting.text}”"
    if abs(trace.log_odds) < 1:
        return None
    if trace.log_odds > 0:
        key = "motion-fades" if trace.has_faded else "motion-slides" if mark_px >= 3 else "motion-stays"
        return message(key, mark=mark)
    is_thing = trace.goes_its_own_way or max([0.0, *(run.everywhere for run in trace.runs)]) < 0.5
    return message("motion-with-object" if is_thing else "motion-with-scene", mark=mark)
