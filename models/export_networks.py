"""Writes trained networks as the files that the product runs: authenticate_pixels.onnx, authenticate_setting.onnx.

usage: python models/export_networks.py NETS OUT     (NETS: net0.pt or setting0.pt, of the training scripts)
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "pipeline")]


def main() -> None:
    folder, out = map(Path, sys.argv[1:])
    if (folder / "net0.pt").exists():
        export_pixels(folder / "net0.pt", out / "authenticate_pixels.onnx")
    if (folder / "setting0.pt").exists():
        export_setting(folder / "setting0.pt", out / "authenticate_setting.onnx")


def export_pixels(weights: Path, path: Path) -> None:
    import torch
    from authenticate_net import Judge

    net = Judge()
    state = torch.load(weights)
    net.load_state_dict({k: v for k, v in state.items() if not k.startswith("measures")})
    windows = [torch.rand(2, k, 4, 48, 48) for k in (6, 5, 6)]
    grounds = torch.rand(2, 4, 64, 192), torch.rand(2, 4, 64, 192)
    written(net, (*windows, *grounds), ["mark", "near", "far", "context", "wide"], path)


def export_setting(weights: Path, path: Path) -> None:
    import torch
    from authenticate_setting_net import SettingJudge, detector_layers
    from train_authenticate_setting import DETECTOR

    net = SettingJudge(detector_layers(DETECTOR))
    net.load_state_dict(torch.load(weights))
    example = torch.rand(2, 3, 128, 256), torch.rand(2, 1, 128, 256), torch.rand(2, 1, 128, 256)
    written(net, example, ["picture", "inside", "around"], path)


def export_perceptrons(net, columns: int, path: Path) -> None:
    """Input "values" B x columns float32."""
    import torch

    written(net, (torch.rand(2, columns),), ["values"], path)


def written(net, example: tuple, names: list[str], path: Path) -> None:
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
    """Large float32 weights as float16 with a Cast behind each; ONNX Runtime folds the casts away. Quantiles stay: they
    lie closer together than that."""
    from onnx import TensorProto, helper, numpy_helper

    for tensor in list(model.graph.initializer):
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) > 500 and "knots" not in tensor.name:
            small = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + "_half")
            cast = helper.make_node("Cast", [small.name], [tensor.name], to=TensorProto.FLOAT)
            model.graph.initializer.remove(tensor)
            model.graph.initializer.append(small)
            model.graph.node.insert(0, cast)
    return model


if __name__ == "__main__":
    main()
