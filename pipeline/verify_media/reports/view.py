"""What all reports say alike: the light, the headline, each item with its answers. No markup here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from verify_media.messages import Message, catalogue, counted, message
from verify_media.records import Deliverable, ItemReport, Kind, Outcome, RuleResult, Verdict
from verify_media.reports.units import megabytes

if TYPE_CHECKING:
    from verify_media.pipeline import RunResult

PICTURE_RULES = frozenset({"mark-in-every-item", "mark-physical", "no-overlay", "exact-name", "note-date", "unaltered"})
"""Rules about what the camera saw: a "no" means another photo; to any other rule, something to fill in or change."""
COUNTED_RULES = {"answers": "answer", "asins": "asin"}
"""Rules whose every "no" is counted in the headline under a name of its own."""
OPEN = (Verdict.FAIL, Verdict.REVIEW)
WORST_FIRST = (*OPEN, Verdict.PASS, Verdict.NOT_APPLICABLE)
STATUS = {
    Verdict.FAIL: "report-status-complete",
    Verdict.REVIEW: "report-status-check",
    Verdict.PASS: "report-status-ready",
    Verdict.NOT_APPLICABLE: "report-status-ready",
}


class Light(StrEnum):
    READY = "ready"
    CHECK = "check"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class ItemView:
    """One photo or video with everything that the reports say about it."""

    number: int
    report: ItemReport
    rules: tuple[RuleResult, ...]
    deliverable: Deliverable | None
    asin: str

    @property
    def verdict(self) -> Verdict:
        return worst(self.rules)

    @property
    def name(self) -> str:
        return self.report.path.name

    @property
    def is_video(self) -> bool:
        return self.report.media.kind is Kind.VIDEO

    @property
    def retake(self) -> bool:
        return any(rule.verdict is Verdict.FAIL and rule.id in PICTURE_RULES for rule in self.rules)

    @property
    def status(self) -> Message:
        """Two or three words for the badge."""
        if self.retake:
            return message("report-status-film-again" if self.is_video else "report-status-retake")
        return message(STATUS[self.verdict])

    @property
    def example(self) -> Message | None:
        """How a good picture is made, where another one is wanted."""
        doubted = {rule.id for rule in self.rules if rule.verdict in OPEN}
        if self.report.outcome is Outcome.PHYSICAL:
            return message("report-example-original") if "no-overlay" in doubted else None
        if doubted.isdisjoint(PICTURE_RULES):
            return None
        return message("report-example-video" if self.is_video else "report-example-photo")


@dataclass(frozen=True, slots=True)
class RuleView:
    """The answer to one rule for the whole submission."""

    id: str
    question: str
    verdict: Verdict
    reasons: tuple[Message, ...]
    """About the whole, or about files that were left out; what concerns an item stands with that item."""
    items: tuple[int, ...]
    """Numbers of the items that gave this verdict, where it is not a "yes"."""


def worst(rules: Iterable[RuleResult]) -> Verdict:
    verdicts = {rule.verdict for rule in rules}
    return next((verdict for verdict in WORST_FIRST if verdict in verdicts), Verdict.PASS)


def item_views(result: RunResult) -> tuple[ItemView, ...]:
    """The items in their order, numbered from 1."""
    sent = {deliverable.source: deliverable for deliverable in result.deliverables}
    return tuple(
        ItemView(
            number=number,
            report=report,
            rules=tuple(rule for rule in result.rules if rule.item == report.path),
            deliverable=sent.get(report.path),
            asin=result.submission.asins.get(report.path.name, ""),
        )
        for number, report in enumerate(result.items, start=1)
    )


def rule_views(result: RunResult) -> tuple[RuleView, ...]:
    """One answer to each rule, in the policy's order: the worst of what was said about the whole and its items."""
    numbers: dict[Path | None, int] = {report.path: number for number, report in enumerate(result.items, start=1)}
    by_id: dict[str, list[RuleResult]] = {}
    for rule in result.rules:
        by_id.setdefault(rule.id, []).append(rule)
    return tuple(_rule_view(rules, numbers) for rules in by_id.values())


def _rule_view(rules: list[RuleResult], numbers: Mapping[Path | None, int]) -> RuleView:
    verdict = worst(rules)
    same = [rule for rule in rules if rule.verdict is verdict]
    return RuleView(
        id=rules[0].id,
        question=rules[0].question,
        verdict=verdict,
        reasons=reasons(rule for rule in same if rule.item not in numbers),
        items=tuple(numbers[rule.item] for rule in same if rule.item in numbers) if verdict in OPEN else (),
    )


def item_question(rule: RuleResult) -> str:
    """The rule's question as it reads beside one photo or video."""
    key = f"report-item-{rule.id}"
    return message(key).text if key in catalogue() else rule.question


def light(result: RunResult) -> Light:
    if not result.items:
        return Light.STOP
    return {Verdict.FAIL: Light.STOP, Verdict.REVIEW: Light.CHECK}.get(worst(result.rules), Light.READY)


def headline(result: RunResult) -> str:
    """One sentence: "Not ready: 1 photo to take again, 1 to check."."""
    state = light(result)
    if not result.items:
        return message("report-nothing-usable", files=counted("report-count-file", len(result.skipped)).text).text
    if state is Light.READY:
        return _ready(result)
    key = "report-not-ready" if state is Light.STOP else "report-almost"
    return message(key, what=", ".join(part.text for part in _open_points(result))).text


def _ready(result: RunResult) -> str:
    files = counted("report-count-file", len(result.deliverables or result.items)).text
    if not result.drafts:
        return message("report-packed" if result.deliverables else "report-checked", files=files).text
    size = megabytes(sum(draft.size_bytes for draft in result.drafts))
    messages = counted("report-count-message", len(result.drafts)).text
    return message("report-ready", files=files, messages=messages, size=size).text


def _open_points(result: RunResult) -> tuple[Message, ...]:
    """What the headline counts, pictures first."""
    items = item_views(result)
    again = Counter(item.report.media.kind for item in items if item.retake)
    failed = Counter(rule.id for rule in result.rules if rule.verdict is Verdict.FAIL)
    shown_by_items = {rule.id for item in items if item.retake for rule in item.rules} & PICTURE_RULES
    doubted = sum(not item.retake and any(rule.verdict is Verdict.REVIEW for rule in item.rules) for item in items)
    whole = sum(view.verdict is Verdict.REVIEW and not view.items for view in rule_views(result))
    counts = {
        "retake-photo": again[Kind.PHOTO],
        "retake-video": again[Kind.VIDEO],
        "check": doubted + whole,
        **{name: failed[rule_id] for rule_id, name in COUNTED_RULES.items()},
        "complete": len(failed.keys() - COUNTED_RULES.keys() - shown_by_items),
    }
    return tuple(counted(f"report-count-{what}", number) for what, number in counts.items() if number)


def reasons(rules: Iterable[RuleResult], *verdicts: Verdict) -> tuple[Message, ...]:
    """The reasons of all rules, or of those with one of these verdicts; each once, in order."""
    wanted = (rule for rule in rules if not verdicts or rule.verdict in verdicts)
    return tuple({str(reason): reason for rule in wanted for reason in rule.reasons}.values())


CureOf: TypeAlias = Callable[[Message], str]
"""The cure of a message: its own, or another where there are buttons instead of a command line."""


def own_cure(note: Message) -> str:
    return note.cure


def cures(result: RunResult, rules: Iterable[RuleResult], cure_of: CureOf = own_cure) -> tuple[str, ...]:
    """What to do, failures first, each once: the reasons' own cures, or else the policy's for that rule."""
    in_order = sorted((rule for rule in rules if rule.verdict in OPEN), key=lambda rule: OPEN.index(rule.verdict))
    return tuple(dict.fromkeys(cure for rule in in_order for cure in _cures_of(result, rule, cure_of)))


def _cures_of(result: RunResult, rule: RuleResult, cure_of: CureOf) -> tuple[str, ...]:
    own = tuple(cure for reason in rule.reasons if (cure := cure_of(reason)))
    general = result.policy.rule(rule.id)
    return own or ((general.cure,) if general and general.cure else ())


def next_step(result: RunResult, item: ItemView) -> str:
    """The one thing to do for an item, in one line; what was seen where nothing is to do."""
    todo = cures(result, item.rules)
    found = reasons(item.rules, item.verdict) if todo else reasons(item.rules, Verdict.PASS)
    return " ".join((*(reason.text for reason in found[:1]), *todo[:1])) or message("report-status-ready").text


def grouped(messages: Iterable[Message]) -> tuple[tuple[Message, ...], ...]:
    """Next actions of one kind together, in the order of their first: eight missing answers are one step."""
    groups: dict[str, list[Message]] = {}
    for note in messages:
        groups.setdefault(note.key, []).append(note)
    return tuple(tuple(group) for group in groups.values())
