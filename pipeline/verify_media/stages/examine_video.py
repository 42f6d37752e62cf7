"""One clip through frames, locate, follow and authenticate; see `search.py` for where is looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp

from verify_media.codecs import video
from verify_media.codecs.preview import close_up, preview
from verify_media.cues.calibration import log_odds
from verify_media.messages import Message, message
from verify_media.records import Frame, ItemReport, Marks, MediaItem, Outcome, Preview, Sighting, Span
from verify_media.stages.authenticate import authenticate, file_evidence, overlays
from verify_media.stages.decide import best_first, decide, decided
from verify_media.stages.examine import locator
from verify_media.stages.follow import LIMITS, Followed, follow, fused
from verify_media.stages.locate import overlap
from verify_media.stages.search import Search, Seen
from verify_media.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many frames are judged."""

    follows: int = 3
    """Moments that are followed: more only while a mark was seen that no earlier one explains."""
    photos: int = 2
    """Frames judged as photos, at full size."""
    bridge_s: float = 15.0
    """A mark seen twice within this time is taken to be there in between."""
    doubtful: float = 0.6
    """p_digital of a single frame that calls for another look."""
    marks_per_frame: int = 4
    other_texts: int = 3


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Track:
    """A sighting that was followed."""

    sighting: Sighting
    followed: Followed


def examine_video(item: MediaItem, marks: Marks) -> ItemReport:
    """Everything about one clip. Raises DecodeError where it cannot be read."""
    watch = Stopwatch()
    search = Search(item, locator(marks), watch)
    seen = search.run()
    if not seen:
        raise ValueError("no frame could be decoded")
    with watch.stage("follow"):
        tracks = _follow(item, seen, [])
    if not search.is_exhausted and _only_overlays(tracks):
        seen, tracks = _rest(search, tracks)
    judged, tracks = _weighed(item, seen, tracks, watch)
    if not search.is_exhausted and _verdict(judged)[1] is Outcome.DIGITAL:
        seen, tracks = _rest(search, tracks)
        judged, tracks = _weighed(item, seen, tracks, watch)
    return _report(item, judged, tracks, watch)


def _rest(search: Search, tracks: Sequence[Track]) -> tuple[list[Seen], list[Track]]:
    """All that there is to see, and what moves in it."""
    seen = search.rest()
    with search.watch.stage("follow"):
        return seen, _follow(search.item, seen, tracks)


def _weighed(
    item: MediaItem, seen: Sequence[Seen], tracks: Sequence[Track], watch: Stopwatch
) -> tuple[list[Seen], list[Track]]:
    """The frames with what their pixels and the motion tell, and the tracks, which may be more."""
    with watch.stage("authenticate"):
        seen = _as_photos(item, seen, tracks)
    with watch.stage("follow"):
        tracks = _follow_doubtful(item, seen, tracks)
    return [_judged(frame, tracks) for frame in seen], list(tracks)


def _verdict(judged: Sequence[Seen]) -> tuple[tuple[Sighting, ...], Outcome, float | None]:
    return decided(_agreed([s for frame in judged for s in frame.sightings]))


def _only_overlays(tracks: Sequence[Track]) -> bool:
    odds = [track.followed.log_odds for track in tracks if track.sighting.mark]
    return bool(odds) and min(odds) > 0


def _follow(item: MediaItem, seen: Sequence[Seen], known: Sequence[Track]) -> list[Track]:
    """The best frame of those with sightings that no track explains yet, until each is explained."""
    tracks = list(known)
    for _ in range(BOUNDS.follows):
        left = [frame for frame in seen if any(_track_of(s, tracks) is None for s in _worth(frame.sightings))]
        if not left or _passes(tracks):
            break
        frame = max(left, key=lambda seen: (_shows_whole(seen, item), _promise(seen)))
        chosen = [*_worth(frame.sightings)[: BOUNDS.marks_per_frame], *_large(frame.others)[: BOUNDS.other_texts]]
        for sighting, followed in zip(chosen, follow(item, chosen), strict=True):
            tracks.append(Track(sighting, followed))
    return tracks


def _passes(tracks: Sequence[Track]) -> bool:
    return any(t.sighting.mark and t.followed.log_odds < -LIMITS.settled for t in tracks)


def _follow_doubtful(item: MediaItem, seen: Sequence[Seen], tracks: Sequence[Track]) -> list[Track]:
    """Beside a mark that passes, one more moment where it looks added: a title before or after the real thing."""
    doubtful = [s for frame in seen for s in frame.sightings if (s.p_digital or 0.0) >= BOUNDS.doubtful]
    left = [s for s in doubtful if _track_of(s, tracks) is None]
    if not left or not _passes(tracks):
        return list(tracks)
    first = [s for s in left if s.time_s == left[0].time_s]
    return [*tracks, *(Track(s, followed) for s, followed in zip(first, follow(item, first), strict=True))]


def _worth(sightings: Sequence[Sighting]) -> list[Sighting]:
    return [sighting for sighting in sightings if sighting.score >= 0.3]


def _large(others: Sequence[Sighting]) -> list[Sighting]:
    return sorted((s for s in others if (s.letter_height_px or 0) >= 16), key=lambda s: -(s.letter_height_px or 0))


def _promise(frame: Seen) -> float:
    return max((s.is_certain + s.score) * min(60.0, s.letter_height_px or 30.0) for s in frame.sightings)


def _shows_whole(frame: Seen, item: MediaItem) -> bool:
    """Whether a mark is in view to its corners: one that hangs over the edge is lost at once."""
    size = item.width, item.height
    quads = (sighting.quad for sighting in _worth(frame.sightings))
    return any(all(0 <= c <= most for corner in quad for c, most in zip(corner, size, strict=True)) for quad in quads)


def _track_of(sighting: Sighting, tracks: Sequence[Track]) -> Track | None:
    """The track that tells about the sighting: its own; or an overlay's that stands in the same place at any time."""
    for track in tracks:
        if track.sighting.mark != sighting.mark:
            continue
        same_place = overlap(track.sighting.quad, sighting.quad) > 0.5
        if same_place and (track.sighting.time_s == sighting.time_s or track.followed.explains):
            return track
    return None


def _as_photos(item: MediaItem, seen: Sequence[Seen], tracks: Sequence[Track]) -> list[Seen]:
    """The best frames judged as photos, at full size: every measurement there needs the camera's own pixels."""
    followed = {track.sighting.time_s for track in tracks}
    ranked = sorted((f for f in seen if f.sightings), key=lambda f: (f.frame.time_s not in followed, -_promise(f)))
    is_settled = any(abs(track.followed.log_odds) >= LIMITS.settled for track in tracks)
    chosen = ranked[: 1 if is_settled else BOUNDS.photos] or [max(seen, key=lambda f: len(f.others))]
    if is_settled and chosen[0].factor > 1 and not chosen[0].others:
        chosen = []  # decoding 4K again costs a fifth of the whole, and would change nothing
    times = {frame.frame.time_s for frame in chosen}
    cheap = {frame.frame.time_s for frame in seen if frame.factor == 1.0 and frame.sightings}
    return [_as_photo(item, frame) if frame.frame.time_s in times | cheap else frame for frame in seen]


def _as_photo(item: MediaItem, seen: Seen) -> Seen:
    frame = seen.frame if seen.factor == 1.0 else _full_size(item, seen.frame)
    judged = authenticate(frame, seen.others)
    sightings = authenticate(frame, seen.sightings, others=judged)
    added = {sighting.quad: sighting for sighting in overlays(judged)}
    others = tuple(added.get(other.quad, other) for other in seen.others)
    return Seen(frame, 1.0, sightings, others)


def _full_size(item: MediaItem, frame: Frame) -> Frame:
    time_s = frame.time_s or 0.0
    return next(iter(video.between(item.path, time_s, time_s + 1.0, max_frames=1)), frame)


def _judged(seen: Seen, tracks: Sequence[Track]) -> Seen:
    marks = tuple(_with_motion(sighting, tracks) for sighting in seen.sightings)
    others = tuple(_with_motion(sighting, tracks) for sighting in seen.others)
    return Seen(seen.frame, seen.factor, marks, others)


def _with_motion(sighting: Sighting, tracks: Sequence[Track]) -> Sighting:
    track = _track_of(sighting, tracks)
    return sighting if track is None else fused(sighting, track.followed)


def _report(item: MediaItem, seen: Sequence[Seen], tracks: Sequence[Track], watch: Stopwatch) -> ItemReport:
    ranked, outcome, p_digital = _verdict(seen)
    others = [s for frame in seen for s in frame.others]
    added = _distinct([s for s in others if s.outcome is Outcome.DIGITAL])
    with watch.stage("preview"):
        picture, detail = _pictures(item, seen, ranked)
    return ItemReport(
        media=item,
        outcome=outcome,
        p_digital=p_digital,
        sightings=ranked,
        overlays=tuple(added),
        spans=spans(seen, ranked, tracks),
        notes=(*item.notes, *_notes(item, seen, ranked, added, tracks)),
        timings_s=watch.seconds,
        preview=picture,
        close_up=detail,
        texts=tuple(dict.fromkeys(s.text for s in (*ranked, *others) if s.text)),
        file_cues=file_evidence(item),
    )


def _agreed(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Sightings of one mark that were judged by their looks alone are taken together.

    Beside one whose motion is known, they accuse nobody: it was the same thing a moment before or after.
    """
    agreed: list[Sighting] = []
    for sighting in sightings:
        own = [s for s in sightings if s.mark == sighting.mark]
        peers = [s for s in own if _was_photo(s)]
        if _was_photo(sighting) and any(_has_moved(s) and s.outcome is Outcome.PHYSICAL for s in own):
            agreed.append(
                replace(sighting, outcome=Outcome.UNSURE) if sighting.outcome is Outcome.DIGITAL else sighting
            )
        else:
            agreed.append(_averaged(sighting, peers) if _was_photo(sighting) and len(peers) > 1 else sighting)
    return agreed


def _has_moved(sighting: Sighting) -> bool:
    return any(cue.name == "motion_log_odds" and cue.value for cue in sighting.evidence)


def _was_photo(sighting: Sighting) -> bool:
    """Judged by its looks alone, and not just declared unsure."""
    return sighting.p_digital is not None and sighting.p_digital != 0.5 and not _has_moved(sighting)


def _averaged(sighting: Sighting, peers: Sequence[Sighting]) -> Sighting:
    odds = [log_odds(min(max(s.p_digital or 0.5, 0.001), 0.999)) for s in peers]
    p_digital = 1 / (1 + exp(-sum(odds) / len(odds)))
    outcomes = {s.outcome for s in peers}
    return replace(sighting, p_digital=p_digital, outcome=outcomes.pop() if len(outcomes) == 1 else Outcome.UNSURE)


def _distinct(sightings: Sequence[Sighting]) -> list[Sighting]:
    """The first sighting of each overlay."""
    kept: list[Sighting] = []
    for s in sightings:
        if all(s.text.lower() != k.text.lower() or overlap(s.quad, k.quad) < 0.5 for k in kept):
            kept.append(s)
    return kept


def _pictures(item: MediaItem, seen: Sequence[Seen], ranked: Sequence[Sighting]) -> tuple[Preview, Preview | None]:
    shown = next((f for f in seen if ranked and f.frame.time_s == ranked[0].time_s), seen[len(seen) // 2])
    picture = preview(shown.frame.image)
    picture = replace(picture, scale=picture.scale / shown.factor, time_s=shown.frame.time_s)
    if not ranked:
        return picture, None
    tl, tr, br, bl = ((x / shown.factor, y / shown.factor) for x, y in ranked[0].quad)
    return picture, close_up(shown.frame.image, (tl, tr, br, bl))


def spans(seen: Sequence[Seen], ranked: Sequence[Sighting], tracks: Sequence[Track]) -> tuple[Span, ...]:
    """Stretches in which each mark was read or followed; a frame that was read and did not show it divides them."""
    found: list[Span] = []
    for mark in dict.fromkeys(s.mark for s in ranked if s.is_certain):
        own = [s for s in ranked if s.mark == mark and s.is_certain]
        for stretch in _stretches(seen, own):
            ends = [t for s in stretch for t in _visible(s, tracks)]
            found.append(Span(mark, min(ends), max(ends), stretch[0].time_s or 0.0, decide(stretch)[0]))
    return tuple(found)


def _stretches(seen: Sequence[Seen], own: Sequence[Sighting]) -> list[list[Sighting]]:
    """Sightings without a frame between them that lacks the mark, nor a long time unseen; within each, best first."""
    stretches: list[list[Sighting]] = [[]]
    for frame in seen:
        here = [s for s in own if s.time_s == frame.frame.time_s]
        if here and stretches[-1] and (here[0].time_s or 0.0) - (stretches[-1][-1].time_s or 0.0) > BOUNDS.bridge_s:
            stretches.append([])
        if here:
            stretches[-1] += here
        elif stretches[-1]:
            stretches.append([])
    return [list(best_first(stretch)) for stretch in stretches if stretch]


def _visible(sighting: Sighting, tracks: Sequence[Track]) -> tuple[float, float]:
    time_s = sighting.time_s or 0.0
    own = [t.followed for t in tracks if t.sighting.mark == sighting.mark and t.sighting.time_s == sighting.time_s]
    return min([time_s, *(f.start_s for f in own)]), max([time_s, *(f.end_s for f in own)])


def _notes(
    item: MediaItem,
    seen: Sequence[Seen],
    ranked: Sequence[Sighting],
    added: Sequence[Sighting],
    tracks: Sequence[Track],
) -> list[Message]:
    notes = [
        _overlay_times(seen, s, tracks)
        for s in _distinct([*(s for s in ranked if s.outcome is Outcome.DIGITAL), *added])
    ]
    if ranked and tracks and not any(track.followed.tells for track in tracks):
        notes.append(message("video-still", mark=ranked[0].mark, file=item.path.name))
    return notes


def _overlay_times(seen: Sequence[Seen], overlay: Sighting, tracks: Sequence[Track]) -> Message:
    """From the first to the last moment at which the same words are known to stand in the same place."""
    every = [s for frame in seen for s in (*frame.sightings, *frame.others)]
    same = [s for s in every if s.text.lower() == overlay.text.lower() and overlap(s.quad, overlay.quad) > 0.3]
    times = [time_s for s in same or [overlay] for time_s in _visible(s, tracks)]
    return message(
        "video-overlay-times", text=overlay.text or overlay.mark, start=clock(min(times)), end=clock(max(times))
    )


def clock(time_s: float) -> str:
    """Minutes:seconds, as players show it."""
    return f"{int(time_s) // 60}:{int(time_s) % 60:02d}"
