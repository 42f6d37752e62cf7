from __future__ import annotations

from builders import sighting
from verify_media.records import Outcome, Quad
from verify_media.stages.decide import area_px, best_first, decide


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
