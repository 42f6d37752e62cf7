"""What a file says about its making: programs, content credentials, a screen's size, a preview that differs.

Reported and weighed lightly. A file that says nothing is as good as any other.
"""

from __future__ import annotations

import io
import re
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PilImage

from verify_media.messages import message
from verify_media.records import Cue, Kind, MediaItem

HEAD_BYTES, TAIL_BYTES = 4_000_000, 1_000_000
"""Metadata lies in front in JPEG, PNG and HEIC, behind in some MP4."""

EDITORS = (
    "Photoshop",
    "Lightroom",
    "GIMP",
    "Canva",
    "PicsArt",
    "Snapseed",
    "Pixelmator",
    "Affinity",
    "paint.net",
    "Paint Shop",
    "PhotoScape",
    "Facetune",
    "InShot",
    "CapCut",
    "Pixlr",
    "Fotor",
    "BeFunky",
    "VSCO",
    "Meitu",
    "Polarr",
    "Krita",
    "Inkscape",
    "ImageMagick",
    "iWatermark",
    "Watermark",
    "Adobe Express",
    "Adobe Spark",
    "PhotoRoom",
    "Picsart",
    "Kinemaster",
    "Premiere",
    "After Effects",
    "DaVinci",
    "Filmora",
    "Lavf",
    "HandBrake",
)
"""Programs that can add to a picture. The last two only convert, and are named without a cure."""
CONVERTERS = ("Lavf", "HandBrake")
_C2PA_ACTION = re.compile(rb"c2pa\.(edited|placed|drawing|composited|filtered|created|opened|converted|transcoded)")
_GENERATORS = (b"trainedAlgorithmicMedia", b"compositeWithTrainedAlgorithmicMedia", b"compositeSynthetic")
EDITS = ("edited", "placed", "drawing", "composited")
SCREENS = {
    (750, 1334),
    (828, 1792),
    (1080, 1920),
    (1080, 2160),
    (1080, 2220),
    (1080, 2280),
    (1080, 2310),
    (1080, 2340),
    (1080, 2400),
    (1080, 2412),
    (1125, 2436),
    (1170, 2532),
    (1179, 2556),
    (1206, 2622),
    (1242, 2208),
    (1242, 2688),
    (1284, 2778),
    (1290, 2796),
    (1320, 2868),
    (1440, 2560),
    (1440, 2960),
    (1440, 3040),
    (1440, 3088),
    (1440, 3120),
    (1440, 3200),
    (1536, 2048),
    (1620, 2160),
    (1668, 2388),
    (2048, 2732),
}
"""Portrait screens of phones and tablets; 1080 x 1920 is also a video's size and counts for photos only."""
THUMBNAIL_LIKENESS = 0.6
"""Cameras' own previews correlate above 0.97 with the picture, other pictures below 0.6."""


def file_traces(path: Path, item: MediaItem) -> tuple[Cue, ...]:
    """Cues with sentences. Empty for a file that cannot be read or says nothing."""
    try:
        data = _ends(path)
    except OSError:
        return ()
    found = (_program(data, item), _credentials(data), _screen(item), _thumbnail(path, item))
    return tuple(cue for cue in found if cue)


def _ends(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        size = file.seek(0, io.SEEK_END)
        file.seek(max(len(head), size - TAIL_BYTES))
        return head + file.read()


def _program(data: bytes, item: MediaItem) -> Cue | None:
    """A program by its name in EXIF, or where XMP and PNG texts name the tool."""
    named = item.capture.software or ""
    tools = re.findall(rb"(?:CreatorTool|softwareAgent|Software|History)[^<\x01-\x08]{0,80}", data)
    text = named + " " + b" ".join(tools).decode("latin-1")
    found = next((name for name in EDITORS if name.lower() in text.lower()), None)
    if found is None:
        return Cue("camera_software", 0.0, message("file-camera-software", name=named)) if named else None
    key = "file-camera-software" if found in CONVERTERS else "file-editor"
    return Cue("editor_named", 1.0, message(key, name=found))


def _credentials(data: bytes) -> Cue | None:
    """The JUMBF box of C2PA, and the actions that its manifest records (C2PA 2.1, section 18)."""
    if b"jumb" not in data or b"c2pa" not in data:
        return None
    actions = {match.decode() for match in _C2PA_ACTION.findall(data)}
    if any(generator in data for generator in _GENERATORS):
        return Cue("credentials", 1.0, message("file-credentials-edited", action="computer-made"))
    if edits := sorted(actions.intersection(EDITS)):
        return Cue("credentials", 1.0, message("file-credentials-edited", action=", ".join(edits)))
    return Cue("credentials", 0.0, message("file-credentials"))


def _screen(item: MediaItem) -> Cue | None:
    size = min(item.width, item.height), max(item.width, item.height)
    if item.kind is not Kind.PHOTO or size not in SCREENS or item.capture.make or item.capture.model:
        return None
    return Cue("screen_size", 1.0, message("file-screen-size", width=item.width, height=item.height))


def _thumbnail(path: Path, item: MediaItem) -> Cue | None:
    """The correlation of EXIF's preview with the picture, where it says that they differ."""
    if item.media_type != "image/jpeg":
        return None
    try:
        with PilImage.open(path, formats=("JPEG",)) as picture:
            preview = picture.getexif().get_ifd(1)
            start, length = preview.get(0x0201), preview.get(0x0202)
            block = picture.info.get("exif", b"")
            if not start or not length or not block:
                return None
            small = PilImage.open(io.BytesIO(block[6 + start : 6 + start + length]), formats=("JPEG",)).convert("L")
            picture.draft("L", (320, 320))
            likeness = _likeness(np.asarray(small), np.asarray(picture.convert("L")))
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):
        return None
    return (
        Cue("thumbnail_likeness", likeness, message("file-thumbnail-differs"))
        if likeness < THUMBNAIL_LIKENESS
        else None
    )


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation at 32 x 24. Black bars that fill a preview up to 4:3 are left out with its rim."""
    wide = other.shape[1] / other.shape[0]
    ratio = one.shape[1] / one.shape[0]
    if abs(wide / ratio - 1) > 0.03:
        keep = min(1.0, wide / ratio), min(1.0, ratio / wide)
        x, y = (round(side * (1 - k) / 2) for side, k in zip(one.shape[::-1], keep, strict=True))
        one = one[y : one.shape[0] - y, x : one.shape[1] - x]
    a, b = (cv2.resize(p, (32, 24), interpolation=cv2.INTER_AREA).astype(np.float64).ravel() for p in (one, other))
    if a.std() < 2 or b.std() < 2:
        return 1.0
    return float(np.corrcoef(a, b)[0, 1])
