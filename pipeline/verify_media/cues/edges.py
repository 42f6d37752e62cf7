"""How edges look: their width, their overshoot, the steadiness of the ink, and how the three colours line up.

A lens, a mosaic sensor and a sharpening filter shape every edge of a photo alike; a drawn letter has none of them.
Width is contrast over steepest slope, in pixels (1 is a perfect step), measured on profiles across strong edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.windows import View

Floats: TypeAlias = NDArray[np.float32]
REACH = 8
"""Pixels on either side of the edge that a profile covers."""
MIN_CONTRAST = 24.0
"""Grey levels: below this, noise and JPEG blocks pass for edges."""
PER_WINDOW = 40


@dataclass(frozen=True, slots=True)
class Edges:
    """N edges; arrays have N rows. Widths in pixels, `shift` in pixels along the edge's normal."""

    width: Floats
    contrast: Floats
    overshoot: Floats
    """Deepest excess beyond the two levels, over the contrast."""
    dark: Floats
    """N x 3 colour of the darker side."""
    light: Floats
    shift: Floats
    """N x 2 distance of the red and the blue edge from the green one."""
    chroma_width: Floats
    """N x 2 width of red and blue over that of green."""
    lean: Floats
    """Skewness of the slope from dark to light: below 0 where most of the step happens late, on the light side."""
    window: NDArray[np.intp]
    """Which window each edge lies in."""

    def __len__(self) -> int:
        return len(self.width)


def edges(view: View) -> Edges:
    """Strong edges inside the view."""
    found = [_profiles(*window) for window in zip(view.pixels, view.grey, view.inside, strict=True)]
    profiles = np.concatenate(found) if found else np.empty((0, 2 * REACH + 1, 3), np.float32)
    return _measure(profiles, np.repeat(np.arange(len(found)), [len(p) for p in found]))


def _profiles(window: NDArray[np.uint8], level: NDArray[np.uint8], inside: NDArray[np.bool_]) -> Floats:
    """K x (2 REACH + 1) x 3 colours across the strongest edge points, from dark to light."""
    pixels, grey = window.astype(np.float32), level.astype(np.float32)
    gx, gy = (np.asarray(cv2.Sobel(grey, cv2.CV_32F, i, 1 - i, scale=0.25), np.float32) for i in (1, 0))
    steep = np.hypot(gx, gy) * inside
    ys, xs = _crests(steep, gx, gy)
    normal = np.stack([gx[ys, xs], gy[ys, xs]], 1) / steep[ys, xs, None]
    along = np.arange(-REACH, REACH + 1, dtype=np.float32)
    map_x = (xs[:, None] + normal[:, :1] * along).astype(np.float32)
    map_y = (ys[:, None] + normal[:, 1:] * along).astype(np.float32)
    if not len(xs):
        return np.empty((0, 2 * REACH + 1, 3), np.float32)
    return np.asarray(cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)


def _crests(steep: Floats, gx: Floats, gy: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Local maxima of the slope across the edge, the strongest `PER_WINDOW` away from the window's rim."""
    side_on = np.abs(gx) >= np.abs(gy)
    across = (
        np.maximum(np.roll(steep, 1, 1), np.roll(steep, -1, 1)),
        np.maximum(np.roll(steep, 1, 0), np.roll(steep, -1, 0)),
    )
    crest = steep >= np.where(side_on, across[0], across[1])
    crest &= steep > MIN_CONTRAST / 6
    crest[:4] = crest[-4:] = False
    crest[:, :4] = crest[:, -4:] = False
    ys, xs = np.nonzero(crest)
    strongest = np.argsort(steep[ys, xs], kind="stable")[::-1][:PER_WINDOW]
    return ys[strongest], xs[strongest]


def _measure(profiles: Floats, window: NDArray[np.intp]) -> Edges:
    run = _rising_run(profiles @ np.array([0.299, 0.587, 0.114], np.float32))
    slopes = np.diff(profiles, axis=1) * run[:, :, None]
    grey_slopes = slopes @ np.array([0.299, 0.587, 0.114], np.float32)
    contrast = grey_slopes.sum(1)
    keep = (contrast >= MIN_CONTRAST) & ~run[:, 0] & ~run[:, -1]
    profiles, slopes, grey_slopes, contrast, run = (a[keep] for a in (profiles, slopes, grey_slopes, contrast, run))
    first, last = run.argmax(1), run.shape[1] - run[:, ::-1].argmax(1)
    rows = np.arange(len(run))
    dark, light = profiles[rows, first], profiles[rows, last]
    centre, width = _centres_widths(slopes)
    lean = _skewness(grey_slopes)
    return Edges(
        width=contrast / np.maximum(grey_slopes.max(1), 1e-3),
        contrast=contrast,
        overshoot=_overshoot(profiles, first, last, contrast),
        dark=dark,
        light=light,
        shift=centre[:, [0, 2]] - centre[:, [1]],
        chroma_width=(width[:, [0, 2]] / np.maximum(width[:, [1]], 0.2)).astype(np.float32),
        lean=lean,
        window=window[keep],
    )


def _rising_run(grey: Floats) -> NDArray[np.bool_]:
    """N x 2 REACH: the unbroken stretch around the centre where the profile rises."""
    rises = np.diff(grey, axis=1) > 0.5
    right = np.logical_and.accumulate(rises[:, REACH:], axis=1)
    left = np.logical_and.accumulate(rises[:, :REACH][:, ::-1], axis=1)[:, ::-1]
    return np.concatenate([left, right], axis=1)


def _centres_widths(slopes: Floats) -> tuple[Floats, Floats]:
    """Centre of gravity and spread (standard deviation) of each colour's slope, N x 3 each."""
    weight = np.maximum(slopes, 0)
    mass = np.maximum(weight.sum(1), 1e-3)
    at = np.arange(slopes.shape[1], dtype=np.float32)[None, :, None]
    centre = (weight * at).sum(1) / mass
    spread = np.sqrt((weight * (at - centre[:, None]) ** 2).sum(1) / mass)
    return centre, spread


def _skewness(slopes: Floats) -> Floats:
    """Third standardised moment of each profile's slope over its positions, N x positions -> N."""
    weight = np.maximum(slopes, 0)
    weight = weight / np.maximum(weight.sum(1, keepdims=True), 1e-3)
    at = np.arange(weight.shape[1], dtype=np.float32)
    away = at - (weight * at).sum(1, keepdims=True)
    spread = np.sqrt((weight * away**2).sum(1))
    return np.asarray((weight * away**3).sum(1) / np.maximum(spread, 0.3) ** 3, np.float32)


def _overshoot(profiles: Floats, first: NDArray[np.intp], last: NDArray[np.intp], contrast: Floats) -> Floats:
    """How far the profile turns back within two pixels after either end, over the contrast."""
    grey = profiles @ np.array([0.299, 0.587, 0.114], np.float32)
    rows, most = np.arange(len(grey)), grey.shape[1] - 1
    back = [grey[rows, last] - grey[rows, np.minimum(last + k, most)] for k in (1, 2)]
    back += [grey[rows, np.maximum(first - k, 0)] - grey[rows, first] for k in (1, 2)]
    return np.maximum(np.max(back, axis=0), 0) / np.maximum(contrast, 1) if len(grey) else np.empty(0, np.float32)
