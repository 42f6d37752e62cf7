# ruff: noqa: E501
"""Overlays that bring their own ground, as templates of dealers, shops and story makers do: banners, frames, ribbons, plates.

Their grounds have edges, light and texture of their own, so a judge that looks for a support finds one.
"""

from __future__ import annotations

import cv2
import numpy as np
from models.compose import words
from models.compose.artwork import Art, lettering
from models.compose.flat import Marks, _rotated, over, spot
from PIL import Image, ImageFilter


def banner(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A strip across the top or the bottom, or both: a name, and lines with a number, an address, a slogan."""
    out, marks = image, []
    high, wide = image.shape[:2]
    for side in rng.choice([("low",), ("low",), ("top",), ("top", "low")]):
        tall = int(np.clip(high * rng.uniform(0.07, 0.26), 26, 420))
        plate, fill = _plate(rng, wide, tall)
        plate, found = _columns(plate, rng, seen, fill, held)
        edge = rng.choice(["straight", "straight", "slanted", "wavy", "fading"])
        art = _edged(plate, rng, edge, up=side == "low")
        y = high - tall if side == "low" else 0
        out = over(out, art, 0, y, rng.choice([1.0, 1.0, rng.uniform(0.55, 0.95)]))
        marks += [(quad + np.array([0, y]), text) for quad, text in found]
    return out, marks


def framed(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A border over the picture's rim, broad below like an instant photo or even all round, with the name in it."""
    high, wide = image.shape[:2]
    rim = int(min(high, wide) * rng.uniform(0.02, 0.08))
    foot = int(high * rng.uniform(0.1, 0.22))
    plate, fill = _plate(rng, wide, high)
    plate[rim : high - foot, rim : wide - rim, 3] = 0
    strip, found = _columns(plate[high - foot :].copy(), rng, seen, fill, held, lines=2)
    plate[high - foot :] = strip
    return over(image, _softened(plate, rng), 0, 0), [(quad + np.array([0, high - foot]), text) for quad, text in found]


def plate(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A plate, label or ribbon of its own material with a few lines on it: rounded, bevelled, with a border and a shadow."""
    high, wide = image.shape[:2]
    w = int(min(wide * 0.92, max(90, wide * rng.uniform(0.2, 0.6))))
    h = int(np.clip(w * rng.uniform(0.18, 0.7), 30, high * 0.8))
    body, fill = _plate(rng, w, h)
    body, found = _columns(body, rng, seen, fill, held, lines=rng.randint(1, 3))
    mask = np.zeros((h, w), np.uint8)
    radius = int(min(w, h) * rng.choice([0, 0, 0.08, 0.2, 0.5]))
    cv2.rectangle(mask, (radius, 0), (w - 1 - radius, h - 1), 255, -1)
    cv2.rectangle(mask, (0, radius), (w - 1, h - 1 - radius), 255, -1)
    for x in (radius, w - 1 - radius):
        for y in (radius, h - 1 - radius):
            cv2.circle(mask, (x, y), radius, 255, -1, cv2.LINE_AA)
    body[:, :, 3] = mask
    _border(body, mask, rng, fill)
    art, quads = Art(body, (0, 0, w, h), ""), found
    if rng.random() < 0.3:
        art, corners = _rotated(art, rng.choice([-45, 45, rng.uniform(-15, 15)]))
        move = cv2.getPerspectiveTransform(
            np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32), corners.astype(np.float32)
        )
        quads = [(cv2.perspectiveTransform(q[None].astype(np.float64), move)[0], t) for q, t in found]
    x, y = spot(image, art, rng)
    out = _shadowed(image, art, x, y, rng) if rng.random() < 0.5 else image
    art = _softened(art.rgba, rng)
    return over(out, art, x, y, rng.choice([1.0, 1.0, rng.uniform(0.6, 0.95)])), [
        (q + np.array([x, y]), t) for q, t in quads
    ]


def cornered(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A shop's sign in an even box that lies flush with a corner or a side: a drawing, and a line or two below it."""
    high, wide = image.shape[:2]
    w = int(max(90, wide * rng.uniform(0.16, 0.45)))
    h = int(np.clip(w * rng.uniform(0.35, 0.9), 40, high * 0.6))
    body, fill = _plate(rng, w, h)
    if rng.random() < 0.7:
        ground, fill = rng.choice(
            [((255, 255, 255), (20, 20, 20)), ((0, 0, 0), (255, 255, 255)), ((250, 246, 238), (70, 40, 30))]
        )
        body[:, :, :3] = ground
    foot = int(h * rng.uniform(0.35, 0.6))
    drawn = _drawing(body[: h - foot].copy(), rng)
    lines, found = _columns(body[h - foot :].copy(), rng, seen, fill, held, lines=rng.choice([1, 1, 2]))
    x, y = rng.choice([0, wide - w, wide - w, (wide - w) // 2]), rng.choice([0, 0, high - h])
    art = Art(np.vstack([drawn, lines]), (0, 0, w, h), "")
    return over(image, art, x, y), [(q + np.array([x, y + h - foot]), t) for q, t in found]


def _drawing(ground: np.ndarray, rng) -> np.ndarray:
    """A few outlined shapes in plain colours, drawn large and shrunk, as icons are."""
    high, wide = ground.shape[:2]
    side = min(high, wide // 2)
    large = cv2.resize(ground, (wide * 4, high * 4), interpolation=cv2.INTER_NEAREST)
    for _ in range(rng.randint(2, 6)):
        centre = (int(4 * (wide / 2 + rng.uniform(-0.5, 0.5) * side)), int(4 * high * rng.uniform(0.3, 0.7)))
        axes = (int(side * rng.uniform(0.3, 1.4)), int(side * rng.uniform(0.3, 1.4)))
        colour = (*words.colour(rng), 255)
        cv2.ellipse(large, centre, axes, rng.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
        cv2.ellipse(
            large, centre, axes, rng.uniform(0, 180), 0, 360, (20, 20, 20, 255), max(2, side // 12), cv2.LINE_AA
        )
    return cv2.resize(large, (wide, high), interpolation=cv2.INTER_AREA)


def _plate(rng, wide: int, tall: int) -> tuple[np.ndarray, tuple[int, int, int]]:
    """A ground in RGBA and a colour for letters that stands out from it."""
    first, second = np.array(words.colour(rng), float), np.array(words.colour(rng), float)
    if rng.random() < 0.35:
        first = np.array(
            rng.choice([(255, 255, 255), (15, 15, 18), (245, 240, 228), (30, 40, 70), (120, 20, 25)]), float
        )
    y, x = np.mgrid[0 : 1 : tall * 1j, 0 : 1 : wide * 1j]
    ramp = {"flat": np.zeros_like(x), "down": y, "across": x, "glossy": np.where(y < 0.5, y * 0.8, 0.25 + y * 0.3), "round": np.hypot(x - 0.5, y - 0.5)}[
        rng.choice(["flat", "flat", "down", "across", "glossy", "round"])
    ]  # fmt: skip
    toward = second if rng.random() < 0.3 else np.clip(first * rng.uniform(0.4, 1.6), 0, 255)
    ground = first * (1 - ramp[:, :, None]) + toward * ramp[:, :, None]
    gen = np.random.default_rng(rng.getrandbits(32))
    kind = rng.choice(["smooth"] * 4 + ["paper", "wood", "stripes"])
    if kind == "paper":
        ground += cv2.GaussianBlur(gen.standard_normal((tall, wide), np.float32), (0, 0), rng.uniform(0.5, 2))[
            :, :, None
        ] * rng.uniform(4, 20)
    elif kind == "wood":
        grain = cv2.GaussianBlur(
            gen.standard_normal((tall, wide), np.float32), (0, 0), sigmaX=max(6, wide / 20), sigmaY=0.8
        )
        ground += grain[:, :, None] * rng.uniform(60, 200)
    elif kind == "stripes":
        ground += (np.sin((x * wide + y * tall) * 2 * np.pi / rng.uniform(5, 40)) * rng.uniform(3, 15))[:, :, None]
    ground = np.clip(ground, 0, 255).astype(np.uint8)
    dark = ground.mean() < 128
    fill = rng.choice(
        [(255, 255, 255), (255, 226, 90), (240, 240, 240)] if dark else [(10, 10, 10), (150, 15, 20), (20, 45, 110)]
    )
    return np.dstack([ground, np.full((tall, wide), 255, np.uint8)]), fill


def _columns(plate: np.ndarray, rng, seen, fill, held, lines: int | None = None) -> tuple[np.ndarray, Marks]:
    """One to three columns of lines on the plate; the plate and the lines' quads."""
    tall, wide = plate.shape[:2]
    count = rng.choice([1, 1, 2, 3]) if wide > tall * 3 else 1
    marks: Marks = []
    canvas = Image.fromarray(plate)
    for k in range(count):
        left, width = wide * k // count, wide // count
        number = lines or rng.choice([1, 1, 2, 3])
        heights = [rng.uniform(0.6, 1.4) for _ in range(number)]
        room, y = tall * rng.uniform(0.55, 0.85), 0.0
        y = (tall - room) / 2
        for part in heights:
            size = int(room * part / sum(heights) * 0.8)
            if size >= 11:
                marks += _line(canvas, rng, seen, fill, held, size, left, width, y)
            y += room * part / sum(heights)
    return np.array(canvas), marks


def _line(canvas: Image.Image, rng, seen, fill, held, size: int, left: int, width: int, y: float) -> Marks:
    text = rng.choice([None, None, None, _contact(rng)])
    while True:
        art = lettering(rng, size, seen, text=text, fill=fill, held=held)
        if art.rgba.shape[1] <= width * 0.96 or size < 10:
            break
        size = int(size * 0.8)
    if art.rgba.shape[1] > width:
        return []
    x = left + int((width - art.rgba.shape[1]) * rng.choice([0.03, 0.5, 0.5, 0.97]))
    canvas.alpha_composite(
        Image.fromarray(art.rgba),
        (x, max(0, min(int(y), canvas.height - art.rgba.shape[0]))) if art.rgba.shape[0] <= canvas.height else (x, 0),
    )
    top = max(0, min(int(y), canvas.height - art.rgba.shape[0]))
    return [(art.quad + np.array([x, top]), art.text)]


def _contact(rng) -> str:
    first, last = rng.choice(words.FIRST), rng.choice(words.LAST)
    number = f"{rng.randint(200, 999)}-{rng.randint(200, 999)}-{rng.randint(1000, 9999)}"
    return rng.choice(
        [
            f"www.{first}{last}.com".lower().replace("&", "and"),
            f"Call {number}",
            number,
            f"{rng.randint(1, 999)} {first} Street",
            f"{rng.randint(5, 70)}% OFF",
            f"@{first}{last}".lower(),
        ]
    )


def _edged(plate: np.ndarray, rng, edge: str, *, up: bool) -> Art:
    """The inner edge of a strip cut slanted or wavy, or faded out."""
    tall, wide = plate.shape[:2]
    y, x = np.mgrid[:tall, :wide].astype(np.float32)
    depth = tall * rng.uniform(0.03, 0.12)
    border = {
        "slanted": x / wide * depth,
        "wavy": (1 + np.sin(x / wide * 2 * np.pi * rng.uniform(0.5, 3))) / 2 * depth,
    }.get(edge)
    away = y if up else tall - 1 - y
    if border is not None:
        plate[:, :, 3] = np.clip((away - border) * 255, 0, 255)
    if edge == "fading":
        plate[:, :, 3] = np.clip(away / (tall * rng.uniform(0.1, 0.5)) * 255, 0, 255)
    if edge == "straight" and rng.random() < 0.5:
        line = (away > depth * 0.3) & (away < depth * 0.3 + max(1, tall * 0.03))
        plate[line, :3] = words.colour(rng)
    return _softened(plate, rng)


def _border(body: np.ndarray, mask: np.ndarray, rng, fill) -> None:
    kind = rng.choice(["none", "line", "double", "bevel"])
    width = max(1, int(min(mask.shape) * rng.uniform(0.01, 0.05)))
    inner = cv2.erode(mask, np.ones((3, 3), np.uint8), iterations=width, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if kind in ("line", "double"):
        body[(mask > 0) & (inner == 0), :3] = fill
    if kind == "bevel":
        light = cv2.GaussianBlur(inner, (0, 0), width).astype(np.float32)
        relief = cv2.Sobel(light, cv2.CV_32F, 1, 1, ksize=3) * rng.uniform(0.2, 1)
        body[:, :, :3] = np.clip(body[:, :, :3] + relief[:, :, None], 0, 255).astype(np.uint8)


def _softened(rgba: np.ndarray, rng) -> Art:
    """As it comes from a template: sharp, scaled down from a larger one, or scaled up from a smaller one."""
    high, wide = rgba.shape[:2]
    scale = rng.choice([1.0, 1.0, rng.uniform(0.5, 0.95), rng.uniform(1.1, 1.6)])
    if scale != 1.0 and min(high, wide) * scale > 8:
        small = cv2.resize(rgba, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        rgba = cv2.resize(small, (wide, high), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC)
    return Art(rgba, (0, 0, wide, high), "")


def _shadowed(image: np.ndarray, art: Art, x: int, y: int, rng) -> np.ndarray:
    alpha = Image.fromarray(art.rgba[:, :, 3]).filter(ImageFilter.GaussianBlur(rng.uniform(1, 8)))
    shade = np.dstack([np.zeros((*art.rgba.shape[:2], 3), np.uint8), np.array(alpha)])
    move = rng.uniform(0.005, 0.03) * max(art.rgba.shape[:2])
    return over(image, Art(shade, art.ink, ""), x + move, y + move, rng.uniform(0.3, 0.8))


STYLES = {"pil_banner": banner, "pil_framed": framed, "pil_plate": plate, "pil_cornered": cornered}
