"""What happens to a picture on its way: the same for both classes."""

from __future__ import annotations

import io

import cv2
import numpy as np
from PIL import Image

KINDS = ("png", "j90", "j80", "j70", "resize", "chat", "social", "double", "shot", "heavy", "small", "edited")


def passed(image: np.ndarray, rng, kind: str | None = None) -> tuple[bytes, float, tuple[float, float], str]:
    """The file's bytes, the scale and the offset (x, y) that quads must follow, and the kind."""
    kind = kind or rng.choice(KINDS)
    scale, offset = 1.0, (0.0, 0.0)
    if kind == "png":
        return _png(image), scale, offset, kind
    if kind in ("j90", "j80", "j70"):
        low = int(kind[1:])
        return _jpeg(image, rng.randint(low, low + 9), rng), scale, offset, kind
    if kind == "resize":
        scale = rng.uniform(0.45, 1.0) if max(image.shape) > 700 else rng.uniform(0.7, 1.3)
        return _jpeg(_scaled(image, scale, rng), rng.randint(75, 95), rng), scale, offset, kind
    if kind == "chat":
        image = _decoded(_jpeg(image, 92, rng))
        scale = min(1.0, 1600 / max(image.shape[:2])) * (rng.uniform(0.7, 1) if max(image.shape) > 900 else 1)
        return _jpeg(_scaled(image, scale, rng, cv2.INTER_AREA), 75, rng, 2), scale, offset, kind
    if kind == "social":
        scale = min(1.0, 1080 / max(image.shape[:2])) if rng.random() < 0.8 else 1080 / max(image.shape[:2])
        scale = min(scale, 1.7)
        return _jpeg(_scaled(image, scale, rng), rng.randint(68, 86), rng, 2), scale, offset, kind
    if kind == "double":
        x, y = rng.randint(0, 7), rng.randint(0, 7)
        image = _decoded(_jpeg(image, rng.randint(60, 95), rng))[y:, x:]
        return _jpeg(image, rng.randint(70, 95), rng), scale, (-x, -y), kind
    if kind == "shot":
        scale = rng.uniform(0.5, 1.1)
        image, offset = _screen(_scaled(image, scale, rng), rng)
        return (_png(image) if rng.random() < 0.5 else _jpeg(image, rng.randint(75, 95), rng)), scale, offset, kind
    if kind == "small":
        scale = max(rng.uniform(0.25, 0.55), min(1.0, 400 / max(image.shape[:2])))
        method = rng.choice([cv2.INTER_AREA, cv2.INTER_LANCZOS4])
        return _jpeg(_scaled(image, scale, rng, method), rng.randint(80, 95), rng), scale, offset, kind
    if kind == "edited":
        scale = rng.choice([1.0, rng.uniform(0.5, 1)])
        return _jpeg(_edited(_scaled(image, scale, rng), rng), rng.randint(75, 95), rng), scale, offset, kind
    scale = rng.uniform(0.5, 0.9)
    return _jpeg(_scaled(image, scale, rng), rng.randint(45, 70), rng, 2), scale, offset, "heavy"


def _edited(image: np.ndarray, rng) -> np.ndarray:
    """A phone's or an app's improvements of the whole picture: clarity, tone, colour, smoothing, a vignette."""
    out = image.astype(np.float32)
    if rng.random() < 0.3:
        out = cv2.bilateralFilter(image, 5, rng.uniform(10, 45), 3).astype(np.float32)
    if rng.random() < 0.7:
        for sigma, most in ((rng.uniform(0.6, 1.6), 2.0), (rng.uniform(6, 25), 0.5)):
            out = out + rng.uniform(0, most) * (out - cv2.GaussianBlur(out, (0, 0), sigma))
    grey = out.mean(2, keepdims=True)
    out = grey + (out - grey) * rng.uniform(0.5, 1.6)
    out = 128 + (out - 128) * rng.uniform(0.8, 1.35) + rng.uniform(-20, 20)
    out = out * np.array([rng.uniform(0.92, 1.08), 1, rng.uniform(0.92, 1.08)])
    if rng.random() < 0.2:
        y, x = np.ogrid[-1 : 1 : out.shape[0] * 1j, -1 : 1 : out.shape[1] * 1j]
        out = out * (1 - 0.35 * (x * x + y * y))[:, :, None]
    return np.clip(out, 0, 255).astype(np.uint8)


def _scaled(image: np.ndarray, scale: float, rng, method: int | None = None) -> np.ndarray:
    method = (
        method
        if method is not None
        else rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4])
    )
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=method) if abs(scale - 1) > 1e-3 else image


def _screen(image: np.ndarray, rng) -> tuple[np.ndarray, tuple[float, float]]:
    """A picture as shown by a phone's gallery: bars above and below."""
    top, bottom, side = rng.randint(0, 160), rng.randint(0, 200), rng.choice([0, 0, rng.randint(0, 40)])
    value = rng.choice([0, 16, 255, 245])
    return cv2.copyMakeBorder(image, top, bottom, side, side, cv2.BORDER_CONSTANT, value=(value,) * 3), (side, top)


def _jpeg(image: np.ndarray, quality: int, rng, sampling: int | None = None) -> bytes:
    out = io.BytesIO()
    sampling = sampling if sampling is not None else rng.choice([0, 2, 2])
    Image.fromarray(image).save(out, "JPEG", quality=quality, subsampling=sampling)
    return out.getvalue()


def _png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def _decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
