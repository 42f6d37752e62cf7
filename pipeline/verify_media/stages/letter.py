"""The text of the message: the answers, and a table of the attachments with their ASINs and where the mark is in
each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from verify_media.messages import message
from verify_media.records import ItemReport, Kind, Outcome, Reader, Sighting

WRAP_AT = 78
_ROWS, _COLUMNS = ("at the top", "in the middle", "at the bottom"), ("left", "centre", "right")
_MARKS = {Reader.TEXT: "letter-mark-name", Reader.LOGO: "letter-mark-logo", Reader.CARD: "letter-mark-card"}


@dataclass(frozen=True, slots=True)
class Row:
    """One attachment. `where` is a sentence, or "" where nothing certain can be said."""

    name: str
    asin: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """What the message says, beside its attachments. Anything may stand in these texts; `package` makes them safe."""

    subject: str
    to: str = ""
    sender: str = ""
    body: str = ""


def body(answers: Sequence[tuple[str, str]], rows: Sequence[Row], *, part: tuple[int, int] | None = None) -> str:
    """Plain text. `answers` are (question, answer); unanswered ones are left out. `part`: (1, 2) is the first of two
    messages."""
    said = [(question, answer) for question, answer in answers if answer.strip()]
    blocks = [message("letter-opening" if said else "letter-opening-plain").text]
    if part:
        blocks.append(message("letter-part", number=part[0], count=part[1]).text)
    if said:
        blocks.append(_titled("letter-answers", "\n\n".join(f"{one_line(q)}\n{clean(a).strip()}" for q, a in said)))
    if rows:
        blocks.append(_titled("letter-attachments", "\n".join(_row(number, row) for number, row in enumerate(rows, 1))))
    return "\n\n".join(blocks) + "\n"


def _titled(key: str, text: str) -> str:
    title = message(key).text
    return f"{title}\n{'-' * len(title)}\n{text}"


def _row(number: int, row: Row) -> str:
    asin = message("letter-asin", asin=one_line(row.asin)).text if row.asin.strip() else ""
    more = "".join(f"\n   {text}" for text in (asin, one_line(row.where)) if text)
    return f"{number}. {one_line(row.name)}{more}"


def where(report: ItemReport) -> str:
    """Where the mark is, for a reader who looks for it; "" where no mark was found that is surely physical."""
    best = report.best
    if best is None or report.outcome is not Outcome.PHYSICAL:
        return ""
    return message(_MARKS[best.reader], mark=one_line(best.mark), place=_place(report, best)).text


def _place(report: ItemReport, sighting: Sighting) -> str:
    x, y = (sum(point[axis] for point in sighting.quad) / 4 for axis in (0, 1))
    words = {"row": _third(_ROWS, y, report.media.height), "column": _third(_COLUMNS, x, report.media.width)}
    if report.media.kind is Kind.VIDEO and sighting.time_s is not None:
        minutes, seconds = divmod(int(sighting.time_s), 60)
        return message("letter-place-video", **words, time=f"{minutes}:{seconds:02d}").text
    return message("letter-place-photo", **words).text


def _third(names: Sequence[str], at: float, length: int) -> str:
    return names[min(2, max(0, int(3 * at / max(1, length))))]


def clean(text: str) -> str:
    """Without control characters and marks that turn the direction of writing; line ends become one kind."""
    text = re.sub(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n", text)
    return "".join(char for char in text if char in "\n\t" or not (_is_control(char) or _turns(char)))


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Co")


def _turns(char: str) -> bool:
    """Bidirectional controls can make "gpj.exe" read as "exe.jpg"; joiners between letters of some scripts stay."""
    return char in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


def one_line(text: str, most_chars: int = 250) -> str:
    return re.sub(r"\s+", " ", clean(text)).strip()[:most_chars]
