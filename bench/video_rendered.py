"""Verdicts by motion on rendered clips (blender_clips.py): their own mark, and overlays put on top of them.

python bench/video_rendered.py FOLDER [--crf N...]

Each cell: log-odds of digital against physical, one for each CRF; 3 and more says digital, -3 and less physical.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

for folder in ("pipeline", "fixtures"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
import video_clips
from studio.phone import Exposure, develop, meter
from verify_media.records import Quad
from verify_media.stages.follow import traced
from video_clips import faded, label, laid, slide

OVERLAYS = ("overlay", "see-through", "banner", "slide", "fade")
KINDS = ("own mark", *OVERLAYS)
SURE = 3.0


def developed(light: np.ndarray, seed: int) -> list[np.ndarray]:
    """RGB uint8 as a phone with a fixed exposure shows them; that of the brightest frame."""
    brightest = max(light, key=lambda frame: float(frame.mean())).astype(np.float32)
    exposure: Exposure = meter(brightest)
    size = (light.shape[2], light.shape[1])
    return [
        develop(frame.astype(np.float32), size, seed=seed + number, exposure=exposure)
        for number, frame in enumerate(light)
    ]


def overlaid(frames: list[np.ndarray], kind: str, rng: np.random.Generator) -> tuple[list[np.ndarray], Quad]:
    count, height = len(frames), frames[0].shape[0]
    moves = slide(rng, count) if kind == "slide" else np.zeros((count, 2))
    shown = faded(rng, count) if kind == "fade" else np.ones(count)
    over = cv2.copyMakeBorder(frames[0], 0, 480 - height, 0, 0, cv2.BORDER_REFLECT)
    for _ in range(50):
        layer, quad = label("Willow & Thread", rng, kind, over)
        first = quad + moves[0]
        if first.min() > 4 and first[:, 0].max() < 636 and first[:, 1].max() < height - 4:
            break
    put = [laid(f, layer * (1, 1, 1, share), at) for f, at, share in zip(frames, moves, shown, strict=True)]
    return put, tuple((float(x), float(y)) for x, y in first)  # type: ignore[return-value]


def odds(frames: list[np.ndarray], quad: Quad, crfs: Sequence[int]) -> list[float]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        for crf in crfs:
            video_clips.write(frames, target, crf)
            (trace,) = traced(video_clips.read_grey(target), [quad])
            found.append(trace.log_odds)
    return found


def measured(path: Path, crfs: Sequence[int]) -> Iterator[tuple[str, list[float]]]:
    truth = json.loads(path.with_suffix(".json").read_text())
    frames = developed(np.load(path)["frames"], truth["shot"]["seed"])
    for mark in truth["marks"]:
        if mark["role"] == "name":
            yield "own mark", odds(frames, tuple(tuple(corner) for corner in mark["quad"]), crfs)
    for place, kind in enumerate(OVERLAYS):
        rng = np.random.default_rng([truth["shot"]["seed"], place])
        yield kind, odds(*overlaid(frames, kind, rng), crfs)


def row(name: str, found: dict[str, list[float]]) -> str:
    cells = (" ".join(f"{o:.1f}" for o in found[kind]) if kind in found else "–" for kind in KINDS)
    return f"| {name} | {' | '.join(cells)} |"


def counts(clips: Sequence[dict[str, list[float]]]) -> str:
    """Digital / physical / unsure of every kind."""
    rows = []
    for kind in KINDS:
        every = [o for found in clips for o in found.get(kind, ())]
        digital, physical = sum(o >= SURE for o in every), sum(o <= -SURE for o in every)
        rows.append(f"{kind}: {digital} digital, {physical} physical, {len(every) - digital - physical} unsure")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--crf", type=int, nargs="+", default=[18, 26, 34])
    options = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"| clip | {' | '.join(KINDS)} |\n|---|{'---|' * len(KINDS)}")
    clips = []
    for path in sorted(options.folder.glob("*.npz")):
        if not path.stem.endswith(".part"):
            clips.append(dict(measured(path, options.crf)))
            print(row(path.stem, clips[-1]), flush=True)
    print(counts(clips))


if __name__ == "__main__":
    main()
