"""The only module that names ffmpeg. ffmpeg-python builds the command lines, imageio-ffmpeg carries the program."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import ffmpeg

from verify_media.errors import MissingProgram

Stream: TypeAlias = Any
"""A node of an ffmpeg-python graph; the library has no types."""

QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpegts,mpeg,mpegvideo"
MOST_PIXELS = 8192 * 4352
"""Of one picture, whatever the header promised; see codecs/limits.py."""
_KEPT_ERROR_CHARS = 2000


class FfmpegError(RuntimeError):
    """ffmpeg ended with an error or ran out of time; the text is its last line."""


@cache
def binary() -> Path:
    """The program. Raises MissingProgram with the cure."""
    try:
        import imageio_ffmpeg

        return Path(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise MissingProgram(
            "ffmpeg, which converts videos, was not found.",
            "Install it with `pip install imageio-ffmpeg`, or set IMAGEIO_FFMPEG_EXE to the path of an ffmpeg program.",
        ) from error


@cache
def version() -> str:
    """For example "9.0.2-17-g2a571b6068"."""
    said = subprocess.run([str(binary()), "-version"], capture_output=True, text=True, timeout=30, check=False).stdout
    return said.split()[2].removeprefix("n") if said.startswith("ffmpeg version") else "unknown"


def source(path: Path, **options: object) -> Stream:
    """An input. Only clips on this disk: a playlist or a script under a clip's name opens nothing."""
    # With "file:" a name that begins with a dash or holds a colon stays a name.
    bounds = {"protocol_whitelist": "file", "format_whitelist": CONTAINERS, "max_pixels": MOST_PIXELS}
    return ffmpeg.input(f"file:{path.resolve()}", **bounds, **options)


def output(tracks: Sequence[Stream], out: Path | str, **options: object) -> Stream:
    """An output file. An option whose value is None stands alone (`an=None` is `-an`)."""
    return ffmpeg.output(*tracks, f"file:{out.resolve()}" if isinstance(out, Path) else out, **options)


def arguments(outputs: Sequence[Stream]) -> list[str]:
    """The whole command line for one or more outputs."""
    graph = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    argv: list[str] = ffmpeg.compile(graph, cmd=[str(binary()), *QUIET], overwrite_output=True)
    return argv


def run(*outputs: Stream, timeout_s: float, on_frame: Callable[[int], None] | None = None) -> None:
    """Run a graph. `on_frame` hears the number of the frame that was written last. Raises FfmpegError."""
    argv = arguments(outputs)
    process = subprocess.Popen(
        [argv[0], "-progress", "pipe:1", *argv[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    errors: list[bytes] = []
    listener = threading.Thread(target=_listen, args=(process, on_frame), daemon=True)
    reader = threading.Thread(target=_collect, args=(process, errors), daemon=True)
    listener.start()
    reader.start()
    try:
        code = process.wait(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise FfmpegError(f"no result after {timeout_s:.0f} s") from error
    finally:
        _end(process)
        listener.join(timeout=5)
        reader.join(timeout=5)
    if code:
        raise FfmpegError(_last_line(b"".join(errors)) or f"exit status {code}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """After a timeout or Ctrl-C nothing keeps running."""
    if process.poll() is None:
        process.kill()
        process.wait()


def _listen(process: subprocess.Popen[bytes], on_frame: Callable[[int], None] | None) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        name, _, value = line.partition(b"=")
        if name == b"frame" and on_frame:
            with contextlib.suppress(ValueError):
                on_frame(int(value))


def _collect(process: subprocess.Popen[bytes], errors: list[bytes]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        errors.append(line)
        del errors[:-20]


def _last_line(said: bytes) -> str:
    lines = [line.strip() for line in said[-_KEPT_ERROR_CHARS:].decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def joined(pieces: Sequence[Stream]) -> Stream:
    """Picture tracks of one size, one after the other."""
    return ffmpeg.concat(*pieces, v=1, a=0) if len(pieces) > 1 else pieces[0]


def branches(stream: Stream, count: int) -> list[Stream]:
    """The same track `count` times, decoded and filtered once."""
    if count == 1:
        return [stream]
    split = stream.filter_multi_output("split", count)
    return [split[number] for number in range(count)]
