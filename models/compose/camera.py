# ruff: noqa: E501
"""A camera from linear light to 8-bit pixels: lens, sensor, mosaic, noise, demosaicing, denoising, sharpening, tone."""

from __future__ import annotations

import cv2
import numpy as np


def linear(image: np.ndarray) -> np.ndarray:
    """sRGB uint8 to linear light 0 to 1, float32 (IEC 61966-2-1)."""
    table = np.arange(256) / 255
    return np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4).astype(np.float32)[image]


def encoded(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(
        light <= 0.0031308,
        light * 12.92,
        1.055 * np.power(light, 1 / 2.4, where=light > 0, out=np.zeros_like(light)) - 0.055,
    )


def photographed(scene: np.ndarray, rng, shrink: int = 2) -> np.ndarray:
    """Linear RGB float32 at `shrink` times the sensor's resolution -> what the camera saves, uint8. `rng`: numpy Generator."""
    light = _lens(scene, rng, shrink)
    light = cv2.resize(
        light, (scene.shape[1] // shrink // 2 * 2, scene.shape[0] // shrink // 2 * 2), interpolation=cv2.INTER_AREA
    )
    light *= _vignette(light.shape, rng) * rng.uniform(0.8, 1.25)
    raw = _noisy(_mosaic(light, rng), rng)
    colour = _demosaiced(raw, rng)
    return _developed(colour, rng)


def _lens(scene: np.ndarray, rng, shrink: int) -> np.ndarray:
    sigma = shrink * float(np.exp(rng.normal(-0.6, 0.5)))
    out = cv2.GaussianBlur(scene, (0, 0), max(0.35, min(sigma, 2.2 * shrink)))
    if rng.random() < 0.25:
        out = cv2.filter2D(out, -1, _streak(rng, shrink))
    amount = rng.normal(0, 0.0006, 2)
    height, width = scene.shape[:2]
    planes = [_zoomed(out[:, :, 0], 1 + amount[0]), out[:, :, 1], _zoomed(out[:, :, 2], 1 + amount[1])]
    return np.dstack(planes) if max(height, width) else out


def _streak(rng, shrink: int) -> np.ndarray:
    """Camera shake: a short line."""
    size = int(shrink * rng.integers(2, 5)) * 2 + 1
    kernel = np.zeros((size, size), np.float32)
    angle, reach = rng.uniform(0, np.pi), size / 2 - 1
    centre = np.array([size // 2, size // 2])
    ends = [tuple(int(v) for v in centre + s * reach * np.array([np.cos(angle), np.sin(angle)])) for s in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1)
    return kernel / kernel.sum()


def _zoomed(plane: np.ndarray, factor: float) -> np.ndarray:
    height, width = plane.shape
    matrix = np.array([[factor, 0, (1 - factor) * width / 2], [0, factor, (1 - factor) * height / 2]], np.float32)
    return cv2.warpAffine(plane, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _vignette(shape: tuple[int, ...], rng) -> np.ndarray:
    y, x = np.ogrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return (1 - rng.uniform(0, 0.3) * (x * x + y * y) / 2).astype(np.float32)[:, :, None]


def _mosaic(light: np.ndarray, rng) -> np.ndarray:
    """RGGB, with the white balance of the light taken out as a sensor has it."""
    gains = np.array([rng.uniform(0.45, 0.75), 1.0, rng.uniform(0.5, 0.8)], np.float32)
    sensor = light * gains
    raw = np.empty(light.shape[:2], np.float32)
    raw[0::2, 0::2], raw[0::2, 1::2] = sensor[0::2, 0::2, 0], sensor[0::2, 1::2, 1]
    raw[1::2, 0::2], raw[1::2, 1::2] = sensor[1::2, 0::2, 1], sensor[1::2, 1::2, 2]
    raw = raw[:, :]
    _mosaic.gains = gains  # type: ignore[attr-defined]
    return raw


def _noisy(raw: np.ndarray, rng) -> np.ndarray:
    full_well = float(np.exp(rng.uniform(np.log(300), np.log(9000))))
    shot = rng.standard_normal(raw.shape, np.float32) * np.sqrt(np.maximum(raw, 0) / full_well)
    return raw + shot + rng.standard_normal(raw.shape, np.float32) * rng.uniform(0.0005, 0.004)


def _demosaiced(raw: np.ndarray, rng) -> np.ndarray:
    wide = np.clip(raw * 40000 + 2000, 0, 65535).astype(np.uint16)
    method = [cv2.COLOR_BayerRG2RGB, cv2.COLOR_BayerRG2RGB_EA][int(rng.integers(2))]
    colour = cv2.cvtColor(wide, method).astype(np.float32)
    colour = colour[:, :, ::-1]  # OpenCV names Bayer patterns by the second row
    return np.clip((colour - 2000) / 40000 / _mosaic.gains, 0, None)  # type: ignore[attr-defined]


def _developed(colour: np.ndarray, rng) -> np.ndarray:
    tone = encoded(colour * rng.uniform(0.85, 1.2)).astype(np.float32)
    curve = rng.uniform(0, 0.35)
    tone = (1 - curve) * tone + curve * (tone * tone * (3 - 2 * tone))
    pixels = np.clip(tone * 255, 0, 255).astype(np.uint8)
    pixels = _denoised(pixels, rng)
    if rng.random() < 0.85:
        soft = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.6, 1.8))
        amount = rng.uniform(0.1, 1.3) if rng.random() < 0.65 else rng.uniform(1.2, 3.0)  # phones sharpen hard
        pixels = cv2.addWeighted(pixels, 1 + amount, soft, -amount, 0)
    if rng.random() < 0.3:
        hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
        hsv[:, :, 1] = np.clip(hsv[:, :, 1] * rng.uniform(0.8, 1.35), 0, 255).astype(np.uint8)
        pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
    return pixels


def _denoised(pixels: np.ndarray, rng) -> np.ndarray:
    kind = rng.random()
    if kind < 0.12:
        return cv2.medianBlur(cv2.bilateralFilter(pixels, 7, float(rng.uniform(25, 60)), 3), 3)
    if kind < 0.3:
        return cv2.bilateralFilter(pixels, 5, float(rng.uniform(8, 40)), 2)
    if kind < 0.75:
        planes = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
        luma = cv2.bilateralFilter(planes[0], 5, float(rng.uniform(5, 25)), 1.5)
        chroma = [cv2.GaussianBlur(p, (0, 0), float(rng.uniform(0.8, 2.5))) for p in planes[1:]]
        return cv2.cvtColor(cv2.merge([luma, *chroma]), cv2.COLOR_YCrCb2RGB)
    return pixels
