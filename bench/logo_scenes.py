"""Composes marks on real photos with known corners: a camera model for tilt, light, cover, blur, noise, JPEG."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

# fmt: off
WORDS = (
    "WILLOW", "THREAD", "OAK", "FERN", "BIRCH", "CLAY", "IRON", "WOOL", "STUDIO", "CRAFT", "WORKS", "GOODS",
    "SUPPLY", "POTTERY", "CANDLES", "LEATHER", "SOAP", "PAPER", "NORTH", "HARBOR", "MAPLE", "STONE", "RIVER",
    "MOON", "FOX", "BEAR", "HONEY", "LINEN", "COTTON", "GLASS", "SILVER", "BRASS", "COPPER", "THISTLE", "ROSE",
    "SAGE", "MINT", "OLIVE", "CEDAR", "PINE",
)
# fmt: on


@dataclass(frozen=True)
class View:
    """How the mark is seen. Angles in degrees, `width` as a part of the picture's long side."""

    width: float
    turn: float = 0.0
    tilt: float = 0.0
    blur: float = 0.0
    cover: float = 0.0
    on_card: bool = False
    one_colour: bool = False
    light: float = 0.0
    noise: float = 2.0
    quality: int = 88


def plain_view(rng: np.random.Generator, width: float) -> View:
    return View(
        width,
        turn=rng.uniform(-15, 15),
        tilt=rng.uniform(0, 25),
        blur=rng.uniform(0.4, 0.9),
        on_card=rng.random() < 0.5,
        light=rng.uniform(0, 0.3),
        noise=rng.uniform(1, 4),
    )


def hard_view(rng: np.random.Generator, width: float) -> View:
    return View(
        width,
        turn=rng.uniform(-180, 180),
        tilt=rng.uniform(20, 60),
        blur=rng.uniform(0.6, 1.6),
        cover=rng.uniform(0, 0.25),
        on_card=rng.random() < 0.5,
        one_colour=rng.random() < 0.35,
        light=rng.uniform(0.2, 0.7),
        noise=rng.uniform(2, 7),
        quality=int(rng.integers(65, 92)),
    )


def icon(svg: Path, side: int = 512) -> Any:
    """RGBA of a flat icon in its own or a given colour, trimmed."""
    import pyvips

    drawn = pyvips.Image.svgload(str(svg), scale=side / 24).numpy()
    ys, xs = np.nonzero(drawn[..., 3] > 40)
    return drawn[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].copy()


def symbol(rng: np.random.Generator, side: int = 512) -> Any:
    """RGBA of a flat drawn logo: petals, strokes, shapes or a monogram, in one ink, trimmed."""
    canvas = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(canvas)
    rng.choice([_petals, _strokes, _shapes, _monogram])(draw, rng, side)
    alpha = np.asarray(canvas)
    ys, xs = np.nonzero(alpha > 40)
    alpha = alpha[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    ink = rng.integers(0, 256, 3) if rng.random() < 0.6 else np.zeros(3)
    return np.dstack([np.broadcast_to(ink, (*alpha.shape, 3)), alpha]).astype(np.uint8)


def _petals(draw: Any, rng: np.random.Generator, side: int) -> None:
    count, middle = int(rng.integers(3, 8)), side / 2
    outline = rng.uniform(0.1, 0.3, 3) * side
    for k in range(count):
        turn = 2 * np.pi * k / count + 0.3
        ends = [
            (0.06 * side, -outline[0] / 3),
            (0.25 * side, -outline[1] / 2),
            (0.47 * side, 0),
            (0.25 * side, outline[2] / 3),
        ]
        draw.polygon([_turned(x, y, turn, middle) for x, y in ends], fill=255)
    hole = rng.uniform(0.03, 0.09) * side
    draw.ellipse((middle - hole, middle - hole, middle + hole, middle + hole), fill=int(rng.choice([0, 255])))


def _turned(x: float, y: float, turn: float, middle: float) -> tuple[float, float]:
    return middle + x * np.cos(turn) - y * np.sin(turn), middle + x * np.sin(turn) + y * np.cos(turn)


def _strokes(draw: Any, rng: np.random.Generator, side: int) -> None:
    points = [tuple(p) for p in rng.uniform(0.1, 0.9, (int(rng.integers(4, 8)), 2)) * side]
    draw.line(points, fill=255, width=int(rng.uniform(0.04, 0.1) * side), joint="curve")
    x, y, r = rng.uniform(0.2, 0.8) * side, rng.uniform(0.2, 0.8) * side, rng.uniform(0.06, 0.15) * side
    draw.ellipse((x - r, y - r, x + r, y + r), fill=255)


def _shapes(draw: Any, rng: np.random.Generator, side: int) -> None:
    for fill in (255, 255, 0, 255, 0)[: int(rng.integers(3, 6))]:
        x, y = rng.uniform(0.25, 0.75, 2) * side
        w, h = rng.uniform(0.1, 0.3, 2) * side
        kind = rng.integers(0, 3)
        if kind == 0:
            draw.ellipse((x - w, y - h, x + w, y + h), fill=fill)
        elif kind == 1:
            draw.rounded_rectangle((x - w, y - h, x + w, y + h), radius=0.05 * side, fill=fill)
        else:
            draw.polygon([(x - w, y + h), (x + w, y + h), (x + rng.uniform(-w, w), y - h)], fill=fill)
    draw.ellipse((0.05 * side, 0.05 * side, 0.2 * side, 0.2 * side), fill=255)


def _monogram(draw: Any, rng: np.random.Generator, side: int) -> None:
    letters = "".join(rng.choice(list("ABCDEFGHKLMNPRSTVW"), 2))
    draw.text((side / 2, side / 2), letters, font=ImageFont.load_default(int(0.5 * side)), fill=255, anchor="mm")
    edge = int(0.03 * side)
    if rng.random() < 0.5:
        draw.ellipse((edge, edge, side - edge, side - edge), outline=255, width=edge)
    else:
        draw.line([(0.1 * side, 0.82 * side), (0.9 * side, 0.76 * side)], fill=255, width=edge)


def badge(rng: np.random.Generator, symbol: Any, side: int = 512, *, colours: int = 2) -> Any:
    """A round badge: ring, name above and below, a symbol in the middle. All badges of one kind share the ring."""
    palette = [tuple(int(v) for v in rng.integers(0, 90, 3)), tuple(int(v) for v in rng.integers(150, 256, 3))]
    if colours > 2:
        palette.append(tuple(int(v) for v in rng.integers(60, 220, 3)))
    canvas = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    draw = ImageDraw.Draw(canvas)
    draw.ellipse((2, 2, side - 3, side - 3), fill=palette[0])
    draw.ellipse((22, 22, side - 23, side - 23), outline=palette[1], width=8)
    draw.ellipse(
        (110, 110, side - 111, side - 111), fill=palette[-1] if colours > 2 else None, outline=palette[1], width=5
    )
    first, second = rng.choice(WORDS, 2, replace=False)
    _ring_text(canvas, str(first), palette[1], up=True)
    _ring_text(canvas, str(second), palette[1], up=False)
    inner = Image.fromarray(symbol).resize((190, int(190 * symbol.shape[0] / symbol.shape[1])))
    if inner.height > 220:
        inner = inner.resize((int(inner.width * 220 / inner.height), 220))
    tint = Image.new("RGBA", inner.size, (*(palette[1] if colours == 2 else palette[0]), 255))
    canvas.paste(tint, ((side - inner.width) // 2, (side - inner.height) // 2), inner.getchannel("A"))
    return np.asarray(canvas).copy()


def business_card(rng: np.random.Generator, emblem: Any) -> Any:
    """A card of 85 x 55 mm, 1020 x 660 RGBA: emblem, name, three lines of small print. All cards share the layout."""
    paper = rng.integers(215, 256, 3) if rng.random() < 0.7 else rng.integers(10, 70, 3)
    ink = tuple(int(v) for v in (rng.integers(10, 90, 3) if paper.mean() > 128 else rng.integers(190, 256, 3)))
    canvas = Image.new("RGBA", (1020, 660), (*(int(v) for v in paper), 255))
    draw = ImageDraw.Draw(canvas)
    first, second, third, fourth = rng.choice(WORDS, 4, replace=False)
    draw.text((400, 150), f"{first} & {second}".title(), font=ImageFont.load_default(64), fill=ink)
    lines = (
        f"handmade {third.lower()} from {fourth.lower()}",
        f"{rng.integers(1, 99)} {third.title()} Lane",
        "by appointment",
    )
    for row, line in enumerate(lines):
        draw.text((400, 290 + 70 * row), line, font=ImageFont.load_default(36), fill=ink)
    picture = Image.fromarray(emblem)
    picture.thumbnail((270, 330))
    tint = Image.new("RGBA", picture.size, (*ink, 255))
    canvas.paste(tint, (75, (660 - picture.height) // 2), picture.getchannel("A"))
    return np.asarray(canvas).copy()


def lockup(rng: np.random.Generator, symbol: Any, font: str, words: tuple[str, ...]) -> Any:
    """A name in a font, beside or under a symbol or alone, in one or two inks: RGBA, trimmed. All lockups of one kind
    share the inks and the layout."""
    inks = [tuple(int(v) for v in rng.integers(0, 256, 3)) for _ in range(2)]
    inks[1] = inks[0] if rng.random() < 0.6 else inks[1]
    layout = int(rng.integers(0, 4))
    face = ImageFont.truetype(font, 150)
    text = ("\n" if layout == 2 else " ").join(words)
    name = Image.new("L", (2400, 700), 0)
    ImageDraw.Draw(name).multiline_text((80, 120), text, font=face, fill=255, align="center", spacing=20)
    letters = np.asarray(name.crop(name.getbbox()))
    pieces = [(letters, inks[0])]
    if layout < 3:
        drawing = Image.fromarray(symbol[..., 3])
        tall = letters.shape[0] * (1.2 if layout < 2 else 1.6)
        drawing = drawing.resize((max(8, round(drawing.width * tall / drawing.height)), max(8, round(tall))))
        pieces.insert(0, (np.asarray(drawing), inks[1]))
    return _joined(pieces, along=0 if layout == 0 else 1)


def _joined(pieces: list[tuple[Any, Any]], along: int) -> Any:
    """Coverages with their inks in a column (0) or a row (1), centred."""
    gap = 40
    sizes = np.array([p.shape for p, _ in pieces])
    shape = sizes.max(axis=0)
    shape[along] = sizes[:, along].sum() + gap * (len(pieces) - 1)
    canvas = np.zeros((*shape, 4), np.uint8)
    at = 0
    for coverage, ink in pieces:
        start = [(shape[0] - coverage.shape[0]) // 2, (shape[1] - coverage.shape[1]) // 2]
        start[along] = at
        at += coverage.shape[along] + gap
        box = canvas[start[0] : start[0] + coverage.shape[0], start[1] : start[1] + coverage.shape[1]]
        box[..., :3], box[..., 3] = ink, coverage
    return canvas


def _ring_text(canvas: Image.Image, text: str, colour: Any, *, up: bool) -> None:
    side, radius = canvas.width, canvas.width / 2 - 66
    font = ImageFont.load_default(58)
    step = min(18.0, 150 / max(1, len(text)))
    for i, letter in enumerate(text):
        offset = (i - (len(text) - 1) / 2) * step
        angle = offset if up else 180 - offset
        tile = Image.new("RGBA", (90, 90), (0, 0, 0, 0))
        ImageDraw.Draw(tile).text((45, 45), letter, font=font, fill=colour, anchor="mm")
        tile = tile.rotate(-angle if up else 180 - angle, resample=Image.Resampling.BICUBIC)
        x = side / 2 + radius * np.sin(np.radians(angle))
        y = side / 2 - radius * np.cos(np.radians(angle))
        canvas.alpha_composite(tile, (int(x - 45), int(y - 45)))


def homography(view: View, size: tuple[int, int], shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """3 x 3 from mark pixels to picture pixels: the mark turned and tilted before a phone's camera."""
    height, width = shape[:2]
    long = max(height, width)
    scale = view.width * long / max(size)
    tilt, turn, axis = np.radians([view.tilt, view.turn, rng.uniform(0, 360)])
    focal = 0.8 * long
    about = np.array([np.cos(axis), np.sin(axis), 0]) * tilt
    rotation = cv2.Rodrigues(about)[0] @ cv2.Rodrigues(np.array([0, 0, turn]))[0]
    plane = np.array([[scale, 0, -scale * size[0] / 2], [0, scale, -scale * size[1] / 2], [0, 0, 1]])
    camera = np.diag([focal, focal, 1.0]) @ np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, focal]]) @ plane
    corners = cv2.perspectiveTransform(_corners(size)[None], camera)[0]
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = np.maximum([width, height] - (high - low) - 8, 1)
    move = np.eye(3)
    move[:2, 2] = 4 - low + rng.uniform(0, 1, 2) * room
    return move @ camera


def _corners(size: tuple[int, int]) -> Any:
    return np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float64)


def compose(photo: Any, mark: Any, view: View, rng: np.random.Generator) -> tuple[Any, Any]:
    """Picture with the mark (RGBA) in it, and its corners 4 x 2 in continuous pixel coordinates."""
    mark = _paint(mark, view, rng)
    size = (mark.shape[1], mark.shape[0])
    to_photo = homography(view, size, photo.shape, rng)
    layer = _card(mark, rng) if view.on_card else mark
    pad = (layer.shape[1] - size[0]) // 2, (layer.shape[0] - size[1]) // 2
    to_photo_layer = to_photo @ np.array([[1, 0, -pad[0]], [0, 1, -pad[1]], [0, 0, 1.0]])
    picture = _blend(photo, layer, to_photo_layer, view, rng)
    corners = cv2.perspectiveTransform(_corners(size)[None], to_photo)[0]
    if not view.on_card and not _can_be_seen(picture, photo, corners):
        raise Invisible("the mark has the colour and the business of what lies behind it")
    picture = _cover(picture, photo, to_photo, size, view, rng)
    picture = np.clip(picture + rng.normal(0, view.noise, picture.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=view.quality)
    return np.asarray(Image.open(buffer)), corners


class Invisible(Exception):
    """A person would not see the mark in this picture either."""


def _can_be_seen(picture: Any, photo: Any, corners: Any) -> bool:
    """The mark changes the picture by more than the picture varies there by itself."""
    inside = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, corners.astype(np.int32), 1)
    change = np.abs(picture - photo).max(axis=2)[inside > 0]
    ground = photo[inside > 0].astype(np.float32)
    return float(np.percentile(change, 90)) > 30 + 1.0 * float(ground.std(axis=0).mean())


def _paint(mark: Any, view: View, rng: np.random.Generator) -> Any:
    """A single-coloured print: dark parts in one ink, light parts left bare."""
    if not view.one_colour:
        return mark
    ink = rng.choice([0, 255]) if rng.random() < 0.6 else 60
    painted = mark.copy()
    grey = mark[..., :3].mean(axis=2)
    solid = mark[..., 3] > 128
    low, high = np.percentile(grey[solid], [5, 95])
    if high - low > 60:
        painted[..., 3] = np.where(grey < (low + high) / 2, mark[..., 3], 0)
    painted[..., :3] = ink
    return painted


def _card(mark: Any, rng: np.random.Generator) -> Any:
    """The mark printed on a plain card or tag that differs from it in brightness."""
    border = int(max(mark.shape[:2]) * rng.uniform(0.12, 0.5))
    solid = mark[..., 3] > 128
    brightness = mark[..., :3][solid].mean() if solid.any() else 0
    ground = rng.uniform(185, 255) if brightness < 128 else rng.uniform(0, 80)
    colour = np.clip(ground + rng.normal(0, 14, 3), 0, 255)
    card = np.zeros((mark.shape[0] + 2 * border, mark.shape[1] + 2 * border, 4), np.float32)
    card[..., :3], card[..., 3] = colour, 255
    alpha = mark[..., 3:].astype(np.float32) / 255
    inside = card[border : border + mark.shape[0], border : border + mark.shape[1], :3]
    inside[:] = inside * (1 - alpha) + mark[..., :3] * alpha
    return card.astype(np.uint8)


def _blend(photo: Any, layer: Any, matrix: Any, view: View, rng: np.random.Generator) -> Any:
    height, width = photo.shape[:2]
    # Drawn at twice the size and averaged, because a strongly reduced layer would alias.
    shrink = np.sqrt(abs(np.linalg.det(matrix[:2, :2] / matrix[2, 2])))
    source = layer.astype(np.float32)
    source[..., :3] *= source[..., 3:] / 255
    if shrink < 1:
        source = cv2.GaussianBlur(source, (0, 0), 0.45 / shrink)
    half = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    warped = cv2.warpPerspective(source, half @ matrix @ np.linalg.inv(half), (width, height), flags=cv2.INTER_LINEAR)
    if view.blur:
        warped = cv2.GaussianBlur(warped, (0, 0), view.blur * max(1.0, max(height, width) / 1600))
    shade = _shade(photo.shape, view.light, rng)
    opacity = 1.0 if view.on_card else rng.uniform(0.85, 1.0)
    alpha = warped[..., 3:] / 255 * opacity
    return photo.astype(np.float32) * (1 - alpha) + np.clip(warped[..., :3] * shade, 0, 255) * opacity


def _shade(shape: tuple[int, ...], strength: float, rng: np.random.Generator) -> Any:
    height, width = shape[:2]
    angle = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    ramp = (xs / width - 0.5) * np.cos(angle) + (ys / height - 0.5) * np.sin(angle)
    return (1 - 0.5 * strength + strength * ramp)[..., None].astype(np.float32)


def _cover(picture: Any, photo: Any, matrix: Any, size: tuple[int, int], view: View, rng: np.random.Generator) -> Any:
    """A part of the mark hidden by another piece of the photo, from one side."""
    if view.cover < 0.03:
        return picture
    width, height = size
    side = rng.integers(0, 4)
    part = view.cover
    boxes = (
        (0, 0, part * width, height), ((1 - part) * width, 0, width, height),
        (0, 0, width, part * height), (0, (1 - part) * height, width, height),
    )  # fmt: skip
    x0, y0, x1, y1 = boxes[side]
    box = np.array([[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]], np.float64)
    shape = cv2.perspectiveTransform(box, matrix)[0].astype(np.int32)
    mask = np.zeros(photo.shape[:2], np.float32)
    cv2.fillConvexPoly(mask, shape, 1.0)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.5)[..., None]
    other = np.roll(photo, (photo.shape[0] // 3, photo.shape[1] // 3), (0, 1)).astype(np.float32)
    return picture * (1 - mask) + other * mask


def half_of(path: Path) -> int:
    """0: weights and thresholds may be chosen on it. 1: only figures."""
    return hashlib.sha1(path.name.encode()).digest()[0] % 2


def photos_of(corpus: Path, half: int) -> list[Path]:
    """The photos of one half of the corpus, always in the same order."""
    folders = ("camera", "scene_text", "physical_photos")
    return [p for f in folders for p in sorted((corpus / f).rglob("*.[jJ][pP]*")) if half_of(p) == half]


def read_photo(path: Path, side: int = 1600) -> Any:
    """RGB with a long side of `side` at most, upright."""
    from PIL import ImageOps

    with Image.open(path) as opened:
        opened.draft("RGB", (side, side))
        picture = ImageOps.exif_transpose(opened).convert("RGB")
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        return np.asarray(picture).copy()
