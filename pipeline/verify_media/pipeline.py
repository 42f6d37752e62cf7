"""The order of the stages: ingest, frames, locate, authenticate, judge, fit, package, report.

Heavy libraries are imported inside the functions that need them, so that `import verify_media` and `--help` stay quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from verify_media import examination
from verify_media.cache import FOLDER as CACHE_FOLDER
from verify_media.cache import Cache
from verify_media.cage import Cage, shared
from verify_media.cage import stages as caged
from verify_media.errors import CannotWrite, UnreadableFile
from verify_media.policy import Policy
from verify_media.records import (
    Deliverable,
    Draft,
    ItemReport,
    Marks,
    Progress,
    Skipped,
)
from verify_media.result import Options, RunResult, exit_code, next_actions
from verify_media.stopwatch import Stopwatch
from verify_media.submission import Submission


def check(path: Path, marks: Marks) -> ItemReport:
    """Judges one photo or video; nothing is written. Raises UnreadableFile, or UsageError for no marks."""
    examination.need_marks(marks)
    report = caged.look_at(shared(), Path(path).absolute(), marks)
    if isinstance(report, Skipped):
        raise UnreadableFile(report.message.text, report.message.cure)
    return report


def check_submission(
    submission: Submission, *, options: Options | None = None, progress: Progress | None = None
) -> RunResult:
    """Verdicts for a whole folder; nothing is converted or written. Raises NothingToCheck and UsageError."""
    options = options or Options()
    policy = submission.load_policy()
    with Cage() as cage:
        items, skipped, timings = examination.look(submission, policy, options, progress, cage)
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
    examination.need_marks(submission.marks)
    with whole_folder(out or default_out(submission.folder), keep_out_of=submission.folder) as (draft_folder, target):
        cache = Cache(draft_folder / CACHE_FOLDER)
        cache.adopt(target / CACHE_FOLDER)
        with Cage(writable=(draft_folder,)) as cage:
            items, skipped, timings = examination.look(submission, policy, options, progress, cage, cache)
            work = _send(_Work(submission, policy, options, items, skipped, timings), draft_folder, progress, cage)
        result = _conclude(work)
        result = _at(result, draft_folder, target)
        _write_reports(result, draft_folder)
    return result


def default_out(folder: Path) -> Path:
    """`shots` -> `shots-verified`, beside the input."""
    folder = Path(folder).resolve()
    return folder.with_name(f"{folder.stem if folder.is_file() else folder.name}-verified")


def conclude_batch(
    submission: Submission, reports: Sequence[ItemReport], skipped: Sequence[Skipped], today: date
) -> RunResult:
    """Rule answers for items that were examined elsewhere; nothing is converted."""
    from verify_media.stages.ingest import without_companions

    policy = submission.load_policy()
    first = {report.media.sha256: report for report in reversed(reports)}
    single = without_companions([report for report in reports if first[report.media.sha256] is report])
    kept, surplus = examination.clearest(examination.compare(single), policy.max_items)
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


def _send(work: _Work, folder: Path, progress: Progress | None, cage: Cage) -> _Work:
    """Fit and package into `folder`."""
    if not work.items:
        return work
    watch = Stopwatch(work.timings_s)
    with watch.stage("fit"):
        fitted = caged.send(
            cage, work.items, work.submission, work.policy, folder, split=work.options.split, tell=progress
        )
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


__all__ = [
    "Options",
    "RunResult",
    "check",
    "check_submission",
    "conclude_batch",
    "default_out",
    "exit_code",
    "next_actions",
    "run",
]
