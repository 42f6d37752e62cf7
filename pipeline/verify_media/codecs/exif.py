"""EXIF at the level of its bytes: what it says, and a copy that says only what may be sent.

Values are carried over as stored, so what stays is exactly what the camera wrote. Format: EXIF 2.32
(CIPA DC-008), TIFF 6.0.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

EXIF_IFD, GPS_IFD, INTEROP_IFD = 0x8769, 0x8825, 0xA005
MAKE, MODEL, ORIENTATION, DATE_TIME = 0x010F, 0x0110, 0x0112, 0x0132
DATE_ORIGINAL, DATE_DIGITIZED, OFFSET_ORIGINAL, COLOUR_SPACE = 0x9003, 0x9004, 0x9011, 0xA001
SOFTWARE, ARTIST, COPYRIGHT, MAKER_NOTE, USER_COMMENT = 0x0131, 0x013B, 0x8298, 0x927C, 0x9286
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x0201, 0x0202

SERIALS = {0xA431: "camera serial number", 0xA435: "lens serial number", 0xC62F: "camera serial number"}
OWNERS = {ARTIST, COPYRIGHT, 0xA430, 0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F}
"""Artist, copyright, camera owner, and Windows' title, comment, author, keywords and subject."""

KEPT_IFD0 = {
    0x010E,
    MAKE,
    MODEL,
    ORIENTATION,
    0x011A,
    0x011B,
    0x0128,
    SOFTWARE,
    DATE_TIME,
    0x013E,
    0x013F,
    0x0211,
    0x0213,
    0x0214,
}
"""Description, make, model, orientation, resolution, firmware, date, primaries and YCbCr layout."""
KEPT_EXIF = {
    0x829A, 0x829D, 0x8822, 0x8827, 0x8830, 0x8831, 0x8832, 0x8833, 0x9000, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012,
    0x9101, 0x9102,
    0x9201, 0x9202, 0x9203, 0x9204, 0x9205, 0x9206, 0x9207, 0x9208, 0x9209, 0x920A, 0x9214, 0x9290, 0x9291, 0x9292,
    0xA000, 0xA001,
    0xA002, 0xA003, 0xA20E, 0xA20F, 0xA210, 0xA217, 0xA300, 0xA301, 0xA302, 0xA401, 0xA402, 0xA403, 0xA404, 0xA405,
    0xA406, 0xA407,
    0xA408, 0xA409, 0xA40A, 0xA40C, 0xA432, 0xA433, 0xA434, 0xA460,
}  # fmt: skip
"""Dates and the settings of the exposure, the lens and the picture; nothing that names a person, a place or a single
device."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_MOST_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Value:
    """A tag's value as stored: TIFF type, number of elements, raw bytes."""

    type: int
    count: int
    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.split(b"\0", 1)[0].decode("utf-8", "replace").strip()


Ifd: TypeAlias = Mapping[int, Value]


@dataclass(frozen=True, slots=True)
class Exif:
    """The directories of one EXIF block. `order` is "<" or ">"."""

    order: str = "<"
    main: Ifd = field(default_factory=dict)
    photo: Ifd = field(default_factory=dict)
    gps: Ifd = field(default_factory=dict)
    interop: Ifd = field(default_factory=dict)
    thumbnail: bytes = b""

    @property
    def orientation(self) -> int:
        value = self.main.get(ORIENTATION)
        number = struct.unpack_from(self.order + "H", value.raw)[0] if value and value.type == 3 and value.raw else 1
        return number if 1 <= number <= 8 else 1

    @property
    def is_adobe_rgb(self) -> bool:
        """Cameras say Adobe RGB without a profile by the interoperability index R03 (DCF 2.0)."""
        index = self.interop.get(1)
        return index is not None and index.text == "R03"


def parse(tiff: bytes) -> Exif | None:
    """The EXIF in a TIFF block (without the "Exif\\0\\0" before it); None where it is not one. Broken entries are
    left out."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return None
    main, after = _directory(tiff, order, _u32(tiff, 4, order))
    photo = _linked(tiff, order, main, EXIF_IFD)
    thumbs, _ = _directory(tiff, order, after)
    return Exif(
        order,
        main,
        photo,
        _linked(tiff, order, main, GPS_IFD),
        _linked(tiff, order, photo, INTEROP_IFD),
        _thumbnail(tiff, order, thumbs),
    )


def private(exif: Exif) -> tuple[str, ...]:
    """Names of the kinds of private data it holds, in words for a maker."""
    found = []
    if any(tag != 0 and value.raw.strip(b"\0 ") for tag, value in exif.gps.items()):
        found.append("location")
    if any(_says(exif, tag) for tag in SERIALS):
        found.append("serial numbers")
    if any(_says(exif, tag) for tag in OWNERS):
        found.append("names")
    if _comment(exif):
        found.append("comments")
    if _private_note(exif):
        found.append("maker notes")
    return tuple(found)


def cleaned(exif: Exif) -> bytes:
    """A TIFF block with only the tags that may be sent: make, model, dates, orientation, exposure. No thumbnail."""
    main = {tag: value for tag, value in exif.main.items() if tag in KEPT_IFD0}
    photo = {tag: value for tag, value in exif.photo.items() if tag in KEPT_EXIF}
    return _build(exif.order, main, photo)


def minimal(make: str | None = None, model: str | None = None, taken_at: str | None = None) -> bytes:
    """A TIFF block for a converted picture: camera and time only, upright, sRGB. `taken_at` is ISO 8601."""
    main = {tag: _ascii(text) for tag, text in ((MAKE, make), (MODEL, model)) if text}
    photo = {COLOUR_SPACE: Value(3, 1, struct.pack("<H", 1)), 0x9000: Value(7, 4, b"0232")}
    if taken_at and (stamp := _exif_date(taken_at)):
        main[DATE_TIME] = photo[DATE_ORIGINAL] = _ascii(stamp)
        zone = taken_at[19:].lstrip(".0123456789")
        if len(zone) == 6:
            photo[OFFSET_ORIGINAL] = _ascii(zone)
    return _build("<", main, photo)


def _exif_date(iso: str) -> str | None:
    """ "2026-11-20T18:03:00+01:00" -> "2026:11:20 18:03:00"; None where it is not a full time."""
    stamp = iso[:19].replace("T", " ")
    return f"{stamp[:10].replace('-', ':')} {stamp[11:]}" if len(stamp) == 19 else None


def _ascii(text: str) -> Value:
    raw = text.encode("ascii", "replace") + b"\0"
    return Value(2, len(raw), raw)


def _says(exif: Exif, tag: int) -> bool:
    value = exif.main.get(tag) or exif.photo.get(tag)
    return value is not None and bool(value.raw.strip(b"\0 \xff"))


def _comment(exif: Exif) -> bool:
    """A user comment with something in it: its first 8 bytes name the encoding."""
    value = exif.photo.get(USER_COMMENT)
    return value is not None and bool(value.raw[8:].strip(b"\0 \xff"))


def _private_note(exif: Exif) -> bool:
    """Maker notes are the vendor's secret and mostly hold serial numbers. Apple's is documented by others and holds
    none."""
    value = exif.photo.get(MAKER_NOTE)
    return value is not None and bool(value.raw.strip(b"\0")) and not value.raw.startswith(b"Apple iOS\0")


def _u32(data: bytes, offset: int, order: str) -> int:
    return int(struct.unpack_from(order + "I", data, offset)[0]) if 0 <= offset <= len(data) - 4 else 0


def _linked(tiff: bytes, order: str, parent: Ifd, tag: int) -> Ifd:
    value = parent.get(tag)
    return _directory(tiff, order, _u32(value.raw, 0, order))[0] if value else {}


def _directory(tiff: bytes, order: str, offset: int) -> tuple[Ifd, int]:
    """The entries of the directory at `offset`, and the offset of the next directory."""
    if not 8 <= offset <= len(tiff) - 2:
        return {}, 0
    number = struct.unpack_from(order + "H", tiff, offset)[0]
    end = offset + 2 + 12 * number
    if number > _MOST_ENTRIES or end > len(tiff):
        return {}, 0
    entries = (_entry(tiff, order, position) for position in range(offset + 2, end, 12))
    return {tag: value for tag, value in entries if value is not None}, _u32(tiff, end, order)


def _entry(tiff: bytes, order: str, position: int) -> tuple[int, Value | None]:
    tag, kind, count = struct.unpack_from(order + "HHI", tiff, position)
    size = _SIZES.get(kind, 0) * count
    start = position + 8 if size <= 4 else _u32(tiff, position + 8, order)
    raw = tiff[start : start + size]
    return tag, Value(kind, count, raw) if size and len(raw) == size else None


def _thumbnail(tiff: bytes, order: str, thumbs: Ifd) -> bytes:
    where, size = thumbs.get(THUMBNAIL_OFFSET), thumbs.get(THUMBNAIL_LENGTH)
    if where is None or size is None or where.type != 4 or size.type != 4:
        return b""
    start = _u32(where.raw, 0, order)
    return tiff[start : start + _u32(size.raw, 0, order)]


def _build(order: str, main: Ifd, photo: Ifd) -> bytes:
    """TIFF bytes of two directories: header, main directory, then the photo directory."""
    header = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    if not photo:
        return header + _packed(order, main, 8)
    link = Value(4, 1, b"\0\0\0\0")
    size = len(_packed(order, {**main, EXIF_IFD: link}, 8))
    link = Value(4, 1, struct.pack(order + "I", 8 + size))
    return header + _packed(order, {**main, EXIF_IFD: link}, 8) + _packed(order, photo, 8 + size)


def _packed(order: str, ifd: Ifd, start: int) -> bytes:
    """One directory that lies at `start`, its long values right behind it at even offsets."""
    head = struct.pack(order + "H", len(ifd))
    values = b""
    base = start + 2 + 12 * len(ifd) + 4
    for tag, value in sorted(ifd.items()):
        inline = value.raw.ljust(4, b"\0") if len(value.raw) <= 4 else struct.pack(order + "I", base + len(values))
        head += struct.pack(order + "HHI", tag, value.type, value.count) + inline
        if len(value.raw) > 4:
            values += value.raw + b"\0" * (len(value.raw) % 2)
    return head + b"\0\0\0\0" + values
