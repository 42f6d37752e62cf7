"""Sizes, times and days as a maker reads them, and paths that say nothing about the computer."""

from __future__ import annotations

from pathlib import Path

from verify_media.stages.dates import clock as clock


def megabytes(size_bytes: float) -> str:
    """Decimal megabytes, as the letters count them. Small files in kB, so that nothing weighs "0.0 MB"."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 99_950 else f"{max(size_bytes, 0) / 1e3:.0f} kB"


def relative(path: Path, folder: Path | None) -> str:
    """The path from the folder where it lies inside, with forward slashes; else only the name."""
    try:
        return path.relative_to(folder).as_posix() if folder else path.name
    except ValueError:
        return path.name
