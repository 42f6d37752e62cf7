"""Pieces of known length on a pipe."""

from __future__ import annotations

import struct
from typing import BinaryIO

_LENGTH = struct.Struct("<Q")
MOST_BYTES = 1 << 28
"""Of one answer: forty reports with their pictures are 20 MB."""


class Broken(Exception):
    """The other side has ended, or does not keep to the form."""


def send(pipe: BinaryIO, piece: bytes) -> None:
    try:
        pipe.write(_LENGTH.pack(len(piece)) + piece)
        pipe.flush()
    except (OSError, ValueError) as error:
        raise Broken from error


def receive(pipe: BinaryIO) -> bytes:
    try:
        (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
        if length > MOST_BYTES:
            raise Broken
        return _exactly(pipe, length)
    except (OSError, ValueError) as error:
        raise Broken from error


def _exactly(pipe: BinaryIO, count: int) -> bytes:
    piece = pipe.read(count)
    if len(piece) < count:
        raise Broken
    return piece
