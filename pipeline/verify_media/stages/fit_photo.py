"""One photo on its way into the message: as it is, cleaned, or saved again; and what each size of it would look
like."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from verify_media.codecs import exif, jpeg, metadata, photo_trial, png, ssimulacra2
from verify_media.codecs.photo_trial import Sample
from verify_media.messages import Message, message
from verify_media.records import ItemReport
from verify_media.stages import allocate
from verify_media.stages.allocate import Choice, Option, Probe
from verify_media.stages.fit_checks import check_photo
from verify_media.stages.fitted import Fitted, StillReadable, changed

if TYPE_CHECKING:
    from verify_media.records import Image

_Setting: TypeAlias = tuple[float, int, bool]
"""Scale, JPEG quality, and whether colour is kept at full resolution."""

QUALITIES = {1.0: (30, 60, 80, 94), 0.75: (50, 75, 90), 0.5: (60, 85)}
"""JPEG qualities that are probed. S2 of four photos of 6 to 12 MP there: 42 to 54, 66 to 70, 80 to 82, 88 to 92; at
0.75 49 to 63, 66 to 72, 78 to 82; at 0.5 34 to 55, 59 to 69. 0.75 beats the whole size up to 77 to 80."""
FULL_CHROMA_QUALITIES = (86, 97)
"""The same with colour at full resolution, which more quality cannot make up for: at equal bytes 3 points better on a
photo of a bright red thing from S2 85 on, on four others about equal from 90 on. One ladder that changed over at 95 had
a step of 22 to 50 % of the bytes there, which left 1.5 % of a message unused."""
CHROMA_SHARE = 1.5
"""Times the equal share, up to which the best at half resolution must lie for that to be tried."""
SCARCE_BYTES_PER_PIXEL = 0.06
"""Below, smaller sizes are tried too: measured on 12 MP, 0.75 wins from 0.5 MB (0.04 B/px) down, 0.5 from 0.25 MB."""
LOSSLESS_BONUS = 2.0**allocate.POWER
"""Worth of a lossless conversion over a JPEG at the knee: two points under the knee of another item."""
WORTH_PACKING = 0.97
MISJUDGED = 3.0
"""Points of SSIMULACRA2 under the plan from which a photo gets another share, once its whole figure is known. Nine
photos of the benchmark came out -1.3 to +1.9 from it at 65 and more; at 45 the worst of twelve others lost 7."""
NEARBY = 4
"""Steps of quality on either side of a whole encode that are foreseen by the sample's own sizes. They grow unevenly, as
quantiser steps are whole numbers: from 79 to 80 by 2 to 13 %, from 78 to 79 by 1 to 2."""
WORTH_SAMPLING = 4
"""Times the sample's pixels, from which its sizes are cheaper than one encode too many."""
OUT_OF_REACH = 4.0
"""Times the equal share: no plan on the corpus gave one photo more."""
SMALLEST_MARK = 16
SURELY_READABLE = 86.0
"""From this SSIMULACRA2 on nobody tells the copy from the original by looking; reading it again would cost seconds."""
MARK_FLOOR = 50.0
"""Least SSIMULACRA2 of the mark's own region: "medium"; lettering stays readable well below (the reader's own answer
decides last)."""
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
    _made: dict[_Setting, Fitted] = field(default_factory=dict)
    _is_moved: bool = False
    _sample: Image | None = None
    _sample_bytes: dict[_Setting, int] = field(default_factory=dict)
    _read: dict[Path, bool] = field(default_factory=dict)
    _scores: dict[Path, float] = field(default_factory=dict)

    kind = "photo"

    @property
    def source(self) -> Path:
        return self.report.path

    @property
    def pixels(self) -> Image:
        return self.store.get(self.source)

    def prepare(self) -> None:
        """Find what can go out without a change of the pixels."""
        media = self.report.media
        data = self.source.read_bytes()
        if media.media_type not in self.formats or media.media_type not in metadata.KNOWN:
            self.reasons = (message("fit-type", media_type=media.type_name),)
            return
        examined = metadata.examine(data, media.media_type)
        if examined is None:
            self.reasons = (message("fit-structure"),)
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
        trials = _Trials(self.pixels, [Sample(crop) for crop in self._mark_crops()])
        self._sample = trials.sample.pixels
        probes = [probe for scale in scales for probe in _probes(trials, scale, share_bytes)]
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
            knee = Option(allocate.PHOTO, curve).at_knee or curve[-1]
            most = max(SMALL_PNG_BYTES, LIKE_A_PHOTO * knee.size_bytes)
            if self.ready.size_bytes > most:
                self.ready, self.option = None, Option(allocate.PHOTO, curve)

    def _mark_crops(self) -> list[Image]:
        best = {sighting.mark: sighting for sighting in reversed(self.report.sightings) if sighting.readable}
        crops = [photo_trial.around(self.pixels, sighting.quad) for sighting in best.values()]
        return [crop for crop in crops if min(crop.shape[:2]) >= SMALLEST_MARK]

    def make(self, choice: Choice) -> Fitted:
        """The file for a choice. Raises CannotFit where it does not come out as asked."""
        if choice.as_is and self.ready:
            return self.ready
        setting = _setting(choice)
        if setting not in self._made:
            self._made[setting] = self._encode(*setting)
            option = self.option.corrected(choice, self._made[setting].size_bytes)
            self.option = self._with_known_sizes(option, setting)
        return self._made[setting]

    def _with_known_sizes(self, option: Option, last: _Setting) -> Option:
        """The true ones, and those near the last encode in proportion to the sample's."""
        nearby = self._nearby(last)
        true = {setting: made.size_bytes for setting, made in self._made.items()}
        known: dict[_Setting, float] = {**nearby, **true}
        return replace(
            option, curve=tuple(replace(c, size_bytes=known.get(_setting(c), c.size_bytes)) for c in option.curve)
        )

    def _nearby(self, last: _Setting) -> dict[_Setting, float]:
        if self._sample is None or self.pixels.size < WORTH_SAMPLING * self._sample.size:
            return {}
        factor = self._made[last].size_bytes / self._sampled_bytes(last)
        settings = {_setting(c) for c in self.option.curve if not c.as_is}
        near = [s for s in settings if (s[0], s[2]) == (last[0], last[2]) and abs(s[1] - last[1]) <= NEARBY]
        return {setting: factor * self._sampled_bytes(setting) for setting in near}

    def _sampled_bytes(self, setting: _Setting) -> int:
        assert self._sample is not None
        if setting not in self._sample_bytes:
            scale, quality, full_chroma = setting
            data = photo_trial.encoded(self._sample, scale, quality, full_chroma=full_chroma)
            self._sample_bytes[setting] = len(data) - photo_trial.HEADER_BYTES
        return self._sample_bytes[setting]

    def is_made(self, choice: Choice) -> bool:
        """Whether the size of the choice is known, not only predicted."""
        return choice.as_is or _setting(choice) in self._made

    def quality_of(self, choice: Choice) -> float:
        """What is known of the choice now: the curve may have moved since it was made."""
        known = (c.quality for c in self.option.curve if _setting(c) == _setting(choice))
        return choice.quality if choice.as_is else next(known, choice.quality)

    def loses_mark(self, fitted: Fitted, choice: Choice) -> bool:
        """Whether the reader no longer finds the mark that it found in the original."""
        if not fitted.quality or not self.still_readable or not any(mark.readable for mark in self.report.sightings):
            return False
        if self.quality_of(choice) >= SURELY_READABLE and choice.scale == 1:
            return False
        if fitted.path not in self._read:
            image = photo_trial.decoded(fitted.path.read_bytes())
            self._read[fitted.path] = self.still_readable(image, self.report)
        return not self._read[fitted.path]

    def is_misjudged(self, fitted: Fitted, choice: Choice) -> bool:
        """Whether it came out clearly worse than planned; then the curve moves, once."""
        if choice.as_is or self._is_moved:
            return False
        gap = self._score(fitted) - self.quality_of(choice)
        if gap <= -MISJUDGED:
            self.option, self._is_moved = self.option.shifted(gap), True
        return gap <= -MISJUDGED

    def _encode(self, scale: float, quality: int, full_chroma: bool) -> Fitted:
        capture = self.report.media.capture
        block = exif.minimal(capture.make, capture.model, capture.taken_at)
        data = photo_trial.encoded(self.pixels, scale, quality, full_chroma=full_chroma, exif=block)
        path = self.work / f"q{quality}-{scale}-{'full' if full_chroma else 'half'}.jpg"
        path.write_bytes(data)
        width, height = jpeg.parse(data).size
        notes, measured = self._changes(width, height), {"jpeg_q": quality, "scale": scale}
        return Fitted(path, "image/jpeg", len(data), width, height, notes, measured)

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
        return message("fit-converted-photo", source_type=self.report.media.type_name, target_type=target)

    def finish(self, fitted: Fitted) -> Fitted:
        """Measure and check the file that is going out. Raises CannotFit."""
        check_photo(fitted, self.source.name)
        if not fitted.quality or fitted.media_type != "image/jpeg":
            return fitted
        return changed(fitted, quality={**fitted.quality, "ssimulacra2": round(self._score(fitted), 2)})

    def _score(self, fitted: Fitted) -> float:
        """SSIMULACRA2 of the whole picture: what the sample foresaw is off by some points on some photos."""
        if fitted.path not in self._scores:
            height, width = self.pixels.shape[:2]
            copy = photo_trial.enlarged(photo_trial.decoded(fitted.path.read_bytes()), width, height)
            self._scores[fitted.path] = ssimulacra2.score(self.pixels, copy)
        return self._scores[fitted.path]


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


def _setting(choice: Choice) -> _Setting:
    return round(choice.scale, 3), round(choice.level or 0), choice.full_chroma


class _Trials:
    """What a photo would be at some setting, foreseen on a sample of it and on the crops around its marks."""

    def __init__(self, pixels: Image, marks: Sequence[Sample]) -> None:
        self.sample, self.marks = Sample(photo_trial.mosaic(pixels)), marks
        self.is_whole = self.sample.pixels.shape == pixels.shape
        self.ratio = 1.0 if self.is_whole else photo_trial.size_ratio(pixels, self.sample.pixels)

    def probe(self, scale: float, quality: int, *, full_chroma: bool = False) -> Probe:
        size, score = photo_trial.trial(self.sample, scale, quality, full_chroma=full_chroma)
        size_bytes = float(size)
        if not self.is_whole:
            size_bytes *= self.ratio * photo_trial.true_over_quick(scale, quality)
            score = photo_trial.true_quality(score, scale)
        kept = score >= MARK_FLOOR + 30 or all(
            photo_trial.trial(mark, scale, quality)[1] >= MARK_FLOOR for mark in self.marks
        )
        return Probe(scale, quality, size_bytes + photo_trial.HEADER_BYTES, score, kept, full_chroma)


def _probes(trials: _Trials, scale: float, share_bytes: float) -> Iterator[Probe]:
    """By growing quality, up to a size that this item will not get, or its share where that is past the knee; where
    there is room beyond, with colour at full resolution too."""
    for quality in QUALITIES[scale]:
        probe = trials.probe(scale, quality)
        yield probe
        if _is_enough(probe, share_bytes):
            return
    if scale == 1 and probe.size_bytes <= CHROMA_SHARE * share_bytes:
        yield from (trials.probe(scale, quality, full_chroma=True) for quality in FULL_CHROMA_QUALITIES)


def _is_enough(probe: Probe, share_bytes: float) -> bool:
    most = 1.0 if probe.quality >= allocate.PHOTO.knee else OUT_OF_REACH
    return probe.size_bytes > most * share_bytes
