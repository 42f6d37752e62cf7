"""Simulated clips for `video.py --part titles`: a title in the picture, and a real card that is held up for a second.

Before a camera on a tripod nothing else changes, so nearly all frames show what was read already; a hand-held look
around shows something new in each. What counts is whether the card is found, and what the looking costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from verify_media.records import Sighting
from video_clips import FPS, path, pipe

SIZE = (1280, 720)
TITLE_Y = 590
LETTERS_PX = (14, 18, 22, 26, 30)
"""Height of the capitals on the card, in pixels of the clip."""
KINDS = ("bare", "card", "letters", "pan")
"""Title only; with a card; with a clear sheet of which only the letters are seen; a card and a camera that moves."""


@dataclass(frozen=True)
class Titled:
    kind: str
    letters_px: int
    seconds: float
    shown_s: float
    """From when on the card is in view; for one second."""
    crf: int


def titled(number: int, rng: np.random.Generator, seconds: float) -> Titled:
    kind, crf = KINDS[number % len(KINDS)], (18, 23, 28, 34)[number // len(KINDS) % 4]
    return Titled(kind, LETTERS_PX[number % len(LETTERS_PX)], seconds, float(rng.uniform(0.5, seconds - 1.5)), crf)


def cropped(image: np.ndarray) -> np.ndarray:
    """A photo that fills the view."""
    factor = max(side / old for side, old in zip(SIZE, image.shape[1::-1], strict=True))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, None, fx=factor + 1e-6, fy=factor + 1e-6, interpolation=how)[: SIZE[1], : SIZE[0]]


def is_found(clip: Titled, sightings: Sequence[Sighting]) -> bool:
    """Whether one is of the time of the card, and not where the title is."""
    seen = [s for s in sightings if clip.shown_s - 0.05 <= (s.time_s or 0.0) <= clip.shown_s + 1.05]
    return any(sum(y for _, y in s.quad) / 4 < TITLE_Y - 20 for s in seen)


def write(clip: Titled, photo: np.ndarray, name: str, rng: np.random.Generator, target: Path) -> None:
    how = ["-c:v", "libx264", "-preset", "superfast", "-crf", str(clip.crf), "-g", str(FPS), "-pix_fmt", "yuv420p"]
    pipe(frames(clip, photo, name, rng), SIZE, [*how, "-threads", "1"], target)


def frames(clip: Titled, photo: np.ndarray, name: str, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """RGB uint8. The title stands from 2 s on for 6 s, or always, and is faded in and out."""
    count = int(clip.seconds * FPS)
    always = rng.random() < 0.5
    eyes = path(rng, 2.0, count) if clip.kind == "pan" else np.stack([np.eye(3)] * count)
    hand, at = path(rng, 1.5, FPS), rng.uniform((60, 60), (700, 380))
    x, y = at.astype(int)
    title, card = _title(name, rng), _card(name, clip, float(photo[y : y + 40, x : x + 240].mean()))
    first = int(clip.shown_s * FPS)
    grain = rng.integers(0, 9, (SIZE[1], SIZE[0], 3), np.uint8)
    for number in range(count):
        t = number / FPS
        picture = _seen(photo, eyes[number]) if clip.kind == "pan" else photo
        if clip.kind != "bare" and first <= number < first + FPS:
            picture = _over(picture, card, hand[number - first], at)
        share = 1.0 if always else float(np.clip((t - 2) / 0.4, 0, 1) * np.clip((8 - t) / 0.4, 0, 1))
        yield _titled(cv2.add(picture, np.roll(grain, 977 * number, axis=1)), title, share)


def _seen(photo: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """The photo mirrored at its edges, as a wide place to look around in."""
    return cv2.warpPerspective(photo, eye, SIZE, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _titled(picture: np.ndarray, title: np.ndarray, share: float) -> np.ndarray:
    rows = slice(TITLE_Y - 20, TITLE_Y + 100)
    alpha = share * title[rows, :, 3:]
    if share:
        picture[rows] = np.round(picture[rows] * (1 - alpha) + alpha * title[rows, :, :3])
    return picture


def _over(picture: np.ndarray, card: np.ndarray, way: np.ndarray, at: np.ndarray) -> np.ndarray:
    place = way @ np.array([[1, 0, at[0]], [0, 1, at[1]], [0, 0, 1]])
    layer = cv2.warpPerspective(card, place, SIZE, flags=cv2.INTER_LINEAR)
    return np.asarray(picture * (1 - layer[..., 3:]) + layer[..., :3] * layer[..., 3:], np.uint8)


def _title(name: str, rng: np.random.Generator) -> np.ndarray:
    """720 x 1280 x 4 float32: colour and opacity. White with a dark rim, centred low, as programs put it."""
    picture = Image.new("RGBA", SIZE)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(int(rng.uniform(44, 64)))
    box = draw.textbbox((0, 0), name, font=font)
    at = ((SIZE[0] - box[2]) // 2, TITLE_Y)
    draw.text(at, name, font=font, fill=(255, 255, 255, 255), stroke_width=3, stroke_fill=(0, 0, 0, 255))
    layer = np.asarray(picture, np.float32).copy()
    layer[..., 3] /= 255
    return layer


def _card(name: str, clip: Titled, ground: float) -> np.ndarray:
    """Paper with the name, a little out of focus; of "letters" only ink that stands out from the ground."""
    font = ImageFont.load_default(clip.letters_px / 0.72)
    box = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), name, font=font)
    pad, is_clear = int(1.2 * clip.letters_px), clip.kind == "letters"
    ink = (240, 240, 235) if is_clear and ground < 128 else (25, 25, 30)
    back = (*ink, 0) if is_clear else (230, 228, 220, 255)
    picture = Image.new("RGBA", (int(box[2] + 2 * pad), int(box[3] + 2 * pad)), back)
    ImageDraw.Draw(picture).text((pad, pad), name, font=font, fill=(*ink, 255))
    layer = cv2.GaussianBlur(np.asarray(picture, np.float32), (0, 0), 0.7)
    layer[..., 3] /= 255
    return layer
