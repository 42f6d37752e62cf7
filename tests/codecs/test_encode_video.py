from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest

from make_media import clip, textured, turn_clip
from verify_media.codecs import encode_video, mp4, probe_video
from verify_media.tools import ffmpeg

HLG, BT2020, BT2020_NCL = 18, 9, 9


def encoded(source: Path, out: Path, crf: float = 20) -> mp4.Clip:
    found = mp4.inspect(source)
    encode_video.encode_crf(found, encode_video.recipe(found), out, crf)
    return mp4.inspect(out)


def hlg_clip(path: Path, signal: float) -> Path:
    """Flat grey at a part of the HLG signal range, 10 bits, limited range."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx265", rate=10, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = HLG, BT2020, BT2020_NCL, 1
        frame = av.VideoFrame(128, 96, "yuv420p10le")
        for plane, value in zip(frame.planes, (round(64 + 876 * signal), 512, 512), strict=True):
            plane.update(np.full(plane.buffer_size // 2, value, "<u2").tobytes())
        for number in range(10):
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def first_pixels(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


@pytest.mark.parametrize(("signal", "level"), [(0.5, 143), (0.75, 215), (1.0, 249)])
def test_hlg_comes_out_at_the_measured_levels(tmp_path: Path, signal: float, level: int) -> None:
    source = hlg_clip(tmp_path / "hlg.mp4", signal)
    assert mp4.inspect(source).is_hdr
    made = encoded(source, tmp_path / "sdr.mp4")
    assert made.is_h264_sdr
    assert (made.look.transfer, made.look.primaries, made.look.matrix) == (1, 1, 1)
    assert first_pixels(tmp_path / "sdr.mp4").mean() == pytest.approx(level, abs=14)


def test_the_output_has_every_property(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mkv", size=(98, 66), codec="mpeg4")
    made = encoded(source, tmp_path / "b.mp4")
    assert (made.codec, made.profile, made.look.pixel_format) == ("h264", "High", "yuv420p")
    assert (made.upright, made.timing.frames, float(made.timing.fps)) == ((98, 66), 30, 10.0)
    assert made.timing.constant and made.private == ()
    data = (tmp_path / "b.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert b"Lavf" not in data


@pytest.mark.parametrize("matrix", [(0, 1, -1, 0), (-1, 0, 0, -1), (-1, 0, 0, 1)])
def test_turned_and_mirrored_clips_come_out_upright(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    source = turn_clip(clip(tmp_path / "a.mp4", moves=False), matrix)
    made = encoded(source, tmp_path / "b.mp4")
    assert made.upright == ((64, 96) if matrix[0] == 0 else (96, 64))
    assert made.look.rotation_deg == 0 and not made.look.flipped
    (wanted,) = list(upright(source))
    assert np.abs(first_pixels(tmp_path / "b.mp4").astype(int) - wanted).mean() < 12


def upright(path: Path) -> list[np.ndarray]:
    from verify_media.codecs import video

    return [next(iter(video.keyframes(path, max_frames=1))).image.astype(int)]


def test_odd_sizes_become_even_and_large_ones_smaller() -> None:
    assert [encode_video._even(length) for length in (161, 160, 2.2, 1, 0.4)] == [160, 160, 2, 2, 2]


def test_two_passes_land_near_the_rate(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mp4", pixels=textured(320, 240), size=(320, 240), frames=60, fps=30)
    found = mp4.inspect(source)
    how, log = encode_video.recipe(found), tmp_path / "log"
    encode_video.first_pass(found, how, 200_000, log)
    encode_video.second_pass(found, how, tmp_path / "b.mp4", 200_000, log)
    assert (tmp_path / "b.mp4").stat().st_size == pytest.approx(200_000 / 8 * 2, rel=0.35)


def test_probes_rise_with_quality_and_foresee_the_size(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mp4", pixels=textured(320, 240), size=(320, 240), frames=240, fps=30)
    found = mp4.inspect(source)
    how = encode_video.recipe(found)
    _, (fine, coarse) = probe_video.probe(found, how, [(how, 20), (how, 38)], tmp_path)
    assert fine.size_bytes > 1.5 * coarse.size_bytes
    assert 100 > fine.quality > coarse.quality + 10
    encode_video.encode_crf(found, how, tmp_path / "b.mp4", 20)
    assert fine.size_bytes == pytest.approx((tmp_path / "b.mp4").stat().st_size, rel=0.25)


def test_looks_are_spread_over_the_pieces_and_match_their_copies(tmp_path: Path) -> None:
    found = mp4.inspect(clip(tmp_path / "a.mp4", pixels=textured(320, 240), size=(320, 240), frames=240, fps=30))
    how = encode_video.recipe(found)
    looks, _ = probe_video.probe(found, how, [(how, 30)], tmp_path)
    assert [look.shape for look in looks.originals] == [(240, 320, 3)] * probe_video.LOOKS
    assert min(float(np.abs(a.astype(int) - b).mean()) for a, b in itertools.pairwise(looks.originals)) > 0


def test_a_smaller_copy_is_tried_beside_the_whole_size(tmp_path: Path) -> None:
    found = mp4.inspect(clip(tmp_path / "a.mp4", pixels=textured(320, 240), size=(320, 240), frames=240, fps=30))
    how, small = (encode_video.recipe(found, scale=scale) for scale in (1.0, 0.5))
    _, (whole, half) = probe_video.probe(found, how, [(how, 24), (small, 24)], tmp_path)
    assert half.size_bytes < 0.7 * whole.size_bytes
    assert half.quality < whole.quality


def test_a_whole_encode_is_judged_by_the_frames_of_its_probe(tmp_path: Path) -> None:
    found = mp4.inspect(clip(tmp_path / "a.mp4", pixels=textured(320, 240), size=(320, 240), frames=240, fps=30))
    how = encode_video.recipe(found)
    looks, (rate,) = probe_video.probe(found, how, [(how, 28)], tmp_path)
    encode_video.encode_crf(found, how, tmp_path / "b.mp4", 28)
    assert probe_video.quality_of_encode(found, looks, tmp_path / "b.mp4", tmp_path) == pytest.approx(
        rate.quality, abs=5
    )


def test_pieces_begin_just_before_a_frame(tmp_path: Path) -> None:
    found = mp4.inspect(clip(tmp_path / "a.mp4", frames=100))
    starts = [start for start, _ in probe_video.pieces(found)]
    assert len(starts) == probe_video.PIECES
    assert all((start * 10) % 1 == pytest.approx(0.75) for start in starts)


def test_an_error_says_what_happened(tmp_path: Path) -> None:
    broken = tmp_path / "a.mp4"
    broken.write_bytes(b"no clip")
    with pytest.raises(ffmpeg.FfmpegError, match=r"."):
        ffmpeg.run(ffmpeg.output([ffmpeg.source(broken)["v:0"]], tmp_path / "b.mp4"), timeout_s=20)


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    playlist = tmp_path / "a.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{tmp_path}/secret.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(ffmpeg.FfmpegError):
        ffmpeg.run(ffmpeg.output([ffmpeg.source(playlist)["v:0"]], tmp_path / "b.mp4"), timeout_s=20)


def test_a_run_that_hangs_is_ended(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mp4", pixels=textured(320, 240), size=(320, 240), frames=200, fps=30)
    found = mp4.inspect(source)
    slow = encode_video.pictures(found, encode_video.recipe(found)).filter("realtime")
    with pytest.raises(ffmpeg.FfmpegError, match="no result"):
        ffmpeg.run(ffmpeg.output([slow], tmp_path / "b.mp4"), timeout_s=1.0)


def test_frames_are_counted_while_it_runs(tmp_path: Path) -> None:
    heard: list[int] = []
    found = mp4.inspect(clip(tmp_path / "a.mp4"))
    encode_video.encode_crf(found, encode_video.recipe(found), tmp_path / "b.mp4", 30, on_frame=heard.append)
    assert heard[-1] == 30
