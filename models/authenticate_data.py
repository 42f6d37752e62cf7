"""The measured sightings that models/extract_authenticate.py wrote, and how much each of them weighs in training."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PARTS = ("X", "M", "MI", "N", "NI", "F", "C", "W", "Q")
UNUSED = ("letter_height_px", "longest_side_px")
"""Known to differ between the classes by the way the data were made, so the trees must not see them."""
MISSING = -9.0


MARGIN = 16
"""Pixels that the stored pieces of `cues.setting` are wider than the judged ones: training shifts them."""


@dataclass
class Rows:
    """What is known of N sightings, beside their pixels."""

    rows: list[dict]

    @property
    def digital(self) -> np.ndarray:
        return np.array([r["y"] for r in self.rows])

    @property
    def fold(self) -> np.ndarray:
        return np.array([r["fold"] for r in self.rows])

    @property
    def is_held(self) -> np.ndarray:
        """Made with the tools and fonts that training never sees, or found in the world."""
        return np.array([r["file"].startswith("h") or r["fold"] < 0 for r in self.rows])


@dataclass
class Settings(Rows):
    """N sightings in their settings. `pixels`: N x 144 x 288 x 3, `corners`: N x 4 x 2."""

    pixels: np.ndarray
    corners: np.ndarray


@dataclass
class Data(Rows):
    """N sightings. `mark`: N x 6 x 48 x 48 x 3 and so on; far windows are shared by the sightings of a picture."""

    values: np.ndarray
    mark: np.ndarray
    mark_inside: np.ndarray
    near: np.ndarray
    near_inside: np.ndarray
    far: np.ndarray
    far_index: np.ndarray
    context: np.ndarray
    wide: np.ndarray
    quads: np.ndarray


def load_values(paths: list[str]) -> tuple[Rows, np.ndarray]:
    """Without pixels. The measurements are N x all of them."""
    rows = [row for path in paths for row in json.loads(Path(path).with_suffix(".json").read_text())]
    found = []
    for path in paths:
        with np.load(path) as z:
            found.append(z["X"])
    return Rows(rows), np.concatenate(found)


def load(paths: list[str]) -> Data:
    parts: dict[str, list] = {}
    rows, shift = [], 0
    for path in sorted(paths):
        with np.load(path) as z:
            if not len(z["X"]):
                continue
            for name in PARTS:
                parts.setdefault(name, []).append(z[name])
            parts.setdefault("fidx", []).append(z["fidx"] + shift)
            shift += len(z["F"])
        rows += json.loads(Path(path).with_suffix(".json").read_text())
    a = {k: np.concatenate(parts.pop(k)) for k in list(parts)}
    return Data(rows, a["X"], a["M"], a["MI"], a["N"], a["NI"], a["F"], a["fidx"], a["C"], a["W"], a["Q"])


def load_settings(paths: list[str]) -> Settings:
    pixels, corners, rows = [], [], []
    for path in sorted(paths):
        with np.load(path) as z:
            if not len(z["X"]):
                continue
            pixels.append(z["S"])
            corners.append(z["SQ"])
        rows += json.loads(Path(path).with_suffix(".json").read_text())
    return Settings(rows, np.concatenate(pixels), np.concatenate(corners))


def columns(names: tuple[str, ...]) -> list[int]:
    return [i for i, n in enumerate(names) if n not in UNUSED]


def tidy(values: np.ndarray) -> np.ndarray:
    """What the product does before the trees: missing values become one number, extremes are cut."""
    return np.clip(np.nan_to_num(values, nan=MISSING, posinf=1e3, neginf=-1e3), -1e3, 1e4).astype(np.float32)


def weights(rows: list[dict]) -> np.ndarray:
    """Both classes weigh alike; each tool, and among real marks each photo and each source, up to a point."""
    digital = np.array([r["y"] for r in rows])
    key = [(r["y"], r["tool"] if r["y"] else r["source"]) for r in rows]
    count, photos = Counter(key), Counter((r["y"], r["photo"]) for r in rows)
    weight = np.array([count[k] ** -0.3 * photos[r["y"], r["photo"]] ** -0.3 for k, r in zip(key, rows, strict=True)])
    for y in (0, 1):
        weight[digital == y] /= weight[digital == y].sum() / (len(rows) / 2)
    return weight
