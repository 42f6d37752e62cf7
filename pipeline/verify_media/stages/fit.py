"""Make the set fit the message at the best quality: pass through, clean, convert, and share out scarce bytes."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from verify_media.errors import CannotWrite
from verify_media.messages import message
from verify_media.records import Deliverable, ItemReport, Progress, Skipped
from verify_media.stages.fit_choices import Shot
from verify_media.stages.fit_job import Job, Teller
from verify_media.stages.fitted import Fitted, StillReadable

EXTENSIONS = {"image/jpeg": ".jpg", "image/png": ".png", "video/mp4": ".mp4"}
MOST_STEM_CHARS = 40


@dataclass(frozen=True, slots=True)
class FitResult:
    """`costs`: bytes that each item would need to look like its original, whether it fits or not."""

    deliverables: tuple[Deliverable, ...]
    unfit: tuple[Skipped, ...] = ()
    costs: Mapping[Path, int] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        return sum(item.size_bytes for item in self.deliverables)


def fit(
    reports: Sequence[ItemReport],
    out: Path,
    budget_bytes: int,
    *,
    formats: Collection[str] = tuple(EXTENSIONS),
    still_readable: StillReadable | None = None,
    allow_trim: bool = False,
    progress: Progress | None = None,
) -> FitResult:
    """Write one file for each report into `out`, in order, together never more than `budget_bytes`.

    `formats` are the accepted media types; with `allow_trim` a clip that would look poor or not fit is cut to the part
    with the mark. Raises CannotWrite where `out` cannot be written; what concerns one item
    is in `unfit`.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fit-", dir=out) as work:
            job = Job(Path(work), formats, still_readable, Teller(progress, len(reports)), allow_trim)
            placed = _placed(job.run(reports, budget_bytes), out)
            unfit = (Skipped(report.path, job.unfit[report.path]) for report in reports if report.path in job.unfit)
            return FitResult(placed, tuple(unfit), job.costs)
    except OSError as error:
        raise CannotWrite(
            f"{out}: {error.strerror or error}", "Check the free space and the rights of that folder."
        ) from error


def _placed(chosen: Sequence[tuple[Shot, Fitted]], out: Path) -> tuple[Deliverable, ...]:
    names = file_names([(shot.source, fitted.media_type) for shot, fitted in chosen])
    return tuple(_place(shot, fitted, out / name) for (shot, fitted), name in zip(chosen, names, strict=True))


def file_names(sources: Sequence[tuple[Path, str]]) -> list[str]:
    """Short names in order, letters of every system: "01-IMG_0042.jpg". The number keeps them apart."""
    digits = max(2, len(str(len(sources))))
    return [f"{number:0{digits}d}-{_stem(path)}{EXTENSIONS[kind]}" for number, (path, kind) in enumerate(sources, 1)]


def _stem(path: Path) -> str:
    plain = unicodedata.normalize("NFKD", path.stem).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9_]+", "-", plain).strip("-_")
    return safe[:MOST_STEM_CHARS].rstrip("-_") or "item"


def _place(shot: Shot, fitted: Fitted, target: Path) -> Deliverable:
    """Copy the file to its name, by a neighbour that is renamed, so that nobody ever finds half a file."""
    data = fitted.path.read_bytes()
    neighbour = target.with_name(f".{target.name}.part")
    neighbour.write_bytes(data)
    neighbour.replace(target)
    after = sha256(data).hexdigest()
    changes = (
        (*fitted.changes, message("fit-hashes", before=shot.report.media.sha256, after=after)) if fitted.changes else ()
    )
    return Deliverable(
        shot.source, target, fitted.media_type, len(data), after, fitted.width, fitted.height, changes, fitted.quality
    )
