"""The order of the stages: ingest, frames, locate, authenticate, judge, fit, package, report.

Heavy libraries are imported inside the functions that need them, so that `import verify_media` and `--help` stay quick.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from verify_media.cache import FOLDER as CACHE_FOLDER
from verify_media.cache import Cache
from verify_media.errors import CannotWrite, Exit, NothingToCheck, UnreadableFile, UsageError, VerifyMediaError
from verify_media.messages import Message, message
from verify_media.policy import Policy
from verify_media.records import (
    Deliverable,
    Draft,
    Event,
    ItemReport,
    Kind,
    Marks,
    MediaItem,
    Outcome,
    Progress,
    RuleResult,
    Skipped,
    Verdict,
)
from verify_media.stopwatch import Stopwatch
from verify_media.submission import Submission


@dataclass(frozen=True, slots=True)
class RunResult:
    """The whole job: what was found, what was decided, what was written. `drafts` is empty for a check."""

    submission: Submission
    policy: Policy
    items: tuple[ItemReport, ...]
    skipped: tuple[Skipped, ...]
    rules: tuple[RuleResult, ...]
    deliverables: tuple[Deliverable, ...] = ()
    drafts: tuple[Draft, ...] = ()
    out: Path | None = None
    todo: tuple[Message, ...] = ()
    """What to do next, the most important first."""
    exit_code: Exit = Exit.READY
    versions: Mapping[str, str] = field(default_factory=dict)
    timings_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def draft(self) -> Draft | None:
        return self.drafts[0] if self.drafts else None


@dataclass(frozen=True, slots=True)
class Options:
    """How to do the job; what is asked for stands in the submission."""

    photos_only: bool = False
    """Leave out the videos and every mention of them."""
    split: bool = False
    """Two messages where one cannot hold everything."""
    strict: bool = False
    today: date = field(default_factory=date.today)


def check(path: Path, marks: Marks) -> ItemReport:
    """Judges one photo or video; nothing is written. Raises UnreadableFile, or UsageError for no marks."""
    from verify_media.stages.ingest import identify

    _need_marks(marks)
    item = identify(Path(path))
    if isinstance(item, Skipped):
        raise UnreadableFile(item.message.text, item.message.cure)
    report = examine_or_skip(item, marks)
    if isinstance(report, Skipped):
        raise UnreadableFile(report.message.text, report.message.cure)
    return report


def check_submission(
    submission: Submission, *, options: Options | None = None, progress: Progress | None = None
) -> RunResult:
    """Verdicts for a whole folder; nothing is converted or written. Raises NothingToCheck and UsageError."""
    options = options or Options()
    policy = submission.load_policy()
    items, skipped, timings = _look(submission, policy, options, progress)
    return _conclude(_Work(submission, policy, options, items, skipped, timings))


def run(
    submission: Submission,
    out: Path | None = None,
    progress: Progress | None = None,
    *,
    options: Options | None = None,
) -> RunResult:
    """The whole job. Writes `send/`, `message.eml`, `report.html` and `report.json` to `out`, whole or not at all.

    Raises NothingToCheck, UsageError, MissingProgram and CannotWrite; what concerns one file is in the result.
    """
    from verify_media.output import whole_folder

    options = options or Options()
    policy = submission.load_policy()
    _need_marks(submission.marks)
    with whole_folder(out or default_out(submission.folder), keep_out_of=submission.folder) as (draft_folder, target):
        cache = Cache(draft_folder / CACHE_FOLDER)
        cache.adopt(target / CACHE_FOLDER)
        items, skipped, timings = _look(submission, policy, options, progress, cache)
        work = _Work(submission, policy, options, items, skipped, timings)
        result = _conclude(_send(work, draft_folder, progress))
        result = _at(result, draft_folder, target)
        _write_reports(result, draft_folder)
    return result


def default_out(folder: Path) -> Path:
    """`shots` -> `shots-verified`, beside the input."""
    folder = Path(folder).resolve()
    return folder.with_name(f"{folder.stem if folder.is_file() else folder.name}-verified")


def examine(item: MediaItem, marks: Marks) -> ItemReport:
    """Locates and authenticates the marks in one item: the unit of work, pure and picklable.

    Raises what the decoders raise; `examine_or_skip` turns that into a reason.
    """
    from verify_media.stages.examine import examine_photo
    from verify_media.stages.examine_video import examine_video

    return examine_video(item, marks) if item.kind is Kind.VIDEO else examine_photo(item, marks)


def conclude_batch(
    submission: Submission, reports: Sequence[ItemReport], skipped: Sequence[Skipped], today: date
) -> RunResult:
    """Rule answers for items that were examined elsewhere; nothing is converted."""
    policy = submission.load_policy()
    first = {report.media.sha256: report for report in reversed(reports)}
    single = [report for report in reports if first[report.media.sha256] is report]
    kept, surplus = _clearest(_compare(single), policy.max_items)
    return _conclude(_Work(submission, policy, Options(today=today), kept, (*skipped, *surplus), {}))


@dataclass(frozen=True, slots=True)
class _Work:
    """What one run has gathered so far."""

    submission: Submission
    policy: Policy
    options: Options
    items: tuple[ItemReport, ...]
    skipped: tuple[Skipped, ...]
    timings_s: Mapping[str, float]
    deliverables: tuple[Deliverable, ...] = ()
    unfit: tuple[Skipped, ...] = ()
    drafts: tuple[Draft, ...] = ()
    converted: bool = False


def _look(
    submission: Submission, policy: Policy, options: Options, progress: Progress | None, cache: Cache | None = None
) -> tuple[tuple[ItemReport, ...], tuple[Skipped, ...], dict[str, float]]:
    """Ingest, examine each item, compare the items with each other, keep as many as the policy takes."""
    _need_marks(submission.marks)
    watch = Stopwatch()
    with watch.stage("ingest"):
        found, skipped = _ingest(submission)
    _need_a_script_that_can_be_read(submission.marks)
    with watch.stage("examine"):
        wanted = [item for item in found if not (options.photos_only and item.kind is Kind.VIDEO)]
        reports, failed = _examine_all(wanted, submission.marks, cache, progress)
        kept, surplus = _clearest(_compare(reports), policy.max_items)
    return kept, (*skipped, *failed, *surplus), watch.seconds


def _need_marks(marks: Marks) -> None:
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


def _ingest(submission: Submission) -> tuple[list[MediaItem], list[Skipped]]:
    from verify_media.stages.ingest import identify, ingest

    found: tuple[MediaItem, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    if submission.folder.is_dir():
        found, skipped = ingest(submission.folder, ignore=submission.own_files)
    elif isinstance(one := identify(submission.folder), Skipped):
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
    items: Sequence[MediaItem], marks: Marks, cache: Cache | None, progress: Progress | None
) -> tuple[list[ItemReport], list[Skipped]]:
    reports: list[ItemReport] = []
    failed: list[Skipped] = []
    for done, item in enumerate(items):
        _tell(progress, Event("examine", done, len(items), item.path))
        result = _remembered(item, marks, cache)
        (failed if isinstance(result, Skipped) else reports).append(result)  # type: ignore[arg-type]
    _tell(progress, Event("examine", len(items), len(items)))
    return reports, failed


def _remembered(item: MediaItem, marks: Marks, cache: Cache | None) -> ItemReport | Skipped:
    """Only new or changed files, marks and models cost work."""
    if cache is None:
        return examine_or_skip(item, marks)
    if known := cache.get(item, marks):
        return known
    result = examine_or_skip(item, marks)
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
        return Skipped(item.path, message("skipped-failed", file=item.path.name, reason=type(error).__name__))


def _compare(reports: Sequence[ItemReport]) -> Sequence[ItemReport]:
    from verify_media.stages.authenticate import across_items

    return across_items(reports)


RANK = {Outcome.PHYSICAL: 0, Outcome.UNSURE: 1, Outcome.DIGITAL: 2, Outcome.ABSENT: 3}


def _clearest(reports: Sequence[ItemReport], most: int) -> tuple[tuple[ItemReport, ...], tuple[Skipped, ...]]:
    """The items that answer the letter best, in their own order; the rest as surplus."""
    ranked = sorted(reports, key=lambda report: (RANK[report.outcome], report.p_digital or 0.0))
    kept = {report.path for report in ranked[:most]}
    surplus = [report for report in reports if report.path not in kept]
    reasons = (Skipped(r.path, message("skipped-surplus", file=r.path.name, max=most)) for r in surplus)
    return tuple(report for report in reports if report.path in kept), tuple(reasons)


def _send(work: _Work, folder: Path, progress: Progress | None) -> _Work:
    """Fit and package into `folder`."""
    from verify_media.stages.send import send

    if not work.items:
        return work
    watch = Stopwatch(work.timings_s)
    with watch.stage("fit"):
        fitted = send(work.items, work.submission, work.policy, folder, split=work.options.split, progress=progress)
    return replace(
        work,
        deliverables=fitted.deliverables,
        unfit=fitted.unfit,
        drafts=fitted.drafts,
        converted=True,
        timings_s=watch.seconds,
    )


def _conclude(work: _Work) -> RunResult:
    from verify_media.stages.judge import Facts, judge

    rules = judge(
        Facts(
            policy=work.policy,
            submission=work.submission,
            today=work.options.today,
            items=work.items,
            skipped=work.skipped,
            deliverables=work.deliverables,
            unfit=work.unfit,
            drafts=work.drafts,
            converted=work.converted,
        )
    )
    return RunResult(
        submission=work.submission,
        policy=work.policy,
        items=work.items,
        skipped=(*work.skipped, *work.unfit),
        rules=rules,
        deliverables=work.deliverables,
        drafts=work.drafts,
        todo=next_actions(rules),
        exit_code=exit_code(rules, strict=work.options.strict, checked=len(work.items)),
        versions=_versions(work.policy),
        timings_s=work.timings_s,
    )


def next_actions(rules: Iterable[RuleResult]) -> tuple[Message, ...]:
    """Failures first, then reviews, each sentence once; passes need no action."""
    ordered = sorted((rule for rule in rules if rule.verdict in (Verdict.FAIL, Verdict.REVIEW)), key=_urgency)
    first = (rule.reasons[0] for rule in ordered if rule.reasons)
    return tuple({(m.key, tuple(sorted(m.values.items()))): m for m in first}.values())


def _urgency(rule: RuleResult) -> int:
    return 0 if rule.verdict is Verdict.FAIL else 1


def exit_code(rules: Iterable[RuleResult], *, strict: bool, checked: int) -> Exit:
    """What the command ends with; it never depends on the output format."""
    verdicts = {rule.verdict for rule in rules}
    if not checked:
        return Exit.NOTHING_TO_CHECK
    if Verdict.FAIL in verdicts:
        return Exit.RULE_FAILED
    return Exit.REVIEWS_LEFT if strict and Verdict.REVIEW in verdicts else Exit.READY


def _versions(policy: Policy) -> dict[str, str]:
    from verify_media import __version__, assets

    models = {name: str(entry.get("version", "")) for name, entry in assets.manifest().items()}
    return {"verify-media": __version__, "policy": f"{policy.id} {policy.version}", **models}


def _at(result: RunResult, draft_folder: Path, target: Path) -> RunResult:
    """The same result with the paths that hold after the folder has been moved into place."""

    def move(path: Path) -> Path:
        return target / path.relative_to(draft_folder)

    return replace(
        result,
        out=target,
        deliverables=tuple(replace(d, path=move(d.path)) for d in result.deliverables),
        drafts=tuple(replace(draft, path=move(draft.path)) for draft in result.drafts),
    )


def _write_reports(result: RunResult, folder: Path) -> None:
    from verify_media.reports import html, json_report

    renderers: Mapping[str, Callable[[RunResult], str]] = {
        "report.html": html.render,
        "report.json": json_report.render,
    }
    for name, render in renderers.items():
        try:
            (folder / name).write_text(render(result), encoding="utf-8")
        except OSError as error:
            raise CannotWrite(
                f"{name} cannot be written: {error.strerror}", "Make room on the disk and try again."
            ) from error


def _tell(progress: Progress | None, event: Event) -> None:
    if progress is not None:
        progress(event)


__all__ = [
    "Options",
    "RunResult",
    "check",
    "check_submission",
    "conclude_batch",
    "default_out",
    "examine",
    "examine_or_skip",
    "exit_code",
    "next_actions",
    "run",
]
