"""Does a message with clips ever exceed its limit: random sets of real photos and recorded clips, random limits.

    python bench/limits.py [CORPUS] [--sets 10] [--seed 1] [--work FOLDER]

Prints one row for each set; ends with status 1 where a message on disk has more bytes than its limit. "To gain": points
of SSIMULACRA2 that the least item lies below where more bytes bring nothing that can be seen; where it is 0, unused
bytes are no loss. A quick version with small pictures is among the tests.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fit import HTC, IPHONE, SIZE, Clip, cpu_s, record
from verify_media.policy import load_policy
from verify_media.records import Deliverable, ItemReport, Marks, Outcome, Skipped
from verify_media.stages.allocate import PHOTO, VIDEO
from verify_media.stages.ingest import identify
from verify_media.stages.package import wire_bytes
from verify_media.stages.send import send
from verify_media.submission import Submission

CLIPS = (Clip(IPHONE, 10, SIZE, 4, 2.5), Clip(HTC, 6, SIZE, 4, 1.5), Clip(IPHONE, 40, SIZE, 4, 2.0))
SCARCE, AMPLE = 0.06, 0.9
"""Parts of what the files take as they are, between which the limit lies."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--sets", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=Path, help="keep the clips there between runs")
    given = parser.parse_args()
    dice = random.Random(given.seed)
    print("| files | limit | message | used | to gain | left out | CPU-s |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        work = given.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        over = sum(is_over(random_set(given.corpus, work, dice), dice) for _ in range(given.sets))
    return int(over > 0)


def random_set(corpus: Path, work: Path, dice: random.Random) -> list[Path]:
    """One or two clips and one to three photos, in any order."""
    photos = sorted(path for path in (corpus / "camera").iterdir() if path.suffix.lower() in (".jpg", ".heic"))
    chosen = [record(clip, corpus, work) for clip in dice.sample(CLIPS, dice.randint(1, 2))]
    chosen += dice.sample(photos, dice.randint(1, 3))
    return dice.sample(chosen, len(chosen))


def is_over(sources: Sequence[Path], dice: random.Random) -> bool:
    """Print the row of one set, and whether its message exceeds the limit."""
    found = [identify(path) for path in sources]
    reports = [ItemReport(item, Outcome.ABSENT, None) for item in found if not isinstance(item, Skipped)]
    limit = round(dice.uniform(SCARCE, AMPLE) * sum(wire_bytes(report.media.size_bytes) for report in reports))
    policy = replace(load_policy("generic"), limit_bytes=limit)
    with tempfile.TemporaryDirectory() as folder:
        before = cpu_s()
        sent = send(reports, Submission(Path(folder), Marks(names=("Willow",))), policy, Path(folder) / "out")
        size = sum(draft.path.stat().st_size for draft in sent.drafts)
    names = " ".join(path.suffix.lower() for path in sources)
    gain = max(map(to_gain, sent.deliverables), default=0.0)
    row = (
        f"| {names} | {limit} | {size} | {size / limit:.2%} | {gain:.0f} | {len(sent.unfit)} | {cpu_s() - before:.0f} |"
    )
    print(row, flush=True)
    return size > limit


def to_gain(item: Deliverable) -> float:
    """Points below the knee; none where the pixels are the source's."""
    knee = (VIDEO if item.media_type == "video/mp4" else PHOTO).knee
    return max(0.0, knee - item.quality.get("ssimulacra2", knee))


if __name__ == "__main__":
    sys.exit(main())
