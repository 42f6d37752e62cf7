"""The session as HTML: the whole page, and its parts for pages that are open already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from markupsafe import Markup

from verify_media.messages import Message, catalogue, counted, message
from verify_media.policy import Level, builtin_names, load_policy
from verify_media.records import Kind, Preview
from verify_media.reports import html, pictures, view
from verify_media.reports.terminal import stage_label

if TYPE_CHECKING:
    from jinja2 import Environment

    from verify_media.pipeline import RunResult
    from verify_media.web.session import Session
    from verify_media.web.shots import Shot

PHOTO_TYPES = "image/*,.heic,.heif,.avif,.dng,.tif,.tiff"
VIDEO_TYPES = "video/*,.mov,.mp4,.mkv,.webm,.3gp"


def whole(session: Session) -> str:
    """The page as it is loaded."""
    return (
        _templates()
        .get_template("page.html.j2")
        .render(
            **_facts(session),
            **parts(session),
            cards={shot.id: card(session, shot) for shot in session.shots.values()},
            policies={name: load_policy(name).title for name in builtin_names()},
            time_to_answer=_time_to_answer(session),
            asked=[rule for rule in session.policy.rules if rule.level is Level.ASK],
            accept=f"{PHOTO_TYPES},{VIDEO_TYPES}",
        )
    )


def _time_to_answer(session: Session) -> str:
    days = session.policy.deadline_days
    return "" if days is None else counted("count-day", days).text


def parts(session: Session) -> dict[str, Markup]:
    """Element id -> its content; what a page exchanges when something has changed."""
    facts = _facts(session)
    names = ("status", "next", "message")
    found = {name: _rendered(f"{name}.html.j2", facts) for name in names}
    found |= {f"body-{shot.id}": _body(session, shot) for shot in session.shots.values()}
    return found


def fields(session: Session) -> dict[str, str | bool]:
    """What was typed, by field, so that a second page shows it too."""
    typed, policy = session.details, session.policy
    found: dict[str, str | bool] = {
        "names": ", ".join(typed.names),
        "policy": typed.policy,
        "received": typed.received.isoformat() if typed.received else "",
        "photos_only": typed.photos_only,
    }
    found |= {f"answers.{key}": typed.answers.get(key, "") for key in policy.answers or {}}
    found |= {f"asins.{key}": typed.asins.get(key, "") for key in session.shots}
    found |= {f"confirmed.{rule.id}": rule.id in typed.confirmed for rule in policy.rules if rule.level is Level.ASK}
    return found


def card(session: Session, shot: Shot) -> Markup:
    """A new photo or video for pages that do not have it yet."""
    asin = session.details.asins.get(shot.id, "")
    values = {"shot": shot, "asin": asin, "body": _body(session, shot), "needs_asin": session.policy.needs_asins}
    return _rendered("card.html.j2", {**values, "accept": f"{PHOTO_TYPES},{VIDEO_TYPES}"})


def _body(session: Session, shot: Shot) -> Markup:
    shown = _report_card(session, shot)
    busy = session.now is not None and session.now.item == shot.path
    picture = shot.thumbnail
    number = list(session.shots).index(shot.id) + 1
    values = {"shot": shot, "number": number, "card": shown, "busy": busy, "paused": session.paused}
    return _rendered(
        "body.html.j2", {**values, "thumbnail": picture, "marks": bool(session.marks), "is_sent": session.is_sent(shot)}
    )


def _report_card(session: Session, shot: Shot) -> html.Card | None:
    """The item as the report shows it, with its pictures under addresses of this server."""
    result = session.result
    if result is None or shot.report is None or shot.marks != session.marks:
        return None
    item = next((item for item in view.item_views(result) if item.report.path == shot.path), None)
    if item is None:
        return None
    report = shot.report
    picture = _picture(shot, "picture", report.preview, pictures.outlines(report))
    return html.card(result, item, picture, _picture(shot, "close-up", report.close_up), cure)


def _picture(
    shot: Shot, kind: str, preview: Preview | None, outlines: tuple[pictures.Outline, ...] = ()
) -> pictures.Picture | None:
    """The version in the address changes with the picture, so no page shows an older one."""
    if preview is None:
        return None
    return pictures.Picture(f"{kind}/{shot.id}?{len(preview.jpeg):x}", preview.width, preview.height, outlines)


def _facts(session: Session) -> Mapping[str, object]:
    result = session.result
    return {
        "session": session,
        "result": result,
        "details": session.details,
        "policy": session.policy,
        "light": _light(session, result),
        "headline": _headline(session, result),
        "activity": _activity(session),
        "todo": view.grouped(result.todo) if result and not session.unfinished else (),
        "anchors": _anchors(session),
        "parcels": tuple(html.parcel(result, draft) for draft in result.drafts) if result else (),
        "estimate": _estimate(session),
    }


NO_LIGHT = "none"
"""While something is still to come, no lamp is lit: yellow would look like a warning."""


def _light(session: Session, result: RunResult | None) -> str:
    return view.light(result).value if result and not session.unfinished else NO_LIGHT


def _headline(session: Session, result: RunResult | None) -> str:
    if not session.shots:
        return message("web-begin").text
    if not session.marks:
        return message("web-need-mark").text
    if result is None or session.unfinished or session.busy:
        return message("web-looking").text if not session.paused else message("web-stopped").text
    if session.packed is None and view.light(result) is not view.Light.STOP:
        return message("web-can-pack").text
    return html.NUMBER_AND_WORD.sub("\\1\u00a0", view.headline(result))


def _activity(session: Session) -> str:
    event = session.now
    if event is None:
        return ""
    where = f" {min(event.done + 1, event.total)}/{event.total}" if event.total else ""
    return f"{stage_label(event.stage)}{where}"


def _anchors(session: Session) -> dict[str, int]:
    """File name -> number, as it stands before the name."""
    return {shot.path.name: number for number, shot in enumerate(session.shots.values(), start=1)}


def _estimate(session: Session) -> tuple[pictures.Stretch, ...]:
    """Before the message is made: how much the originals would take, up to the limit."""
    limit, start, found = session.policy.limit_bytes, 0, []
    for shot in (s for s in session.shots.values() if s.left_out is None and session.is_sent(s)):
        size = pictures.mail_bytes(shot.size_bytes) if session.policy.counts == "message" else shot.size_bytes
        found.append(pictures.stretch(min(start, limit), min(start + size, limit), limit, shot_kind(shot)))
        start += size
    return tuple(found)


def shot_kind(shot: Shot) -> str:
    return Kind.VIDEO.value if shot.media and shot.media.kind is Kind.VIDEO else Kind.PHOTO.value


def cure(note: Message) -> str:
    """What to do on this page, where the message speaks of the command line."""
    key = f"web-cure-{note.key}"
    return Message(key, note.values).text if key in catalogue() else note.cure


def _rendered(template: str, values: Mapping[str, object]) -> Markup:
    return Markup(_templates().get_template(template).render(**values))


def _templates() -> Environment:
    return html.environment("verify_media.web", cure_of=cure)
