"""Trains planar_verify.json: is the mark really at the fitted place?

    python models/train_planar_verify.py collect CORPUS ROWS.npz --icons FOLDER --scenes 200 --half 0 [--placed]
    python models/train_planar_verify.py fit ROWS.npz... --out models/planar_verify.json

`collect` composes marks on photos (bench/logo_scenes.py) that planar_pair.onnx was not trained on, searches for the
right mark, for its twin (one of the same make with other words) and for another mark, and keeps what was measured at
each place. Photos and logos are divided into two halves by the hash of their names; weights come from half 0 and real
pairs, figures from half 1. `fit` is a ridge-penalised logistic regression over these and the network's answer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

from collect_planar_pairs import KINDS, corner_error, fitted, marks_of_a_kind, near, worked
from planar_data import KEPT_BACK, packed, unpacked

from logo_scenes import Invisible, compose, half_of, hard_view, photos_of, plain_view, read_photo
from verify_media.readers.fit_quality import Fit
from verify_media.readers.frame_view import FrameView
from verify_media.readers.mark_finder import Candidate, MarkFinder
from verify_media.readers.matching import feature_matches
from verify_media.readers.pair import pair
from verify_media.readers.pair_network import log_odds
from verify_media.readers.planar import Guess
from verify_media.readers.template import Template, from_pixels
from verify_media.readers.verify_match import NAMES, Support, describe

WIDTHS = (0.06, 0.09, 0.12, 0.18, 0.28, 0.45)
RIGHT = 0.08
"""Worst corner over the mark's longer edge below which it is the mark. What lies over it otherwise is not used."""
LIKENESS_TERMS = 4
"""The last inputs of verify_match.describe."""


@dataclass(frozen=True)
class Row:
    """`inputs` are those for a likeness of 1, `pixels` what the network sees."""

    inputs: Any
    pixels: Any
    label: float = 0.0
    kind: str = ""
    photo: int = 0


def first_guess(fit: Fit, support: Support) -> float:
    """Orders the places before there are weights; set by eye on a dozen pictures."""
    features = 0.8 * np.log1p(support.sift) + 0.4 * np.log1p(support.orb)
    logit = 8 * (fit.hit - fit.chance) + 3 * (fit.sign - 0.7) + features + 4 * fit.explained_most - 5
    return float(min(0.98, 1 / (1 + np.exp(-logit))))


def collect(corpus: Path, icons: list[Path], scenes: int, half: int, seed: int, *, searched: bool) -> Iterator[Row]:
    rng = np.random.default_rng(seed)
    photos, icons = photos_of(corpus, half), [p for p in icons if half_of(p) == half]
    for _ in range(scenes):
        kind = str(rng.choice(KINDS))
        marks = marks_of_a_kind(rng, icons, kind)
        view = (hard_view if rng.random() < 0.5 else plain_view)(rng, float(rng.choice(WIDTHS)))
        if kind == "card":
            view = replace(view, width=max(0.12, view.width), on_card=False, one_colour=False)
        layers, view = worked(marks[0], view, kind, rng)
        number = KEPT_BACK * int(rng.integers(-(-len(photos) // KEPT_BACK)))
        try:
            picture, truth = compose(read_photo(photos[number], 1300), layers, view, rng)
        except Invisible:
            continue
        frame = FrameView(picture)
        for role, mark in zip(("right", "twin", "other"), marks, strict=True):
            template = from_pixels("mark", mark, trim=kind != "card")
            if template is not None:
                where = truth if role == "right" else None
                rows = _rows(template, frame, where, is_sheet=kind == "card") if searched else ()
                for row in (*rows, *_placed(template, frame, truth, role, rng)):
                    yield replace(row, kind=f"{kind} {role}", photo=number)


def collect_absent(corpus: Path, icons: list[Path], scenes: int, half: int, seed: int) -> Iterator[Row]:
    """What the present weights take for a mark in photos that do not show it: a search picks the worst of many."""
    rng = np.random.default_rng(seed)
    photos, icons = photos_of(corpus, half), [p for p in icons if half_of(p) == half]
    for _ in range(scenes):
        kind = str(rng.choice(["flat", *KINDS]))
        number = int(rng.integers(len(photos)))
        template = from_pixels("mark", marks_of_a_kind(rng, icons, kind)[0], trim=kind != "card")
        if template is None:
            continue
        frame = FrameView(read_photo(photos[number], 1300))
        for candidate in MarkFinder(template, is_sheet=kind == "card").candidates(frame)[:4]:
            yield replace(_row(template, frame, candidate), kind=f"{kind} absent", photo=number)


def _placed(template: Template, frame: FrameView, truth: Any, role: str, rng: np.random.Generator) -> Iterator[Row]:
    """What a search would find where the mark is: by features, and by a shape that was fitted from nearby."""
    finder = MarkFinder(template, first_guess)
    matches = feature_matches(frame, finder.features) + feature_matches(frame, finder.features, tilted=True)
    found = finder.by_features(frame, matches, matches)[:4]
    for _ in range(2):
        place = fitted(frame, template, near(truth, rng), rng, always=True)
        if place is not None:
            found.append(finder.judged(frame, matches, place, 96, Guess(place, "shape")))
    for candidate in found:
        yield from _labelled(template, frame, candidate, truth if role == "right" else None)


def _rows(template: Template, frame: FrameView, truth: Any, *, is_sheet: bool) -> Iterator[Row]:
    finder = MarkFinder(template, first_guess, is_sheet=is_sheet)
    for candidate in finder.candidates(frame)[: 3 if truth is None else 6]:
        yield from _labelled(template, frame, candidate, truth)


def _labelled(template: Template, frame: FrameView, candidate: Candidate, truth: Any) -> Iterator[Row]:
    """`truth`: corners, or None where the mark is not shown. Nothing for a place that lies askew over it."""
    is_right = truth is not None and corner_error(template, candidate.fit.homography, truth) < RIGHT
    if is_right or truth is None or _is_elsewhere(candidate, truth):
        yield replace(_row(template, frame, candidate), label=float(is_right))


def _row(template: Template, frame: FrameView, candidate: Candidate) -> Row:
    pixels = packed(pair(frame, template, candidate.fit.homography))
    return Row(describe(candidate.fit, candidate.support, 1.0), pixels)


def _is_elsewhere(candidate: Candidate, truth: Any) -> bool:
    """Not the mark askew, or turned by what it does not show: a flower of five petals."""
    return bool(cv2.pointPolygonTest(truth.astype(np.float32), candidate.fit.centre, False) < 0)


def fit(names: Sequence[str], inputs: Any, labels: Any, weights: Any, ridge: float = 5.0) -> dict[str, Any]:
    """Newton's method on standardised inputs."""
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    design = np.c_[(inputs - mean) / scale, np.ones(len(inputs))]
    penalty = np.diag([ridge] * inputs.shape[1] + [1e-6])
    beta = np.zeros(design.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        curve = weights * p * (1 - p) + 1e-6
        slope = design.T @ (weights * (labels - p)) - penalty @ beta
        beta += np.linalg.solve(design.T @ (design * curve[:, None]) + penalty, slope)
    rounded = {"mean": mean, "scale": scale, "weights": beta[:-1]}
    kept = {name: [round(float(v), 5) for v in values] for name, values in rounded.items()}
    return {"names": list(names), **kept, "bias": round(float(beta[-1]), 5)}


def fit_whole(rows: list[Any]) -> dict[str, Any]:
    """Rows without a weight count once; real ones less, because their negatives are of few logos."""
    inputs = np.concatenate([with_likeness(r["inputs"], r["pixels"]) for r in rows])
    labels = np.concatenate([r["label"] for r in rows])
    weights = np.concatenate([np.full(len(r["label"]), r.get("weight", 1.0)) for r in rows])
    return fit(NAMES, inputs, labels, weights)


def with_likeness(inputs: Any, pixels: Any) -> Any:
    """The inputs with what the network says of the pixels."""
    filled = inputs.copy()
    for row, packed_pair in zip(filled, pixels, strict=True):
        row[-LIKENESS_TERMS:] *= log_odds(unpacked(packed_pair))
    return filled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    gather = commands.add_parser("collect")
    gather.add_argument("corpus", type=Path)
    gather.add_argument("rows", type=Path)
    gather.add_argument("--icons", type=Path)
    gather.add_argument("--scenes", type=int, default=200)
    gather.add_argument("--half", type=int, default=0)
    gather.add_argument("--seed", type=int, default=1)
    gather.add_argument("--absent", action="store_true", help="search, with the present weights, for what is not there")
    gather.add_argument("--placed", action="store_true", help="look only where the mark is: many more right ones")
    learn = commands.add_parser("fit")
    learn.add_argument("rows", type=Path, nargs="+")
    learn.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    if given.command == "collect":
        icons = sorted(given.icons.glob("*.svg")) if given.icons else []
        wanted = (given.corpus, icons, given.scenes, given.half, given.seed)
        rows = list(collect_absent(*wanted) if given.absent else collect(*wanted, searched=not given.placed))
        columns = {name: np.array([getattr(row, name) for row in rows]) for name in Row.__dataclass_fields__}
        np.savez_compressed(given.rows, **columns)
        return
    learned = fit_whole([dict(np.load(path)) for path in given.rows])
    given.out.write_text(json.dumps(learned, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
