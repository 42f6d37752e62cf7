"""A decoded video frame to upright sRGB pixels: matrix, range, primaries, HDR, pixel shape, rotation, mirroring."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from verify_media.codecs import colour

Luma: TypeAlias = NDArray[np.uint8]

if TYPE_CHECKING:
    from verify_media.codecs.colour import Codes
    from verify_media.records import Image

_BT709, _BT2020_NCL, _BT2020_CL = 1, 9, 10
_601 = frozenset((5, 6))
_FULL_RANGE = 2
_HD_HEIGHT, _HD_WIDTH = 576, 1280
"""Above this, pictures without a colour tag are BT.709, as players take them; else BT.601."""
_SHARP = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND
_SHRINK = Interpolation.AREA | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND


@dataclass(frozen=True, slots=True)
class Turn:
    """How to make stored pixels upright: first mirror left to right, then turn clockwise by 0, 90, 180 or 270."""

    clockwise_deg: int = 0
    is_mirrored: bool = False

    @property
    def swaps_sides(self) -> bool:
        return self.clockwise_deg in (90, 270)


def turn_of(frame: av.VideoFrame) -> Turn:
    """From the display matrix (ISO/IEC 14496-12, 8.2.2) that the demuxer hands to every frame."""
    matrix = _side_data(frame, "DISPLAYMATRIX")
    if matrix is None or len(matrix) < 36:
        return Turn()
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix[:36])
    is_mirrored = a * d - b * c < 0
    angle = math.atan2(-b, -a) if is_mirrored else math.atan2(b, a)
    return Turn(round(math.degrees(angle) / 90) * 90 % 360, is_mirrored)


def upright_size(frame: av.VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Width and height as shown: square pixels, turned."""
    width, height = _square(frame, pixel_aspect)
    return (height, width) if turn_of(frame).swaps_sides else (width, height)


def to_srgb(frame: av.VideoFrame, pixel_aspect: Fraction | None = None, max_side: int | None = None) -> Image:
    """Upright sRGB, uint8, height x width x 3, R G B. `max_side`: shrink so that neither side is longer."""
    width, height = _square(frame, pixel_aspect)
    factor = min(1.0, max_side / max(width, height)) if max_side else 1.0
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return _turned(_colour_managed(frame, size), turn_of(frame))


def to_luma(frame: av.VideoFrame, pixel_aspect: Fraction | None, max_side: int) -> Luma:
    """Upright luma as coded, uint8, height x width, shrunk so that neither side is longer than `max_side`."""
    width, height = _square(frame, pixel_aspect)
    factor = min(1.0, max_side / max(width, height))
    size = max(1, round(width * factor)), max(1, round(height * factor))
    grey = frame.reformat(width=size[0], height=size[1], format="gray", interpolation=Interpolation.AREA, threads=1)
    return _turned(cast("Luma", grey.to_ndarray()), turn_of(frame))


def primaries_of(frame: av.VideoFrame) -> int:
    """BT.2020 is meant where only the matrix says so (VP9 has one field for both)."""
    primaries = int(frame.color_primaries)
    if primaries in (0, 2):
        return colour.BT2020 if int(frame.colorspace) in (_BT2020_NCL, _BT2020_CL) else colour.BT709
    return primaries


def _square(frame: av.VideoFrame, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """The stored size with the width stretched to square pixels; absurd shapes are damage."""
    if not pixel_aspect or not Fraction(1, 4) <= pixel_aspect <= 4:
        return frame.width, frame.height
    return max(1, round(frame.width * pixel_aspect)), frame.height


def _colour_managed(frame: av.VideoFrame, size: tuple[int, int]) -> Image:
    transfer, primaries = int(frame.color_trc), primaries_of(frame)
    if colour.is_hdr(transfer):
        return colour.hdr_to_srgb(_rgb(frame, size, "rgb48le"), transfer, primaries, _peak_nits(frame))
    return colour.primaries_to_srgb(cast("Image", _rgb(frame, size, "rgb24")), primaries)


def _rgb(frame: av.VideoFrame, size: tuple[int, int], pixel_format: str) -> Codes:
    """Full-range R'G'B' of the frame's own transfer and primaries."""
    is_smaller = size[0] * size[1] < frame.width * frame.height
    plain = frame.reformat(
        width=size[0],
        height=size[1],
        format=pixel_format,
        src_colorspace=_matrix(frame),
        dst_colorspace=_matrix(frame),
        src_color_range=ColorRange.JPEG if _is_full_range(frame) else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        interpolation=_SHRINK if is_smaller else _SHARP,
        threads=1,
    )
    return cast("Codes", plain.to_ndarray())


def _matrix(frame: av.VideoFrame) -> Colorspace:
    tagged = int(frame.colorspace)
    if tagged in (_BT2020_NCL, _BT2020_CL):
        return Colorspace.BT2020
    if tagged == _BT709:
        return Colorspace.ITU709
    if tagged in _601:
        return Colorspace.ITU601
    is_hd = min(frame.width, frame.height) > _HD_HEIGHT or max(frame.width, frame.height) >= _HD_WIDTH
    return Colorspace.ITU709 if is_hd else Colorspace.ITU601


def _is_full_range(frame: av.VideoFrame) -> bool:
    name = frame.format.name
    return int(frame.color_range) == _FULL_RANGE or name.startswith(
        ("yuvj", "rgb", "bgr", "gbr", "pal8", "argb", "abgr")
    )


def _peak_nits(frame: av.VideoFrame) -> float | None:
    """Brightest light of a PQ picture: MaxCLL, else the mastering display's; the order of ffmpeg's tonemap."""
    content = _side_data(frame, "CONTENT_LIGHT_LEVEL")
    if content is not None and len(content) >= 4 and (max_cll := struct.unpack("=I", content[:4])[0]):
        return _plausible(max_cll)
    mastering = _side_data(frame, "MASTERING_DISPLAY_METADATA")
    if mastering is None or len(mastering) < 88:
        return None
    *_, numerator, denominator, _, has_luminance = struct.unpack("=22i", mastering[:88])
    return _plausible(numerator / denominator) if has_luminance and denominator > 0 else None


def _plausible(nits: float) -> float:
    return float(min(max(nits, colour.TONE.white_nits), 10_000.0))


def _side_data(frame: av.VideoFrame, name: str) -> bytes | None:
    found: Any = frame.side_data  # a sequence of buffers, which the stubs of PyAV call a mapping
    return next((bytes(data) for data in found if data.type.name == name), None)


def _turned(pixels: NDArray[np.uint8], turn: Turn) -> NDArray[np.uint8]:
    if turn.is_mirrored:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(np.rot90(pixels, k=-turn.clockwise_deg // 90))
