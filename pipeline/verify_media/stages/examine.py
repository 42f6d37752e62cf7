"""One item through frames, locate and authenticate, with a small picture for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from verify_media.codecs.preview import close_up, preview
from verify_media.records import Frame, ItemReport, Marks, MediaItem, Outcome, Sighting, Span
from verify_media.stages.authenticate import authenticate, file_evidence, overlays
from verify_media.stages.decide import best_first, decide
from verify_media.stages.frames import sample
from verify_media.stages.locate import Locator
from verify_media.stopwatch import Stopwatch

MAX_VIDEO_FRAMES = 12
ENOUGH_SIGHTINGS = 4
"""A video is searched until its mark has been seen this often; once may be a misreading of one blurred frame."""


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


def examine_video(item: MediaItem, marks: Marks) -> ItemReport:
    """Everything about one clip: its sampled frames, until the mark has been seen often enough."""
    watch = Stopwatch()
    frames = iter(sample(item, max_frames=MAX_VIDEO_FRAMES))
    seen: list[Sighting] = []
    others: list[Sighting] = []
    shown: Frame | None = None
    while sum(s.readable for s in seen) < ENOUGH_SIGHTINGS:
        with watch.stage("decode"):
            frame = next(frames, None)
        if frame is None:
            break
        found, other = _look(frame, item, marks, watch)
        if shown is None or _improves(found, seen):
            shown = frame
        seen.extend(found)
        others.extend(other)
    if shown is None:
        raise ValueError("no frame could be decoded")
    return _report(item, shown, tuple(seen), tuple(others), watch)


def _improves(found: Sequence[Sighting], seen: Sequence[Sighting]) -> bool:
    return bool(found) and best_first((*seen, *found))[0] in found


def _look(
    frame: Frame, item: MediaItem, marks: Marks, watch: Stopwatch
) -> tuple[tuple[Sighting, ...], tuple[Sighting, ...]]:
    located = locator(marks).find(frame)
    watch.add(located.timings_s)
    with watch.stage("authenticate"):
        sightings = authenticate(frame, located.sightings, media=item)
        others = overlays(frame, located.others, item)
    return sightings, (*others, *_texts_only(located.others, others))


def _texts_only(others: Sequence[Sighting], overlay: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """Other texts that are no overlay: kept for rules about what is written in the picture."""
    quads = {sighting.quad for sighting in overlay}
    return tuple(replace(s, outcome=Outcome.UNSURE) for s in others if s.quad not in quads)


def _report(
    item: MediaItem, frame: Frame, sightings: tuple[Sighting, ...], others: tuple[Sighting, ...], watch: Stopwatch
) -> ItemReport:
    ranked = best_first(sightings)
    outcome, p_digital = decide(ranked)
    with watch.stage("preview"):
        picture = preview(frame.image)
        detail = close_up(frame.image, ranked[0].quad) if ranked else None
    return ItemReport(
        media=item,
        outcome=outcome,
        p_digital=p_digital,
        sightings=ranked,
        overlays=tuple(s for s in others if s.outcome is Outcome.DIGITAL),
        spans=_spans(ranked),
        notes=item.notes,
        timings_s=watch.seconds,
        preview=picture,
        close_up=detail,
        texts=tuple(dict.fromkeys(s.text for s in (*ranked, *others) if s.text)),
        file_cues=file_evidence(item),
    )


def _spans(sightings: Sequence[Sighting]) -> tuple[Span, ...]:
    """From the first to the last sampled frame in which each mark was read; the best is the one that ranks first."""
    timed = [s for s in sightings if s.time_s is not None and s.readable]
    spans = []
    for mark in dict.fromkeys(s.mark for s in timed):
        own = [s for s in timed if s.mark == mark]
        times = [s.time_s for s in own if s.time_s is not None]
        spans.append(Span(mark, min(times), max(times), times[0], decide(own)[0]))
    return tuple(spans)
