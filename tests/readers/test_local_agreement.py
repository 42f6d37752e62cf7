from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from marks import badge, ground, put

from verify_media.readers.frame_view import FrameView
from verify_media.readers.local_agreement import NAMES, local_agreement
from verify_media.readers.pair import SIDE_PX, pair
from verify_media.readers.template import from_pixels

QUAD = np.array([(400, 300), (600, 330), (580, 530), (390, 500)], np.float32)


def seen(picture: Any, mark: Any) -> Any:
    """The pair for a mark sought at QUAD."""
    template = from_pixels("badge", mark)
    assert template is not None
    width, height = template.size
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    place = cv2.getPerspectiveTransform(square, QUAD).astype(np.float64)
    return pair(FrameView(picture), template, place)


def parts(picture: Any, mark: Any) -> dict[str, float]:
    return dict(zip(NAMES, local_agreement(seen(picture, mark)).tolist(), strict=True))


def test_a_twin_agrees_in_its_ring_only() -> None:
    picture = put(ground(), badge("WILLOW", "THREAD"), QUAD)
    itself = parts(picture, badge("WILLOW", "THREAD"))
    twin = parts(picture, badge("COPPER", "RIVER", star=False))
    assert itself["tone_worst3"] > 0.7 and itself["edge_worst3"] > 0.7
    assert twin["edge_worst3"] < itself["edge_worst3"] - 0.2 and twin["tone_p10"] < itself["tone_p10"] - 0.1


def test_other_inks_do_not_matter() -> None:
    bright = badge("WILLOW", "THREAD")
    bright[..., :3] = 255 - bright[..., :3] // 2
    assert parts(put(ground(), bright, QUAD), badge("WILLOW", "THREAD"))["tone_worst3"] > 0.7


def test_the_mark_is_redrawn_in_the_inks_of_the_place() -> None:
    mark = badge("WILLOW", "THREAD")
    place, redrawn, _ = seen(put(ground(), mark, QUAD), mark)
    assert place.shape == (SIDE_PX, SIDE_PX)
    inner = slice(16, 64)
    assert np.corrcoef(place[inner, inner].ravel(), redrawn[inner, inner].ravel())[0, 1] > 0.8
