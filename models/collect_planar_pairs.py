"""Composes the pairs from which planar_pair.onnx learns likeness: a fitted place beside the mark
that was sought.

    python models/collect_planar_pairs.py CORPUS PAIRS.npz --icons FOLDER --crops 1000 --half 0

Marks are composed on crops of photos (bench/logo_scenes.py) and looked at as the finder would: through corners that are
a little off, with the contour fitted. Right: the mark itself, printed, woven or pressed. Wrong: its twin (the same
colours and layout with other words or another symbol) fitted to the same place, another mark, the mark shifted, the
mark fitted to the bare photo. Photos and logos are divided by the hash of their names as in train_planar_verify.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "bench"))

from planar_data import packed

from logo_scenes import (
    WORDS,
    Invisible,
    View,
    badge,
    business_card,
    compose,
    half_of,
    hard_view,
    icon,
    lockup,
    photos_of,
    plain_view,
    read_photo,
    symbol,
)
from name_scenes import fonts
from verify_media.readers.contour import align
from verify_media.readers.fit_quality import promise
from verify_media.readers.frame_view import FrameView
from verify_media.readers.mark_finder import COARSE, FINE, FINISH
from verify_media.readers.outline import rotation
from verify_media.readers.pair import pair
from verify_media.readers.planar import corners
from verify_media.readers.template import Template, from_pixels

CROP_PX = 420
RIGHT, WRONG = 0.06, 0.25
"""Worst corner over the mark's longer edge, as in train_planar_verify.py."""
KINDS = ("flat", "flat", "badge", "badge", "card", "lockup", "lockup", "plate", "plate")
SAME_SYMBOL = 0.5
"""Share of the twins that differ in their words alone."""


@dataclass(frozen=True)
class Row:
    """`pixels`: a pair of pair.py as planar_data.py packs it; `photo`: number of the photo."""

    pixels: Any
    label: float
    kind: str
    photo: int = 0
    size_px: float = 0.0


class SameColours:
    """A generator that draws the colours of one mark and the words of another."""

    def __init__(self, colours: int, words: int) -> None:
        self._colours, self._words = np.random.default_rng(colours), np.random.default_rng(words)

    def integers(self, *given: Any) -> Any:
        return self._colours.integers(*given)

    def random(self) -> float:
        return float(self._colours.random())

    def choice(self, *given: Any, **named: Any) -> Any:
        return self._words.choice(*given, **named)


def collect(corpus: Path, icons: list[Path], crops: int, half: int, seed: int) -> Iterator[Row]:
    rng = np.random.default_rng(seed)
    photos = photos_of(corpus, half)
    icons = [p for p in icons if half_of(p) == half]
    photo: Any = None
    which = 0
    for number in range(crops):
        if number % 12 == 0:
            which = int(rng.integers(len(photos)))
            photo = read_photo(photos[which], 1400)
        kind = str(rng.choice(KINDS))
        marks = marks_of_a_kind(rng, icons, kind)
        width = rng.uniform(0.3, 0.75) if kind == "card" else rng.uniform(0.13, 0.6)
        width *= 1.5 if kind == "lockup" else 1.0
        view = (hard_view if rng.random() < 0.6 else plain_view)(rng, width)
        if kind == "card":
            view = replace(view, on_card=False, one_colour=False)
        layers, view = worked(marks[0], view, kind, rng)
        try:
            picture, truth = compose(_cut(photo, rng), layers, view, rng)
        except Invisible:
            continue
        templates = [from_pixels("mark", mark, trim=kind != "card") for mark in marks]
        if None not in templates:
            size_px = float(np.sqrt(cv2.contourArea(truth.astype(np.float32))))
            for row in _pairs(FrameView(picture), templates, truth, rng, kind):
                yield replace(row, photo=which, size_px=size_px)


def _plated(mark: Any, seed: int) -> Any:
    """On a plate of its own, round or rectangular, with a line inside its edge: RGBA."""
    rng = np.random.default_rng(seed)
    height, width = mark.shape[:2]
    pad = int(0.2 * min(height, width) + 0.06 * max(height, width))
    inks = mark[..., :3][mark[..., 3] > 128]
    colour = np.clip((230 if inks.mean() < 128 else 35) + rng.normal(0, 15, 3), 0, 255)
    plate = np.zeros((height + 2 * pad, width + 2 * pad, 4), np.uint8)
    size, middle = (plate.shape[1], plate.shape[0]), (plate.shape[1] // 2, plate.shape[0] // 2)
    line = max(3, pad // 12)
    if rng.random() < 0.4:
        plate[:] = (*colour, 255)
        inset = pad // 4
        cv2.rectangle(plate, (inset, inset), (size[0] - inset, size[1] - inset), (*inks[0].tolist(), 255), line)
    else:
        for shrink, paint, thickness in ((1, colour, -1), (0.93, inks[0], line)):
            axes = (int(size[0] / 2 * shrink) - 1, int(size[1] / 2 * shrink) - 1)
            cv2.ellipse(plate, middle, axes, 0, 0, 360, (*np.asarray(paint).tolist(), 255), thickness, cv2.LINE_AA)
    inside = plate[pad : pad + height, pad : pad + width, :3]
    alpha = mark[..., 3:].astype(np.float32) / 255
    inside[:] = inside * (1 - alpha) + mark[..., :3] * alpha
    return plate


def worked(mark: Any, view: View, kind: str, rng: np.random.Generator) -> tuple[Any, View]:
    """The mark as it is made: printed, pressed into a material, or woven."""
    if rng.random() < 0.15 and kind != "card":
        return _relief(mark, rng), replace(view, on_card=False, one_colour=False)
    return (_woven(mark, rng) if rng.random() < 0.2 else mark), view


def _cut(photo: Any, rng: np.random.Generator) -> Any:
    y, x = (int(rng.integers(0, max(1, side - CROP_PX))) for side in photo.shape[:2])
    return np.ascontiguousarray(photo[y : y + CROP_PX, x : x + CROP_PX])


def marks_of_a_kind(rng: np.random.Generator, icons: list[Path], kind: str) -> list[Any]:
    """The mark, its twin, another."""

    def drawn() -> Any:
        return icon(icons[rng.integers(len(icons))]) if icons and rng.random() < 0.7 else symbol(rng)

    first, second = drawn(), drawn()
    if kind == "flat":
        return [first, second, badge(rng, drawn())]
    seeds = [int(v) for v in rng.integers(1 << 30, size=3)]
    if kind in ("lockup", "plate"):
        named = [_lockup(seeds[0], font, words, drawing) for font, words, drawing in _named(rng, first, second)]
        return [_plated(mark, seeds[1]) for mark in named] if kind == "plate" else named
    symbols = (first, first if rng.random() < SAME_SYMBOL else second)

    def make(words: int, drawing: Any) -> Any:
        # Duck-typed: the two functions only call integers, random and choice.
        same: Any = SameColours(seeds[0], words)
        return business_card(same, drawing) if kind == "card" else badge(same, drawing, colours=colours)

    colours = int(rng.integers(2, 4))
    other = business_card(rng, drawn()) if kind == "card" else badge(rng, drawn(), colours=colours)
    return [*map(make, seeds[1:], symbols), other]


def _named(rng: np.random.Generator, first: Any, second: Any) -> list[Any]:
    """Font, words and symbol of a lockup, of its twin with another name, and of another one."""
    count = int(rng.integers(1, 3))
    font, other_font = (str(name) for name in rng.choice(fonts(), 2))

    def words() -> tuple[str, ...]:
        drawn = tuple(str(word).title() for word in rng.choice(WORDS, count, replace=False))
        return tuple(word.upper() for word in drawn) if seed % 3 == 0 else drawn

    seed = int(rng.integers(9))
    own = words()
    others = words()
    while others == own:
        others = words()
    return [(font, own, first), (font, others, first), (other_font, words(), second)]


def _lockup(seed: int, font: str, words: tuple[str, ...], drawing: Any) -> Any:
    return lockup(np.random.default_rng(seed), drawing, font, words)


def _relief(mark: Any, rng: np.random.Generator) -> Any:
    """The mark pressed into a plain material: only its slopes towards the light are seen."""
    grey = np.where(mark[..., 3] > 128, mark[..., :3].mean(axis=2), 255).astype(np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), rng.uniform(2, 6))
    angle = rng.uniform(0, 2 * np.pi)
    slope = cv2.Sobel(soft, cv2.CV_32F, 1, 0) * np.cos(angle) + cv2.Sobel(soft, cv2.CV_32F, 0, 1) * np.sin(angle)
    slope *= rng.uniform(35, 80) / (np.percentile(np.abs(slope), 98) + 1e-6)
    colour = rng.uniform(70, 200, 3)
    rgb = np.clip(colour + slope[..., None], 0, 255)
    return np.dstack([rgb, np.full(grey.shape, 255)]).astype(np.uint8)


def _woven(mark: Any, rng: np.random.Generator) -> Any:
    """The mark in threads: uneven ink along one direction."""
    noise = cv2.GaussianBlur(
        rng.normal(0, 1, mark.shape[:2]).astype(np.float32), (0, 0), sigmaX=rng.uniform(1, 4), sigmaY=rng.uniform(1, 12)
    )
    noise *= rng.uniform(10, 35) / (noise.std() + 1e-6)
    woven = mark.copy()
    woven[..., :3] = np.clip(mark[..., :3] + noise[..., None], 0, 255)
    return woven


def _pairs(view: FrameView, templates: Any, truth: Any, rng: np.random.Generator, kind: str) -> Iterator[Row]:
    mark, twin, other = templates
    for _ in range(2):
        place = fitted(view, mark, near(truth, rng), rng)
        if place is not None and corner_error(mark, place, truth) < RIGHT:
            yield _row(view, mark, place, 1.0, kind)
    for name, wrong in (("twin", twin), ("twin", twin), ("other", other)):
        place = fitted(view, wrong, near(truth, rng), rng, always=True)
        if place is not None:
            yield _row(view, wrong, place, 0.0, f"{kind} {name}")
    place = fitted(view, mark, _far(truth, rng), rng, always=True)
    if place is not None and corner_error(mark, place, truth) > WRONG:
        yield _row(view, mark, place, 0.0, f"{kind} shifted")
    place = _best_chance(view, mark, truth, rng) if rng.random() < 0.5 else None
    if place is not None and corner_error(mark, place, truth) > WRONG:
        yield _row(view, mark, place, 0.0, f"{kind} chance")


def _row(view: FrameView, mark: Template, place: Any, label: float, kind: str) -> Row:
    return Row(packed(pair(view, mark, place)), label, kind)


def near(truth: Any, rng: np.random.Generator) -> Any:
    return truth + rng.normal(0, 0.016 * _edge(truth), (4, 2))


def _far(truth: Any, rng: np.random.Generator) -> Any:
    middle = truth.mean(axis=0)
    angle = rng.uniform(0, 2 * np.pi)
    move = 0.3 * _edge(truth) * rng.uniform(0.3, 1.5) * np.array([np.cos(angle), np.sin(angle)])
    return middle + move + (truth - middle) * rng.choice([0.7, 0.85, 1.0, 1.2, 1.45]) + rng.normal(0, 2, (4, 2))


def _best_chance(view: FrameView, mark: Template, truth: Any, rng: np.random.Generator) -> Any:
    """The best of a few fits to places anywhere in the picture."""
    found = []
    for _ in range(4):
        matrix = rotation(rng.uniform(0, 2 * np.pi)) * rng.uniform(0.6, 1.2)
        quad = (truth - truth.mean(axis=0)) @ matrix.T + rng.uniform(0.2, 0.8, 2) * view.image.shape[1::-1]
        if (place := align(view, mark, _homography(mark, quad), 48, COARSE)) is not None:
            found.append((promise(view, mark, place, 48), place))
    best = max(found, key=lambda f: f[0], default=None)
    return align(view, mark, best[1], 96, FINE) if best is not None else None


def fitted(view: FrameView, mark: Template, quad: Any, rng: np.random.Generator, *, always: bool = False) -> Any:
    """The contour fitted to the place, in one of three as it is."""
    start = _homography(mark, quad)
    if rng.random() < 0.35 and not always:
        return start
    return align(view, mark, start, 96, FINISH if rng.random() < 0.5 else FINE)


def _homography(mark: Template, quad: Any) -> Any:
    width, height = mark.size
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return cv2.getPerspectiveTransform(square, quad.astype(np.float32)).astype(np.float64)


def _edge(quad: Any) -> float:
    return float(max(np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[2] - quad[1])))


def corner_error(mark: Template, place: Any, truth: Any) -> float:
    """Worst corner over the mark's longer edge."""
    return float(np.linalg.norm(corners(place, mark.size) - truth, axis=1).max() / _edge(truth))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--icons", type=Path)
    parser.add_argument("--crops", type=int, default=1000)
    parser.add_argument("--half", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    icons = sorted(given.icons.glob("*.svg")) if given.icons else []
    rows = list(collect(given.corpus, icons, given.crops, given.half, given.seed))
    columns = {name: np.array([getattr(row, name) for row in rows]) for name in Row.__dataclass_fields__}
    np.savez_compressed(given.pairs, **columns)


if __name__ == "__main__":
    main()
