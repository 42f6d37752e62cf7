"""Fits a mark's contour to the edges of a frame.

Each contour point looks along its normal for an edge of its own direction (RAPiD, Harris and Stennett 1990); a robust
least squares turns the offsets into a similarity, an affinity or a homography. Only edge directions count, so stamps,
relief and inverted prints fit as well as flat prints, and a covered part is outvoted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from verify_media.readers.frame_view import FrameView
from verify_media.readers.outline import gradient, sample
from verify_media.readers.planar import corners, is_sane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.outline import Contour
    from verify_media.readers.template import Template

    Floats: TypeAlias = NDArray[np.float32]
    Matrix: TypeAlias = NDArray[np.float64]

MARGIN = 0.25
"""Surroundings of the rectified patch, as a part of the mark's long side: room for the search and the chance level."""


@dataclass(frozen=True, slots=True)
class Patch:
    """The frame rectified to the mark's own square: slopes, and how to reach them. `margin` in pixels."""

    dx: Floats
    dy: Floats
    strength: Floats
    rgb: Floats
    margin: float
    noise: float


def rectify(view: FrameView, template: Template, contour: Contour, homography: Matrix) -> Patch:
    quad = corners(homography, template.size)
    long_frame = np.sqrt(max(cv2.contourArea(quad), 1.0) / (template.size[0] * template.size[1])) * template.long_side
    level = float(max(contour.size))
    image, scale = view.for_size(float(long_frame), level)
    margin = round(MARGIN * level)
    to_mark = np.diag([template.size[0] / contour.size[0], template.size[1] / contour.size[1], 1.0])
    chain = _shift(-0.5) @ np.diag([scale, scale, 1.0]) @ homography @ to_mark @ _shift(0.5 - margin)
    size = (int(contour.size[0]) + 2 * margin + 1, int(contour.size[1]) + 2 * margin + 1)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpPerspective(image, chain, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    patch = cv2.GaussianBlur(patch, (0, 0), 0.8)
    dx, dy = gradient(np.asarray(patch, np.uint8))
    strength = np.sqrt(dx * dx + dy * dy)
    noise = float(np.median(strength)) + 1.0
    return Patch(dx, dy, strength, np.asarray(patch, np.float32), float(margin), noise)


def _shift(by: float) -> Matrix:
    return np.array([[1, 0, by], [0, 1, by], [0, 0, 1.0]])


def respond(patch: Patch, points: Any, normals: Any) -> tuple[Floats, Floats]:
    """Edge response 0 to 1 at points (..., 2) in mark coordinates for directions `normals`, and the signed slope."""
    at = np.asarray(points, np.float32) + (patch.margin - 0.5)
    gx, gy = sample(patch.dx, at), sample(patch.dy, at)
    along = gx * normals[..., 0] + gy * normals[..., 1]
    purity = along * along / (gx * gx + gy * gy + 1e-3)
    power = np.abs(along) * purity
    return power / (power + 1.5 * patch.noise), along


def _design(points: Floats, normals: Floats, size: tuple[float, float], model: str) -> Matrix:
    """Rows: displacement along the normal for each parameter, in coordinates of half the long side about the centre."""
    half = max(size) / 2
    x = (points[:, 0] - size[0] / 2) / half
    y = (points[:, 1] - size[1] / 2) / half
    nx, ny = normals[:, 0], normals[:, 1]
    if model == "similarity":
        return np.stack([nx, ny, nx * x + ny * y, ny * x - nx * y], 1).astype(np.float64)
    rows = [nx, ny, nx * x, nx * y, ny * x, ny * y]
    if model == "homography":
        pull = -(nx * x + ny * y)
        rows += [pull * x, pull * y]
    return np.stack(rows, 1).astype(np.float64)


def _as_matrix(p: Any, size: tuple[float, float], model: str) -> Matrix:
    """The parameters (pixels per half side) as a 3 x 3 on mark coordinates."""
    half = max(size) / 2
    p = np.asarray(p, np.float64) / half
    if model == "similarity":
        step = np.array([[1 + p[2], -p[3], p[0]], [p[3], 1 + p[2], p[1]], [0, 0, 1]])
    else:
        g, h = (p[6], p[7]) if model == "homography" else (0.0, 0.0)
        step = np.array([[1 + p[2], p[3], p[0]], [p[4], 1 + p[5], p[1]], [g, h, 1]])
    frame = np.array([[1 / half, 0, -size[0] / 2 / half], [0, 1 / half, -size[1] / 2 / half], [0, 0, 1]])
    return np.asarray(np.linalg.inv(frame) @ step @ frame, np.float64)


def align(
    view: FrameView, template: Template, homography: Matrix, level_px: int, plan: tuple[tuple[str, int], ...]
) -> Matrix | None:
    """`plan`: a model and a reach in pixels of the level for each step. None where the fit runs away."""
    contour = template.contour(level_px)
    to_mark = np.diag([template.size[0] / contour.size[0], template.size[1] / contour.size[1], 1.0])
    from_mark = np.linalg.inv(to_mark)
    for model, reach in plan:
        patch = rectify(view, template, contour, homography)
        step = _step(patch, contour, model, reach)
        homography = homography @ to_mark @ step @ from_mark
        homography /= homography[2, 2]
        if not is_sane(homography, template.size, view.image.shape):
            return None
    return homography


def _step(patch: Patch, contour: Contour, model: str, reach: int) -> Matrix:
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    points = contour.points[:, None] + offsets[None, :, None] * contour.normals[:, None]
    response, _ = respond(patch, points, contour.normals[:, None])
    liking = response * np.exp(-0.5 * (offsets / (0.7 * reach + 0.5)) ** 2)
    best = np.clip(liking.argmax(axis=1), 1, 2 * reach - 1)
    row = np.arange(len(best))
    before, top, after = (response[row, best + k] for k in (-1, 0, 1))
    bend = before - 2 * top + after
    found = offsets[best] + np.clip(
        np.where(bend < -1e-4, 0.5 * (before - after) / np.minimum(bend, -1e-4), 0), -0.5, 0.5
    )
    design = _design(contour.points, contour.normals, contour.size, model)
    return _as_matrix(_solve(design, found, top, max(1.0, reach / 2.5)), contour.size, model)


def _solve(design: Matrix, found: Floats, weight: Floats, scale: float) -> Matrix:
    """Least squares with Cauchy weights; a little ridge holds the directions that the contour does not see."""
    ridge = 0.02 * weight.sum() * np.diag([0.1] * 2 + [0.3] * (design.shape[1] - 2))
    if design.shape[1] == 8:
        ridge[6:, 6:] *= 4  # perspective is the least visible
    solution = np.zeros(design.shape[1])
    for _ in range(4):
        w = weight / (1 + ((found - design @ solution) / scale) ** 2)
        normal = design.T @ (design * w[:, None]) + ridge
        solution = np.linalg.solve(normal, design.T @ (w * found))
    return np.asarray(solution, np.float64)
