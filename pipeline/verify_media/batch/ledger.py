"""What earlier batches found, on disk; in memory only a hash and an offset for each row, however many there are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from verify_media.batch.rows import Row, append_row, item_row, placed_rows, row_at
from verify_media.batch.rows import answer_of as answer_in
from verify_media.batch.source import Listed, digest_of
from verify_media.cache import marks_digest, versions
from verify_media.engines.work import Answer, Job
from verify_media.records import Marks


class Ledger:
    """Rows of `path`, found by content: bytes, marks, and versions of program and models.

    A stat of the file comes first: an unchanged file of an unchanged place is not read again. A file that was moved,
    copied or touched is hashed, and its row is used again, also by another submission.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._by_place: dict[bytes, int] = {}
        self._by_content: dict[bytes, int] = {}
        self._wanted: dict[Marks, str] = {}
        for offset, row in placed_rows(path):
            self._note(row, offset)

    def answer(self, one: Listed, job: Job) -> Answer | None:
        """What is known of `job`, or None: then it has to be done."""
        wanted = self._digest(job.marks)
        offset = self._by_place.get(bytes.fromhex(place_key(one, job, wanted)))
        if offset is None and self._by_content and (digest := digest_of(job.url)):
            offset = self._by_content.get(bytes.fromhex(content_key(digest, wanted)))
        if offset is None:
            return None
        try:
            answer = answer_in(row_at(self.path, offset), job)
        except (KeyError, TypeError, ValueError):
            return None
        return _moved(answer, job)

    def write(self, one: Listed, answer: Answer) -> None:
        """Appends the row of a new answer. Raises CannotWrite."""
        wanted = self._digest(answer.job.marks)
        row = item_row(answer, place_key(one, answer.job, wanted))
        content = content_key(answer.report.media.sha256, wanted) if answer.report else None
        append_row(self.path, {**row, "content": content})

    def _digest(self, marks: Marks) -> str:
        """Of what is looked for: logos and cards are read once for all items that share them."""
        if marks not in self._wanted:
            self._wanted[marks] = marks_digest(marks)
        return self._wanted[marks]

    def _note(self, row: Row, offset: int) -> None:
        for name, index in (("key", self._by_place), ("content", self._by_content)):
            try:
                if text := row.get(name):
                    index[bytes.fromhex(text)] = offset
            except (TypeError, ValueError):
                continue


def place_key(one: Listed, job: Job, wanted: str) -> str:
    """Hash of where a file is, its size and time, and what is looked for in it."""
    return _hash(job.submission, job.url, one.stamps.get(job.url, ""), wanted, versions())


def content_key(sha256: str, wanted: str) -> str:
    return _hash(sha256, wanted, versions())


def _moved(answer: Answer, job: Job) -> Answer:
    """The same findings under today's name."""
    if answer.report is None:
        return answer
    media = replace(answer.report.media, path=Path(job.url))
    return replace(answer, report=replace(answer.report, media=media))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
