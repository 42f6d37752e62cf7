"""What a user could run instead, where it is no measurement of this tool: double quantisation of JPEG."""

from __future__ import annotations

import cv2
import numpy as np

FREQUENCIES = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
LEAST_BLOCKS = 60


def double_jpeg(image: np.ndarray, quad) -> float:
    """How much less the mark's blocks follow the picture's double quantisation than the picture does (after Lin, He,
    Tang and Tang 2009): log likelihood ratio a coefficient of the picture's histogram against a smooth one, the rest of
    the picture minus the mark. NaN for a mark without whole blocks. `image`: height x width x RGB."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    height, width = (s // 8 for s in grey.shape)
    mask = np.zeros(grey.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(np.array(quad)).astype(np.int32)], 1)
    blocks = grey[: height * 8, : width * 8].reshape(height, 8, width, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    own = mask[: height * 8, : width * 8].reshape(height, 8, width, 8).swapaxes(1, 2).reshape(-1, 64).all(1)
    if not own.any() or (~own).sum() < LEAST_BLOCKS:
        return float("nan")
    basis = _basis()
    values = []
    for u, v in FREQUENCIES:
        found = np.round(np.einsum("bij,i,j->b", blocks - 128.0, basis[u], basis[v])).astype(int).clip(-120, 120) + 120
        counts = np.bincount(found[~own], minlength=241) + 0.5
        smooth = cv2.GaussianBlur(counts[None], (0, 0), 4)[0] + 1e-3
        ratio = np.log(counts / smooth)
        values.append(ratio[found[~own]].mean() - ratio[found[own]].mean())
    return float(np.mean(values))


def _basis() -> np.ndarray:
    """Rows of the orthonormal DCT of length 8."""
    k, n = np.mgrid[:8, :8]
    return np.cos(np.pi * (2 * n + 1) * k / 16) * np.where(k == 0, np.sqrt(1 / 8), 0.5)
