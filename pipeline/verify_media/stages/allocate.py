"""How many bytes each item gets: measured rate-quality curves, one concave utility, one budget. Pure arithmetic."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

GRID = 240
"""Sizes at which a curve is sampled: steps of about 2 %."""
_Menu: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Sizes and worths of one item's choices."""
MOST_TRADED = 3
"""Steps up and down that two items trade."""
FULL = 0.995
"""Part of the budget at which the search for a better use of the rest ends."""
MOST_FILLED, WORTH_FILLING = 4, 0.15
"""Items whose steps are combined to fill the budget, and the part of the worth that may go for it, which is half a
point on each item at 80: predicted qualities are hardly better, and a clip would be encoded once more for what photos
leave."""
LEAST_GAIN = 1e-9
MOST_SUBSETS = 10
"""Up to so many items that could go as they are, all combinations are tried; above, the largest are given up first."""


BEYOND = 0.02
"""Worth of a point above the knee: so little that no item below its knee ever pays for it."""


POWER = 4
"""Predicted min / mean of six scarce budgets over three sets of photos and clips that no benchmark uses: squares 57.4 /
63.2, cubes 57.6 / 63.1, fourth powers 59.0 / 62.7, sixth 59.1 / 62.5. The plain minimum lost at 5 MB for 3 photos and 2
clips even to squares (53.4 against 58.6), because a wrong curve costs it everything."""


@dataclass(frozen=True, slots=True)
class Utility:
    """-(weight * points below the knee)^POWER. Concave, so equal quality beats one good and one ruined item; nearly
    flat above the knee, where only bytes go that nobody else can use."""

    knee: float
    floor: float
    """Below this the item cannot be judged; it is rather left out."""
    weight: float = 1.0

    def __call__(self, quality: float) -> float:
        if quality > self.knee:
            return BEYOND * (quality - self.knee)
        return -((self.weight * (self.knee - quality)) ** POWER)


PHOTO = Utility(knee=90.0, floor=30.0)
"""SSIMULACRA2: 90 is hard to tell from the original, 30 is poor."""
VIDEO = Utility(knee=85.0, floor=15.0, weight=1.24)
"""SSIMULACRA2 too, of frames of the clip: one scale for all items. At 70 a point is worth as much as on a photo, near
the knee less, because grain that moves is missed less than grain that stands: VMAF was 94 beside 66, 98 beside 78."""
NEAR_KNEE = 0.01
UNTOUCHED_BONUS = 6.0**POWER
"""Going out byte for byte is worth six points under the knee on one other item."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One measurement: `level` is the encoder's own dial (JPEG quality, CRF) at a `scale` of the picture's sides."""

    scale: float
    level: float
    size_bytes: float
    quality: float
    mark_kept: bool = True
    full_chroma: bool = False
    """Of a JPEG: colour at full resolution, a ladder of its own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What an item gets. `level` None: as it is."""

    size_bytes: float
    quality: float
    scale: float = 1.0
    level: float | None = None
    full_chroma: bool = False

    @property
    def as_is(self) -> bool:
        return self.level is None


@dataclass(frozen=True, slots=True)
class Option:
    """All that one item can be: a curve of choices by growing size, and perhaps the file as it is."""

    utility: Utility
    curve: tuple[Choice, ...] = ()
    as_is: Choice | None = None
    bonus: float = UNTOUCHED_BONUS

    @property
    def smallest(self) -> float:
        return min((c.size_bytes for c in (*self.curve[:1], *([self.as_is] if self.as_is else []))), default=math.inf)

    @property
    def at_knee(self) -> Choice | None:
        """The smallest choice of the curve that is hard to tell from the original; else its best."""
        return next((c for c in self.curve if c.quality >= self.utility.knee - NEAR_KNEE), (*self.curve, None)[-1])

    def is_best(self, choice: Choice) -> bool:
        """Whether there is no way to spend more bytes on it."""
        return choice.as_is or (bool(self.curve) and choice.level == self.curve[-1].level)

    def worth(self, choice: Choice) -> float:
        return self.bonus if choice.as_is else self.utility(choice.quality)

    def corrected(self, choice: Choice, size_bytes: float) -> Option:
        """The same curve after an encode of `choice` came out at another size: the others are off by the same factor,
        more or less."""
        factor = size_bytes / choice.size_bytes
        return replace(self, curve=tuple(replace(c, size_bytes=c.size_bytes * factor) for c in self.curve))

    def shifted(self, points: float) -> Option:
        """The same curve after a measurement of the whole item came out so many points higher: so will the others,
        more or less."""
        return replace(self, curve=tuple(replace(c, quality=c.quality + points) for c in self.curve))

    def better_than(self, quality: float) -> Option:
        """Without the choices up to a quality at which the mark could not be read."""
        return replace(self, curve=tuple(c for c in self.curve if c.quality > quality))


def curve(probes: Sequence[Probe], utility: Utility) -> tuple[Choice, ...]:
    """The best quality for each size over all scales, from the smallest acceptable size on.

    Between the probes of one scale, quality and dial bend over the logarithm of the size.
    """
    usable = _tracks(probes)
    if not usable:
        return ()
    low, high = (f(p.size_bytes for track in usable for p in track) for f in (min, max))
    choices = (_best(usable, size) for size in np.geomspace(low, high, GRID))
    return _acceptable([c for c in choices if c], utility)


def menu(probes: Sequence[Probe], utility: Utility) -> tuple[Choice, ...]:
    """Like `curve`, for a dial that has whole steps only (JPEG quality): one choice for each step that is worth its
    bytes."""
    usable = _tracks(probes)
    steps = [
        _at_level(track, level)
        for track in usable
        for level in range(round(track[0].level), round(track[-1].level) + 1)
    ]
    return _acceptable(sorted(steps, key=lambda step: step.size_bytes), utility)


def _at_level(track: Sequence[Probe], level: int) -> Choice:
    levels = [p.level for p in track]
    size = math.exp(between(level, levels, [math.log(p.size_bytes) for p in track]))
    quality = between(level, levels, [p.quality for p in track])
    return Choice(size, quality, track[0].scale, level, track[0].full_chroma)


def _tracks(probes: Sequence[Probe]) -> list[list[Probe]]:
    """Probes by scale and kind, by growing size, without those where the mark suffers or more bytes brought no gain."""
    by_scale: dict[tuple[float, bool], list[Probe]] = {}
    for probe in sorted(probes, key=lambda p: p.size_bytes):
        track = by_scale.setdefault((probe.scale, probe.full_chroma), [])
        if probe.mark_kept and (not track or probe.quality > track[-1].quality):
            track.append(probe)
    return [track for track in by_scale.values() if track]


def _best(tracks: Sequence[Sequence[Probe]], size: float) -> Choice | None:
    fitting = [_interpolated(track, size) for track in tracks if track[0].size_bytes <= size * (1 + 1e-9)]
    return max(fitting, key=lambda c: c.quality, default=None)


def _interpolated(track: Sequence[Probe], size: float) -> Choice:
    at = min(size, track[-1].size_bytes)
    sizes = [math.log(p.size_bytes) for p in track]
    quality, level = (
        between(math.log(at), sizes, values) for values in ([p.quality for p in track], [p.level for p in track])
    )
    return Choice(at, quality, track[0].scale, level)


def between(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """The monotone cubic through the points (Fritsch and Butland 1984, as PCHIP), its ends held beyond them. `xs`
    ascend.

    Measured on hand-held clips between probes at CRF 18, 26 and 36, SSIMULACRA2 at CRF 22 and 30: true 73.4 and 48.6,
    straight over the logarithm of the size 69.7 and 42.8, so 72.6 and 47.3.
    """
    if len(xs) < 3 or not xs[0] < x < xs[-1]:
        return float(np.interp(x, xs, ys))
    n = min(int(np.searchsorted(xs, x, side="right")), len(xs) - 1) - 1
    width, slopes = xs[n + 1] - xs[n], _slopes(np.diff(xs), np.diff(ys) / np.diff(xs))
    t = (x - xs[n]) / width
    ends = (1 + 2 * t) * (1 - t) ** 2 * ys[n] + t * t * (3 - 2 * t) * ys[n + 1]
    return float(ends + width * t * (1 - t) * ((1 - t) * slopes[n] - t * slopes[n + 1]))


def _slopes(widths: NDArray[np.float64], rises: NDArray[np.float64]) -> list[float]:
    """At each point, such that the cubics never overshoot; from the widths and mean slopes of the stretches between."""
    inner = [_harmonic(*pair) for pair in zip(widths, widths[1:], rises, rises[1:], strict=False)]
    first, last = _at_end(widths[:2], rises[:2]), _at_end(widths[:-3:-1], rises[:-3:-1])
    return [first, *inner, last]


def _harmonic(width: float, next_width: float, rise: float, next_rise: float) -> float:
    if rise * next_rise <= 0:
        return 0.0
    one, two = 2 * next_width + width, next_width + 2 * width
    return (one + two) / (one / rise + two / next_rise)


def _at_end(widths: NDArray[np.float64], rises: NDArray[np.float64]) -> float:
    """Of the parabola through the three outer points, the outermost first, as far as it keeps the direction."""
    slope = float(((2 * widths[0] + widths[1]) * rises[0] - widths[0] * rises[1]) / (widths[0] + widths[1]))
    if slope * rises[0] <= 0:
        return 0.0
    return float(3 * rises[0]) if rises[0] * rises[1] <= 0 and abs(slope) > abs(3 * rises[0]) else slope


def _acceptable(choices: Sequence[Choice], utility: Utility) -> tuple[Choice, ...]:
    """From the floor up, each better than the one before; where not even the best reaches the floor, the best
    alone."""
    kept: list[Choice] = []
    for choice in [c for c in choices if c.quality >= utility.floor] or choices[-1:]:
        if not kept or choice.quality > kept[-1].quality:
            kept.append(choice)
    return tuple(kept)


@dataclass(frozen=True, slots=True)
class Plan:
    """A choice for each item, in order."""

    choices: tuple[Choice, ...]
    worth: float

    @property
    def size_bytes(self) -> float:
        return sum(choice.size_bytes for choice in self.choices)


def solve(options: Sequence[Option], budget_bytes: float, *, full: float = FULL) -> Plan | None:
    """The plan of the highest summed worth within the budget; None where even the smallest choices exceed it. `full`:
    the part of the budget that it is to use."""
    plans = ((_solve_fixed(options, kept, budget_bytes), kept) for kept in _subsets(options))
    found = max(((plan.worth, n, kept) for n, (plan, kept) in enumerate(plans) if plan), default=None)
    return _solve_fixed(options, found[2], budget_bytes, full=full) if found else None


def _subsets(options: Sequence[Option]) -> list[frozenset[int]]:
    """Which items go as they are. Those without a curve always do."""
    must = frozenset(i for i, o in enumerate(options) if not o.curve and o.as_is)
    free = [i for i, o in enumerate(options) if o.curve and o.as_is]
    if len(free) <= MOST_SUBSETS:
        return [must | set(some) for n in range(len(free) + 1) for some in itertools.combinations(free, n)]
    free.sort(key=lambda i: _as_is_bytes(options[i]))
    return [must | set(free[:n]) for n in range(len(free) + 1)]


def _as_is_bytes(option: Option) -> float:
    return option.as_is.size_bytes if option.as_is else 0.0


def _solve_fixed(
    options: Sequence[Option], kept: frozenset[int], budget: float, *, full: float | None = None
) -> Plan | None:
    """Lagrange: each item maximises worth - price * bytes; bisection finds the price at which the budget is spent. With
    `full`, items trade steps and fill that part of it."""
    menus = [(o.as_is,) if i in kept and o.as_is else o.curve for i, o in enumerate(options)]
    if not all(menus) or sum(menu[0].size_bytes for menu in menus) > budget:
        return None
    arrays = [
        (np.array([c.size_bytes for c in menu]), np.array([o.worth(c) for c in menu]))
        for menu, o in zip(menus, options, strict=True)
    ]
    picks = _at_price(arrays, _price(arrays, budget))
    picks = _spend_the_rest(arrays, picks, budget)
    if full:
        picks = _traded(arrays, picks, budget - _total(arrays, picks))
        picks = _filled(arrays, picks, budget, full)
    chosen = tuple(menu[pick] for menu, pick in zip(menus, picks, strict=True))
    return Plan(chosen, sum(o.worth(c) for o, c in zip(options, chosen, strict=True)))


def _price(arrays: Sequence[_Menu], budget: float) -> float:
    """The lowest price (worth per byte) whose picks fit; 0 where everything fits."""
    low, high = 0.0, 1e6
    if _total(arrays, _at_price(arrays, 0.0)) <= budget:
        return 0.0
    for _ in range(80):
        middle = math.sqrt(max(low, 1e-15) * high)
        low, high = (low, middle) if _total(arrays, _at_price(arrays, middle)) <= budget else (middle, high)
    return high


def _at_price(arrays: Sequence[_Menu], price: float) -> list[int]:
    return [int(np.argmax(worths - price * sizes)) for sizes, worths in arrays]


def _total(arrays: Sequence[_Menu], picks: Sequence[int]) -> float:
    return sum(float(sizes[pick]) for (sizes, _), pick in zip(arrays, picks, strict=True))


def _spend_the_rest(arrays: Sequence[_Menu], picks: list[int], budget: float) -> list[int]:
    """Lagrange leaves gaps where a curve is not concave: raise one item after the other by what gains most for each
    byte."""
    left = budget - _total(arrays, picks)
    while True:
        steps = [
            ((worths[j] - worths[i]) / (sizes[j] - sizes[i]), n, j)
            for n, ((sizes, worths), i) in enumerate(zip(arrays, picks, strict=True))
            for j in range(i + 1, len(sizes))
            if 0 < sizes[j] - sizes[i] <= left and worths[j] > worths[i]
        ]
        if not steps:
            return picks
        _, n, j = max(steps)
        left -= float(arrays[n][0][j] - arrays[n][0][picks[n]])
        picks[n] = j


def _traded(arrays: Sequence[_Menu], picks: list[int], left: float) -> list[int]:
    """One item a few steps up and another a few down, as long as that gains: coarse steps leave less unused so."""
    while best := max(_trades(arrays, picks, left), default=None):
        _, cost, (up, steps_up), (down, steps_down) = best
        picks[up] += steps_up
        picks[down] -= steps_down
        left -= cost
    return picks


def _trades(
    arrays: Sequence[_Menu], picks: Sequence[int], left: float
) -> Iterator[tuple[float, float, tuple[int, int], tuple[int, int]]]:
    """(worth, bytes, (item, steps up), (other item, steps down)) of each trade that fits and gains."""
    steps = range(1, MOST_TRADED + 1)
    for up, down in itertools.permutations(range(len(arrays)), 2):
        for more, less in itertools.product(steps, steps):
            if picks[up] + more >= len(arrays[up][0]) or picks[down] < less:
                continue
            bytes_up, worth_up = _moved(arrays[up], picks[up], more)
            bytes_down, worth_down = _moved(arrays[down], picks[down], -less)
            if bytes_up + bytes_down <= left and worth_up + worth_down > LEAST_GAIN:
                yield worth_up + worth_down, bytes_up + bytes_down, (up, more), (down, less)


def _moved(menu: _Menu, pick: int, steps: int) -> tuple[float, float]:
    """Bytes and worth that a move brings."""
    sizes, worths = menu
    return float(sizes[pick + steps] - sizes[pick]), float(worths[pick + steps] - worths[pick])


def _filled(arrays: Sequence[_Menu], picks: list[int], budget: float, part: float) -> list[int]:
    """Where coarse steps leave bytes unused: the best of the plans nearby that use them, if it is about as good."""
    if _total(arrays, picks) >= part * budget:
        return picks
    worth = _worth(arrays, picks)
    full = [near for near in _nearby(arrays, picks) if part * budget <= _total(arrays, near) <= budget]
    best = max(full, key=lambda near: _worth(arrays, near), default=picks)
    return best if about_as_good(_worth(arrays, best), worth) else picks


def about_as_good(worth: float, best: float) -> bool:
    """Whether a plan is not clearly worse than the best."""
    return worth >= best - WORTH_FILLING * abs(best)


def _nearby(arrays: Sequence[_Menu], picks: Sequence[int]) -> Iterator[list[int]]:
    """All picks that differ by a few steps of the items that have steps, the largest first where they are many."""
    free = [n for n, (sizes, _) in enumerate(arrays) if len(sizes) > 1]
    free = sorted(free, key=lambda n: -float(arrays[n][0][picks[n]]))[:MOST_FILLED]
    ranges = [range(max(0, picks[n] - MOST_TRADED), min(len(arrays[n][0]), picks[n] + MOST_TRADED + 1)) for n in free]
    for chosen in itertools.product(*ranges):
        near = list(picks)
        for n, pick in zip(free, chosen, strict=True):
            near[n] = pick
        yield near


def _worth(arrays: Sequence[_Menu], picks: Sequence[int]) -> float:
    return sum(float(worths[pick]) for (_, worths), pick in zip(arrays, picks, strict=True))
