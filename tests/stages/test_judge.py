from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from builders import report, sighting
from verify_media.messages import message
from verify_media.policy import load_policy
from verify_media.records import Cue, Draft, ItemReport, Outcome, Reader, RuleResult, Skipped, Verdict
from verify_media.stages.judge import Facts, judge


def answers(facts: Facts, rule_id: str) -> list[RuleResult]:
    return [result for result in judge(facts) if result.id == rule_id]


def verdicts(facts: Facts, rule_id: str) -> list[Verdict]:
    return [result.verdict for result in answers(facts, rule_id)]


def keys(facts: Facts, rule_id: str) -> list[str]:
    return [reason.key for result in answers(facts, rule_id) for reason in result.reasons]


def only(facts: Facts, item: ItemReport) -> Facts:
    return replace(facts, items=(item,))


def test_a_good_submission_passes_every_rule(facts: Facts) -> None:
    sent = replace(facts, converted=True, drafts=(Draft(Path("message.eml"), 19_000_000, 20_000_000),))
    assert {result.verdict for result in judge(sent)} == {Verdict.PASS}


@pytest.mark.parametrize(
    ("count", "verdict"), [(2, Verdict.FAIL), (3, Verdict.PASS), (5, Verdict.PASS), (6, Verdict.REVIEW)]
)
def test_count(facts: Facts, count: int, verdict: Verdict) -> None:
    items = tuple(report(f"{n}.jpg") for n in range(count))
    assert verdicts(replace(facts, items=items), "count") == [verdict]


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (Outcome.PHYSICAL, Verdict.PASS),
        (Outcome.DIGITAL, Verdict.FAIL),
        (Outcome.UNSURE, Verdict.REVIEW),
        (Outcome.ABSENT, Verdict.NOT_APPLICABLE),
    ],
)
def test_mark_physical_follows_the_outcome(facts: Facts, outcome: Outcome, verdict: Verdict) -> None:
    assert verdicts(only(facts, report(outcome=outcome)), "mark-physical") == [verdict]


def test_an_absent_mark_fails_and_a_tiny_one_asks_to_come_closer(facts: Facts) -> None:
    assert verdicts(only(facts, report(outcome=Outcome.ABSENT)), "mark-in-every-item") == [Verdict.FAIL]
    tiny = report(sightings=(sighting(Outcome.UNSURE, readable=False),))
    assert keys(only(facts, tiny), "mark-in-every-item") == ["mark-too-small"]
    card = report(sightings=(replace(tiny.sightings[0], reader=Reader.CARD),))
    assert keys(only(facts, card), "mark-in-every-item") == ["mark-not-compared"]


def test_another_name_by_a_letter_is_asked_about(facts: Facts) -> None:
    near = sighting(Outcome.UNSURE, other_name="Willows")
    (answer,) = answers(only(facts, report(sightings=(near,))), "mark-in-every-item")
    assert answer.verdict is Verdict.REVIEW
    assert "“Willows”" in answer.reasons[0].text
    both = report(sightings=(sighting(), near))
    assert verdicts(only(facts, both), "mark-in-every-item") == [Verdict.PASS]


@pytest.mark.parametrize(("outcome", "verdict"), [(Outcome.PHYSICAL, Verdict.PASS), (Outcome.UNSURE, Verdict.REVIEW)])
def test_a_digital_mark_beside_one_that_may_be_real_is_an_overlay_for_review(
    facts: Facts, outcome: Outcome, verdict: Verdict
) -> None:
    both = report(outcome=outcome, sightings=(sighting(outcome), sighting(Outcome.DIGITAL, text="@willow")))
    assert verdicts(only(facts, both), "mark-physical") == [verdict]
    assert verdicts(only(facts, both), "no-overlay") == [Verdict.REVIEW]


def test_a_date_stamp_is_a_note_and_a_caption_is_not(facts: Facts) -> None:
    stamp = sighting(Outcome.DIGITAL, text="2026/11/20", evidence=(Cue("date_stamp", 1.0),))
    assert verdicts(only(facts, report(overlays=(stamp,))), "no-overlay") == [Verdict.PASS]
    assert verdicts(only(facts, report(overlays=(sighting(Outcome.DIGITAL, text="so cute"),))), "no-overlay") == [
        Verdict.REVIEW
    ]


def test_archives_and_links(facts: Facts) -> None:
    zipped = Skipped(Path("photos.zip"), message("is-an-archive", file="photos.zip"))
    assert verdicts(facts, "no-archives") == [Verdict.PASS]
    assert verdicts(replace(facts, skipped=(zipped,)), "no-archives") == [Verdict.FAIL]
    linked = replace(facts.submission, answers={**facts.submission.answers, "process": "see https://dropbox.com/x"})
    assert verdicts(replace(facts, submission=linked), "no-links") == [Verdict.FAIL]


@pytest.mark.parametrize(
    ("asin", "verdict"),
    [
        ("B0ABCDEFGH", Verdict.PASS),
        ("B0ABCDEFGH, B0ABCDEFGI", Verdict.PASS),
        ("hello", Verdict.REVIEW),
        ("", Verdict.FAIL),
    ],
)
def test_asins(facts: Facts, asin: str, verdict: Verdict) -> None:
    noted = replace(facts.submission, asins={"a.jpg": asin})
    assert verdicts(only(replace(facts, submission=noted), report("a.jpg")), "asins") == [verdict]


@pytest.mark.parametrize(
    ("today", "key"),
    [
        (date(2026, 11, 20), "deadline-left-many"),
        (date(2026, 11, 24), "deadline-left-one"),
        (date(2026, 11, 25), "deadline-today"),
        (date(2026, 11, 26), "deadline-passed"),
    ],
)
def test_the_deadline_counts_from_the_letter(facts: Facts, today: date, key: str) -> None:
    assert keys(replace(facts, today=today), "deadline") == [key]


@pytest.mark.parametrize(
    ("today", "text"),
    [
        (date(2026, 11, 23), "2 days are left: send the message by 25 November 2026."),
        (date(2026, 11, 24), "1 day is left: send the message by 25 November 2026."),
        (date(2026, 11, 25), "Today, 25 November 2026, is the last day to send the message."),
        (date(2026, 11, 27), "The last day to answer was 25 November 2026."),
    ],
)
def test_the_days_left_as_they_read(facts: Facts, today: date, text: str) -> None:
    (answer,) = answers(replace(facts, today=today), "deadline")
    assert [reason.text for reason in answer.reasons] == [text]


@pytest.mark.parametrize(("days", "text"), [(1, "it gives 1 day."), (5, "it gives 5 days.")])
def test_a_letter_without_its_date_says_how_long_it_gives(facts: Facts, days: int, text: str) -> None:
    undated = replace(facts.submission, received=None)
    policy = replace(facts.policy, deadline_days=days)
    (answer,) = answers(replace(facts, submission=undated, policy=policy), "deadline")
    assert answer.reasons[0].text.endswith(text)


def test_a_message_over_the_limit_fails(facts: Facts) -> None:
    draft = Draft(Path("message.eml"), 20_000_001, 20_000_000)
    assert verdicts(replace(facts, drafts=(draft,)), "size") == [Verdict.FAIL]


def test_every_missing_answer_is_named(facts: Facts) -> None:
    bare = replace(facts.submission, answers={"process": "By hand."})
    assert len(answers(replace(facts, submission=bare), "answers")) == 7


def test_brand_registry_wants_the_exact_name_and_asks_what_only_a_person_knows(facts: Facts) -> None:
    brand = replace(facts, policy=load_policy("amazon-brand-registry"))
    assert verdicts(only(brand, report()), "exact-name") == [Verdict.PASS]
    spelled = report(sightings=(sighting(text="Willow and Thread"),))
    assert verdicts(only(brand, spelled), "exact-name") == [Verdict.REVIEW]
    assert verdicts(brand, "affixed") == [Verdict.REVIEW]
    confirmed = replace(brand, submission=replace(brand.submission, confirmed=("affixed",)))
    assert verdicts(confirmed, "affixed") == [Verdict.PASS]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("21 Nov 2026", Verdict.PASS),
        ("21.11.2026", Verdict.PASS),
        ("1 May 2020", Verdict.REVIEW),
        ("no date", Verdict.REVIEW),
    ],
)
def test_a_note_carries_a_date_that_is_not_old(facts: Facts, text: str, verdict: Verdict) -> None:
    note = replace(facts, policy=load_policy("handwritten-note"))
    assert verdicts(only(note, report(texts=(text,))), "note-date") == [verdict]
