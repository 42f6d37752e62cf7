"""One more way through a lens, a sensor and a sharpening filter, for training: what a camera does to the whole picture
must not tell the classes apart."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

SHARE = 0.5
"""Of the marks of a step that are blurred or sharpened, and of those in another contrast."""


class Way:
    """What one draw does to each of B marks; all pictures of a mark go the same way."""

    def __init__(self, size: int, rng: np.random.Generator) -> None:
        self.kernels = torch.from_numpy(np.stack([_kernel(rng) for _ in range(size)])).float()
        noise = np.where(rng.random(size) < 0.6 * SHARE, rng.uniform(0.5, 5, size), 0)
        power = np.exp(np.where(rng.random(size) < SHARE, rng.normal(0, 0.2, size), 0))
        self.noise, self.power = (torch.from_numpy(v.astype(np.float32)).view(-1, 1, 1, 1) for v in (noise, power))
        self.smooth = rng.random() < 0.5

    def taken(self, colours: torch.Tensor) -> torch.Tensor:
        """B x C x H x W, 0 to 255: blurred or sharpened, then grain, then contrast."""
        size, planes, high, wide = colours.shape
        padded = nn.functional.pad(colours.reshape(1, -1, high, wide), (2, 2, 2, 2), "replicate")
        each = self.kernels[:, None].expand(size, planes, 5, 5).reshape(-1, 1, 5, 5)
        out = nn.functional.conv2d(padded, each, groups=size * planes).view(colours.shape)
        out = out + self._grain(colours.shape) * self.noise
        return (out.clamp(0, 255) / 255) ** self.power * 255

    def _grain(self, shape: torch.Size) -> torch.Tensor:
        grain = torch.randn(shape)
        return nn.functional.avg_pool2d(grain, 2, 1, 1)[..., : shape[2], : shape[3]] * 1.7 if self.smooth else grain


def _kernel(rng: np.random.Generator) -> np.ndarray:
    """5 x 5, sum 1: nothing, a blur, or a blur subtracted (unsharp mask)."""
    one = np.zeros((5, 5), np.float32)
    one[2, 2] = 1
    if rng.random() > SHARE:
        return one
    sharp = rng.random() < 0.5
    sigma = rng.uniform(0.6, 1.4) if sharp else rng.uniform(0.3, 0.85)
    line = np.exp(-0.5 * (np.arange(-2, 3) / sigma) ** 2)
    soft = np.outer(line, line).astype(np.float32) / (line.sum() ** 2)
    return one + rng.uniform(0.2, 1.5) * (one - soft) if sharp else soft
