"""Pictures, outlines, strips and bars of the HTML report, as data: bytes for `src`, numbers for SVG."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from verify_media.records import Deliverable, Draft, ItemReport, Outcome, Preview, Quad, Sighting, Span

BUDGET_BYTES = 3_300_000
"""JPEG bytes of all pictures of a report: 4.4 MB as base64, which leaves 0.6 MB of 5 MB for words."""
SMALLEST_SIDE = 120
MARGIN = 0.008
"""Between a mark and its outline, of the picture's longer side: half the line, at the size of a phone."""
STRIP = 1000.0
"""Width of strips and bars in SVG units."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A mark in a picture. `points` is the value of an SVG polygon's attribute, in pixels of the preview."""

    points: str
    outcome: str
    mark: str


@dataclass(frozen=True, slots=True)
class Picture:
    """`src` is a data URI; `width` and `height` are the coordinates of the outlines, whatever size the JPEG has."""

    src: str
    width: int
    height: int
    outlines: tuple[Outline, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a strip or bar: `x` and `width` of 1000."""

    x: float
    width: float
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """One attachment's part of the message."""

    deliverable: Deliverable
    size_bytes: int
    stretch: Stretch


def pictures(reports: Sequence[ItemReport]) -> tuple[tuple[Picture | None, Picture | None], ...]:
    """(picture with outlines, close-up) for each report, None without a preview. All together stay in the budget."""
    previews = [preview for report in reports for preview in (report.preview, report.close_up) if preview]
    most = _allowance([len(preview.jpeg) for preview in previews])
    return tuple((_picture(r.preview, most, outlines(r)), _picture(r.close_up, most)) for r in reports)


def _allowance(sizes: Sequence[int]) -> int:
    """The most bytes one picture may have, so that the small ones leave room for the large ones."""
    left = BUDGET_BYTES
    for position, size in enumerate(sorted(sizes)):
        share = left // (len(sizes) - position)
        if size > share:
            return share
        left -= size
    return max(sizes, default=0)


def _picture(preview: Preview | None, most_bytes: int, lines: tuple[Outline, ...] = ()) -> Picture | None:
    if preview is None:
        return None
    jpeg = preview.jpeg if len(preview.jpeg) <= most_bytes else _shrink(preview.jpeg, most_bytes)
    src = f"data:image/jpeg;base64,{b64encode(jpeg).decode('ascii')}"
    return Picture(src, preview.width, preview.height, lines)


def _shrink(jpeg: bytes, most_bytes: int) -> bytes:
    """Fewer pixels until it fits; bytes go down roughly with the area."""
    from PIL import Image

    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as image:
        side = float(max(image.size))
        while True:
            side *= min(0.9, max(0.3, (most_bytes / len(jpeg)) ** 0.5))
            small = image.copy()
            small.thumbnail((max(int(side), 1), max(int(side), 1)))
            buffer = BytesIO()
            small.save(buffer, "JPEG", quality=72, optimize=True)
            jpeg = buffer.getvalue()
            if len(jpeg) <= most_bytes or side < SMALLEST_SIDE:
                return jpeg


def outlines(report: ItemReport) -> tuple[Outline, ...]:
    """Marks in the frame that the preview shows. A camera's date stamp is no matter for a line."""
    if report.preview is None:
        return ()
    added = [s for s in report.overlays if not any(cue.name == "date_stamp" for cue in s.evidence)]
    shown = [s for s in (*report.sightings, *added) if s.time_s == report.preview.time_s]
    return tuple(_outline(s, report.preview, added=s in report.overlays) for s in shown)


def _outline(sighting: Sighting, preview: Preview, *, added: bool) -> Outline:
    outcome = Outcome.DIGITAL if added else sighting.outcome
    return Outline(_points(sighting.quad, preview), outcome.value, sighting.mark or sighting.text)


def _points(quad: Quad, preview: Preview) -> str:
    """The quad in pixels of the preview, wide enough that the line does not cover the lettering."""
    margin = MARGIN * max(preview.width, preview.height)
    corners = np.asarray(quad, np.float64) * preview.scale
    top_left, top_right, bottom_right, bottom_left = corners
    across = _unit(top_right - top_left + bottom_right - bottom_left) * margin
    down = _unit(bottom_left - top_left + bottom_right - top_right) * margin
    wider = corners + np.array([-across - down, across - down, across + down, down - across])
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in wider)


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    return vector / max(float(np.hypot(*vector)), 1e-9)


def stretches(spans: Iterable[Span], duration_s: float) -> tuple[Stretch, ...]:
    """Where in a video the mark can be seen."""
    return tuple(stretch(span.start_s, span.end_s, duration_s, span.outcome.value) for span in spans)


def moment(time_s: float, duration_s: float) -> float:
    """x of a moment on the strip, so far from its ends that the marker stays inside."""
    return round(min(max(STRIP * time_s / max(duration_s, 0.001), 6.0), STRIP - 6.0), 1)


def stretch(start: float, end: float, whole: float, kind: str = "") -> Stretch:
    """At least a hundredth wide, so that a moment can be seen."""
    scale = STRIP / max(whole, 0.001)
    width = min(max((end - start) * scale, STRIP / 100), STRIP)
    return Stretch(round(min(max(start * scale, 0.0), STRIP - width), 1), round(width, 1), kind)


def shares(draft: Draft, deliverables: Sequence[Deliverable], *, as_mail: bool) -> tuple[Share, ...]:
    """What each attachment takes of the limit, one after the other from the left of the bar."""
    attached = [deliverable for deliverable in deliverables if deliverable.path.name in draft.attachments]
    whole, start, found = max(draft.limit_bytes, draft.size_bytes), 0, []
    for deliverable in attached:
        size = mail_bytes(deliverable.size_bytes) if as_mail else deliverable.size_bytes
        found.append(Share(deliverable, size, stretch(start, start + size, whole)))
        start += size
    return tuple(found)


def mail_bytes(size_bytes: int) -> int:
    """Size of a file as base64 in lines of 76 characters and CRLF (RFC 2045, 6.8)."""
    characters = -(-size_bytes // 3) * 4
    return characters + 2 * -(-characters // 76)
