"""Bounds on foreign files, checked before anything is allocated. One place, so that a report can name them."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PIXELS = 200_000_000
"""The largest phone sensors of 2026 have 200 MP; RGB of that size takes 600 MB."""
MAX_FILE_BYTES = 1 << 30
"""Of a photo: an uncompressed 16-bit picture of 170 MP."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """What a clip may ask of the machine."""

    max_pixels: int = 8192 * 4352
    """8K, as the newest phones and action cameras take."""
    max_duration_s: float = 4 * 3600.0
    max_streams: int = 64
    max_dense_frames: int = 6000
    """Frames decoded one after the other where keyframes are too far apart: 200 s at 30 per second."""
    open_timeout_s: float = 20.0
    timeout_s: float = 600.0
    """Wall clock for one pass; 12 keyframes of a 4K clip take 2 s on two cores, so only a hostile clip meets this."""


VIDEO = VideoLimits()
