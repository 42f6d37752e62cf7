"""PNG: its chunks, a lossless rewrite of them, and the encoder (zlib by Pillow, then oxipng). Format: W3C PNG, third
edition."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as PilImage

from verify_media.codecs import icc

if TYPE_CHECKING:
    from verify_media.records import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
OXIPNG_LEVEL = 2
"""87.3 % of the bytes in 0.9 CPU-s; level 4: 87.2 % in 3.0 (1.5 MB composite)."""
FEW_COLOURS = 0.1
"""Drawings, screenshots and scans of text: distinct colours over pixels in a sample. Photographs have 0.2 to 0.9,
flat graphics under 0.05."""
_SAMPLE = 128


class NotPng(ValueError):
    """The bytes are not a whole PNG picture."""


@dataclass(frozen=True, slots=True)
class Chunk:
    name: bytes
    payload: bytes

    @property
    def raw(self) -> bytes:
        checked = self.name + self.payload
        return struct.pack(">I", len(self.payload)) + checked + struct.pack(">I", zlib.crc32(checked))


@dataclass(frozen=True, slots=True)
class Png:
    """One picture: its chunks from IHDR to IEND, and what lies behind."""

    chunks: tuple[Chunk, ...]
    trailer: bytes

    def get(self, name: bytes) -> bytes | None:
        return next((chunk.payload for chunk in self.chunks if chunk.name == name), None)

    @property
    def size(self) -> tuple[int, int]:
        width, height = struct.unpack_from(">II", self.chunks[0].payload)
        return width, height

    @property
    def is_animated(self) -> bool:
        return self.get(b"acTL") is not None

    @property
    def is_hdr(self) -> bool:
        """Code points (ITU-T H.273) of PQ or HLG in the chunk cICP."""
        code_points = self.get(b"cICP")
        return code_points is not None and len(code_points) > 1 and code_points[1] in (16, 18)

    @property
    def profile(self) -> bytes | None:
        """The ICC profile; b"" where it is damaged."""
        payload = self.get(b"iCCP")
        if payload is None:
            return None
        try:
            return zlib.decompressobj().decompress(payload.split(b"\0", 1)[1][1:], 4 << 20)
        except (zlib.error, IndexError):
            return b""


def parse(data: bytes) -> Png:
    """The chunks of `data`. Raises NotPng where it is cut or is none."""
    if not data.startswith(SIGNATURE):
        raise NotPng("no PNG signature")
    chunks: list[Chunk] = []
    at = len(SIGNATURE)
    while not chunks or chunks[-1].name != b"IEND":
        if len(data) < at + 12:
            raise NotPng("cut")
        length, name = struct.unpack_from(">I4s", data, at)
        chunks.append(Chunk(name, data[at + 8 : at + 8 + length]))
        at += 12 + length
    if chunks[0].name != b"IHDR" or at > len(data):
        raise NotPng("cut or damaged")
    return Png(tuple(chunks), data[at:])


def write(chunks: tuple[Chunk, ...]) -> bytes:
    return SIGNATURE + b"".join(chunk.raw for chunk in chunks)


def encode(image: Image) -> bytes:
    """Upright sRGB uint8 RGB pixels, with the sRGB profile."""
    buffer = BytesIO()
    PilImage.fromarray(image).save(buffer, "PNG", compress_level=1, icc_profile=icc.srgb())
    return smaller(buffer.getvalue())


def smaller(data: bytes) -> bytes:
    """The same pixels and the same chunks in fewer bytes, where oxipng is installed and finds a way."""
    try:
        import oxipng
    except ImportError:
        return data
    try:
        best: bytes = oxipng.optimize_from_memory(data, level=OXIPNG_LEVEL, strip=oxipng.StripChunks.none())
    except oxipng.PngError:
        return data
    return min(best, data, key=len)


def is_graphic(image: Image) -> bool:
    """Whether the picture is a drawing, a screenshot or flat lettering, where PNG is the smaller and the better
    choice."""
    rows, cols = (np.linspace(0, length - 1, min(length, _SAMPLE)).astype(int) for length in image.shape[:2])
    sample = image[np.ix_(rows, cols)].reshape(-1, 3).astype(np.uint32)
    colours = np.unique(sample[:, 0] << 16 | sample[:, 1] << 8 | sample[:, 2])
    return len(colours) < FEW_COLOURS * len(sample)
