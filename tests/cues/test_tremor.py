"""Unevenness of paths: what is shared with the scene, what a hand adds, and how programs step."""

from __future__ import annotations

import numpy as np
import pytest

from verify_media.cues.tremor import NONE, Tremor, jitter, tremor, wander

COUNT = 13
EVEN = np.outer(np.arange(COUNT), [4.3, 1.1])


def shaken(px: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, px, (COUNT, 2))


def measured(way: np.ndarray, scene: np.ndarray) -> Tremor:
    return tremor(way, scene, (scene, scene))


def test_an_even_or_eased_path_does_not_tremble() -> None:
    assert jitter(EVEN) == pytest.approx(0, abs=1e-9)
    assert jitter(EVEN * (np.arange(COUNT)[:, None] / COUNT) ** 2) < 0.05


def test_white_noise_is_measured_in_its_own_pixels() -> None:
    each = [jitter(np.random.default_rng(seed).normal(0, 0.5, (200, 2))) for seed in range(5)]
    assert np.mean(each) == pytest.approx(0.5 * np.sqrt(2), rel=0.2)


def test_what_lies_before_a_trembling_camera_shares_it() -> None:
    scene = shaken(0.5)
    found = measured(EVEN + scene, scene)
    assert found.shared == pytest.approx(1) and found.rest_px == pytest.approx(0, abs=1e-9)


def test_what_is_laid_over_the_picture_does_not() -> None:
    found = measured(EVEN, shaken(0.5))
    assert found.shared == pytest.approx(0, abs=1e-9) and found.scene_px > 0.3 and found.across_px < 1e-9


def test_a_sudden_stop_does_not_change_what_is_shared() -> None:
    scene, way = shaken(0.5), EVEN.copy()
    way[6:] = way[6]
    assert measured(way + scene, scene).shared == pytest.approx(1, abs=0.4)
    assert measured(way, scene).shared == pytest.approx(0, abs=0.4)


def test_points_that_do_not_agree_are_no_tremor() -> None:
    scene = shaken(0.2)
    found = tremor(EVEN, scene, (shaken(0.3, 1), shaken(0.3, 2)))
    assert found.scene_px == 0


@pytest.mark.parametrize("pixel", [0.5, 2 / 3, 1.0])
def test_steps_in_whole_pixels_are_no_hand(pixel: float) -> None:
    way = pixel * np.round(np.outer(np.arange(COUNT), [2.4, 1.55]))
    assert measured(way, np.zeros((COUNT, 2))).across_px == 0
    assert jitter(way) > 0.15
    assert measured(EVEN + shaken(0.4), np.zeros((COUNT, 2))).across_px > 0.1


def test_frames_that_are_shown_twice_are_no_hand() -> None:
    """An animation at half the rate of the film."""
    way = EVEN[np.arange(COUNT) // 2 * 2]
    assert jitter(way) > 1 and measured(way, np.zeros((COUNT, 2))).across_px < 1e-6


def test_too_few_frames_tell_nothing() -> None:
    assert measured(EVEN[:3], EVEN[:3]) == NONE


def test_smooth_ways_do_not_wander() -> None:
    t = np.linspace(0, 1, COUNT)
    assert wander(EVEN * 1.37) == pytest.approx(0, abs=1e-9)
    assert wander(np.column_stack([31.3 * t, 9.1 * t * t * t])) < 0.02
    assert wander(shaken(0.2)[:6]) == 0  # too short to tell


def test_a_slow_hand_wanders() -> None:
    t = np.linspace(0, 1, COUNT)
    way = np.column_stack([11.3 * t, 0.3 * np.sin(2 * np.pi * 1.4 * t)])
    assert wander(way) > 0.1 and jitter(way) < 0.1
