"""A small picture of an item, for the page."""

from __future__ import annotations

from verify_media.codecs import photo, video
from verify_media.codecs.errors import DecodeError
from verify_media.codecs.preview import preview
from verify_media.records import Kind, MediaItem, Preview


def thumbnail(item: MediaItem, side_px: int) -> Preview | None:
    """None where the file gives no picture."""
    try:
        if item.kind is Kind.PHOTO:
            return preview(photo.load(item.path, max_side=side_px), side_px)
        frames = video.keyframes(item.path, max_frames=1, max_side=side_px)
        return next((preview(frame.image, side_px) for frame in frames), None)
    except (DecodeError, OSError, ValueError):
        return None
