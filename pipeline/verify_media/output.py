"""A folder that appears whole or not at all: written to a temporary neighbour, synced, then renamed into place."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from verify_media.errors import CannotWrite
from verify_media.interrupts import HeldInterrupts


@contextmanager
def whole_folder(target: Path, *, keep_out_of: Path) -> Iterator[tuple[Path, Path]]:
    """Gives (temporary folder to write to, final path). The final path appears when the block ends without an error.

    Any older result stays until then. Raises CannotWrite; the input folder `keep_out_of` is never written to.
    """
    target = _safe_target(Path(target).absolute(), Path(keep_out_of).resolve())
    with HeldInterrupts() as interrupts, _locked(target), _blamed(target):
        _restore(target)
        _sweep(target)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
        try:
            interrupts.let_in()
            yield draft, target
            interrupts.on = True
            _replace(draft, target)
        finally:
            interrupts.on = True
            shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _blamed(target: Path) -> Iterator[None]:
    """Raises CannotWrite for what the system refuses."""
    try:
        yield
    except OSError as error:
        full = error.errno == errno.ENOSPC
        cure = "Make room on the disk and try again." if full else "Choose another place with --out."
        raise CannotWrite(f"{target.name!r} cannot be written: {error.strerror or error}", cure) from error


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    with _blamed(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock(target)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _safe_target(target: Path, source: Path) -> Path:
    resolved = target.resolve()
    if source.is_dir() and (resolved == source or source in resolved.parents):
        raise CannotWrite("the output would lie inside the folder of shots", "Choose another place with --out.")
    if resolved in source.parents or (target.exists() and not _ours(target)):
        raise CannotWrite(
            f"{target.name!r} exists and is not a result of verify-media", "Choose another place with --out."
        )
    return target


def _ours(folder: Path) -> bool:
    """Only an earlier result or an empty folder may be replaced."""
    return folder.is_dir() and ((folder / "report.json").is_file() or not any(folder.iterdir()))


def _lock(target: Path) -> Path:
    """Raises CannotWrite while another live run holds the same output."""
    lock = target.with_name(f".{target.name}.lock")
    for _ in range(2):
        try:
            with lock.open("x", encoding="ascii") as file:
                file.write(str(os.getpid()))
            return lock
        except FileExistsError:
            if _alive(lock):
                raise CannotWrite(f"another run is writing {target.name!r}", "Wait until it has ended.") from None
            lock.unlink(missing_ok=True)
    raise CannotWrite(f"another run is writing {target.name!r}", "Wait until it has ended.")


def _alive(lock: Path) -> bool:
    try:
        os.kill(int(lock.read_text(encoding="ascii")), 0)
    except (ValueError, ProcessLookupError, FileNotFoundError):
        return False
    except OSError:
        return True
    return True


def _backup(target: Path) -> Path:
    return target.with_name(f".{target.name}.old")


def _restore(target: Path) -> None:
    """A run that was killed between the two renames of `_replace` left the old result under its backup's name."""
    if _backup(target).exists() and not target.exists():
        _backup(target).rename(target)


def _sweep(target: Path) -> None:
    """What runs left that were killed; the lock is ours, so none of them is alive."""
    for draft in target.parent.iterdir():
        if draft.name.startswith(f".{target.name}.") and draft.name.endswith(".partial"):
            shutil.rmtree(draft, ignore_errors=True)


def _sync(folder: Path) -> None:
    """To the disk, so that a power loss after the rename finds whole files."""
    for path in (*folder.rglob("*"), folder):
        if path.is_file() or (path.is_dir() and os.name == "posix"):
            place = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
            try:
                os.fsync(place)
            finally:
                os.close(place)


def _exchanged(draft: Path, target: Path) -> bool:
    """Old and new change names in one moment, where the system can do that (Linux); `draft` is then the old result."""
    try:
        exchange = ctypes.CDLL(None).renameat2
    except (AttributeError, OSError, TypeError):
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return not exchange(here, os.fsencode(draft), here, os.fsencode(target), swap)


def _replace(draft: Path, target: Path) -> None:
    """At any moment old or new result has its name; where the system needs two renames, or the old one its backup's
    (`_restore`)."""
    draft.chmod(0o755)
    _sync(draft)
    if target.exists() and _exchanged(draft, target):
        return
    old = _backup(target)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    try:
        draft.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
