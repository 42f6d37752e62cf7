"""MP4 as every player opens it: H.264 High, yuv420p, BT.709 standard range, AAC, moov in front, even sizes, upright,
constant rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

from verify_media.codecs.mp4 import HDR_TRANSFERS, Clip
from verify_media.tools import ffmpeg

OnFrame: TypeAlias = Callable[[int], None]

LARGEST_SIDE = 1920
"""Longer sides are scaled down to this: reviewers look at a mail, and 4K costs four times the bytes for the same VMAF
on a 1080p screen."""
TUNE = "ssim"
"""No psychovisual rates, quantiser adapted to the frame. Two passes at one rate, against no tune: SSIMULACRA2 +0.73,
+0.36, +0.75, -0.15 and VMAF +0.26, +0.37, +0.39, +0.25 at 0.3 to 1.8 % fewer bytes (hand-held 360p and 1080p, a street
at 432p, a 720p portrait), in no more time. Tune film, aq-mode 3 and deblock -2 gained nothing."""
AUDIO_BPS = 96_000
SPARE_AUDIO_BPS = 48_000
KEYFRAME_EVERY_S = 4
"""A reviewer can jump in the clip; x264's own 250 frames save about 1 % more."""
COPIED_AUDIO_BPS = 160_000
"""AAC up to this rate is taken over as it is; above, the bytes are worth more in the picture."""
FIRST_PASS_SCALE = 2 / 3
"""SSIMULACRA2 with the statistics of a copy at 1/2, 2/3 and the full size, and CPU-s of the first pass: 1080p 6 s
veryfast 69.7, 70.7, 71.1 in 3.9, 5.1, 7.6; 720p portrait 69.4, 71.2, 73.0 (7.8 % larger) in 0.7, 0.9, 1.4; 400p 54.6,
56.4, 58.4 in 0.3, 0.4, 0.5. By VMAF a half had seemed enough (1080p 94.9 instead of 94.3 at full size)."""
SMALLEST_REDUCED = 720
"""Shorter sides are not reduced: little is gained there."""
REFERENCE_NITS = 203
"""Diffuse white of HDR (ITU-R BT.2408)."""
_TRANSFER = {16: "smpte2084", 18: "arib-std-b67"}
_WIDE_PRIMARIES = {9: "bt2020", 11: "smpte431", 12: "smpte432"}
_MATRICES = {1: "bt709", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020"}
_ZSCALE_MATRICES = {1: "709", 5: "470bg", 6: "170m", 7: "240m", 9: "2020_ncl", 10: "2020_cl"}
_KEPT_TAGS = ("com.apple.quicktime.make", "com.apple.quicktime.model", "make", "model")
_SLOWEST_FPS = 0.5
"""A conversion that gets through less than this many frames a second has hung."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a clip is converted. Sizes upright and even; `audio_bps` 0 copies the sound, None leaves it out."""

    width: int
    height: int
    fps: Fraction
    audio_bps: int | None
    preset: str = "faster"


def recipe(
    clip: Clip, *, scale: float = 1.0, largest_side: int = LARGEST_SIDE, preset: str = "faster", spare: bool = False
) -> Recipe:
    """The recipe for the clip at `scale` of its size. `spare`: bytes are scarce, so the sound is encoded anew at a
    low rate."""
    width, height = clip.upright
    scale = min(scale, largest_side / max(width, height))
    return Recipe(_even(width * scale), _even(height * scale), clip.timing.fps, _audio(clip, spare), preset)


def _even(length: float) -> int:
    """An odd length loses one pixel rather than growing by one."""
    return max(2, int(length) - 1 if length % 2 == 1 else round(length / 2) * 2)


def _audio(clip: Clip, spare: bool) -> int | None:
    if clip.sound is None:
        return None
    most = SPARE_AUDIO_BPS * 1.3 if spare else COPIED_AUDIO_BPS
    if clip.sound.codec == "aac" and clip.sound.bps <= most and not clip.is_part:
        return 0
    return SPARE_AUDIO_BPS if spare else AUDIO_BPS


def encode_crf(
    clip: Clip, how: Recipe, out: Path, crf: float, *, log: Path | None = None, on_frame: OnFrame | None = None
) -> None:
    """One pass at constant quality; with `log` also the statistics that a later `encode_to_size` of the same recipe
    uses."""
    rate: dict[str, Any] = {"crf": f"{crf:.2f}"}
    if log:
        # The picture is to be used, so the first pass must not take x264's short cuts.
        rate |= {"pass": 1, "passlogfile": str(log), "fastfirstpass": 0}
    ffmpeg.run(_output(clip, how, out, rate), timeout_s=_timeout_s(clip), on_frame=on_frame)


def first_pass(clip: Clip, how: Recipe, video_bps: int, log: Path, *, on_frame: OnFrame | None = None) -> None:
    """The statistics only, of a smaller copy of a large clip: x264 scales them to the size that follows."""
    small = at_scale(how, FIRST_PASS_SCALE) if min(how.width, how.height) >= SMALLEST_REDUCED else how
    options = {**_x264(small), "b:v": video_bps, "pass": 1, "passlogfile": str(log), "f": "null", "an": None}
    ffmpeg.run(ffmpeg.output([pictures(clip, small)], "-", **options), timeout_s=_timeout_s(clip), on_frame=on_frame)


def second_pass(
    clip: Clip, how: Recipe, out: Path, video_bps: int, log: Path, *, on_frame: OnFrame | None = None
) -> None:
    """The second pass, aimed at a mean rate of the picture track."""
    rate = {"b:v": video_bps, "pass": 2, "passlogfile": str(log)}
    ffmpeg.run(_output(clip, how, out, rate), timeout_s=_timeout_s(clip), on_frame=on_frame)


def remux(clip: Clip, out: Path) -> None:
    """The first picture and sound track, bit for bit, in a new MP4 with only camera and time beside them."""
    both = ffmpeg.source(clip.path)
    tracks = [both[str(clip.index)], *([both[str(clip.sound.index)]] if clip.sound else [])]
    ffmpeg.run(_written(tracks, out, clip, {"c": "copy"}), timeout_s=60 + clip.timing.duration_s)


def pictures_only(track: ffmpeg.Stream, how: Recipe, out: Path, crf: float) -> ffmpeg.Stream:
    """An output node for a filtered picture track, for probes."""
    return ffmpeg.output([track], out, **_x264(how), crf=f"{crf:.2f}", f="mp4")


def _output(clip: Clip, how: Recipe, out: Path, rate: dict[str, Any]) -> ffmpeg.Stream:
    tracks = [pictures(clip, how)]
    options = {**_x264(how), **rate}
    if how.audio_bps is not None and clip.sound:
        tracks.append(ffmpeg.source(clip.path, **clip.seek)[str(clip.sound.index)])
        options |= {"c:a": "copy"} if how.audio_bps == 0 else {"c:a": "aac", "b:a": how.audio_bps, "ac": 2}
    return _written(tracks, out, clip, options)


def _written(tracks: list[ffmpeg.Stream], out: Path, clip: Clip, options: dict[str, Any]) -> ffmpeg.Stream:
    kept = {
        "map_metadata": -1,
        "map_chapters": -1,
        "movflags": "+faststart+use_metadata_tags",
        "fflags": "+bitexact",
        "f": "mp4",
    }
    return ffmpeg.output(tracks, out, **options, **kept, **_tags(clip))


def _tags(clip: Clip) -> dict[str, str]:
    """Camera and time: `metadata:g:N` keeps ffmpeg-python from folding them into one option."""
    kept = {name: clip.beside.tags[name] for name in ("creation_time", *_KEPT_TAGS) if clip.beside.tags.get(name)}
    return {f"metadata:g:{number}": f"{name}={value}" for number, (name, value) in enumerate(kept.items())}


def _x264(how: Recipe) -> dict[str, Any]:
    return {
        "c:v": "libx264", "preset": how.preset, "tune": TUNE, "profile:v": "high", "pix_fmt": "yuv420p",
        "fps_mode": "cfr", "r": str(how.fps), "g": max(1, round(KEYFRAME_EVERY_S * how.fps)),
        "color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709", "color_range": "tv",
    }  # fmt: skip


def pictures(clip: Clip, how: Recipe, **seek: object) -> ffmpeg.Stream:
    """The filtered picture track. ffmpeg itself turns and mirrors by the display matrix."""
    return _filtered(ffmpeg.source(clip.path, **(seek or clip.seek))[str(clip.index)], clip, how)


def _filtered(stream: ffmpeg.Stream, clip: Clip, how: Recipe) -> ffmpeg.Stream:
    if clip.look.interlaced:
        stream = stream.filter("bwdif", mode="send_frame")
    wide = clip.is_hdr or clip.look.primaries in _WIDE_PRIMARIES
    size = {"w": how.width, "h": how.height, "flags": "bicubic+accurate_rnd+full_chroma_int"}
    matrix = _MATRICES.get(clip.look.matrix, "bt709" if max(clip.upright) >= 1280 else "bt601")
    if not wide:
        levels = {
            "in_color_matrix": matrix,
            "out_color_matrix": "bt709",
            "in_range": "pc" if clip.look.full_range else "tv",
            "out_range": "tv",
        }
        stream = stream.filter("scale", **size, **levels)
        stream = stream.filter("format", "yuv420p")
    else:
        stream = _tone_mapped(stream.filter("scale", **size), clip)
    return stream.filter("setsar", "1").filter(
        "setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv"
    )


def _tone_mapped(stream: ffmpeg.Stream, clip: Clip) -> ffmpeg.Stream:
    """To BT.709 through linear light. Measured on HLG made from a known picture: mean dE76 1.7, against 7.7 for the
    usual
    npl=100 hable and 7.2 for no conversion at all."""
    coded = {
        "tin": _TRANSFER.get(clip.look.transfer, "709"),
        "pin": {9: "2020", 11: "smpte431", 12: "smpte432"}.get(clip.look.primaries, "2020" if clip.is_hdr else "709"),
        "min": _ZSCALE_MATRICES.get(clip.look.matrix, "2020_ncl" if clip.is_hdr else "709"),
        "rin": "full" if clip.look.full_range else "limited",
    }
    stream = (
        stream.filter("zscale", t="linear", npl=REFERENCE_NITS, **coded)
        .filter("format", "gbrpf32le")
        .filter("zscale", p="709")
    )
    if clip.is_hdr:
        stream = stream.filter("tonemap", "mobius", desat=0, **_peak(clip))
    return stream.filter("zscale", t="709", m="709", r="limited").filter("format", "yuv420p")


def _peak(clip: Clip) -> dict[str, str]:
    """PQ: its own mastering peak over the same white, since ffmpeg's guess counts in units of 100 nits. HLG: ffmpeg's
    own guess measured best."""
    if HDR_TRANSFERS[clip.look.transfer] != "PQ":
        return {}
    return {"peak": f"{max(1.0, clip.look.peak_nits / REFERENCE_NITS):.3f}"}


def _timeout_s(clip: Clip) -> float:
    return 120 + clip.timing.frames / _SLOWEST_FPS


def at_scale(how: Recipe, scale: float) -> Recipe:
    return replace(how, width=_even(how.width * scale), height=_even(how.height * scale))
