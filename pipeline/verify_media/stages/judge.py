"""Answers every rule of the policy from the facts. Pure: no pixels, no files, no clock of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from verify_media.messages import Message, counted, message
from verify_media.policy import Level, Policy, Rule
from verify_media.records import Deliverable, Draft, ItemReport, Outcome, Reader, RuleResult, Sighting, Skipped, Verdict
from verify_media.stages.dates import dates_in, in_words
from verify_media.submission import Submission

ARCHIVE_KEYS = frozenset({"is-an-archive"})
LINK_KEYS = frozenset({"cloud-shortcut"})
QUIET_KEYS = frozenset({"duplicate-exact", "duplicate-near", "skipped-surplus"})
"""Skipped files that are no loss: the same picture is there already, or more than the letter asks for."""
LINK = re.compile(
    r"https?://|www\.|dropbox\.com|drive\.google|1drv\.ms|onedrive\.live|icloud\.com|wetransfer|we\.tl/", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the rules look at. `drafts` and `deliverables` are empty for a check without conversion."""

    policy: Policy
    submission: Submission
    today: date
    items: tuple[ItemReport, ...]
    skipped: tuple[Skipped, ...] = ()
    deliverables: tuple[Deliverable, ...] = ()
    unfit: tuple[Skipped, ...] = ()
    drafts: tuple[Draft, ...] = ()
    converted: bool = False
    """Whether fit and package have run: without them size and formats are not known yet."""
    checks: Mapping[str, Callable[[Facts, Rule], Iterator[RuleResult]]] = field(default_factory=lambda: CHECKS)


def judge(facts: Facts) -> tuple[RuleResult, ...]:
    """One answer for each rule and, for rules about items, each item. Rules without a check are asked."""
    return tuple(result for rule in facts.policy.rules for result in facts.checks.get(rule.id, _ask)(facts, rule))


def _result(rule: Rule, verdict: Verdict, *reasons: Message, item: ItemReport | Path | None = None) -> RuleResult:
    """A "no" to a rule that is advice becomes a review."""
    if verdict is Verdict.FAIL and rule.level is Level.ADVICE:
        verdict = Verdict.REVIEW
    path = item.path if isinstance(item, ItemReport) else item
    return RuleResult(rule.id, rule.question, verdict, reasons, path)


def _count(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    have, policy = len(facts.items), facts.policy
    surplus = sum(skipped.message.key == "skipped-surplus" for skipped in facts.skipped)
    values = {"have": have, "min": policy.min_items, "max": policy.max_items}
    if have < policy.min_items:
        yield _result(rule, Verdict.FAIL, message("too-few-items", **values))
    elif surplus or have > policy.max_items:
        yield _result(rule, Verdict.REVIEW, message("too-many-items", **{**values, "have": have + surplus}))
    else:
        yield _result(rule, Verdict.PASS, message("count-ok", **values))


def _formats(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    lost = [s for s in (*facts.skipped, *facts.unfit) if s.message.key not in QUIET_KEYS | ARCHIVE_KEYS | LINK_KEYS]
    for skipped in lost:
        yield _result(rule, Verdict.REVIEW, skipped.message, item=skipped.path)
    wrong = [d for d in facts.deliverables if d.media_type not in facts.policy.formats]
    for deliverable in wrong:
        yield _result(
            rule, Verdict.FAIL, message("format-refused", file=deliverable.path.name), item=deliverable.source
        )
    if not lost and not wrong:
        yield _result(rule, Verdict.PASS if facts.converted else Verdict.NOT_APPLICABLE)


def _skipped_with(keys: frozenset[str]) -> Callable[[Facts, Rule], Iterator[RuleResult]]:
    def check(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
        found = [skipped for skipped in facts.skipped if skipped.message.key in keys]
        for skipped in found:
            yield _result(rule, Verdict.FAIL, skipped.message, item=skipped.path)
        if not found:
            yield _result(rule, Verdict.PASS)

    return check


def _no_links(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    in_answers = [key for key, answer in facts.submission.answers.items() if LINK.search(answer)]
    for key in in_answers:
        yield _result(rule, Verdict.FAIL, message("link-in-answer", answer=key))
    if not in_answers or any(skipped.message.key in LINK_KEYS for skipped in facts.skipped):
        yield from _skipped_with(LINK_KEYS)(facts, rule)


def _mark_in_every_item(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    for item in facts.items:
        other = next((sighting for sighting in item.sightings if sighting.other_name), None)
        if any(sighting.is_certain for sighting in item.sightings):
            yield _result(rule, Verdict.PASS, item=item)
        elif other:
            yield _result(rule, Verdict.REVIEW, _other_name(item, other), item=item)
        elif item.sightings:
            yield _result(rule, Verdict.REVIEW, _unread(item.sightings[0], item.path.name), item=item)
        else:
            yield _result(rule, Verdict.FAIL, message("mark-not-found", file=item.path.name), item=item)


def _other_name(item: ItemReport, sighting: Sighting) -> Message:
    return message("mark-other-name", file=item.path.name, mark=sighting.mark, read=sighting.other_name)


def _unread(sighting: Sighting, name: str) -> Message:
    if sighting.reader is Reader.TEXT:
        return message("mark-too-small", file=name)
    return message("mark-not-compared", file=name, mark=sighting.mark)


def _mark_physical(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    for item in facts.items:
        verdict, reasons = _physical(item)
        yield _result(rule, verdict, *reasons, item=item)


def _physical(item: ItemReport) -> tuple[Verdict, tuple[Message, ...]]:
    name = item.path.name
    reasons = _reasons(item.best)
    match item.outcome:
        case Outcome.PHYSICAL:
            signs = (reason for reason in reasons if reason.key != "cue-no-sign")
            return Verdict.PASS, (message("mark-no-sign-of-overlay", file=name), *signs)
        case Outcome.DIGITAL:
            return Verdict.FAIL, (message("mark-looks-added", file=name), *reasons)
        case Outcome.UNSURE:
            return Verdict.REVIEW, (message("mark-unclear", file=name), *reasons)
        case Outcome.ABSENT:
            return Verdict.NOT_APPLICABLE, ()


def _reasons(sighting: Sighting | None) -> tuple[Message, ...]:
    return tuple(cue.reason for cue in sighting.evidence if cue.reason) if sighting else ()


def _no_overlay(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    for item in facts.items:
        verdict, reasons = _overlays(item)
        yield _result(rule, verdict, *reasons, item=item)


def _overlays(item: ItemReport) -> tuple[Verdict, tuple[Message, ...]]:
    """A camera's date stamp is a note. A digital mark counts here beside one that is or may be real; alone, under
    mark-physical."""
    beside = [s for s in item.sightings if s.outcome is Outcome.DIGITAL and item.outcome is not Outcome.DIGITAL]
    stamps = [s for s in item.overlays if any(cue.name == "date_stamp" for cue in s.evidence)]
    added = [*beside, *(s for s in item.overlays if s not in stamps)]
    if added:
        texts = ", ".join(dict.fromkeys(f"“{s.text or s.mark}”" for s in added[:3]))
        return Verdict.FAIL, (message("overlay-found", file=item.path.name, text=texts),)
    if stamps:
        return Verdict.PASS, (message("overlay-date-stamp", file=item.path.name),)
    return Verdict.PASS, ()


def _asins(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    for item in facts.items:
        asin = facts.submission.asins.get(item.path.name, "")
        if not asin:
            yield _result(rule, Verdict.FAIL, message("asin-missing", file=item.path.name), item=item)
        elif not re.fullmatch(r"(B0[0-9A-Z]{8}|[0-9]{9}[0-9X])(\s*,\s*(B0[0-9A-Z]{8}|[0-9]{9}[0-9X]))*", asin.upper()):
            yield _result(rule, Verdict.REVIEW, message("asin-odd", file=item.path.name, asin=asin), item=item)
        else:
            yield _result(rule, Verdict.PASS, item=item)


def _size(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    for skipped in facts.unfit:
        yield _result(rule, Verdict.FAIL, skipped.message, item=skipped.path)
    for draft in facts.drafts:
        over = draft.size_bytes > draft.limit_bytes
        sizes = {"size_mb": _mb(draft.size_bytes), "limit_mb": _mb(draft.limit_bytes)}
        yield _result(
            rule, Verdict.FAIL if over else Verdict.PASS, message("message-too-large" if over else "size-ok", **sizes)
        )
    if not facts.drafts and not facts.unfit:
        yield _result(rule, Verdict.NOT_APPLICABLE)


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f}"


def _answers(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    wanted = facts.policy.answers or {}
    missing = [question for key, question in wanted.items() if not facts.submission.answers.get(key, "").strip()]
    for question in missing:
        yield _result(rule, Verdict.FAIL, message("answer-missing", question=question))
    if not missing:
        yield _result(rule, Verdict.PASS)


def _deadline(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    received, days = facts.submission.received, facts.policy.deadline_days
    if days is None:
        yield _result(rule, Verdict.NOT_APPLICABLE)
    elif received is None:
        yield _result(rule, Verdict.REVIEW, message("received-missing", days=counted("count-day", days).text))
    else:
        yield _due(rule, received + timedelta(days=days), facts.today)


def _due(rule: Rule, due: date, today: date) -> RuleResult:
    left = (due - today).days
    if left < 0:
        return _result(rule, Verdict.REVIEW, message("deadline-passed", due=in_words(due)))
    if left == 0:
        return _result(rule, Verdict.PASS, message("deadline-today", due=in_words(due)))
    return _result(rule, Verdict.PASS, counted("deadline-left", left, due=in_words(due)))


def _exact_name(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    """Letter for letter, spaces and case included, as the registry asks."""
    names = facts.submission.marks.names
    for item in facts.items:
        readings = [s.text for s in item.sightings if s.text]
        if any(_squeeze(name) in _squeeze(reading) for name in names for reading in readings):
            yield _result(rule, Verdict.PASS, item=item)
        elif item.sightings:
            read = ", ".join(f"“{text}”" for text in dict.fromkeys(readings)) or "–"
            yield _result(rule, Verdict.REVIEW, message("name-not-exact", file=item.path.name, read=read), item=item)
        else:
            yield _result(rule, Verdict.FAIL, message("mark-not-found", file=item.path.name), item=item)


def _squeeze(text: str) -> str:
    return "".join(text.split()).casefold()


def _unaltered(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    for item in facts.items:
        reasons = tuple(cue.reason for cue in item.file_cues if cue.reason)
        yield _result(rule, Verdict.REVIEW if reasons else Verdict.PASS, *reasons, item=item)


def _note_date(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    oldest = facts.today - timedelta(days=facts.policy.note_max_age_days or 7)
    for item in facts.items:
        dates = dates_in(item.texts)
        if any(oldest <= day <= facts.today for day in dates):
            yield _result(rule, Verdict.PASS, item=item)
        elif dates:
            newest = in_words(max(dates))
            yield _result(rule, Verdict.REVIEW, message("note-date-old", file=item.path.name, date=newest), item=item)
        else:
            yield _result(rule, Verdict.REVIEW, message("note-date-missing", file=item.path.name), item=item)


def _ask(facts: Facts, rule: Rule) -> Iterator[RuleResult]:
    if rule.id in facts.submission.confirmed:
        yield _result(rule, Verdict.PASS)
    else:
        yield _result(rule, Verdict.REVIEW, message("please-confirm", question=rule.question, rule=rule.id))


CHECKS: Mapping[str, Callable[[Facts, Rule], Iterator[RuleResult]]] = {
    "count": _count,
    "formats": _formats,
    "no-archives": _skipped_with(ARCHIVE_KEYS),
    "no-links": _no_links,
    "mark-in-every-item": _mark_in_every_item,
    "mark-physical": _mark_physical,
    "no-overlay": _no_overlay,
    "asins": _asins,
    "size": _size,
    "answers": _answers,
    "deadline": _deadline,
    "exact-name": _exact_name,
    "unaltered": _unaltered,
    "note-date": _note_date,
}
