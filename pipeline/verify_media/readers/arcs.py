"""Bent lines: text on an arc or a ring is unrolled into a strip."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.ocr_detect import Region
from verify_media.readers.strips import Pyramid, Strip, bent

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ArcSettings:
    max_fill: float = 0.78
    """A text kernel that fills less of its smallest rectangle is bent (study on CUTE80)."""
    max_spread: float = 0.6
    """Largest radial standard deviation, in line heights: more is no circle."""
    margin: float = 0.75
    """Growth of the kernel's thickness on either side, as a share of it."""
    min_length: float = 3.5
    """A shorter arc, in thicknesses of the kernel, is a letter, not a line."""
    min_roundness: float = 0.75
    max_circles: int = 3
    ring_radii: tuple[float, ...] = (0.82, 0.68)
    """Middles of the bands that are read in a circle, as shares of its radius."""
    ring_half: float = 0.17


SETTINGS = ArcSettings()


@dataclass(frozen=True, slots=True)
class Circle:
    x: float
    y: float
    radius: float


def unrolled(pyramid: Pyramid, region: Region) -> list[Strip]:
    """Strips of a bent region: read with the top outwards and with the top inwards; none where it is not an arc."""
    if region.fill > SETTINGS.max_fill or len(region.contour) < 8:
        return []
    points = densified(region.contour)
    circle = fit_circle(points)
    if circle is None:
        return []
    radial = np.hypot(points[:, 0] - circle.x, points[:, 1] - circle.y) - circle.radius
    thickness = 2 * float(np.quantile(np.abs(radial), 0.8))
    if thickness < 2 or radial.std() > SETTINGS.max_spread * thickness or circle.radius < thickness:
        return []
    first, last = arc_span(points, circle)
    if (last - first) * circle.radius < SETTINGS.min_length * thickness:
        return []
    half = thickness * (0.5 + SETTINGS.margin)
    pad = half / circle.radius
    return ring_strips(pyramid, circle, half, first - pad, last + pad)


def ring_strips(pyramid: Pyramid, circle: Circle, half: float, first: float, last: float) -> list[Strip]:
    """The arc between two angles (radians, clockwise in the picture): letters' tops outwards, then inwards."""
    count = int(np.clip((last - first) * circle.radius / max(half, 2.0) * 4, 16, 400))
    angle = np.linspace(first, last, count)
    ray = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    centre = np.array([circle.x, circle.y])
    outer = (centre + ray * (circle.radius + half)).astype(np.float32)
    inner = (centre + ray * max(circle.radius - half, 1.0)).astype(np.float32)
    length = last - first

    def outwards(low: float, high: float, _: float) -> Strip:
        return ring_strips(
            pyramid, circle, half, first + low * length, _within(first + high * length, first + low * length)
        )[0]

    def inwards(low: float, high: float, _: float) -> Strip:
        start = last - high * length
        return ring_strips(pyramid, circle, half, start, _within(last - low * length, start))[1]

    return [
        replace(bent(pyramid, outer, inner), longer=outwards),
        replace(bent(pyramid, inner[::-1].copy(), outer[::-1].copy()), longer=inwards),
    ]


def _within(last: float, first: float) -> float:
    """An arc ends where it began at the latest."""
    return min(last, first + 2 * np.pi)


def rings(pyramid: Pyramid, small: Pixels, ratio: float) -> list[Strip]:
    """Bands inside and along the circles that a small copy of the picture shows, all the way round.

    A ring is cut open twice, half a turn apart, so that a name across the cut of one is whole in the other.
    """
    found = []
    for circle in hough_circles(small):
        for share in SETTINGS.ring_radii:
            ring = Circle(circle.x * ratio, circle.y * ratio, circle.radius * ratio * share)
            half = circle.radius * ratio * SETTINGS.ring_half
            for first in (np.pi / 2, -np.pi / 2):
                found += ring_strips(pyramid, ring, half, first, first + 2 * np.pi)
    return found


def hough_circles(small: Pixels) -> list[Circle]:
    """Circles of a picture of some 640 px, strongest first."""
    gray = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), (0, 0), 1)
    side = min(gray.shape)
    raw = cv2.HoughCircles(
        gray, cv2.HOUGH_GRADIENT_ALT, 1.5, side / 16, param1=200, param2=SETTINGS.min_roundness,
        minRadius=max(12, side // 24), maxRadius=side // 2,
    )  # fmt: skip
    if raw is None:
        return []
    rows = np.asarray(raw, np.float32).reshape(-1, raw.shape[-1])[: SETTINGS.max_circles]
    return [Circle(float(row[0]), float(row[1]), float(row[2])) for row in rows]


def fit_circle(points: Floats) -> Circle | None:
    """Least squares circle (Kasa 1976); None where the points are straight."""
    centre = points.mean(axis=0)
    x, y = (points - centre).T.astype(np.float64)
    system = np.stack([x, y, np.ones_like(x)], axis=1)
    (a, b, c), _, rank, _ = np.linalg.lstsq(system, x * x + y * y, rcond=None)
    square = c + (a * a + b * b) / 4
    extent = float(np.ptp(points, axis=0).max())
    if rank < 3 or square <= 0 or np.sqrt(square) > 6 * extent:
        return None
    return Circle(float(a / 2 + centre[0]), float(b / 2 + centre[1]), float(np.sqrt(square)))


def arc_span(points: Floats, circle: Circle) -> tuple[float, float]:
    """First and last angle of the arc that holds the points: everything but the largest gap."""
    angle = np.sort(np.arctan2(points[:, 1] - circle.y, points[:, 0] - circle.x))
    gaps = np.diff(angle, append=angle[0] + 2 * np.pi)
    widest = int(np.argmax(gaps))
    first = angle[(widest + 1) % len(angle)]
    length = 2 * np.pi - gaps[widest]
    return float(first), float(first + length)


def densified(contour: Floats, spacing: float = 3.0) -> Floats:
    """Points evenly along the closed outline, so that long straight edges count as much as corners."""
    ring = np.concatenate([contour, contour[:1]])
    lengths = np.linalg.norm(np.diff(ring, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(lengths)])
    places = np.linspace(0, along[-1], max(16, int(along[-1] / spacing)))
    return np.stack([np.interp(places, along, ring[:, axis]) for axis in (0, 1)], axis=1).astype(np.float32)
