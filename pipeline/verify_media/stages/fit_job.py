"""The share-out: which form of each item goes out, found by measured curves and corrected by what the encoders give."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from verify_media.codecs.errors import DecodeError
from verify_media.errors import VerifyMediaError
from verify_media.messages import Message, message
from verify_media.records import Event, ItemReport, Kind, Progress
from verify_media.stages import allocate
from verify_media.stages.allocate import FULL, Choice, Option, Plan, about_as_good
from verify_media.stages.fit_choices import (
    Shot,
    at_the_knee,
    is_known,
    is_last_clip,
    is_photo,
    largest_with_room,
    may_miss,
    most_bytes,
    only_known,
    option_of,
    with_one_new,
    with_the_rest,
)
from verify_media.stages.fit_photo import PhotoShot, PixelStore
from verify_media.stages.fit_video import CLOSE_ENOUGH, VideoShot
from verify_media.stages.fitted import CannotFit, Fitted, StillReadable

DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""These concern the output as a whole, not one item."""
WORTH_A_PASS = 1 - FULL
"""Part of the budget for which a clip is encoded once more at the end. It may bring little: a clip of 40 s of 360p was
made at CRF 22.81 instead of 22.91 for what its first encode cost. But the message is full only then."""
SPARE = 0.004
"""Part of the budget that a clip may leave which takes what is left; the rest to `FULL` is for what it cannot take."""
SMALL_GAIN = 2.0
"""Points of SSIMULACRA2 for which a clip that came out small is not encoded once more."""
SMALL_LOSS = 1.5
"""The same, that a photo may be worse for an encode less."""
LARGE_GAP = 4.0
"""Points of SSIMULACRA2 under the plan from which a clip gets another share. Pieces and whole encodes of five
clips were 0 to 2.5 apart."""
MOST_ROUNDS = 12
AIM, AT_LEAST = 0.9985, 0.9965
"""Parts of the budget between which photos are planned while their sizes are only foreseen: the middle between full and
over, so that fewer are encoded once more."""
MARK_STEP = 4.0
"""Points of SSIMULACRA2 by which a photo is made better when its mark could not be read."""
MARK_TRIES = 3
MOST_PIXEL_BYTES = 320_000_000
"""Decoded photos that are kept: nine of 12 megapixels."""
WORKERS = 2


@dataclass
class Teller:
    """Progress events: each item counts when its file is made."""

    progress: Progress | None
    total: int
    done: int = 0

    def at(self, item: Path, *, finished: bool = False) -> None:
        self.done += finished
        if self.progress:
            self.progress(Event("fit", self.done, self.total, item))


@dataclass
class Job:
    """One call of `fit`: which file goes out for each item, and in which form."""

    work: Path
    formats: Collection[str]
    still_readable: StillReadable | None
    teller: Teller
    allow_trim: bool = False
    store: PixelStore = field(default_factory=lambda: PixelStore(MOST_PIXEL_BYTES))
    unfit: dict[Path, Message] = field(default_factory=dict)
    costs: dict[Path, int] = field(default_factory=dict)

    def run(self, reports: Sequence[ItemReport], budget: int) -> list[tuple[Shot, Fitted]]:
        """The files, made, measured and checked, in the order of the reports; what cannot go out is in `unfit`."""
        shots = [self._shot(report, number) for number, report in enumerate(reports)]
        shots = self._each(shots, lambda shot: shot.prepare())
        return self._finish(self._chosen(shots, budget))

    def _shot(self, report: ItemReport, number: int) -> Shot:
        work = self.work / str(number)
        work.mkdir()
        if report.media.kind is Kind.PHOTO:
            return PhotoShot(report, work, self.formats, self.store, self.still_readable)
        clip = VideoShot(report, work, self.formats, self.still_readable)
        clip.on_frame = lambda _: self.teller.at(report.path)
        return clip

    def _each(self, shots: Sequence[Shot], do: Callable[[Shot], object]) -> list[Shot]:
        """`do` for every shot, two at a time; the shots that came through, in order."""
        with ThreadPoolExecutor(WORKERS) as pool:
            came = list(pool.map(lambda shot: self._try(shot, do), shots))
        return [shot for shot, well in zip(shots, came, strict=True) if well]

    def _try(self, shot: Shot, do: Callable[[Shot], object]) -> bool:
        """Whether it went well; any failure of a coder becomes that item's reason, so the rest goes on."""
        try:
            do(shot)
        except (CannotFit, DecodeError) as error:
            self.unfit[shot.source] = error.message
            return False
        except VerifyMediaError:
            raise
        except Exception as error:
            if os.environ.get("VERIFY_MEDIA_DEBUG") or getattr(error, "errno", None) in DISK_ERRORS:
                raise
            reason = type(error).__name__
            self.unfit[shot.source] = message("fit-cannot-convert", name=shot.source.name, reason=reason)
            return False
        return True

    def _chosen(self, shots: list[Shot], budget: int) -> list[tuple[Shot, Fitted]]:
        """The files for a plan that fits. Videos first, since their sizes are the hardest to hit; photos come in fine
        steps and take the rest."""
        shots = self._trimmed(self._measured(shots, budget), budget)
        made: dict[Path, Fitted] = {}
        shots = self._corrected(shots, budget)
        for clip in [shot for shot in shots if isinstance(shot, VideoShot)]:
            shots, plan = self._solved(shots, made, budget)
            if clip in shots and not plan[clip.source].as_is:
                shots = self._with_clip(clip, shots, plan, made, budget)
        shots, plan = self._replanned(shots, made, budget)
        return self._topped_up(self._photos(shots, plan, made, budget), budget)

    def _trimmed(self, shots: list[Shot], budget: int) -> list[Shot]:
        """Where the policy allows it: clips that would not fit, or look poor, cut to the part with the mark."""
        if not self.allow_trim:
            return shots
        plan = allocate.solve([shot.option for shot in shots], budget)
        choices = plan.choices if plan else (None,) * len(shots)
        poor = {
            shot.source: choice.size_bytes if choice else budget / len(shots)
            for shot, choice in zip(shots, choices, strict=True)
            if isinstance(shot, VideoShot) and (choice is None or shot.looks_poor(choice))
        }

        def trim(shot: Shot) -> None:
            if isinstance(shot, VideoShot) and shot.source in poor:
                shot.trim(poor[shot.source])

        return self._each(shots, trim)

    def _corrected(self, shots: list[Shot], budget: int) -> list[Shot]:
        """The first encode of each photo corrects its curve before the clips get their shares, which then fit what the
        photos take."""
        if all(is_photo(shot) for shot in shots):
            return shots
        shots, plan = self._solved(shots, {}, budget)
        return self._each(shots, lambda shot: shot.make(plan[shot.source]) if is_photo(shot) else None)

    def _topped_up(self, chosen: list[tuple[Shot, Fitted]], budget: int) -> list[tuple[Shot, Fitted]]:
        """Few photos come in coarse steps; what they leave goes to a clip that is quickly encoded once more."""
        left = budget - sum(fitted.size_bytes for _, fitted in chosen)
        takers = [shot for shot, _ in chosen if isinstance(shot, VideoShot) and shot.can_take_more]
        if not takers or left <= WORTH_A_PASS * budget:
            return chosen
        files = {shot.source: fitted for shot, fitted in chosen}
        taker = max(takers, key=lambda shot: files[shot.source].size_bytes)
        with contextlib.suppress(CannotFit):
            files[taker.source] = taker.make_larger(files[taker.source], left)
        return [(shot, files[shot.source]) for shot, _ in chosen]

    def _with_clip(
        self, clip: VideoShot, shots: list[Shot], plan: dict[Path, Choice], made: dict[Path, Fitted], budget: int
    ) -> list[Shot]:
        """Encode it into `made`, better where its mark could not be read; without it where that fails."""
        self.teller.at(clip.source)

        def encode(_: Shot) -> None:
            files = self._video(clip, shots, plan, made, budget)
            if not clip.loses_mark(files[clip.source]):
                made.update(files)

        for _ in range(MARK_TRIES):
            if not self._try(clip, encode):
                break
            if clip.source in made:
                return shots
            clip.option = clip.option.better_than(plan[clip.source].quality + MARK_STEP)
            if not clip.option.curve and not clip.option.as_is:
                break
            shots, plan = self._solved(shots, made, budget)
            if clip not in shots or plan[clip.source].as_is:
                return shots
        self.unfit.setdefault(clip.source, message("fit-mark-lost", name=clip.source.name))
        return [shot for shot in shots if shot is not clip]

    def _solved(
        self, shots: list[Shot], made: Mapping[Path, Fitted], budget: int, *, aiming: bool = False
    ) -> tuple[list[Shot], dict[Path, Choice]]:
        """The best plan, within `AIM` if that is asked for and possible. Items that cannot fit at all are left out, the
        costliest first."""
        shots = [shot for shot in shots if shot.source not in self.unfit]
        while shots:
            options = [option_of(shot, made) for shot in shots]
            aimed = _aimed(options, budget) if aiming else None
            if plan := aimed or allocate.solve(options, budget):
                return shots, _by_source(shots, plan)
            shots = self._without_costliest(shots, made, budget)
        return [], {}

    def _replanned(
        self, shots: list[Shot], made: Mapping[Path, Fitted], budget: int
    ) -> tuple[list[Shot], dict[Path, Choice]]:
        """The best plan, with some room for what the sizes that are only foreseen may miss; one that needs a single
        encode, if it is about as good."""
        shots, plan = self._solved(shots, made, budget)
        if all(is_known(shot, plan, made) for shot in shots):
            return shots, plan
        shots, plan = self._solved(shots, made, budget, aiming=True)
        best = self._with_one_new(shots, plan, made, budget)
        return shots, _by_source(shots, best) if best else plan

    def _with_one_new(
        self, shots: Sequence[Shot], plan: Mapping[Path, Choice], made: Mapping[Path, Fitted], budget: int
    ) -> Plan | None:
        """The best plan that needs a single encode, if it is about as good as the given one."""
        tried = [_aimed(options, budget) for options in with_one_new(shots, made)]
        full = [one for one in tried if one and one.size_bytes >= AT_LEAST * budget]
        worth = sum(option_of(shot, made).worth(plan[shot.source]) for shot in shots)
        good = [one for one in full if about_as_good(one.worth, worth) and _loses_little(_paired(shots, one), plan)]
        return max(good, key=lambda one: one.worth, default=None)

    def _measured(self, shots: list[Shot], budget: int) -> list[Shot]:
        """Probes are made only of what must be converted, and of the rest only when the budget cannot carry it as it
        is: of the largest first, where that may be enough."""
        shots = self._probed(shots, budget, lambda shot: shot.ready is None)
        if not self._suffices(shots, budget) and (largest := largest_with_room(shots, budget)):
            shots = self._probed(shots, budget, lambda shot: shot is largest)
        if not self._suffices(shots, budget):
            shots = self._probed(shots, budget, lambda shot: not shot.option.curve)
        if allocate.solve([shot.option for shot in shots], budget) is None:
            shots = self._each(shots, lambda shot: shot.measure_coarser() if isinstance(shot, VideoShot) else None)
        self._note_costs(shots)
        return self._without_hopeless(shots)

    def _suffices(self, shots: Sequence[Shot], budget: int) -> bool:
        """Whether all can look like their originals by what is known."""
        plan = allocate.solve([shot.option for shot in shots], budget)
        return plan is not None and all(at_the_knee(shot.option, choice) for shot, choice in _paired(shots, plan))

    def _probed(self, shots: list[Shot], budget: int, wanted: Callable[[Shot], bool]) -> list[Shot]:
        """Photos first: what they need says what is left for the clips."""
        share = budget / max(1, len(shots))
        shots = self._each(shots, lambda shot: shot.measure(share) if is_photo(shot) and wanted(shot) else None)
        shares = self._guessed_shares(shots, budget)
        return self._each(
            shots, lambda shot: None if is_photo(shot) or not wanted(shot) else shot.measure(shares[shot.source])
        )

    def _guessed_shares(self, shots: Sequence[Shot], budget: int) -> dict[Path, float]:
        """Bytes that each item would get if the clips were as other clips are; an equal share at least."""
        equal = budget / max(1, len(shots))
        options = [shot.guessed if isinstance(shot, VideoShot) else shot.option for shot in shots]
        plan = allocate.solve(options, budget)
        guessed = [choice.size_bytes for choice in plan.choices] if plan else [0.0] * len(shots)
        return {shot.source: max(equal, size) for shot, size in zip(shots, guessed, strict=True)}

    def _note_costs(self, shots: Sequence[Shot]) -> None:
        self.costs |= {shot.source: round(most_bytes(shot)) for shot in shots}

    def _without_hopeless(self, shots: list[Shot]) -> list[Shot]:
        for shot in shots:
            if not shot.option.curve and not shot.option.as_is:
                self.unfit[shot.source] = message("fit-not-accepted", name=shot.source.name)
        return [shot for shot in shots if shot.source not in self.unfit]

    def _without_costliest(self, shots: list[Shot], made: Mapping[Path, Fitted], budget: int) -> list[Shot]:
        least = {shot.source: option_of(shot, made).smallest for shot in shots}
        costliest = max(shots, key=lambda shot: least[shot.source])
        needed = least.pop(costliest.source)
        left = max(0.0, budget - sum(least.values()))
        values = {"needed_mb": f"{needed / 1e6:.1f}", "left_mb": f"{left / 1e6:.1f}"}
        self.unfit[costliest.source] = message("fit-no-room", name=costliest.source.name, **values)
        return [shot for shot in shots if shot is not costliest]

    def _video(
        self, shot: VideoShot, shots: list[Shot], plan: dict[Path, Choice], made: Mapping[Path, Fitted], budget: int
    ) -> dict[Path, Fitted]:
        """Encode one clip: to its exact share, together with the photos where it is the last; or near its share, where
        photos can absorb the difference."""
        if may_miss(shot, shots, plan, budget):
            return {shot.source: self._near(shot, shots, plan, made, budget)}
        stills: dict[Path, Fitted] = {}
        if is_last_clip(shot, shots, plan, made):
            shots, plan, stills = self._stills(shots, plan, made, budget)
        choice = plan[shot.source]
        if choice.as_is and shot.ready:
            return {shot.source: shot.ready, **stills}
        others = [stills.get(path, other) for path, other in plan.items() if path != shot.source]
        rest = budget - choice.size_bytes - sum(other.size_bytes for other in others)
        exact = with_the_rest(shot, replace(choice, size_bytes=choice.size_bytes + min(0.0, rest)), rest)
        taken = choice.size_bytes + rest - exact.size_bytes <= (1 - FULL - SPARE) * budget
        return {shot.source: shot.make_exact(exact, SPARE * budget), **(stills if taken else {})}

    def _stills(
        self, shots: list[Shot], plan: dict[Path, Choice], made: Mapping[Path, Fitted], budget: int
    ) -> tuple[list[Shot], dict[Path, Choice], dict[Path, Fitted]]:
        """The photos before the last clip, which then takes exactly what they leave: the plan with their true sizes,
        and their files."""
        for number in range(MOST_ROUNDS):
            photos = [shot for shot in shots if is_photo(shot)]
            known = number > 0 or all(is_known(shot, plan, made) for shot in photos)
            files = self._files(photos, plan, made)
            photos = [shot for shot in photos if shot.source in files]
            room = budget - sum(option_of(shot, made).smallest for shot in shots if not is_photo(shot))
            if known and not _misjudged(photos, plan, files) and not self._lost_marks(photos, plan, files, room):
                return shots, plan, {shot.source: files[shot.source] for shot in photos}
            shots, plan = self._solved(shots, made, budget)
        return shots, plan, {}

    def _near(
        self, shot: VideoShot, shots: list[Shot], plan: Mapping[Path, Choice], made: Mapping[Path, Fitted], budget: int
    ) -> Fitted:
        """One pass near its share; a second one where that misses it by more than the others can absorb. Its true size
        corrects its curve."""
        choice = plan[shot.source]
        fitted = shot.make_near(choice)
        gap = _gap(shot, fitted, choice)
        shot.option = shot.option.corrected(choice, fitted.size_bytes).shifted(gap)
        choice = replace(choice, quality=choice.quality + gap)
        wanted = self._wanted(shot, shots, made, budget) or choice
        if wanted.as_is and shot.ready:
            return shot.ready
        near = abs(fitted.size_bytes - wanted.size_bytes) <= CLOSE_ENOUGH * wanted.size_bytes
        near = near or (fitted.size_bytes < wanted.size_bytes and wanted.quality - choice.quality < SMALL_GAIN)
        if near and self._wanted(shot, shots, {**made, shot.source: fitted}, budget):
            return fitted
        return shot.make_exact(replace(wanted, scale=choice.scale), SPARE * budget)

    def _wanted(self, shot: VideoShot, shots: list[Shot], made: Mapping[Path, Fitted], budget: int) -> Choice | None:
        plan = allocate.solve([option_of(other, made) for other in shots], budget)
        return plan.choices[shots.index(shot)] if plan else None

    def _photos(
        self, shots: list[Shot], plan: dict[Path, Choice], made: dict[Path, Fitted], budget: int
    ) -> list[tuple[Shot, Fitted]]:
        """Encode the photos and solve again with their true sizes, until the budget is kept and used and every mark
        is readable."""
        for number in range(MOST_ROUNDS):
            if number == MOST_ROUNDS - 1:
                shots, plan = self._solved([only_known(shot) for shot in shots], made, budget)
            known = all(is_known(shot, plan, made) for shot in shots)
            files = self._files(shots, plan, made)
            shots = [shot for shot in shots if shot.source in files]
            total = sum(file.size_bytes for file in files.values())
            used = total >= FULL * budget or all(shot.option.is_best(plan[shot.source]) for shot in shots)
            fits = total <= budget and (known or used) and not _misjudged(shots, plan, files)
            if fits and not self._lost_marks(shots, plan, files, budget):
                return [(shot, files[shot.source]) for shot in shots]
            shots, plan = self._replanned(shots, made, budget)
        return []

    def _files(
        self, shots: Sequence[Shot], plan: Mapping[Path, Choice], made: Mapping[Path, Fitted]
    ) -> dict[Path, Fitted]:
        files = dict(made)

        def make(shot: Shot) -> None:
            if shot.source not in files:
                self.teller.at(shot.source)
                files[shot.source] = shot.make(plan[shot.source])

        return {shot.source: files[shot.source] for shot in self._each(shots, make)}

    def _lost_marks(
        self, shots: Sequence[Shot], plan: Mapping[Path, Choice], files: Mapping[Path, Fitted], budget: float
    ) -> bool:
        """Whether any mark can no longer be read; those photos must become better."""
        lost = [
            shot
            for shot in shots
            if isinstance(shot, PhotoShot) and shot.loses_mark(files[shot.source], plan[shot.source])
        ]
        for shot in lost:
            room = budget - sum(other.option.smallest for other in shots if other is not shot)
            shot.option = _a_step_better(shot.option, shot.quality_of(plan[shot.source]), room)
            if not shot.option.curve and not shot.option.as_is:
                self.unfit[shot.source] = message("fit-mark-lost", name=shot.source.name)
        return bool(lost)

    def _finish(self, chosen: list[tuple[Shot, Fitted]]) -> list[tuple[Shot, Fitted]]:
        """Check and measure what goes out."""
        files = {shot.source: fitted for shot, fitted in chosen}

        def finish(shot: Shot) -> None:
            files[shot.source] = shot.finish(files[shot.source])
            self.teller.at(shot.source, finished=True)

        return [(shot, files[shot.source]) for shot in self._each([shot for shot, _ in chosen], finish)]


def _misjudged(shots: Sequence[Shot], plan: Mapping[Path, Choice], files: Mapping[Path, Fitted]) -> bool:
    """Whether any photo is worse than it was planned to be; those get another share."""
    photos = [shot for shot in shots if isinstance(shot, PhotoShot)]
    worse = [shot for shot in photos if shot.is_misjudged(files[shot.source], plan[shot.source])]
    return bool(worse)


def _aimed(options: Sequence[Option], budget: int) -> Plan | None:
    """The best plan between `AT_LEAST` and `AIM`, for sizes that are only foreseen."""
    return allocate.solve(options, AIM * budget, full=AT_LEAST / AIM)


def _loses_little(choices: Sequence[tuple[Shot, Choice]], plan: Mapping[Path, Choice]) -> bool:
    return all(choice.quality > plan[shot.source].quality - SMALL_LOSS for shot, choice in choices)


def _paired(shots: Sequence[Shot], plan: Plan) -> list[tuple[Shot, Choice]]:
    return list(zip(shots, plan.choices, strict=True))


def _by_source(shots: Sequence[Shot], plan: Plan) -> dict[Path, Choice]:
    return {shot.source: choice for shot, choice in _paired(shots, plan)}


def _gap(shot: VideoShot, fitted: Fitted, choice: Choice) -> float:
    """Points by which the encode is worse than planned; 0 where they are too few for another share."""
    quality = shot.measured(fitted)
    gap = 0.0 if quality is None else quality - choice.quality
    return gap if gap <= -LARGE_GAP else 0.0


def _a_step_better(option: Option, quality: float, room_bytes: float) -> Option:
    """The largest of some steps up that still leaves the others room; the whole step where none does."""
    options = [option.better_than(quality + step) for step in (MARK_STEP, MARK_STEP / 2, 0.0)]
    return next((better for better in options if better.smallest <= room_bytes), options[0])
