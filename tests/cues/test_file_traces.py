"""What files say: editors, content credentials, screens; and that silence says nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from verify_media.cues.file_traces import file_traces
from verify_media.records import Capture, Kind, MediaItem


def item(path: Path, capture: Capture | None = None, size: tuple[int, int] = (640, 480)) -> MediaItem:
    return MediaItem(path, Kind.PHOTO, "image/jpeg", path.stat().st_size, "0", *size, capture=capture or Capture())


def picture(path: Path, behind: bytes = b"") -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)).save(path, "JPEG")
    path.write_bytes(path.read_bytes() + behind)
    return path


def names(cues: object) -> list[str]:
    return [cue.name for cue in cues]  # type: ignore[attr-defined]


def test_a_silent_file_says_nothing(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    assert file_traces(path, item(path)) == ()


def test_an_editor_is_named(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    cues = file_traces(path, item(path, Capture(software="Adobe Photoshop 25.0")))
    assert names(cues) == ["editor_named"]
    assert "Photoshop" in str(cues[0].reason)


def test_an_editor_in_xmp_is_named(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", b"<xmp:CreatorTool>Canva (Renderer)</xmp:CreatorTool>")
    assert names(file_traces(path, item(path))) == ["editor_named"]


def test_a_cameras_own_firmware_is_no_editor(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    cues = file_traces(path, item(path, Capture(make="Apple", model="iPhone 15", software="17.4.1")))
    assert [(c.name, c.value) for c in cues] == [("camera_software", 0.0)]


def test_credentials_with_an_edit_are_told_from_plain_ones(tmp_path: Path) -> None:
    edited = picture(tmp_path / "a.jpg", b"jumbf jumb c2pa.assertions c2pa.edited")
    plain = picture(tmp_path / "b.jpg", b"jumbf jumb c2pa.assertions c2pa.created")
    assert [c.value for c in file_traces(edited, item(edited))] == [1.0]
    assert [c.value for c in file_traces(plain, item(plain))] == [0.0]


def test_a_screen_without_camera_data_is_reported(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    assert names(file_traces(path, item(path, size=(1170, 2532)))) == ["screen_size"]
    assert names(file_traces(path, item(path, Capture(make="Apple"), (1170, 2532)))) == []


def test_a_missing_file_says_nothing(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    there = item(path)
    path.unlink()
    assert file_traces(path, there) == ()
