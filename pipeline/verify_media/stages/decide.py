"""From many sightings to one outcome for the item. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from verify_media.records import Outcome, Sighting

ORDER = {Outcome.PHYSICAL: 0, Outcome.DIGITAL: 1, Outcome.UNSURE: 2, Outcome.ABSENT: 3}


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
    """Certain before doubtful, readable or not; decided before unsure, physical before digital; by score and size.

    Scores that differ by less than a tenth are alike: then the larger letters tell more, and show better.
    """
    return tuple(sorted(sightings, key=_rank))


def _rank(sighting: Sighting) -> tuple[bool, bool, int, float, float]:
    size = sighting.letter_height_px or 0.0
    return not sighting.is_certain, not sighting.readable, ORDER[sighting.outcome], -round(sighting.score, 1), -size
