"""Finds one flat mark (a logo, a card) in a frame: guesses by features and by shape, each fitted to the edges and then
judged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from verify_media.readers.contour import align
from verify_media.readers.fit_quality import Fit, measure, promise, turns
from verify_media.readers.frame_view import FrameView
from verify_media.readers.matching import Matches, TemplateFeatures, feature_matches
from verify_media.readers.planar import Guess, feature_guesses, is_sane
from verify_media.readers.shape import EdgePyramid, bank_of, shape_guesses
from verify_media.readers.sheets import sheet_guesses
from verify_media.readers.template import outlined
from verify_media.readers.verify_match import Support, probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from verify_media.readers.template import Template

    Matrix: TypeAlias = NDArray[np.float64]
    Judge: TypeAlias = Callable[[Fit, Support], float]


@dataclass(frozen=True, slots=True)
class FinderSettings:
    """`sure`: features alone are so good that the shape search would only cost time. `alike`: probabilities that differ
    by less say nothing about which of two fits is closer."""

    feature_guesses: int = 6
    sure: float = 0.99
    coarse_keep: int = 10
    alike: float = 0.05
    round: float = 1.3
    """Ratio of the sides up to which a mark may be round, and its other turns are tried at so many places."""
    turned: int = 2


SETTINGS = FinderSettings()
COARSE = (("similarity", 6), ("affinity", 4))
FINE = (("affinity", 6), ("affinity", 4), ("homography", 4), ("homography", 3))
FROM_FEATURES = (("homography", 6), ("homography", 4), ("homography", 3))
FROM_OUTLINE = (("affinity", 10), ("homography", 6), ("homography", 4), ("homography", 3))
FINISH = (("homography", 4), ("homography", 2))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place, what was measured there, and the probability that the mark is there."""

    fit: Fit
    support: Support
    method: str
    p: float


class MarkFinder:
    """`judge` is replaced where the weights are trained. `is_sheet`: the mark's edge is that of a card."""

    def __init__(self, template: Template, judge: Judge = probability, *, is_sheet: bool = False) -> None:
        self._is_sheet = is_sheet
        self.template = template
        self.features = TemplateFeatures(template)
        self.judge = judge

    @cached_property
    def shape(self) -> Template:
        """What is sought by its shape: the mark, and of a card the outline as well."""
        return outlined(self.template) if self._is_sheet else self.template

    @cached_property
    def bank(self) -> Any:
        return bank_of(self.shape)

    def candidates(self, view: FrameView) -> list[Candidate]:
        """Places for the mark, most probable first, one for each neighbourhood."""
        matches = feature_matches(view, self.features)
        found = self.by_features(view, matches, matches)
        if not _is_sure(found):
            tilted = feature_matches(view, self.features, tilted=True)
            found += self.by_features(view, matches + tilted, tilted)
        if not _is_sure(found):
            found += self._by_outline(view, matches) if self._is_sheet else self._by_shape(view, matches)
        return _apart(sorted(found, key=lambda c: -c.p))

    def by_features(self, view: FrameView, matches: tuple[Matches, ...], fresh: tuple[Matches, ...]) -> list[Candidate]:
        """Places from the `fresh` matches, judged by all of them."""
        found: list[Candidate] = []
        for guess in feature_guesses(view, self.template, fresh)[: SETTINGS.feature_guesses]:
            found += self._guessed_and_fitted(view, matches, guess, FROM_FEATURES)
        return found

    def _by_outline(self, view: FrameView, matches: tuple[Matches, ...]) -> list[Candidate]:
        """A card: laid on the sheets of the frame, and sought as the shape of its outline with what is large on it."""
        found: list[Candidate] = []
        for guess in sheet_guesses(view, self.template):
            found += self._guessed_and_fitted(view, matches, guess, FROM_OUTLINE)
        return found + self._by_shape(view, matches)

    def _guessed_and_fitted(
        self, view: FrameView, matches: tuple[Matches, ...], guess: Guess, plan: tuple[tuple[str, int], ...]
    ) -> list[Candidate]:
        """On cloth the contour may pull the plane away from what the guess agrees on: both are judged."""
        fitted = align(view, self.template, guess.homography, 96, plan)
        places = [place for place in (guess.homography, fitted) if place is not None]
        return [self.judged(view, matches, place, 96, guess) for place in places]

    def _by_shape(self, view: FrameView, matches: tuple[Matches, ...]) -> list[Candidate]:
        edges = view.once("edges", EdgePyramid)
        coarse = [
            (promise(view, self.shape, fitted, 48), fitted, guess)
            for guess in shape_guesses(edges, self.shape, self.bank)
            if (fitted := align(view, self.shape, guess.homography, 48, COARSE)) is not None
        ]
        coarse.sort(key=lambda c: -c[0])
        found = []
        for _, homography, guess in coarse[: SETTINGS.coarse_keep]:
            fitted = align(view, self.shape, homography, 96, FINE)
            if fitted is not None:
                found.append(self.judged(view, matches, fitted, 96, guess))
        return found + self._turned(view, matches, found)

    def _turned(self, view: FrameView, matches: tuple[Matches, ...], found: Sequence[Candidate]) -> list[Candidate]:
        """A round mark at the other turns of its best places."""
        size = self.shape.size
        if max(size) > SETTINGS.round * min(size) or _is_sure(found):
            return []
        best = sorted(found, key=lambda c: -(c.fit.hit - c.fit.chance))[: SETTINGS.turned]
        turned = [turn for c in best for turn in turns(view, self.shape, c.fit.homography, 96)]
        fitted = [align(view, self.shape, turn, 96, FINE) for turn in turned]
        return [self.judged(view, matches, place, 96, Guess(place, "shape")) for place in fitted if place is not None]

    def judged(
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

    def finished(self, view: FrameView, candidate: Candidate) -> Candidate:
        """The place fitted once more at the largest size that the frame resolves, and judged there: a better fit shows
        more of what a look-alike has of its own. The corners of a sighting come from here."""
        level = 192 if candidate.fit.size_px > 110 else 96
        fitted = align(view, self.template, candidate.fit.homography, level, FINISH)
        if fitted is None or not is_sane(fitted, self.template.size, view.image.shape):
            return candidate
        fit = measure(view, self.template, fitted, 96)
        if fit.hit < candidate.fit.hit - 0.03:
            return candidate
        return replace(candidate, fit=fit, p=self.judge(fit, candidate.support))


def _is_sure(found: Iterable[Candidate]) -> bool:
    return any(c.p >= SETTINGS.sure for c in found)


def _apart(ordered: list[Candidate]) -> list[Candidate]:
    """One candidate for each neighbourhood: of those nearly as probable as the best, the one that fits best."""
    kept: list[Candidate] = []
    for candidate in ordered:
        twin = next((n for n, other in enumerate(kept) if _is_near(candidate, other)), None)
        if twin is None:
            kept.append(candidate)
        elif candidate.p > kept[twin].p - SETTINGS.alike and candidate.fit.hit > kept[twin].fit.hit:
            kept[twin] = candidate
    return kept


def _is_near(one: Candidate, other: Candidate) -> bool:
    distance = np.linalg.norm(np.array(one.fit.centre) - np.array(other.fit.centre))
    return bool(distance <= 0.5 * max(one.fit.size_px, other.fit.size_px))
