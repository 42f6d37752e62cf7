"""Random sets with clips among them: the message on disk never has more bytes than the letter takes."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from make_media import clip, textured
from verify_media.policy import Policy
from verify_media.records import ItemReport, Outcome, Skipped
from verify_media.stages.ingest import identify
from verify_media.stages.package import wire_bytes
from verify_media.stages.send import send
from verify_media.submission import Submission

SETS = 10
LETTER_BYTES = 6_000
"""Headers, answers and the frames of the parts, with room to spare."""


def grainy(dice: random.Random, width: int, height: int) -> np.ndarray:
    grain = np.random.default_rng(dice.randrange(1 << 30)).normal(0, dice.choice((2, 6)), (height, width, 3))
    return np.clip(textured(width, height, dice.randrange(99)) + grain, 0, 255).astype(np.uint8)


def random_files(folder: Path, dice: random.Random) -> list[Path]:
    """One or two clips and none to three photos."""
    made = [
        clip(
            folder / f"{number}.mp4",
            pixels=grainy(dice, 160, 120),
            size=(160, 120),
            frames=dice.randint(6, 30),
            fps=dice.choice((10, 25)),
        )
        for number in range(dice.randint(1, 2))
    ]
    for number in range(dice.randint(0, 3)):
        made.append(folder / f"{number}.jpg")
        Image.fromarray(grainy(dice, 320, 240)).save(made[-1], "JPEG", quality=dice.choice((80, 95)))
    return dice.sample(made, len(made))


@pytest.mark.parametrize("seed", range(SETS))
def test_no_random_set_with_clips_exceeds_the_limit(
    tmp_path: Path, policy: Policy, submission: Submission, seed: int
) -> None:
    dice = random.Random(seed)
    found = [identify(path) for path in random_files(tmp_path, dice)]
    reports = [ItemReport(item, Outcome.ABSENT, None) for item in found if not isinstance(item, Skipped)]
    wire = sum(wire_bytes(report.media.size_bytes) for report in reports)
    limit = LETTER_BYTES + round(dice.uniform(0.2, 0.95) * wire)
    sent = send(reports, submission, replace(policy, limit_bytes=limit), tmp_path / "out")
    assert len(sent.deliverables) + len(sent.unfit) == len(reports) == len(found)
    (draft,) = sent.drafts
    assert draft.size_bytes == draft.path.stat().st_size <= limit
    assert sent.deliverables, "something always fits into these limits"
