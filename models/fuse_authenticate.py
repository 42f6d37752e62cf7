# ruff: noqa: PTH207
"""Last step of the training: trees, fusion with the networks, calibration.

usage: python models/fuse_authenticate.py --data 'FOLDER/*.npz' --out models --scores SCORES.npz [--alone]

Writes authenticate_trees.onnx, authenticate_perceptron.onnx, authenticate_calibration.toml and the scores; the networks
that see pixels are those that lie in models/ (export_networks.py). Fusion and limits come from photos that neither the
judges of measurements nor the networks have seen.
"""

from __future__ import annotations

import argparse
import glob
import sys
from functools import partial
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "pipeline")]

import train_authenticate  # noqa: E402
import train_authenticate_setting  # noqa: E402
from authenticate_data import Rows, columns, load, load_settings, load_values, tidy, weights  # noqa: E402
from authenticate_limits import calibrated, toml  # noqa: E402
from authenticate_perceptron import fit_perceptrons  # noqa: E402
from authenticate_trees import Judge, by_fold, fit_trees, forgotten, judged, tree_scores  # noqa: E402
from export_networks import export_perceptrons  # noqa: E402
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
JUDGES = ("trees", "perceptron", "pixels", "setting")
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

    paths = sorted(p for pattern in args.data for p in glob.glob(pattern))
    data, measurements = load_values(paths)
    trained, used = ~data.is_held, columns(vector.NAMES)
    values = tidy(measurements)[:, used]
    unseen = forgotten(values, data, trained)
    named = {n: measurements[:, i] for i, n in enumerate(vector.NAMES)}
    at = trained & judgeable(data, named) & (args.alone | (data.fold == UNSEEN))
    networks = np.zeros((len(at), 2)) if args.alone else network_scores(paths, at)
    judges = np.column_stack([*measured_scores(values, unseen, data, trained), networks])
    np.savez(args.scores, at=at, **dict(zip(JUDGES, judges.T, strict=True)))
    if args.alone:
        return
    fusion = fused(judges, at, data)
    buckets = calibrated((judges @ fusion)[at], data.digital[at], letter_heights(data)[at], importance(data)[at])
    there = trained & (data.digital == 0)
    typical = {n: np.nanquantile(named[n][there], [0.05, 0.5, 0.95]) for n in EXPLAINED}
    weight = dict(zip(JUDGES, fusion, strict=True))
    (args.out / "authenticate_calibration.toml").write_text(toml(weight, buckets, typical))
    export_whole(values[trained], [r for r, t in zip(data.rows, trained, strict=True) if t], unseen, args.out)
    print("fusion", weight)


def measured_scores(values: np.ndarray, unseen: np.ndarray, data: Rows, trained: np.ndarray) -> list[np.ndarray]:
    """Trees and perceptron: log odds of every mark by judges that have not seen its photo."""
    values = without(unseen, values)

    def trees(values: np.ndarray, rows: list[dict]) -> Judge:
        return partial(tree_scores, fit_trees(values, rows))

    def perceptrons(values: np.ndarray, rows: list[dict]) -> Judge:
        return fit_perceptrons(values, rows, unseen).scores

    return [
        judged(by_fold(fit, values, data.rows, data.fold, trained), values, data.fold) for fit in (trees, perceptrons)
    ]


def without(unseen: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Nothing to split on there."""
    values = values.copy()
    values[:, unseen] = 0
    return values


def export_whole(values: np.ndarray, rows: list[dict], unseen: np.ndarray, out: Path) -> None:
    """What is shipped has seen all folds; each of those that the calibration comes from, two thirds of the photos."""
    export_trees(fit_trees(without(unseen, values), rows), values.shape[1], out / "authenticate_trees.onnx")
    export_perceptrons(fit_perceptrons(values, rows, unseen), values.shape[1], out / "authenticate_perceptron.onnx")


def judgeable(data: Rows, named: dict[str, np.ndarray]) -> np.ndarray:
    """Marks that the product would judge: enough edges, and letters that a reader can read."""
    return (named["edges"] >= 20) & (letter_heights(data) >= 12)


def letter_heights(data: Rows) -> np.ndarray:
    """Pixels, as the reader gives them: the quads have ground around the letters."""
    return np.array([r["letters_px"] for r in data.rows])


def importance(data: Rows) -> np.ndarray:
    """Each mark's weight when limits are drawn: tools alike, photographed words before composed ones."""
    weight = weights(data.rows)
    rows = data.rows
    share = {"splice": 0.2, "pil_tiled": 0.5, "pil_crossed": 0.5, "composed": 0.6}
    return weight * np.array([share.get(r["tool"], 1.0) for r in rows])


def network_scores(paths: list[str], at: np.ndarray) -> np.ndarray:
    """N x 2: log odds of digital by the shipped networks, pixels and setting, where `at`; 0 elsewhere.
    One file after the other: all pixels of all marks do not fit in memory."""
    from verify_media.cues import network

    found, begin = np.zeros((len(at), 2)), 0
    for path in paths:
        data = load([path])
        which = np.nonzero(at[begin : begin + len(data.rows)])[0]
        pixels = _scores(network.session(network.PIXELS), train_authenticate.batch, data, which)
        pieces = load_settings([path])
        setting = _scores(network.session(network.SETTING), train_authenticate_setting.batch, pieces, which)
        found[begin + which] = np.column_stack([pixels, setting])
        begin += len(data.rows)
    return found


def _scores(session, batch, data: Rows, which: np.ndarray) -> np.ndarray:
    names = [given.name for given in session.get_inputs()]
    parts = []
    for some in np.array_split(which, max(1, len(which) // 32)):
        feeds = {n: np.ascontiguousarray(t.numpy()) for n, t in zip(names, batch(data, some, None), strict=True)}
        parts.append(session.run(None, feeds)[0].reshape(-1))
    return np.concatenate(parts)


def fused(judges: np.ndarray, at: np.ndarray, data: Rows) -> np.ndarray:
    """Logistic weights of the scores (N x judges), both classes alike."""
    from sklearn.linear_model import LogisticRegression

    weight = weights([data.rows[i] for i in np.nonzero(at)[0]])
    model = LogisticRegression(C=10.0).fit(judges[at], data.digital[at], sample_weight=weight)
    return model.coef_[0]


if __name__ == "__main__":
    main()
