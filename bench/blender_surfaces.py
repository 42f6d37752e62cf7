"""What carries the mark in the rendered stills: one function for each surface. Runs inside Blender; metres.

Each takes the mark and a generator and puts it into the scene. Ink is a printed picture; a relief is bump alone, in the
colour of its ground; stitches are raised threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import bpy
from mathutils import Matrix, Vector
from numpy.random import Generator

import blender_marks as marks
from blender_marks import Art, any_of
from studio import labels, materials, objects
from studio.labels import Label
from studio.objects import Placed, Surface
from studio.shot import lying, standing

Place = Callable[[Art, Generator], Placed]


@dataclass(frozen=True)
class Stand:
    """A surface and how it is photographed."""

    place: Place
    tilt_deg: tuple[float, float] = (0.0, 40.0)
    """Between the line of sight and the normal of the mark."""
    light: tuple[str, ...] = ("window", "lamp", "overcast", "sun")
    width: tuple[float, float] = (0.14, 0.42)
    """Of the mark, as a share of the picture's."""
    noisy: bool = False
    above: tuple[float, float] | None = None
    """The camera looks down at an upright mark by so many degrees."""


def card(art: Art, rng: Generator) -> Placed:
    """Flat on the table: a printed card, or the business card itself."""
    if art.kind == "card":
        label = marks.placed_on(art, (0.085, 0.055), (255, 255, 255), rng, fill=1.0, px_per_m=14000)
    else:
        paper, art = marks.pair(art, rng)
        label = marks.placed_on(art, (0.085, 0.055), paper, rng, fill=rng.uniform(0.5, 0.85), px_per_m=14000,
                                small_print=True, centre=(0.5, 0.45))  # fmt: skip
    bend = objects.flat(0.085, 0.055, bend_m=float(rng.uniform(0.0002, 0.0015)))
    skin = printed(label, rng, roughness=float(rng.uniform(0.3, 0.7)), coat=float(any_of(rng, 0, 0, 0.3)))
    return objects.sheet(label, bend, lying(0, 0, 0.001, float(rng.normal(0, 0.35))), skin, thickness_m=0.0004)


def printed(label: Label, rng: Generator, **settings: Any) -> Any:
    image = label.image
    if image.getextrema()[3][0] == 255:
        image = labels.with_grain(image.convert("RGB"), 2.0, rng)
    return materials.printed("print", image, **settings)


def covered_card(art: Art, rng: Generator) -> Placed:
    """A card that a hand holds down, or on which a tool lies."""
    placed = card(art, rng)
    if rng.random() < 0.5:
        fingers(placed, rng)
    else:
        tool(placed, rng)
    return placed


def fingers(placed: Placed, rng: Generator) -> None:
    """Two or three fingers that come over an edge of the card."""
    tone = any_of(rng, (206, 158, 130), (146, 98, 72), (92, 60, 46), (226, 184, 160))
    shader = materials.Shader("skin").put(Base_Color=materials.linear(tone), Roughness=0.5, Subsurface_Weight=0.3)
    shader.put(Subsurface_Radius=(0.01, 0.004, 0.002))
    side, start = any_of(rng, -1, 1), rng.uniform(-0.02, 0.0)
    for number in range(int(rng.integers(2, 4))):
        y, reach = start + 0.017 * number, 0.0425 - rng.uniform(0.008, 0.022)
        finger([(side * 0.13, y + 0.01, 0.035), (side * 0.075, y, 0.03), (side * 0.05, y, 0.022),
                (side * reach, y, 0.0085)], 0.0078, shader.material, placed.frame)  # fmt: skip


def finger(points: list[tuple[float, float, float]], radius_m: float, skin: Any, frame: Matrix) -> None:
    """A round tube with a rounded tip."""
    body = objects.string_between(points, skin, radius_m)
    body.data.bevel_resolution, body.data.use_fill_caps = 6, True
    body.matrix_world = frame
    bpy.ops.mesh.primitive_uv_sphere_add(radius=radius_m, segments=24, ring_count=12)
    tip = bpy.context.object
    tip.data.materials.append(skin)
    tip.data.polygons.foreach_set("use_smooth", [True] * len(tip.data.polygons))
    tip.matrix_world = frame @ Matrix.Translation(points[-1])


def tool(placed: Placed, rng: Generator) -> None:
    """A pencil, a brush or a ruler across a corner or an edge of the card."""
    if rng.random() < 0.4:
        thing = objects.box(rng, (0.2, 0.028, 0.003), materials.wood(rng))
        thing.matrix_basis = Matrix.Translation((0, 0, 0.002))
    else:
        thing = objects.pencil(rng)
    turn, far = rng.uniform(0.3, 1.2) * any_of(rng, -1, 1), rng.uniform(0.55, 0.85) * any_of(rng, -1, 1)
    at = Matrix.Translation((far * 0.0425, 0.08 if thing.name.startswith("turned") else 0.0, 0.002))
    pivot = Matrix.Rotation(turn if thing.name.startswith("turned") else turn + math.pi / 2, 4, "Z")
    thing.matrix_world = placed.frame @ pivot @ at @ thing.matrix_basis if thing.name.startswith("turned") else (
        placed.frame @ Matrix.Translation((far * 0.0425, 0, 0.002)) @ pivot @ thing.matrix_basis
    )  # fmt: skip


def tag(art: Art, rng: Generator) -> Placed:
    """A tag that hangs on a product by its string."""
    paper, art = marks.pair(art, rng)
    size = (0.08, 0.045)
    label = marks.placed_on(art, size, paper, rng, fill=rng.uniform(0.55, 0.75), px_per_m=14000, small_print=True,
                            centre=(0.56, 0.45))  # fmt: skip
    label = labels.cut_tag(label)
    product = any_of(rng, objects.vase, objects.cup)(rng)
    product.matrix_world = Matrix.Translation((0, 0.075, 0)) @ Matrix.Diagonal((1.3, 1.3, 1.3, 1))
    swing = Matrix.Rotation(float(rng.normal(0, 0.2)), 4, "Z")
    frame = standing(0, -0.014, 0.06, float(rng.normal(0, 0.25)), float(rng.uniform(-0.05, 0.2))) @ swing
    hole = frame @ Vector((-0.0336, 0, 0.0004))
    for bend in (0.003, -0.003):
        path = [hole, hole + Vector((0.004 + bend, 0.01, 0.03)), Vector((bend, 0.022, 0.12))]
        objects.string_between([tuple(p) for p in path], materials.cloth(rng, (206, 190, 160)))
    skin = printed(label, rng, roughness=0.85)
    return objects.sheet(label, objects.flat(*size, bend_m=float(rng.uniform(0.0005, 0.003))), frame, skin,
                         thickness_m=0.0005)  # fmt: skip


def jar(art: Art, rng: Generator) -> Placed:
    """A label around a jar."""
    radius, height = float(rng.uniform(0.032, 0.045)), float(rng.uniform(0.075, 0.11))
    tone = any_of(rng, (238, 226, 196), (120, 62, 36), (188, 120, 60), (92, 110, 86), (226, 222, 214))
    r, h = radius, height
    profile = [(0, 0), (r * 0.94, 0), (r, 0.005), (r, h * 0.86), (r * 0.86, h * 0.95), (r * 0.86, h), (0, h)]
    objects.lathe(profile, materials.plain(tone, 0.12, coat=0.8), steps=120)
    lid = objects.lathe([(0, 0), (r * 0.92, 0), (r * 0.92, 0.014), (r * 0.88, 0.016), (0, 0.016)],
                        materials.plain((206, 190, 150), 0.3, metal=1), steps=120)  # fmt: skip
    lid.location = (0, 0, h - 0.006)
    paper, art = marks.pair(art, rng)
    wide, high = radius * math.radians(rng.uniform(120, 190)), 0.62 * height
    text = min(0.92, radius * math.radians(rng.uniform(60, 105)) / wide)
    label = marks.placed_on(art, (wide, high), paper, rng, fill=text, px_per_m=14000, small_print=True,
                            centre=(0.5, 0.42))  # fmt: skip
    frame = Matrix.Rotation(float(rng.normal(0, 0.2)), 4, "Z") @ standing(0, -radius - 0.0004, 0.06 + 0.42 * high)
    frame.translation.z = 0.07 * height + 0.5 * high
    skin = printed(label, rng, roughness=float(rng.uniform(0.3, 0.7)), coat=0.2)
    return objects.sheet(label, objects.round_wall(radius + 0.0004, high, wide), frame, skin)


def mug(art: Art, rng: Generator) -> Placed:
    """The name fired on a mug, round the cylinder."""
    paper, art = marks.pair(art, rng)
    radius = 0.0412
    wide = radius * math.radians(rng.uniform(75, 125))
    label = marks.placed_on(art, (wide, 0.05), (*paper, 0), rng, fill=0.98, px_per_m=14000)
    turn = Matrix.Rotation(float(rng.normal(0, 0.2)), 4, "Z")
    objects.cup(rng, tone=paper).matrix_world = turn
    skin = materials.printed("glaze", label.image, roughness=0.2, coat=0.4)
    return objects.sheet(label, objects.round_wall(radius, 0.05, wide), turn @ standing(0, -radius, 0.05), skin)


def wrinkled(width_m: float, height_m: float, depth_m: float, rng: Generator) -> Surface:
    """Cloth: slow waves and a few sharper folds."""
    waves = [(rng.normal(0, 1, 2) * 40, rng.uniform(0, 6.28), rng.uniform(0.3, 1)) for _ in range(5)]
    folds = [(rng.normal(0, 1, 2) * 25, rng.uniform(0, 6.28), rng.uniform(0.3, 0.8)) for _ in range(3)]

    def at(u: float, v: float) -> tuple[float, float, float]:
        x, y = (u - 0.5) * width_m, (0.5 - v) * height_m
        z = sum(share * math.sin(k[0] * x + k[1] * y + phase) for k, phase, share in waves) / 3
        z += sum(share * (1 - abs(math.sin(k[0] * x + k[1] * y + phase))) ** 2 for k, phase, share in folds)
        return x, y, depth_m * z

    return at


def cloth(art: Art, rng: Generator, *, stitched: bool) -> Placed:
    """On crumpled cloth, printed or embroidered; the cloth lies, or hangs as an apron does."""
    wide, high = 0.24, 0.18
    fall = wrinkled(wide, high, float(rng.uniform(0.004, 0.012)) * (1.6 if art.hard else 1.0), rng)
    hangs = rng.random() < 0.5
    frame = standing(0, 0.02, 0.12, float(rng.normal(0, 0.2)), 0.1) if hangs else lying(
        0, 0, 0.02, float(rng.normal(0, 0.3))
    )  # fmt: skip
    paper, art = marks.pair(art, rng)
    ground = materials.cloth(rng, paper)
    density = 9000.0
    label = marks.placed_on(art, (wide, high), (*paper, 0), rng, fill=rng.uniform(0.5, 0.8), px_per_m=density)
    under = objects.sheet(replace(label, lines=()), fall, frame, ground)
    over_material, raise_m = (threads(label, rng, density), 0.0007) if stitched else (
        materials.printed("ink", thinned(label, 0.88), roughness=0.95, weave=True), 0.0002
    )  # fmt: skip

    def above(u: float, v: float) -> tuple[float, float, float]:
        x, y, z = fall(u, v)
        return x, y, z + raise_m

    placed = objects.sheet(label, above, frame, over_material)
    for body in (under.body, placed.body):
        body.modifiers.new("smooth", "SUBSURF").render_levels = 2
    return placed


def thinned(label: Label, opacity: float) -> Any:
    image = label.image.copy()
    image.putalpha(image.getchannel("A").point(lambda value: int(value * opacity)))
    return image


def threads(label: Label, rng: Generator, px_per_m: float) -> Any:
    sewn, height = marks.stitched(label, rng, px_per_m)
    shader = materials.Shader("threads")
    ink = shader.texture(materials.picture("threads", sewn.image))
    shader.wire(ink.outputs["Color"], shader.surface.inputs["Base Color"])
    shader.wire(ink.outputs["Alpha"], shader.surface.inputs["Alpha"])
    shader.put(Roughness=0.45, Sheen_Weight=0.3, Specular_IOR_Level=0.35)
    lift = shader.texture(materials.picture("height", height, data=True))
    shader.bump(lift.outputs["Color"], 1.0, 0.0012)
    return shader.material


def relief(art: Art, rng: Generator, *, ground: str) -> Placed:
    """Stamped or cut into wood, leather or clay: the letters have the colour of the ground."""
    size = {"wood": (0.2, 0.1), "leather": (0.1, 0.06), "clay": (0.11, 0.08)}[ground]
    blank = marks.placed_on(art, size, (255, 255, 255), rng, fill=rng.uniform(0.6, 0.85), px_per_m=9000)
    label = marks.pressed(blank, art, {"wood": 0.004, "leather": 0.007, "clay": 0.01}[ground])
    base = {
        "wood": lambda: materials.wood(rng, any_of(rng, (206, 166, 118), (222, 194, 152), (140, 96, 62))),
        "leather": lambda: materials.stone(rng, any_of(rng, (126, 78, 46), (74, 52, 40), (170, 116, 70), (40, 38, 38))),
        "clay": lambda: materials.stone(rng, any_of(rng, (196, 118, 84), (222, 214, 200), (168, 150, 132))),
    }[ground]()
    deep = float(rng.uniform(0.0012, 0.003)) * (0.4 if art.hard else 1.0)
    skin = materials.relief("pressed", label.image, base, depth_m=deep, burnt=0.0)
    thick = {"wood": 0.015, "leather": 0.002, "clay": 0.008}[ground]
    frame = lying(0, 0, thick + 0.001, float(rng.normal(0, 0.3)))
    return objects.sheet(label, objects.flat(*size, bend_m=0.0 if ground == "wood" else 0.001), frame, skin,
                         thickness_m=thick)  # fmt: skip


def pane_material() -> Any:
    """A thin pane: what lies behind, and what is reflected by Fresnel's law."""
    material = bpy.data.materials.new("pane")
    material.use_nodes = True
    tree = material.node_tree
    out = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL")
    mix, clear = tree.nodes.new("ShaderNodeMixShader"), tree.nodes.new("ShaderNodeBsdfTransparent")
    gloss, fresnel = tree.nodes.new("ShaderNodeBsdfGlossy"), tree.nodes.new("ShaderNodeFresnel")
    gloss.inputs["Roughness"].default_value, fresnel.inputs["IOR"].default_value = 0.0, 1.6
    for source, target in (
        (fresnel.outputs[0], mix.inputs[0]), (clear.outputs[0], mix.inputs[1]),
        (gloss.outputs[0], mix.inputs[2]), (mix.outputs[0], out.inputs["Surface"]),
    ):  # fmt: skip
        tree.links.new(source, target)
    return material


def pane(width_m: float, height_m: float, frame: Matrix) -> None:
    bpy.ops.mesh.primitive_plane_add(size=1)
    body = bpy.context.object
    body.data.transform(Matrix.Diagonal((width_m, height_m, 1, 1)))
    body.data.materials.append(pane_material())
    body.matrix_world = frame
    body.hide_viewport = True  # rays that test what is visible pass it


def glass(art: Art, rng: Generator) -> Placed:
    """Behind the glass of a frame, on a pane, or on a glossy bottle: the room is reflected."""
    way = int(rng.integers(3))
    if way == 2:
        return bottle(art, rng)
    lean = float(rng.uniform(0.0, 0.2))
    frame = standing(0, 0.1, 0.13, float(rng.normal(0, 0.15)), lean)
    if way == 0:
        paper, art = marks.pair(art, rng)
        label = marks.placed_on(art, (0.2, 0.15), paper, rng, fill=rng.uniform(0.5, 0.8), px_per_m=7000)
        placed = objects.sheet(label, objects.flat(0.2, 0.15), frame, printed(label, rng), thickness_m=0.01)
        pane(0.2, 0.15, frame @ Matrix.Translation((0, 0, 0.003)))
        return placed
    art = marks.tinted(art, any_of(rng, (246, 246, 244), (246, 246, 244), (200, 164, 90)))
    label = marks.placed_on(art, (0.3, 0.2), (0, 0, 0, 0), rng, fill=rng.uniform(0.6, 0.9), px_per_m=6000)
    pane(0.7, 0.5, frame @ Matrix.Translation((0, 0, -0.0006)))
    return objects.sheet(label, objects.flat(0.3, 0.2), frame, materials.printed("vinyl", label.image, roughness=0.4))


def bottle(art: Art, rng: Generator) -> Placed:
    """Printed straight on dark glossy glass."""
    radius = float(rng.uniform(0.034, 0.042))
    tone = any_of(rng, (24, 30, 26), (58, 30, 14), (20, 22, 30))
    r = radius
    profile = [(0, 0), (r * 0.95, 0), (r, 0.006), (r, 0.1), (r * 0.4, 0.14), (r * 0.36, 0.18), (0, 0.18)]
    objects.lathe(profile, materials.plain(tone, 0.03, coat=1.0), steps=120)
    art = marks.tinted(art, any_of(rng, (240, 238, 230), (214, 180, 110)))
    if art.kind != "name":
        art = replace(art, pixels=lightened(art))
    wide = radius * math.radians(rng.uniform(70, 110))
    label = marks.placed_on(art, (wide, 0.07), (0, 0, 0, 0), rng, fill=0.98, px_per_m=14000)
    skin = materials.printed("screen print", label.image, roughness=0.25, coat=0.6)
    return objects.sheet(label, objects.round_wall(radius + 0.0003, 0.07, wide),
                         standing(0, -radius - 0.0003, 0.055), skin)  # fmt: skip


def lightened(art: Art) -> Any:
    """One light ink where the mark leaves something."""
    pixels = art.pixels.copy()
    pixels[..., 3] = (255 * art.mask).astype("uint8")
    pixels[..., :3] = (240, 238, 230)
    return pixels


def sign(art: Art, rng: Generator) -> Placed:
    """Small, on the wall behind the work."""
    paper, art = marks.pair(art, rng)
    label = marks.placed_on(art, (0.3, 0.15), paper, rng, fill=rng.uniform(0.6, 0.9), px_per_m=5000, small_print=True,
                            centre=(0.5, 0.45))  # fmt: skip
    frame = standing(float(rng.uniform(-0.1, 0.1)), 0.215, float(rng.uniform(0.2, 0.32)))
    return objects.sheet(label, objects.flat(0.3, 0.15), frame, printed(label, rng, roughness=0.5), thickness_m=0.01)


def dark_card(art: Art, rng: Generator) -> Placed:
    """Light ink on a dark card, slate or box lid."""
    paper, art = marks.pair(art, rng, dark=True)
    if art.kind != "name":
        paper, art = (36, 38, 42), replace(art, pixels=lightened(art))
    label = marks.placed_on(art, (0.11, 0.08), paper, rng, fill=rng.uniform(0.55, 0.85), px_per_m=11000)
    skin = printed(label, rng, roughness=float(rng.uniform(0.25, 0.8)))
    return objects.sheet(label, objects.flat(0.11, 0.08), lying(0, 0, 0.012, float(rng.normal(0, 0.3))), skin,
                         thickness_m=0.01)  # fmt: skip


def dim(art: Art, rng: Generator) -> Placed:
    """Any printed mark, by one warm bulb."""
    return any_of(rng, card, jar, tag)(art, rng)


RAKING = ("window", "window", "lamp", "sun")
"""Shallow relief is seen by the light from one side."""
SURFACES: dict[str, Stand] = {
    "card": Stand(card, tilt_deg=(0, 60)),
    "tag": Stand(tag),
    "jar": Stand(jar, tilt_deg=(0, 20), above=(5, 40)),
    "mug": Stand(mug, tilt_deg=(0, 15), above=(5, 45)),
    "cloth print": Stand(lambda art, rng: cloth(art, rng, stitched=False)),
    "embroidery": Stand(lambda art, rng: cloth(art, rng, stitched=True), width=(0.2, 0.5)),
    "wood": Stand(lambda art, rng: relief(art, rng, ground="wood"), light=RAKING, width=(0.2, 0.5)),
    "leather": Stand(lambda art, rng: relief(art, rng, ground="leather"), light=RAKING, width=(0.2, 0.5)),
    "clay": Stand(lambda art, rng: relief(art, rng, ground="clay"), light=RAKING, width=(0.2, 0.5)),
    "glass": Stand(glass, tilt_deg=(0, 35)),
    "sign": Stand(sign, tilt_deg=(0, 30), width=(0.1, 0.2)),
    "light on dark": Stand(dark_card, tilt_deg=(0, 50)),
    "dim": Stand(dim, tilt_deg=(0, 30), light=("lamp",), noisy=True),
    "covered card": Stand(covered_card, tilt_deg=(0, 45), width=(0.25, 0.5)),
}
