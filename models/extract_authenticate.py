"""Measures composed pictures with the product's own code, for models/train_authenticate.py.

usage: python models/extract_authenticate.py SET OUT.npz [--rows FROM TO]     (SET: a folder written by models/compose/build.py)

Quads are disturbed as readers disturb them: padded, shifted, a part of the line. Writes OUT.npz and OUT.json, a row a sighting.
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

from verify_media.cues import setting, vector, windows  # noqa: E402

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
    around = vector.surroundings(image, [_tuple(q) for q in (*quads, *map(np.array, row.get("others", [])))])
    there = [i for i, m in enumerate(row["marks"]) if not m["digital"]]
    rng.shuffle(there)
    far_at = None
    for i in [i for i, m in enumerate(row["marks"]) if m["digital"]] + there[:MOST_PHYSICAL]:
        mark = row["marks"][i]
        quad = _disturbed(quads[i], rng, image.shape, tight=mark["digital"] or row["synthetic"])
        if quad is None:
            continue
        seen = vector.measured(around, _tuple(quad))
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
        for name, value in zip(("S", "SQ"), setting.cut(image, _tuple(quad), MARGIN), strict=True):
            table[name].append(value)
        table["fidx"].append(far_at)
        found.append({k: row[k] for k in ("file", "photo", "source", "fold", "post", "synthetic")} | {"y": int(mark["digital"]), "tool": mark["tool"], "text": mark["text"], "quad": quad.round(1).tolist()})  # fmt: skip


def _disturbed(quad: np.ndarray, rng: random.Random, shape: tuple[int, ...], *, tight: bool) -> np.ndarray | None:
    """None for letters under 11 px. `tight`: a drawn box without the padding that OCR's boxes already have."""
    tl, tr, br, bl = quad
    height, width = windows.letter_height(_tuple(quad)), (np.hypot(*(tr - tl)) + np.hypot(*(br - bl))) / 2
    if height < 11:
        return None
    if width / height > 3.5 and rng.random() < 0.4:
        a, b = rng.uniform(0, 0.4), rng.uniform(0.6, 1)
        quad = np.array([tl + (tr - tl) * a, tl + (tr - tl) * b, bl + (br - bl) * b, bl + (br - bl) * a])
    if tight:
        down = ((quad[3] - quad[0]) + (quad[2] - quad[1])) / 2
        across = (quad[1] - quad[0] + quad[2] - quad[3]) / 2
        across = across / max(1, np.hypot(*across)) * np.hypot(*down)
        quad = quad + np.array([-down - across, -down + across, down + across, down - across]) * rng.uniform(0, 0.16)
    quad = quad + np.array([[rng.gauss(0, 0.03 * height), rng.gauss(0, 0.03 * height)] for _ in range(4)])
    return np.clip(quad, 0, [shape[1] - 1, shape[0] - 1])


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
