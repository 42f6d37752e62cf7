"""Simulated clips for `video.py`: real photos seen by a moving camera, with words in the photo or on the picture."""

from __future__ import annotations

import csv
import hashlib
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import imageio_ffmpeg
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from verify_media.records import Quad

FPS = 30
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
PHYSICAL = ("pan", "object", "object-pan", "glide", "glide-pan")
DIGITAL = ("overlay", "see-through", "banner", "slide", "slide-still", "fade-still")
SLID_BANNERS = ("slide-banner", "slide-banner-still")
"""Opaque plates that slide in with their words: overlays that hide what is behind them, as a pushed card does."""
NEUTRAL = ("still", "overlay-still", "passing", "lights", "covered")
"""Nothing moves that could tell: a motion verdict on these is a fault, whichever it is."""


@dataclass(frozen=True)
class Clip:
    frames: list[np.ndarray]
    """RGB uint8, 640 x 480, before the codec."""
    quad: Quad
    """Of the mark in frame `start`."""
    kind: str
    start: int = 0
    """The first frame in which all of the mark is in view: nothing is read in earlier ones."""


@dataclass(frozen=True)
class Word:
    image: Path
    text: str
    quad: np.ndarray


def is_held(image: str) -> bool:
    """Half of the photos, by hash of the file name: weights are set on the others."""
    return hashlib.sha256(Path(image).name.encode()).digest()[0] % 2 == 1


def words(corpus: Path, half: str = "all", least_px: float = 14) -> list[Word]:
    """Those of one half of the photos: "fit", "held" or "all"."""
    with (corpus / "scene_text.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["legible"] == "1" and len(row["word"]) >= 3]
    rows = [row for row in rows if half == "all" or is_held(row["image"]) == (half == "held")]
    found = []
    for row in rows:
        quad = np.array([[float(row[f"{axis}{i}"]) for axis in "xy"] for i in range(1, 5)])
        if np.hypot(*(quad[3] - quad[0])) >= least_px and np.hypot(*(quad[1] - quad[0])) < 330:
            found.append(Word(corpus / row["image"], row["word"], quad))
    return found


def path(rng: np.random.Generator, speed_px: float, count: int) -> np.ndarray:
    """count x 3 x 3: a hand-held camera, `speed_px` per frame on average, with jitter, a little turn and zoom."""
    angle = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.15, count))
    steps = speed_px * np.column_stack([np.cos(angle), 0.6 * np.sin(angle)]) * rng.uniform(0.6, 1.4, (count, 1))
    steps += rng.normal(0, 0.12 * speed_px + 0.03, (count, 2))
    at = np.cumsum(steps, axis=0)
    share = min(1.0, speed_px / 4)
    turn = np.cumsum(rng.normal(0, 0.002 * share, count))
    zoom = np.exp(np.cumsum(rng.normal(0, 0.002 * share, count)))
    return np.stack(
        [_matrix(x, y, t, z) for (x, y), t, z in zip(at - at[0], turn - turn[0], zoom / zoom[0], strict=True)]
    )


def _matrix(x: float, y: float, turn: float, zoom: float, centre: tuple[float, float] = (320, 240)) -> np.ndarray:
    rotation = np.vstack([cv2.getRotationMatrix2D(centre, np.degrees(turn), zoom), [0, 0, 1]])
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) @ rotation


def warped(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return cv2.warpPerspective(image, matrix, (640, 480), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


NOISE = np.random.default_rng(0).normal(0, 2.0, (640, 800, 3)).astype(np.float32)


def camera(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Sensor noise, another piece of it for each frame."""
    y, x = int(rng.integers(160)), int(rng.integers(160))
    return cv2.add(frame.astype(np.float32), NOISE[y : y + 480, x : x + 640]).clip(0, 255).astype(np.uint8)


def clip(kind: str, word: Word, other: Word, rng: np.random.Generator, speed_px: float, count: int = 24) -> Clip:
    photo, quad = placed(word, rng)
    shots = path(rng, speed_px, count)
    still = np.stack([np.eye(3)] * count)
    if kind in ("pan", "still"):
        frames = [camera(warped(photo, m), rng) for m in (shots if kind == "pan" else still)]
        return Clip(frames, _quad(quad), kind)
    if kind in ("object", "object-pan", "passing"):
        ground, _ = placed(other, rng)
        eyes = path(rng, speed_px * 0.7, count) if kind == "object-pan" else still
        frames = [camera(with_card(warped(ground, e), photo, quad, m), rng) for e, m in zip(eyes, shots, strict=True)]
        if kind != "passing":
            return Clip(frames, _quad(quad), kind)
        layer, quad = label(word.text, rng, "overlay", ground)
        return Clip([laid(f, layer, (0, 0)) for f in frames], _quad(quad), kind)
    if kind.startswith("glide"):
        return _glide(kind, word, other, rng, shots if kind == "glide-pan" else still)
    if kind in ("lights", "covered"):
        return _dimmed(photo, quad, rng, count) if kind == "lights" else _covered(photo, quad, other, rng, count)
    eyes = still if kind.endswith("still") else shots
    layer, quad = label(word.text, rng, "banner" if kind in SLID_BANNERS else kind, photo)
    moves = slide(rng, count) if kind.startswith("slide") else np.zeros((count, 2))
    shown = faded(rng, count) if kind.startswith("fade") else np.ones(count)
    frames = [
        laid(camera(warped(photo, e), rng), layer * (1, 1, 1, share), at)
        for e, at, share in zip(eyes, moves, shown, strict=True)
    ]
    return _seen(frames, quad[None] + moves[:, None], kind)


def _seen(frames: list[np.ndarray], places: np.ndarray, kind: str, margin_px: float = 4) -> Clip:
    """With its mark, of the quads frames x 4 x 2, in the first frame in which all of it is in view; else in frame 0."""
    inside = ((places >= margin_px) & (places <= np.array([640, 480]) - margin_px)).all(axis=(1, 2))
    start = int(np.argmax(inside))
    return Clip(frames, _quad(places[start]), kind, start)


def faded(rng: np.random.Generator, count: int) -> np.ndarray:
    """Opacity by frame: whole, then gone within 5 to 14 frames, evenly or eased. Backwards it is a title that comes."""
    start, length = int(rng.integers(0, 9)), int(rng.integers(5, 15))
    share = np.clip((np.arange(count) - start) / length, 0, 1)
    return 1 - (share if rng.random() < 0.5 else share * share * (3 - 2 * share))


def _glide(kind: str, word: Word, other: Word, rng: np.random.Generator, eyes: np.ndarray) -> Clip:
    """A real card that is pushed over the ground as evenly as any program would: only its support tells."""
    ground, _ = placed(other, rng)
    photo, quad = placed(word, rng)
    margin = float(rng.uniform(0.3, 2.5))
    if rng.random() < 0.5:
        photo = np.full_like(photo, int(rng.integers(40, 230)))
        layer, quad = label(word.text, rng, "print", photo)
        photo = cv2.GaussianBlur(laid(photo, layer, (0, 0)), (0, 0), rng.uniform(0.6, 1.2))
    moves = slide(rng, len(eyes))
    ways = [eye @ _matrix(*move, 0.0, 1.0) for eye, move in zip(eyes, moves, strict=True)]
    frames = [
        camera(with_card(warped(ground, eye), photo, quad, own, margin, turning=False), rng)
        for eye, own in zip(eyes, ways, strict=True)
    ]
    return _seen(frames, np.stack([cv2.perspectiveTransform(quad[None], own)[0] for own in ways]), kind)


def _dimmed(photo: np.ndarray, quad: np.ndarray, rng: np.random.Generator, count: int) -> Clip:
    """A lamp that goes out, or a cloud: all of the picture."""
    shares = 1 - rng.uniform(0.4, 0.97) * np.clip(np.arange(count) / rng.integers(5, 20), 0, 1)
    return Clip([camera(photo * share, rng) for share in shares], _quad(quad), "lights")


def _covered(photo: np.ndarray, quad: np.ndarray, other: Word, rng: np.random.Generator, count: int) -> Clip:
    """Something large, sharp or far out of focus, moves over the mark."""
    thing, _ = placed(other, rng)
    thing = cv2.GaussianBlur(thing, (0, 0), rng.uniform(0.1, 12))
    softness = float(rng.choice([0.8, 4, 15, 40]))
    frames = []
    for at in np.linspace(rng.uniform(-60, 0), rng.uniform(300, 700), count):
        edge = quad.min(0)[0] - 3 * softness + at * 0.7 - np.arange(640)
        alpha = (1 / (1 + np.exp(-np.clip(edge / softness, -40, 40))))[None, :, None]
        frames.append(camera(photo * (1 - alpha) + thing * alpha, rng))
    return Clip(frames, _quad(quad), "covered")


def placed(word: Word, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The photo, 640 wide or up to 1.5 times that, moved so that the word is well inside the view; and its quad."""
    image = cv2.cvtColor(cv2.imread(str(word.image)), cv2.COLOR_BGR2RGB)
    scale = 640 / image.shape[1] * rng.uniform(1.0, 1.5)
    centre = word.quad.mean(0) * scale
    to = np.array([rng.uniform(220, 420), rng.uniform(170, 310)])
    to = np.clip(centre, to - 60, to + 60) if scale < 1.1 else to
    matrix = np.array([[scale, 0, to[0] - centre[0]], [0, scale, to[1] - centre[1]], [0, 0, 1]])
    quad = word.quad * scale + (to - centre)
    big = cv2.warpPerspective(image, matrix, (640, 480), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return big, quad


def with_card(
    ground: np.ndarray,
    photo: np.ndarray,
    quad: np.ndarray,
    matrix: np.ndarray,
    margin: float = 0.9,
    turning: bool = True,
) -> np.ndarray:
    """A rectangle of the photo around the word, `margin` letter heights wider, as a card moved over the ground."""
    height = np.hypot(*(quad[3] - quad[0]))
    low, high = quad.min(0) - margin * height - 8, quad.max(0) + margin * height + 8
    mask = np.zeros((480, 640), np.float32)
    cv2.rectangle(mask, tuple(int(v) for v in low), tuple(int(v) for v in high), 1.0, -1)
    centre = quad.mean(0)
    own = _about(matrix, centre) if turning else matrix
    alpha = cv2.warpPerspective(cv2.GaussianBlur(mask, (0, 0), 0.8), own, (640, 480))[..., None]
    return ground * (1 - alpha) + warped(photo, own) * alpha


def _about(matrix: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """The same turn and zoom about another centre, so that a card turns in the hand."""
    shift = np.array([[1, 0, centre[0] - 320], [0, 1, centre[1] - 240], [0, 0, 1]])
    return shift @ matrix @ np.linalg.inv(shift)


def slide(rng: np.random.Generator, count: int) -> np.ndarray:
    """count x 2: eased in from one side and then at rest, or a scroll at one speed."""
    share = np.clip(np.linspace(0, 1, count) / rng.choice([1.0, 1.0, 0.6]), 0, 1)
    way = np.array([rng.choice([-1, 1]), 0]) if rng.random() < 0.6 else np.array([0, rng.choice([-1, 1])])
    if rng.random() < 0.5:
        return np.outer(share, way * rng.uniform(30, 120))
    rest = (1 - share) ** rng.choice([2, 3]) if rng.random() < 0.7 else 1 - share * share * (3 - 2 * share)
    return np.outer(rest, way * rng.uniform(40, 160))


def label(text: str, rng: np.random.Generator, kind: str, over: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """480 x 640 x 4 float32 (colour, opacity), and the quad of the letters: readable on `over`, wherever it is put."""
    font = ImageFont.load_default(int(rng.uniform(16, 48)))
    picture = Image.new("RGBA", (640, 480))
    draw = ImageDraw.Draw(picture)
    box = draw.textbbox((0, 0), text, font=font)
    width, height = box[2] - box[0], box[3] - box[1]
    x, y = rng.uniform(12, max(13, 628 - width)), rng.uniform(12, 468 - height)
    ground = float(over[int(y) : int(y + height), int(x) : int(x + width)].mean())
    if kind == "banner":
        ground, pad = rng.uniform(0, 255), rng.uniform(0.4, 2.2) * height
        draw.rectangle((x - pad, y - pad, x + width + pad, y + height + pad), fill=(int(ground),) * 3)
    outline = int(rng.integers(0, 3)) if kind.split("-")[0] in ("overlay", "slide", "fade") else 0
    stroke = (0, 0, 0, 255)
    draw.text(
        (x - box[0], y - box[1]), text, font=font, fill=_ink(ground, rng), stroke_width=outline, stroke_fill=stroke
    )
    layer = np.asarray(picture, np.float32).copy()
    layer[..., 3] *= (rng.uniform(0.4, 0.75) if kind == "see-through" else 1.0) / 255
    return layer, np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])


def _ink(ground: float, rng: np.random.Generator) -> tuple[int, int, int]:
    """White or black, whichever stands out, or a tint of it."""
    ink = 255 if ground < 128 else 0
    tint = rng.integers(0, 60, 3)
    red, green, blue = (int(abs(ink - t)) for t in tint)
    return red, green, blue


def laid(frame: np.ndarray, layer: np.ndarray, at: np.ndarray | tuple[float, float]) -> np.ndarray:
    """The layer over the frame, moved by `at`; what hangs over the frame's edges is cut off."""
    matrix = np.array([[1, 0, at[0]], [0, 1, at[1]]], np.float64)
    moved = cv2.warpAffine(layer, matrix, (frame.shape[1], frame.shape[0]))
    alpha = moved[..., 3:]
    return np.clip(frame * (1 - alpha) + moved[..., :3] * alpha, 0, 255).astype(np.uint8)


def _quad(points: np.ndarray) -> Quad:
    return tuple((float(x), float(y)) for x, y in points)  # type: ignore[return-value]


def write(frames: list[np.ndarray], target: Path, crf: int, preset: str = "veryfast", gop: int = 250) -> None:
    height, width = frames[0].shape[:2]
    with av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"crf": str(crf), "preset": preset, "g": str(gop)})
        stream.width, stream.height, stream.pix_fmt, stream.time_base = width, height, "yuv420p", Fraction(1, FPS)
        for pixels in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)


def pipe(frames: Iterable[np.ndarray], size: tuple[int, int], how: Sequence[str], target: Path) -> None:
    """Encode many RGB frames, one held at a time, by ffmpeg; `how`: its options for the output."""
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(FPS), "-i", "-"]
    command = [FFMPEG, "-v", "error", "-y", *raw, *how, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        for pixels in frames:
            process.stdin.write(pixels.tobytes())


def read_grey(source: Path) -> Iterator[np.ndarray]:
    with av.open(str(source)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="gray")
