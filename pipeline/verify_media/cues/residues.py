"""How neighbouring residues of the picture go together, on the mark against around it and far from it.

What a lens, a sensor, a sharpening filter and a compression leave in a picture shows in the joint statistics of its
high-pass residues (rich models, Fridrich and Kodovsky 2012; one patch against the rest, Cozzolino et al. 2015). Third
differences along rows and columns are cut to three levels; four in a line make 81 patterns, 25 when a pattern, its
mirror image and its negative count as one.
"""

from __future__ import annotations

from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from verify_media.cues.windows import SIDE, View

Floats: TypeAlias = NDArray[np.float32]
STEPS = (4.0, 20.0)
"""Grey levels of one level of the residue: grain, and strokes."""


def _classes() -> NDArray[np.intp]:
    """The class of each of the 81 patterns."""
    found: dict[tuple[int, ...], int] = {}
    classes = []
    for pattern in product((-1, 0, 1), repeat=4):
        negative = tuple(-v for v in pattern)
        name = min(pattern, pattern[::-1], negative, negative[::-1])
        classes.append(found.setdefault(name, len(found)))
    return np.array(classes, np.intp)


CLASS = _classes()
COUNT = int(CLASS.max()) + 1
NAMES = tuple(
    f"residue_{int(step)}_{k}{of}" for of in ("", "_minus_near", "_minus_far") for step in STEPS for k in range(COUNT)
)


def residues(mark: Floats, near: Floats, far: Floats) -> list[float]:
    """Values of NAMES, from `patterns` of the three views."""
    return [float(v) for v in np.concatenate([mark, mark - near, mark - far])]


def patterns(view: View) -> Floats:
    """Square roots of the shares of the classes, for each of STEPS; NaN where there are no windows."""
    if not view.inside.any():
        return np.full(COUNT * len(STEPS), np.nan, np.float32)
    grey = view.grey.astype(np.int16)
    strips = [(grey.reshape(-1, SIDE), view.inside.reshape(-1, SIDE))]
    strips.append(tuple(np.ascontiguousarray(a.transpose(0, 2, 1)).reshape(-1, SIDE) for a in (grey, view.inside)))  # type: ignore[arg-type]
    thirds = [(s[:, 3:] - s[:, :-3] - 3 * (s[:, 2:-1] - s[:, 1:-2]), inside[:, 3:-3]) for s, inside in strips]
    return np.concatenate([_shares(thirds, step) for step in STEPS])


def _shares(thirds: list[tuple[NDArray[np.int16], NDArray[np.bool_]]], step: float) -> Floats:
    counts = np.zeros(81)
    for third, inside in thirds:
        level = (third > step / 2).astype(np.int8) - (third < -step / 2) + 1
        code = ((level[:, :-3] * 3 + level[:, 1:-2]) * 3 + level[:, 2:-1]) * 3 + level[:, 3:]
        counts += np.bincount(code[inside], minlength=81)
    shares = np.bincount(CLASS, counts, COUNT) / max(1.0, counts.sum())
    return np.asarray(np.sqrt(shares), np.float32)
