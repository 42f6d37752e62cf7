"""Camera raws: the full-size preview that the camera rendered where there is one, else LibRaw's own development."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rawpy
from PIL import Image as PilImage

from verify_media.codecs import capture, colour
from verify_media.codecs.errors import DecodeError, refuse
from verify_media.codecs.limits import MAX_PIXELS
from verify_media.records import Capture

if TYPE_CHECKING:
    from verify_media.records import Image

_FULL_SIZE = 0.9
"""A preview of at least this share of the raw's sides shows all that the raw shows."""
_FLIP_TO_EXIF = {0: 1, 3: 3, 5: 8, 6: 6}
"""LibRaw's `flip` as EXIF orientation."""
_TURNS = {
    3: PilImage.Transpose.ROTATE_180,
    6: PilImage.Transpose.ROTATE_270,
    8: PilImage.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class RawInfo:
    """Upright size in pixels, EXIF orientation as stored."""

    width: int
    height: int
    orientation: int
    capture: Capture


def probe(path: Path) -> RawInfo:
    """Size and capture data. Raises DecodeError."""
    with _opened(path) as raw, path.open("rb") as file:
        width, height = raw.sizes.width, raw.sizes.height
        orientation = _FLIP_TO_EXIF.get(raw.sizes.flip, 1)
        preview = _full_size_preview(raw)
        origin = capture.of_raw(file)
        if preview is not None:
            width, height = preview.size
            origin = origin if origin.make else capture.of_image(preview).capture
            width, height = (height, width) if _turn_of(preview, orientation) in (6, 8) else (width, height)
        elif orientation in (6, 8):
            width, height = height, width
        return RawInfo(width, height, orientation, origin)


def load(path: Path, *, max_side: int | None = None) -> Image:
    """Upright sRGB pixels, uint8, height x width x 3, R G B. Raises DecodeError."""
    with _opened(path) as raw:
        preview = _full_size_preview(raw)
        if preview is None:
            pixels = PilImage.fromarray(_developed(raw, max_side))
        else:
            pixels = _upright(preview, _FLIP_TO_EXIF.get(raw.sizes.flip, 1))
    if max_side and max(pixels.size) > max_side:
        factor = max_side / max(pixels.size)
        size = max(1, round(pixels.width * factor)), max(1, round(pixels.height * factor))
        pixels = pixels.resize(size, PilImage.Resampling.LANCZOS, reducing_gap=3.0)
    return np.array(pixels, dtype=np.uint8)


@contextmanager
def _opened(path: Path) -> Iterator[rawpy.RawPy]:
    try:
        with rawpy.imread(str(path)) as raw:
            if raw.sizes.raw_width * raw.sizes.raw_height > MAX_PIXELS:
                raise refuse("photo-too-large", file=path.name, width=raw.sizes.width, height=raw.sizes.height)
            yield raw
    except DecodeError:
        raise
    except Exception as error:  # LibRaw, and Pillow on the preview, raise anything on damaged input
        raise refuse("raw-unreadable", file=path.name) from error


def _full_size_preview(raw: rawpy.RawPy) -> PilImage.Image | None:
    """The camera's own JPEG, not yet decoded; None where it is missing or small."""
    try:
        thumb = raw.extract_thumb()
    except rawpy.LibRawError:
        return None
    if thumb.format is not rawpy.ThumbFormat.JPEG:
        return None
    preview = PilImage.open(io.BytesIO(bytes(thumb.data)), formats=("JPEG",))
    is_full = max(preview.size) >= _FULL_SIZE * max(raw.sizes.width, raw.sizes.height)
    return preview if is_full and preview.width * preview.height <= MAX_PIXELS else None


def _turn_of(preview: PilImage.Image, raw_orientation: int) -> int:
    """EXIF orientation to apply: the preview's own where it has one, else the raw's unless it is upright already."""
    own = preview.getexif().get(0x0112)
    if isinstance(own, int) and 1 <= own <= 8:
        return own
    is_portrait = preview.height > preview.width
    return 1 if is_portrait and raw_orientation in (6, 8) else raw_orientation


def _upright(preview: PilImage.Image, raw_orientation: int) -> PilImage.Image:
    turn = _TURNS.get(_turn_of(preview, raw_orientation))
    profile = preview.info.get("icc_profile")
    pixels = colour.icc_to_srgb(preview, profile) if profile else preview.convert("RGB")
    return pixels if turn is None else pixels.transpose(turn)


def _developed(raw: rawpy.RawPy, max_side: int | None) -> Image:
    """LibRaw turns the picture itself."""
    is_half = max_side is not None and max_side * 2 <= max(raw.sizes.width, raw.sizes.height)
    pixels: Image = raw.postprocess(
        use_camera_wb=True, output_color=rawpy.ColorSpace.sRGB, output_bps=8, half_size=is_half
    )
    return pixels
