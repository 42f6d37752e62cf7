"""Trains the network of models/authenticate_pixels.onnx on one core: bfloat16, channels last, averaged weights.

usage: python models/train_authenticate.py --data 'FOLDER/*.npz' --out NETS [--fold 0] [--seconds 1500]

The data come from models/extract_authenticate.py, which measures the pictures of models/compose/build.py with the product's own code.
Photos are split in three folds; a network that judges a fold has not seen its photos. Needs torch and scikit-learn.
"""

# ruff: noqa: E501, PTH207
from __future__ import annotations

import argparse
import glob
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "pipeline")]

from authenticate_data import Data, load, weights  # noqa: E402
from authenticate_degrade import Way  # noqa: E402
from authenticate_net import Judge  # noqa: E402

from verify_media.cues import support  # noqa: E402

SEED = 20261123
PER = (4, 2, 2)
"""Windows on the mark, around it and away from it that a training step sees; the product shows all."""
RATE, BATCH = 3e-3, 64
BARE = 0.35
"""Share of the training steps' marks that the network judges alone; for the others it corrects the trees."""
TOLD = 0.5
"""Weight of the second task, to foretell the hand-made measurements: it teaches the first filters what an edge and a
grain are long before the verdicts could."""


def batch(data: Data, at: np.ndarray, rng: np.random.Generator | None, crop: int = 48) -> list[torch.Tensor]:
    """Tensors for the network; with `rng`, a random choice, crop, flip and colour for training."""
    groups = [
        (data.mark[at], np.unpackbits(data.mark_inside[at], axis=-1, count=48)),
        (data.near[at], np.unpackbits(data.near_inside[at], axis=-1, count=48)),
    ]
    away = data.far[data.far_index[at]]
    there = away.reshape(*away.shape[:2], -1).any(2).astype(np.uint8)
    groups.append((away, np.broadcast_to(there[:, :, None, None], away.shape[:4])))
    place = [np.stack([support.place(data.quads[i], k) for i in at]) for k in (1.0, support.WIDER)]
    grounds = [np.concatenate([g[at], p[..., None]], -1) for g, p in zip((data.context, data.wide), place, strict=True)]
    out = []
    for (pixels, mask), count in zip(groups, PER, strict=True):
        if rng is not None:
            pick = np.sort(rng.permutation(pixels.shape[1])[:count])
            y, x = rng.integers(0, (48 - crop) // 8 + 1, 2) * 8
            pixels, mask = pixels[:, pick, y : y + crop, x : x + crop], mask[:, pick, y : y + crop, x : x + crop]
        out.append(torch.from_numpy(np.concatenate([pixels, mask[..., None]], -1)).permute(0, 1, 4, 2, 3).float())
    out += [torch.from_numpy(g).permute(0, 3, 1, 2).float() for g in grounds]
    return out if rng is None else _varied([*_degraded(out[:3], rng), *out[3:]], rng)


def _degraded(groups: list[torch.Tensor], rng: np.random.Generator) -> list[torch.Tensor]:
    """Windows (B x K x 4 x S x S) taken once more; those that are not there stay away."""
    way = Way(len(groups[0]), rng)
    return [_taken(x, way) for x in groups]


def _taken(x: torch.Tensor, way: Way) -> torch.Tensor:
    colours = x[:, :, :3]
    there = (colours.flatten(2).amax(2) > 0)[:, :, None, None, None]
    return torch.cat(
        [torch.where(there, way.taken(colours.flatten(1, 2)).view(colours.shape), colours), x[:, :, 3:]], 2
    )


def _varied(groups: list[torch.Tensor], rng: np.random.Generator) -> list[torch.Tensor]:
    """Turned, in another light, with some of the evidence away. Nothing that touches edges or grain."""
    size, flips, swap = len(groups[0]), rng.random(3) < 0.5, rng.random() < 0.25
    tone = torch.from_numpy((rng.uniform(0.8, 1.15, (size, 1)) * rng.uniform(0.94, 1.06, (size, 3))).astype(np.float32))
    tone = torch.cat([tone, torch.ones(size, 1)], 1)
    out = []
    for x, gone in zip(groups, (0.0, 0.1, 0.12, 0.15, 0.2), strict=True):
        is_window = x.ndim == 5
        x = x * (tone[:, None, :, None, None] if is_window else tone[:, :, None, None])
        if swap:
            x = x[:, :, [2, 1, 0, 3]] if is_window else x[:, [2, 1, 0, 3]]
        x = x.flip(-1) if flips[0] else x
        if is_window:
            x = x.flip(-2) if flips[1] else x
            x = x.transpose(-1, -2) if flips[2] else x
        x[torch.from_numpy(rng.random(size) < gone)] = 0
        out.append(x)
    return out


def fit(
    data: Data,
    train: np.ndarray,
    held: np.ndarray,
    seed: int,
    seconds: float,
    trees: np.ndarray,
    start_from=None,
    rate: float = 1.0,
):
    """AdamW with one warm cycle, measured in time; the mean of the weights over the last steps is kept."""
    from sklearn.metrics import roc_auc_score

    torch.manual_seed(seed)
    rng, digital, targets = np.random.default_rng(seed), data.digital, _targets(data.values, train)
    net = Judge(measured=targets.shape[1]).to(memory_format=torch.channels_last)
    if start_from:
        state = {k: v for k, v in torch.load(start_from).items() if not k.startswith("measures")}
        net.load_state_dict(state, strict=False)
    mean = averaged(net)
    optimiser = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=0.01)
    chance = weights([data.rows[i] for i in train])
    chance = chance / chance.sum()
    start, step, told, losses = time.time(), 0, 0.0, []
    while (share := (time.time() - start) / seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * RATE * warm_cycle(share)
        at = rng.choice(train, BATCH, p=chance)
        net.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logit, told_values = net(*batch(data, at, rng, 32 if share < 0.75 else 40))
        verdict = torch.nn.functional.binary_cross_entropy_with_logits(
            logit.float() + torch.from_numpy(trees[at] * (rng.random(len(at)) >= BARE)).float(),
            torch.tensor(digital[at] * 0.96 + 0.02, dtype=torch.float32),
        )
        wanted = torch.from_numpy(targets[at])
        away = torch.nn.functional.smooth_l1_loss(told_values.float(), wanted.nan_to_num(), reduction="none")
        told_loss = (away * ~wanted.isnan()).mean()
        loss = verdict + TOLD * told_loss
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        mean.update_parameters(net)
        step, losses = step + 1, [*losses[-99:], (verdict.item(), told_loss.item())]
        if share - told > 0.1:
            told, some = share, held[:: max(1, len(held) // 800)]
            auc = roc_auc_score(digital[some], scores(mean.module, data, some)) if len(held) else 0.0
            both = roc_auc_score(digital[some], trees[some] + scores(mean.module, data, some))
            print(f"with the trees {both:.4f} (alone {roc_auc_score(digital[some], trees[some]):.4f})", end=" ")
            print(f"step {step} share {share:.2f} loss {np.mean(losses, 0).round(3)} held AUC {auc:.4f}", flush=True)
    return mean.module.eval()


def averaged(net: torch.nn.Module):
    """The mean of its weights over the last few hundred steps."""
    mean = torch.optim.swa_utils.get_ema_multi_avg_fn(0.995)
    return torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=mean, use_buffers=True)


def warm_cycle(share: float) -> float:
    """Of the learning rate, after a share of the time: up in the first 4 %, then down along a cosine."""
    return min(1.0, share * 25 + 0.03) * 0.5 * (1 + np.cos(np.pi * share))


def _targets(values: np.ndarray, train: np.ndarray) -> np.ndarray:
    """The measurements on a common scale, -3 to 3, NaN where there was nothing to measure."""
    low, middle, high = np.nanquantile(values[train], [0.2, 0.5, 0.8], axis=0)
    return np.clip((values - middle) / np.maximum(high - low, 1e-3), -3, 3).astype(np.float32)


def scores(net, data: Data, at: np.ndarray) -> np.ndarray:
    net.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        parts = [net(*batch(data, at[i : i + 64], None)).float().numpy() for i in range(0, len(at), 64)]
    return np.concatenate(parts) if parts else np.empty(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, action="append")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fold", type=int, default=0, help="photos of this fold are not trained on")
    parser.add_argument("--seconds", type=float, default=1500)
    parser.add_argument("--trees", type=Path, help="scores.npz of fuse_authenticate.py on the same data")
    parser.add_argument("--start-from", type=Path, help="weights of an earlier run on the same fold")
    parser.add_argument(
        "--without", nargs="*", default=[], help="tools left out, to see what the rest teaches about them"
    )
    parser.add_argument("--rate", type=float, default=1.0, help="of learning, over that of a first round")
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = load([p for pattern in args.data for p in glob.glob(pattern)])
    usable = ~data.is_held & np.array([r["tool"] not in args.without for r in data.rows])
    train, held = np.nonzero(usable & (data.fold != args.fold))[0], np.nonzero(usable & (data.fold == args.fold))[0]
    print(len(train), "to train", len(held), "held photos", flush=True)
    args.out.mkdir(exist_ok=True)
    trees = np.load(args.trees)["trees"] if args.trees else np.zeros(len(data.rows))
    net = fit(data, train, held, SEED + args.fold, args.seconds, trees, args.start_from, args.rate)
    torch.save(net.state_dict(), args.out / f"net{args.fold}.pt")
    print("saved", flush=True)


if __name__ == "__main__":
    main()
