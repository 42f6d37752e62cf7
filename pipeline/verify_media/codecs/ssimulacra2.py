"""SSIMULACRA2: how close a picture looks to its original.

100 is the same, 90 hard to tell apart, 70 good, 50 medium, below 30 poor. The algorithm and its 108 weights are the
published ones (Jon Sneyers, SSIMULACRA 2.1, cloudinary/ssimulacra2, BSD-3-Clause). Here it runs over tiles that fit the
processor's cache: 12 megapixels take about 0.7 CPU-seconds and some tens of megabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.records import Image

    Floats: TypeAlias = NDArray[Any]

SCALES = 6
RADIUS = 5
"""Of the Gaussian with sigma 1.5 that every local mean uses."""
SIGMA = 1.5
C2 = 0.0009
TILE_ROWS, TILE_COLS = 128, 512
STRIP_ROWS = 16
NEGLIGIBLE = 0.002
"""A weight below this moves the score by less than 0.01 points (its largest map values are near 0.1), so its map is
not computed."""

_OPSIN = np.array(
    [[0.30, 0.622, 0.078], [0.23, 0.692, 0.078], [0.24342268924547819, 0.20476744424496821, 0.5518098665095536]]
)
_BIAS = 0.0037930732552754493
_TO_LMS = np.hstack([_OPSIN, np.full((3, 1), _BIAS)])
_CBRT_BIAS = _BIAS ** (1 / 3)
B_MINUS_Y = 2
"""The channel that needs the S cones; X and Y, which are all that the large scales need, do without."""

_SRGB = np.arange(256) / 255.0
_LINEAR = np.where(_SRGB <= 0.04045, _SRGB / 12.92, ((_SRGB + 0.055) / 1.055) ** 2.4).astype(np.float32)

# fmt: off
WEIGHTS = np.array([
    0, 0.0007376606707406586, 0, 0, 0.0007793481682867309, 0,
    0, 0.0004371155730107379, 0, 1.1041726426657346, 0.00066284834129271, 0.00015231632783718752,
    0, 0.0016406437456599754, 0, 1.8422455520539298, 11.441172603757666, 0,
    0.0007989109436015163, 0.000176816438078653, 0, 1.8787594979546387, 10.94906990605142, 0,
    0.0007289346991508072, 0.9677937080626833, 0, 0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053,
    0.0004550992113792063, 0, 0, 0.0013648766163243398, 0, 0,
    0, 0, 0, 7.466890328078848, 0, 17.445833984131262,
    0.0006235601634041466, 0, 0, 6.683678146179332, 0.00037724407979611296, 1.027889937768264,
    225.20515300849274, 0, 0, 19.213238186143016, 0.0011401524586618361, 0.001237755635509985,
    176.39317598450694, 0, 0, 24.43300999870476, 0.28520802612117757, 0.0004485436923833408,
    0, 0, 0, 34.77906344483772, 44.835625328877896, 0,
    0, 0, 0, 0, 0, 0,
    0, 0.0008680556573291698, 0, 0, 0, 0,
    0, 0.0005313191874358747, 0, 0.00016533814161379112, 0, 0,
    0, 0, 0, 0.0004179171803251336, 0.0017290828234722833, 0,
    0.0020827005846636437, 0, 0, 8.826982764996862, 23.19243343998926, 0,
    95.1080498811086, 0.9863978034400682, 0.9834382792465353, 0.0012286405048278493, 171.2667255897307,
    0.9807858872435379,
    0, 0, 0, 0.0005130064588990679, 0, 0.00010854057858411537,
]).reshape(3, SCALES, 2, 3)
# fmt: on
"""Axes: channel X, Y, B; scale; norm 1 or 4; map: structure, artifact, lost detail."""


def score(original: Image | Reference, copy: Image) -> float:
    """The score of `copy` against `original`: two pictures of one size, sRGB uint8, at least 8 by 8 pixels. Raises
    ValueError otherwise."""
    if original.shape != copy.shape or min(original.shape[:2]) < 8:
        raise ValueError(f"cannot compare {original.shape} with {copy.shape}")
    ones = original.levels if isinstance(original, Reference) else _pyramid(original)
    total = 0.0
    for scale, (one, two) in enumerate(zip(ones, _pyramid(copy), strict=True)):
        total += float((WEIGHTS[:, scale] * _norms(one, two, scale)).sum())
    return _to_points(total)


class Reference:
    """An original that several copies are compared with: what is computed of it is kept, 36 bytes for each pixel, which
    saves 40 % of every further score."""

    def __init__(self, original: Image) -> None:
        self.shape = original.shape
        self.levels = [replace(level, kept={}) for level in _pyramid(np.ascontiguousarray(original))]


def _to_points(total: float) -> float:
    """The published polynomial from the weighted sum to 0..100 (and below for ruined pictures)."""
    total *= 0.9562382616834844
    total = 2.326765642916932 * total - 0.020884521182843837 * total**2 + 6.248496625763138e-05 * total**3
    return 100.0 - 10.0 * total**0.6276336467831387 if total > 0 else 100.0


def _pyramid(picture: Image) -> Iterator[_Level]:
    """The picture at each scale: halved in linear light, as long as 8 pixels are left."""
    level = _Level(picture)
    for scale in range(SCALES):
        level = level.half() if scale else level
        if min(level.shape) < 8:
            return
        yield level


@dataclass(frozen=True, slots=True)
class _Level:
    """A picture at one scale: uint8 sRGB at the first, float32 linear light after."""

    pixels: Image | Floats
    kept: dict[tuple[int, int, int], tuple[Floats, Floats]] | None = None
    """(channel, first row, first column) of a tile: its values and local means, where they are used again."""

    @property
    def shape(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]

    def linear(self, rows: slice, cols: slice) -> Floats:
        part = self.pixels[rows, cols]
        return cv2.LUT(part, _LINEAR) if part.dtype == np.uint8 else np.ascontiguousarray(part)

    def planes(self, rows: slice, cols: slice, channels: Sequence[int]) -> list[tuple[Floats, Floats]]:
        """Values and local means of the tile in these channels of X, Y and B - Y."""
        keys = [(channel, rows.start, cols.start) for channel in channels]
        if self.kept is not None and all(key in self.kept for key in keys):
            return [self.kept[key] for key in keys]
        planes = [(plane, _blur(plane)) for plane in self._xyb(rows, cols, channels)]
        if self.kept is not None:
            self.kept.update(zip(keys, planes, strict=True))
        return planes

    def _xyb(self, rows: slice, cols: slice, channels: Sequence[int]) -> list[Floats]:
        lms = cv2.transform(self.linear(rows, cols), _TO_LMS)
        cones = [cv2.extractChannel(lms, n) for n in range(3 if B_MINUS_Y in channels else 2)]
        for cone in cones:
            cv2.pow(cone, 1 / 3, dst=cone)  # never negative: neither are the matrix and the light
        return [_opponent(cones, channel) for channel in channels]

    def half(self) -> _Level:
        """Means of 2 by 2 pixels; an odd last row or column is its own mean."""
        height, width = self.shape
        small = np.empty(((height + 1) // 2, (width + 1) // 2, 3), np.float32)
        for top in range(0, height, STRIP_ROWS):
            strip = self.linear(slice(top, top + STRIP_ROWS), slice(None))
            if strip.shape[0] % 2 or width % 2:
                strip = cv2.copyMakeBorder(strip, 0, strip.shape[0] % 2, 0, width % 2, cv2.BORDER_REPLICATE)
            size = strip.shape[1] // 2, strip.shape[0] // 2
            small[top // 2 : top // 2 + size[1]] = cv2.resize(strip, size, interpolation=cv2.INTER_AREA)
        return _Level(small)


def _opponent(cones: Sequence[Floats], channel: int) -> Floats:
    """X, Y or B - Y from the cube roots of L, M and S, moved to be positive as the original does."""
    red, green = cones[:2]
    if channel == 0:
        return cv2.addWeighted(red, 7.0, green, -7.0, 0.42)
    if channel == 1:
        return cv2.addWeighted(red, 0.5, green, 0.5, 0.01 - _CBRT_BIAS)
    return cv2.subtract(cones[2], cv2.addWeighted(red, 0.5, green, 0.5, -0.55))


def _norms(one: _Level, two: _Level, scale: int) -> NDArray[np.float64]:
    """Mean and 4-norm of the three maps in each channel: an array like `WEIGHTS[:, scale]`."""
    wanted = WEIGHTS[:, scale].max(axis=1) > NEGLIGIBLE
    channels = [channel for channel in range(3) if wanted[channel].any()]
    sums = np.zeros((3, 2, 3))
    for outer, inner in _tiles(one.shape) if channels else ():
        pairs = zip(channels, one.planes(*outer, channels), two.planes(*outer, channels), strict=True)
        for channel, a, b in pairs:
            sums[channel] += _tile_sums(a, b, inner, wanted[channel])
    means = sums / (one.shape[0] * one.shape[1])
    means[:, 1] **= 0.25
    return means


def _tiles(shape: tuple[int, int]) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """(the tile with a margin for the blur, in picture pixels; the tile itself, in pixels of the first)."""
    for rows, inner_rows in _stretches(shape[0], TILE_ROWS):
        for cols, inner_cols in _stretches(shape[1], TILE_COLS):
            yield (rows, cols), (inner_rows, inner_cols)


def _stretches(length: int, step: int) -> Iterator[tuple[slice, slice]]:
    for start in range(0, length, step):
        outer = max(start - RADIUS, 0)
        stop = min(start + step, length)
        yield slice(outer, min(stop + RADIUS, length)), slice(start - outer, stop - outer)


def _tile_sums(
    one: tuple[Floats, Floats], two: tuple[Floats, Floats], inner: tuple[slice, slice], wanted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Sums of the values and of their 4th powers over one tile, of which values and local means are given: 2 norms by
    3 maps."""
    sums = np.zeros((2, 3))
    (a, mean_a), (b, mean_b) = one, two
    if wanted[0]:
        sums[:, 0] = _powers(_structure(a, b, mean_a, mean_b)[inner])
    if wanted[1:].any():
        ratio = cv2.divide(1.0 + cv2.absdiff(b, mean_b), 1.0 + cv2.absdiff(a, mean_a))[inner] - np.float32(1.0)
        sums[:, 1] = _powers(np.maximum(ratio, 0.0))
        sums[:, 2] = _powers(np.minimum(ratio, 0.0))
    return sums


def _structure(a: Floats, b: Floats, mean_a: Floats, mean_b: Floats) -> Floats:
    """1 - SSIM without its luminance denominator (the paper drops it), never below 0."""
    product = cv2.multiply(mean_a, mean_b)
    difference = cv2.subtract(mean_a, mean_b)
    difference = cv2.multiply(difference, difference)
    covariance = cv2.subtract(_blur(cv2.multiply(a, b)), product)
    # The two variances are only needed as a sum, which saves one blur; mean_a^2 + mean_b^2 = difference + 2 product.
    variances = _blur(cv2.multiply(a, a) + cv2.multiply(b, b)) - difference - 2.0 * product
    likeness = (1.0 - difference) * (2.0 * covariance + C2) / (variances + C2)
    return np.maximum(1.0 - likeness, 0.0, dtype=np.float32)


def _powers(values: Floats) -> tuple[float, float]:
    values = np.ascontiguousarray(values)
    return cv2.norm(values, cv2.NORM_L1), cv2.norm(cv2.multiply(values, values), cv2.NORM_L2SQR)


def _blur(plane: Floats) -> Floats:
    return cv2.GaussianBlur(plane, (2 * RADIUS + 1, 2 * RADIUS + 1), SIGMA, borderType=cv2.BORDER_CONSTANT)
