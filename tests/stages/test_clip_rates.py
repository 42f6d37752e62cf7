from __future__ import annotations

import pytest

from verify_media.stages.clip_rates import CRFS, tries_for


def test_with_room_only_the_whole_size_is_tried() -> None:
    assert tries_for(0.05) == [(1.0, crf) for crf in CRFS]


@pytest.mark.parametrize("bits_per_pixel", [0.01, 0.019])
def test_beside_smaller_copies_the_dearest_probe_is_left_out(bits_per_pixel: float) -> None:
    tries = tries_for(bits_per_pixel)
    assert {scale for scale, _ in tries} == {1.0, 2 / 3}
    assert min(crf for _, crf in tries) > min(CRFS)


def test_where_bytes_are_scarcest_no_whole_size_is_tried() -> None:
    assert all(scale < 1 for scale, _ in tries_for(0.001))
