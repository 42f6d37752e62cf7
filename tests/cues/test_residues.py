"""Joint statistics of residues: patterns are counted once with their mirror image and their negative."""

from __future__ import annotations

import numpy as np

from verify_media.cues import residues, windows


def view(grey: np.ndarray) -> windows.View:
    pixels = np.repeat(grey[..., None], 3, axis=-1)
    return windows.View(pixels, np.ones(grey.shape, bool), np.zeros((len(grey), 2), np.intp), grey)


def test_eighty_one_patterns_make_twenty_five_classes() -> None:
    assert residues.COUNT == 25
    assert len(residues.NAMES) == len(set(residues.NAMES)) == 3 * 25 * len(residues.STEPS)


def test_mirrored_and_turned_windows_count_alike() -> None:
    grey = np.random.default_rng(1).integers(90, 140, (3, 48, 48)).astype(np.uint8)
    expected = residues.patterns(view(grey))
    for other in (grey[:, :, ::-1], 255 - grey, grey.transpose(0, 2, 1)):
        assert np.allclose(residues.patterns(view(np.ascontiguousarray(other))), expected, atol=1e-6)


def test_flat_windows_have_one_pattern_and_no_windows_have_none() -> None:
    flat = residues.patterns(view(np.full((2, 48, 48), 77, np.uint8)))
    assert np.isclose((flat**2).sum(), len(residues.STEPS))
    assert (flat > 0).sum() == len(residues.STEPS)
    assert np.isnan(residues.patterns(view(np.empty((0, 48, 48), np.uint8)))).all()
