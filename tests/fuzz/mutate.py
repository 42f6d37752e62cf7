"""Broken files made from whole ones: cut at every piece, sizes that lie, bits flipped, pieces lost, doubled, moved."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

NESTED = frozenset(b"moov trak mdia minf stbl edts udta meta iprp ipco dinf moof traf".split())
LIES = (0, 1, 2, 7, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
MOST_BITS = 64


def pieces(data: bytes) -> list[int]:
    """Where boxes, segments, chunks or directories begin, by whatever format it is."""
    if data[:2] == b"\xff\xd8":
        found = _jpeg(data)
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        found = _png(data)
    elif data[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"wide"):
        found = _boxes(data, 0, len(data))
    elif data[:4] == b"RIFF":
        found = _riff(data)
    elif data[:2] in (b"II", b"MM"):
        found = _tiff(data)
    elif data[:1] == b"\x47" and data[188:189] == b"\x47":
        found = iter(range(0, len(data), 188))
    else:
        found = iter(range(0, min(len(data), 512), 8))
    return sorted({at for at in found if 0 <= at < len(data)})


def _jpeg(data: bytes) -> Iterator[int]:
    at = 0
    while 0 <= (at := data.find(b"\xff", at)) < len(data) - 1:
        if data[at + 1] not in (0x00, 0xFF):
            yield at
        at += 1


def _png(data: bytes) -> Iterator[int]:
    at = 8
    while at + 8 <= len(data):
        yield at
        at += 12 + struct.unpack_from(">I", data, at)[0]


def _boxes(data: bytes, at: int, end: int) -> Iterator[int]:
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        yield at
        if size < 8:
            return
        if kind in NESTED:
            yield from _boxes(data, at + (12 if kind == b"meta" else 8), min(end, at + size))
        at += size


def _riff(data: bytes) -> Iterator[int]:
    at = 12
    while at + 8 <= len(data):
        yield at
        kind, size = struct.unpack_from("<4sI", data, at)
        at += 12 if kind == b"LIST" else 8 + size + size % 2


def _tiff(data: bytes) -> Iterator[int]:
    if len(data) < 8:
        return
    order = "<" if data[:2] == b"II" else ">"
    at = struct.unpack_from(f"{order}I", data, 4)[0]
    count = struct.unpack_from(f"{order}H", data, at)[0] if at + 2 <= len(data) else 0
    yield at
    yield from (at + 2 + 12 * number for number in range(count))


def systematic(data: bytes) -> Iterator[bytes]:
    """Cut at every piece and in its head, and every size as a lie."""
    for at in pieces(data):
        yield data[:at]
        yield data[: at + 6]
        for lie in (0, 1, 0xFFFFFFFF):
            yield data[:at] + struct.pack(">I", lie) + data[at + 4 :]
            yield data[: at + 2] + struct.pack(">H", lie & 0xFFFF) + data[at + 4 :]


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One broken copy."""
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        if changed:
            dice.choice((_flip, _flip, _lie, _lie, _cut, _lose, _double, _fill, _move))(changed, dice)
    return bytes(changed)


def _spot(data: bytearray, dice: random.Random) -> int:
    """Mostly near the beginning of a piece, where the formats say how the rest is to be read."""
    starts = pieces(bytes(data[:4096])) or [0]
    return min(len(data) - 1, dice.choice((dice.choice(starts) + dice.randrange(24), dice.randrange(len(data)))))


def _flip(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, MOST_BITS)):
        data[_spot(data, dice)] ^= 1 << dice.randrange(8)


def _lie(data: bytearray, dice: random.Random) -> None:
    form = dice.choice((">I", "<I", ">H", "<H", ">Q", "B"))
    size = struct.calcsize(form)
    at = _spot(data, dice)
    data[at : at + size] = struct.pack(form, dice.choice(LIES) & (2 ** (8 * size) - 1))


def _cut(data: bytearray, dice: random.Random) -> None:
    del data[_spot(data, dice) :]


def _lose(data: bytearray, dice: random.Random) -> None:
    at = _spot(data, dice)
    del data[at : at + dice.choice((1, 4, 64, 4096))]


def _double(data: bytearray, dice: random.Random) -> None:
    at = _spot(data, dice)
    data[at:at] = data[at : at + dice.choice((1, 8, 256, 4096))] * dice.choice((1, 2, 50))


def _fill(data: bytearray, dice: random.Random) -> None:
    at, count = _spot(data, dice), dice.choice((4, 64, 1024))
    data[at : at + count] = dice.choice((bytes(count), b"\xff" * count, dice.randbytes(count)))


def _move(data: bytearray, dice: random.Random) -> None:
    at, count = _spot(data, dice), dice.choice((8, 64, 1024))
    piece = data[at : at + count]
    del data[at : at + count]
    to = dice.randrange(len(data) + 1)
    data[to:to] = piece
