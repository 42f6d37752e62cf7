"""JPEG: its segments, a lossless rewrite of them, and the encoder (mozjpeg inside libvips).

Format: ITU-T T.81 annex B; JFIF; EXIF in APP1; ICC in APP2 (ICC.1 annex B.4).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify_media.codecs import icc

if TYPE_CHECKING:
    from verify_media.records import Image

SOI, EOI, SOS, APP0, APP1, APP2, APP14, COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
EXIF, XMP, ICC = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0"
_STANDALONE = {0x01, SOI, *range(0xD0, 0xD8)}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_COMMON_FRAMES = {0xC0, 0xC1, 0xC2}
"""Baseline, extended and progressive Huffman: what every program opens."""
_LONGEST = 65533


class NotJpeg(ValueError):
    """The bytes are not a whole JPEG picture."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker segment. `payload` is without marker and length; for SOS it is the scan header and all scan data after
    it."""

    marker: int
    payload: bytes

    @property
    def raw(self) -> bytes:
        if self.marker == SOS:
            return b"\xff\xda" + self.payload
        return struct.pack(">BBH", 0xFF, self.marker, len(self.payload) + 2) + self.payload


@dataclass(frozen=True, slots=True)
class Jpeg:
    """One picture: its segments up to the end marker, and what lies behind that."""

    segments: tuple[Segment, ...]
    trailer: bytes

    @property
    def frame(self) -> Segment:
        return next(segment for segment in self.segments if segment.marker in _FRAMES)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height as stored."""
        height, width = struct.unpack_from(">HH", self.frame.payload, 1)
        return width, height

    @property
    def is_common(self) -> bool:
        """8 bits, grey or YCbCr, a coding that every program opens."""
        payload = self.frame.payload
        return self.frame.marker in _COMMON_FRAMES and payload[0] == 8 and payload[5] in (1, 3) and not self._is_rgb

    @property
    def _is_rgb(self) -> bool:
        adobe = next((s.payload for s in self.segments if s.marker == APP14 and s.payload.startswith(b"Adobe")), b"")
        return self.frame.payload[5] == 3 and len(adobe) >= 12 and adobe[11] == 0

    @property
    def exif(self) -> bytes | None:
        """The first EXIF block (TIFF bytes)."""
        return next((s.payload[6:] for s in self.segments if s.marker == APP1 and s.payload.startswith(EXIF)), None)

    @property
    def profile(self) -> bytes | None:
        chunks = [s.payload[12:] for s in self.segments if s.marker == APP2 and s.payload.startswith(ICC)]
        return b"".join(chunk[2:] for chunk in sorted(chunks, key=lambda c: c[0])) if chunks else None


def parse(data: bytes) -> Jpeg:
    """The segments of the first picture in `data`. Raises NotJpeg where it is cut or is none."""
    if data[:3] != b"\xff\xd8\xff":
        raise NotJpeg("no JPEG start marker")
    segments, at = [], 2
    while True:
        marker, at = _next_marker(data, at)
        if marker == EOI:
            break
        if marker not in _STANDALONE:
            segment, at = _segment(data, marker, at)
            segments.append(segment)
    if not any(s.marker in _FRAMES and len(s.payload) >= 6 for s in segments) or not any(
        s.marker == SOS for s in segments
    ):
        raise NotJpeg("no picture inside")
    return Jpeg(tuple(segments), data[at:])


def write(segments: tuple[Segment, ...]) -> bytes:
    return b"\xff\xd8" + b"".join(segment.raw for segment in segments) + b"\xff\xd9"


def _next_marker(data: bytes, at: int) -> tuple[int, int]:
    """(marker, offset behind it); markers may be preceded by fill bytes FF."""
    while data[at : at + 2] == b"\xff\xff":
        at += 1
    if len(data) < at + 2 or data[at] != 0xFF:
        raise NotJpeg("cut or damaged")
    return data[at + 1], at + 2


def _segment(data: bytes, marker: int, at: int) -> tuple[Segment, int]:
    if len(data) < at + 2:
        raise NotJpeg("cut")
    end = at + struct.unpack_from(">H", data, at)[0]
    if end > len(data) or end < at + 2:
        raise NotJpeg("cut")
    if marker == SOS:
        end = _scan_end(data, end)
        return Segment(marker, data[at:end]), end
    return Segment(marker, data[at + 2 : end]), end


def _scan_end(data: bytes, at: int) -> int:
    """Offset of the first marker behind the scan data that is neither a stuffed FF 00 nor a restart marker."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        following = data[at + 1]
        if following == 0xFF:
            at += 1
        elif following == 0 or 0xD0 <= following <= 0xD7:
            at += 2
        else:
            return at
    raise NotJpeg("cut")


def encode(image: Image, quality: int, *, exif: bytes = b"", full_chroma: bool = False) -> bytes:
    """Progressive mozjpeg with trellis quantisation of upright sRGB uint8 RGB pixels, with the sRGB profile and the
    given EXIF (TIFF bytes).

    Measured against Pillow's default at equal SSIMULACRA2: 81 to 87 % of the bytes. `optimize_scans` would save 1.5 %
    more
    for three times the time. Chroma at half resolution unless `full_chroma`.
    """
    parsed = parse(_vips_jpeg(image, quality, full_chroma))
    return write((*_own_segments(exif), *(s for s in parsed.segments if s.marker != APP0)))


def _vips_jpeg(image: Image, quality: int, full_chroma: bool) -> bytes:
    import numpy as np
    import pyvips

    pixels = np.ascontiguousarray(image)
    height, width = pixels.shape[:2]
    picture = pyvips.Image.new_from_memory(pixels.data, width, height, 3, "uchar").copy(interpretation="srgb")
    encoded: bytes = picture.jpegsave_buffer(
        Q=quality,
        subsample_mode="off" if full_chroma else "on",
        trellis_quant=True,
        overshoot_deringing=True,
        quant_table=3,
        optimize_coding=True,
        interlace=True,
        keep="none",
    )
    return encoded


def _own_segments(exif: bytes) -> tuple[Segment, ...]:
    jfif = Segment(APP0, b"JFIF\0\x01\x01\x00\x00\x01\x00\x01\x00\x00")
    head = (jfif, Segment(APP1, EXIF + exif)) if exif and len(exif) < _LONGEST - 6 else (jfif,)
    return (*head, Segment(APP2, ICC + b"\x01\x01" + icc.srgb()))
