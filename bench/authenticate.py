"""Marks in composed pictures: this tool beside single classical measurements, on the same marks and the same files.

    python bench/authenticate.py SET [SET ...] [--limit N]

A SET is a folder written by models/compose/build.py; with its `--held` only overlay tools and fonts are used that
training never saw. Real photos of overlays can be added as a set of the same form. The classical measurements are taken
between the mark and the band around it: error level (Krawetz 2007), noise (Mahdian and Saic 2009, with Immerkaer's
estimate) and the block grid (Li et al. 2009); each is given the better of its two directions, which favours them.
Intervals are 95 % over photos (bootstrap).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from verify_media.cues import vector
from verify_media.records import Frame, Outcome, Reader, Sighting
from verify_media.stages.authenticate import LIMITS, authenticate

PEERS = {
    "error level": "error_level_90_over_near",
    "noise": "noise_over_near",
    "block grid": "grid_mark_minus_near",
    "edge width": "edge_width_over_far",
}


@dataclass(frozen=True)
class Judged:
    """One mark: the truth, what was said, and the peers' values."""

    photo: str
    tool: str
    post: str
    source: str
    digital: bool
    p: float
    outcome: Outcome
    peers: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--limit", type=int, default=10**9, help="pictures of each set")
    args = parser.parse_args()
    marks: list[Judged] = []
    start = time.process_time()
    for folder in args.sets:
        for line in (folder / "rows.jsonl").read_text().splitlines()[: args.limit]:
            marks += _picture(folder, json.loads(line))
    seconds = (time.process_time() - start) / max(1, len(marks))
    _table("all", marks, seconds)
    for by in ("post", "tool", "source"):
        for value in sorted({getattr(m, by) for m in marks}):
            keep: Callable[[Judged], bool] = lambda m, v=value, k=by: getattr(m, k) == v  # noqa: E731
            _line(f"{by} {value}", [m for m in marks if keep(m) or (by == "tool" and not m.digital)])


def _picture(folder: Path, row: dict) -> list[Judged]:
    image = np.asarray(Image.open(folder / "pictures" / row["file"]).convert("RGB"))
    sightings = [Sighting(f"{k}", Reader.TEXT, _quad(m["quad"]), 1.0) for k, m in enumerate(row["marks"])]
    if not sightings:
        return []
    around = vector.surroundings(image, [s.quad for s in sightings])
    found = []
    for sighting, mark in zip(authenticate(Frame(image), sightings), row["marks"], strict=True):
        if sighting.evidence[0].name == "letter_height_px" and sighting.evidence[0].value < LIMITS.letter_height_px:
            continue
        values = dict(zip(vector.NAMES, vector.measured(around, sighting.quad).values.tolist(), strict=True))
        peers = {name: values[cue] for name, cue in PEERS.items()}
        p = 0.5 if sighting.p_digital is None else sighting.p_digital
        where = row["photo"], mark["tool"], row["post"], row["source"]
        found.append(Judged(*where, mark["digital"], p, sighting.outcome, peers))
    return found


def _quad(points: list[list[float]]):
    return tuple((float(x), float(y)) for x, y in points)


def _table(name: str, marks: list[Judged], seconds: float) -> None:
    _line(name, marks)
    if len({m.digital for m in marks}) < 2:
        return
    low, high = _interval(marks)
    print(f"  AUC 95 % {low:.3f} to {high:.3f}; {1000 * seconds:.0f} ms of one core a mark, measured twice here")
    digital = np.array([m.digital for m in marks])
    for peer in PEERS:
        value = np.array([m.peers[peer] for m in marks])
        value = np.nan_to_num(value, nan=float(np.nanmedian(value)))
        area = _auc(digital, value)
        best = value if area >= 0.5 else -value
        shares = [_tpr(digital, best, false) for false in (0.01, 0.05)]
        print(f"  {peer:<28} AUC {max(area, 1 - area):.3f}  TPR@1 {shares[0]:.2f}  TPR@5 {shares[1]:.2f}")


def _line(name: str, marks: list[Judged]) -> None:
    digital, p = np.array([m.digital for m in marks]), np.array([m.p for m in marks])
    if not digital.any() or digital.all():
        said = [np.mean([m.outcome is o for m in marks]) for o in (Outcome.DIGITAL, Outcome.PHYSICAL)]
        print(f"{name:<30} n {len(marks)}  called digital {said[0]:.3f}  called physical {said[1]:.3f}")
        return
    accused = np.mean([m.outcome is Outcome.DIGITAL for m in marks if not m.digital])
    missed = np.mean([m.outcome is Outcome.PHYSICAL for m in marks if m.digital])
    unsure = np.mean([m.outcome is Outcome.UNSURE for m in marks])
    print(
        f"{name:<30} n {len(marks)} ({digital.sum()} digital)  AUC {_auc(digital, p):.3f}"
        f"  TPR@1 {_tpr(digital, p, 0.01):.2f}"
        f"  TPR@5 {_tpr(digital, p, 0.05):.2f}  accused {accused:.3f}  missed {missed:.3f}  unsure {unsure:.2f}"
    )


def _auc(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Share of pairs in the right order, ties half."""
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    for value in np.unique(score):
        same = score == value
        ranks[same] = ranks[same].mean()
    n, m = positive.sum(), (~positive).sum()
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def _tpr(positive: NDArray[np.bool_], score: NDArray[np.float64], false: float) -> float:
    limit = np.quantile(score[~positive], 1 - false, method="higher")
    return float((score[positive] > limit).mean())


def _interval(marks: list[Judged], rounds: int = 200) -> tuple[float, float]:
    by: dict[str, list[Judged]] = {}
    for m in marks:
        by.setdefault(m.photo, []).append(m)
    rng, names, areas = np.random.default_rng(0), sorted(by), []
    for _ in range(rounds):
        chosen = [m for k in rng.choice(len(names), len(names)) for m in by[names[k]]]
        digital = np.array([m.digital for m in chosen])
        if digital.any() and not digital.all():
            areas.append(_auc(digital, np.array([m.p for m in chosen])))
    return (
        (float("nan"), float("nan"))
        if not areas
        else (float(np.quantile(areas, 0.025)), float(np.quantile(areas, 0.975)))
    )


if __name__ == "__main__":
    main()
