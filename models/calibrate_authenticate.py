# ruff: noqa: PTH207
"""Draws the limits of the shipped judges anew: where quads, readers or file histories have changed, and they have not.

usage: python models/calibrate_authenticate.py --data 'FOLDER/*.npz' --out models/authenticate_calibration.toml

The marks come from models/extract_authenticate.py. Only photos of fold 0 count, which no network has seen. The shipped
trees have seen these photos, if not these marks, so the weights of the three judges stay as they were fused.
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
from authenticate_data import Data, Settings, columns, load, load_settings, tidy  # noqa: E402
from authenticate_limits import calibrated, toml  # noqa: E402
from fuse_authenticate import importance, judgeable, letter_heights  # noqa: E402

PIXELS = ("mark", "near", "far", "context", "wide")
SETTING = ("picture", "inside", "around")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, action="append")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    from dataclasses import astuple

    from sklearn.metrics import roc_auc_score

    from verify_media.cues import vector
    from verify_media.cues.calibration import calibration

    paths = [p for pattern in args.data for p in glob.glob(pattern)]
    data, known = load(paths), calibration()
    fusion = np.array(astuple(known.fusion))
    score = shipped_scores(data, load_settings(paths)) @ fusion
    at = judgeable(data, {n: data.values[:, i] for i, n in enumerate(vector.NAMES)}) & (data.fold == 0)
    print(f"AUC {roc_auc_score(data.digital[at], score[at]):.4f} of {at.sum()} marks")
    buckets = calibrated(score[at], data.digital[at], letter_heights(data)[at], importance(data)[at])
    args.out.write_text(toml(fusion, buckets, known.typical))


def shipped_scores(data: Data, pieces: Settings) -> np.ndarray:
    """N x 3: log odds of digital by trees, pixels and setting."""
    from verify_media.cues import network, vector

    at = np.arange(len(data.rows))
    values = tidy(data.values)[:, columns(vector.NAMES)]
    trees = network.session(network.TREES).run(None, {"values": values})[0].reshape(-1)
    pixels = _scores(network.session(network.PIXELS), PIXELS, train_authenticate.batch, data, at)
    setting = _scores(network.session(network.SETTING), SETTING, train_authenticate_setting.batch, pieces, at)
    return np.column_stack([trees, pixels, setting])


def _scores(session, names: tuple[str, ...], batch, data, at: np.ndarray) -> np.ndarray:
    parts = []
    for some in np.array_split(at, max(1, len(at) // 32)):
        feeds = {n: np.ascontiguousarray(t.numpy()) for n, t in zip(names, batch(data, some, None), strict=True)}
        parts.append(session.run(None, feeds)[0].reshape(-1))
    return np.concatenate(parts)


if __name__ == "__main__":
    main()
