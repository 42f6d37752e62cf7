"""The stages that open foreign files, asked of a cage; the end of a worker becomes the reason of the file at fault."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from verify_media.cage import tasks
from verify_media.cage.process import Cage, Died
from verify_media.errors import VerifyMediaError
from verify_media.messages import Message
from verify_media.policy import Policy
from verify_media.records import ItemReport, Marks, MediaItem, Preview, Progress, Skipped
from verify_media.result import Sent
from verify_media.submission import Submission

_TRIAL = ".trial"


def ingest(
    cage: Cage, folder: Path, ignore: Collection[Path] = (), tell: Progress | None = None
) -> tuple[tuple[MediaItem, ...], tuple[Skipped, ...]]:
    """The folder without the files that end a worker: those are among the skipped, with that reason."""
    refused: dict[Path, Message] = {}
    while True:
        try:
            return cage.ask(tasks.ingest, folder, tuple(ignore), refused, tell=tell)
        except Died as death:
            if death.at is None or death.at in refused:
                raise _inexplicable() from death
            refused[death.at] = death.reason(death.at.name)


def identify(cage: Cage, path: Path) -> MediaItem | Skipped:
    try:
        items, skipped = cage.ask(tasks.identify, path)
    except Died as death:
        return Skipped(path, death.reason(path.name))
    return items[0] if items else skipped[0]


def examine(cage: Cage, item: MediaItem, marks: Marks) -> ItemReport | Skipped:
    try:
        found = cage.ask(tasks.examine, item, marks)
    except Died as death:
        return Skipped(item.path, death.reason(item.path.name))
    return _one_of(found)


def look_at(cage: Cage, path: Path, marks: Marks) -> ItemReport | Skipped:
    """A file from its bytes to its report."""
    try:
        return _one_of(cage.ask(tasks.look_at, path, marks))
    except Died as death:
        return Skipped(path, death.reason(path.name))


def _one_of(found: tasks.Examined) -> ItemReport | Skipped:
    result = found.report or found.skipped
    assert result is not None
    return result


def compare(cage: Cage, reports: Sequence[ItemReport]) -> Sequence[ItemReport]:
    if len(reports) < 2:
        return reports
    try:
        return cage.ask(tasks.compare, tuple(reports))
    except Died as death:
        raise _inexplicable() from death


def thumbnails(cage: Cage, items: Sequence[MediaItem], side_px: int) -> dict[Path, Preview]:
    try:
        return dict(cage.ask(tasks.thumbnails, tuple(items), side_px))
    except Died:  # a page without pictures is better than none
        return {}


def send(
    cage: Cage,
    reports: Sequence[ItemReport],
    submission: Submission,
    policy: Policy,
    folder: Path,
    *,
    split: bool = False,
    tell: Progress | None = None,
) -> Sent:
    """Files and message in `folder`, without the items that end a worker even when they are alone."""
    given = tuple(reports)
    try:
        return cage.ask(tasks.send, given, submission, policy, folder, split, tell=tell)
    except Died:
        culprits = {r.path: reason for r in given if (reason := _alone(cage, r, submission, policy, folder))}
    _clear(folder)
    rest = tuple(report for report in given if report.path not in culprits)
    left_out = tuple(Skipped(path, reason) for path, reason in culprits.items())
    if not culprits or not rest:
        return Sent(unfit=left_out or tuple(Skipped(r.path, _inexplicable_for(r)) for r in given))
    try:
        sent = cage.ask(tasks.send, rest, submission, policy, folder, split, tell=tell)
    except Died as death:
        raise _inexplicable() from death
    return Sent(sent.deliverables, (*sent.unfit, *left_out), sent.drafts)


def _alone(cage: Cage, report: ItemReport, submission: Submission, policy: Policy, folder: Path) -> Message | None:
    """Why this item ends a worker, if it does."""
    trial = folder / _TRIAL
    trial.mkdir()
    try:
        cage.ask(tasks.send, (report,), submission, policy, trial, False)
    except Died as death:
        return death.reason(report.path.name)
    finally:
        shutil.rmtree(trial, ignore_errors=True)
    return None


def _clear(folder: Path) -> None:
    """What the worker that died had written."""
    for path in (*folder.glob("send*"), *folder.glob("message*")):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _inexplicable_for(report: ItemReport) -> Message:
    return Died("file-stopped-the-reader", report.path).reason(report.path.name)


def _inexplicable() -> VerifyMediaError:
    return VerifyMediaError(
        "the process that reads pictures was ended, and no single file is the reason",
        "Close other programs, so that there is more memory, and try again.",
    )
