"""What a file tells beside its picture: whether it may go out as it is, which private data it holds, and the same
file without them.

The pixels are never touched here. What stays is an allow-list, so a block nobody has heard of goes too.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage

from verify_media.codecs import exif as exif_block
from verify_media.codecs import icc, jpeg, png
from verify_media.messages import Message, message

KNOWN = {"image/jpeg", "image/png"}
THUMBNAIL_LIKENESS = 0.9
"""Correlation of the thumbnail with the picture, 32 by 24 grey. Cameras' own thumbnails measure above 0.97, other
pictures below 0.6."""

_XMP_PRIVATE = (
    b"GPS", b"photoshop:", b"xmpMM:", b"crs:", b"stEvt:", b"Iptc4xmp", b"mwg-rs:", b"MPRI:", b"MicrosoftPhoto",
    b"SerialNumber",
    b"OwnerName", b"dc:creator", b"dc:rights", b"lr:", b"Adobe", b"GIMP", b"hdrgm:", b"GContainer",
)  # fmt: skip
_KEPT_CHUNKS = {
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"iCCP",
    b"sBIT",
    b"pHYs",
    b"bKGD",
    b"tIME",
    b"hIST",
}


@dataclass(frozen=True, slots=True)
class Examined:
    """One compressed photo. `obstacle` says why it cannot go out as it is; None: it can, `private` aside."""

    obstacle: Message | None
    private: tuple[str, ...]
    clean: bytes
    """The file without private data, the pixels bit for bit the same."""


def examine(data: bytes, media_type: str) -> Examined | None:
    """None where the bytes are not a whole JPEG or PNG."""
    try:
        if media_type == "image/jpeg":
            return _examine_jpeg(data)
        if media_type == "image/png":
            return _examine_png(data)
    except (jpeg.NotJpeg, png.NotPng):
        pass
    return None


def _examine_jpeg(data: bytes) -> Examined:
    picture = jpeg.parse(data)
    exif = exif_block.parse(picture.exif or b"")
    found = list(exif_block.private(exif)) if exif else []
    if exif and exif.thumbnail and not _shows_the_same(exif.thumbnail, data):
        found.append("another thumbnail")
    found += [kind for segment in picture.segments if (kind := _private_segment(segment))]
    if picture.trailer.strip(b"\0"):
        found.append("a second picture or file")
    return Examined(
        _jpeg_obstacle(picture, exif), tuple(dict.fromkeys(found)), jpeg.write(_kept_segments(picture, exif))
    )


def _jpeg_obstacle(picture: jpeg.Jpeg, exif: exif_block.Exif | None) -> Message | None:
    if not picture.is_common:
        return message("fit-jpeg-coding")
    profile = picture.profile
    if (profile is not None and not icc.is_srgb(profile)) or (
        profile is None and exif is not None and exif.is_adobe_rgb
    ):
        return message("fit-colour-profile")
    return None


def _private_segment(segment: jpeg.Segment) -> str | None:
    marker, payload = segment.marker, segment.payload
    if marker == jpeg.APP1:
        if payload.startswith(jpeg.XMP):
            return "editor data" if any(word in payload for word in _XMP_PRIVATE) else None
        return None if payload.startswith(jpeg.EXIF) else "editor data"
    if marker == jpeg.APP2:
        return None if payload.startswith(jpeg.ICC) else "a second picture or file"
    if marker == jpeg.COM:
        return "comments" if payload.strip(b"\0 ") else None
    if marker == jpeg.APP0:
        return None if payload.startswith(b"JFIF\0") else "another thumbnail"
    is_other = jpeg.APP2 < marker <= 0xEF and not (marker == jpeg.APP14 and payload.startswith(b"Adobe"))
    return ("editor data" if marker == 0xED else "maker notes") if is_other else None


def _kept_segments(picture: jpeg.Jpeg, exif: exif_block.Exif | None) -> tuple[jpeg.Segment, ...]:
    """Coding, colour, and an EXIF block with camera, time, orientation and exposure."""
    kept: list[jpeg.Segment] = []
    for segment in picture.segments:
        if segment.marker == jpeg.APP1 and segment.payload.startswith(jpeg.EXIF):
            if exif and not any(s.marker == jpeg.APP1 for s in kept):
                kept.append(jpeg.Segment(jpeg.APP1, jpeg.EXIF + exif_block.cleaned(exif)))
        elif segment.marker not in (jpeg.APP1, jpeg.COM) and not _private_segment(segment):
            kept.append(segment)
    return tuple(kept)


def _shows_the_same(thumbnail: bytes, data: bytes) -> bool:
    """Whether an EXIF thumbnail shows the picture it lies in. Cameras pad it with black bars where the shapes
    differ."""
    try:
        small = PilImage.open(BytesIO(thumbnail), formats=("JPEG",)).convert("L")
        opened = PilImage.open(BytesIO(data), formats=("JPEG", "MPO"))
        opened.draft("L", (256, 256))
        whole = opened.convert("L")
    except (OSError, ValueError, SyntaxError):
        return False
    scale = min(small.width / whole.width, small.height / whole.height)
    width, height = round(whole.width * scale), round(whole.height * scale)
    left, top = (small.width - width) // 2, (small.height - height) // 2
    a = np.asarray(
        small.crop((left, top, left + width, top + height)).resize((32, 24), PilImage.Resampling.BOX), np.float64
    )
    b = np.asarray(whole.resize((32, 24), PilImage.Resampling.BOX), np.float64)
    return _correlation(a, b) >= THUMBNAIL_LIKENESS


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / spread if spread > 1e-6 else 1.0


def _examine_png(data: bytes) -> Examined:
    picture = png.parse(data)
    found: list[str] = []
    exif = exif_block.parse(picture.get(b"eXIf") or b"")
    if exif:
        found += exif_block.private(exif)
        found += ["another thumbnail"] if exif.thumbnail else []
    if any(chunk.name not in _KEPT_CHUNKS | {b"eXIf", b"cICP", b"acTL", b"fcTL", b"fdAT"} for chunk in picture.chunks):
        found.append("comments")
    if picture.trailer.strip(b"\0"):
        found.append("a second picture or file")
    kept = [chunk for chunk in picture.chunks if chunk.name in _KEPT_CHUNKS]
    if exif:
        kept.insert(1, png.Chunk(b"eXIf", exif_block.cleaned(exif)))
    return Examined(_png_obstacle(picture), tuple(dict.fromkeys(found)), png.write(tuple(kept)))


def _png_obstacle(picture: png.Png) -> Message | None:
    if picture.is_animated:
        return message("fit-animated")
    if picture.is_hdr:
        return message("fit-hdr")
    profile = picture.profile
    return message("fit-colour-profile") if profile is not None and not icc.is_srgb(profile) else None
