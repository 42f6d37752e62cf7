from __future__ import annotations

import gzip
import io
import os
import socket
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from verify_media.codecs import sniff as sniff_module
from verify_media.codecs.errors import DecodeError
from verify_media.codecs.sniff import sniff
from verify_media.records import Kind

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + b"\0" * 64


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    payload = major + b"\0\0\0\0" + b"".join(compatible)
    return (8 + len(payload)).to_bytes(4, "big") + b"ftyp" + payload + b"\0\0\0\x10mdat" + b"\1" * 8


MEDIA = {
    "image/jpeg": JPEG,
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image/gif": b"GIF89a\1\0\1\0",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "image/bmp": b"BM" + b"\0" * 12 + (40).to_bytes(4, "little") + b"\1" * 40,
    "image/tiff": b"II*\0\x08\0\0\0\0\0",
    "image/heic": ftyp(b"heic", b"mif1", b"heic"),
    "image/avif": ftyp(b"mif1", b"avif", b"miaf"),
    "image/x-canon-cr3": ftyp(b"crx ", b"isom"),
    "image/x-canon-cr2": b"II*\0\x10\0\0\0CR\x02\0",
    "image/x-panasonic-rw2": b"IIU\0\x18\0\0\0",
    "image/x-olympus-orf": b"IIRO\x08\0\0\0",
    "image/x-fuji-raf": b"FUJIFILMCCD-RAW 0201",
    "video/mp4": ftyp(b"isom", b"mp41"),
    "video/quicktime": ftyp(b"qt  "),
    "video/3gpp": ftyp(b"3gp4"),
    "video/webm": b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm",
    "video/x-matroska": b"\x1a\x45\xdf\xa3\xa3B\x86\x81\x01B\xf7\x81\x01B\x82\x88matroska",
    "video/x-msvideo": b"RIFF\x10\0\0\0AVI LIST",
    "video/x-ms-wmv": bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"),
    "video/x-flv": b"FLV\x01\x05\0\0\0\x09",
    "video/mp2t": (b"\x47" + b"\0" * 187) * 4,
    "video/mpeg": b"\0\0\x01\xba\x44",
}


def tar_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.jpg"))
    return buffer.getvalue()


def zip_bytes(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


REFUSED = {
    ("a.jpg", b""): "file-empty",
    ("a.jpg", b"\0" * 5000): "cloud-placeholder",
    ("a.zip", zip_bytes("a.jpg")): "is-an-archive",
    ("a.jpg", b"Rar!\x1a\x07\x01\0"): "is-an-archive",
    ("a.mp4", b"7z\xbc\xaf\x27\x1c"): "is-an-archive",
    ("a.jpg", gzip.compress(b"x", mtime=0)): "is-an-archive",
    ("a.jpg", tar_bytes()): "is-an-archive",
    ("a.docx", zip_bytes("[Content_Types].xml", "word/document.xml")): "is-a-document",
    ("a.jpg", b"%PDF-1.7\n"): "is-a-document",
    ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"): "is-a-document",
    ("a.url", b"[InternetShortcut]\r\nURL=https://example.com"): "cloud-shortcut",
    ("a.jpg", b"\xef\xbb\xbf[InternetShortcut]\nURL=https://example.com"): "cloud-shortcut",
    ("a.webloc", b"<?xml version='1.0'?><plist><dict><key>URL</key></dict></plist>"): "cloud-shortcut",
    ("a.gdoc", b'{"doc_id": "1", "email": "a@example.com"}'): "cloud-shortcut",
    ("photo", b'{"url": "https://drive.google.com/open?id=1"}'): "cloud-shortcut",
    ("a.lnk", b"L\0\0\0\x01\x14\x02\0"): "cloud-shortcut",
    (".IMG_1.HEIC.icloud", b"bplist00\xd3NSURLNameKey"): "cloud-placeholder",
    ("IMG_1.HEIC", b"bplist00\xd3NSURLFileResourceType"): "cloud-placeholder",
    ("a.jpg.crdownload", JPEG): "unfinished-download",
    ("a.svg", b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg'/>"): "is-a-drawing",
    ("a.jpg", b"<!DOCTYPE html><html>"): "is-a-web-page",
    ("a.mp4", b"#EXTM3U\nhttp://example.com/a.ts"): "is-a-playlist",
    ("a.mp4", b"[playlist]\nFile1=a.mp3"): "is-a-playlist",
    ("a.mp4", b"ffconcat version 1.0\nfile /etc/passwd"): "is-a-playlist",
    ("a.mp4", b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash'>"): "is-a-playlist",
    ("a.mp3", b"ID3\x04\0"): "audio-only",
    ("a.wav", b"RIFF\x10\0\0\0WAVEfmt "): "audio-only",
    ("a.m4a", ftyp(b"M4A ")): "audio-only",
    ("a.jxl", b"\xff\x0a\x10"): "format-not-supported",
    ("a.psd", b"8BPS\0\x01"): "format-not-supported",
    ("a.txt", "Grüße\n".encode()): "is-text",
    ("a.txt", "Hello".encode("utf-16")): "is-text",
    ("a.jpg", b"\x7fELF\x02\x01\x01\0\x80\xfe"): "type-unknown",
}


def refusal(path: Path) -> str:
    with pytest.raises(DecodeError) as caught:
        sniff(path)
    assert path.name in caught.value.message.text
    assert caught.value.message.cure
    return caught.value.message.key


@pytest.mark.parametrize("media_type", MEDIA)
def test_type_is_told_by_content(tmp_path: Path, media_type: str) -> None:
    path = tmp_path / "without_suffix"
    path.write_bytes(MEDIA[media_type])
    found = sniff(path)
    assert found.media_type == media_type
    assert found.kind is (Kind.PHOTO if media_type.startswith("image/") else Kind.VIDEO)


@pytest.mark.parametrize(("name", "content"), REFUSED, ids=[f"{i}-{key}" for i, key in enumerate(REFUSED.values())])
def test_everything_else_is_refused_with_its_own_sentence(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refusal(path) == REFUSED[name, content]


def test_a_name_that_lies_is_only_noted(tmp_path: Path) -> None:
    path = tmp_path / "photo.nef"
    path.write_bytes(JPEG)
    assert [note.key for note in sniff(path).notes] == ["name-says-otherwise"]
    (tmp_path / "photo.JPG").write_bytes(JPEG)
    assert sniff(tmp_path / "photo.JPG").notes == ()


def test_a_picture_with_an_archive_behind_it_is_a_picture_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(JPEG + zip_bytes("secret.txt"))
    found = sniff(path)
    assert found.media_type == "image/jpeg"
    assert [note.key for note in found.notes] == ["archive-appended"]


def test_letters_pk_in_a_picture_are_no_archive(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(JPEG + b"PK\x05\x06" + b"\7" * 100)
    assert sniff(path).notes == ()


def test_a_fifo_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    os.mkfifo(path)
    assert refusal(path) == "not-a-regular-file"


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("photo.jpg")
        assert refusal(tmp_path / "photo.jpg") == "not-a-regular-file"


def test_a_file_that_vanished(tmp_path: Path) -> None:
    assert refusal(tmp_path / "gone.jpg") == "file-vanished"


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(JPEG)

    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refusal(path) == "file-not-readable"


def test_online_only_files_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(JPEG)

    class Dataless:
        st_mode, st_size, st_file_attributes = stat.S_IFREG, 1000, 0x0040_0000

    monkeypatch.setattr(Path, "stat", lambda self, **_: Dataless())
    monkeypatch.setattr(Path, "open", lambda *_, **__: pytest.fail("opened"))
    assert refusal(path) == "cloud-placeholder"


@pytest.mark.parametrize("length", [1, 2, 3, 4, 8, 11, 16, 40])
def test_short_heads_never_raise_anything_else(tmp_path: Path, length: int) -> None:
    for content in MEDIA.values():
        path = tmp_path / "x"
        path.write_bytes(content[:length])
        try:
            sniff(path)
        except DecodeError as error:
            assert error.message.cure


def test_every_type_has_a_name_for_makers_and_suffixes() -> None:
    assert set(MEDIA) <= set(sniff_module.SUFFIXES)
