"""Local features of a mark, face on and in simulated tilts, and which of them a frame shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from verify_media.readers.frame_view import SETTINGS, Features, FrameView, detect, orb_of, sift_of
from verify_media.readers.outline import rotation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.template import Template

    Floats: TypeAlias = NDArray[np.float32]
    Matrix: TypeAlias = NDArray[np.float64]

CHUNK = 512
"""Rows of the distance table made at a time: 12 MB beside 6000 features of a frame."""


@dataclass(frozen=True, slots=True)
class TiltSettings:
    """Views of the mark as in ASIFT (Morel and Yu 2009), of the mark only: SIFT itself bears tilts to about 45 degrees,
    and a squeeze to one half carries it from there to 65."""

    squeeze: float = 0.5
    axes: int = 5
    sides_px: tuple[int, ...] = (320, 140)
    sift_most: int = 350
    orb_most: int = 400


TILTS = TiltSettings()


@dataclass(frozen=True, slots=True)
class Matches:
    """Correspondences of one method and polarity: `source` in mark pixels, `target` in frame pixels, n x 2."""

    method: str
    source: Floats
    target: Floats

    def support(self, homography: Matrix, tolerance_px: float) -> int:
        """How many different correspondences agree with a homography."""
        if len(self.source) == 0:
            return 0
        seen = cv2.perspectiveTransform(self.source[None].astype(np.float64), homography)[0]
        inside = np.linalg.norm(seen - self.target, axis=1) < tolerance_px
        return distinct(self.source[inside], self.target[inside])


class TemplateFeatures:
    """SIFT and ORB features of a mark at several sizes; for each method those of the mark as it is and those of its
    negative (a white stamp of a black logo)."""

    def __init__(self, template: Template) -> None:
        self.template = template

    @cached_property
    def sift(self) -> tuple[Features, Features]:
        return self._of_views(self._face_on(), sift_of(900), root=True)

    @cached_property
    def orb(self) -> tuple[Features, Features]:
        return self._of_views(self._face_on(), orb_of(900), root=False)

    @cached_property
    def sift_tilted(self) -> tuple[Features, Features]:
        return self._of_views(self._tilted(), sift_of(TILTS.sift_most), root=True)

    @cached_property
    def orb_tilted(self) -> tuple[Features, Features]:
        return self._of_views(self._tilted(), orb_of(TILTS.orb_most), root=False)

    def _face_on(self) -> list[Matrix]:
        """2 x 2 for each view."""
        scales = [min(1.0, side / self.template.long_side) for side in SETTINGS.template_sides_px]
        return [np.eye(2) * scale for scale in dict.fromkeys(scales)]

    def _tilted(self) -> list[Matrix]:
        views = []
        for side in TILTS.sides_px:
            for axis in range(TILTS.axes):
                turn = rotation(np.pi * axis / TILTS.axes)
                views.append(min(1.0, side / self.template.long_side) * turn @ np.diag([1.0, TILTS.squeeze]) @ turn.T)
        return views

    def _of_views(self, views: Sequence[Matrix], detector: Any, *, root: bool) -> tuple[Features, Features]:
        pictures = [(view, *_seen(self.template.grey, view)) for view in views]
        positive, negative = (
            _pooled([self._detect(detector, view, p if even else 255 - p, move, root) for view, p, move in pictures])
            for even in (True, False)
        )
        return positive, negative

    def _detect(self, detector: Any, view: Matrix, grey: Any, move: Any, root: bool) -> Features:
        features = detect(detector, np.asarray(grey, np.uint8), 1.0, root=root)
        points = (features.points - move) @ np.linalg.inv(view).T - self.template.pad_px
        return Features(points.astype(np.float32), features.descriptors)


def _seen(grey: Any, view: Matrix) -> tuple[Any, Any]:
    """The mark under a 2 x 2 map, and how far it was moved to lie inside the new picture (x, y)."""
    height, width = grey.shape
    if view[0, 1] == 0 and view[0, 0] == view[1, 1]:
        size = (max(8, round(width * view[0, 0])), max(8, round(height * view[1, 1])))
        return cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.zeros(2)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) @ view.T
    move, extent = -corners.min(axis=0), np.ptp(corners, axis=0)
    shrink = np.linalg.svd(view, compute_uv=False)
    # A tilted mark loses detail along one axis only; a little blur on both keeps the squeezed one from aliasing.
    soft = cv2.GaussianBlur(grey, (0, 0), max(0.3, 0.35 / float(shrink.min())))
    half = np.array([0.5, 0.5])
    matrix = np.column_stack([view, view @ half + move - half])
    size = (int(np.ceil(extent[0])), int(np.ceil(extent[1])))
    seen = cv2.warpAffine(soft, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return seen, move


def _pooled(found: Sequence[Features]) -> Features:
    return Features(np.concatenate([f.points for f in found]), np.concatenate([f.descriptors for f in found]))


def feature_matches(view: FrameView, mark: TemplateFeatures, *, tilted: bool = False) -> tuple[Matches, ...]:
    """SIFT and ORB, each with the mark as it is and with its negative."""
    return tuple(
        Matches(method, *_matches(features, getattr(view, method)))
        for method in ("sift", "orb")
        for features in getattr(mark, method + "_tilted" * tilted)
    )


def _matches(mark: Features, frame: Features) -> tuple[Floats, Floats]:
    """Correspondences (mark points, frame points) that pass Lowe's ratio test."""
    if len(mark.descriptors) < 2 or len(frame.descriptors) < 2:
        return np.zeros((0, 2), np.float32), np.zeros((0, 2), np.float32)
    nearest = _nearest_bits if mark.descriptors.dtype == np.uint8 else _nearest
    index, best, second = nearest(mark.descriptors, frame.descriptors)
    good = best < SETTINGS.ratio * second
    return mark.points[good], frame.points[index[good]]


def _nearest(wanted: Any, seen: Any) -> tuple[Any, Any, Any]:
    """Index and distance of the nearest, and the distance of the second nearest. Rows are of unit length (RootSIFT), so
    a matrix product gives the distances, several times faster than a brute-force matcher."""
    parts = []
    for start in range(0, len(wanted), CHUNK):
        likeness = wanted[start : start + CHUNK] @ seen.T
        row = np.arange(len(likeness))
        index = likeness.argmax(axis=1)
        best = likeness[row, index]
        likeness[row, index] = -1
        parts.append((index, best, likeness.max(axis=1)))
    index, best, second = (np.concatenate(column) for column in zip(*parts, strict=True))
    return index, np.sqrt(np.maximum(2 - 2 * best, 0)), np.sqrt(np.maximum(2 - 2 * second, 0))


def _nearest_bits(wanted: Any, seen: Any) -> tuple[Any, Any, Any]:
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(wanted, seen, k=2)
    columns = zip(*((a.trainIdx, a.distance, b.distance) for a, b in pairs), strict=True)
    index, best, second = (np.array(column) for column in columns)
    return index.astype(np.int64), best, second


def distinct(source: Floats, target: Floats) -> int:
    """Matches at different places: one corner found at three sizes of the mark is one."""
    cells = {
        (int(s[0] // 6), int(s[1] // 6), int(t[0] // 3), int(t[1] // 3)) for s, t in zip(source, target, strict=True)
    }
    marks = {cell[:2] for cell in cells}
    places = {cell[2:] for cell in cells}
    return min(len(marks), len(places))
