"""How large and how good would a clip become: a few short pieces, encoded at several qualities at once and measured
by VMAF."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from verify_media.codecs import encode_video
from verify_media.codecs.encode_video import Recipe
from verify_media.codecs.mp4 import Clip
from verify_media.tools import ffmpeg

PIECES, PIECE_S = 3, 0.8
"""Longer pieces predict the size better and cost more; the first whole encode corrects the size anyway."""
EVERY_NTH = 6
"""Frames that VMAF looks at: its mean over a second moves by less than 0.3 points against looking at each."""
TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Rate:
    """One probe: bytes of the picture track for the whole clip, and VMAF 0 to 100 (None where ffmpeg has no
    libvmaf)."""

    crf: float
    size_bytes: float
    vmaf: float | None


def probe(clip: Clip, how: Recipe, reference: Recipe, crfs: Sequence[float], work: Path) -> list[Rate]:
    """Encode the pieces at each CRF, with one decode, and compare with the same pieces at the size of `reference`."""
    files = [work / f"probe-{how.width}-{crf:.0f}.mp4" for crf in crfs]
    tracks = ffmpeg.branches(_pieces(clip, how), len(crfs))
    outputs = [
        encode_video.pictures_only(track, how, file, crf) for track, file, crf in zip(tracks, files, crfs, strict=True)
    ]
    ffmpeg.run(*outputs, timeout_s=TIMEOUT_S)
    share = _covered_s(clip) / clip.timing.duration_s
    scores = vmaf(clip, reference, files, work)
    return [Rate(crf, file.stat().st_size / share, score) for crf, file, score in zip(crfs, files, scores, strict=True)]


def vmaf(clip: Clip, reference: Recipe, files: Sequence[Path], work: Path) -> list[float | None]:
    """VMAF of files that hold exactly the pieces of the clip."""
    if not ffmpeg.has_vmaf():
        return [None] * len(files)
    originals = ffmpeg.branches(_pieces(clip, reference), len(files))
    return _scores([ffmpeg.source(file)["v:0"] for file in files], originals, reference, work)


def vmaf_of_encode(clip: Clip, reference: Recipe, file: Path, work: Path) -> float | None:
    """VMAF of a whole encode, measured on the pieces."""
    if not ffmpeg.has_vmaf():
        return None
    copies = [ffmpeg.source(file, ss=f"{start:.4f}", t=f"{length:.4f}")["v:0"] for start, length in pieces(clip)]
    return _scores(
        [ffmpeg.joined([_timed(copy, reference) for copy in copies])], [_pieces(clip, reference)], reference, work
    )[0]


def _scores(
    copies: Sequence[ffmpeg.Stream], originals: Sequence[ffmpeg.Stream], reference: Recipe, work: Path
) -> list[float | None]:
    logs = [work / f"vmaf-{number}.json" for number in range(len(copies))]
    outputs = []
    for copy, original, log in zip(copies, originals, logs, strict=True):
        copy = copy.filter("scale", w=reference.width, h=reference.height, flags="bicubic")
        pair = ffmpeg.compared(
            _timed(copy, reference),
            _timed(original, reference),
            n_subsample=EVERY_NTH,
            n_threads=2,
            log_fmt="json",
            log_path=str(log),
        )
        outputs.append(ffmpeg.output([pair], "-", f="null"))
    ffmpeg.run(*outputs, timeout_s=TIMEOUT_S)
    return [float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"]) for log in logs]


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
