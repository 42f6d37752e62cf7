"""One photo through frames, locate and authenticate, with a small picture for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from verify_media.codecs.preview import close_up, preview
from verify_media.records import Frame, ItemReport, Marks, MediaItem, Outcome, Sighting
from verify_media.stages.authenticate import authenticate, file_evidence, overlays
from verify_media.stages.decide import decided
from verify_media.stages.frames import sample
from verify_media.stages.locate import Locator
from verify_media.stopwatch import Stopwatch


@lru_cache(maxsize=4)
def locator(marks: Marks) -> Locator:
    """The readers with their models, loaded once for each set of marks in a process."""
    return Locator(marks)


def examine_photo(item: MediaItem, marks: Marks) -> ItemReport:
    """Everything about one photo. Raises DecodeError where the picture cannot be read."""
    watch = Stopwatch()
    with watch.stage("decode"):
        frame = next(iter(sample(item)))
    sightings, others = _look(frame, item, marks, watch)
    return _report(item, frame, sightings, others, watch)


def _look(
    frame: Frame, item: MediaItem, marks: Marks, watch: Stopwatch
) -> tuple[tuple[Sighting, ...], tuple[Sighting, ...]]:
    located = locator(marks).find(frame)
    watch.add(located.timings_s)
    with watch.stage("authenticate"):
        judged = authenticate(frame, located.others)
        sightings = authenticate(frame, located.sightings, others=judged)
        others = overlays(judged)
    return sightings, (*others, *_texts_only(located.others, others))


def _texts_only(others: Sequence[Sighting], overlay: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Other texts that are no overlay: kept for rules about what is written in the picture."""
    quads = {sighting.quad for sighting in overlay}
    return tuple(replace(s, outcome=Outcome.UNSURE) for s in others if s.quad not in quads)


def _report(
    item: MediaItem, frame: Frame, sightings: tuple[Sighting, ...], others: tuple[Sighting, ...], watch: Stopwatch
) -> ItemReport:
    ranked, outcome, p_digital = decided(sightings)
    with watch.stage("preview"):
        picture = preview(frame.image)
        detail = close_up(frame.image, ranked[0].quad) if ranked else None
    return ItemReport(
        media=item,
        outcome=outcome,
        p_digital=p_digital,
        sightings=ranked,
        overlays=tuple(s for s in others if s.outcome is Outcome.DIGITAL),
        notes=item.notes,
        timings_s=watch.seconds,
        preview=picture,
        close_up=detail,
        texts=tuple(dict.fromkeys(s.text for s in (*ranked, *others) if s.text)),
        file_cues=file_evidence(item),
    )
