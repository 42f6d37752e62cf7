"""A session whose worker answers at once, without decoding anything."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
sys.path.insert(0, str(Path(__file__).parent.parent / "reports"))

from report_samples import MARK, OUT, item, media, picture, preview, ready, sighting

from verify_media.messages import message
from verify_media.records import Event, ItemReport, Kind, Outcome, Skipped
from verify_media.web.jobs import Examine, Pack, Sort, Sorted, Stopped
from verify_media.web.session import Session

TODAY = date(2026, 11, 22)


class FakeWorker:
    """Answers by the file's name: "plain" shows no mark, "added" a digital one, "broken" cannot be examined."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.hold: asyncio.Event | None = None
        self.stops = 0

    async def do(self, job: Any, tell: Callable[[Event], None] = lambda event: None) -> Any:
        self.jobs.append(job)
        stops = self.stops
        while self.hold and not self.hold.is_set():
            await asyncio.sleep(0.005)
            if self.stops != stops:
                raise Stopped
        return {Sort: self._sort, Examine: self._examine, Pack: self._pack}[type(job)](job)

    def stop(self) -> None:
        self.stops += 1

    @staticmethod
    def _sort(job: Sort) -> Sorted:
        paths = sorted(job.folder.iterdir())
        items = tuple(_media(path) for path in paths if path.suffix != ".zip")
        skipped = [Skipped(p, message("is-an-archive", file=p.name, kind="ZIP")) for p in paths if p.suffix == ".zip"]
        return Sorted(items, tuple(skipped), {i.path: preview(1) for i in items if i.path not in job.known})

    @staticmethod
    def _examine(job: Examine) -> ItemReport | Skipped:
        name = job.item.path.name
        if "broken" in name:
            raise Stopped
        outcome = {"plain": Outcome.ABSENT, "added": Outcome.DIGITAL}.get(name[:5], Outcome.PHYSICAL)
        report = item(name, outcome, media=job.item)
        return replace(report, sightings=tuple(replace(s, mark=str(job.marks.names[0])) for s in report.sightings))

    @staticmethod
    def _pack(job: Pack) -> Any:
        result = ready()
        moved = {path: job.out / path.relative_to(OUT) for path in (*(d.path for d in result.deliverables), OUT)}
        (job.out / "send").mkdir(parents=True, exist_ok=True)
        deliverables = tuple(replace(d, path=moved[d.path]) for d in result.deliverables)
        drafts = tuple(replace(d, path=job.out / d.path.name) for d in result.drafts)
        for path in (*(d.path for d in deliverables), *(d.path for d in drafts)):
            path.write_bytes(path.name.encode())
        return replace(result, items=job.reports, out=job.out, deliverables=deliverables, drafts=drafts)


def _media(path: Path) -> Any:
    kind = Kind.VIDEO if path.suffix == ".mov" else Kind.PHOTO
    return replace(media(path.name), path=path, kind=kind, sha256=f"{abs(hash(path.name)):064x}"[:64])


@pytest.fixture
def worker() -> FakeWorker:
    return FakeWorker()


@pytest.fixture
def session(tmp_path: Path, worker: FakeWorker, monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr("verify_media.examination.compare", lambda reports: reports)  # needs real pictures
    return Session(tmp_path, worker, today=lambda: TODAY)  # type: ignore[arg-type]


__all__ = ["MARK", "FakeWorker", "picture", "sighting"]
