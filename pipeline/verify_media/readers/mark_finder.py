"""Finds one flat mark (a logo, a card) in a frame: guesses by features and by shape, each fitted to the edges and then
judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from verify_media.readers.contour import align
from verify_media.readers.fit_quality import Fit, measure, promise
from verify_media.readers.frame_view import FrameView
from verify_media.readers.planar import (
    Guess,
    Matches,
    TemplateFeatures,
    feature_guesses,
    feature_matches,
    is_sane,
)
from verify_media.readers.shape import EdgePyramid, bank_of, shape_guesses
from verify_media.readers.verify_match import Support, probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.template import Template

    Matrix: TypeAlias = NDArray[np.float64]
    Judge: TypeAlias = Callable[[Fit, Support], float]


@dataclass(frozen=True, slots=True)
class FinderSettings:
    """`sure`: features alone are so good that the shape search would only cost time."""

    feature_guesses: int = 6
    sure: float = 0.99
    coarse_keep: int = 10


SETTINGS = FinderSettings()
COARSE = (("similarity", 6), ("affinity", 4))
FINE = (("affinity", 6), ("affinity", 4), ("homography", 4), ("homography", 3))
FROM_FEATURES = (("homography", 6), ("homography", 4), ("homography", 3))
FINISH = (("homography", 4), ("homography", 2))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place, what was measured there, and the probability that the mark is there."""

    fit: Fit
    support: Support
    method: str
    p: float


class MarkFinder:
    """`judge` is replaced where the weights are trained."""

    def __init__(self, template: Template, judge: Judge = probability) -> None:
        self.template = template
        self.features = TemplateFeatures(template)
        self.judge = judge

    @cached_property
    def bank(self) -> Any:
        return bank_of(self.template)

    def candidates(self, view: FrameView) -> list[Candidate]:
        """Places for the mark, most probable first, one for each neighbourhood."""
        matches = feature_matches(view, self.features)
        found = self._by_features(view, matches)
        if not any(c.p >= SETTINGS.sure for c in found):
            found += self._by_shape(view, matches)
        return _apart(sorted(found, key=lambda c: -c.p))

    def _by_features(self, view: FrameView, matches: tuple[Matches, ...]) -> list[Candidate]:
        found = []
        for guess in feature_guesses(view, self.template, matches)[: SETTINGS.feature_guesses]:
            fitted = align(view, self.template, guess.homography, 96, FROM_FEATURES)
            # On cloth the contour may pull the plane away from what the features agree on: judge both.
            for homography in (guess.homography, fitted):
                if homography is not None:
                    found.append(self._judged(view, matches, homography, 96, guess))
        return found

    def _by_shape(self, view: FrameView, matches: tuple[Matches, ...]) -> list[Candidate]:
        edges = view.once("edges", EdgePyramid)
        coarse = [
            (promise(view, self.template, fitted, 48), fitted, guess)
            for guess in shape_guesses(edges, self.template, self.bank)
            if (fitted := align(view, self.template, guess.homography, 48, COARSE)) is not None
        ]
        coarse.sort(key=lambda c: -c[0])
        found = []
        for _, homography, guess in coarse[: SETTINGS.coarse_keep]:
            fitted = align(view, self.template, homography, 96, FINE)
            if fitted is not None:
                found.append(self._judged(view, matches, fitted, 96, guess))
        return found

    def _judged(
        self, view: FrameView, matches: Iterable[Matches], homography: Matrix, level: int, guess: Guess
    ) -> Candidate:
        fit = measure(view, self.template, homography, level)
        tolerance = max(3.0, 0.03 * fit.size_px)
        counts = {"sift": 0, "orb": 0}
        for match in matches:
            counts[match.method] = max(counts[match.method], match.support(homography, tolerance))
        detail = len(self.template.contour(level).points) / 260
        support = Support(counts["sift"], counts["orb"], guess.spread, detail)
        return Candidate(fit, support, guess.method, self.judge(fit, support))

    def finished(self, view: FrameView, candidate: Candidate) -> Matrix:
        """The place fitted once more at the largest size that the frame resolves; the corners of a sighting come from
        here."""
        level = 192 if candidate.fit.size_px > 110 else 96
        fitted = align(view, self.template, candidate.fit.homography, level, FINISH)
        if fitted is None or not is_sane(fitted, self.template.size, view.image.shape):
            return candidate.fit.homography
        better = measure(view, self.template, fitted, 96).hit >= candidate.fit.hit - 0.03
        return fitted if better else candidate.fit.homography


def _apart(ordered: list[Candidate]) -> list[Candidate]:
    kept: list[Candidate] = []
    for candidate in ordered:
        centre, size = _middle(candidate)
        if all(np.linalg.norm(centre - c) > 0.5 * max(size, s) for c, s in map(_middle, kept)):
            kept.append(candidate)
    return kept


def _middle(candidate: Candidate) -> tuple[Any, float]:
    return np.array(candidate.fit.centre), candidate.fit.size_px
