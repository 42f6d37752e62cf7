"""Text detection: the DB network (Liao et al., "Real-time scene text detection with differentiable binarization",
AAAI 2020) run directly on onnxruntime. Three sets of weights: PP-OCRv6 small (straight text), PP-OCRv4 mobile (better
on curves), and that trained on for lettering over texture and over other lettering (models/overlay_det.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media import assets
from verify_media.readers.ocr_models import run, session

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


class Weights(Enum):
    V6 = "PP-OCRv6_det_small.onnx"
    V4 = "ppocr_v4_det.onnx"
    OVERLAY = "overlay_det.onnx"


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """RapidOCR's defaults, but for `min_score`: a name is known, so a doubtful box costs only its reading."""

    pixel_threshold: float = 0.3
    min_score: float = 0.4
    unclip: float = 1.6
    """Growth of a box, Liao et al. section 3.4: distance = area * unclip / perimeter."""
    min_side_px: float = 3.0
    max_regions: int = 400


SETTINGS = DetectorSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A piece of text. Coordinates are those of the picture that was given to `detect`."""

    quad: Floats
    """4x2: TL TR BR BL of the grown box, as it lies in the picture (it may read the other way up)."""
    contour: Floats
    """Nx2: outline of the shrunken text kernel."""
    score: float
    fill: float
    """Area of the kernel over that of its smallest rectangle: 1 is a bar, less is a bow or a ring."""

    @property
    def height(self) -> float:
        return float(np.linalg.norm(self.quad[3] - self.quad[0]))

    @property
    def width(self) -> float:
        return float(np.linalg.norm(self.quad[1] - self.quad[0]))


def detect(
    image: Pixels, scale: float = 1.0, weights: Weights = Weights.V6, threshold: float = SETTINGS.pixel_threshold
) -> list[Region]:
    """Text regions of an RGB picture looked at `scale` times its size, in the picture's own coordinates."""
    return regions_in(text_map(shrunk(image, scale), weights), image, threshold)


def shrunk(image: Pixels, scale: float) -> Pixels:
    """The picture at `scale` times its size, both sides rounded to multiples of 32 as the network wants them."""
    height, width = image.shape[:2]
    size = (_multiple(width * scale), _multiple(height * scale))
    method = cv2.INTER_AREA if size[0] < width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)


def text_map(image: Pixels, weights: Weights) -> Floats:
    """Text probability of each pixel; both sides of the RGB picture must be multiples of 32."""
    blob = image[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)
    blob /= 127.5
    blob -= 1.0
    output: Floats = run(_model(weights), blob)[0, 0]
    return output


def regions_in(probability: Floats, image: Pixels, threshold: float = SETTINGS.pixel_threshold) -> list[Region]:
    """Regions of a text map of the whole `image`, in the pixels of that; from this probability on, a pixel is text."""
    ratio = np.array([image.shape[1] / probability.shape[1], image.shape[0] / probability.shape[0]], np.float32)
    return [_scaled(region, ratio) for region in regions_of(probability, threshold)]


def regions_of(probability: Floats, threshold: float = SETTINGS.pixel_threshold) -> list[Region]:
    mask = (probability > threshold).astype(np.uint8)
    mask = np.asarray(cv2.dilate(mask, np.ones((2, 2), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contours = sorted(contours, key=len, reverse=True)[: SETTINGS.max_regions]
    return [region for contour in contours if (region := _region(np.asarray(contour), probability))]


def _region(contour: NDArray[Any], probability: Floats) -> Region | None:
    (cx, cy), (width, height), angle = cv2.minAreaRect(contour)
    if min(width, height) < SETTINGS.min_side_px or (score := _mean_inside(probability, contour)) < SETTINGS.min_score:
        return None
    grow = 2 * width * height * SETTINGS.unclip / (2 * (width + height))
    quad = _upright(cv2.boxPoints(((cx, cy), (width + grow, height + grow), angle)))
    fill = cv2.contourArea(contour) / max(width * height, 1.0)
    return Region(quad, contour.reshape(-1, 2).astype(np.float32), score, float(fill))


def _mean_inside(probability: Floats, contour: NDArray[Any]) -> float:
    x, y, width, height = cv2.boundingRect(contour)
    mask = np.zeros((height, width), np.uint8)
    cv2.drawContours(mask, [contour], -1, 1, cv2.FILLED, offset=(-x, -y))
    return float(cv2.mean(probability[y : y + height, x : x + width], mask)[0])


def _upright(points: NDArray[Any]) -> Floats:
    """TL TR BR BL of a rotated rectangle: its longer pair of sides runs along the line, left to right.

    Near-squares keep the sides that are closer to the horizontal.
    """
    points = np.asarray(points, np.float32)
    side_a, side_b = points[1] - points[0], points[2] - points[1]
    along_a = np.linalg.norm(side_a) > 1.3 * np.linalg.norm(side_b) or (
        np.linalg.norm(side_b) <= 1.3 * np.linalg.norm(side_a) and abs(side_a[0]) >= abs(side_a[1])
    )
    ring = points if along_a else np.roll(points, -1, axis=0)
    direction = ring[1] - ring[0]
    flip = direction[0] < 0 if abs(direction[0]) > 0.2 * abs(direction[1]) else direction[1] < 0
    ring = np.roll(ring, 2, axis=0) if flip else ring
    across = ring[3] - ring[0]
    direction = ring[1] - ring[0]
    mirrored = direction[0] * across[1] - direction[1] * across[0] < 0
    return np.ascontiguousarray(ring[[3, 2, 1, 0]] if mirrored else ring)


def _scaled(region: Region, ratio: Floats) -> Region:
    return Region(region.quad * ratio, region.contour * ratio, region.score, region.fill)


def _multiple(value: float) -> int:
    return max(32, round(value / 32) * 32)


def _model(weights: Weights) -> Any:
    return session(assets.rapidocr_model(weights.value) if weights is Weights.V6 else assets.model(weights.value))
