"""ffmpeg-python needs the package `future`, where CVE-2025-50817 is open; the part with the hole is never imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CODE = """
import sys
import verify_media.tools.ffmpeg as ffmpeg
pieces = [ffmpeg.source(ffmpeg.Path("a.mp4"), ss="1")["v:0"].filter("scale", w=size, h=2) for size in (2, 4)]
ffmpeg.arguments([ffmpeg.output([ffmpeg.joined(pieces)], ffmpeg.Path("b.mp4"))])
print([name for name in sys.modules if name.startswith(("future.standard_library", "future.moves", "test"))])
"""


def test_a_foreign_test_py_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "test.py").write_text("print('TAKEN OVER')")
    path = os.pathsep.join(["", *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_every_input_is_one_local_clip() -> None:
    from verify_media.tools import ffmpeg

    command = ffmpeg.arguments([ffmpeg.output([ffmpeg.source(Path("-a:b.mp4"))["v:0"]], Path("c.mp4"))])
    given = command[: command.index("-i") + 2]
    assert given[given.index("-protocol_whitelist") + 1] == "file"
    assert not {"concat", "hls", "image2", "dash", "sdp", "rtsp"} & set(
        given[given.index("-format_whitelist") + 1].split(",")
    )
    assert int(given[given.index("-max_pixels") + 1]) < 40_000_000
    assert given[-1].startswith("file:/")
