"""Finds a planar mark by local features and a robust homography, and says which homographies a rigid sheet can have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from verify_media.readers.frame_view import SETTINGS, FrameView
from verify_media.readers.matching import Matches, distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.template import Template

    Floats: TypeAlias = NDArray[np.float32]
    Matrix: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Guess:
    """Where a mark may be. `homography` takes the mark's own square (0..width, 0..height of Template.size) to frame
    pixels."""

    homography: Matrix
    method: str
    inliers: int = 0
    spread: float = 0.0
    """Area of the inliers' hull over the mark's area, 0 to 1."""
    score: float = 0.0
    """The coarse score of the shape search."""


def feature_guesses(view: FrameView, template: Template, matches: tuple[Matches, ...]) -> list[Guess]:
    """Homographies supported by SIFT or ORB, most inliers first."""
    guesses = [g for m in matches for g in _homographies((m.source, m.target), template, m.method, view)]
    return sorted(guesses, key=lambda g: -g.inliers)


def _homographies(matches: tuple[Floats, Floats], template: Template, method: str, view: FrameView) -> list[Guess]:
    """Up to two: the inliers of the first are taken away before the second is sought."""
    source, target = matches
    found = []
    tolerance = SETTINGS.reprojection_px * max(1.0, view.side / SETTINGS.orb_side_px)
    for _ in range(2):
        if len(source) < SETTINGS.fewest:
            break
        solution, mask = cv2.findHomography(source, target, cv2.USAC_MAGSAC, tolerance, None, 3000, 0.999)
        if _is_empty(solution):
            break
        inside = mask.ravel() > 0
        count = distinct(source[inside], target[inside])
        homography = np.asarray(solution, np.float64)
        if count >= SETTINGS.fewest and is_sane(homography, template.size, view.image.shape):
            spread = _hull_area(source[inside]) / (template.size[0] * template.size[1])
            found.append(Guess(homography, method, count, min(1.0, spread)))
        source, target = source[~inside], target[~inside]
    return found


def _is_empty(homography: Any) -> bool:
    # OpenCV's stubs promise an array; without a solution it returns None.
    return homography is None


def _hull_area(points: Floats) -> float:
    return float(cv2.contourArea(cv2.convexHull(points))) if len(points) >= 3 else 0.0


def corners(homography: Matrix, size: tuple[float, float]) -> Floats:
    """Top left, top right, bottom right, bottom left of the mark in the frame, 4 x 2."""
    width, height = size
    square = np.array([[[0, 0]], [[width, 0]], [[width, height]], [[0, height]]], np.float64)
    return np.asarray(cv2.perspectiveTransform(square, homography), np.float32).reshape(4, 2)


def is_sane(homography: Matrix, size: tuple[float, float], shape: tuple[int, ...]) -> bool:
    """A rigid rectangle can look so: convex, seen from its front, not edge-on, neither tiny nor beyond the frame."""
    weights = np.array([[0, 0, 1], [size[0], 0, 1], [size[0], size[1], 1], [0, size[1], 1]]) @ homography[2]
    if not np.isfinite(homography).all() or weights.min() * weights.max() <= 0:
        return False
    if weights.max() / weights.min() > 3.5 if weights.min() > 0 else weights.min() / weights.max() > 3.5:
        return False
    quad = corners(homography, size)
    edges = np.roll(quad, -1, axis=0) - quad
    following = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if turns.min() <= 0:
        return False  # not convex, or mirrored: a mark is never seen from behind
    area = float(cv2.contourArea(quad))
    frame_area = float(shape[0] * shape[1])
    centre = quad.mean(axis=0)
    inside = 0 <= centre[0] < shape[1] and 0 <= centre[1] < shape[0]
    return inside and area < 2.0 * frame_area and foreshortening(homography, size) < 4.0 and area > 150


def foreshortening(homography: Matrix, size: tuple[float, float]) -> float:
    """Ratio of the singular values of the local affinity at the mark's centre: 1 face on, 2 at a tilt of 60 degrees."""
    jacobian = affinity_at_centre(homography, size)
    values = np.linalg.svd(jacobian, compute_uv=False)
    return float(values[0] / max(values[1], 1e-9))


def affinity_at_centre(homography: Matrix, size: tuple[float, float]) -> Matrix:
    """2 x 2 derivative of the homography at the middle of the mark."""
    point = np.array([size[0] / 2, size[1] / 2, 1.0])
    x, y, w = homography @ point
    top = homography[:2, :2] - np.outer([x / w, y / w], homography[2, :2])
    return np.asarray(top / w, np.float64)
