"""From many sightings to one outcome for the item. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from verify_media.records import Outcome, Quad, Sighting
from verify_media.stages.locate import overlap

ORDER = {Outcome.PHYSICAL: 0, Outcome.DIGITAL: 1, Outcome.UNSURE: 2, Outcome.ABSENT: 3}
SCORES_ALIKE = 0.1
"""A name in an address of the fixture shots/IMG_0412 scores 0.98 at 26 px, the large name above it 0.94 at 63 px: by
the score alone the report showed the one that nobody looks at."""
SAME_PLACE = 0.3
"""Shared area from which a sighting may be part of an overlay, or the overlay on its way."""
WENT_PX = 3.0
"""In the picture of a clip: what an overlay that stays never does (0.6 px, see motion_odds.py)."""


def decided(sightings: Sequence[Sighting]) -> tuple[tuple[Sighting, ...], Outcome, float | None]:
    """Best first, and what they say together. An overlay accuses nobody while another sighting may be real: then that
    one leads."""
    ranked = best_first(sightings)
    outcome, p_digital = decide(ranked)
    accused = [s for s in ranked if s.outcome is Outcome.DIGITAL]
    doubt = next((s for s in ranked if _may_be_real(s, accused)), None)
    if outcome is not Outcome.DIGITAL or doubt is None:
        return ranked, outcome, p_digital
    return (doubt, *(s for s in ranked if s is not doubt)), Outcome.UNSURE, doubt.p_digital


def _may_be_real(sighting: Sighting, accused: Sequence[Sighting]) -> bool:
    """Unsure, elsewhere than what was added, and it looks real or goes its own way in the picture."""
    if sighting.outcome is not Outcome.UNSURE or not sighting.is_certain:
        return False
    went_px = max([0.0, *(cue.value for cue in sighting.evidence if cue.name == "motion_mark_px")])
    is_elsewhere = all(overlap(sighting.quad, other.quad) < SAME_PLACE for other in accused)
    return is_elsewhere and (went_px >= WENT_PX or (sighting.p_digital or 0.5) < 0.5)


def decide(sightings: Sequence[Sighting]) -> tuple[Outcome, float | None]:
    """Outcome of the item and the p_digital of the sighting that carries it.

    One mark that is really there is what the letter asks for, so a physical sighting decides. Lettering that is too
    small to read, or that says another name, supports nothing but "unsure".
    """
    if not sightings:
        return Outcome.ABSENT, None
    best = best_first(sightings)[0]
    return (best.outcome if best.is_certain else Outcome.UNSURE), best.p_digital


def best_first(sightings: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Certain before doubtful, readable or not; decided before unsure, physical before digital. The first is the one
    that the report shows, so among those that are found about equally surely the largest leads; then by score."""
    ranks = sorted({_rank(sighting) for sighting in sightings})
    return tuple(s for rank in ranks for s in _clearest_first([s for s in sightings if _rank(s) == rank]))


def _rank(sighting: Sighting) -> tuple[bool, bool, int]:
    return not sighting.is_certain, not sighting.readable, ORDER[sighting.outcome]


def _clearest_first(alike: Sequence[Sighting]) -> list[Sighting]:
    least = max(sighting.score for sighting in alike) - SCORES_ALIKE
    return sorted(alike, key=lambda s: (s.score < least, -area_px(s.quad) if s.score >= least else -s.score))


def area_px(quad: Quad) -> float:
    """Area of a quad in square pixels (shoelace formula)."""
    corners = zip(quad, (*quad[1:], quad[0]), strict=True)
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in corners)) / 2
