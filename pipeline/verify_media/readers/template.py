"""A mark's own picture, made ready for matching: decoded, trimmed to what is drawn, and refused where nothing can be
told apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from verify_media.errors import UsageError
from verify_media.messages import message
from verify_media.readers.outline import Contour, contour_of, is_plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.records import Image

MAX_SIDE_PX = 512
"""Detail beyond this is never resolved in a shot: the largest level of the contour matcher is 192 px."""
STRETCH = 1.7
"""Of a square's area, marks up to three times as long as they are wide keep it."""
PAD = 0.12
"""Ground kept around the mark, as a part of its long side, so that its outline has two sides."""


class Template:
    """`rgb` is the trimmed mark on a plain ground with a margin of `pad_px` on each side; `size` is the mark without
    it."""

    def __init__(self, name: str, rgb: Image, pad_px: int) -> None:
        self.name = name
        self.rgb = rgb
        self.pad_px = pad_px
        self.size = (rgb.shape[1] - 2 * pad_px, rgb.shape[0] - 2 * pad_px)
        self._levels: dict[int, Contour] = {}
        self._derived: dict[str, Any] = {}

    @property
    def long_side(self) -> int:
        return int(max(self.size))

    @property
    def stretch(self) -> float:
        """How much larger than a square one a long mark is looked at, so that its short side still shows its shape."""
        return float(min(STRETCH, np.sqrt(max(self.size) / min(self.size))))

    @cached_property
    def grey(self) -> Image:
        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    def contour(self, level_px: int) -> Contour:
        """The contour where the long side of a square mark measures `level_px`, and that of a long one `stretch` times
        as much."""
        if level_px not in self._levels:
            self._levels[level_px] = contour_of(self, level_px)
        return self._levels[level_px]

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What another module derives from the mark, derived once."""
        if key not in self._derived:
            self._derived[key] = make()
        return self._derived[key]


def load_template(path: Path, *, prepare: Callable[[Image], Image] | None = None) -> Template:
    """Raises UsageError where the picture cannot be read or shows nothing that could be recognised.

    `prepare` gets an opaque picture (RGB) and returns the mark alone, which is then not trimmed to what is drawn: a
    card's blank margin belongs to it.
    """
    rgba = _decode(path)
    if prepare is not None and rgba[..., 3].min() > 250:
        rgba = _opaque(prepare(np.ascontiguousarray(rgba[..., :3])))
    template = from_pixels(path.name, rgba, trim=prepare is None)
    if template is None:
        raise _refused("mark-blank", path)
    if is_plain(template):
        raise _refused("mark-plain", path)
    return template


def from_pixels(name: str, rgba: Image, *, trim: bool = True) -> Template | None:
    """None where nothing is drawn."""
    rgb, drawn = _flatten(rgba)
    is_even = bool(drawn.all()) and np.ptp(rgb.reshape(-1, 3).astype(np.int64), axis=0).max() < 12
    if np.count_nonzero(drawn) < 16 or is_even:
        return None
    return _trimmed(name, rgb, drawn if trim else np.ones_like(drawn))


def outlined(template: Template) -> Template:
    """The same mark on a ground that differs from its border, so that its outline is part of its contour: black or
    white, since the contour has no sign."""
    pad = template.pad_px
    inner = template.rgb[pad:-pad, pad:-pad]
    border = np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]])
    ground = 255.0 if np.median(border) < 128 else 0.0
    rgb = cv2.copyMakeBorder(inner, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=[ground] * 3)
    return Template(template.name, np.asarray(rgb, np.uint8), pad)


def _opaque(rgb: Image) -> Image:
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def _refused(key: str, path: Path) -> UsageError:
    told = message(key, file=path.name)
    return UsageError(told.text, told.cure)


def _decode(path: Path) -> Image:
    """RGBA, uint8, upright, at most 2048 px on a side."""
    try:
        if path.suffix.lower() in {".svg", ".svgz"}:
            return _draw_svg(path)
        return _open_raster(path)
    except FileNotFoundError:
        raise _refused("mark-missing", path) from None
    except UsageError:
        raise
    except Exception as error:  # decoders raise a dozen types; to the maker they are one thing
        raise _refused("mark-unreadable", path) from error


def _open_raster(path: Path) -> Image:
    from PIL import Image as Pillow
    from PIL import ImageOps

    from verify_media.codecs import photo

    with Pillow.open(path, formats=photo.DECODERS) as opened:
        opened.draft("RGB", (2048, 2048))
        picture = ImageOps.exif_transpose(opened).convert("RGBA")
        picture.thumbnail((2048, 2048), Pillow.Resampling.LANCZOS)
        return np.asarray(picture, np.uint8).copy()


def _draw_svg(path: Path) -> Image:
    """Drawn by librsvg inside libvips. Raises UsageError where this libvips was built without it."""
    import pyvips

    if not pyvips.type_find("VipsOperation", "svgload"):
        raise _refused("mark-svg", path)
    drawing = path.read_bytes()  # from memory: a drawing of a known place may load its neighbours
    natural = pyvips.Image.svgload_buffer(drawing)
    drawn = pyvips.Image.svgload_buffer(drawing, scale=1024 / max(natural.width, natural.height))
    return np.asarray(drawn.numpy(), np.uint8).copy()


def _flatten(rgba: Image) -> tuple[Image, NDArray[np.bool_]]:
    """RGB on a plain ground, and where something is drawn.

    A logo with transparency lies on the ground, black or white, that it differs from most. Without transparency the
    ground is the colour of the border, where the border has one.
    """
    alpha = rgba[..., 3:].astype(np.float32) / 255
    colour = rgba[..., :3].astype(np.float32)
    if alpha.min() < 0.5:
        solid = alpha[..., 0] > 0.3
        brightness = float(colour[solid].mean()) if solid.any() else 0.0
        ground = 255.0 if brightness < 140 else 0.0
        return np.clip(colour * alpha + ground * (1 - alpha), 0, 255).astype(np.uint8), solid
    rgb = rgba[..., :3]
    return rgb, _differs_from_border(rgb)


def _differs_from_border(rgb: Image) -> NDArray[np.bool_]:
    """All true where the border is not of one colour (a photo, a full-bleed logo)."""
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]).astype(np.float32)
    ground = np.median(border, axis=0)
    if np.mean(np.abs(border - ground).max(axis=1) < 24) < 0.9:
        return np.ones(rgb.shape[:2], np.bool_)
    far = (np.abs(rgb.astype(np.float32) - ground).max(axis=2) > 30).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(far, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)) > 0)


def _trimmed(name: str, rgb: Image, drawn: NDArray[np.bool_]) -> Template:
    """Cut to what is drawn, scaled to MAX_SIDE_PX, with a margin in the colour of the nearest ground."""
    ys, xs = np.nonzero(drawn.any(axis=1))[0], np.nonzero(drawn.any(axis=0))[0]
    cut = rgb[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    scale = min(1.0, MAX_SIDE_PX / max(cut.shape[:2]))
    if scale < 1:
        cut = np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    pad = max(4, round(PAD * max(cut.shape[:2])))
    if drawn.all():
        padded = cv2.copyMakeBorder(cut, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    else:
        ground = [float(v) for v in np.median(rgb[~drawn], axis=0)]
        padded = cv2.copyMakeBorder(cut, pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=ground)
    return Template(name, np.asarray(padded, np.uint8), pad)
