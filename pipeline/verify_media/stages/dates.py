"""Dates for people, and dates read from a note: where day and month could be swapped, both readings count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date

NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
MONTHS = tuple(name[:3].lower() for name in NAMES)
NUMERIC = re.compile(r"(?<!\d)(\d{1,4})\s?[./\- ]\s?(\d{1,2})\s?[./\- ]\s?(\d{2,4})(?!\d)")
DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[\s.,-]*([a-z]{3,9})[\s.,-]*(\d{4})", re.IGNORECASE)
MONTH_FIRST = re.compile(r"([a-z]{3,9})[\s.,-]*(\d{1,2})(?:st|nd|rd|th)?[\s.,-]+(\d{4})", re.IGNORECASE)


def in_words(day: date) -> str:
    """The month as a word, so that nobody mixes up day and month: "25 November 2026"."""
    return f"{day.day} {NAMES[day.month - 1]} {day.year}"


def dates_in(texts: Iterable[str]) -> tuple[date, ...]:
    """All plausible dates, each once, in order of the texts; lines are also read joined, since OCR splits them."""
    lines = tuple(texts)
    found = (day for text in (*lines, " ".join(lines)) for day in _dates(text))
    return tuple(dict.fromkeys(found))


def _dates(text: str) -> Iterator[date]:
    for first, second, third in NUMERIC.findall(text):
        yield from _numeric(first, second, third)
    for day, name, year in DAY_FIRST.findall(text):
        yield from _named(year, name, day)
    for name, day, year in MONTH_FIRST.findall(text):
        yield from _named(year, name, day)


def _numeric(first: str, second: str, third: str) -> Iterator[date]:
    if len(first) == 4:
        yield from _date(first, second, third)
    elif len(first) <= 2 and len(third) in (2, 4):
        year = third if len(third) == 4 else f"20{third}"
        yield from _date(year, second, first)
        yield from _date(year, first, second)


def _named(year: str, name: str, day: str) -> Iterator[date]:
    if name[:3].lower() in MONTHS:
        yield from _date(year, str(MONTHS.index(name[:3].lower()) + 1), day)


def _date(year: str, month: str, day: str) -> Iterator[date]:
    with suppress(ValueError):
        yield date(int(year), int(month), int(day))


def clock(time_s: float) -> str:
    """A moment of a clip: 12.4 -> "0:12"; 3723 -> "1:02:03"."""
    minutes, seconds = divmod(int(time_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
