"""Lines that may belong together: side by side on one line, or stacked one under the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify_media.readers.strips import Strip

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class JoiningSettings:
    """In heights of the line. Wide gaps are allowed because the name itself is the proof."""

    max_gap: float = 3.0
    max_rise: float = 0.5
    max_turn_deg: float = 20.0
    max_drop: float = 1.7
    height_ratio_side: float = 2.0
    height_ratio_stack: float = 3.5
    min_overlap: float = 0.3
    max_parts: int = 4
    max_chains: int = 1500


SETTINGS = JoiningSettings()


def chains(strips: Sequence[Strip]) -> list[tuple[int, ...]]:
    """Index sequences of two to four strips that could hold one name, in reading order."""
    if len(strips) < 2:
        return []
    beside, below = neighbours(strips)
    found: list[tuple[int, ...]] = []
    for edges in (beside, below):
        grown: list[tuple[int, ...]] = [(i, int(j)) for i in range(len(strips)) for j in np.flatnonzero(edges[i])]
        for _ in range(SETTINGS.max_parts - 1):
            found += grown
            grown = [
                (*chain, int(j)) for chain in grown[: SETTINGS.max_chains] for j in np.flatnonzero(edges[chain[-1]])
            ]
            grown = [chain for chain in grown if len(set(chain)) == len(chain)]
    return found[: SETTINGS.max_chains]


def neighbours(strips: Sequence[Strip]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Two matrices: [i, j] is true where j continues i to its right, and where j lies under i."""
    quads = np.stack([strip.quad for strip in strips])
    centre, right = quads.mean(axis=1), (quads[:, 1] + quads[:, 2] - quads[:, 0] - quads[:, 3]) / 2
    width = np.maximum(np.linalg.norm(right, axis=1), 1e-3)
    height = np.maximum(np.array([strip.height for strip in strips]), 1e-3)
    unit = right / width[:, None]
    offset = centre[None] - centre[:, None]
    dx = (offset * unit[:, None]).sum(axis=2)
    dy = offset[..., 1] * unit[:, None, 0] - offset[..., 0] * unit[:, None, 1]
    tall, ratio = np.maximum.outer(height, height), np.maximum.outer(height, height) / np.minimum.outer(height, height)
    like = (unit @ unit.T > np.cos(np.radians(SETTINGS.max_turn_deg))) & ~np.eye(len(strips), dtype=bool)
    gap = dx - (width[:, None] + width[None]) / 2
    level = np.abs(dy) < SETTINGS.max_rise * tall
    beside = like & level & (gap > -0.6 * tall) & (gap < SETTINGS.max_gap * tall) & (ratio < SETTINGS.height_ratio_side)
    overlap = (width[:, None] + width[None]) / 2 - np.abs(dx)
    step = dy / ((height[:, None] + height[None]) / 2)
    under = (
        (step > 0.35) & (step < SETTINGS.max_drop) & (overlap > SETTINGS.min_overlap * np.minimum.outer(width, width))
    )
    return beside & (dx > 0), like & under & (ratio < SETTINGS.height_ratio_stack)
