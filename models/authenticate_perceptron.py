"""A perceptron on the measurements' ranks: it errs elsewhere than the trees, and their sum errs less than either."""

from __future__ import annotations

import numpy as np
import torch
from authenticate_data import MISSING, weights
from torch import nn

SEED = 20261128
WIDTH, EPOCHS, BATCH, RATE = 256, 30, 256, 2e-3
NETS = 3
"""Started apart; their scores are averaged."""
MIXED = 0.3
"""Pairs of marks are mixed in shares of Beta(0.3, 0.3) (mixup, Zhang et al. 2018)."""
NOISE = 0.1
KNOTS = 64
EXTREME = 3.0
"""Ranks become normal scores of at most this size."""


class Ranked(nn.Module):
    """N x K measurements to N x (K + missing columns): normal scores of their ranks in training, 0 where missing, and
    which of those that often are missing are. Straight lines between KNOTS quantiles, so a graph can hold it."""

    def __init__(self, columns: int, often_missing: int) -> None:
        super().__init__()
        self.register_buffer("knots", torch.zeros(columns, KNOTS))
        self.register_buffer("levels", torch.zeros(KNOTS))
        self.register_buffer("flagged", torch.zeros(often_missing, dtype=torch.long))

    @classmethod
    def of(cls, values: np.ndarray) -> Ranked:
        """From the training measurements, N x K."""
        from scipy.stats import norm

        missing = np.isclose(values, MISSING)
        flagged = np.nonzero(missing.mean(0) > 0.01)[0]
        shares = np.linspace(0, 1, KNOTS)
        known = (column[~gone] for column, gone in zip(values.T, missing.T, strict=True))
        ranked = cls(values.shape[1], len(flagged))
        ranked.knots[:] = torch.from_numpy(np.stack([np.quantile(k, shares) if len(k) else shares for k in known]))
        ranked.levels[:] = torch.from_numpy(np.clip(norm.ppf(shares), -EXTREME, EXTREME))
        ranked.flagged[:] = torch.from_numpy(flagged)
        return ranked

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        widths = (self.knots[:, 1:] - self.knots[:, :-1]).clamp_min(1e-6)
        passed = ((values[..., None] - self.knots[:, :-1]) / widths).clamp(0, 1)
        scores = self.levels[0] + (passed * (self.levels[1:] - self.levels[:-1])).sum(-1)
        gone = ((values - MISSING).abs() < 1e-3).float()
        return torch.cat([scores * (1 - gone), gone[:, self.flagged]], 1)


class Perceptron(nn.Module):
    """N x (columns + missing) ranks -> N x 1 log odds of digital."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Dropout(0.15)]
        for size in (inputs, WIDTH):
            layers += [nn.Linear(size, WIDTH), nn.GELU(), nn.Dropout(0.4)]
        self.layers = nn.Sequential(*layers, nn.Linear(WIDTH, 1))

    def forward(self, ranks: torch.Tensor) -> torch.Tensor:
        return self.layers(ranks)


class Perceptrons(nn.Module):
    """All measurements, N x all columns, to the mean log odds, N x 1. `used`: the columns that are looked at."""

    def __init__(self, used: np.ndarray, ranked: Ranked, nets: list[Perceptron]) -> None:
        super().__init__()
        self.register_buffer("used", torch.from_numpy(used))
        self.ranked, self.nets = ranked, nn.ModuleList(nets)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        ranks = self.ranked(values[:, self.used])
        return torch.stack([net(ranks) for net in self.nets]).mean(0)

    @torch.no_grad()
    def scores(self, values: np.ndarray) -> np.ndarray:
        parts = [
            self(torch.from_numpy(part)) for part in np.array_split(values.astype(np.float32), len(values) // 512 + 1)
        ]
        return torch.cat(parts)[:, 0].numpy()


def fit_perceptrons(values: np.ndarray, rows: list[dict], unseen: np.ndarray) -> Perceptrons:
    """From N x all columns; those of `unseen` are not looked at."""
    used = np.setdiff1d(np.arange(values.shape[1]), unseen)
    ranked = Ranked.of(values[:, used].astype(np.float32))
    with torch.no_grad():
        ranks = torch.cat([ranked(part) for part in torch.from_numpy(values[:, used].astype(np.float32)).split(512)])
    digital = torch.tensor([float(r["y"]) for r in rows])
    weight = torch.from_numpy(weights(rows)).float()
    nets = [_fit(ranks, digital, weight / weight.mean(), SEED + k) for k in range(NETS)]
    return Perceptrons(used, ranked, nets).eval()


def _fit(ranks: torch.Tensor, digital: torch.Tensor, weight: torch.Tensor, seed: int) -> Perceptron:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net, steps = Perceptron(ranks.shape[1]), EPOCHS * len(ranks) // BATCH
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps + 1, pct_start=0.1)
    softened = digital * 0.98 + 0.01
    for _ in range(steps):
        at = torch.from_numpy(rng.choice(len(ranks), BATCH))
        share = torch.from_numpy(rng.beta(MIXED, MIXED, BATCH)).float()
        with_ = torch.randperm(BATCH)
        x, y, w = (_mixed(part[at], with_, share) for part in (ranks, softened, weight))
        score = net(x + NOISE * torch.randn_like(x))[:, 0]
        loss = (nn.functional.binary_cross_entropy_with_logits(score, y, reduction="none") * w).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        rate.step()
    return net


def _mixed(part: torch.Tensor, with_: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    share = share.reshape(-1, *[1] * (part.dim() - 1))
    return share * part + (1 - share) * part[with_]
