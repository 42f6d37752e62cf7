from __future__ import annotations

from itertools import pairwise

import pytest

from verify_media.codecs.video_plan import Stop, plan


def moments(stops: tuple[Stop, ...]) -> list[float]:
    return sorted(time for stop in stops for time in (*((stop.key_s,) if stop.shows_key else ()), *stop.fills_s))


def test_dense_keyframes_are_thinned_and_never_filled() -> None:
    stops = plan([float(second) for second in range(60)], 60.0, 12)
    assert len(stops) == 12
    assert all(stop.shows_key and not stop.fills_s for stop in stops)
    times = moments(stops)
    assert times[0] < 5
    assert times[-1] >= 55
    assert max(b - a for a, b in pairwise(times)) <= 8


def test_one_keyframe_is_filled_about_once_a_second() -> None:
    (stop,) = plan([0.0], 10.0, 24)
    assert stop.shows_key
    assert len(stop.fills_s) == 9


def test_gaps_are_filled_only_where_they_are_long() -> None:
    stops = plan([0.0, 1.0, 2.0, 10.0, 11.0], 12.0, 40)
    assert [bool(stop.fills_s) for stop in stops] == [False, False, True, False, False]


def test_short_clips_give_several_moments() -> None:
    assert len(moments(plan([0.0], 1.0, 12))) == 4


@pytest.mark.parametrize("count", [1, 2, 5, 12, 100])
@pytest.mark.parametrize("keys", [[0.0], [0.0, 5.0], [0.1 * i for i in range(600)], [3.0, 3.1, 50.0]])
def test_never_more_than_asked_and_in_order(keys: list[float], count: int) -> None:
    stops = plan(keys, 60.0, count)
    assert 1 <= len(moments(stops)) <= count
    assert [stop.key_s for stop in stops] == sorted({stop.key_s for stop in stops})
    assert all(fill > stop.key_s for stop in stops for fill in stop.fills_s)


def test_nothing_in_nothing_out() -> None:
    assert plan([], 10.0, 12) == ()
    assert plan([0.0], 10.0, 0) == ()
    assert len(plan([0.0], 0.0, 12)) == 1
