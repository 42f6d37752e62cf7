# ruff: noqa: PTH207
"""Last step of the training: trees, fusion with the networks, calibration, and the files that the product ships.

usage: python models/fuse_authenticate.py --data 'FOLDER/*.npz' --nets FOLDER --out models

Writes authenticate_trees.onnx, authenticate_pixels.onnx, authenticate_setting.onnx, authenticate_calibration.toml, and
scores.npz beside the nets. Before there are any nets it writes the trees alone, which the nets then learn to correct.
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
from authenticate_data import Data, Rows, columns, load, load_settings, tidy, weights  # noqa: E402
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, action="append")
    parser.add_argument("--nets", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    from verify_media.cues import vector

    paths = [p for pattern in args.data for p in glob.glob(pattern)]
    data = load(paths)
    trained, used = ~data.is_held, columns(vector.NAMES)
    values = tidy(data.values)[:, used]
    values[:, forgotten(values, data, trained)] = 0  # nothing to split on
    found = boosters(values, data.rows, data.fold, trained)
    trees = judged(found, values, data.fold)
    nets, settings = networks(args.nets), setting_networks(args.nets)
    pixels, has_net = unseen_scores(nets, data, train_authenticate.scores)
    pieces = load_settings(paths) if settings else data
    setting, _ = unseen_scores(settings, pieces, train_authenticate_setting.scores)
    judges = np.column_stack([trees, pixels, setting])
    fusion = fused(judges, has_net & trained, data) if nets else np.array([1.0, 0.0, 0.0])
    score = judges @ fusion
    named = {n: data.values[:, i] for i, n in enumerate(vector.NAMES)}
    fair = trained & has_net if nets else trained
    at = fair & judgeable(data, named)
    buckets = calibrated(score[at], data.digital[at], letter_heights(data)[at], importance(data)[at])
    there = trained & (data.digital == 0)
    typical = {n: np.nanquantile(named[n][there], [0.05, 0.5, 0.95]) for n in EXPLAINED}
    args.out.mkdir(exist_ok=True)
    (args.out / "authenticate_calibration.toml").write_text(toml(fusion, buckets, typical))
    # shipped: trees that have seen all folds; each of the judging ones has seen two thirds of the photos
    whole = fit_trees(values[trained], [r for r, t in zip(data.rows, trained, strict=True) if t])
    export_trees(whole, len(used), args.out / "authenticate_trees.onnx")
    if nets:
        export_nets([n for _, n in nets], args.out / "authenticate_pixels.onnx")
    if settings:
        export_setting(settings[0][1], args.out / "authenticate_setting.onnx")
    np.savez(args.nets / "scores.npz", trees=trees, pixels=pixels, setting=setting, fused=score, fair=fair, at=at)
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


def networks(folder: Path) -> list:
    import torch
    from authenticate_net import Judge

    torch.set_num_threads(1)
    found = []
    for path in sorted(folder.glob("net?.pt")):
        net = Judge()
        state = torch.load(path)
        net.load_state_dict({k: v for k, v in state.items() if not k.startswith("measures")})
        found.append((int(path.stem[3]), net.eval()))
    return found


def setting_networks(folder: Path) -> list:
    import torch
    from authenticate_setting_net import SettingJudge, detector_layers
    from train_authenticate_setting import DETECTOR

    found = []
    for path in sorted(folder.glob("setting?.pt")):
        net = SettingJudge(detector_layers(DETECTOR))
        net.load_state_dict(torch.load(path))
        found.append((int(path.stem[-1]), net.eval()))
    return found


def unseen_scores(nets: list, data: Rows, scores) -> tuple[np.ndarray, np.ndarray]:
    """Scores by networks that have not seen the photo, and where there are any."""
    total, count = np.zeros(len(data.rows)), np.zeros(len(data.rows))
    for k, net in nets:
        at = np.nonzero((data.fold == k) | (data.fold < 0))[0]
        total[at] += scores(net, data, at)
        count[at] += 1
    return total / np.maximum(count, 1), count > 0


def fused(judges: np.ndarray, at: np.ndarray, data: Data) -> np.ndarray:
    """Logistic weights of the scores (N x 3), both classes alike."""
    from sklearn.linear_model import LogisticRegression

    weight = weights([data.rows[i] for i in np.nonzero(at)[0]])
    model = LogisticRegression(C=10.0).fit(judges[at], data.digital[at], sample_weight=weight)
    return model.coef_[0]


def export_nets(nets: list, path: Path) -> None:
    """One graph: the mean of the nets."""
    import torch

    class Mean(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.nets = torch.nn.ModuleList(nets)

        def forward(self, mark, near, far, context, wide):
            return torch.stack([n(mark, near, far, context, wide) for n in self.nets]).mean(0)

    windows = [torch.rand(2, k, 4, 48, 48) for k in (6, 5, 6)]
    grounds = torch.rand(2, 4, 64, 192), torch.rand(2, 4, 64, 192)
    _export(Mean(), (*windows, *grounds), ["mark", "near", "far", "context", "wide"], path)


def export_setting(net, path: Path) -> None:
    import torch

    example = torch.rand(2, 3, 128, 256), torch.rand(2, 1, 128, 256), torch.rand(2, 1, 128, 256)
    _export(net, example, ["picture", "inside", "around"], path)


def _export(net, example: tuple, names: list[str], path: Path) -> None:
    """Fixed sizes but for the number of sightings; weights stored as 16-bit floats, widened when the session starts."""
    import onnx
    import torch

    torch.onnx.export(
        net.eval(),
        example,
        str(path),
        input_names=names,
        output_names=["logit"],
        dynamic_axes={n: {0: "b"} for n in (*names, "logit")},
        dynamo=False,
        opset_version=17,
    )
    onnx.save(_halved(onnx.load(path)), path)


def _halved(model):
    """Large float32 weights as float16 with a Cast behind each; ONNX Runtime folds the casts away."""
    from onnx import TensorProto, helper, numpy_helper

    for tensor in list(model.graph.initializer):
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) > 500:
            small = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + "_half")
            cast = helper.make_node("Cast", [small.name], [tensor.name], to=TensorProto.FLOAT)
            model.graph.initializer.remove(tensor)
            model.graph.initializer.append(small)
            model.graph.node.insert(0, cast)
    return model


if __name__ == "__main__":
    main()
