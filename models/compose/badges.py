# ruff: noqa: E501
"""More overlays by the styles of design programs and photo apps: badges, captions of several lines, blocks, fills, time marks."""

from __future__ import annotations

import cv2
import numpy as np
from models.compose import words
from models.compose.artwork import Art, any_art, lettering
from models.compose.flat import Marks, _rotated, at, fit, over, spot
from PIL import Image, ImageDraw, ImageFilter


def badge(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A round or square seal: rings, a name across the middle, small words round the rim."""
    fill = words.colour(rng)
    art = fit(image, lambda h: lettering(rng, h, seen, fill=fill, held=held), rng, height)
    side = int(max(art.rgba.shape[1], art.rgba.shape[0] * 2.2) * rng.uniform(1.05, 1.4))
    side = min(side, image.shape[0], image.shape[1])
    plate = Image.new("RGBA", (side, side), (*fill, 0))
    draw = ImageDraw.Draw(plate)
    ground = (*words.colour(rng), 255) if rng.random() < 0.5 else None
    if ground and abs(sum(ground[:3]) - sum(fill)) < 150:
        ground = (0, 0, 0, 255) if sum(fill) > 380 else (255, 255, 255, 255)
    line = max(1, side // rng.randint(30, 120))
    shape = draw.ellipse if rng.random() < 0.7 else draw.rectangle
    shape([line, line, side - line, side - line], fill=ground, outline=(*fill, 255), width=line)
    if rng.random() < 0.6:
        inset = line * rng.randint(3, 5)
        shape([inset, inset, side - inset, side - inset], outline=(*fill, 255), width=max(1, line // 2))
    x, y = (side - art.rgba.shape[1]) // 2, (side - art.rgba.shape[0]) // 2
    plate.paste(Image.fromarray(art.rgba), (x, y), Image.fromarray(art.rgba[:, :, 3]))
    _rim_words(plate, rng, seen, fill, side, held)
    whole = Art(np.array(plate), tuple(np.array(art.ink) + np.array([x, y, x, y])), art.text)
    whole, quad = _rotated(whole, rng.choice([0, 0, 0, rng.uniform(-25, 25)]))
    px, py = spot(image, whole, rng)
    return over(image, whole, px, py, rng.choice([1.0, rng.uniform(0.4, 1)])), [(quad + np.array([px, py]), art.text)]


def _rim_words(plate, rng, seen, fill, side: int, held) -> None:
    size = max(7, side // 12)
    text, font = words.name(rng, seen).upper(), words.font(rng, size, held)
    for k, ch in enumerate(text[:22]):
        turn = (k - min(len(text), 22) / 2) * 360 * size * 0.75 / (np.pi * side * 0.8)
        tile = Image.new("RGBA", (side, side), (*fill, 0))
        ImageDraw.Draw(tile).text((side / 2, side * 0.12), ch, font=font, fill=(*fill, 255), anchor="mm")
        tile = tile.rotate(-turn, Image.Resampling.BICUBIC)
        plate.alpha_composite(tile)


def block(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """Letters pushed into the depth, or with a long hard shadow."""
    art = fit(image, lambda h: lettering(rng, h, seen, held=held), rng, height)
    depth = max(2, int(height * rng.uniform(0.04, 0.35)))
    dx, dy = rng.choice([(1, 1), (-1, 1), (0, 1), (1, 0)])
    h, w = art.rgba.shape[:2]
    dark = tuple(int(v * rng.uniform(0.2, 0.6)) for v in art.rgba[0, 0, :3])
    canvas = Image.new("RGBA", (w + 2 * depth, h + 2 * depth), (*dark, 0))
    shade = Image.fromarray(np.dstack([np.full((h, w, 3), dark, np.uint8), art.rgba[:, :, 3]]))
    for k in range(depth, 0, -1):
        canvas.alpha_composite(shade, (depth + dx * k, depth + dy * k))
    canvas.alpha_composite(Image.fromarray(art.rgba), (depth, depth))
    whole = Art(np.array(canvas), tuple(np.array(art.ink) + depth), art.text)
    x, y = spot(image, whole, rng)
    return over(image, whole, x, y, rng.choice([1.0, rng.uniform(0.6, 1)])), [at(whole, x, y)]


def filled(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """Letters filled with a texture, stripes, foil or grain, as presets of apps are."""
    art = fit(image, lambda h: lettering(rng, h, seen, held=held, stroke=rng.choice([0, 0, 0.04])), rng, height)
    h, w = art.rgba.shape[:2]
    gen = np.random.default_rng(rng.getrandbits(32))
    y, x = np.mgrid[:h, :w].astype(np.float32)
    kind = rng.choice(["foil", "stripes", "grain", "photo", "worn"])
    if kind == "foil":
        tone = 0.6 + 0.4 * np.sin((x * rng.uniform(-1, 1) + y) * 2 * np.pi / (height * rng.uniform(0.5, 2)))
    elif kind == "stripes":
        tone = 0.55 + 0.45 * np.sign(np.sin((x + y * rng.uniform(-1, 1)) * 2 * np.pi / max(3, height * 0.15)))
    elif kind == "photo":
        y0, x0 = rng.randint(0, max(0, image.shape[0] - h)), rng.randint(0, max(0, image.shape[1] - w))
        part = cv2.resize(image[y0 : y0 + h, x0 : x0 + w], (w, h)).astype(np.float32)
        art.rgba[:, :, :3] = np.clip(part * rng.uniform(0.6, 1.4) + rng.uniform(-40, 40), 0, 255).astype(np.uint8)
        tone = np.ones((h, w), np.float32)
    else:
        tone = 0.8 + 0.2 * cv2.GaussianBlur(gen.standard_normal((h, w), np.float32), (0, 0), rng.uniform(0.5, 3)) * 3
    art.rgba[:, :, :3] = np.clip(art.rgba[:, :, :3] * tone[:, :, None].clip(0.1, 1.5), 0, 255).astype(np.uint8)
    if kind == "worn":
        holes = cv2.GaussianBlur(gen.standard_normal((h, w), np.float32), (0, 0), rng.uniform(1, 4))
        art.rgba[:, :, 3] = (art.rgba[:, :, 3] * (holes > np.quantile(holes, rng.uniform(0.05, 0.3)))).astype(np.uint8)
    x0, y0 = spot(image, art, rng)
    return over(image, art, x0, y0, rng.uniform(0.6, 1)), [at(art, x0, y0)]


def caption(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """Two to four lines in one or two fonts, on nothing, a scrim, a bubble or a shadow."""
    height = max(14, int(height * 0.7))
    fill = words.colour(rng)
    lines = [fit(image, lambda h: lettering(rng, h, seen, fill=fill, held=held), rng, int(height * rng.choice([1, 1, 0.6])))
             for _ in range(rng.randint(2, 4))]  # fmt: skip
    w, h = max(a.rgba.shape[1] for a in lines), sum(a.rgba.shape[0] for a in lines)
    scrim = rng.choice([None, None, "bubble", "scrim"])
    dark = (0, 0, 0) if sum(fill) > 380 else (255, 255, 255)
    canvas = Image.new("RGBA", (w, h), (*fill, 0))
    if scrim == "bubble":
        ImageDraw.Draw(canvas).rounded_rectangle(
            [0, 0, w - 1, h - 1], min(w, h) // 8, fill=(*dark, rng.randint(120, 255))
        )
    marks, y = [], 0
    left = rng.random() < 0.4
    for art in lines:
        x = 0 if left else (w - art.rgba.shape[1]) // 2
        if rng.random() < 0.4 and not scrim:
            alpha = Image.fromarray(art.rgba[:, :, 3]).filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 4)))
            canvas.paste(dark, (x + 1, y + 2), alpha)
        canvas.alpha_composite(Image.fromarray(art.rgba), (x, y))
        marks.append((art.quad + np.array([x, y]), art.text))
        y += art.rgba.shape[0]
    whole = Art(np.array(canvas), (0, 0, w, h), "")
    px, py = spot(image, whole, rng)
    out = image.copy()
    if scrim == "scrim":
        top, low = max(0, py - 10), min(image.shape[0], py + h + 10)
        ramp = np.sin(np.linspace(0, np.pi, max(1, low - top)))[:, None, None] * rng.uniform(0.3, 0.8)
        out[top:low] = (out[top:low] * (1 - ramp) + np.array(dark) * ramp).astype(np.uint8)
    return over(out, whole, px, py, rng.choice([1.0, rng.uniform(0.6, 1)])), [
        (q + np.array([px, py]), t) for q, t in marks
    ]


def crossed(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A stock agency's preview: thin lines over the whole picture with the name where they meet, and a bar below."""
    out, opacity = image.copy(), rng.uniform(0.15, 0.6)
    tone = rng.choice([(255, 255, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128)])
    layer = image.copy()
    h, w = image.shape[:2]
    step = max(60, int(min(h, w) * rng.uniform(0.2, 0.6)))
    for k in range(-h, w + h, step):
        cv2.line(layer, (k, 0), (k + h, h), tone, rng.choice([1, 1, 2]), cv2.LINE_AA)
        cv2.line(layer, (k, h), (k + h, 0), tone, 1, cv2.LINE_AA)
    out = cv2.addWeighted(layer, opacity, out, 1 - opacity, 0)
    art = fit(image, lambda s: any_art(rng, s, seen, fill=tone, held=held), rng, max(14, int(height * 0.8)))
    marks = []
    for y in range(step // 2 - art.rgba.shape[0] // 2, h, step):
        for x in range(step // 2 - art.rgba.shape[1] // 2, w, max(step, art.rgba.shape[1] + 10)):
            over(out, art, x, y, min(1, opacity * 1.3), onto=True)
            marks.append(at(art, x, y))
    return out, marks


def handle(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """What phones and apps sign with: a model's name, a time, a place, an account, small in a corner."""
    text = rng.choice([f"Shot on {rng.choice(words.FIRST)} {rng.randint(5, 15)} Pro", f"@{rng.choice(words.FIRST)}_{rng.choice(words.LAST)}".lower(),
                       f"{rng.randint(10, 23)}:{rng.randint(10, 59)}:{rng.randint(10, 59)} {rng.choice(words.FIRST)}", f"Made with {rng.choice(words.FIRST)}cut"])  # fmt: skip
    height = int(np.clip(image.shape[0] * rng.uniform(0.025, 0.05), 14, 70))
    art = fit(image, lambda h: lettering(rng, h, seen, text=text, fill=rng.choice([(255, 255, 255)] * 3 + [(230, 230, 230), (0, 0, 0)]), held=held), rng, height)  # fmt: skip
    if rng.random() < 0.5:
        shade = Image.fromarray(art.rgba[:, :, 3]).filter(ImageFilter.GaussianBlur(1.2)).point(lambda v: v * 2 // 3)
        below = np.dstack([np.zeros((*art.rgba.shape[:2], 3), np.uint8), np.array(shade)])
        art.rgba = np.array(Image.alpha_composite(Image.fromarray(below), Image.fromarray(art.rgba)))
    h, w = image.shape[:2]
    x = rng.choice([6, w - art.rgba.shape[1] - 6])
    y = rng.choice([4, h - art.rgba.shape[0] - 4, h - art.rgba.shape[0] - 4])
    return over(image, art, x, y, rng.uniform(0.55, 1)), [at(art, x, y)]


STYLES = {"pil_badge": badge, "pil_block": block, "pil_filled": filled, "pil_caption": caption, "pil_crossed": crossed, "pil_handle": handle}  # fmt: skip
