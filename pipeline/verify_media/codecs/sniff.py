"""What a file is, by its content and never by its name, and a sentence of its own for all that is no photo or video.

Own magic bytes: on 46 hostile and odd files puremagic and magika took HEIC for MP4, and ffmpeg "decodes" a zip.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from verify_media.codecs import isobmff, not_media, tiff_tags
from verify_media.codecs.errors import DecodeError as DecodeError
from verify_media.codecs.errors import refuse
from verify_media.messages import Message, message
from verify_media.records import Kind

HEAD_BYTES = 4096

SUFFIXES: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "image/png": (".png", ".apng"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/bmp": (".bmp", ".dib"),
    "image/tiff": (".tif", ".tiff"),
    "image/heic": (".heic", ".heif", ".hif", ".heics", ".heifs"),
    "image/avif": (".avif", ".avifs"),
    "image/x-adobe-dng": (".dng",),
    "image/x-nikon-nef": (".nef", ".nrw"),
    "image/x-canon-cr2": (".cr2",),
    "image/x-canon-cr3": (".cr3",),
    "image/x-sony-arw": (".arw", ".sr2", ".srf"),
    "image/x-fuji-raf": (".raf",),
    "image/x-olympus-orf": (".orf",),
    "image/x-panasonic-rw2": (".rw2", ".raw", ".rwl"),
    "image/x-pentax-pef": (".pef", ".dng"),
    "image/x-raw": (".raw", ".srw", ".3fr", ".iiq", ".mos", ".mef", ".erf", ".kdc", ".dcr", ".x3f", ".crw"),
    "video/mp4": (".mp4", ".m4v", ".mov", ".3gp", ".qt"),
    "video/quicktime": (".mov", ".qt", ".mp4", ".m4v"),
    "video/3gpp": (".3gp", ".3g2", ".mp4"),
    "video/webm": (".webm", ".mkv"),
    "video/x-matroska": (".mkv", ".mk3d", ".webm"),
    "video/x-msvideo": (".avi", ".divx"),
    "video/x-ms-wmv": (".wmv", ".asf"),
    "video/x-flv": (".flv", ".f4v"),
    "video/mp2t": (".ts", ".mts", ".m2ts", ".m2t"),
    "video/mpeg": (".mpg", ".mpeg", ".vob", ".mod", ".mpe"),
}
"""The names that belong to a type: any other name is worth a note."""

_RAW_BY_MAKE = (
    ("nikon", "image/x-nikon-nef"),
    ("sony", "image/x-sony-arw"),
    ("pentax", "image/x-pentax-pef"),
    ("canon", "image/x-canon-cr2"),
    ("olympus", "image/x-olympus-orf"),
    ("panasonic", "image/x-panasonic-rw2"),
)

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"CR\x02", "image/x-canon-cr2"),
    (0, b"IIU\0", "image/x-panasonic-rw2"),
    (0, b"IIRO", "image/x-olympus-orf"),
    (0, b"IIRS", "image/x-olympus-orf"),
    (0, b"MMOR", "image/x-olympus-orf"),
    (0, b"FUJIFILMCCD-RAW", "image/x-fuji-raf"),
    (0, b"FOVb", "image/x-raw"),
    (6, b"HEAPCCDR", "image/x-raw"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", "video/x-ms-wmv"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x00\x00\x01\xba", "video/mpeg"),
)


@dataclass(frozen=True, slots=True)
class FileType:
    """A photo or video. `notes` say what is odd about the file but does not stop it."""

    media_type: str
    notes: tuple[Message, ...] = ()

    @property
    def kind(self) -> Kind:
        return Kind.PHOTO if self.media_type.startswith("image/") else Kind.VIDEO

    @property
    def is_raw(self) -> bool:
        return self.media_type.startswith("image/x-")


def sniff(path: Path) -> FileType:
    """The type of the file. Raises DecodeError for what is no photo or video, with the reason and the cure.

    Opens regular files only: a fifo would wait for a writer for ever.
    """
    try:
        _refuse_special(path)
        with path.open("rb") as file:
            return _by_content(path, file)
    except FileNotFoundError as error:
        raise refuse("file-vanished", file=path.name) from error
    except PermissionError as error:
        raise refuse("file-not-readable", file=path.name) from error
    except OSError as error:
        raise refuse("file-read-error", file=path.name, reason=error.strerror or type(error).__name__) from error


def _refuse_special(path: Path) -> None:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise refuse("not-a-regular-file", file=path.name)
    if not_media.is_online_only(status):
        raise refuse("cloud-placeholder", file=path.name)
    if not_media.is_unfinished_download(path.name):
        raise refuse("unfinished-download", file=path.name)
    if status.st_size == 0:
        raise refuse("file-empty", file=path.name)


def _by_content(path: Path, file: BinaryIO) -> FileType:
    size_bytes = path.stat().st_size
    head = file.read(HEAD_BYTES)
    media_type = media_type_of(head, file)
    if media_type is None:
        raise DecodeError(not_media.reason(path, head))
    return FileType(media_type, _oddities(path, file, size_bytes, media_type))


def media_type_of(head: bytes, file: BinaryIO) -> str | None:
    """The media type of a photo or video, else None. `head` is the start of `file`."""
    for offset, magic, media_type in _MAGIC:
        if head.startswith(magic, offset):
            return media_type
    return _iso_type(head) or _tiff_type(head, file) or _riff_type(head) or _other_type(head)


def _iso_type(head: bytes) -> str | None:
    names = isobmff.brands(head)
    if not names:
        return "video/quicktime" if head[4:8] in isobmff.OLD_QUICKTIME and len(head) > 8 else None
    if names[0] == b"crx ":
        return "image/x-canon-cr3"
    if names[0] in isobmff.AUDIO_BRANDS:
        return None
    if isobmff.AVIF_BRANDS & set(names) and b"heic" not in names:
        return "image/avif"
    if names[0] in isobmff.HEIF_BRANDS:
        return "image/heic"
    if names[0] == b"qt  ":
        return "video/quicktime"
    return "video/3gpp" if names[0][:3] in (b"3gp", b"3g2") else "video/mp4"


def _tiff_type(head: bytes, file: BinaryIO) -> str | None:
    if head[:4] in (b"II+\0", b"MM\0+"):
        return "image/tiff"
    if head[:4] not in (b"II*\0", b"MM\0*"):
        return None
    if not tiff_tags.holds_sensor_data(file):
        return "image/tiff"
    main = tiff_tags.first_ifd(file)
    if tiff_tags.DNG_VERSION in main:
        return "image/x-adobe-dng"
    make = (tiff_tags.text(main.get(tiff_tags.MAKE)) or "").lower()
    return next((kind for name, kind in _RAW_BY_MAKE if make.startswith(name)), "image/x-raw")


def _riff_type(head: bytes) -> str | None:
    if head[:4] != b"RIFF":
        return None
    return {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"AVIX": "video/x-msvideo"}.get(head[8:12])


def _other_type(head: bytes) -> str | None:
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[:2] == b"BM" and head[14:18] in _BMP_HEADERS:
        return "image/bmp"
    packets = (0, 188, 376), (4, 196, 388)
    if any(len(head) > max(at) and all(head[i] == 0x47 for i in at) for at in packets):
        return "video/mp2t"
    return None


_BMP_HEADERS = frozenset(size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124))


def _oddities(path: Path, file: BinaryIO, size_bytes: int, media_type: str) -> tuple[Message, ...]:
    notes = []
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES[media_type]:
        notes.append(message("name-says-otherwise", file=path.name, kind=not_media.plain_name(media_type)))
    if not_media.archive_follows(file, size_bytes):
        notes.append(message("archive-appended", file=path.name))
    return tuple(notes)
