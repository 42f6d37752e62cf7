from __future__ import annotations

import numpy as np
import pytest

from make_media import textured
from verify_media.codecs import photo_trial


def test_a_small_picture_is_its_own_sample() -> None:
    picture = textured(600, 400)
    assert photo_trial.mosaic(picture) is picture


@pytest.mark.parametrize("size", [(4000, 3000), (3001, 4003), (2500, 1300)])
def test_a_sample_is_made_of_whole_tiles(size: tuple[int, int]) -> None:
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    rows, cols = photo_trial.mosaic(picture).shape[:2]
    assert rows * cols == 8 * photo_trial.TILE**2


@pytest.mark.parametrize(("x", "y"), [(1700, 1200), (300, 2300), (3300, 300), (2600, 1900)])
def test_a_small_bright_thing_before_a_dark_wall_is_in_the_sample(x: int, y: int) -> None:
    picture = np.zeros((3000, 4000, 3), np.uint8)
    picture[y : y + 400, x : x + 400] = textured(400, 400)
    assert photo_trial.mosaic(picture).any()


def test_tiles_lie_on_the_grid_of_the_encoder() -> None:
    rows, cols = np.mgrid[0:3000, 0:4000]
    picture = np.stack([rows % 16, cols % 16, rows * 0], axis=2).astype(np.uint8)
    sample = photo_trial.mosaic(picture)
    assert (sample[:: photo_trial.TILE, :, 0] == 0).all()
    assert (sample[:, :: photo_trial.TILE, 1] == 0).all()


def test_a_trial_tells_size_and_quality() -> None:
    sample = photo_trial.Sample(textured(640, 480))
    fine, coarse = photo_trial.trial(sample, 1.0, 90), photo_trial.trial(sample, 0.5, 40)
    assert fine[0] > coarse[0]
    assert fine[1] > coarse[1] + 10


def test_the_crop_of_a_mark_stays_inside() -> None:
    picture = textured(400, 300)
    crop = photo_trial.around(picture, ((380, 280), (399, 280), (399, 299), (380, 299)))
    assert 0 < crop.shape[0] <= 300 and 0 < crop.shape[1] <= 400
    whole = photo_trial.around(textured(2000, 1500), ((0, 0), (2000, 0), (2000, 1500), (0, 1500)))
    assert max(whole.shape[:2]) <= photo_trial.MARK_SIDE + photo_trial.GRAIN


def test_a_sample_with_more_detail_than_the_whole_is_told_by_a_quick_encoder() -> None:
    strength = np.full((1024, 1024, 1), 6.0)
    strength[:256, :256] = 24.0
    picture = np.clip(128 + strength * np.random.default_rng(1).normal(size=(1024, 1024, 3)), 0, 255).astype(np.uint8)
    ratio = photo_trial.size_ratio(picture, picture[:256, :256])
    assert 1 < ratio < 0.7 * picture.size / picture[:256, :256].size
    true = len(photo_trial.encoded(picture, 1.0, 80)) / len(photo_trial.encoded(picture[:256, :256], 1.0, 80))
    assert true == pytest.approx(ratio * photo_trial.true_over_quick(1.0, 80), rel=0.25)


def test_lower_qualities_and_smaller_copies_are_foreseen_smaller() -> None:
    assert photo_trial.true_over_quick(1.0, 45) < photo_trial.true_over_quick(1.0, 90)
    assert photo_trial.true_over_quick(0.5, 70) < photo_trial.true_over_quick(1.0, 70)
