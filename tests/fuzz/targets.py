"""What is done with a broken file, in the cage; the answer is a verdict or a reason with a cure."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from verify_media.errors import VerifyMediaError
from verify_media.messages import Message
from verify_media.records import Kind, Marks, MediaItem, Progress, Skipped

MARKS = Marks(names=("Willow & Thread",))


@dataclass(frozen=True, slots=True)
class Seen:
    """How it ended: "item", the key of a reason, or "WRONG ..." with what should not have happened."""

    end: str
    seconds: float
    memory_mb: int


def media(tell: Progress, path: Path, thorough: bool) -> Seen:
    """Whatever opens the file: recognise, decode all of it, measure its traces, clean it; `thorough` reads it too."""
    return _timed(lambda: _media(path, thorough))


def logo(tell: Progress, path: Path) -> Seen:
    return _timed(lambda: _logo(path))


def text(tell: Progress, path: Path) -> Seen:
    return _timed(lambda: _text(path))


def _timed(work: object) -> Seen:
    began = time.monotonic()
    try:
        end = work()  # type: ignore[operator]
    except VerifyMediaError as error:
        end = type(error).__name__ if str(error) and error.cure else f"WRONG no cure: {error!r}"
    except Exception as error:
        end = f"WRONG {_origin(error)}"
    return Seen(end, time.monotonic() - began, _memory_mb())


def _origin(error: Exception) -> str:
    at, last = error.__traceback__, ""
    while at:
        if "verify_media" in at.tb_frame.f_code.co_filename:
            last = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"
        at = at.tb_next
    return f"{type(error).__name__} {last} {error}"[:200]


def _media(path: Path, thorough: bool) -> str:
    from verify_media.examination import examine_or_skip
    from verify_media.stages.ingest import identify

    item = identify(path)
    if isinstance(item, Skipped):
        return _reason(item.message)
    if thorough:
        found = examine_or_skip(item, MARKS)
        return _reason(found.message) if isinstance(found, Skipped) else f"examined {found.outcome.value}"
    return _opened(item)


def _opened(item: MediaItem) -> str:
    from verify_media.codecs import metadata, mp4
    from verify_media.codecs.errors import DecodeError
    from verify_media.codecs.preview import preview
    from verify_media.stages.authenticate import file_evidence
    from verify_media.stages.frames import sample

    try:
        for frame in sample(item, max_frames=3):
            preview(frame.image)
        file_evidence(item)
        if item.kind is Kind.VIDEO:
            mp4.inspect(item.path).private  # noqa: B018
        elif item.media_type in metadata.KNOWN:
            metadata.examine(item.path.read_bytes(), item.media_type)
    except DecodeError as error:
        return _reason(error.message)
    return "item"


def _logo(path: Path) -> str:
    from verify_media.readers.template import load_template

    load_template(path)
    return "item"


def _text(path: Path) -> str:
    from verify_media.policy import load_policy
    from verify_media.submission import Submission

    if path.name == "submission.toml":
        Submission.load(path.parent)
    else:
        load_policy(path)
    return "item"


def _reason(message: Message) -> str:
    return message.key if message.text and message.cure else f"WRONG no cure: {message.key}"


def _memory_mb() -> int:
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most // (1 << 20 if os.uname().sysname == "Darwin" else 1 << 10)
