"""One mark on its way through the frames, batch by batch, and everything that was measured of it on the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from verify_media.cues.fading import SETTINGS as FADING
from verify_media.cues.fading import Fade, Window, fade, presence, shrunk
from verify_media.cues.gliding import Glide, glide
from verify_media.cues.motion import SETTINGS as MOTION
from verify_media.cues.motion import Course, Run, course, looks_same
from verify_media.cues.motion_odds import log_odds
from verify_media.cues.tracking import Grey
from verify_media.records import Quad

SETTLED = 3.5
"""Log-odds at which no more frames are needed."""
PLAIN = 0.7
"""Share of the mark's points that stay, or go along, from which nothing else needs to be asked."""
OWN_WAY = 0.5
"""Share of its path that the scene does not explain (see gliding.py), from which lettering goes its own way."""


@dataclass(slots=True)
class Trace:
    place: Quad
    runs: list[Run] = field(default_factory=list)
    glides: list[Glide] = field(default_factory=list)
    fades: list[Fade] = field(default_factory=list)
    trail: list[tuple[int, Quad]] = field(default_factory=list)
    """Number of the frame and place, wherever it was located anew."""
    frames: int = 0
    is_lost: bool = False
    _sight: tuple[Grey, Quad] | None = None
    """The first frame and the mark's place in it."""
    _window: Window | None = None
    _crops: list[Grey] = field(default_factory=list)
    """The mark and what is around it, as long as it stands where it was first seen."""
    _tiles: list[Grey] = field(default_factory=list)
    """The whole picture in those frames, shrunk."""
    _first: Quad | None = None
    _is_fading: bool = False
    """It is lost for being faint, and one more batch is looked at to see it fade."""

    @classmethod
    def joined(cls, traces: Sequence[Trace]) -> Trace:
        """The first of them, with all that the others measured of the same mark at other times."""
        first = replace(traces[0], runs=[], glides=[], fades=[])
        for trace in traces:
            first.runs += trace.runs
            first.glides += trace.glides
            first.fades += trace.fades
        return first

    def go(self, batch: Sequence[Grey]) -> None:
        """Through frames of which the first is the last of the batch before."""
        if self.is_done or len(batch) < 2:
            return
        if self._is_fading:
            self._is_fading = False
            self._keep(batch)
            return
        start = self.place
        self._sight = self._sight or (batch[0], start)
        went = course(batch, start)
        self.runs += went.runs
        self.place, self.is_lost = went.place, went.is_lost or self._is_another(batch[-1], went)
        begun, self.frames = self.frames, self.frames + went.frames
        is_plain = went.runs and all(_is_plain(run) for run in went.runs) and not self.is_lost
        if (is_plain and self.is_done) or not self._has_glided(batch, start, went.runs, begun):
            self._keep(batch)
        self._is_fading = self.is_lost and self._is_dimmer()
        self.trail.append((self.frames, self.place))

    def _is_another(self, frame: Grey, went: Course) -> bool:
        """Whether what is there now is not what was seen first; a title before a still scene may have faded."""
        has_moved = any(run.scene_px >= MOTION.moved_px for run in went.runs)
        return has_moved and self._sight is not None and not looks_same(*self._sight, frame, went.place)

    def _has_glided(self, batch: Sequence[Grey], start: Quad, runs: Sequence[Run], begun: int) -> bool:
        found = glide(batch, start)
        if found is None:
            return False
        gliding, end = found
        self.glides.append(gliding)
        is_whole = gliding.frames == len(batch)
        if self.is_lost and is_whole:
            self.place, self.is_lost = end, False
            self.frames = begun + len(batch) - 1
        elif not self.is_lost and gliding.own >= OWN_WAY and any(run.agreement < MOTION.agreed for run in runs):
            # the points did not say where it went, and its place was laid along the scene: what is there now is another
            self.place, self.is_lost = (end, False) if is_whole else (self.place, True)
        return True

    def _is_dimmer(self) -> bool:
        """Whether some of its contrast is left where it was first seen: the batch may end amid a fade."""
        if self._window is None or self._first is None or not self._crops or self.fades:
            return False
        left = presence(self._crops[0], self._crops[-1], self._window.inner(self._first))
        return FADING.gone < left < FADING.whole

    def _keep(self, batch: Sequence[Grey]) -> None:
        """Looks for a fade, as long as the scene has not moved."""
        if any(run.scene_px >= 1 for run in self.runs) or self.glides:
            return
        if self._window is None or self._first is None:
            self._window, self._first = Window.around(self.place, batch[0]), self.place
            self._crops, self._tiles = [self._window.of(batch[0])], [shrunk(batch[0])]
        self._crops += [self._window.of(frame) for frame in batch[1:]]
        self._tiles += [shrunk(frame) for frame in batch[1:]]
        found = fade(self._crops, self._window, self._first, self._tiles)
        self.fades = [] if found is None else [found]

    @property
    def log_odds(self) -> float:
        return log_odds(self.runs, self.glides, self.fades)

    @property
    def rests(self) -> bool:
        """Whether nothing has moved so far, neither the scene nor the mark."""
        return not self.is_lost and not self.glides and all(run.scene_px < MOTION.moved_px for run in self.runs)

    @property
    def has_faded(self) -> bool:
        return log_odds((), (), self.fades) >= 1

    @property
    def goes_its_own_way(self) -> bool:
        return any(glide.own >= OWN_WAY for glide in self.glides)

    @property
    def is_done(self) -> bool:
        return (self.is_lost and not self._is_fading) or abs(self.log_odds) >= SETTLED


def _is_plain(run: Run) -> bool:
    return max(run.still, run.along) >= PLAIN and run.kept >= 0.4
