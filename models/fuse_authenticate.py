# ruff: noqa: E501, PTH207
"""Second step of the training: trees, fusion with the networks, calibration, and the files that the product ships.

usage: python models/fuse_authenticate.py --data 'FOLDER/*.npz' --nets FOLDER --out models

Writes authenticate_trees.onnx, authenticate_pixels.onnx, authenticate_calibration.toml, and scores.npz beside the nets.
"""

from __future__ import annotations

import argparse
import glob
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "pipeline")]

from export_trees import export_trees  # noqa: E402
from train_authenticate import columns, fit_trees, load, network, scores, tidy, weights  # noqa: E402

FOLDS = 3
BUCKETS = (20.0, 40.0, 1e9)
"""Letter heights in pixels up to which a calibration of its own holds."""
ACCUSED, MISSED = 0.006, 0.01
"""Share of marks that are there that may be called digital, and of overlays that may be called physical, before the
correction for several sightings. An accusation costs a maker more."""
EXPLAINED = (
    "edge_width_over_far",
    "ink_flat",
    "noise_over_far",
    "error_level_90_over_far",
    "edge_width_spread",
    "light_clipped",
    "dark_clipped",
    "ground_texture_over_ring",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, action="append")
    parser.add_argument("--nets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    from verify_media.cues import vector

    data = load([p for pattern in args.data for p in glob.glob(pattern)])
    digital, fold = data.digital, data.fold
    trained = np.array([not r["file"].startswith("h") and r["fold"] >= 0 for r in data.rows])
    used = columns(vector.NAMES)
    values = tidy(data.values)[:, used]
    boosters = _boosters(values, data.rows, fold, trained)
    trees = _across_folds(
        lambda k, at: np.mean([b.predict(values[at], raw_score=True) for b in boosters[k]], 0), fold, trained
    )
    nets = _nets(args.nets)
    pixels, has_net = _pixel_scores(nets, data, fold, trained, args.nets)
    fusion = _fused(trees, pixels, has_net & trained, digital, data.rows)
    fused = trees if fusion is None else fusion[0] * trees + fusion[1] * pixels
    fair = trained & (has_net | (fusion is None))
    height = data.values[:, vector.NAMES.index("letter_height_px")]
    # lettering that no reader can read is never judged, so it must not set the limits
    legible = np.array([r.get("readable", 1.0) >= 0.5 for r in data.rows])
    enough = (data.values[:, vector.NAMES.index("edges")] >= 20) & legible
    buckets = _calibrated(fused[fair & enough], digital[fair & enough], height[fair & enough])
    typical = {
        n: np.nanquantile(data.values[trained & (digital == 0), vector.NAMES.index(n)], [0.05, 0.5, 0.95])
        for n in EXPLAINED
    }
    args.out.mkdir(exist_ok=True)
    (args.out / "authenticate_calibration.toml").write_text(_toml(fusion or (1.0, 0.0), buckets, typical))
    export_trees([b for kinds in boosters for b in kinds], len(used), args.out / "authenticate_trees.onnx")
    if nets:
        _export_nets([n for _, n in nets], args.out / "authenticate_pixels.onnx")
    np.savez(args.nets / "scores.npz", trees=trees, pixels=pixels, fused=fused, fair=fair, enough=enough, height=height)
    print("fusion", fusion)


def _boosters(values, rows, fold, trained) -> list:
    found = []
    for k in range(FOLDS):
        at = np.nonzero(trained & (fold != k))[0]
        found.append(fit_trees(values[at], [rows[i] for i in at]))
    return found


def _across_folds(judge, fold, trained) -> np.ndarray:
    """Photos of training are judged by the model that has not seen them, all others by the mean of all."""
    out = np.zeros(len(fold))
    for k in range(FOLDS):
        own = np.nonzero(trained & (fold == k))[0]
        out[own] = judge(k, own)
        # a picture that training never saw may still show a photo of one fold: judged by that fold's model as well
        other = np.nonzero(~trained & (fold == k))[0]
        out[other] = judge(k, other)
    strange = np.nonzero(~trained & (fold < 0))[0]
    if len(strange):
        out[strange] = np.mean([judge(k, strange) for k in range(FOLDS)], 0)
    return out


def _nets(folder: Path) -> list:
    import torch

    torch.set_num_threads(1)
    found = []
    for path in sorted(folder.glob("net*.pt")):
        net = network()
        net.load_state_dict(torch.load(path))
        found.append((int(path.stem[3]), net.eval()))
    return found


def _pixel_scores(nets, data, fold, trained, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Scores by nets that have not seen the photo, and where there are any."""
    total, count = np.zeros(len(fold)), np.zeros(len(fold))
    for k, net in nets:
        at = np.nonzero((fold == k) | (fold < 0))[0]
        total[at] += scores(net, data, at)
        count[at] += 1
    return total / np.maximum(count, 1), count > 0


def _fused(trees, pixels, at, digital, rows) -> tuple[float, float] | None:
    """Logistic weights of the two scores, both classes alike."""
    from sklearn.linear_model import LogisticRegression

    if not at.any():
        return None
    x = np.column_stack([trees[at], pixels[at]])
    weight = weights([rows[i] for i in np.nonzero(at)[0]])
    model = LogisticRegression(C=10.0).fit(x, digital[at], sample_weight=weight)
    return float(model.coef_[0, 0]), float(model.coef_[0, 1])


def _calibrated(score, digital, height) -> list[dict]:
    """Platt's line in each bucket (Platt 1999), and split-conformal limits for one to four sightings."""
    from sklearn.linear_model import LogisticRegression

    found, low = [], 0.0
    for up_to in BUCKETS:
        at = (height > low) & (height <= up_to)
        low = up_to
        y, s = digital[at], score[at]
        weight = np.where(y == 1, 0.5 / max(1, (y == 1).sum()), 0.5 / max(1, (y == 0).sum())) * len(y)
        line = LogisticRegression(C=10.0).fit(s[:, None], y, sample_weight=weight)
        slope, offset = float(line.coef_[0, 0]), float(line.intercept_[0])
        p = 1 / (1 + np.exp(-(offset + slope * s)))
        above = [max(0.5, _limit(p[y == 0], ACCUSED / n, upper=True)) for n in (1, 2, 3, 6)]
        below = [min(0.5, _limit(p[y == 1], MISSED / n, upper=False)) for n in (1, 2, 3, 4)]
        print(f"bucket {up_to}: n {np.bincount(y)}, digital above {above[0]:.3f} physical below {below[0]:.3f}, "
              f"digital found {(p[y == 1] >= above[0]).mean():.2f} physical found {(p[y == 0] <= below[0]).mean():.2f}")  # fmt: skip
        found.append(
            {"up_to_px": up_to, "slope": slope, "offset": offset, "physical_below": below, "digital_above": above}
        )
    return found


def _limit(p: np.ndarray, error: float, *, upper: bool) -> float:
    """The conformal quantile with its correction for the size of the set (Vovk et al. 2005)."""
    ordered, n = np.sort(p), len(p)
    rank = int(np.floor((n + 1) * error))
    if upper:
        return float(ordered[n - rank] if rank >= 1 else min(1.0, ordered[-1] + 0.3 * (1 - ordered[-1])))
    return float(ordered[rank - 1] if rank >= 1 else max(0.0, ordered[0] * 0.7))


def _toml(fusion, buckets, typical) -> str:
    lines = [
        "# Written by models/fuse_authenticate.py; see models/authenticate.md.",
        "[fusion]",
        f"trees = {fusion[0]:.6f}",
        f"pixels = {fusion[1]:.6f}",
        "",
        "[typical]",
    ]
    lines += [f"{n} = [{', '.join(f'{v:.5f}' for v in q)}]" for n, q in typical.items()]
    for b in buckets:
        lines += [
            "",
            "[[bucket]]",
            f"up_to_px = {b['up_to_px']:.1f}",
            f"slope = {b['slope']:.6f}",
            f"offset = {b['offset']:.6f}",
        ]
        lines += [f"{k} = [{', '.join(f'{v:.6f}' for v in b[k])}]" for k in ("physical_below", "digital_above")]
    return "\n".join(lines) + "\n"


def _export_nets(nets: list, path: Path) -> None:
    """One graph: the mean of the nets."""
    import torch

    class Mean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.nets = torch.nn.ModuleList(nets)

        def forward(self, mark, near, far, context):
            return torch.stack([n(mark, near, far, context) for n in self.nets]).mean(0)

    example = (
        torch.rand(2, 6, 4, 48, 48),
        torch.rand(2, 5, 4, 48, 48),
        torch.rand(2, 6, 4, 48, 48),
        torch.rand(2, 3, 64, 192),
    )
    names = ["mark", "near", "far", "context"]
    torch.onnx.export(
        Mean().eval(),
        example,
        str(path),
        input_names=names,
        output_names=["logit"],
        dynamic_axes={n: {0: "b"} for n in (*names, "logit")},
        dynamo=False,
        opset_version=17,
    )


if __name__ == "__main__":
    main()
