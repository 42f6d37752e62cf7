"""What the share-out asks of an item and of a plan: is it made, is it at its best, can others take up a difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from verify_media.stages import allocate
from verify_media.stages.allocate import Choice, Option
from verify_media.stages.fit_photo import PhotoShot
from verify_media.stages.fit_video import VideoShot
from verify_media.stages.fitted import Fitted

Shot: TypeAlias = PhotoShot | VideoShot

ABSORBABLE = 0.3
"""A video may miss its share where photos that are encoded again hold at least this part of the budget."""


def is_photo(shot: Shot) -> bool:
    return isinstance(shot, PhotoShot)


def most_bytes(shot: Shot) -> float:
    """What it takes to look like its original."""
    best = shot.option.as_is or shot.option.at_knee
    return best.size_bytes if best else shot.report.media.size_bytes


def option_of(shot: Shot, made: Mapping[Path, Fitted]) -> Option:
    """What is made already is fixed."""
    if shot.source not in made:
        return shot.option
    return Option(shot.option.utility, as_is=Choice(made[shot.source].size_bytes, 100.0), bonus=0.0)


def only_known(shot: Shot) -> Shot:
    """For the last round: only choices whose true size is known."""
    if isinstance(shot, PhotoShot):
        shot.option = replace(shot.option, curve=tuple(c for c in shot.option.curve if shot.is_made(c)))
    return shot


def is_known(shot: Shot, plan: Mapping[Path, Choice], made: Mapping[Path, Fitted]) -> bool:
    return shot.source in made or (
        plan[shot.source].as_is if isinstance(shot, VideoShot) else shot.is_made(plan[shot.source])
    )


def at_the_knee(option: Option, choice: Choice) -> bool:
    """Whether more bytes would bring nothing more that can be seen."""
    return choice.quality >= option.utility.knee - allocate.NEAR_KNEE or option.is_best(choice)


def can_absorb(shots: Sequence[Shot], plan: Mapping[Path, Choice], budget: int) -> bool:
    """Whether photos that are encoded again are enough to take up what a video misses its share by."""
    flexible = [plan[shot.source] for shot in shots if isinstance(shot, PhotoShot)]
    return sum(choice.size_bytes for choice in flexible if not choice.as_is) >= ABSORBABLE * budget


def with_the_rest(shot: Shot, choice: Choice, plan: Mapping[Path, Choice], budget: int) -> Choice:
    """The share of a clip and what nobody else can use, up to the size of its best."""
    rest = budget - sum(other.size_bytes for other in plan.values())
    most = max(choice.size_bytes, shot.option.curve[-1].size_bytes)
    return replace(choice, size_bytes=min(choice.size_bytes + max(0.0, rest), most))
