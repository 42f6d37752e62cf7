from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from verify_media.records import Frame, Marks, Reader, Sighting
from verify_media.stages import locate
from verify_media.stages.locate import Located, Locator, merge, overlap

HERE = ((10.0, 10.0), (110.0, 10.0), (110.0, 60.0), (10.0, 60.0))
BESIDE = tuple((x + 300, y) for x, y in HERE)


def seen(mark: str, score: float, quad: object = HERE, reader: Reader = Reader.LOGO, text: str = "") -> Sighting:
    return Sighting(mark, reader, quad, score, text=text)  # type: ignore[arg-type]


def test_sightings_of_one_mark_over_one_another_become_one() -> None:
    merged = merge([seen("a", 0.6), seen("a", 0.9), seen("a", 0.7, BESIDE), seen("b", 0.5)])
    assert [(s.mark, s.score) for s in merged] == [("a", 0.9), ("a", 0.7), ("b", 0.5)]


def test_the_reading_of_the_weaker_is_kept() -> None:
    merged = merge([seen("a", 0.95), seen("a", 0.6, reader=Reader.TEXT, text="Fern")])
    assert len(merged) == 1 and merged[0].text == "Fern"


def test_overlap_is_a_share_of_the_smaller() -> None:
    assert overlap(HERE, HERE) == pytest.approx(1)
    assert overlap(HERE, BESIDE) == 0  # type: ignore[arg-type]


class FakeText:
    def __init__(self, names: object, spellings: object) -> None:
        self.names = names

    def find(
        self, frame: Frame, *, most_looks: int | None = None, glance_px: int | None = None
    ) -> tuple[Sighting, ...]:
        return (seen("Fern", 0.8, reader=Reader.TEXT, text="Fern"),)

    def other_text(self, frame: Frame) -> tuple[Sighting, ...]:
        return (seen("", 0.9, BESIDE, Reader.TEXT, "sale"),)


def test_every_reader_is_timed_and_other_text_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    import verify_media.readers.text

    monkeypatch.setattr(verify_media.readers.text, "TextReader", FakeText)
    located = Locator(Marks(names=("Fern",))).find(Frame(np.zeros((80, 120, 3), np.uint8)))
    assert isinstance(located, Located)
    assert [s.mark for s in located.sightings] == ["Fern"] and [s.text for s in located.others] == ["sale"]
    assert set(located.timings_s) == {"text"}


def test_a_useless_logo_is_told_at_once(tmp_path: Path) -> None:
    from verify_media.errors import UsageError

    with pytest.raises(UsageError, match=r"gone\.png"):
        locate.Locator(Marks(logos=(tmp_path / "gone.png",)))
