"""Lettering put over pictures, and the map that a text detector should give for it.

Lines are drawn straight together with their kernels (the bar along the middle of a line that a DB detector marks: Liao
et al., AAAI 2020), spread, stacked, tiled or bent, and then blended into a picture.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from models.compose import words
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

CAP = 64
"""Height of the capitals as they are drawn."""
THICKNESS, INSET = 0.55, 0.35
"""Of a kernel, and from its end to that of the ink, in capitals: so both detectors mark a plain line of 10 to 40 px."""
LEAST_CAP_PX, MOST_CAP_PX = 6.5, 60.0
"""As the detector sees them."""
REACH = 1.2
"""Capitals around the ink in which nothing else should be marked: what is marked there of the lettering below grows
together with the name, and the box holds both."""
CONTRAST = 25.0
"""Levels of a colour between letters and ground that a person can read, and `CLARITY` times the spread of the ground's
brightness."""
CLARITY = 0.8
COLOURS = ((255, 255, 255), (255, 255, 255), (0, 0, 0), (200, 30, 40), (250, 220, 60))


@dataclass(frozen=True)
class Drawn:
    """Both 0 to 1 and of one shape: the coverage of the ink, and the kernels of the lines."""

    ink: Floats
    kernel: Floats

    def each(self, work: Callable[[Floats], Floats]) -> Drawn:
        return Drawn(work(self.ink), work(self.kernel))


@dataclass(frozen=True)
class Lesson:
    picture: Pixels
    kernel: Floats
    """What the detector should mark of the lettering."""
    around: Floats
    """Where it should mark nothing but that: the lettering's surroundings, its own kernels included."""


def lesson(ground: Pixels, rng: random.Random, middle: Floats) -> Lesson | None:
    """Lettering over an RGB picture, `middle` (x, y) in the middle of it; None where a person could not read it."""
    drawn = _bent(_arranged(rng), rng) if rng.random() < 0.4 else _arranged(rng)
    drawn = _tiled(drawn) if rng.random() < 0.1 else drawn
    scale = float(np.exp(rng.uniform(np.log(LEAST_CAP_PX), np.log(MOST_CAP_PX)))) / CAP
    matrix = _placement(drawn.ink.shape, scale, middle, rng)
    size = ground.shape[1::-1]
    ink = cv2.GaussianBlur(drawn.ink, (0, 0), max(0.1, rng.uniform(0.3, 0.6) / scale))
    laid = Drawn(ink, drawn.kernel).each(lambda m: np.asarray(cv2.warpAffine(m, matrix, size), np.float32))
    colour = np.array(rng.choice(COLOURS) if rng.random() < 0.7 else words.colour(rng), np.float32)
    cover = rng.choice((0.4, 0.5, 0.6, 0.8, 1.0)) * laid.ink[..., None]
    picture = np.clip(ground * (1 - cover) + colour * cover, 0, 255).astype(np.uint8)
    if not _legible(ground, picture, laid.ink):
        return None
    reach = 2 * round(CAP * scale * REACH) + 1
    around = cv2.dilate((laid.ink > 0.3).astype(np.float32), np.ones((reach, reach)))
    return Lesson(picture, (laid.kernel > 0.5).astype(np.float32), np.asarray(around, np.float32))


def _arranged(rng: random.Random) -> Drawn:
    text = words.name(rng, [])
    text = text.upper() if rng.random() < 0.3 else text
    style = rng.choice(("plain", "plain", "plain", "stacked", "spread", "outline", "strokes"))
    if style == "strokes":
        drawn = _strokes(text, rng)
    elif style == "stacked" and " " in text:
        head, _, tail = text.rpartition(" ")
        font = rng.choice(words.fonts())
        drawn = _below(_line(head, font), _line(tail, font), round(CAP * rng.uniform(0.2, 0.7)))
    else:
        gap = " " * rng.choice((1, 1, 2)) if style == "spread" else ""
        drawn = _line(gap.join(text), rng.choice(words.fonts()))
    return Drawn(_hollow(drawn.ink), drawn.kernel) if style == "outline" else drawn


def _line(text: str, font: str) -> Drawn:
    face = _sized(font)
    image = Image.new("L", (int(face.getlength(text)) + 2 * CAP, 4 * CAP))
    ImageDraw.Draw(image).text((CAP, 5 * CAP // 2), text, font=face, fill=255, anchor="ls")
    return _with_kernel(np.asarray(image, np.float32) / 255, 5 * CAP // 2)


def _strokes(text: str, rng: random.Random) -> Drawn:
    """As OpenCV writes, in single strokes."""
    face, plain = rng.choice((cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX)), text
    thick, scale = rng.choice((3, 5, 7)), CAP / 21
    (width, _), _ = cv2.getTextSize(plain, face, scale, thick)
    image = np.zeros((4 * CAP, width + 2 * CAP), np.uint8)
    cv2.putText(image, plain, (CAP, 5 * CAP // 2), face, scale, 255, thick, cv2.LINE_AA)
    return _with_kernel(image.astype(np.float32) / 255, 5 * CAP // 2)


def _with_kernel(ink: Floats, base: int) -> Drawn:
    """`base`: the row on which the letters stand."""
    columns = np.flatnonzero(ink.max(axis=0) > 0.2)
    kernel = np.zeros_like(ink)
    if len(columns):
        inset, half = round(INSET * CAP), THICKNESS * CAP / 2
        rows = slice(round(base - CAP / 2 - half), round(base - CAP / 2 + half))
        kernel[rows, columns[0] + inset : columns[-1] + 1 - inset] = 1
    return Drawn(ink, kernel)


def _below(upper: Drawn, lower: Drawn, gap: int) -> Drawn:
    """Two lines, centred, their letters `gap` apart."""
    width = max(upper.ink.shape[1], lower.ink.shape[1])
    cut = 3 * CAP - gap
    one, two = (line.each(lambda m: _centred(m, width)) for line in (upper, lower))
    height = 8 * CAP - cut

    def put(above: Floats, under: Floats) -> Floats:
        whole = np.zeros((height, width), np.float32)
        whole[: 4 * CAP] = above
        whole[4 * CAP - cut :] = np.maximum(whole[4 * CAP - cut :], under)
        return whole

    return Drawn(put(one.ink, two.ink), put(one.kernel, two.kernel))


def _centred(mask: Floats, width: int) -> Floats:
    room = width - mask.shape[1]
    return np.pad(mask, ((0, 0), (room // 2, room - room // 2)))


def _hollow(ink: Floats) -> Floats:
    return np.asarray(np.clip(cv2.dilate(ink, np.ones((3, 3))) - cv2.erode(ink, np.ones((5, 5))), 0, 1), np.float32)


def _tiled(drawn: Drawn) -> Drawn:
    return drawn.each(lambda m: np.tile(m, (2, 2)))


def _bent(drawn: Drawn, rng: random.Random) -> Drawn:
    """The same along an arc of 60 to 200 degrees, tops outwards or inwards."""
    height, width = drawn.ink.shape
    radius = max(width / np.radians(rng.uniform(60, 200)), 1.2 * height)
    half, way = width / radius / 2, rng.choice((1.0, -1.0))
    across = radius * np.sin(min(half, np.pi / 2)) + height
    size = int(2 * across), int(radius * (1 - np.cos(half)) + 1.5 * height)
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    x, y = x - size[0] / 2, radius + height / 2 - y
    angle, away = np.arctan2(x, y), np.hypot(x, y)
    columns = (width / 2 + angle * radius).astype(np.float32)
    rows = (height / 2 - (away - radius)).astype(np.float32)

    def bend(mask: Floats) -> Floats:
        bent = cv2.remap(mask[:: int(way)], columns, rows, cv2.INTER_LINEAR)
        return np.asarray(bent[:: int(way)], np.float32)

    return drawn.each(bend)


def _placement(shape: tuple[int, ...], scale: float, middle: Floats, rng: random.Random) -> Floats:
    """2x3: the mask shrunk and turned about its middle."""
    turn = rng.choice((0.0, rng.uniform(-15, 15), rng.uniform(-30, 30), rng.uniform(-60, 60)))
    matrix = cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), turn, scale)
    matrix[:, 2] += middle - [shape[1] / 2, shape[0] / 2]
    return np.asarray(matrix, np.float32)


def _legible(ground: Pixels, picture: Pixels, ink: Floats) -> bool:
    here = ink > 0.5
    if here.sum() < 20:
        return False
    around = cv2.dilate(here.astype(np.uint8), np.ones((9, 9))) > 0
    change = cv2.absdiff(ground, picture).max(axis=2)[here]
    spread = float(cv2.cvtColor(ground, cv2.COLOR_RGB2GRAY)[around].std())
    return float(np.median(change)) >= max(CONTRAST, CLARITY * spread)


@cache
def _sized(font: str) -> ImageFont.FreeTypeFont:
    """The font at the size at which an H is CAP pixels high."""
    box = ImageFont.truetype(font, 200).getbbox("H")
    return ImageFont.truetype(font, max(8, round(200 * CAP / max(box[3] - box[1], 60))))
