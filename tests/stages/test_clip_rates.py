from __future__ import annotations

import pytest

from verify_media.stages.allocate import Probe
from verify_media.stages.clip_rates import COARSEST_CRF, FINEST_CRF, beyond, extended, tries_for, typical


@pytest.mark.parametrize("bits_per_pixel", [0.3, 0.05, 0.021])
def test_with_room_only_the_whole_size_is_tried(bits_per_pixel: float) -> None:
    assert {scale for scale, _ in tries_for(bits_per_pixel)} == {1.0}


def test_more_room_is_tried_with_finer_rates() -> None:
    finest = [min(crf for scale, crf in tries_for(bits) if scale == 1) for bits in (0.01, 0.03, 0.05, 0.2)]
    assert finest == sorted(finest, reverse=True)
    assert len(set(finest)) > 2


@pytest.mark.parametrize("bits_per_pixel", [0.01, 0.019])
def test_smaller_copies_are_tried_beside_the_whole_size(bits_per_pixel: float) -> None:
    assert {scale for scale, _ in tries_for(bits_per_pixel)} == {1.0, 2 / 3}


def test_where_bytes_are_scarcest_no_whole_size_is_tried() -> None:
    assert all(scale < 1 for scale, _ in tries_for(0.001))


def test_one_more_is_tried_where_the_share_lies_outside() -> None:
    probes = [Probe(scale, crf, size, 70) for scale, crf, size in ((1.0, 20, 900), (1.0, 32, 300), (0.5, 32, 100))]
    assert beyond(probes, 1000) == [(1.0, FINEST_CRF)]
    assert beyond(probes, 500) == []
    assert beyond(probes, 90) == [(0.5, COARSEST_CRF)]


def test_nothing_finer_than_the_finest_is_tried() -> None:
    assert beyond([Probe(1.0, FINEST_CRF, 900, 86)], 1000) == []


def test_a_typical_clip_is_better_with_more_bits() -> None:
    curve = typical(1_000_000, 5000)
    assert [choice.quality for choice in curve] == sorted(choice.quality for choice in curve)
    at_a_fifth = min(curve, key=lambda choice: abs(choice.size_bytes - 5000 - 0.02 * 1_000_000 / 8))
    assert at_a_fifth.quality == pytest.approx(67, abs=2)


def test_what_lies_beside_two_probes_follows_them() -> None:
    probes = [Probe(1.0, 22, 1000, 75.0), Probe(1.0, 29, 450, 62.0)]
    by_crf = sorted(extended(probes), key=lambda probe: probe.level)
    assert [probe.level for probe in by_crf] == [18, 22, 25.5, 29, 33]
    assert [probe.size_bytes for probe in by_crf] == sorted((p.size_bytes for p in by_crf), reverse=True)
    assert [probe.quality for probe in by_crf] == sorted((p.quality for p in by_crf), reverse=True)
    between = by_crf[2]
    assert 0.9 * (1000 * 450) ** 0.5 < between.size_bytes < (1000 * 450) ** 0.5
    assert 62 < between.quality < 75


def test_nothing_is_foreseen_finer_than_the_finest() -> None:
    found = extended(
        [Probe(1.0, 14, 1000, 85.0), Probe(1.0, 20, 450, 80.0), Probe(0.5, 22, 100, 60), Probe(0.5, 32, 50, 30)]
    )
    assert min(probe.level for probe in found) == FINEST_CRF
    assert len({(probe.scale, probe.level) for probe in found}) == len(found)


def test_a_lossless_probe_is_no_error() -> None:
    """Of a black picture every copy is the same."""
    assert all(probe.quality <= 100 for probe in extended([Probe(1.0, 22, 90, 100.0), Probe(1.0, 29, 80, 100.0)]))
