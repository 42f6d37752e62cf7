"""The edge points of a mark at a given size, and whether they tell it from a plain shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.template import Template
    from verify_media.records import Image

    Floats: TypeAlias = NDArray[np.float32]

LEVELS_PX = (48, 96, 192)
"""Long side of a square mark: for the search, the fit, and the last refinement."""


@dataclass(frozen=True, slots=True)
class Contour:
    """Edge points of the mark at one size, in pixels of that size, origin at the mark's top left.

    `points` n x 2 (x, y); `normals` n x 2, unit, towards the brighter side; `size` width, height. `calm` are points
    inside the mark's hull that lie away from every edge. `grey` is the mark's rectangle alone; `tones` (k x height x
    width, sum 1) are the shares of its main colours in each pixel.
    """

    points: Floats
    normals: Floats
    size: tuple[float, float]
    calm: Floats
    grey: Floats
    tones: Floats


def gradient(rgb: Image | Floats) -> tuple[Floats, Floats]:
    """dx, dy of the colour channel with the strongest slope at each pixel, in grey levels per pixel (Di Zenzo's idea,
    simplified).

    A red mark on a green ground of the same brightness has no slope in grey. The sign is that of the chosen channel.
    """
    if rgb.ndim == 2:
        return _sobel(rgb)
    slopes = [_sobel(channel) for channel in cv2.split(rgb)]
    strength = [dx * dx + dy * dy for dx, dy in slopes]
    (dx, dy), best = slopes[1], strength[1]
    for other, power in ((slopes[0], strength[0]), (slopes[2], strength[2])):
        # Green wins ties, so that grey pictures keep one channel and JPEG chroma noise does not choose.
        stronger = power > 1.3 * best
        dx, dy = np.where(stronger, other[0], dx), np.where(stronger, other[1], dy)
        best = np.where(stronger, power, best)
    return dx, dy


def _sobel(grey: Any) -> tuple[Floats, Floats]:
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(dx, np.float32), np.asarray(dy, np.float32)


def thin_edges(dx: Floats, dy: Floats, low: float, high: float) -> NDArray[np.bool_]:
    """Canny's non-maximum suppression and hysteresis on given slopes (grey levels per pixel)."""
    to16 = 32.0  # keeps fractions of a grey level through Canny's int16
    dx16, dy16 = (np.clip(d * to16, -32000, 32000).astype(np.int16) for d in (dx, dy))
    return np.asarray(cv2.Canny(dx16, dy16, low * to16, high * to16, L2gradient=True) > 0)


def contour_of(template: Template, level_px: int, most: int = 260) -> Contour:
    """Edge points spread evenly along the mark's contours, to a fraction of a pixel."""
    scale = level_px * template.stretch / template.long_side
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(template.rgb, None, fx=scale, fy=scale, interpolation=interpolation)
    small = cv2.GaussianBlur(small, (0, 0), 0.8)
    dx, dy = gradient(np.asarray(small, np.uint8))
    strength = np.hypot(dx, dy)
    top = float(np.percentile(strength, 99.5))
    edges = thin_edges(dx, dy, 0.10 * top, 0.22 * top)
    ys, xs = np.nonzero(edges)
    # Resizing rounds the size of the picture, so the true factors are taken from it.
    fx, fy = small.shape[1] / template.rgb.shape[1], small.shape[0] / template.rgb.shape[0]
    keep = _spread(xs, ys, most)
    xs, ys = xs[keep], ys[keep]
    normals = np.stack([dx[ys, xs], dy[ys, xs]], 1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-6
    points = np.stack([xs, ys], 1).astype(np.float32) + _subpixel(strength, xs, ys, normals)[:, None] * normals
    # A pixel's centre is at +0.5, so that levels and warps agree on where the mark's corner is.
    corner = np.array([template.pad_px * fx, template.pad_px * fy])
    points = (points + 0.5 - corner).astype(np.float32)
    calm = (_calm(edges, 0.035 * level_px) + 0.5 - corner).astype(np.float32)
    size = (template.size[0] * fx, template.size[1] * fy)
    inner = _inner(small, corner, size)
    grey = np.asarray(cv2.cvtColor(inner, cv2.COLOR_RGB2GRAY), np.float32)
    return Contour(points, normals.astype(np.float32), size, calm, grey, tones_of(inner))


def _inner(small: Any, corner: Any, size: tuple[float, float]) -> Image:
    x, y = round(corner[0]), round(corner[1])
    return np.ascontiguousarray(small[y : y + max(2, round(size[1])), x : x + max(2, round(size[0]))], np.uint8)


def tones_of(inner: Image, most: int = 4) -> Floats:
    """Memberships of the pixels in up to `most` colours, soft at the edges as a picture is."""
    colours = inner.reshape(-1, 3).astype(np.float32)
    count = min(most, len(np.unique(inner.reshape(-1, 3) // 32, axis=0)))
    cv2.setRNGSeed(1)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0)
    _, labels, _ = cv2.kmeans(colours, count, np.zeros((len(colours), 1), np.int32), ends, 2, cv2.KMEANS_PP_CENTERS)
    hard = (labels.reshape(inner.shape[:2]) == np.arange(count)[:, None, None]).astype(np.float32)
    return np.stack([cv2.GaussianBlur(plane, (0, 0), 0.8) for plane in hard]).astype(np.float32)


def _calm(edges: NDArray[np.bool_], margin_px: float, most: int = 150) -> Floats:
    """Up to `most` points (x, y) inside the hull of the edges and farther than the margin from each of them."""
    distance = cv2.distanceTransform((~edges).astype(np.uint8), cv2.DIST_L2, 3)
    inside = np.zeros(edges.shape, np.uint8)
    ys, xs = np.nonzero(edges)
    if len(xs) >= 3:
        cv2.fillConvexPoly(inside, cv2.convexHull(np.stack([xs, ys], 1).astype(np.int32)), 1)
    ys, xs = np.nonzero((distance > max(1.6, margin_px)) & (inside > 0))
    keep = _spread(xs, ys, most)
    return np.stack([xs[keep], ys[keep]], 1).astype(np.float32)


def _spread(xs: NDArray[Any], ys: NDArray[Any], most: int) -> NDArray[np.int64]:
    """Indices of about `most` points, at most one in each cell of the finest grid that leaves so few."""
    order = np.random.default_rng(0).permutation(len(xs))
    for cell in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        cells = (ys[order] / cell).astype(np.int64) * 4096 + (xs[order] / cell).astype(np.int64)
        first = np.unique(cells, return_index=True)[1]
        if len(first) <= most:
            break
    return np.asarray(np.sort(order[first]), np.int64)


def _subpixel(strength: Floats, xs: NDArray[Any], ys: NDArray[Any], normals: Floats) -> Floats:
    """Offset along the normal of the parabola's top through three samples, within half a pixel."""
    at = [sample(strength, np.stack([xs, ys], 1) + k * normals) for k in (-1, 0, 1)]
    bend = at[0] - 2 * at[1] + at[2]
    shift = np.where(bend < -1e-6, 0.5 * (at[0] - at[2]) / np.minimum(bend, -1e-6), 0)
    return np.clip(shift, -0.5, 0.5).astype(np.float32)


def rotation(angle: float) -> Any:
    """2 x 2, by `angle` in radians from x to y."""
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def sample(plane: Floats, at: Any) -> Floats:
    """Values of `plane` at points (..., 2) in array coordinates, bilinear, edge values outside."""
    at = np.asarray(at, np.float32)
    flat = at.reshape(-1, 2)
    taken = cv2.remap(plane, flat[:, 0:1], flat[:, 1:2], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, np.float32).reshape(at.shape[:-1])


def is_plain(template: Template) -> bool:
    """Nothing but one square, bar, triangle or disc, which every picture holds somewhere."""
    contour = template.contour(LEVELS_PX[1])
    if len(contour.points) < 24:
        return True
    outline = cv2.convexHull(contour.points).astype(np.float32)
    inside = _distances(contour.points, outline)
    tolerance = 0.04 * LEVELS_PX[1]
    if np.mean(inside > tolerance) > 0.04:
        return False
    corners = cv2.approxPolyDP(outline, tolerance, True)
    return len(corners) <= 4 or _is_ellipse(contour.points, tolerance)


def _distances(points: Floats, outline: Floats) -> Floats:
    return np.array([abs(cv2.pointPolygonTest(outline, (float(x), float(y)), True)) for x, y in points], np.float32)


def _is_ellipse(points: Floats, tolerance: float) -> bool:
    (cx, cy), (width, height), turn = cv2.fitEllipse(points)
    angle = np.radians(turn)
    turned = (points - (cx, cy)) @ rotation(angle)
    radius = np.hypot(turned[:, 0] / (width / 2), turned[:, 1] / (height / 2))
    return bool(np.mean(np.abs(radius - 1) * min(width, height) / 2 < tolerance) > 0.95)
