"""What a run ends with: everything that was found and decided, the next actions, and the exit code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from verify_media.errors import Exit
from verify_media.messages import Message
from verify_media.policy import Policy
from verify_media.records import Deliverable, Draft, ItemReport, RuleResult, Skipped, Verdict
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
class Sent:
    """What lies in the output folder, and what could not be put there."""

    deliverables: tuple[Deliverable, ...] = ()
    unfit: tuple[Skipped, ...] = ()
    drafts: tuple[Draft, ...] = ()


@dataclass(frozen=True, slots=True)
class Options:
    """How to do the job; what is asked for stands in the submission."""

    photos_only: bool = False
    """Leave out the videos and every mention of them."""
    split: bool = False
    """Two messages where one cannot hold everything."""
    strict: bool = False
    today: date = field(default_factory=date.today)


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
