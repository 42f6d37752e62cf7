"""Rows, resume and sources of a batch, with an engine that answers at once; the real engines have their own tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from builders import report
from verify_media.batch import ITEMS, SUBMISSIONS, SUMMARY, append_row, read_rows, run_batch
from verify_media.batch_source import Source
from verify_media.engines.work import Answer, Job
from verify_media.errors import NothingToCheck, UsageError
from verify_media.messages import message
from verify_media.records import Outcome

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


def _media(url: str):  # type: ignore[no-untyped-def]
    from dataclasses import replace

    from builders import media

    return replace(media(url), sha256=url)


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    root = tmp_path / "letters"
    for name, files in {"anna": ("1.jpg", "2.jpg"), "berta": ("1.jpg", "broken.jpg"), "clara": ("1.jpg",)}.items():
        (root / name).mkdir(parents=True)
        for file in files:
            (root / name / file).write_bytes(name.encode())
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
