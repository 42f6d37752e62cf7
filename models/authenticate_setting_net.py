"""The network that judges a mark in its setting: the text detector's own layers, and a small head on what they see on
the mark, around it and in the whole piece.

The detector (PP-OCRv4 mobile, Apache-2.0) has seen hundreds of thousands of photographed words; from the few hundred
photos here no network learns what signs, labels and cloth look like.
"""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn

MAPS = ("p2o.Add.43", "p2o.Concat.1", "p2o.Add.71", "p2o.Add.147", "p2o.Add.215")
"""Outputs of the detector's stages at 1/4 of the size, the joined neck at 1/4, and stages at 1/8, 1/16 and 1/32."""
CHANNELS, STEPS = (48, 96, 96, 192, 384), (4, 4, 8, 16, 32)
SPREADS, WHOLES = 2, 2
"""The spread is taken on the first two maps, the mean of the whole piece on the last two."""


def detector_layers(path: Path) -> nn.Module:
    """The detector down to MAPS, as a module that can be trained on."""
    from onnx2torch import convert

    model = _plain(onnx.load(path))
    return convert(onnx.utils.Extractor(onnx.shape_inference.infer_shapes(model)).extract_model(["x"], list(MAPS)))


def _plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Constants as initialisers, identities away."""
    kept, renamed = [], {}
    for node in model.graph.node:
        if node.op_type == "Constant":
            value = numpy_helper.to_array(node.attribute[0].t)
            model.graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
        elif node.op_type == "Identity":
            renamed[node.output[0]] = renamed.get(node.input[0], node.input[0])
        else:
            kept.append(node)
    for node in kept:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
    del model.graph.node[:]
    model.graph.node.extend(kept)
    return model


class SettingJudge(nn.Module):
    def __init__(self, layers: nn.Module, size: int = 96) -> None:
        super().__init__()
        self.body = layers
        seen = 2 * sum(CHANNELS) + 2 * sum(CHANNELS[:SPREADS]) + sum(CHANNELS[-WHOLES:])
        self.norm = nn.BatchNorm1d(seen, affine=False)
        self.head = nn.Sequential(
            nn.Dropout(0.3), nn.Linear(seen, size), nn.ReLU(), nn.Dropout(0.3), nn.Linear(size, 1)
        )
        for name, values in (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225))):
            self.register_buffer(name, torch.tensor(values).view(1, 3, 1, 1))

    def seen(self, picture, inside, around):
        """B x 3 x 128 x 256 (0 to 255) and two B x 1 x 128 x 256 masks -> B x 2496."""
        found = []
        for i, maps in enumerate(self.body((picture / 255 - self.mean) / self.std)):
            own, band = (_share(nn.functional.avg_pool2d(mask, STEPS[i])) for mask in (inside, around))
            means = [(maps * part).sum((2, 3)) for part in (own, band)]
            found += means
            if i < SPREADS:
                found += [_spread(maps, part, mean) for part, mean in zip((own, band), means, strict=True)]
            if i >= len(STEPS) - WHOLES:
                found.append(maps.mean((2, 3)))
        return torch.cat(found, 1)

    def forward(self, picture, inside, around):
        return self.head(self.norm(self.seen(picture, inside, around)))[:, 0]


def _share(mask):
    return mask / mask.sum((2, 3), keepdim=True).clamp(min=1e-3)


def _spread(maps, part, mean):
    return (((maps - mean[:, :, None, None]) ** 2 * part).sum((2, 3)) + 1e-4).sqrt()
