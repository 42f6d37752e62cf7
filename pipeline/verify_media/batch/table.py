"""The result rows as Parquet, for those who ask questions of millions: one row per item, one per submission."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from verify_media.batch.rows import ITEMS, SUBMISSIONS, Row, placed_rows, read_rows, row_at
from verify_media.errors import CannotWrite, MissingProgram

ROWS_PER_GROUP = 10_000

ITEM_COLUMNS = {
    "submission": "string",
    "item": "string",
    "outcome": "string",
    "p_digital": "float64",
    "reason": "string",
    "seconds": "float64",
    "worker": "string",
    "sha256": "string",
    "kind": "string",
    "media_type": "string",
    "size_bytes": "int64",
    "width": "int32",
    "height": "int32",
    "reader": "string",
    "text": "string",
    "score": "float64",
    "letter_height_px": "float64",
}
SUBMISSION_COLUMNS = {
    "submission": "string",
    "exit_code": "int32",
    "policy": "string",
    "items": "int32",
    "skipped": "int32",
    "failed": "list<string>",
    "todo": "list<string>",
}


def need_driver() -> Any:
    """pyarrow, which is not annotated. Raises MissingProgram."""
    try:
        return import_module("pyarrow")
    except ImportError as error:
        raise MissingProgram("pyarrow is not installed", "pip install 'verify-media[cluster]'") from error


def write_tables(dest: Path) -> None:
    """items.parquet and submissions.parquet beside the JSON Lines of `dest`, each whole or not at all.

    Raises CannotWrite and MissingProgram.
    """
    for name, columns, rows in (
        (ITEMS, ITEM_COLUMNS, map(_item, _latest(dest / ITEMS))),
        (SUBMISSIONS, SUBMISSION_COLUMNS, map(_submission, read_rows(dest / SUBMISSIONS))),
    ):
        target = (dest / name).with_suffix(".parquet")
        try:
            _write(target, columns, rows)
        except OSError as error:
            raise CannotWrite(
                f"{target.name} cannot be written: {error.strerror}", "Make room and try again."
            ) from error


def _latest(path: Path) -> Iterator[Row]:
    """The last row of each item: a changed file has an older one before it."""
    places = {(row["submission"], row["item"]): offset for offset, row in placed_rows(path)}
    return (row_at(path, offset) for offset in places.values())


def _write(target: Path, columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    arrow, parquet = need_driver(), import_module("pyarrow.parquet")
    kinds = {"list<string>": arrow.list_(arrow.string())}
    schema = arrow.schema([(name, kinds.get(kind) or getattr(arrow, kind)()) for name, kind in columns.items()])
    partial = target.with_name(f".{target.name}.partial")
    waiting = iter(rows)
    with parquet.ParquetWriter(partial, schema) as writer:
        while group := list(islice(waiting, ROWS_PER_GROUP)):
            writer.write_table(arrow.Table.from_pylist(group, schema=schema))
    partial.replace(target)


def _item(row: Row) -> Mapping[str, Any]:
    report = row["report"] or {}
    media: Row = report.get("media", {})
    best: Row = next(iter(report.get("sightings", ())), {})
    flat = {name: row[name] for name in ("submission", "item", "outcome", "p_digital", "reason", "seconds", "worker")}
    seen = {name: media.get(name) for name in ("sha256", "kind", "media_type", "size_bytes", "width", "height")}
    return flat | seen | {name: best.get(name) for name in ("reader", "text", "score", "letter_height_px")}


def _submission(row: Row) -> Mapping[str, Any]:
    failed = [rule["id"] for rule in row["rules"] if rule["verdict"] == "fail"]
    return {**{name: row[name] for name in SUBMISSION_COLUMNS if name != "failed"}, "failed": failed}
