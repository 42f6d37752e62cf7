"""Stills of marks on the surfaces that makers put them on, rendered by Cycles, with exact truth.

    python -m venv blender && blender/bin/pip install bpy==5.0.1 pillow opencv-python-headless   # Python 3.11
    nice -n 15 blender/bin/python bench/blender_stills.py FOLDER [--photos CORPUS/camera] [--fonts FOLDER] [--part 0/2]
    python bench/locate_rendered.py FOLDER CORPUS                          # with the product's own Python

Each scene becomes FOLDER/NAME.jpg (as a phone takes it) and FOLDER/NAME.json: what is looked for, the outline of the
mark's ink as a polygon, its corners, the height of its capitals. Logos lie in FOLDER/marks. A scene is a function of
its name, of the fonts and of the photos, which stand behind it and are reflected. Scenes of the half `tune` get photos
of that half. What is there already is left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

for folder in ("fixtures", "."):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

import bpy
import cv2
import numpy as np
from mathutils import Matrix, Vector
from models.compose.halves import half_of
from numpy.random import Generator
from PIL import Image

import blender_marks as marks
import scenes
from blender_marks import Art
from blender_surfaces import SURFACES, Stand
from logo_scenes import read_photo
from studio import labels, light, materials
from studio.objects import Mark, Placed
from studio.phone import Phone, develop
from studio.shot import Shot

SIZE = (1024, 768)
SAMPLES = 4
"""The denoiser is guided by colour and normal without noise: print and relief stay as they are."""
BOUNCES = 2
SMALLEST_CAP_PX = 12
SMALLEST_LOGO_PX = 40
"""The shorter side; a logo of less is a blot."""
MOST_TURNED_DEG = 72.0
"""A letter that is turned away further is not legible."""
ROUNDS = 4
"""Each shows every surface with a name, and every second one with a logo, symbols and badges in turn. The first shows
plain marks, the others hard ones."""
HARD_SIZE = 0.5
HARD_TILT_DEG = 12.0


@dataclass(frozen=True)
class Still:
    surface: str
    kind: str
    number: int

    @property
    def name(self) -> str:
        return f"{self.surface.replace(' ', '-')}-{self.kind}-{self.number}"

    @property
    def half(self) -> str:
        return half_of(Path(self.name))

    def seed(self, attempt: int) -> int:
        return int(hashlib.sha1(f"{self.name} {attempt}".encode()).hexdigest()[:12], 16)


def stills() -> list[Still]:
    """All scenes, in an order in which the first ones show every surface."""
    return [still for number in range(ROUNDS) for still in round_of(number)]


def round_of(number: int) -> list[Still]:
    plain = [surface for surface in SURFACES if surface != "covered card"]
    logos = [Still(s, ("symbol", "badge")[(place // 2 + number // 2) % 2], number)
             for place, s in enumerate(plain) if place % 2 == number % 2]  # fmt: skip
    cards = [Still(surface, "card", number) for surface in ("covered card", "card")]
    return [*(Still(surface, "name", number) for surface in plain), *logos, *cards]


def staged(still: Still, rng: Generator, photos: Sequence[Path]) -> tuple[dict[str, Any], Art] | None:
    """The scene, set up; its truth and its mark. None where a person could not see the mark well enough."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    stand, art = SURFACES[still.surface], replace(marks.drawn(still.kind, rng), hard=still.number > 0)
    scenes.engine(shot := Shot(kind="card", seed=int(rng.integers(1 << 30)), samples=SAMPLES, width=SIZE[0],
                               height=SIZE[1], props=int(rng.integers(1, 5))))  # fmt: skip
    bpy.context.scene.cycles.max_bounces = BOUNCES
    bpy.context.scene.cycles.denoising_quality = "FAST"
    placed = stand.place(art, rng)
    (mark,) = placed.marks
    shot = framed(shot, stand, still, placed, rng)
    furnished(shot, rng, photos)
    things = scenes.scatter(shot, rng, placed)
    rig = str(rng.choice(stand.light))
    light.RIGS[rig](rng, placed.frame.translation.copy())
    if photos and rng.random() < 0.6:
        reflected(rng.choice(np.array(photos)))
    camera = scenes.aim(shot, rng, placed)
    least = 0.55 if still.surface == "covered card" else 0.97
    if not cleared(camera, mark, things, least):
        return None
    truth = seen_as(mark, art, camera, shot)
    truth |= {"surface": still.surface, "kind": still.kind, "half": still.half, "light": rig}
    return (truth, art) if is_legible(truth, mark, camera) else None


def framed(shot: Shot, stand: Stand, still: Still, placed: Placed, rng: Generator) -> Shot:
    """From where the mark is seen, and how large."""
    upright = placed.frame.col[2].to_3d().z < 0.5
    more_deg, smaller = (HARD_TILT_DEG, HARD_SIZE) if still.number else (0.0, 1.0)
    tilt, way = math.tan(math.radians(rng.uniform(*stand.tilt_deg) + more_deg)), rng.uniform(-1.2, 1.2)
    look = (tilt * math.sin(way), (1 if upright else -1) * tilt * math.cos(way))
    if stand.above is not None:
        look = (tilt * math.sin(way), math.tan(math.radians(rng.uniform(*stand.above))))
    (mark,) = placed.marks
    low, high = stand.width
    share = smaller * low * (high / low) ** rng.random() * placed.width_m / wide(mark)
    kind = "sign" if still.surface == "sign" else "mug" if upright else "card"
    settings = vars(shot) | {"look": look, "fill": share, "kind": kind, "lens_mm": float(rng.choice([6.9, 6.9, 13.8]))}
    return Shot(**settings | {"aside": (float(rng.uniform(-0.2, 0.2)), float(rng.uniform(-0.15, 0.1)))})


def wide(mark: Mark) -> float:
    """Straight from its left to its right end, metres."""
    middle = mark.grid[len(mark.grid) // 2]
    return float((middle[-1] - middle[0]).length)


def furnished(shot: Shot, rng: Generator, photos: Sequence[Path]) -> None:
    """The table and the wall; a photo often takes the place of the wall."""
    scenes.furnish(shot, rng)
    wall = bpy.context.object
    if not photos or shot.kind == "sign" or rng.random() < 0.4:
        return
    shader = materials.Shader("photo")
    picture = Image.fromarray(read_photo(rng.choice(np.array(photos)), 1600))
    node = shader.texture(materials.picture("photo", picture))
    shader.wire(node.outputs["Color"], shader.surface.inputs["Base Color"])
    shader.put(Roughness=1.0, Specular_IOR_Level=0.0)
    wall.data.materials.clear()
    wall.data.materials.append(shader.material)
    wall.data.transform(Matrix.Diagonal((0.5, 0.6, 1, 1)))


def reflected(photo: Path) -> None:
    """A photo as what is around: mirrors and glazes show it."""
    small = cv2.resize(read_photo(photo, 800), (512, 256), interpolation=cv2.INTER_AREA)
    linear = (small.astype(np.float32) / 255) ** 2.2
    linear *= 0.45 / max(float(linear.mean()), 0.02)
    rgba = np.concatenate([linear, np.ones((256, 512, 1), np.float32)], axis=2)[::-1]
    image = bpy.data.images.new("around", 512, 256, float_buffer=True)
    image.pixels.foreach_set(np.ascontiguousarray(rgba).ravel())
    image.pack()
    tree = bpy.context.scene.world.node_tree
    next(node for node in tree.nodes if node.type == "TEX_ENVIRONMENT").image = image


def cleared(camera: Any, mark: Mark, things: list[Any], least: float) -> bool:
    """Whether the mark can be seen once what stands before it is taken away."""
    return scenes.removed_until(things, lambda: scenes.seen(camera, mark) >= least)


def seen_as(mark: Mark, art: Art, camera: Any, shot: Shot) -> dict[str, Any]:
    grid = mark.grid
    rim = [*grid[0], *(row[-1] for row in grid[1:-1]), *reversed(grid[-1]), *(row[0] for row in grid[-2:0:-1])]
    quad = np.array([scenes.pixels(camera, corner, shot) for corner in mark.corners])
    columns = np.array(
        [[scenes.pixels(camera, row[c], shot) for row in (grid[0], grid[-1])] for c in range(len(grid[0]))]
    )
    heights = np.linalg.norm(columns[:, 1] - columns[:, 0], axis=1)
    return {
        "name": art.name, "written": art.written, "font": art.font, "lines": art.lines,
        "quad": quad.tolist(), "polygon": [scenes.pixels(camera, point, shot) for point in rim],
        "cap_px": round(float(np.median(heights)) * art.cap, 1), "short_px": round(float(np.median(heights)), 1),
        "width_px": round(float(np.linalg.norm(quad[1] - quad[0])), 1),
        "visible": round(scenes.seen(camera, mark), 3), "turned_deg": round(turned_deg(mark, camera), 1),
    }  # fmt: skip


def turned_deg(mark: Mark, camera: Any) -> float:
    """Largest angle between the line of sight and the surface's normal, over the mark."""
    grid, eye = mark.grid, camera.matrix_world.translation
    angles = []
    for row, below in itertools.pairwise(grid):
        for a, b, c in zip(row, row[1:], below, strict=False):
            normal: Vector = (b - a).cross(a - c)
            angles.append(math.degrees(normal.angle(eye - a, math.pi)))
    return float(np.quantile(angles, 0.95))


def is_legible(truth: dict[str, Any], mark: Mark, camera: Any) -> bool:
    """By size and turn alone: contrast is judged by looking (locate_rendered.py)."""
    large = truth["cap_px"] >= SMALLEST_CAP_PX if truth["name"] else truth["short_px"] >= SMALLEST_LOGO_PX
    return bool(large and truth["turned_deg"] <= MOST_TURNED_DEG)


def shoot(still: Still, folder: Path, photos: Sequence[Path]) -> bool:
    own = [photo for photo in photos if half_of(photo) == still.half]
    for attempt in range(12):
        rng = np.random.default_rng(still.seed(attempt))
        made = staged(still, rng, own)
        if made is not None:
            save(still, *made, folder, rng)
            return True
    return False


def save(still: Still, truth: dict[str, Any], art: Art, folder: Path, rng: Generator) -> None:
    noisy = SURFACES[still.surface].noisy
    phone = Phone(
        full_well_e=float(rng.uniform(250, 500) if noisy else rng.uniform(600, 2400)),
        read_noise_e=4.0 if noisy else 2.2,
        blur_px=float(rng.uniform(0.45, 0.9)),
        sharpen=float(rng.uniform(0.2, 0.8)),
    )
    picture = develop(scenes.render(), SIZE, seed=int(rng.integers(1 << 30)), phone=phone)
    truth |= {"id": still.name, "file": f"{still.name}.jpg", "quality": int(rng.integers(75, 93))}
    if still.kind != "name":
        truth |= templates(still, art, folder)
    Image.fromarray(picture).save(folder / truth["file"], quality=truth["quality"])
    (folder / f"{still.name}.json").write_text(json.dumps(truth, indent=1) + "\n")


def templates(still: Still, art: Art, folder: Path) -> dict[str, str]:
    """The logo as its maker keeps it, and another one of the same make."""
    (folder / "marks").mkdir(exist_ok=True)
    twin = marks.drawn(still.kind, np.random.default_rng(still.seed(99)))
    paths = {"template": f"marks/{still.name}.png", "twin": f"marks/{still.name}-twin.png"}
    for (_, path), pixels in zip(paths.items(), (art.pixels, twin.pixels), strict=True):
        Image.fromarray(pixels).save(folder / path)
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=Path, help="real photos to stand behind the scene and to be reflected")
    parser.add_argument("--fonts", type=Path, default=labels.FONT_ROOT)
    parser.add_argument("--part", default="0/1", help="the N-th of M shares, for several processes")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    labels.FONT_ROOT = given.fonts
    photos = sorted(given.photos.glob("*.[jJ][pP]*")) if given.photos else []
    given.folder.mkdir(parents=True, exist_ok=True)
    part, parts = map(int, given.part.split("/"))
    for still in stills()[part::parts]:
        if not (given.folder / f"{still.name}.json").exists() and (not given.names or still.name in given.names):
            print(still.name, "made" if shoot(still, given.folder, photos) else "hidden", flush=True)


if __name__ == "__main__":
    main()
