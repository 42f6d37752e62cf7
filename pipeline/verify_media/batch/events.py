"""Log lines of a batch for machines: one JSON object a line, through the standard `logging`."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from verify_media.batch.counters import Counters
from verify_media.engines.work import Answer
from verify_media.result import RunResult

LOGGER = logging.getLogger("verify_media.batch")
LOGGER.addHandler(logging.NullHandler())


def started(submissions: int, items: int) -> None:
    _log("started", submissions=submissions, items=items)


def item(answer: Answer, *, known: bool) -> None:
    """`known`: from an earlier batch."""
    outcome = answer.report.outcome.value if answer.report else "skipped"
    level = logging.INFO if answer.report else logging.WARNING
    _log(
        "item",
        level,
        submission=answer.job.submission,
        item=answer.job.url,
        outcome=outcome,
        reason=answer.reason.key if answer.reason else None,
        seconds=round(answer.seconds, 3),
        worker=answer.worker,
        reused=known,
    )


def submission(name: str, result: RunResult) -> None:
    failed = [rule.id for rule in result.rules if rule.verdict.value == "fail"]
    _log("submission", submission=name, exit_code=int(result.exit_code), failed=failed)


def finished(counters: Counters) -> None:
    _log("finished", **counters.plain())


def _log(event: str, level: int = logging.INFO, **fields: Any) -> None:
    LOGGER.log(level, event, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """`time` (UTC, ISO 8601), `level`, `event`, then the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, ensure_ascii=False)


def log_to(path: Path | None) -> None:
    """Sends the lines to `path`, appended; None means stderr."""
    handler = logging.StreamHandler() if path is None else logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines())
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
