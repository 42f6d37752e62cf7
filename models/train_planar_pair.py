"""Trains planar_pair.onnx: does the picture at a fitted place show this mark, or a likeness, a twin, or something else?

usage: python models/train_planar_pair.py --data PAIRS.npz... --out FOLDER [--epochs 12] [--start FOLDER/pair.pt]
       python models/train_planar_pair.py --export FOLDER/pair.pt --out models/planar_pair.onnx

The data come from models/collect_planar_pairs.py. The place and the mark are the planes of one picture, so that the
first filters already compare them (Zagoruyko and Komodakis, CVPR 2015, call it a two-channel network). One photo in
three is kept back for the fit of the whole. Needs torch and scikit-learn.
"""

from __future__ import annotations

import argparse
import copy
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from planar_data import KEPT_BACK, UNIT, packed, unpacked
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "pipeline"))

from verify_media.readers.local_agreement import agreement

SEED = 20261128
RATE, BATCH = 2e-3, 64
WIDTHS = (24, 48, 80, 128)
SMOOTH = 0.02
"""Labels are never quite certain: twins under 60 px look alike."""
LEAST_CHANGE = 0.4
"""Mean over the changed part, in units of the mark's spread."""
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
        blocks = [Block(a, b) for a, b in pairwise(WIDTHS)]
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


def train(data: dict[str, Any], out: Path, epochs: int, start_from: Path | None) -> None:
    from sklearn.metrics import roc_auc_score

    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)
    back = data["photo"] % KEPT_BACK == 0
    fit, watch = np.flatnonzero(~back), np.flatnonzero(back)
    net = PairJudge().to(memory_format=torch.channels_last)
    rate = RATE
    if start_from:
        net.load_state_dict(torch.load(start_from))
        rate = RATE / 3
    mean = copy.deepcopy(net)
    step, steps = 0, epochs * (len(fit) // BATCH)
    optimiser = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, steps)
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
        for wrong in ("twin", "altered", "other", "shifted", "chance"):
            chosen = right | (kinds == f"{kind} {wrong}")
            if 0 < labels[chosen].sum() < chosen.sum():
                told.append(f"{kind}/{wrong} {roc_auc_score(labels[chosen], scores[chosen]):.3f}")
    return ", ".join(told)


def load(files: Sequence[str]) -> dict[str, Any]:
    parts = [np.load(path) for path in files]
    data = {name: np.concatenate([part[name] for part in parts]) for name in ("pixels", "label", "kind", "photo")}
    data = altered(data, np.random.default_rng(SEED))
    return {**data, "pixels": with_agreement(data["pixels"])}


def altered(data: dict[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """One more wrong pair for each right one: the same place beside a mark that differs in one part.

    A badge of the same make has the same symbol and other words. A part that is mirrored, or another mark's, looks as
    much like the mark as those words do, in whatever style the mark is.
    """
    right = np.flatnonzero(data["label"] > 0.5)
    made = [(k, pair) for k in right if (pair := _altered(data["pixels"], k, int(rng.choice(right)), rng)) is not None]
    rows = np.array([k for k, _ in made])
    return {
        "pixels": np.concatenate([data["pixels"], np.stack([pair for _, pair in made])]),
        "label": np.concatenate([data["label"], np.zeros(len(rows))]),
        "kind": np.concatenate([data["kind"], [f"{kind} altered" for kind in data["kind"][rows]]]),
        "photo": np.concatenate([data["photo"], data["photo"][rows]]),
    }


def _altered(pixels: Any, row: int, other: int, rng: np.random.Generator) -> Any:
    """None where no part was found that the change makes different enough to be seen."""
    side = pixels.shape[-1]
    for _ in range(4):
        h, w = (int(v) for v in rng.integers(side // 4, side * 2 // 3, 2))
        y, x = int(rng.integers(8, side - 8 - h + 1)) if h < side - 16 else 8, int(rng.integers(8, side - 8 - w + 1))
        part = (slice(None), slice(y, y + h), slice(x, x + w))
        pair = pixels[row].copy()
        old = pair[1:][part]
        new = (old[:, :, ::-1], old[:, ::-1], old[:, ::-1, ::-1], _in_these_inks(pixels[other][1:][part], old))[
            int(rng.integers(4))
        ]
        if np.mean(np.abs(new[1].astype(int) - old[1])) > LEAST_CHANGE * UNIT:
            pair[1:][part] = new
            return pair
    return None


def _in_these_inks(part: Any, old: Any) -> Any:
    """Another mark's planes with the contrast and the sign of these."""
    tone = part[1].astype(np.float32)
    spread = tone.std() + 1e-3
    sign = np.sign(np.mean((old[0] - old[0].mean()) * (old[1] - old[1].mean())) + 1e-6)
    planes = [
        (tone - tone.mean()) / spread * plane.std() * k + plane.mean()
        for plane, k in zip(old, (sign, 1.0), strict=True)
    ]
    return np.clip(np.round(np.stack(planes)), -127, 127).astype(np.int8)


def with_agreement(pixels: Any) -> Any:
    """n x 7 x side x side, int8 in 1/31."""
    planes = np.empty((len(pixels), PLANES, *pixels.shape[2:]), np.int8)
    planes[:, :3] = pixels
    for row, pair in zip(planes, pixels, strict=True):
        row[3:] = packed(agreement(unpacked(pair)))
    return planes


def export(weights: Path, out: Path) -> None:
    from export_networks import written

    net = PairJudge()
    net.load_state_dict(torch.load(weights))
    written(net, (torch.rand(2, PLANES, 96, 96),), ["pair"], out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+")
    parser.add_argument("--export", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--start", type=Path, help="weights to go on from, at a lower rate")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.export:
        export(given.export, given.out)
        return
    given.out.mkdir(parents=True, exist_ok=True)
    train(load(given.data), given.out, given.epochs, given.start)


if __name__ == "__main__":
    main()
