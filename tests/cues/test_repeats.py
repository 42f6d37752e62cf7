"""The same stamp on different scenes, the same card from different sides, and a tripod."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from verify_media.codecs.preview import close_up, preview
from verify_media.cues import calibration, repeats
from verify_media.records import ItemReport, Kind, MediaItem, Outcome, Quad, Reader, Sighting
from verify_media.stages.authenticate import across_items

AT: Quad = ((200.0, 300.0), (440.0, 300.0), (440.0, 350.0), (200.0, 350.0))


def scene(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    image = np.full((480, 640, 3), 120, np.uint8)
    for _ in range(300):
        x, y, size = int(rng.integers(640)), int(rng.integers(480)), int(rng.integers(10, 60))
        cv2.rectangle(image, (x, y), (x + size, y + size // 2), tuple(int(v) for v in rng.integers(40, 160, 3)), -1)
    return image


def stamped(image: np.ndarray, at: tuple[int, int] = (205, 345)) -> np.ndarray:
    return cv2.putText(image.copy(), "WILLOW", at, cv2.FONT_HERSHEY_SIMPLEX, 1.9, (255, 255, 255), 5, cv2.LINE_AA)


def report(name: str, image: np.ndarray, quad: Quad = AT, p_digital: float = 0.4) -> ItemReport:
    item = MediaItem(Path(name), Kind.PHOTO, "image/jpeg", 1, name, image.shape[1], image.shape[0])
    sighting = Sighting("Willow", Reader.TEXT, quad, 1.0, p_digital=p_digital, imprint=repeats.imprint(image, quad))
    return ItemReport(item, Outcome.UNSURE, p_digital, (sighting,))


def test_a_stamp_in_the_same_place_of_different_scenes_is_digital() -> None:
    reports = across_items([report(f"{k}.jpg", stamped(scene(k))) for k in range(3)])
    assert [r.outcome for r in reports] == [Outcome.DIGITAL] * 3
    assert "3 pictures" in str(reports[0].sightings[0].evidence[0].reason)
    assert reports[0].p_digital is not None and reports[0].p_digital > 0.9


def test_a_tripod_explains_the_same_place() -> None:
    image = stamped(scene(1))
    brighter = np.clip(image.astype(np.int16) + 6, 0, 255).astype(np.uint8)
    reports = across_items([report("a.jpg", image), report("b.jpg", brighter)])
    assert [r.outcome for r in reports] == [Outcome.UNSURE] * 2


def test_a_mark_in_another_place_is_no_repeat() -> None:
    moved: Quad = tuple((x, y - 120) for x, y in AT)  # type: ignore[assignment]
    reports = across_items([report("a.jpg", stamped(scene(1))), report("b.jpg", stamped(scene(2), (205, 225)), moved)])
    assert [r.outcome for r in reports] == [Outcome.UNSURE] * 2


def test_different_angles_speak_for_a_real_thing() -> None:
    turned: Quad = ((210.0, 280.0), (430.0, 330.0), (418.0, 382.0), (198.0, 332.0))
    reports = across_items([report("a.jpg", stamped(scene(1))), report("b.jpg", scene(2), turned)])
    assert all(r.sightings[0].p_digital is not None and r.sightings[0].p_digital < 0.4 for r in reports)


def test_other_angles_settle_what_is_nearly_settled() -> None:
    turned: Quad = ((210.0, 280.0), (430.0, 330.0), (418.0, 382.0), (198.0, 332.0))
    nearly = calibration.calibration().buckets[-1].physical_below[0] * 1.1
    pair = report("a.jpg", stamped(scene(1)), p_digital=nearly), report("b.jpg", scene(2), turned, p_digital=nearly)
    assert [r.outcome for r in across_items(pair)] == [Outcome.PHYSICAL] * 2
    other = [replace(r, sightings=(replace(r.sightings[0], other_name="Wallow"),)) for r in pair]
    assert [r.outcome for r in across_items(other)] == [Outcome.UNSURE] * 2


def test_the_close_up_follows_the_mark_that_the_others_decide_about() -> None:
    """A plain word leads until the stamp below it is known to be the same in three pictures."""
    reports = []
    for k in range(3):
        image = stamped(scene(k))
        one = report(f"{k}.jpg", image)
        box = ((20.0, 20.0), (420.0, 20.0), (420.0, 140.0), (20.0, 140.0))
        large = replace(one.sightings[0], quad=box, imprint=b"", p_digital=0.7)
        shown = preview(image)
        reports.append(
            replace(one, sightings=(large, *one.sightings), preview=shown, close_up=close_up(image, large.quad))
        )
    wanted = close_up(stamped(scene(0)), AT)
    for one in across_items(reports):
        assert (one.outcome, one.best and one.best.quad) == (Outcome.DIGITAL, AT)
        assert one.close_up and wanted and (one.close_up.width, one.close_up.height) == (wanted.width, wanted.height)


def test_sightings_without_imprint_are_left_alone() -> None:
    bare = report("a.jpg", scene(1))
    bare = replace(bare, sightings=(replace(bare.sightings[0], imprint=b""),))
    assert across_items([bare, bare]) == (bare, bare)


@pytest.mark.parametrize("quad", [((5, 5), (5, 5), (5, 5), (5, 5)), ((0, 9), (90, 9), (90, 9.1), (0, 9.1))])
def test_a_quad_that_is_hardly_one_breaks_nothing(quad: Quad) -> None:
    image = np.random.default_rng(0).integers(0, 255, (40, 100, 3), np.uint8)
    assert len(repeats.imprint(image, quad)) in (0, repeats.HEIGHT * repeats.WIDTH)
