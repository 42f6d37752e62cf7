# ruff: noqa: E501
"""Marks that are really there: printed, sewn, carved, chalked, lit; placed in linear light and photographed with the scene."""

from __future__ import annotations

import cv2
import numpy as np
from models.compose import words
from models.compose.artwork import any_art, lettering
from models.compose.camera import encoded, linear, photographed
from models.compose.grounds import warp

SHRINK = 2


def composed(backdrops: list[np.ndarray], rng, seen: list[str]) -> tuple[np.ndarray, list[tuple[np.ndarray, str]]]:
    """A scene with up to seven physical marks, through one camera. Quads in the picture's pixels."""
    gen = np.random.default_rng(rng.getrandbits(32))
    width, height = rng.choice([(1280, 960), (960, 720), (750, 1000), (1100, 820), (900, 900), (1200, 700)])
    scene = _stage(backdrops, rng, gen, width * SHRINK, height * SHRINK)
    marks = []
    for _ in range(rng.randint(5, 10)):
        try:
            mark = _place(scene, backdrops, rng, gen, seen, [m[0] for m in marks])
        except ValueError:
            continue
        if mark is not None:
            marks.append(mark)
    scene *= _light(scene.shape, rng, gen)
    pixels = photographed(scene, gen, SHRINK)
    return pixels, [(q / SHRINK, t) for q, t in marks]


def _stage(backdrops, rng, gen, width: int, height: int) -> np.ndarray:
    """A shrunk photo as the scene, or a table with objects cut out of photos."""
    photo = linear(rng.choice(backdrops))
    scale = max(width / photo.shape[1], height / photo.shape[0])
    scene = _cover(photo, width, height) if scale <= 1.05 or rng.random() < 0.25 else _table(rng, gen, width, height)
    if rng.random() < 0.6:
        for _ in range(rng.randint(3, 12)):
            _object(scene, backdrops, rng, gen)
    return scene


def _cover(photo: np.ndarray, width: int, height: int) -> np.ndarray:
    scale = max(width / photo.shape[1], height / photo.shape[0])
    big = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    return np.clip(big[:height, :width], 0, 1).copy()


def _table(rng, gen, width: int, height: int) -> np.ndarray:
    return cv2.resize(material(rng, gen, width // 2, height // 2), (width, height), interpolation=cv2.INTER_CUBIC).clip(
        0, 1
    )


def material(rng, gen, width: int, height: int) -> np.ndarray:
    """Paper, cloth, wood, stone, plaster: colour times a pattern. Linear, height x width x 3."""
    kind = rng.choice(["paper", "cloth", "wood", "stone", "plain", "cork"])
    base = linear(np.array([[[rng.randint(60, 250) for _ in range(3)]]], np.uint8))[0, 0]
    if rng.random() < 0.5:
        base = base.mean() * np.array([1.1, 1.0, rng.uniform(0.7, 0.95)], np.float32)
    pattern = _noise(
        gen, width, height, {"paper": 1.0, "cloth": 1.0, "wood": 1.5, "stone": 3.0, "plain": 6.0, "cork": 2.5}[kind]
    )
    strength = {"paper": 0.03, "cloth": 0.07, "wood": 0.1, "stone": 0.15, "plain": 0.02, "cork": 0.25}[
        kind
    ] * rng.uniform(0.5, 1.6)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    if kind == "cloth":
        pitch = rng.uniform(4, 12)
        pattern += 0.8 * (np.sin(x * 2 * np.pi / pitch) * np.sign(np.sin(y * 2 * np.pi / pitch + x * np.pi / pitch)))
    if kind == "wood":
        bend = cv2.GaussianBlur(_noise(gen, width, height, 40), (0, 0), 20) * 40
        pattern += 1.5 * np.sin((y + bend) * 2 * np.pi / rng.uniform(14, 50)) + _noise(gen, width, height, 1.2) * 0.5
    broad = _noise(gen, width, height, max(width, height) / 6) * 0.05
    return np.clip(base * (1 + strength * pattern + broad)[:, :, None], 0.004, 1).astype(np.float32)


def _noise(gen, width: int, height: int, sigma: float) -> np.ndarray:
    """Smooth noise of unit deviation."""
    step = max(1.0, sigma / 2)
    small = gen.standard_normal((int(height / step) + 3, int(width / step) + 3), np.float32)
    small = cv2.GaussianBlur(small, (0, 0), max(0.5, sigma / step))
    small /= small.std() + 1e-6
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def _object(scene, backdrops, rng, gen) -> None:
    """A box or disc of some material or photo texture, with a shadow."""
    h, w = scene.shape[:2]
    size = int(rng.uniform(0.08, 0.3) * w)
    texture = (
        material(rng, gen, size, size) if rng.random() < 0.5 else _cover(linear(rng.choice(backdrops)), size, size)
    )
    quad = _quad(rng, size, size, 50) + np.array([rng.uniform(0, w), rng.uniform(0, h)])
    _lay(scene, texture, np.ones((size, size), np.float32), quad, shadow=rng.uniform(0.2, 0.7), rng=rng)


def _quad(rng, width: float, height: float, most_deg: float) -> np.ndarray:
    """The picture of a width x height plate turned in space, centred at 0."""
    straight = rng.random() < 0.25
    yaw, pitch = (
        (rng.uniform(-3, 3), rng.uniform(-3, 3))
        if straight
        else (rng.uniform(-most_deg, most_deg), rng.uniform(-most_deg, most_deg))
    )
    roll = rng.gauss(0, 2) if straight or rng.random() < 0.4 else rng.gauss(0, 18)
    a, b, c = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    turn = (
        turn
        @ np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    )
    corners = (
        np.array([[-width, -height, 0], [width, -height, 0], [width, height, 0], [-width, height, 0]]) / 2 @ turn.T
    )
    far = rng.uniform(2, 6) * max(width, height)
    return corners[:, :2] * far / (far + corners[:, 2:])


def _lay(scene, texture, alpha, quad, *, shadow: float, rng) -> None:
    """Warps texture and alpha onto the quad of the scene, in place, with the shadow it throws."""
    h, w = scene.shape[:2]
    th, tw = texture.shape[:2]
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [tw, 0], [tw, th], [0, th]], np.float32), quad.astype(np.float32)
    )
    x0, y0 = np.maximum(np.floor(quad.min(0)).astype(int) - 40, 0)
    x1, y1 = np.minimum(np.ceil(quad.max(0)).astype(int) + 40, [w, h])
    if x1 - x0 < 8 or y1 - y0 < 8:
        return
    local = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1.0]]) @ matrix
    size = int(x1 - x0), int(y1 - y0)
    ratio = np.sqrt(tw * th / max(1.0, cv2.contourArea(quad.astype(np.float32))))
    if ratio > 1.5:
        texture, alpha = cv2.GaussianBlur(texture, (0, 0), ratio / 2.2), cv2.GaussianBlur(alpha, (0, 0), ratio / 2.2)
    cover = cv2.warpPerspective(alpha, local, size, flags=cv2.INTER_LINEAR)
    colour = cv2.warpPerspective(texture, local, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    part = scene[y0:y1, x0:x1]
    if shadow:
        dark = cv2.GaussianBlur(cover, (0, 0), rng.uniform(2, 14))
        dark = cv2.warpAffine(dark, np.float32([[1, 0, rng.uniform(-14, 14)], [0, 1, rng.uniform(0, 16)]]), size)
        part *= 1 - shadow * dark[:, :, None]
    part *= 1 - cover[:, :, None]
    part += colour * cover[:, :, None]


def _light(shape, rng, gen) -> np.ndarray:
    """A slope of light, a broad shadow now and then, a tint."""
    h, w = shape[:2]
    y, x = np.mgrid[-1:1:24j, -1:1:24j]
    slope = 1 + rng.uniform(0, 0.5) * (x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1))
    if rng.random() < 0.4:
        edge = 1 / (
            1 + np.exp(-(x * rng.uniform(-1, 1) + y * rng.uniform(-1, 1) + rng.uniform(-0.4, 0.4)) * rng.uniform(3, 20))
        )
        slope *= 1 - rng.uniform(0.1, 0.6) * edge
    field = cv2.resize(np.clip(slope, 0.15, 2).astype(np.float32), (w, h), interpolation=cv2.INTER_CUBIC)
    tint = np.array([rng.uniform(0.85, 1.2), 1.0, rng.uniform(0.75, 1.15)], np.float32)
    return field[:, :, None] * tint


KINDS = (
    "card",
    "card",
    "sticker",
    "tag",
    "envelope",
    "cloth",
    "carved",
    "embossed",
    "burnt",
    "chalk",
    "written",
    "neon",
    "screen",
    "metal",
    "wall",
    "straight",
    "package",
    "package",
    "poster",
    "poster",
    "poster",
)


def _place(scene, backdrops, rng, gen, seen, taken):
    kind = rng.choice(KINDS)
    letter = int(np.exp(rng.uniform(np.log(36), np.log(300))))
    texture, alpha, quad, text, glow = _plate(kind, letter, rng, gen, seen, backdrops)
    h, w = scene.shape[:2]
    th, tw = texture.shape[:2]
    place = _quad(rng, tw, th, 4 if kind in ("straight", "screen") or rng.random() < 0.25 else 55)
    place *= min(1, 0.75 * w / np.ptp(place[:, 0]), 0.7 * h / np.ptp(place[:, 1]))
    span = np.ptp(place, 0)
    for _ in range(12):
        at = np.array(
            [
                rng.uniform(span[0] / 2, max(span[0] / 2, w - span[0] / 2)),
                rng.uniform(span[1] / 2, max(span[1] / 2, h - span[1] / 2)),
            ]
        )
        box = place + at
        if all(_apart(box, other) for other in taken):
            break
    else:
        return None
    _lay(scene, texture, alpha, box, shadow=0 if kind in ("wall", "neon", "chalk") else rng.uniform(0, 0.7), rng=rng)
    if glow is not None:
        _lay_light(scene, glow, box, rng)
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [tw, 0], [tw, th], [0, th]], np.float32), box.astype(np.float32)
    )
    return warp(quad, matrix), text


def _apart(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((a.max(0) < b.min(0)).any() or (b.max(0) < a.min(0)).any())


def _lay_light(scene, glow, box, rng) -> None:
    lit = np.zeros_like(scene)
    _lay(lit, glow, np.ones(glow.shape[:2], np.float32), box, shadow=0, rng=rng)
    scene += lit + cv2.GaussianBlur(lit, (0, 0), 12) * 0.8 + cv2.GaussianBlur(lit, (0, 0), 40) * 0.4


def _plate(kind: str, letter: int, rng, gen, seen, backdrops):
    """Texture (linear), alpha, the lettering's quad on it, its text, and light that it gives off."""
    if kind in ("package", "poster"):
        return _designed(kind, letter, rng, gen, seen, backdrops)
    art = lettering(rng, letter, seen) if kind in ("written", "neon") else any_art(rng, letter, seen)
    margin = int(letter * rng.uniform(0.3, 2.2))
    ah, aw = art.rgba.shape[:2]
    width, height = aw + 2 * margin, ah + 2 * int(margin * rng.uniform(0.5, 2))
    x, y = (width - aw) // 2, int((height - ah) * rng.uniform(0.3, 0.7))
    cover = np.zeros((height, width), np.float32)
    cover[y : y + ah, x : x + aw] = art.rgba[:, :, 3] / 255.0
    quad = art.quad + np.array([x, y])
    ground = material(rng, gen, width, height)
    alpha = np.ones((height, width), np.float32)
    ink = linear(np.array([[words.colour(rng)]], np.uint8))[0, 0]
    if abs(float(ink.mean() - ground.mean())) < 0.12:
        ink = np.float32([0.01, 0.01, 0.012]) if ground.mean() > 0.2 else np.float32([0.85, 0.85, 0.8])
    cover = _worn(cover, kind, letter, rng, gen)
    glow = None
    if kind in ("card", "straight", "envelope", "tag", "sticker"):
        paper = rng.choice(
            [
                ground,
                np.full_like(ground, rng.uniform(0.6, 0.9)) * (1 + 0.01 * _noise(gen, width, height, 1.2))[:, :, None],
            ]
        )
        if (paper.mean() < 0.25 and ink.mean() < 0.3) or (paper.mean() > 0.5 and ink.mean() > 0.45):
            ink = np.float32([0.85, 0.84, 0.8]) if paper.mean() < 0.25 else np.float32([0.02, 0.02, 0.03])
        ground = _decorated(paper.astype(np.float32), rng, quad, seen, letter)
        alpha = _cutout(kind, width, height, rng)
    if kind == "wall":
        alpha = cover
        texture = (
            np.broadcast_to(ink, ground.shape).astype(np.float32)
            * (1 + 0.05 * _noise(gen, width, height, 2))[:, :, None]
        )
        return texture.astype(np.float32), alpha, quad, art.text, None
    if kind in ("carved", "embossed", "metal"):
        texture = _relief(ground, cover, kind, letter, ink, rng)
    elif kind == "neon":
        texture, glow = ground * 0.15, cover[:, :, None] * ink * rng.uniform(1.5, 5)
    elif kind == "screen":
        texture = np.where(rng.random() < 0.5, 0.02, 0.8) * np.ones_like(ground)
        shown = (
            ink
            if abs(float(ink.mean()) - float(texture.mean())) > 0.2
            else np.float32([0.9] * 3) * (texture.mean() < 0.3) + 0.01
        )
        texture = texture * (1 - cover[:, :, None]) + shown * cover[:, :, None] * rng.uniform(0.8, 1.6)
    else:
        density = cover[:, :, None] * (1 - rng.uniform(0, 0.12) * np.abs(_noise(gen, width, height, 2.0)))[:, :, None]
        texture = ground * (1 - density) + (ink if rng.random() < 0.7 else ink * ground / ground.mean()) * density
    if rng.random() < 0.2:
        texture = (
            texture
            + np.float32(rng.uniform(0.02, 0.3)) * np.clip(_noise(gen, width, height, width / 5), 0, None)[:, :, None]
        )
    return np.clip(texture, 0.002, 1.6).astype(np.float32), alpha, quad, art.text, glow


def _designed(kind: str, letter: int, rng, gen, seen, backdrops):
    """A print made with the very tools that also draw overlays, on flat colours or on a photo: style tells nothing."""
    from models.compose import badges, flat

    width, height = int(letter * rng.uniform(5, 9)), int(letter * rng.uniform(2.5, 5))
    if kind == "poster":
        base = _cover(linear(rng.choice(backdrops)), width, height)
        page = np.ascontiguousarray(np.clip(encoded(base) * 255, 0, 255).astype(np.uint8))
    else:
        page = np.full((height, width, 3), words.colour(rng), np.uint8)
        for _ in range(rng.randint(0, 4)):
            x, y = rng.randint(0, width), rng.randint(0, height)
            cv2.rectangle(
                page, (x, y), (x + rng.randint(10, width), y + rng.randint(10, height)), words.colour(rng), -1
            )
    paint = rng.choice([f for n, f in {**flat.STYLES, **badges.STYLES}.items() if n != "pil_curved"])
    page, marks = paint(page, rng, seen, int(letter * rng.uniform(0.7, 1.1)), False)
    marks = [
        (q, t) for q, t in marks if (q > -2).all() and (q < [width + 2, height + 2]).all() and np.ptp(q[:, 1]) > 24
    ]
    if not marks:
        raise ValueError("nothing was drawn")
    quad, text = rng.choice(marks)
    strength = rng.uniform(0.6, 0.95)
    texture = linear(page) * strength + rng.uniform(0, 0.04)
    texture = texture * (1 + rng.uniform(0, 0.03) * _noise(gen, width, height, 1.0))[:, :, None]
    return texture.astype(np.float32), np.ones((height, width), np.float32), quad, text, None


def _worn(cover, kind: str, letter: int, rng, gen) -> np.ndarray:
    """Ink bleeds, chalk breaks up, a hand shakes."""
    height, width = cover.shape
    rough = {"chalk": 0.06, "burnt": 0.03, "written": 0.03, "cloth": 0.02, "carved": 0.01}.get(
        kind, rng.choice([0, 0.004, 0.01])
    ) * letter
    if rough > 0.2:
        y, x = np.mgrid[:height, :width].astype(np.float32)
        sigma = 1.5 if kind in ("chalk", "cloth") else letter / 6
        cover = cv2.remap(
            cover,
            x + rough * _noise(gen, width, height, sigma),
            y + rough * _noise(gen, width, height, sigma),
            cv2.INTER_LINEAR,
        )
    if kind == "chalk":
        cover = cover * (0.65 + 0.35 * np.tanh(_noise(gen, width, height, 1.2)))
    if kind == "burnt":
        cover = np.clip(cv2.GaussianBlur(cover, (0, 0), letter * 0.03) * 0.7 + cover * 0.4, 0, 1)
    return np.clip(cover, 0, 1).astype(np.float32)


def _relief(ground, cover, kind: str, letter: int, ink, rng) -> np.ndarray:
    """Carved or raised letters: light on the slopes, the hollow a little darker."""
    height_map = cv2.GaussianBlur(cover, (0, 0), max(1.0, letter * rng.uniform(0.015, 0.05)))
    gx, gy = cv2.Sobel(height_map, cv2.CV_32F, 1, 0), cv2.Sobel(height_map, cv2.CV_32F, 0, 1)
    angle = rng.uniform(0, 2 * np.pi)
    shade = (gx * np.cos(angle) + gy * np.sin(angle)) * rng.uniform(1, 4)
    fill = cover * rng.uniform(0, 0.7) * (1 if kind == "carved" else rng.choice([-0.3, 0.3]))
    out = ground * np.clip(1 - fill + shade, 0.1, 2.5)[:, :, None]
    if kind == "metal":
        rows = np.linspace(0, 1, ground.shape[0], dtype=np.float32)[:, None]
        mirror = np.clip(0.5 + 0.5 * np.sin(rows * rng.uniform(4, 20) + rng.uniform(0, 6)) + shade, 0.02, 1.5)
        out = ground * (1 - cover[:, :, None]) + cover[:, :, None] * mirror[:, :, None] * np.clip(ink + 0.3, 0, 1)
    return out


def _cutout(kind: str, width: int, height: int, rng) -> np.ndarray:
    """The outline of the plate: straight, round corners, oval."""
    mask = np.zeros((height, width), np.float32)
    shape = "oval" if kind == "sticker" and rng.random() < 0.3 else "box"
    if shape == "oval":
        cv2.ellipse(mask, (width // 2, height // 2), (width // 2 - 2, height // 2 - 2), 0, 0, 360, 1.0, -1, cv2.LINE_AA)
        return mask
    r = int(rng.choice([0, 0, min(width, height) * rng.uniform(0.04, 0.25)]))
    cv2.rectangle(mask, (r, 0), (width - r, height), 1.0, -1)
    cv2.rectangle(mask, (0, r), (width, height - r), 1.0, -1)
    for cx, cy in ((r, r), (width - r - 1, r), (r, height - r - 1), (width - r - 1, height - r - 1)):
        cv2.circle(mask, (cx, cy), r, 1.0, -1, cv2.LINE_AA)
    return mask


def _decorated(paper, rng, quad, seen, letter: int) -> np.ndarray:
    """Rules, frames and small print around the mark."""
    height, width = paper.shape[:2]
    x0, (x1, y1) = quad[:, 0].min(), quad.max(0)
    ink = [float(v) for v in linear(np.array([[words.colour(rng)]], np.uint8))[0, 0]]
    paper = np.ascontiguousarray(paper)
    if rng.random() < 0.3:
        inset = int(letter * 0.2)
        cv2.rectangle(paper, (inset, inset), (width - inset, height - inset), ink, max(1, letter // 25), cv2.LINE_AA)
    if rng.random() < 0.5 and height - y1 > letter:
        small = lettering(rng, max(10, letter // 3), seen)
        sh, sw = small.rgba.shape[:2]
        if sw < width and y1 + sh < height:
            x, y = (width - sw) // 2, int(y1)
            a = small.rgba[:, :, 3:] / 255.0
            paper[y : y + sh, x : x + sw] = paper[y : y + sh, x : x + sw] * (1 - a) + np.float32(ink) * a
    if rng.random() < 0.3:
        cv2.line(
            paper,
            (int(x0), int(y1 + letter * 0.2)),
            (int(x1), int(y1 + letter * 0.2)),
            ink,
            max(1, letter // 20),
            cv2.LINE_AA,
        )
    return paper
