"""Trains models/overlay_det.onnx on one core: the PP-OCRv4 detector, trained on to see lettering over texture and over
other lettering.

usage: python models/train_overlay_detector.py CORPUS OUT.onnx [--seconds 900] [--half tune] [--start-from FILE.pt]

Lettering is put over pieces of the corpus' photos (compose/lines.py). Around it the network should mark that lettering
alone; elsewhere what it marked before on the photo without it, so that it forgets nothing. Photos that bench/locate.py
holds out are left out. Needs torch, onnx and onnx2torch.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "pipeline")]

from authenticate_setting_net import _plain  # noqa: E402
from export_networks import _halved  # noqa: E402
from models.compose.halves import half_of  # noqa: E402
from models.compose.lines import lesson  # noqa: E402
from train_authenticate import averaged, warm_cycle  # noqa: E402

from verify_media.readers.ocr_detect import Weights, text_map  # noqa: E402

DETECTOR = HERE / "ppocr_v4_det.onnx"
FOLDERS = ("camera", "scene_text", "physical_photos", "logos")
SEED, BATCH, RATE, SIDE, LONGEST = 20261128, 4, 4e-4, 352, 1600
BARE = 0.12
"""Share of pieces without added lettering."""
LETTERED = 0.005
"""Share of a piece that is marked, from which it counts as having lettering of its own."""


@dataclass(frozen=True)
class Piece:
    picture: np.ndarray
    wanted: np.ndarray
    around: np.ndarray


def photos(corpus: Path, half: str, rng: random.Random, most: int = 400) -> list[bytes]:
    """JPEG copies of photos, at most `LONGEST` px; those from a camera come as often as all others together."""
    every = [path for folder in FOLDERS for path in sorted((corpus / folder).rglob("*"))]
    found = [p for p in every if p.suffix.lower() in (".jpg", ".jpeg", ".png") and half_of(p) == half]
    camera = [p for p in found if "camera" in p.parts]
    others = [p for p in found if p not in camera]
    others = rng.sample(others, min(most, len(others)))
    times = max(1, len(others) // max(1, len(camera)))
    copies = {path: copy for path in [*camera, *others] if (copy := _copy(path))}
    return [copies[path] for path in [*camera * times, *others] if path in copies]


def _copy(path: Path) -> bytes | None:
    try:
        picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    except OSError:
        return None
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return bytes(cv2.imencode(".jpg", np.asarray(picture)[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93])[1])


def piece(copies: Sequence[bytes], rng: random.Random) -> Piece:
    """A part of a photo with lettering over it, as the detector may see it."""
    while True:
        ground, known = _ground(copies, rng)
        if rng.random() < BARE:
            return Piece(_saved(ground, rng), known, np.zeros_like(known))
        if made := lesson(ground, rng, _middle(known, rng)):
            wanted = np.where(made.around > 0, made.kernel, known)
            return Piece(_saved(made.picture, rng), wanted, made.around)


def _ground(copies: Sequence[bytes], rng: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """A part of a photo and its lettering as it was marked before: of three parts two have some, if it can be had."""
    tries = rng.choice((1, 6, 6))
    while True:
        photo = cv2.imdecode(np.frombuffer(rng.choice(copies), np.uint8), cv2.IMREAD_COLOR_RGB)
        ground, tries = _part(photo, rng), tries - 1
        known = _known(ground)
        if tries <= 0 or (known > 0.5).mean() > LETTERED:
            return ground, known


def _middle(known: np.ndarray, rng: random.Random) -> np.ndarray:
    """Where to put the lettering: on what is marked already, or in the inner half of the picture."""
    rows, columns = np.nonzero(known > 0.5)
    if len(rows) > LETTERED * known.size and rng.random() < 0.7:
        at = rng.randrange(len(rows))
        return np.array([columns[at], rows[at]], np.float32)
    return np.array([rng.uniform(0.25, 0.75) * SIDE, rng.uniform(0.25, 0.75) * SIDE], np.float32)


def _known(ground: np.ndarray) -> np.ndarray:
    """What the network marked before; its sigmoid comes out a little over 1."""
    return np.clip(text_map(ground, Weights.V4), 0, 1)


def _part(photo: np.ndarray, rng: random.Random) -> np.ndarray:
    scale = max(SIDE / min(photo.shape[:2]), rng.uniform(0.35, 1.0))
    size = [max(SIDE, round(side * scale)) for side in photo.shape[1::-1]]
    photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    top, left = rng.randrange(size[1] - SIDE + 1), rng.randrange(size[0] - SIDE + 1)
    return np.ascontiguousarray(photo[top : top + SIDE, left : left + SIDE])


def _saved(picture: np.ndarray, rng: random.Random) -> np.ndarray:
    if rng.random() < 0.5:
        return picture
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(45, 95)])[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def batch(copies: Sequence[bytes], rng: random.Random) -> list[torch.Tensor]:
    """Pictures as text_map gives them to the network (BGR, -1 to 1), wanted maps, surroundings."""
    pieces = [piece(copies, rng) for _ in range(BATCH)]
    pixels = np.stack([p.picture for p in pieces])[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    return [torch.from_numpy(np.ascontiguousarray(a)) for a in (pixels, *_stacked(pieces))]


def _stacked(pieces: Sequence[Piece]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([p.wanted for p in pieces])[:, None], np.stack([p.around for p in pieces])[:, None]


def loss(seen: torch.Tensor, wanted: torch.Tensor, around: torch.Tensor) -> torch.Tensor:
    """Cross entropy, evened between the kernels, their surroundings and all else; and the Dice loss of the kernels."""
    seen = seen.clamp(1e-5, 1 - 1e-5)
    cost = torch.nn.functional.binary_cross_entropy(seen, wanted, reduction="none")
    kernel = around * (wanted > 0.5)
    parts = [(cost * share).sum() / (share.sum() + 1) for share in (kernel, around - kernel, 1 - around)]
    shared = 2 * (seen * kernel).sum() / ((seen * around).sum() + kernel.sum() + 1)
    return parts[0] + parts[1] + 2 * parts[2] + 1 - shared


def fit(copies: Sequence[bytes], seconds: float, kept: Path, first: Path | None):
    """AdamW with one warm cycle, measured in CPU time; the mean of the weights over the last steps, also in `kept`."""
    import onnx
    from onnx2torch import convert

    torch.manual_seed(SEED)
    rng, net = random.Random(SEED + bool(first)), convert(_plain(onnx.load(DETECTOR)))
    if first:
        net.load_state_dict(torch.load(first))
    net = net.to(memory_format=torch.channels_last).eval()  # its own means and spreads stay
    mean = averaged(net)
    optimiser = torch.optim.AdamW(net.parameters(), weight_decay=1e-3)
    start, costs = time.process_time(), []
    while (share := (time.process_time() - start) / seconds) < 1:
        optimiser.param_groups[0]["lr"] = RATE * warm_cycle(share)
        pixels, wanted, around = batch(copies, rng)
        cost = loss(net(pixels.contiguous(memory_format=torch.channels_last)), wanted, around)
        optimiser.zero_grad()
        cost.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        mean.update_parameters(net)
        costs.append(float(cost))
        if len(costs) % 20 == 0:
            print(f"share {share:.2f} step {len(costs)} loss {np.mean(costs[-20:]):.3f}", flush=True)
            torch.save(mean.module.state_dict(), kept)
    return mean.module.eval()


def export(net, path: Path) -> None:
    """Any number and size of pictures; weights stored as 16-bit floats, widened when the session starts."""
    import onnx

    axes = {"x": {0: "b", 2: "height", 3: "width"}, "map": {0: "b", 2: "height", 3: "width"}}
    torch.onnx.export(
        net, (torch.rand(1, 3, 320, 352),), str(path), input_names=["x"], output_names=["map"], dynamic_axes=axes,
        dynamo=False, opset_version=17,
    )  # fmt: skip
    onnx.save(_halved(onnx.load(path)), path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=900, help="of CPU time")
    parser.add_argument("--half", default="tune")
    parser.add_argument("--start-from", type=Path, help="weights of an earlier round")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    copies = photos(args.corpus, args.half, random.Random(SEED))
    print(len(copies), "photos", flush=True)
    export(fit(copies, args.seconds, args.out.with_suffix(".pt"), args.start_from), args.out)


if __name__ == "__main__":
    main()
