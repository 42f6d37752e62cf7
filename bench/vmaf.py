"""VMAF of clips, beside the SSIMULACRA2 by which they are planned."""

from __future__ import annotations

import json
from pathlib import Path

import ffmpeg as graphs

from verify_media.codecs import encode_video, probe_video
from verify_media.codecs.encode_video import Recipe
from verify_media.codecs.mp4 import Clip
from verify_media.tools import ffmpeg

EVERY_NTH = 6
"""Frames that VMAF looks at: its mean over a second moves by less than 0.3 points against looking at each."""
TIMEOUT_S = 600.0


def of_encode(clip: Clip, reference: Recipe, file: Path, work: Path) -> float:
    """Of a whole encode, measured on the pieces that probes are made of."""
    places = probe_video.pieces(clip)
    copies = [ffmpeg.source(file, ss=f"{start:.4f}", t=f"{length:.4f}")["v:0"] for start, length in places]
    return _compared(ffmpeg.joined([_timed(copy, reference) for copy in copies]), clip, reference, work)


def of_pieces(clip: Clip, reference: Recipe, crf: float, work: Path) -> float:
    """Of the pieces alone, encoded at a CRF."""
    file = work / "pieces.mp4"
    track = probe_video.piece_track(clip, reference)
    ffmpeg.run(encode_video.pictures_only(track, reference, file, crf), timeout_s=TIMEOUT_S)
    return _compared(ffmpeg.source(file)["v:0"], clip, reference, work)


def _compared(copy: ffmpeg.Stream, clip: Clip, reference: Recipe, work: Path) -> float:
    log = work / "vmaf.json"
    copy = copy.filter("scale", w=reference.width, h=reference.height, flags="bicubic")
    pair = [_timed(copy, reference), _timed(probe_video.piece_track(clip, reference), reference)]
    compared = graphs.filter(pair, "libvmaf", n_subsample=EVERY_NTH, n_threads=2, log_fmt="json", log_path=str(log))
    ffmpeg.run(ffmpeg.output([compared], "-", f="null"), timeout_s=TIMEOUT_S)
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def _timed(stream: ffmpeg.Stream, how: Recipe) -> ffmpeg.Stream:
    """Frame by frame, whatever the containers say about time."""
    return stream.filter("settb", "AVTB").filter("setpts", f"N*{how.fps.denominator}/({how.fps.numerator}*TB)")
