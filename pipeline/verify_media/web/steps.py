"""What is done with a session: sort the files, examine them, judge, pack; one step at a time."""

from __future__ import annotations

import asyncio

from verify_media.errors import VerifyMediaError
from verify_media.messages import message
from verify_media.pipeline import Options, conclude_batch
from verify_media.records import Event, ItemReport, Skipped
from verify_media.web.jobs import Examine, Pack, Sort, Sorted, Stopped
from verify_media.web.session import Session
from verify_media.web.shots import Shot, copy_reason


class Steps:
    """Looks for the next thing to do whenever the session has changed."""

    def __init__(self, session: Session) -> None:
        self.session = session

    async def work(self) -> None:
        """Does what is left to do, one step at a time, for as long as the server runs."""
        session = self.session
        while True:
            await session.wake.wait()
            session.wake.clear()
            try:
                while await self._step():
                    pass
            except Stopped:
                session.now = None
                session.wake.set()
            except Exception as error:  # the page stays alive and says what happened
                self._failed(error)
            session.notify_pages()

    def _failed(self, error: Exception) -> None:
        """Shows it. What failed is not tried again by itself: that could go on for ever."""
        session = self.session
        if not isinstance(error, VerifyMediaError):
            error = VerifyMediaError(f"{type(error).__name__}: {error}")
        session.error = error
        session.now, session.pack_wanted, session.paused = None, False, session.unfinished
        session.wake.set()

    async def _step(self) -> bool:
        """The next thing; False when there is none. Files first, so that pictures show at once."""
        session = self.session
        if session.unsorted and not session.paused:
            await self._sort()
        elif (pending := session.to_examine) and not session.paused:
            await self._examine(pending[0], len(pending))
        elif session.unjudged:
            await self._judge()
        elif session.pack_wanted:
            await self._pack()
        else:
            return False
        return True

    async def _sort(self) -> None:
        session = self.session
        session.show(Event("ingest", 0, len(session.shots)))
        session.unsorted = False
        known = frozenset(shot.path for shot in session.shots.values() if shot.thumbnail)
        try:
            found = await session.worker.do(Sort(session.shots_folder, known))
        except Stopped:
            if not session.paused:
                raise VerifyMediaError(message("web-unreadable").text, message("web-unreadable").cure) from None
            session.unsorted = True
            raise
        self._take(found)
        session.unjudged = True
        session.show(None)

    def _take(self, found: Sorted) -> None:
        session = self.session
        items = {item.path: item for item in found.items}
        reasons = {skipped.path: skipped.message for skipped in found.skipped}
        stills = {item.companion: item for item in found.items if item.companion}
        for shot in session.shots.values():
            item = items.get(shot.path)
            reason = reasons.get(shot.path) or copy_reason(item)
            if still := stills.get(shot.path):
                reason = message("live-photo", file=shot.path.name, still=still.path.name)
            shot.thumbnail = found.thumbnails.get(shot.path, shot.thumbnail)
            shot.sorted_as(None if reason else item, reason)

    async def _examine(self, shot: Shot, pending: int) -> None:
        session = self.session
        assert shot.media is not None
        total = sum(1 for s in session.shots.values() if s.media)
        marks = session.marks
        session.show(Event("examine", total - pending, total, shot.path))
        try:
            found = await session.worker.do(Examine(shot.media, marks))
        except Stopped:
            if session.paused or shot.id not in session.shots or marks != session.marks:
                raise
            found = Skipped(shot.path, message("skipped-failed", file=shot.path.name, reason="stopped"))
        shot.report = found if isinstance(found, ItemReport) else None
        shot.left_out = found.message if isinstance(found, Skipped) else None
        shot.marks = marks
        session.unjudged = True
        await self._judge()
        session.show(None)

    async def _judge(self) -> None:
        """Rule answers for what has been examined so far."""
        session = self.session
        session.unjudged = False
        marks = session.marks
        reports = [s.report for s in session.shots.values() if s.report and s.marks == marks and session.is_sent(s)]
        skipped = [Skipped(s.path, s.left_out) for s in session.shots.values() if s.left_out and not s.is_companion]
        judged = None
        if marks and (reports or skipped):
            judged = await asyncio.to_thread(conclude_batch, session.submission, reports, skipped, session.today())
        session.judged = judged
        session.notify_pages()

    async def _pack(self) -> None:
        session = self.session
        session.show(Event("fit", 0, len(session.shots)))
        revision_of_input = (session.submission, tuple(session.shots))
        reports = tuple(shot.report for shot in session.shots.values() if shot.report)
        options = Options(photos_only=session.details.photos_only, today=session.today())
        packed = await session.worker.do(Pack(session.submission, session.out, reports, options), session.show)
        if (session.submission, tuple(session.shots)) == revision_of_input and session.pack_wanted:
            session.packed, session.pack_wanted = packed, False
        session.show(None)
