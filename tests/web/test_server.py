"""The real server in a process of its own: it answers, and it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("uvicorn")

from verify_media.errors import CannotWrite
from verify_media.web.server import PREFIX, serve

OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
START = "from verify_media.web.server import serve; serve(open_browser=False, announce=lambda a: print(a, flush=True))"


@contextmanager
def running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environment = {**os.environ, "TMPDIR": str(folder)}
    start = [sys.executable, "-c", START]
    pipe = subprocess.PIPE
    process = subprocess.Popen(start, env=environment, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout is not None and process.stderr is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


@pytest.mark.skipif(os.name != "posix", reason="signals as on Unix")
@pytest.mark.parametrize("way", [signal.SIGINT, signal.SIGTERM])
def test_files_are_gone_at_the_end(tmp_path: Path, way: signal.Signals) -> None:
    abandoned = tmp_path / f"{PREFIX}999999999-old"
    abandoned.mkdir()
    with running(tmp_path) as (process, address):
        assert address.startswith("http://127.0.0.1:") and len(address.split("/")[3]) >= 32
        _upload(address)
        listening = OPENER.open(f"{address}events")  # a page that waits for news
        assert listening.readline().startswith(b"data:")
        assert [path.read_bytes() for path in tmp_path.glob(f"{PREFIX}*/shots/*")] == [b"x" * 1000]
        assert not abandoned.exists()
        process.send_signal(way)
        assert process.wait(15) == 0
        assert not [*tmp_path.glob(f"{PREFIX}*")]
        assert process.stderr is not None and process.stderr.read() == ""
        listening.close()


def test_a_port_that_cannot_be_used_is_said() -> None:
    with pytest.raises(CannotWrite, match="port"):
        serve(port=99999, open_browser=False, announce=print)


def _upload(address: str) -> None:
    headers = {"Origin": "/".join(address.split("/")[:3]), "X-File-Name": "mug.jpg"}
    request = urllib.request.Request(f"{address}shots", b"x" * 1000, headers, method="POST")
    with OPENER.open(request, timeout=30) as answer:
        assert answer.status == 201
