"""From the learned scores to a probability, and from there to an outcome: numbers fixed before any test."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache
from math import exp, log
from statistics import median

import numpy as np

from verify_media import assets
from verify_media.records import Outcome

FILE = "authenticate_calibration.toml"
OBJECTION = 1.0
"""Log odds by the trees from which a mark is never called physical, whatever the networks say: they take the banners
and frames of templates for signs. It keeps 0.2 in 100 of the real marks from being called physical."""

GAP = 2.0
"""Log odds by which a mark must lie above the other lettering of its picture (the median) before it is called digital:
what a strange camera does to real lettering it does all over the picture. Of 1016 real words of ICDAR 2003, by judges
of measurements that know none of its photos, 11 are called digital without this and 2 with it, and as many overlays as
before (47 in 100); of 5937 real marks on photos of known sources 4 and 4, of 2420 overlays 51.2 and 51.1 in 100."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Marks with letters up to `up_to_px` high. p = sigmoid(offset + slope * fused score).

    `physical_below`: by number of sightings (1, 2, 3, 4 or more) the p under which the share of overlays stays within
    the error that is allowed; `digital_above` likewise for marks that are there. Split-conformal, one class at a time.
    """

    up_to_px: float
    slope: float
    offset: float
    physical_below: tuple[float, ...]
    digital_above: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scores:
    """Log odds of digital by each judge; in a `Calibration`, how much each of them weighs."""

    trees: float
    perceptron: float
    pixels: float
    setting: float

    def __matmul__(self, other: Scores) -> float:
        """The weighted sum."""
        return float(np.dot(astuple(self), astuple(other)))


@dataclass(frozen=True, slots=True)
class Calibration:
    fusion: Scores
    buckets: tuple[Bucket, ...]
    typical: dict[str, tuple[float, float, float]]


@cache
def calibration() -> Calibration:
    """Raises MissingProgram where the file is missing or damaged."""
    data = tomllib.loads(assets.model(FILE).read_text(encoding="utf-8"))
    buckets = tuple(
        Bucket(b["up_to_px"], b["slope"], b["offset"], tuple(b["physical_below"]), tuple(b["digital_above"]))
        for b in data["bucket"]
    )
    typical = {name: (low, middle, high) for name, (low, middle, high) in data["typical"].items()}
    return Calibration(Scores(**data["fusion"]), buckets, typical)


def probability(scores: Scores, letter_height_px: float) -> float:
    """Calibrated on equal numbers of overlays and of marks that are there."""
    bucket = _bucket(letter_height_px)
    odds = bucket.offset + bucket.slope * (calibration().fusion @ scores)
    p_digital = 1 / (1 + exp(-max(-30.0, min(30.0, odds))))
    return max(p_digital, _least_doubtful(bucket)) if scores.trees >= OBJECTION else p_digital


def among(p_digital: float, letter_height_px: float, others: Sequence[float]) -> float:
    """`p_digital`, or what is no more than a doubt where the mark does not stand out from the other lettering of its
    picture. `others`: p_digital of that; what would be called digital itself says nothing of the camera."""
    bucket = _bucket(letter_height_px)
    witnesses = [log_odds(p) for p in others if p < bucket.digital_above[0]]
    if not witnesses or log_odds(p_digital) - median(witnesses) >= GAP:
        return p_digital
    return min(p_digital, _most_doubtful(bucket))


def undecided(p_digital: float, letter_height_px: float) -> float:
    """`p_digital` where it stays within what is called unsure."""
    bucket = _bucket(letter_height_px)
    return min(max(p_digital, _least_doubtful(bucket)), _most_doubtful(bucket))


def _least_doubtful(bucket: Bucket) -> float:
    return 2 * bucket.physical_below[0]


def _most_doubtful(bucket: Bucket) -> float:
    return 1 - 2 * (1 - bucket.digital_above[0])


def outcome(p_digital: float, letter_height_px: float, sightings: int = 1, *, strict: bool = False) -> Outcome:
    """`sightings`: how many of the same kind are judged in the picture. `strict`: digital only where that is beyond
    doubt."""
    bucket, at = _bucket(letter_height_px), min(sightings, 4) - 1
    if p_digital >= bucket.digital_above[3 if strict else 0]:
        return Outcome.DIGITAL
    return Outcome.PHYSICAL if p_digital <= bucket.physical_below[at] else Outcome.UNSURE


def _bucket(letter_height_px: float) -> Bucket:
    return next((b for b in calibration().buckets if letter_height_px <= b.up_to_px), calibration().buckets[-1])


def log_odds(p: float) -> float:
    p = min(1 - 1e-12, max(1e-12, p))
    return log(p / (1 - p))
