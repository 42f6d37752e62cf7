"""Where in a clip the marks can be seen: a few frames first, denser looks only where they are needed.

What costs is reading (about 1 CPU-s a frame) and decoding; both are bounded by counts, never by a clock, so that a
busy computer gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from verify_media.codecs import video
from verify_media.records import Frame, MediaItem, Quad, Sighting
from verify_media.stages.frames import CHOICE, sample
from verify_media.stages.locate import Locator
from verify_media.stages.views import View, is_new, sharpness, view
from verify_media.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a clip is looked at."""

    side_px: int = 1920
    """Frames are searched at this size; 4K would cost three times as much to convert and shows no more names."""
    glanced: int = 3
    """Frames of the first glance: where the mark is plain, no more need be decoded."""
    sampled: int = 12
    least_sampled: int = 4
    sample_every_s: float = 0.3
    """Closer frames of a short clip show the same."""
    enough: int = 4
    """Frames that show the mark; once may be a misreading of one blurred frame."""
    enough_plain: int = 2
    """The same, where the readings are beyond doubt and the clip is short."""
    plain_score: float = 0.8
    half_score: float = 0.55
    glance_letters_px: float = 12.0
    """Height at which letters that were plain in one frame are looked for in the next ones. Of 25 words in photos of
    the half "fit" (bench/video_clips.py) that the whole look finds, all were found at 9, 12, 16 and 20 px, as exactly
    placed, for 12 to 21 % of its cost; so they may still shrink by a quarter."""
    glance_px: tuple[int, int] = (512, 1000)
    """Longer side of the copy for such a glance: other lettering is to be seen too; and above this it saves too little
    beside the 1280 px of the whole look."""
    decode_px_per_s: float = 1.6e8
    """A plain full decode: 2.7 times real time for 1080p30 H.264, 0.6 for 4K30 HEVC, one core."""
    reading_s: float = 1.1
    reading_share: float = 0.15
    """Of a plain full decode, that more readings than `enough_plain` may cost."""
    near_s: float = 0.5
    """Either way of a moment where the mark was half seen."""
    near_frames: int = 3
    max_gap_s: float = 0.8
    """Longer gaps between sampled frames call for the second pass: the mark may be held up for a second."""
    dense_every_s: float = 0.5
    dense_most: int = 180
    """Frames of the second pass: one each second of three minutes."""
    dense_side_px: int = 1280
    dense_reads: int = 12
    least_dense_reads: int = 3
    """Of frames without lettering: a logo or a card may be on them."""
    thorough_reads: int = 2


BOUNDS = Bounds()
QUICK_LOOKS = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame that was read. `sightings` and `others` are in pixels of the full frame; `factor`: full over read."""

    frame: Frame
    factor: float
    sightings: tuple[Sighting, ...]
    others: tuple[Sighting, ...]
    was_glanced_at: bool = False
    """Read in a small copy, where the mark was plain, and no further."""

    @property
    def shows(self) -> bool:
        return any(s.is_certain and s.score >= BOUNDS.half_score for s in self.sightings)

    @property
    def is_plain(self) -> bool:
        return any(s.is_certain and s.score >= BOUNDS.plain_score for s in self.sightings)


@dataclass(slots=True)
class Search:
    """One clip's search: `seen` grows with every frame that is read."""

    item: MediaItem
    locator: Locator
    watch: Stopwatch
    seen: list[Seen] = field(default_factory=list)
    unread: list[Frame] = field(default_factory=list)
    """Sampled frames that were not needed so far."""
    views: dict[float, View] = field(default_factory=dict)
    """Small copies of the moments that were decoded, by time: 180 of 130 kB at most."""
    is_exhausted: bool = False
    """No moment is left that shows anything new."""
    _is_complete: bool = False
    """Every moment there is to be looked at has been decoded."""

    def run(self) -> list[Seen]:
        """Frames that were read, in order of time. Raises DecodeError."""
        frames = self._pass(BOUNDS.glanced)
        if not self._is_enough() and sampled(self.item) > BOUNDS.glanced:
            frames = self._pass(sampled(self.item))
        if not self._is_shown and (half := self._half_seen()):
            self._closer(half)
        if not self._is_shown and self._has_gaps(frames):
            self._second_pass()
        if not self._is_shown:
            self._thorough(frames)
        return self.in_order

    def rest(self) -> list[Seen]:
        """The same after reading what else there is to see: what was found so far may be an overlay.

        A moment that looks as one that was read already is not read again.
        """
        for frame in self._unseen():
            self.seen = [seen for seen in self.seen if seen.frame.time_s != frame.time_s]
            self._read(frame, QUICK_LOOKS)
        self.unread, self.is_exhausted = [], True
        return self.in_order

    def _unseen(self) -> Sequence[Frame]:
        """One frame of each thing to be seen that was not read; where everything moves, the best of some moments."""
        was_complete = self._is_complete
        if not was_complete:
            self._look_everywhere()
        times = self._new_moments()
        if len(times) <= sampled(self.item):
            return self._at(times)
        return self._at_hand() if was_complete else self._promising(self._is_new)

    def _look_everywhere(self) -> None:
        """Small copies of as many moments as in the second pass."""
        with self.watch.stage("decode"):
            for frame in video.keyframes(self.item.path, max_frames=dense(self.item), max_side=BOUNDS.dense_side_px):
                self.views[frame.time_s or 0.0] = view(frame.image)
        self._is_complete = True

    def _new_moments(self) -> list[float]:
        """Times, one for each thing to be seen that was not read yet; at most one more than are read."""
        known, times = self._known(), list[float]()
        for time_s, small in sorted(self.views.items()):
            if len(times) <= sampled(self.item) and is_new(small, known):
                known.append(small)
                times.append(time_s)
        return times

    def _known(self) -> list[View]:
        """Of the frames that were read to the end."""
        return [self._view(seen.frame) for seen in self.seen if not seen.was_glanced_at]

    def _is_new(self, frame: Frame) -> bool:
        return is_new(self._view(frame), self._known())

    def _view(self, frame: Frame) -> View:
        time_s = frame.time_s or 0.0
        if time_s not in self.views:
            self.views[time_s] = view(frame.image)
        return self.views[time_s]

    def _at_hand(self) -> list[Frame]:
        """Sampled frames that were not read to the end."""
        return [*self.unread, *(replace(seen.frame) for seen in self.seen if seen.was_glanced_at)]

    def _at(self, times_s: Sequence[float]) -> list[Frame]:
        at_hand = {frame.time_s: frame for frame in self._at_hand()}
        with self.watch.stage("decode"):
            found = (at_hand.get(time_s) or self._frame_at(time_s) for time_s in times_s)
            return [frame for frame in found if frame is not None]

    def _frame_at(self, time_s: float) -> Frame | None:
        frames = video.between(self.item.path, time_s, time_s + 1.0, max_side=BOUNDS.side_px, max_frames=1)
        return next(frames, None)

    @property
    def in_order(self) -> list[Seen]:
        return sorted(self.seen, key=lambda seen: seen.frame.time_s or 0.0)

    def _has_gaps(self, frames: Sequence[Frame]) -> bool:
        """Whether something shown for a second may have been passed over."""
        times = [0.0, *(frame.time_s or 0.0 for frame in frames), self.item.duration_s or 0.0]
        return max(later - time for time, later in pairwise(times)) > BOUNDS.max_gap_s

    @property
    def _is_shown(self) -> bool:
        return any(seen.shows for seen in self.seen)

    def _pass(self, most: int) -> list[Frame]:
        """Samples so many frames and reads them, spread over time, until it is enough."""
        frames = self._sample(most)
        while self.unread and not self._is_enough():
            frame = self.unread.pop(0)
            if self._is_unread(frame):
                self._read(frame, QUICK_LOOKS, self._glance_px)
        return frames

    def _sample(self, most: int) -> list[Frame]:
        read = {seen.frame.time_s for seen in self.seen}
        with self.watch.stage("decode"):
            frames = list(sample(self.item, max_frames=most, max_side=BOUNDS.side_px, note=self.views.__setitem__))
        self._is_complete |= len(self.views) < most * CHOICE.candidates_per_frame
        self.unread = [frames[n] for n in spread(len(frames)) if frames[n].time_s not in read]
        return frames

    def _is_unread(self, frame: Frame) -> bool:
        """Unless it looks as one that was read and does not show a mark for certain: it would be read as badly."""
        return is_new(self._view(frame), [self._view(seen.frame) for seen in self.seen if not seen.shows])

    def _is_enough(self) -> bool:
        plain = sum(seen.is_plain for seen in self.seen)
        if plain >= BOUNDS.enough_plain and len(self.seen) >= affordable_reads(self.item):
            return True
        return sum(seen.shows for seen in self.seen) >= BOUNDS.enough

    @property
    def _glance_px(self) -> int | None:
        """The size at which the smallest lettering that was plain so far still would be; None if none was, or small."""
        plain = [s for seen in self.seen for s in seen.sightings if s.is_certain and s.score >= BOUNDS.plain_score]
        heights = [sighting.letter_height_px for sighting in plain if sighting.letter_height_px]
        if not heights:
            return None
        least, most = BOUNDS.glance_px
        side = max(self.item.width, self.item.height) * BOUNDS.glance_letters_px / min(heights)
        return max(least, round(side)) if side <= most else None

    def _read(self, frame: Frame, most_looks: int | None, glance_px: int | None = None) -> Seen:
        located = self.locator.find(frame, most_looks=most_looks, glance_px=glance_px)
        self.watch.add(located.timings_s)
        factor = max(self.item.width, self.item.height) / max(frame.image.shape[:2])
        sightings, others = enlarged(located.sightings, factor), enlarged(located.others, factor)
        seen = Seen(frame, factor, sightings, others, glance_px is not None and bool(sightings))
        self.seen.append(seen)
        return seen

    def _half_seen(self) -> list[Seen]:
        half = [seen for seen in self.seen if seen.sightings]
        return sorted(half, key=lambda seen: -max(s.score for s in seen.sightings))[:2]

    def _closer(self, half: Sequence[Seen]) -> None:
        """The sharpest frames around the moments where a mark was half seen."""
        for seen in half:
            time_s = seen.frame.time_s or 0.0
            with self.watch.stage("decode"):
                frames = list(self._sharpest_near(time_s))
            for frame in frames:
                self._read(frame, QUICK_LOOKS)

    def _sharpest_near(self, time_s: float) -> Iterator[Frame]:
        start_s, width_s = max(0.0, time_s - BOUNDS.near_s), 2 * BOUNDS.near_s / BOUNDS.near_frames
        best: dict[int, tuple[float, Frame]] = {}
        for frame in video.between(
            self.item.path, start_s, time_s + BOUNDS.near_s, max_side=BOUNDS.side_px, max_frames=60
        ):
            if frame.time_s == time_s:
                continue
            slot = int(((frame.time_s or 0.0) - start_s) / width_s)
            best[slot] = max(
                best.get(slot, (-1.0, frame)), (sharpness(view(frame.image)), frame), key=lambda pair: pair[0]
            )
        yield from (frame for _, frame in best.values())

    def _second_pass(self) -> None:
        """Many more moments, looked at for lettering only; the most promising of each part of the clip are read."""
        known = {seen.frame.time_s for seen in self.seen}
        with self.watch.stage("decode"):
            promising = self._promising(lambda frame: frame.time_s not in known and self._is_unread(frame))
        for frame in promising:
            if self._is_unread(frame) and self._read(frame, QUICK_LOOKS).shows:
                return

    def _promising(self, is_wanted: Callable[[Frame], bool]) -> list[Frame]:
        duration_s = self.item.duration_s or 0.0
        best: dict[int, tuple[float, Frame]] = {}
        for frame in video.keyframes(self.item.path, max_frames=dense(self.item), max_side=BOUNDS.dense_side_px):
            if is_wanted(frame):
                slot = int((frame.time_s or 0.0) / max(duration_s, 1e-3) * BOUNDS.dense_reads)
                best[slot] = max(best.get(slot, (-1.0, frame)), (lettering(frame), frame), key=lambda pair: pair[0])
        ranked = sorted(best.values(), key=lambda pair: -pair[0])
        lettered = sum(promise >= 1 for promise, _ in ranked)
        return [frame for _, frame in ranked[: max(lettered, BOUNDS.least_dense_reads)]]

    def _thorough(self, frames: Sequence[Frame]) -> None:
        """Every way to search, on the sharpest frames; new records, because the reader remembers what it has read."""
        sharpest = sorted(frames, key=lambda frame: sharpness(view(frame.image)), reverse=True)
        for frame in sharpest[: BOUNDS.thorough_reads]:
            if self._read(replace(frame), None).shows:
                return


def sampled(item: MediaItem) -> int:
    """Frames of the first pass."""
    return int(np.clip((item.duration_s or 0.0) / BOUNDS.sample_every_s, BOUNDS.least_sampled, BOUNDS.sampled))


def dense(item: MediaItem) -> int:
    """Frames of the second pass."""
    return int(min(BOUNDS.dense_most, max(2.0, (item.duration_s or 0.0) / BOUNDS.dense_every_s)))


def affordable_reads(item: MediaItem) -> int:
    """Frames to read where the mark is plain: two, and up to `enough` as far as the clip is long."""
    full_decode_s = item.width * item.height * (item.fps or 30.0) * (item.duration_s or 0.0) / BOUNDS.decode_px_per_s
    return int(np.clip(BOUNDS.reading_share * full_decode_s / BOUNDS.reading_s, BOUNDS.enough_plain, BOUNDS.enough))


def spread(count: int) -> list[int]:
    """0 to count - 1: the middle, both ends (where titles are), and then spread over the whole at any time."""
    order: list[int] = []
    for n in (count // 2, 0, count - 1, *_bisected(count)):
        if 0 <= n < count and n not in order:
            order.append(n)
    return order


def _bisected(count: int) -> list[int]:
    """Quarters, eighths... of the count."""
    parts = [2**level for level in range(2, max(3, count.bit_length() + 2))]
    return [k * count // part for part in parts for k in range(1, part, 2)]


def enlarged(sightings: Sequence[Sighting], factor: float) -> tuple[Sighting, ...]:
    if factor == 1.0:
        return tuple(sightings)
    return tuple(_enlarged(sighting, factor) for sighting in sightings)


def _enlarged(sighting: Sighting, factor: float) -> Sighting:
    tl, tr, br, bl = ((x * factor, y * factor) for x, y in sighting.quad)
    quad: Quad = (tl, tr, br, bl)
    height = sighting.letter_height_px
    return replace(sighting, quad=quad, letter_height_px=None if height is None else height * factor)


LETTERING_SIDE_PX = 512


def lettering(frame: Frame) -> float:
    """How much lettering the frame shows: sides of text regions, px, summed, 0.2 CPU-s; below 1 only its sharpness."""
    from verify_media.readers.ocr_detect import detect

    regions = detect(frame.image, LETTERING_SIDE_PX / max(frame.image.shape[:2]))
    sides = float(sum(np.sqrt(r.width * r.height) * r.score for r in regions))
    sharp = sharpness(view(frame.image))
    return sides + sharp / (1000 + sharp)
