"""Where the picture in a JPEG file ends: libjpeg paints what is missing grey and says nothing, so we look ourselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_PADDING_BYTES = 64


@dataclass(frozen=True, slots=True)
class JpegEnd:
    """`offset` is just behind the end marker, None where it is missing; `padded`: filling stands in its place."""

    offset: int | None
    padded: bool = False


def find_end(data: bytes) -> JpegEnd:
    """Walk the segments (ITU-T T.81, B.1) of the first picture of the file."""
    at = 2
    while (found := _NEXT_MARKER.search(data, at)) is not None:
        code, at = data[found.end() - 1], found.end()
        if code == 0xD9:
            return JpegEnd(at)
        if code not in _STANDALONE:
            at += max(2, int.from_bytes(data[at : at + 2], "big"))
    return JpegEnd(None, _is_padded(data))


def _is_padded(data: bytes) -> bool:
    """Interrupted downloads and rescued cards end in a run of one byte value."""
    tail = data[-_PADDING_BYTES:]
    return len(tail) == _PADDING_BYTES and len(set(tail)) == 1
