"""A mark's own picture, made ready for matching: decoded, trimmed to what is drawn, and refused where nothing can be
told apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from verify_media.errors import UsageError
from verify_media.messages import message

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.records import Image

    Floats: TypeAlias = NDArray[np.float32]

MAX_SIDE_PX = 512
"""Detail beyond this is never resolved in a shot: the largest level of the contour matcher is 192 px."""
LEVELS_PX = (48, 96, 192)
PAD = 0.12
"""Ground kept around the mark, as a part of its long side, so that its outline has two sides."""


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


class Template:
    """`rgb` is the trimmed mark on a plain ground with a margin of `pad_px` on each side; `size` is the mark without
    it."""

    def __init__(self, name: str, rgb: Image, pad_px: int) -> None:
        self.name = name
        self.rgb = rgb
        self.pad_px = pad_px
        self.size = (rgb.shape[1] - 2 * pad_px, rgb.shape[0] - 2 * pad_px)
        self._levels: dict[int, Contour] = {}

    @property
    def long_side(self) -> int:
        return int(max(self.size))

    @cached_property
    def grey(self) -> Image:
        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    def contour(self, level_px: int) -> Contour:
        """The contour where the mark's long side measures `level_px`."""
        if level_px not in self._levels:
            self._levels[level_px] = _contour(self, level_px)
        return self._levels[level_px]


def load_template(path: Path, *, prepare: Callable[[Image], Image] | None = None) -> Template:
    """Raises UsageError where the picture cannot be read or shows nothing that could be recognised.

    `prepare` gets an opaque picture (RGB) and returns the mark alone, which is then not trimmed to what is drawn: a
    card's blank margin belongs to it.
    """
    rgba = _decode(path)
    if prepare is not None and rgba[..., 3].min() > 250:
        rgba = _opaque(prepare(np.ascontiguousarray(rgba[..., :3])))
    template = from_pixels(path.name, rgba, trim=prepare is None)
    if template is None:
        raise _refused("mark-blank", path)
    if _is_plain(template):
        raise _refused("mark-plain", path)
    return template


def from_pixels(name: str, rgba: Image, *, trim: bool = True) -> Template | None:
    """None where nothing is drawn."""
    rgb, drawn = _flatten(rgba)
    is_even = bool(drawn.all()) and np.ptp(rgb.reshape(-1, 3).astype(np.int64), axis=0).max() < 12
    if np.count_nonzero(drawn) < 16 or is_even:
        return None
    return _trimmed(name, rgb, drawn if trim else np.ones_like(drawn))


def _opaque(rgb: Image) -> Image:
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def _refused(key: str, path: Path) -> UsageError:
    told = message(key, file=path.name)
    return UsageError(told.text, told.cure)


def _decode(path: Path) -> Image:
    """RGBA, uint8, upright, at most 2048 px on a side."""
    try:
        if path.suffix.lower() in {".svg", ".svgz"}:
            return _draw_svg(path)
        return _open_raster(path)
    except FileNotFoundError:
        raise _refused("mark-missing", path) from None
    except UsageError:
        raise
    except Exception as error:  # decoders raise a dozen types; to the maker they are one thing
        raise _refused("mark-unreadable", path) from error


def _open_raster(path: Path) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageOps

    with Pillow.open(path) as opened:
        opened.draft("RGB", (2048, 2048))
        picture = ImageOps.exif_transpose(opened).convert("RGBA")
        picture.thumbnail((2048, 2048), Pillow.Resampling.LANCZOS)
        return np.asarray(picture, np.uint8).copy()


def _draw_svg(path: Path) -> Image:
    """Drawn by librsvg inside libvips. Raises UsageError where this libvips was built without it."""
    import pyvips

    if not pyvips.type_find("VipsOperation", "svgload"):
        raise _refused("mark-svg", path)
    natural = pyvips.Image.svgload(str(path))
    drawn = pyvips.Image.svgload(str(path), scale=1024 / max(natural.width, natural.height))
    return np.asarray(drawn.numpy(), np.uint8).copy()


def _flatten(rgba: Image) -> tuple[Image, NDArray[np.bool_]]:
    """RGB on a plain ground, and where something is drawn.

    A logo with transparency lies on the ground, black or white, that it differs from most. Without transparency the
    ground is the colour of the border, where the border has one.
    """
    alpha = rgba[..., 3:].astype(np.float32) / 255
    colour = rgba[..., :3].astype(np.float32)
    if alpha.min() < 0.5:
        solid = alpha[..., 0] > 0.3
        brightness = float(colour[solid].mean()) if solid.any() else 0.0
        ground = 255.0 if brightness < 140 else 0.0
        return np.clip(colour * alpha + ground * (1 - alpha), 0, 255).astype(np.uint8), solid
    rgb = rgba[..., :3]
    return rgb, _differs_from_border(rgb)


def _differs_from_border(rgb: Image) -> NDArray[np.bool_]:
    """All true where the border is not of one colour (a photo, a full-bleed logo)."""
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]).astype(np.float32)
    ground = np.median(border, axis=0)
    if np.mean(np.abs(border - ground).max(axis=1) < 24) < 0.9:
        return np.ones(rgb.shape[:2], np.bool_)
    far = (np.abs(rgb.astype(np.float32) - ground).max(axis=2) > 30).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(far, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0)


def _trimmed(name: str, rgb: Image, drawn: NDArray[np.bool_]) -> Template:
    """Cut to what is drawn, scaled to MAX_SIDE_PX, with a margin in the colour of the nearest ground."""
    ys, xs = np.nonzero(drawn.any(axis=1))[0], np.nonzero(drawn.any(axis=0))[0]
    cut = rgb[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    scale = min(1.0, MAX_SIDE_PX / max(cut.shape[:2]))
    if scale < 1:
        cut = np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    pad = max(4, round(PAD * max(cut.shape[:2])))
    if drawn.all():
        padded = cv2.copyMakeBorder(cut, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    else:
        ground = [float(v) for v in np.median(rgb[~drawn], axis=0)]
        padded = cv2.copyMakeBorder(cut, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=ground)
    return Template(name, np.asarray(padded, np.uint8), pad)


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


def _contour(template: Template, level_px: int, most: int = 260) -> Contour:
    """Edge points spread evenly along the mark's contours, to a fraction of a pixel."""
    scale = level_px / template.long_side
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
    return Contour(points, normals.astype(np.float32), size, calm, grey, _tones(inner))


def _inner(small: Any, corner: Any, size: tuple[float, float]) -> Image:
    x, y = round(corner[0]), round(corner[1])
    return np.ascontiguousarray(small[y : y + max(2, round(size[1])), x : x + max(2, round(size[0]))], np.uint8)


def _tones(inner: Image, most: int = 4) -> Floats:
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


def sample(plane: Floats, at: Any) -> Floats:
    """Values of `plane` at points (..., 2) in array coordinates, bilinear, edge values outside."""
    at = np.asarray(at, np.float32)
    flat = at.reshape(-1, 2)
    taken = cv2.remap(plane, flat[:, 0:1], flat[:, 1:2], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, np.float32).reshape(at.shape[:-1])


def _is_plain(template: Template) -> bool:
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
    turned = (points - (cx, cy)) @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    radius = np.hypot(turned[:, 0] / (width / 2), turned[:, 1] / (height / 2))
    return bool(np.mean(np.abs(radius - 1) * min(width, height) / 2 < tolerance) > 0.95)
