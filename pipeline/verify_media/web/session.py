"""What was handed in, what is known about it, and what is done next. All on the server's event loop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from verify_media.errors import VerifyMediaError
from verify_media.messages import Message, message
from verify_media.pipeline import Options, RunResult, conclude_batch
from verify_media.policy import Policy, load_policy
from verify_media.records import Event, ItemReport, Kind, Marks, MediaItem, Preview, Skipped
from verify_media.submission import DEFAULT_POLICY, Submission
from verify_media.web.jobs import Examine, Pack, Sort, Sorted, Stopped, Worker


@dataclass
class Shot:
    """A photo or video that was dropped on the page."""

    id: str
    path: Path
    size_bytes: int
    thumbnail: Preview | None = None
    media: MediaItem | None = None
    report: ItemReport | None = None
    left_out: Message | None = None
    marks: Marks | None = None
    """What `report` or `left_out` looked for; older ones are examined again."""

    @property
    def is_companion(self) -> bool:
        """The clip of a Live Photo: it comes with its still."""
        return self.left_out is not None and self.left_out.key == "live_photo"

    def sorted_as(self, item: MediaItem | None, reason: Message | None) -> None:
        """Keeps the report of a file that is the same as before."""
        if item is None or self.media is None:
            self.report, self.marks, self.left_out = None, None, reason
        self.media = item


@dataclass(frozen=True, slots=True)
class Details:
    """What was typed."""

    names: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    policy: str = DEFAULT_POLICY
    received: date | None = None
    answers: dict[str, str] = field(default_factory=dict)
    asins: dict[str, str] = field(default_factory=dict)
    """By the shot's id, so a shot can be replaced under another name."""
    confirmed: tuple[str, ...] = ()
    photos_only: bool = False
    """Leave the videos out: an answer of photos alone was accepted where one with a video was not."""


class Session:
    """One submission in the making. Every change raises `revision` and wakes the pages that wait for it."""

    def __init__(self, root: Path, worker: Worker, *, today: Callable[[], date] = date.today) -> None:
        self.shots_folder = root / "shots"
        self.marks_folder = root / "marks"
        self.out = root / "shots-verified"
        for folder in (self.shots_folder, self.marks_folder):
            folder.mkdir()
        self.worker = worker
        self.today = today
        self.shots: dict[str, Shot] = {}
        self.logos: dict[str, Path] = {}
        self.cards: dict[str, Path] = {}
        self.details = Details()
        self.judged: RunResult | None = None
        self.packed: RunResult | None = None
        self.error: VerifyMediaError | None = None
        self.now: Event | None = None
        self.paused = False
        self.revision = 0
        self._changed = asyncio.Condition()
        self._wake = asyncio.Event()
        self._unsorted = self._unjudged = self._pack_wanted = False

    # What is known

    @property
    def marks(self) -> Marks:
        logos, cards = tuple(self.logos.values()), tuple(self.cards.values())
        return Marks(self.details.names, logos, cards, self.details.spellings)

    @property
    def policy(self) -> Policy:
        return load_policy(self.details.policy)

    @property
    def submission(self) -> Submission:
        names = {shot.id: shot.path.name for shot in self.shots.values()}
        return Submission(
            self.shots_folder,
            self.marks,
            policy=self.details.policy,
            asins={names[key]: asin for key, asin in self.details.asins.items() if key in names and asin},
            answers=self.details.answers,
            received=self.details.received,
            confirmed=self.details.confirmed,
        )

    @property
    def result(self) -> RunResult | None:
        """The packed result where nothing has changed since, else the verdicts so far."""
        return self.packed or self.judged

    @property
    def to_examine(self) -> list[Shot]:
        marks = self.marks
        return [s for s in self.shots.values() if marks and s.media and s.marks != marks and self.is_sent(s)]

    def is_sent(self, shot: Shot) -> bool:
        is_video = shot.media is not None and shot.media.kind is Kind.VIDEO
        return not (is_video and self.details.photos_only)

    @property
    def busy(self) -> bool:
        return self.now is not None

    @property
    def packing(self) -> bool:
        return self._pack_wanted

    @property
    def unfinished(self) -> bool:
        """Verdicts are still to come, so advice would change under the reader's eyes."""
        return self._unsorted or bool(self.to_examine)

    @property
    def waiting(self) -> bool:
        """Stopped with work left."""
        return self.paused and self.unfinished

    # What is handed in

    def add_shot(self, path: Path, size_bytes: int, shot_id: str | None = None) -> Shot:
        """A new file, or under an old id the one that takes its place."""
        old = self.shots.get(shot_id or "")
        shot = Shot(old.id if old else secrets.token_hex(6), path, size_bytes)
        self.shots[shot.id] = shot
        if old and old.path != path:
            old.path.unlink(missing_ok=True)
        self._files_changed()
        return shot

    def remove_shot(self, shot_id: str) -> None:
        """Raises KeyError."""
        path = self.shots.pop(shot_id).path
        path.unlink(missing_ok=True)
        if self.now and self.now.item == path:
            self.worker.stop()
        self._files_changed()

    def add_mark(self, kind: str, path: Path) -> None:
        """`kind` is "logo" or "card"; one picture of each is enough, so a new one takes the old one's place."""
        pictures = self._pictures(kind)
        for old in pictures.values():
            old.unlink(missing_ok=True)
        pictures.clear()
        pictures[secrets.token_hex(6)] = path
        self.touch()

    def remove_mark(self, kind: str) -> None:
        pictures = self._pictures(kind)
        for path in pictures.values():
            path.unlink(missing_ok=True)
        pictures.clear()
        self.touch()

    def _pictures(self, kind: str) -> dict[str, Path]:
        return {"logo": self.logos, "card": self.cards}[kind]

    def tell(self, **changes: object) -> None:
        """Takes over typed details, for example `names=("Willow & Thread",)`."""
        self.details = replace(self.details, **changes)  # type: ignore[arg-type]
        self.touch()

    def _files_changed(self) -> None:
        self._unsorted = True
        self.paused = False
        self.touch()

    # What is asked for

    def pack(self) -> None:
        self._pack_wanted, self.paused, self.error = True, False, None
        self._notify()

    def cancel(self) -> None:
        """Stops at once; what was found stays, the rest waits for `go_on`."""
        self._pack_wanted, self.paused, self.now = False, True, None
        self.worker.stop()
        self._notify()

    def go_on(self) -> None:
        self.paused = False
        self._notify()

    def touch(self) -> None:
        """Something that the rules look at has changed, so a message that was made no longer fits."""
        if self._pack_wanted:
            self.worker.stop()
        self.packed, self.error, self._pack_wanted = None, None, False
        self._unjudged = True
        self._notify()

    def _notify(self) -> None:
        self.revision += 1
        self._wake.set()
        asyncio.get_running_loop().create_task(self._announce())

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def after(self, revision: int) -> int:
        """Waits until something is newer than `revision`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.revision > revision)
        return self.revision

    # What is done

    async def work(self) -> None:
        """Does what is left to do, one step at a time, for as long as the server runs."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while await self._step():
                    pass
            except Stopped:
                self.now = None
                self._wake.set()
            except Exception as error:  # the page stays alive and says what happened
                self._failed(error)
            self._notify_pages()

    def _failed(self, error: Exception) -> None:
        """Shows it; what is left to do goes on."""
        if not isinstance(error, VerifyMediaError):
            error = VerifyMediaError(f"{type(error).__name__}: {error}")
        self.error = error
        self.now, self._pack_wanted = None, False
        self._wake.set()

    async def _step(self) -> bool:
        """The next thing; False when there is none. Files first, so that pictures show at once."""
        if self._unsorted and not self.paused:
            await self._sort()
        elif (pending := self.to_examine) and not self.paused:
            await self._examine(pending[0], len(pending))
        elif self._unjudged:
            await self._judge()
        elif self._pack_wanted:
            await self._pack()
        else:
            return False
        return True

    async def _sort(self) -> None:
        self._show(Event("ingest", 0, len(self.shots)))
        self._unsorted = False
        known = frozenset(shot.path for shot in self.shots.values() if shot.thumbnail)
        try:
            found = await self.worker.do(Sort(self.shots_folder, known))
        except Stopped:
            if not self.paused:
                raise VerifyMediaError(message("web-unreadable").text, message("web-unreadable").cure) from None
            self._unsorted = True
            raise
        self._take(found)
        self._unjudged = True
        self._show(None)

    def _take(self, found: Sorted) -> None:
        items = {item.path: item for item in found.items}
        reasons = {skipped.path: skipped.message for skipped in found.skipped}
        stills = {item.companion: item for item in found.items if item.companion}
        for shot in self.shots.values():
            item = items.get(shot.path)
            reason = reasons.get(shot.path) or _copy_reason(item)
            if still := stills.get(shot.path):
                reason = message("live_photo", file=shot.path.name, still=still.path.name)
            shot.thumbnail = found.thumbnails.get(shot.path, shot.thumbnail)
            shot.sorted_as(None if reason else item, reason)

    async def _examine(self, shot: Shot, pending: int) -> None:
        assert shot.media is not None
        total = sum(1 for s in self.shots.values() if s.media)
        marks = self.marks
        self._show(Event("examine", total - pending, total, shot.path))
        try:
            found = await self.worker.do(Examine(shot.media, marks))
        except Stopped:
            if self.paused or shot.id not in self.shots or marks != self.marks:
                raise
            found = Skipped(shot.path, message("skipped-failed", file=shot.path.name, reason="stopped"))
        shot.report = found if isinstance(found, ItemReport) else None
        shot.left_out = found.message if isinstance(found, Skipped) else None
        shot.marks = marks
        self._unjudged = True
        await self._judge()
        self._show(None)

    async def _judge(self) -> None:
        """Rule answers for what has been examined so far."""
        self._unjudged = False
        marks = self.marks
        reports = [s.report for s in self.shots.values() if s.report and s.marks == marks and self.is_sent(s)]
        skipped = [Skipped(s.path, s.left_out) for s in self.shots.values() if s.left_out and not s.is_companion]
        judged = None
        if marks and (reports or skipped):
            judged = await asyncio.to_thread(conclude_batch, self.submission, reports, skipped, self.today())
        self.judged = judged
        self._notify_pages()

    async def _pack(self) -> None:
        self._show(Event("fit", 0, len(self.shots)))
        revision_of_input = (self.submission, tuple(self.shots))
        reports = tuple(shot.report for shot in self.shots.values() if shot.report)
        options = Options(photos_only=self.details.photos_only, today=self.today())
        packed = await self.worker.do(Pack(self.submission, self.out, reports, options), self._show)
        if (self.submission, tuple(self.shots)) == revision_of_input and self._pack_wanted:
            self.packed, self._pack_wanted = packed, False
        self._show(None)

    def _show(self, event: Event | None) -> None:
        """What is going on now, for all pages."""
        self.now = event
        self._notify_pages()

    def _notify_pages(self) -> None:
        self.revision += 1
        asyncio.get_running_loop().create_task(self._announce())


def _copy_reason(item: MediaItem | None) -> Message | None:
    """A copy is left out; its last note says of what."""
    return item.notes[-1] if item and item.duplicate_of and item.notes else None
