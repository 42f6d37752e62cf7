"""Short clips of the fixtures' workshop scenes in motion, rendered by Cycles. Run with a Python that has `bpy`.

    python -m venv blender && blender/bin/pip install bpy==5.0.1 pillow      # Python 3.11; development only
    nice -n 15 blender/bin/python bench/blender_clips.py FOLDER [NAME...]
    python bench/video_rendered.py FOLDER                                    # verdicts, with the product's own Python

Each clip becomes FOLDER/NAME.npz: linear light (frames x height x width x 3, float16, R G B), and FOLDER/NAME.json
with the mark's corners in the first frame. Clips that are there already are left alone.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "fixtures"))

import bpy
import numpy as np
from mathutils import Matrix

import scenes
from scenes import Shot

FRAMES = 24
SIZE = (640, 360)
SHUTTER = 0.4
"""Share of the time between two frames in which light is gathered: 1/75 s, indoors."""

Path3 = np.ndarray
"""frames x 3, in metres; zero in the first frame."""


@dataclass(frozen=True)
class Take:
    """A scene and what moves in it. `things` moves the mark and what it is on, `camera` the phone."""

    shot: dict[str, Any]
    camera: Callable[[np.random.Generator, float], Path3] | None = None
    things: Callable[[np.random.Generator], Sequence[Matrix]] | None = None
    px_per_frame: float = 2.0
    """What a moving camera does at the mark."""
    dimmed: bool = False
    """The light comes up from a fifth, as when a lamp is turned on."""
    waves: bool = False
    """The mark's sheet waves like cloth in the wind."""


def hand(rng: np.random.Generator, reach_m: float, count: int = FRAMES) -> Path3:
    """A hand that goes somewhere, unevenly, and trembles at 8 to 10 Hz; `reach_m`: from the first to the last frame."""
    t = np.arange(count) / 30
    way = rng.normal(0, 1, 3)
    way /= np.linalg.norm(way)
    even = t / t[-1] + 0.12 * np.sin(2 * np.pi * rng.uniform(1, 2) * t + rng.uniform(0, 6))
    path = np.outer(even - even[0], way) * reach_m
    for axis in range(3):
        low, high = rng.uniform(1, 3), rng.uniform(8, 10)
        path[:, axis] += 0.06 * reach_m * np.sin(2 * np.pi * low * t + rng.uniform(0, 6))
        path[:, axis] += 0.0002 * np.sin(2 * np.pi * high * t + rng.uniform(0, 6))
    return path - path[0]


def pushed(rng: np.random.Generator) -> Sequence[Matrix]:
    """Along the table without a turn, and as evenly as any program would do it: only its support tells."""
    share = 1 - (1 - np.linspace(0, 1, FRAMES)) ** 2
    return [Matrix.Translation((0.045 * s, 0.008 * s, 0)) for s in share]


def waved(rng: np.random.Generator) -> Sequence[Matrix]:
    """Picked up by a hand, with turns."""
    path, turns, lift_m = hand(rng, 0.03), hand(rng, 0.25), np.minimum(0.02, 0.004 * np.arange(FRAMES))
    return [
        Matrix.Translation((x, y, abs(z) + up)) @ Matrix.Rotation(a[0], 4, "X") @ Matrix.Rotation(a[2], 4, "Z")
        for (x, y, z), a, up in zip(path, turns, lift_m, strict=True)
    ]


def turned(rng: np.random.Generator) -> Sequence[Matrix]:
    """On a potter's wheel, 25 degrees at one speed."""
    return [Matrix.Rotation(math.radians(25 * n / FRAMES), 4, "Z") for n in range(FRAMES)]


def slid(rng: np.random.Generator) -> Sequence[Matrix]:
    """A pane that a hand pushes along its rail: letters without a support that could be seen."""
    along = hand(rng, 0.06)[:, 0]
    return [Matrix.Translation((float(np.sign(along[-1]) * x), 0, 0)) for x in along]


TAKES: dict[str, Take] = {
    "card-pan": Take({"kind": "card", "seed": 5, "fill": 0.32, "ground": "planks", "light": "window"}, hand),
    "mug-wheel": Take({"kind": "mug", "seed": 7, "fill": 0.24, "light": "window"}, things=turned),
    "card-pushed": Take({"kind": "card", "seed": 9, "fill": 0.3, "look": (0.05, -0.5)}, things=pushed),
    "cloth-wind": Take({"kind": "cloth_label", "seed": 12, "fill": 0.34}, hand, px_per_frame=1.0, waves=True),
    "tag-waved": Take({"kind": "tag", "seed": 15, "fill": 0.36, "ground": "linen"}, things=waved),
    "lamp-up": Take({"kind": "note_behind", "seed": 17, "fill": 0.3, "light": "lamp"}, dimmed=True),
    "standing-near": Take({"kind": "card_standing", "seed": 21, "fill": 0.34}, hand, px_per_frame=6.0),
    "parcel-both": Take({"kind": "parcel", "seed": 23, "fill": 0.3}, hand, pushed, px_per_frame=3.0),
    "pane-pan": Take({"kind": "vinyl", "seed": 26, "fill": 0.4}, hand, px_per_frame=3.0),
    "pane-slid": Take({"kind": "vinyl", "seed": 28, "fill": 0.36}, things=slid),
    "chrome-pan": Take({"kind": "chrome", "seed": 30, "fill": 0.4}, hand, px_per_frame=1.5),
    "neon-pan": Take({"kind": "neon", "seed": 33, "fill": 0.4}, hand, px_per_frame=0.7),
    "table-pan": Take({"kind": "bare", "seed": 14, "fill": 0.25, "look": (0.1, -1.0)}, hand, px_per_frame=2.5),
    "bowl-still": Take({"kind": "bare", "seed": 36, "fill": 0.3, "look": (0.0, -0.9)}),
}  # fmt: skip


def built(take: Take) -> tuple[dict[str, Any], list[Any]] | None:
    """The scene, and what belongs to its mark: all that is there before the table is."""
    own: list[Any] = []
    furnish = scenes.furnish

    def noting(shot: Shot, rng: np.random.Generator) -> None:
        own.extend(thing for thing in bpy.data.objects if thing.parent is None)
        furnish(shot, rng)

    scenes.furnish = noting
    try:
        truth = scenes.build(Shot(width=SIZE[0], height=SIZE[1], samples=3, **take.shot))
    finally:
        scenes.furnish = furnish
    return None if truth is None else (truth, [thing for thing in own if thing.name in bpy.data.objects])


def keyed(thing: Any, poses: Sequence[Matrix]) -> None:
    thing.rotation_mode = "QUATERNION"
    last = None
    for number, pose in enumerate(poses):
        where, turn, size = pose.decompose()
        if last is not None:
            turn.make_compatible(last)
        thing.location, thing.rotation_quaternion, thing.scale, last = where, turn, size, turn
        thing.keyframe_insert("location", frame=number + 1)
        thing.keyframe_insert("rotation_quaternion", frame=number + 1)


def animate(take: Take, own: Sequence[Any], rng: np.random.Generator) -> None:
    camera = bpy.context.scene.camera
    if take.camera is not None:
        start = camera.matrix_world.copy()
        focus_m = camera.data.dof.focus_distance
        metre_px = max(SIZE) * camera.data.lens / camera.data.sensor_width / focus_m
        path = take.camera(rng, take.px_per_frame * FRAMES / metre_px) * np.array([1, 1, 0.6])
        tilts = hand(rng, 0.2 * take.px_per_frame * FRAMES / metre_px / focus_m)
        keyed(
            camera,
            [
                start @ Matrix.Translation(p) @ Matrix.Rotation(a[0], 4, "X") @ Matrix.Rotation(a[1], 4, "Y")
                for p, a in zip(path, tilts, strict=True)
            ],
        )
    if take.things is not None:
        moves = take.things(rng)
        starts = [thing.matrix_world.copy() for thing in own]
        for thing, start in zip(own, starts, strict=True):
            keyed(thing, [move @ start for move in moves])
    if take.dimmed:
        dim()
    if take.waves:
        wave(own)


def dim() -> None:
    for lamp in bpy.data.lights:
        full = lamp.energy
        for number in range(FRAMES):
            lamp.energy = full * (0.2 + 0.8 * min(1.0, number / 14))
            lamp.keyframe_insert("energy", frame=number + 1)


def wave(own: Sequence[Any]) -> None:
    for thing in own:
        if thing.type == "MESH":
            ripple = thing.modifiers.new("wave", "WAVE")
            ripple.height, ripple.width, ripple.narrowness, ripple.speed = 0.003, 0.03, 30, 0.004
            ripple.use_normal, ripple.time_offset = True, -200


def frames() -> Iterator[np.ndarray]:
    scene = bpy.context.scene
    scene.render.use_motion_blur, scene.render.motion_blur_shutter = True, SHUTTER
    scene.render.use_persistent_data = True
    scene.cycles.adaptive_min_samples, scene.cycles.max_bounces = 1, 3  # the denoiser's rest looks like a codec's
    for number in range(FRAMES):
        scene.frame_set(number + 1)
        scene.cycles.seed = number
        yield scenes.render().astype(np.float16)


def shoot(name: str, take: Take, folder: Path) -> bool:
    made = built(take)
    if made is None:
        return False
    truth, own = made
    animate(take, own, np.random.default_rng(take.shot["seed"]))
    part = folder / f"{name}.part.npz"
    np.savez(part, frames=np.stack(list(frames())))
    truth |= {"name": name, "moves": {"camera": take.camera is not None, "thing": take.things is not None}}
    (folder / f"{name}.json").write_text(json.dumps(truth, indent=1) + "\n")
    part.replace(folder / f"{name}.npz")
    return True


def main(folder: Path, names: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or TAKES:
        if not (folder / f"{name}.npz").exists():
            print(name, "made" if shoot(name, TAKES[name], folder) else "hidden: choose another seed", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
