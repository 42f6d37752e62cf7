from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from make_media import textured
from verify_media.codecs import exif, icc, jpeg


def pillow_jpeg(**options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(textured(80, 64)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0}])
def test_segments_written_again_are_the_same_bytes(options: dict[str, object]) -> None:
    data = pillow_jpeg(**options)
    parsed = jpeg.parse(data + b"behind")
    assert jpeg.write(parsed.segments) == data
    assert parsed.trailer == b"behind"
    assert parsed.size == (80, 64)
    assert parsed.is_common


@pytest.mark.parametrize("cut", [2, 3, 20, 200, -2, -40])
def test_a_cut_file_is_refused(cut: int) -> None:
    with pytest.raises(jpeg.NotJpeg):
        jpeg.parse(pillow_jpeg()[:cut])


def test_an_end_marker_inside_a_thumbnail_is_not_the_end() -> None:
    data = pillow_jpeg()
    thumbnail = pillow_jpeg(quality=10)
    segment = jpeg.Segment(jpeg.APP1, jpeg.EXIF + thumbnail)
    parsed = jpeg.parse(data[:2] + segment.raw + data[2:])
    assert parsed.trailer == b""


def test_cmyk_is_not_common() -> None:
    buffer = BytesIO()
    Image.new("CMYK", (16, 16)).save(buffer, "JPEG")
    assert not jpeg.parse(buffer.getvalue()).is_common


def test_encode_carries_srgb_and_camera_but_no_software() -> None:
    pixels = textured(160, 120)
    block = exif.minimal("Apple", "iPhone 15", "2026-11-20T18:03:00+01:00")
    data = jpeg.encode(pixels, 95, exif=block, full_chroma=True)
    image = Image.open(BytesIO(data))
    tags, photo = image.getexif(), image.getexif().get_ifd(exif.EXIF_IFD)
    assert image.info["icc_profile"] == icc.srgb()
    assert (tags[exif.MAKE], tags[exif.MODEL]) == ("Apple", "iPhone 15")
    assert photo[exif.DATE_ORIGINAL] == "2026:11:20 18:03:00"
    assert photo[exif.OFFSET_ORIGINAL] == "+01:00"
    assert exif.SOFTWARE not in tags
    assert np.abs(np.asarray(image).astype(int) - pixels).mean() < 3


def test_the_profile_is_srgb_and_others_are_not() -> None:
    assert icc.is_srgb(icc.srgb())
    assert not icc.is_srgb(b"")
    assert not icc.is_srgb(icc.srgb()[:200])
    assert not icc.is_srgb(wide(icc.srgb()))


def wide(profile: bytes) -> bytes:
    """The profile with the red primary of Display P3."""
    at = profile.index(b"rXYZ", 132)
    start = int.from_bytes(profile[at + 4 : at + 8], "big")
    red = b"".join(int(value * 65536).to_bytes(4, "big", signed=True) for value in (0.5151, 0.2412, -0.0011))
    return profile[: start + 8] + red + profile[start + 20 :]
