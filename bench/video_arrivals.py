"""Simulated clips for `video.py --part arrivals`: a camera on a tripod, and a mark that comes, rests and is read then.

What a program brings in, and what a hand, a lamp or a cut does. Followed as the product does it, from the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.records import Quad
from video_clips import Word, camera, label, laid, path, placed, slide, with_card

DIGITAL = ("fades-in", "slides-in", "plate-fades-in", "plate-slides-in", "fades-out")
PHYSICAL = ("put-down",)
NEUTRAL = ("pushed-in", "lamp-comes-up", "uncovered", "dissolve", "dissolve-plain", "stays")
"""Real marks of which nothing says so: a card that is pushed as evenly as a program would, and what changes the light
or the whole picture. A verdict of "digital" is a fault."""
KINDS = (*DIGITAL, *PHYSICAL, *NEUTRAL)
COUNT = 120
"""Frames: four seconds."""


@dataclass(frozen=True)
class Arrival:
    frames: list[np.ndarray]
    """RGB uint8, 640 x 480, before the codec."""
    quad: Quad
    """Of the mark at rest."""
    kind: str
    read_at: int
    """The frame in which it is read."""
    rests_from: int


def arrival(kind: str, word: Word, other: Word, rng: np.random.Generator, speed_px: float) -> Arrival:
    """At rest from frame 20 to 50 on, read in frame 60 or 90; or read in frame 0 or 30, and gone again later."""
    rests_from, read_at = int(rng.integers(20, 51)), int(rng.choice([60, 90]))
    frames, quad = _SCENES.get(kind, _titled)(kind, word, other, rng, speed_px, rests_from)
    shots = [camera(frame, rng) if kind not in DIGITAL else frame for frame in frames]
    if kind == "fades-out":
        shots, read_at = shots[::-1], int(rng.choice([0, 30]))
    return Arrival(shots, quad, kind, read_at, rests_from)


Scene = tuple[list[np.ndarray], Quad]


def _titled(kind: str, word: Word, other: Word, rng: np.random.Generator, speed_px: float, rests_from: int) -> Scene:
    """Words, or a plate with words, over the photo: faded in withx."""
    photo, _ = placed(word, rng)
    layer, quad = _whole_label(word.text, rng, "banner" if kind.startswith("plate") else "fade", photo)
    share, way = np.ones(COUNT), np.zeros((COUNT, 2))
    length = int(rng.integers(5, 15))
    if "slides" in kind:
        length = 20
        way[rests_from - 20 : rests_from] = arriving(rng, 20)
    if "slides" not in kind or rng.random() < 0.5:
        share = eased((np.arange(COUNT) - rests_from + length) / length, rng)
    share[: rests_from - length] = 0
    frames = (laid(camera(photo, rng), layer * (1, 1, 1, s), at) for s, at in zip(share, way, strict=True))
    return list(frames), _quad(quad)


def _whole_label(text: str, rng: np.random.Generator, kind: str, over: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One that is in view to its corners."""
    for _ in range(50):
        layer, quad = label(text, rng, kind, over)
        if quad.min() > 8 and quad[:, 0].max() < 632 and quad[:, 1].max() < 472:
            break
    return layer, quad


def arriving(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """count x 2: ends at the origin, as a program moves a layer there."""
    way = slide(rng, count)
    return way if np.abs(way[-1]).max() < 1e-9 else way[::-1]


def eased(share: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    share = np.clip(share, 0, 1)
    return share if rng.random() < 0.5 else share * share * (3 - 2 * share)


def _put_down(kind: str, word: Word, other: Word, rng: np.random.Generator, speed_px: float, rests_from: int) -> Scene:
    """A card that a hand brings and lets go, or that is pushed evenly."""
    ground, _ = placed(other, rng)
    photo, quad = placed(word, rng)
    ways = _hand(rng, speed_px, rests_from) if kind == "put-down" else _pushed(rng, rests_from)
    frames = [with_card(ground, photo, quad, way, turning=kind == "put-down") for way in ways]
    return frames, _quad(quad)


def _pushed(rng: np.random.Generator, rests_from: int) -> Iterator[np.ndarray]:
    moves = np.zeros((COUNT, 2))
    moves[rests_from - 20 : rests_from] = arriving(rng, 20)
    moves[: rests_from - 20] = moves[rests_from - 20]
    for x, y in moves:
        yield np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def _hand(rng: np.random.Generator, speed_px: float, rests_from: int) -> Iterator[np.ndarray]:
    """The way of a hand (see `path`), backwards, that slows down until it rests."""
    shots = path(rng, speed_px, COUNT)
    left = np.clip(rests_from - np.arange(COUNT), 0, None)
    at = np.minimum(left * left / (left + 6), COUNT - 2)
    for place in at:
        low = int(place)
        yield shots[low] + (place - low) * (shots[low + 1] - shots[low])


def _lamp(kind: str, word: Word, other: Word, rng: np.random.Generator, speed_px: float, rests_from: int) -> Scene:
    photo, quad = placed(word, rng)
    length = int(rng.integers(3, 20))
    share = eased((np.arange(COUNT) - rests_from + length) / length, rng)
    low = rng.uniform(0.03, 0.6)
    return [photo * (low + (1 - low) * s) for s in share], _quad(quad)


def _uncovered(kind: str, word: Word, other: Word, rng: np.random.Generator, speed_px: float, rests_from: int) -> Scene:
    """Something large, sharp or far out of focus, goes away from before the mark."""
    photo, quad = placed(word, rng)
    thing, _ = placed(other, rng)
    thing = cv2.GaussianBlur(thing, (0, 0), rng.uniform(0.1, 12))
    softness = float(rng.choice([0.8, 4, 15, 40]))
    frames = []
    for at in (np.arange(COUNT) - rests_from) * rng.uniform(8, 40):
        edge = quad.max(0)[0] + 3 * softness - at - 300 - np.arange(640)
        alpha = 1 / (1 + np.exp(-np.clip(edge / softness, -40, 40)))[None, :, None]
        frames.append(photo * (1 - alpha) + thing * alpha)
    return frames, _quad(quad)


def _dissolve(kind: str, word: Word, other: Word, rng: np.random.Generator, speed_px: float, rests_from: int) -> Scene:
    """One shot into the next, the mark in the second; "plain": on a wall that both show around the mark."""
    photo, quad = placed(word, rng)
    before, _ = placed(other, rng)
    if kind == "dissolve-plain":
        wall = int(rng.integers(60, 230))
        layer, quad = _whole_label(word.text, rng, "print", np.full_like(photo, wall))
        before, bare = (_walled(image, wall, quad) for image in (before, photo))
        photo = cv2.GaussianBlur(laid(bare, layer, (0, 0)), (0, 0), 0.8)
    length = int(rng.integers(5, 25))
    share = eased((np.arange(COUNT) - rests_from + length) / length, rng)
    return [before * (1 - s) + photo * s for s in share], _quad(quad)


def _walled(photo: np.ndarray, wall: int, quad: np.ndarray) -> np.ndarray:
    """The photo with a plain wall around the quad."""
    margin = 2.2 * float(np.hypot(*(quad[3] - quad[0])))
    low, high = quad.min(0) - margin, quad.max(0) + margin
    corners = (tuple(int(v) for v in corner) for corner in (low, high))
    return cv2.rectangle(photo.copy(), *corners, (wall, wall, wall), -1)


def _stays(kind: str, word: Word, other: Word, rng: np.random.Generator, speed_px: float, rests_from: int) -> Scene:
    photo, quad = placed(word, rng)
    return [photo] * COUNT, _quad(quad)


_SCENES = {
    "put-down": _put_down,
    "pushed-in": _put_down,
    "lamp-comes-up": _lamp,
    "uncovered": _uncovered,
    "dissolve": _dissolve,
    "dissolve-plain": _dissolve,
    "stays": _stays,
}


def _quad(points: np.ndarray) -> Quad:
    tl, tr, br, bl = ((float(x), float(y)) for x, y in points)
    return (tl, tr, br, bl)
