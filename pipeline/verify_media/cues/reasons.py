"""The two or three measurements that a maker can follow, as sentences with their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from verify_media.cues import vector
from verify_media.messages import Message, message
from verify_media.records import Cue

Values: TypeAlias = Mapping[str, float]
Typical: TypeAlias = Mapping[str, tuple[float, float, float]]
"""Cue name -> the 5 %, 50 % and 95 % quantile over marks that are really there."""


@dataclass(frozen=True, slots=True)
class Explained:
    """A cue with its sentences. `sign`: -1 where overlays measure low, 1 where they measure high."""

    cue: str
    sign: int
    added: str
    there: str
    numbers: Callable[[Values], dict[str, float]]


def _edges(v: Values) -> dict[str, float]:
    mark = v["edge_width_px"]
    return {"mark_px": round(mark, 1), "scene_px": round(mark / max(v["edge_width_over_far"], 0.01), 1)}


def _percent(name: str) -> Callable[[Values], dict[str, float]]:
    return lambda v: {"percent": round(100 * v[name])}


def _level(name: str) -> Callable[[Values], dict[str, float]]:
    return lambda v: {"level": round(v[name], 1)}


EXPLAINED = (
    Explained("edge_width_over_far", -1, "cue-edges-sharper", "cue-edges-alike", _edges),
    Explained("ink_flat", -1, "cue-ink-even", "cue-ink-uneven", _level("ink_flat")),
    Explained("noise_over_far", -1, "cue-grain-less", "cue-grain-alike", _percent("noise_over_far")),
    Explained("error_level_90_over_far", 1, "cue-newer", "cue-equally-old", _percent("error_level_90_over_far")),
    Explained("edge_width_spread", 1, "cue-edges-mixed", "cue-edges-regular", _percent("edge_width_spread")),
    Explained("light_clipped", 1, "cue-pure-white", "", _percent("light_clipped")),
    Explained("dark_clipped", 1, "cue-pure-black", "", _percent("dark_clipped")),
    Explained(
        "ground_texture_over_ring", -1, "cue-ground-smoother", "cue-ground-alike", _percent("ground_texture_over_ring")
    ),
)


def for_digital(values: Values, typical: Typical, most: int = 3) -> tuple[Cue, ...]:
    """Cues that lie outside what real marks measure, the farthest first; else one sentence about all together."""
    far = [(_excess(e, values, typical), e) for e in EXPLAINED]
    chosen = [e for excess, e in sorted(far, key=lambda pair: -pair[0]) if excess > 0][:most]
    cues = tuple(_cue(e, e.added, values) for e in chosen)
    return cues or (Cue("all_measurements", 0.0, message("cue-many-small")),)


def for_physical(values: Values, typical: Typical, most: int = 2) -> tuple[Cue, ...]:
    """No sign of an overlay, and the cues that lie nearest to the middle of what real marks measure."""
    near = [(_distance(e, values, typical), e) for e in EXPLAINED if e.there]
    chosen = [e for distance, e in sorted(near, key=lambda pair: pair[0]) if distance < NEAR][:most]
    return (Cue("all_measurements", 0.0, message("cue-no-sign")), *(_cue(e, e.there, values) for e in chosen))


NEAR = 0.2
"""Of the width between the quantiles: a number farther from the middle would not speak for itself in a sentence."""


def _distance(of: Explained, values: Values, typical: Typical) -> float:
    value, (low, middle, high) = values[of.cue], typical.get(of.cue, (0.0, 0.0, 0.0))
    return abs(value - middle) / (high - low) if value == value and high > low else 1.0


def _excess(of: Explained, values: Values, typical: Typical) -> float:
    """How far beyond the quantile on the overlays' side, in widths of the usual range; negative inside."""
    value, (low, _, high) = values[of.cue], typical.get(of.cue, (0.0, 0.0, 0.0))
    if value != value or high <= low:
        return -0.1
    return ((low - value) if of.sign < 0 else (value - high)) / (high - low)


def _cue(of: Explained, key: str, values: Values) -> Cue:
    reason: Message = message(key, **of.numbers(values))
    return Cue(of.cue, values[of.cue], reason)


def named(values: list[float]) -> dict[str, float]:
    return dict(zip(vector.NAMES, values, strict=True))
