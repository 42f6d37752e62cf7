"""Many submissions: items per second, cost per item as the batch grows, memory, and what the driver itself can carry.

    python bench/batch.py [CORPUS] [--items 10,100,500] [--workers 1,2] [--side 640] [--keep FILE]

The pictures are the fixtures' photos, brought to `--side` px, each saved with a comment of its own, so that no two have
the same bytes; every fifth item is one in which the name is absent. `verify-media batch` runs as a process of its own;
CPU seconds include its workers. The start (interpreters, models) is measured on files that are no pictures and taken
off. `CORPUS` is not needed; it is accepted because `make bench` gives it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))
from verify_media.batch import Source, run_batch
from verify_media.engines.work import Answer, Job
from verify_media.records import ItemReport, Kind, MediaItem, Outcome

ROOT = Path(__file__).parents[1]
NAME = "Willow & Thread"
PICTURES = ("board", "chalk", "envelope", "label", "mug", "parcel", "sign", "table")
PER_SUBMISSION = 5


@dataclass(frozen=True)
class Cost:
    """Of one run: wall and CPU in seconds, of driver and workers; `peak_mb` of the largest of these processes."""

    wall: float
    cpu: float
    peak_mb: float
    item_seconds: tuple[float, ...]


def submissions(folder: Path, items: int, side: int) -> Path:
    """`items` JPEGs in folders of five; every fifth asks for a name that is not in the picture."""
    photos = [Image.open(ROOT / f"fixtures/library/{name}.jpg").convert("RGB") for name in PICTURES]
    photos = [photo.resize(_scaled(photo.size, side), Image.Resampling.LANCZOS) for photo in photos]
    manifest = folder / "letters.jsonl"
    with manifest.open("w", encoding="utf-8") as file:
        for n in range(items):
            path = folder / f"{n // PER_SUBMISSION:05d}" / f"{n}.jpg"
            path.parent.mkdir(exist_ok=True)
            photos[n % len(photos)].save(path, quality=90, comment=b"%d" % n)
            name = "Juniper Forge" if n % PER_SUBMISSION == 4 else NAME
            row = {"submission": f"{path.parent.name}-{name[0]}", "file": str(path), "names": [name]}
            file.write(json.dumps({**row, "policy": "generic"}) + "\n")
    return manifest


def _scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    factor = side / max(size)
    return round(size[0] * factor), round(size[1] * factor)


def broken(folder: Path, workers: int) -> Path:
    """As many files without a picture as there are workers: what is left is the cost of the start."""
    manifest = folder / "broken.jsonl"
    with manifest.open("w", encoding="utf-8") as file:
        for n in range(workers):
            (folder / f"broken-{n}.jpg").write_bytes(b"no picture %d" % n)
            row = {"submission": "broken", "file": str(folder / f"broken-{n}.jpg"), "names": [NAME]}
            file.write(json.dumps({**row, "policy": "generic"}) + "\n")
    return manifest


@contextmanager
def on_cores(count: int) -> Iterator[None]:
    """Each worker gets one core, so that one worker is not helped by the other's."""
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(all_of_them)[:count]))
    yield
    os.sched_setaffinity(0, all_of_them)


def measured(manifest: Path, out: Path, workers: int) -> Cost:
    """Runs the command on `manifest`."""
    command = [sys.executable, "-m", "verify_media", "batch", str(manifest), "--out", str(out)]
    path = os.pathsep.join([str(ROOT / "pipeline"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    started = time.perf_counter()
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    arguments = [*command, "--workers", str(workers)]
    with on_cores(workers):
        pid = os.posix_spawn(sys.executable, arguments, environment, file_actions=silent)
    _, status, used = os.wait4(pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments)} ended with {os.waitstatus_to_exitcode(status)}")
    rows = (json.loads(line) for line in (out / "items.jsonl").open(encoding="utf-8"))
    seconds = tuple(row["seconds"] for row in rows)
    return Cost(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, seconds)


class Instant:
    """An engine whose work costs nothing: what remains is the driver."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Answer]:
        for job in jobs:
            item = MediaItem(Path(job.url), Kind.PHOTO, "image/jpeg", 1000, f"{hash(job.url):064x}", 640, 480)
            yield Answer(job, ItemReport(item, Outcome.ABSENT, None))


def driver_rate(items: int) -> float:
    """Items that one driver books per second, with the submissions' rules answered and all rows written."""
    with tempfile.TemporaryDirectory() as folder:
        manifest = Path(folder) / "letters.jsonl"
        rows = ({"submission": str(n // PER_SUBMISSION), "file": f"{n}.jpg", "names": [NAME]} for n in range(items))
        manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        started = time.process_time()
        run_batch(Source(str(manifest)), Path(folder) / "out", Instant())
        return items / (time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?")
    parser.add_argument("--items", default="10,100,500", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--workers", default="1,2", type=lambda text: [int(n) for n in text.split(",")])
    parser.add_argument("--side", default=640, type=int)
    parser.add_argument("--keep", type=Path, help="file for the seconds per item of the largest run")
    options = parser.parse_args()

    print("| items | workers | items/s | CPU-s per item | start, CPU-s | largest process, MB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for workers in options.workers:
            start = measured(broken(folder, workers), folder / f"start-{workers}", workers)
            for items in options.items:
                manifest = submissions(folder, items, options.side)
                cost = measured(manifest, folder / f"out-{items}-{workers}", workers)
                each = (cost.cpu - start.cpu) / items
                rate = items / max(0.1, cost.wall - start.wall)
                print(
                    f"| {items} | {workers} | {rate:.2f} | {each:.2f} | {start.cpu:.1f} | {cost.peak_mb:.0f} |",
                    flush=True,
                )
                if options.keep and items == max(options.items):
                    options.keep.write_text(json.dumps(sorted(cost.item_seconds)) + "\n")
    print(f"\nThe driver alone books {driver_rate(20_000):.0f} items per second.")


if __name__ == "__main__":
    main()
