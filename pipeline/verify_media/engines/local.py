"""This machine: a pool of processes, models loaded once in each, cores shared among them."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import islice

from verify_media.engines.work import Answer, Job, lost, perform, pin_threads, warm_up

IN_FLIGHT_PER_WORKER = 2


@dataclass
class LocalEngine:
    """`workers` processes; 1 for each core by default."""

    workers: int = field(default_factory=lambda: os.cpu_count() or 1)

    def run(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        waiting = iter(jobs)
        while True:
            suspects: list[Job] = []
            yield from self._until_a_worker_dies(waiting, suspects)
            if not suspects:
                return
            yield from (self._alone(job) for job in suspects)

    def _until_a_worker_dies(self, waiting: Iterator[Job], suspects: list[Job]) -> Iterator[Answer]:
        """Answers from one pool; the jobs in flight when it broke are left in `suspects`."""
        flying: dict[Future[Answer], Job] = {}
        with self._pool(self.workers) as pool:
            try:
                while True:
                    for job in islice(waiting, self.workers * IN_FLIGHT_PER_WORKER - len(flying)):
                        flying[pool.submit(perform, job)] = job
                    if not flying:
                        return
                    done, _ = wait(flying, return_when=FIRST_COMPLETED)
                    for future in done:
                        answer = future.result()
                        del flying[future]
                        yield answer
            except BrokenProcessPool:
                suspects.extend(flying.values())

    def _alone(self, job: Job) -> Answer:
        """A job that was in flight when a worker died; if it kills this one too, it is the culprit."""
        try:
            with self._pool(1) as pool:
                return pool.submit(perform, job).result()
        except BrokenProcessPool:
            return lost(job, "its worker died")

    def _pool(self, workers: int) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        pin_threads(self.workers)
        return ProcessPoolExecutor(workers, mp_context=context, initializer=warm_up, initargs=(self.workers,))
