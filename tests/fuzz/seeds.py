"""Whole files of every kind, small, to be broken."""

from __future__ import annotations

import io
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms

from make_media import clip, dng, textured

FIXTURES = Path(__file__).parents[2] / "fixtures"
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description GCamera:MicroVideo="1"/></rdf:RDF></x:xmpmeta>'
CLIPS = {
    "a.mp4": {},
    "a.mov": {"container": "mov", "metadata": {"location": "+35.0-030.0/"}},
    "a.webm": {"codec": "libvpx-vp9", "container": "webm"},
    "a.mkv": {"container": "matroska"},
    "a.avi": {"codec": "mpeg4", "container": "avi"},
    "a.ts": {"container": "mpegts"},
    "a.flv": {"codec": "flv", "container": "flv"},
    "fragments.mp4": {"options": {"movflags": "frag_keyframe+empty_moov"}},
}
LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><g fill="#123"><circle cx="50" cy="50" r="40"/>
<text x="90" y="60" font-size="30">Willow</text><path d="M0 0L200 100"/></g></svg>"""


def media(folder: Path) -> dict[str, bytes]:
    """Photos and clips by name; some are the fixtures, most are made here."""
    made = {**photos(), **_real()}
    for name, options in CLIPS.items():
        path = clip(folder / name, frames=12, size=(64, 48), **options)  # type: ignore[arg-type]
        made[name] = path.read_bytes()
    made["a.dng"] = dng(folder / "a.dng").read_bytes()
    return made


def photos() -> dict[str, bytes]:
    pillow_heif.register_heif_opener()
    picture = Image.fromarray(textured(96, 64))
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 10:20:30"
    exif.get_ifd(0x8769)[0xA431] = "SERIAL-4711"
    exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 0.0, 0.0), 3: "W", 4: (30.0, 0.0, 0.0)})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rich = {"exif": exif.tobytes(), "icc_profile": profile}
    return {
        "a.jpg": _saved(picture, "JPEG", xmp=XMP, **rich),
        "progressive.jpg": _saved(picture, "JPEG", progressive=True, **rich),
        "a.png": _saved(picture, "PNG", **rich),
        "palette.png": _saved(picture.quantize(16), "PNG"),
        "a.webp": _saved(picture, "WEBP", **rich),
        "a.gif": _saved(picture, "GIF"),
        "a.bmp": _saved(picture, "BMP"),
        "a.tif": _saved(picture, "TIFF", compression="tiff_lzw"),
        "a.heic": _saved(picture, "HEIF", exif=exif.tobytes()),
        "a.avif": _saved(picture, "AVIF"),
    }


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _real() -> dict[str, bytes]:
    """With everything that a phone writes; larger, so a few of each."""
    return {
        name: (FIXTURES / "shots" / name).read_bytes() for name in ("IMG_0412.HEIC", "IMG_0413.JPG", "IMG_0416.MOV")
    }


def texts() -> dict[str, bytes]:
    """What people and other programs write for us."""
    policies = Path(__file__).parents[2] / "pipeline" / "verify_media" / "policies"
    return {
        "submission.toml": (FIXTURES / "shots" / "submission.toml").read_bytes(),
        "policy.toml": (policies / "amazon-handmade.toml").read_bytes(),
    }


def logos() -> dict[str, bytes]:
    return {"logo.svg": LOGO, "logo.png": (FIXTURES / "library" / "logo.png").read_bytes()}
