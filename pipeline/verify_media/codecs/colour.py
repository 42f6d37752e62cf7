"""Colours to sRGB: embedded ICC profiles, code points of ITU-T H.273, and high dynamic range to standard."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PilImage
from PIL import ImageCms

if TYPE_CHECKING:
    from verify_media.records import Image

PQ, HLG = 16, 18
"""TransferCharacteristics of H.273: SMPTE ST 2084 and ARIB STD-B67."""
BT709, BT470BG, SMPTE170M, BT2020, DCI_P3, DISPLAY_P3 = 1, 5, 6, 9, 11, 12
"""ColourPrimaries of H.273."""

Floats: TypeAlias = NDArray[np.float32]
Codes: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class ToneMapping:
    """HDR to SDR as `zscale` npl=203 and `tonemap=mobius:desat=0` do it.

    Measured on HLG made from a known SDR picture: mean dE76 1.7 against 7.7 for the usual npl=100 hable recipe; exact
    up to signal 50 %, and a roll-off above it where plain clipping turns white.
    """

    white_nits: float = 203.0
    """Diffuse white of HDR pictures (ITU-R BT.2408)."""
    knee: float = 0.3
    """Linear light, in units of white, up to which nothing changes."""
    hlg_peak: float = 10.0
    """ffmpeg's assumption for HLG, in units of reference white; HLG's true peak (4.9) has a steeper shoulder."""
    hlg_nits: float = 1000.0
    display_gamma: float = 2.4
    """BT.1886, the inverse of which `zscale` applies for bt709."""


TONE = ToneMapping()
_STRIP_PIXELS = 1 << 20
"""Work in strips so that the floating point copies stay small."""

_WHITE_D65 = (0.3127, 0.3290)
_CHROMATICITIES = {
    BT709: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    BT470BG: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    SMPTE170M: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    DISPLAY_P3: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    DCI_P3: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}


def is_hdr(transfer: int) -> bool:
    return transfer in (PQ, HLG)


def icc_to_srgb(image: PilImage.Image, profile: bytes) -> PilImage.Image:
    """The picture in sRGB, mode RGB. A profile that is damaged or of another kind than the pixels is left aside."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != _ICC_SPACES.get(image.mode) or _is_srgb(source):
            return image.convert("RGB")
        changed = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.convert("RGB")
    return changed if changed is not None else image.convert("RGB")


_ICC_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK", "LAB": "Lab"}


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    description: str | None = profile.profile.profile_description
    return bool(description and description.startswith("sRGB"))


def primaries_to_srgb(image: Image, primaries: int) -> Image:
    """SDR pixels of other primaries (P3 tagged by code points only) to sRGB; the curve is taken for sRGB's own."""
    if primaries not in _CHROMATICITIES or primaries in (BT709, BT470BG, SMPTE170M):
        return image
    matrix = gamut_matrix(primaries, BT709)

    def convert(strip: Codes) -> Image:
        linear = cv2.transform(_srgb_to_linear()[strip], matrix)
        return _looked_up(_linear_to_srgb(), np.asarray(linear, np.float32))

    return _by_strips(image, convert)


def hdr_to_srgb(image: Codes, transfer: int, primaries: int, peak_nits: float | None = None) -> Image:
    """R'G'B' of PQ or HLG, full range, 8 or 16 bits, to SDR uint8. `peak_nits` is the mastering peak where known."""
    to_light = _light_table(transfer, np.dtype(image.dtype).itemsize * 8)
    peak = TONE.hlg_peak if transfer == HLG else max(1.0, (peak_nits or TONE.hlg_nits) / TONE.white_nits)
    matrix = gamut_matrix(primaries if primaries in _CHROMATICITIES else BT2020, BT709)
    shoulder = _mobius_table(peak)

    def convert(strip: Codes) -> Image:
        light = to_light[strip]
        if transfer == HLG:
            light *= _hlg_system_gain(light)
        light = np.maximum(cv2.transform(light, matrix), 0)
        brightest = light.max(axis=2)
        at = np.minimum(brightest * (_MOBIUS_STEPS / _MOBIUS_TOP), _MOBIUS_STEPS - 1).astype(np.uint16)
        light *= shoulder[at][..., None]
        return _looked_up(_encode_bt1886(), light)

    return _by_strips(image, convert)


def _by_strips(image: Codes, convert: Callable[[Codes], Image]) -> Image:
    height, width = image.shape[:2]
    rows = max(1, _STRIP_PIXELS // max(1, width))
    done = np.empty((height, width, 3), np.uint8)
    for top in range(0, height, rows):
        done[top : top + rows] = convert(image[top : top + rows])
    return done


def _looked_up(table: Image, light: Floats) -> Image:
    codes: Image = table[np.clip(light * 4095 + 0.5, 0, 4095).astype(np.uint16)]
    return codes


_MOBIUS_STEPS, _MOBIUS_TOP = 1 << 14, 50.0


@cache
def _mobius_table(peak: float) -> Floats:
    """Factor by which to scale a pixel whose largest component is index / steps * top (ffmpeg's vf_tonemap.c)."""
    x = (np.arange(_MOBIUS_STEPS) + 0.5) * (_MOBIUS_TOP / _MOBIUS_STEPS)
    j = TONE.knee
    a = -j * j * (peak - 1) / (j * j - 2 * j + peak)
    b = (j * j - 2 * j * peak + peak) / max(peak - 1, 1e-6)
    curved = (b * b + 2 * b * j + j * j) / (b - a) * (x + a) / (x + b)
    return np.where(x <= j, 1.0, curved / x).astype(np.float32)


@cache
def _light_table(transfer: int, bits: int) -> Floats:
    """Display light of a PQ code, or scene light of an HLG code, in units of diffuse white."""
    code = np.arange(1 << bits) / ((1 << bits) - 1)
    return (_pq_light(code) if transfer == PQ else _hlg_scene_light(code)).astype(np.float32)


def _pq_light(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """SMPTE ST 2084 EOTF."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = code ** (1 / m2)
    nits = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return nits / TONE.white_nits


def _hlg_scene_light(code: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse OETF of ITU-R BT.2100, 0 to 1; the system gain comes after."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)


def _hlg_system_gain(scene: Floats) -> Floats:
    """OOTF of BT.2100 for a display of 1000 nits (system gamma 1.2), in units of diffuse white."""
    luma = cv2.transform(scene, np.array([[0.2627, 0.6780, 0.0593]], np.float32))
    gain: Floats = cv2.pow(np.maximum(luma, 1e-6), 0.2) * np.float32(TONE.hlg_nits / TONE.white_nits)
    return gain[..., None] if gain.ndim == 2 else gain


@cache
def _encode_bt1886() -> NDArray[np.uint8]:
    return np.round((np.arange(4096) / 4095) ** (1 / TONE.display_gamma) * 255).astype(np.uint8)


@cache
def _srgb_to_linear() -> Floats:
    v = np.arange(256) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4).astype(np.float32)


@cache
def _linear_to_srgb() -> NDArray[np.uint8]:
    v = np.arange(4096) / 4095
    return np.round(np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055) * 255).astype(np.uint8)


@cache
def gamut_matrix(source: int, target: int) -> Floats:
    """Linear R G B of one set of primaries to another, both with white D65 (SMPTE RP 177)."""
    return (np.linalg.inv(_to_xyz(target)) @ _to_xyz(source)).astype(np.float32)


def _to_xyz(primaries: int) -> NDArray[np.float64]:
    def xyz(x: float, y: float) -> tuple[float, float, float]:
        return x / y, 1.0, (1 - x - y) / y

    columns = np.array([xyz(*point) for point in _CHROMATICITIES[primaries]]).T
    scale: NDArray[np.float64] = np.linalg.solve(columns, np.array(xyz(*_WHITE_D65)))
    return columns * scale
