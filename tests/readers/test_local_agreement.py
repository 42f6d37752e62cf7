from __future__ import annotations

import numpy as np
from marks import badge, ground, pair_at, put

from verify_media.readers.local_agreement import agreement
from verify_media.readers.pair import SIDE_PX

QUAD = np.array([(400, 300), (600, 330), (580, 530), (390, 500)], np.float32)


def test_the_planes_are_correlations() -> None:
    planes = agreement(pair_at(put(ground(), badge("WILLOW", "THREAD"), QUAD), badge("WILLOW", "THREAD"), QUAD))
    assert planes.shape == (4, SIDE_PX, SIDE_PX) and planes.min() >= -1.01 and planes.max() <= 1.01


def test_a_twin_agrees_in_its_ring_only() -> None:
    picture = put(ground(), badge("WILLOW", "THREAD"), QUAD)
    itself = agreement(pair_at(picture, badge("WILLOW", "THREAD"), QUAD))
    twin = agreement(pair_at(picture, badge("COPPER", "RIVER", star=False), QUAD))
    middle = slice(SIDE_PX // 3, -SIDE_PX // 3)
    assert itself[:, middle, middle].mean() > twin[:, middle, middle].mean() + 0.2


def test_other_inks_do_not_matter() -> None:
    bright = badge("WILLOW", "THREAD")
    bright[..., :3] = 255 - bright[..., :3] // 2
    same = agreement(pair_at(put(ground(), badge("WILLOW", "THREAD"), QUAD), badge("WILLOW", "THREAD"), QUAD))
    other = agreement(pair_at(put(ground(), bright, QUAD), badge("WILLOW", "THREAD"), QUAD))
    inner = slice(SIDE_PX // 4, -SIDE_PX // 4)
    assert np.abs(same[:, inner, inner] - other[:, inner, inner]).mean() < 0.1


def test_the_mark_is_redrawn_in_the_inks_of_the_place() -> None:
    mark = badge("WILLOW", "THREAD")
    place, redrawn, _ = pair_at(put(ground(), mark, QUAD), mark, QUAD)
    inner = slice(SIDE_PX // 5, -SIDE_PX // 5)
    assert np.corrcoef(place[inner, inner].ravel(), redrawn[inner, inner].ravel())[0, 1] > 0.8
