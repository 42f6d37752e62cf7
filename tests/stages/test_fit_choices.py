from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from builders import media, report
from verify_media.records import Kind
from verify_media.stages.allocate import PHOTO, VIDEO, Choice, Option
from verify_media.stages.fit_choices import is_last_clip, largest_with_room, may_miss, with_one_new, with_the_rest
from verify_media.stages.fit_photo import PhotoShot, PixelStore
from verify_media.stages.fit_video import VideoShot
from verify_media.stages.fitted import Fitted

CURVE = tuple(Choice(100.0 + 10 * n, 60.0 + n, level=60 + n) for n in range(30))


def photo(name: str, option: Option) -> PhotoShot:
    return PhotoShot(report(name), Path(), (), PixelStore(0), option=option)


def clip(name: str, option: Option) -> VideoShot:
    return VideoShot(report(name, media=media(name, Kind.VIDEO)), Path(), (), option=option)


def as_is(size: float) -> Option:
    return Option(PHOTO, as_is=Choice(size, 100.0))


def made(photo: PhotoShot, choice: Choice) -> None:
    setting = (choice.scale, round(choice.level or 0), choice.full_chroma)
    photo._made[setting] = Fitted(Path(), "image/jpeg", round(choice.size_bytes), 1, 1)


def test_the_largest_is_measured_alone_where_the_others_leave_it_room() -> None:
    shots = [photo("a.jpg", as_is(100)), clip("b.mp4", as_is(400)), photo("c.jpg", as_is(100))]
    assert largest_with_room(shots, 500) is shots[1]
    assert largest_with_room(shots, 300) is None
    assert largest_with_room([photo("a.jpg", Option(PHOTO, CURVE))], 500) is None


def test_one_photo_alone_does_not_absorb_what_a_clip_misses() -> None:
    shots = [clip("a.mp4", Option(VIDEO, CURVE)), photo("b.jpg", Option(PHOTO, CURVE)), photo("c.jpg", as_is(300))]
    plan = {shot.source: choice for shot, choice in zip(shots, (CURVE[5], CURVE[20], Choice(300, 100.0)), strict=True)}
    assert not may_miss(shots[0], shots, plan, 750)
    plan[shots[2].source] = CURVE[20]
    assert may_miss(shots[0], shots, plan, 750)


def test_a_clip_at_its_knee_may_miss_its_share_only_where_there_is_room() -> None:
    best = Choice(1000, 90.0, level=13)
    shots = [clip("a.mp4", Option(VIDEO, (best,)))]
    assert may_miss(shots[0], shots, {shots[0].source: best}, 1200)
    assert not may_miss(shots[0], shots, {shots[0].source: best}, 1050)


def test_the_last_clip_is_the_one_that_no_other_follows() -> None:
    shots = [clip("a.mp4", Option(VIDEO, CURVE)), clip("b.mp4", Option(VIDEO, CURVE)), photo("c.jpg", as_is(9))]
    plan = {shots[0].source: CURVE[0], shots[1].source: CURVE[0], shots[2].source: Choice(9, 100.0)}
    assert not is_last_clip(shots[0], shots, plan, set())
    assert is_last_clip(shots[1], shots, plan, {shots[0].source})
    assert is_last_clip(shots[0], shots, {**plan, shots[1].source: Choice(9, 100.0)}, set())


def test_a_clip_takes_what_is_left_up_to_its_best() -> None:
    shot = clip("a.mp4", Option(VIDEO, CURVE))
    assert with_the_rest(shot, CURVE[0], 50).size_bytes == CURVE[0].size_bytes + 50
    assert CURVE[-1].size_bytes <= with_the_rest(shot, CURVE[0], 5000).size_bytes < 1.1 * CURVE[-1].size_bytes


def test_one_photo_at_most_is_encoded_once_more() -> None:
    shots = [photo("a.jpg", Option(PHOTO, CURVE)), photo("b.jpg", Option(PHOTO, CURVE)), photo("c.jpg", as_is(300))]
    made(shots[0], CURVE[3])
    assert list(with_one_new(shots, {})) == []
    made(shots[1], CURVE[4])
    first, second = with_one_new(shots, {})
    assert (first[0].curve, first[1].curve) == (CURVE, (CURVE[4],))
    assert (second[0].curve, second[1].curve) == ((CURVE[3],), CURVE)
    assert first[2] == second[2] == replace(shots[2].option)
