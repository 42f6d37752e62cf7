from __future__ import annotations

from builders import sighting
from verify_media.records import Outcome
from verify_media.stages.decide import best_first, decide


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
