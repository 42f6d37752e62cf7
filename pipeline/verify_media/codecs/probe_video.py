"""How large and how good would a clip become: a few short pieces, encoded at several sizes and qualities at once and
compared frame by frame as photos are; and how good it became."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import av
import numpy as np

from verify_media.codecs import encode_video, ssimulacra2
from verify_media.codecs.encode_video import Recipe
from verify_media.codecs.mp4 import Clip
from verify_media.tools import ffmpeg

if TYPE_CHECKING:
    from verify_media.records import Image

PIECES, PIECE_S = 3, 0.4
"""The same pieces of 0.8 s cost 1.4 to 1.6 times as much. Size and SSIMULACRA2 at CRF 26 on three clips: whole 165 kB
63.9, 49 79.7, 347 69.4; pieces of 0.8 s 165 63.9, 42 77.2, 359 67.4; of 0.4 s 168 62.7, 39 76.4, 355 66.3."""
LOOKS, LOOKS_LARGE, LARGE_PIXELS = 6, 3, 1_000_000
"""Frames of the pieces that are compared by SSIMULACRA2, and of larger ones, where each costs 0.1 CPU-s."""
MOST_KEPT_PIXELS = 2_000_000
"""Of frames of which everything that is computed is kept for the next comparison: 72 MB."""
TIMEOUT_S = 600.0
_SCALER = "bicubic+accurate_rnd+full_chroma_int"


Try: TypeAlias = tuple[Recipe, float]
"""How a probe is encoded, and its CRF."""


@dataclass(frozen=True, slots=True)
class Rate:
    """One probe: bytes of the picture track for the whole clip, and mean SSIMULACRA2 of its frames."""

    crf: float
    size_bytes: float
    quality: float


@dataclass(frozen=True, slots=True)
class Looks:
    """The frames of the pieces that copies are compared with."""

    originals: tuple[Image, ...]
    size: tuple[int, int]
    """Width, height."""

    @property
    def kept(self) -> list[Image | ssimulacra2.Reference]:
        """For many comparisons at once, where memory allows it."""
        few = len(self.originals) * self.size[0] * self.size[1] <= MOST_KEPT_PIXELS
        return [ssimulacra2.Reference(frame) if few else frame for frame in self.originals]


def probe(clip: Clip, reference: Recipe, tries: Sequence[Try], work: Path) -> tuple[Looks, list[Rate]]:
    """Encode the pieces as each try says, all with one decode, and compare some frames at the size of `reference`."""
    files = [work / f"probe-{number}.mp4" for number in range(len(tries))]
    raw, size = work / "looks.rgb", (reference.width, reference.height)
    track, *tracks = ffmpeg.branches(piece_track(clip, reference), 1 + len(tries))
    encodes = [_tried(*each) for each in zip(tracks, tries, files, strict=True)]
    ffmpeg.run(_shown(track, clip, size, raw), *encodes, timeout_s=TIMEOUT_S)
    looks = Looks(tuple(_frames(raw, size)), size)
    kept = looks.kept
    return looks, [
        Rate(crf, _whole_bytes(clip, file), _score(clip, looks, ffmpeg.source(file)["v:0"], raw, kept))
        for (_, crf), file in zip(tries, files, strict=True)
    ]


def _tried(track: ffmpeg.Stream, how: Try, file: Path) -> ffmpeg.Stream:
    recipe, crf = how
    track = track.filter("scale", w=recipe.width, h=recipe.height, flags=_SCALER)
    return encode_video.pictures_only(track, recipe, file, crf)


def quality_of_encode(clip: Clip, looks: Looks, file: Path, work: Path) -> float:
    """Mean SSIMULACRA2 of the same frames in a whole encode. Raises ValueError where the pieces do not match."""
    copies = [ffmpeg.source(file, ss=f"{start:.4f}", t=f"{length:.4f}")["v:0"] for start, length in pieces(clip)]
    width, height = looks.size
    copies = [copy.filter("scale", w=width, h=height, flags=_SCALER) for copy in copies]
    return _score(clip, looks, ffmpeg.joined(copies), work / "made.rgb", looks.originals)


def _score(
    clip: Clip, looks: Looks, copy: ffmpeg.Stream, raw: Path, originals: Sequence[Image | ssimulacra2.Reference]
) -> float:
    ffmpeg.run(_shown(copy, clip, looks.size, raw), timeout_s=TIMEOUT_S)
    pairs = zip(originals, _frames(raw, looks.size), strict=True)
    return float(np.mean([ssimulacra2.score(one, two) for one, two in pairs]))


def _shown(track: ffmpeg.Stream, clip: Clip, size: tuple[int, int], raw: Path) -> ffmpeg.Stream:
    """An output node: RGB of the frames that are looked at, evenly spread over the pieces."""
    width, height = size
    most = LOOKS if width * height <= LARGE_PIXELS else LOOKS_LARGE
    step = max(1, int(_covered_s(clip) * float(clip.timing.fps)) // most)
    matrix = {"in_color_matrix": "bt709", "in_range": "tv"}
    track = track.filter("select", f"eq(mod(n,{step}),{step // 2})")
    track = track.filter("scale", w=width, h=height, flags=_SCALER, **matrix).filter("format", "rgb24")
    return ffmpeg.output([track], raw, f="rawvideo", fps_mode="passthrough")


def _frames(raw: Path, size: tuple[int, int]) -> list[Image]:
    """What `_shown` wrote, which is then removed."""
    pixels = np.fromfile(raw, np.uint8)
    raw.unlink()
    return list(pixels.reshape(-1, size[1], size[0], 3))


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


def piece_track(clip: Clip, how: Recipe) -> ffmpeg.Stream:
    return ffmpeg.joined(
        [
            encode_video.pictures(clip, how, ss=f"{clip.start_s + start:.4f}", t=f"{length:.4f}").filter(
                "fps", str(how.fps)
            )
            for start, length in pieces(clip)
        ]
    )
