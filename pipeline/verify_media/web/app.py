"""The routes. All of them lie under the secret of the URL; files are known by ids made here, never by a path."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from verify_media.messages import Message, message
from verify_media.records import Preview
from verify_media.reports import html as report_html
from verify_media.web import details, downloads, page
from verify_media.web.guard import Guard
from verify_media.web.session import Session
from verify_media.web.shots import Shot
from verify_media.web.site import Site
from verify_media.web.steps import Steps
from verify_media.web.uploads import Bounds, Refused, receive, safe_name

MAX_JSON_BYTES = 64_000
HEARTBEAT_S = 15.0
Endpoint = Callable[[Site, Request], Awaitable[Response]]
STATIC = {"page.css": "text/css", "page.js": "text/javascript", "icon.svg": "image/svg+xml"}


def build(
    session: Session,
    *,
    token: str,
    hosts: frozenset[str],
    bounds: Bounds | None = None,
) -> ASGIApp:
    """The application with its guard. `hosts`: "127.0.0.1:PORT" and the like."""
    site = Site(session, bounds or Bounds())
    routes = [Route(path, _bound(site, endpoint), methods=[method]) for method, path, endpoint in ROUTES]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        work = asyncio.create_task(Steps(session).work())
        yield
        work.cancel()
        session.worker.stop()
        with suppress(asyncio.CancelledError):
            await work

    app = Starlette(routes=[Mount(f"/{token}", routes=routes)], lifespan=lifespan)
    return Guard(app, token=token, hosts=hosts)


def _bound(site: Site, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        return await endpoint(site, request)

    return handle


# Pages


async def show(site: Site, request: Request) -> Response:
    return HTMLResponse(page.whole(site.session))


async def show_parts(site: Site, request: Request) -> Response:
    session = site.session
    cards = {shot.id: page.card(session, shot) for shot in session.shots.values()}
    marks = {"logo": bool(session.logos), "card": bool(session.cards)}
    state = {"revision": session.revision, "fields": page.fields(session), "marks": marks}
    return JSONResponse({**state, "parts": page.parts(session), "shots": cards})


async def show_events(site: Site, request: Request) -> Response:
    """Server-sent events: the number of the newest revision, whenever it changes."""
    return StreamingResponse(_revisions(site.session), media_type="text/event-stream")


async def _revisions(session: Session) -> AsyncIterator[str]:
    revision = session.revision
    yield f"data: {revision}\n\n"
    while not session.ended:
        try:
            revision = await asyncio.wait_for(session.after(revision), HEARTBEAT_S)
            yield f"data: {revision}\n\n"
        except TimeoutError:
            yield ": still here\n\n"


async def show_static(site: Site, request: Request) -> Response:
    name = request.path_params["name"]
    if name == "report.css":
        return Response(report_html.style(), media_type="text/css")
    if name not in STATIC:
        raise HTTPException(404)
    return Response(_static(name), media_type=STATIC[name])


@cache
def _static(name: str) -> bytes:
    return (files("verify_media.web") / "static" / name).read_bytes()


# Pictures


async def show_picture(site: Site, request: Request) -> Response:
    shot = _shot(site, request)
    preview = _preview(shot, request.path_params["kind"])
    if preview is None:
        raise HTTPException(404)
    return Response(preview.jpeg, media_type="image/jpeg")


def _preview(shot: Shot, kind: str) -> Preview | None:
    if kind == "thumbnail":
        return shot.thumbnail
    report = shot.report
    return {"picture": report.preview, "close-up": report.close_up}.get(kind) if report else None


def _shot(site: Site, request: Request) -> Shot:
    try:
        return site.session.shots[request.path_params["id"]]
    except KeyError:
        raise HTTPException(404) from None


# Files that come in


async def add_shot(site: Site, request: Request) -> Response:
    session = site.session
    if len(session.shots) + len(site.arriving) >= site.bounds.files:
        return _refused(message("web-too-many", limit=site.bounds.files))
    return await _receive_shot(site, request, None)


async def replace_shot(site: Site, request: Request) -> Response:
    return await _receive_shot(site, request, _shot(site, request).id)


async def _receive_shot(site: Site, request: Request, shot_id: str | None) -> Response:
    session, bounds = site.session, site.bounds
    held = sum(shot.size_bytes for shot in session.shots.values() if shot.id != shot_id) + sum(site.arriving.values())
    room = min(bounds.file_bytes, bounds.total_bytes - held)
    if room <= 0:
        return _refused(message("web-full", limit=bounds.total_bytes // 1_000_000))
    taken = {shot.path.name for shot in session.shots.values()} | site.arriving.keys()
    name = safe_name(_given_name(request), taken)
    site.arriving[name] = min(room, _announced_size(request))
    try:
        size = await _received(request, session.shots_folder / name, room)
    finally:
        del site.arriving[name]
    if isinstance(size, Response):
        return size
    shot = session.add_shot(session.shots_folder / name, size, shot_id)
    return JSONResponse({"id": shot.id}, 201)


async def _received(request: Request, target: Path, limit_bytes: int) -> int | Response:
    """The size of the file, or why there is none."""
    try:
        return await receive(request.stream(), target, limit_bytes)
    except Refused as refusal:
        return _refused(refusal.reason)
    except ClientDisconnect:
        return Response(status_code=400)
    except OSError:
        return _refused(message("web-no-room"), 507)


async def remove_shot(site: Site, request: Request) -> Response:
    site.session.remove_shot(_shot(site, request).id)
    return Response(status_code=204)


async def add_mark(site: Site, request: Request) -> Response:
    session, kind = site.session, _mark_kind(request)
    name = safe_name(f"{kind}-{_given_name(request)}", {path.name for path in session.marks_folder.iterdir()})
    size = await _received(request, session.marks_folder / name, site.bounds.mark_bytes)
    if isinstance(size, Response):
        return size
    session.add_mark(kind, session.marks_folder / name)
    return Response(status_code=201)


async def remove_mark(site: Site, request: Request) -> Response:
    site.session.remove_mark(_mark_kind(request))
    return Response(status_code=204)


def _mark_kind(request: Request) -> str:
    kind = str(request.path_params["kind"])
    if kind not in ("logo", "card"):
        raise HTTPException(404)
    return kind


def _given_name(request: Request) -> str:
    return unquote(request.headers.get("x-file-name", "file"))


def _announced_size(request: Request) -> int:
    size = request.headers.get("content-length", "")
    return int(size) if size.isdecimal() else 0


def _refused(reason: Message, status: int = 413) -> Response:
    return Response(f"{reason.text} {page.cure(reason)}", status, media_type="text/plain")


# What is typed and asked for


async def take_details(site: Site, request: Request) -> Response:
    try:
        data = await _json(request)
        details.take(site.session, str(data["field"]), data["value"])
    except (ValueError, KeyError, TypeError):
        return Response(message("web-not-understood").text, 400, media_type="text/plain")
    return Response(status_code=204)


async def _json(request: Request) -> dict[str, object]:
    """Raises ValueError for anything but a small object."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_JSON_BYTES:
            raise ValueError("too large")
    data = json.loads(body)
    if not isinstance(data, dict):
        raise ValueError("not an object")
    return data


async def pack(site: Site, request: Request) -> Response:
    site.session.pack()
    return Response(status_code=204)


async def cancel(site: Site, request: Request) -> Response:
    site.session.cancel()
    return Response(status_code=204)


async def go_on(site: Site, request: Request) -> Response:
    site.session.go_on()
    return Response(status_code=204)


ROUTES: tuple[tuple[str, str, Endpoint], ...] = (
    ("GET", "/", show),
    ("GET", "/parts", show_parts),
    ("GET", "/events", show_events),
    ("GET", "/report", downloads.get_report),
    ("GET", "/package", downloads.get_package),
    ("GET", "/message/{number:int}", downloads.get_message),
    ("GET", "/file/{number:int}", downloads.get_file),
    ("GET", "/send/{name}", downloads.follow_report_link),
    ("GET", "/{name}.eml", downloads.follow_draft_link),
    ("POST", "/shots", add_shot),
    ("POST", "/shots/{id}", replace_shot),
    ("POST", "/shots/{id}/remove", remove_shot),
    ("POST", "/marks/{kind}", add_mark),
    ("POST", "/marks/{kind}/remove", remove_mark),
    ("POST", "/details", take_details),
    ("POST", "/pack", pack),
    ("POST", "/cancel", cancel),
    ("POST", "/go-on", go_on),
    ("GET", "/{kind}/{id}", show_picture),
    ("GET", "/{name}", show_static),
)
