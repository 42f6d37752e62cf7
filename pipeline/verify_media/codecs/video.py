"""Clips: what they are, their keyframes, and every frame of a short stretch, all as upright sRGB pixels.

Memory is that of a few frames, whatever the clip's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av

from verify_media.codecs import colour, video_file, video_pixels
from verify_media.codecs.errors import DecodeError as DecodeError
from verify_media.codecs.errors import refuse
from verify_media.codecs.sniff import sniff
from verify_media.codecs.video_pixels import Luma
from verify_media.codecs.video_plan import Stop, plan
from verify_media.messages import Message
from verify_media.records import Capture, Frame

_PLAUSIBLE_FPS = (1.0, 480.0)
_NEVER_SET = ("1904-", "1970-01-01T00:00:00")
_CODEC_NAMES = {"libdav1d": "av1", "libvpx": "vp8", "libvpx-vp9": "vp9"}
_APPLE = "com.apple.quicktime."
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?$")
_ZONE = re.compile(r"([+-]\d\d)(\d\d)$")
_ROUNDED_S = 1e-3
"""Frames leave with their time in milliseconds: one this near to an end of a stretch belongs to it. The seek is not
moved by it, for a moment before a keyframe leads to the group before, and all of that would be decoded for nothing."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a clip is. `width` and `height` are upright, with square pixels."""

    media_type: str
    width: int
    height: int
    codec: str
    duration_s: float
    fps: float | None
    rotation_deg: int = 0
    """Clockwise, by which the stored pixels are turned."""
    is_mirrored: bool = False
    transfer: int = 2
    """TransferCharacteristics of ITU-T H.273: 16 is PQ, 18 is HLG, 2 is not known."""
    primaries: int = colour.BT709
    has_audio: bool = False
    capture: Capture = field(default_factory=Capture)
    content_id: str | None = None
    """Joins the clip and the still of a Live Photo."""
    notes: tuple[Message, ...] = ()

    @property
    def is_hdr(self) -> bool:
        return colour.is_hdr(self.transfer)


def probe(path: Path) -> VideoInfo:
    """What the clip is; decodes one frame to be sure there is one. Raises DecodeError."""
    notes = sniff(path).notes
    with video_file.opened(path) as clip:
        frame = next(video_file.decoded(clip), None)
        if frame is None:
            raise refuse("video-no-frames", file=path.name)
        return _info(clip, frame, notes)


def keyframes(path: Path, *, max_frames: int, max_side: int | None = None) -> Iterator[Frame]:
    """At most `max_frames` frames spread over the clip, in order of time: keyframes, and others where gaps are long.

    Full size unless `max_side` is given. Raises DecodeError, also while iterating.
    """
    with video_file.opened(path) as clip:
        count, last_s = 0, -1.0
        for stop in plan(*video_file.timeline(clip), max_frames):
            for frame in video_file.visit(clip, stop):
                if clip.time_of(frame) > last_s:
                    count, last_s = count + 1, clip.time_of(frame)
                    yield from _shown(clip, frame, count - 1, max_side)
        if count == 0:
            raise refuse("video-no-frames", file=path.name)


def between(
    path: Path, start_s: float, end_s: float, *, max_side: int | None = None, max_frames: int = 600
) -> Iterator[Frame]:
    """Every frame from `start_s` to `end_s`, at most `max_frames`. Raises DecodeError, also while iterating."""
    with video_file.opened(path) as clip:
        video_file.seek(clip, start_s)
        count = 0
        for frame in video_file.decoded(clip):
            if clip.time_of(frame) > end_s + _ROUNDED_S or count >= max_frames:
                return
            if clip.time_of(frame) >= start_s - _ROUNDED_S:
                yield from _shown(clip, frame, count, max_side)
                count += 1


def luma_between(
    path: Path, start_s: float, end_s: float, *, max_side: int, every: int = 1, max_frames: int = 600
) -> Iterator[Luma]:
    """Upright luma, uint8, of every frame (or every second, third...) from `start_s` to `end_s`; half colour's cost.

    As coded, HDR too: for following points, not for looking at. Raises DecodeError, also while iterating.
    """
    with video_file.opened(path) as clip:
        video_file.seek(clip, start_s)
        wanted = (frame for frame in video_file.decoded(clip) if clip.time_of(frame) >= start_s - _ROUNDED_S)
        for count, frame in enumerate(wanted):
            if clip.time_of(frame) > end_s + _ROUNDED_S or count >= max_frames:
                return
            if count % every == 0:
                yield video_pixels.to_luma(frame, clip.pixel_aspect, max_side)


def key_times(path: Path) -> list[float]:
    """Of all keyframes, ascending. Raises DecodeError."""
    with video_file.opened(path) as clip:
        return video_file.timeline(clip)[0]


def luma_keys(path: Path, times_s: Sequence[float], *, max_side: int) -> Iterator[tuple[float, Luma]]:
    """Keyframes alone, in the order asked for: when each is shown, and upright luma as in `luma_between`.

    In MOV it is shown later than `key_times` says, by as much as frames are reordered.
    """
    with video_file.opened(path) as clip:
        for time_s in times_s:
            for frame in video_file.visit(clip, Stop(time_s, True)):
                yield clip.time_of(frame), video_pixels.to_luma(frame, clip.pixel_aspect, max_side)


def _shown(clip: video_file.Clip, frame: av.VideoFrame, index: int, max_side: int | None) -> Iterator[Frame]:
    pixels = video_pixels.to_srgb(frame, clip.pixel_aspect, max_side)
    yield from clip.hand_over(Frame(pixels, round(clip.time_of(frame), 3), index))


def _info(clip: video_file.Clip, frame: av.VideoFrame, notes: tuple[Message, ...]) -> VideoInfo:
    width, height = video_pixels.upright_size(frame, clip.pixel_aspect)
    turn = video_pixels.turn_of(frame)
    tags = clip.container.metadata
    name = clip.stream.codec_context.codec.name
    return VideoInfo(
        media_type=clip.media_type,
        width=width,
        height=height,
        codec=_CODEC_NAMES.get(name, name),
        duration_s=clip.duration_s or video_file.timeline(clip)[1],
        fps=_fps(clip.stream),
        rotation_deg=turn.clockwise_deg,
        is_mirrored=turn.is_mirrored,
        transfer=int(frame.color_trc),
        primaries=video_pixels.primaries_of(frame),
        has_audio=bool(clip.container.streams.audio),
        capture=_capture(tags),
        content_id=tags.get(f"{_APPLE}content.identifier"),
        notes=notes,
    )


def _fps(stream: av.VideoStream) -> float | None:
    """Frames per second; some FLV and MKV files give their time base as the average."""
    lowest, highest = _PLAUSIBLE_FPS
    rates = (float(rate) for rate in (stream.average_rate, stream.guessed_rate) if rate)
    return next((rate for rate in rates if lowest <= rate <= highest), None)


def _capture(tags: Mapping[str, str]) -> Capture:
    def first(*names: str) -> str | None:
        return next((tags[name].strip() for name in names if tags.get(name, "").strip()), None)

    taken = first(f"{_APPLE}creationdate", "date", "creation_time")
    android = first("com.android.version")
    return Capture(
        make=first(f"{_APPLE}make", "com.android.manufacturer", "make"),
        model=first(f"{_APPLE}model", "com.android.model", "model"),
        taken_at=_iso_time(taken),
        software=first(f"{_APPLE}software", "software", "encoder") or (f"Android {android}" if android else None),
        has_location=any(name.startswith("location") or name.endswith("location.ISO6709") for name in tags),
    )


def _iso_time(stated: str | None) -> str | None:
    """ "2024-05-01 10:20:30" and "...T10:20:30+0200" to ISO 8601; None for clocks that were never set."""
    found = _TIME.match(stated or "")
    if found is None or found[0].replace(" ", "T").startswith(_NEVER_SET):
        return None
    day, clock, zone = found.groups()
    return f"{day}T{clock}" + _ZONE.sub(r"\1:\2", zone or "")
