"""Small JPEGs for reports: the judged frame, and the mark close up. Never part of what is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from verify_media.records import Preview, Quad

if TYPE_CHECKING:
    from verify_media.records import Image

PREVIEW_SIDE_PX = 1280
CLOSE_UP_SIDE_PX = 480
PREVIEW_QUALITY = 80


def preview(image: Image, max_side_px: int = PREVIEW_SIDE_PX) -> Preview:
    """`image`: RGB uint8, height x width x 3."""
    height, width = image.shape[:2]
    scale = min(1.0, max_side_px / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1 else image
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, PREVIEW_QUALITY])
    return Preview(jpeg.tobytes(), size[0], size[1], scale)


def close_up_again(picture: Preview, quad: Quad) -> Preview | None:
    """A close-up cut from a preview, where another mark is to be shown and the frame is gone. `quad` is in pixels of
    the frame."""
    image = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        return None
    tl, tr, br, bl = ((x * picture.scale, y * picture.scale) for x, y in quad)
    return close_up(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), (tl, tr, br, bl))


def close_up(image: Image, quad: Quad, margin: float = 0.35) -> Preview | None:
    """The upright box around `quad`; `margin` is a share of its larger side. None if it is off the frame."""
    height, width = image.shape[:2]
    points = np.asarray(quad, np.float64)
    (x1, y1), (x2, y2) = points.min(axis=0), points.max(axis=0)
    pad = margin * max(x2 - x1, y2 - y1)
    left, top = max(0, int(x1 - pad)), max(0, int(y1 - pad))
    right, bottom = min(width, int(x2 + pad) + 1), min(height, int(y2 + pad) + 1)
    if right - left < 2 or bottom - top < 2:
        return None
    return preview(np.ascontiguousarray(image[top:bottom, left:right]), CLOSE_UP_SIDE_PX)
