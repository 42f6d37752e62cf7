"""What was handed in, what is known about it, and what is asked for. All on the server's event loop."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

from verify_media.errors import VerifyMediaError
from verify_media.pipeline import RunResult
from verify_media.policy import Policy, load_policy
from verify_media.records import Event, Kind, Marks
from verify_media.submission import Submission
from verify_media.web.jobs import Worker
from verify_media.web.shots import Details, Shot


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
        self.ended = False
        self._changed = asyncio.Condition()
        self.wake = asyncio.Event()
        self.unsorted = self.unjudged = self.pack_wanted = False

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
        return self.pack_wanted

    @property
    def unfinished(self) -> bool:
        """Verdicts are still to come, so advice would change under the reader's eyes."""
        return self.unsorted or bool(self.to_examine)

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
        self.unsorted = True
        self.paused = False
        self.touch()

    # What is asked for

    def pack(self) -> None:
        self.pack_wanted, self.paused, self.error = True, False, None
        self._notify()

    def cancel(self) -> None:
        """Stops at once; what was found stays, the rest waits for `go_on`."""
        self.pack_wanted, self.paused, self.now = False, True, None
        self.worker.stop()
        self._notify()

    def go_on(self) -> None:
        self.paused, self.error = False, None
        self._notify()

    def touch(self) -> None:
        """Something that the rules look at has changed, so a message that was made no longer fits."""
        if self.pack_wanted:
            self.worker.stop()
        self.packed, self.error, self.pack_wanted = None, None, False
        self.unjudged = True
        self._notify()

    def _notify(self) -> None:
        self.revision += 1
        self.wake.set()
        asyncio.get_running_loop().create_task(self._announce())

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def after(self, revision: int) -> int:
        """Waits until something is newer than `revision`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.revision > revision or self.ended)
        return self.revision

    def end(self) -> None:
        """The server is about to stop: pages that wait for news are let go."""
        self.ended = True
        self.notify_pages()

    def show(self, event: Event | None) -> None:
        """What is going on now, for all pages."""
        self.now = event
        self.notify_pages()

    def notify_pages(self) -> None:
        self.revision += 1
        asyncio.get_running_loop().create_task(self._announce())
