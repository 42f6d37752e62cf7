"""From the learned scores to a probability, and from there to an outcome: numbers fixed before any test."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from math import exp

from verify_media import assets
from verify_media.records import Outcome

FILE = "authenticate_calibration.toml"
OBJECTION = 1.0
"""Log odds by the trees from which a mark is never called physical, whatever the networks say: they take the banners
and frames of templates for signs. It keeps 0.2 in 100 of the real marks from being called physical."""


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
    pixels: float
    setting: float

    def __matmul__(self, other: Scores) -> float:
        """The weighted sum."""
        return self.trees * other.trees + self.pixels * other.pixels + self.setting * other.setting


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
    return max(p_digital, 2 * bucket.physical_below[0]) if scores.trees >= OBJECTION else p_digital


def outcome(p_digital: float, letter_height_px: float, sightings: int = 1, *, strict: bool = False) -> Outcome:
    """`sightings`: how many of the same kind are judged in the picture. `strict`: digital only where that is beyond
    doubt."""
    bucket, at = _bucket(letter_height_px), min(sightings, 4) - 1
    if p_digital >= bucket.digital_above[3 if strict else 0]:
        return Outcome.DIGITAL
    return Outcome.PHYSICAL if p_digital <= bucket.physical_below[at] else Outcome.UNSURE


def _bucket(letter_height_px: float) -> Bucket:
    return next((b for b in calibration().buckets if letter_height_px <= b.up_to_px), calibration().buckets[-1])
