"""Names, logos and cards in rendered stills (blender_stills.py), by surface: this tool beside plain peers, in one run.

    python bench/locate_rendered.py FOLDER [--half tune|held|all] [--chat] [--only name|logo|card] ...

A name is located where the sighting covers the outline of its ink (intersection over union of NEAR and more); "asked"
is found, but as what may be another name. Two names one letter off are sought in every picture too, and two that are
not there. A logo or card is located by the same rule; "unsure" ends as a question; its twin, another
one of the same make, must not be found. Peers: RapidOCR at its defaults with fuzzy matching of its lines, SIFT + RANSAC
as in OpenCV's tutorial. The half is drawn from the scene's name. What a person cannot read does not count: the renderer
leaves out capitals under 12 px, hidden and turned marks; ILLEGIBLE are those that failed when all were looked at.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from locate import Asked, corner_error, cpu_now, near_names, survey
from locate_logos import ours, plain_sift
from name_peers import rapid
from verify_media.readers.ocr_recognise import fold

NEAR = 0.4
"""Intersection over union: the quad of a bent line is straight, and the tails of scripts are left out."""
CHAT_SCALE = 0.75
SMALLEST_CAP_PX = 12
CURVED = ("jar", "mug")
STRANGERS = ("Quillmoor", "Hearth & Loom", "Velvet Crow", "Blue Heron Goods", "Luna Ceramics", "Stone Lark Pottery")
ILLEGIBLE = frozenset({"card-name-1", "mug-name-1", "jar-name-2", "card-card-1", "light-on-dark-badge-1"})
"""Scenes in which nobody could read the mark, even enlarged: tilted by 71 degrees; a word lost in a reflection; a first
letter lost in the dark; all print lost in the light; a badge of which the one light ink left a disc."""


@dataclass
class Row:
    found: int = 0
    asked: int = 0
    total: int = 0
    false: int = 0
    doubted: int = 0
    chances: int = 0
    peer: int = 0
    peer_false: int = 0
    errors: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    peer_cpu_s: float = 0.0

    def __add__(self, other: Row) -> Row:
        return Row(*(getattr(self, name) + getattr(other, name) for name in vars(self)))

    def cells(self) -> str:
        corners = f"{100 * np.median(self.errors):.1f} ({len(self.errors)})" if self.errors else "–"
        ours = (
            f"{self.found} + {self.asked} / {self.total} | {self.total - self.found - self.asked} | "
            f"{self.false} + {self.doubted} / {self.chances} | {corners} | {self.cpu_s / max(1, self.total):.1f}"
        )
        if not self.peer_cpu_s:
            return f"{ours} | – | – | –"
        peer_cpu_s = self.peer_cpu_s / max(1, self.total)
        return f"{ours} | {self.peer} / {self.total} | {self.peer_false} / {self.chances} | {peer_cpu_s:.1f}"


HEAD = (
    "| surface | located + asked | missed | false + doubted | corners, median % of the width | CPU s | peer located | "
    "peer false | CPU s |\n|---|---|---|---|---|---|---|---|---|"
)


def names_in(scene: dict[str, Any], image: Any, row: Row, *, alone: bool, present: bool) -> str:
    """Counts the name and names that are not there; what became of it."""
    others = [] if present else [*near(scene), *random.Random(scene["id"]).sample(STRANGERS, 2)]
    start = cpu_now()
    found = survey(image, [scene["name"], *others])
    row.cpu_s += cpu_now() - start
    row.total += 1
    told = seen_at(found.pop(scene["name"], None), scene, row)
    row.false += sum(not isinstance(place, Asked) for place in found.values())
    row.doubted += sum(isinstance(place, Asked) for place in found.values())
    row.chances += len(others)
    if not alone:
        start = cpu_now()
        read = rapid(image, [scene["name"], *others])
        row.peer_cpu_s += cpu_now() - start
        row.peer += scene["name"] in read
        row.peer_false += sum(other in read for other in others)
    return told + "".join(f", {'asked' if isinstance(at, Asked) else 'FALSE'} {name}" for name, at in found.items())


def near(scene: dict[str, Any]) -> list[str]:
    several = list(near_names(scene["name"], random.Random(scene["id"])))
    return [name for name in several if fold(name) != fold(scene["name"])][:2]


def seen_at(place: Any, scene: dict[str, Any], row: Row) -> str:
    if place is None:
        return "missed"
    quad = np.array(place.quad if isinstance(place, Asked) else place)
    if overlap(quad, np.array(scene["polygon"])) < NEAR:
        return "elsewhere" if not isinstance(place, Asked) else "asked elsewhere"
    if scene["surface"] not in CURVED:
        row.errors.append(corner_error(quad, np.array(scene["quad"])))
    row.asked += isinstance(place, Asked)
    row.found += not isinstance(place, Asked)
    return "asked" if isinstance(place, Asked) else "located"


def logos_in(scene: dict[str, Any], image: Any, row: Row, folder: Path, *, alone: bool) -> str:
    is_card = scene["kind"] == "card"
    truth = np.array(scene["polygon"])
    template, twin = folder / scene["template"], folder / scene["twin"]
    start = cpu_now()
    sure, unsure = ours(image, template, is_card=is_card)
    row.cpu_s += cpu_now() - start
    row.total += 1
    right = [quad for quad in sure if overlap(quad, truth) >= NEAR]
    row.found += bool(right)
    doubtful = not right and any(overlap(quad, truth) >= NEAR for quad in unsure)
    row.asked += doubtful
    if right and scene["surface"] not in CURVED:
        row.errors.append(min(turned_error(quad, np.array(scene["quad"])) for quad in right))
    wrong, doubted = ours(image, twin, is_card=is_card)
    row.false, row.doubted, row.chances = (
        row.false + bool(wrong),
        row.doubted + bool(doubted and not wrong),
        row.chances + 1,
    )
    if not alone:
        start = cpu_now()
        row.peer += any(overlap(quad, truth) >= NEAR for quad in plain_sift(image, template))
        row.peer_cpu_s += cpu_now() - start
        row.peer_false += bool(plain_sift(image, twin))
    return ("located" if right else "unsure" if doubtful else "missed") + (", FALSE twin" if wrong else "")


def overlap(quad: Any, polygon: Any) -> float:
    """Intersection over union of two outlines in pixels, by filling them."""
    low = np.floor(np.minimum(quad.min(axis=0), polygon.min(axis=0))) - 1
    size = np.ceil(np.maximum(quad.max(axis=0), polygon.max(axis=0)) - low).astype(int) + 2
    if size.max() > 8000:
        return 0.0
    masks = [np.zeros(size[::-1], np.uint8) for _ in range(2)]
    for mask, shape in zip(masks, (quad, polygon), strict=True):
        cv2.fillPoly(mask, [np.round(shape - low).astype(np.int32)], 1)
    shared, either = int((masks[0] & masks[1]).sum()), int((masks[0] | masks[1]).sum())
    return shared / max(either, 1)


def turned_error(quad: Any, truth: Any) -> float:
    """The same, quarter turns forgiven: some symbols look alike turned."""
    return min(corner_error(np.roll(quad, turn, axis=0), truth) for turn in range(4))


def chat_copy(image: Image.Image) -> Image.Image:
    small = image.resize([round(CHAT_SCALE * side) for side in image.size], Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=75)
    return Image.open(buffer)


def scenes_of(folder: Path, given: argparse.Namespace) -> Iterator[tuple[dict[str, Any], Any]]:
    """Truth and RGB pixels of the scenes that are asked for and legible."""
    for path in sorted(folder.glob("*-*.json")):
        scene = json.loads(path.read_text())
        sort = scene["kind"] if scene["kind"] in ("name", "card") else "logo"
        if scene["id"] in ILLEGIBLE or given.half not in ("all", scene["half"]) or given.only not in ("all", sort):
            continue
        image = Image.open(folder / scene["file"]).convert("RGB")
        if given.chat:
            image = chat_copy(image).convert("RGB")
            scene = scene | {key: (np.array(scene[key]) * CHAT_SCALE).tolist() for key in ("quad", "polygon", "cap_px")}
            if scene["name"] and scene["cap_px"] < SMALLEST_CAP_PX:
                continue
        yield scene, np.ascontiguousarray(np.asarray(image))


def table(rows: dict[str, Row]) -> str:
    lines = [f"| {surface} | {row.cells()} |" for surface, row in sorted(rows.items())]
    return "\n".join([HEAD, *lines, f"| **all** | {total(rows.values()).cells()} |"])


def total(rows: Iterable[Row]) -> Row:
    whole = Row()
    for row in rows:
        whole = whole + row
    return whole


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=("tune", "held", "all"), default="held")
    parser.add_argument("--only", choices=("all", "name", "logo", "card"), default="all")
    parser.add_argument("--chat", action="store_true", help="three quarters of the size, JPEG quality 75")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    parser.add_argument("--present", action="store_true", help="no names that are not there: a tenth of the time")
    parser.add_argument("--list", action="store_true", help="what became of each scene, on stderr")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    tables: dict[str, dict[str, Row]] = defaultdict(lambda: defaultdict(Row))
    for scene, image in scenes_of(given.folder, given):
        if scene["kind"] == "name":
            told = names_in(scene, image, tables["name"][scene["surface"]], alone=given.alone, present=given.present)
        else:
            told = logos_in(scene, image, tables[scene["kind"]][scene["surface"]], given.folder, alone=given.alone)
        if given.list:
            story = f"{scene['font']} cap {scene['cap_px']:.0f}" if scene["name"] else f"{scene['short_px']:.0f} px"
            print(f"{scene['id']} ({scene['half']}) {scene['written']} {story}: {told}", file=sys.stderr, flush=True)
    for kind, rows in tables.items():
        print(f"\n{kind}, half: {given.half}{', chat copies' if given.chat else ''}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
