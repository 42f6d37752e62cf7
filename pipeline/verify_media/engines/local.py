"""This machine: caged workers side by side, models loaded once in each, cores shared among them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from queue import SimpleQueue

from verify_media.cage import Cage
from verify_media.engines.work import Answer, Job, perform, pin_threads, warm_up
from verify_media.machine import cores

IN_FLIGHT_PER_WORKER = 2


@dataclass
class LocalEngine:
    """`workers` processes; 1 for each core by default. A thread each fetches the files and waits for the answers."""

    workers: int = field(default_factory=cores)

    def run(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        waiting = iter(jobs)
        cages = [Cage() for _ in range(self.workers)]
        idle: SimpleQueue[Cage] = SimpleQueue()
        pin_threads(self.workers)
        pool = ThreadPoolExecutor(self.workers)
        try:
            for cage in cages:
                pool.submit(self._make_ready, cage, idle)
            flying: set[Future[Answer]] = set()
            while True:
                for job in islice(waiting, self.workers * IN_FLIGHT_PER_WORKER - len(flying)):
                    flying.add(pool.submit(_perform, job, idle))
                if not flying:
                    return
                done, flying = wait(flying, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            for cage in cages:
                cage.close()

    def _make_ready(self, cage: Cage, idle: SimpleQueue[Cage]) -> None:
        try:
            warm_up(self.workers, cage)
        finally:
            idle.put(cage)


def _perform(job: Job, idle: SimpleQueue[Cage]) -> Answer:
    """In whichever cage is free. One that dies takes its own job with it and no other."""
    cage = idle.get()
    try:
        return perform(job, cage)
    finally:
        idle.put(cage)
