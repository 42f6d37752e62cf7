"""Where the work runs: this machine or many."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify_media.engines.work import Engine


def choose(name: str, workers: int | None = None, scheduler: str | None = None) -> Engine:
    """The engine called `name`: "local" or "dask"."""
    if name == "dask":
        from verify_media.engines.cluster import DaskEngine

        return DaskEngine(scheduler, workers)
    from verify_media.engines.local import LocalEngine

    return LocalEngine(workers) if workers else LocalEngine()
