"""Starts the page on 127.0.0.1, and leaves nothing behind."""

from __future__ import annotations

import secrets
import socket
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

from verify_media.errors import CannotWrite, MissingProgram

if TYPE_CHECKING:
    from uvicorn import Config

HOST = "127.0.0.1"
BROWSER_DELAY_S = 0.5


def serve(*, port: int = 0, open_browser: bool = True, announce: Callable[[str], None]) -> None:
    """Runs until interrupted. `announce` gets the address with its secret. Port 0: any free one.

    Raises MissingProgram without the extra `web`, CannotWrite where the port is taken.
    """
    try:
        import starlette  # noqa: F401
        from uvicorn import Server
    except ImportError as error:
        raise MissingProgram("the local page is not installed", "Type: pip install 'verify-media[web]'") from error

    token = secrets.token_urlsafe(24)
    with _listening(port) as listener, tempfile.TemporaryDirectory(prefix="verify-media-") as root:
        port = listener.getsockname()[1]
        address = f"http://{HOST}:{port}/{token}/"
        announce(address)
        opener = Timer(BROWSER_DELAY_S, webbrowser.open, (address,))
        if open_browser:
            opener.start()
        Server(_config(Path(root), token, port)).run(sockets=[listener])
        opener.cancel()


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise CannotWrite(f"port {port} is taken", "Choose another one with --port, or leave it out.") from error
    return listener


def _config(root: Path, token: str, port: int) -> Config:
    from uvicorn import Config

    from verify_media.web.app import build
    from verify_media.web.jobs import Worker
    from verify_media.web.session import Session

    app = build(Session(root, Worker()), token=token, hosts=frozenset({f"{HOST}:{port}", f"localhost:{port}"}))
    return Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=2, ws="none", server_header=False)
