from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from make_media import clip, quadrants, textured
from verify_media.records import Frame, MediaItem
from verify_media.stages import frames as frames_module
from verify_media.stages.frames import sample
from verify_media.stages.ingest import identify


def item(path: Path) -> MediaItem:
    found = identify(path)
    assert isinstance(found, MediaItem)
    return found


def test_a_photo_is_one_full_size_frame(tmp_path: Path) -> None:
    Image.fromarray(quadrants(800, 600)).save(tmp_path / "a.png")
    (frame,) = sample(item(tmp_path / "a.png"))
    assert frame.image.shape == (600, 800, 3)
    assert frame.time_s is None


@pytest.mark.parametrize("most", [1, 3, 12])
def test_a_clip_gives_few_frames_spread_over_time(tmp_path: Path, most: int) -> None:
    found = item(clip(tmp_path / "a.mp4", frames=200, gop=5, size=(128, 96)))
    frames = list(sample(found, max_frames=most))
    times = [frame.time_s or 0.0 for frame in frames]
    assert len(frames) == most
    assert times == sorted(set(times))
    assert [frame.index for frame in frames] == list(range(most))
    if most == 12:
        assert times[0] < 2
        assert times[-1] > 18


def test_a_clip_in_which_nothing_happens_gives_one_frame(tmp_path: Path) -> None:
    found = item(clip(tmp_path / "a.mp4", frames=100, gop=5, moves=False))
    assert len(list(sample(found))) == 1


def fake(monkeypatch: pytest.MonkeyPatch, frames: list[Frame]) -> None:
    def keyframes(path: Path, **_: object) -> Iterator[Frame]:
        yield from frames

    monkeypatch.setattr(frames_module.video, "keyframes", keyframes)


def test_the_sharpest_of_neighbours_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = item(clip(tmp_path / "a.mp4", frames=20))
    sharp = [textured(320, 240, seed=seed) for seed in (1, 2)]
    blurred = [cv2.GaussianBlur(picture, (0, 0), 6) for picture in sharp]
    pictures = [blurred[0], sharp[0], sharp[1], blurred[1]]
    fake(monkeypatch, [Frame(np.asarray(p), i * 0.5) for i, p in enumerate(pictures)])
    assert [frame.time_s for frame in sample(found, max_frames=2)] == [0.5, 1.0]


def test_a_card_held_up_in_a_corner_is_something_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = item(clip(tmp_path / "a.mp4", frames=30))
    still = textured(640, 480, seed=1)
    with_card = still.copy()
    with_card[400:450, 560:620] = 250
    noisy = np.clip(still + np.random.default_rng(0).normal(0, 3, still.shape), 0, 255).astype(np.uint8)
    fake(monkeypatch, [Frame(p, float(i)) for i, p in enumerate((still, noisy, with_card))])
    assert [frame.time_s for frame in sample(found, max_frames=3)] == [0.0, 2.0]
