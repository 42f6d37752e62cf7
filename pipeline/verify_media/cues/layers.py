"""Which layer the mark's edges belong to: do they agree between frames as these lie, or when laid along the scene?

Needs no points on the mark, so it holds for blurred, see-through and fast marks on which points are lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.cues.tracking import Floats, Grey, Motion

STILL: Motion = np.eye(2, 3)
MARGIN = 0.8
"""Width of the band around the mark that is compared, in heights of the mark."""


@dataclass(frozen=True, slots=True)
class Energies:
    """Shares, 0 to 1, of edge energy that survives averaging."""

    still: float = 0.0
    """The mark's, with the frames as they lie."""
    along: float = 0.0
    """The mark's, with the frames laid along the best of the carriers."""
    around: float = 0.0
    """That of the surroundings as the frames lie."""
    foreseen: float = 0.0
    """What `still` would be if all that is seen at the mark went with that carrier: strokes that lie along the
    movement seem to stay. What is more than that is a layer of its own: see-through lettering over a moving scene."""


def energies(
    frames: Sequence[Grey], place: NDArray[np.float64], carriers: Sequence[Sequence[Motion | None]]
) -> Energies:
    """Each carrier is a motion per frame."""
    box = _Box.around(place)
    lying = [box.slopes(frame, STILL) for frame in frames]
    still = surviving(lying, box.mark)
    along = foreseen = 0.0
    for motions in carriers:
        known = [(frame, m) for frame, m in zip(frames, motions, strict=True) if m is not None]
        share = surviving([box.slopes(frame, m) for frame, m in known], box.mark)
        if share >= along:
            along, foreseen = share, surviving(_foreseen(box, known), box.mark)
    return Energies(still, along, surviving(lying, box.band), foreseen)


def _foreseen(box: _Box, known: Sequence[tuple[Grey, Motion]]) -> list[Floats]:
    """Gradients at the mark, frame by frame, if its mean along the scene were all that there is."""
    layer = np.asarray(np.stack([box.patch(frame, m) for frame, m in known]).mean(axis=0), np.float32)
    return [slopes(box.carried(layer, m)) for _, m in known]


def slopes(grey: Grey | Floats) -> Floats:
    """2 x height x width: Sobel gradients."""
    return np.stack([cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)])


def surviving(slopes: Sequence[Floats], mask: NDArray[np.bool_]) -> float:
    """Energy of the mean gradient over the mean energy of the gradients: 1 for equal pictures, 0 for unrelated ones."""
    if len(slopes) < 2 or not mask.any():
        return 0.0
    inside = np.stack(slopes)[:, :, mask]
    whole = float((inside**2).sum(axis=(1, 2)).mean())
    share = float((inside.mean(axis=0) ** 2).sum()) / max(whole, 1e-6)
    return max(0.0, (share * len(slopes) - 1) / (len(slopes) - 1))


class _Box:
    """The upright box around a mark with a margin, in the first frame."""

    def __init__(self, low: NDArray[np.intp], high: NDArray[np.intp], place: NDArray[np.float64], gap: float) -> None:
        self._low = low
        self._size = (int(high[0] - low[0]), int(high[1] - low[1]))
        self.mark = self._filled(place, 1)
        self.band = ~self._filled(place, 2 * round(gap) + 1)

    @classmethod
    def around(cls, place: NDArray[np.float64]) -> _Box:
        height = float(np.linalg.norm(place[3] - place[0]) + np.linalg.norm(place[2] - place[1])) / 2
        margin = max(8.0, MARGIN * height)
        low, high = np.floor(place.min(0) - margin), np.ceil(place.max(0) + margin)
        return cls(low.astype(np.intp), high.astype(np.intp), place, max(4.0, 0.15 * height))

    def _filled(self, place: NDArray[np.float64], grow_px: int) -> NDArray[np.bool_]:
        mask = np.zeros(self._size[::-1], np.uint8)
        cv2.fillPoly(mask, [np.round(place - self._low).astype(np.int32)], 1)
        return np.asarray(cv2.dilate(mask, np.ones((grow_px, grow_px), np.uint8)), bool)

    def patch(self, frame: Grey, matrix: Motion) -> Grey:
        """The box as it is seen in another frame when it moves by `matrix`."""
        shifted = matrix.copy()
        shifted[:, 2] += matrix[:, :2] @ self._low
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(frame, shifted, self._size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
        )

    def carried(self, layer: Floats, matrix: Motion) -> Floats:
        """A picture of the box after it has moved by `matrix`, seen through the box where it was."""
        shifted = matrix.copy()
        shifted[:, 2] += matrix[:, :2] @ self._low - self._low
        return np.asarray(cv2.warpAffine(layer, shifted, self._size, borderMode=cv2.BORDER_REFLECT), np.float32)

    def slopes(self, frame: Grey, matrix: Motion) -> Floats:
        """2 x height x width: gradients of the box as it is seen in another frame when it moves by `matrix`."""
        return slopes(self.patch(frame, matrix))
