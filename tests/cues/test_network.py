"""The judges of measurements take what the measuring gives: missing values, extremes, one sighting or many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pytest

from verify_media.cues import network, vector

Judge: TypeAlias = Callable[[Sequence[vector.Measured]], network.Floats]
MEASURED: tuple[Judge, ...] = (network.tree_scores, network.perceptron_scores)


@pytest.fixture(scope="module")
def seen() -> vector.Measured:
    rng = np.random.default_rng(5)
    image = rng.integers(90, 110, (240, 320, 3)).astype(np.uint8)
    image[100:130, 80:240:8] = 20
    return vector.measured(vector.surroundings(image, []), ((76, 96), (244, 96), (244, 134), (76, 134)))


@pytest.mark.parametrize("judge", MEASURED)
def test_a_mark_of_which_nothing_could_be_measured_has_a_score(judge: Judge, seen: vector.Measured) -> None:
    nothing = replace(seen, values=np.full_like(seen.values, np.nan))
    assert np.isfinite(judge([nothing])).all()


@pytest.mark.parametrize("judge", MEASURED)
def test_extremes_are_no_louder_than_the_ends_of_what_is_known(judge: Judge, seen: vector.Measured) -> None:
    far = replace(seen, values=np.full_like(seen.values, 9e3))
    farther = replace(seen, values=np.full_like(seen.values, 1e9))
    assert judge([far])[0] == pytest.approx(judge([farther])[0], abs=0.2)


@pytest.mark.parametrize("judge", MEASURED)
def test_a_score_does_not_hang_on_the_others(judge: Judge, seen: vector.Measured) -> None:
    other = replace(seen, values=seen.values + 1)
    assert judge([other, seen])[1] == pytest.approx(judge([seen])[0], abs=1e-4)
