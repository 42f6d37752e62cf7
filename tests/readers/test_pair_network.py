from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from marks import badge, fern, ground, laid, put

from verify_media.readers.frame_view import FrameView
from verify_media.readers.pair_network import MOST, likeness

QUAD = np.array([(400, 300), (600, 330), (580, 530), (390, 500)], np.float32)


def seen(picture: Any, mark: Any) -> float:
    template, place = laid(mark, QUAD)
    return likeness(FrameView(picture), template, place)


@pytest.mark.parametrize("mark", [badge("WILLOW", "THREAD"), fern()], ids=["badge", "symbol"])
def test_a_mark_is_known_by_sight(mark: Any) -> None:
    assert 0.5 < seen(put(ground(), mark, QUAD), mark) <= MOST


def test_a_twin_is_told_by_its_symbol_and_less_liked_for_its_words() -> None:
    picture = put(ground(), badge("WILLOW", "THREAD"), QUAD)
    itself, words = seen(picture, badge("WILLOW", "THREAD")), seen(picture, badge("COPPER", "RIVER"))
    assert words < itself - 0.5
    assert seen(picture, badge("COPPER", "RIVER", star=False)) < -1.0


def test_bare_ground_is_no_mark() -> None:
    assert seen(ground(), fern()) < -1.0
