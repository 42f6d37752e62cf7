"""How exactly the lettering follows the picture's rows and columns, and how it follows the lines of what is around it.

Drawn text lies on the rows to a tenth of a degree, a thing in front of a hand-held camera hardly ever does; and real
lettering turns with its card, its shelf and its neighbours. Weak evidence on its own, because a card may be
photographed straight on: weighed with everything else. Tilts are found as scanners find them, by the shear that makes
the row (or column) sums of the strokes most uneven (Postl 1986).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.support import HEIGHT, LETTERS, WIDER, WIDTH, place, size
from verify_media.records import Quad

NAMES = (
    "baseline_tilt_deg",
    "baseline_clearness",
    "stem_tilt_deg",
    "stem_clearness",
    "slant_deg",
    "baseline_at_axis",
    "stem_at_axis",
    "around_level_tilt_deg",
    "around_level_clearness",
    "around_level_at_mark",
    "around_level_at_axis",
    "around_upright_tilt_deg",
    "around_upright_clearness",
    "around_upright_at_mark",
    "around_upright_at_axis",
)
MOST_DEG, STEP_DEG = 9.0, 0.36
ANGLES = np.arange(-MOST_DEG, MOST_DEG + 0.01, STEP_DEG)
COARSE = np.arange(-MOST_DEG, MOST_DEG + 0.01, 2 * STEP_DEG)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lines:
    """Energy of the sums over the angles, 1 at the best. `own_deg`: the best, in the rectified picture; `tilt_deg`:
    from the photo's nearest axis; `clearness`: 0 to 1, how far the best stands out; `at_axis`: energy on the axis."""

    angles: NDArray[np.float64]
    energy: NDArray[np.float64]
    own_deg: float
    tilt_deg: float
    clearness: float
    at_axis: float

    def at(self, degrees: float) -> float:
        """Energy at an angle of the rectified picture."""
        return float(np.interp(degrees, self.angles, self.energy))


def alignment(near: NDArray[np.uint8], wide: NDArray[np.uint8], quad: Quad) -> list[float]:
    """Values of NAMES, on the pictures from `support.context`."""
    level, upright = _axes(quad)
    mark_width, _, scale = size(quad)
    half = max(8, min(WIDTH // 2, round(mark_width / scale / 2)))
    rows, columns = (s[:, WIDTH // 2 - half : WIDTH // 2 + half] for s in _slopes(near))
    inner = slice((HEIGHT - LETTERS) // 2 - 4, (HEIGHT + LETTERS) // 2 + 4)
    base, stem = _lines(rows, level, ANGLES), _lines(columns[inner].T, -upright, ANGLES)
    mark = cv2.dilate(place(quad, WIDER).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    around_rows, around_columns = (np.where(mark, 0, s) for s in _slopes(wide))
    middle = slice((WIDTH - 2 * HEIGHT) // 2, (WIDTH + 2 * HEIGHT) // 2)
    flat = _lines(around_rows[:, middle], level, COARSE)
    tall = _lines(around_columns[:, middle].T, -upright, COARSE)
    return [
        abs(base.tilt_deg),
        base.clearness,
        abs(stem.tilt_deg),
        stem.clearness,
        abs(base.tilt_deg + stem.tilt_deg),
        base.at_axis,
        stem.at_axis,
        *(abs(flat.tilt_deg), flat.clearness, flat.at(base.own_deg), flat.at_axis),
        *(abs(tall.tilt_deg), tall.clearness, tall.at(stem.own_deg), tall.at_axis),
    ]


def _axes(quad: Quad) -> tuple[float, float]:
    """Degrees by which the rectified picture's level and upright lines are turned in the photo."""
    tl, tr, br, bl = np.array(quad, np.float64)
    across, down = tr - tl + br - bl, bl - tl + br - tr
    return float(np.degrees(np.arctan2(across[1], across[0]))), float(np.degrees(np.arctan2(-down[0], down[1])))


def _slopes(picture: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """Strength of level and of upright edges."""
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)
    down, across = (np.abs(cv2.Sobel(grey, cv2.CV_32F, i, 1 - i)) for i in (0, 1))
    return np.asarray(down, np.float32), np.asarray(across, np.float32)


def _lines(strength: Floats, at_deg: float, angles: NDArray[np.float64]) -> Lines:
    """`at_deg`: the rectified picture's axis, in the photo."""
    # softened across the lines: without it the one angle that needs no interpolation wins
    soft = cv2.GaussianBlur(np.ascontiguousarray(strength), (1, 7), 1e-6, sigmaY=1.0)
    height, width = soft.shape
    energy = np.empty(len(angles))
    for k, slope in enumerate(np.tan(np.radians(angles))):
        shear = np.array([[1, 0, 0], [slope, 1, -slope * width / 2]], np.float64)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        laid = cv2.warpAffine(soft, shear, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
        sums = cv2.reduce(laid, 1, cv2.REDUCE_SUM)
        energy[k] = float(((sums - sums.mean()) ** 2).sum())
    best = int(energy.argmax())
    energy /= max(float(energy[best]), 1e-6)
    own, from_axis = _peak(energy, best, angles), at_deg - 90 * round(at_deg / 90)
    on_axis = float(np.interp(-from_axis, angles, energy)) if abs(from_axis) < MOST_DEG else 0.0
    return Lines(angles, energy, own, from_axis + own, 1 - float(np.median(energy)), on_axis)


def _peak(energy: NDArray[np.float64], best: int, angles: NDArray[np.float64]) -> float:
    """The angle of the maximum, between the steps by a parabola."""
    if not 0 < best < len(energy) - 1:
        return float(angles[best])
    left, middle, right = energy[best - 1 : best + 2]
    step = float(angles[1] - angles[0])
    return float(angles[best] + step * 0.5 * (left - right) / min(-1e-9, left - 2 * middle + right))
