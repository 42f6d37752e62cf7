from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from make_media import quadrants, textured
from verify_media.codecs import exif, icc, jpeg, metadata, png

TAKEN = "2026:11:20 18:03:00"
XMP_EDITOR = b'<x:xmpmeta xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"><xmpMM:DocumentID>uuid:1</xmpMM:DocumentID>'
XMP_PLAIN = b'<x:xmpmeta><rdf:Description tiff:Orientation="1"/></x:xmpmeta>'


def tags(**more: object) -> Image.Exif:
    block = Image.Exif()
    block[exif.MAKE], block[exif.MODEL], block[exif.ORIENTATION] = "Canon", "G11", 6
    block.get_ifd(exif.EXIF_IFD)[exif.DATE_ORIGINAL] = TAKEN
    return block


def with_location() -> Image.Exif:
    block = tags()
    block.get_ifd(exif.GPS_IFD).update({1: "N", 2: (52.0, 30.0, 1.0), 3: "E", 4: (13.0, 20.0, 2.0)})
    return block


def with_photo_tag(tag: int, value: object) -> Image.Exif:
    block = tags()
    block.get_ifd(exif.EXIF_IFD)[tag] = value
    return block


def with_main_tag(tag: int, value: object) -> Image.Exif:
    block = tags()
    block[tag] = value
    return block


def photo(block: Image.Exif | None = None, **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(textured(96, 64)).save(buffer, "JPEG", **({"exif": block} if block else {}), **options)
    return buffer.getvalue()


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (photo(with_location()), "location"),
        (photo(with_photo_tag(0xA431, "1234567")), "serial numbers"),
        (photo(with_photo_tag(0xA430, "Ann Maker")), "names"),
        (photo(with_main_tag(exif.ARTIST, "Ann Maker")), "names"),
        (photo(with_photo_tag(exif.MAKER_NOTE, b"Nikon\0 serial 55")), "maker notes"),
        (photo(with_photo_tag(exif.USER_COMMENT, b"ASCII\0\0\0at home")), "comments"),
        (photo(comment=b"made at home"), "comments"),
        (photo(xmp=XMP_EDITOR), "editor data"),
        (photo() + b"PK\x03\x04 an archive", "a second picture or file"),
    ],
)
def test_private_data_are_found_and_taken_out_without_touching_the_picture(data: bytes, kind: str) -> None:
    examined = metadata.examine(data, "image/jpeg")
    assert examined is not None
    assert (examined.obstacle, examined.private) == (None, (kind,))
    again = metadata.examine(examined.clean, "image/jpeg")
    assert again is not None and again.private == ()
    assert np.array_equal(pixels(examined.clean), pixels(data))
    assert jpeg.parse(data).segments[-1] == jpeg.parse(examined.clean).segments[-1]


@pytest.mark.parametrize(
    "data",
    [
        photo(),
        photo(tags()),
        photo(icc_profile=icc.srgb()),
        photo(xmp=XMP_PLAIN),
        photo(with_photo_tag(exif.MAKER_NOTE, b"Apple iOS\0\0\1MM")),
        photo(with_photo_tag(exif.USER_COMMENT, b"ASCII\0\0\0    ")),
        photo() + b"\0\0\0\0",
    ],
)
def test_what_says_nothing_private_passes(data: bytes) -> None:
    examined = metadata.examine(data, "image/jpeg")
    assert examined is not None
    assert (examined.obstacle, examined.private) == (None, ())


def test_camera_time_orientation_and_profile_stay() -> None:
    data = photo(with_location(), icc_profile=icc.srgb())
    examined = metadata.examine(data, "image/jpeg")
    assert examined is not None
    image = Image.open(BytesIO(examined.clean))
    kept = image.getexif()
    assert (kept[exif.MAKE], kept[exif.MODEL], kept[exif.ORIENTATION]) == ("Canon", "G11", 6)
    assert kept.get_ifd(exif.EXIF_IFD)[exif.DATE_ORIGINAL] == TAKEN
    assert not kept.get_ifd(exif.GPS_IFD)
    assert image.info["icc_profile"] == icc.srgb()


def test_big_endian_exif_is_kept_in_its_order() -> None:
    little = exif.parse(exif.minimal("Canon", "G11", "2026-11-20T18:03:00"))
    assert little is not None
    big = exif.parse(exif.cleaned(exif.Exif(">", little.main, {})))
    assert big is not None and big.order == ">"
    assert big.main[exif.MAKE].text == "Canon"


def test_a_thumbnail_of_another_picture_goes_and_the_right_one_may_stay() -> None:
    own, other = BytesIO(), BytesIO()
    Image.fromarray(textured(96, 64)).resize((48, 32)).save(own, "JPEG")
    Image.fromarray(quadrants(48, 32)).save(other, "JPEG")
    assert metadata._shows_the_same(own.getvalue(), photo())
    assert not metadata._shows_the_same(other.getvalue(), photo())


def test_another_profile_is_an_obstacle() -> None:
    from test_jpeg import wide

    examined = metadata.examine(photo(icc_profile=wide(icc.srgb())), "image/jpeg")
    assert examined is not None and examined.obstacle is not None
    assert examined.obstacle.key == "fit-colour-profile"


def test_broken_exif_does_not_stop_anything() -> None:
    data = photo()
    for payload in (b"", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"II*\0\x08\0\0\0\x02\0" + b"\xff" * 24):
        segment = jpeg.Segment(jpeg.APP1, jpeg.EXIF + payload)
        examined = metadata.examine(data[:2] + segment.raw + data[2:], "image/jpeg")
        assert examined is not None
        assert np.array_equal(pixels(examined.clean), pixels(data))


def test_png_text_goes_and_pixels_stay() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Author", "Ann Maker")
    buffer = BytesIO()
    Image.fromarray(quadrants()).save(buffer, "PNG", pnginfo=info, exif=with_location())
    examined = metadata.examine(buffer.getvalue() + b"PK", "image/png")
    assert examined is not None
    assert examined.private == ("location", "comments", "a second picture or file")
    again = metadata.examine(examined.clean, "image/png")
    assert again is not None and again.private == ()
    assert np.array_equal(pixels(examined.clean), quadrants())
    assert Image.open(BytesIO(examined.clean)).getexif()[exif.MAKE] == "Canon"


def test_plain_png_passes_and_animated_does_not(tmp_path: Path) -> None:
    buffer = BytesIO()
    Image.fromarray(quadrants()).save(buffer, "PNG")
    plain = metadata.examine(buffer.getvalue(), "image/png")
    assert plain is not None and (plain.obstacle, plain.private) == (None, ())
    frames = [Image.fromarray(np.full((16, 16, 3), value, np.uint8)) for value in (0, 90, 200)]
    moving = BytesIO()
    frames[0].save(moving, "PNG", save_all=True, append_images=frames[1:])
    animated = metadata.examine(moving.getvalue(), "image/png")
    assert animated is not None and animated.obstacle is not None and animated.obstacle.key == "fit-animated"


def test_cut_png_is_none() -> None:
    buffer = BytesIO()
    Image.fromarray(quadrants()).save(buffer, "PNG")
    assert metadata.examine(buffer.getvalue()[:-6], "image/png") is None


def test_png_encodes_without_loss_and_knows_drawings() -> None:
    drawing = quadrants(200, 160)
    assert np.array_equal(pixels(png.encode(drawing)), drawing)
    assert png.is_graphic(drawing)
    grain = np.random.default_rng(0).normal(0, 5, (160, 200, 3))
    assert not png.is_graphic(np.clip(textured(200, 160) + grain, 0, 255).astype(np.uint8))
