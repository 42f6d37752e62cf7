# ruff: noqa: PTH207
"""Last step of the training: trees, fusion with the networks, calibration.

usage: python models/fuse_authenticate.py --data 'FOLDER/*.npz' --out models --scores SCORES.npz [--alone]

Writes authenticate_trees.onnx, authenticate_calibration.toml and the scores; the networks are those that lie in models/
(export_networks.py). Fusion and limits come from photos that neither the judging trees nor the networks have seen.
"""

from __future__ import annotations

import argparse
import glob
import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "pipeline")]

import train_authenticate  # noqa: E402
import train_authenticate_setting  # noqa: E402
from authenticate_data import Data, Rows, Settings, columns, load, load_settings, tidy, weights  # noqa: E402
from authenticate_limits import calibrated, toml  # noqa: E402
from authenticate_trees import boosters, fit_trees, forgotten, judged  # noqa: E402
from export_trees import export_trees  # noqa: E402

EXPLAINED = (
    "edge_width_over_far",
    "ink_flat",
    "noise_over_far",
    "error_level_90_over_far",
    "edge_width_spread",
    "light_clipped",
    "dark_clipped",
    "ground_texture_over_ring",
    "baseline_at_axis",
)
UNSEEN = 0
"""The fold of photos that the networks are not trained on."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, action="append")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True, help="where the scores of the marks are written")
    parser.add_argument("--alone", action="store_true", help="the trees alone, for networks that learn to correct them")
    args = parser.parse_args()
    from verify_media.cues import vector

    paths = [p for pattern in args.data for p in glob.glob(pattern)]
    data = load(paths)
    trained, used = ~data.is_held, columns(vector.NAMES)
    values = tidy(data.values)[:, used]
    values[:, forgotten(values, data, trained)] = 0  # nothing to split on
    trees = judged(boosters(values, data.rows, data.fold, trained), values, data.fold)
    named = {n: data.values[:, i] for i, n in enumerate(vector.NAMES)}
    at = trained & judgeable(data, named) & (args.alone | (data.fold == UNSEEN))
    networks = np.zeros((len(at), 2)) if args.alone else network_scores(data, load_settings(paths), at)
    judges = np.column_stack([trees, networks])
    np.savez(args.scores, trees=trees, pixels=judges[:, 1], setting=judges[:, 2], at=at)
    if args.alone:
        return
    fusion = fused(judges, at, data)
    buckets = calibrated((judges @ fusion)[at], data.digital[at], letter_heights(data)[at], importance(data)[at])
    there = trained & (data.digital == 0)
    typical = {n: np.nanquantile(named[n][there], [0.05, 0.5, 0.95]) for n in EXPLAINED}
    (args.out / "authenticate_calibration.toml").write_text(toml(fusion, buckets, typical))
    # shipped: trees that have seen all folds; each of the judging ones has seen two thirds of the photos
    whole = fit_trees(values[trained], [r for r, t in zip(data.rows, trained, strict=True) if t])
    export_trees(whole, len(used), args.out / "authenticate_trees.onnx")
    print("fusion", fusion)


def judgeable(data: Data, named: dict[str, np.ndarray]) -> np.ndarray:
    """Marks that the product would judge: enough edges, and letters that a reader can read."""
    return (named["edges"] >= 20) & (letter_heights(data) >= 12)


def letter_heights(data: Rows) -> np.ndarray:
    """Pixels, as the reader gives them: the quads have ground around the letters."""
    return np.array([r["letters_px"] for r in data.rows])


def importance(data: Data) -> np.ndarray:
    """Each mark's weight when limits are drawn: tools alike, photographed words before composed ones."""
    weight = weights(data.rows)
    rows = data.rows
    share = {"splice": 0.2, "pil_tiled": 0.5, "pil_crossed": 0.5, "composed": 0.6}
    return weight * np.array([share.get(r["tool"], 1.0) for r in rows])


def network_scores(data: Data, pieces: Settings, at: np.ndarray) -> np.ndarray:
    """N x 2: log odds of digital by the shipped networks, pixels and setting, where `at`; 0 elsewhere."""
    from verify_media.cues import network

    which = np.nonzero(at)[0]
    pixels = _scores(network.session(network.PIXELS), train_authenticate.batch, data, which)
    setting = _scores(network.session(network.SETTING), train_authenticate_setting.batch, pieces, which)
    found = np.zeros((len(at), 2))
    found[which] = np.column_stack([pixels, setting])
    return found


def _scores(session, batch, data: Rows, which: np.ndarray) -> np.ndarray:
    names = [given.name for given in session.get_inputs()]
    parts = []
    for some in np.array_split(which, max(1, len(which) // 32)):
        feeds = {n: np.ascontiguousarray(t.numpy()) for n, t in zip(names, batch(data, some, None), strict=True)}
        parts.append(session.run(None, feeds)[0].reshape(-1))
    return np.concatenate(parts)


def fused(judges: np.ndarray, at: np.ndarray, data: Data) -> np.ndarray:
    """Logistic weights of the scores (N x 3), both classes alike."""
    from sklearn.linear_model import LogisticRegression

    weight = weights([data.rows[i] for i in np.nonzero(at)[0]])
    model = LogisticRegression(C=10.0).fit(judges[at], data.digital[at], sample_weight=weight)
    return model.coef_[0]


if __name__ == "__main__":
    main()
