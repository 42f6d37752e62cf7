"""The progress of a batch on stderr: how many, how fast, how long still."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify_media.batch.counters import Counters, Told

EVERY_S = 1.0


def rate_line() -> Told:
    """A callback that writes one line at most every second, and one at the end."""
    last = [0.0]

    def tell(counters: Counters, total: int) -> None:
        now = time.monotonic()
        if now - last[0] < EVERY_S and counters.items < total:
            return
        last[0] = now
        rate = counters.rate
        left = f"{(total - counters.items) / rate:.0f} s left" if rate else "starting"
        sys.stderr.write(f"{counters.items}/{total} items, {rate:.2f}/s, {left}\n")

    return tell
