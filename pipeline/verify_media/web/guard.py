"""What every request has to pass: the secret of the URL, this computer's name, and for changes this page's origin."""

from __future__ import annotations

import hmac
from collections.abc import MutableMapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""`no-referrer` keeps the secret out of other servers' logs; `frame-ancestors` keeps the page out of frames."""
SAFE_METHODS = frozenset({"GET", "HEAD"})


class Guard:
    """Wraps the application. Another site's script can neither read (Host, token) nor write (Origin) here."""

    def __init__(self, app: ASGIApp, *, token: str, hosts: frozenset[str]) -> None:
        self.app = app
        self.token = token
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._other(scope, receive, send)
        elif refusal := self._refusal(scope):
            await PlainTextResponse(refusal[1], refusal[0], headers=HEADERS)(scope, receive, send)
        else:
            await self.app(scope, receive, _with_headers(send))

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)

    def _refusal(self, scope: MutableMapping[str, object]) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self.hosts:  # DNS rebinding: a foreign name that leads to 127.0.0.1
            return 421, "This page answers only under its own address."
        if not self._knows_token(str(scope["path"])):
            return 404, "Not found."
        if scope["method"] not in SAFE_METHODS and headers.get("origin", "") not in self._origins():
            return 403, "Changes are accepted from this page only."
        return None

    def _knows_token(self, path: str) -> bool:
        return hmac.compare_digest(path.lstrip("/").partition("/")[0].encode("utf-8", "replace"), self.token.encode())

    def _origins(self) -> frozenset[str]:
        return frozenset(f"http://{host}" for host in self.hosts)


def _with_headers(send: Send) -> Send:
    """Adds what the response has not set itself: the report brings its own policy."""

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return wrapped
