"""All measurements of one sighting in one vector, in a fixed order, and the pixels that the network sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify_media.cues import (
    alignment,
    compression,
    edges,
    fringes,
    ink,
    mixing,
    noise,
    residues,
    setting,
    sharpness,
    support,
    windows,
)
from verify_media.records import Quad

NAMES = (
    *sharpness.NAMES,
    *fringes.NAMES,
    *ink.NAMES,
    *noise.NAMES,
    *compression.NAMES,
    *support.NAMES,
    *mixing.NAMES,
    *alignment.NAMES,
    *residues.NAMES,
    "letter_height_px",
    "longest_side_px",
)
ON_MARK, AROUND, AWAY = 6, 5, 6
"""Windows on the mark, in the band around it, and in the rest of the picture."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`values` follow NAMES, NaN where nothing could be measured."""

    values: NDArray[np.float32]
    mark: windows.View
    near: windows.View
    far: windows.View
    context: NDArray[np.uint8]
    wide: NDArray[np.uint8]
    """The mark's surroundings, and `support.WIDER` times as much of them."""
    place: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    """Where the mark is in both."""
    setting: setting.Setting
    mark_edges: int
    scene_edges: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all sightings of a frame share."""

    frame: NDArray[np.uint8]
    """The picture as it is, H x W x 3, RGB."""
    scene: windows.Scene
    origin: NDArray[np.intp]
    """Where the scene begins in the frame, x and y."""
    far: windows.View
    far_edges: edges.Edges
    far_grain: noise.Grain
    far_traces: compression.Traces
    far_sides: mixing.Sides
    far_patterns: NDArray[np.float32]
    levels: NDArray[np.float64]


def surroundings(image: NDArray[np.uint8], quads: list[Quad]) -> Surroundings:
    """Bars of one colour, as screens and old stock previews add them, are cut off first: their edge is no part of the
    scene."""
    left, top, right, bottom = windows.inner_box(image)
    picture, origin = np.ascontiguousarray(image[top:bottom, left:right]), np.array([left, top])
    of = windows.scene(picture)
    far = windows.far_view(of, [shifted(quad, origin) for quad in quads], AWAY)
    levels = np.quantile(of.grey[:: max(1, of.grey.shape[0] // 300), :: max(1, of.grey.shape[1] // 300)], [0.02, 0.98])
    found = edges.edges(far)
    grain, traces, sides = noise.grain(far), compression.traces(far), mixing.sides(far, found)
    return Surroundings(image, of, origin, far, found, grain, traces, sides, residues.patterns(far), levels)


def shifted(quad: Quad, origin: NDArray[np.intp]) -> Quad:
    tl, tr, br, bl = ((float(x - origin[0]), float(y - origin[1])) for x, y in quad)
    return tl, tr, br, bl


def measured(around: Surroundings, quad: Quad) -> Measured:
    """About 20 ms on one core, whatever the size of the picture. A mark on a cut-off bar is measured against the
    bar's rim."""
    piece = setting.setting(around.frame, quad)
    quad = shifted(quad, around.origin)
    mark, near = windows.mark_view(around.scene, quad, ON_MARK), windows.near_view(around.scene, quad, AROUND)
    own, close, away = edges.edges(mark), edges.edges(near), around.far_edges
    ground, wide = (support.context(around.scene.image, quad, w) for w in (1.0, support.WIDER))
    values = [
        *sharpness.sharpness(own, close, away),
        *fringes.fringes(own, close, away),
        *ink.ink(own, close, away, around.levels),
        *noise.noise(noise.grain(mark), noise.grain(near), around.far_grain),
        *compression.compression(compression.traces(mark), compression.traces(near), around.far_traces),
        *support.support(ground, quad),
        *mixing.mixing(own, close, away, mixing.sides(mark, own), around.far_sides),
        *alignment.alignment(ground, wide, quad),
        *residues.residues(residues.patterns(mark), residues.patterns(near), around.far_patterns),
        windows.letter_height(quad),
        float(max(around.scene.grey.shape)),
    ]
    place = support.place(quad), support.place(quad, support.WIDER)
    edge_counts = len(own), len(close) + len(away)
    return Measured(np.array(values, np.float32), mark, near, around.far, ground, wide, place, piece, *edge_counts)
