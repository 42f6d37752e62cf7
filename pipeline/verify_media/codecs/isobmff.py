"""Boxes of the ISO base media file format (ISO/IEC 14496-12): MP4, MOV, HEIC, AVIF and CR3 are all built of them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAX_BOXES = 10_000
"""More top-level boxes than this is no camera's file (fragmented clips have two a second)."""
MAX_HEADER_BYTES = 64 << 20
"""`moov` of a two-hour clip is about 10 MB; `meta` of a HEIC a few kB."""

HEIF_BRANDS = frozenset(b"heic heix heim heis hevc hevx hevm hevs mif1 msf1 mif2 miaf".split())
AVIF_BRANDS = frozenset(b"avif avis".split())
AUDIO_BRANDS = frozenset((b"M4A ", b"M4B ", b"M4P ", b"F4A ", b"F4B "))
OLD_QUICKTIME = frozenset(b"moov mdat wide free skip pnot".split())
"""First boxes of QuickTime files from before `ftyp`."""


@dataclass(frozen=True, slots=True)
class Box:
    """`start` is where the payload begins; `end` may lie beyond the end of a cut file."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Nclx:
    """Colour by code points of ITU-T H.273."""

    primaries: int
    transfer: int
    matrix: int
    full_range: bool


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes between two offsets, without reading their payloads. Stops at the first impossible size."""
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        size, kind = struct.unpack(">I4s", header[:8])
        payload = start + 8
        if size == 1 and len(header) == 16:
            size, payload = struct.unpack(">Q", header[8:])[0], start + 16
        if size == 0:
            size = end - start
        if size < payload - start:
            return
        yield Box(kind, payload, start + size)
        start += size


def brands(head: bytes) -> tuple[bytes, ...]:
    """Major brand first, then the compatible ones; empty where `head` does not begin with `ftyp`."""
    if head[4:8] != b"ftyp":
        return ()
    size = min(int.from_bytes(head[:4], "big"), len(head))
    rest = [head[i : i + 4] for i in range(16, size - 3, 4)]
    return (head[8:12], *rest)


def cut_off(file: BinaryIO, size_bytes: int) -> bool:
    """Whether the pixels or the table of contents are not wholly there (an interrupted copy or recording)."""
    seen = list(boxes(file, 0, size_bytes))
    if any(box.end > size_bytes for box in seen if box.kind in (b"mdat", b"moov", b"meta")):
        return True
    kinds = {box.kind for box in seen}
    return not kinds & {b"moov", b"meta", b"moof"}


def is_encrypted(file: BinaryIO, size_bytes: int) -> bool:
    """Whether a video track is protected: a sample entry `encv` (ISO/IEC 14496-12, 8.12)."""
    for box in boxes(file, 0, size_bytes):
        if box.kind == b"moov" and box.end <= size_bytes and box.end - box.start <= MAX_HEADER_BYTES:
            file.seek(box.start)
            return b"encv" in file.read(box.end - box.start)
    return False


def still_colour(file: BinaryIO, size_bytes: int) -> tuple[Nclx | None, bool]:
    """Colour of a HEIC or AVIF: the first `colr` of kind nclx, and whether an ICC profile is there too.

    Tiles, gain map and depth carry `colr` boxes of their own; every camera seen lists the picture's first.
    """
    payload = _meta(file, size_bytes)
    nclx, has_icc, at = None, False, payload.find(b"colr")
    while at >= 0:
        kind = payload[at + 4 : at + 8]
        if kind == b"nclx" and nclx is None and len(payload) >= at + 15:
            nclx = _nclx(payload[at + 8 : at + 15])
        has_icc |= kind in (b"prof", b"rICC")
        at = payload.find(b"colr", at + 4)
    return nclx, has_icc


def _nclx(payload: bytes) -> Nclx:
    primaries, transfer, matrix, flags = struct.unpack(">HHHB", payload)
    return Nclx(primaries, transfer, matrix, bool(flags & 0x80))


def _meta(file: BinaryIO, size_bytes: int) -> bytes:
    for box in boxes(file, 0, size_bytes):
        if box.kind == b"meta":
            file.seek(box.start)
            return file.read(min(box.end - box.start, MAX_HEADER_BYTES))
    return b""
