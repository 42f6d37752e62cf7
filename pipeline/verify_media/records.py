"""The records that travel between stages: frozen, picklable; only a `Frame` points at pixels.

Geometry is in pixels of the upright frame at full resolution, x to the right, y down. Times are seconds from the start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from verify_media.messages import Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image: TypeAlias = NDArray[np.uint8]

Point: TypeAlias = tuple[float, float]
Quad: TypeAlias = tuple[Point, Point, Point, Point]
"""Top left, top right, bottom right, bottom left of the mark as it reads; upside down, from its own top left."""


class Outcome(StrEnum):
    """What was decided about a mark in an item."""

    PHYSICAL = "physical"
    DIGITAL = "digital"
    ABSENT = "absent"
    UNSURE = "unsure"


class Kind(StrEnum):
    PHOTO = "photo"
    VIDEO = "video"


class Reader(StrEnum):
    """What found a sighting."""

    TEXT = "text"
    LOGO = "logo"
    CARD = "card"


class Verdict(StrEnum):
    """The answer to a rule's question."""

    PASS = "pass"
    FAIL = "fail"
    REVIEW = "review"
    NOT_APPLICABLE = "n/a"


@dataclass(frozen=True, slots=True)
class Marks:
    """What to look for. `spellings` are other accepted ways to write a name ("Willow and Thread")."""

    names: tuple[str, ...] = ()
    logos: tuple[Path, ...] = ()
    cards: tuple[Path, ...] = ()
    spellings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names or self.logos or self.cards)


@dataclass(frozen=True, slots=True)
class Capture:
    """What the file says about its making. Missing metadata proves nothing."""

    make: str | None = None
    model: str | None = None
    taken_at: str | None = None
    """ISO 8601, local time of the camera where it gives no zone."""
    software: str | None = None
    has_location: bool = False


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One photo or video whose content has been recognised and opened once."""

    path: Path
    kind: Kind
    media_type: str
    """By content, never by name: "image/jpeg", "image/heic", "video/mp4", "video/quicktime"..."""
    size_bytes: int
    sha256: str
    width: int
    height: int
    """Upright, in pixels."""
    capture: Capture = field(default_factory=Capture)
    orientation: int = 1
    """EXIF orientation 1 to 8 as stored; the decoders return upright pixels. Videos have `rotation_deg`."""
    rotation_deg: int = 0
    duration_s: float | None = None
    fps: float | None = None
    codec: str | None = None
    """Video codec ("h264", "hevc") or None for photos."""
    is_hdr: bool = False
    phash: int | None = None
    """64-bit perceptual hash of the photo or of the first frame."""
    companion: Path | None = None
    """The clip of a Live Photo: it counts with its still as one item."""
    duplicate_of: Path | None = None
    notes: tuple[Message, ...] = ()

    @property
    def type_name(self) -> str:
        """The type as people say it: "HEIC", "QUICKTIME"."""
        return self.media_type.rpartition("/")[2].removeprefix("x-").upper()


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not checked, with the reason and the cure."""

    path: Path
    message: Message


@dataclass(frozen=True, slots=True)
class Frame:
    """Upright sRGB pixels, uint8, height x width x 3 in R, G, B order. A photo is one frame with `time_s` None."""

    image: Image
    time_s: float | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class Cue:
    """One measurement behind a judgement. `value` is in the unit that `name` carries."""

    name: str
    value: float
    reason: Message | None = None
    """The sentence for the maker, where this cue carried the decision."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A mark found in a frame; `p_digital` and `outcome` are filled in by authenticate."""

    mark: str
    """The name, or the file name of the logo or card."""
    reader: Reader
    quad: Quad
    score: float
    """0 to 1, comparable within one reader."""
    time_s: float | None = None
    text: str = ""
    """What was read there, as read."""
    letter_height_px: float | None = None
    readable: bool = True
    """False: lettering was found but is too small or blurred to read; of a logo or card, that its own lettering
    cannot be compared, so that it may be another of the same make. The cure is to come closer."""
    other_name: str = ""
    """What is written there, where that is another name than the mark by a letter; empty where it is the mark."""
    p_digital: float | None = None
    outcome: Outcome = Outcome.UNSURE
    evidence: tuple[Cue, ...] = ()
    imprint: bytes = field(default=b"", repr=False, compare=False)
    """32 x 128 grey values of the mark and its surroundings, to compare the pictures of a submission; see
    cues/repeats.py."""

    @property
    def is_certain(self) -> bool:
        """It can be read, and it says the mark and no other name."""
        return self.readable and not self.other_name


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a video in which a mark can be seen."""

    mark: str
    start_s: float
    end_s: float
    best_s: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Preview:
    """A small JPEG of the frame that was judged, for reports only. Frame pixels times `scale` are preview pixels."""

    jpeg: bytes
    width: int
    height: int
    scale: float
    time_s: float | None = None
    """The moment of a clip."""


@dataclass(frozen=True, slots=True)
class ItemReport:
    """Everything that was found in one photo or video."""

    media: MediaItem
    outcome: Outcome
    p_digital: float | None
    """Calibrated probability that the best sighting is a digital overlay; None when absent."""
    sightings: tuple[Sighting, ...] = ()
    """Best first."""
    overlays: tuple[Sighting, ...] = ()
    """Other text or marks that look added to the picture (stock watermark, caption, date stamp)."""
    spans: tuple[Span, ...] = ()
    notes: tuple[Message, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)
    preview: Preview | None = field(default=None, repr=False, compare=False)
    close_up: Preview | None = field(default=None, repr=False, compare=False)
    texts: tuple[str, ...] = ()
    """Everything that was read in the picture, mark or not."""
    file_cues: tuple[Cue, ...] = ()
    """What the file itself tells: editor names, content credentials. Weighed lightly."""

    @property
    def path(self) -> Path:
        return self.media.path

    @property
    def best(self) -> Sighting | None:
        return self.sightings[0] if self.sightings else None


@dataclass(frozen=True, slots=True)
class Deliverable:
    """A file that goes into the message."""

    source: Path
    path: Path
    media_type: str
    size_bytes: int
    sha256: str
    width: int
    height: int
    changes: tuple[Message, ...] = ()
    """Empty: the same bytes as the source."""
    quality: Mapping[str, float] = field(default_factory=dict)
    """Measured: "ssimulacra2", "jpeg_q", "crf", "scale"."""


@dataclass(frozen=True, slots=True)
class RuleResult:
    """The answer to one rule of the policy, for the whole submission or for one item."""

    id: str
    question: str
    verdict: Verdict
    reasons: tuple[Message, ...] = ()
    item: Path | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The message as it lies on disk."""

    path: Path
    size_bytes: int
    limit_bytes: int
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Progress: `done` of `total` in `stage`, now at `item`."""

    stage: str
    done: int
    total: int
    item: Path | None = None


Progress: TypeAlias = Callable[[Event], None]
