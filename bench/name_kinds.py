"""Kinds of names that makers have: accents by language, "&", addresses, short and long ones, bent to other layouts.

    python bench/name_kinds.py [CORPUS] [--half tune|held] [--only KIND ...] [--rounds N] [--seed N] [--near]

Each name is drawn on a tag or over a photo of the corpus' `camera` folder (name_scenes.py), in fonts that have its
letters. `--near` asks for names one base letter off as well. Names, photos and fonts of `tune` and `held` are others.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from models.compose.halves import half_of

import name_scenes
from locate import load
from verify_media.readers.ocr_recognise import fold
from verify_media.readers.text import TextReader
from verify_media.records import Frame

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

SIDE = (640, 480)
"""Width and height of the part of a photo that is shown: a name is as large in it as in a picture of a phone."""
CAP = 64
HALVES = ("tune", "held")


@dataclass(frozen=True)
class Kind:
    """Names as they are given | as they are written, where that differs."""

    tune: tuple[str, ...]
    held: tuple[str, ...]
    layout: str = "line"


KINDS = {
    "Vietnamese": Kind(
        ("Mộc Lan", "Nhà Gốm Việt", "Tiệm Hoa Sứ", "Lụa Hội An", "Xưởng Gỗ Thủy", "Thêu Tay Mỹ Hạnh"),
        ("Gốm Bát Tràng", "Tiệm Nến Nhỏ", "Mây Tre Đất Việt", "Sợi Chỉ Đỏ", "Vườn Thảo Mộc", "Xà Phòng Dừa Bến Tre"),
    ),
    "Turkish": Kind(
        ("Gülçiçek Atölye", "Işık Çini", "Şirin Örgü", "Ağaç Oyuncak", "İpek Yolu"),
        ("Küçük Düğme", "Çınar Ahşap", "İnci Takı", "Göğe Bakan Seramik", "Şişe Işığı"),
    ),
    "Polish": Kind(
        ("Łódź Ceramika", "Żółta Nić", "Święta Glina", "Wełna i Światło"),
        ("Pracownia Źródło", "Mała Łąka", "Gęsie Pióro", "Ręczna Przędza"),
    ),
    "Czech, Slovak": Kind(
        ("Dřevěný Kůň", "Hliněná Dílna", "Šťastná Nitka", "Růžová Příze"),
        ("Mýdlárna U Lípy", "Běžná Věc", "Čerstvě Upleteno", "Ďurkova Hračka"),
    ),
    "German": Kind(
        ("Töpferei Müller", "Größenwahn", "Weiß & Süß", "Straßenkunst", "Töpferei Müller | TOEPFEREI MUELLER"),
        ("Nähkästchen", "Gießerei Vogl", "Schöne Grüße", "Fuß & Käse", "Nähkästchen | Naehkaestchen"),
    ),
    "French": Kind(
        ("Crème & Café", "L'Été Brodé", "Pâte à Sel", "Cœur d'Argile", "Cœur d'Argile | Coeur d'Argile"),
        ("Maïs & Blé", "Fée du Logis", "Sœurs Bérénice", "Tête de Bûche", "Sœurs Bérénice | SOEURS BÉRÉNICE"),
    ),
    "Spanish, Portuguese": Kind(
        ("Niña Añil", "Coração de Barro", "Pão & Linha"), ("Señora Piña", "Algodão Doce", "Corazón Bordado")
    ),
    "Danish, Norwegian": Kind(
        ("Ærø Keramik", "Smørblomst", "Blåbær & Ull", "Smørblomst | Smoerblomst"),
        ("Bjørkebær", "Skærgård Design", "Fjære Træ", "Bjørk & Hør"),
    ),
    "Hungarian, Romanian": Kind(
        ("Fűzfa Műhely", "Őszi Gyöngy", "Mărțișor", "Țesătură"), ("Kőműves Kata", "Tűzön Főtt", "Lâna Șoaptă", "Brăduț")
    ),
    "Baltic, Croatian": Kind(
        ("Žalia Šaka", "Ķekava Māls", "Đurđevak", "Pļaviņas"),
        ("Ąžuolo Gilė", "Ūdens Krūze", "Čipka i Žica", "Dūņu Pods"),
    ),
    "and, &, +": Kind(
        (
            *(
                "Willow & Thread | Willow + Thread",
                "Willow and Thread | WILLOW & THREAD",
                "Holz & Stein | Holz und Stein",
            ),
            *("Fil & Laine | Fil et Laine", "Barro y Lana | Barro & Lana", "Sale e Pepe | Sale & Pepe"),
        ),
        (
            *("Fern & Fable | Fern + Fable", "Clay and Crumb | Clay & Crumb", "Garn & Nadel | GARN UND NADEL"),
            *(
                "Encre & Plume | Encre et Plume",
                "Hilo & Sol | Hilo y Sol",
                "Ull og Lin | Ull & Lin",
                "Oak & Ash | Oak n Ash",
            ),
        ),
    ),
    "apostrophes": Kind(
        ("Ana's Candles", "L'Atelier Bleu", "O'Malley Knits", "Ana's Candles | Ana’s Candles", "ʻOhana Wood"),
        ("Nell's Nook", "D'Oro Jewels", "Maker's Mill", "L'Oiseau Lin", "Nell's Nook | NELL’S NOOK"),
    ),
    "digits, dots": Kind(
        (
            "No. 5 Studio",
            "No. 5 Studio | N° 5 STUDIO",
            "No. 5 Studio | № 5 Studio",
            "studio.lumen",
            "Mill 1847",
            "4 Sisters",
        ),
        (
            "No. 9 Pottery",
            "No. 9 Pottery | Nº 9 Pottery",
            "atelier.noor",
            "Est. 1962 Leather",
            "2 Hands Clay",
            "Room 12",
        ),
    ),
    "addresses": Kind(
        (
            *("Willow & Thread | @willow_and_thread", "Willow & Thread | willowandthread.etsy.com"),
            *("Willow & Thread | www.willowandthread.com", "Willow & Thread | @willowthreadshop"),
            *("Quillmoor | @quillmoor", "Quillmoor | www.quillmoor.co.uk", "Töpferei Müller | toepferei-mueller.de"),
            *("Quillmoor | quillmoorstudio.com", "Stone Lark Pottery | etsy.com/shop/stonelarkpottery"),
        ),
        (
            *("Fern & Fable | @fern.and.fable", "Fern & Fable | fernandfable.etsy.com", "Velvet Crow | velvetcrow.com"),
            *("Velvet Crow | @velvetcrowhandmade", "Driftwood | @driftwood", "Driftwood | www.driftwood.shop"),
            *(
                "Nähkästchen | www.naehkaestchen.de",
                "Driftwood | driftwoodgoods.com",
                "Luna Ceramics | instagram.com/luna_ceramics",
            ),
        ),
    ),
    "2 to 4 letters": Kind(("Oma", "Ivy", "KÖ", "Nest", "Mø", "Fil"), ("Ada", "Lou", "Ö9", "Moss", "Bo", "Tuft")),
    "long, 3 lines": Kind(
        (
            *("The Little Yellow House Ceramic Studio", "Marigold and Juniper Handmade Candle Company"),
            *("Atelier de Poterie de la Vallée du Loup", "Grandmother Rosalind's Patchwork Quilt Workshop"),
        ),
        (
            *("Old Harbour Street Leather and Saddle Works", "The Wandering Hedgehog Natural Soap Kitchen"),
            *("Handweberei Schneider im alten Bahnhof", "North Country Maple Woodturning Cooperative"),
        ),
        "lines",
    ),
    "lower case, script": Kind(
        ("willow & thread", "stone lark pottery", "marigold made", "velvet crow", "luna ceramics"),
        ("fern and fable", "quiet river prints", "honey moon clay", "little acorn", "atelier noor"),
        "script",
    ),
    "spaced by 1 to 2 capitals": Kind(
        ("Willow & Thread", "QUILLMOOR", "Velvet Crow", "LUNA"),
        ("FERN & FABLE", "Driftwood", "Honey Moon", "OTIS"),
        "wide",
    ),
    "a letter a line": Kind(
        ("QUILLMOOR", "Driftwood", "VELVET CROW", "LUNA"), ("MARIGOLD", "Bramble", "HONEY MOON", "OTIS"), "vertical"
    ),
    "mirrored": Kind(
        ("Willow & Thread", "Quillmoor", "VELVET CROW", "Luna Ceramics"),
        ("Fern & Fable", "Driftwood", "HONEY MOON", "Stone Lark"),
        "mirrored",
    ),
}
_SCRIPT_FONTS = (
    "script",
    "vibes",
    "pacifico",
    "allura",
    "kristi",
    "z003",
    "lobster",
    "chorus",
    "leckerli",
    "stevehand",
)


@dataclass(frozen=True)
class Shown:
    """A picture, the name that is asked for, and what is written in it."""

    image: Pixels
    name: str
    written: str
    story: str


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--half", choices=HALVES, default="held")
    parser.add_argument("--only", nargs="*", default=list(KINDS))
    parser.add_argument("--rounds", type=int, default=2, help="pictures of each name")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--looks", type=int, help="only so many ways to search")
    parser.add_argument("--near", action="store_true", help="ask for names one letter off as well")
    options = parser.parse_args()
    photos = [path for path in sorted((options.corpus / "camera").glob("*.jpg")) if half_of(path) == options.half]
    print(
        "| kind | found | asked | too small | missed | near names found, asked | CPU s |\n|---|---|---|---|---|---|---|"
    )
    for kind in options.only:
        row(kind, list(pictures(kind, options.half, photos, options.rounds, options.seed)), options)


def row(kind: str, shown: Sequence[Shown], options: argparse.Namespace) -> None:
    start = time.process_time()
    answers: Counter[str] = Counter()
    for picture in shown:
        answers[answer := ask(picture.name, picture.image, options.looks)] += 1
        if answer != "found":
            print(answer, kind, picture.name, "|", picture.written, picture.story, file=sys.stderr, flush=True)
    spent = (time.process_time() - start) / max(1, len(shown))
    others: Counter[str] = Counter()
    for number, picture in enumerate(shown if options.near else ()):
        name = one_off(picture.name, random.Random(f"{kind} {number}"))
        others[answer := ask(name, picture.image, options.looks)] += 1
        if answer == "found":
            print("near", kind, name, "|", picture.written, picture.story, file=sys.stderr, flush=True)
    cells = [f"{answers[answer]}" for answer in ("found", "asked", "too small", "missed")]
    rivals = f"{others['found']}, {others['asked']} of {others.total()}" if options.near else "-"
    print(f"| {kind} ({len(shown)}) | " + " | ".join(cells) + f" | {rivals} | {spent:.1f} |", flush=True)


def ask(name: str, image: Pixels, most_looks: int | None) -> str:
    """What the reader says of a name: "found", "asked" (perhaps another), "too small" or "missed"."""
    found = TextReader([name]).find(Frame(image), most_looks=most_looks)
    if any(sighting.is_certain for sighting in found):
        return "found"
    return "asked" if any(sighting.other_name for sighting in found) else "too small" if found else "missed"


def one_off(name: str, rng: random.Random) -> str:
    """The name with another base letter: a vowel for a vowel, a consonant for a consonant."""
    place = rng.choice([n for n, letter in enumerate(name) if letter.isalpha()])
    alike = next((group for group in ("aeiou", "bdfghkmnprtvz") if fold(name[place]) in group), "xq")
    letter = rng.choice([letter for letter in alike if letter != fold(name[place])])
    return name[:place] + letter + name[place + 1 :]


def pictures(kind: str, half: str, photos: Sequence[Path], rounds: int, seed: int) -> Iterator[Shown]:
    given = KINDS[kind].tune if half == "tune" else KINDS[kind].held
    for count in range(rounds):
        for entry in given:
            name, _, written = (part.strip() for part in entry.partition("|"))
            shown = (show(name, written or name, KINDS[kind].layout, half, photos, n, seed + count) for n in range(40))
            yield from first_of(shown)


def first_of(shown: Iterator[Shown | None]) -> Iterator[Shown]:
    """The first that could be drawn, if any."""
    found = next(filter(None, shown), None)
    if found:
        yield found


def show(
    name: str, written: str, layout: str, half: str, photos: Sequence[Path], attempt: int, seed: int
) -> Shown | None:
    """The name on a tag or over a photo; None where it does not fit or a person could not read it."""
    rng = random.Random(f"{written} {layout} {seed} {attempt}")
    faces = faces_for(written, half, script=layout == "script")
    if not faces:
        return None
    font, photo, capital = rng.choice(faces), rng.choice(photos), rng.random() < 0.25
    text = written.upper() if capital and layout not in ("script", "mirrored") and "@" not in written else written
    mask = laid_out(text, font, layout, rng)
    cap_px = rng.choice([14, 18, 24, 32])
    way = rng.choice([name_scenes.tag, name_scenes.overlay])
    made = way(part_of(small(photo), rng), mask, cap_px / CAP, "plain", rng)
    story = f"{Path(font).stem} {way.__name__} cap {cap_px} on {photo.name}, {layout} {seed} {attempt}"
    return Shown(made[0], name, text, story) if made else None


def laid_out(text: str, font: str, layout: str, rng: random.Random) -> Floats:
    """Coverage of the ink, cut to it."""
    if layout == "lines":
        mask = name_scenes.below([name_scenes.pillow(line, font, CAP) for line in broken(text, 3)], CAP // 2)
    elif layout == "vertical":
        mask = name_scenes.below([name_scenes.pillow(letter, font, CAP) for letter in text if letter != " "], CAP // 3)
    elif layout == "wide":
        letters = [name_scenes.pillow(letter, font, CAP) for letter in text.replace(" ", "  ")]
        mask = name_scenes.beside(letters, round(rng.uniform(1.0, 2.0) * CAP), CAP // 2)
    else:
        mask = name_scenes.pillow(text, font, CAP)
    ys, xs = np.nonzero(mask > 0.2)
    cut = mask[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
    return np.ascontiguousarray(cut[:, ::-1] if layout == "mirrored" else cut)


def broken(text: str, lines: int) -> list[str]:
    """The words on so many lines of like length."""
    words = text.split()
    found: list[list[str]] = [[]]
    for word in words:
        full = len(" ".join([*found[-1], word])) > 1.15 * len(text) / lines
        if found[-1] and full and len(found) < lines:
            found.append([])
        found[-1].append(word)
    return [" ".join(line) for line in found]


@cache
def small(photo: Path) -> Pixels:
    return name_scenes.shrunk(load(photo), 1600)


def part_of(image: Pixels, rng: random.Random) -> Pixels:
    width, height = (min(side, have) for side, have in zip(SIDE, image.shape[1::-1], strict=True))
    left, top = rng.randint(0, image.shape[1] - width), rng.randint(0, image.shape[0] - height)
    return np.ascontiguousarray(image[top : top + height, left : left + width])


@cache
def faces_for(text: str, half: str, *, script: bool) -> list[str]:
    """Fonts of the half that have every letter, capitals and small ones."""
    letters = {letter for letter in text + text.upper() + text.lower() if not letter.isspace()}
    charset = " ".join(f"{ord(letter):x}" for letter in sorted(letters))
    listed = subprocess.run(["fc-list", f":charset={charset}", "file"], capture_output=True, text=True, check=True)
    able = {line.strip().rstrip(":").strip() for line in listed.stdout.splitlines()}
    fonts = [font for font in name_scenes.fonts() if font in able and half_of(Path(font)) == half]
    return [font for font in fonts if not script or any(hint in Path(font).stem.lower() for hint in _SCRIPT_FONTS)]


if __name__ == "__main__":
    main()
