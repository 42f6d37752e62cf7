from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from marks import ground, put

from verify_media.readers.frame_view import FrameView
from verify_media.readers.planar import corners
from verify_media.readers.sheets import sheet_guesses, sheets
from verify_media.readers.template import from_pixels

QUAD = [(760, 600), (330, 520), (400, 250), (780, 350)]
"""Upside down and tilted."""


def card() -> Any:
    picture = np.full((420, 700, 4), (236, 232, 220, 255), np.uint8)
    cv2.circle(picture, (140, 200), 90, (60, 90, 70, 255), -1, cv2.LINE_AA)
    cv2.putText(picture, "Fern & Field", (270, 190), cv2.FONT_HERSHEY_DUPLEX, 1.6, (50, 50, 60, 255), 3, cv2.LINE_AA)
    return picture


def error(homography: Any, size: tuple[int, int]) -> float:
    found = corners(homography, size)
    return float(np.linalg.norm(found - np.array(QUAD), axis=1).max() / 430)


def test_a_blurred_card_is_found_by_its_outline_the_right_way_up() -> None:
    mark = from_pixels("card", card(), trim=False)
    assert mark is not None
    blurred = cv2.GaussianBlur(put(ground(), card(), QUAD), (0, 0), 3)
    best = sheet_guesses(FrameView(blurred), mark)[0]
    assert error(best.homography, mark.size) < 0.08


def test_a_thumb_on_its_edge_does_not_hide_it() -> None:
    picture = put(ground(), card(), QUAD)
    cv2.ellipse(picture, (560, 250), (40, 60), 0, 0, 360, (205, 160, 135), -1, cv2.LINE_AA)
    found = sheets(FrameView(picture))
    nearest = min(np.abs(np.roll(quad, turn, axis=0) - np.array(QUAD)).max() for quad in found for turn in range(4))
    assert nearest < 30


def test_a_table_without_sheets_has_few() -> None:
    assert len(sheets(FrameView(ground(7)))) <= 6
