"""Whole clips, with a reader that knows where the mark is: no networks are needed to see where is looked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

import moving_scenes as scenes
from verify_media.records import Frame, ItemReport, Marks, MediaItem, Outcome, Reader, Sighting
from verify_media.stages import examine_video as module
from verify_media.stages import search
from verify_media.stages.examine_video import examine_video
from verify_media.stages.follow import Followed
from verify_media.stages.ingest import identify
from verify_media.stages.locate import Located

Find = Callable[[Frame], Sighting | None]


class Readers:
    """Stands in for the three readers."""

    def __init__(self, find: Find) -> None:
        self.find_mark = find
        self.read: list[float] = []
        self.glances: list[int | None] = []

    def find(self, frame: Frame, *, most_looks: int | None = None, glance_px: int | None = None) -> Located:
        self.read.append(frame.time_s or 0.0)
        self.glances.append(glance_px)
        found = self.find_mark(frame)
        return Located(() if found is None else (found,))


def as_photo(frame: Frame, sightings: tuple[Sighting, ...], **more: object) -> tuple[Sighting, ...]:
    """Stands in for the judgement of single frames, which is never sure."""
    doubts = {s: 0.7 if s.text == "TITLE" else 0.3 for s in sightings}
    return tuple(replace(s, p_digital=p, outcome=Outcome.UNSURE) for s, p in doubts.items())


def examined(
    monkeypatch: pytest.MonkeyPatch, path: Path, find: Find, looks: Callable[..., tuple[Sighting, ...]] = as_photo
) -> tuple[ItemReport, Readers]:
    readers = Readers(find)
    monkeypatch.setattr(module, "locator", lambda marks: readers)
    monkeypatch.setattr(module, "authenticate", looks)
    monkeypatch.setattr(module, "overlays", lambda judged: ())
    monkeypatch.setattr(search, "lettering", lambda frame: float(frame.image[:40, :40].mean()))
    found = identify(path)
    assert isinstance(found, MediaItem)
    return examine_video(found, Marks(names=("WILLOW",))), readers


def at(quad: object, frame: Frame, score: float = 0.95, **fields: object) -> Sighting:
    return Sighting("WILLOW", Reader.TEXT, quad, score, time_s=frame.time_s, text="WILLOW", **fields)  # type: ignore[arg-type]


def moving(frame: Frame) -> Sighting:
    x, y = scenes.shaky(40, 2.0)[round((frame.time_s or 0) * 30)]
    return at(tuple((a + x, b + y) for a, b in scenes.MARK), frame)


def test_a_mark_in_the_scene_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.write(tmp_path / "a.mp4", scenes.pan(40))
    report, readers = examined(monkeypatch, path, moving)
    assert report.outcome is Outcome.PHYSICAL
    assert report.p_digital is not None and report.p_digital < 0.1
    assert len(readers.read) == 2
    (span,) = report.spans
    assert span.start_s <= span.best_s <= span.end_s and span.outcome is Outcome.PHYSICAL
    assert report.preview is not None and report.close_up is not None
    assert report.best is not None and report.preview.time_s == report.best.time_s


def test_a_caption_fails_and_its_times_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.write(tmp_path / "a.mp4", scenes.captioned_pan(40))
    report, _ = examined(monkeypatch, path, lambda frame: at(scenes.MARK, frame))
    assert report.outcome is Outcome.DIGITAL
    assert [note.key for note in report.notes] == ["video-overlay-times"]
    assert all(sighting.outcome is Outcome.DIGITAL for sighting in report.sightings)


def test_a_moment_in_which_the_mark_hangs_over_the_edge_explains_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is lost at once there: the one in which all of it is in view is followed, though it was read less well."""
    path = scenes.write(tmp_path / "a.mp4", scenes.pan(40, 0.5), gop=5)

    def find(frame: Frame) -> Sighting:
        x, y = scenes.shaky(40, 0.5)[round((frame.time_s or 0) * 30)]
        tl, tr, br, bl = ((a + x - 176, b + y) for a, b in scenes.MARK)
        if (frame.time_s or 0) < 0.5:
            return at((tl, tr, br, bl), frame, 0.85)
        return at(((-40.0, tl[1]), tr, br, (-40.0, bl[1])), frame, letter_height_px=60.0)

    report, _ = examined(monkeypatch, path, find)
    assert report.outcome is Outcome.PHYSICAL
    assert report.best is not None and (report.best.time_s or 0) < 0.5


def test_a_still_clip_is_judged_as_a_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.write(tmp_path / "a.mp4", [scenes.pan(1)[0]] * 30)
    report, _ = examined(monkeypatch, path, lambda frame: at(scenes.MARK, frame))
    assert "video-still" in [note.key for note in report.notes]
    assert report.p_digital == pytest.approx(0.3) and report.outcome is Outcome.UNSURE


def test_a_caption_before_the_real_mark_does_not_spoil_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An intro title, then the board in the scene: passes, and the title is reported with its times."""
    path = scenes.write(tmp_path / "a.mp4", [*scenes.captioned_pan(40), *scenes.pan(40)], gop=10)

    def find(frame: Frame) -> Sighting:
        number = round((frame.time_s or 0) * 30)
        if number < 40:
            return replace(at(scenes.MARK, frame), text="TITLE")
        x, y = scenes.shaky(40, 2.0)[min(39, number - 40)]
        return at(tuple((a + x, b + y) for a, b in scenes.MARK), frame)

    report, _ = examined(monkeypatch, path, find)
    assert report.outcome is Outcome.PHYSICAL
    assert any(s.outcome is Outcome.DIGITAL for s in report.sightings)
    assert "video-overlay-times" in [note.key for note in report.notes]


def test_a_second_in_a_minute_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dull, shown = np.full((48, 64), 60, np.uint8), np.full((48, 64), 60, np.uint8)
    shown[:40, :40] = 250
    frames = [shown if 47.2 <= number / 10 < 48.2 else dull for number in range(600)]
    path = scenes.write(tmp_path / "a.mp4", frames, fps=10, gop=100)
    quad = ((2.0, 2.0), (38.0, 2.0), (38.0, 38.0), (2.0, 38.0))
    find: Find = lambda frame: at(quad, frame) if frame.image[:30, :30].mean() > 150 else None  # noqa: E731
    report, readers = examined(monkeypatch, path, find)
    assert report.sightings and 47.1 <= (report.sightings[0].time_s or 0) <= 48.2
    assert len(readers.read) <= 24


@pytest.mark.parametrize(("letters_px", "glance"), [(8.0, 720), (40.0, 512), (5.0, None), (None, None)])
def test_once_plain_the_mark_is_only_glanced_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, letters_px: float | None, glance: int | None
) -> None:
    """The view is 480 px wide: 8 px are 12 px at 720, and 40 px would be so at 144, where nothing else is seen."""
    path = scenes.write(tmp_path / "a.mp4", scenes.pan(40))
    find: Find = lambda frame: replace(moving(frame), letter_height_px=letters_px)  # noqa: E731
    _, readers = examined(monkeypatch, path, find)
    assert readers.glances == [None, glance]


def test_where_only_overlays_were_seen_a_glance_is_not_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.write(tmp_path / "a.mp4", scenes.captioned_pan(40))
    find: Find = lambda frame: at(scenes.MARK, frame, letter_height_px=20.0)  # noqa: E731
    report, readers = examined(monkeypatch, path, find)
    glanced_at = readers.read[1]
    assert readers.glances[1] == 512
    assert (glanced_at, None) in list(zip(readers.read, readers.glances, strict=True))[2:]
    assert len([s for s in report.sightings if s.time_s == glanced_at]) == 1


@pytest.mark.parametrize("is_told_by_motion", [True, False])
def test_before_a_still_camera_only_what_is_new_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_told_by_motion: bool
) -> None:
    """A title stands in all of the clip; a card that comes for a second, between looks of the first pass, is seen."""
    still = scenes.pan(1)[0]
    shown = cv2.putText(still.copy(), "WILLOW", (20, 60), cv2.FONT_HERSHEY_DUPLEX, 0.5, 250, 1, cv2.LINE_AA)
    frames = [shown if 372 <= number < 402 else still for number in range(900)]
    path = scenes.write(tmp_path / "a.mp4", frames, gop=30)
    added = Followed(0.0, 30.0, 3.6 if is_told_by_motion else 0.0)
    monkeypatch.setattr(module, "follow", lambda item, sightings: tuple(added for _ in sightings))

    def find(frame: Frame) -> Sighting:
        is_shown = 12.4 <= (frame.time_s or 0) < 13.4
        place = ((20.0, 46.0), (90.0, 46.0), (90.0, 62.0), (20.0, 62.0))
        return at(place if is_shown else scenes.MARK, frame)

    def looks(frame: Frame, sightings: tuple[Sighting, ...], **more: object) -> tuple[Sighting, ...]:
        return tuple(replace(s, p_digital=0.98, outcome=Outcome.DIGITAL) for s in sightings)

    report, readers = examined(monkeypatch, path, find, looks)
    assert sorted({round(s.time_s or 0) for s in report.sightings})[-1] == 13
    assert len(readers.read) <= 3


def test_looks_closer_where_the_mark_is_half_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.write(tmp_path / "a.mp4", scenes.pan(40), gop=40)

    def find(frame: Frame) -> Sighting:
        is_blurred = round((frame.time_s or 0) * 30) % 10 == 0
        return at(scenes.MARK, frame, 0.4 if is_blurred else 0.9, readable=not is_blurred)

    report, _ = examined(monkeypatch, path, find)
    assert report.best is not None and report.best.readable


def test_nothing_found_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scenes.write(tmp_path / "a.mp4", scenes.pan(20))
    report, readers = examined(monkeypatch, path, lambda frame: None)
    assert report.outcome is Outcome.ABSENT and report.spans == () and report.p_digital is None
    assert len(readers.read) <= 24
    assert report.preview is not None


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 12])
def test_spread_visits_every_frame_once(count: int) -> None:
    order = search.spread(count)
    assert sorted(order) == list(range(count))
    assert not order or order[0] == count // 2


def test_times_are_told_as_players_show_them() -> None:
    assert [module.clock(t) for t in (0, 9.9, 75.2, 600)] == ["0:00", "0:09", "1:15", "10:00"]
