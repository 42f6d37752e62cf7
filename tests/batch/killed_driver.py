"""A batch whose workers note every item that they begin: `killed_driver.py SOURCE OUT BEGUN`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from builders import media, report
from verify_media.batch import Source, run_batch
from verify_media.cage import Cage
from verify_media.engines import local
from verify_media.engines.work import Answer, Job

BEGUN = "VERIFY_MEDIA_TEST_BEGUN"


def noted(job: Job, cage: Cage) -> Answer:
    with Path(os.environ[BEGUN]).open("a") as file:
        file.write(job.id + "\n")
    time.sleep(0.03)
    return Answer(job, report(job.url, media=media(job.url)))


def idle(workers: int, cage: Cage) -> None:
    """A worker without models."""


if __name__ == "__main__":
    import killed_driver

    local.perform, local.warm_up = killed_driver.noted, killed_driver.idle
    os.environ[BEGUN] = sys.argv[3]
    flags = {"names": ("Willow & Thread",), "policy": "generic"}
    run_batch(Source(sys.argv[1], flags), Path(sys.argv[2]), local.LocalEngine(2))
