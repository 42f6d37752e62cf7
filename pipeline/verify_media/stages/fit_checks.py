"""What may go out, and whether what was written is what was meant: every file is opened again and looked at."""

from __future__ import annotations

from PIL import Image as PilImage

from verify_media.codecs import exif, icc, mp4
from verify_media.codecs.errors import DecodeError
from verify_media.codecs.mp4 import Clip
from verify_media.messages import Message, message
from verify_media.stages.fitted import CannotFit, Fitted


def check_photo(fitted: Fitted, name: str) -> None:
    """Open what was written and compare it with what was meant. Raises CannotFit."""
    try:
        with PilImage.open(fitted.path, formats=("JPEG", "PNG")) as image:
            image.load()
            turned = image.getexif().get(exif.ORIENTATION, 1) in (5, 6, 7, 8)
            size = image.size[::-1] if turned else image.size
            meant = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",)}[fitted.media_type]
            profile = image.info.get("icc_profile")
            right = image.format in meant and size == (fitted.width, fitted.height)
            right = right and (not fitted.quality or (image.mode == "RGB" and profile == icc.srgb()))
    except (OSError, SyntaxError, ValueError):
        right = False
    if not right:
        raise CannotFit(message("fit-cannot-convert", name=name, reason="the written file did not pass its check"))


def obstacles(clip: Clip) -> tuple[Message, ...]:
    """Why the picture or sound cannot go out as they are."""
    if clip.is_h264_sdr and clip.is_upright_enough:
        return ()
    if clip.is_hdr:
        return (message("fit-hdr"),)
    if not clip.is_upright_enough:
        return (message("fit-video-turned"),)
    if clip.codec == "h264" and not clip.timing.constant:
        return (message("fit-video-rate"),)
    return (message("fit-video-format", codec=_unusual(clip)),)


def _unusual(clip: Clip) -> str:
    """The name of what a common player may not know."""
    if clip.codec != "h264":
        return clip.codec
    if clip.sound and clip.sound.codec != "aac":
        return clip.sound.codec
    return f"{clip.profile} {clip.look.pixel_format}"


def check_video(fitted: Fitted, source: Clip, *, encoded: bool) -> None:
    """Open what was written and look at each property that was asked for. Raises CannotFit."""
    name = source.path.name
    try:
        clip = mp4.inspect(fitted.path)
    except DecodeError as error:
        raise CannotFit(error.message) from error
    right = clip.is_h264_sdr and clip.upright == (fitted.width, fitted.height)
    right = right and abs(clip.timing.duration_s - source.timing.duration_s) < 0.5 + 0.02 * source.timing.duration_s
    if encoded:
        right = (
            right
            and clip.look.pixel_format == "yuv420p"
            and clip.look.rotation_deg == 0
            and (clip.look.transfer, clip.look.primaries, clip.look.matrix) == (1, 1, 1)
        )
        right = (
            right
            and not clip.private
            and clip.look.width % 2 == clip.look.height % 2 == 0
            and (clip.sound is None) == (source.sound is None)
        )
    if not right:
        raise CannotFit(message("fit-cannot-convert", name=name, reason="the written file did not pass its check"))
