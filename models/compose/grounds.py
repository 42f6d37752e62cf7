# ruff: noqa: E501
"""Photos to work on, with the quads of the lettering that is physically in them (by OCR) and the fold of each photo."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

COMPOSITES = [
    "goldenstate_0",
    "goldenstate_12",
    "goldenstate_14",
    "goldenstate_35",
    "goldenstate_54",
    "lexus_5.",
    "lexus_26",
    "lexus_28",
    "lexus_35",
    "lexus_37",
    "lexus_41",
    "lexus_43",
    "lexus_46",
    "lexus_48",
    "lexus_51",
    "lexus_54",
    "lexus_61",
    "lexus_63",
    "lexus_65",
    "lexus_69",
    "lexus_70",
    "lexus_72",
    "lexus_75",
    "lexus_77",
    "lexus_79",
    "lexus_81",
    "lexus_83",
    "goldenstate_28",
    "goldenstate_4.",
    "lexus_15",
    "test.jpg",
    "test2b",
    "box.mp4",
]
"""Pictures of the logo set that carry captions or are cut out: looked at one by one, they are no camera pictures any more."""


@dataclass(frozen=True)
class Ground:
    path: Path
    source: str
    fold: int
    words: list[tuple[np.ndarray, str]] = field(default_factory=list)

    @property
    def side(self) -> int:
        """The longer side, read without decoding."""
        with Image.open(self.path) as image:
            return max(image.size)

    def image(self) -> np.ndarray:
        return np.asarray(ImageOps.exif_transpose(Image.open(self.path)).convert("RGB"))

    def backdrop(self, longest: int = 2600) -> np.ndarray:
        """Decoded at a fraction of its size where the JPEG allows it: grounds of composed scenes are shrunk anyway."""
        image = Image.open(self.path)
        image.draft("RGB", (longest // 2, longest // 2))
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def grounds(corpus: Path, ocr: Path, extra: Path | None = None, folds: int = 3) -> list[Ground]:
    found = [_ground(corpus, json.loads(line), folds) for line in ocr.read_text().splitlines()]
    if extra:
        found += [
            Ground(p, "backdrop", _fold(p.name, folds))
            for p in sorted(extra.rglob("*.jpg"))
            if "abstract" not in str(p)
        ]
    return [g for g in found if not any(c in g.path.name for c in COMPOSITES) and _opens(g.path)]


def _ground(corpus: Path, row: dict, folds: int) -> Ground:
    words = [(np.array(q, np.float64), t) for q, t, c in row["words"] if c > 0.7 and sum(ch.isalnum() for ch in t) >= 2]
    parts = row["image"].split("/")
    source = (
        "/".join(parts[:2]) if parts[0] in ("logos", "scene_text") else f"{parts[0]}/{re.split('[_.0-9]', parts[1])[0]}"
    )
    return Ground(corpus / row["image"], source, _fold(row["image"], folds), words)


def _fold(name: str, folds: int) -> int:
    """Product photos of one article share a fold, like the frames of one series."""
    stem = Path(name).stem.rsplit("_", 1)[0] if "grocery" in name else name
    return int(hashlib.sha256(stem.encode()).hexdigest(), 16) % folds


def _opens(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return min(image.size) >= 200
    except (OSError, ValueError):
        return False


def placed(
    ground: Ground, rng, longest: tuple[int, int] = (480, 1800)
) -> tuple[np.ndarray, list[tuple[np.ndarray, str]]]:
    """The photo as it is, shrunk, or a native crop of a large one; with its words' quads."""
    image = ground.image()
    height, width = image.shape[:2]
    side = max(height, width)
    move = np.eye(3)
    if side > 1600 and rng.random() < 0.5:
        image, move = _crop(image, ground, rng)
    elif side > longest[1] or rng.random() < 0.35:
        scale = min(1.0, rng.uniform(longest[0], longest[1]) / side)
        scale = max(scale, min(1.0, 320 / min(height, width)))
        image = cv2.resize(
            image,
            None,
            fx=scale,
            fy=scale,
            interpolation=rng.choice([cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_CUBIC, cv2.INTER_LINEAR]),
        )
        move = np.diag([scale, scale, 1.0])
    words = [(warp(q, move), t) for q, t in ground.words]
    return image, [(q, t) for q, t in words if inside(q, image.shape)]


def _crop(image: np.ndarray, ground: Ground, rng) -> tuple[np.ndarray, np.ndarray]:
    height, width = image.shape[:2]
    w, h = min(width, rng.randint(1000, 1700)), min(height, rng.randint(800, 1400))
    if ground.words and rng.random() < 0.85:
        x, y = rng.choice(ground.words)[0].mean(0) - np.array([rng.uniform(0.2, 0.8) * w, rng.uniform(0.2, 0.8) * h])
    else:
        x, y = rng.uniform(0, width - w), rng.uniform(0, height - h)
    x, y = int(np.clip(x, 0, width - w)), int(np.clip(y, 0, height - h))
    return image[y : y + h, x : x + w], np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1.0]])


def warp(quad: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.perspectiveTransform(quad[None].astype(np.float64), matrix)[0]


def inside(quad: np.ndarray, shape: tuple[int, ...]) -> bool:
    return bool((quad > -3).all() and (quad[:, 0] < shape[1] + 3).all() and (quad[:, 1] < shape[0] + 3).all())
