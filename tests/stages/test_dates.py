from __future__ import annotations

from datetime import date

import pytest

from verify_media.stages.dates import dates_in, in_words

DAY = date(2026, 11, 3)


@pytest.mark.parametrize(
    "text", ["3 November 2026", "Nov 3rd, 2026", "03/11/2026", "11-03-26", "2026-11-03", "note 3. Nov. 2026 Willow"]
)
def test_usual_ways_to_write_a_date(text: str) -> None:
    assert DAY in dates_in([text])


def test_a_date_split_over_two_lines_is_joined() -> None:
    assert dates_in(["3 Nov", "2026"]) == (DAY,)


@pytest.mark.parametrize("text", ["", "B0ABCDEFGH", "32/13/2026", "12 parsecs 2026", "call 555-0100-2026"])
def test_what_is_no_date(text: str) -> None:
    assert dates_in([text]) == ()


def test_a_day_for_people_reads_back() -> None:
    assert in_words(DAY) == "3 November 2026"
    assert dates_in([in_words(DAY)]) == (DAY,)
