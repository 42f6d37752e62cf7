"""Lettering and logos as transparent pictures: what a printer prints, and what an editor lays over a photo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from models.compose import words
from PIL import Image, ImageDraw

ICONS: list[Path] = []
"""SVG logos; set by the builder."""


@dataclass
class Art:
    """`rgba`: straight alpha uint8. `ink`: the lettering's box x0 y0 x1 y1 inside it."""

    rgba: np.ndarray
    ink: tuple[float, float, float, float]
    text: str
    is_logo: bool = False

    @property
    def quad(self) -> np.ndarray:
        x0, y0, x1, y1 = self.ink
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def lettering(
    rng,
    height: int,
    seen: list[str],
    *,
    fill=None,
    held: bool = False,
    text: str | None = None,
    stroke=0.0,
    stroke_fill=(0, 0, 0),
    spacing=0.0,
) -> Art:
    """One line of about `height` pixels from ascender to descender, tight on its canvas with a margin."""
    text = text or words.name(rng, seen)
    font = words.font(rng, height, held)
    stroke_px = round(stroke * height)
    fill = fill or words.colour(rng)
    box = font.getbbox(text, stroke_width=stroke_px)
    pad = max(4, height // 3)
    extra = int(spacing * height * len(text))
    size = max(1, int(box[2] - box[0])) + 2 * pad + extra, max(1, int(box[3] - box[1])) + 2 * pad
    canvas = Image.new("RGBA", size, (*fill, 0))
    draw = ImageDraw.Draw(canvas)
    if spacing:
        x = pad - box[0]
        for ch in text:
            draw.text(
                (x, pad - box[1]),
                ch,
                font=font,
                fill=(*fill, 255),
                stroke_width=stroke_px,
                stroke_fill=(*stroke_fill, 255),
            )
            x += font.getlength(ch) + spacing * height
    else:
        draw.text(
            (pad - box[0], pad - box[1]),
            text,
            font=font,
            fill=(*fill, 255),
            stroke_width=stroke_px,
            stroke_fill=(*stroke_fill, 255),
        )
    return Art(*_tight(np.array(canvas)), text)


def _tight(rgba: np.ndarray) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    ys, xs = np.nonzero(rgba[:, :, 3] > 40)
    if not len(xs):
        return rgba, (0.0, 0.0, float(rgba.shape[1]), float(rgba.shape[0]))
    return rgba, (float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1))


@cache
def _icon(path: str, size: int) -> np.ndarray:
    import pyvips

    return np.ascontiguousarray(pyvips.Image.thumbnail(path, size).numpy()[:, :, :4])


def logo(rng, height: int, fill=None) -> Art:
    """A simple icon in one colour."""
    alpha = _icon(str(rng.choice(ICONS)), 256 if height <= 256 else 512)[:, :, 3]
    alpha = np.array(Image.fromarray(alpha).resize((height, height), Image.Resampling.LANCZOS))
    rgba = np.dstack([np.full((height, height, 3), fill or words.colour(rng), np.uint8), alpha])
    return Art(*_tight(rgba), "logo", True)


def any_art(rng, height: int, seen: list[str], *, fill=None, held: bool = False) -> Art:
    if ICONS and rng.random() < 0.15:
        return logo(rng, int(height * rng.uniform(1.2, 2.5)), fill)
    return lettering(rng, height, seen, fill=fill, held=held, spacing=rng.choice([0, 0, 0, rng.uniform(0.02, 0.3)]))
