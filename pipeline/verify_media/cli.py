"""The command: reads flags, calls the pipeline, prints. Nothing else prints, and nothing here decides."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from verify_media.cli_options import (
    mark_options,
    options_of,
    print_result,
    progress_on_terminal,
    result_options,
    submission_of,
)
from verify_media.errors import Exit, MissingProgram, UsageError, VerifyMediaError


class DefaultRun(click.Group):
    """`verify-media ./shots` means `verify-media run ./shots`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands:
            args = ["run", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = {"--help", "-h", "--version"}
        if args and args[0].startswith("-") and args[0] not in own:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=DefaultRun, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="verify-media", message="%(prog)s %(version)s")
def cli() -> None:
    """Check that your name, logo or card is really in every photo and video, and pack them into one message that fits.

    \b
    verify-media ./shots --name "Willow & Thread"

    Nothing leaves this computer, and your originals are never changed.
    """


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@mark_options
@result_options
@click.option(
    "--out", type=click.Path(path_type=Path), help="Where to write. [default: FOLDER-verified beside the folder]"
)
@click.option("--variant", type=click.Choice(("all", "photos-only")), default="all", help="What to send.")
@click.option("--split", is_flag=True, help="Write two messages where one cannot hold everything.")
@click.option("--open", "open_", is_flag=True, help="Open the report when done.")
def run(folder: Path, out: Path | None, variant: str, split: bool, open_: bool, **flags: Any) -> None:
    """Check, convert, fit, package, report. This is the default command."""
    from verify_media.pipeline import run as run_pipeline

    flags["photos_only"] = flags["photos_only"] or variant == "photos-only"
    options = options_of(flags, split=split)
    with progress_on_terminal(flags) as progress:
        result = run_pipeline(submission_of(folder, flags), out, progress, options=options)
    print_result(result, flags["format_"])
    if open_ and result.out:
        click.launch(str(result.out / "report.html"))
    sys.exit(result.exit_code)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@mark_options
@result_options
def check(folder: Path, **flags: Any) -> None:
    """Verdicts only: nothing is converted or written."""
    from verify_media.pipeline import check_submission

    with progress_on_terminal(flags) as progress:
        result = check_submission(submission_of(folder, flags), options=options_of(flags), progress=progress)
    print_result(result, flags["format_"])
    sys.exit(result.exit_code)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@mark_options
def init(folder: Path, **flags: Any) -> None:
    """Write a commented submission.toml into FOLDER."""
    from verify_media.starter import write_starter

    path = write_starter(folder, submission_of(folder, flags))
    click.echo(f"Wrote {path}. Open it, fill in the answers, then type: verify-media {folder}")


@cli.command()
@click.argument("source")
@mark_options
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the result files.")
@click.option(
    "--engine", type=click.Choice(("local", "dask")), default="local", show_default=True, help="Where to run."
)
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler; without one, a cluster on this machine starts.")
@click.option("--workers", type=click.IntRange(1), help="Processes on this machine. [default: one for each core]")
@click.option("--progress", is_flag=True, help="Rate and time left on stderr.")
@click.option("--log", type=click.Path(path_type=Path, allow_dash=True), help="JSON log lines; - is stderr.")
@click.option("--parquet", is_flag=True, help="Write items.parquet and submissions.parquet too.")
def batch(source: str, out: Path, engine: str, scheduler: str | None, workers: int | None, **flags: Any) -> None:
    """Check many submissions: a folder of folders, a manifest (.csv, .jsonl) or a URL such as s3://bucket/letters."""
    import json

    from verify_media.batch import Source, run_batch, table
    from verify_media.batch.events import log_to
    from verify_media.batch.progress import rate_line
    from verify_media.engines import choose

    if flags["parquet"]:
        table.need_driver()
    if log := flags["log"]:
        log_to(None if str(log) == "-" else log)
    told = rate_line() if flags["progress"] else None
    given = {key: flags[key] for key in ("names", "spellings", "logos", "cards", "policy")}
    counters = run_batch(Source(source, given), out, choose(engine, workers, scheduler), told=told)
    if flags["parquet"]:
        table.write_tables(out)
    click.echo(json.dumps(counters.plain(), indent=2))


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1. [default: any free one]")
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
def web(port: int, no_open: bool) -> None:
    """Open a page on this computer: drop files, see pictures, download the package."""
    try:
        from verify_media.web.server import serve
    except ImportError as error:
        raise MissingProgram(f"the page needs {error.name}", "pip install 'verify-media[web]'") from error

    def announce(address: str) -> None:
        click.echo(f"Open {address}\nCtrl-C ends it and forgets everything.")

    serve(port=port, open_browser=not no_open, announce=announce)


@cli.group(invoke_without_command=True)
@click.pass_context
def policies(ctx: click.Context) -> None:
    """List the built-in policies."""
    from verify_media.policy import builtin_names, load_policy

    if ctx.invoked_subcommand is None:
        for name in builtin_names():
            click.echo(f"{name:<24} {load_policy(name).title}")


@policies.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the policy NAME as TOML."""
    from verify_media.policy import policy_text

    click.echo(policy_text(name), nl=False)


@cli.command()
@click.argument("rule")
@click.option(
    "--policy", default="amazon-handmade", show_default=True, metavar="NAME|FILE", help="Policy that holds the rule."
)
def explain(rule: str, policy: str) -> None:
    """Say what RULE means and how to cure it."""
    from verify_media.policy import load_policy
    from verify_media.reports.terminal import explain as explanation

    loaded = load_policy(policy)
    found = loaded.rule(rule)
    if found is None:
        raise UsageError(f"{policy} has no rule {rule!r}", f"Its rules: {', '.join(r.id for r in loaded.rules)}.")
    click.echo(explanation(found))


@cli.command()
def doctor() -> None:
    """Say what is installed, what is missing, and how to get it on this system."""
    from verify_media.doctor import examine_system

    checks = examine_system()
    for found in checks:
        click.echo(found.line())
    sys.exit(Exit.READY if all(found.ok or not found.needed for found in checks) else Exit.MISSING_PROGRAM)


def main(args: Sequence[str] | None = None) -> None:
    """Runs the command and turns every error into its exit code, its sentence and its cure."""
    try:
        cli.main(args=list(args) if args is not None else None, standalone_mode=False)
    except VerifyMediaError as error:
        _fail(str(error), error.cure, error.exit_code)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except (KeyboardInterrupt, click.Abort):
        _fail(*_INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.CANNOT_WRITE)
    except Exception as error:
        if os.environ.get("VERIFY_MEDIA_DEBUG"):
            traceback.print_exc()
        if _came_of_an_interrupt(error):
            _fail(*_INTERRUPTED)
        _fail(
            f"internal error: {type(error).__name__}: {error}",
            "Set VERIFY_MEDIA_DEBUG=1 and send us the text.",
            Exit.INTERNAL,
        )


_INTERRUPTED = ("interrupted; your shots are as they were", "", Exit.INTERRUPTED)


def _came_of_an_interrupt(error: BaseException) -> bool:
    """Ctrl-C while a compiled library is loaded comes out as its ImportError."""
    causes = (error.__cause__, error.__context__)
    return isinstance(error, KeyboardInterrupt) or any(_came_of_an_interrupt(e) for e in causes if e is not None)


def _fail(what: str, cure: str, code: Exit) -> None:
    click.echo(f"verify-media: {what}", err=True)
    for line in cure.splitlines():
        click.echo(f"  {line}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
