"""What to try on a clip before it is encoded."""

from __future__ import annotations

from verify_media.codecs.mp4 import Clip

CRFS, CRFS_SMALLER = (18.0, 26.0, 36.0), (22.0, 32.0)
CRFS_BESIDE_SMALLER = (20.0, 25.0, 32.0)
"""At full size where smaller copies are tried too: CRF 18 took 3.8 MB of a clip whose message had 3 MB in all. With
two probes, 21 and 28, the smaller copy seemed better, as lines are straight between them: 71.2 instead of 74.9."""
FINEST_CRF = 13.0
"""Probed too where there is room for more than `CRFS`: SSIMULACRA2 still grows by a point and more for each CRF."""
SCALES = ((0.02, (1.0,)), (0.008, (1.0, 2 / 3)), (0.0, (2 / 3, 0.5)))
"""Which sizes are tried, by the bits for each pixel that an equal share would give: 0.02 is 1.2 Mb/s at 1080p30. By
SSIMULACRA2 two thirds of the size win from 0.012 down on a hand-held clip."""
SCARCE_BITS_PER_PIXEL = 0.035
"""Below, the sound is encoded at a low rate."""
PRESETS = ((400.0, "medium"), (900.0, "faster"))
"""Up to so many megapixels (frames times size) the slower preset is affordable; above: veryfast. On 2 cores, 1080p30:
medium takes
2.5 CPU-seconds for a second of clip, faster 1.8, veryfast 1.1; at equal size medium is 1 to 2 VMAF points better."""
FASTEST = "veryfast"


def preset(clip: Clip) -> str:
    megapixels = clip.timing.frames * min(clip.look.width * clip.look.height, 1920 * 1080) / 1e6
    return next((name for most, name in PRESETS if megapixels <= most), FASTEST)


def is_quick(clip: Clip) -> bool:
    """Whether one more pass is affordable."""
    return preset(clip) != FASTEST


def scales_for(bits_per_pixel: float) -> tuple[float, ...]:
    """Sizes worth trying, as parts of the clip's own."""
    return next(scales for least, scales in SCALES if bits_per_pixel >= least)


def tries_for(bits_per_pixel: float) -> list[tuple[float, float]]:
    """(scale, CRF) of each probe, for the bits for each pixel that an equal share would give."""
    scales = scales_for(bits_per_pixel)
    full = CRFS if len(scales) == 1 else CRFS_BESIDE_SMALLER
    return [(scale, crf) for scale in scales for crf in (full if scale == 1 else CRFS_SMALLER)]
