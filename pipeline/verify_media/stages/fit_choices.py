"""What the share-out asks of an item and of a plan: is it made, is it at its best, can others take up a difference."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from verify_media.stages import allocate
from verify_media.stages.allocate import Choice, Option
from verify_media.stages.fit_photo import PhotoShot
from verify_media.stages.fit_video import VideoShot
from verify_media.stages.fitted import Fitted

Shot: TypeAlias = PhotoShot | VideoShot

ABSORBABLE, ABSORBERS = 0.3, 2
"""A video may miss its share where photos that are encoded again hold at least this part of the budget, and are so
many: the steps of one alone leave half a percent of the message and more."""
PAST_BEST = 1.05
"""Times the size of a clip's best: it still gains there, and 0.3 % of a message of 29 MB was left without."""
ROOM_FOR_LARGEST = 0.3
"""Part of its size as it is that the others must leave: a clip recorded at 4 Mb/s is at its knee with half."""
ROOM_TO_MISS = 0.15
"""Part of its size that a clip at its knee may miss, where so much is left."""


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


def known_part(shot: Shot) -> Option:
    """Of a photo only the choices whose true size is known."""
    if not isinstance(shot, PhotoShot):
        return shot.option
    return replace(shot.option, curve=tuple(c for c in shot.option.curve if shot.is_made(c)))


def only_known(shot: Shot) -> Shot:
    """For the last round."""
    shot.option = known_part(shot)
    return shot


def with_one_new(shots: Sequence[Shot], made: Mapping[Path, Fitted]) -> Iterator[list[Option]]:
    """The options of all, such that one photo at most is to be encoded once more; nothing before each was once."""
    fixed = [option_of(shot, made) if shot.source in made else known_part(shot) for shot in shots]
    if not all(option.curve or option.as_is for option in fixed):
        return
    for n, shot in enumerate(shots):
        if isinstance(shot, PhotoShot) and shot.source not in made and fixed[n].curve:
            yield [*fixed[:n], shot.option, *fixed[n + 1 :]]


def is_known(shot: Shot, plan: Mapping[Path, Choice], made: Mapping[Path, Fitted]) -> bool:
    return shot.source in made or (
        plan[shot.source].as_is if isinstance(shot, VideoShot) else shot.is_made(plan[shot.source])
    )


def at_the_knee(option: Option, choice: Choice) -> bool:
    """Whether more bytes would bring nothing more that can be seen."""
    return choice.quality >= option.utility.knee - allocate.NEAR_KNEE or option.is_best(choice)


def may_miss(shot: Shot, shots: Sequence[Shot], plan: Mapping[Path, Choice], budget: int) -> bool:
    """Whether others can take up what a clip misses its share by, or nobody needs it."""
    choice, rest = plan[shot.source], budget - sum(other.size_bytes for other in plan.values())
    if at_the_knee(shot.option, choice) and rest >= ROOM_TO_MISS * choice.size_bytes:
        return True
    return _can_absorb(shots, plan, budget)


def _can_absorb(shots: Sequence[Shot], plan: Mapping[Path, Choice], budget: int) -> bool:
    """Whether photos that are encoded again are enough to take up what a video misses its share by."""
    choices = [plan[shot.source] for shot in shots if isinstance(shot, PhotoShot)]
    flexible = [choice.size_bytes for choice in choices if not choice.as_is]
    return len(flexible) >= ABSORBERS and sum(flexible) >= ABSORBABLE * budget


def is_last_clip(shot: Shot, shots: Sequence[Shot], plan: Mapping[Path, Choice], made: Collection[Path]) -> bool:
    """Whether every other clip is made, or goes as it is."""
    others = [other for other in shots if other is not shot and not is_photo(other)]
    return all(other.source in made or plan[other.source].as_is for other in others)


def with_the_rest(shot: Shot, choice: Choice, rest_bytes: float) -> Choice:
    """The share of a clip and what nobody else can use, up to about the size of its best, which is only foreseen."""
    most = max(choice.size_bytes, PAST_BEST * shot.option.curve[-1].size_bytes)
    return replace(choice, size_bytes=min(choice.size_bytes + max(0.0, rest_bytes), most))


def largest_with_room(shots: Sequence[Shot], budget: int) -> Shot | None:
    """Where all would nearly fit as they are: the largest of those that are not measured, if the others leave it
    enough to look well alone."""
    unknown = [shot for shot in shots if not shot.option.curve and shot.option.as_is]
    largest = max(unknown, key=most_bytes, default=None)
    if largest is None:
        return None
    room = budget - sum(most_bytes(shot) for shot in shots if shot is not largest)
    return largest if room >= ROOM_FOR_LARGEST * most_bytes(largest) else None
