# ruff: noqa: E501
"""Writes the pictures and their quads: OUT/pictures/*.jpg|png and OUT/rows.jsonl, one row a picture.

usage: python -m models.compose.build --corpus ../shared/corpus --ocr ocr.jsonl --out OUT [--count 1000] [--seed 0] [--held] [--icons FOLDER] [--extra FOLDER]

A row: file, photo, source, fold, post, is_camera_model, marks: [{quad, text, digital, tool, held}]. `--held` uses only the tools and fonts that training never sees.
The lettering of the photos themselves was found by OCR (a JSON line a photo: image, words: [[quad, text, confidence]]).
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from subprocess import CalledProcessError

import cv2
import numpy as np
from models.compose import artwork, flat, grounds, history, perspective, physical, tools

HELD = ("ffmpeg", "pango", "pil_curved", "cloned", "cloth")
"""Never in training: two simple tools, one style, two kinds of composite."""
FAMILIES = {**flat.STYLES, **tools.TOOLS, **perspective.WARPS}
WEIGHTS = {
    "pil_meme": 0.5,
    "pil_stamp": 0.4,
    "pil_tiled": 0.7,
    "browser": 2.0,
    "imagemagick": 1.2,
    "harm_card": 2.2,
    "harm_ink": 2.0,
    "persp_card": 1.3,
    "persp_ink": 1.0,
    "pil_stock": 0.7,
}


def main() -> None:
    args = _arguments()
    cv2.setNumThreads(1)
    (args.out / "pictures").mkdir(parents=True, exist_ok=True)
    all_grounds = grounds.grounds(args.corpus, args.ocr, args.extra)
    lettered = [g for g in all_grounds if g.words]
    large = [g for g in all_grounds if g.side >= 1200]
    seen = sorted({t for g in lettered for _, t in g.words if 3 <= len(t) <= 24 and t.isascii()})
    artwork.ICONS += sorted(args.icons.glob("*.svg"))[::7] if args.icons else []
    _sprites(args, seen)
    with (args.out / "rows.jsonl").open("a") as rows:
        for index in range(args.start, args.start + args.count):
            rng = random.Random(f"{args.seed}-{index}-{args.held}")
            try:
                row = _picture(args, index, rng, all_grounds, lettered, large, seen)
            except (
                cv2.error,
                OSError,
                ValueError,
                IndexError,
                RuntimeError,
                ZeroDivisionError,
                CalledProcessError,
            ) as error:
                print(index, type(error).__name__, str(error)[:200], flush=True)
                continue
            if row:
                rows.write(json.dumps(row) + "\n")
                rows.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    for name in ("--ocr", "--out"):
        parser.add_argument(name, type=Path, required=True)
    for name in ("--icons", "--extra", "--sprites"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--held", action="store_true")
    return parser.parse_args()


def _sprites(args: argparse.Namespace, seen: list[str]) -> None:
    folder = args.sprites or args.out / "sprites"
    folder.mkdir(exist_ok=True)
    if not list(folder.glob("*.json")):
        tools.browser_sprites(folder, random.Random(args.seed + 5), seen)
    tools.SPRITES += [
        (p.with_suffix(".png"), row) for p in sorted(folder.glob("*.json")) for row in json.loads(p.read_text())
    ]


def _picture(args, index: int, rng: random.Random, all_grounds, lettered, large, seen) -> dict | None:
    ground = _chosen(rng, all_grounds, lettered)
    synthetic = rng.random() < (0.45 if ground.side >= 1500 or not ground.words else 0.15)
    if synthetic:
        same = [g for g in large if g.fold == ground.fold] or [ground]
        first = ground if ground.side >= 1500 else rng.choice(same)
        backdrops = [g.backdrop() for g in (first, *rng.sample(same, min(2, len(same))))]
        image, words = physical.composed(backdrops, rng, seen)
    else:
        image, words = grounds.placed(ground, rng)
    marks = []
    if args.held or rng.random() < 0.85:
        image, marks, words = _overlaid(args, image, words, rng, seen)
    data, scale, offset, post = history.passed(image, rng)
    if not marks and not words:
        return None
    ending = "png" if data.startswith(b"\x89PNG") else "jpg"
    name = f"{'h' if args.held else 't'}{args.seed}_{index:05d}.{ending}"
    (args.out / "pictures" / name).write_bytes(data)
    kept = [(q, t, False, "composed" if synthetic else "photo") for q, t in words] + marks
    moved = [
        {"quad": (q * scale + np.array(offset)).round(2).tolist(), "text": t, "digital": d, "tool": tool}
        for q, t, d, tool in kept
    ]
    return {
        "file": name,
        "photo": str(ground.path.name),
        "source": ground.source,
        "fold": ground.fold,
        "post": post,
        "synthetic": synthetic,
        "held": args.held,
        "marks": moved,
    }


def _chosen(rng, all_grounds, lettered):
    """Sources weigh alike up to a point, so that no photographer or shop fills the set."""
    pool = lettered if rng.random() < 0.8 else all_grounds
    by: dict[str, list] = {}
    for g in pool:
        by.setdefault(g.source, []).append(g)
    names = sorted(by)
    return rng.choice(by[rng.choices(names, [len(by[n]) ** 0.6 for n in names])[0]])


def _overlaid(args, image, words, rng, seen):
    marks = []
    names = [n for n in FAMILIES if (n in HELD) == args.held]
    for _ in range(rng.choice([1, 1, 2, 2, 3])):
        tool = rng.choices(names, [WEIGHTS.get(n, 1.0) for n in names])[0]
        height = int(np.clip(np.exp(rng.gauss(np.log(image.shape[0] * 0.06), 0.55)), 16, image.shape[0] * 0.3))
        height = int(height * 1.6) if tool in perspective.WARPS else height
        drawn, new = FAMILIES[tool](image, rng, seen, height, args.held)
        new = [(q, t) for q, t in new if _visible(image, drawn, q)]
        changed = cv2.absdiff(image, drawn).max(2) > 8
        words = [(q, t) for q, t in words if not _hit(changed, q)]
        marks = [m for m in marks if not _hit(changed, m[0])]
        marks += [(q, t, True, tool) for q, t in rng.sample(new, min(3, len(new)))]
        image = drawn
    return image, marks, words


def _visible(before, after, quad) -> bool:
    """Inside the picture, and really changed: a faint mark on its own colour is no example of anything."""
    if not grounds.inside(quad, before.shape):
        return False
    x0, y0 = np.maximum(np.floor(quad.min(0)).astype(int), 0)
    x1, y1 = np.ceil(quad.max(0)).astype(int)
    change = cv2.absdiff(before[y0:y1, x0:x1], after[y0:y1, x0:x1])
    return change.size > 0 and float((change.max(2) > 18).mean()) > 0.05


def _hit(changed: np.ndarray, quad: np.ndarray) -> bool:
    mask = np.zeros(changed.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(quad).astype(np.int32)], 1)
    return bool((mask.astype(bool) & changed).sum() > 0.01 * max(1, mask.sum()))


if __name__ == "__main__":
    main()
