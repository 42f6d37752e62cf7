"""Letters drawn on a soft scene, and letters that went through the same lens as the scene."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from verify_media.cues import calibration
from verify_media.records import Frame, Outcome, Quad, Reader, Sighting
from verify_media.stages.authenticate import LIMITS, authenticate, overlays, with_ground

AT: Quad = ((120.0, 180.0), (420.0, 180.0), (420.0, 240.0), (120.0, 240.0))


def clutter(rng: np.random.Generator, height: int = 480, width: int = 640) -> np.ndarray:
    """A scene of overlapping boxes and discs."""
    image = np.full((height, width, 3), 128, np.uint8)
    for _ in range(120):
        x, y, size = int(rng.integers(width)), int(rng.integers(height)), int(rng.integers(10, 60))
        colour = tuple(int(v) for v in rng.integers(30, 220, 3))
        cv2.rectangle(image, (x, y), (x + size, y + size // 2), colour, -1)
    image[150:270, 90:450] = (200, 195, 180)
    return image


def lettered(image: np.ndarray) -> np.ndarray:
    return cv2.putText(image.copy(), "WILLOW", (125, 232), cv2.FONT_HERSHEY_SIMPLEX, 2.1, (30, 30, 30), 6, cv2.LINE_AA)


def camera(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    soft = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 1.6)
    return np.clip(soft + rng.normal(0, 3, soft.shape), 0, 255).astype(np.uint8)


def judged(image: np.ndarray, quad: Quad = AT, **fields: object) -> Sighting:
    sighting = Sighting("WILLOW", Reader.TEXT, quad, 1.0, **fields)  # type: ignore[arg-type]
    return authenticate(Frame(image), [sighting])[0]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_letters_drawn_after_the_camera_are_digital(rng: np.random.Generator) -> None:
    result = judged(lettered(camera(clutter(rng), rng)))
    assert result.outcome is Outcome.DIGITAL
    assert result.p_digital is not None and result.p_digital > 0.9
    assert any(cue.reason for cue in result.evidence)


def test_a_drawn_name_that_may_be_another_leans_to_digital_and_stays_unsure(rng: np.random.Generator) -> None:
    image = lettered(camera(clutter(rng), rng))
    doubted = judged(image, other_name="WIDOW")
    assert doubted.outcome is Outcome.UNSURE
    assert doubted.p_digital is not None and doubted.p_digital > 0.9
    assert calibration.outcome(doubted.p_digital, 60) is Outcome.UNSURE


def test_letters_seen_by_the_camera_are_never_called_digital(rng: np.random.Generator) -> None:
    result = judged(camera(lettered(clutter(rng)), rng))
    assert result.outcome is not Outcome.DIGITAL


def test_a_name_is_measured_with_the_ground_around_it() -> None:
    sighting = Sighting("WILLOW", Reader.TEXT, AT, 1.0, letter_height_px=50.0)
    grown = np.array(AT) + LIMITS.ground_share * 50 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    assert with_ground(sighting, (480, 640, 3)) == pytest.approx(grown, abs=0.01)
    assert np.array(with_ground(sighting, (244, 426, 3))).max(0).tolist() == [425, 243]


@pytest.mark.parametrize("fields", [{"reader": Reader.LOGO}, {"mark": ""}])
def test_quads_that_have_their_ground_are_left_alone(fields: dict[str, object]) -> None:
    """A logo ends where its artwork does; other lettering comes in the detector's own boxes."""
    fields = {"mark": "WILLOW", "reader": Reader.TEXT} | fields
    assert with_ground(Sighting(quad=AT, score=1.0, **fields), (480, 640, 3)) == AT  # type: ignore[arg-type]


def test_the_reported_letter_height_is_that_of_the_letters(rng: np.random.Generator) -> None:
    result = judged(lettered(camera(clutter(rng), rng)), letter_height_px=50.0)
    assert {cue.value for cue in result.evidence if cue.name == "letter_height_px"} == {50.0}


def test_tiny_letters_are_unsure_with_advice(rng: np.random.Generator) -> None:
    tiny: Quad = ((120.0, 180.0), (160.0, 180.0), (160.0, 189.0), (120.0, 189.0))
    result = judged(camera(clutter(rng), rng), tiny)
    assert result.outcome is Outcome.UNSURE
    assert "closer" in str(result.evidence[0].reason)


def test_a_card_whose_lettering_cannot_be_compared_is_unsure_and_says_so(rng: np.random.Generator) -> None:
    card = Sighting("card.jpg", Reader.CARD, AT, 0.9, readable=False)
    (seen,) = authenticate(Frame(camera(lettered(clutter(rng)), rng)), [card])
    assert seen.outcome is Outcome.UNSURE
    assert seen.evidence[0].reason is not None and seen.evidence[0].reason.key == "sighting-not-compared"


def test_an_empty_picture_gives_unsure() -> None:
    assert judged(np.full((480, 640, 3), 90, np.uint8)).outcome is Outcome.UNSURE


def test_no_sightings_need_no_measuring() -> None:
    assert authenticate(Frame(np.zeros((4, 4, 3), np.uint8)), []) == ()


def test_sightings_that_agree_are_decided_like_one(rng: np.random.Generator) -> None:
    image = camera(lettered(clutter(rng)), rng)
    one = Sighting("WILLOW", Reader.TEXT, AT, 1.0)
    alone, (first, second) = authenticate(Frame(image), [one])[0], authenticate(Frame(image), [one, one])
    assert first.outcome is second.outcome
    if alone.outcome is Outcome.PHYSICAL:
        assert first.outcome is Outcome.PHYSICAL


def test_bars_around_a_picture_change_little(rng: np.random.Generator) -> None:
    image = lettered(camera(clutter(rng), rng))
    barred = cv2.copyMakeBorder(image, 160, 160, 0, 0, cv2.BORDER_CONSTANT, value=(0, 0, 0))
    moved: Quad = tuple((x, y + 160) for x, y in AT)  # type: ignore[assignment]
    assert judged(barred, moved).outcome is Outcome.DIGITAL


def test_a_date_is_told_from_other_overlays(rng: np.random.Generator) -> None:
    image = lettered(camera(clutter(rng), rng))
    found = overlays(authenticate(Frame(image), [Sighting("", Reader.TEXT, AT, 1.0, text="12/31/2024")]))
    assert all(any(cue.name == "date_stamp" for cue in sighting.evidence) for sighting in found)


def test_degenerate_quads_are_unsure(rng: np.random.Generator) -> None:
    line: Quad = ((10.0, 10.0), (200.0, 10.0), (200.0, 10.0), (10.0, 10.0))
    assert judged(clutter(rng), line, letter_height_px=30.0).outcome is Outcome.UNSURE


def test_a_mark_that_looks_like_the_rest_of_the_lettering_is_not_accused(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "probability", lambda *_: 0.99)
    frame = Frame(lettered(camera(clutter(rng), rng)))
    mark = Sighting("WILLOW", Reader.TEXT, AT, 1.0)
    (alone,) = authenticate(frame, [mark])
    elsewhere: Quad = ((10.0, 10.0), (60.0, 10.0), (60.0, 30.0), (10.0, 30.0))
    like_it = replace(alone, mark="", quad=elsewhere, p_digital=0.97)
    unlike, unmeasured = replace(like_it, p_digital=0.02), replace(like_it, imprint=b"")
    for others, outcome in (([like_it], Outcome.UNSURE), ([unlike], Outcome.DIGITAL), ([unmeasured], Outcome.DIGITAL)):
        assert authenticate(frame, [mark], others=others)[0].outcome is outcome
