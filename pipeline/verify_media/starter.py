"""`init`: a commented submission.toml with the questions of the letter and the files that are there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from verify_media.errors import CannotWrite, UsageError
from verify_media.messages import counted
from verify_media.policy import Policy
from verify_media.submission import FILE_NAME, Submission

QUIET = (".", "_", "~")


def write_starter(folder: Path, submission: Submission) -> Path:
    """Raises UsageError where a submission.toml is there already; it is never overwritten."""
    path = Path(folder) / FILE_NAME
    if not Path(folder).is_dir():
        raise UsageError(f"{str(folder)!r} is not a folder", "Give the folder that holds your photos and videos.")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(starter_text(submission, submission.load_policy()))
    except FileExistsError as error:
        raise UsageError(f"{path} exists already", "Open it in any text editor, or remove it first.") from error
    except OSError as error:
        raise CannotWrite(
            f"{path} cannot be written: {error.strerror}", "Copy the folder to a place where you may write."
        ) from error
    return path


def starter_text(submission: Submission, policy: Policy) -> str:
    """TOML that `Submission.load` reads back to the same marks."""
    marks = submission.marks
    lines = [
        f"# What to check for: {policy.title}.",
        "# Lines that begin with # are explanations. Texts stand between double quotes.",
        "",
        "# Your business name, as it stands on your card. Other ways to write it go under spellings.",
        f"names = {_list(marks.names)}" if marks.names else 'names = []  # for example ["Willow & Thread"]',
        f"spellings = {_list(marks.spellings)}",
        "",
        "# A picture of your logo, and a photo or scan of your business card, if you have them.",
        f"logos = {_list(map(str, marks.logos))}",
        f"cards = {_list(map(str, marks.cards))}",
        "",
        f"policy = {_text(policy.id)}",
        *_received(submission, policy),
        "",
        "# Where the message goes; your e-mail program asks if you leave it empty.",
        'to = ""',
        f"subject = {_text(policy.subject)}",
        *_asins(submission, policy),
        *_answers(policy),
    ]
    return "\n".join(lines) + "\n"


def _received(submission: Submission, policy: Policy) -> list[str]:
    if policy.deadline_days is None:
        return []
    day = f"received = {submission.received}" if submission.received else "# received = 2026-11-20"
    time_to_answer = counted("count-day", policy.deadline_days).text
    return ["", f"# The day on which the letter came; you have {time_to_answer}.", day]


def _asins(submission: Submission, policy: Policy) -> list[str]:
    if not policy.needs_asins:
        return []
    entries = [f'{_text(name)} = "{submission.asins.get(name, "")}"' for name in _file_names(submission.folder)]
    return ["", "# The ASIN of the item that each photo or video shows.", "[asins]", *entries]


def _file_names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if e.is_file() and e.name != FILE_NAME and not e.name.startswith(QUIET))


def _answers(policy: Policy) -> list[str]:
    if not policy.answers:
        return []
    lines = ["", "# The questions of the letter.", "[answers]"]
    for key, question in policy.answers.items():
        lines += [f"# {question}", f'{key} = ""']
    return lines


def _text(value: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"
