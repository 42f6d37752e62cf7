from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from make_media import textured
from verify_media.codecs import ssimulacra2


def jpeg(pixels: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    grain = np.random.default_rng(1).normal(0, 6, (300, 420, 3))
    return np.clip(textured(420, 300) + grain, 0, 255).astype(np.uint8)


def test_weights_are_the_published_108() -> None:
    assert ssimulacra2.WEIGHTS.size == 108
    assert ssimulacra2.WEIGHTS.sum() == pytest.approx(888.3148, abs=0.001)


def test_the_same_picture_scores_100(photo: NDArray[np.uint8]) -> None:
    assert ssimulacra2.score(photo, photo) == pytest.approx(100, abs=1e-3)


def test_less_quality_scores_less(photo: NDArray[np.uint8]) -> None:
    scores = [ssimulacra2.score(photo, jpeg(photo, quality)) for quality in (95, 75, 40, 10)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 80 > 60 > scores[-1]


def test_tiles_do_not_show(photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    copy = jpeg(photo, 50)
    monkeypatch.setattr(ssimulacra2, "TILE_ROWS", 64)
    monkeypatch.setattr(ssimulacra2, "TILE_COLS", 96)
    tiled = ssimulacra2.score(photo, copy)
    monkeypatch.setattr(ssimulacra2, "TILE_ROWS", 4096)
    monkeypatch.setattr(ssimulacra2, "TILE_COLS", 4096)
    assert tiled == pytest.approx(ssimulacra2.score(photo, copy), abs=1e-3)


def test_what_is_kept_of_an_original_changes_no_score(photo: NDArray[np.uint8]) -> None:
    kept = ssimulacra2.Reference(photo)
    for quality in (80, 30, 80):
        copy = jpeg(photo, quality)
        assert ssimulacra2.score(kept, copy) == ssimulacra2.score(photo, copy)


def test_maps_left_out_do_not_matter(photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    copy = jpeg(photo, 20)
    quick = ssimulacra2.score(photo, copy)
    monkeypatch.setattr(ssimulacra2, "NEGLIGIBLE", -1.0)
    assert quick == pytest.approx(ssimulacra2.score(photo, copy), abs=0.02)


def test_matches_a_plain_reading_of_the_algorithm(photo: NDArray[np.uint8]) -> None:
    """Against numpy in double precision, without tiles, OpenCV's colour matrices or saved blurs."""
    copy = jpeg(photo, 40)
    assert ssimulacra2.score(photo, copy) == pytest.approx(plain_score(photo, copy), abs=0.05)


def test_refuses_other_sizes(photo: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="cannot compare"):
        ssimulacra2.score(photo, photo[:-1])


def plain_score(original: NDArray[np.uint8], copy: NDArray[np.uint8]) -> float:
    one, two, total = plain_linear(original), plain_linear(copy), 0.0
    for scale in range(6):
        if scale:
            one, two = plain_half(one), plain_half(two)
        a, b = plain_xyb(one), plain_xyb(two)
        for channel in range(3):
            maps = plain_maps(a[..., channel], b[..., channel])
            for index, values in enumerate(maps):
                weights = ssimulacra2.WEIGHTS[channel, scale, :, index]
                total += weights[0] * values.mean() + weights[1] * (values**4).mean() ** 0.25
    total *= 0.9562382616834844
    total = 2.326765642916932 * total - 0.020884521182843837 * total**2 + 6.248496625763138e-05 * total**3
    return float(100 - 10 * total**0.6276336467831387)


def plain_linear(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    value = pixels / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def plain_half(light: NDArray[np.float64]) -> NDArray[np.float64]:
    light = np.pad(light, ((0, light.shape[0] % 2), (0, light.shape[1] % 2), (0, 0)), "edge")
    return (light[::2, ::2] + light[1::2, ::2] + light[::2, 1::2] + light[1::2, 1::2]) / 4


def plain_xyb(light: NDArray[np.float64]) -> NDArray[np.float64]:
    bias = 0.0037930732552754493
    red, green, blue = np.moveaxis(light, 2, 0)
    l_cone = np.cbrt(0.30 * red + 0.622 * green + 0.078 * blue + bias) - np.cbrt(bias)
    m_cone = np.cbrt(0.23 * red + 0.692 * green + 0.078 * blue + bias) - np.cbrt(bias)
    s_weights = (0.24342268924547819, 0.20476744424496821, 0.5518098665095536)
    s_cone = np.cbrt(sum(w * c for w, c in zip(s_weights, (red, green, blue), strict=True)) + bias) - np.cbrt(bias)
    x, y = (l_cone - m_cone) / 2, (l_cone + m_cone) / 2
    return np.stack([14 * x + 0.42, y + 0.01, s_cone - y + 0.55], axis=2)


def plain_blur(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    taps = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    taps /= taps.sum()
    for axis in (0, 1):
        plane = np.apply_along_axis(lambda line: np.convolve(line, taps)[5:-5], axis, plane)
    return plane


def plain_maps(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    mean_a, mean_b = plain_blur(a), plain_blur(b)
    covariance = plain_blur(a * b) - mean_a * mean_b
    variances = plain_blur(a * a) - mean_a**2 + plain_blur(b * b) - mean_b**2
    structure = 1 - (1 - (mean_a - mean_b) ** 2) * (2 * covariance + 0.0009) / (variances + 0.0009)
    edges = (1 + np.abs(b - mean_b)) / (1 + np.abs(a - mean_a)) - 1
    return np.maximum(structure, 0), np.maximum(edges, 0), np.maximum(-edges, 0)
