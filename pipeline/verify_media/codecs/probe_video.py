"""How large and how good would a clip become: a few short pieces, encoded at several qualities at once and compared
frame by frame as photos are; and the VMAF of what became of it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from verify_media.codecs import encode_video, ssimulacra2
from verify_media.codecs.encode_video import Recipe
from verify_media.codecs.mp4 import Clip
from verify_media.tools import ffmpeg

if TYPE_CHECKING:
    from verify_media.records import Image

PIECES, PIECE_S = 3, 0.8
"""Longer pieces predict the size better and cost more; the first whole encode corrects the size anyway."""
EVERY_NTH = 6
"""Frames that VMAF looks at: its mean over a second moves by less than 0.3 points against looking at each."""
LOOKS, LOOKS_LARGE, LARGE_PIXELS = 6, 3, 1_000_000
"""Frames of the pieces that are compared by SSIMULACRA2, and of larger ones, where each costs 0.1 CPU-s."""
TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Rate:
    """One probe: bytes of the picture track for the whole clip, and mean SSIMULACRA2 of its frames."""

    crf: float
    size_bytes: float
    quality: float


def probe(clip: Clip, how: Recipe, originals: Sequence[Image], crfs: Sequence[float], work: Path) -> list[Rate]:
    """Encode the pieces at each CRF, with one decode, and compare them with `originals`, from `looks`."""
    files = [work / f"probe-{how.width}-{crf:.0f}.mp4" for crf in crfs]
    tracks = ffmpeg.branches(_pieces(clip, how), len(crfs))
    outputs = [
        encode_video.pictures_only(track, how, file, crf) for track, file, crf in zip(tracks, files, crfs, strict=True)
    ]
    ffmpeg.run(*outputs, timeout_s=TIMEOUT_S)
    return [
        Rate(crf, _whole_bytes(clip, file), _score(originals, _seen(ffmpeg.source(file)["v:0"], clip, originals, file)))
        for crf, file in zip(crfs, files, strict=True)
    ]


def looks(clip: Clip, reference: Recipe, work: Path) -> list[Image]:
    """Some frames of the pieces at the size of `reference`, to compare copies with."""
    return _shown(_pieces(clip, reference), clip, (reference.width, reference.height), work / "looks.rgb")


def _seen(copy: ffmpeg.Stream, clip: Clip, originals: Sequence[Image], file: Path) -> list[Image]:
    height, width = originals[0].shape[:2]
    return _shown(copy, clip, (width, height), file.with_suffix(".rgb"))


def _shown(track: ffmpeg.Stream, clip: Clip, size: tuple[int, int], out: Path) -> list[Image]:
    """RGB of the frames that are looked at, evenly spread over the pieces."""
    width, height = size
    most = LOOKS if width * height <= LARGE_PIXELS else LOOKS_LARGE
    step = max(1, int(_covered_s(clip) * float(clip.timing.fps)) // most)
    matrix = {"in_color_matrix": "bt709", "in_range": "tv"}
    track = track.filter("select", f"eq(mod(n,{step}),{step // 2})")
    track = track.filter("scale", w=width, h=height, flags="bicubic+accurate_rnd+full_chroma_int", **matrix)
    ffmpeg.run(
        ffmpeg.output([track.filter("format", "rgb24")], out, f="rawvideo", fps_mode="passthrough"), timeout_s=TIMEOUT_S
    )
    pixels = np.fromfile(out, np.uint8)
    out.unlink()
    return list(pixels.reshape(-1, height, width, 3))


def _score(originals: Sequence[Image], copies: Sequence[Image]) -> float:
    """Mean SSIMULACRA2. Raises ValueError where the pieces do not match."""
    return float(np.mean([ssimulacra2.score(one, two) for one, two in zip(originals, copies, strict=True)]))


def _whole_bytes(clip: Clip, file: Path) -> float:
    """Bytes of the picture track of the whole clip, from its pieces. Pieces begin with a keyframe each, which are many
    times the size of other frames: counted apart, the estimate was 0.86 to 1.03 of the true size on four clips,
    together 1.05 to 1.43."""
    with av.open(str(file)) as container:
        packets = [(packet.is_keyframe, packet.size) for packet in container.demux(video=0) if packet.size]
    keys, others = ([size for is_key, size in packets if is_key is wanted] for wanted in (True, False))
    expected = max(1, math.ceil(clip.timing.duration_s / encode_video.KEYFRAME_EVERY_S))
    between = clip.timing.frames - expected
    return float(np.mean(keys) * expected + (np.mean(others) if others else np.mean(keys)) * max(0, between))


def vmaf_of_encode(clip: Clip, reference: Recipe, file: Path, work: Path) -> float | None:
    """VMAF of a whole encode, measured on the pieces."""
    if not ffmpeg.has_vmaf():
        return None
    copies = [ffmpeg.source(file, ss=f"{start:.4f}", t=f"{length:.4f}")["v:0"] for start, length in pieces(clip)]
    joined = ffmpeg.joined([_timed(copy, reference) for copy in copies])
    return _compare(joined, _pieces(clip, reference), reference, work / "vmaf.json")


def _compare(copy: ffmpeg.Stream, original: ffmpeg.Stream, reference: Recipe, log: Path) -> float:
    copy = copy.filter("scale", w=reference.width, h=reference.height, flags="bicubic")
    pair = ffmpeg.compared(
        _timed(copy, reference),
        _timed(original, reference),
        n_subsample=EVERY_NTH,
        n_threads=2,
        log_fmt="json",
        log_path=str(log),
    )
    ffmpeg.run(ffmpeg.output([pair], "-", f="null"), timeout_s=TIMEOUT_S)
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def _timed(stream: ffmpeg.Stream, how: Recipe) -> ffmpeg.Stream:
    """Frame by frame, whatever the containers say about time."""
    return stream.filter("settb", "AVTB").filter("setpts", f"N*{how.fps.denominator}/({how.fps.numerator}*TB)")


def pieces(clip: Clip) -> list[tuple[float, float]]:
    """(start, length) in seconds from the clip's start, spread over it; the whole clip where it is short.

    Starts lie a quarter frame before a frame, so that the clip and its copy begin a piece with the same one.
    """
    fps, length_s = float(clip.timing.fps), clip.timing.duration_s
    if length_s <= PIECES * PIECE_S * 1.5:
        return [(0.0, length_s)]
    middles = (length_s * (2 * n + 1) / (2 * PIECES) for n in range(PIECES))
    return [((round((middle - PIECE_S / 2) * fps) - 0.25) / fps, PIECE_S) for middle in middles]


def _covered_s(clip: Clip) -> float:
    return sum(length for _, length in pieces(clip))


def _pieces(clip: Clip, how: Recipe) -> ffmpeg.Stream:
    return ffmpeg.joined(
        [
            encode_video.pictures(clip, how, ss=f"{clip.start_s + start:.4f}", t=f"{length:.4f}").filter(
                "fps", str(how.fps)
            )
            for start, length in pieces(clip)
        ]
    )
