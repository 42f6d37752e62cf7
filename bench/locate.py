"""Known names in photos: this tool beside plain RapidOCR and Tesseract with fuzzy matching, in one run.

    python bench/locate.py [CORPUS] [--half tune|held|all] [--photos N] [--chat] [--looks N]
                           [--scenes N] [--seed N] [--alone] [--cost N]

Names are the words of scene_text.csv (3 letters and more, 12 px and higher), one search for each. Absent names are
words of other photos and invented shops. `near` are names one letter off, or plurals, of words that are there: the
hardest absent names. The photos are split by a hash of their file name: thresholds were chosen on `tune` alone. CPU
seconds are for all names of a photo together.
Scenes: names on tags and overlays composed into the corpus' `camera` photos (see name_scenes.py).
Cost: CPU seconds on photos of 7 to 16 MP of the corpus' `camera` folder, over one pass of RapidOCR at its defaults. Run
it on one core (`taskset -c 0`): elsewhere the time that RapidOCR's threads spend waiting counts as its own.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).parent.parent))

from models.compose.halves import half_of

from name_peers import METHODS as PEERS
from name_peers import rapid_lines
from name_scenes import WRITTEN, scenes
from verify_media.readers import looks
from verify_media.readers.candidates import candidates
from verify_media.readers.completing import completing
from verify_media.readers.ocr_recognise import Alphabet, fold
from verify_media.readers.placing import Line
from verify_media.readers.spotting import SETTINGS as SPOTTING
from verify_media.readers.spotting import Form, variants
from verify_media.readers.text import Page, TextReader, _sighting, _unread
from verify_media.readers.view import View
from verify_media.records import Frame

Pixels = NDArray[np.uint8]
SHOPS = (
    *("Willow & Thread", "Amber Forge", "Hearth & Loom", "Stone Lark", "Bramble Co", "Oak and Ivory", "Fern Studio"),
    *("Wild Clay", "Juniper Row", "Salt & Cedar", "The Tin Fox", "Marigold Made", "Ember", "Terra", "Ivy", "Nest"),
)


@dataclass(frozen=True)
class Photo:
    path: Path
    words: tuple[tuple[str, NDArray[np.float32]], ...]
    """Word and its quad."""


@dataclass
class Tally:
    """Hits and chances by kind: "present", "absent", "near"; `asked`: found, but as what may be another name."""

    hits: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    chances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    corner_errors: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def row(self, name: str, photos: int) -> str:
        cells = [f"{self.hits[k]} + {self.asked[k]} asked /{self.chances[k]}" for k in KINDS]
        return f"| {name} | " + " | ".join(cells) + f" | {self.corners} | {self.cpu_s / max(1, photos):.1f} |"

    @property
    def corners(self) -> str:
        """Median and 90 % quantile of the corner errors, % of the width."""
        errors = 100 * np.array(self.corner_errors)
        return f"{np.median(errors):.1f} / {np.quantile(errors, 0.9):.1f} ({len(errors)})" if len(errors) else "-"


KINDS = ("present", "absent", "near")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--half", choices=("tune", "held", "all"), default="held")
    parser.add_argument("--photos", type=int, default=1000, help="at most about so many, evenly spread")
    parser.add_argument("--chat", action="store_true", help="1600 px, JPEG quality 75")
    parser.add_argument("--looks", type=int, default=len(looks.LOOKS), help="only so many ways to search")
    parser.add_argument("--scenes", type=int, default=0, help="composed tags, and as many overlays")
    parser.add_argument("--seed", type=int, default=4, help="of the scenes")
    parser.add_argument("--alone", action="store_true", help="without the other readers")
    parser.add_argument("--cost", type=int, default=6, help="photos for the cost table")
    options = parser.parse_args()
    photos = [photo for photo in read_truth(options.corpus) if options.half in ("all", half_of(photo.path))]
    looks.LOOKS = looks.LOOKS[: options.looks]
    if options.alone:
        for peer in PEERS:
            del METHODS[peer]
    if options.photos:
        recall_table(photos[:: max(1, len(photos) // options.photos)], chat=options.chat, half=options.half)
    if options.scenes:
        scene_table(options.corpus, options.scenes, chat=options.chat, half=options.half, seed=options.seed)
    cost_table(options.corpus, options.cost)


def recall_table(photos: Sequence[Photo], *, chat: bool, half: str) -> None:
    vocabulary = sorted({word for photo in photos for word, _ in photo.words})
    tallies = {name: Tally() for name in METHODS}
    for number, photo in enumerate(photos):
        print(f"{number}/{len(photos)} {photo.path.name}", file=sys.stderr, flush=True)
        image = load(photo.path, chat=chat)
        asked = names_for(photo, vocabulary)
        for name, method in METHODS.items():
            start = cpu_now()
            found = method(image, [word for word, _ in asked])
            tallies[name].cpu_s += cpu_now() - start
            count(tallies[name], asked, found, photo)
    kind = "chat copies (1600 px, q75)" if chat else "as they are"
    print(f"{len(photos)} photos, half: {half}, {kind}, {len(looks.LOOKS)} ways to search\n")
    print("| method | present found | absent found | near found | corner error, % of width: median / 90 % | CPU s |")
    print("|---|---|---|---|---|---|")
    for name, tally in tallies.items():
        print(tally.row(name, len(photos)))


def count(tally: Tally, asked: Sequence[tuple[str, str]], found: Mapping[str, Any], photo: Photo | None) -> None:
    for name, kind in asked:
        tally.chances[kind] += 1
        asked = isinstance(found.get(name), Asked)
        tally.hits[kind] += name in found and not asked
        tally.asked[kind] += asked
        quads = [quad for word, quad in photo.words if word == name] if photo else []
        if quads and kind == "present" and found.get(name) is not None:
            seen = found[name].quad if asked else found[name]
            tally.corner_errors.append(min(corner_error(np.array(seen), quad) for quad in quads))


def corner_error(quad: NDArray[Any], truth: NDArray[Any]) -> float:
    """Mean distance of the corners over the width of the word; of the boxes around them where the truth is upright."""
    width = max(float(np.linalg.norm(truth[1] - truth[0])), 1.0)
    low, high = quad.min(axis=0), quad.max(axis=0)
    if truth[0, 1] == truth[1, 1]:
        quad = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
    return float(np.linalg.norm(quad - truth, axis=1).mean() / width)


@dataclass(frozen=True)
class Asked:
    """A place of a name at which another name may stand: the maker is asked."""

    quad: Any


def survey(image: Pixels, names: Sequence[str]) -> dict[str, Any]:
    """What TextReader([name]).find would say for each name, with the looks shared: name -> quad."""
    forms = {name: variants(name) for name in names}
    reader = TextReader(())
    reader._alphabet = Alphabet(form.letters for several in forms.values() for form in several)
    page = Page(Frame(image), View(image))
    searches = {name: Search(reader, page, name, forms[name]) for name in names}
    for look in looks.LOOKS:
        pending = [search for search in searches.values() if not search.ended]
        if not pending:
            break
        fresh = reader._read_strips(page, _unread(look(page.view), page.lines))
        for search in pending:
            search.look(fresh)
    return {name: search.found for name, search in searches.items() if search.found is not None}


@dataclass
class Search:
    """The search for one name in a page whose looks are shared; what only this name has read is kept apart."""

    reader: TextReader
    page: Page
    name: str
    forms: Sequence[Form]
    own: list[Line] = field(default_factory=list)
    best: float = -np.inf
    """Score of `found`, and of the best sighting that was certain."""
    sure: float = -np.inf
    found: Any = None
    ended: bool = False

    def look(self, fresh: Sequence[Line]) -> None:
        before = self.sure
        self._add(fresh)
        if self.found is None and (strips := completing(fresh, self.forms)):
            known = len(self.page.view.known)
            mine = Page(self.page.frame, self.page.view, self._lines())
            read = self.reader._read_strips(mine, strips)
            del self.page.view.known[known:]
            self.own += read
            self._add(read, only_certain=True)
        self.ended = self.sure >= SPOTTING.well or before >= SPOTTING.found

    def _lines(self) -> list[Line]:
        return [*self.page.lines, *self.own]

    def _add(self, fresh: Sequence[Line], *, only_certain: bool = False) -> None:
        seen = candidates(fresh, self._lines(), self.forms, self.reader._alphabet) if fresh else []
        top = max(seen, key=lambda c: c.score, default=None)
        if top is None or top.score <= self.best:
            return
        self.reader._forms = dict.fromkeys(self.forms, self.name)
        sighting = self.reader._checked(top, _sighting(top, self.name, self.page.frame), self.page)
        if only_certain and not sighting.is_certain:
            return
        self.best, self.found = top.score, sighting.quad if sighting.is_certain else Asked(sighting.quad)
        self.sure = top.score if sighting.is_certain else self.sure


METHODS: dict[str, Callable[[Pixels, Sequence[str]], Mapping[str, Any]]] = {"verify-media": survey, **PEERS}


def scene_table(corpus: Path, number: int, *, chat: bool, half: str, seed: int) -> None:
    """Composed tags and overlays; each with three near names, every fourth with three that are not there."""
    photos = [p for p in sorted((corpus / "camera").glob("*.jpg")) if half in ("all", half_of(p))]
    print(f"\n{number} composed scenes of each kind, half: {half}{', chat copies' if chat else ''}\n")
    print(
        "| kind | method | present found | absent found | near found | corners | CPU s |\n|---|---|---|---|---|---|---|"
    )
    for kind in ("tag", "overlay"):
        tallies = {name: Tally() for name in METHODS}
        for place_, scene in enumerate(scenes(photos, kind, number, load, seed=seed)):
            others = sorted(set(WRITTEN) - {scene.name})[place_ % 3 :: 4] if place_ % 4 == 0 else []
            near = [n for n in near_names(scene.name, random.Random(place_)) if fold(n) != fold(scene.name)]
            image = chat_copy(Image.fromarray(scene.image)) if chat else scene.image
            for name, method in METHODS.items():
                start = cpu_now()
                found = method(image, [scene.name, *others, *near])
                tallies[name].cpu_s += cpu_now() - start
                asked = [(scene.name, "present"), *((o, "absent") for o in others), *((n, "near") for n in near)]
                truth = None if scene.quad is None else Photo(Path(), ((scene.name, scene.quad),))
                count(tallies[name], asked, found, truth)
                if name == "verify-media" and scene.name not in found:
                    print("missed", kind, place_, scene.name, scene.story, file=sys.stderr, flush=True)
        for name, tally in tallies.items():
            shares = [f"{tally.hits[k]} + {tally.asked[k]} asked /{tally.chances[k]}" for k in KINDS]
            print(
                f"| {kind} | {name} | " + " | ".join(shares) + f" | {tally.corners} | {tally.cpu_s / number:.1f} |",
                flush=True,
            )


def names_for(photo: Photo, vocabulary: Sequence[str]) -> list[tuple[str, str]]:
    """(name, kind) to ask for in a photo; the same in every run."""
    rng = random.Random(photo.path.name)
    own = sorted({word for word, _ in photo.words})
    text = fold(" ".join(word for word, _ in photo.words))
    others = [word for word in vocabulary if fold(word) not in text]
    absent = rng.sample(others, min(12, len(others))) + rng.sample(SHOPS, 8)
    near = [name for word in own for name in near_names(word, rng) if fold(name) not in {fold(o) for o in own}]
    asked = [(n, "present") for n in own] + [(n, "absent") for n in absent] + [(n, "near") for n in near]
    return list({fold(name): (name, kind) for name, kind in reversed(asked)}.values())


def near_names(word: str, rng: random.Random) -> Iterator[str]:
    letters = fold(word)
    place_ = rng.randrange(len(letters))
    other = rng.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != letters[place_]])
    yield letters[:place_] + other + letters[place_ + 1 :]
    if len(letters) > 3:
        yield letters[:place_] + letters[place_ + 1 :]
    yield letters + "s" if not letters.endswith("s") else letters[:-1]


def read_truth(corpus: Path) -> list[Photo]:
    """Photos with their legible words; words with damaged letters in the truth file are left out."""
    words: dict[str, list[tuple[str, NDArray[np.float32]]]] = defaultdict(list)
    with (corpus / "scene_text.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["legible"] == "1" and row["x1"] and len(fold(row["word"])) >= 3 and is_whole(row["word"]):
                quad = np.array([[float(row[f"{axis}{n}"]) for axis in "xy"] for n in (1, 2, 3, 4)], np.float32)
                if np.ptp(quad[:, 1]) >= 12:
                    words[row["image"]].append((row["word"], quad))
    return [Photo(corpus / image, tuple(several)) for image, several in sorted(words.items())]


def is_whole(word: str) -> bool:
    return "\ufffd" not in word and "ï¿½" not in word


def load(path: Path, *, chat: bool = False) -> Pixels:
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    return chat_copy(picture) if chat else np.ascontiguousarray(np.asarray(picture, np.uint8))


def chat_copy(picture: Image.Image) -> Pixels:
    """As messengers send it: 1600 px, JPEG quality 75."""
    picture.thumbnail((1600, 1600), Image.Resampling.LANCZOS)
    copy = io.BytesIO()
    picture.save(copy, "JPEG", quality=75)
    return np.ascontiguousarray(np.asarray(Image.open(copy), np.uint8))


def cost_table(corpus: Path, count_: int) -> None:
    """CPU seconds on large photos: one RapidOCR pass, a name on a card, and a name that is not there."""
    rows = []
    for path in large_photos(corpus)[:count_]:
        image = load(path)
        rows.append(costs(image))
        base, plain, absent = rows[-1]
        print(f"{path.name}, {image.shape[0] * image.shape[1] / 1e6:.0f} MP: RapidOCR {base:.1f} CPU s; ", end="")
        print(f"plain {plain / base:.2f} of it, not there {absent / base:.2f}", flush=True)
    if not rows:
        return
    base, plain, absent = np.array(rows).mean(axis=0)
    print(f"\n{len(rows)} photos of 7 to 16 MP, CPU s: RapidOCR {base:.1f}")
    print(
        f"name in plain sight {plain:.1f}, {plain / base:.2f} of that; name not there {absent:.1f}, {absent / base:.2f}"
    )


def costs(image: Pixels) -> tuple[float, float, float]:
    signed = with_card(image, "Willow & Thread")
    return (
        cpu(lambda: rapid_lines(image)),
        cpu(lambda: look_for("Willow & Thread", signed)),
        cpu(lambda: look_for("Quillmoor Atelier", image)),
    )


def with_card(image: Pixels, name: str) -> Pixels:
    """A light card with dark lettering: white letters put straight on the photo cannot be seen before a bright sky."""
    signed, cap = image.copy(), max(image.shape[:2]) // 50
    (width, _), _ = cv2.getTextSize(name, cv2.FONT_HERSHEY_DUPLEX, cap / 22, cap // 7)
    left, base = 3 * cap, image.shape[0] // 2
    corners = (left - cap, base - 3 * cap), (left + width + cap, base + 2 * cap)
    cv2.rectangle(signed, *corners, (226, 222, 212), cv2.FILLED)
    cv2.putText(signed, name, (left, base), cv2.FONT_HERSHEY_DUPLEX, cap / 22, (50, 40, 60), cap // 7, cv2.LINE_AA)
    return signed


def look_for(name: str, image: Pixels) -> bool:
    return bool(TextReader([name]).find(Frame(image)))


def cpu(work: Callable[[], object]) -> float:
    start = cpu_now()
    work()
    return cpu_now() - start


def cpu_now() -> float:
    """CPU seconds so far, those of ended child processes (Tesseract) included."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def large_photos(corpus: Path) -> list[Path]:
    def megapixels(path: Path) -> float:
        with Image.open(path) as picture:
            return picture.width * picture.height / 1e6

    return [path for path in sorted((corpus / "camera").glob("*.jpg")) if 7 <= megapixels(path) <= 16]


if __name__ == "__main__":
    main()
