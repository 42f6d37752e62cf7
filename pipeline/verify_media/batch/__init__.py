"""Many submissions: list the jobs, run them on an engine, append a row for each item, go on after a stop."""

from __future__ import annotations

from verify_media.batch.book import run_batch
from verify_media.batch.counters import Counters, Told
from verify_media.batch.rows import ITEMS, SUBMISSIONS, SUMMARY
from verify_media.batch.source import Source

__all__ = ["ITEMS", "SUBMISSIONS", "SUMMARY", "Counters", "Source", "Told", "run_batch"]
