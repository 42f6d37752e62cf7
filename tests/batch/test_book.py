"""Rows, resume and sources of a batch, with an engine that answers at once; the real engines have their own tests."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from builders import media, report
from verify_media.batch import ITEMS, SUBMISSIONS, SUMMARY, Source, run_batch
from verify_media.batch.events import LOGGER, log_to
from verify_media.batch.rows import append_row, read_rows
from verify_media.batch.table import write_tables
from verify_media.engines.work import Answer, Job
from verify_media.errors import NothingToCheck, UsageError
from verify_media.messages import message
from verify_media.pipeline import conclude_batch
from verify_media.records import Kind, MediaItem, Outcome
from verify_media.submission import Submission

FLAGS = {"names": ("Willow & Thread",), "policy": "generic"}


class Instant:
    """Answers every job but those whose name says `broken`; can stop after a number of jobs, like a killed driver."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.ran: list[str] = []
        self.stop_after = stop_after

    def run(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        for job in jobs:
            if self.stop_after is not None and len(self.ran) >= self.stop_after:
                raise KeyboardInterrupt
            self.ran.append(job.id)
            if "broken" in job.url:
                yield Answer(job, None, message("skipped-failed", file=Path(job.url).name, reason="test"))
            else:
                yield Answer(job, report(job.url, media=_media(job.url)))


def _media(url: str) -> MediaItem:
    return replace(media(url), sha256=hashlib.sha256(Path(url).read_bytes()).hexdigest())


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    root = tmp_path / "letters"
    for name, files in {"anna": ("1.jpg", "2.jpg"), "berta": ("1.jpg", "broken.jpg"), "clara": ("1.jpg",)}.items():
        (root / name).mkdir(parents=True)
        for file in files:
            (root / name / file).write_bytes(f"{name} {file}".encode())
    return root


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_row_for_each_item_and_each_submission(letters: Path, tmp_path: Path) -> None:
    counters = run_batch(Source(str(letters), FLAGS), tmp_path / "out", Instant())
    assert counters.items == 5 and counters.skipped == 1
    assert counters.outcomes == {Outcome.PHYSICAL.value: 4}
    assert len(rows(tmp_path / "out" / ITEMS)) == 5
    submissions = rows(tmp_path / "out" / SUBMISSIONS)
    assert [row["submission"] for row in submissions] == ["anna", "berta", "clara"]
    assert [row["exit_code"] for row in submissions] == [0, 0, 0]
    assert json.loads((tmp_path / "out" / SUMMARY).read_text())["items_total"] == 5


def test_a_stopped_batch_goes_on_where_it_stopped(letters: Path, tmp_path: Path) -> None:
    first, second = Instant(stop_after=3), Instant()
    with pytest.raises(KeyboardInterrupt):
        run_batch(Source(str(letters), FLAGS), tmp_path / "out", first)
    counters = run_batch(Source(str(letters), FLAGS), tmp_path / "out", second)
    assert len(first.ran) == 3 and len(second.ran) == 2
    assert set(first.ran).isdisjoint(second.ran)
    assert counters.reused == 3
    assert len(rows(tmp_path / "out" / ITEMS)) == 5
    assert len(rows(tmp_path / "out" / SUBMISSIONS)) == 3


def test_a_changed_file_or_name_is_new_work_and_a_changed_policy_is_not(letters: Path, tmp_path: Path) -> None:
    run_batch(Source(str(letters), FLAGS), tmp_path / "out", Instant())
    again, other_policy, other_name = Instant(), Instant(), Instant()
    (letters / "clara" / "1.jpg").write_bytes(b"another picture")
    run_batch(Source(str(letters), FLAGS), tmp_path / "out", again)
    assert [job.split("\t")[0] for job in again.ran] == ["clara"]
    run_batch(Source(str(letters), {**FLAGS, "policy": "amazon-handmade"}), tmp_path / "out", other_policy)
    assert other_policy.ran == []
    assert {row["exit_code"] for row in rows(tmp_path / "out" / SUBMISSIONS)} == {1}
    run_batch(Source(str(letters), {**FLAGS, "names": ("Oak",)}), tmp_path / "out", other_name)
    assert len(other_name.ran) == 5


def test_a_moved_or_touched_file_is_known_by_its_bytes_in_any_submission(letters: Path, tmp_path: Path) -> None:
    run_batch(Source(str(letters), FLAGS), tmp_path / "out", Instant())
    (letters / "clara" / "1.jpg").rename(letters / "clara" / "renamed.jpg")
    (letters / "dora").mkdir()
    (letters / "dora" / "copy.jpg").write_bytes((letters / "anna" / "1.jpg").read_bytes())
    os.utime(letters / "berta" / "1.jpg", (1, 1))
    again = Instant()
    counters = run_batch(Source(str(letters), FLAGS), tmp_path / "out", again)
    assert again.ran == [] and counters.reused == counters.items == 6


def test_the_clip_of_a_live_photo_counts_with_its_still(tmp_path: Path) -> None:
    still, clip = media("IMG_1.HEIC"), replace(media("IMG_1.MOV", Kind.VIDEO), duration_s=2.8)
    reports = [report(media=replace(still, media_type="image/heic")), report(media=replace(clip, sha256="1" * 64))]
    submission = Submission.from_flags(names=("Willow & Thread",), policy="generic")
    result = conclude_batch(submission, reports, (), date(2026, 11, 22))
    assert [item.path.name for item in result.items] == ["IMG_1.HEIC"]


def test_parquet_tables_hold_what_the_lines_hold(letters: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "out"
    run_batch(Source(str(letters), FLAGS), out, Instant())
    (letters / "clara" / "1.jpg").write_bytes(b"another picture")
    run_batch(Source(str(letters), FLAGS), out, Instant())
    write_tables(out)
    items = parquet.read_table(out / "items.parquet").to_pylist()
    assert len(items) == 5 and len(rows(out / ITEMS)) == 6
    assert Counter(item["outcome"] for item in items) == {"physical": 4, None: 1}
    assert {item["text"] for item in items} == {"Willow & Thread", None}
    assert parquet.read_table(out / "submissions.parquet").column("exit_code").to_pylist() == [0, 0, 0]


def test_the_log_has_a_line_for_each_event(letters: Path, tmp_path: Path) -> None:
    log_to(tmp_path / "log.jsonl")
    try:
        run_batch(Source(str(letters), FLAGS), tmp_path / "out", Instant())
    finally:
        LOGGER.handlers.pop().close()
    lines = rows(tmp_path / "log.jsonl")
    assert Counter(line["event"] for line in lines) == {"started": 1, "item": 5, "submission": 3, "finished": 1}
    assert [line["reason"] for line in lines if line["level"] == "warning"] == ["skipped-failed"]


def test_an_answer_that_comes_twice_counts_once(letters: Path, tmp_path: Path) -> None:
    class Twice(Instant):
        def run(self, jobs: Iterable[Job]) -> Iterator[Answer]:
            for answer in super().run(jobs):
                yield answer
                yield answer

    assert run_batch(Source(str(letters), FLAGS), tmp_path / "out", Twice()).items == 5
    assert len(rows(tmp_path / "out" / ITEMS)) == 5


def test_a_torn_row_is_left_out_and_the_next_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    append_row(path, {"n": 1})
    with path.open("a") as file:
        file.write('{"n": 2, "half')
    append_row(path, {"n": 3})
    assert [row["n"] for row in read_rows(path)] == [1, 3]


def test_a_submission_that_cannot_be_understood_is_a_row(letters: Path, tmp_path: Path) -> None:
    (letters / "clara" / "submission.toml").write_text("names = 1")
    run_batch(Source(str(letters), FLAGS), tmp_path / "out", Instant())
    assert [row["exit_code"] for row in rows(tmp_path / "out" / SUBMISSIONS)] == [0, 0, 3]


def test_a_manifest_names_files_marks_and_policies(letters: Path, tmp_path: Path) -> None:
    table = tmp_path / "letters.csv"
    table.write_text(
        "submission,file,names,policy\nanna,letters/anna/1.jpg,Anna's|Annas,generic\nanna,letters/anna/2.jpg,,\n",
        encoding="utf-8",
    )
    (listed,) = Source(str(table)).submissions()
    assert listed.submission.marks.names == ("Anna's", "Annas")
    assert listed.submission.policy == "generic"
    assert [Path(job.url).name for job in listed.jobs] == ["1.jpg", "2.jpg"]


def test_json_lines_manifests_and_what_is_no_source(letters: Path, tmp_path: Path) -> None:
    table = tmp_path / "letters.jsonl"
    table.write_text('{"submission": "anna", "file": "letters/anna/1.jpg", "names": ["Anna"]}\n', encoding="utf-8")
    (listed,) = Source(str(table), FLAGS).submissions()
    assert listed.submission.marks.names == ("Willow & Thread", "Anna")
    table.write_text('{"file": "x.jpg"}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="row 1"):
        list(Source(str(table), FLAGS).submissions())
    with pytest.raises(NothingToCheck):
        list(Source(str(tmp_path / "nowhere"), FLAGS).submissions())


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 100_000,
        "7",
        "\x00\xff",
        '{"submission": "a", "file": "b.jpg", "names": 7}',
        '{"submission": "a", "file": "b.jpg", "policy": {"id": 1}}',
        '{"submission": "a", "file": ["b.jpg"]}',
    ],
)
def test_a_manifest_that_cannot_be_understood_is_said(tmp_path: Path, text: str) -> None:
    table = tmp_path / "letters.jsonl"
    table.write_bytes(text.encode("latin-1") + b"\n")
    with pytest.raises(UsageError, match=r"letters\.jsonl"):
        list(Source(str(table), FLAGS).submissions())
