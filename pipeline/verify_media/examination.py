"""The pixel half of a run: ingest the folder, examine each item, compare them, keep as many as the letter takes.

Files are opened in the cage only; `examine_or_skip` and `examine` are what its worker does.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from verify_media.cache import Cache
from verify_media.cage import Cage
from verify_media.cage import stages as caged
from verify_media.errors import NothingToCheck, UsageError, VerifyMediaError
from verify_media.messages import Message, counted, message
from verify_media.policy import Policy
from verify_media.records import Event, ItemReport, Kind, Marks, MediaItem, Outcome, Progress, Skipped
from verify_media.result import Options
from verify_media.stopwatch import Stopwatch
from verify_media.submission import Submission


def look(
    submission: Submission,
    policy: Policy,
    options: Options,
    progress: Progress | None,
    cage: Cage,
    cache: Cache | None = None,
) -> tuple[tuple[ItemReport, ...], tuple[Skipped, ...], dict[str, float]]:
    """Ingest, examine each item, compare the items with each other, keep as many as the policy takes."""
    need_marks(submission.marks)
    watch = Stopwatch()
    with watch.stage("ingest"):
        found, skipped = _ingest(submission, cage, progress)
    _need_a_script_that_can_be_read(submission.marks)
    with watch.stage("examine"):
        wanted = [item for item in found if not (options.photos_only and item.kind is Kind.VIDEO)]
        reports, failed = _examine_all(wanted, submission.marks, cage, cache, progress)
        kept, surplus = clearest(caged.compare(cage, reports), policy.max_items)
    return kept, (*skipped, *failed, *surplus), watch.seconds


def need_marks(marks: Marks) -> None:
    if not marks:
        raise UsageError(
            "no name, logo or card was given, so there is nothing to look for",
            'Type for example: verify-media ./shots --name "Willow & Thread"\n'
            "or write submission.toml once with: verify-media init ./shots",
        )


def _need_a_script_that_can_be_read(marks: Marks) -> None:
    """Raises UsageError where no reader knows the letters of any name, and there is no logo or card to look for."""
    from verify_media.readers.scripts import unsupported

    reasons = [unsupported(name) for name in (*marks.names, *marks.spellings)]
    if reasons and all(reasons) and not (marks.logos or marks.cards):
        reason = next(reason for reason in reasons if reason)
        raise UsageError(reason.text, reason.cure)


def _ingest(submission: Submission, cage: Cage, progress: Progress | None) -> tuple[list[MediaItem], list[Skipped]]:
    found: tuple[MediaItem, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    if submission.folder.is_dir():
        found, skipped = caged.ingest(cage, submission.folder, submission.own_files, progress)
    elif isinstance(one := caged.identify(cage, submission.folder), Skipped):
        skipped = (one,)
    else:
        found = (one,)
    if not found and not skipped:
        raise NothingToCheck(
            f"there are no photos or videos in {submission.folder.name!r}", "Put the files in that folder."
        )
    single = [item for item in found if item.duplicate_of is None]
    copies = [Skipped(item.path, item.notes[-1]) for item in found if item.duplicate_of is not None]
    return single, [*skipped, *copies]


def _examine_all(
    items: Sequence[MediaItem], marks: Marks, cage: Cage, cache: Cache | None, progress: Progress | None
) -> tuple[list[ItemReport], list[Skipped]]:
    reports: list[ItemReport] = []
    failed: list[Skipped] = []
    for done, item in enumerate(items):
        _tell(progress, Event("examine", done, len(items), item.path))
        result = _remembered(item, marks, cage, cache)
        (failed if isinstance(result, Skipped) else reports).append(result)  # type: ignore[arg-type]
    _tell(progress, Event("examine", len(items), len(items)))
    return reports, failed


def _remembered(item: MediaItem, marks: Marks, cage: Cage, cache: Cache | None) -> ItemReport | Skipped:
    """Only new or changed files, marks and models cost work."""
    if cache is None:
        return caged.examine(cage, item, marks)
    if known := cache.get(item, marks):
        return known
    result = caged.examine(cage, item, marks)
    if isinstance(result, ItemReport):
        cache.put(result, marks)
    return result


def examine_or_skip(item: MediaItem, marks: Marks) -> ItemReport | Skipped:
    """One broken file never stops the rest: any failure of a decoder becomes that file's reason."""
    from verify_media.codecs.errors import DecodeError

    try:
        return examine(item, marks)
    except DecodeError as error:
        return Skipped(item.path, error.message)
    except VerifyMediaError:
        raise
    except Exception as error:
        if os.environ.get("VERIFY_MEDIA_DEBUG"):
            raise
        return Skipped(item.path, _failure(item.path.name, error))


def _failure(file: str, error: Exception) -> Message:
    """In plain words: OpenCV's and onnxruntime's own are for programmers."""
    said = str(error).lower()
    if isinstance(error, MemoryError) or "insufficient memory" in said or "bad_alloc" in said:
        return message("photo-too-large-for-memory", file=file)
    is_measuring = type(error).__module__.split(".")[0] in ("cv2", "onnxruntime", "numpy")
    reason = message("failed-measuring" if is_measuring else "failed-reading").text
    return message("skipped-failed", file=file, reason=reason)


def examine(item: MediaItem, marks: Marks) -> ItemReport:
    """Locates and authenticates the marks in one item: the unit of work, pure and picklable.

    Raises what the decoders raise; `examine_or_skip` turns that into a reason.
    """
    from verify_media.stages.examine import examine_photo
    from verify_media.stages.examine_video import examine_video

    return examine_video(item, marks) if item.kind is Kind.VIDEO else examine_photo(item, marks)


def compare(reports: Sequence[ItemReport]) -> Sequence[ItemReport]:
    from verify_media.stages.authenticate import across_items

    return across_items(reports)


RANK = {Outcome.PHYSICAL: 0, Outcome.UNSURE: 1, Outcome.DIGITAL: 2, Outcome.ABSENT: 3}


def clearest(reports: Sequence[ItemReport], most: int) -> tuple[tuple[ItemReport, ...], tuple[Skipped, ...]]:
    """The items that answer the letter best, in their own order; the rest as surplus."""
    ranked = sorted(reports, key=lambda report: (RANK[report.outcome], report.p_digital or 0.0))
    kept = {report.path for report in ranked[:most]}
    surplus = [report for report in reports if report.path not in kept]
    items = counted("count-item", most).text
    reasons = (Skipped(r.path, message("skipped-surplus", file=r.path.name, items=items)) for r in surplus)
    return tuple(report for report in reports if report.path in kept), tuple(reasons)


def _tell(progress: Progress | None, event: Event) -> None:
    if progress is not None:
        progress(event)
