from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from verify_media.stages import allocate
from verify_media.stages.allocate import PHOTO, VIDEO, Choice, Option, Probe


def photo_probes(cost: float = 1.0, scales: tuple[float, ...] = (1.0,)) -> list[Probe]:
    """A photo whose quality grows with the logarithm of its size; smaller scales start higher and end lower."""
    levels = (25, 45, 65, 80, 88, 94)
    return [
        Probe(
            scale,
            level,
            cost * scale**2 * 60_000 * math.exp(level / 30),
            25 + level * 0.7 - (1 - scale) * (level - 60) * 0.4,
        )
        for scale in scales
        for level in levels
    ]


def option(cost: float = 1.0, as_is: float | None = None) -> Option:
    curve = allocate.menu(photo_probes(cost), PHOTO)
    return Option(PHOTO, curve, Choice(as_is, 100.0) if as_is else None)


def test_a_menu_grows_in_size_and_quality_beyond_the_knee() -> None:
    menu = allocate.menu(photo_probes(), PHOTO)
    assert [c.size_bytes for c in menu] == sorted(c.size_bytes for c in menu)
    assert [c.quality for c in menu] == sorted(c.quality for c in menu)
    assert all(float(c.level or 0).is_integer() for c in menu)
    knee = option().at_knee
    assert knee is not None and menu[-1].quality > knee.quality >= PHOTO.knee - 0.1
    assert menu[menu.index(knee) - 1].quality < PHOTO.knee


def test_a_smaller_scale_wins_only_where_bytes_are_few() -> None:
    menu = allocate.menu(photo_probes(scales=(1.0, 0.5)), PHOTO)
    assert menu[0].scale == 0.5
    assert menu[-1].scale == 1.0


def test_levels_where_the_mark_suffers_are_left_out() -> None:
    probes = [Probe(p.scale, p.level, p.size_bytes, p.quality, mark_kept=p.level >= 80) for p in photo_probes()]
    assert min(c.level or 0 for c in allocate.menu(probes, PHOTO)) == 80


def test_one_probe_is_a_menu_too() -> None:
    """A smooth picture is at its knee with the first probe."""
    assert [c.level for c in allocate.menu([Probe(1.0, 25, 9_000, 98.0)], PHOTO)] == [25]
    assert allocate.menu([], PHOTO) == ()


def test_everything_goes_as_it_is_when_it_fits() -> None:
    plan = allocate.solve([option(as_is=3e6), option(as_is=2e6)], 5.1e6)
    assert plan is not None and all(choice.as_is for choice in plan.choices)


def test_one_item_stays_untouched_when_the_other_still_reaches_its_knee() -> None:
    plan = allocate.solve([option(as_is=3e6), option(as_is=3e6)], 4.8e6)
    assert plan is not None
    assert sorted(choice.as_is for choice in plan.choices) == [False, True]


def test_quality_is_shared_rather_than_bytes() -> None:
    plan = allocate.solve([option(cost=1), option(cost=4)], 2.5e6)
    assert plan is not None
    easy, hard = plan.choices
    assert hard.size_bytes > 1.8 * easy.size_bytes
    assert abs(hard.quality - easy.quality) < 16


def test_the_square_root_of_slopes_is_met() -> None:
    """At the optimum no byte moved from one item to another gains anything: tried by moving one step each way."""
    options = [option(cost) for cost in (0.5, 1, 3)]
    plan = allocate.solve(options, 2.2e6)
    assert plan is not None
    for giver in range(3):
        for taker in range(3):
            if giver != taker:
                assert moved(options, plan, giver, taker, 2.2e6) <= plan.worth + 2.0


def moved(options: list[Option], plan: allocate.Plan, giver: int, taker: int, budget: float) -> float:
    choices = list(plan.choices)
    at = options[giver].curve.index(choices[giver])
    choices[giver] = options[giver].curve[max(0, at - 1)]
    rest = budget - sum(c.size_bytes for i, c in enumerate(choices) if i != taker)
    choices[taker] = max((c for c in options[taker].curve if c.size_bytes <= rest), key=lambda c: c.quality)
    return sum(o.worth(c) for o, c in zip(options, choices, strict=True))


def test_the_plan_never_exceeds_the_budget_and_uses_it() -> None:
    dice = random.Random(5)
    for _ in range(60):
        options = [
            option(dice.uniform(0.3, 6), dice.choice([None, dice.uniform(2e5, 8e6)])) for _ in range(dice.randint(1, 6))
        ]
        budget = dice.uniform(3e5, 9e6)
        plan = allocate.solve(options, budget)
        if plan is None:
            assert sum(o.smallest for o in options) > budget
            continue
        assert plan.size_bytes <= budget
        below = [c for o, c in zip(options, plan.choices, strict=True) if not c.as_is and c != o.curve[-1]]
        assert not below or plan.size_bytes > 0.9 * budget


def test_what_is_left_beyond_the_knees_is_spent() -> None:
    options = [option(), option(0.5)]
    knees = sum(o.at_knee.size_bytes for o in options if o.at_knee)
    plan = allocate.solve(options, knees * 1.02)
    assert plan is not None and 0.99 * knees * 1.02 < plan.size_bytes <= knees * 1.02


def test_two_items_trade_steps_where_that_uses_more() -> None:
    """Two up with one and one down with the other fits and gains; no step up alone does."""

    def steps(*sizes: float) -> Option:
        return Option(PHOTO, tuple(Choice(size, quality, 1.0, quality) for quality, size in enumerate(sizes, 70)))

    options = [steps(100, 140, 150, 160, 201, 205), steps(100, 130, 165)]
    plan = allocate.solve(options, 335)
    assert plan is not None
    assert [choice.size_bytes for choice in plan.choices] == [205, 130]


def test_nothing_fits() -> None:
    assert allocate.solve([option(as_is=None)], 1000) is None


def test_many_items_that_could_go_as_they_are() -> None:
    plan = allocate.solve([option(as_is=1e6 + i) for i in range(14)], 9e6)
    assert plan is not None and plan.size_bytes <= 9e6


def test_a_true_size_moves_the_whole_curve() -> None:
    before = option()
    after = before.corrected(before.curve[10], before.curve[10].size_bytes * 1.2)
    assert after.curve[20].size_bytes == pytest.approx(before.curve[20].size_bytes * 1.2)


def test_a_true_quality_moves_the_whole_curve_and_its_share() -> None:
    worse = option().shifted(-8.0)
    assert worse.curve[10].quality == pytest.approx(option().curve[10].quality - 8)
    plan = allocate.solve([option(), worse], 600_000)
    assert plan is not None and plan.choices[1].size_bytes > plan.choices[0].size_bytes


def test_coarse_steps_nearby_fill_the_budget_where_they_are_about_as_good() -> None:
    """The best pair by worth leaves 3 %; one step up and one down, half a point worse for the lesser, leave nothing."""
    fine = Option(PHOTO, (Choice(400, 79.0, level=1), Choice(500, 80.0, level=2), Choice(560, 80.4, level=3)))
    other = Option(PHOTO, (Choice(440, 79.6, level=1), Choice(470, 80.2, level=2), Choice(600, 80.3, level=3)))
    plan = allocate.solve([fine, other], 1_000)
    assert plan is not None
    assert [choice.size_bytes for choice in plan.choices] == [560, 440]


def test_the_budget_is_not_filled_at_a_price() -> None:
    fine = Option(PHOTO, (Choice(400, 60.0, level=1), Choice(500, 80.0, level=2)))
    other = Option(PHOTO, (Choice(470, 80.0, level=1), Choice(600, 80.3, level=2)))
    plan = allocate.solve([fine, other], 1_000)
    assert plan is not None
    assert [choice.size_bytes for choice in plan.choices] == [500, 470]


def test_points_above_the_knee_are_worth_less_than_any_below() -> None:
    assert 0 == VIDEO(VIDEO.knee) < VIDEO(99) < VIDEO(VIDEO.knee - 0.5) - VIDEO(VIDEO.knee - 1)
    assert PHOTO(70) - PHOTO(60) > PHOTO(80) - PHOTO(70) > 0


def test_between_three_points_the_curve_bends_as_they_do() -> None:
    xs, ys = [4.14, 5.11, 6.47], [13.1, 63.9, 78.5]
    assert [allocate.between(x, xs, ys) for x in xs] == pytest.approx(ys)
    assert allocate.between(5.65, xs, ys) > np.interp(5.65, xs, ys) + 2
    assert allocate.between(9.0, xs, ys) == 78.5


@pytest.mark.parametrize("ys", [[1, 2, 3, 4], [0, 0, 5, 5], [0, 9, 9.5, 9.6], [9, 4, 3.9, 1]])
def test_between_never_overshoots(ys: list[float]) -> None:
    xs = [0.0, 1.0, 1.5, 4.0]
    values = [allocate.between(x, xs, ys) for x in np.linspace(0, 4, 81)]
    steps = np.diff(values) * (1 if ys[-1] > ys[0] else -1)
    assert steps.min() >= -1e-9
    assert min(ys) <= min(values) and max(values) <= max(ys) + 1e-9


def test_colour_at_full_resolution_is_a_ladder_of_its_own() -> None:
    half = [Probe(1.0, 80, 400, 80.0), Probe(1.0, 94, 700, 86.0)]
    full = [Probe(1.0, 86, 650, 87.0, full_chroma=True), Probe(1.0, 97, 1500, 95.0, full_chroma=True)]
    menu = allocate.menu([*half, *full], PHOTO)
    assert {c.full_chroma for c in menu if c.size_bytes > 650} == {True}
    assert all(c.quality <= 86.0 for c in menu if not c.full_chroma)
    steps = [after.size_bytes / before.size_bytes for before, after in itertools.pairwise(menu)]
    assert max(steps) < 1.12


def test_a_plan_is_filled_to_the_part_that_is_asked_for() -> None:
    fine = Option(PHOTO, (Choice(400, 79.0, level=1), Choice(500, 80.0, level=2), Choice(560, 80.4, level=3)))
    other = Option(PHOTO, (Choice(440, 79.6, level=1), Choice(470, 80.2, level=2), Choice(600, 80.3, level=3)))
    plan = allocate.solve([fine, other], 1_000, full=0.96)
    assert plan is not None
    assert [choice.size_bytes for choice in plan.choices] == [500, 470]
