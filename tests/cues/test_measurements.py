"""Each measurement sees what it is named after, on pictures made here."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from verify_media.cues import edges, mixing, noise, vector, windows
from verify_media.records import Quad

AT: Quad = ((120.0, 180.0), (420.0, 180.0), (420.0, 240.0), (120.0, 240.0))


def scene(rng: np.random.Generator) -> np.ndarray:
    image = np.full((480, 640, 3), 128, np.uint8)
    for _ in range(150):
        x, y, size = int(rng.integers(640)), int(rng.integers(480)), int(rng.integers(10, 60))
        cv2.rectangle(image, (x, y), (x + size, y + size // 2), tuple(int(v) for v in rng.integers(30, 220, 3)), -1)
    image[150:270, 90:450] = (200, 195, 180)
    return image


def lettered(image: np.ndarray) -> np.ndarray:
    return cv2.putText(image.copy(), "WILLOW", (125, 232), cv2.FONT_HERSHEY_SIMPLEX, 2.1, (30, 30, 30), 6, cv2.LINE_AA)


def values(image: np.ndarray, quad: Quad = AT) -> dict[str, float]:
    around = vector.surroundings(image, [quad])
    return dict(zip(vector.NAMES, vector.measured(around, quad).values.tolist(), strict=True))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_names_are_unique_and_match_the_values(rng: np.random.Generator) -> None:
    assert len(set(vector.NAMES)) == len(vector.NAMES)
    assert len(values(lettered(scene(rng)))) == len(vector.NAMES)


def test_drawn_letters_have_narrower_edges_than_a_soft_scene(rng: np.random.Generator) -> None:
    soft = cv2.GaussianBlur(scene(rng), (0, 0), 1.8)
    assert values(lettered(soft))["edge_width_over_far"] < 0.8
    both = cv2.GaussianBlur(lettered(scene(rng)), (0, 0), 1.8)
    assert values(both)["edge_width_over_far"] == pytest.approx(1.0, abs=0.2)


def test_grain_that_stops_at_the_letters_is_seen(rng: np.random.Generator) -> None:
    noisy = np.clip(scene(rng) + rng.normal(0, 6, (480, 640, 3)), 0, 255).astype(np.uint8)
    drawn = values(lettered(noisy))["ink_grain"]
    there = np.clip(lettered(scene(rng)) + rng.normal(0, 6, (480, 640, 3)), 0, 255).astype(np.uint8)
    assert drawn < 0.6 * values(there)["ink_grain"]


def test_mixing_in_light_leans_to_the_dark_side() -> None:
    step = np.zeros((48, 48), np.float64)
    step[:, 24:] = 1.0
    in_light = cv2.GaussianBlur(0.02 + 0.7 * step, (0, 0), 1.6) ** (1 / 2.2)
    in_values = cv2.GaussianBlur((0.02 + 0.7 * step) ** (1 / 2.2), (0, 0), 1.6)
    lean = [float(np.median(edges.edges(view(plane)).lean)) for plane in (in_light, in_values)]
    assert lean[0] > lean[1] + 0.1
    assert abs(lean[1]) < 0.1


def view(plane: np.ndarray) -> windows.View:
    grey = np.clip(plane * 255, 0, 255).astype(np.uint8)
    return windows.View(np.dstack([grey] * 3)[None], np.ones((1, 48, 48), bool), np.zeros((1, 2), np.intp), grey[None])


def test_flat_pixels_have_no_grain() -> None:
    assert noise.grain(view(np.full((48, 48), 0.5))).grey == pytest.approx(0.0)
    assert mixing.sides(view(np.full((48, 48), 0.5)), edges.edges(view(np.full((48, 48), 0.5)))).dark != 0.0


def test_bars_of_one_colour_are_cut_off(rng: np.random.Generator) -> None:
    barred = cv2.copyMakeBorder(scene(rng), 100, 60, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    left, top, right, bottom = windows.inner_box(barred)
    assert (left, right) == (0, 640)
    assert 100 <= top <= 104 and 576 <= bottom <= 580


@pytest.mark.parametrize("shape", [(70, 64), (64, 900), (2000, 70)])
def test_odd_pictures_can_be_measured(shape: tuple[int, int], rng: np.random.Generator) -> None:
    image = rng.integers(0, 255, (*shape, 3)).astype(np.uint8)
    quad: Quad = ((5.0, 5.0), (60.0, 5.0), (60.0, 30.0), (5.0, 30.0))
    assert len(values(image, quad)) == len(vector.NAMES)


def test_a_mark_half_outside_the_picture_can_be_measured(rng: np.random.Generator) -> None:
    quad: Quad = ((-40.0, -10.0), (90.0, -10.0), (90.0, 40.0), (-40.0, 40.0))
    assert len(values(lettered(scene(rng)), quad)) == len(vector.NAMES)
