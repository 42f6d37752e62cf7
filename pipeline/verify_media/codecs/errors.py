"""The one error of the decoders: it carries the sentence for the maker."""

from __future__ import annotations

from verify_media.messages import Message, message


class DecodeError(Exception):
    """A file that gives no pixels. `message` says what happened and what to do."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.key)
        self.message = reason


def refuse(key: str, **values: str | int | float) -> DecodeError:
    """The error with the catalogue entry `key`; raise what it returns."""
    return DecodeError(message(key, **values))
