"""Photos of every kind to upright sRGB pixels. The content tells the type first, then only its own decoder is asked."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pillow_heif
from PIL import Image as PilImage
from PIL import UnidentifiedImageError

from verify_media.codecs import capture, colour, isobmff, jpeg_scan, raw
from verify_media.codecs.errors import DecodeError as DecodeError
from verify_media.codecs.errors import refuse
from verify_media.codecs.limits import MAX_FILE_BYTES, MAX_PIXELS
from verify_media.codecs.sniff import FileType, sniff
from verify_media.messages import Message, message
from verify_media.records import Capture, Kind

if TYPE_CHECKING:
    from verify_media.records import Image

pillow_heif.register_heif_opener()
PilImage.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", module=r"PIL\.")  # what matters is refused here, with a sentence

_DECODERS = {
    "image/jpeg": ("JPEG",),
    "image/png": ("PNG",),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/bmp": ("BMP",),
    "image/tiff": ("TIFF",),
    "image/heic": ("HEIF",),
    "image/avif": ("AVIF",),
}
DECODERS = tuple(name for names in _DECODERS.values() for name in names)
"""All that may be asked. Pillow knows fifty more, of which one runs Ghostscript."""
_TURNED_BY_DECODER = frozenset(("image/heic", "image/tiff"))
"""pillow-heif applies `irot` and EXIF, Pillow turns TIFFs while it loads: turning again would undo it."""
_MANY_PAGES = frozenset(("image/tiff", "image/gif", "image/webp", "image/png", "image/avif"))
_TURNS = {
    2: PilImage.Transpose.FLIP_LEFT_RIGHT,
    3: PilImage.Transpose.ROTATE_180,
    4: PilImage.Transpose.FLIP_TOP_BOTTOM,
    5: PilImage.Transpose.TRANSPOSE,
    6: PilImage.Transpose.ROTATE_270,
    7: PilImage.Transpose.TRANSVERSE,
    8: PilImage.Transpose.ROTATE_90,
}
_WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """What the header says. `width` and `height` are upright; `orientation` is EXIF's, as stored."""

    media_type: str
    width: int
    height: int
    orientation: int = 1
    capture: Capture = field(default_factory=Capture)
    content_id: str | None = None
    """Joins the still and the clip of a Live Photo."""
    icc_profile: bytes | None = None
    is_hdr: bool = False
    notes: tuple[Message, ...] = ()


def probe(path: Path) -> PhotoInfo:
    """Size, orientation, profile and capture data without decoding pixels. Raises DecodeError."""
    kind = _photo_type(path)
    if kind.is_raw:
        return _probe_raw(path, kind)
    with _opened(path, kind) as image:
        orientation = _orientation(image)
        width, height = _upright_size(image, kind, orientation)
        origin = capture.of_image(image)
        return PhotoInfo(
            media_type=kind.media_type,
            width=width,
            height=height,
            orientation=orientation,
            capture=origin.capture,
            content_id=origin.content_id,
            icc_profile=image.info.get("icc_profile") or None,
            is_hdr=_hdr_colour(path, kind) is not None,
            notes=kind.notes + _notes(path, kind, image),
        )


def load(path: Path, *, max_side: int | None = None) -> Image:
    """Upright sRGB pixels, uint8, height x width x 3, R G B: over white, first page, SDR base of gain maps.

    `max_side`: shrink so that neither side is longer. Raises DecodeError for damaged, cut off or oversized pictures.
    """
    kind = _photo_type(path)
    if kind.is_raw:
        return raw.load(path, max_side=max_side)
    with _opened(path, kind) as image:
        orientation = _orientation(image)
        small = _shrunk(image, kind, max_side)
        pixels = _srgb(small, path, kind)
    if kind.media_type in _TURNED_BY_DECODER or orientation not in _TURNS:
        return pixels
    return np.ascontiguousarray(np.asarray(PilImage.fromarray(pixels).transpose(_TURNS[orientation])))


def _photo_type(path: Path) -> FileType:
    kind = sniff(path)
    if kind.kind is not Kind.PHOTO:
        raise refuse("photo-expected", file=path.name)
    return kind


@contextmanager
def _opened(path: Path, kind: FileType) -> Iterator[PilImage.Image]:
    """The picture, opened by its own decoder and within bounds; whatever the decoder raises becomes a DecodeError."""
    data = _bytes(path)
    _refuse_padded(path, kind, data)
    try:
        with PilImage.open(io.BytesIO(data), formats=_DECODERS[kind.media_type]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise refuse("photo-too-large", file=path.name, width=image.width, height=image.height)
            yield image
    except DecodeError:
        raise
    except PilImage.DecompressionBombError as error:
        raise refuse("photo-bomb", file=path.name) from error
    except UnidentifiedImageError as error:
        raise refuse("photo-unreadable", file=path.name) from error
    except MemoryError as error:
        raise refuse("photo-too-large-for-memory", file=path.name) from error
    except Exception as error:  # decoders of foreign bytes raise anything, from struct.error to SyntaxError
        raise refuse("photo-damaged", file=path.name) from error


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise refuse("file-too-large", file=path.name)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise refuse("file-vanished", file=path.name) from error
    except OSError as error:
        raise refuse("file-read-error", file=path.name, reason=error.strerror or type(error).__name__) from error


def _refuse_padded(path: Path, kind: FileType, data: bytes) -> None:
    """Where the end of a JPEG was replaced by filling, libjpeg would paint the rest of the picture grey."""
    if kind.media_type == "image/jpeg" and jpeg_scan.find_end(data).padded:
        raise refuse("photo-damaged", file=path.name)


def _orientation(image: PilImage.Image) -> int:
    stored = image.info.get("original_orientation")  # pillow-heif resets the tag and keeps it here
    try:
        value = stored if isinstance(stored, int) else image.getexif().get(0x0112, 1)
    except Exception:  # damaged EXIF says nothing about the pixels
        return 1
    return value if value in range(1, 9) else 1


def _upright_size(image: PilImage.Image, kind: FileType, orientation: int) -> tuple[int, int]:
    is_turned = kind.media_type not in _TURNED_BY_DECODER and orientation >= 5
    return (image.height, image.width) if is_turned else (image.width, image.height)


def _shrunk(image: PilImage.Image, kind: FileType, max_side: int | None) -> PilImage.Image:
    """Decoded, at `max_side` where given; a JPEG is scaled while it is decoded."""
    factor = min(1.0, max_side / max(image.size)) if max_side else 1.0
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    if factor < 1 and kind.media_type == "image/jpeg":
        image.draft(image.mode, size)
    image.load()
    if factor == 1:
        return image
    plain = image.convert(_resizable_mode(image))
    plain.info = image.info
    small = plain.resize(size, PilImage.Resampling.LANCZOS, reducing_gap=3.0)
    small.info = image.info
    return small


def _resizable_mode(image: PilImage.Image) -> str:
    """Palette indices cannot be averaged."""
    if image.mode in ("P", "PA", "1") or "transparency" in image.info:
        return "RGBA" if _has_alpha(image) else "RGB"
    return image.mode


def _has_alpha(image: PilImage.Image) -> bool:
    return "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "La", "RGBa")


def _srgb(image: PilImage.Image, path: Path, kind: FileType) -> Image:
    """sRGB over white, not yet turned."""
    code_points = _hdr_colour(path, kind)
    if code_points is not None:
        light = _over_white(image, None)
        return colour.hdr_to_srgb(light, code_points.transfer, code_points.primaries)
    profile = image.info.get("icc_profile") or None
    pixels = _over_white(image, profile)
    primaries = None if profile else _primaries(path, kind)
    return pixels if primaries is None else colour.primaries_to_srgb(pixels, primaries)


def _over_white(image: PilImage.Image, profile: bytes | None) -> Image:
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bits(image)
    if not _has_alpha(image):
        plain = image.convert("RGB") if image.mode in ("P", "1", "YCbCr", "HSV") else image
        return _array(colour.icc_to_srgb(plain, profile) if profile else plain.convert("RGB"))
    whole = image.convert("RGBA")
    flat = image.convert("L") if image.mode in ("LA", "La") else whole.convert("RGB")
    painted = colour.icc_to_srgb(flat, profile) if profile else flat.convert("RGB")
    paper = PilImage.new("RGB", painted.size, _WHITE)
    paper.paste(painted, mask=whole.getchannel("A"))
    return _array(paper)


def _to_8_bits(image: PilImage.Image) -> PilImage.Image:
    """Grey of 16 or 32 bits or floating point; Pillow's own conversion clips at 255."""
    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    if image.mode == "F":
        top = 1.0 if values.max(initial=0) <= 1 else 255.0 if values.max() <= 255 else 65535.0
    else:
        top = 65535.0
    grey = PilImage.fromarray(np.clip(values * (255 / top) + 0.5, 0, 255).astype(np.uint8))
    grey.info = {key: value for key, value in image.info.items() if key == "icc_profile"}
    return grey


def _array(image: PilImage.Image) -> Image:
    return np.array(image, dtype=np.uint8)


def _still_colour(path: Path, kind: FileType) -> tuple[isobmff.Nclx | None, bool]:
    if kind.media_type not in ("image/heic", "image/avif"):
        return None, False
    with path.open("rb") as file:
        return isobmff.still_colour(file, path.stat().st_size)


def _hdr_colour(path: Path, kind: FileType) -> isobmff.Nclx | None:
    """The code points of a PQ or HLG picture; gain map pictures have an SDR base and are none."""
    nclx, _ = _still_colour(path, kind)
    return nclx if nclx is not None and colour.is_hdr(nclx.transfer) else None


def _primaries(path: Path, kind: FileType) -> int | None:
    nclx, has_icc = _still_colour(path, kind)
    return None if nclx is None or has_icc else nclx.primaries


def _notes(path: Path, kind: FileType, image: PilImage.Image) -> tuple[Message, ...]:
    notes = []
    if kind.media_type in _MANY_PAGES and getattr(image, "n_frames", 1) > 1:
        notes.append(message("first-picture-only", file=path.name))
    xmp = image.info.get("xmp") or b""
    if capture.is_motion_photo(xmp.encode() if isinstance(xmp, str) else xmp):
        notes.append(message("motion-photo-still", file=path.name))
    return tuple(notes)


def _probe_raw(path: Path, kind: FileType) -> PhotoInfo:
    header = raw.probe(path)
    return PhotoInfo(kind.media_type, header.width, header.height, header.orientation, header.capture, notes=kind.notes)
