"""Trains planar_pair.onnx: does the picture at a fitted place show this mark, or a likeness, a twin, or something else?

usage: python models/train_planar_pair.py --data 'PAIRS*.npz' --out FOLDER [--epochs 12]
       python models/train_planar_pair.py --export FOLDER/pair.pt --out models/planar_pair.onnx

The data come from models/collect_planar_pairs.py. The place and the mark are the planes of one picture, so that the
first filters already compare them (Zagoruyko and Komodakis, CVPR 2015, call it a two-channel network). One photo in three
is kept back for the fit of the whole. Needs torch and scikit-learn.
"""

from __future__ import annotations

import argparse
import copy
import glob
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pipeline"))

from verify_media.readers.local_agreement import agreement

SEED = 20261128
RATE, BATCH = 2e-3, 64
WIDTHS = (24, 48, 80, 128)
SMOOTH = 0.02
"""Labels are never quite certain: twins under 60 px look alike."""
UNIT = 31.0
"""Of the pixels in the data."""
KEPT_BACK = 3
PLANES = 7


class Block(nn.Module):
    """Halves the sides; residual."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv2d(before, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
        )
        self.second = nn.Sequential(nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        return torch.relu(x + self.second(x))


class PairJudge(nn.Module):
    """B x 7 x 96 x 96 (planes of readers/pair.py and readers/local_agreement.py) to B log-odds that it is the mark."""

    def __init__(self) -> None:
        super().__init__()
        first = nn.Sequential(
            nn.Conv2d(PLANES, WIDTHS[0], 5, 2, 2, bias=False), nn.BatchNorm2d(WIDTHS[0]), nn.ReLU(inplace=True)
        )
        blocks = [Block(a, b) for a, b in zip(WIDTHS, WIDTHS[1:], strict=False)]
        self.body = nn.Sequential(first, *blocks)
        # The mean says how well it agrees as a rule, the maximum where it disagrees.
        self.head = nn.Sequential(
            nn.Dropout(0.2), nn.Linear(2 * WIDTHS[-1], 64), nn.ReLU(inplace=True), nn.Linear(64, 1)
        )

    def forward(self, pair: torch.Tensor) -> torch.Tensor:
        x = self.body(pair)
        return self.head(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))[:, 0]


def varied(pixels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Turned and mirrored as a whole, dark for light, the place in other light, partly covered, noisy. The planes of
    agreement bear all of it."""
    x = pixels.float() / UNIT
    x = torch.rot90(x, int(rng.integers(4)), (2, 3))
    x = x.flip(3) if rng.random() < 0.5 else x
    pair = -x[:, :3] if rng.random() < 0.3 else x[:, :3]
    gain = torch.from_numpy(rng.uniform(0.8, 1.2, (len(x), 1, 1, 1)).astype(np.float32))
    seen = pair[:, :1] * gain + torch.randn_like(pair[:, :1]) * float(rng.uniform(0, 0.2))
    return _covered(torch.cat([seen, pair[:, 1:], x[:, 3:]], 1), rng)


def _covered(planes: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """In one row of three a rectangle of up to a third of each side in which the place is another and agrees with
    nothing."""
    side = planes.shape[-1]
    for k in range(0, len(planes), 3):
        h, w = (int(v) for v in rng.integers(6, side // 3, 2))
        y, x = int(rng.integers(side - h)), int(rng.integers(side - w))
        other = (k + 7) % len(planes)
        for plane in (0, 3, 4, 5, 6):
            planes[k, plane, y : y + h, x : x + w] = planes[other, plane, y : y + h, x : x + w]
        planes[k, 3:, y : y + h, x : x + w] *= 0.5
    return planes


def train(data: dict[str, Any], out: Path, epochs: int) -> None:
    from sklearn.metrics import roc_auc_score

    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    back = data["photo"] % KEPT_BACK == 0
    fit, watch = np.flatnonzero(~back), np.flatnonzero(back)
    net = PairJudge().to(memory_format=torch.channels_last)
    mean = copy.deepcopy(net)
    step, steps = 0, epochs * (len(fit) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps)
    start = time.time()
    for epoch in range(epochs):
        net.train()
        order, total = rng.permutation(fit), 0.0
        for k in range(len(fit) // BATCH):
            at = np.sort(order[k * BATCH : (k + 1) * BATCH])
            x = varied(torch.from_numpy(data["pixels"][at]), rng).contiguous(memory_format=torch.channels_last)
            y = torch.from_numpy(data["label"][at].astype(np.float32))
            with torch.autocast("cpu", torch.bfloat16):
                logits = net(x)
            loss = nn.functional.binary_cross_entropy_with_logits(logits.float(), y * (1 - 2 * SMOOTH) + SMOOTH)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            step += 1
            _follow(mean, net, min(0.998, (step + 1) / (step + 10)))
            total += float(loss.detach())
        scores = judged(mean, data["pixels"][watch])
        auc = roc_auc_score(data["label"][watch], scores)
        print(f"{epoch} loss {total / (len(fit) // BATCH):.3f} auc {auc:.4f} {time.time() - start:.0f} s", flush=True)
        print("   " + by_kind(data, watch, scores), flush=True)
        torch.save(mean.state_dict(), out / "pair.pt")


def _follow(mean: nn.Module, net: nn.Module, keep: float) -> None:
    """Averages the weights."""
    with torch.no_grad():
        for slow, fast in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
            if slow.dtype.is_floating_point:
                slow.mul_(keep).add_(fast, alpha=1 - keep)
            else:
                slow.copy_(fast)


def judged(net: nn.Module, pixels: Any) -> Any:
    """Log-odds of rows of data."""
    net.eval()
    with torch.no_grad():
        parts = [net(torch.from_numpy(pixels[k : k + 256]).float() / UNIT) for k in range(0, len(pixels), 256)]
    return torch.cat(parts).numpy()


def by_kind(data: dict[str, Any], at: Any, scores: Any) -> str:
    """Area under the curve of each kind of mark against each kind of wrong place."""
    from sklearn.metrics import roc_auc_score

    kinds, labels = data["kind"][at], data["label"][at]
    told = []
    for kind in sorted({str(k).split()[0] for k in kinds}):
        right = kinds == kind
        for wrong in ("twin", "other", "shifted", "chance"):
            chosen = right | (kinds == f"{kind} {wrong}")
            if 0 < labels[chosen].sum() < chosen.sum():
                told.append(f"{kind}/{wrong} {roc_auc_score(labels[chosen], scores[chosen]):.3f}")
    return ", ".join(told)


def load(pattern: str) -> dict[str, Any]:
    parts = [np.load(path) for path in sorted(glob.glob(pattern))]  # noqa: PTH207
    data = {name: np.concatenate([part[name] for part in parts]) for name in ("pixels", "label", "kind", "photo")}
    return {**data, "pixels": with_agreement(data["pixels"])}


def with_agreement(pixels: Any) -> Any:
    """n x 7 x side x side, int8 in 1/31."""
    planes = np.empty((len(pixels), PLANES, *pixels.shape[2:]), np.int8)
    planes[:, :3] = pixels
    for row, pair in zip(planes, pixels, strict=True):
        row[3:] = np.round(agreement(pair.astype(np.float32) / UNIT) * UNIT)
    return planes


def export(weights: Path, out: Path) -> None:
    from export_networks import _export

    net = PairJudge()
    net.load_state_dict(torch.load(weights))
    _export(net, (torch.rand(2, PLANES, 96, 96),), ["pair"], out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data")
    parser.add_argument("--export", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=12)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.export:
        export(given.export, given.out)
        return
    given.out.mkdir(parents=True, exist_ok=True)
    train(load(given.data), given.out, given.epochs)


if __name__ == "__main__":
    main()
