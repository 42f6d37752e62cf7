"""What a photo says about its making: EXIF (CIPA DC-008) and Apple's and Google's notes on moving photos."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image as PilImage

from verify_media.codecs import tiff_tags
from verify_media.records import Capture

_EXIF_TIME = re.compile(r"^(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"^[+-]\d\d:\d\d$")
_APPLE_NOTE = b"Apple iOS\0\0\x01MM"
_APPLE_CONTENT_ID = 0x11
_MOTION_MARKS = (b"GCamera:MicroVideo", b"GCamera:MotionPhoto", b"Camera:MotionPhoto", b"Container:Semantic")


@dataclass(frozen=True, slots=True)
class Origin:
    """`content_id` joins the still and the clip of a Live Photo."""

    capture: Capture
    content_id: str | None = None


def of_image(image: PilImage.Image) -> Origin:
    """From an opened picture of any type that carries EXIF."""
    try:
        exif = image.getexif()
        times, place = exif.get_ifd(tiff_tags.EXIF_IFD), exif.get_ifd(tiff_tags.GPS_IFD)
    except Exception:  # EXIF is written by everyone and damaged by many; the pixels do not depend on it
        return Origin(Capture())
    taken = times.get(tiff_tags.DATE_TIME_ORIGINAL) or exif.get(tiff_tags.DATE_TIME)
    capture = Capture(
        make=_clean(exif.get(tiff_tags.MAKE)),
        model=_clean(exif.get(tiff_tags.MODEL)),
        taken_at=iso_time(_clean(taken), _clean(times.get(tiff_tags.OFFSET_TIME_ORIGINAL))),
        software=_clean(exif.get(tiff_tags.SOFTWARE)),
        has_location=2 in place and 4 in place,
    )
    return Origin(capture, _apple_content_id(times.get(tiff_tags.MAKER_NOTE)))


def of_raw(file: BinaryIO) -> Capture:
    """From a TIFF-like raw; empty for the others (CR3, RAF)."""
    main = tiff_tags.first_ifd(file)
    times = next(iter(tiff_tags.child_ifds(file, main, tiff_tags.EXIF_IFD)), {})
    place = next(iter(tiff_tags.child_ifds(file, main, tiff_tags.GPS_IFD)), {})
    taken = times.get(tiff_tags.DATE_TIME_ORIGINAL) or main.get(tiff_tags.DATE_TIME)
    return Capture(
        make=tiff_tags.text(main.get(tiff_tags.MAKE)),
        model=tiff_tags.text(main.get(tiff_tags.MODEL)),
        taken_at=iso_time(tiff_tags.text(taken), tiff_tags.text(times.get(tiff_tags.OFFSET_TIME_ORIGINAL))),
        software=tiff_tags.text(main.get(tiff_tags.SOFTWARE)),
        has_location=2 in place and 4 in place,
    )


def iso_time(exif_time: str | None, offset: str | None = None) -> str | None:
    """ "2024:05:01 10:20:30" to ISO 8601; None for the zero dates of cameras whose clock was never set."""
    found = _EXIF_TIME.match(exif_time or "")
    if found is None or found[1] == "0000" or found[2] == "00":
        return None
    year, month, day, hour, minute, second = found.groups()
    zone = offset if offset and _OFFSET.match(offset) else ""
    return f"{year}-{month}-{day}T{hour}:{minute}:{second}{zone}"


def is_motion_photo(xmp: bytes) -> bool:
    """Whether the XMP says that a short clip follows the still (Google's Motion Photo 1.0 and its forerunner)."""
    return any(mark in xmp for mark in _MOTION_MARKS[:3]) or (_MOTION_MARKS[3] in xmp and b"MotionPhoto" in xmp)


def _apple_content_id(note: object) -> str | None:
    if not isinstance(note, bytes) or not note.startswith(_APPLE_NOTE):
        return None
    return tiff_tags.text(tiff_tags.read_ifd(io.BytesIO(note), ">", len(_APPLE_NOTE)).get(_APPLE_CONTENT_ID))


def _clean(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    return "".join(c for c in value.split("\0")[0] if c.isprintable()).strip()[:200] or None
