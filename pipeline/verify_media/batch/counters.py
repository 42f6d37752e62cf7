"""What a monitoring system would scrape; printed at the end of a batch and kept in summary.json."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from verify_media.engines.work import Answer


@dataclass
class Counters:
    """Names and units follow Prometheus: totals only grow, seconds are seconds."""

    outcomes: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    reused: int = 0
    submissions: Counter[str] = field(default_factory=Counter)
    item_seconds: float = 0.0
    started: float = field(default_factory=time.perf_counter)

    @property
    def items(self) -> int:
        return sum(self.outcomes.values()) + self.skipped

    @property
    def rate(self) -> float:
        """Items examined per second since the start; those of an earlier run do not count."""
        wall = time.perf_counter() - self.started
        return (self.items - self.reused) / wall if wall else 0.0

    def count(self, answer: Answer) -> None:
        self.item_seconds += answer.seconds
        if answer.report is None:
            self.skipped += 1
        else:
            self.outcomes[answer.report.outcome.value] += 1

    def plain(self) -> dict[str, Any]:
        return {
            "items_total": self.items,
            "items_reused_total": self.reused,
            "items_skipped_total": self.skipped,
            "items_by_outcome": dict(sorted(self.outcomes.items())),
            "submissions_by_exit_code": dict(sorted(self.submissions.items())),
            "item_seconds_total": round(self.item_seconds, 3),
            "wall_seconds": round(time.perf_counter() - self.started, 3),
            "items_per_second": round(self.rate, 3),
        }


Told = Callable[[Counters, int], None]
"""Called after each item with the counters and the number of items in all."""
