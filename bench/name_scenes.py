"""Composed pictures of names for bench/locate.py: tags that lie in the scene, and overlays put on top of it.

Lettering is drawn by Pillow, Pango or OpenCV in a font of this system, straight, spread, stacked, along an arc or round
a ring, then tilted, turned and set into a photo. `legible` says whether a person could read it.
"""

from __future__ import annotations

import html
import math
import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyvips
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

WRITTEN = {
    "Willow and Thread": "Willow & Thread",
    "Hearth & Loom": "Hearth and Loom",
    "Stone Lark Pottery": "Stone Lark Pottery",
    "Bramble Co": "Bramble Co.",
    "Luna Ceramics": "Luna Ceramics",
    "Café Noisette": "Cafe Noisette",
    "Marigold Made": "Marigold Made",
    "Driftwood": "Driftwood",
    "The Tin Fox": "The Tin Fox",
    "Blue Heron Goods": "Blue Heron Goods",
    "Ivy & Ink": "Ivy + Ink",
    "Quillmoor": "Quillmoor",
    "Atelier Noor": "Atelier Noor",
    "Velvet Crow": "Velvet Crow",
}
"""Name that is looked for -> how it is written in the picture."""
STYLES = {
    "tag": ("plain", "plain", "stacked", "spread", "arc", "ring", "diagonal"),
    "overlay": ("plain", "plain", "stacked", "spread", "arc", "diagonal", "tiled", "outline"),
}
SMALLEST_CAP_PX = 12
MIN_CONTRAST = 25.0
"""Grey levels between letters and ground, and at least the spread of the ground: less is not legible."""
_UNFIT = ("Emoji", "Math", "Initials", "Because", "Dings", "Symbol", "Tamil", "D0500", "Keyboard", "Fallback", "cmex")


@dataclass(frozen=True)
class Scene:
    image: Pixels
    name: str
    style: str
    cap_px: float
    """Height of the capitals."""
    story: str
    """Style, font, tool, size, for a list of what was missed."""
    quad: Floats | None = None
    """4x2 corners of the lettering's ink; None where it is bent or repeated."""


def scenes(photos: Sequence[Path], kind: str, count: int, load: Callable[[Path], Pixels], seed: int) -> Iterator[Scene]:
    """`count` legible scenes; the same ones for the same seed and fonts."""
    made = number = 0
    while made < count:
        scene = compose(kind, photos, load, random.Random(f"{kind} {seed} {number}"))
        number += 1
        if scene:
            made += 1
            yield scene


def compose(kind: str, photos: Sequence[Path], load: Callable[[Path], Pixels], rng: random.Random) -> Scene | None:
    """None where the draw does not fit into the picture or could not be read by a person."""
    photo = rng.choice(photos)
    ground = shrunk(load(photo), rng.choice([1280, 2048, 4096]))
    name, style, font = rng.choice(sorted(WRITTEN)), rng.choice(STYLES[kind]), rng.choice(fonts())
    tool, drawn_cap = rng.choice([pillow, pillow, pango, opencv]), 64
    written = WRITTEN[name].upper() if rng.random() < 0.3 else WRITTEN[name]
    side = max(ground.shape[:2])
    cap_px = max(SMALLEST_CAP_PX, rng.choice([0.006, 0.009, 0.014, 0.025, 0.05]) * side)
    story = f"{style} {Path(font).stem} {tool.__name__} cap {cap_px:.0f} of {side} on {photo.name}"
    mask = lettering(written, font, drawn_cap, style, tool, rng)
    if mask is None:
        return None
    made = (tag if kind == "tag" else overlay)(ground, mask, cap_px / drawn_cap, style, rng)
    if made is None:
        return None
    picture, quad = made
    return Scene(picture, name, style, cap_px, story, None if style in ("arc", "ring", "tiled") else quad)


def lettering(text: str, font: str, cap: int, style: str, tool: Callable[..., Any], rng: random.Random) -> Any:
    """Coverage 0 to 1 of the ink, cut to it; None where the font lacks the letters."""
    if style in ("arc", "ring"):
        mask = along_circle(text, font, cap, rng.uniform(200, 300) if style == "ring" else rng.uniform(90, 160))
    elif style == "spread":
        mask = beside([pillow(letter, font, cap) for letter in text.replace(" ", "  ")], cap // 3, cap // 2)
    elif style == "stacked" and " " in text:
        head, _, tail = text.rpartition(" ")
        mask = below([tool(line, font, cap) for line in (head, tail)], cap // 2)
    else:
        mask = tool(text, font, cap)
    if mask is None or mask.max() < 0.5:
        return None
    if style == "outline":
        mask = np.clip(cv2.dilate(mask, np.ones((3, 3))) - cv2.erode(mask, np.ones((5, 5))), 0, 1)
    ys, xs = np.nonzero(mask > 0.2)
    return np.asarray(mask[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1], np.float32)


def pillow(text: str, font: str, cap: int) -> Floats:
    face = sized(font, cap)
    image = Image.new("L", (int(face.getlength(text)) + 4 * cap, 4 * cap))
    ImageDraw.Draw(image).text((2 * cap, 2 * cap), text, font=face, fill=255, anchor="lm")
    return np.asarray(image, np.float32) / 255


def pango(text: str, font: str, cap: int) -> Floats:
    family = ImageFont.truetype(font, 10).getname()[0]
    image = pyvips.Image.text(
        html.escape(text) or " ", font=f"{family} {sized(font, cap).size:.0f}", dpi=72, fontfile=font
    )
    return np.pad(image.numpy().reshape(image.height, image.width).astype(np.float32) / 255, cap)


def opencv(text: str, font: str, cap: int) -> Floats:
    """One of OpenCV's stroke fonts, chosen by the name of the font."""
    face = (cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX)[len(font) % 3]
    scale, plain = cap / 21, text.encode("ascii", "ignore").decode()
    (width, _), _ = cv2.getTextSize(plain, face, scale, 3)
    image = np.zeros((3 * cap, width + 2 * cap), np.uint8)
    cv2.putText(image, plain, (cap, 2 * cap), face, scale, 255, 3 + cap // 16, cv2.LINE_AA)
    return image.astype(np.float32) / 255


def along_circle(text: str, font: str, cap: int, span_deg: float) -> Floats:
    """Letters on a circle, tops outwards, with a rim as badges have it."""
    face = sized(font, cap)
    widths = [face.getlength(letter) + 0.12 * cap for letter in text]
    radius = max(sum(widths) / math.radians(span_deg), 1.6 * cap)
    side = int(2 * radius + 5 * cap)
    whole, angle = np.zeros((side, side), np.float32), -sum(widths) / radius / 2
    for letter, width in zip(text, widths, strict=True):
        middle = angle + width / radius / 2
        angle += width / radius
        glyph = Image.new("L", (side, side))
        ImageDraw.Draw(glyph).text((side / 2, side / 2 - radius), letter, font=face, fill=255, anchor="ms")
        turned = glyph.rotate(-math.degrees(middle), resample=Image.Resampling.BICUBIC)
        whole = np.maximum(whole, np.asarray(turned, np.float32) / 255)
    if span_deg > 180:
        for edge in (radius + 1.7 * cap, radius - 0.6 * cap):
            cv2.circle(whole, (side // 2, side // 2), int(edge), 1.0, max(1, cap // 12), cv2.LINE_AA)
    return whole


def beside(pieces: Sequence[Floats], gap: int, empty: int) -> Floats:
    """Letters next to one another on one line, each cut to its ink from side to side."""
    height = max(piece.shape[0] for piece in pieces)
    cells = []
    for piece in pieces:
        columns = np.flatnonzero(piece.max(axis=0) > 0.2)
        cut = piece[:, columns[0] : columns[-1] + 1] if len(columns) else np.zeros((height, empty), np.float32)
        cells.append(np.pad(cut, ((0, height - cut.shape[0]), (0, gap))))
    return np.concatenate(cells, axis=1)


def below(pieces: Sequence[Floats], gap: int) -> Floats:
    """Lines under one another, centred."""
    cut = [piece[np.flatnonzero(piece.max(axis=1) > 0.2)] for piece in pieces]
    width = max(piece.shape[1] for piece in cut)
    rows = [
        np.pad(p, ((0, gap), ((width - p.shape[1]) // 2, width - p.shape[1] - (width - p.shape[1]) // 2))) for p in cut
    ]
    return np.concatenate(rows)


def tag(ground: Pixels, mask: Floats, scale: float, style: str, rng: random.Random) -> tuple[Pixels, Floats] | None:
    """The lettering printed on a card that is tilted, lit as the scene and as sharp as it; and the quad of its ink."""
    dark, light = rng.uniform(10, 90), rng.uniform(150, 245)
    ink, paper = (dark, light) if rng.random() < 0.7 else (light, dark)
    tint = np.array([rng.uniform(0.85, 1.0) for _ in range(3)])
    edge = int(rng.uniform(0.4, 1.5) * 64)
    card = np.pad(mask, edge)
    pixels = (paper + (ink - paper) * card)[..., None] * tint
    placed = placement(card.shape, scale, turn_deg(style, rng), rng.uniform(0, 40), ground.shape, rng)
    if placed is None:
        return None
    soft = cv2.GaussianBlur(np.dstack([pixels, np.ones_like(card)]), (0, 0), max(0.1, 0.45 / scale))
    layer = cv2.warpPerspective(soft, placed, ground.shape[1::-1], flags=cv2.INTER_AREA)
    light_there = np.clip(cv2.GaussianBlur(ground, (0, 0), 25).astype(np.float32) / 140, 0.5, 1.1)
    grain = np.random.default_rng(rng.randrange(1 << 30)).normal(0, 3, ground.shape)
    cover = layer[..., 3:]
    lit = layer[..., :3] * light_there.mean(axis=2, keepdims=True) + grain * cover
    return np.clip(ground * (1 - cover) + lit, 0, 255).astype(np.uint8), ink_quad(mask, edge, placed)


def overlay(ground: Pixels, mask: Floats, scale: float, style: str, rng: random.Random) -> tuple[Pixels, Floats] | None:
    """The lettering blended over the finished picture, opacity 0.4 to 1; and the quad of its ink."""
    opacity = rng.choice([0.4, 0.5, 0.6, 0.8, 1.0])
    colour = np.array(rng.choice([(255, 255, 255), (255, 255, 255), (0, 0, 0), (200, 30, 40), (250, 220, 60)]))
    if style == "tiled":
        mask = np.tile(np.pad(mask, 40), (3, 2))
    placed = placement(mask.shape, scale, turn_deg(style, rng), 0.0, ground.shape, rng)
    if placed is None:
        return None
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.1, 0.4 / scale))
    ink = cv2.warpPerspective(soft, placed, ground.shape[1::-1], flags=cv2.INTER_AREA)
    cover = opacity * np.asarray(ink, np.float32)[..., None]
    picture = np.clip(ground * (1 - cover) + colour * cover, 0, 255).astype(np.uint8)
    return (picture, ink_quad(mask, 0, placed)) if legible(ground, picture, ink) else None


def ink_quad(mask: Floats, edge: float, placed: Floats) -> Floats:
    """Where the corners of a mask, `edge` pixels inside its layer, come to lie."""
    height, width = mask.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) + np.float32(edge)
    return np.asarray(cv2.perspectiveTransform(corners[None], placed)[0], np.float32)


def legible(ground: Pixels, picture: Pixels, ink: Floats) -> bool:
    """Whether the letters stand out from the ground by more than that varies around them."""
    here = ink > 0.5
    if here.sum() < 20:
        return False
    before, after = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) for image in (ground, picture))
    around = cv2.dilate(here.astype(np.uint8), np.ones((9, 9))) > 0
    return float(np.median(np.abs(after - before)[here])) >= max(MIN_CONTRAST, float(before[around].std()))


def turn_deg(style: str, rng: random.Random) -> float:
    if style == "diagonal":
        return rng.choice([-1, 1]) * rng.uniform(35, 60)
    return rng.choice([0.0, rng.uniform(-15, 15), rng.uniform(-30, 30)])


def placement(
    shape: Sequence[int], scale: float, turn: float, tilt: float, ground: Sequence[int], rng: random.Random
) -> Floats | None:
    """3x3 matrix that puts a mask of `shape` somewhere into the ground; None where it does not fit."""
    height, width = shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    flat = (corners - [width / 2, height / 2]) * scale
    lean, way, turn = math.radians(tilt), rng.uniform(0, 2 * math.pi), math.radians(turn)
    axis = np.array([math.cos(way), math.sin(way)])
    depth = 1 + (flat @ axis)[:, None] * math.sin(lean) / (2.5 * max(width, height) * scale)
    flat = flat - (flat @ axis)[:, None] * axis * (1 - math.cos(lean))
    quad = flat / depth @ np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    low, high = quad.min(axis=0), quad.max(axis=0)
    room = np.array([ground[1], ground[0]]) - (high - low)
    if (room < 4).any():
        return None
    quad = quad - low + room * [rng.random(), rng.random()]
    return np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), quad.astype(np.float32)), np.float32)


def shrunk(image: Pixels, side: int) -> Pixels:
    factor = min(1.0, side / max(image.shape[:2]))
    size = (round(image.shape[1] * factor), round(image.shape[0] * factor))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8) if factor < 1 else image


@cache
def sized(font: str, cap: int) -> ImageFont.FreeTypeFont:
    """The font at the size at which an H is `cap` pixels high."""
    box = ImageFont.truetype(font, 200).getbbox("H")
    return ImageFont.truetype(font, max(8, round(200 * cap / max(box[3] - box[1], 60))))


@cache
def fonts() -> list[str]:
    """Fonts of this system with English letters, one per family."""
    listed = subprocess.run(
        ["fc-list", ":lang=en", "file", "family"], capture_output=True, text=True, check=True
    ).stdout
    families: dict[str, str] = {}
    for line in sorted(listed.splitlines()):
        file, _, family = line.partition(":")
        if file.lower().endswith((".ttf", ".otf")) and not any(word in line for word in _UNFIT):
            families.setdefault(family.split(",")[0].strip(), file)
    return sorted(families.values())
