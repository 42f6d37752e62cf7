# ruff: noqa: E501
"""Overlays drawn straight onto the finished picture, in the styles of editors, apps, memes and stock sites (with PIL)."""

from __future__ import annotations

import cv2
import numpy as np
from models.compose import words
from models.compose.artwork import Art, any_art, lettering
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Marks = list[tuple[np.ndarray, str]]


def over(
    image: np.ndarray, art: Art, x: float, y: float, opacity: float = 1.0, blend: str = "normal", *, onto: bool = False
) -> np.ndarray:
    """Lays the art with its top left corner at x, y (`onto`: in place); blend modes as in the W3C compositing specification, on 8-bit sRGB."""
    out = image if onto else image.copy()
    x, y = round(x), round(y)
    h, w = art.rgba.shape[:2]
    x0, y0, x1, y1 = max(0, x), max(0, y), min(image.shape[1], x + w), min(image.shape[0], y + h)
    if x1 <= x0 or y1 <= y0:
        return out
    src = art.rgba[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32) / 255
    below = out[y0:y1, x0:x1].astype(np.float32) / 255
    top, alpha = src[:, :, :3], src[:, :, 3:] * opacity
    mixed = {
        "normal": lambda: top, "multiply": lambda: top * below, "screen": lambda: top + below - top * below,
        "overlay": lambda: np.where(below < 0.5, 2 * top * below, 1 - 2 * (1 - top) * (1 - below)),
        "softlight": lambda: (1 - 2 * top) * below * below + 2 * top * below, "difference": lambda: np.abs(top - below),
    }[blend]()  # fmt: skip
    out[y0:y1, x0:x1] = np.clip((below * (1 - alpha) + mixed * alpha) * 255 + 0.5, 0, 255).astype(np.uint8)
    return out


def spot(image: np.ndarray, art: Art, rng) -> tuple[int, int]:
    """Corners, edges and the middle, as people place marks; else anywhere."""
    h, w = image.shape[:2]
    ah, aw = art.rgba.shape[:2]
    room_x, room_y = w - aw, h - ah
    if room_x <= 0 or room_y <= 0:
        return room_x // 2, min(max(room_y, 0), max(0, int(rng.random() * max(room_y, 1))))
    if rng.random() < 0.45:
        return int(room_x * rng.choice([0.02, 0.5, 0.98])), int(room_y * rng.choice([0.02, 0.5, 0.98]))
    return rng.randint(0, room_x), rng.randint(0, room_y)


def fit(image: np.ndarray, make, rng, height: int) -> Art:
    """Art that is not wider than the picture."""
    art = make(height)
    while art.rgba.shape[1] > image.shape[1] * 0.96 and height > 12:
        height = int(height * 0.8)
        art = make(height)
    return art


def at(art: Art, x: float, y: float) -> tuple[np.ndarray, str]:
    return art.quad + np.array([round(x), round(y)]), art.text


def plain(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    art = fit(image, lambda h: any_art(rng, h, seen, held=held), rng, height)
    x, y = spot(image, art, rng)
    opacity = rng.choice([1.0, 1.0, rng.uniform(0.3, 1)])
    return over(
        image,
        art,
        x,
        y,
        opacity,
        rng.choice(["normal"] * 5 + ["multiply", "screen", "overlay", "softlight", "difference"]),
    ), [at(art, x, y)]


def styled(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """Shadow, glow, outline, gradient, bevel."""
    style = rng.choice(["shadow", "glow", "outline", "gradient", "bevel", "hollow"])
    fill = words.colour(rng)
    edge = (0, 0, 0) if sum(fill) > 380 else (255, 255, 255)
    stroke = rng.uniform(0.03, 0.12) if style in ("outline", "hollow") else 0
    art = fit(
        image, lambda h: lettering(rng, h, seen, fill=fill, held=held, stroke=stroke, stroke_fill=edge), rng, height
    )
    alpha = Image.fromarray(art.rgba[:, :, 3])
    if style in ("shadow", "glow"):
        blur = height * rng.uniform(0.0, 0.15)
        shift = (
            (0, 0) if style == "glow" else (rng.randint(1, max(2, height // 10)), rng.randint(1, max(2, height // 10)))
        )
        shade = ImageChops.offset(alpha, *shift).filter(ImageFilter.GaussianBlur(blur)).point(lambda v: int(v * 0.8))
        below = np.dstack([np.full((*art.rgba.shape[:2], 3), edge, np.uint8), np.array(shade)])
        art.rgba = np.array(Image.alpha_composite(Image.fromarray(below), Image.fromarray(art.rgba)))
    if style == "gradient":
        ramp = np.linspace(0, 1, art.rgba.shape[0])[:, None, None]
        art.rgba[:, :, :3] = (np.array(fill) * (1 - ramp) + np.array(words.colour(rng)) * ramp).astype(np.uint8)
    if style == "bevel":
        relief = np.array(alpha.filter(ImageFilter.EMBOSS)).astype(np.float32) - 128
        art.rgba[:, :, :3] = np.clip(art.rgba[:, :, :3] + relief[:, :, None] * rng.uniform(0.4, 1), 0, 255).astype(
            np.uint8
        )
    if style == "hollow":
        same = (np.abs(art.rgba[:, :, :3].astype(int) - np.array(fill)).sum(2) < 60) & (art.rgba[:, :, 3] > 200)
        art.rgba[same, 3] = rng.choice([0, 40])
    x, y = spot(image, art, rng)
    return over(image, art, x, y, rng.uniform(0.5, 1)), [at(art, x, y)]


def turned(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    art = fit(image, lambda h: any_art(rng, h, seen, held=held), rng, height)
    angle = rng.choice([rng.uniform(-45, 45), rng.uniform(-12, 12), 90, -90, 30, 45])
    art, quad = _rotated(art, angle)
    x, y = spot(image, art, rng)
    return over(image, art, x, y, rng.choice([1.0, rng.uniform(0.25, 1)])), [(quad + np.array([x, y]), art.text)]


def _rotated(art: Art, angle: float) -> tuple[Art, np.ndarray]:
    h, w = art.rgba.shape[:2]
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), angle, 1)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = int(h * sin + w * cos) + 2, int(h * cos + w * sin) + 2
    matrix[:, 2] += np.array(size) / 2 - np.array([w, h]) / 2
    rgba = art.rgba.copy()
    rgba[rgba[:, :, 3] == 0, :3] = rgba[rgba[:, :, 3] > 0, :3].mean(0) if (rgba[:, :, 3] > 0).any() else 0
    turned_art = cv2.warpAffine(
        rgba, matrix, size, flags=cv2.INTER_CUBIC, borderValue=(*[int(v) for v in rgba[0, 0, :3]], 0)
    )
    quad = art.quad @ matrix[:, :2].T + matrix[:, 2]
    return Art(turned_art, art.ink, art.text, art.is_logo), quad


def boxed(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """Text on a plate: box, pill, banner over the whole width, sticker with a white rim."""
    style = rng.choice(["box", "pill", "banner", "sticker", "oval"])
    ground = words.colour(rng)
    fill = words.colour(rng)
    if abs(sum(fill) - sum(ground)) < 150:
        fill = (0, 0, 0) if sum(ground) > 380 else (255, 255, 255)
    art = fit(image, lambda h: any_art(rng, h, seen, fill=fill, held=held), rng, height)
    h, w = art.rgba.shape[:2]
    width = image.shape[1] if style == "banner" else w
    plate = Image.new("RGBA", (width, h), (0, 0, 0, 0))
    draw = ImageDraw.Draw(plate)
    strength = rng.choice([255, 255, rng.randint(90, 255)])
    if style == "oval":
        draw.ellipse([0, 0, width - 1, h - 1], fill=(*ground, strength))
    else:
        radius = {"box": 0, "banner": 0, "pill": h // 2, "sticker": h // 4}[style]
        rim = {"sticker": max(2, h // 12)}.get(style, 0)
        draw.rounded_rectangle(
            [0, 0, width - 1, h - 1],
            radius,
            fill=(*ground, strength),
            outline=(255, 255, 255, 255) if rim else None,
            width=rim,
        )
    x = (width - w) // 2 if style != "banner" or rng.random() < 0.6 else rng.randint(0, max(0, width - w))
    plate.alpha_composite(Image.fromarray(art.rgba), (x, 0))
    whole = Art(np.array(plate), (art.ink[0] + x, art.ink[1], art.ink[2] + x, art.ink[3]), art.text)
    if style == "sticker" and rng.random() < 0.5:
        whole, quad = _rotated(whole, rng.uniform(-20, 20))
    else:
        quad = whole.quad
    px, py = (
        (0, int(rng.choice([0, 1, rng.random()]) * max(0, image.shape[0] - h)))
        if style == "banner"
        else spot(image, whole, rng)
    )
    return over(image, whole, px, py, rng.choice([1.0, rng.uniform(0.6, 1)])), [(quad + np.array([px, py]), art.text)]


def tiled(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A stock site's pattern: the same words again and again, thin or faint."""
    height = max(14, int(height * 0.7))
    text = rng.choice(words.STOCK) if rng.random() < 0.5 else None
    white = rng.random() < 0.7
    stroke = rng.choice([0, 0.03])
    art = lettering(
        rng,
        height,
        seen,
        text=text,
        fill=(255, 255, 255) if white else words.colour(rng),
        held=held,
        stroke=stroke,
        stroke_fill=(90, 90, 90),
    )
    if stroke and rng.random() < 0.6:
        bright = art.rgba[:, :, :3].min(2) > 200
        art.rgba[bright, 3] = art.rgba[bright, 3] // rng.choice([2, 4, 8])
    art, quad = _rotated(art, rng.choice([0, 30, 45, -30, rng.uniform(-50, 50)]))
    step = art.rgba.shape[1] + rng.randint(5, 120), art.rgba.shape[0] + rng.randint(5, 120)
    opacity, out, marks = rng.uniform(0.2, 0.75), image.copy(), []
    start = rng.randint(-step[0], 0), rng.randint(-step[1], 0)
    for row, y in enumerate(range(start[1], image.shape[0], step[1])):
        for x in range(start[0] + (step[0] // 2 if row % 2 else 0), image.shape[1], step[0]):
            over(out, art, x, y, opacity, onto=True)
            marks.append((quad + np.array([x, y]), art.text))
    return out, marks


def stock(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """One big half-transparent mark in the middle, with a thin darker rim, as old stock previews have."""
    size = int(image.shape[1] * rng.uniform(0.3, 0.8))
    text = rng.choice(words.STOCK) if rng.random() < 0.7 else None
    art = fit(
        image, lambda h: lettering(rng, h, seen, text=text, fill=(255, 255, 255), held=held), rng, max(20, size // 5)
    )
    alpha = art.rgba[:, :, 3].astype(np.float32) / 255
    rim = np.clip(cv2.GaussianBlur(alpha, (0, 0), rng.uniform(0.7, 2)) - alpha * 0.7, 0, 1) * rng.uniform(0, 1.5)
    shift = rng.choice([0, 1, 2])
    rim = np.roll(rim, (shift, shift), (0, 1))
    total = np.clip(alpha * rng.uniform(0.1, 0.5) + rim * 0.5, 0, 1)
    share = np.clip(alpha / (alpha + rim + 1e-3), 0, 1)
    art.rgba = np.dstack(
        [(share[:, :, None] * 255 + (1 - share[:, :, None]) * rng.choice([0, 60, 120])).repeat(3, 2), total * 255]
    ).astype(np.uint8)
    art, quad = _rotated(art, rng.choice([0, 0, rng.uniform(-35, 35)]))
    x, y = (
        (image.shape[1] - art.rgba.shape[1]) // 2,
        int((image.shape[0] - art.rgba.shape[0]) * rng.choice([0.5, 0.5, rng.random()])),
    )
    return over(image, art, x, y, rng.uniform(0.6, 1)), [(quad + np.array([x, y]), art.text)]


def meme(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """White capitals with a black rim above and below, or a caption in a white bar."""
    out, marks = image, []
    height = int(np.clip(image.shape[0] * rng.uniform(0.05, 0.12), 14, 120))
    for top in rng.sample([True, False], rng.randint(1, 2)):
        text = (words.name(rng, seen) + " " + words.name(rng, seen))[:30]
        art = fit(
            image,
            lambda h, t=text: lettering(rng, h, seen, text=t.upper(), fill=(255, 255, 255), held=held, stroke=0.06),
            rng,
            height,
        )
        x = (image.shape[1] - art.rgba.shape[1]) // 2
        y = int(image.shape[0] * 0.01) if top else image.shape[0] - art.rgba.shape[0] - int(image.shape[0] * 0.01)
        out = over(out, art, x, y)
        marks.append(at(art, x, y))
    return out, marks


def stamp(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A camera's or an app's date."""
    text = rng.choice([f"{rng.randint(1, 12)}/{rng.randint(1, 28)}/{rng.randint(1999, 2026)}", f"{rng.randint(2003, 2026)}-{rng.randint(10, 12)}-{rng.randint(10, 28)} {rng.randint(10, 23)}:{rng.randint(10, 59)}", f"'{rng.randint(10, 26)} {rng.randint(1, 12)} {rng.randint(1, 28)}"])  # fmt: skip
    height = int(np.clip(image.shape[0] * rng.uniform(0.025, 0.06), 14, 80))
    art = fit(
        image,
        lambda h: lettering(
            rng,
            h,
            seen,
            text=text,
            fill=rng.choice([(255, 140, 20), (255, 90, 0), (255, 230, 90), (255, 255, 255)]),
            held=held,
        ),
        rng,
        height,
    )
    if rng.random() < 0.5:
        art.rgba = cv2.GaussianBlur(art.rgba, (0, 0), rng.uniform(0.5, 1.2))
    x, y = image.shape[1] - art.rgba.shape[1] - 8, image.shape[0] - art.rgba.shape[0] - 8
    return over(image, art, x, y), [at(art, x, y)]


def signature(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A logo with a name below or beside it, as apps sign pictures."""
    from models.compose.artwork import ICONS, logo

    fill = words.colour(rng)
    art = fit(image, lambda h: lettering(rng, h, seen, fill=fill, held=held), rng, height)
    if not ICONS:
        return plain(image, rng, seen, height, held)
    icon = logo(rng, max(16, int(art.rgba.shape[0] * rng.uniform(0.8, 2.5))), fill)
    gap = rng.randint(0, 12)
    width, tall = icon.rgba.shape[1] + gap + art.rgba.shape[1], max(icon.rgba.shape[0], art.rgba.shape[0])
    canvas = Image.new("RGBA", (width, tall), (*fill, 0))
    canvas.alpha_composite(Image.fromarray(icon.rgba), (0, (tall - icon.rgba.shape[0]) // 2))
    dx, dy = icon.rgba.shape[1] + gap, (tall - art.rgba.shape[0]) // 2
    canvas.alpha_composite(Image.fromarray(art.rgba), (dx, dy))
    whole = Art(np.array(canvas), art.ink, art.text)
    x, y = spot(image, whole, rng)
    opacity = rng.uniform(0.35, 1)
    return over(image, whole, x, y, opacity), [
        (art.quad + np.array([x + dx, y + dy]), art.text),
        (icon.quad + np.array([x, y + (tall - icon.rgba.shape[0]) // 2]), "logo"),
    ]


def curved(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """Letters along an arc or a wave. The quad is the box around them."""
    art = fit(image, lambda h: lettering(rng, h, seen, held=held), rng, height)
    h, w = art.rgba.shape[:2]
    bend = rng.choice([-1, 1]) * rng.uniform(0.4, 1.6) * h
    tall = h + int(abs(bend)) + 2
    y, x = np.mgrid[:tall, :w].astype(np.float32)
    rise = bend * (1 - (2 * x / w - 1) ** 2) if rng.random() < 0.6 else bend / 2 * (1 + np.sin(x / w * 2 * np.pi))
    base = max(0.0, bend) - rise if bend > 0 else -rise
    rgba = cv2.remap(
        art.rgba,
        x,
        y - base.astype(np.float32),
        cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(*[int(v) for v in art.rgba[0, 0, :3]], 0),
    )
    ys, xs = np.nonzero(rgba[:, :, 3] > 40)
    whole = Art(rgba, (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), art.text)
    px, py = spot(image, whole, rng)
    return over(image, whole, px, py, rng.choice([1.0, rng.uniform(0.4, 1)])), [at(whole, px, py)]


STYLES = {"pil_plain": plain, "pil_styled": styled, "pil_turned": turned, "pil_boxed": boxed, "pil_tiled": tiled, "pil_stock": stock,
          "pil_meme": meme, "pil_stamp": stamp, "pil_signature": signature, "pil_curved": curved}  # fmt: skip
