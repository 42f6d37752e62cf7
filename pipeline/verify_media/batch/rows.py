"""The rows of a batch's result files. JSON Lines: one whole line in one write, so a stop tears at most the last."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from verify_media.engines.work import Answer, Job
from verify_media.errors import CannotWrite
from verify_media.messages import Message
from verify_media.plain import from_plain, to_plain
from verify_media.records import ItemReport
from verify_media.result import RunResult

ITEMS, SUBMISSIONS, SUMMARY = "items.jsonl", "submissions.jsonl", "summary.json"

Row = Mapping[str, Any]


def item_row(answer: Answer, key: str) -> Row:
    return {
        "submission": answer.job.submission,
        "item": answer.job.url,
        "outcome": answer.report.outcome.value if answer.report else None,
        "p_digital": answer.report.p_digital if answer.report else None,
        "reason": str(answer.reason) if answer.reason else None,
        "seconds": round(answer.seconds, 4),
        "worker": answer.worker,
        "key": key,
        "report": to_plain(answer.report),
        "message": to_plain(answer.reason),
    }


def answer_of(row: Row, job: Job) -> Answer:
    """The answer that `item_row` was made of, for `job`. Raises KeyError, TypeError or ValueError for a strange row."""
    report = from_plain(ItemReport, row["report"]) if row["report"] else None
    reason = from_plain(Message, row["message"]) if row["message"] else None
    return Answer(job, report, reason, 0.0, str(row["worker"]))


def submission_row(name: str, result: RunResult) -> Row:
    return {
        "submission": name,
        "exit_code": int(result.exit_code),
        "policy": result.policy.id,
        "items": len(result.items),
        "skipped": len(result.skipped),
        "rules": [
            {
                "id": rule.id,
                "verdict": rule.verdict.value,
                "item": rule.item.name if rule.item else None,
                "reasons": [reason.key for reason in rule.reasons],
            }
            for rule in result.rules
        ],
        "todo": [str(action) for action in result.todo],
    }


def read_rows(path: Path) -> Iterator[Row]:
    """Whole rows only: a line that was torn by a stop is left out."""
    for _, row in placed_rows(path):
        yield row


def placed_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Each whole row with the byte offset of its line."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        offset = 0
        for line in file:
            if (row := _parsed(line)) is not None:
                yield offset, row
            offset += len(line)


def row_at(path: Path, offset: int) -> Row:
    with path.open("rb") as file:
        file.seek(offset)
        row: Row = json.loads(file.readline())
    return row


def append_row(path: Path, row: Row) -> int:
    """One write of one whole line; after a torn line, on a line of its own. Returns its offset; raises CannotWrite."""
    data = line_of(row).encode()
    try:
        with path.open("ab+") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(-1, os.SEEK_END)
                torn = file.read(1) != b"\n"
                data, end = (b"\n" + data, end + 1) if torn else (data, end)
            file.write(data)
    except OSError as error:
        raise CannotWrite(
            f"{path.name} cannot be written: {error.strerror}", "Make room, then start the batch again."
        ) from error
    return end


def write_whole(path: Path, lines: Iterable[str]) -> None:
    """All lines or the file of before."""
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8") as file:
        file.writelines(lines)
    partial.replace(path)


def line_of(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _parsed(line: bytes) -> Row | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
