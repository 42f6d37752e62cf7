"""Marks and scenes drawn on the spot for the tests of the planar readers."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from verify_media.readers.frame_view import FrameView
from verify_media.readers.pair import pair
from verify_media.readers.template import from_pixels


def fern(side: int = 300) -> Any:
    """A flat logo in one ink with transparency: a leaf of five strokes beside a ring. RGBA."""
    alpha = np.zeros((side, side), np.uint8)
    cv2.circle(alpha, (side * 3 // 4, side // 4), side // 6, 255, side // 24)
    cv2.line(alpha, (side // 8, side * 7 // 8), (side * 7 // 8, side // 2), 255, side // 20)
    for k in range(5):
        x, y = side // 8 + k * side // 7, side * 7 // 8 - k * side // 14
        cv2.line(alpha, (x, y), (x + side // 16, y - side // 3 + k * side // 40), 255, side // 26)
    cv2.fillPoly(alpha, [np.array([[10, 10], [side // 3, 20], [side // 6, side // 3]])], 255)
    return np.dstack([np.full((side, side, 3), (30, 70, 45), np.uint8), alpha])


def badge(above: str, below: str, side: int = 360, *, star: bool = True) -> Any:
    """A round badge: a ring, a word above and one below, a symbol in the middle. RGBA."""
    rgb = np.zeros((side, side, 3), np.uint8)
    middle, ink, paper = side // 2, (235, 225, 200), (40, 60, 50)
    cv2.circle(rgb, (middle, middle), middle - 2, paper, -1, cv2.LINE_AA)
    cv2.circle(rgb, (middle, middle), middle - 16, ink, 6, cv2.LINE_AA)
    for text, y in ((above, side * 3 // 10), (below, side * 8 // 10)):
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 1.3, 3)
        cv2.putText(rgb, text, (middle - width // 2, y), cv2.FONT_HERSHEY_DUPLEX, 1.3, ink, 3, cv2.LINE_AA)
    turns = np.arange(10) * (np.pi / 5)
    reach = np.where(np.arange(10) % 2, 22, 56) if star else np.where(np.arange(10) < 5, 56, 30)
    points = np.stack([middle + reach * np.sin(turns), middle - reach * np.cos(turns)], 1)
    cv2.fillPoly(rgb, [points.astype(np.int32)], ink, cv2.LINE_AA)
    alpha = np.zeros((side, side), np.uint8)
    cv2.circle(alpha, (middle, middle), middle - 2, 255, -1, cv2.LINE_AA)
    return np.dstack([rgb, alpha])


def ground(seed: int = 0, height: int = 900, width: int = 1200) -> Any:
    """A table with wood grain, soft light and a few things on it. RGB."""
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(0, 60, (height, width)), (0, 0), 25, sigmaY=1.5)
    picture = np.array([170.0, 150.0, 125.0]) + grain[..., None] + np.linspace(-25, 25, width)[None, :, None]
    for _ in range(12):
        centre = tuple(int(v) for v in rng.uniform(0.05, 0.95, 2) * (width, height))
        axes = tuple(int(v) for v in rng.uniform(15, 70, 2))
        colour = [float(v) for v in rng.uniform(30, 230, 3)]
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, colour, -1, cv2.LINE_AA)
    noisy = cv2.GaussianBlur(picture, (0, 0), 0.8) + rng.normal(0, 2, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def put(picture: Any, mark: Any, quad: Any) -> Any:
    """The mark (RGB or RGBA) with its corners at `quad`, softened as by a lens."""
    height, width = mark.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source - 0.5, np.array(quad, np.float32) - 0.5)
    if mark.shape[2] == 3:
        mark = np.dstack([mark, np.full(mark.shape[:2], 255, np.uint8)])
    solid = mark.astype(np.float32)
    solid[..., :3] *= solid[..., 3:] / 255
    layer = cv2.warpPerspective(cv2.GaussianBlur(solid, (0, 0), 0.8), matrix, picture.shape[1::-1])
    layer = cv2.GaussianBlur(layer, (0, 0), 0.6)
    mixed = picture * (1 - layer[..., 3:] / 255) + layer[..., :3]
    return np.clip(mixed, 0, 255).astype(np.uint8)


def drawn_corners(mark: Any, quad: Any) -> Any:
    """Corners in the picture of the drawn part of an RGBA mark whose whole square lies at `quad`."""
    ys, xs = np.nonzero(mark[..., 3] > 76)
    x0, y0, x1, y1 = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
    height, width = mark.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, np.array(quad, np.float32))
    box = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], np.float32)
    return cv2.perspectiveTransform(box, matrix)[0]


def worst_corner(found: Any, truth: Any) -> float:
    """Largest distance between corners, as a part of the truth's top edge."""
    distances = np.linalg.norm(np.array(found) - truth, axis=1)
    return float(distances.max() / np.linalg.norm(truth[1] - truth[0]))


def laid(mark: Any, quad: Any) -> tuple[Any, Any]:
    """The template of a mark (RGBA), and the homography that lays it on `quad`."""
    template = from_pixels("mark", mark)
    assert template is not None
    width, height = template.size
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return template, cv2.getPerspectiveTransform(square, np.array(quad, np.float32)).astype(np.float64)


def pair_at(picture: Any, mark: Any, quad: Any) -> Any:
    """The pair of pair.py for a mark sought at `quad`."""
    return pair(FrameView(picture), *laid(mark, quad))
