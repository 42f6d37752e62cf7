"""What the looks share about a picture: places where the first impression is worth nothing."""

import numpy as np
import pytest

from verify_media.readers import looks
from verify_media.readers.ocr_detect import Region, Weights
from verify_media.readers.view import SETTINGS, View


def view_with(map_: np.ndarray) -> View:
    """A grey picture of which the first detector has this impression."""
    view = View(np.full((*map_.shape, 3), 128, np.uint8))
    view._maps[Weights.V6] = map_.astype(np.float32)
    return view


def patch(height: int, width: int = 600) -> np.ndarray:
    map_ = np.zeros((960, 1280))
    map_[300 : 300 + height, 300 : 300 + width] = 1.0
    return map_


def test_only_a_patch_too_thick_for_a_line_is_a_flood() -> None:
    assert view_with(patch(SETTINGS.flood + 20)).flooded
    assert not view_with(patch(SETTINGS.flood - 20)).flooded


def test_large_letters_that_were_read_are_no_flood() -> None:
    view = view_with(patch(SETTINGS.flood + 20))
    view.known.append(np.array([[280, 280], [920, 280], [920, 490], [280, 490]], np.float32))
    assert not view.flooded


@pytest.mark.parametrize(("height", "weights"), [(SETTINGS.flood + 20, Weights.V4), (40, Weights.V6)])
def test_a_flooded_picture_is_seen_by_the_other_weights(
    monkeypatch: pytest.MonkeyPatch, height: int, weights: Weights
) -> None:
    used = []

    def detect(image: np.ndarray, scale: float, chosen: Weights) -> list[Region]:
        used.append(chosen)
        quad = np.array([[300, 300], [500, 300], [500, 340], [300, 340]], np.float32)
        return [Region(quad, quad, 1.0, 1.0)]

    monkeypatch.setattr(looks, "detect", detect)
    strips = looks.contrast(view_with(patch(height)))
    assert used == [weights]
    assert len(strips) == 2
    assert all(strip.cut is (weights is Weights.V4) for strip in strips)
