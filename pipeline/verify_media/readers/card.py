"""The card reader: finds a business card by its own picture, even where its letters are too small to read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from verify_media.readers.logo import find_marks
from verify_media.readers.mark_finder import MarkFinder
from verify_media.readers.template import load_template
from verify_media.records import Frame, Reader, Sighting

if TYPE_CHECKING:
    from verify_media.records import Image


class CardReader:
    """`cards` are scans or photos of the card. Raises UsageError where one cannot be read or is blank."""

    def __init__(self, cards: Sequence[Path]) -> None:
        self._finders = tuple(MarkFinder(load_template(path, prepare=crop_card), is_sheet=True) for path in cards)

    def find(self, frame: Frame) -> tuple[Sighting, ...]:
        """Every place of every card, best first. Quads follow the card's own edge where its picture shows it."""
        return find_marks(self._finders, frame, Reader.CARD)


def crop_card(rgb: Image) -> Image:
    """The card alone, seen from the front, where the picture shows it on a table; else the picture as it is."""
    quad = card_outline(rgb)
    if quad is None:
        return rgb
    width = (np.linalg.norm(quad[1] - quad[0]) + np.linalg.norm(quad[2] - quad[3])) / 2
    height = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(quad, target)
    flat = cv2.warpPerspective(rgb, matrix, (round(float(width)), round(float(height))), flags=cv2.INTER_AREA)
    return np.asarray(flat, np.uint8)


def card_outline(rgb: Image) -> Any | None:
    """Corners (4 x 2, from top left, clockwise) of the one large four-sided sheet in the picture, or None."""
    scale = min(1.0, 600 / max(rgb.shape[:2]))
    small = cv2.GaussianBlur(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), (0, 0), 1.5)
    border = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]).astype(np.float32)
    # The table may be of wood or cloth: distance from its colour in units of its own spread.
    spread = border.std(axis=0) + 6
    distance = np.abs((small.astype(np.float32) - np.median(border, axis=0)) / spread).max(axis=2)
    grey = np.clip(distance * 30, 0, 255).astype(np.uint8)
    _, mask = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not contours:
        return None
    return _four_sided(max(contours, key=cv2.contourArea), small.shape, scale)


def _four_sided(contour: Any, shape: tuple[int, ...], scale: float) -> Any | None:
    hull = cv2.convexHull(contour)
    area, whole = cv2.contourArea(hull), float(shape[0] * shape[1])
    corners = cv2.approxPolyDP(hull, 0.03 * cv2.arcLength(hull, True), True).reshape(-1, 2)
    is_sheet = 0.12 * whole < area < 0.92 * whole and cv2.contourArea(contour) > 0.9 * area
    if len(corners) != 4 or not is_sheet or cv2.contourArea(corners) < 0.93 * area:
        return None
    return _from_top_left(corners.astype(np.float32)) / np.float32(scale)


def _from_top_left(corners: Any) -> Any:
    """Clockwise on the screen, starting with the corner nearest the top left."""
    middle = corners.mean(axis=0)
    around = corners[np.argsort(np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0]))]
    return np.roll(around, -int(around.sum(axis=1).argmin()), axis=0)
