from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from verify_media.errors import CannotWrite
from verify_media.records import Marks
from verify_media.web.jobs import Examine, Pack, Sort, Stopped
from verify_media.web.session import Session
from verify_media.web.steps import Steps

NAME = "Willow & Thread"


def test_a_file_is_sorted_and_examined(session: Session, worker: Any) -> None:
    async def story() -> None:
        session.tell(names=(NAME,))
        shot = _drop(session, "mug.jpg")
        await _until(lambda: shot.report is not None)
        await _until(lambda: session.judged is not None and not session.busy)
        assert shot.marks == Marks((NAME,))
        assert session.judged is not None and session.judged.items[0].path == shot.path

    _play(session, story)
    assert [type(job) for job in worker.jobs] == [Sort, Examine]


def test_without_a_name_files_wait(session: Session, worker: Any) -> None:
    async def story() -> None:
        shot = _drop(session, "mug.jpg")
        await _until(lambda: shot.thumbnail is not None)
        assert shot.report is None
        session.tell(names=(NAME,))
        await _until(lambda: shot.report is not None)

    _play(session, story)


def test_another_name_means_another_look(session: Session, worker: Any) -> None:
    async def story() -> None:
        session.tell(names=(NAME,))
        shot = _drop(session, "mug.jpg")
        await _until(lambda: shot.report is not None)
        session.tell(names=("Other",))
        await _until(lambda: shot.marks == Marks(("Other",)))

    _play(session, story)
    assert [job.marks.names for job in worker.jobs if isinstance(job, Examine)] == [(NAME,), ("Other",)]


def test_a_replaced_shot_keeps_its_asin(session: Session) -> None:
    async def story() -> None:
        session.tell(names=(NAME,))
        shot = _drop(session, "plain.jpg")
        session.tell(asins={shot.id: "B0CXYZ1234"})
        await _until(lambda: shot.report is not None)
        fresh = _drop(session, "mug.jpg", shot.id)
        await _until(lambda: fresh.report is not None)
        assert not shot.path.exists()
        assert session.submission.asins == {"mug.jpg": "B0CXYZ1234"}

    _play(session, story)


def test_a_removed_shot_is_deleted(session: Session) -> None:
    async def story() -> None:
        session.tell(names=(NAME,))
        shot = _drop(session, "mug.jpg")
        await _until(lambda: session.judged is not None)
        session.remove_shot(shot.id)
        await _until(lambda: session.judged is None and not session.busy)
        assert not shot.path.exists()

    _play(session, story)


def test_what_cannot_be_used_has_its_reason(session: Session) -> None:
    async def story() -> None:
        session.tell(names=(NAME,))
        archive, broken = _drop(session, "all.zip"), _drop(session, "broken.jpg")
        await _until(lambda: broken.left_out is not None and archive.left_out is not None)
        assert (archive.left_out.key, broken.left_out.key) == ("is-an-archive", "skipped-failed")

    _play(session, story)


def test_an_error_is_shown_and_work_goes_on(session: Session, worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        session.tell(names=(NAME,))
        shot = _drop(session, "mug.jpg")
        await _until(lambda: session.judged is not None and not session.busy)
        monkeypatch.setattr(worker, "_pack", _no_room)
        session.pack()
        await _until(lambda: session.error is not None)
        assert str(session.error) == "no room" and not session.packing and session.packed is None
        session.tell(names=("Other",))
        await _until(lambda: shot.marks == Marks(("Other",)) and session.error is None)

    _play(session, story)


def test_what_fails_is_not_tried_for_ever(session: Session, worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        with monkeypatch.context() as broken:
            broken.setattr(worker, "_examine", _no_room)
            session.tell(names=(NAME,))
            shot = _drop(session, "mug.jpg")
            await _until(lambda: session.error is not None)
            await asyncio.sleep(0.05)
            assert session.waiting and len(worker.jobs) == 2
        session.go_on()
        await _until(lambda: shot.report is not None and session.error is None)

    _play(session, story)


def test_files_that_kill_the_reader_are_said(session: Session, worker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(worker, "_sort", _die)
        _drop(session, "bomb.jpg")
        await _until(lambda: session.error is not None and not session.busy)

    _play(session, story)


def _no_room(job: Any) -> Any:
    raise CannotWrite("no room", "Make room.")


def _die(job: Any) -> Any:
    raise Stopped


def test_stop_stops_and_go_on_goes_on(session: Session, worker: Any) -> None:
    async def story() -> None:
        worker.hold = asyncio.Event()
        session.tell(names=(NAME,))
        shot = _drop(session, "mug.jpg")
        await _until(lambda: session.busy)
        session.cancel()
        await _until(lambda: worker.stops == 1 and not session.busy)
        await asyncio.sleep(0.05)
        assert session.waiting and shot.report is None
        worker.hold.set()
        session.go_on()
        await _until(lambda: shot.report is not None)

    _play(session, story)


def test_a_message_is_made_and_forgotten_with_the_next_change(session: Session, worker: Any) -> None:
    async def story() -> None:
        session.tell(names=(NAME,))
        _drop(session, "mug.jpg")
        session.pack()
        await _until(lambda: session.packed is not None)
        assert session.result is session.packed
        session.tell(answers={"process": "By hand."})
        assert session.packed is None

    _play(session, story)
    assert isinstance(worker.jobs[-1], Pack) and len(worker.jobs[-1].reports) == 1


def test_a_change_while_the_message_is_made_stops_it(session: Session, worker: Any) -> None:
    async def story() -> None:
        session.tell(names=(NAME,))
        _drop(session, "mug.jpg")
        await _until(lambda: session.judged is not None and not session.busy)
        worker.hold = asyncio.Event()
        session.pack()
        await _until(lambda: isinstance(worker.jobs[-1], Pack))
        session.tell(answers={"process": "By hand."})
        await _until(lambda: not session.busy)
        assert session.packed is None and not session.packing and worker.stops == 1

    _play(session, story)


def test_photos_only_leaves_videos_out(session: Session, worker: Any) -> None:
    async def story() -> None:
        session.tell(names=(NAME,), photos_only=True)
        photo, video = _drop(session, "mug.jpg"), _drop(session, "clip.mov")
        await _until(lambda: photo.report is not None and not session.busy)
        assert video.report is None and session.judged is not None
        assert [report.path for report in session.judged.items] == [photo.path]
        session.pack()
        await _until(lambda: session.packed is not None)

    _play(session, story)
    assert worker.jobs[-1].options.photos_only


def test_pages_hear_of_every_change(session: Session) -> None:
    async def story() -> None:
        waiting = asyncio.create_task(session.after(session.revision))
        await asyncio.sleep(0)
        session.tell(names=(NAME,))
        assert await asyncio.wait_for(waiting, 1) > 0

    _play(session, story)


def _drop(session: Session, name: str, shot_id: str | None = None) -> Any:
    path = session.shots_folder / name
    path.write_bytes(b"x")
    return session.add_shot(path, 1, shot_id)


def _play(session: Session, story: Callable[[], Awaitable[None]]) -> None:
    async def scene() -> None:
        work = asyncio.create_task(Steps(session).work())
        try:
            await asyncio.wait_for(story(), 10)
        finally:
            work.cancel()

    asyncio.run(scene())


async def _until(done: Callable[[], bool]) -> None:
    while not done():
        await asyncio.sleep(0.005)
