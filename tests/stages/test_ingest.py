from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from make_media import clip, textured
from verify_media.records import Kind, MediaItem, Skipped
from verify_media.stages import ingest as ingest_module
from verify_media.stages.ingest import identify, ingest


def photo(path: Path, seed: int = 0, taken: str | None = None, **options: object) -> Path:
    return saved(path, textured(640, 480, seed=seed), taken, **options)


def saved(path: Path, pixels: object, taken: str | None = None, **options: object) -> Path:
    block = Image.Exif()
    block[0x010F] = "Maker"
    if taken:
        block.get_ifd(0x8769)[0x9003] = taken
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels)).save(path, exif=block.tobytes(), **options)  # type: ignore[arg-type]
    return path


def names(items: tuple[MediaItem, ...] | tuple[Skipped, ...]) -> list[str]:
    return [item.path.name for item in items]


def keys(skipped: tuple[Skipped, ...]) -> dict[str, str]:
    return {item.path.name: item.message.key for item in skipped}


def test_items_carry_what_later_stages_need(tmp_path: Path) -> None:
    photo(tmp_path / "b.jpg", taken="2024:05:01 10:20:30")
    clip(tmp_path / "a.mp4", size=(128, 96))
    (video, still), skipped = ingest(tmp_path)
    assert skipped == ()
    assert (still.kind, still.media_type, still.width, still.height) == (Kind.PHOTO, "image/jpeg", 640, 480)
    assert still.size_bytes == (tmp_path / "b.jpg").stat().st_size
    assert len(still.sha256) == 64
    assert still.phash is not None
    assert (still.capture.make, still.capture.taken_at) == ("Maker", "2024-05-01T10:20:30")
    assert (video.kind, video.codec, video.fps, video.duration_s) == (Kind.VIDEO, "h264", 10, 3)
    assert (video.width, video.height) == (128, 96)


def test_one_broken_file_stops_nothing(tmp_path: Path) -> None:
    photo(tmp_path / "good.jpg")
    whole = (tmp_path / "good.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.heic").touch()
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04" + b"\0" * 30)
    os.mkfifo(tmp_path / "pipe.jpg")
    items, skipped = ingest(tmp_path)
    assert names(items) == ["good.jpg"]
    assert keys(skipped) == {
        "cut.jpg": "photo-damaged",
        "empty.heic": "file-empty",
        "notes.txt": "is-text",
        "a.zip": "is-an-archive",
        "pipe.jpg": "not-a-regular-file",
    }


def test_subfolders_are_walked_and_clutter_is_passed_over_in_silence(tmp_path: Path) -> None:
    photo(tmp_path / "deep" / "er" / "a.jpg")
    for clutter in ("__MACOSX/._a.jpg", "._a.jpg", ".DS_Store", "Thumbs.db", "IMG_1.AAE", "submission.toml", ".git/x"):
        (tmp_path / clutter).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / clutter).write_bytes(b"clutter")
    items, skipped = ingest(tmp_path)
    assert names(items) == ["a.jpg"]
    assert skipped == ()


def test_a_hidden_cloud_placeholder_is_named(tmp_path: Path) -> None:
    (tmp_path / ".IMG_1.HEIC.icloud").write_bytes(b"bplist00")
    assert keys(ingest(tmp_path)[1]) == {".IMG_1.HEIC.icloud": "cloud-placeholder"}


def test_links(tmp_path: Path) -> None:
    outside = photo(tmp_path / "outside" / "secret.jpg", seed=1)
    folder = tmp_path / "shots"
    inside = photo(folder / "a.jpg")
    (folder / "out.jpg").symlink_to(outside)
    (folder / "whole_folder").symlink_to(outside.parent)
    (folder / "broken.jpg").symlink_to(folder / "nothing.jpg")
    (folder / "loop").symlink_to(folder)
    (folder / "z.jpg").symlink_to(inside)
    items, skipped = ingest(folder)
    assert names(items) == ["a.jpg", "z.jpg"]
    assert items[1].duplicate_of == inside
    assert keys(skipped) == {
        "out.jpg": "link-out-of-folder",
        "whole_folder": "link-out-of-folder",
        "broken.jpg": "link-broken",
    }


def test_ignored_files_and_folders(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    photo(tmp_path / "logo.png", seed=1)
    photo(tmp_path / "shots-verified" / "b.jpg", seed=2)
    items, skipped = ingest(tmp_path, ignore=[tmp_path / "logo.png", tmp_path / "shots-verified"])
    assert names(items) == ["a.jpg"]
    assert skipped == ()


def test_order_does_not_depend_on_the_file_system(tmp_path: Path) -> None:
    for index, name in enumerate(("b.jpg", "C.jpg", "a.jpg")):
        photo(tmp_path / name, seed=index)
    assert names(ingest(tmp_path)[0]) == ["a.jpg", "b.jpg", "C.jpg"]


def test_a_file_that_vanishes_while_we_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo(tmp_path / "a.jpg")

    def gone(path: Path) -> str:
        raise FileNotFoundError(path)

    monkeypatch.setattr(ingest_module, "_sha256", gone)
    assert keys(ingest(tmp_path)[1]) == {"a.jpg": "file-vanished"}


def test_identify_gives_one_item_or_a_reason(tmp_path: Path) -> None:
    assert isinstance(identify(photo(tmp_path / "a.jpg")), MediaItem)
    missing = identify(tmp_path / "none.jpg")
    assert isinstance(missing, Skipped)
    assert missing.message.key == "file-vanished"


def test_the_same_bytes_count_once(tmp_path: Path) -> None:
    shutil.copy(photo(tmp_path / "a.jpg"), tmp_path / "b.jpg")
    shutil.copy(clip(tmp_path / "c.mp4"), tmp_path / "d.mp4")
    items, _ = ingest(tmp_path)
    assert [item.duplicate_of for item in items] == [None, tmp_path / "a.jpg", None, tmp_path / "c.mp4"]
    assert [note.key for note in items[1].notes] == ["duplicate-exact"]


@pytest.mark.parametrize("change", ["quality", "smaller", "format", "stripped", "darker"])
def test_the_same_picture_saved_again_counts_once(tmp_path: Path, change: str) -> None:
    pixels = textured(1200, 900, seed=3)
    saved(tmp_path / "a.jpg", pixels, quality=92)
    again = Image.fromarray(pixels)
    if change == "smaller":
        again = again.resize((800, 600), Image.Resampling.LANCZOS)
    if change == "darker":
        again = again.point(lambda v: v * 0.9)
    suffix, options = {"quality": ("jpg", {"quality": 40}), "format": ("heic", {})}.get(
        change, ("jpg", {"quality": 85})
    )
    again.save(tmp_path / f"b.{suffix}", **options)
    items, _ = ingest(tmp_path)
    assert [item.duplicate_of for item in items] == [None, tmp_path / "a.jpg"]
    assert [note.key for note in items[1].notes] == ["duplicate-near"]


def scene(shift: int = 0, card: tuple[int, int] | None = None) -> np.ndarray:
    """A table with a small white card at a place, seen from a camera that moved by some pixels."""
    pixels = textured(1400, 1000, seed=7)[40 : 40 + 900, 40 + shift : 40 + shift + 1200].copy()
    if card is not None:
        pixels[card[0] : card[0] + 90, card[1] : card[1] + 150] = 245
    return pixels


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (scene(), scene(shift=24)),
        (scene(card=(300, 300)), scene(card=(300, 420))),
        (scene(), scene(card=(700, 900))),
        (textured(1200, 900, seed=1), textured(1200, 900, seed=2)),
    ],
)
def test_two_photos_of_one_scene_are_two(tmp_path: Path, first: np.ndarray, second: np.ndarray) -> None:
    saved(tmp_path / "a.jpg", first, quality=90)
    saved(tmp_path / "b.jpg", second, quality=90)
    assert [item.duplicate_of for item in ingest(tmp_path)[0]] == [None, None]


def test_photos_taken_at_different_moments_are_two(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", taken="2024:05:01 10:20:30", quality=90)
    photo(tmp_path / "b.jpg", taken="2024:05:01 10:20:32", quality=80)
    assert [item.duplicate_of for item in ingest(tmp_path)[0]] == [None, None]


def test_plain_surfaces_do_not_merge_by_chance(tmp_path: Path) -> None:
    for index, level in enumerate((60, 200)):
        noise = np.random.default_rng(index).normal(level, 4, (480, 640, 3))
        saved(tmp_path / f"{index}.jpg", np.clip(noise, 0, 255).astype(np.uint8), quality=95)
    assert [item.duplicate_of for item in ingest(tmp_path)[0]] == [None, None]


def test_a_live_photo_is_one_item(tmp_path: Path) -> None:
    photo(tmp_path / "IMG_1.HEIC")
    clip(tmp_path / "IMG_1.MOV", container="mov")
    clip(tmp_path / "IMG_2.MOV", container="mov", pixels=textured(96, 64))
    items, skipped = ingest(tmp_path)
    assert names(items) == ["IMG_1.HEIC", "IMG_2.MOV"]
    assert skipped == ()
    assert items[0].companion == tmp_path / "IMG_1.MOV"
    assert "live-photo" in [note.key for note in items[0].notes]


def test_a_long_clip_of_the_same_name_is_one_of_its_own(tmp_path: Path) -> None:
    photo(tmp_path / "IMG_1.JPG")
    clip(tmp_path / "IMG_1.MOV", container="mov", frames=100, fps=10)
    items, _ = ingest(tmp_path)
    assert len(items) == 2
    assert items[0].companion is None


def test_apples_identifier_joins_and_parts(tmp_path: Path) -> None:
    def live(path: Path, identifier: bytes, seed: int) -> None:
        text = identifier + b"\0"
        note = b"Apple iOS\0\0\x01MM" + struct.pack(">HHHII", 1, 0x11, 2, len(text), 32) + b"\0\0\0\0"
        block = Image.Exif()
        block.get_ifd(0x8769)[0x927C] = note.ljust(32, b"\0") + text
        Image.fromarray(textured(seed=seed)).save(path, exif=block.tobytes())

    live(tmp_path / "still.jpg", b"AAAA-1111", 1)
    live(tmp_path / "IMG_9.jpg", b"BBBB-2222", 2)
    for name in ("moved.mov", "IMG_9.mov"):
        clip(
            tmp_path / name, container="mov", options={"movflags": "use_metadata_tags"},
            metadata={"com.apple.quicktime.content.identifier": "AAAA-1111" if name == "moved.mov" else "CCCC-3333"},
            pixels=textured(96, 64, seed=5 if name == "moved.mov" else 6),
        )  # fmt: skip
    items, _ = ingest(tmp_path)
    companions = {item.path.name: item.companion and item.companion.name for item in items}
    assert companions == {"IMG_9.jpg": None, "IMG_9.mov": None, "still.jpg": "moved.mov"}
