"""Brings an item and its logos to this machine: local paths as they are, URLs (`s3://`, `gs://`, `az://`) by fsspec."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from verify_media.errors import MissingProgram
from verify_media.records import Marks

if TYPE_CHECKING:
    from verify_media.engines.work import Job


def is_url(place: str) -> bool:
    return "://" in place


@contextmanager
def fetched(job: Job) -> Iterator[tuple[Path, Marks]]:
    """The item as a local file for the length of the block, and the marks with local pictures. Raises OSError."""
    marks = _local_marks(job.marks)
    if not is_url(job.url):
        yield Path(job.url), marks
        return
    with tempfile.TemporaryDirectory(prefix="verify-media-") as folder:
        path = Path(folder) / (PurePosixPath(job.url).name or "item")
        _download(job.url, path)
        yield path, marks


@lru_cache(maxsize=256)
def _local_marks(marks: Marks) -> Marks:
    return replace(marks, logos=tuple(map(_local, marks.logos)), cards=tuple(map(_local, marks.cards)))


def _local(picture: Path) -> Path:
    """`Path` folds the two slashes of a URL into one; a worker keeps each picture once."""
    text = str(picture)
    scheme, colon, rest = text.partition(":/")
    if not colon or picture.exists():
        return picture
    url = f"{scheme}://{rest.lstrip('/')}"
    target = _picture_folder() / f"{hashlib.sha256(url.encode()).hexdigest()[:16]}-{picture.name}"
    if not target.exists():
        _download(url, target)
    return target


@lru_cache(maxsize=1)
def _picture_folder() -> Path:
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="verify-media-marks-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _download(url: str, target: Path) -> None:
    with filesystem(url).open(url, "rb") as source, target.open("wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)


def filesystem(url: str) -> Any:
    """The fsspec file system of a URL. Raises MissingProgram where fsspec, or its driver, is not installed."""
    try:
        import fsspec

        return fsspec.core.url_to_fs(url)[0]
    except ImportError as error:
        cure = "pip install 'verify-media[cluster]'"
        raise MissingProgram(f"{url.split(':')[0]}:// cannot be read: {error}", cure) from error
