"""The network that judges a mark from pixels: windows at native resolution, and the mark with what it lies on."""

from __future__ import annotations

import torch
from torch import nn


def block(a: int, b: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True))


def planes(x: torch.Tensor) -> torch.Tensor:
    """N x 4 x S x S, colours 0 to 255 and the mask 0 or 1 -> grey, two colour differences, finest detail, mask."""
    red, green, blue, mask = x[:, 0:1], x[:, 1:2], x[:, 2:3], x[:, 3:4]
    grey = 0.299 * red + 0.587 * green + 0.114 * blue
    fine = grey - nn.functional.avg_pool2d(grey, 3, 1, 1)
    return torch.cat([(grey - 128) / 64, (red - green) / 32, (blue - green) / 32, fine / 8, mask], 1)


class Windows(nn.Module):
    """What the edges and the grain of a window are like. No pixel is lost before the first filter (unshuffle)."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(nn.PixelUnshuffle(2), block(20, 40), block(40, 40))
        self.middle = nn.Sequential(nn.MaxPool2d(2), block(40, 64))
        self.coarse = nn.Sequential(nn.MaxPool2d(2), block(64, 96))

    def forward(self, x):
        """N x 4 x S x S -> N x 296: mean and spread of the fine maps; mean, spread and peak of the others."""
        fine = self.fine(planes(x))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        return torch.cat([*moments(fine), *moments(middle)[:1], *moments(coarse), coarse.amax((2, 3))], 1)


def moments(y):
    mean = y.mean((2, 3))
    return mean, ((y - mean[:, :, None, None]) ** 2).mean((2, 3)).add(1e-4).sqrt()


class Ground(nn.Module):
    """The rectified picture of the mark and its surroundings, with the mark's place as a fourth plane."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.PixelUnshuffle(2),
            block(20, 24),
            nn.MaxPool2d(2),
            block(24, 40),
            nn.MaxPool2d(2),
            block(40, 64),
            nn.MaxPool2d(2),
            block(64, 64),
        )

    def forward(self, x):
        """N x 4 x 64 x 192 -> N x 128."""
        y = self.body(planes(x))
        return torch.cat([y.mean((2, 3)), y.amax((2, 3))], 1)


class Judge(nn.Module):
    def __init__(self, size: int = 64, measured: int = 0) -> None:
        """`measured`: how many hand-made measurements a second head learns to foretell, in training only."""
        super().__init__()
        self.windows, self.context, self.wide = Windows(), Ground(), Ground()
        self.shared = nn.Linear(40 * 2 + 64 + 96 * 3, size)
        self.head = nn.Sequential(
            nn.Dropout(0.2), nn.Linear(size * 6 + 256, 96), nn.ReLU(), nn.Dropout(0.2), nn.Linear(96, 1)
        )
        self.measures = nn.Linear(size * 6 + 256, measured) if measured else None

    def seen(self, x):
        """B x K x 4 x S x S -> mean and peak over the windows, B x size; empty windows (mask all 0) count nothing."""
        b, k = x.shape[:2]
        code = torch.relu(self.shared(self.windows(x.flatten(0, 1)))).view(b, k, -1)
        there = (x[:, :, 3].amax((2, 3)) > 0).to(code.dtype)[:, :, None]
        return (code * there).sum(1) / there.sum(1).clamp(min=1), (code + (there - 1) * 1e3).amax(1).clamp(min=0)

    def forward(self, mark, near, far, context, wide):
        (own, peak), (close, _), (away, _) = self.seen(mark), self.seen(near), self.seen(far)
        ground = torch.cat([self.context(context), self.wide(wide)], 1)
        code = torch.cat([own, peak, close, away, own - close, own - away, ground], 1)
        logit = self.head(code)[:, 0]
        return (logit, self.measures(code)) if self.training and self.measures is not None else logit
