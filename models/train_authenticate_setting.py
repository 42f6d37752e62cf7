"""Trains the network of models/authenticate_setting.onnx on one core: the detector's layers are trained on, slowly.

usage: python models/train_authenticate_setting.py --data 'FOLDER/*.npz' --out NETS --trees NETS/scores.npz [--fold 0] [--seconds 3000] [--start-from FILE]

The data come from models/extract_authenticate.py. Needs torch, onnx2torch and scikit-learn.
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

from authenticate_data import MARGIN, Settings, load_settings, weights  # noqa: E402
from authenticate_degrade import Way  # noqa: E402
from authenticate_setting_net import SettingJudge, detector_layers  # noqa: E402
from train_authenticate import BARE, averaged, warm_cycle  # noqa: E402

from verify_media.cues.setting import HEIGHT, WIDTH, bands  # noqa: E402

DETECTOR = Path(__file__).parent / "ppocr_v4_det.onnx"
SEED, BATCH = 20261124, 32
LAYERS_RATE, HEAD_RATE = 3e-4, 2e-3


def batch(data: Settings, at: np.ndarray, rng: np.random.Generator | None) -> list[torch.Tensor]:
    """Picture, inside, around; with `rng` shifted, mirrored, in another light and taken by another camera."""
    pixels, inside, around = zip(*(_one(data, i, rng) for i in at), strict=True)
    picture = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float()
    masks = [torch.from_numpy(np.stack(m))[:, None].float() for m in (inside, around)]
    if rng is not None:
        picture, masks = _varied(picture, masks, rng)
    return [picture.contiguous(memory_format=torch.channels_last), *masks]


def _one(data: Settings, i: int, rng: np.random.Generator | None):
    x, y = (MARGIN, MARGIN // 2) if rng is None else (rng.integers(0, 2 * MARGIN + 1), rng.integers(0, MARGIN + 1))
    return data.pixels[i, y : y + HEIGHT, x : x + WIDTH], *bands(data.corners[i] - [x, y])


def _varied(picture, masks, rng: np.random.Generator):
    picture = Way(len(picture), rng).taken(picture)
    tone = rng.uniform(0.8, 1.15, (len(picture), 1)) * rng.uniform(0.94, 1.06, (len(picture), 3))
    picture = picture * torch.from_numpy(tone.astype(np.float32))[:, :, None, None]
    picture = picture[:, [2, 1, 0]] if rng.random() < 0.3 else picture
    return (picture.flip(-1), [m.flip(-1) for m in masks]) if rng.random() < 0.4 else (picture, masks)


def fit(
    data: Settings,
    train: np.ndarray,
    held: np.ndarray,
    seed: int,
    seconds: float,
    trees: np.ndarray,
    first=None,
    rate: float = 1.0,
):
    """AdamW with one warm cycle, measured in time; the mean of the weights over the last steps is kept."""
    from sklearn.metrics import roc_auc_score

    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    net = SettingJudge(detector_layers(DETECTOR))
    if first:
        net.load_state_dict(first)
    net = net.to(memory_format=torch.channels_last)
    mean = averaged(net)
    groups = [
        {"params": net.body.parameters(), "base": LAYERS_RATE},
        {"params": net.head.parameters(), "base": HEAD_RATE},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.02)
    chance = weights([data.rows[i] for i in train])
    chance, start, told = chance / chance.sum(), time.time(), 0.0
    while (share := (time.time() - start) / seconds) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate * group["base"] * warm_cycle(share)
        _step(net, optimiser, data, rng.choice(train, BATCH, p=chance), rng, trees)
        mean.update_parameters(net)
        if share - told > 0.1 and len(held):
            told, some = share, held[:: max(1, len(held) // 800)]
            own = scores(mean.module, data, some)
            both = roc_auc_score(data.digital[some], trees[some] + own)
            print(f"share {share:.2f} held AUC {roc_auc_score(data.digital[some], own):.4f}, with the trees {both:.4f}", flush=True)  # fmt: skip
    return mean.module.eval()


def _step(net, optimiser, data: Settings, at: np.ndarray, rng: np.random.Generator, trees: np.ndarray) -> None:
    net.train()
    net.body.eval()  # the detector's own means and spreads stay
    logit = net(*batch(data, at, rng)) + torch.from_numpy(trees[at] * (rng.random(len(at)) >= BARE)).float()
    target = torch.tensor(data.digital[at] * 0.96 + 0.02, dtype=torch.float32)
    optimiser.zero_grad()
    torch.nn.functional.binary_cross_entropy_with_logits(logit, target).backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
    optimiser.step()


def scores(net, data: Settings, at: np.ndarray) -> np.ndarray:
    net.eval()
    with torch.no_grad():
        parts = [net(*batch(data, at[i : i + 32], None)).numpy() for i in range(0, len(at), 32)]
    return np.concatenate(parts) if parts else np.empty(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, action="append")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--trees", type=Path, required=True, help="scores.npz of fuse_authenticate.py on the same data")
    parser.add_argument("--fold", type=int, default=0, help="photos of this fold are not trained on")
    parser.add_argument("--seconds", type=float, default=3000)
    parser.add_argument("--start-from", type=Path, help="weights of an earlier round; the mean of both rounds is kept")
    parser.add_argument("--rate", type=float, default=1.0, help="of learning, over that of a first round")
    args = parser.parse_args()
    torch.set_num_threads(1)
    data = load_settings([p for pattern in args.data for p in glob.glob(pattern)])
    train, held = (np.nonzero(~data.is_held & at)[0] for at in (data.fold != args.fold, data.fold == args.fold))
    args.out.mkdir(exist_ok=True)
    first = torch.load(args.start_from) if args.start_from else None
    net = fit(data, train, held, SEED + args.fold, args.seconds, np.load(args.trees)["trees"], first, args.rate)
    state = net.state_dict()
    if first:  # between two rounds on other data lies a better place than either end (Wortsman et al. 2022)
        state = {k: (v + first[k]) / 2 if v.dtype.is_floating_point else v for k, v in state.items()}
    torch.save(state, args.out / f"setting{args.fold}.pt")


if __name__ == "__main__":
    main()
