"""`report.html`: one page without scripts and without anything from elsewhere, to be mailed, printed and kept."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from verify_media.messages import Message, entry, message
from verify_media.records import Deliverable, Draft, Kind, Sighting, Span
from verify_media.reports import pictures, units, view
from verify_media.reports.escape import finite, visible
from verify_media.stages.dates import in_words

if TYPE_CHECKING:
    from verify_media.pipeline import RunResult

POLICY = "default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
"""Content-Security-Policy of the page: only its own style block, only pictures that are part of it."""
NUMBER_AND_WORD = re.compile(r"(\d) ")
MOST_SIGHTINGS = 40
REVIEWER_CHANGES = frozenset({"fit-hashes"})
"""Changes that only a reviewer reads; they stand with the numbers."""


@dataclass(frozen=True, slots=True)
class Strip:
    """When the marks of one video can be seen."""

    stretches: tuple[pictures.Stretch, ...]
    best_x: float | None
    end_s: float
    spans: tuple[Span, ...]
    marks: int


@dataclass(frozen=True, slots=True)
class Card:
    """An item as the page shows it."""

    item: view.ItemView
    cures: tuple[str, ...]
    picture: pictures.Picture | None
    close_up: pictures.Picture | None
    strip: Strip | None

    @property
    def notes(self) -> tuple[Message, ...]:
        notes = (*self.item.report.media.notes, *self.item.report.notes)
        return tuple({str(note): note for note in notes}.values())

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """For the table of numbers; a page full of text may hold hundreds."""
        return (*self.item.report.sightings, *self.item.report.overlays)[:MOST_SIGHTINGS]


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message of the answer and how its limit is used."""

    draft: Draft
    shares: tuple[pictures.Share, ...]
    text_bytes: int
    free_bytes: int


def render(result: RunResult, cure_of: view.CureOf = view.own_cure) -> str:
    """The page. The same result gives the same bytes. `cure_of`: what to do, for readers without a command line."""
    template = environment(cure_of=cure_of).get_template("report.html.j2")
    return template.render(
        result=result,
        light=view.light(result).value,
        headline=NUMBER_AND_WORD.sub("\\1\u00a0", view.headline(result)),
        todo=view.grouped(result.todo),
        cards=_cards(result, cure_of),
        rules=view.rule_views(result),
        deadline=_deadline(result),
        reviewer_changes=REVIEWER_CHANGES,
        parcels=tuple(parcel(result, draft) for draft in result.drafts),
        link=lambda path: _link(result, path),
        anchors={report.path.name: number for number, report in enumerate(result.items, start=1)},
        style=Markup(style()),
        csp=policy(),
    )


@cache
def policy() -> str:
    """The page's Content-Security-Policy, which knows its style by hash."""
    return POLICY.format(digest=b64encode(sha256(style().encode()).digest()).decode())


@cache
def style() -> str:
    return (files(__package__) / "templates" / "report.css").read_text(encoding="utf-8").replace("\r\n", "\n")


@cache
def environment(*packages: str, cure_of: view.CureOf = view.own_cure) -> Environment:
    """Templates of the reports, and of `packages` that build on them."""
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, "verify_media.reports")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals.update(
        say=say, plain=plain, message=message, item_question=view.item_question, web_address=_web_address
    )
    environment.filters.update(
        text=rendered,
        text_of=said_of,
        mb=units.megabytes,
        clock=units.clock,
        day=in_words,
        name=isolated,
        number=_number,
        cure=cure_of,
    )
    return environment


def _finalize(value: Any) -> Any:
    """Every text that reaches the page, with its control characters made visible."""
    return value if isinstance(value, Markup) else visible(value, keep="\n") if isinstance(value, str) else value


def isolated(text: object) -> Markup:
    """A name from outside: escaped, and unable to turn the direction of the sentence around it."""
    return Markup("<bdi>{}</bdi>").format(visible(text))


def rendered(note: Message | str) -> Markup:
    """A message's text with its values isolated."""
    return (
        _fill(str(entry(note.key)["text"]), note.values) if isinstance(note, Message) else Markup(escape(visible(note)))
    )


def said_of(note: Message, item: view.ItemView) -> Markup:
    """The text beside the picture it speaks of: "this photo" in place of the file's name."""
    if note.values.get("file") != item.name:
        return rendered(note)
    this = message("report-this-video" if item.is_video else "report-this-photo").text
    template = str(entry(note.key)["text"])
    if template.startswith("{file}"):
        template = this[:1].upper() + this[1:] + template.removeprefix("{file}")
    return _fill(template.replace("{file}", this), note.values)


def _fill(template: str, values: Mapping[str, str | int | float]) -> Markup:
    safe = {key: isolated(value) if isinstance(value, str) else value for key, value in values.items()}
    return Markup(escape(template)).format_map(safe)


def say(key: str, **values: str | int | float) -> Markup:
    """A sentence of the catalogue by its key."""
    return rendered(message(key, **values))


def plain(key: str, **values: str | int | float) -> str:
    """The same for attributes, where no markup can stand."""
    return visible(message(key, **values).text)


def _number(value: float) -> str:
    short = finite(value, 4)
    return "–" if short is None else f"{short:g}"


def _cards(result: RunResult, cure_of: view.CureOf) -> tuple[Card, ...]:
    pairs = zip(view.item_views(result), pictures.pictures(result.items), strict=True)
    return tuple(card(result, item, picture, close_up, cure_of) for item, (picture, close_up) in pairs)


def card(
    result: RunResult,
    item: view.ItemView,
    picture: pictures.Picture | None,
    close_up: pictures.Picture | None,
    cure_of: view.CureOf = view.own_cure,
) -> Card:
    return Card(item, view.cures(result, item.rules, cure_of), picture, close_up, _strip(item))


def _strip(item: view.ItemView) -> Strip | None:
    spans = tuple(sorted(item.report.spans, key=lambda span: span.start_s))
    if item.report.media.kind is not Kind.VIDEO or not spans:
        return None
    end_s = item.report.media.duration_s or max(span.end_s for span in spans)
    best = item.report.best
    best_x = pictures.moment(best.time_s, end_s) if best and best.time_s is not None else None
    return Strip(pictures.stretches(spans, end_s), best_x, end_s, spans, len({span.mark for span in spans}))


def _deadline(result: RunResult) -> tuple[Message, ...]:
    return next((rule.reasons for rule in view.rule_views(result) if rule.id == "deadline"), ())


def parcel(result: RunResult, draft: Draft) -> Parcel:
    shares = pictures.shares(draft, result.deliverables, as_mail=result.policy.counts == "message")
    text_bytes = max(draft.size_bytes - sum(share.size_bytes for share in shares), 0)
    return Parcel(draft, shares, text_bytes, max(draft.limit_bytes - draft.size_bytes, 0))


def _link(result: RunResult, path: PurePath | Deliverable) -> str:
    """A link from the page to a file beside it."""
    file = path.path if isinstance(path, Deliverable) else path
    relative = file.relative_to(result.out) if result.out and file.is_relative_to(result.out) else PurePath(file.name)
    return quote(relative.as_posix().encode("utf-8", "surrogateescape"))


def _web_address(text: str) -> bool:
    return text.startswith(("https://", "http://"))
