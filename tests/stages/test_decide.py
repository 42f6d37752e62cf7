from __future__ import annotations

import pytest

from builders import sighting
from verify_media.records import Cue, Outcome, Quad, Reader, Sighting
from verify_media.stages.decide import area_px, best_first, decide, decided


def box(height: float) -> Quad:
    return ((0.0, 0.0), (10 * height, 0.0), (10 * height, height), (0.0, height))


def test_nothing_seen_is_absent() -> None:
    assert decide(()) == (Outcome.ABSENT, None)


def test_one_mark_in_the_scene_decides() -> None:
    assert decide((sighting(Outcome.DIGITAL), sighting(Outcome.PHYSICAL))) == (Outcome.PHYSICAL, 0.02)


def test_lettering_too_small_to_read_is_unsure() -> None:
    assert decide((sighting(Outcome.PHYSICAL, readable=False),))[0] is Outcome.UNSURE


def test_another_name_decides_nothing() -> None:
    other, plain = sighting(Outcome.PHYSICAL, other_name="Willows"), sighting(Outcome.DIGITAL)
    assert decide((other,))[0] is Outcome.UNSURE
    assert best_first((other, plain)) == (plain, other)


def test_a_readable_mark_ranks_before_an_unreadable_one() -> None:
    blurred, plain = sighting(Outcome.PHYSICAL, readable=False), sighting(Outcome.UNSURE)
    assert best_first((blurred, plain))[0] is plain


def test_the_largest_of_those_that_are_found_alike_leads_and_gives_its_p_digital() -> None:
    address = sighting(quad=box(26), score=0.983, p_digital=0.008)
    sign = sighting(quad=box(63), score=0.941, p_digital=0.012)
    assert best_first((address, sign)) == (sign, address)
    assert decide((address, sign)) == (Outcome.PHYSICAL, 0.012)


def test_a_large_place_that_hardly_matches_does_not_lead() -> None:
    vague, sign = sighting(quad=box(200), score=0.6), sighting(quad=box(30), score=0.95)
    assert best_first((vague, sign)) == (sign, vague)


def test_size_never_changes_the_verdict() -> None:
    overlay, label = sighting(Outcome.DIGITAL, quad=box(200)), sighting(quad=box(20))
    assert decide((overlay, label)) == (Outcome.PHYSICAL, 0.02)
    assert best_first((overlay, label))[0] is label


def test_the_area_of_a_quad_goes_by_either_turn() -> None:
    quad = box(20)
    assert area_px(quad) == area_px((quad[0], quad[3], quad[2], quad[1])) == 4000


def seen(outcome: Outcome, p_digital: float, left: float, went_px: float = 0.0) -> Sighting:
    quad = ((left, 10.0), (left + 90, 10.0), (left + 90, 30.0), (left, 30.0))
    cues = (Cue("motion_mark_px", went_px),)
    return Sighting("W", Reader.TEXT, quad, 0.9, p_digital=p_digital, outcome=outcome, evidence=cues)


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        (seen(Outcome.UNSURE, 0.3, 300), Outcome.UNSURE),  # it looks real
        (seen(Outcome.UNSURE, 0.8, 300, went_px=9.0), Outcome.UNSURE),  # a title does not go anywhere
        (seen(Outcome.UNSURE, 0.8, 300), Outcome.DIGITAL),
        (seen(Outcome.UNSURE, 0.3, 20), Outcome.DIGITAL),  # the title itself, faint
        (seen(Outcome.PHYSICAL, 0.02, 300), Outcome.PHYSICAL),
    ],
)
def test_an_overlay_does_not_decide_over_what_may_be_real(other: Sighting, outcome: Outcome) -> None:
    ranked, told, p_digital = decided([seen(Outcome.DIGITAL, 0.99, 10), other])
    assert told is outcome and len(ranked) == 2
    assert (ranked[0] is other) == (outcome is not Outcome.DIGITAL) and p_digital == ranked[0].p_digital
