"""Marks in composed pictures: this tool beside single classical measurements, on the same marks and the same files.

    python bench/authenticate.py FOLDER [FOLDER ...] [--limit N] [--fold K]

A FOLDER is a set written by models/compose/build.py (with its `--held` only overlay tools and fonts that training never
saw), or the corpus: then a small set is composed from its words with known places. The classical measurements are taken
between the mark and the band around it: error level (Krawetz 2007), noise (Mahdian and Saic 2009, with Immerkaer's
estimate) and the block grid (Li et al. 2009); double quantisation (Lin et al. 2009) from whole blocks of both. Each is
given the better of its two directions, which favours them. Intervals are 95 % over photos (bootstrap).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

from models.compose.peers import double_jpeg

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

    picture: str
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
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--fold", type=int, help="only photos of this fold; the network never saw 0")
    parser.add_argument("--limit", type=int, default=10**9, help="pictures of each set")
    args = parser.parse_args()
    marks: list[Judged] = []
    start = time.process_time()
    with tempfile.TemporaryDirectory() as spare:
        for folder in args.folders:
            for row in _rows(_as_set(folder, Path(spare)), args.fold)[: args.limit]:
                marks += _picture(_as_set(folder, Path(spare)), row)
    seconds = (time.process_time() - start) / max(1, len(marks))
    _table("all", marks, seconds)
    for by in ("post", "tool", "source"):
        for value in sorted({getattr(m, by) for m in marks}):
            keep: Callable[[Judged], bool] = lambda m, v=value, k=by: getattr(m, k) == v  # noqa: E731
            _line(f"{by} {value}", [m for m in marks if keep(m) or (by == "tool" and not m.digital)])


def _as_set(folder: Path, spare: Path) -> Path:
    """The folder itself, or a set made from the corpus in it."""
    if (folder / "rows.jsonl").exists():
        return folder
    if not (spare / "rows.jsonl").exists():
        from models.compose.from_corpus import compose

        compose(folder, spare)
    return spare


def _rows(folder: Path, fold: int | None) -> list[dict]:
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    return [r for r in rows if fold is None or r.get("fold") == fold]


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
        peers = {name: values[cue] for name, cue in PEERS.items()} | {"double jpeg": double_jpeg(image, sighting.quad)}
        p = 0.5 if sighting.p_digital is None else sighting.p_digital
        where = row["file"], row["photo"], mark["tool"], row["post"], row["source"]
        found.append(Judged(*where, mark["digital"], p, sighting.outcome, peers))
    return found


def _quad(points: list[list[float]]):
    return tuple((float(x), float(y)) for x, y in points)


def _table(name: str, marks: list[Judged], seconds: float) -> None:
    _line(name, marks)
    if len({m.digital for m in marks}) < 2:
        return
    for name, (low, high) in zip(("AUC", "TPR@1", "TPR@5"), _intervals(marks), strict=True):
        print(f"  {name} 95 % {low:.3f} to {high:.3f}")
    print(f"  {1000 * seconds:.0f} ms of one core a mark, measured twice here")
    _photos(marks)
    digital = np.array([m.digital for m in marks])
    for peer in marks[0].peers:
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


def _photos(marks: list[Judged]) -> None:
    """End to end: a picture counts as digital where any of its marks is one, and its p is its highest."""
    by: dict[str, list[Judged]] = {}
    for m in marks:
        by.setdefault(m.picture, []).append(m)
    digital = np.array([any(m.digital for m in of) for of in by.values()])
    p = np.array([max(m.p for m in of) for of in by.values()])
    if digital.any() and not digital.all():
        print(f"  pictures {len(by)} ({digital.sum()} with overlays)  AUC {_auc(digital, p):.3f}", end="")
        print(f"  TPR@1 {_tpr(digital, p, 0.01):.2f}  TPR@5 {_tpr(digital, p, 0.05):.2f}")


def _intervals(marks: list[Judged], rounds: int = 200) -> list[tuple[float, float]]:
    """95 % of AUC, TPR at 1 % and at 5 %, photos drawn anew."""
    by: dict[str, list[Judged]] = {}
    for m in marks:
        by.setdefault(m.photo, []).append(m)
    rng, names, found = np.random.default_rng(0), sorted(by), []
    for _ in range(rounds):
        chosen = [m for k in rng.choice(len(names), len(names)) for m in by[names[k]]]
        digital, p = np.array([m.digital for m in chosen]), np.array([m.p for m in chosen])
        if digital.any() and not digital.all():
            found.append((_auc(digital, p), _tpr(digital, p, 0.01), _tpr(digital, p, 0.05)))
    low, high = np.quantile(found, [0.025, 0.975], axis=0) if found else np.full((2, 3), np.nan)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


if __name__ == "__main__":
    main()
