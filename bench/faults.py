"""Kills the whole command at random moments and counts what is found afterwards: `python bench/faults.py [--kills 50]`.

Every second run starts from nothing, every second one finds its earlier examination; shots and an older result lie
beside. Counted: the old or the new result, whole; shots unchanged; processes and files left after the next run.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1] / "tests" / "faults")]

from whole import forget, hashes, is_whole, make_shots, start


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpus", nargs="?", help="not needed: the shots are made")
    options.add_argument("--kills", type=int, default=50)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = kill_often(Path(folder), given.kills, random.Random(1))
    for what, count in sorted(found.items()):
        print(f"{count:4}  {what}")
    return 1 if any(what.startswith("LOST") for what in found) else 0


def kill_often(root: Path, kills: int, dice: random.Random) -> Counter[str]:
    shots, out, temporary = make_shots(root / "shots"), root / "shots-verified", root / "tmp"
    found: Counter[str] = Counter()
    start(shots, temporary).wait()
    before = hashes(shots)
    lasting = [_seconds(shots, out, temporary, fresh) for fresh in (True, False)]
    for number in range(kills):
        if number % 2 == 0:
            forget(out)
        old = (out / "report.json").stat().st_ino
        process = start(shots, temporary)
        time.sleep(dice.uniform(0.0, 1.1 * lasting[number % 2]))
        process.send_signal(dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)))
        process.communicate()
        found["shots unchanged" if hashes(shots) == before else "LOST shots"] += 1
        if not is_whole(out):
            found["LOST result"] += 1
        else:
            found["old result, whole" if (out / "report.json").stat().st_ino == old else "new result, whole"] += 1
    start(shots, temporary).wait()
    found["LOST room: files left after the next run"] += len(list(temporary.iterdir())) + len(list(root.iterdir())) - 3
    found["LOST room: workers left"] += _workers(temporary)
    return +found


def _seconds(shots: Path, out: Path, temporary: Path, fresh: bool) -> float:
    if fresh:
        forget(out)
    began = time.monotonic()
    start(shots, temporary).wait()
    return time.monotonic() - began


def _workers(temporary: Path) -> int:
    """Processes that still name our folder for temporary files on their command line."""
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return sum(str(temporary).encode() in line for line in lines)


if __name__ == "__main__":
    sys.exit(main())
