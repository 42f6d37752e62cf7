"""The lettering of the photos themselves, found by OCR: a JSON line a photo, for models/compose/build.py.

usage: python -m models.compose.read_photos CORPUS OUT.jsonl

A line: image, words: [[quad, text, confidence]], quads in pixels of the upright picture. Goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from rapidocr import RapidOCR

TABLES = {"scene_text.csv": "image", "logos.csv": "scene", "camera.csv": "image", "physical_photos.csv": "image"}
LONGEST_PX = 2000
ONE_CORE = {f"EngineConfig.onnxruntime.{name}_op_num_threads": 1 for name in ("intra", "inter")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    args = parser.parse_args()
    known = {json.loads(line)["image"] for line in args.out.read_text().splitlines()} if args.out.exists() else set()
    engine = RapidOCR(params=ONE_CORE)
    with args.out.open("a") as out:
        for name in _photos(args.corpus):
            if name not in known and (image := _opened(args.corpus / name)):
                out.write(json.dumps({"image": name, "words": _words(engine, image)}) + "\n")
                out.flush()


def _photos(corpus: Path) -> Iterator[str]:
    names = {}
    for table, column in TABLES.items():
        with (corpus / table).open(newline="") as lines:
            names |= {row[column]: None for row in csv.DictReader(lines)}
    yield from names


def _opened(path: Path) -> Image.Image | None:
    """None for what Pillow alone does not read: such photos are not composed on."""
    try:
        return ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    except OSError:
        print("left out:", path.name)
        return None


def _words(engine: RapidOCR, image: Image.Image) -> list:
    shrink = max(1.0, max(image.size) / LONGEST_PX)
    small = image.resize((round(image.width / shrink), round(image.height / shrink)))
    found = engine(np.asarray(small)[:, :, ::-1])
    if found.boxes is None:
        return []
    quads = [(np.array(box) * shrink).round(1).tolist() for box in found.boxes]
    return [[quad, text, float(score)] for quad, text, score in zip(quads, found.txts, found.scores, strict=True)]


if __name__ == "__main__":
    main()
