"""Small moving pictures: a cluttered scene larger than the view, lettering on it or on the picture, a shaky path."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np

from verify_media.records import Quad

VIEW = (480, 320)
"""Width and height."""
MARK: Quad = ((180.0, 140.0), (300.0, 140.0), (300.0, 172.0), (180.0, 172.0))
MARGIN = 160


def scene(seed: int = 3) -> np.ndarray:
    """Grey clutter, MARGIN larger than the view on every side, with a plain board where MARK is."""
    rng = np.random.default_rng(seed)
    image = np.full((VIEW[1] + 2 * MARGIN, VIEW[0] + 2 * MARGIN), 120, np.uint8)
    for _ in range(900):
        x, y, side = int(rng.integers(image.shape[1])), int(rng.integers(image.shape[0])), int(rng.integers(6, 30))
        cv2.rectangle(image, (x, y), (x + side, y + side // 2), int(rng.integers(20, 235)), -1)
    return cv2.GaussianBlur(image, (0, 0), 0.8)


def lettered(image: np.ndarray, at: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """WILLOW at MARK, moved by `at`, in the picture's own coordinates."""
    x, y = round(MARK[3][0] + at[0]) + 4, round(MARK[3][1] + at[1]) - 6
    return cv2.putText(image.copy(), "WILLOW", (x, y), cv2.FONT_HERSHEY_DUPLEX, 0.92, 250, 2, cv2.LINE_AA)


def board(image: np.ndarray, at: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """A dark card with a rim behind MARK."""
    low, high = (
        (round(MARK[0][0] + at[0]) - 30, round(MARK[0][1] + at[1]) - 26),
        (
            round(MARK[2][0] + at[0]) + 30,
            round(MARK[2][1] + at[1]) + 26,
        ),
    )
    cv2.rectangle(image, low, high, 60, -1)
    cv2.rectangle(image, (low[0] + 6, low[1] + 6), (high[0] - 6, high[1] - 6), 190, 2)
    for x in range(low[0] + 12, high[0] - 10, 22):
        cv2.circle(image, (x, high[1] - 14), 4, 220, -1)
    return image


def _shifted(layer: np.ndarray, at: tuple[float, float], flags: int = cv2.INTER_LINEAR) -> np.ndarray:
    x, y = at
    matrix = np.array([[1, 0, x], [0, 1, y]], np.float64)
    return np.asarray(cv2.warpAffine(layer, matrix, VIEW, flags=flags), np.float64)


def _laid(image: np.ndarray, layer: np.ndarray, alpha: np.ndarray, at: tuple[float, float]) -> np.ndarray:
    share = _shifted(alpha, at)
    return np.asarray(np.round(image * (1 - share) + _shifted(layer, at) * share), np.uint8)


def lettered_at(image: np.ndarray, at: tuple[float, float]) -> np.ndarray:
    """WILLOW at MARK, moved by `at` to a fraction of a pixel."""
    letters = lettered(np.zeros(VIEW[::-1], np.uint8))
    return _laid(image, np.full(VIEW[::-1], 250.0), letters / 250.0, at)


def carded(image: np.ndarray, at: tuple[float, float]) -> np.ndarray:
    """The card of `board` behind MARK, moved by `at` to a fraction of a pixel."""
    card = board(np.zeros(VIEW[::-1], np.uint8))
    return _laid(image, card.astype(np.float64), (cv2.GaussianBlur((card > 0).astype(np.float64), (0, 0), 0.6)), at)


def shaky(count: int, speed_px: float, seed: int = 5) -> np.ndarray:
    """count x 2: a hand's path that starts at the origin."""
    rng = np.random.default_rng(seed)
    steps = np.column_stack([np.full(count, speed_px), np.full(count, 0.4 * speed_px)])
    steps += rng.normal(0, 0.25 * speed_px, steps.shape)
    steps[0] = 0
    return np.asarray(np.cumsum(steps, axis=0))


def view(image: np.ndarray, x: float, y: float) -> np.ndarray:
    matrix = np.array([[1, 0, x - MARGIN], [0, 1, y - MARGIN]], np.float64)
    return np.asarray(cv2.warpAffine(image, matrix, VIEW), np.uint8)


def in_scene(image: np.ndarray) -> np.ndarray:
    """The large scene with board and lettering where the first view shows MARK."""
    return lettered(board(image.copy(), (MARGIN, MARGIN)), (MARGIN, MARGIN))


def pan(count: int = 16, speed_px: float = 2.0) -> list[np.ndarray]:
    whole = in_scene(scene())
    return [view(whole, x, y) for x, y in shaky(count, speed_px)]


def captioned_pan(count: int = 16, speed_px: float = 2.0) -> list[np.ndarray]:
    return [lettered(view(scene(), x, y)) for x, y in shaky(count, speed_px)]


def held_card(count: int = 16, speed_px: float = 2.0) -> list[np.ndarray]:
    """A still camera; the board with its lettering is moved by a hand."""
    ground = view(scene(), 0, 0)
    return [lettered_at(carded(ground, (x, y)), (x, y)) for x, y in shaky(count, speed_px)]


def passed_behind(count: int = 16) -> list[np.ndarray]:
    """A still camera and a still mark; something large moves behind it."""
    ground, thing = view(scene(), 0, 0), scene(9)[:200, :260]
    frames = []
    for number in range(count):
        frame = ground.copy()
        frame[60:260, 60 + 4 * number : 320 + 4 * number] = thing
        frames.append(lettered(frame))
    return frames


def write(path: Path, frames: list[np.ndarray], *, fps: int = 30, gop: int = 15) -> Path:
    """Grey frames as H.264."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={"crf": "20", "preset": "veryfast", "g": str(gop)})
        stream.height, stream.width = frames[0].shape
        stream.pix_fmt, stream.gop_size = "yuv420p", gop
        for pixels in frames:
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="gray")):
                out.mux(packet)
        for packet in stream.encode():
            out.mux(packet)
    return path
