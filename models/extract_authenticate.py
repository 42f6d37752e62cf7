"""Measures composed pictures with the product's own code, for models/train_authenticate.py.

usage: python models/extract_authenticate.py SET OUT.npz [--part FIRST STEP]     (SET: a folder written by models/compose/build.py)

Quads of both classes are those that the product's reader gives for the mark, or for a part of its line, in the largest of
the files of a picture, and have the ground around them that the product adds; what is not found is left out. Writes
OUT.npz and OUT.json, a row a sighting.
"""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import json
import random
import sys
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "pipeline")]

from authenticate_data import MARGIN  # noqa: E402
from compose.as_read import as_read  # noqa: E402

from verify_media.cues import setting, vector, windows  # noqa: E402
from verify_media.records import Sighting  # noqa: E402
from verify_media.stages.authenticate import with_ground  # noqa: E402

MOST_PHYSICAL = 8
"""Words of a photo that are taken from one picture, so that a page of text does not outweigh ten signs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--part", type=int, nargs=2, default=(0, 1), help="pictures FIRST, FIRST + STEP, ...")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    table: dict[str, list] = {name: [] for name in ("X", "M", "MI", "N", "NI", "F", "C", "W", "Q", "S", "SQ", "fidx")}
    found: list[dict] = []
    rows = map(json.loads, (args.set / "rows.jsonl").read_text().splitlines())
    pictures = [list(files) for _, files in groupby(rows, key=lambda row: row["file"].rsplit("_", 1)[0])]
    for files in pictures[args.part[0] :: args.part[1]]:
        _picture(args.set, files, table, found)
    arrays = {name: np.array(table.pop(name)) for name in list(table)}  # one copy in memory, not two
    arrays["MI"], arrays["NI"] = np.packbits(arrays["MI"], axis=-1), np.packbits(arrays["NI"], axis=-1)
    np.savez(args.out, **arrays)
    args.out.with_suffix(".json").write_text(json.dumps(found))
    print(len(found), "sightings", sum(f["y"] for f in found), "digital")


def _picture(folder: Path, files: list[dict], table: dict, found: list[dict]) -> None:
    """`files`: the rows of one picture, saved in several ways."""
    rng = random.Random(files[0]["file"])
    images = [_opened(folder, row) for row in files]
    largest, image = max(
        zip(files, images, strict=True), key=lambda pair: _scale(pair[0]["marks"], files[0]["marks"])[0]
    )
    seen = as_read(image, largest["marks"], rng)
    there = [i for i, mark in enumerate(largest["marks"]) if not mark["digital"]]
    rng.shuffle(there)
    at = [i for i, m in enumerate(largest["marks"]) if m["digital"]] + there[:MOST_PHYSICAL]
    for row, image in zip(files, images, strict=True):
        scale, offset = _scale(row["marks"], largest["marks"])
        moved = {i: _moved(seen[i], scale, offset) for i in at if seen[i] is not None}
        _file(row, image, moved, table, found)


def _scale(marks: list[dict], of: list[dict]) -> tuple[float, np.ndarray]:
    """Scale and offset (x, y) from the quads `of` one file to those of another file of the same picture."""
    new, old = (np.concatenate([m["quad"] for m in some]) for some in (marks, of))
    scale = float(np.linalg.norm(new - new.mean(0)) / max(np.linalg.norm(old - old.mean(0)), 1e-6))
    return scale, new.mean(0) - scale * old.mean(0)


def _moved(sighting: Sighting, scale: float, offset: np.ndarray) -> Sighting:
    quad = _tuple(np.array(sighting.quad) * scale + offset)
    return replace(sighting, quad=quad, letter_height_px=sighting.letter_height_px * scale)


def _opened(folder: Path, row: dict) -> np.ndarray:
    return np.asarray(Image.open(folder / "pictures" / row["file"]).convert("RGB"))


def _file(row: dict, image: np.ndarray, sightings: dict[int, Sighting], table: dict, found: list[dict]) -> None:
    drawn = [_tuple(np.array(q)) for q in (*(m["quad"] for m in row["marks"]), *row.get("others", []))]
    around = vector.surroundings(image, drawn)
    far_at = None
    for i, sighting in sightings.items():
        mark, height = row["marks"][i], sighting.letter_height_px
        if height < 11:
            continue
        quad = with_ground(sighting, image.shape)
        seen = vector.measured(around, quad)
        if not len(seen.mark.pixels) or (seen.mark_edges < 8 and not mark["digital"]):
            continue
        if far_at is None:
            far_at = len(table["F"])
            table["F"].append(_filled(seen.far, vector.AWAY)[0])
        for name, value in zip(("M", "MI"), _filled(seen.mark, vector.ON_MARK), strict=True):
            table[name].append(value)
        for name, value in zip(("N", "NI"), _filled(seen.near, vector.AROUND), strict=True):
            table[name].append(value)
        table["X"].append(seen.values)
        table["C"].append(seen.context)
        table["W"].append(seen.wide)
        table["Q"].append(quad)
        for name, value in zip(("S", "SQ"), setting.cut(image, quad, MARGIN), strict=True):
            table[name].append(value)
        table["fidx"].append(far_at)
        found.append({k: row[k] for k in ("file", "photo", "source", "fold", "post", "synthetic")} | {"y": int(mark["digital"]), "tool": mark["tool"], "text": mark["text"], "quad": np.round(quad, 1).tolist(), "letters_px": height})  # fmt: skip


def _filled(view: windows.View, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` windows and masks; those that are not there are all 0."""
    side = windows.SIDE
    pixels, inside = np.zeros((count, side, side, 3), np.uint8), np.zeros((count, side, side), bool)
    number = min(count, len(view.pixels))
    pixels[:number], inside[:number] = view.pixels[:number], view.inside[:number]
    return pixels, inside


def _tuple(quad: np.ndarray):
    return tuple(tuple(float(v) for v in p) for p in quad)


if __name__ == "__main__":
    main()
