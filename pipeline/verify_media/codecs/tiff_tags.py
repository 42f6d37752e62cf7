"""Just enough of TIFF 6.0 to tell a raw from a picture and to read what a camera wrote about itself."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import BinaryIO, TypeAlias

Value: TypeAlias = bytes | tuple[int, ...]
Ifd: TypeAlias = Mapping[int, Value]

MAKE, MODEL, SOFTWARE, DATE_TIME = 0x010F, 0x0110, 0x0131, 0x0132
PHOTOMETRIC, SUB_IFDS, EXIF_IFD, GPS_IFD, DNG_VERSION = 0x0106, 0x014A, 0x8769, 0x8825, 0xC612
DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL, MAKER_NOTE = 0x9003, 0x9011, 0x927C
SENSOR_DATA = frozenset((32803, 34892))
"""PhotometricInterpretation of a colour filter array and of linear raw (TIFF/EP, DNG 1.6)."""

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4}
_FORMATS = {3: "H", 4: "I", 8: "h", 9: "i", 13: "I"}
_MAX_ENTRIES = 512
_MAX_VALUE_BYTES = 1 << 20


def byte_order(head: bytes) -> str | None:
    """ "<" or ">" of a TIFF or TIFF-like raw, else None."""
    return {b"II": "<", b"MM": ">"}.get(head[:2])


def read_ifd(file: BinaryIO, order: str, offset: int, *, base: int = 0) -> dict[int, Value]:
    """The tags of one directory: text and opaque bytes as bytes, numbers as tuples. Damaged entries are left out."""
    file.seek(base + offset)
    count = int.from_bytes(file.read(2), "little" if order == "<" else "big")
    table = file.read(12 * min(count, _MAX_ENTRIES))
    found: dict[int, Value] = {}
    for at in range(0, len(table) - 11, 12):
        tag, kind, number = struct.unpack(order + "HHI", table[at : at + 8])
        size = _SIZES.get(kind, 0) * number
        if 0 < size <= _MAX_VALUE_BYTES:
            raw = _payload(file, order, table[at + 8 : at + 12], size, base)
            if len(raw) == size:
                found[tag] = struct.unpack(f"{order}{number}{_FORMATS[kind]}", raw) if kind in _FORMATS else raw
    return found


def _payload(file: BinaryIO, order: str, inline: bytes, size: int, base: int) -> bytes:
    if size <= 4:
        return inline[:size]
    file.seek(base + struct.unpack(order + "I", inline)[0])
    return file.read(size)


def first_ifd(file: BinaryIO) -> dict[int, Value]:
    """The main directory of a TIFF, or nothing."""
    file.seek(0)
    head = file.read(8)
    order = byte_order(head)
    if order is None or len(head) < 8:
        return {}
    return read_ifd(file, order, struct.unpack(order + "I", head[4:])[0])


def child_ifds(file: BinaryIO, parent: Ifd, tag: int) -> list[dict[int, Value]]:
    """The directories that `tag` of `parent` points at (at most 8)."""
    file.seek(0)
    order = byte_order(file.read(2))
    offsets = parent.get(tag, ())
    if order is None or isinstance(offsets, bytes):
        return []
    return [read_ifd(file, order, offset) for offset in offsets[:8]]


def holds_sensor_data(file: BinaryIO) -> bool:
    """Whether this TIFF is a camera raw or a DNG."""
    main = first_ifd(file)
    if DNG_VERSION in main:
        return True
    kinds = [ifd.get(PHOTOMETRIC) for ifd in (main, *child_ifds(file, main, SUB_IFDS))]
    return any(isinstance(kind, tuple) and SENSOR_DATA & set(kind) for kind in kinds)


def text(value: Value | None) -> str | None:
    """A text tag without padding; None where it is empty or no text."""
    if not isinstance(value, bytes):
        return None
    return value.split(b"\0")[0].decode("utf-8", "replace").strip() or None
