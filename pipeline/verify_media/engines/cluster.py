"""Many machines, through dask.distributed: its scheduler, its retries; each job's answer is taken once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any

from verify_media.engines.work import Answer, Job, lost, perform, warm_up
from verify_media.errors import MissingProgram

IN_FLIGHT_PER_WORKER = 4
RETRIES = 3
"""A job whose worker was lost is run again on another; after that many losses it is the culprit."""


@dataclass
class DaskEngine:
    """Workers of the scheduler at `address`; without one, a cluster of `workers` processes on this machine."""

    address: str | None = None
    workers: int | None = None

    def run(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        with self._client() as client:
            client.register_plugin(_plugin(self.workers or 1), name="verify-media-models")
            yield from self._answers(client, iter(jobs))

    def _answers(self, client: Any, waiting: Iterator[Job]) -> Iterator[Answer]:
        flying: dict[str, Job] = {}
        queue = _distributed().as_completed()
        self._submit(client, queue, waiting, flying, self._width(client))
        for future in queue:
            job = flying.pop(future.key)
            yield _answer(job, future)
            self._submit(client, queue, waiting, flying, self._width(client) - len(flying))

    def _submit(self, client: Any, queue: Any, waiting: Iterator[Job], flying: dict[str, Job], count: int) -> None:
        for job in islice(waiting, max(0, count)):
            future = client.submit(perform, job, key=job.id, pure=False, retries=RETRIES)
            flying[future.key] = job
            queue.add(future)

    def _width(self, client: Any) -> int:
        """Jobs in flight; workers that join later are used too."""
        return IN_FLIGHT_PER_WORKER * max(1, len(client.nthreads()))

    def _client(self) -> Any:
        dask = _distributed()
        if self.address:
            return dask.Client(self.address, timeout="30s")
        return dask.Client(dask.LocalCluster(n_workers=self.workers, threads_per_worker=1, dashboard_address=None))


def _answer(job: Job, future: Any) -> Answer:
    """A result that went with its worker before it was fetched is computed again."""
    try:
        answer: Answer = future.result()
        return answer
    except Exception:  # dask's own, after its retries
        return lost(job, "its worker was lost")


def _distributed() -> Any:
    """dask.distributed, which is not annotated. Raises MissingProgram."""
    try:
        return import_module("distributed")
    except ImportError as error:
        raise MissingProgram("dask is not installed", "pip install 'verify-media[cluster]'") from error


def _plugin(workers: int) -> Any:
    class Models(_distributed().WorkerPlugin):  # type: ignore[misc]
        """Loads the models once in each worker."""

        idempotent = True

        def setup(self, worker: Any) -> None:
            warm_up(workers)

    return Models()
