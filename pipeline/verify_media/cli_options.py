"""Flags that several commands share, and what becomes of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from verify_media.errors import UsageError

if TYPE_CHECKING:
    from verify_media.pipeline import Options, RunResult
    from verify_media.submission import Submission

FORMATS = ("text", "json", "junit", "github")
Command = TypeVar("Command", bound=Callable[..., Any])


def mark_options(command: Command) -> Command:
    """What to look for; added to whatever submission.toml says."""
    options = (
        click.option(
            "--name", "names", multiple=True, metavar="TEXT", help="Business name to look for. May be repeated."
        ),
        click.option(
            "--spelling", "spellings", multiple=True, metavar="TEXT", help="Another accepted spelling of the name."
        ),
        click.option("--logo", "logos", multiple=True, metavar="FILE", help="Picture of the logo (PNG, JPEG, SVG)."),
        click.option("--card", "cards", multiple=True, metavar="FILE", help="Photo or scan of the business card."),
        click.option("--policy", metavar="NAME|FILE", help="Rules to check. [default: amazon-handmade]"),
        click.option("--asin", "asins", multiple=True, metavar="FILE=ASIN", help="ASIN of the item that a file shows."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def result_options(command: Command) -> Command:
    """How to answer."""
    options = (
        click.option(
            "--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True, help="What to print."
        ),
        click.option("--strict", is_flag=True, help="Exit with 6 when only reviews are left."),
        click.option("--photos-only", is_flag=True, help="Leave out videos."),
        click.option("--quiet", "-q", is_flag=True, help="No progress on the terminal."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def submission_of(folder: Path, flags: Mapping[str, Any]) -> Submission:
    from verify_media.submission import Submission

    given = {key: flags[key] for key in ("names", "spellings", "logos", "cards", "policy") if key in flags}
    return Submission.load(folder, **given, asins=_asins(flags.get("asins", ())))


def _asins(pairs: Sequence[str]) -> dict[str, str]:
    split = [pair.rpartition("=") for pair in pairs]
    if wrong := [pair for pair, (file, equals, _) in zip(pairs, split, strict=True) if not (file and equals)]:
        raise UsageError(f"--asin {wrong[0]!r} is not FILE=ASIN", "For example: --asin IMG_0042.jpg=B0ABCDEFGH")
    return {file: asin for file, _, asin in split}


def options_of(flags: Mapping[str, Any], *, split: bool = False) -> Options:
    from verify_media.pipeline import Options

    return Options(photos_only=flags["photos_only"], strict=flags["strict"], split=split)


def progress_on_terminal(flags: Mapping[str, Any]) -> Any:
    from verify_media.reports.terminal import progress_display

    return progress_display(quiet=flags["quiet"])


def print_result(result: RunResult, format_: str) -> None:
    """Data on stdout; in GitHub Actions also the step summary."""
    from importlib import import_module

    module = {"text": "terminal", "json": "json_report"}.get(format_, format_)
    click.echo(import_module(f"verify_media.reports.{module}").render(result), nl=False)
    if format_ == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        from verify_media.reports.github import summary as markdown

        with Path(summary).open("a", encoding="utf-8") as file:
            file.write(markdown(result))
