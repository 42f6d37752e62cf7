"""Foreign files are opened in a cage: a worker process that can do little harm, and whose end is one file's reason.

    with Cage() as cage:
        items, skipped = cage.ask(tasks.ingest, folder)

The worker gets a function and its arguments and answers with plain JSON data, which is built into records here: nothing
that comes out of the cage is ever unpickled or run. docs/security.md says what holds on which system.
"""

from verify_media.cage.process import Cage, Died
from verify_media.cage.shared import close_shared, shared

__all__ = ["Cage", "Died", "close_shared", "shared"]
