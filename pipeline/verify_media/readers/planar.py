"""A frame as the planar readers see it (each scale and feature set computed once), and matching by local features."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.template import Template
    from verify_media.records import Image

    Floats: TypeAlias = NDArray[np.float32]
    Matrix: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """SIFT doubles the picture first, so 1280 px sees detail of 2 px; at 1600 px it costs 0.6 CPU s, more than half a
    text pass."""

    sift_side_px: int = 1280
    sift_most: int = 6000
    orb_side_px: int = 1600
    orb_most: int = 6000
    ratio: float = 0.8
    template_sides_px: tuple[int, ...] = (360, 160, 80)
    reprojection_px: float = 4.0
    fewest: int = 6
    """Correspondences before a homography is tried."""


SETTINGS = FeatureSettings()


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


@dataclass(frozen=True, slots=True)
class Features:
    """`points` n x 2 in frame (or template) pixels, `descriptors` n rows."""

    points: Floats
    descriptors: Any


class FrameView:
    """The pixels of one frame at falling sizes; nothing is computed before it is asked for."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.side = max(image.shape[:2])
        self._scaled: dict[int, Image] = {}
        self._derived: dict[str, Any] = {}

    def at_side(self, side_px: int) -> tuple[Image, float]:
        """The picture with a long side of at most `side_px`, and its scale over the frame."""
        if side_px >= self.side:
            return self.image, 1.0
        if side_px not in self._scaled:
            larger = min((s for s in self._scaled if s >= 1.4 * side_px), default=None)
            source = self._scaled[larger] if larger else self.image
            height, width = self.image.shape[:2]
            size = (max(1, round(width * side_px / self.side)), max(1, round(height * side_px / self.side)))
            self._scaled[side_px] = np.asarray(cv2.resize(source, size, interpolation=cv2.INTER_AREA), np.uint8)
        return self._scaled[side_px], side_px / self.side

    def for_size(self, size_px: float, wanted_px: float) -> tuple[Image, float]:
        """The smallest stored-size picture in which something of `size_px` in the frame still measures `wanted_px`."""
        scale = wanted_px / max(size_px, 1)
        for side in (200, 400, 800, 1600, 3200):
            if side >= scale * self.side:
                return self.at_side(side)
        return self.image, 1.0

    def once(self, key: str, make: Callable[[FrameView], Any]) -> Any:
        """What another module derives from the frame, derived once."""
        if key not in self._derived:
            self._derived[key] = make(self)
        return self._derived[key]

    @cached_property
    def sift(self) -> Features:
        image, scale = self.at_side(SETTINGS.sift_side_px)
        return _detect(_sift(SETTINGS.sift_most), _grey(image), scale, root=True)

    @cached_property
    def orb(self) -> Features:
        image, scale = self.at_side(SETTINGS.orb_side_px)
        return _detect(_orb(SETTINGS.orb_most), _grey(image), scale, root=False)


_last: tuple[weakref.ref[Any], FrameView] | None = None


def view_of(image: Image) -> FrameView:
    """The view of a frame; that of the last frame is kept, so logos and cards share its features."""
    global _last  # one slot: frames come one after the other and a view holds tens of megabytes
    held = _last
    if held is not None and held[0]() is image:
        return held[1]
    view = FrameView(image)
    _last = (weakref.ref(image, _forget), view)
    return view


def _forget(dead: weakref.ref[Any]) -> None:
    global _last
    if _last is not None and _last[0] is dead:
        _last = None


def _grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) if image.ndim == 3 else image, np.uint8)


def _sift(most: int) -> Any:
    return cv2.SIFT.create(most)


def _orb(most: int) -> Any:
    return cv2.ORB.create(nfeatures=most, scaleFactor=1.2, nlevels=10, edgeThreshold=15, patchSize=25, fastThreshold=8)


def _detect(detector: Any, grey: Image, scale: float, *, root: bool) -> Features:
    """`root`: RootSIFT (Arandjelovic and Zisserman 2012), Hellinger distance instead of Euclidean."""
    keypoints, descriptors = detector.detectAndCompute(grey, None)
    points = np.array([k.pt for k in keypoints], np.float32).reshape(-1, 2)
    if descriptors is None:
        descriptors = np.zeros((0, 128), np.float32) if root else np.zeros((0, 32), np.uint8)
    elif root:
        descriptors = np.sqrt(descriptors / (descriptors.sum(axis=1, keepdims=True) + 1e-7))
    return Features((points + 0.5) / scale, descriptors)


class TemplateFeatures:
    """SIFT and ORB features of a mark at several sizes and in both polarities (a white stamp of a black logo)."""

    def __init__(self, template: Template) -> None:
        self.template = template

    @cached_property
    def sift(self) -> tuple[Features, ...]:
        return self._at_sizes(_sift(900), root=True)

    @cached_property
    def orb(self) -> tuple[Features, ...]:
        return self._at_sizes(_orb(900), root=False)

    def _at_sizes(self, detector: Any, *, root: bool) -> tuple[Features, ...]:
        found = []
        for side in SETTINGS.template_sides_px:
            scale = min(1.0, side / self.template.long_side)
            small = cv2.resize(self.template.grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            for grey in (small, 255 - small):
                features = _detect(detector, np.asarray(grey, np.uint8), scale, root=root)
                found.append(Features(features.points - self.template.pad_px, features.descriptors))
        return tuple(found)


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
        return _distinct(self.source[inside], self.target[inside])


def feature_matches(view: FrameView, mark: TemplateFeatures) -> tuple[Matches, ...]:
    """SIFT and ORB, each with the mark as it is and with its negative."""
    return tuple(
        Matches(method, *_matches(getattr(mark, method)[polarity::2], getattr(view, method), norm))
        for method, norm in (("sift", cv2.NORM_L2), ("orb", cv2.NORM_HAMMING))
        for polarity in (0, 1)
    )


def feature_guesses(view: FrameView, template: Template, matches: tuple[Matches, ...]) -> list[Guess]:
    """Homographies supported by SIFT or ORB, most inliers first."""
    guesses = [g for m in matches for g in _homographies((m.source, m.target), template, m.method, view)]
    return sorted(guesses, key=lambda g: -g.inliers)


def _matches(sets: tuple[Features, ...], frame: Features, norm: int) -> tuple[Floats, Floats]:
    """Correspondences (mark points, frame points) that pass Lowe's ratio test, pooled over the mark's sizes."""
    matcher = cv2.BFMatcher(norm)
    sources, targets = [np.zeros((0, 2), np.float32)], [np.zeros((0, 2), np.float32)]
    for mark in sets:
        if len(mark.descriptors) < 2 or len(frame.descriptors) < 2:
            continue
        pairs = matcher.knnMatch(mark.descriptors, frame.descriptors, k=2)
        good = [p[0] for p in pairs if len(p) == 2 and p[0].distance < SETTINGS.ratio * p[1].distance]
        sources.append(mark.points[[m.queryIdx for m in good]])
        targets.append(frame.points[[m.trainIdx for m in good]])
    return np.concatenate(sources), np.concatenate(targets)


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
        count = _distinct(source[inside], target[inside])
        homography = np.asarray(solution, np.float64)
        if count >= SETTINGS.fewest and is_sane(homography, template.size, view.image.shape):
            spread = _hull_area(source[inside]) / (template.size[0] * template.size[1])
            found.append(Guess(homography, method, count, min(1.0, spread)))
        source, target = source[~inside], target[~inside]
    return found


def _is_empty(homography: Any) -> bool:
    # OpenCV's stubs promise an array; without a solution it returns None.
    return homography is None


def _distinct(source: Floats, target: Floats) -> int:
    """Inliers at different places: one corner found at three sizes of the mark is one."""
    cells = {
        (int(s[0] // 6), int(s[1] // 6), int(t[0] // 3), int(t[1] // 3)) for s, t in zip(source, target, strict=True)
    }
    marks = {cell[:2] for cell in cells}
    places = {cell[2:] for cell in cells}
    return min(len(marks), len(places))


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
