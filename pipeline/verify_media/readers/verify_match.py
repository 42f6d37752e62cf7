"""Is that really the mark? A small logistic model over what was measured at the place and what a network saw there.

Inlier counts mislead on look-alike badges, correlation misleads on cloth and glass, and the network knows real pictures
badly, so none decides alone; the weights come from composed and from real pictures together (see the model card beside
them).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from verify_media.assets import model

if TYPE_CHECKING:
    from verify_media.readers.fit_quality import Fit

NAMES = (
    "hit", "over_chance", "over_rival", "over_across", "sign", "calm", "weakest", "ncc", "size", "tilt",
    "sift", "orb", "spread", "detail", "hit_sign", "hit_calm", "ncc_hit", "sift_hit", "tilt_hit", "lift_ratio",
    "explained", "explained_most", "explained_hit",
    "agree", "agree_low", "likeness", "likeness_large", "likeness_hit", "likeness_explained",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Support:
    """Local features that agree with the place. `spread`: their hull in the mark, `detail`: contour points / 260."""

    sift: int = 0
    orb: int = 0
    spread: float = 0.0
    detail: float = 1.0


@dataclass(frozen=True, slots=True)
class TrialSettings:
    """Of 140 other marks sought in composed pictures three were taken for there, none with this; of 760 right places on
    photos that the network does not know, it costs four."""

    supported: int = 4
    single_px: float = 120.0


TRIALS = TrialSettings()


def describe(fit: Fit, support: Support, likeness: float) -> Any:
    """The model's inputs, in the order of NAMES. The last four are in proportion to `likeness`: the log-odds of the
    network, or 1 where they are filled in later."""
    sift, orb = np.log1p(support.sift), np.log1p(support.orb)
    tilt = np.log(fit.tilt)
    return np.array([
        fit.hit, fit.hit - fit.chance, fit.hit - fit.rival, fit.hit - fit.across, fit.sign, min(fit.calm, 2.0),
        fit.weakest, fit.ncc, np.log(max(fit.size_px, 8.0) / 100), tilt, sift, orb, support.spread, support.detail,
        fit.hit * fit.sign, fit.hit * min(fit.calm, 2.0), fit.ncc * fit.hit, sift * fit.hit, tilt * fit.hit,
        np.log((fit.hit + 0.02) / (fit.chance + 0.02)), fit.explained, fit.explained_most, fit.explained_most * fit.hit,
        fit.agree, fit.agree_low, likeness, likeness * min(fit.size_px / 100, 1.5), likeness * fit.hit,
        likeness * fit.explained,
    ])  # fmt: skip


@dataclass(frozen=True, slots=True)
class Logistic:
    """Weights on standardised inputs."""

    mean: Any
    scale: Any
    weights: Any
    bias: float

    def log_odds(self, inputs: Any) -> float:
        return float(np.clip(((inputs - self.mean) / self.scale) @ self.weights + self.bias, -30, 30))


@cache
def _weights() -> Logistic:
    kept = json.loads(model("planar_verify.json").read_text(encoding="utf-8"))
    if tuple(kept["names"]) != NAMES:
        raise ValueError("planar_verify.json was trained for other measurements")
    mean, scale, weights = (np.array(kept[name], np.float64) for name in ("mean", "scale", "weights"))
    return Logistic(mean, scale, weights, float(kept["bias"]))


def probability(fit: Fit, support: Support) -> float:
    """0 to 1 that the mark is at the fitted place."""
    odds = _weights().log_odds(describe(fit, support, fit.likeness)) + _many_places(fit, support)
    return float(1 / (1 + np.exp(-odds)))


def is_supported(support: Support) -> bool:
    """Local features agree with the place, which were not chosen for it."""
    return support.sift + support.orb >= TRIALS.supported


def _many_places(fit: Fit, support: Support) -> float:
    """Log-odds to take off where a shape alone speaks for a small mark: the smaller it is, the more places of a picture
    were tried, and the best of many looks good by chance. Features were not chosen for their looks."""
    if is_supported(support):
        return 0.0
    return float(2 * np.log(min(1.0, max(fit.size_px, 1.0) / TRIALS.single_px)))
