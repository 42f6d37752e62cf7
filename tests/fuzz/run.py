"""Opens thousands of broken files and counts how that ends: `python tests/fuzz/run.py [--cases 10000] [--seed 1]`.

Ends with 1 where anything but a verdict or a reason with its cure came out, or a case took over a minute. What went
wrong is kept in --keep.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

import seeds
import targets
from mutate import mutated, systematic

from verify_media.cage import Cage, Died

LONGEST_S = 60.0
THOROUGH_EVERY = 250
"""Cases that are also read and judged, which takes seconds each."""
SHARES = {"media": 0.88, "logo": 0.04, "text": 0.08}
LARGE_BYTES = 200_000


@dataclass
class Tally:
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    died: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    memory_mb: int = 0

    def take(self, name: str, seen: targets.Seen) -> bool:
        """Whether it ended as it should."""
        self.slowest = max(self.slowest, (seen.seconds, name))
        self.memory_mb = max(self.memory_mb, seen.memory_mb)
        good = not seen.end.startswith("WRONG") and seen.seconds < LONGEST_S
        self.ends[seen.end if good else "WRONG"] += 1
        if not good:
            self.wrong.append(f"{name}: {seen.end}, {seen.seconds:.1f} s")
        return good


def broken(files: dict[str, bytes], count: int, dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """First half of the cases piece by piece, the rest by chance; large files come seldom."""
    small = {name: data for name, data in files.items() if len(data) < LARGE_BYTES}
    every = [(name, piece) for name, data in small.items() for piece in systematic(data)]
    dice.shuffle(every)
    yield from islice(every, count // 2)
    for number in range(count - min(len(every), count // 2)):
        name = dice.choice(sorted(files if number % 20 == 0 else small))
        yield name, mutated(files[name], dice)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cases", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, help="folder for the files that went wrong")
    given = options.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Cage(patience_s=2 * LONGEST_S) as cage:
        tally = fuzz(cage, Path(folder), given.cases, random.Random(given.seed), given.keep)
    print(f"{sum(tally.ends.values())} cases in {time.monotonic() - began:.0f} s")
    for end, count in tally.ends.most_common():
        print(f"{count:7}  {end}")
    print(f"slowest {tally.slowest[0]:.1f} s ({tally.slowest[1]}), most memory {tally.memory_mb} MB")
    print(f"{len(tally.died)} ended the worker, each with its reason; {len(tally.wrong)} went wrong")
    for line in (*tally.died, *tally.wrong):
        print(f"  {line}")
    return 1 if tally.wrong else 0


def fuzz(cage: Cage, folder: Path, cases: int, dice: random.Random, keep: Path | None = None) -> Tally:
    tally = Tally()
    sources = {"media": seeds.media(folder), "logo": seeds.logos(), "text": seeds.texts()}
    for kind, share in SHARES.items():
        for number, (name, data) in enumerate(broken(sources[kind], round(cases * share), dice)):
            path = folder / name
            path.write_bytes(data)
            if not _tried(cage, tally, kind, path, number) and keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{kind}-{number}-{name}").write_bytes(data)
    return tally


def _tried(cage: Cage, tally: Tally, kind: str, path: Path, number: int) -> bool:
    target: Callable[..., Any] = getattr(targets, kind)
    more = (number % THOROUGH_EVERY == 0,) if kind == "media" else ()
    try:
        return tally.take(f"{kind} {number} {path.name}", cage.ask(target, path, *more))
    except Died as death:
        tally.ends[death.key] += 1
        tally.died.append(f"{kind} {number} {path.name}: {death.key}")
        return False


if __name__ == "__main__":
    sys.exit(main())
