"""The picture at a fitted place beside the mark, redrawn in the place's own inks.

Stamps, negatives and prints in other colours then look alike, and what is left to compare is structure: other words in
the same ring, another symbol on the card (`local_agreement.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from verify_media.readers.outline import tones_of
from verify_media.readers.planar import corners

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.frame_view import FrameView
    from verify_media.readers.template import Template

    Floats: TypeAlias = NDArray[np.float32]
    Matrix: TypeAlias = NDArray[np.float64]

SIDE_PX = 96
"""Side of the square: the mark with the margin of its template, stretched to it."""


def pair(view: FrameView, template: Template, homography: Matrix) -> Floats:
    """3 x SIDE_PX x SIDE_PX: the place and the mark in its inks, both in units of the place's spread; the mark."""
    seen = _place(view, template, homography)
    mark, tones = _drawn(template)
    values = seen.reshape(-1, 3).astype(np.float64)
    redrawn = _redrawn(tones, values)
    axis = _liveliest(redrawn)
    light, wanted = values @ axis, redrawn @ axis
    middle, spread = light.mean(), light.std() + 2.0
    planes = np.stack([(light - middle) / spread, (wanted - middle) / spread, mark])
    return np.asarray(np.clip(planes.reshape(3, SIDE_PX, SIDE_PX), -4, 4), np.float32)


def _place(view: FrameView, template: Template, homography: Matrix) -> Any:
    """RGB of the place, the mark's margin included."""
    quad = corners(homography, template.size)
    grown = np.sqrt(max(cv2.contourArea(quad), 1.0) / (template.size[0] * template.size[1]))
    image, scale = view.for_size(float(grown * max(template.rgb.shape[:2])), SIDE_PX)
    height, width = template.rgb.shape[:2]
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    to_mark = np.array([[width / SIDE_PX, 0, -template.pad_px], [0, height / SIDE_PX, -template.pad_px], [0, 0, 1.0]])
    chain = np.linalg.inv(half) @ np.diag([scale, scale, 1.0]) @ homography @ to_mark @ half
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpPerspective(image, chain, (SIDE_PX, SIDE_PX), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _drawn(template: Template) -> tuple[Any, Any]:
    """The mark in grey, zero mean and unit spread, and the shares of its colours (k x pixels); kept with the mark."""

    def make() -> tuple[Any, Any]:
        small = cv2.resize(template.rgb, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float64).ravel()
        tones = tones_of(np.asarray(small, np.uint8))
        return (grey - grey.mean()) / (grey.std() + 1e-6), tones.reshape(len(tones), -1).astype(np.float64)

    drawn: tuple[Any, Any] = template.once("drawn", make)
    return drawn


def _redrawn(tones: Any, values: Any) -> Any:
    """The mark's colours replaced by those of the place (least squares), under light that falls off evenly."""
    ramp = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j].reshape(2, -1)
    basis = np.vstack([tones, ramp])
    normal = basis @ basis.T + 1e-2 * np.eye(len(basis))
    return basis.T @ np.linalg.solve(normal, basis @ values)


def _liveliest(redrawn: Any) -> Any:
    """The direction of colour in which the redrawn mark has most contrast; grey where it has none."""
    centred = redrawn - redrawn.mean(axis=0)
    power, axes = np.linalg.eigh(centred.T @ centred / len(centred) + 1e-3 * np.ones((3, 3)))
    axis = axes[:, power.argmax()]
    return axis if axis.sum() >= 0 else -axis
