"""Which moments of a clip to decode: keyframes where they are close enough, frames between them where not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spacing:
    """Keyframes alone cost 1/8 of a full decode at 1080p (0.70, 5.55 CPU-s for 15 s), so only long gaps are filled."""

    max_gap_s: float = 2.0
    """Phones write a keyframe each second; x264's default is 8 s, some recorders write one for the whole clip."""
    fill_every_s: float = 1.0
    least: int = 4
    """Moments for a clip shorter than that many fills."""


SPACING = Spacing()


@dataclass(frozen=True, slots=True)
class Stop:
    """A group of pictures to visit: its keyframe's time, whether to show it, and the times to decode on to."""

    key_s: float
    shows_key: bool
    fills_s: tuple[float, ...] = ()


def plan(keys_s: Sequence[float], duration_s: float, max_frames: int) -> tuple[Stop, ...]:
    """At most `max_frames` moments spread over the clip, in order of time. `keys_s` ascend."""
    if not keys_s or max_frames < 1:
        return ()
    moments = _thinned(sorted(_candidates(keys_s, duration_s)), duration_s, max_frames)
    return tuple(_stops(keys_s, moments))


def _candidates(keys_s: Sequence[float], duration_s: float) -> list[tuple[float, bool]]:
    """(time, is a keyframe) of all keyframes, and of fills in long gaps."""
    every = min(SPACING.fill_every_s, duration_s / SPACING.least) if duration_s > 0 else SPACING.fill_every_s
    max_gap = min(SPACING.max_gap_s, 2 * every)
    found = [(key, True) for key in keys_s]
    for start, end in zip(keys_s, [*keys_s[1:], max(duration_s, keys_s[-1])], strict=True):
        pieces = int((end - start) / every) if end - start > max_gap else 0
        found += [(start + (end - start) * i / pieces, False) for i in range(1, pieces)]
    return found


def _thinned(candidates: list[tuple[float, bool]], duration_s: float, max_frames: int) -> list[tuple[float, bool]]:
    """One for each of `max_frames` equal slots of time, keyframes first, then the nearest to the middle."""
    if len(candidates) <= max_frames:
        return candidates
    width = max(duration_s, candidates[-1][0], 1e-3) / max_frames
    slots: dict[int, tuple[bool, float, float]] = {}
    for time, is_key in candidates:
        slot = min(max_frames - 1, max(0, int(time / width)))
        rank = (not is_key, abs(time - (slot + 0.5) * width), time)
        slots[slot] = min(slots.get(slot, rank), rank)
    return [(time, not is_fill) for _, (is_fill, _, time) in sorted(slots.items())]


def _stops(keys_s: Sequence[float], moments: Sequence[tuple[float, bool]]) -> list[Stop]:
    stops: list[Stop] = []
    at = 0
    for index, key in enumerate(keys_s):
        end = keys_s[index + 1] if index + 1 < len(keys_s) else float("inf")
        fills, shows_key = [], False
        while at < len(moments) and moments[at][0] < end:
            time, is_key = moments[at]
            shows_key |= is_key
            fills += [] if is_key else [time]
            at += 1
        if shows_key or fills:
            stops.append(Stop(key, shows_key, tuple(fills)))
    return stops
