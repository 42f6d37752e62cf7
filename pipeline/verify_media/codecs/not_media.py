"""Files that are no photo or video: what they are, and which sentence says so."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import BinaryIO

from verify_media.messages import Message, message

_ARCHIVES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "ZIP"),
    (0, b"PK\x05\x06", "ZIP"),
    (0, b"Rar!\x1a\x07", "RAR"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (0, b"\x1f\x8b", "GZIP"),
    (0, b"BZh", "BZIP2"),
    (0, b"\xfd7zXZ\x00", "XZ"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard"),
    (0, b"MSCF", "CAB"),
    (257, b"ustar", "TAR"),
    (2, b"-lh", "LHA"),
    (0, b"xar!", "XAR"),
)
_AUDIO: tuple[tuple[int, bytes], ...] = (
    (0, b"ID3"),
    (0, b"fLaC"),
    (0, b"#!AMR"),
    (0, b"caff"),
    (0, b"MThd"),
    (0, b".snd"),
    (8, b"WAVE"),
    (8, b"AIFF"),
    (8, b"AIFC"),
    (4, b"ftypM4A"),
    (4, b"ftypM4B"),
    (4, b"ftypM4P"),
    (4, b"ftypF4A"),
    (4, b"ftypF4B"),
)
_OTHER_FORMATS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"8BPS", "Photoshop"),
    (0, b"gimp xcf", "GIMP"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance"),
    (0, b"\x00\x00\x01\x00", "icon"),
    (0, b"OggS", "Ogg"),
    (0, b".RMF", "RealMedia"),
    (0, b"\x06\x0e\x2b\x34", "MXF"),
    (0, b"YUV4MPEG2", "Y4M"),
    (0, b"\x00\x00\x01\xb3", "MPEG"),
    (0, b"\x8aMNG", "MNG"),
    (0, b"%!PS", "PostScript"),
    (0, b"\xc5\xd0\xd3\xc6", "PostScript"),
)
_ZIP_DOCUMENTS = (b"[Content_Types].xml", b"mimetypeapplication/", b"word/", b"xl/", b"ppt/", b"Index/Document.iwa")
_PLAYLISTS = ("#extm3u", "[playlist]", "ffconcat", "<asx", "<smil", "<mpd", "#extinf")
_LINKS = ("[internetshortcut]", "[desktop entry]", '"doc_id"', "docs.google.com", "drive.google.com")
_LINK_SUFFIXES = frozenset(
    (".url", ".webloc", ".website", ".inetloc", ".fileloc", ".desktop", ".lnk", ".gdoc", ".gsheet", ".gslides")
)
_STUB_SUFFIXES = frozenset((".icloud", ".nextcloud", ".owncloud", ".cloud", ".cloudf"))
_UNFINISHED_SUFFIXES = frozenset((".crdownload", ".part", ".partial", ".download", ".opdownload", ".!ut", ".aria2"))
_RECALL_ON_ACCESS = 0x0040_0000 | 0x0004_0000 | 0x1000
"""Windows: FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS, _ON_OPEN and _OFFLINE: the bytes are in the cloud."""
_SF_DATALESS = 0x4000_0000
"""macOS: the file is a placeholder."""
_STUB_BYTES = 4096
_ZIP_TAIL_BYTES = 22 + 0xFFFF

_PLAIN_NAMES = {
    "image/jpeg": "JPEG photo",
    "image/png": "PNG image",
    "image/gif": "GIF image",
    "image/webp": "WebP image",
    "image/bmp": "BMP image",
    "image/tiff": "TIFF image",
    "image/heic": "HEIC photo",
    "image/avif": "AVIF photo",
    "video/mp4": "MP4 video",
    "video/quicktime": "QuickTime video",
    "video/3gpp": "3GP video",
    "video/webm": "WebM video",
    "video/x-matroska": "Matroska video",
    "video/x-msvideo": "AVI video",
    "video/x-ms-wmv": "Windows Media video",
    "video/x-flv": "Flash video",
    "video/mp2t": "MPEG video",
    "video/mpeg": "MPEG video",
}


def plain_name(media_type: str) -> str:
    """What a maker calls the type."""
    return _PLAIN_NAMES.get(media_type, "camera raw photo")


def is_online_only(status: os.stat_result) -> bool:
    """Whether the bytes lie in a cloud only; opening the file would start a download."""
    return bool(
        getattr(status, "st_file_attributes", 0) & _RECALL_ON_ACCESS or getattr(status, "st_flags", 0) & _SF_DATALESS
    )


def is_unfinished_download(name: str) -> bool:
    return Path(name).suffix.lower() in _UNFINISHED_SUFFIXES


def archive_follows(file: BinaryIO, size_bytes: int) -> bool:
    """Whether a ZIP ends where the file ends: a picture with an archive appended opens as either.

    Looks for the end-of-central-directory record (APPNOTE.TXT 4.3.16), whose comment must reach exactly to the end.
    """
    file.seek(max(0, size_bytes - _ZIP_TAIL_BYTES))
    tail = file.read(_ZIP_TAIL_BYTES)
    at = tail.rfind(b"PK\x05\x06")
    return at >= 0 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail)


def reason(path: Path, head: bytes) -> Message:
    """Why this file is not checked, from its first bytes."""
    return _cloud(path, head) or _archive(path, head) or _named(path, head) or _written(path, head)


def _cloud(path: Path, head: bytes) -> Message | None:
    suffix, small = path.suffix.lower(), len(head) < _STUB_BYTES
    if suffix in _STUB_SUFFIXES or not head.strip(b"\0"):
        return message("cloud-placeholder", file=path.name)
    if small and head.startswith(b"bplist00") and (b"NSURLNameKey" in head or b"NSURLFileResourceType" in head):
        return message("cloud-placeholder", file=path.name)
    if (small and suffix in _LINK_SUFFIXES) or _is_link(head):
        return message("cloud-shortcut", file=path.name)
    return None


def _is_link(head: bytes) -> bool:
    if head.startswith((b"L\0\0\0\x01\x14\x02\0", b"book\0\0\0\0mark")):
        return True
    is_plist = head.startswith(b"bplist00") or (head.startswith(b"<?xml") and b"<plist" in head)
    if is_plist:
        return b"URL" in head
    words = head[:1024].decode("utf-8", "ignore").lower().lstrip("\ufeff \r\n\t")
    return words.startswith(_LINKS[:2]) or (_is_json(head) and any(word in words for word in _LINKS[2:]))


def _is_json(head: bytes) -> bool:
    try:
        return isinstance(json.loads(head), dict)
    except (ValueError, RecursionError):
        return False


def _archive(path: Path, head: bytes) -> Message | None:
    kind = next((name for at, magic, name in _ARCHIVES if head.startswith(magic, at)), None)
    if kind is None:
        return None
    if kind == "ZIP" and any(mark in head for mark in _ZIP_DOCUMENTS):
        return message("is-a-document", file=path.name, kind="document")
    return message("is-an-archive", file=path.name, kind=kind)


def _named(path: Path, head: bytes) -> Message | None:
    if b"%PDF-" in head[:1024]:
        return message("is-a-document", file=path.name, kind="PDF")
    if head.startswith((b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        return message("is-a-document", file=path.name, kind="document")
    if _is_audio(head):
        return message("audio-only", file=path.name)
    other = next((name for at, magic, name in _OTHER_FORMATS if head.startswith(magic, at)), None)
    return message("format-not-supported", file=path.name, kind=other) if other else None


def _is_audio(head: bytes) -> bool:
    if any(head.startswith(magic, at) for at, magic in _AUDIO):
        return True
    if head.startswith(b"OggS"):
        return any(name in head[:128] for name in (b"vorbis", b"OpusHead", b"Speex", b"FLAC"))
    return head[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"\xff\xf1", b"\xff\xf9", b"\xff\xfa")


def _written(path: Path, head: bytes) -> Message:
    """Text of some kind, or nothing known."""
    words = _as_text(head)
    if words is None:
        return message("type-unknown", file=path.name)
    start = words.lstrip("\ufeff \r\n\t").lower()
    if re.search(r"<svg[\s>]", start):
        return message("is-a-drawing", file=path.name)
    if start.startswith(("<!doctype html", "<html")):
        return message("is-a-web-page", file=path.name)
    if start.startswith(_PLAYLISTS) or any(mark in start[:512] for mark in _PLAYLISTS[3:6]):
        return message("is-a-playlist", file=path.name)
    return message("is-text", file=path.name)


def _as_text(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "replace")
    try:
        words = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:  # not merely a character cut at the end of the piece
            return None
        words = head[: error.start].decode("utf-8")
    return words if all(c.isprintable() or c in "\r\n\t\f\ufeff" for c in words) else None
