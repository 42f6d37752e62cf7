"""Which photos names may be tuned and trained on, and which only figures come from."""

from __future__ import annotations

import hashlib
from pathlib import Path


def half_of(path: Path) -> str:
    """ "tune" or "held", by the file's name."""
    return ("tune", "held")[int(hashlib.sha1(path.name.encode()).hexdigest(), 16) % 2]
