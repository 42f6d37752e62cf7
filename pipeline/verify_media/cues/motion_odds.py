"""How much the movements of a mark speak for an overlay, or for something that lay before the camera. Pure.

The weights are set on simulated clips over one half of the photos (bench/video_clips.py, half "fit"), and are
measured on clips over the other half.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

from verify_media.cues.fading import Fade
from verify_media.cues.gliding import Glide
from verify_media.cues.motion import SETTINGS, Run


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds of digital against physical."""

    share: float = 2.0
    """For all of the mark's points staying, instead of going along."""
    energy: float = 2.0
    """For each factor e by which its edges agree better as the frames lie."""
    surplus: float = 4.0
    """For edges that stay while those around the mark do not."""
    layer: float = 4.0
    """For edges that stay although all that is around and behind them moves: see-through lettering."""
    carried: float = 3.2
    """For a mark that a hand moves with what it is on."""
    glide: float = 4.2
    """For lettering that glides over a scene which shows right up to it."""
    unshared: float = 4.2
    """For lettering that goes its own way evenly while the camera trembles."""
    shared: float = 4.2
    """For a mark that goes its own way and trembles as the whole scene does."""
    shaken: float = 4.2
    """For a mark that a hand shakes together with what is close around it."""
    fade: float = 3.6
    """For lettering that fades to nothing while all around it stays."""
    unshaken: float = 0.7
    """Of what speaks for a thing with what is around it, where that moves evenly on its own: a slid caption may."""
    overruled: float = 2.5
    """What speaks for a hand that moves the mark counts no more than this beside a glide or a fade that is seen."""
    most: float = 6.0
    clear_px: tuple[float, float] = (0.5, 3.0)
    """Movement of the scene from which it tells a little, and everything."""
    camera: tuple[float, float] = (0.75, 0.95)
    """Share of the picture that must move before a mark that stays accuses: else a truck passes behind a shop sign."""
    staying: tuple[float, float] = (0.15, 0.6)
    astray_px: tuple[float, float] = (0.7, 1.7)
    """What a mark that stays may go on its own. Overlays of which most points could be followed went 0.3 px at most (20
    runs of 14 clips, half "fit"), see-through ones 0.6 (12 runs). A card that was pushed against the pan nearly kept
    its place, went 1.9 px and more in each of its runs, and was accused."""
    doubt: tuple[float, float] = (0.12, 0.3)
    """Surplus of edges that stay over those that seem to: at most 0.08 for marks in the scene that moved 4 px."""
    on_mark: tuple[float, float] = (0.15, 0.5)
    """Share of the mark's points that must be left for it to pass: else what goes along may be what is behind it."""
    layered: tuple[float, float] = (0.2, 0.4)
    """The same surplus, from which it accuses."""
    whole: tuple[float, float] = (0.4, 0.7)
    """Share of the mark's edges that must go along: less where a caption has left its place."""
    as_one: tuple[float, float] = (0.5, 0.8)
    """Share of the mark's points that must move as one."""
    followed: tuple[float, float] = (0.15, 0.4)
    """Share of the mark's points that must be left: the last ones may lie between the letters."""

    trembling_px: tuple[float, float] = (0.12, 0.22)
    """Tremor of the scene that tells. Under a still camera it was 0.03 px at most (70 batches, half "fit")."""
    of_it: tuple[float, float] = (0.15, 0.3)
    """Share of that tremor in what is laid over the picture: under 0.1 in 26 batches of sliding captions and plates
    where the scene trembles by 0.3 px or more."""
    even: tuple[float, float] = (0.25, 0.45)
    """Own tremor of those over that of the scene: they go by 0.02 to 0.09 px, which is inexactness."""
    with_it: tuple[float, float] = (0.5, 0.75)
    """Share of that tremor in what lies before the camera: 0.7 to 1.07 in 13 of 17 batches of evenly pushed cards."""
    rest: tuple[float, float] = (0.45, 0.75)
    """What may be left of the mark's own tremor then. In frames that show a caption instead of what is behind it all is
    left."""
    across_px: tuple[float, float] = (0.08, 0.16)
    """Tremor across its way of what a hand moves: 0.08 to 0.25 px at 2 px a frame, more for faster ones. Programs had
    0.04 px at most, but for one batch with a jump (50 of plates and captions); evenly pushed cards 0.06, at CRF 34."""
    wander_px: tuple[float, float] = (0.12, 0.18)
    """How far what a hand moves slowly strays within a batch: 0.09 to 0.3 px at 1 px a frame, 0.04 to 0.1 at half of
    it. Plates and captions that were followed whole had 0.06 px at most (56 clips, half "fit"), evenly pushed cards at
    CRF 34 0.14."""
    unstepped_px: tuple[float, float] = (0.07, 0.12)
    """Unevenness along its way, from which a path is no program's: 0.07 px at most in 23 captions that slid (half
    "fit"); 0.09 to 0.14 for a rendered pane that a hand pushed along its rail, and that was accused at CRF 26."""
    elsewhere: tuple[float, float] = (0.3, 0.5)
    """Share of the picture that may change while a title fades: people move beside it. Where one shot is blended into
    another it is most of it."""


WEIGHTS = Weights()


def log_odds(runs: Sequence[Run], glides: Sequence[Glide] = (), fades: Sequence[Fade] = ()) -> float:
    """Of digital against physical, over all runs; exactly 0 where nothing moved that could tell."""
    told = [(run.frames, odds) for run in _by_one_camera(runs) if (odds := _odds(run))]
    total = sum(frames * odds for frames, odds in told) / max(1, sum(frames for frames, _ in told))
    shaken = min(sum(_shaken(glide) for glide in glides), WEIGHTS.shaken)  # each batch trembles anew
    before_camera = max([shaken, *(_shared(glide) for glide in glides)])
    total = min(total, -before_camera) if total <= 0 else total - before_camera
    camera = _camera(runs)
    laid_over = (max(_glide(glide), camera * _unshared(glide)) for glide in glides)
    added = max([0.0, *laid_over, *(_fade(fade) for fade in fades)])
    total = max(total, added) if total > -WEIGHTS.overruled else total + added
    return min(max(total, -WEIGHTS.most), WEIGHTS.most)


def _by_one_camera(runs: Sequence[Run]) -> list[Run]:
    """All with the smallest share of the picture that moved, of the runs in which anything clearly did.

    A camera moves all of the picture whenever it moves. A thing that passes may fill the view and then leave it: one
    that did, .96 and .87 of the picture and then .65, accused a mark before a still camera.
    Of 82 overlays that were called digital none is lost by it.
    """
    shares = [run.everywhere for run in runs if run.scene_px >= WEIGHTS.clear_px[1]]
    return [replace(run, everywhere=min(run.everywhere, *shares)) if shares else run for run in runs]


def _camera(runs: Sequence[Run]) -> float:
    """1 where all of the picture moves whenever anything does: 0 where nothing is known of that."""
    shares = [run.everywhere for run in runs if run.scene_px >= WEIGHTS.clear_px[1]]
    return ramp(min(shares), WEIGHTS.camera) if shares else 0.0


def _odds(run: Run) -> float:
    with_scene = _with_scene(run)
    if abs(with_scene) >= 1.0 or run.mark_px < 2.0 or run.agreement < 0.8:
        return with_scene
    return min(with_scene, -WEIGHTS.carried * _carried(run))


def _with_scene(run: Run) -> float:
    """The mark stays while the camera moves, or goes along with it or with the thing it is on."""
    if run.scene_px < SETTINGS.moved_px:
        return 0.0
    kept = ramp(run.kept, WEIGHTS.followed)
    odds = WEIGHTS.share * kept * (run.still - run.along) + WEIGHTS.energy * _edges(run)
    clear = ramp(run.scene_px, WEIGHTS.clear_px)
    if run.still_energy > run.along_energy:
        surplus = run.still_energy - run.around_energy
        odds += WEIGHTS.surplus * ramp(surplus, WEIGHTS.staying) + WEIGHTS.layer * ramp(_layer(run), WEIGHTS.layered)
        return max(0.0, odds) * clear * ramp(run.everywhere, WEIGHTS.camera) * (1 - _astray(run))
    doubt = WEIGHTS.unshaken * _evenly_alone(run)
    seen = ramp(run.along_energy, WEIGHTS.whole) * ramp(run.kept, WEIGHTS.on_mark)
    return min(0.0, odds) * clear * seen * _wholeness(run) * (1 - doubt)


def _astray(run: Run) -> float:
    """1 for what has left its place as one and on its own: a card may be pushed so that it nearly stays."""
    px = run.own_px or run.mark_px  # of runs of three frames nothing is known of how the scene explains it
    return ramp(px, WEIGHTS.astray_px) * ramp(run.agreement, (0.8, 0.95)) * ramp(run.kept, (0.5, 0.8))


def _evenly_alone(run: Run) -> float:
    """1 for what goes its own way as evenly as an animation: a plate that slides in takes what is around along."""
    even = 1 - ramp(max(run.across_px / WEIGHTS.across_px[1], run.turn / 0.06), (0.5, 1.0))
    return even * ramp(run.own_px / max(run.mark_px, 1e-6), (0.25, 0.5))


def _layer(run: Run) -> float:
    """Share of the mark's edges that stay, beyond those around it and those that only seem to."""
    return run.still_energy - max(run.around_energy, run.foreseen_energy)


def _wholeness(run: Run) -> float:
    """1 where all that is seen of the mark moves as one; less where some of it stays, as see-through overlays do."""
    return (1 - ramp(_layer(run), WEIGHTS.doubt)) * ramp(run.agreement, WEIGHTS.as_one)


def _edges(run: Run) -> float:
    """Log of how much better the edges agree as the frames lie; both what agrees and what does not are compared."""
    agree = (run.still_energy + 0.05) / (run.along_energy + 0.05)
    differ = (1.05 - run.along_energy) / (1.05 - run.still_energy)
    return min(max((log(agree) + log(differ)) / 2, -3.0), 3.0)


def _carried(run: Run) -> float:
    """1 for a mark that a hand moves with what it is on; 0 for one that goes evenly or alone."""
    shaky = ramp(max(run.across_px / WEIGHTS.across_px[1], run.turn / 0.05), (0.5, 1.0)) * ramp(
        run.kept, WEIGHTS.followed
    )
    company = ramp(run.companions, (0.1, 0.5)) if run.around >= 4 else 0.0
    return shaky * _wholeness(run) * max(company, 0.6 * ramp(run.agreement, (0.9, 1.0)))


def _glide(glide: Glide) -> float:
    """Where the scene lies up to the letters, and they go their own way. A card pushed evenly hides what is behind."""
    clear = ramp(glide.behind, (0.85, 0.95)) * ramp(glide.side, (0.7, 0.9))
    alone = ramp(glide.own, (0.25, 0.5)) * ramp(glide.texture, (30, 70))
    uneven = max(ramp(glide.tremor.across_px, (0.15, 0.4)), ramp(glide.tremor.unstepped_px, WEIGHTS.unstepped_px))
    return WEIGHTS.glide * clear * alone * ramp(glide.fit, (0.6, 0.7)) * (1 - uneven)


def _trembling(glide: Glide) -> float:
    """1 where the camera's tremor is well above what a path's inexactness looks like."""
    return ramp(glide.tremor.scene_px, WEIGHTS.trembling_px) * ramp(glide.scene_share, (0.4, 0.6))


def _unshared(glide: Glide) -> float:
    """A program moves it over a trembling scene."""
    tremor = glide.tremor
    even = 1 - ramp(tremor.mark_px / max(tremor.scene_px, 1e-6), WEIGHTS.even)
    return WEIGHTS.unshared * _trembling(glide) * even * (1 - ramp(abs(tremor.shared), WEIGHTS.of_it)) * _found(glide)


def _shared(glide: Glide) -> float:
    """It lies before the camera, and nothing else shakes it. What only goes with the scene may lie behind a caption."""
    tremor = glide.tremor
    same = ramp(tremor.shared, WEIGHTS.with_it) * (1 - ramp(tremor.rest_px / max(tremor.mark_px, 1e-6), WEIGHTS.rest))
    return WEIGHTS.shared * _trembling(glide) * same * ramp(glide.own * glide.px, (6, 12)) * _found(glide)


def _shaken(glide: Glide) -> float:
    """A hand moves it with a support that hides what is behind: plates that slide in have one, and are even."""
    support = ramp(-glide.side, (0.6, 0.8)) * ramp(glide.texture, (40, 120)) * ramp(glide.own, (0.25, 0.5))
    tremor = glide.tremor
    by_hand = max(ramp(tremor.across_px, WEIGHTS.across_px), ramp(tremor.wander_px, WEIGHTS.wander_px))
    return WEIGHTS.shaken * support * by_hand * _found(glide)


def _found(glide: Glide) -> float:
    return ramp(glide.fit, (0.6, 0.7))


def _fade(fade: Fade) -> float:
    steady = ramp(fade.frames, (2, 4)) * (1 - ramp(fade.back, (0.05, 0.15)))
    even = (1 - ramp(fade.uneven, (0.15, 0.3))) * ramp(fade.shape, (0.85, 0.93))
    unlit = 1 - ramp(fade.light, (0.04, 0.08))
    texture = 1 - ramp(fade.around, (0.1, 0.2)) if fade.texture >= 50 else 1.0
    alone = 1 - ramp(fade.elsewhere, WEIGHTS.elsewhere)
    return WEIGHTS.fade * steady * even * unlit * texture * alone


def ramp(value: float, span: tuple[float, float]) -> float:
    """0 below the span, 1 above it."""
    low, high = span
    return min(max((value - low) / (high - low), 0.0), 1.0)
