"""Looks: ways to search a picture for text, cheapest first. Each gives strips to read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from verify_media.readers.arcs import rings, unrolled
from verify_media.readers.ocr_detect import Region, Weights, detect, regions_in
from verify_media.readers.spaced_arcs import spaced_arcs
from verify_media.readers.strips import Pyramid, Strip, straight
from verify_media.readers.tiles import detailed, tiles, within
from verify_media.readers.view import Box, View

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LookSettings:
    """Sides are of the picture as the detector sees it; letters need about 9 px there. Budgets are in its pixels: a
    million cost half a CPU second."""

    coarse_side: int = 640
    closer: float = 2.5
    """Scale of a closer look over that of the first one."""
    max_upscale: float = 2.5
    closer_budget_px: float = 4.0e6
    fine_side: int = 2560
    fine_budget_px: float = 4.2e6
    turned: float = 1.5
    turned_budget_px: float = 1.2e6
    """Of the windows before they are turned, which about doubles them."""
    turn_deg: float = 45.0
    """The detector boxes lines well up to 30 degrees either way."""
    colour_range: float = 12.0
    """CIELAB units between the tails of a colour channel below which there is nothing to look at."""
    colour_tail: float = 0.0005
    """Share of the pixels beyond either end of the range: a small name must not be among them."""

    overlaid: float = 0.9
    """Text probability of the pixels of an overlay's box; from less on, the name and the lettering below it grow into
    one. Of 27 overlays, 24 of which the other looks missed or asked about (`tune` and composed signs), 1, 3, 7 and 9
    are found at 0.3, 0.5, 0.7 and 0.9, with 15, 50, 36 and 25 strips to read, arcs of the boxes among them."""

    overlaid_glance_side: int = 320
    """At this size bulbs, stitches and patterns within large letters melt into strokes. A shop's sign of bulbs is found
    at 256 and 320, and at 384 and 448 from a lower probability on; by the other weights at 256 alone or not at all."""
    overlaid_glance_letters_px: float = 34.0
    """Height of a box there from which on it is read: from smaller ones, words are cut (133 of A133 at 32, holiday of
    Holidays at 21)."""


SETTINGS = LookSettings()
Look = Callable[[View], Sequence[Strip]]


def first(view: View) -> list[Strip]:
    """The whole picture, small."""
    return strips(view.pyramid, regions_in(view.impression(Weights.V6), view.image))


def second_detector(view: View) -> list[Strip]:
    """The same with the other weights: they see bent lines better."""
    return strips(view.pyramid, regions_in(view.impression(Weights.V4), view.image))


def closer(view: View) -> list[Strip]:
    """Only what hinted at text in the looks before and was not read, at full size or larger."""
    scale = min(max(SETTINGS.closer * view.scale, 1.0), SETTINGS.max_upscale)
    boxes = [tile for box in view.unread() for tile in tiles(box, scale)]
    return _inside(view, within(boxes, scale, SETTINGS.closer_budget_px), scale)


def turned(view: View) -> list[Strip]:
    """The same places turned by 45 degrees, for lines that run diagonally."""
    scale = min(SETTINGS.turned * view.scale, SETTINGS.max_upscale)
    boxes = within([tile for box in view.unread() for tile in tiles(box, scale)], scale, SETTINGS.turned_budget_px)
    return strips(view.pyramid, [region for box in boxes for region in _askew(view.pyramid, box, scale)])


def coarser(view: View) -> list[Strip]:
    """Very small, for letters so large that the detector sees their strokes one by one."""
    return glance(view, SETTINGS.coarse_side)


def glance(view: View, side_px: int) -> list[Strip]:
    """The whole picture at a smaller size than the first look's."""
    return strips(view.pyramid, detect(view.image, _glance_scale(view, side_px), Weights.V6))


def _glance_scale(view: View, side_px: int) -> float:
    return float(min(side_px / max(view.image.shape[:2]), view.scale))


def finer(view: View) -> list[Strip]:
    """Twice as fine, where there is detail."""
    height, width = view.image.shape[:2]
    scale = min(SETTINGS.fine_side / max(height, width), SETTINGS.max_upscale)
    boxes = detailed(view.image, tiles((0, 0, width, height), scale))
    return _inside(view, within(boxes, scale, SETTINGS.fine_budget_px), scale)


def contrast(view: View) -> list[Strip]:
    """A copy in which faint lettering stands out as much as strong lettering."""
    small, ratio = _small(view.image, view.scale)
    copy = local_contrast(small)
    regions = detect(copy, 1.0, Weights.V6)
    return [*strips(view.pyramid, [_moved(region, ratio) for region in regions]), *_read_in(copy, regions, ratio)]


def colours(view: View) -> list[Strip]:
    """Copies without brightness, for coloured lettering that lies over other lettering or over light and shadow."""
    small, ratio = _small(view.image, view.scale)
    copies = [copy for copy in opponents(small) if copy is not None]
    return [strip for copy in copies for strip in _read_in(copy, detect(copy, 1.0, Weights.V6), ratio)]


def overlaid(view: View) -> list[Strip]:
    """With the weights that were trained on lettering over texture and over other lettering, also very small."""
    regions = regions_in(view.impression(Weights.OVERLAY), view.image, SETTINGS.overlaid)
    found = [*regions, *_large(view)]
    return [replace(straight(view.pyramid, region.quad), cut=True) for region in found]  # arcs misread other words


def _large(view: View) -> list[Region]:
    """What is large in a very small copy of the picture."""
    scale = _glance_scale(view, SETTINGS.overlaid_glance_side)
    regions = detect(view.image, scale, Weights.OVERLAY, SETTINGS.overlaid)
    return [region for region in regions if region.height * scale >= SETTINGS.overlaid_glance_letters_px]


def round_badges(view: View) -> list[Strip]:
    """Rings around circles that are seen in the picture."""
    small, ratio = _small(view.image, view.scale / 2)
    return rings(view.pyramid, small, ratio)


LOOKS: tuple[Look, ...] = (
    first,
    second_detector,
    coarser,
    closer,
    turned,
    round_badges,
    contrast,
    colours,
    finer,
    overlaid,
)


def strips(pyramid: Pyramid, regions: Sequence[Region]) -> list[Strip]:
    """The strips of each region, and those of arcs that several regions form together."""
    return [strip for region in regions for strip in _strips_of(pyramid, region)] + spaced_arcs(pyramid, regions)


def _strips_of(pyramid: Pyramid, region: Region) -> Iterator[Strip]:
    yield straight(pyramid, region.quad)
    if region.width < 1.1 * region.height:
        yield straight(pyramid, np.roll(region.quad, 1, axis=0))
    yield from unrolled(pyramid, region)


def local_contrast(image: Pixels) -> Pixels:
    """Each channel less its surroundings, over the contrast of its surroundings."""
    reach = max(image.shape[:2]) / 60
    shrink = max(1, int(reach // 4))
    size = (max(1, image.shape[1] // shrink), max(1, image.shape[0] // shrink))

    def surroundings(values: Floats) -> Floats:
        small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
        blurred = cv2.GaussianBlur(small, (0, 0), reach / shrink)
        return np.asarray(cv2.resize(blurred, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)

    pixels = image.astype(np.float32)
    mean = surroundings(pixels)
    spread = np.sqrt(np.maximum(surroundings(pixels * pixels) - mean * mean, 0))
    return np.asarray(np.clip(128 + 55 * (pixels - mean) / (spread + 4), 0, 255), np.uint8)


def opponents(image: Pixels) -> Iterator[Pixels | None]:
    """Red to green and blue to yellow (a and b of CIELAB) as grey pictures with their range stretched; None without
    colour to speak of."""
    lab = np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
    return (_stretched(channel) for channel in (lab[..., 1], lab[..., 2]))


def _stretched(channel: Floats) -> Pixels | None:
    low, high = np.quantile(channel[::4, ::4], [SETTINGS.colour_tail, 1 - SETTINGS.colour_tail])
    if high - low < SETTINGS.colour_range:
        return None
    grey = np.clip(255 * (channel - low) / float(high - low), 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _read_in(copy: Pixels, regions: Sequence[Region], ratio: float) -> Iterator[Strip]:
    """Strips of the regions as the copy shows them."""
    return (_seen_in(strip, ratio) for strip in strips(Pyramid(copy), regions))


def _small(image: Pixels, scale: float) -> tuple[Pixels, float]:
    """The picture at a scale, and full pixels per pixel of it."""
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8), image.shape[1] / size[0]


def _inside(view: View, boxes: Sequence[Box], scale: float) -> list[Strip]:
    """Strips of the text that is detected in parts of the picture; words that an edge cuts are left out."""
    found = []
    for box in boxes:
        left, top, right, bottom = box
        regions = detect(view.image[top:bottom, left:right], scale, Weights.V6)
        whole = [_shifted(region, np.array([left, top], np.float32)) for region in regions]
        found += [region for region in whole if not _is_cut(region, box, view.image)]
    return strips(view.pyramid, found)


def _is_cut(region: Region, box: Box, image: Pixels) -> bool:
    """Whether the text reaches an edge of the box that is not an edge of the picture: of HOTEL, HOTE is seen there."""
    height, width = image.shape[:2]
    low, high = region.contour.min(axis=0), region.contour.max(axis=0)
    near = 0.25 * region.height
    (left, top, right, bottom) = box
    return bool(
        (left > 0 and low[0] < left + near)
        or (top > 0 and low[1] < top + near)
        or (right < width and high[0] > right - near)
        or (bottom < height and high[1] > bottom - near)
    )


def _askew(pyramid: Pyramid, box: Box, scale: float) -> list[Region]:
    """Text that is detected in a copy of a part of the picture, turned about its middle."""
    level, level_scale = pyramid.level(1 / scale)
    left, top, right, bottom = box
    middle = np.array([left + right, top + bottom]) / 2 * level_scale
    matrix = cv2.getRotationMatrix2D(middle.tolist(), SETTINGS.turn_deg, scale / level_scale)
    size = np.ceil(np.abs(matrix[:, :2]) @ np.array([right - left, bottom - top]) * level_scale).astype(int)
    matrix[:, 2] += size / 2 - middle
    copy = cv2.warpAffine(level, matrix, size.tolist(), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    back = np.asarray(cv2.invertAffineTransform(matrix), np.float64) / level_scale
    return [_turned_back(region, back) for region in detect(np.asarray(copy, np.uint8), 1.0, Weights.V6)]


def _moved(region: Region, ratio: float) -> Region:
    return Region(region.quad * np.float32(ratio), region.contour * np.float32(ratio), region.score, region.fill)


def _shifted(region: Region, shift: Floats) -> Region:
    return Region(region.quad + shift, region.contour + shift, region.score, region.fill)


def _turned_back(region: Region, matrix: NDArray[np.float64]) -> Region:
    def back(points: Floats) -> Floats:
        return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float32)

    return Region(back(region.quad), back(region.contour), region.score, region.fill)


def _seen_in(strip: Strip, ratio: float) -> Strip:
    """A strip of a copy that is `ratio` times smaller than the picture."""
    inner = strip.to_frame
    return Strip(
        strip.image, lambda points: inner(points) * np.float32(ratio), strip.quad * np.float32(ratio), strip.curved
    )
