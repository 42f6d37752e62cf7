"""Small pictures and clips for the tests, made on the spot."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
"""Top left red, top right green, bottom left blue, bottom right yellow: any wrong turn or mirror shows."""


def quadrants(width: int = 64, height: int = 48) -> NDArray[np.uint8]:
    pixels = np.zeros((height, width, 3), np.uint8)
    for index, colour in enumerate(CORNERS):
        top, left = index // 2 * height // 2, index % 2 * width // 2
        pixels[top : top + height // 2, left : left + width // 2] = colour
    return pixels


def corners_of(pixels: NDArray[np.uint8]) -> list[tuple[int, ...]]:
    """Colours at a quarter from each corner, in the order of CORNERS."""
    height, width = pixels.shape[:2]
    spots = [(y, x) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    return [tuple(int(v) for v in pixels[spot]) for spot in spots]


def is_like(a: list[tuple[int, ...]], b: object = CORNERS, slack: int = 40) -> bool:
    return bool(np.abs(np.array(a, int) - np.array(b, int)).max() <= slack)


def textured(width: int = 320, height: int = 240, seed: int = 0) -> NDArray[np.uint8]:
    """Something like a photo: soft shapes of many sizes."""
    noise = np.random.default_rng(seed)
    total = np.zeros((height, width, 3), np.float64)
    for cells in (3, 6, 12, 40):
        layer = noise.integers(0, 256, (cells, cells, 3), np.uint8)
        total += np.asarray(Image.fromarray(layer).resize((width, height), Image.Resampling.BICUBIC), float)
    return np.clip((total / 4 - 128) * 2 + 128, 0, 255).astype(np.uint8)


def clip(
    path: Path,
    *,
    frames: int = 30,
    size: tuple[int, int] = (96, 64),
    fps: int = 10,
    gop: int = 10,
    codec: str = "libx264",
    moves: bool = True,
    pixels: NDArray[np.uint8] | None = None,
    container: str | None = None,
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
) -> Path:
    """A clip of the four corners whose brightness tells the frame number, or of `pixels`."""
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        stream = out.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = *size, "yuv420p", gop
        stream.time_base = Fraction(1, fps)
        stream.options = {"bf": "0", "sc_threshold": "0"} if codec == "libx264" else {}
        out.metadata.update(metadata or {})
        picture = quadrants(*size) if pixels is None else pixels
        for number in range(frames):
            shown = (picture * (1 - 0.5 * number / frames)).astype(np.uint8) if moves else picture
            frame = av.VideoFrame.from_ndarray(shown, format="rgb24")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def turn_clip(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a, b, c, d of a display matrix (in whole units) into every track header of an MP4."""
    data = bytearray(path.read_bytes())
    a, b, c, d = (value << 16 for value in matrix)
    at = data.find(b"tkhd")
    while at >= 0:
        start = at + 4 + (52 if data[at + 4] == 1 else 40)
        data[start : start + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
        at = data.find(b"tkhd", at + 4)
    path.write_bytes(data)
    return path


def dng(path: Path, *, width: int = 64, height: int = 48, cut: bool = False) -> Path:
    """The smallest DNG that LibRaw develops: a grey 16-bit Bayer mosaic without compression."""
    pixels = np.full((height, width), 20_000, "<u2").tobytes()
    one = struct.pack("<ii", 1, 1)
    matrix = b"".join(struct.pack("<ii", int(v * 10_000), 10_000) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    entries: list[tuple[int, int, int, bytes]] = [
        (254, 4, 1, struct.pack("<I", 0)),
        (256, 4, 1, struct.pack("<I", width)),
        (257, 4, 1, struct.pack("<I", height)),
        (258, 3, 1, struct.pack("<H", 16)),
        (259, 3, 1, struct.pack("<H", 1)),
        (262, 3, 1, struct.pack("<H", 32803)),
        (271, 2, 5, b"Test\0"),
        (272, 2, 4, b"One\0"),
        (273, 4, 1, b"PIXL"),
        (274, 3, 1, struct.pack("<H", 6)),
        (277, 3, 1, struct.pack("<H", 1)),
        (278, 4, 1, struct.pack("<I", height)),
        (279, 4, 1, struct.pack("<I", len(pixels))),
        (33421, 3, 2, struct.pack("<HH", 2, 2)),
        (33422, 1, 4, bytes((0, 1, 1, 2))),
        (50706, 1, 4, bytes((1, 4, 0, 0))),
        (50708, 2, 5, b"Test\0"),
        (50717, 4, 1, struct.pack("<I", 65535)),
        (50721, 10, 9, matrix),
        (50728, 5, 3, one * 3),
        (50778, 3, 1, struct.pack("<H", 21)),
    ]
    path.write_bytes(_tiff(entries, pixels[: len(pixels) // 3] if cut else pixels))
    return path


def _tiff(entries: list[tuple[int, int, int, bytes]], pixels: bytes) -> bytes:
    table_end = 8 + 2 + 12 * len(entries) + 4
    extra = b"".join(value + b"\0" * (len(value) % 2) for *_, value in entries if len(value) > 4)
    table, at = struct.pack("<H", len(entries)), table_end
    for tag, kind, count, value in entries:
        if value == b"PIXL":
            value = struct.pack("<I", table_end + len(extra))
        if len(value) > 4:
            table += struct.pack("<HHII", tag, kind, count, at)
            at += len(value) + len(value) % 2
        else:
            table += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", 8) + table + b"\0\0\0\0" + extra + pixels
