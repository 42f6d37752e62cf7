"""Logos and cards: this tool beside OpenCV's SIFT + RANSAC and multi-scale matchTemplate, in one run.

    python bench/locate_logos.py [CORPUS] [--scenes N] [--icons FOLDER]

Composed part: marks put on real photos of the corpus through a camera model (bench/logo_scenes.py), corners known.
`flat` is a drawn symbol in one ink (or an SVG of --icons), `textured` a round badge with lettering and a symbol, `card`
a business card. `plain` is tilted up to 25 degrees, `hard` 20 to 60 with turns, blur, light, cover and one-colour
prints. Only photos and icons that the weights never saw. False sights: another mark sought in the same pictures; `twin`
is a badge of the same make with other words. "unsure" counts sightings whose lettering could not be compared: they end
as a question, not as found. Real part: the corpus' own pairs, without boxes: a count of what is found.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from logo_scenes import (
    Invisible,
    badge,
    business_card,
    compose,
    half_of,
    hard_view,
    icon,
    photos_of,
    plain_view,
    read_photo,
    symbol,
)
from verify_media.readers.card import CardReader
from verify_media.readers.logo import LogoReader
from verify_media.records import Frame

KINDS = ("flat", "textured", "card")
WIDTHS = (0.06, 0.10, 0.15, 0.25)
CARD_WIDTHS = (0.15, 0.2, 0.3, 0.4)
NEAR = 0.6
"""A sighting is right when it covers the mark so well (intersection over union)."""


@dataclass
class Tally:
    """`right`: sure sightings, right ones or, where nothing is to be found, any. `unsure`: the others."""

    right: int = 0
    unsure: int = 0
    total: int = 0
    errors: list[float] = field(default_factory=list)
    cpu_s: float = 0.0


def ours(frame: Any, logo: Path, *, is_card: bool = False) -> tuple[list[Any], list[Any]]:
    """Quads of the sure sightings and of the unsure ones."""
    found = (CardReader if is_card else LogoReader)([logo]).find(Frame(frame))
    sure, unsure = ([np.array(s.quad) for s in found if s.readable is is_sure] for is_sure in (True, False))
    return sure, unsure


def plain_sift(frame: Any, logo: Path) -> list[Any]:
    """The OpenCV tutorial: SIFT, ratio 0.75, RANSAC 5 px, 10 inliers."""
    mark, size = _grey_mark(logo)
    sift = cv2.SIFT.create()
    (ka, da), (kb, db) = (
        sift.detectAndCompute(mark, None),
        sift.detectAndCompute(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), None),
    )
    if da is None or db is None or len(kb) < 2:
        return []
    pairs = [p for p in cv2.BFMatcher().knnMatch(da, db, k=2) if len(p) == 2]
    good = [a for a, b in pairs if a.distance < 0.75 * b.distance]
    if len(good) < 10:
        return []
    source = np.array([ka[m.queryIdx].pt for m in good], np.float32)
    target = np.array([kb[m.trainIdx].pt for m in good], np.float32)
    matrix, inside = cv2.findHomography(source, target, cv2.RANSAC, 5.0)
    if matrix is None or int(inside.sum()) < 10:
        return []
    return [cv2.perspectiveTransform(_square(size)[None], matrix)[0]]


def match_template(frame: Any, logo: Path) -> list[Any]:
    """cv2.matchTemplate at 18 sizes, both polarities, found from 0.75 (TM_CCOEFF_NORMED)."""
    mark, size = _grey_mark(logo)
    scale = 800 / max(frame.shape[:2])
    grey = cv2.resize(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    best: tuple[float, Any] = (0.75, None)
    for width in np.geomspace(0.05, 0.5, 18) * 800:
        small = cv2.resize(mark, None, fx=width / max(size), fy=width / max(size), interpolation=cv2.INTER_AREA)
        if small.shape[0] >= grey.shape[0] or small.shape[1] >= grey.shape[1] or min(small.shape) < 8:
            continue
        low, high, at_low, at_high = cv2.minMaxLoc(cv2.matchTemplate(grey, small, cv2.TM_CCOEFF_NORMED))
        score, (x, y) = (high, at_high) if high > -low else (-low, at_low)
        if score > best[0]:
            best = (score, (_square((small.shape[1], small.shape[0])) + np.array([x, y])) / scale)
    return [] if best[1] is None else [best[1]]


def _grey_mark(logo: Path) -> tuple[Any, tuple[int, int]]:
    rgba = np.asarray(Image.open(logo).convert("RGBA")).astype(np.float32)
    alpha = rgba[..., 3:] / 255
    ground = 255 if rgba[..., :3][alpha[..., 0] > 0.5].mean() < 128 else 0
    grey = (rgba[..., :3] * alpha + ground * (1 - alpha)).mean(axis=2).astype(np.uint8)
    return grey, (grey.shape[1], grey.shape[0])


def _square(size: tuple[int, int]) -> Any:
    return np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float64)


METHODS: dict[str, Callable[..., Any]] = {
    "verify-media": ours,
    "SIFT + RANSAC": plain_sift,
    "matchTemplate": match_template,
}


def corner_error(found: Any, truth: Any) -> float:
    """Worst corner over the longer of the mark's first two edges; quarter turns are forgiven, for marks that look the
    same."""
    width = max(np.linalg.norm(truth[1] - truth[0]), np.linalg.norm(truth[2] - truth[1]))
    return float(min(np.linalg.norm(np.roll(found, k, axis=0) - truth, axis=1).max() for k in range(4)) / width)


def overlap(found: Any, truth: Any) -> float:
    """Intersection over union of two convex quads."""
    a, b = (cv2.convexHull(np.asarray(q, np.float32)) for q in (found, truth))
    shared = cv2.intersectConvexConvex(a, b)[0]
    return float(shared / max(cv2.contourArea(a) + cv2.contourArea(b) - shared, 1e-6))


def run(photos: list[Path], icons: list[Path], scenes: int, seed: int, folder: Path) -> dict[tuple[str, str], Tally]:
    rng = np.random.default_rng(seed)
    tallies: dict[tuple[str, str], Tally] = {}
    done = 0
    while done < scenes:
        kind, view_name = KINDS[done % 3], ("plain", "hard")[done // 3 % 2]
        width = (WIDTHS if kind != "card" else CARD_WIDTHS)[done // 6 % len(WIDTHS)]
        marks = _marks(rng, icons, kind, done)
        view = (plain_view if view_name == "plain" else hard_view)(rng, width)
        if kind == "card":
            view = replace(view, on_card=False, one_colour=False)
        try:
            picture, truth = compose(read_photo(photos[rng.integers(len(photos))]), marks["right"], view, rng)
        except Invisible:
            continue
        done += 1
        if done % 12 == 0:
            print(f"{done} of {scenes} scenes\n{table(tallies)}", file=sys.stderr)
        for role, mark in marks.items():
            path = folder / f"{role}.png"
            Image.fromarray(mark).save(path)
            size = ">= 10 %" if width >= 0.1 else "6 %"
            name = f"{kind}, {view_name}, {size}" if role == "right" else f"{role} ({kind})"
            _count(tallies, name, picture, path, truth if role == "right" else None, is_card=kind == "card")
    return tallies


def _marks(rng: np.random.Generator, icons: list[Path], kind: str, done: int) -> dict[str, Any]:
    def drawn() -> Any:
        return icon(icons[rng.integers(len(icons))]) if icons and done % 3 else symbol(rng)

    if kind == "flat":
        return {"right": drawn(), "false": drawn()}
    if kind == "card":
        return {"right": business_card(rng, drawn()), "twin": business_card(rng, drawn())}
    colours = int(rng.integers(2, 4))
    return {"right": badge(rng, drawn(), colours=colours), "twin": badge(rng, drawn(), colours=colours)}


def _count(
    tallies: dict[tuple[str, str], Tally], name: str, picture: Any, path: Path, truth: Any, *, is_card: bool = False
) -> None:
    for method, find in METHODS.items():
        tally = tallies.setdefault((method, name), Tally())
        start = time.process_time()
        try:
            quads, doubtful = ours(picture, path, is_card=is_card) if find is ours else (find(picture, path), [])
        except Exception as refused:  # a mark that the tool refuses is counted as not found
            print(f"{method}: {refused}")
            quads, doubtful = [], []
        tally.cpu_s += time.process_time() - start
        tally.total += 1
        if truth is None:
            tally.right += bool(quads)
            tally.unsure += bool(doubtful and not quads)
            continue
        best = max(quads, key=lambda quad: overlap(quad, truth), default=None)
        if best is not None and overlap(best, truth) > NEAR:
            tally.right += 1
            tally.errors.append(corner_error(best, truth))
        elif any(overlap(quad, truth) > NEAR for quad in doubtful):
            tally.unsure += 1


def real_pairs(corpus: Path, most: int) -> dict[tuple[str, str], Tally]:
    """Pairs of the corpus, and for each picture another pair's mark as a false one."""
    rows = list(csv.DictReader((corpus / "logos.csv").open(encoding="utf-8")))
    rows = rows[:: max(1, len(rows) // most)]
    marks = sorted({(row["logo"], row["template"]) for row in rows})
    tallies: dict[tuple[str, str], Tally] = {}
    for number, row in enumerate(rows):
        picture = read_photo(corpus / row["scene"], 4000)
        others = [t for logo, t in marks if logo != row["logo"] and t.split("/")[1] != row["template"].split("/")[1]]
        kind = "real packages" if "grocery" in row["scene"] else "real logos"
        _count_real(tallies, f"{kind}, located", picture, corpus / row["template"])
        _count_real(tallies, "real, false", picture, corpus / others[number % len(others)])
    return tallies


def _count_real(tallies: dict[tuple[str, str], Tally], name: str, picture: Any, path: Path) -> None:
    _count(tallies, name, picture, path, None)


def table(tallies: dict[tuple[str, str], Tally]) -> str:
    names = sorted({name for _, name in tallies})
    lines = ["| | " + " | ".join(METHODS) + " |", "|---|" + "---|" * len(METHODS)]
    for name in names:
        lines.append(f"| {name} | " + " | ".join(_cell(tallies[method, name]) for method in METHODS) + " |")
    return "\n".join(lines)


def _cell(tally: Tally) -> str:
    corner = f", corners {100 * np.median(tally.errors):.1f} %" if tally.errors else ""
    unsure = f" + {tally.unsure} unsure" if tally.unsure else ""
    return f"{tally.right}/{tally.total}{unsure}{corner}, {tally.cpu_s / tally.total:.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--scenes", type=int, default=64)
    parser.add_argument("--real", type=int, default=40, help="pairs of logos.csv")
    parser.add_argument("--icons", type=Path, help="a folder of flat SVG icons, such as that of simple-icons")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--alone", action="store_true", help="leave the other methods out")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    if given.alone:
        del METHODS["SIFT + RANSAC"], METHODS["matchTemplate"]
    photos = photos_of(given.corpus, 1)
    icons = [p for p in sorted(given.icons.glob("*.svg")) if half_of(p) == 1] if given.icons else []
    with tempfile.TemporaryDirectory() as folder:
        tallies = run(photos, icons, given.scenes, given.seed, Path(folder))
    print(table(tallies), flush=True)
    if given.real:
        print(table(real_pairs(given.corpus, given.real)))


if __name__ == "__main__":
    main()
