"""Tilts are found to a fraction of a degree, from the lettering and from the lines around it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from verify_media.cues import alignment, support
from verify_media.records import Quad

TURNED: Quad = ((120.0, 180.0), (420.0, 180.0), (420.0, 240.0), (120.0, 240.0))


def picture(degrees: float, lines_degrees: float) -> np.ndarray:
    """Letters turned by one angle on a ruled ground turned by another."""
    ground = np.full((480, 640, 3), 190, np.uint8)
    for y in range(20, 480, 40):
        cv2.line(ground, (0, y), (639, y), (120, 120, 120), 3)
    cv2.rectangle(ground, (60, 150), (480, 270), (190, 190, 190), -1)
    ground = turned(ground, lines_degrees)
    ink = np.zeros((480, 640), np.uint8)
    cv2.putText(ink, "WILLOW HEN", (125, 232), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 255, 5, cv2.LINE_AA)
    cover = turned(ink, degrees)[:, :, None] / 255
    return np.asarray(ground * (1 - cover) + 20 * cover, np.uint8)


def turned(image: np.ndarray, degrees: float) -> np.ndarray:
    matrix = cv2.getRotationMatrix2D((270, 210), -degrees, 1)
    return cv2.warpAffine(image, matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE)


def values(image: np.ndarray, quad: Quad = TURNED) -> dict[str, float]:
    near, wide = (support.context(image, quad, w) for w in (1.0, support.WIDER))
    return dict(zip(alignment.NAMES, alignment.alignment(near, wide, quad), strict=True))


@pytest.mark.parametrize("degrees", [0.0, 1.5, -4.0])
def test_the_tilt_of_the_lettering_is_found(degrees: float) -> None:
    assert values(picture(degrees, 0))["baseline_tilt_deg"] == pytest.approx(abs(degrees), abs=0.5)


def test_level_lettering_lies_on_the_axis_and_turned_lettering_does_not() -> None:
    assert values(picture(0, 0))["baseline_at_axis"] > 0.97
    assert values(picture(3, 0))["baseline_at_axis"] < 0.9


def test_a_turned_quad_does_not_hide_level_lettering() -> None:
    askew: Quad = ((120.0, 176.0), (420.0, 184.0), (420.0, 244.0), (120.0, 236.0))
    assert values(picture(0, 0), askew)["baseline_tilt_deg"] < 0.5


def test_lettering_that_turns_with_the_lines_around_it_agrees_with_them() -> None:
    together, alone = values(picture(4, 4)), values(picture(0, 4))
    assert together["around_level_at_mark"] > alone["around_level_at_mark"]
