"""What to try on a clip before it is encoded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from verify_media.codecs.mp4 import Clip
from verify_media.stages.allocate import Choice, Probe

CRFS = ((0.12, (13.0, 18.0, 25.0)), (0.04, (16.0, 21.0, 28.0)), (0.0, (20.0, 25.0, 32.0)))
"""Tried at full size, by the bits for each pixel that the clip will probably get: three around its share. CRF 18 took
3.8 MB of a clip whose message had 3 MB in all. With two, 21 and 28, a smaller copy seemed better, as lines are straight
between them: 71.2 instead of 74.9."""
CRFS_SMALLER = (22.0, 32.0)
FINEST_CRF, COARSEST_CRF = 13.0, 40.0
"""Probed too where all others lie on one side of the share; at 13 SSIMULACRA2 still grows by a point for each CRF."""
SCALES = ((0.02, (1.0,)), (0.008, (1.0, 2 / 3)), (0.0, (2 / 3, 0.5)))
"""Which sizes are tried, by the same bits: 0.02 is 1.2 Mb/s at 1080p30. By SSIMULACRA2 two thirds of the size win from
0.012 down on a hand-held clip."""
TYPICAL = ((0.01, 45.0), (0.02, 67.0), (0.045, 75.0), (0.12, 80.0), (0.35, 86.0))
"""SSIMULACRA2 by bits for each pixel, about the middle of the hand-held clips of bench/fit.py (20 points more or less
at 0.01, 3 at 0.1): a first guess at the share of a clip, which says what to probe."""
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
    """(scale, CRF) of each probe, for the bits for each pixel that the clip will probably get."""
    full = next(crfs for least, crfs in CRFS if bits_per_pixel >= least)
    return [(scale, crf) for scale in scales_for(bits_per_pixel) for crf in (full if scale == 1 else CRFS_SMALLER)]


def beyond(probes: Sequence[Probe], share_bytes: float) -> list[tuple[float, float]]:
    """One more where the share lies outside of what was probed."""
    if all(probe.size_bytes < share_bytes for probe in probes):
        return [(1.0, FINEST_CRF)] if min(probe.level for probe in probes) > FINEST_CRF else []
    if all(probe.size_bytes > share_bytes for probe in probes):
        return [(min(probe.scale for probe in probes), COARSEST_CRF)]
    return []


def typical(bits: float, beside_bytes: float) -> tuple[Choice, ...]:
    """The curve of a typical clip, whose picture has `bits` at one bit for each pixel."""
    rates = np.geomspace(TYPICAL[0][0], TYPICAL[-1][0], 40)
    levels, scores = np.log([rate for rate, _ in TYPICAL]), [score for _, score in TYPICAL]
    qualities = np.interp(np.log(rates), levels, scores)
    return tuple(
        Choice(float(rate) * bits / 8 + beside_bytes, float(quality), level=0.0)
        for rate, quality in zip(rates, qualities, strict=True)
    )
