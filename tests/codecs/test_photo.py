from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
import rawpy
from PIL import Image, ImageCms

from make_media import CORNERS, corners_of, dng, is_like, quadrants, textured
from verify_media.codecs import photo
from verify_media.codecs.errors import DecodeError

TURN = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
    8: lambda p: np.rot90(p, -1),
}
"""How a camera stores an upright picture for each EXIF orientation."""


def exif(orientation: int = 1, **tags: str) -> bytes:
    block = Image.Exif()
    block[0x0112] = orientation
    block[0x010F], block[0x0110] = tags.get("make", "Maker"), "One"
    block.get_ifd(0x8769)[0x9003] = "2024:05:01 10:20:30"
    block.get_ifd(0x8769)[0x9011] = "+02:00"
    return block.tobytes()


def refusal(path: Path) -> str:
    with pytest.raises(DecodeError) as caught:
        photo.load(path)
    assert path.name in caught.value.message.text
    assert caught.value.message.cure
    return caught.value.message.key


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "avif", "heic"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_upright_exactly_once(tmp_path: Path, suffix: str, orientation: int) -> None:
    path = tmp_path / f"photo.{suffix}"
    stored = Image.fromarray(np.ascontiguousarray(TURN[orientation](quadrants())))
    options = {"quality": 95} if suffix in ("jpg", "heic", "webp", "avif") else {}
    stored.save(path, exif=exif(orientation), **options)
    pixels, info = photo.load(path), photo.probe(path)
    assert pixels.shape == (48, 64, 3)
    assert pixels.dtype == np.uint8
    assert is_like(corners_of(pixels))
    assert (info.width, info.height) == (64, 48)
    small = photo.load(path, max_side=32)
    assert small.shape == (24, 32, 3)
    assert is_like(corners_of(small))


@pytest.mark.parametrize("suffix", ["gif", "bmp"])
def test_formats_without_orientation(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(quadrants()).save(tmp_path / f"a.{suffix}")
    assert is_like(corners_of(photo.load(tmp_path / f"a.{suffix}")))


def test_capture_data(tmp_path: Path) -> None:
    Image.fromarray(quadrants()).save(tmp_path / "a.jpg", exif=exif())
    capture = photo.probe(tmp_path / "a.jpg").capture
    assert (capture.make, capture.model, capture.taken_at) == ("Maker", "One", "2024-05-01T10:20:30+02:00")
    assert not capture.has_location


def test_damaged_exif_does_not_stop_the_pixels(tmp_path: Path) -> None:
    block = exif()
    Image.fromarray(quadrants()).save(tmp_path / "a.jpg", exif=block[:14] + b"\xff" * (len(block) - 14))
    assert photo.load(tmp_path / "a.jpg").shape == (48, 64, 3)
    assert photo.probe(tmp_path / "a.jpg").orientation == 1


def wide_gamut_profile() -> bytes:
    """Display P3 as ICC 2: the matrix profile that phones embed, built here from its published values."""
    s15 = lambda v: struct.pack(">i", round(v * 65536))  # noqa: E731
    xyz = lambda *v: b"XYZ \0\0\0\0" + b"".join(s15(x) for x in v)  # noqa: E731
    name = b"Wide"
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name) + 1) + name + b"\0" + b"\0" * 78,
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.51512, 0.24120, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.15710, 0.06657, 0.78407),
    }
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for tag, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        table += tag + struct.pack(">II", at + len(body), len(value))
        body += value
    header = struct.pack(">I4sI4s4s4s", at + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28 + s15(0.9642) + s15(1.0) + s15(0.8249)
    return header.ljust(128, b"\0") + table + body


def test_wide_gamut_becomes_srgb(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), (200, 60, 60)).save(tmp_path / "a.png", icc_profile=wide_gamut_profile())
    red, green, blue = (int(v) for v in photo.load(tmp_path / "a.png")[8, 8])
    assert red > 208  # the same colour needs more red in the smaller gamut
    assert green < 58
    assert blue < 62


def test_a_damaged_profile_is_left_aside(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16), (200, 60, 60)).save(tmp_path / "a.png", icc_profile=b"not a profile" * 20)
    assert tuple(photo.load(tmp_path / "a.png")[8, 8]) == (200, 60, 60)


def test_srgb_pixels_are_not_touched(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = textured(64, 48)
    Image.fromarray(pixels).save(tmp_path / "a.png", icc_profile=profile)
    assert np.array_equal(photo.load(tmp_path / "a.png"), pixels)


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [
        ("L", 128, (128, 128, 128)),
        ("1", 1, (255, 255, 255)),
        ("LA", (100, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 0), (255, 255, 255)),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30)),
        ("I;16", 32896, (128, 128, 128)),
    ],
)
def test_every_mode_becomes_rgb_over_white(tmp_path: Path, mode: str, value: object, expected: tuple[int, ...]) -> None:
    Image.new(mode, (16, 16), value).save(tmp_path / "a.png")  # type: ignore[arg-type]
    assert tuple(photo.load(tmp_path / "a.png")[8, 8]) == expected
    assert tuple(photo.load(tmp_path / "a.png", max_side=8)[4, 4]) == expected


def test_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("P", (16, 16), 0)
    image.putpalette([200, 0, 0, 0, 200, 0])
    image.save(tmp_path / "a.png", transparency=0)
    assert tuple(photo.load(tmp_path / "a.png")[8, 8]) == (255, 255, 255)


def test_cmyk_jpeg(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    red, green, blue = (int(v) for v in photo.load(tmp_path / "a.jpg")[8, 8])
    assert red > 200
    assert max(green, blue) < 60


@pytest.mark.parametrize("suffix", ["gif", "webp", "tiff"])
def test_the_first_of_several_pictures(tmp_path: Path, suffix: str) -> None:
    first, second = Image.new("RGB", (16, 16), (200, 0, 0)), Image.new("RGB", (16, 16), (0, 0, 200))
    first.save(tmp_path / f"a.{suffix}", save_all=True, append_images=[second])
    assert int(photo.load(tmp_path / f"a.{suffix}")[8, 8, 0]) > 180
    assert "first-picture-only" in [note.key for note in photo.probe(tmp_path / f"a.{suffix}").notes]


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff", "bmp", "gif", "heic", "avif"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_off_photo_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(textured()).save(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refusal(path) in ("photo-damaged", "photo-unreadable")


@pytest.mark.parametrize("is_progressive", [False, True])
@pytest.mark.parametrize("max_side", [None, 80])
def test_a_download_filled_up_with_zeros_is_refused(tmp_path: Path, is_progressive: bool, max_side: int | None) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(textured()).save(path, progressive=is_progressive)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2].ljust(len(data), b"\0"))
    with pytest.raises(DecodeError):
        photo.load(path, max_side=max_side)


def test_a_missing_end_marker_alone_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(textured()).save(path)
    whole = photo.load(path)
    path.write_bytes(path.read_bytes()[:-2])
    try:
        assert np.array_equal(photo.load(path), whole)
    except DecodeError as error:
        assert error.message.key == "photo-damaged"


def test_bytes_behind_a_jpeg_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(quadrants()).save(path, quality=95)
    path.write_bytes(path.read_bytes() + b"\0" * 5000)
    assert is_like(corners_of(photo.load(path)))


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (20_000, 15_000)])
def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png_header(width, height) + b"\0\0\0\0IDAT")
    assert refusal(path) in ("photo-bomb", "photo-too-large")


def test_a_video_is_no_photo(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\0\0\0\x14ftypisom\0\0\0\0mp41")
    assert refusal(path) == "photo-expected"


def test_a_live_photo_tells_its_identifier(tmp_path: Path) -> None:
    identifier = b"E905E6C6-C747-4805\0"
    note = b"Apple iOS\0\0\x01MM" + struct.pack(">HHHII", 1, 0x11, 2, len(identifier), 32) + b"\0\0\0\0"
    block = Image.Exif()
    block.get_ifd(0x8769)[0x927C] = note.ljust(32, b"\0") + identifier
    Image.fromarray(quadrants()).save(tmp_path / "a.jpg", exif=block.tobytes())
    assert photo.probe(tmp_path / "a.jpg").content_id == "E905E6C6-C747-4805"


def test_a_motion_photo_is_its_still_with_a_note(tmp_path: Path) -> None:
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf GCamera:MotionPhoto="1"/></x:xmpmeta>'
    buffer = io.BytesIO()
    Image.fromarray(quadrants()).save(buffer, "JPEG", xmp=xmp, quality=95)
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue() + b"\0\0\0\x14ftypisom\0\0\0\0mp41" * 10)
    assert "motion-photo-still" in [note.key for note in photo.probe(tmp_path / "a.jpg").notes]
    assert is_like(corners_of(photo.load(tmp_path / "a.jpg")))


def test_hdr_avif_is_toned_down(tmp_path: Path) -> None:
    path = tmp_path / "a.avif"
    Image.new("RGB", (32, 32), (148, 148, 148)).save(path, quality=100)
    data = path.read_bytes()
    at = data.find(b"colrnclx") + 8
    path.write_bytes(data[:at] + struct.pack(">HHH", 9, 16, 9) + data[at + 6 :])
    assert photo.probe(path).is_hdr
    grey = int(photo.load(path)[16, 16].mean())
    assert 190 < grey < 240  # PQ code 0.58 is diffuse white, 203 cd/m2: bright, below the clipping point


def test_hdr_flag_is_absent_on_plain_heic(tmp_path: Path) -> None:
    pillow_heif.from_pillow(Image.fromarray(quadrants())).save(tmp_path / "a.heic")
    assert not photo.probe(tmp_path / "a.heic").is_hdr


def test_a_raw_is_developed_and_upright(tmp_path: Path) -> None:
    path = dng(tmp_path / "a.dng")
    info, pixels = photo.probe(path), photo.load(path)
    assert info.media_type == "image/x-adobe-dng"
    assert (info.capture.make, info.capture.model) == ("Test", "One")
    assert pixels.shape == (info.height, info.width, 3)
    assert info.height > info.width  # orientation 6 of a landscape sensor
    assert photo.load(path, max_side=16).shape[0] <= 16


def test_a_cut_off_raw_is_refused(tmp_path: Path) -> None:
    assert refusal(dng(tmp_path / "a.dng", cut=True)) == "raw-unreadable"


def test_corner_colours_are_what_the_helpers_think() -> None:
    assert corners_of(quadrants()) == list(CORNERS)


class Sensor:
    """Stands in for LibRaw's object: a camera's own JPEG in a raw of a given size and turn."""

    def __init__(self, preview: Image.Image, flip: int, exif: bytes = b"") -> None:
        buffer = io.BytesIO()
        preview.save(buffer, "JPEG", quality=95, exif=exif)
        self.thumb = type("Thumb", (), {"format": rawpy.ThumbFormat.JPEG, "data": buffer.getvalue()})
        sizes = {"width": 64, "height": 48, "raw_width": 66, "raw_height": 50, "flip": flip}
        self.sizes = type("Sizes", (), sizes)

    def __enter__(self) -> Sensor:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def extract_thumb(self) -> object:
        return self.thumb

    def postprocess(self, **_: object) -> np.ndarray:
        return np.zeros((48, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("orientation", "flip", "has_exif"),
    [(1, 0, False), (6, 6, False), (8, 5, False), (3, 3, False), (6, 6, True), (6, 0, True), (1, 6, False)],
)
def test_a_full_size_preview_is_taken_and_turned_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orientation: int, flip: int, has_exif: bool
) -> None:
    path = dng(tmp_path / "a.dng")
    upright = quadrants(48, 64) if orientation in (6, 8) or flip in (5, 6) else quadrants()
    stored = Image.fromarray(np.ascontiguousarray(TURN[orientation](upright)))
    sensor = Sensor(stored, flip, exif(orientation) if has_exif else b"")
    monkeypatch.setattr(rawpy, "imread", lambda _: sensor)
    info, pixels = photo.probe(path), photo.load(path)
    assert is_like(corners_of(pixels))
    assert pixels.shape == (info.height, info.width, 3)


def test_a_small_preview_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sensor = Sensor(Image.fromarray(quadrants(16, 12)), flip=0)
    monkeypatch.setattr(rawpy, "imread", lambda _: sensor)
    assert photo.load(dng(tmp_path / "a.dng")).max() == 0
