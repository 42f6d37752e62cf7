"""Stages in the cage: the file that ends a worker gets its reason, the others are not held up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders import report
from verify_media.cage import Died, stages, tasks
from verify_media.errors import VerifyMediaError
from verify_media.policy import load_policy
from verify_media.records import Draft, Event
from verify_media.result import Sent
from verify_media.submission import Submission

POLICY = load_policy("generic")


class Frail:
    """Dies of every file called `bad...`; what it was asked is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def ask(self, task: Callable[..., Any], *args: Any, tell: Any = None) -> Any:
        self.asked.append((task.__name__, args))
        return {tasks.ingest: self._ingest, tasks.send: self._send}[task](*args)

    def _ingest(self, folder: Path, ignore: object, refused: dict[Path, object]) -> Any:
        for name in ("a.jpg", "bad1.jpg", "bad2.jpg"):
            if name.startswith("bad") and folder / name not in refused:
                raise Died("file-stopped-the-reader", Event("ingest", 0, 3, folder / name).item)
        return (), tuple(refused)

    def _send(self, reports: Any, submission: object, policy: object, folder: Path, split: bool) -> Sent:
        (folder / "send").mkdir()
        if any(one.path.name.startswith("bad") for one in reports):
            raise Died("file-took-too-long", None)
        return Sent(drafts=(Draft(folder / "message.eml", len(reports), 9),))


def test_files_that_end_the_worker_are_left_out_one_by_one(tmp_path: Path) -> None:
    cage = Frail()
    _, refused = stages.ingest(cage, tmp_path)  # type: ignore[arg-type]
    assert [path.name for path in refused] == ["bad1.jpg", "bad2.jpg"]  # type: ignore[attr-defined]
    assert len(cage.asked) == 3


def test_a_worker_that_dies_of_nothing_is_an_error_and_no_endless_loop(tmp_path: Path) -> None:
    class Dead:
        def ask(self, *_: Any, **__: Any) -> Any:
            raise Died("file-stopped-the-reader", None)

    with pytest.raises(VerifyMediaError, match="no single file"):
        stages.ingest(Dead(), tmp_path)  # type: ignore[arg-type]


def test_an_item_that_cannot_be_packed_is_found_and_the_others_are_sent(tmp_path: Path) -> None:
    reports = [report("a.jpg"), report("bad.jpg"), report("c.jpg")]
    submission = Submission(tmp_path, stages.Marks(("x",)))
    sent = stages.send(Frail(), reports, submission, POLICY, tmp_path)  # type: ignore[arg-type]
    assert [(skipped.path.name, skipped.message.key) for skipped in sent.unfit] == [("bad.jpg", "file-took-too-long")]
    assert sent.drafts[0].size_bytes == 2
    assert not (tmp_path / ".trial").exists()


def test_where_nothing_can_be_packed_nothing_is_sent(tmp_path: Path) -> None:
    submission = Submission(tmp_path, stages.Marks(("x",)))
    sent = stages.send(Frail(), [report("bad.jpg")], submission, POLICY, tmp_path)  # type: ignore[arg-type]
    assert len(sent.unfit) == 1 and not sent.drafts
