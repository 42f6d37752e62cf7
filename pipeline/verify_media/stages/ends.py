"""How did a mark that rests come into the picture, and how does it go? Found by keyframes, then frame by frame.

A caption is mostly read while it stands still, and before a still camera a sign does too. A caption fades or slides in;
a card is put there by a hand. Both lie seconds away from the frame that was read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile

import cv2

from verify_media.codecs import video
from verify_media.cues.fading import Window, presence
from verify_media.cues.tracking import Grey
from verify_media.records import MediaItem, Quad


@dataclass(frozen=True, slots=True)
class Limits:
    """How far is looked, either way. Contrast is a share of that in the frame that was read."""

    keys: int = 8
    """Keyframes, each for itself: phones write one a second."""
    decoded: int = 260
    """Frames from the keyframe before on; x264's default group has 250. With longer groups it is not looked."""
    kept: int = 61
    """Of those, handed on: as many as are followed (see follow.py), of 0.9 MB each."""
    rested: int = 8
    """Frames at rest that are handed on with what comes or goes, and end the decoding: a quarter of a second."""
    whole: float = 0.85
    """Contrast of a mark that rests."""
    half: float = 0.5
    """Less is no longer seen."""
    same: float = 3.0
    """Mean grey levels, without noise, by which two frames may differ at its place: 1/30 of lettering is more."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Sight:
    """A mark in one frame: upright luma, the place in it, and the time."""

    frame: Grey
    place: Quad
    time_s: float


@dataclass(frozen=True, slots=True)
class End:
    """`frames`: from one in which the mark rests to what was before, or comes after; empty where that is not known."""

    time_s: float
    """Of the first of the frames; else of the farthest keyframe in which it still rests."""
    seen_s: float
    """The last moment up to which at least half of its contrast is at its place."""
    frames: Sequence[Grey] = ()


@dataclass(frozen=True, slots=True)
class _Look:
    """One frame, and how much of the mark's contrast is at its place."""

    time_s: float
    frame: Grey
    contrast: float


_EDGE_S = 2e-3
"""Times that were rounded to milliseconds."""


@dataclass(frozen=True, slots=True)
class Seeker:
    """One clip, of which every `every`-th frame is taken, at most `max_side` pixels large. `keys_s` ascend."""

    item: MediaItem
    keys_s: Sequence[float]
    every: int
    max_side: int

    @property
    def step_s(self) -> float:
        return self.every / (self.item.fps or 30.0)

    def came(self, sight: Sight) -> End:
        """Backwards in time. Raises DecodeError."""
        found = self._searched(sight, [key for key in self.keys_s[::-1] if key < sight.time_s - _EDGE_S])
        return self._end(found, self._coming)

    def goes(self, sight: Sight) -> End:
        """Forwards in time, likewise."""
        found = self._searched(sight, [key for key in self.keys_s if key > sight.time_s + _EDGE_S])
        return self._end(found, self._going)

    def _end(self, found: tuple[Sight, float | None], looked: Callable[[Sight, float], list[_Look]]) -> End:
        rests, gone_s = found
        if gone_s is None or self._is_long(gone_s, rests):
            return End(rests.time_s, rests.time_s)
        looks = looked(rests, gone_s)
        seen = [look.time_s for look in takewhile(lambda look: look.contrast >= LIMITS.half, looks)]
        return End(looks[0].time_s, [looks[0].time_s, *seen][-1], [look.frame for look in looks])

    def _is_long(self, gone_s: float, rests: Sight) -> bool:
        return abs(gone_s - rests.time_s) * (self.item.fps or 30.0) > LIMITS.decoded

    def _searched(self, sight: Sight, keys_s: Sequence[float]) -> tuple[Sight, float | None]:
        """The farthest keyframe in which it rests, and the time of one beyond in which it has gone, if there is one.

        That is the first which lacks it, or the next one where the first may show it half gone.
        """
        rests, lacking = sight, None
        for time_s, frame in video.luma_keys(self.item.path, keys_s[: LIMITS.keys], max_side=self.max_side):
            if lacking is not None:
                return rests, lacking.time_s if alike(lacking.frame, frame, sight.place) else time_s
            if presence(sight.frame, frame, sight.place) >= LIMITS.whole:
                rests = Sight(frame, sight.place, time_s)
            else:
                lacking = Sight(frame, sight.place, time_s)
        return rests, lacking.time_s if lacking else None

    def _coming(self, rests: Sight, gone_s: float) -> list[_Look]:
        """From where it rests back to before it came."""
        kept: deque[_Look] = deque(maxlen=LIMITS.kept)
        rested = 0
        for look in chain(self._looks(rests, gone_s, rests.time_s - _EDGE_S), [_Look(rests.time_s, rests.frame, 1.0)]):
            kept.append(look)
            rested = rested + 1 if look.contrast >= LIMITS.whole else 0
            if rested == LIMITS.rested:
                break
        return list(kept)[::-1]

    def _going(self, rests: Sight, gone_s: float) -> list[_Look]:
        """From where it still rests to after it has gone."""
        before = deque([_Look(rests.time_s, rests.frame, 1.0)], maxlen=LIMITS.rested)
        looks = self._looks(rests, rests.time_s + _EDGE_S, gone_s + LIMITS.rested * self.step_s)
        for look in looks:
            before.append(look)
            if look.contrast < LIMITS.whole:
                break
        return [*before, *islice(looks, LIMITS.kept - len(before))]

    def _looks(self, rests: Sight, start_s: float, end_s: float) -> Iterator[_Look]:
        most = LIMITS.decoded + LIMITS.kept
        frames = video.luma_between(
            self.item.path, start_s, end_s, max_side=self.max_side, every=self.every, max_frames=most
        )
        for number, frame in enumerate(frames):
            yield _Look(start_s + number * self.step_s, frame, presence(rests.frame, frame, rests.place))


def alike(one: Grey, two: Grey, place: Quad) -> bool:
    """Whether both show the same at the place: what is behind it where it has gone."""
    window = Window.around(place, one)
    if not window.is_in_view or one.shape != two.shape:
        return False
    a, b = (cv2.blur(window.of(frame), (3, 3)) for frame in (one, two))
    return float(cv2.absdiff(a, b).mean()) < LIMITS.same
