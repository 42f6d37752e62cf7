"""Finds a card by its own outline, where its print is too small or too blurred for features: four-sided regions of a
frame that differ from what is around them, each tried in its four turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from verify_media.readers.fit_quality import promise
from verify_media.readers.outline import gradient, thin_edges
from verify_media.readers.planar import Guess, is_sane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.frame_view import FrameView
    from verify_media.readers.template import Template

    Floats: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SheetSettings:
    """Areas are parts of the frame. A card of 15 % of the side that is tilted by 60 degrees has 0.5 %."""

    side_px: int = 800
    levels: tuple[int, ...] = (10, 25, 40, 55, 70, 82, 92)
    """Percentiles of each colour plane at which it is cut."""
    slopes: tuple[float, ...] = (1.5, 3.0, 6.0)
    """Of the edges between regions, grey levels per pixel."""
    smallest: float = 0.004
    largest: float = 0.8
    solid: float = 0.85
    """Area of the region over that of its hull; and of its four corners over its hull: a thumb may cover a part."""
    same: float = 0.025
    """Corners that differ by less than this part of the side are one sheet."""
    most: int = 12
    squeeze: float = 2.4
    """How far a tilt changes the ratio of the sides."""
    keep: int = 5


SETTINGS = SheetSettings()
ROUNDING = (0.02, 0.03, 0.045, 0.065)
"""Of the outline, as parts of its length: the first that leaves four corners."""


def sheet_guesses(view: FrameView, template: Template) -> list[Guess]:
    """The card laid on every sheet of the frame, most promising first."""
    found = []
    for quad in view.once("sheets", sheets):
        for turn in range(4):
            homography = _laid_on(template, np.roll(quad, turn, axis=0))
            if homography is not None and is_sane(homography, template.size, view.image.shape):
                score = promise(view, template, homography, 48)
                found.append(Guess(homography, "sheet", score=score))
    return sorted(found, key=lambda guess: -guess.score)[: SETTINGS.keep]


def _laid_on(template: Template, quad: Floats) -> Any | None:
    width, height = template.size
    edges = np.linalg.norm(np.roll(quad, -1, axis=0) - quad, axis=1)
    ratio = (edges[0] + edges[2]) / max(float(edges[1] + edges[3]), 1e-6) * height / width
    if not 1 / SETTINGS.squeeze < ratio < SETTINGS.squeeze:
        return None
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.getPerspectiveTransform(square, quad.astype(np.float32)).astype(np.float64)


def sheets(view: FrameView) -> list[Floats]:
    """Corners (4 x 2, clockwise, frame pixels) of four-sided regions; first those that stand out at most levels."""
    small, scale = view.at_side(SETTINGS.side_px)
    votes: list[tuple[int, Floats]] = []
    for mask in _masks(cv2.GaussianBlur(small, (0, 0), 1.2)):
        for quad in _quads(mask):
            _vote(votes, quad)
    votes.sort(key=lambda vote: -vote[0])
    return [quad / np.float32(scale) for _, quad in votes[: SETTINGS.most]]


def _masks(soft: Any) -> Iterator[NDArray[np.uint8]]:
    """Planes cut at several levels, and regions between edges: a card may have the tone of what it touches."""
    for plane in cv2.split(cv2.cvtColor(soft, cv2.COLOR_RGB2LAB)):
        for level in np.unique(np.percentile(plane, SETTINGS.levels)):
            yield (plane > level).astype(np.uint8)
    dx, dy = gradient(soft)
    for slope in SETTINGS.slopes:
        edges = thin_edges(dx, dy, slope / 2, slope).astype(np.uint8)
        yield np.asarray(1 - cv2.dilate(edges, np.ones((3, 3), np.uint8)), np.uint8)


def _vote(votes: list[tuple[int, Floats]], quad: Floats) -> None:
    tolerance = SETTINGS.same * SETTINGS.side_px
    for n, (count, other) in enumerate(votes):
        nearest = min(float(np.abs(np.roll(quad, k, axis=0) - other).max()) for k in range(4))
        if nearest < tolerance:
            votes[n] = (count + 1, other)
            return
    votes.append((1, quad))


def _quads(mask: NDArray[np.uint8]) -> list[Floats]:
    """Four-sided regions of a mask, bright ones and dark ones (holes)."""
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    area = float(mask.shape[0] * mask.shape[1])
    large = [c for c in contours if SETTINGS.smallest * area < cv2.contourArea(c) < SETTINGS.largest * area]
    return [quad for contour in large if (quad := _four_sided(contour)) is not None]


def _four_sided(contour: Any) -> Floats | None:
    hull = cv2.convexHull(contour)
    area = cv2.contourArea(hull)
    shapes = (cv2.approxPolyDP(hull, part * cv2.arcLength(hull, True), True).reshape(-1, 2) for part in ROUNDING)
    corners = next((shape for shape in shapes if len(shape) <= 4), hull)
    solid = min(cv2.contourArea(contour) / area, cv2.contourArea(corners) / area)
    if len(corners) != 4 or solid < SETTINGS.solid:
        return None
    clockwise = corners if cv2.contourArea(corners, oriented=True) > 0 else corners[::-1]
    return np.asarray(clockwise, np.float32)
