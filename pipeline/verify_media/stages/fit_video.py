"""One clip on its way into the message: as it is, in a new container, or encoded again; and what each size of it
would look like."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

from verify_media.codecs import encode_video, mp4, probe_video, video
from verify_media.codecs.encode_video import Recipe
from verify_media.codecs.mp4 import Clip
from verify_media.codecs.probe_video import Looks
from verify_media.messages import Message, message
from verify_media.records import ItemReport
from verify_media.stages import allocate
from verify_media.stages.allocate import Choice, Option, Probe
from verify_media.stages.clip_rates import (
    COARSEST_CRF,
    FINEST_CRF,
    SCARCE_BITS_PER_PIXEL,
    beyond,
    extended,
    is_quick,
    preset,
    tries_for,
    typical,
)
from verify_media.stages.dates import clock
from verify_media.stages.fit_checks import check_video, obstacles
from verify_media.stages.fitted import CannotFit, Fitted, StillReadable, changed
from verify_media.tools.ffmpeg import FfmpegError

CLOSE_ENOUGH = 0.12
"""A one-pass encode this near to its share is kept, where photos can absorb the difference; the second pass costs as
much again."""
HEADROOM = 0.997
"""Two passes land within 0.3 % of their aim on most clips; a corrected pass follows when one is over."""
CRF_TO_DOUBLE, CAUTION = 6.0, 0.8
"""x264's rule of thumb: six CRF less double the size."""
POOR, SHORTEST_S = 50.0, 8.0
"""Below this quality a clip is cut, where the policy allows it, but never to less than so many seconds."""
MISMATCH = 20.0
MOST_PASSES = 4
FRAME_BYTES = 22
"""Index entries and sample headers of the MP4 for each frame of picture and sound."""


@dataclass
class VideoShot:
    """`ready` is what goes out when the budget can carry it; `option` what else there is (a curve after `measure`)."""

    report: ItemReport
    work: Path
    formats: Collection[str]
    still_readable: StillReadable | None = None
    ready: Fitted | None = None
    reasons: tuple[Message, ...] = ()
    option: Option = field(default_factory=lambda: Option(allocate.VIDEO))
    on_frame: Callable[[int], None] | None = None
    _spare: bool = False
    _tried: list[Probe] = field(default_factory=list)
    _choice: Choice | None = None
    _by_crf: bool = False
    _looks: Looks | None = None
    _scores: dict[tuple[Path, int], float | None] = field(default_factory=dict)

    kind = "video"

    @property
    def source(self) -> Path:
        return self.report.path

    @cached_property
    def clip(self) -> Clip:
        """What goes out: all of the source, or the part that `trim` chose."""
        return mp4.inspect(self.source)

    def _failed(self, error: Exception) -> CannotFit:
        return CannotFit(
            message("fit-cannot-convert", name=self.source.name, reason=str(error) or type(error).__name__)
        )

    def prepare(self) -> None:
        """Find what can go out without a change of the picture. Raises CannotFit."""
        if "video/mp4" not in self.formats:
            raise CannotFit(message("fit-not-accepted", name=self.source.name))
        clip, media = self.clip, self.report.media
        self.reasons = obstacles(clip)
        if self.reasons:
            return
        is_mp4 = media.media_type == "video/mp4" and clip.beside.brand in mp4.MP4_BRANDS
        if is_mp4 and not clip.private:
            self.ready = Fitted(self.source, "video/mp4", media.size_bytes, *clip.upright)
        else:
            self._remux(is_mp4)
        if self.ready:
            self.option = Option(allocate.VIDEO, as_is=Choice(self.ready.size_bytes, 100.0))

    def _remux(self, is_mp4: bool) -> None:
        """A new container around the same tracks; where that fails, the clip is encoded."""
        path = self.work / "remuxed.mp4"
        try:
            encode_video.remux(self.clip, path)
            kinds = self.clip.private
            notes: tuple[Message, ...] = () if is_mp4 else (message("fit-remuxed"),)
            notes += (message("fit-cleaned", kinds=", ".join(kinds)),) if kinds else ()
            ready = Fitted(path, "video/mp4", path.stat().st_size, *self.clip.upright, notes)
            check_video(ready, self.clip, encoded=False)
            self.ready = ready
        except (FfmpegError, CannotFit):
            self.reasons = (message("fit-video-format", codec=self.clip.codec),)

    def recipe(self, scale: float = 1.0) -> Recipe:
        return encode_video.recipe(self.clip, scale=scale, preset=preset(self.clip), spare=self._spare)

    def measure(self, share_bytes: float) -> None:
        """Probe sizes and quality on short pieces. Raises CannotFit."""
        bits_per_pixel = 8 * share_bytes / self._pixels
        self._spare = bits_per_pixel < SCARCE_BITS_PER_PIXEL
        self._tried = []
        self._try(tries_for(bits_per_pixel))
        self._tried = extended(self._tried)
        if more := beyond(self._tried, share_bytes):
            self._try(more)
        self._take_curve()

    def measure_coarser(self) -> None:
        """The worst that may still be acceptable, where nothing else fits. Raises CannotFit."""
        if self._tried and max(probe.level for probe in self._tried) < COARSEST_CRF:
            self._try([(min(probe.scale for probe in self._tried), COARSEST_CRF)])
            self._take_curve()

    def _try(self, tries: Sequence[tuple[float, float]]) -> None:
        try:
            self._tried += self._probes(tries)
        except (FfmpegError, OSError, ValueError, KeyError) as error:
            raise self._failed(error) from error

    def _take_curve(self) -> None:
        self.option = replace(self.option, curve=allocate.curve(self._tried, allocate.VIDEO))

    @property
    def guessed(self) -> Option:
        """What it may be before it was measured, if it is as other clips are."""
        if self.option.curve:
            return self.option
        return replace(self.option, curve=typical(self._pixels, self.beside_bytes))

    @property
    def _pixels(self) -> int:
        """Of all frames, at the size in which they go out."""
        full = encode_video.recipe(self.clip)
        return full.width * full.height * max(1, self.clip.timing.frames)

    def looks_poor(self, choice: Choice) -> bool:
        return not choice.as_is and choice.quality < POOR

    def trim(self, share_bytes: float) -> None:
        """Cut to the length that looks fair in `share_bytes`, around the moment at which the mark is seen best."""
        whole_s = self.clip.timing.duration_s
        fair = next((c.size_bytes for c in self.option.curve if c.quality >= POOR), 0.0)
        length_s = max(SHORTEST_S, whole_s * share_bytes / fair) if fair else SHORTEST_S
        if length_s >= whole_s:
            return
        start_s = min(max(0.0, self._moment_s - length_s / 2), whole_s - length_s)
        self.clip = self.clip.part(start_s, length_s)
        times = {"from_s": clock(start_s), "to_s": clock(start_s + length_s), "whole_s": clock(whole_s)}
        self.reasons = (*(self.reasons or (message("fit-recompressed"),)), message("fit-trimmed", **times))
        self.ready, self.option = None, Option(allocate.VIDEO)
        self.measure(share_bytes)

    @property
    def _moment_s(self) -> float:
        """When the mark is seen best; without one, the middle."""
        seen = (s.time_s for s in self.report.sightings if s.readable and s.time_s is not None)
        return next(seen, self.clip.timing.duration_s / 2)

    def _probes(self, tries: Sequence[tuple[float, float]]) -> list[Probe]:
        """`tries`: (scale, CRF)."""
        hows = [(self.recipe(scale), crf) for scale, crf in tries]
        self._looks, rates = probe_video.probe(self.clip, encode_video.recipe(self.clip), hows, self.work)
        return [
            Probe(scale, rate.crf, rate.size_bytes + self.beside_bytes, rate.quality)
            for (scale, _), rate in zip(tries, rates, strict=True)
        ]

    @property
    def beside_bytes(self) -> float:
        """Sound and index."""
        how = self.recipe()
        seconds = self.clip.timing.duration_s
        audio_bps = (how.audio_bps or self.clip.sound.bps) if self.clip.sound else 0
        return (
            2000
            + audio_bps / 8 * seconds
            + FRAME_BYTES * (self.clip.timing.frames + (47 * seconds if audio_bps else 0))
        )

    def make(self, choice: Choice) -> Fitted:
        return self.ready if choice.as_is and self.ready else self.make_near(choice)

    def make_near(self, choice: Choice) -> Fitted:
        """One pass at the CRF of the choice, with statistics for `make_exact`. Raises CannotFit."""
        crf = choice.level or FINEST_CRF
        out = self.work / f"near-{crf:.2f}.mp4"
        self._run(
            lambda: encode_video.encode_crf(
                self.clip, self.recipe(choice.scale), out, crf, log=self._log(choice), on_frame=self.on_frame
            )
        )
        self._by_crf = True
        return self._fitted(out, choice, {"crf": round(crf, 2)})

    def make_exact(self, choice: Choice, spare_bytes: float) -> Fitted:
        """Two passes to at most the size of the choice, and less by at most `spare_bytes`; each further pass corrects
        by what the last one missed. Raises CannotFit."""
        how, log = self.recipe(choice.scale), self._log(choice)
        if not list(self.work.glob(f"{log.name}*.log")):
            aim = self._bps(choice.size_bytes - self.beside_bytes)
            self._run(partial(encode_video.first_pass, self.clip, how, aim, log, on_frame=self.on_frame))
        tried: list[tuple[int, int]] = []
        for number in range(MOST_PASSES):
            out, aim = self.work / f"exact-{number}.mp4", self._bps(self._aim(tried, choice.size_bytes * HEADROOM))
            self._run(partial(encode_video.second_pass, self.clip, how, out, aim, log, on_frame=self.on_frame))
            tried.append((aim, out.stat().st_size))
            if choice.size_bytes - spare_bytes <= tried[-1][1] <= choice.size_bytes:
                break
        return self._best_of(tried, choice)

    @property
    def can_take_more(self) -> bool:
        """Whether it was encoded below its knee, and quickly enough to be encoded once more."""
        made = self._choice
        return is_quick(self.clip) and self._by_crf and made is not None and not self.option.is_best(made)

    def make_larger(self, fitted: Fitted, more_bytes: int) -> Fitted:
        """The same clip at a slightly lower CRF, or as it was where that came out too large. Raises CannotFit.

        Not by a second pass: at equal size that measured 0.6 VMAF below one pass at constant quality.
        """
        assert self._choice is not None
        growth = math.log2(1 + CAUTION * more_bytes / fitted.size_bytes)
        finer = replace(self._choice, level=(self._choice.level or FINEST_CRF) - CRF_TO_DOUBLE * growth)
        larger = self.make_near(finer)
        return larger if fitted.size_bytes < larger.size_bytes <= fitted.size_bytes + more_bytes else fitted

    def _best_of(self, tried: Sequence[tuple[int, int]], choice: Choice) -> Fitted:
        fitting = [(size, number) for number, (_, size) in enumerate(tried) if size <= choice.size_bytes]
        if not fitting:
            raise CannotFit(message("fit-size-missed", name=self.source.name))
        number = max(fitting)[1]
        self._by_crf = False
        return self._fitted(self.work / f"exact-{number}.mp4", choice, {"kbps": round(tried[number][0] / 1000)})

    def _aim(self, tried: Sequence[tuple[int, int]], wanted_bytes: float) -> float:
        """Bytes of the picture track to ask for: between the two nearest misses, or in proportion to the only one."""
        over = min((pair for pair in tried if pair[1] > wanted_bytes), key=lambda pair: pair[1], default=None)
        under = max((pair for pair in tried if pair[1] <= wanted_bytes), key=lambda pair: pair[1], default=None)
        if over and under:
            part = (wanted_bytes - under[1]) / (over[1] - under[1])
            return (under[0] + part * (over[0] - under[0])) * self.clip.timing.duration_s / 8
        beside, (aim, size) = self.beside_bytes, over or under or (0, 0)
        if not aim:
            return wanted_bytes - beside
        return aim * self.clip.timing.duration_s / 8 * max(wanted_bytes - beside, 1.0) / max(size - beside, 1.0)

    def _bps(self, aim_bytes: float) -> int:
        return max(20_000, int(8 * aim_bytes / max(self.clip.timing.duration_s, 0.1)))

    def _log(self, choice: Choice) -> Path:
        return self.work / f"stats-{choice.scale:.2f}"

    def _run(self, encode: Callable[[], None]) -> None:
        try:
            encode()
        except FfmpegError as error:
            raise self._failed(error) from error

    def _fitted(self, path: Path, choice: Choice, quality: dict[str, float]) -> Fitted:
        how = self.recipe(choice.scale)
        quality = {**quality, "scale": round(how.width / self.clip.upright[0], 2)}
        self._choice = choice
        return Fitted(path, "video/mp4", path.stat().st_size, how.width, how.height, self._changes(how), quality)

    def _changes(self, how: Recipe) -> tuple[Message, ...]:
        width, height = self.clip.upright
        notes = self.reasons or (message("fit-recompressed"),)
        if self.report.media.media_type != "video/mp4":
            notes = (*notes, message("fit-converted-video", source_type=self.report.media.type_name))
        if how.width < width - 2:
            notes = (
                *notes,
                message("fit-scaled", from_width=width, from_height=height, width=how.width, height=how.height),
            )
        return notes

    def loses_mark(self, fitted: Fitted) -> bool:
        """Whether the reader no longer finds the mark at the moment where it was seen best."""
        best = next((s for s in self.report.sightings if s.readable and s.time_s is not None), None)
        if not fitted.quality or not self.still_readable or best is None or best.time_s is None:
            return False
        step_s = 1.0 / float(self.clip.timing.fps)
        at_s = best.time_s - self.clip.start_s
        frames = video.between(fitted.path, at_s - step_s, at_s + step_s, max_frames=3)
        return not any(self.still_readable(frame.image, self.report) for frame in frames)

    def finish(self, fitted: Fitted) -> Fitted:
        """Measure and check the file that is going out. Raises CannotFit."""
        check_video(fitted, self.clip, encoded=bool(fitted.quality))
        if not fitted.quality:
            return fitted
        score = self.measured(fitted)
        return fitted if score is None else changed(fitted, quality={**fitted.quality, "ssimulacra2": round(score, 2)})

    def measured(self, fitted: Fitted) -> float | None:
        """SSIMULACRA2 of an encode, by the frames that the probes were judged by. None where they cannot be found in
        it."""
        made = fitted.path, fitted.size_bytes
        if made not in self._scores:
            self._scores[made] = self._score(fitted)
        return self._scores[made]

    def _score(self, fitted: Fitted) -> float | None:
        if self._looks is None:
            return None
        try:
            score = probe_video.quality_of_encode(self.clip, self._looks, fitted.path, self.work)
        except (FfmpegError, OSError, ValueError, KeyError):
            return None
        # Some old containers cannot be sought to the frame; pieces that do not match say nothing.
        return None if self._choice and score < self._choice.quality - MISMATCH else score
