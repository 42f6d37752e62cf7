"""What to try on a clip before it is encoded."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from verify_media.codecs.mp4 import Clip
from verify_media.stages.allocate import Choice, Probe

CRFS = ((0.12, (14.0, 20.0)), (0.04, (18.0, 25.0)), (0.0, (22.0, 29.0)))
"""Tried at full size, by the bits for each pixel that the clip will probably get: two around its share. CRF 18 took 3.8
MB of a clip whose message had 3 MB in all."""
CRFS_SMALLER = (22.0, 32.0)
SIZE_BEND, LOSS_BEND, REACH = 0.0045, 0.001, 4.0
"""Second derivatives by the CRF of the logarithms of size and of the points lost, which say what lies between two
probes and up to `REACH` beyond. From 22 and 29, on eight real and four recorded clips (two real and the recorded ones
set it): at 25 -2 to +7 % and -0.4 to +0.3 points, at 18 -20 to +12 % and -0.9 to +1.3, at 33 -7 to +10 % and -2.4 to
+3.6. A third probe took a third more."""
FINEST_CRF, COARSEST_CRF = 13.0, 40.0
"""Probed too where all others lie on one side of the share; at 13 SSIMULACRA2 still grows by a point for each CRF."""
LEAST_LOST = 0.1
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


def extended(probes: Sequence[Probe]) -> list[Probe]:
    """With what lies between and beside the two probes of each scale."""
    added: list[Probe] = []
    for scale in {probe.scale for probe in probes}:
        fine, *_, coarse = sorted((probe for probe in probes if probe.scale == scale), key=lambda probe: probe.level)
        added += (_bent(fine, coarse, crf) for crf in _beside(fine, coarse))
    return [*probes, *added]


def _beside(fine: Probe, coarse: Probe) -> list[float]:
    finest = max(FINEST_CRF, fine.level - REACH)
    return [crf for crf in (finest, (fine.level + coarse.level) / 2, coarse.level + REACH) if crf != fine.level]


def _bent(fine: Probe, coarse: Probe, crf: float) -> Probe:
    part = (crf - fine.level) / (coarse.level - fine.level)
    bend = (crf - fine.level) * (crf - coarse.level) / 2
    size = fine.size_bytes ** (1 - part) * coarse.size_bytes**part * math.exp(SIZE_BEND * bend)
    lost = [max(LEAST_LOST, 100 - probe.quality) for probe in (fine, coarse)]
    return Probe(fine.scale, crf, size, 100 - lost[0] ** (1 - part) * lost[1] ** part * math.exp(LOSS_BEND * bend))


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
