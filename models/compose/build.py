# ruff: noqa: E501
"""Writes the pictures and their quads: OUT/pictures/*.jpg|png and OUT/rows.jsonl, one row a picture.

usage: python -m models.compose.build --corpus ../shared/corpus --ocr ocr.jsonl --out OUT [--count 1000] [--seed 0] [--held] [--only FAMILY ...] [--icons FOLDER] [--extra FOLDER]

A row: file, photo, source, fold, post, is_camera_model, marks: [{quad, text, digital, tool}], others: further
drawn quads. `--held` uses only the tools and fonts that training never sees.
The lettering of the photos themselves was found by read_photos.py.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path
from subprocess import CalledProcessError

import cv2
import numpy as np
from models.compose import artwork, badges, flat, grounds, history, perspective, physical, templates, tools

HISTORIES = 3
"""Ways that each composed picture takes: new evidence at the cost of saving alone."""
HELD = ("ffmpeg", "pango", "pil_curved", "cloned", "cloth")
"""Never in training: two simple tools, one style, two kinds of composite."""
FAMILIES = {**flat.STYLES, **badges.STYLES, **templates.STYLES, **tools.TOOLS, **perspective.WARPS}
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
    "splice": 2.0,
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
                found = _picture(args, index, rng, all_grounds, lettered, large, seen)
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
            rows.writelines(json.dumps(row) + "\n" for row in found)
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
    parser.add_argument("--only", nargs="+", help="overlay families, instead of all")
    return parser.parse_args()


def _sprites(args: argparse.Namespace, seen: list[str]) -> None:
    folder = args.sprites or args.out / "sprites"
    folder.mkdir(exist_ok=True)
    if not list(folder.glob("*.json")):
        tools.browser_sprites(folder, random.Random(args.seed + 5), seen)
    tools.SPRITES += [
        (p.with_suffix(".png"), row) for p in sorted(folder.glob("*.json")) for row in json.loads(p.read_text())
    ]


def _picture(args, index: int, rng: random.Random, all_grounds, lettered, large, seen) -> list[dict]:
    ground = _chosen(rng, all_grounds, lettered)
    perspective.SPLICES[:] = [g for g in lettered if g.fold == ground.fold and g.path != ground.path]
    synthetic = rng.random() < (0.6 if ground.side >= 1500 or not ground.words else 0.3)
    if synthetic:
        same = [g for g in large if g.fold == ground.fold] or [ground]
        first = ground if ground.side >= 1500 else rng.choice(same)
        backdrops = [g.backdrop() for g in (first, *rng.sample(same, min(2, len(same))))]
        image, words = physical.composed(backdrops, rng, seen)
    else:
        image, words = grounds.placed(ground, rng)
    marks, others = [], []
    if args.held or rng.random() < 0.85:
        image, marks, words, others = _overlaid(args, image, words, rng, seen)
    if not marks and not words:
        return []
    kept = [(q, t, False, "composed" if synthetic else "photo") for q, t in words] + marks
    kinds = rng.sample(history.KINDS, HISTORIES)
    return [_saved(args, index, rng, image, kept, others, kind, ground, synthetic) for kind in kinds]


def _saved(args, index: int, rng: random.Random, image, kept, others, kind: str, ground, synthetic: bool) -> dict:
    """One picture on one of its ways: written, with its row."""
    data, scale, offset, post = history.passed(image, rng, kind)
    ending = "png" if data.startswith(b"\x89PNG") else "jpg"
    name = f"{'h' if args.held else 't'}{args.seed}_{index:05d}_{kind}.{ending}"
    (args.out / "pictures" / name).write_bytes(data)
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
        "others": [(q * scale + np.array(offset)).round(1).tolist() for q in others],
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
    """The picture, the marks drawn on it, the words left bare, and drawn lettering that is no example itself."""
    marks, others = [], []
    names = args.only or [n for n in FAMILIES if (n in HELD) == args.held]
    for _ in range(rng.choice([1, 1, 1, 2, 2, 3])):
        tool = rng.choices(names, [WEIGHTS.get(n, 1.0) for n in names])[0]
        height = int(np.clip(np.exp(rng.gauss(np.log(image.shape[0] * 0.06), 0.55)), 16, image.shape[0] * 0.3))
        height = int(height * 1.6) if tool in perspective.WARPS else height
        drawn, new = FAMILIES[tool](image, rng, seen, height, args.held)
        new = [(q, t) for q, t in new if _visible(image, drawn, q)]
        changed = cv2.absdiff(image, drawn).max(2) > 8
        words = [(q, t) for q, t in words if not _hit(changed, q)]
        marks = [m for m in marks if not _hit(changed, m[0])]
        rng.shuffle(new)
        marks += [(q, t, True, tool) for q, t in new[:3]]
        others += [q for q, _ in new[3:]]
        image = drawn
    return image, marks, words, others


def _visible(before, after, quad) -> bool:
    """Inside the picture, and really changed: a faint mark on its own colour is no example of anything."""
    if not grounds.inside(quad, before.shape):
        return False
    x0, y0 = np.maximum(np.floor(quad.min(0)).astype(int), 0)
    x1, y1 = np.ceil(quad.max(0)).astype(int)
    old, new = (cv2.cvtColor(i[y0:y1, x0:x1], cv2.COLOR_RGB2GRAY).astype(np.float32) for i in (before, after))
    if min(old.shape) < 6 or float((np.abs(new - old) > 18).mean()) <= 0.05:
        return False
    added, there = (
        float(np.mean(np.abs(np.diff(i, axis=0))) + np.mean(np.abs(np.diff(i, axis=1)))) for i in (new - old, old)
    )
    return added > max(4.0, 0.6 * there)


def _hit(changed: np.ndarray, quad: np.ndarray) -> bool:
    mask = np.zeros(changed.shape, np.uint8)
    cv2.fillPoly(mask, [np.round(quad).astype(np.int32)], 1)
    return bool((mask.astype(bool) & changed).sum() > 0.01 * max(1, mask.sum()))


if __name__ == "__main__":
    main()
