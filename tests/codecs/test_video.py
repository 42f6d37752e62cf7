from __future__ import annotations

import os
import resource
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from make_media import CORNERS, clip, corners_of, is_like, quadrants, turn_clip
from verify_media.codecs import video, video_file
from verify_media.codecs.errors import DecodeError
from verify_media.codecs.limits import VIDEO

KINDS = {
    "a.mp4": ("libx264", "mp4", "video/mp4", "h264"),
    "a.mov": ("libx264", "mov", "video/quicktime", "h264"),
    "a.mkv": ("libx264", "matroska", "video/x-matroska", "h264"),
    "a.webm": ("libvpx-vp9", "webm", "video/webm", "vp9"),
    "a.avi": ("mpeg4", "avi", "video/x-msvideo", "mpeg4"),
    "a.wmv": ("wmv2", "asf", "video/x-ms-wmv", "wmv2"),
    "a.3gp": ("libx264", "3gp", "video/3gpp", "h264"),
    "a.flv": ("libx264", "flv", "video/x-flv", "h264"),
    "a.ts": ("libx264", "mpegts", "video/mp2t", "h264"),
    "a.mpg": ("mpeg2video", "vob", "video/mpeg", "mpeg2video"),
    "av1.mp4": ("libaom-av1", "mp4", "video/mp4", "av1"),
    "hevc.mp4": ("libx265", "mp4", "video/mp4", "hevc"),
}


def ffmpeg(*arguments: str) -> None:
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True, timeout=60)


def av1_clip(path: Path, *, codec: str, gop: int, **wanted: Any) -> None:
    """By a process of its own. PyAV's only AV1 encoder, SVT-AV1, gives its process real-time priority where it may: the
    rest of the test run, and the browser that it started, then kept both cores from everybody else for half an hour."""
    source = clip(path.with_name("source.mp4"), **wanted)
    ffmpeg("-i", str(source), "-c:v", codec, "-cpu-used", "8", "-g", str(gop), str(path))


def refusal(path: Path) -> str:
    with pytest.raises(DecodeError) as caught:
        list(video.keyframes(path, max_frames=4))
    assert path.name in caught.value.message.text
    assert caught.value.message.cure
    with pytest.raises(DecodeError):
        video.probe(path)
    return caught.value.message.key


@pytest.mark.parametrize("name", KINDS)
def test_every_container(tmp_path: Path, name: str) -> None:
    codec, container, media_type, codec_name = KINDS[name]
    size, fps = ((128, 96), 25) if name != "a.3gp" else ((176, 144), 25)
    path = tmp_path / name
    made = clip if codec != "libaom-av1" else av1_clip
    made(path, codec=codec, container=container, size=size, fps=fps, frames=50, gop=10, moves=False)
    info = video.probe(path)
    assert (info.media_type, info.codec, info.width, info.height) == (media_type, codec_name, *size)
    assert info.duration_s == pytest.approx(2.0, abs=0.8 if name == "a.mpg" else 0.2)
    assert info.fps == pytest.approx(25, rel=0.02)
    frames = list(video.keyframes(path, max_frames=4))
    assert 2 <= len(frames) <= 4
    times = [frame.time_s or 0.0 for frame in frames]
    assert times == sorted(set(times))
    assert times[-1] > 0.9
    assert all(is_like(corners_of(frame.image), slack=60) for frame in frames)
    shown = list(video.between(path, 0.75, 1.25))
    assert 11 <= len(shown) <= 14
    assert all(0.75 <= (frame.time_s or 0) <= 1.25 for frame in shown)


@pytest.mark.parametrize(
    ("matrix", "clockwise", "mirrored", "expected"),
    [
        ((1, 0, 0, 1), 0, False, (0, 1, 2, 3)),
        ((0, 1, -1, 0), 90, False, (2, 0, 3, 1)),
        ((-1, 0, 0, -1), 180, False, (3, 2, 1, 0)),
        ((0, -1, 1, 0), 270, False, (1, 3, 0, 2)),
        ((-1, 0, 0, 1), 0, True, (1, 0, 3, 2)),
        ((0, 1, 1, 0), 270, True, (0, 2, 1, 3)),
    ],
)
def test_display_matrix(
    tmp_path: Path, matrix: tuple[int, int, int, int], clockwise: int, mirrored: bool, expected: tuple[int, ...]
) -> None:
    path = turn_clip(clip(tmp_path / "a.mp4", moves=False), matrix)
    info, frame = video.probe(path), next(video.keyframes(path, max_frames=1))
    assert (info.rotation_deg, info.is_mirrored) == (clockwise, mirrored)
    assert frame.image.shape == (info.height, info.width, 3)
    assert is_like(corners_of(frame.image), [CORNERS[i] for i in expected])


@pytest.mark.parametrize(("matrix", "zimg"), [("bt709", "709"), ("smpte170m", "170m"), ("bt2020nc", "2020_ncl")])
@pytest.mark.parametrize("colour_range", ["tv", "pc"])
def test_matrix_and_range(tmp_path: Path, matrix: str, zimg: str, colour_range: str) -> None:
    Image.fromarray(quadrants(96, 64)).save(tmp_path / "rgb.png")
    ffmpeg(
        "-i", str(tmp_path / "rgb.png"), "-vf", f"format=gbrp,zscale=m={zimg}:r={colour_range},format=yuv444p",
        "-colorspace", matrix, "-color_range", colour_range, "-color_primaries", "bt709", "-c:v", "ffv1",
        str(tmp_path / "a.mkv"),
    )  # fmt: skip
    frame = next(video.keyframes(tmp_path / "a.mkv", max_frames=1))
    assert is_like(corners_of(frame.image), slack=3)


@pytest.mark.parametrize(("level", "low", "high"), [(128, 128, 150), (191, 205, 225), (255, 240, 253)])
def test_hlg_keeps_greys_in_place_and_white_below_clipping(tmp_path: Path, level: int, low: int, high: int) -> None:
    path, same = tmp_path / "a.mp4", "p=2020:t=arib-std-b67"
    ffmpeg(
        "-f", "lavfi", "-i", f"color=0x{level:02x}{level:02x}{level:02x}:s=96x64:d=0.2:r=10,format=gbrp", "-vf",
        f"zscale=min=gbr:{same.replace('p=', 'pin=').replace('t=', 'tin=')}:{same}:m=2020_ncl:r=tv,format=yuv420p10le",
        "-c:v", "libx265", "-x265-params", "log-level=none", "-color_trc", "arib-std-b67",
        "-color_primaries", "bt2020", "-colorspace", "bt2020nc", str(path),
    )  # fmt: skip
    assert video.probe(path).is_hdr
    assert low <= float(next(video.keyframes(path, max_frames=1)).image.mean()) <= high


@pytest.mark.parametrize("key_s", [0.667, 1.333])
def test_a_stretch_that_begins_at_a_keyframe_decodes_nothing_before_it(
    tmp_path: Path, decoded_times: list[float], key_s: float
) -> None:
    """The keyframes are at 20/30 and 40/30 s; their times leave in milliseconds, rounded up or down."""
    path = clip(tmp_path / "a.mp4", frames=60, fps=30, gop=10)
    assert key_s in [frame.time_s for frame in video.keyframes(path, max_frames=20)]
    (shown,) = video.between(path, key_s, key_s + 1, max_frames=1)
    assert shown.time_s == key_s
    assert len(list(video.luma_between(path, key_s, key_s + 0.1, max_side=64))) == 4
    assert min(decoded_times) == pytest.approx(key_s, abs=1e-3)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_keyframes_alone_in_any_order(tmp_path: Path, name: str, decoded_times: list[float]) -> None:
    path = clip(tmp_path / name, frames=40, fps=10, gop=10)
    keys = video.key_times(path)
    decoded_times.clear()
    found = list(video.luma_keys(path, keys[::-1], max_side=64))
    assert [time_s for time_s, _ in found] == pytest.approx([3.0, 2.0, 1.0, 0.0], abs=1e-3)
    assert all(luma.shape == (43, 64) for _, luma in found) and not decoded_times
    (alone,) = video.luma_between(path, 2.0, 2.05, max_side=64)
    assert np.abs(alone.astype(int) - found[1][1]).max() <= 1


def test_one_keyframe_for_the_whole_clip(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", frames=100, fps=10, gop=1000)
    times = [frame.time_s or 0.0 for frame in video.keyframes(path, max_frames=12)]
    assert len(times) >= 9
    assert max(np.diff(times)) <= 1.5


def test_b_frames_do_not_hide_keyframes(tmp_path: Path) -> None:
    clip(tmp_path / "plain.mkv", codec="ffv1", frames=60)
    path = tmp_path / "a.mp4"
    ffmpeg(
        "-i", str(tmp_path / "plain.mkv"), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "3", "-g", "20",
        "-sc_threshold", "0", str(path),
    )  # fmt: skip
    times = [frame.time_s for frame in video.keyframes(path, max_frames=12)]
    assert {0.0, 2.0, 4.0} <= set(times)


def test_a_recording_without_a_length_in_its_header(tmp_path: Path) -> None:
    with (tmp_path / "a.webm").open("wb") as out:
        subprocess.run(
            [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(clip(tmp_path / "plain.mp4", frames=60)),
             "-c:v", "libvpx", "-g", "999", "-f", "webm", "-live", "1", "-"], check=True, stdout=out, timeout=60,
        )  # fmt: skip
    assert video.probe(tmp_path / "a.webm").duration_s == pytest.approx(6, abs=0.3)
    assert len(list(video.keyframes(tmp_path / "a.webm", max_frames=12))) >= 5


def test_the_callers_time_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_file, "VIDEO", replace(VIDEO, timeout_s=3.0))
    now = [0.0]
    monkeypatch.setattr(video_file.time, "monotonic", lambda: now[0])
    count = 0
    for _ in video.keyframes(clip(tmp_path / "a.mp4", frames=60), max_frames=6):
        now[0] += 100
        count += 1
    assert count == 6


def test_frames_are_scaled_only_when_asked(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", size=(320, 240))
    assert next(video.keyframes(path, max_frames=1)).image.shape == (240, 320, 3)
    assert next(video.keyframes(path, max_frames=1, max_side=160)).image.shape == (120, 160, 3)


def test_time_counts_from_the_start_of_the_file(tmp_path: Path) -> None:
    ffmpeg("-i", str(clip(tmp_path / "a.mp4")), "-c", "copy", "-output_ts_offset", "100", str(tmp_path / "late.ts"))
    assert next(video.keyframes(tmp_path / "late.ts", max_frames=4)).time_s == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize("is_faststart", [False, True])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_cut_off_clip_is_refused(tmp_path: Path, is_faststart: bool, share: float) -> None:
    options = {"movflags": "faststart"} if is_faststart else {}
    path = clip(tmp_path / "a.mp4", frames=60, size=(320, 240), options=options)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert refusal(path) in ("video-cut-off", "video-unreadable")


def test_an_encrypted_clip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    key = "76a6c65c5ea762046bd749a2e632ccbb"
    ffmpeg(
        "-i", str(clip(tmp_path / "plain.mp4")), "-c", "copy", "-encryption_scheme", "cenc-aes-ctr",
        "-encryption_key", key, "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8", str(path),
    )  # fmt: skip
    assert refusal(path) == "video-encrypted"


def test_sound_only_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", str(path))
    assert refusal(path) == "audio-only"


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-f", "lavfi", "-i", "color=red:s=64x64:d=0.04", "-map", "0", "-map", "1",
           "-c:v", "mjpeg", "-disposition:v:0", "attached_pic", "-c:a", "aac", str(tmp_path / "a.mp4"))  # fmt: skip
    assert refusal(tmp_path / "a.mp4") == "audio-only"


@pytest.mark.parametrize("text", ["#EXTM3U\n#EXTINF:1,\n{0}\n", "ffconcat version 1.0\nfile '{0}'\n"])
def test_a_playlist_called_mp4_opens_nothing(tmp_path: Path, text: str) -> None:
    target = clip(tmp_path / "secret.mp4")
    (tmp_path / "list.mp4").write_text(text.format(target))
    assert refusal(tmp_path / "list.mp4") == "is-a-playlist"


def test_a_picture_is_no_clip(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 100)
    assert refusal(tmp_path / "a.mp4") == "video-expected"


def test_noise_behind_a_good_header_is_refused_or_read(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", frames=20)
    data = bytearray(path.read_bytes())
    start = data.find(b"mdat") + 4
    data[start : start + 3000] = os.urandom(min(3000, len(data) - start))[: len(data[start : start + 3000])]
    path.write_bytes(data)
    try:
        assert all(frame.image.ndim == 3 for frame in video.keyframes(path, max_frames=4))
    except DecodeError as error:
        assert error.message.cure


def test_a_codec_without_a_name_is_refused(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mkv", container="matroska")
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_NOTHING/KNOWN"))
    assert refusal(path) == "video-unreadable"


def test_names_that_look_like_addresses(tmp_path: Path) -> None:
    for name in ("concat:a|b.mp4", "http:a.mp4", "-i.mp4", "%03d.mp4", "a\nb.mp4"):
        path = clip(tmp_path / "plain.mp4", frames=3).rename(tmp_path / name)
        assert video.probe(path).width == 96


def test_limits_come_before_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip(tmp_path / "a.mp4")
    for limits, key in (
        ({"max_pixels": 1000}, "video-too-large"),
        ({"max_duration_s": 1.0}, "video-too-long"),
        ({"timeout_s": -1.0}, "video-took-too-long"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(video_file, "VIDEO", replace(VIDEO, **limits))
            assert refusal(path) == key


@pytest.mark.skipif(not hasattr(resource, "getrusage"), reason="needs getrusage")
def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    program = """
        import resource, sys
        from pathlib import Path
        from verify_media.codecs import video
        count = sum(1 for frame in video.keyframes(Path(sys.argv[1]), max_frames=400))
        print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    """
    used = []
    for seconds in (4, 40):
        path = clip(tmp_path / f"{seconds}.mp4", frames=seconds * 10, size=(640, 480), gop=2)
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program), str(path)], check=True, capture_output=True, text=True
        )
        used.append([int(value) for value in done.stdout.split()])
    assert used[1][0] > 5 * used[0][0]
    assert used[1][1] - used[0][1] < 40  # MB; 180 more frames of 0.9 MB would be 165
