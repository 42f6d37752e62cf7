"""message.eml: a draft with everything attached, whose size on the wire is known before a byte is encoded."""

from __future__ import annotations

import itertools
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from math import ceil
from pathlib import Path

from verify_media.errors import CannotWrite
from verify_media.records import Deliverable, Draft
from verify_media.stages.letter import Letter, clean, one_line

FILE_NAME = "message.eml"
LINE_BYTES = 57
"""Bytes of a file in a base64 line of 76 characters (RFC 2045); the line end is two more."""
WORST_ROUNDING = 4 * 2 / 3 + 2 * 56 / 57
"""What the last group and the last line of one file cost at most beyond 78/57 of its bytes."""
LONGEST_TYPE = "image/jpeg"
_GOES_ON = re.compile(rb"[ \t]+\S")
"""A line that goes on with the header above it."""
MOST_TRIED = 16
"""Up to so many items, all ways to part them into two messages are tried."""


def file_budget_bytes(limit_bytes: int, letter: Letter, names: Sequence[str], counts: str = "message") -> int:
    """How many bytes of files a message of `limit_bytes` can hold, whatever their single sizes. `counts` "raw": the
    limit is on the files."""
    if counts == "raw":
        return limit_bytes
    beside = _frame_bytes(letter, [(name, LONGEST_TYPE) for name in names])
    return max(0, int((limit_bytes - beside - len(names) * WORST_ROUNDING) * LINE_BYTES / 78))


def wire_bytes(size_bytes: int) -> int:
    """A file of so many bytes as base64 with its line ends."""
    return 4 * ceil(size_bytes / 3) + 2 * ceil(size_bytes / LINE_BYTES)


def message_bytes(letter: Letter, files: Sequence[tuple[str, str, int]]) -> int:
    """The exact size of the message on disk and on the wire. `files` are (name, media type, bytes)."""
    return _frame_bytes(letter, [(name, kind) for name, kind, _ in files]) + sum(
        wire_bytes(size) for _, _, size in files
    )


def _frame_bytes(letter: Letter, files: Sequence[tuple[str, str]]) -> int:
    return sum(len(part) for part in _frame(letter, files))


def package(
    deliverables: Sequence[Deliverable], letter: Letter, path: Path, limit_bytes: int, *, counts: str = "message"
) -> Draft:
    """Write the draft to `path`, whole or not at all, and measure it. Its size is the file's own; for `counts` "raw",
    that of the files.

    Raises CannotWrite.
    """
    neighbour = path.with_name(f".{path.name}.part")
    try:
        with neighbour.open("wb") as file:
            file.writelines(_parts(deliverables, letter))
        neighbour.replace(path)
        size = path.stat().st_size
    except OSError as error:
        neighbour.unlink(missing_ok=True)
        raise CannotWrite(f"{path}: {error.strerror or error}", "Make room on the disk and try again.") from error
    counted = sum(item.size_bytes for item in deliverables) if counts == "raw" else size
    return Draft(path, counted, limit_bytes, tuple(item.path.name for item in deliverables))


def _parts(deliverables: Sequence[Deliverable], letter: Letter) -> Iterator[bytes]:
    """The frame, with the encoded files in their places."""
    frame = _frame(letter, [(item.path.name, item.media_type) for item in deliverables])
    yield frame[0]
    for item, after in zip(deliverables, frame[1:], strict=True):
        yield from _encoded(item.path.read_bytes())
        yield after


def _encoded(data: bytes, lines: int = 4096) -> Iterator[bytes]:
    text = b64encode(data)
    for start in range(0, len(text), 76 * lines):
        block = text[start : start + 76 * lines]
        yield b"".join(block[at : at + 76] + b"\r\n" for at in range(0, len(block), 76))


def _frame(letter: Letter, files: Sequence[tuple[str, str]]) -> list[bytes]:
    """The message around its files: one piece more than there are files."""
    draft = _draft(letter)
    for number, (name, kind) in enumerate(files):
        main, _, sub = kind.partition("/")
        safe = attachment_name(name)
        draft.add_attachment(_place(number), maintype=main, subtype=sub, filename=safe, params={"name": safe})
    if files:
        # The same input gives the same bytes; the frame itself is what could collide, and a hash does not occur in it.
        draft.set_boundary("=-" + sha256(repr((letter, files)).encode("utf-8", "replace")).hexdigest()[:32])
    whole = draft.as_bytes(policy=SMTP)
    pieces = []
    for number in range(len(files)):
        before, _, whole = whole.partition(b64encode(_place(number)) + b"\r\n")
        pieces.append(before)
    return [*pieces, whole]


def _place(number: int) -> bytes:
    """Bytes that stand for a file while the frame is made."""
    return f"<the bytes of attachment {number:06d}>".encode()


def _draft(letter: Letter) -> EmailMessage:
    draft = EmailMessage(policy=SMTP)
    draft["X-Unsent"] = "1"  # Outlook opens the file as a draft that can be sent
    for name, text in (("From", letter.sender), ("To", letter.to), ("Subject", letter.subject)):
        _add_header(draft, name, one_line(text))
    draft["MIME-Version"] = "1.0"
    draft.set_content(clean(letter.body), cte="quoted-printable")
    return draft


def _add_header(draft: EmailMessage, name: str, text: str) -> None:
    """A header that cannot be written as a mail header is left out: the maker fills it in before sending."""
    if not text:
        return
    try:
        draft[name] = text
        lines = draft.as_bytes(policy=SMTP).rstrip(b"\r\n").split(b"\r\n")
        if [line.partition(b":")[0].decode("ascii") for line in lines if not _GOES_ON.match(line)] != draft.keys():
            raise ValueError("Python folds some addresses with foreign letters into a line of its own")
    except Exception:  # Python's reader of addresses fails in many ways: "0@[" ends in an AttributeError
        del draft[name]


def attachment_name(name: str) -> str:
    """A file name of plain ASCII letters, so that every mail program shows and saves the same one."""
    stem, dot, extension = one_line(name).rpartition(".")
    plain = re.sub(r"[^A-Za-z0-9._ -]+", "_", stem if dot else extension).strip(". ") or "file"
    return f"{plain}{dot}{re.sub('[^A-Za-z0-9]', '', extension)}" if dot else plain


def halves(sizes: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Indices for two messages, in order, so that the larger one is as small as can be."""
    everyone = range(len(sizes))
    if len(sizes) > MOST_TRIED:
        return _greedy(sizes)
    half = sum(sizes) / 2
    groups = itertools.chain.from_iterable(itertools.combinations(everyone, n) for n in range(1, len(sizes)))
    # The first item stays in the first message; among equals the groups that keep the order of the items win.
    best = min(
        (group for group in groups if 0 in group),
        key=lambda group: (abs(sum(sizes[i] for i in group) - half), group),
        default=tuple(everyone),
    )
    return best, tuple(i for i in everyone if i not in best)


def _greedy(sizes: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    groups: tuple[list[int], list[int]] = ([], [])
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        min(groups, key=lambda group: sum(sizes[i] for i in group)).append(index)
    first, second = sorted(tuple(sorted(group)) for group in groups)
    return first, second
