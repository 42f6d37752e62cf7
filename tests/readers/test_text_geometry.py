"""Strips, joins, arcs and looks on bare geometry."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from verify_media.readers import joining, looks
from verify_media.readers.arcs import arc_span, fit_circle, hough_circles
from verify_media.readers.ocr_detect import regions_of
from verify_media.readers.ocr_recognise import Reading
from verify_media.readers.placing import Line, enclosing, ink_box, place
from verify_media.readers.spotting import Match
from verify_media.readers.strips import Pyramid, Strip, bent, padded, straight
from verify_media.readers.tiles import detailed, tiles

Floats = NDArray[np.float32]


def box(left: float, top: float, width: float, height: float) -> Floats:
    right, bottom = left + width, top + height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def strip(quad: Floats) -> Strip:
    return Strip(np.zeros((48, 100, 3), np.uint8), lambda points: points, quad)


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (height, width, 3)).astype(np.uint8)


def test_a_strip_leads_back_to_the_picture() -> None:
    quad = np.array([[100, 50], [300, 90], [290, 140], [95, 95]], np.float32)
    made = straight(Pyramid(noise(400, 600)), quad)
    width = made.image.shape[1]
    corners = np.array([[0, 0], [width, 0], [width, 48], [0, 48]], np.float32)
    np.testing.assert_allclose(made.to_frame(corners), quad, atol=0.01)
    np.testing.assert_allclose(made.turned().to_frame(corners), quad[[2, 3, 0, 1]], atol=0.01)


def test_a_quad_is_padded_by_shares_of_its_height() -> None:
    np.testing.assert_allclose(padded(box(100, 50, 200, 40), 0.5), box(80, 30, 240, 80), atol=1e-3)


def test_the_edge_of_a_card_is_not_the_name() -> None:
    image = np.full((48, 200, 3), 60, np.uint8)
    image[8:42, 12:188] = 220
    for left in range(60, 136, 16):
        image[18:30, left : left + 6] = 30
    steps = np.zeros(25, np.int32)
    steps[[8, 10, 12, 14, 16]] = 1
    reading = Reading(np.zeros((25, 1), np.float32), steps, np.ones(25, np.float32), np.zeros(25, np.float32))
    found = ink_box(Line(Strip(image, lambda points: points, box(0, 0, 200, 48)), reading), 8, 17)
    np.testing.assert_allclose(found, (60, 130, 18, 30), atol=2)


def lettered(first: int, top: float, width_px: int = 400) -> Line:
    """A strip with five letters from time step `first` on, and as many strokes of clutter at either end."""
    image = np.full((48, width_px, 3), 220, np.uint8)
    for left in (16, 32, *range(8 * first, 8 * first + 80, 16), width_px - 40, width_px - 24):
        image[16:32, left : left + 7] = 30
    steps = width_px // 8
    read = np.isin(np.arange(steps), range(first, first + 10, 2)).astype(np.int32)
    reading = Reading(np.zeros((steps, 1), np.float32), read, np.ones(steps, np.float32), np.zeros(steps, np.float32))
    return Line(Strip(image, lambda points: points + np.float32([0, top]), box(0, top, width_px, 48)), reading)


def test_each_line_of_a_stack_ends_at_its_own_letters() -> None:
    lines = (lettered(20, 0), lettered(16, 60))
    spans = [*((step, step + 1) for step in range(20, 30, 2)), *((51 + step, 52 + step) for step in range(16, 26, 2))]
    found = place(lines, Match(-0.1, 20, 76, "", letters=tuple(spans)))
    np.testing.assert_allclose(found.quad, box(16 * 8, 16, 88 + 12, 76), atol=5)


def test_what_is_too_doubtful_for_letters_has_a_place() -> None:
    found = place([lettered(20, 0)], Match(-1.8, 20, 29, ""))
    np.testing.assert_allclose(found.quad, box(160, 16, 72, 16), atol=5)


def test_a_bent_strip_follows_its_edges() -> None:
    along = np.stack([np.linspace(0, 200, 20), np.full(20, 10)], axis=1).astype(np.float32)
    made = bent(Pyramid(noise(100, 300)), along, along + np.array([0, 40], np.float32))
    middle = made.to_frame(np.array([[made.image.shape[1] / 2, 24]], np.float32))
    np.testing.assert_allclose(middle, [[100, 30]], atol=0.5)


def test_joins_a_line_and_a_stack_but_not_strangers() -> None:
    strips = [
        strip(box(0, 0, 100, 30)),
        strip(box(120, 2, 80, 28)),
        strip(box(10, 40, 90, 30)),
        strip(box(900, 700, 90, 30)),
    ]
    found = joining.chains(strips)
    assert (0, 1) in found
    assert (0, 2) in found
    assert not any(3 in chain for chain in found)
    assert (1, 0) not in found


def test_a_circle_is_fitted_to_an_arc() -> None:
    angle = np.linspace(-2.5, -0.6, 50)
    points = (np.array([300, 200]) + 120 * np.stack([np.cos(angle), np.sin(angle)], axis=1)).astype(np.float32)
    circle = fit_circle(points)
    assert circle is not None
    assert (circle.x, circle.y, circle.radius) == pytest.approx((300, 200, 120), abs=0.1)
    assert arc_span(points, circle) == pytest.approx((-2.5, -0.6), abs=0.01)


def test_straight_points_are_no_circle() -> None:
    points = np.stack([np.linspace(0, 100, 50), np.linspace(0, 50, 50)], axis=1).astype(np.float32)
    assert fit_circle(points) is None


def test_a_badge_is_seen_as_a_circle() -> None:
    image = np.full((400, 400, 3), 230, np.uint8)
    rows, columns = np.mgrid[:400, :400]
    image[np.hypot(rows - 200, columns - 180) < 100] = 40
    (circle, *_) = hough_circles(image)
    assert (circle.x, circle.y, circle.radius) == pytest.approx((180, 200, 100), abs=4)


def test_regions_grow_back_from_their_kernels() -> None:
    probability = np.zeros((160, 320), np.float32)
    probability[70:80, 60:260] = 0.9
    (region,) = regions_of(probability)
    assert region.width > 210
    assert 20 < region.height < 32
    assert region.quad[0, 0] < 60 < 260 < region.quad[1, 0]


def test_a_higher_threshold_parts_what_has_grown_together() -> None:
    probability = np.zeros((160, 320), np.float32)
    probability[40:100, 60:260] = 0.6
    probability[45:55, 80:240] = probability[85:95, 80:240] = 0.95
    assert len(regions_of(probability)) == 1
    assert len(regions_of(probability, 0.9)) == 2


def test_tiles_cover_the_detail_and_nothing_else() -> None:
    image = np.full((3000, 4000, 3), 128, np.uint8)
    image[100:400, 3500:3900] = noise(300, 400)
    found = detailed(image, tiles((0, 0, 4000, 3000), 1.0))
    assert found
    assert all(right > 3500 and top < 400 for _, top, right, _ in found)


def test_faint_letters_stand_out_in_the_contrast_copy() -> None:
    image = np.full((200, 200, 3), 120, np.uint8)
    image[90:110, 50:150] = 126
    assert np.ptp(image[:, 100, 0]) == 6
    assert np.ptp(looks.local_contrast(image)[:, 100, 0]) > 30


def test_coloured_letters_stand_out_of_light_and_shadow_in_a_colour_copy() -> None:
    image = np.full((200, 200, 3), 230, np.uint8)
    image[:, ::4] = 30
    image[90:110, 50:150] = (200, 40, 160)
    red_to_green, _ = looks.opponents(image)
    assert red_to_green is not None
    assert red_to_green[100, 60:140].min() > red_to_green[:80].max() + 100


def test_a_picture_without_colour_has_no_colour_copies() -> None:
    gray = np.repeat(noise(200, 200)[..., :1], 3, axis=2)
    assert list(looks.opponents(gray)) == [None, None]


def test_enclosing_rectangle_keeps_the_reading_direction() -> None:
    quad = enclosing(box(0, 0, 100, 20), np.array([-1.0, 0.0], np.float32))
    np.testing.assert_allclose(quad[0], [100, 20], atol=1e-3)
