"""MP4 and MOV: what is inside, and whether it may go out as it is. Format: ISO/IEC 14496-12, QuickTime file format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from verify_media.codecs import isobmff

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
"""90th over 10th percentile of the frame durations. Phones that wander about 30 frames/s stay under 1.2; slow motion and screen recordings
reach 2 and more."""
BENIGN_KEYS = {
    "major_brand", "minor_version", "compatible_brands", "creation_time", "encoder", "language", "handler_name", "vendor_id",
    "make", "model", "com.apple.quicktime.make", "com.apple.quicktime.model", "com.apple.quicktime.creationdate",
    "com.apple.quicktime.software", "com.android.version", "com.android.capture.fps", "com.android.manufacturer", "com.android.model",
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


@dataclass(frozen=True, slots=True)
class Clip:
    """What PyAV and the boxes say. Sizes as stored; `rotation_deg` is counter-clockwise, as PyAV gives it."""

    path: Path
    width: int
    height: int
    codec: str
    profile: str
    pixel_format: str
    bits: int
    transfer: int
    primaries: int
    matrix: int
    peak_nits: float
    full_range: bool
    rotation_deg: int
    flipped: bool
    duration_s: float
    fps: Fraction
    frames: int
    constant_rate: bool
    audio: str | None
    audio_bit_rate: int
    extra_streams: int
    tags: dict[str, str]
    brand: bytes
    has_place: bool
    odd_boxes: bool
    square_pixels: bool

    @property
    def is_hdr(self) -> bool:
        return self.transfer in HDR_TRANSFERS

    @property
    def upright(self) -> tuple[int, int]:
        return (self.height, self.width) if self.rotation_deg % 180 else (self.width, self.height)

    @property
    def is_h264_sdr(self) -> bool:
        """A picture and sound that every player opens."""
        plain = self.codec == "h264" and self.profile in H264_PROFILES and self.pixel_format in ("yuv420p", "yuvj420p")
        return plain and not self.is_hdr and self.constant_rate and self.square_pixels and self.audio in (None, "aac")

    @property
    def is_upright_enough(self) -> bool:
        """Players turn by quarters; mirrors and other angles they show wrongly."""
        return not self.flipped and self.rotation_deg % 90 == 0

    @property
    def private(self) -> tuple[str, ...]:
        """Kinds of private data beside the picture and the sound, in words for a maker."""
        found = ["location"] if self.has_place or any("location" in key.lower() for key in self.tags) else []
        if any(
            key not in BENIGN_KEYS and "location" not in key.lower() and value.strip()
            for key, value in self.tags.items()
        ):
            found.append("tags")
        if self.extra_streams:
            found.append("sensor tracks")
        if self.odd_boxes:
            found.append("editor data")
        return tuple(found)


def inspect(path: Path) -> Clip:
    """Read headers and packet times, decode one frame. Raises ValueError (with av.FFmpegError among them) where there is no picture."""
    with av.open(str(path), metadata_errors="replace") as container:
        if not container.streams.video:
            raise ValueError("no picture track")
        stream = container.streams.video[0]
        audio = container.streams.audio[0] if container.streams.audio else None
        tags = {
            key: value
            for source in (container, stream, audio)
            if source is not None
            for key, value in source.metadata.items()
        }
        extra = len(container.streams) - 1 - (audio is not None)
        context = stream.codec_context
        codec, profile, bit_rate = context.name, context.profile or "", (audio.bit_rate or 0) if audio else 0
        audio_codec = audio.codec_context.name if audio else None
        fps, frames, duration, constant = _timing(container, stream)
        container.seek(0)
        frame = next(container.decode(stream))
        sar = frame.sample_aspect_ratio if hasattr(frame, "sample_aspect_ratio") else stream.sample_aspect_ratio
        brand, place, odd = _boxes(path)
        return Clip(
            path, frame.width, frame.height, codec, profile, frame.format.name, max(c.bits for c in frame.format.components),
            int(frame.color_trc), int(frame.color_primaries), int(frame.colorspace), _peak_nits(frame), int(frame.color_range) == 2 or frame.format.name.startswith("yuvj"),
            int(round(frame.rotation)), _is_flipped(frame), duration, fps, frames, constant,
            audio_codec, bit_rate, extra, tags, brand, place, odd, not sar or sar == 1,
        )  # fmt: skip


def _timing(container: av.container.InputContainer, stream: av.VideoStream) -> tuple[Fraction, int, float, bool]:
    """(frames per second, frames, seconds, whether the rate is constant) from the packets' times, which no header can get wrong."""
    base = stream.time_base or Fraction(1, 1000)
    times = np.sort([packet.pts for packet in container.demux(stream) if packet.pts is not None and packet.size])
    if len(times) < 2:
        return Fraction(30), len(times), float(container.duration or 0) / 1e6, True
    steps = np.diff(times)
    low, high = np.percentile(steps, (10, 90))
    duration = float((times[-1] - times[0]) * base) * len(times) / (len(times) - 1)
    constant = bool(low > 0 and high <= SPREAD_OF_CFR * low)
    return _rate(float(1 / (np.mean(steps) * base))), len(times), duration, constant


def _rate(fps: float) -> Fraction:
    """The usual rate within 2 %, else what was measured, at most 60."""
    usual = [Fraction(n) for n in (24, 25, 30, 50, 60)] + [Fraction(n * 1000, 1001) for n in (24, 30, 60)]
    nearest = min(usual, key=lambda rate: abs(float(rate) - fps))
    return (
        nearest if abs(float(nearest) - fps) < 0.02 * fps else min(Fraction(fps).limit_denominator(1000), Fraction(60))
    )


def _is_flipped(frame: av.VideoFrame) -> bool:
    """Whether the display matrix mirrors: the determinant of its upper left 2 by 2 is negative."""
    for side in frame.side_data:
        if side.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = np.frombuffer(bytes(side), np.int32)[:5].astype(np.int64)
            return bool(a * d - b * c < 0)
    return False


def _peak_nits(frame: av.VideoFrame) -> float:
    """Peak of the mastering display (ITU-R BT.2100 PQ); 1000 where the file does not say."""
    for side in frame.side_data:
        if side.type.name == "MASTERING_DISPLAY_METADATA":
            # AVMasteringDisplayMetadata: 3 x 2 primaries, 2 white, min and max luminance as AVRational (int, int), then two flags.
            numerator, denominator = np.frombuffer(bytes(side), np.int32)[18:20]
            if denominator and numerator > 0:
                return float(numerator / denominator)
    return 1000.0


def _boxes(path: Path) -> tuple[bytes, bool, bool]:
    """(major brand, whether a place is noted, whether boxes of editors or vendors lie beside the picture)."""
    with path.open("rb") as file:
        head = file.read(16)
        brand = head[8:12] if head[4:8] == b"ftyp" else b""
        top = list(isobmff.boxes(file, 0, path.stat().st_size))
        place = any(_PLACE.search(_payload(file, box)) for box in top if box.kind == b"moov")
    return brand, place, brand != b"" and any(box.kind not in _BENIGN_BOXES for box in top)


def _payload(file: object, box: isobmff.Box) -> bytes:
    file.seek(box.start)  # type: ignore[attr-defined]
    return bytes(file.read(min(box.end - box.start, isobmff.MAX_HEADER_BYTES)))  # type: ignore[attr-defined]
