"""A folder of everything that is no photo: each file gets its own sentence with a cure, and its name does no harm."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from make_media import clip
from verify_media.cage import Cage, stages
from verify_media.errors import Exit
from verify_media.messages import Message

posix = pytest.mark.skipif(os.name != "posix", reason="names and files that only POSIX systems have")
TEXT = b"This is no photo."
ODD_NAMES = (
    b"-rf.jpg",
    b"--out=x.jpg",
    b"two\nlines.jpg",
    b"carriage\rreturn.jpg",
    b"<script>alert(1)<script>.jpg",
    b'"><img src=x onerror=alert(1)>.jpg',
    b"::error::file.jpg",
    b"%0A::error::file.jpg",
    "photo\u202egpj.exe".encode(),
    "\u2066hidden\u2069.jpg".encode(),
    b"esc\x1b[31mred\x07.jpg",
    b"{file}{reason}.jpg",
    b"%s%n.jpg",
    b"$(touch x);`id`.jpg",
    b"not utf-8 \xff\xfe.jpg",
    b"x" * 251 + b".jpg",
    "\u00e4".encode() * 125 + b".jpg",
)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.jpg", "x")
    return buffer.getvalue()


REFUSED = {
    "archive.zip": (zipped(), "is-an-archive"),
    "renamed.jpg": (zipped(), "is-an-archive"),
    "Dropbox.url": (b"[InternetShortcut]\r\nURL=https://example.com", "cloud-shortcut"),
    "Drive.webloc": (b"<?xml version='1.0'?><plist><dict><key>URL</key></dict></plist>", "cloud-shortcut"),
    "Photo.gdoc": (b'{"doc_id": "1"}', "cloud-shortcut"),
    ".IMG_1.HEIC.icloud": (b"bplist00\xd3NSURLNameKey", "cloud-placeholder"),
    "onedrive.jpg": (b"", "file-empty"),
    "zeros.jpg": (bytes(9000), "cloud-placeholder"),
    "playlist.mp4": (b"#EXTM3U\nfile:///etc/passwd", "is-a-playlist"),
    "concat.mp4": (b"ffconcat version 1.0\nfile /etc/passwd", "is-a-playlist"),
    "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", "is-a-drawing"),
    "letter.pdf": (b"%PDF-1.7\n", "is-a-document"),
    "page.jpg": (b"<!DOCTYPE html><html>", "is-a-web-page"),
    "half.jpg.crdownload": (b"\xff\xd8\xff\xe0", "unfinished-download"),
    "program.jpg": (b"\x7fELF\x02\x01\x01\0\x80\xfe", "type-unknown"),
}


def encrypted(path: Path) -> Path:
    """A clip whose picture track says that it is encrypted (ISO/IEC 23001-7)."""
    data = clip(path, frames=4).read_bytes()
    path.write_bytes(data.replace(b"avc1", b"encv").replace(b"avcC", b"sinf"))
    return path


@pytest.fixture(scope="module")
def reasons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Message]]:
    root = tmp_path_factory.mktemp("hostile")
    folder = root / "shots"
    folder.mkdir()
    for name, (data, _) in REFUSED.items():
        (folder / name).write_bytes(data)
    encrypted(folder / "rented.mp4")
    (root / "secret.jpg").write_bytes(TEXT)
    if os.name == "posix":
        (folder / "outside.jpg").symlink_to(root / "secret.jpg")
        (folder / "nowhere.jpg").symlink_to(folder / "nothing")
        (folder / "device.jpg").symlink_to("/dev/zero")
        os.mkfifo(folder / "pipe.jpg")
    with Cage() as cage:
        items, skipped = stages.ingest(cage, folder)
    assert not items
    yield {one.path.name: one.message for one in skipped}


@pytest.mark.parametrize("name", REFUSED)
def test_each_kind_has_its_sentence(reasons: dict[str, Message], name: str) -> None:
    assert reasons[name].key == REFUSED[name][1]


def test_an_encrypted_clip_is_called_so(reasons: dict[str, Message]) -> None:
    assert reasons["rented.mp4"].key == "video-encrypted"


@posix
def test_nothing_outside_the_folder_is_looked_at(reasons: dict[str, Message]) -> None:
    keys = {name: reasons[name].key for name in ("outside.jpg", "nowhere.jpg", "device.jpg", "pipe.jpg")}
    assert keys == {
        "outside.jpg": "link-out-of-folder",
        "nowhere.jpg": "link-broken",
        "device.jpg": "link-out-of-folder",
        "pipe.jpg": "not-a-regular-file",
    }


@posix
def test_a_device_in_the_folder_is_not_opened(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "zero.jpg", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except OSError:
        pytest.skip("only root makes devices")
    with Cage() as cage:
        _, skipped = stages.ingest(cage, tmp_path)
    assert [one.message.key for one in skipped] == ["not-a-regular-file"]


def test_every_reason_names_the_file_and_a_cure(reasons: dict[str, Message]) -> None:
    for name, reason in reasons.items():
        assert name in reason.text and reason.cure, name


@posix
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS takes only names in UTF-8")
@pytest.mark.parametrize("form", ["text", "json", "junit", "github"])
def test_odd_names_do_no_harm_in_any_report(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    for name in ODD_NAMES:
        (Path(os.fsdecode(os.fsencode(folder) + b"/" + name))).write_bytes(TEXT)
    command = [sys.executable, "-m", "verify_media", str(folder), "--name", "x", "--format", form]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == Exit.NOTHING_TO_CHECK, done.stderr[-1500:]
    said = done.stdout.decode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202e\u2066]", said)
    if form == "json":
        assert len(json.loads(said)["skipped"]) == len(ODD_NAMES)
    elif form == "junit":
        ElementTree.fromstring(said)
    elif form == "github":
        assert all(line.startswith("::") or "::error" not in line for line in said.splitlines())
    page = (tmp_path / "shots-verified" / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and "<img src=x" not in page and "\u202e" not in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shots", "shots-verified"]
