"""Measures composed pictures with the product's own code, for models/train_authenticate.py.

usage: python models/extract_authenticate.py SET OUT.npz [--rows FROM TO]     (SET: a folder written by models/compose/build.py)

Quads of both classes are those that the reader gives for the mark, or for a part of its line, and have the ground around
them that the product adds; what cannot be read is left out. Writes OUT.npz and OUT.json, a row a sighting.
"""

# ruff: noqa: E501
from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "pipeline")]

from authenticate_data import MARGIN  # noqa: E402
from compose.as_read import as_read  # noqa: E402

from verify_media.cues import setting, vector, windows  # noqa: E402
from verify_media.readers.placing import Place  # noqa: E402
from verify_media.readers.strips import Pyramid  # noqa: E402
from verify_media.records import Reader, Sighting  # noqa: E402
from verify_media.stages.authenticate import with_ground  # noqa: E402

MOST_PHYSICAL = 8
"""Words of a photo that are taken from one picture, so that a page of text does not outweigh ten signs."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, nargs=2, default=(0, 10**9))
    args = parser.parse_args()
    cv2.setNumThreads(1)
    table: dict[str, list] = {name: [] for name in ("X", "M", "MI", "N", "NI", "F", "C", "W", "Q", "S", "SQ", "fidx")}
    found: list[dict] = []
    lines = (args.set / "rows.jsonl").read_text().splitlines()[slice(*args.rows)]
    for row in map(json.loads, lines):
        if (args.set / "pictures" / row["file"]).exists():
            _picture(args.set, row, table, found)
    arrays = {k: np.array(v) for k, v in table.items()}
    arrays["MI"], arrays["NI"] = np.packbits(arrays["MI"], axis=-1), np.packbits(arrays["NI"], axis=-1)
    np.savez(args.out, **arrays)
    args.out.with_suffix(".json").write_text(json.dumps(found))
    print(len(found), "sightings", sum(f["y"] for f in found), "digital")


def _picture(folder: Path, row: dict, table: dict, found: list[dict]) -> None:
    rng = random.Random(row["file"])
    image = np.asarray(Image.open(folder / "pictures" / row["file"]).convert("RGB"))
    quads = [np.array(m["quad"]) for m in row["marks"]]
    pyramid = Pyramid(image)
    around = vector.surroundings(image, [_tuple(q) for q in (*quads, *map(np.array, row.get("others", [])))])
    there = [i for i, m in enumerate(row["marks"]) if not m["digital"]]
    rng.shuffle(there)
    far_at = None
    for i in [i for i, m in enumerate(row["marks"]) if m["digital"]] + there[:MOST_PHYSICAL]:
        mark = row["marks"][i]
        place = _read(pyramid, mark, quads[i], rng, is_drawn=mark["digital"] or row["synthetic"])
        if place is None or place.letter_height_px < 11:
            continue
        quad = with_ground(_sighting(mark["text"], place), image.shape)
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
        found.append({k: row[k] for k in ("file", "photo", "source", "fold", "post", "synthetic")} | {"y": int(mark["digital"]), "tool": mark["tool"], "text": mark["text"], "quad": np.round(quad, 1).tolist(), "letters_px": place.letter_height_px})  # fmt: skip


def _read(pyramid: Pyramid, mark: dict, quad: np.ndarray, rng: random.Random, *, is_drawn: bool) -> Place | None:
    """Now and then some words of a line only, as a name stands in a line. `is_drawn`: the quad has no ground yet."""
    words = mark["text"].split()
    if len(words) > 2 and rng.random() < 0.4:
        first = rng.randrange(len(words) - 1)
        words = words[first : first + rng.randint(1, len(words) - 1)]
    return as_read(pyramid, quad, " ".join(words), rng.uniform(0.1, 0.3) if is_drawn else 0.0)


def _sighting(text: str, place: Place) -> Sighting:
    return Sighting(text, Reader.TEXT, place.quad, 1.0, letter_height_px=place.letter_height_px)


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
