"""Starts the page on 127.0.0.1, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Timer
from types import FrameType
from typing import TYPE_CHECKING

from verify_media.errors import CannotWrite, MissingProgram

if TYPE_CHECKING:
    from uvicorn import Server

HOST = "127.0.0.1"
BROWSER_DELAY_S = 0.5
PREFIX = "verify-media-page-"


def serve(*, port: int = 0, open_browser: bool = True, announce: Callable[[str], None]) -> None:
    """Runs until it is interrupted. `announce` gets the address with its secret. Port 0: any free one.

    Raises MissingProgram without the extra `web`, CannotWrite where the port is taken.
    """
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingProgram("the local page is not installed", "Type: pip install 'verify-media[web]'") from error

    token = secrets.token_urlsafe(24)
    with _listening(port) as listener, _workplace() as root:
        port = listener.getsockname()[1]
        address = f"http://{HOST}:{port}/{token}/"
        server = _server(root, token, port)
        opener = Timer(BROWSER_DELAY_S, webbrowser.open, (address,))
        if open_browser:
            opener.start()
        announce(address)
        with suppress(KeyboardInterrupt):  # Ctrl-C is the usual way to end it
            server.run(sockets=[listener])
        opener.cancel()


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # who is quicker than the start waits in line
    except (OSError, OverflowError) as error:
        listener.close()
        raise CannotWrite(f"port {port} cannot be used", "Choose another one with --port, or leave it out.") from error
    return listener


@contextmanager
def _workplace() -> Iterator[Path]:
    """A private folder that goes with the program, also after SIGTERM; a killed program's goes at the next start."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    with suppress(ValueError):  # only the main thread may set handlers
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as root:
        yield Path(root)


def _is_abandoned(folder: Path) -> bool:
    """Ours, and its program is gone. Where that cannot be asked without harm (Windows), the folder stays."""
    pid = folder.name.removeprefix(PREFIX).partition("-")[0]
    if os.name != "posix" or not pid.isdecimal() or folder.is_symlink() or folder.stat().st_uid != os.getuid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _server(root: Path, token: str, port: int) -> Server:
    from uvicorn import Config, Server

    from verify_media.web.app import build
    from verify_media.web.jobs import Worker
    from verify_media.web.session import Session

    class Quiet(Server):
        """Lets the pages go before it stops, so that none is cut off in the middle of an event."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            asyncio.get_running_loop().call_soon_threadsafe(session.end)
            super().handle_exit(sig, frame)

    session = Session(root, Worker())
    app = build(session, token=token, hosts=frozenset({f"{HOST}:{port}", f"localhost:{port}"}))
    return Quiet(
        Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=2, ws="none", server_header=False)
    )
