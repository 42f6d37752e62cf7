"""MP4 and MOV: what is inside, and whether it may go out as it is. Format: ISO/IEC 14496-12, QuickTime file format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
from av.container import InputContainer

from verify_media.codecs import isobmff, video_file

DEFAULT_PEAK_NITS = 1000.0
LEAST_PEAK_NITS, MOST_PEAK_NITS = 200.0, 10_000.0
"""Some phones note the mastering peak in the wrong unit ("0.1 nits")."""
DEFAULT_AUDIO_BPS = 128_000
_FULL_RANGE = 2
PIXEL_FORMATS = {"yuv420p", "yuvj420p"}
H264_PROFILES = {"Baseline", "Constrained Baseline", "Main", "High", "Constrained High"}
HDR_TRANSFERS = {16: "PQ", 18: "HLG"}
MP4_BRANDS = {
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"MSNV",
    b"3gp4",
    b"3gp5",
    b"mp4v",
    b"iso3",
}
SPREAD_OF_CFR = 1.5
"""90th over 10th percentile of the frame durations. Phones that wander about 30 frames/s stay under 1.2; slow motion
and screen recordings
reach 2 and more."""
BENIGN_TAGS = {
    "major_brand", "minor_version", "compatible_brands", "creation_time", "encoder", "language", "handler_name",
    "vendor_id",
    "make", "model", "com.apple.quicktime.make", "com.apple.quicktime.model", "com.apple.quicktime.creationdate",
    "com.apple.quicktime.software", "com.android.version", "com.android.capture.fps", "com.android.manufacturer",
    "com.android.model",
    "rotate", "date", "timecode", "major brand", "play_mode",
}  # fmt: skip
_BENIGN_BOXES = {
    b"ftyp",
    b"moov",
    b"mdat",
    b"free",
    b"skip",
    b"wide",
    b"moof",
    b"mfra",
    b"sidx",
    b"styp",
    b"pdin",
    b"iods",
}
_PLACE = re.compile(rb"\xa9xyz|loci|location\.ISO6709|GPS ")
_PLACE_TAG = re.compile(r"(^|\.)location|gps|\bxyz\b")


@dataclass(frozen=True, slots=True)
class Look:
    """The first frame as stored: code points of ITU-T H.273; `rotation_deg` counter-clockwise, as PyAV gives it."""

    width: int
    height: int
    pixel_format: str
    transfer: int
    primaries: int
    matrix: int
    full_range: bool
    peak_nits: float
    rotation_deg: int
    flipped: bool
    square_pixels: bool
    interlaced: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """`constant`: the frames come at an even rate."""

    fps: Fraction
    frames: int
    duration_s: float
    constant: bool


@dataclass(frozen=True, slots=True)
class Sound:
    """The first sound track."""

    index: int
    codec: str
    bps: int


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside the picture and the sound."""

    brand: bytes
    has_place: bool
    odd_boxes: bool
    extra_streams: int
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip as its headers, its packets and its first frame show it. `index` is the picture track's."""

    path: Path
    codec: str
    profile: str
    look: Look
    timing: Timing
    beside: Beside
    index: int = 0
    sound: Sound | None = None
    start_s: float = 0.0
    is_part: bool = False
    """Only `timing.duration_s` of the file are meant, from `start_s` on."""

    def part(self, start_s: float, length_s: float) -> Clip:
        """The same clip from `start_s` on, `length_s` long."""
        frames = max(1, round(length_s * float(self.timing.fps)))
        return replace(
            self, start_s=start_s, is_part=True, timing=replace(self.timing, frames=frames, duration_s=length_s)
        )

    @property
    def seek(self) -> dict[str, str]:
        """ffmpeg's input options for the part that is meant."""
        return {"ss": f"{self.start_s:.4f}", "t": f"{self.timing.duration_s:.4f}"} if self.is_part else {}

    @property
    def is_hdr(self) -> bool:
        return self.look.transfer in HDR_TRANSFERS

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height as seen."""
        size = self.look.width, self.look.height
        return size[::-1] if self.look.rotation_deg % 180 else size

    @property
    def is_h264_sdr(self) -> bool:
        """A picture and sound that every player opens."""
        plain = self.codec == "h264" and self.profile in H264_PROFILES and self.look.pixel_format in PIXEL_FORMATS
        even = self.timing.constant and self.look.square_pixels and not self.look.interlaced
        return plain and even and not self.is_hdr and (self.sound is None or self.sound.codec == "aac")

    @property
    def is_upright_enough(self) -> bool:
        """Players turn by quarters; mirrors and other angles they show wrongly."""
        return not self.look.flipped and self.look.rotation_deg % 90 == 0

    @property
    def private(self) -> tuple[str, ...]:
        """Kinds of private data beside the picture and the sound, in words for a maker."""
        tags = {key: value for key, value in self.beside.tags.items() if value.strip() and key not in BENIGN_TAGS}
        places = [key for key in tags if _PLACE_TAG.search(key.lower())]
        found = {
            "location": self.beside.has_place or bool(places),
            "tags": len(tags) > len(places),
            "sensor tracks": self.beside.extra_streams > 0,
            "editor data": self.beside.odd_boxes,
        }
        return tuple(kind for kind, there in found.items() if there)


def inspect(path: Path) -> Clip:
    """Read headers and packet times and decode one frame. Raises DecodeError where there is no picture."""
    with video_file.opened(path) as source:
        container, stream = source.container, source.stream
        # Phones add tracks of spatial sound that nothing else decodes; the plain one stands beside.
        audio = next((track for track in container.streams.audio if track.codec_context is not None), None)
        timing = _timing(container, stream)
        container.seek(0)
        look = _look(_first_frame(container, stream), stream)
        context = stream.codec_context
        beside = _beside(path, container, [stream, *([audio] if audio else [])])
        clip = Clip(path, context.codec.canonical_name, context.profile or "", look, timing, beside, stream.index)
        return replace(clip, sound=_sound(audio)) if audio else clip


def _first_frame(container: InputContainer, stream: av.VideoStream) -> av.VideoFrame:
    for frame in container.decode(stream):
        return frame
    raise ValueError("no picture in the first track")


def _sound(audio: av.AudioStream) -> Sound:
    return Sound(audio.index, audio.codec_context.codec.canonical_name, audio.bit_rate or DEFAULT_AUDIO_BPS)


def _look(frame: av.VideoFrame, stream: av.VideoStream) -> Look:
    ratio = stream.sample_aspect_ratio
    return Look(
        width=frame.width,
        height=frame.height,
        pixel_format=frame.format.name,
        transfer=int(frame.color_trc),
        primaries=int(frame.color_primaries),
        matrix=int(frame.colorspace),
        full_range=int(frame.color_range) == _FULL_RANGE or frame.format.name.startswith("yuvj"),
        peak_nits=_peak_nits(frame),
        rotation_deg=round(frame.rotation),
        flipped=_is_flipped(frame),
        square_pixels=not ratio or ratio == 1,
        interlaced=bool(frame.interlaced_frame),
    )


def _timing(container: InputContainer, stream: av.VideoStream) -> Timing:
    """From the times of the packets, since headers are often wrong."""
    base = float(stream.time_base or Fraction(1, 1000))
    shown = [(p.dts if p.pts is None else p.pts, p.duration or 0) for p in container.demux(stream) if p.size]
    times = np.sort([stamp for stamp, _ in shown if stamp is not None]) * base
    if len(times) < 2:
        return Timing(Fraction(stream.average_rate or 30), len(times), float(container.duration or 0) / 1e6, True)
    steps = np.diff(times)
    low, high = np.percentile(steps, (10, 90))
    constant = bool(low > 0 and high <= SPREAD_OF_CFR * low)
    step = float(np.mean(steps))
    # Pictures that begin after the sound are held from the start on, and the last one for as long as it says.
    start_s = min(float(times[0]), float(container.start_time or 0) / 1e6)
    end_s = max(float(times[-1]) + step, max((stamp + held) * base for stamp, held in shown if stamp is not None))
    length_s = end_s - start_s
    return Timing(_rate(1 / max(step, 1e-6)), len(times), length_s, constant)


def _rate(fps: float) -> Fraction:
    """The usual rate within 2 %, else what was measured, at most 60."""
    usual = [Fraction(n) for n in (24, 25, 30, 50, 60)] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)]
    nearest = min(usual, key=lambda rate: abs(float(rate) - fps))
    near = abs(float(nearest) - fps) < 0.02 * fps
    return nearest if near else min(Fraction(fps).limit_denominator(1000), Fraction(60))


def _is_flipped(frame: av.VideoFrame) -> bool:
    """Whether the display matrix mirrors: the determinant of its upper left 2 by 2 is negative."""
    matrix = np.frombuffer(_side_data(frame, "DISPLAYMATRIX"), np.int32).astype(np.int64)
    return len(matrix) >= 5 and bool(matrix[0] * matrix[4] - matrix[1] * matrix[3] < 0)


def _peak_nits(frame: av.VideoFrame) -> float:
    """Peak of the mastering display; 1000 where the file does not say.

    AVMasteringDisplayMetadata is ten rationals of two ints (six primaries, two of white, least and most luminance).
    """
    numbers = np.frombuffer(_side_data(frame, "MASTERING_DISPLAY_METADATA"), np.int32)
    if len(numbers) < 20 or numbers[19] <= 0:
        return DEFAULT_PEAK_NITS
    nits = float(numbers[18] / numbers[19])
    return nits if LEAST_PEAK_NITS <= nits <= MOST_PEAK_NITS else DEFAULT_PEAK_NITS


def _side_data(frame: av.VideoFrame, name: str) -> bytes:
    for side in frame.side_data:
        item: Any = side  # PyAV's stub takes the container for a mapping of names
        if item.type.name == name:
            return bytes(item)
    return b""


def _beside(path: Path, container: InputContainer, used: Sequence[av.VideoStream | av.AudioStream]) -> Beside:
    tags = dict(container.metadata)
    for stream in used:
        tags |= stream.metadata
    with path.open("rb") as file:
        head = file.read(16)
        boxes = list(isobmff.boxes(file, 0, path.stat().st_size))
        place = any(_PLACE.search(_payload(file, box)) for box in boxes if box.kind == b"moov")
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    odd = brand != b"" and any(box.kind not in _BENIGN_BOXES for box in boxes)
    return Beside(brand, place, odd, len(container.streams) - len(used), tags)


def _payload(file: BinaryIO, box: isobmff.Box) -> bytes:
    file.seek(box.start)
    return file.read(min(box.end - box.start, isobmff.MAX_HEADER_BYTES))
