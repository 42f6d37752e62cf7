"""One cage for callers that ask now and then, so that the models are loaded once; it ends with the process."""

from __future__ import annotations

import atexit
from functools import cache

from verify_media.cage.process import Cage


@cache
def shared() -> Cage:
    cage = Cage()
    atexit.register(cage.close)
    return cage


def close_shared() -> None:
    """Lets go of the memory; the next request starts another worker."""
    shared().close()
