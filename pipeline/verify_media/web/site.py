"""One running page: its session, its bounds, and what is on its way."""

from __future__ import annotations

from verify_media.web.session import Session
from verify_media.web.uploads import Bounds


class Site:
    """The routes' view of one session."""

    def __init__(self, session: Session, bounds: Bounds) -> None:
        self.session = session
        self.bounds = bounds
        self.arriving: dict[str, int] = {}
        """Names of files on their way, and how large they may become."""
