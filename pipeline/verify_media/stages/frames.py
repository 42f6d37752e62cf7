"""The few frames of an item that are worth reading: sharp, different, spread over time. A photo is one frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.codecs import photo, video
from verify_media.records import Frame, Kind, MediaItem
from verify_media.stages.views import View, sharpness, view

DEFAULT_MAX_FRAMES = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """How frames are chosen among candidates."""

    candidates_per_frame: int = 2
    """Keyframes looked at for each frame taken."""
    new_difference: float = 4.0
    """Mean grey levels that one of 8 x 8 tiles must differ by: a card held up in a corner is a small change."""


CHOICE = Choice()


@dataclass(frozen=True, slots=True)
class _Scored:
    frame: Frame
    thumb: NDArray[np.uint8]
    sharpness: float


Note = Callable[[float, View], None]
"""Is told the time and the small copy of every candidate, taken or not."""


def sample(
    item: MediaItem,
    *,
    max_frames: int = DEFAULT_MAX_FRAMES,
    max_side: int | None = None,
    note: Note = lambda time_s, small: None,
) -> Iterator[Frame]:
    """At most `max_frames` frames in order of time, two held at once; full size unless a clip is given `max_side`.

    Raises DecodeError while iterating.
    """
    if item.kind is Kind.PHOTO:
        yield Frame(photo.load(item.path))
        return
    candidates = video.keyframes(item.path, max_frames=max_frames * CHOICE.candidates_per_frame, max_side=max_side)
    for index, frame in enumerate(_chosen(candidates, item.duration_s or 0.0, max_frames, note)):
        yield Frame(frame.image, frame.time_s, index)


def _chosen(candidates: Iterator[Frame], duration_s: float, max_frames: int, note: Note) -> Iterator[Frame]:
    """The sharpest of each slot of time, unless it shows what the one before showed."""
    width = max(duration_s, 1e-3) / max_frames
    best: _Scored | None = None
    last: NDArray[np.uint8] | None = None
    slot = -1
    for frame in candidates:
        scored = _scored(frame, note)
        now = min(max_frames - 1, int((frame.time_s or 0.0) / width))
        if best is not None and now != slot:
            if last is None or _is_new(best.thumb, last):
                last = best.thumb
                yield best.frame
            best = None
        if best is None or scored.sharpness > best.sharpness:
            best = scored
        slot = now
    if best is not None and (last is None or _is_new(best.thumb, last)):
        yield best.frame


def _scored(frame: Frame, note: Note) -> _Scored:
    grey = view(frame.image)
    note(frame.time_s or 0.0, grey)
    thumb = cv2.resize(grey, (64, 64), interpolation=cv2.INTER_AREA)
    return _Scored(frame, np.asarray(thumb, np.uint8), sharpness(grey))


def _is_new(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    apart = cv2.resize(cv2.absdiff(a, b), (8, 8), interpolation=cv2.INTER_AREA)
    return int(apart.max()) >= CHOICE.new_difference
