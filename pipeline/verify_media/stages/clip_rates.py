"""What to try on a clip before it is encoded, and how far what VMAF says can be believed."""

from __future__ import annotations

from verify_media.codecs.mp4 import Clip
from verify_media.codecs.probe_video import Rate

CRFS, CRFS_SMALLER = (18.0, 26.0, 36.0), (18.0, 30.0)
FINEST_CRF = 13.0
"""Probed too where there is room for more than `CRFS`: SSIMULACRA2 still grows by a point and more for each CRF."""
SCALES = ((0.035, (1.0,)), (0.012, (1.0, 2 / 3)), (0.0, (2 / 3, 0.5)))
"""Which sizes are tried, by the bits for each pixel that an equal share would give: 0.035 is 2.2 Mb/s at 1080p30."""
SCARCE_BITS_PER_PIXEL = 0.035
"""Below, the sound is encoded at a low rate."""
NO_VMAF = 100.0, 1.5, 18.0
"""Without libvmaf: quality = 100 - 1.5 for each CRF above 18, a rough mean over phone clips."""
TEXTURE_FROM_CRF, TEXTURE_PER_CRF = 18.0, 0.5
"""VMAF forgives the loss of grain: on noisy clips SSIMULACRA2 falls by 1.5 points for each CRF while VMAF stays within
one point (66 beside 94 in a scarce set, 78 beside 98 in an ample one)."""
PRESETS = ((400.0, "medium"), (900.0, "faster"))
"""Up to so many megapixels (frames times size) the slower preset is affordable; above: veryfast. On 2 cores, 1080p30:
medium takes
2.5 CPU-seconds for a second of clip, faster 1.8, veryfast 1.1; at equal size medium is 1 to 2 VMAF points better."""
FASTEST = "veryfast"


def quality(rate: Rate, scale: float) -> float:
    """VMAF less what it forgives: x264 drops grain and fine texture from about CRF 23 on, which VMAF hardly sees."""
    if rate.vmaf is None:
        best, slope, start = NO_VMAF
        return best - slope * max(0.0, rate.crf - start) - 20 * (1 - scale)
    return rate.vmaf - TEXTURE_PER_CRF * (rate.crf - TEXTURE_FROM_CRF)


def preset(clip: Clip) -> str:
    megapixels = clip.timing.frames * min(clip.look.width * clip.look.height, 1920 * 1080) / 1e6
    return next((name for most, name in PRESETS if megapixels <= most), FASTEST)


def is_quick(clip: Clip) -> bool:
    """Whether one more pass is affordable."""
    return preset(clip) != FASTEST


def scales_for(bits_per_pixel: float) -> tuple[float, ...]:
    """Sizes worth trying, as parts of the clip's own."""
    return next(scales for least, scales in SCALES if bits_per_pixel >= least)


def crfs_at(scale: float) -> tuple[float, ...]:
    """Probes of a smaller copy are few: only its upper end competes."""
    return CRFS if scale == 1 else CRFS_SMALLER
