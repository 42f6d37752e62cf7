"""How well a mark sits where it was fitted: the measurements that the check decides on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from verify_media.readers.contour import Patch, rectify, respond
from verify_media.readers.outline import rotation, sample
from verify_media.readers.pair_network import likeness
from verify_media.readers.planar import corners, foreshortening

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.frame_view import FrameView
    from verify_media.readers.outline import Contour
    from verify_media.readers.template import Template

    Floats: TypeAlias = NDArray[np.float32]
    Matrix: TypeAlias = NDArray[np.float64]


_ANGLES = np.arange(48) * (np.pi / 24)
MOST_TURNS = 5


@dataclass(frozen=True, slots=True)
class Fit:
    """What was measured where a mark was fitted. All are ratios without unit unless named."""

    homography: Matrix
    hit: float
    """Mean edge response on the contour, 0 to 1."""
    chance: float
    """The same for the contour laid beside the mark, mean of eight places."""
    rival: float
    """The best of these places."""
    across: float
    """The response to edges at 90 degrees to the contour's."""
    sign: float
    """0.5 to 1: share of the contour whose bright side is where the mark's (or its negative's) is."""
    calm: float
    """Slope in the mark's plain parts over slope on its contour."""
    weakest: float
    """The hit of the second-worst of nine parts of the contour."""
    ncc: float
    """Absolute correlation of the grey values."""
    explained: float
    """Part of the patch's variation that giving each colour of the mark one new colour explains (correlation ratio),
    light falling off evenly. A stamp, a negative and a print in other inks explain as well as the logo itself."""
    explained_most: float
    """The same for the better 75 % of the patch, where a part is covered."""
    size_px: float
    """Root of the area in the frame."""
    tilt: float
    centre: tuple[float, float]
    agree: float
    """Mean local correlation between the patch and the mark in its new inks, where the mark has detail."""
    agree_low: float
    """The lower quartile of the same: a badge of the same make with another name agrees in its ring only."""
    likeness: float
    """Log-odds of the network that sees the place beside the mark (`pair_network.py`)."""


def measure(view: FrameView, template: Template, homography: Matrix, level_px: int) -> Fit:
    contour = template.contour(level_px)
    patch = rectify(view, template, contour, homography)
    near, slope = _near(patch, contour)
    beside = np.array([_beside(patch, contour, move) for move in _moves(max(contour.size))])
    quad = corners(homography, template.size)
    turned = np.stack([-contour.normals[:, 1], contour.normals[:, 0]], 1)
    across, _ = respond(patch, contour.points, turned)
    explained = _explained(patch, contour)
    return Fit(
        homography=homography,
        hit=float(near.mean()),
        chance=float(beside.mean()),
        rival=float(beside.max()),
        across=float(across.mean()),
        sign=_sign(near, slope),
        calm=_calm(patch, contour, slope),
        weakest=_weakest(near, contour),
        ncc=_ncc(patch, contour),
        explained=explained.share,
        explained_most=explained.most,
        agree=explained.agree,
        agree_low=explained.agree_low,
        likeness=likeness(view, template, homography),
        size_px=float(np.sqrt(cv2.contourArea(quad))),
        tilt=foreshortening(homography, template.size),
        centre=(float(quad[:, 0].mean()), float(quad[:, 1].mean())),
    )


def promise(view: FrameView, template: Template, homography: Matrix, level_px: int) -> float:
    """A cheap part of `measure`, to choose which places are worth a full fit."""
    contour = template.contour(level_px)
    patch = rectify(view, template, contour, homography)
    near, slope = _near(patch, contour)
    beside = np.mean([_beside(patch, contour, move) for move in _moves(max(contour.size))[::2]])
    return float(near.mean() - beside) + 0.3 * _sign(near, slope)


def turns(view: FrameView, template: Template, homography: Matrix, level_px: int) -> list[Matrix]:
    """The homography with the mark turned about its own middle, to where its contour fits best but for where it is.

    The ring of a round mark fits at every turn, and what is inside weighs little beside it.
    """
    contour = template.contour(level_px)
    patch = rectify(view, template, contour, homography)
    scores = np.array([_turned(patch, contour, angle) for angle in _ANGLES])
    scores[0] = -1
    is_peak = (scores >= np.roll(scores, 1)) & (scores >= np.roll(scores, -1))
    best = [k for k in np.argsort(-scores) if is_peak[k]][:MOST_TURNS]
    return [homography @ _about(np.array(template.size) / 2, _ANGLES[k]) for k in best]


def _about(centre: Any, angle: float) -> Matrix:
    """3 x 3 turn about a point (x, y)."""
    turn = np.eye(3)
    turn[:2, :2] = rotation(angle)
    turn[:2, 2] = centre - turn[:2, :2] @ centre
    return turn


def _turned(patch: Patch, contour: Contour, angle: float) -> float:
    """As `promise`, without what lies beside."""
    turn, middle = rotation(angle), np.array(contour.size) / 2
    points, normals = (contour.points - middle) @ turn.T + middle, contour.normals @ turn.T
    response, slope = respond(patch, points, normals)
    return float(response.mean()) + 0.3 * _sign(response, slope)


def _near(patch: Patch, contour: Contour) -> tuple[Floats, Floats]:
    """Best response within a pixel of each contour point, and its signed slope."""
    offsets = np.array([-1.0, -0.5, 0.0, 0.5, 1.0], np.float32)
    points = contour.points[:, None] + offsets[None, :, None] * contour.normals[:, None]
    response, slope = respond(patch, points, contour.normals[:, None])
    best = response.argmax(axis=1)
    row = np.arange(len(best))
    return response[row, best], slope[row, best]


def _moves(level: float) -> list[Floats]:
    angles = np.arange(8) * (np.pi / 4) + 0.2
    return [np.array([np.cos(a), np.sin(a)], np.float32) * (0.1 * level) for a in angles]


def _beside(patch: Patch, contour: Contour, move: Floats) -> float:
    offsets = np.array([-1.0, 0.0, 1.0], np.float32)
    points = (contour.points + move)[:, None] + offsets[None, :, None] * contour.normals[:, None]
    response, _ = respond(patch, points, contour.normals[:, None])
    return float(response.max(axis=1).mean())


def _sign(near: Floats, slope: Floats) -> float:
    share = float((near * (slope > 0)).sum() / (near.sum() + 1e-6))
    return max(share, 1 - share)


def _calm(patch: Patch, contour: Contour, slope: Floats) -> float:
    if len(contour.calm) < 8:
        return 0.5
    inside = sample(patch.strength, contour.calm + (patch.margin - 0.5))
    return min(3.0, float(np.mean(inside)) / (float(np.mean(np.abs(slope))) + 0.5))


def _weakest(near: Floats, contour: Contour) -> float:
    cells = np.minimum((contour.points / (np.array(contour.size) / 3)).astype(np.int64), 2).clip(0)
    key = cells[:, 0] * 3 + cells[:, 1]
    parts = sorted(float(near[key == k].mean()) for k in range(9) if np.count_nonzero(key == k) >= 6)
    return parts[min(1, len(parts) - 1)] if parts else 0.0


def _inside(patch: Patch, contour: Contour) -> Floats:
    margin = int(patch.margin)
    height, width = contour.grey.shape
    return patch.rgb[margin : margin + height, margin : margin + width]


@dataclass(frozen=True, slots=True)
class Explained:
    share: float
    most: float
    agree: float
    agree_low: float


def _explained(patch: Patch, contour: Contour) -> Explained:
    seen = _inside(patch, contour)
    tones = contour.tones
    height, width = seen.shape[:2]
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    ramp = np.stack([xs, ys]).reshape(2, -1)
    values = seen.reshape(-1, seen.shape[2] if seen.ndim == 3 else 1).astype(np.float64)
    misses = _misses(np.vstack([tones.reshape(len(tones), -1), ramp]), values)
    left = (misses**2).sum(axis=1)
    plain = (_misses(np.vstack([np.ones((1, height * width)), ramp]), values) ** 2).sum(
        axis=1
    ) + 4.0  # 2 levels of noise
    blocks = _blocks(left.reshape(height, width)), _blocks(plain.reshape(height, width))
    better = np.argsort(blocks[0] - blocks[1])[: max(1, round(0.75 * blocks[0].size))]
    most = 1 - blocks[0].ravel()[better].sum() / blocks[1].ravel()[better].sum()
    wanted = (values - misses).mean(axis=1).reshape(height, width)
    agree, low = _agreement(values.mean(axis=1).reshape(height, width), wanted)
    return Explained(max(0.0, 1 - float(left.sum() / plain.sum())), max(0.0, float(most)), agree, low)


def _misses(basis: Any, values: Any) -> Any:
    """What least squares on the basis (k x pixels) leaves of the values (pixels x colours)."""
    normal = basis @ basis.T + 1e-3 * np.eye(len(basis))
    return values - basis.T @ np.linalg.solve(normal, basis @ values)


def _agreement(seen: Any, wanted: Any, window: int = 11) -> tuple[float, float]:
    """Mean and lower quartile of the correlation in a moving window, where the wanted picture has detail."""

    def smooth(plane: Any) -> Any:
        return cv2.blur(plane, (window, window))

    mean_seen, mean_wanted = smooth(seen), smooth(wanted)
    spread_wanted = np.maximum(smooth(wanted * wanted) - mean_wanted**2, 0)
    spread_seen = np.maximum(smooth(seen * seen) - mean_seen**2, 0)
    together = smooth(seen * wanted) - mean_seen * mean_wanted
    detailed = spread_wanted > 0.1 * np.percentile(spread_wanted, 95)
    local = (together / np.sqrt((spread_wanted + 1e-3) * (spread_seen + 4.0)))[detailed]
    return (float(local.mean()), float(np.percentile(local, 25))) if local.size else (0.0, 0.0)


def _blocks(plane: Any) -> Any:
    """Means over an 8 x 8 division."""
    return cv2.resize(plane, (8, 8), interpolation=cv2.INTER_AREA).ravel()


def _ncc(patch: Patch, contour: Contour) -> float:
    seen = _inside(patch, contour)
    seen = seen.mean(axis=2) if seen.ndim == 3 else seen
    a, b = seen - seen.mean(), contour.grey - contour.grey.mean()
    return float(abs((a * b).sum()) / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-6))
