"""What a million items take on many machines: a simulation that is fed with measured seconds per item.

    python bench/scale.py [CORPUS] [--seconds FILE] [--items N] [--megabytes MB]

The seconds are those of bench/seconds.json, which `bench/batch.py --keep` writes; no corpus is needed. Every worker
has one core. An item waits for the driver, then for its bytes (a latency, a rate per worker, and the store's rate that
all share), then takes a measured time. Workers start by loading the models; each is lost now and then and repeats the
item that it held.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plant:
    """The machines; seconds and bytes per second unless the name says otherwise. Override what you have measured."""

    model_load_s: float = 2.5
    driver_items_per_s: float = 1_000.0
    """The lower of what a scheduler hands out and what the driver books (`bench/batch.py` prints the second)."""
    read_latency_s: float = 0.05
    worker_bandwidth: float = 50e6
    store_bandwidth: float = 5e9
    hours_between_losses: float = 24.0
    """Of one worker."""
    restart_s: float = 60.0


@dataclass(frozen=True)
class Outcome:
    hours: float
    core_hours: float
    busy: float
    """Share of the workers' time that was spent on pixels."""
    tail_s: float
    """From the first idle worker to the last answer."""
    limit: str
    """What bounds the rate: cores, store or driver."""


def simulate(seconds: Sequence[float], items: int, workers: int, size: float, plant: Plant, seed: int = 1) -> Outcome:
    """`size`: bytes of an item. Time is counted per worker with a heap of the moments at which each becomes free."""
    rng = random.Random(seed)
    free = [plant.model_load_s + rng.random() for _ in range(workers)]
    heapq.heapify(free)
    handed, store, worked, first_idle, last = 0.0, 0.0, 0.0, 0.0, 0.0
    loss_per_second = 1.0 / (plant.hours_between_losses * 3600)
    for n in range(items):
        now = heapq.heappop(free)
        handed = max(handed, now) + 1.0 / plant.driver_items_per_s
        store = max(store, handed) + size / plant.store_bandwidth
        begun = max(store, handed + plant.read_latency_s + size / plant.worker_bandwidth)
        took = rng.choice(seconds)
        worked += took
        if rng.random() < took * loss_per_second:
            took += plant.restart_s + took * rng.random()
        heapq.heappush(free, begun + took)
        last = max(last, begun + took)
        if n == items - 1:
            first_idle = now
    mean = sum(seconds) / len(seconds)
    bounds = {
        "cores": workers / (mean + plant.read_latency_s + size / plant.worker_bandwidth),
        "store": plant.store_bandwidth / size,
        "driver": plant.driver_items_per_s,
    }
    limit = min(bounds, key=bounds.__getitem__)
    return Outcome(last / 3600, workers * last / 3600, worked / (workers * last), last - first_idle, limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("--seconds", type=Path, default=Path(__file__).with_name("seconds.json"))
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--megabytes", type=float, default=4.0, help="size of an item")
    parser.add_argument("--workers", default="16,64,256,1024,4096,16384")
    options = parser.parse_args()
    seconds = json.loads(options.seconds.read_text())
    print(f"{options.items} items of {options.megabytes} MB; measured mean {sum(seconds) / len(seconds):.2f} s\n")
    print("| workers | hours | core-hours | busy | tail, s | bounded by |")
    print("|---|---|---|---|---|---|")
    for workers in map(int, options.workers.split(",")):
        one = simulate(seconds, options.items, workers, options.megabytes * 1e6, Plant())
        print(
            f"| {workers} | {one.hours:.2f} | {one.core_hours:.0f} | {one.busy:.0%} | {one.tail_s:.0f} | {one.limit} |"
        )


if __name__ == "__main__":
    main()
