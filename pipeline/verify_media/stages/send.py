"""Fit and package joined: the files of `send/`, and one draft message, or two where one cannot hold everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify_media.policy import Policy
from verify_media.records import Draft, Frame, ItemReport, Kind, Outcome, Progress
from verify_media.result import Sent
from verify_media.stages.examine import locator
from verify_media.stages.fit import FitResult, file_names, fit
from verify_media.stages.letter import Letter, Row, body, where
from verify_media.stages.package import FILE_NAME, file_budget_bytes, halves, package
from verify_media.submission import Submission

if TYPE_CHECKING:
    from verify_media.records import Image

FOLDER = "send"


def send(
    reports: Sequence[ItemReport],
    submission: Submission,
    policy: Policy,
    folder: Path,
    *,
    split: bool = False,
    progress: Progress | None = None,
) -> Sent:
    """Writes `folder/send/` and `folder/message.eml`. Raises CannotWrite and MissingProgram."""
    work = _Sending(submission, policy, folder, progress)
    groups = work.groups(reports) if split else (tuple(reports),)
    sent = [work.message(group, number, len(groups)) for number, group in enumerate(groups, 1)]
    return Sent(
        tuple(deliverable for fitted, _ in sent for deliverable in fitted.deliverables),
        tuple(skipped for fitted, _ in sent for skipped in fitted.unfit),
        tuple(draft for _, draft in sent),
    )


@dataclass(frozen=True, slots=True)
class _Sending:
    submission: Submission
    policy: Policy
    folder: Path
    progress: Progress | None

    def groups(self, reports: Sequence[ItemReport]) -> tuple[tuple[ItemReport, ...], ...]:
        """Everything in one message where that costs no quality; else two of about the same size."""
        planned = self._rows(reports, _planned_names(reports))
        sizes = [report.media.size_bytes for report in reports]
        if len(reports) < 2 or sum(sizes) <= self._budget(planned, None):
            return (tuple(reports),)
        parts = halves(sizes)
        return tuple(tuple(reports[index] for index in sorted(part)) for part in parts if part)

    def message(self, reports: Sequence[ItemReport], number: int, count: int) -> tuple[FitResult, Draft]:
        part = (number, count) if count > 1 else None
        planned = self._rows(reports, _planned_names(reports))
        fitted = fit(
            reports,
            self._name(FOLDER, part),
            self._budget(planned, part),
            formats=self.policy.formats,
            still_readable=self._still_readable,
            allow_trim=self.policy.allow_trim,
            progress=self.progress,
        )
        by_source = {report.path: report for report in reports}
        sent = [by_source[deliverable.source] for deliverable in fitted.deliverables]
        letter = self._letter(self._rows(sent, [d.path.name for d in fitted.deliverables]), part)
        path = self._name(FILE_NAME, part)
        draft = package(fitted.deliverables, letter, path, self.policy.limit_bytes, counts=self.policy.counts)
        return fitted, draft

    def _budget(self, rows: Sequence[Row], part: tuple[int, int] | None) -> int:
        names = [row.name for row in rows]
        return file_budget_bytes(self.policy.limit_bytes, self._letter(rows, part), names, self.policy.counts)

    def _name(self, name: str, part: tuple[int, int] | None) -> Path:
        """message.eml, or message-1.eml and message-2.eml."""
        path = self.folder / name
        return path.with_stem(f"{path.stem}-{part[0]}") if part else path

    def _rows(self, reports: Sequence[ItemReport], names: Sequence[str]) -> list[Row]:
        asins = self.submission.asins
        return [Row(name, asins.get(r.path.name, ""), where(r)) for r, name in zip(reports, names, strict=True)]

    def _letter(self, rows: Sequence[Row], part: tuple[int, int] | None) -> Letter:
        answers = self.submission.answers
        asked = [(question, answers.get(key, "")) for key, question in (self.policy.answers or {}).items()]
        subject = self.submission.subject or self.policy.subject
        if part:
            subject = f"{subject} ({part[0]}/{part[1]})"
        to = self.submission.to or self.policy.to
        return Letter(subject, to, self.submission.sender, body(asked, rows, part=part))

    def _still_readable(self, image: Image, report: ItemReport) -> bool:
        """Whether the mark that carries the report is found again in the picture as it would be sent."""
        best = report.best
        if best is None or not best.is_certain or report.outcome is Outcome.ABSENT:
            return True
        found = locator(self.submission.marks).find(Frame(image))
        return any(sighting.readable for sighting in found.sightings)


def _planned_names(reports: Sequence[ItemReport]) -> list[str]:
    """The names that the files will get; the extension's length is the same for every accepted format."""
    types = {Kind.PHOTO: "image/jpeg", Kind.VIDEO: "video/mp4"}
    return file_names([(report.path, types[report.media.kind]) for report in reports])
