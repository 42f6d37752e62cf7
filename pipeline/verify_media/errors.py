"""Errors that end the program; each knows its exit code and its cure. What concerns one file is a `Skipped`."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command; they never depend on the output format."""

    READY = 0
    RULE_FAILED = 1
    USAGE = 2
    NOTHING_TO_CHECK = 3
    MISSING_PROGRAM = 4
    CANNOT_WRITE = 5
    REVIEWS_LEFT = 6
    INTERNAL = 70
    INTERRUPTED = 130


class VerifyMediaError(Exception):
    """What happened, in which file, and what to do."""

    exit_code = Exit.INTERNAL

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(what)
        self.cure = cure


class UsageError(VerifyMediaError):
    exit_code = Exit.USAGE


class NothingToCheck(VerifyMediaError):
    exit_code = Exit.NOTHING_TO_CHECK


class MissingProgram(VerifyMediaError):
    exit_code = Exit.MISSING_PROGRAM


class CannotWrite(VerifyMediaError):
    exit_code = Exit.CANNOT_WRITE


class UnreadableFile(VerifyMediaError):
    """Raised by `check` for a file that `run` would list as skipped."""

    exit_code = Exit.NOTHING_TO_CHECK
