# ruff: noqa: E501, C408, PTH207
"""Trains models/authenticate_*: a network on pixels, boosted trees on measurements, and the calibration of both together.

usage: python models/train_authenticate.py --data 'FOLDER/*.npz' --out models [--steps trees,net,fuse] [--fold 0] [--epochs 10]

The data come from models/extract_authenticate.py, which measures the pictures of models/compose/build.py with the product's own code.
Photos are split in three folds; a model that judges a fold has not seen its photos. Needs torch, lightgbm, scikit-learn, onnx.
"""

from __future__ import annotations

import argparse
import glob
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SEED = 20261123
CROP = 32
"""Pixels of a window that training sees at a time; the product uses all 48."""


@dataclass
class Data:
    """N sightings. `mark`: N x 6 x 48 x 48 x 3 and so on; far windows are shared by the sightings of a picture."""

    values: np.ndarray
    mark: np.ndarray
    mark_inside: np.ndarray
    near: np.ndarray
    near_inside: np.ndarray
    far: np.ndarray
    far_index: np.ndarray
    context: np.ndarray
    rows: list[dict]

    @property
    def digital(self) -> np.ndarray:
        return np.array([r["y"] for r in self.rows])

    @property
    def fold(self) -> np.ndarray:
        return np.array([r["fold"] for r in self.rows])


def load(paths: list[str]) -> Data:
    parts: dict[str, list] = {}
    rows, shift = [], 0
    for path in sorted(paths):
        with np.load(path) as z:
            for name in ("X", "M", "MI", "N", "NI", "F", "C"):
                parts.setdefault(name, []).append(z[name])
            parts.setdefault("fidx", []).append(z["fidx"] + shift)
            shift += len(z["F"])
        rows += json.loads(Path(path).with_suffix(".json").read_text())
    a = {k: np.concatenate(v) for k, v in parts.items()}
    return Data(a["X"], a["M"], a["MI"], a["N"], a["NI"], a["F"], a["fidx"], a["C"], rows)


# ---------------------------------------------------------------- trees on measurements

TREES = dict(
    objective="binary",
    num_leaves=31,
    bagging_fraction=0.7,
    bagging_freq=1,
    lambda_l2=5.0,
    verbose=-1,
    num_threads=1,
    seed=SEED,
)
KINDS = (
    (dict(learning_rate=0.045, min_data_in_leaf=15, feature_fraction=0.25), 400),
    (dict(extra_trees=True, learning_rate=0.14, min_data_in_leaf=10, feature_fraction=0.35), 350),
)
"""Best splits, and random splits of many features: their mean is better than either, by 0.002 to 0.003 AUC."""
UNUSED = ("letter_height_px", "longest_side_px")
"""Known to differ between the classes by the way the data were made, so the trees must not see them."""
MISSING = -9.0


def columns(names: tuple[str, ...]) -> list[int]:
    return [i for i, n in enumerate(names) if n not in UNUSED]


def tidy(values: np.ndarray) -> np.ndarray:
    """What the product does before the trees: missing values become one number, extremes are cut."""
    return np.clip(np.nan_to_num(values, nan=MISSING, posinf=1e3, neginf=-1e3), -1e3, 1e4).astype(np.float32)


def weights(rows: list[dict]) -> np.ndarray:
    """Both classes weigh alike; each tool and each source up to a point."""
    from collections import Counter

    digital = np.array([r["y"] for r in rows])
    key = [(r["y"], r["tool"] if r["y"] else r["source"]) for r in rows]
    count = Counter(key)
    weight = np.array([count[k] ** -0.4 for k in key]) * np.array(
        [1.0 if r.get("readable", 1.0) >= 0.5 else 0.4 for r in rows]
    )
    for y in (0, 1):
        weight[digital == y] /= weight[digital == y].sum() / (len(rows) / 2)
    return weight


def fit_trees(values: np.ndarray, data_rows: list[dict]) -> list:
    """One booster of each kind; their scores are averaged."""
    import lightgbm as lgb

    digital = np.array([r["y"] for r in data_rows])
    weight = weights(data_rows)
    return [lgb.train({**TREES, **kind}, lgb.Dataset(values, digital, weight=weight), rounds) for kind, rounds in KINDS]


# ---------------------------------------------------------------- network on pixels


def network():
    import torch
    from torch import nn

    def block(a: int, b: int, stride: int = 1):
        return nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())

    class Windows(nn.Module):
        """A window of three colours and a mask -> what its edges and grain are like."""

        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(
                block(5, 12),
                nn.AvgPool2d(2),
                block(12, 24),
                nn.MaxPool2d(2),
                block(24, 32),
                nn.MaxPool2d(2),
                block(32, 48),
            )

        def forward(self, x):
            """N x 4 x S x S, colours 0 to 255 and the mask 0 or 1 -> N x 144."""
            red, green, blue, mask = x[:, 0:1], x[:, 1:2], x[:, 2:3], x[:, 3:4]
            grey = 0.299 * red + 0.587 * green + 0.114 * blue
            fine = grey - nn.functional.avg_pool2d(grey, 3, 1, 1)
            y = self.body(torch.cat([(grey - 128) / 64, (red - green) / 32, (blue - green) / 32, fine / 8, mask], 1))
            mean = y.mean((2, 3))
            spread = ((y - mean[:, :, None, None]) ** 2).mean((2, 3)).add(1e-4).sqrt()
            return torch.cat([mean, spread, y.amax((2, 3))], 1)

    class Judge(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.windows = Windows()
            self.context = nn.Sequential(
                block(3, 16, 2), nn.MaxPool2d(2), block(16, 24), nn.MaxPool2d(2), block(24, 40), block(40, 40)
            )
            self.shared = nn.Linear(144, 40)
            self.head = nn.Sequential(
                nn.Dropout(0.3), nn.Linear(40 * 5 + 80, 48), nn.ReLU(), nn.Dropout(0.2), nn.Linear(48, 1)
            )

        def seen(self, x):
            """B x K x 4 x S x S -> mean over the windows, B x 40; empty windows (mask all 0) count nothing."""
            b, k = x.shape[:2]
            code = torch.relu(self.shared(self.windows(x.flatten(0, 1)))).view(b, k, -1)
            there = (x[:, :, 3].amax((2, 3)) > 0).float()[:, :, None]
            return (code * there).sum(1) / there.sum(1).clamp(min=1), (code + (there - 1) * 1e3).amax(1).clamp(min=0)

        def forward(self, mark, near, far, context):
            (own, peak), (close, _), (away, _) = self.seen(mark), self.seen(near), self.seen(far)
            ground = self.context((context - 128) / 64)
            wide = torch.cat([ground.mean((2, 3)), ground.amax((2, 3))], 1)
            return self.head(torch.cat([own, peak, close, own - close, own - away, wide], 1))[:, 0]

    return Judge()


def batch(data: Data, at: np.ndarray, rng: np.random.Generator | None, per: tuple[int, int, int] = (3, 2, 3)):
    """Tensors for the network; with `rng`, a random choice, crop, flip and colour for training."""
    import torch

    inside = np.unpackbits(data.mark_inside[at], axis=-1, count=48).astype(np.uint8)
    around = np.unpackbits(data.near_inside[at], axis=-1, count=48).astype(np.uint8)
    away = data.far[data.far_index[at]]
    there = (
        np.repeat((away.reshape(*away.shape[:2], -1).any(2))[:, :, None, None], 48, 2).repeat(48, 3).astype(np.uint8)
    )
    groups = [(data.mark[at], inside), (data.near[at], around), (away, there)]
    out = []
    flips = rng.random(3) < 0.5 if rng is not None else np.zeros(3, bool)
    tone = rng.uniform(0.8, 1.15) * rng.uniform(0.93, 1.07, 3) if rng is not None else np.ones(3)
    for (pixels, mask), count in zip(groups, per, strict=True):
        if rng is not None:
            pick = rng.permutation(pixels.shape[1])[:count]
            pick = np.sort(pick) if pixels is not groups[0][0] else np.unique(np.r_[0, pick])[:count]
            y, x = rng.integers(0, (48 - CROP) // 8 + 1, 2) * 8
            pixels, mask = pixels[:, pick, y : y + CROP, x : x + CROP], mask[:, pick, y : y + CROP, x : x + CROP]
        x4 = np.concatenate([pixels * tone, mask[..., None]], -1).astype(np.float32).transpose(0, 1, 4, 2, 3)
        out.append(_turned(x4, flips))
    context = (data.context[at] * tone).astype(np.float32).transpose(0, 3, 1, 2)
    out.append(context[..., ::-1] if flips[0] else context)
    return [torch.from_numpy(np.ascontiguousarray(a)) for a in out]


def _turned(x: np.ndarray, flips: np.ndarray) -> np.ndarray:
    x = x[..., ::-1] if flips[0] else x
    x = x[..., ::-1, :] if flips[1] else x
    return x.swapaxes(-1, -2) if flips[2] else x


def fit_net(
    data: Data,
    train: np.ndarray,
    held: np.ndarray,
    epochs: int,
    seed: int,
    deadline_s: float,
    start_from: Path | None = None,
):
    """Adam with one warm cycle; stops at the deadline with the cycle shortened to fit, judged by time per step."""
    import torch
    from sklearn.metrics import roc_auc_score

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net, digital = network(), data.digital
    if start_from:
        net.load_state_dict(torch.load(start_from))
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=2e-3)
    weight = weights([data.rows[i] for i in train])
    chance = weight / weight.sum()
    steps, size, start = epochs * len(train) // 64, 64, time.time()
    for step in range(steps):
        share = max(step / steps, (time.time() - start) / deadline_s)
        if share >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = 3e-3 * min(1.0, share * 12 + 0.05) * 0.5 * (1 + np.cos(np.pi * share))
        at = rng.choice(train, size, p=chance)
        net.train()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(
            net(*batch(data, at, rng)), torch.tensor(digital[at] * 0.96 + 0.02, dtype=torch.float32)
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 99:
            print(
                f"step {step + 1}/{steps} loss {loss.item():.3f} {time.time() - start:.0f} s share {share:.2f}",
                flush=True,
            )
        if step % 400 == 399 and len(held):
            some = held[:: max(1, len(held) // 600)]
            print("  held AUC", round(roc_auc_score(digital[some], scores(net, data, some)), 4), flush=True)
    return net.eval()


def scores(net, data: Data, at: np.ndarray) -> np.ndarray:
    import torch

    net.eval()
    with torch.no_grad():
        return (
            np.concatenate([net(*batch(data, at[i : i + 64], None)).numpy() for i in range(0, len(at), 64)])
            if len(at)
            else np.empty(0)
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, action="append")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=0, help="photos of this fold are not trained on by the network")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=1500)
    parser.add_argument("--start-from", type=Path, help="weights of an earlier run on the same fold")
    args = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    data = load([p for pattern in args.data for p in glob.glob(pattern)])
    usable = np.array([not r["file"].startswith("h") for r in data.rows])
    train, held = np.nonzero(usable & (data.fold != args.fold))[0], np.nonzero(usable & (data.fold == args.fold))[0]
    print(len(train), "to train", len(held), "held photos", flush=True)
    net = fit_net(data, train, held, args.epochs, SEED + args.fold, args.seconds, args.start_from)
    torch.save(net.state_dict(), args.out / f"net{args.fold}.pt")
    print("saved", flush=True)


if __name__ == "__main__":
    main()
