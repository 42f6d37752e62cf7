"""Files that go out: the message, its attachments, everything together, and the report with its links."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from verify_media.reports import html as report_html
from verify_media.web import page
from verify_media.web.bundle import write_bundle
from verify_media.web.site import Site


async def get_message(site: Site, request: Request) -> Response:
    drafts = site.session.packed.drafts if site.session.packed else ()
    return _download(tuple(draft.path for draft in drafts), request.path_params["number"], "message/rfc822")


async def get_file(site: Site, request: Request) -> Response:
    sent = site.session.packed.deliverables if site.session.packed else ()
    return _download(tuple(file.path for file in sent), request.path_params["number"], "application/octet-stream")


def _download(paths: tuple[Path, ...], number: int, media_type: str) -> Response:
    if number >= len(paths) or not paths[number].is_file():
        raise HTTPException(404)
    return FileResponse(paths[number], media_type=media_type, filename=paths[number].name)


async def get_package(site: Site, request: Request) -> Response:
    result = site.session.packed
    if result is None or result.out is None:
        raise HTTPException(404)
    path = site.session.out.with_name("verify-media.zip")
    await asyncio.to_thread(write_bundle, result, path)
    return FileResponse(path, media_type="application/zip", filename="verify-media.zip")


async def get_report(site: Site, request: Request) -> Response:
    """The report as it was written; its links lead to the package, which is not served as a folder."""
    result = site.session.packed
    if result is None:
        return RedirectResponse("./")
    text = await asyncio.to_thread(report_html.render, result, page.cure)
    return HTMLResponse(text, headers={"Content-Security-Policy": report_html.policy()})


async def follow_report_link(site: Site, request: Request) -> Response:
    """The report names its files by relative links; they lead to the downloads."""
    result, wanted = site.session.packed, request.path_params["name"]
    names = [file.path.name for file in result.deliverables] if result else []
    if wanted not in names:
        raise HTTPException(404)
    return RedirectResponse(f"../file/{names.index(wanted)}")


async def follow_draft_link(site: Site, request: Request) -> Response:
    result, wanted = site.session.packed, f"{request.path_params['name']}.eml"
    names = [draft.path.name for draft in result.drafts] if result else []
    if wanted not in names:
        raise HTTPException(404)
    return RedirectResponse(quote(f"message/{names.index(wanted)}"))
