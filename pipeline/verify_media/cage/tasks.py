"""What is asked of the worker. Each task takes `tell` first and returns a record, or a tuple of records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from verify_media.messages import Message
from verify_media.policy import Policy
from verify_media.records import ItemReport, Marks, MediaItem, Preview, Progress, Skipped
from verify_media.result import Sent
from verify_media.submission import Submission


@dataclass(frozen=True, slots=True)
class Examined:
    """A report, or the reason why there is none."""

    report: ItemReport | None = None
    skipped: Skipped | None = None


def ingest(
    tell: Progress, folder: Path, ignore: Collection[Path] = (), refused: Mapping[Path, Message] | None = None
) -> tuple[tuple[MediaItem, ...], tuple[Skipped, ...]]:
    """`refused`: files that ended an earlier worker, with their reasons; they are not opened again."""
    from verify_media.stages.ingest import ingest as look

    return look(folder, ignore=ignore, refused=refused or {}, tell=tell)


def identify(tell: Progress, path: Path) -> tuple[tuple[MediaItem, ...], tuple[Skipped, ...]]:
    """One file: an item or a reason."""
    from verify_media.stages.ingest import identify as look

    found = look(path)
    return ((), (found,)) if isinstance(found, Skipped) else ((found,), ())


def examine(tell: Progress, item: MediaItem, marks: Marks) -> Examined:
    from verify_media.examination import examine_or_skip

    found = examine_or_skip(item, marks)
    return Examined(skipped=found) if isinstance(found, Skipped) else Examined(found)


def look_at(tell: Progress, path: Path, marks: Marks) -> Examined:
    """One file from its bytes to its report."""
    (*items,), (*skipped,) = identify(tell, path)
    return examine(tell, items[0], marks) if items else Examined(skipped=skipped[0])


def compare(tell: Progress, reports: tuple[ItemReport, ...]) -> tuple[ItemReport, ...]:
    from verify_media.examination import compare as compare_items

    return tuple(compare_items(reports))


def send(
    tell: Progress, reports: tuple[ItemReport, ...], submission: Submission, policy: Policy, folder: Path, split: bool
) -> Sent:
    from verify_media.stages.send import send as make

    return make(reports, submission, policy, folder, split=split, progress=tell)


def thumbnails(tell: Progress, items: tuple[MediaItem, ...], side_px: int) -> tuple[tuple[Path, Preview], ...]:
    """Small pictures for the page; an item that gives none is left out."""
    from verify_media.stages.thumbnails import thumbnail

    made = ((item.path, thumbnail(item, side_px)) for item in items)
    return tuple((path, small) for path, small in made if small is not None)


def warm_up(tell: Progress, threads: int) -> None:
    """Loads the text models before the first file comes."""
    import cv2

    from verify_media.readers.text import TextReader

    cv2.setNumThreads(threads)
    TextReader(("warm up",))
