"""Work for the workers of test_cluster_engine: importable there by name."""

from __future__ import annotations

import time

from verify_media.engines.work import Answer, Job, lost


def slow_answer(job: Job) -> Answer:
    time.sleep(0.05)
    return Answer(job, None, lost(job, "done").reason)
