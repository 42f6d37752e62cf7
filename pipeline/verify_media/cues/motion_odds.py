"""How much the movements of a mark speak for an overlay, or for something that lay before the camera. Pure.

The weights are set on 183 simulated clips (bench/video_clips.py, seeds 4 and 5), and are measured on others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from verify_media.cues.motion import SETTINGS, Run


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds of digital against physical."""

    share: float = 2.0
    """For all of the mark's points staying, instead of going along."""
    energy: float = 2.0
    """For each factor e by which its edges agree better as the frames lie."""
    surplus: float = 4.0
    """For edges that stay while those around the mark do not."""
    own_way: float = 3.2
    most: float = 6.0
    clear_px: tuple[float, float] = (0.5, 3.0)
    """Movement of the scene from which it tells a little, and everything."""
    camera: tuple[float, float] = (0.75, 0.95)
    """Share of the picture that must move before a mark that stays accuses: else a truck passes behind a shop sign."""
    staying: tuple[float, float] = (0.15, 0.6)
    doubt: tuple[float, float] = (0.15, 0.4)
    """Surplus of edges that stay over those around the mark: a see-through overlay over moving texture has one."""
    whole: tuple[float, float] = (0.4, 0.7)
    """Share of the mark's edges that must go along: less where a caption has left its place."""
    as_one: tuple[float, float] = (0.5, 0.8)
    """Share of the mark's points that must move as one."""
    followed: tuple[float, float] = (0.15, 0.4)
    """Share of the mark's points that must be left: the last ones may lie between the letters."""


WEIGHTS = Weights()


def log_odds(runs: Sequence[Run]) -> float:
    """Of digital against physical, over all runs; exactly 0 where nothing moved that could tell."""
    told = [(run.frames, odds) for run in runs if (odds := _odds(run))]
    if not told:
        return 0.0
    total = sum(frames * odds for frames, odds in told) / sum(frames for frames, _ in told)
    return min(max(total, -WEIGHTS.most), WEIGHTS.most)


def _odds(run: Run) -> float:
    with_scene = _with_scene(run)
    if abs(with_scene) >= 1.0 or run.mark_px < 2.0 or run.agreement < 0.8:
        return with_scene
    return max(with_scene, WEIGHTS.own_way * _own_way(run), key=abs)


def _with_scene(run: Run) -> float:
    """The mark stays while the camera moves, or goes along with it or with the thing it is on."""
    if run.scene_px < SETTINGS.moved_px:
        return 0.0
    kept = ramp(run.kept, WEIGHTS.followed)
    odds = WEIGHTS.share * kept * (run.still - run.along) + WEIGHTS.energy * _edges(run)
    surplus = run.still_energy - run.around_energy
    clear = ramp(run.scene_px, WEIGHTS.clear_px)
    if run.still_energy > run.along_energy:
        odds += WEIGHTS.surplus * ramp(surplus, WEIGHTS.staying)
        return max(0.0, odds) * clear * ramp(run.everywhere, WEIGHTS.camera)
    return min(0.0, odds) * clear * ramp(run.along_energy, WEIGHTS.whole) * _wholeness(run)


def _wholeness(run: Run) -> float:
    """1 where all that is seen of the mark moves as one; less where some of it stays, as see-through overlays do."""
    surplus = run.still_energy - run.around_energy
    return (1 - ramp(surplus, WEIGHTS.doubt)) * ramp(run.agreement, WEIGHTS.as_one)


def _edges(run: Run) -> float:
    """Log of how much better the edges agree as the frames lie; both what agrees and what does not are compared."""
    agree = (run.still_energy + 0.05) / (run.along_energy + 0.05)
    differ = (1.05 - run.along_energy) / (1.05 - run.still_energy)
    return min(max((log(agree) + log(differ)) / 2, -3.0), 3.0)


def _own_way(run: Run) -> float:
    """1 for a mark that glides alone over the picture, -1 for one that a hand moves with what it is on."""
    if run.wobble_px < 0.15 and run.turn < 0.01 and run.frames >= 10:
        shaken = run.scene_wobble_px >= 0.3 and run.scene_wobble_px > 4 * run.wobble_px and run.everywhere >= 0.8
        return 1.0 if run.companions < 0.1 and (run.around >= 8 or shaken) else 0.0
    shaky = ramp(max(run.wobble_px / 0.6, run.turn / 0.05), (0.3, 1.0)) * ramp(run.kept, WEIGHTS.followed)
    company = ramp(run.companions, (0.1, 0.5)) if run.around >= 4 else 0.0
    return -shaky * _wholeness(run) * max(company, 0.6 * ramp(run.agreement, (0.9, 1.0)))


def ramp(value: float, span: tuple[float, float]) -> float:
    """0 below the span, 1 above it."""
    low, high = span
    return min(max((value - low) / (high - low), 0.0), 1.0)
