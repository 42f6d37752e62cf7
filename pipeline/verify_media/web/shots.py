"""What the session keeps: a photo or video that was dropped, and what was typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from verify_media.messages import Message
from verify_media.records import ItemReport, Marks, MediaItem, Preview
from verify_media.submission import DEFAULT_POLICY


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
        return self.left_out is not None and self.left_out.key == "live-photo"

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


def copy_reason(item: MediaItem | None) -> Message | None:
    """A copy is left out; its last note says of what."""
    return item.notes[-1] if item and item.duplicate_of and item.notes else None
