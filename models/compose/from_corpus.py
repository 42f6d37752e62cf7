# ruff: noqa: E501
"""A set for bench/authenticate.py from the corpus folder alone: its words with known places, and overlays on its photos.

Each photo of scene_text.csv gets one overlay off its words (styles drawn with PIL and OpenCV, and composites in
perspective) and goes one way through the world: the same history for both kinds of marks.
"""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import cv2
import numpy as np
from models.compose import badges, flat, history, perspective, tools
from models.compose.grounds import inside
from PIL import Image, ImageOps

TOOLS = {
    **flat.STYLES,
    **badges.STYLES,
    "opencv": tools.opencv,
    "persp_card": perspective.persp_card,
    "harm_card": perspective.harm_card,
    "harm_ink": perspective.harm_ink,
    "cloth": perspective.cloth,
    "cloned": perspective.cloned,
}
WORDS = ["Willow & Thread", "Oak Pottery", "Luna Soap", "www.fernknits.com", "Ember Forge", "Made by Ines"]


def compose(corpus: Path, out: Path, count: int = 150, seed: int = 9) -> None:
    """Writes OUT/pictures and OUT/rows.jsonl."""
    (out / "pictures").mkdir(parents=True, exist_ok=True)
    photos, rng = _photos(corpus), random.Random(seed)
    with (out / "rows.jsonl").open("w") as rows:
        for index, name in enumerate(rng.sample(sorted(photos), min(count, len(photos)))):
            row = _composed(corpus / name, photos[name], index, rng, out)
            rows.write(json.dumps(row) + "\n")


def _photos(corpus: Path) -> dict[str, list[tuple[np.ndarray, str]]]:
    """Words with a place, by photo."""
    found: dict[str, list[tuple[np.ndarray, str]]] = {}
    with (corpus / "scene_text.csv").open(newline="") as lines:
        for row in csv.DictReader(lines):
            if row["x1"]:
                quad = np.array([[float(row[f"x{k}"]), float(row[f"y{k}"])] for k in (1, 2, 3, 4)])
                found.setdefault(row["image"], []).append((quad, row["word"]))
    return found


def _composed(path: Path, words, index: int, rng: random.Random, out: Path) -> dict:
    image = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
    marks = [(q, t, False, "photo") for q, t in words if inside(q, image.shape)]
    tool = rng.choice(sorted(TOOLS))
    height = int(np.clip(image.shape[0] * rng.uniform(0.04, 0.12), 16, 200))
    drawn, new = TOOLS[tool](image, rng, WORDS, height, False)
    changed = cv2.absdiff(image, drawn).max(2) > 8
    marks = [m for m in marks if not _covers(changed, m[0])]
    marks += [(q, t, True, tool) for q, t in new if inside(q, image.shape)][:3]
    data, scale, offset, post = history.passed(drawn, rng)
    name = f"b{index:04d}.{'png' if data[:1] == bytes([0x89]) else 'jpg'}"
    (out / "pictures" / name).write_bytes(data)
    moved = [
        {"quad": (q * scale + np.array(offset)).round(2).tolist(), "text": t, "digital": d, "tool": by}
        for q, t, d, by in marks
    ]
    return {"file": name, "photo": path.name, "source": path.parent.name, "post": post, "marks": moved}


def _covers(changed: np.ndarray, quad: np.ndarray) -> bool:
    mask = np.zeros(changed.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(quad).astype(np.int32)], 1)
    return bool(changed[mask > 0].mean() > 0.01) if mask.any() else True
