# ruff: noqa: E501
"""Lettering for both classes: names a maker could have, words read in photos, fonts, colours."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

from PIL import ImageFont

FIRST = [
    "Willow",
    "Thread",
    "Oak",
    "Fern",
    "Clay",
    "Ember",
    "Moss",
    "Honey",
    "Raven",
    "Luna",
    "Stitch",
    "Copper",
    "Birch",
    "Salt",
    "Wren",
    "Ivy",
    "Sparrow",
    "Cedar",
    "Juniper",
    "Indigo",
    "Velvet",
    "Pebble",
    "Thistle",
    "Maple",
    "Lark",
    "Hazel",
    "Linen",
    "Saffron",
    "Bramble",
    "Tide",
    "Ash",
    "Rose",
    "Aster",
    "Nimbus",
    "Quill",
    "Loom",
    "Forge",
    "Kiln",
    "Anvil",
    "Bobbin",
    "Needle",
    "Petal",
    "Feather",
    "Bloom",
    "Harbor",
    "Meadow",
    "Nordic",
    "Sunny",
    "Golden",
    "Little",
    "Crafty",
    "Rustic",
    "Wild",
    "Blue",
    "Happy",
    "Urban",
    "Twisted",
    "Lazy",
    "Mountain",
    "River",
    "Coastal",
    "Prairie",
    "Desert",
    "Arctic",
]
LAST = [
    "Works",
    "Studio",
    "Ceramics",
    "Pottery",
    "Leather",
    "Goods",
    "Co",
    "Candles",
    "Soap",
    "Designs",
    "Handmade",
    "Crafts",
    "Jewelry",
    "Knits",
    "Woodworks",
    "Atelier",
    "Press",
    "Print",
    "Shop",
    "Supply",
    "Workshop",
    "Textiles",
    "Boutique",
    "Makery",
    "Bakery",
    "Paper",
    "Glass",
    "Silver",
    "Bags",
    "&",
    "Sons",
    "Creations",
    "Collective",
    "House",
    "Home",
    "Gifts",
    "Art",
    "Toys",
    "Yarn",
    "Quilts",
    "Metalworks",
    "Carving",
]
PEOPLE = [
    "Anna",
    "Marie",
    "Jonas",
    "Elif",
    "Tomas",
    "Keiko",
    "Priya",
    "Olga",
    "Sam",
    "Lucia",
    "Noor",
    "Erik",
    "Maya",
    "Hugo",
    "Iris",
    "Pablo",
    "Zoe",
    "Ahmed",
    "Greta",
    "Ines",
]
STOCK = [
    "fotolia",
    "shutterstock",
    "SAMPLE",
    "PREVIEW",
    "Adobe-Stock",
    "iStock",
    "alamy",
    "dreamstime",
    "123RF",
    "depositphotos",
    "DRAFT",
    "PROOF",
    "COPYRIGHT",
    "getty",
]


def name(rng: random.Random, seen: list[str]) -> str:
    """A business name, a handle, an address of the web, or a word that was read in some photo, so that words tell nothing."""
    kind = rng.random()
    a, b, c = rng.choice(FIRST), rng.choice(FIRST), rng.choice(LAST)
    if kind < 0.45 and seen:
        return rng.choice(seen)[:28]
    text = rng.choice(
        [f"{a} & {b}", f"{a} {c}", f"{a} {b} {c}", f"{rng.choice(PEOPLE)}'s {c}", f"{a}", f"The {a} {c}", f"@{a}.{c}".lower(),
         f"www.{a}{c}.com".lower(), f"© {a} {c}", f"{a}{b}".lower(), f"made by {rng.choice(PEOPLE)}", f"{a} {c} {rng.randint(1970, 2026)}"]
    )  # fmt: skip
    return rng.choice([text, text, text, text.upper(), text.lower()])


@cache
def fonts(held: bool = False) -> tuple[str, ...]:
    """Latin fonts of this system; about one in eight is kept for tests."""
    paths = sorted(p for p in Path("/usr/share/fonts").rglob("*") if p.suffix.lower() in {".ttf", ".otf"})
    good = [p for p in paths if _latin(p)]
    return tuple(str(p) for p in good if (sum(p.name.encode()) % 8 == 0) == held)


def _latin(path: Path) -> bool:
    if any(part in path.name for part in ("Emoji", "Symbol", "Dingbat", "Braille", "Math", "Icons", "D05")):
        return False
    try:
        font = ImageFont.truetype(str(path), 40)
        boxes = [font.getmask(c).getbbox() for c in "WaTg&"]
        shapes = {bytes(font.getmask(c)) for c in "WaTg"}
    except OSError:
        return False
    return all(boxes) and len(shapes) == 4


def font(rng: random.Random, size: int, held: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(rng.choice(fonts(held)), max(6, size))


def colour(rng: random.Random) -> tuple[int, int, int]:
    """White and black mostly, as people choose; otherwise any."""
    kind = rng.random()
    if kind < 0.3:
        return (255, 255, 255)
    if kind < 0.45:
        return (0, 0, 0)
    if kind < 0.55:
        return rng.choice(
            [(255, 255, 0), (255, 0, 0), (255, 215, 0), (0, 128, 255), (128, 128, 128), (34, 34, 34), (240, 240, 240)]
        )
    r, g, b = (rng.randint(0, 255) for _ in range(3))
    return (r, g, b)
