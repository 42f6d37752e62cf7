"""Colour profiles: is it sRGB, and the one that every converted picture carries."""

from __future__ import annotations

import struct
from functools import cache
from io import BytesIO

from PIL import ImageCms

TOLERANCE = 0.004
"""Largest difference of a primary's XYZ from sRGB's. The sRGB profiles of HP, lcms, Google and Apple differ by up to
0.001, Display P3 by 0.08."""
_SRGB_PRIMARIES = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
"""Adapted to D50, as profiles store them."""
_DATE = slice(24, 36)


@cache
def srgb() -> bytes:
    """The sRGB profile of Little CMS with a fixed date, so that equal input gives equal bytes."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_DATE] = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    return bytes(profile)


def is_srgb(profile: bytes) -> bool:
    """Whether its primaries and its tone curve are those of sRGB (grey profiles: no)."""
    tags = _tags(profile)
    return all(_near(tags.get(name, b""), xyz) for name, xyz in _SRGB_PRIMARIES.items()) and _curve_is_srgb(profile)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    if len(profile) < 132:
        return {}
    count = min(struct.unpack_from(">I", profile, 128)[0], 100, (len(profile) - 132) // 12)
    entries = (struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(count))
    return {name: profile[start : start + size] for name, start, size in entries}


def _near(tag: bytes, wanted: tuple[float, float, float]) -> bool:
    if len(tag) < 20:
        return False
    return all(
        abs(got / 65536 - want) < TOLERANCE for got, want in zip(struct.unpack_from(">3i", tag, 8), wanted, strict=True)
    )


def _curve_is_srgb(profile: bytes) -> bool:
    """A grey ramp through the profile moves by 3 of 255 at most; ProPhoto's and linear curves move it by far more."""
    from PIL import Image

    ramp = Image.frombytes("RGB", (256, 1), bytes(value for grey in range(256) for value in (grey, grey, grey)))
    try:
        moved = ImageCms.profileToProfile(
            ramp, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return moved is not None and max(abs(a - b) for a, b in zip(moved.tobytes(), ramp.tobytes(), strict=True)) <= 3
