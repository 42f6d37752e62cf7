"""One photo on its way into the message: as it is, cleaned, or saved again; and what each size of it would look
like."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image as PilImage

from verify_media.codecs import exif, icc, jpeg, metadata, png, ssimulacra2
from verify_media.messages import Message, message
from verify_media.records import ItemReport
from verify_media.stages import allocate
from verify_media.stages.allocate import Choice, Option, Probe
from verify_media.stages.fitted import CannotFit, Fitted, StillReadable, changed

if TYPE_CHECKING:
    from verify_media.records import Image

QUALITIES = {1.0: (25, 45, 65, 80, 88, 94, 96), 0.75: (35, 60, 80, 90), 0.5: (45, 70, 85)}
"""JPEG qualities that are probed. S2 of a sharp 12 MP photo there: about 40, 60, 72, 80, 86, 90."""
FULL_CHROMA_FROM = 95
"""From this quality on colour is kept at full resolution: more quality at half of it brings no more SSIMULACRA2."""
TILE, TILES = 512, (4, 2)
"""The sample for probes: tiles spread evenly over the photo, cut at multiples of 16 so that they are coded as in the
whole."""
SCARCE_BYTES_PER_PIXEL = 0.06
"""Below, smaller sizes are tried too: measured on 12 MP, 0.75 wins from 0.5 MB (0.04 B/px) down, 0.5 from 0.25 MB."""
LOSSLESS_BONUS = 4.0
"""Worth of a lossless conversion over a JPEG at the knee: two points under the knee of another item."""
WORTH_PACKING = 0.97
HEADER_BYTES = 700
"""The sRGB profile and the segment headers, which do not grow with the picture."""
OUT_OF_REACH = 4.0
"""Times the equal share: no plan on the corpus gave one photo more."""
MARK_FLOOR = 50.0
"""Least SSIMULACRA2 of the mark's own region: "medium"; lettering stays readable well below (the reader's own answer
decides last)."""
MARK_MARGIN = 0.5
MARK_SIDE = 768
LIKE_A_PHOTO, SMALL_PNG_BYTES = 1.25, 100_000
"""A lossless PNG may be this much larger than the JPEG at the knee, or small anyway, and is preferred for drawings."""


@dataclass
class PhotoShot:
    """`ready` is what goes out when the budget can carry it; `option` what else there is (a curve after `measure`)."""

    report: ItemReport
    work: Path
    formats: Collection[str]
    store: PixelStore
    still_readable: StillReadable | None = None
    ready: Fitted | None = None
    reasons: tuple[Message, ...] = ()
    option: Option = field(default_factory=lambda: Option(allocate.PHOTO))
    _made: dict[tuple[float, int], Fitted] = field(default_factory=dict)

    kind = "photo"

    @property
    def source(self) -> Path:
        return self.report.path

    @cached_property
    def mosaic(self) -> Image:
        return mosaic(self.pixels)

    @property
    def pixels(self) -> Image:
        return self.store.get(self.source)

    def prepare(self) -> None:
        """Find what can go out without a change of the pixels."""
        media = self.report.media
        data = self.source.read_bytes()
        examined = metadata.examine(data, media.media_type) if media.media_type in self.formats else None
        if examined is None:
            self.reasons = (message("fit-type", media_type=media.media_type),)
        elif examined.obstacle:
            self.reasons = (examined.obstacle,)
        elif not examined.private:
            self.ready = Fitted(self.source, media.media_type, len(data), media.width, media.height)
        else:
            self.ready = self._cleaned(examined)
        if self.ready:
            self.option = Option(allocate.PHOTO, as_is=Choice(self.ready.size_bytes, 100.0))

    def _cleaned(self, examined: metadata.Examined) -> Fitted:
        media = self.report.media
        path = self.work / f"clean{Path(self.source).suffix}"
        path.write_bytes(examined.clean)
        note = message("fit-cleaned", kinds=", ".join(examined.private))
        return Fitted(path, media.media_type, len(examined.clean), media.width, media.height, (note,))

    def measure(self, share_bytes: float) -> None:
        """Probe sizes and qualities on a sample. `share_bytes`: about what this item may get, which says if smaller
        sizes need a look."""
        height, width = self.pixels.shape[:2]
        if "image/png" in self.formats and png.is_graphic(self.pixels):
            self._try_png() if self.ready is None else self._try_smaller_png(self.ready)
        if "image/jpeg" not in self.formats:
            return
        scales = [1.0] if share_bytes >= SCARCE_BYTES_PER_PIXEL * width * height else list(QUALITIES)
        marks = mark_crops(self.pixels, self.report)
        probes = [probe for scale in scales for probe in self._probes(scale, marks, OUT_OF_REACH * share_bytes)]
        curve = allocate.menu(probes, allocate.PHOTO)
        self.option = Option(allocate.PHOTO, curve, self.option.as_is, self.option.bonus)
        self._prefer_png(curve)

    def _try_png(self) -> None:
        data = png.encode(self.pixels)
        path = self.work / "lossless.png"
        path.write_bytes(data)
        height, width = self.pixels.shape[:2]
        self.ready = Fitted(path, "image/png", len(data), width, height, (*self.reasons, self._conversion("PNG")))
        self.option = Option(allocate.PHOTO, as_is=Choice(len(data), 100.0), bonus=LOSSLESS_BONUS)

    def _try_smaller_png(self, ready: Fitted) -> None:
        """The same pixels in fewer bytes, only once bytes are scarce."""
        if ready.media_type != "image/png":
            return
        data = png.smaller(ready.path.read_bytes())
        if len(data) < WORTH_PACKING * ready.size_bytes:
            path = self.work / "packed.png"
            path.write_bytes(data)
            changes = (*ready.changes, message("fit-optimised"))
            self.ready = replace(ready, path=path, size_bytes=len(data), changes=changes)
            self.option = replace(self.option, as_is=Choice(len(data), 100.0))

    def _prefer_png(self, curve: tuple[Choice, ...]) -> None:
        """A conversion to PNG is only for drawings that it suits."""
        made_png = self.ready is not None and self.ready.path.name == "lossless.png"
        if made_png and curve and self.ready:
            most = max(SMALL_PNG_BYTES, LIKE_A_PHOTO * curve[-1].size_bytes)
            if self.ready.size_bytes > most:
                self.ready, self.option = None, Option(allocate.PHOTO, curve)

    def _probes(self, scale: float, marks: Sequence[Image], most_bytes: float) -> Iterator[Probe]:
        """By growing quality, up to the knee or to a size that this item will not get."""
        for quality in QUALITIES[scale]:
            probe = self._probe(scale, quality, marks)
            yield probe
            if probe.quality >= allocate.PHOTO.knee or probe.size_bytes > most_bytes:
                return

    def _probe(self, scale: float, quality: int, marks: Sequence[Image]) -> Probe:
        size, score = trial(self.mosaic, scale, quality)
        ratio = self.pixels.shape[0] * self.pixels.shape[1] / (self.mosaic.shape[0] * self.mosaic.shape[1])
        kept = all(trial(mark, scale, quality)[1] >= MARK_FLOOR for mark in marks) if score < MARK_FLOOR + 30 else True
        return Probe(scale, quality, size * ratio + HEADER_BYTES, score, kept)

    def make(self, choice: Choice) -> Fitted:
        """The file for a choice. Raises CannotFit where it does not come out as asked."""
        if choice.as_is and self.ready:
            return self.ready
        setting = _setting(choice)
        if setting not in self._made:
            self._made[setting] = self._encode(*setting)
            self.option = self._with_true_sizes(self.option.corrected(choice, self._made[setting].size_bytes))
        return self._made[setting]

    def _with_true_sizes(self, option: Option) -> Option:
        true = (
            replace(c, size_bytes=self._made[_setting(c)].size_bytes) if _setting(c) in self._made else c
            for c in option.curve
        )
        return replace(option, curve=tuple(true))

    def is_made(self, choice: Choice) -> bool:
        """Whether the size of the choice is known, not only predicted."""
        return choice.as_is or _setting(choice) in self._made

    def loses_mark(self, fitted: Fitted) -> bool:
        """Whether the reader no longer finds the mark that it found in the original."""
        if (
            not fitted.quality
            or not self.still_readable
            or not any(sighting.readable for sighting in self.report.sightings)
        ):
            return False
        return not self.still_readable(decoded(fitted.path.read_bytes()), self.report)

    def _encode(self, scale: float, quality: int) -> Fitted:
        image = resized(self.pixels, scale)
        capture = self.report.media.capture
        block = exif.minimal(capture.make, capture.model, capture.taken_at)
        data = jpeg.encode(image, quality, exif=block, full_chroma=quality >= FULL_CHROMA_FROM)
        path = self.work / f"q{quality}-{scale}.jpg"
        path.write_bytes(data)
        height, width = image.shape[:2]
        return Fitted(
            path,
            "image/jpeg",
            len(data),
            width,
            height,
            self._changes(width, height),
            {"jpeg_q": quality, "scale": scale},
        )

    def _changes(self, width: int, height: int) -> tuple[Message, ...]:
        media = self.report.media
        first = self.reasons or (message("fit-recompressed"),)
        if media.media_type != "image/jpeg":
            first = (*first, self._conversion("JPEG"))
        if (width, height) != (media.width, media.height) and width < media.width:
            scaled = message("fit-scaled", from_width=media.width, from_height=media.height, width=width, height=height)
            first = (*first, scaled)
        return first

    def _conversion(self, target: str) -> Message:
        source = self.report.media.media_type.rpartition("/")[2].upper()
        return message("fit-converted-photo", source_type=source, target_type=target)

    def finish(self, fitted: Fitted) -> Fitted:
        """Measure and check the file that is going out. Raises CannotFit."""
        check_photo(fitted)
        if not fitted.quality or fitted.media_type != "image/jpeg":
            return fitted
        image = decoded(fitted.path.read_bytes())
        height, width = self.pixels.shape[:2]
        same_size = enlarged(image, width, height)
        score = ssimulacra2.score(self.pixels, same_size)
        return changed(fitted, quality={**fitted.quality, "ssimulacra2": round(score, 2)})


class PixelStore:
    """Decoded photos, kept while there is room: a HEIC or a raw takes seconds to decode, and is needed three times."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: dict[Path, Image] = {}
        self._lock = Lock()

    def get(self, path: Path) -> Image:
        """Upright sRGB. Raises DecodeError."""
        from verify_media.codecs import photo

        with self._lock:
            known = self._kept.get(path)
        image = photo.load(path) if known is None else known
        with self._lock:
            self._kept[path] = self._kept.pop(path, image)
            while len(self._kept) > 1 and sum(kept.nbytes for kept in self._kept.values()) > self._most_bytes:
                self._kept.pop(next(iter(self._kept)))
        return image


def _setting(choice: Choice) -> tuple[float, int]:
    return round(choice.scale, 3), round(choice.level or 0)


def mosaic(image: Image) -> Image:
    """Tiles spread evenly over the picture, side by side; the picture itself where it is hardly larger."""
    height, width = image.shape[:2]
    cols, rows = TILES if width >= height else TILES[::-1]
    if width < cols * TILE * 1.2 or height < rows * TILE * 1.2:
        return image
    return np.vstack([np.hstack([_tile(image, row, rows, col, cols) for col in range(cols)]) for row in range(rows)])


def _tile(image: Image, row: int, rows: int, col: int, cols: int) -> Image:
    top, left = (
        _start(length, n, count) for length, n, count in ((image.shape[0], row, rows), (image.shape[1], col, cols))
    )
    return image[top : top + TILE, left : left + TILE]


def _start(length: int, n: int, count: int) -> int:
    """The middle of the n-th of `count` equal parts, as a multiple of 16."""
    return int((length * (2 * n + 1) / (2 * count) - TILE / 2) // 16 * 16)


def mark_crops(image: Image, report: ItemReport) -> list[Image]:
    """The best sighting of each mark with its surroundings, at most `MARK_SIDE` pixels a side."""
    best = {sighting.mark: sighting for sighting in reversed(report.sightings) if sighting.readable}
    crops = [_around(image, sighting.quad) for sighting in best.values()]
    return [crop for crop in crops if min(crop.shape[:2]) >= 16]


def _around(image: Image, quad: Sequence[tuple[float, float]]) -> Image:
    points = np.array(quad)
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARK_MARGIN * float(min(high - low))
    middle, half = (low + high) / 2, np.minimum((high - low) / 2 + margin, MARK_SIDE / 2)
    left, top = np.maximum((middle - half) // 16 * 16, 0).astype(int)
    right, bottom = np.minimum(middle + half, (image.shape[1], image.shape[0])).astype(int)
    return image[top:bottom, left:right]


def trial(image: Image, scale: float, quality: int) -> tuple[int, float]:
    """(bytes, SSIMULACRA2 at the original's size) of a JPEG of these pixels."""
    data = jpeg.encode(resized(image, scale), quality, full_chroma=quality >= FULL_CHROMA_FROM)
    copy = decoded(data)
    copy = enlarged(copy, image.shape[1], image.shape[0])
    return len(data) - HEADER_BYTES, ssimulacra2.score(np.ascontiguousarray(image), copy)


def resized(image: Image, scale: float) -> Image:
    if scale >= 1:
        return image
    size = max(8, round(image.shape[1] * scale)), max(8, round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def enlarged(image: Image, width: int, height: int) -> Image:
    """At the size of its original, as a viewer would show it, for comparing."""
    if image.shape[:2] == (height, width):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8, copy=False)


def decoded(data: bytes) -> Image:
    return np.asarray(PilImage.open(BytesIO(data)).convert("RGB"))


def check_photo(fitted: Fitted) -> None:
    """Open what was written and compare it with what was meant. Raises CannotFit."""
    try:
        with PilImage.open(fitted.path) as image:
            image.load()
            turned = image.getexif().get(exif.ORIENTATION, 1) in (5, 6, 7, 8)
            size = image.size[::-1] if turned else image.size
            meant = {"image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",)}[fitted.media_type]
            profile = image.info.get("icc_profile")
            right = image.format in meant and size == (fitted.width, fitted.height)
            right = right and (not fitted.quality or (image.mode == "RGB" and profile == icc.srgb()))
    except (OSError, SyntaxError, ValueError):
        right = False
    if not right:
        raise CannotFit(
            message("fit-cannot-convert", name=fitted.path.name, reason="the written file did not pass its check")
        )
