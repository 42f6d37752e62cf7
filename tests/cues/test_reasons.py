"""Sentences name the measurements that carry the verdict, with their numbers."""

from __future__ import annotations

from verify_media.cues import calibration, reasons, vector
from verify_media.records import Outcome

TYPICAL = {"edge_width_over_far": (0.7, 1.0, 1.4), "ink_flat": (2.0, 6.0, 20.0), "noise_over_far": (0.5, 1.0, 1.8)}


def values(**changed: float) -> dict[str, float]:
    usual = dict.fromkeys(vector.NAMES, 1.0) | {"ink_flat": 6.0, "edge_width_px": 2.0}
    return usual | changed


def test_the_sharpest_difference_is_named_first() -> None:
    cues = reasons.for_digital(values(edge_width_over_far=0.3, ink_flat=1.9), TYPICAL)
    assert [cue.name for cue in cues] == ["edge_width_over_far", "ink_flat"]
    assert "sharper" in str(cues[0].reason)
    assert "6.7" in str(cues[0].reason)


def test_without_one_clear_difference_all_are_named_together() -> None:
    assert [cue.name for cue in reasons.for_digital(values(), TYPICAL)] == ["all_measurements"]


def test_physical_is_never_called_proof() -> None:
    cues = reasons.for_physical(values(), TYPICAL)
    assert str(cues[0].reason) == "No sign of an overlay."
    assert len(cues) == 3


def test_missing_measurements_are_no_reason() -> None:
    cues = reasons.for_digital(values(ink_flat=float("nan")), TYPICAL)
    assert all(cue.name != "ink_flat" for cue in cues)


def test_outcomes_follow_the_limits() -> None:
    of = calibration.calibration()
    assert 0 < of.buckets[0].physical_below[3] <= of.buckets[0].physical_below[0] < of.buckets[0].digital_above[0] < 1
    assert calibration.outcome(0.999, 30) is Outcome.DIGITAL
    assert calibration.outcome(0.5, 30) is Outcome.UNSURE
    assert calibration.outcome(0.0001, 30) is Outcome.PHYSICAL


def test_more_sightings_of_one_mark_ask_for_more() -> None:
    limit = calibration.calibration().buckets[0].physical_below
    between = (limit[0] + limit[3]) / 2
    assert calibration.outcome(between, 15) is Outcome.PHYSICAL
    assert calibration.outcome(between, 15, sightings=4) is Outcome.UNSURE


def test_probability_rises_with_every_score() -> None:
    lone = [[2 if i == k else -2 for i in range(4)] for k in range(4)]
    scores = [calibration.Scores(*values) for values in ([-2] * 4, *lone, [3] * 4)]
    low, *mixed, high = (calibration.probability(s, 30) for s in scores)
    assert 0 < low < min(mixed)
    assert max(mixed) < high < 1


def test_where_the_trees_object_a_mark_is_not_called_physical() -> None:
    for height in (15, 30, 90):
        objecting = calibration.probability(calibration.Scores(calibration.OBJECTION, -9, -9, -9), height)
        assert calibration.outcome(objecting, height) is Outcome.UNSURE
        assert (
            calibration.outcome(calibration.probability(calibration.Scores(-3, -9, -9, -9), height), height)
            is Outcome.PHYSICAL
        )


def test_a_mark_must_stand_out_from_the_other_lettering_before_it_is_digital() -> None:
    above = calibration.calibration().buckets[0].digital_above[0]
    surely, nearly = 1 - (1 - above) / 2, 1 - (1 - above) * 1.5
    assert calibration.among(surely, 30, []) == surely
    assert calibration.among(surely, 30, [0.01, 0.02, 0.6]) == surely
    assert calibration.outcome(calibration.among(surely, 30, [nearly]), 30) is Outcome.UNSURE
    assert calibration.among(surely, 30, [1.0]) == surely, "an overlay beside it says nothing of the camera"
    assert calibration.among(0.01, 30, [0.5]) == 0.01
