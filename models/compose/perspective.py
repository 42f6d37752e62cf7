# ruff: noqa: E501
"""Overlays that pretend to lie in the scene: warped, shaded, blurred and grained to match; drawn after the camera all the same."""

from __future__ import annotations

import cv2
import numpy as np
from models.compose import words
from models.compose.artwork import Art, any_art, lettering
from models.compose.flat import Marks
from models.compose.grounds import warp
from models.compose.physical import _quad, material


def _prepared(image, rng, seen, height, held, card: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
    """Colour, alpha and lettering quad of a plate at about twice the final size."""
    art: Art = any_art(rng, height * 2, seen, held=held) if card else lettering(rng, height * 2, seen, held=held)
    ah, aw = art.rgba.shape[:2]
    if not card:
        return art.rgba[:, :, :3].astype(np.float32), art.rgba[:, :, 3].astype(np.float32) / 255, art.quad, art.text
    mx, my = int(height * rng.uniform(0.2, 2)), int(height * rng.uniform(0.2, 2.5))
    gen = np.random.default_rng(rng.getrandbits(32))
    if rng.random() < 0.4:
        plate = (material(rng, gen, aw + 2 * mx, ah + 2 * my) ** 0.45 * 255).astype(np.float32)
    else:
        plate = np.full(
            (ah + 2 * my, aw + 2 * mx, 3), rng.choice([(255, 255, 255), (245, 240, 228), words.colour(rng)]), np.float32
        )
    ink = np.array(art.rgba[0, 0, :3], np.float32)
    if abs(float(ink.mean() - plate.mean())) < 50:
        ink = np.full(3, 20.0 if plate.mean() > 120 else 240.0, np.float32)
    a = art.rgba[:, :, 3:].astype(np.float32) / 255
    plate[my : my + ah, mx : mx + aw] = plate[my : my + ah, mx : mx + aw] * (1 - a) + ink * a
    return plate, np.ones(plate.shape[:2], np.float32), art.quad + np.array([mx, my]), art.text


def _warped(image, plate, alpha, quad, rng, around=None):
    """Colour and alpha on the picture's grid, and the lettering's quad there."""
    h, w = image.shape[:2]
    th, tw = plate.shape[:2]
    place = _quad(rng, tw / 2, th / 2, 50)
    place *= min(1, 0.9 * w / np.ptp(place[:, 0]), 0.9 * h / np.ptp(place[:, 1]))
    lo, hi = -place.min(0), np.array([w, h]) - place.max(0)
    place += np.array([rng.uniform(lo[0], max(lo[0], hi[0])), rng.uniform(lo[1], max(lo[1], hi[1]))])
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [tw, 0], [tw, th], [0, th]], np.float32), place.astype(np.float32)
    )
    method = rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_AREA])
    smooth = np.sqrt(tw * th / max(1.0, cv2.contourArea(place.astype(np.float32)))) / rng.uniform(2.2, 4)
    if smooth > 0.4:
        plate, alpha = cv2.GaussianBlur(plate, (0, 0), smooth), cv2.GaussianBlur(alpha, (0, 0), smooth)
    colour = cv2.warpPerspective(plate, matrix, (w, h), flags=method, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(alpha, matrix, (w, h), flags=method)
    return colour, np.clip(cover, 0, 1), warp(quad, matrix), place


def _shading(image, cover) -> np.ndarray:
    """The light that the picture has there, mean 1."""
    grey = (
        cv2.GaussianBlur(
            cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), max(8, image.shape[1] / 40)
        )
        + 8
    )
    return (grey / max(1.0, float((grey * cover).sum() / max(cover.sum(), 1))))[:, :, None]


def _grain(image, rng) -> np.ndarray:
    """Noise with the picture's own strength."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rest = grey - cv2.medianBlur(grey, 3)
    sigma = float(np.median(np.abs(rest[np.abs(rest) < 20]))) * 1.48 + 0.3
    noise = (
        np.random.default_rng(rng.getrandbits(32))
        .normal(0, sigma, (*grey.shape, rng.choice([1, 3])))
        .astype(np.float32)
    )
    return cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.4, 1)).reshape(*grey.shape, -1) * rng.uniform(0.7, 2)


def _composite(image, rng, seen, height, held, *, card: bool, match: bool) -> tuple[np.ndarray, Marks]:
    plate, alpha, quad, text = _prepared(image, rng, seen, height, held, card)
    colour, cover, quad, _ = _warped(image, plate, alpha, quad, rng)
    base = image.astype(np.float32)
    if match:
        if rng.random() < 0.8:
            colour = colour * np.clip(_shading(image, cover), 0.4, 1.6)
        tint = image.reshape(-1, 3).mean(0)
        colour = colour * (1 - (share := rng.uniform(0, 0.7)) + share * tint / max(1.0, tint.max()))
        colour = colour * rng.uniform(0.75, 1.0) + rng.uniform(0, 14)
        sigma = rng.uniform(0.3, 1.3)
        colour, cover = cv2.GaussianBlur(colour, (0, 0), sigma), cv2.GaussianBlur(cover, (0, 0), sigma)
        if card and rng.random() < 0.6:
            shade = cv2.GaussianBlur(
                np.roll(cover, (rng.randint(0, 8), rng.randint(-8, 8)), (0, 1)), (0, 0), rng.uniform(2, 8)
            )
            base = base * (1 - rng.uniform(0.2, 0.6) * shade * (1 - cover))[:, :, None]
        colour = colour + _grain(image, rng)
    if not card and rng.random() < 0.6:
        colour = base * (colour / 255) if colour.mean() < 128 else colour * 0.75 + base * 0.25
    strength = 1.0 if card else rng.uniform(0.6, 1)
    out = base * (1 - strength * cover[:, :, None]) + colour * strength * cover[:, :, None]
    return np.clip(out, 0, 255).astype(np.uint8), [(quad, text)]


def persp_card(image, rng, seen, height, held):
    return _composite(image, rng, seen, height, held, card=True, match=False)


def persp_ink(image, rng, seen, height, held):
    return _composite(image, rng, seen, height, held, card=False, match=False)


def harm_card(image, rng, seen, height, held):
    return _composite(image, rng, seen, height, held, card=True, match=True)


def harm_ink(image, rng, seen, height, held):
    return _composite(image, rng, seen, height, held, card=False, match=True)


def cloned(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """Gradient-domain cloning (Perez et al. 2003), as retouching tools offer it."""
    plate, alpha, quad, text = _prepared(image, rng, seen, height, held, rng.random() < 0.6)
    colour, cover, quad, _ = _warped(image, plate, alpha, quad, rng)
    colour = np.clip(colour, 0, 255).astype(np.uint8)
    mask = cv2.dilate((cover > 0.5).astype(np.uint8) * 255, np.ones((5, 5), np.uint8))
    mask[:2] = mask[-2:] = 0
    mask[:, :2] = mask[:, -2:] = 0
    box = cv2.boundingRect(mask)
    if box[2] < 8 or box[3] < 8:
        return image, []
    source = np.where(cover[:, :, None] > 0.02, colour, image)
    mode = rng.choice([cv2.NORMAL_CLONE, cv2.MIXED_CLONE])
    return cv2.seamlessClone(source, image, mask, (box[0] + box[2] // 2, box[1] + box[3] // 2), mode), [(quad, text)]


def cloth(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A print displaced by the picture's own light and dark, as mock-up templates do it."""
    plate, alpha, quad, text = _prepared(image, rng, seen, height, held, False)
    colour, cover, quad, _ = _warped(image, plate, alpha, quad, rng)
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 3)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    reach = rng.uniform(2, 8) / 128
    shift = (grey - 128) * reach
    colour, cover = (cv2.remap(a, x + shift, y + shift, cv2.INTER_LINEAR) for a in (colour, cover))
    base = image.astype(np.float32)
    inked = base * (colour / 255) if colour.mean() < 140 else 255 - (255 - base) * (255 - colour) / 255
    cover = cover[:, :, None] * rng.uniform(0.6, 0.95)
    return np.clip(base * (1 - cover) + inked * cover, 0, 255).astype(np.uint8), [(quad, text)]


SPLICES: list = []
"""Photos with lettering that `splice` cuts from; set by the builder to those of the same fold."""


def splice(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A word with its ground cut from another photo and pasted in: straight or warped, hard or soft at the rim."""
    ground = rng.choice(SPLICES)
    quad, text = rng.choice(ground.words)
    photo = ground.image()
    low, high = quad.min(0), quad.max(0)
    pad = (high[1] - low[1]) * rng.uniform(0.15, 1.2)
    x0, y0 = np.maximum(np.floor(low - pad).astype(int), 0)
    x1, y1 = np.minimum(np.ceil(high + pad).astype(int), photo.shape[1::-1])
    scale = height * 1.4 / max(8.0, float(high[1] - low[1]))
    scale = min(scale, 2.0, 0.9 * image.shape[1] / max(1, x1 - x0), 0.9 * image.shape[0] / max(1, y1 - y0))
    part = cv2.resize(photo[y0:y1, x0:x1], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else rng.choice([cv2.INTER_CUBIC, cv2.INTER_LINEAR]))  # fmt: skip
    inner = (quad - [x0, y0]) * scale
    plate = np.clip(part.astype(np.float32) * rng.uniform(0.85, 1.15) + rng.uniform(-15, 15), 0, 255)
    cover = np.ones(part.shape[:2], np.float32)
    if rng.random() < 0.55:
        soft = rng.choice([0, 0, rng.uniform(0.5, 6)])
        cover[:1] = cover[-1:] = cover[:, :1] = cover[:, -1:] = 0 if soft else 1
        cover = cv2.GaussianBlur(cover, (0, 0), soft) if soft else cover
        x, y = (
            rng.randint(0, max(0, image.shape[1] - part.shape[1])),
            rng.randint(0, max(0, image.shape[0] - part.shape[0])),
        )
        h, w = min(part.shape[0], image.shape[0] - y), min(part.shape[1], image.shape[1] - x)
        out, a = image.astype(np.float32), cover[:h, :w, None]
        out[y : y + h, x : x + w] = out[y : y + h, x : x + w] * (1 - a) + plate[:h, :w] * a
        return out.astype(np.uint8), [(inner + np.array([x, y]), text)]
    colour, cover, inner, _ = _warped(image, plate, cover, inner, rng)
    out = image * (1 - cover[:, :, None]) + colour * cover[:, :, None]
    return np.clip(out, 0, 255).astype(np.uint8), [(inner, text)]


WARPS = {
    "splice": splice,
    "persp_card": persp_card,
    "persp_ink": persp_ink,
    "harm_card": harm_card,
    "harm_ink": harm_ink,
    "cloned": cloned,
    "cloth": cloth,
}
