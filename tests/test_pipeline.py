"""The whole job on pictures made here, with a stand-in for the readers: their own tests look at the pixels."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest

import verify_media
from builders import sighting
from uncaged import Uncaged
from verify_media import Marks, Outcome, Submission
from verify_media.errors import Exit, NothingToCheck, UnreadableFile, UsageError
from verify_media.pipeline import Options, check_submission, default_out, run
from verify_media.records import ItemReport, MediaItem, Verdict

NAME = "Willow & Thread"
MARKS = Marks(names=(NAME,))


def picture(path: Path, seed: int) -> Path:
    """A smooth random picture that no perceptual hash takes for another."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    cv2.imwrite(str(path), cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC))
    return path


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    folder = tmp_path / "shots"
    folder.mkdir()
    for seed, name in enumerate(("a.jpg", "b.jpg", "c.png")):
        picture(folder / name, seed)
    return folder


@pytest.fixture(autouse=True)
def uncaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """The readers' stand-ins live in this process."""
    monkeypatch.setattr("verify_media.pipeline.Cage", Uncaged)


Look = Callable[[MediaItem, Marks], ItemReport]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every item shows the mark; the list tells which items were examined."""
    examined: list[str] = []

    def look(item: MediaItem, marks: Marks) -> ItemReport:
        examined.append(item.path.name)
        return ItemReport(item, Outcome.PHYSICAL, 0.02, (sighting(),))

    monkeypatch.setattr("verify_media.examination.examine", look)
    monkeypatch.setattr("verify_media.stages.send._Sending._still_readable", lambda *_: True)
    return examined


def complete(folder: Path) -> Submission:
    loaded = Submission.load(folder, names=(NAME,))
    names = [path.name for path in folder.iterdir()]
    answers = dict.fromkeys(loaded.load_policy().answers or {}, "By hand.")
    return replace(loaded, asins=dict.fromkeys(names, "B0ABCDEFGH"), answers=answers)


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def test_a_complete_submission_is_ready_and_the_input_untouched(shots: Path, seen: list[str]) -> None:
    before = hashes(shots)
    result = run(complete(shots))
    assert result.exit_code is Exit.READY
    assert hashes(shots) == before
    assert result.out == default_out(shots) == shots.parent / "shots-verified"
    assert {p.name for p in (result.out / "send").iterdir()} == {"01-a.jpg", "02-b.jpg", "03-c.png"}
    assert not list(shots.parent.glob(".shots-verified*"))


def test_the_message_carries_exactly_what_lies_in_send(shots: Path, seen: list[str]) -> None:
    result = run(complete(shots))
    assert result.draft and result.out
    letter = message_from_bytes(result.draft.path.read_bytes(), policy=policy.default)
    attached = {part.get_filename(): sha256(part.get_content()).hexdigest() for part in letter.iter_attachments()}
    assert attached == hashes(result.out / "send")
    assert result.draft.size_bytes == result.draft.path.stat().st_size <= 20_000_000


def test_the_report_tells_where_things_lie_now(shots: Path, seen: list[str]) -> None:
    result = run(complete(shots))
    assert result.out
    assert all(deliverable.path.is_file() for deliverable in result.deliverables)
    data = json.loads((result.out / "report.json").read_text(encoding="utf-8"))
    assert data["schema_version"] and len(data["items"]) == 3


def test_a_second_run_examines_only_what_is_new(shots: Path, seen: list[str]) -> None:
    run(complete(shots))
    picture(shots / "d.jpg", 77)
    run(complete(shots))
    assert seen == ["a.jpg", "b.jpg", "c.png", "d.jpg"]


def test_one_broken_file_never_stops_the_rest(shots: Path, seen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (shots / "cut.jpg").write_bytes((shots / "a.jpg").read_bytes()[:2000])
    result = run(complete(shots))
    assert len(result.items) == 3
    assert [skipped.path.name for skipped in result.skipped] == ["cut.jpg"]
    assert result.exit_code is Exit.READY, "three good ones are enough; the broken one is for review"


def test_a_reader_that_fails_becomes_that_files_reason(
    shots: Path, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(item: MediaItem, marks: Marks) -> ItemReport:
        raise RuntimeError("out of luck")

    monkeypatch.delenv("VERIFY_MEDIA_DEBUG", raising=False)
    monkeypatch.setattr("verify_media.examination.examine", fail)
    result = check_submission(complete(shots))
    assert len(result.skipped) == 3
    assert result.exit_code is Exit.NOTHING_TO_CHECK


def test_more_than_the_letter_takes_are_left_out_not_refused(shots: Path, seen: list[str]) -> None:
    for seed in range(10, 14):
        picture(shots / f"{seed}.jpg", seed)
    result = run(complete(shots))
    assert len(result.items) == 5
    assert [r.verdict for r in result.rules if r.id == "count"] == [Verdict.REVIEW]
    assert sum(s.message.key == "skipped-surplus" for s in result.skipped) == 2


def test_strict_turns_reviews_into_an_exit_code(shots: Path, seen: list[str]) -> None:
    undated = complete(shots)
    assert check_submission(undated).exit_code is Exit.READY
    assert check_submission(undated, options=Options(strict=True)).exit_code is Exit.REVIEWS_LEFT


def test_check_writes_nothing(shots: Path, seen: list[str]) -> None:
    check_submission(complete(shots))
    assert [p.name for p in shots.parent.iterdir()] == ["shots"]


def test_a_script_that_nobody_reads_is_said_at_once(shots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify_media.readers.scripts.tesseract_language", lambda _: "")
    with pytest.raises(UsageError) as caught:
        run(Submission.load(shots, names=("\u0db4\u0dca\u200d\u0dbb",)))
    assert caught.value.cure


def test_the_order_of_mistakes(tmp_path: Path, shots: Path) -> None:
    with pytest.raises(UsageError, match="nothing to look for"):
        run(Submission.load(shots))
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingToCheck):
        run(Submission.load(tmp_path / "empty", names=(NAME,)))
    with pytest.raises(UnreadableFile):
        verify_media.check(tmp_path / "nowhere.jpg", MARKS)
