"""Physically there, or added to the picture: a calibrated probability for every sighting, with its reasons.

Measurements and learned scores are in `cues`; this stage asks for them, weighs them, and says "unsure" wherever they
cannot tell. A wrong accusation costs a maker more than a question does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from verify_media.codecs.preview import close_up_again
from verify_media.cues import calibration, network, reasons, repeats, vector, windows
from verify_media.cues.file_traces import file_traces
from verify_media.messages import counted, message
from verify_media.readers.placing import as_quad
from verify_media.readers.strips import padded
from verify_media.records import Cue, Frame, ItemReport, MediaItem, Outcome, Preview, Quad, Reader, Sighting
from verify_media.stages.decide import area_px, decided


@dataclass(frozen=True, slots=True)
class Limits:
    """Below these there is too little to judge, whatever the scores say."""

    letter_height_px: float = 12.0
    wanted_height_px: int = 40
    mark_edges: int = 20
    scene_edges: int = 20
    frame_px: int = 64
    repeated_p: float = 0.97
    """p_digital of a mark that keeps its exact place in different scenes."""
    moving_share: float = 0.7
    """What is left of the odds of digital where a mark is seen from several angles."""
    ground_share: float = 0.24
    """Ground around a name that is measured with it, in heights of its letters. The reader's quads end at the ink; the
    judges are trained on names with this ground. Of judges that knew a detector's boxes, on 475 marks as the reader
    found them (233 of them overlays): AUC .949 without ground, .977 with 0.12, .983 with 0.24, .983 with 0.32, .982
    with 0.42."""


LIMITS = Limits()
KEPT = (
    "edge_width_px",
    "edge_width_over_far",
    "noise_over_far",
    "fringe_over_far",
    "ink_flat",
    "error_level_90_over_far",
    "letter_height_px",
)
"""Numbers that stay in the report with every verdict."""


def authenticate(
    frame: Frame, sightings: Sequence[Sighting], *, others: Sequence[Sighting] = ()
) -> tuple[Sighting, ...]:
    """The sightings with p_digital, outcome and evidence.

    `others`: further lettering, left out of the comparison with the scene. Where it was judged before, a mark must
    stand out from it before it is called digital.
    """
    if not sightings:
        return ()
    if min(frame.image.shape[:2]) < LIMITS.frame_px:
        return tuple(_too_small(sighting) for sighting in sightings)
    around = vector.surroundings(frame.image, [s.quad for s in (*sightings, *others)])
    witnesses = [s.p_digital for s in others if s.p_digital is not None and s.imprint]
    scored = [_among(_scored(around, sighting), witnesses) for sighting in sightings]
    return tuple(_decided(around, one, scored) for one in scored)


def overlays(judged: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Those of the other letterings that were added to the picture beyond doubt; date stamps carry a cue of that
    name."""
    return tuple(_stamped(s) for s in judged if s.p_digital is not None and _beyond_doubt(s))


def across_items(reports: Sequence[ItemReport]) -> tuple[ItemReport, ...]:
    """The reports, with what the same mark in several pictures adds to each of its sightings."""
    fixed, moving = repeats.repeated(reports), repeats.moving(reports)
    return tuple(
        _redecided(
            report,
            [
                _compared(s, fixed.get((i, j), 0), _times(s, report) * ((i, j) in moving))
                for j, s in enumerate(report.sightings)
            ],
        )
        for i, report in enumerate(reports)
    )


def file_evidence(item: MediaItem) -> tuple[Cue, ...]:
    """What the file says about its making. Missing metadata says nothing and never counts."""
    return file_traces(item.path, item)


@dataclass(frozen=True, slots=True)
class _Scored:
    """A sighting on its way: `seen` is None where its outcome is settled already, as unsure."""

    sighting: Sighting
    height_px: float = 0.0
    seen: vector.Measured | None = None
    scores: calibration.Scores | None = None
    p_digital: float = 0.5


def _scored(around: vector.Surroundings, sighting: Sighting) -> _Scored:
    height, doubted = _letter_height(sighting), _doubted(sighting)
    if doubted and not _is_leaning(sighting):
        return _Scored(doubted)
    seen = vector.measured(around, with_ground(sighting, around.frame.shape))
    if seen.mark_edges < LIMITS.mark_edges or seen.scene_edges < LIMITS.scene_edges:
        return _Scored(doubted or _unsure(sighting, "sighting-too-little-evidence"))
    scores = network.scores(seen)
    p_digital = calibration.probability(scores, height)
    if doubted:
        return _Scored(replace(doubted, p_digital=calibration.undecided(p_digital, height)))
    return _Scored(sighting, height, seen, scores, p_digital)


def _doubted(sighting: Sighting) -> Sighting | None:
    """The sighting as unsure, where the judges are not to decide about it."""
    if sighting.other_name:
        return _unsure(sighting, "sighting-other-name", read=sighting.other_name)
    is_small = _letter_height(sighting) < LIMITS.letter_height_px
    return _too_small(sighting) if is_small or not sighting.readable or not _is_proper(sighting) else None


def _is_leaning(sighting: Sighting) -> bool:
    """Whether p_digital is worth measuring although it decides nothing: of 46 wanted names that were too small or read
    as another name, 36 of 37 overlays came out above a half, and 5 of 9 real ones."""
    return bool(sighting.mark) and sighting.reader is Reader.TEXT and _is_proper(sighting)


def _among(one: _Scored, witnesses: Sequence[float]) -> _Scored:
    return replace(one, p_digital=calibration.among(one.p_digital, one.height_px, witnesses)) if one.seen else one


def with_ground(sighting: Sighting, shape: tuple[int, ...]) -> Quad:
    """The quad of a name with the ground around it, within a picture of `shape`; of anything else, its own."""
    if sighting.reader is not Reader.TEXT or not sighting.mark:
        return sighting.quad
    share = LIMITS.ground_share * _letter_height(sighting) / max(windows.letter_height(sighting.quad), 1e-3)
    wider = padded(np.array(sighting.quad, np.float32), share)
    return as_quad(np.clip(wider, 0, [shape[1] - 1, shape[0] - 1]))


def _letter_height(sighting: Sighting) -> float:
    """Pixels; where the reader does not tell, the quad's."""
    return sighting.letter_height_px or windows.letter_height(sighting.quad)


def _decided(around: vector.Surroundings, one: _Scored, scored: Sequence[_Scored]) -> Sighting:
    if one.seen is None or one.scores is None:
        return one.sighting
    outcome = calibration.outcome(one.p_digital, one.height_px, _chances(one, scored))
    cues = _evidence(one, outcome, one.seen, one.scores)
    imprint = repeats.imprint(around.scene.image, vector.shifted(one.sighting.quad, around.origin))
    return replace(one.sighting, p_digital=one.p_digital, outcome=outcome, evidence=cues, imprint=imprint)


def _chances(one: _Scored, scored: Sequence[_Scored]) -> int:
    """How many chances the mark has to pass: one lucky sighting out of four must not decide as one of one does.

    Where all sightings of it agree, they count as one: all passing by chance is rarer than any single one passing.
    """
    alike = [s for s in scored if s.seen is not None and s.sighting.mark and s.sighting.mark == one.sighting.mark]
    agree = {calibration.outcome(s.p_digital, s.height_px) for s in alike} == {Outcome.PHYSICAL}
    return 1 if agree else max(1, len(alike))


def _is_proper(sighting: Sighting) -> bool:
    """Quads of no area come from readers' odd moments; nothing can be measured there."""
    return bool(np.isfinite(np.array(sighting.quad)).all()) and area_px(sighting.quad) > 36


def _evidence(one: _Scored, outcome: Outcome, seen: vector.Measured, scores: calibration.Scores) -> tuple[Cue, ...]:
    values = reasons.named([float(v) for v in seen.values]) | {"letter_height_px": one.height_px}
    typical = calibration.calibration().typical
    told: tuple[Cue, ...] = (
        Cue("all_measurements", 0.0, message("sighting-unclear", mark=one.sighting.mark or one.sighting.text)),
    )
    if outcome is Outcome.DIGITAL:
        told = reasons.for_digital(values, typical)
    elif outcome is Outcome.PHYSICAL:
        told = reasons.for_physical(values, typical)
    names = {cue.name for cue in told}
    numbers = tuple(Cue(name, values[name]) for name in KEPT if name not in names and values[name] == values[name])
    by_judge = tuple(Cue(f"{name}_log_odds", value) for name, value in asdict(scores).items())
    return (*told, *numbers, *by_judge)


def _too_small(sighting: Sighting) -> Sighting:
    if not sighting.readable and sighting.reader is not Reader.TEXT:
        return _unsure(sighting, "sighting-not-compared")
    height = counted("count-pixel", round(windows.letter_height(sighting.quad))).text
    return _unsure(sighting, "sighting-too-small", height=height, wanted_px=LIMITS.wanted_height_px)


def _unsure(sighting: Sighting, key: str, **values: str | int | float) -> Sighting:
    reason = message(key, mark=sighting.mark or sighting.text, **values)
    cue = Cue("letter_height_px", windows.letter_height(sighting.quad), reason)
    return replace(sighting, p_digital=0.5, outcome=Outcome.UNSURE, evidence=(cue,))


DATE = re.compile(
    r"^\W*(('?\d{2,4}|\d{1,2})\s?[-./: ]\s?\d{1,2}\s?[-./: ]\s?'?\d{2,4})"
    r"(\s+\d{1,2}[:.]\d{2}([:.]\d{2})?)?\s*([AP]M)?\W*$",
    re.IGNORECASE,
)


def _beyond_doubt(sighting: Sighting) -> bool:
    if sighting.outcome is Outcome.UNSURE or sighting.p_digital is None:
        return False
    height = _letter_height(sighting)
    return calibration.outcome(sighting.p_digital, height, strict=True) is Outcome.DIGITAL


def _stamped(sighting: Sighting) -> Sighting:
    if not DATE.match(sighting.text):
        return sighting
    cue = Cue("date_stamp", 1.0, message("cue-date-stamp", text=sighting.text.strip()))
    return replace(sighting, evidence=(cue, *sighting.evidence))


def _times(sighting: Sighting, report: ItemReport) -> int:
    """How often the mark was seen in the item."""
    return sum(other.mark == sighting.mark for other in report.sightings)


def _compared(sighting: Sighting, pictures: int, times_moving: int) -> Sighting:
    """`pictures`: in how many the mark keeps its exact place. `times_moving`: 0, or how often the item shows a mark
    that other items show from other angles."""
    if sighting.p_digital is None or not sighting.imprint:
        return sighting
    if pictures:
        cue = Cue(
            "same_place_pictures", float(pictures), message("repeat-same-place", mark=sighting.mark, count=pictures)
        )
        p_digital = max(sighting.p_digital, LIMITS.repeated_p)
        return replace(sighting, p_digital=p_digital, outcome=Outcome.DIGITAL, evidence=(cue, *sighting.evidence))
    if times_moving and sighting.outcome is not Outcome.DIGITAL:
        odds = sighting.p_digital / max(1e-9, 1 - sighting.p_digital) * LIMITS.moving_share
        p_digital, height = odds / (1 + odds), _letter_height(sighting)
        is_settled = calibration.outcome(p_digital, height, times_moving) is Outcome.PHYSICAL
        outcome = Outcome.PHYSICAL if is_settled and sighting.is_certain else sighting.outcome
        cue = Cue("angles_differ", 1.0, message("repeat-changes", mark=sighting.mark))
        return replace(sighting, p_digital=p_digital, outcome=outcome, evidence=(*sighting.evidence, cue))
    return sighting


def _redecided(report: ItemReport, sightings: Sequence[Sighting]) -> ItemReport:
    if tuple(sightings) == report.sightings:
        return report
    ranked, outcome, p_digital = decided(sightings)
    return replace(
        report, sightings=ranked, outcome=outcome, p_digital=p_digital, close_up=_close_up(report, ranked[0])
    )


def _close_up(report: ItemReport, shown: Sighting) -> Preview | None:
    """Of the mark that carries the verdict now: it may be another than when the frame was at hand."""
    if report.preview is None or report.best is None or (shown.quad, shown.time_s) == _place(report.best):
        return report.close_up
    return close_up_again(report.preview, shown.quad) if shown.time_s == report.preview.time_s else None


def _place(sighting: Sighting) -> tuple[Quad, float | None]:
    return sighting.quad, sighting.time_s
