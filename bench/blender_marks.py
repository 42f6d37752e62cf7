"""What the marks of the rendered stills show: names in many typefaces, drawn logos, cards; as ink, relief or thread.

Runs inside Blender's Python (blender_stills.py); needs numpy, pillow and OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

import logo_scenes
from studio import labels
from studio.labels import Label
from studio.shot import inks

Ink = tuple[int, int, int]

NAMES = {
    "Fern & Ember": "Fern & Ember",
    "Oak Hollow": "Oak Hollow",
    "Salt and Cedar": "Salt & Cedar",
    "Moss Lane Studio": "Moss Lane Studio",
    "Little Wren": "Little Wren",
    "Copper Finch": "Copper Finch",
    "Harbour Soap Co": "Harbour Soap Co.",
    "Juniper Row": "Juniper Row",
    "Amber Forge": "Amber Forge",
    "Petal + Pine": "Petal & Pine",
    "Wild Clay": "Wild Clay",
    "Thistledown": "Thistledown",
    "Mabel Grey": "Mabel Grey",
    "Kiln House": "Kiln House",
    "The Linen Press": "The Linen Press",
    "Bluebell Bindery": "Bluebell Bindery",
}
"""Name that is looked for -> how it is written in the scene."""
FACES = {
    "serif": ("EBGaramond12-Bold.otf", "GoudyBookletter1911.otf", "C059-Roman.otf", "Vollkorn-Bold.ttf",
              "P052-Italic.otf", "RobotoSlab-Bold.otf"),
    "script": ("DancingScript-Bold.otf", "KaushanScript-Regular.otf", "LobsterTwo-BoldItalic.otf",
               "LeckerliOne-Regular.ttf", "Z003-MediumItalic.otf"),
    "hand": ("femkeklaver.ttf", "Breip.ttf", "SteveHand.ttf", "Rufscript010.ttf"),
    "condensed": ("YanoneKaffeesatz-Bold.otf", "BebasNeue-Bold.otf", "NimbusSansNarrow-Bold.otf"),
    "sans": ("URWGothic-Demi.otf", "Cabin-Bold.otf", "Comfortaa-Bold.ttf", "LeagueSpartan-Bold.otf"),
}  # fmt: skip
CAPITALS = 0.35
"""Share of names all in capitals, and of those in two lines: as makers do."""
TWO_LINES = 0.35
CAP_PX = 100
SOFT_INKS: tuple[tuple[Ink, Ink], ...] = (
    ((206, 174, 134), (140, 104, 70)),
    ((238, 232, 222), (190, 160, 110)),
    ((70, 82, 74), (126, 140, 126)),
    ((232, 214, 214), (196, 150, 156)),
    ((150, 150, 146), (204, 204, 200)),
    ((44, 58, 66), (98, 114, 122)),
)
"""Paper and ink tone on tone, for half of the hard scenes."""
SMALL_PRINT = ("hand poured", "made by hand", "small batch", "100 % wool", "No. 12", "care: wash cold", "250 g")


@dataclass(frozen=True)
class Art:
    """RGBA trimmed to its ink."""

    pixels: np.ndarray
    kind: str
    """name, symbol, badge or card."""
    name: str = ""
    """What is looked for; "" for a logo."""
    written: str = ""
    font: str = ""
    lines: int = 0
    cap: float = 0.0
    """Height of the capitals as a share of the picture's height."""
    hard: bool = False
    """Small, in soft inks or shallow relief, on deep folds."""

    @property
    def aspect(self) -> float:
        return float(self.pixels.shape[1] / self.pixels.shape[0])

    @property
    def mask(self) -> np.ndarray:
        """Where a press or a needle leaves something, 0 to 1: of a badge the dark parts, of other marks the ink."""
        alpha = self.pixels[..., 3].astype(np.float32) / 255
        grey = self.pixels[..., :3].mean(axis=2)
        low, high = np.percentile(grey[alpha > 0.5], [5, 95])
        dark = alpha * (grey < (low + high) / 2)
        return np.asarray(dark if high - low > 60 else alpha, np.float32)


def drawn(kind: str, rng: Generator) -> Art:
    if kind == "name":
        return lettering(rng)
    emblem = logo_scenes.symbol(rng)
    if kind == "symbol":
        return Art(emblem, kind)
    made = logo_scenes.badge(rng, emblem) if kind == "badge" else logo_scenes.business_card(rng, emblem)
    return Art(trimmed(made), kind)


def trimmed(pixels: np.ndarray) -> np.ndarray:
    ys, xs = np.nonzero(pixels[..., 3] > 40)
    return pixels[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].copy()


def lettering(rng: Generator) -> Art:
    """A name in one or two lines, black."""
    name = str(rng.choice(sorted(NAMES)))
    family = str(rng.choice(sorted(FACES)))
    font = str(rng.choice(FACES[family]))
    shout = family in ("serif", "condensed", "sans") and rng.random() < CAPITALS
    written = NAMES[name].upper() if shout else NAMES[name]
    head, _, tail = written.rpartition(" ")
    rows = [head, tail] if head and rng.random() < TWO_LINES else [written]
    face, cap = sized(font)
    alpha = below([row_of(row, face) for row in rows], round(cap * rng.uniform(0.5, 0.9)))
    pixels = np.zeros((*alpha.shape, 4), np.uint8)
    pixels[..., 3] = alpha
    pixels = trimmed(pixels)
    return Art(pixels, "name", name, written, font, len(rows), cap / pixels.shape[0])


def sized(font: str) -> tuple[ImageFont.FreeTypeFont, int]:
    """The font with capitals of about CAP_PX, and their exact height."""
    path = str(labels.font_path(font))
    box = ImageFont.truetype(path, 200).getbbox("H")
    face = ImageFont.truetype(path, round(200 * CAP_PX / max(box[3] - box[1], 60)))
    box = face.getbbox("H")
    return face, int(box[3] - box[1])


def row_of(text: str, face: ImageFont.FreeTypeFont) -> np.ndarray:
    image = Image.new("L", (int(face.getlength(text)) + 4 * CAP_PX, 5 * CAP_PX))
    ImageDraw.Draw(image).text((2 * CAP_PX, 3 * CAP_PX), text, font=face, fill=255, anchor="ls")
    pixels = np.asarray(image)
    ys, xs = np.nonzero(pixels > 40)
    return pixels[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]


def below(rows: list[np.ndarray], gap: int) -> np.ndarray:
    width = max(row.shape[1] for row in rows)
    padded = []
    for row in rows:
        left = (width - row.shape[1]) // 2
        padded.append(np.pad(row, ((0, gap), (left, width - row.shape[1] - left))))
    return np.concatenate(padded)


def tinted(art: Art, ink: Ink) -> Art:
    """A name in another colour; logos keep theirs."""
    if art.kind != "name":
        return art
    pixels = art.pixels.copy()
    pixels[..., :3] = ink
    return replace(art, pixels=pixels)


def pair(art: Art, rng: Generator, *, dark: bool = False) -> tuple[Ink, Art]:
    """A paper, and the mark in an ink that can be read on it; `dark`: a dark paper for names."""
    if art.kind == "name":
        pairs = [inks(rng) for _ in range(12)]
        paper, ink = next((p for p in pairs if not dark or sum(p[0]) < 200), ((34, 34, 36), (214, 180, 110)))
        if art.hard and not dark and rng.random() < 0.5:
            paper, ink = any_of(rng, *SOFT_INKS)
        return paper, tinted(art, ink)
    solid = art.pixels[..., :3][art.pixels[..., 3] > 128]
    ground = rng.uniform(195, 250) if solid.mean() < 128 else rng.uniform(10, 70)
    return tuple(int(v) for v in np.clip(ground + rng.normal(0, 8, 3), 0, 255)), art  # type: ignore[return-value]


def placed_on(
    art: Art, size_m: tuple[float, float], ground: tuple[int, ...], rng: Generator, *, fill: float, px_per_m: float,
    small_print: bool = False, centre: tuple[float, float] = (0.5, 0.5),
) -> Label:  # fmt: skip
    """The mark on a sheet of `ground` (R G B, or R G B A for a cut-out), over `fill` of its width or height."""
    width, height = (round(side * px_per_m) for side in size_m)
    w = min(fill * width, fill * height * art.aspect)
    w, h = round(w), round(w / art.aspect)
    left, top = round(centre[0] * width - w / 2), round(centre[1] * height - h / 2)
    image = Image.new("RGBA", (width, height), ground if len(ground) == 4 else (*ground, 255))
    mark = Image.fromarray(art.pixels).resize((w, h), Image.Resampling.LANCZOS)
    image.paste(Image.fromarray(art.pixels[..., :3]).resize((w, h)), (left, top), mark.getchannel("A"))
    if len(ground) == 4:
        layer = Image.new("RGBA", image.size, ground)
        layer.paste(mark, (left, top))
        image = layer
    if small_print:
        print_below(image, top + h, art, rng)
    box = (left / width, top / height, (left + w) / width, (top + h) / height)
    return Label(image, *size_m, lines=((art.written, "mark", box),))


def print_below(image: Image.Image, top: int, art: Art, rng: Generator) -> None:
    """A line in small print between the mark and the lower edge, where there is room."""
    room = image.height - top
    size = int(min(0.4 * room, 0.09 * image.height))
    if size < 12:
        return
    font = ImageFont.truetype(str(labels.font_path("Cabin-Regular.otf")), size)
    ink = tuple(int(v) for v in np.median(art.pixels[..., :3][art.pixels[..., 3] > 128], axis=0))
    at = (image.width / 2, top + 0.55 * room)
    ImageDraw.Draw(image).text(at, str(rng.choice(SMALL_PRINT)), font=font, fill=ink, anchor="mm")


def pressed(label: Label, art: Art, soften: float) -> Label:
    """Black where the press was, white elsewhere, flanks of `soften` shares of the height."""
    width, height = label.image.size
    (left, top, right, bottom) = label.lines[0][2]
    x, y = round(left * width), round(top * height)
    size = (max(1, round(right * width) - x), max(1, round(bottom * height) - y))
    mask = cv2.resize(art.mask, size, interpolation=cv2.INTER_AREA)
    whole = np.ones((height, width), np.float32)
    whole[y : y + size[1], x : x + size[0]] -= mask
    whole = cv2.GaussianBlur(whole, (0, 0), max(0.5, soften * height))
    return Label(
        Image.fromarray((255 * whole).astype(np.uint8)).convert("RGBA"), label.width_m, label.height_m, label.lines
    )


def stitched(label: Label, rng: Generator, px_per_m: float) -> tuple[Label, Image.Image]:
    """The cut-out label as satin stitch: threads of 0.4 mm across the strokes, rounded; and their heights."""
    pixels = np.asarray(label.image, np.float32)
    inside = (pixels[..., 3] > 90).astype(np.uint8)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3) / (0.0008 * px_per_m)
    angle, pitch = rng.uniform(-0.6, 0.6), 0.0004 * px_per_m
    y, x = np.mgrid[0 : inside.shape[0], 0 : inside.shape[1]].astype(np.float32)
    wander = cv2.GaussianBlur(rng.normal(0, 1, inside.shape).astype(np.float32), (0, 0), 2 * pitch) * pitch * 2
    thread = 0.5 + 0.5 * np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle) + wander) / pitch)
    height = np.sqrt(np.clip(depth, 0, 1)) * (0.7 + 0.3 * thread)
    ragged = inside * (depth + 0.25 * thread > 0.15)
    colour = pixels[..., :3] * (0.72 + 0.28 * thread)[..., None]
    drawn_ = np.dstack([colour, 255 * ragged]).astype(np.uint8)
    made = Label(Image.fromarray(drawn_), label.width_m, label.height_m, label.lines)
    return made, Image.fromarray((255 * np.clip(height, 0, 1)).astype(np.uint8))


def any_of(rng: Generator, *choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]
