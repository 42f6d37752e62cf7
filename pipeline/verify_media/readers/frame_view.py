"""A frame as the planar readers see it: each scale and feature set is computed once and shared by all marks."""

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

    from verify_media.records import Image

    Floats: TypeAlias = NDArray[np.float32]


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
        return detect(sift_of(SETTINGS.sift_most), _grey(image), scale, root=True)

    @cached_property
    def orb(self) -> Features:
        image, scale = self.at_side(SETTINGS.orb_side_px)
        return detect(orb_of(SETTINGS.orb_most), _grey(image), scale, root=False)


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


def sift_of(most: int) -> Any:
    return cv2.SIFT.create(most)


def orb_of(most: int) -> Any:
    return cv2.ORB.create(nfeatures=most, scaleFactor=1.2, nlevels=10, edgeThreshold=15, patchSize=25, fastThreshold=8)


def detect(detector: Any, grey: Image, scale: float, *, root: bool) -> Features:
    """`root`: RootSIFT (Arandjelovic and Zisserman 2012), Hellinger distance instead of Euclidean."""
    keypoints, descriptors = detector.detectAndCompute(grey, None)
    points = np.array([k.pt for k in keypoints], np.float32).reshape(-1, 2)
    if descriptors is None:
        descriptors = np.zeros((0, 128), np.float32) if root else np.zeros((0, 32), np.uint8)
    elif root:
        descriptors = np.sqrt(descriptors / (descriptors.sum(axis=1, keepdims=True) + 1e-7))
    return Features((points + 0.5) / scale, descriptors)
