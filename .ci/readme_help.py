"""Writes the output of `verify-media --help` between the markers of README.md; `--check` only compares (exit 1)."""

from __future__ import annotations

import sys
from pathlib import Path

from click.testing import CliRunner

from verify_media.cli import cli

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- help begins -->\n", "<!-- help ends -->\n"


def with_help(text: str) -> str:
    """`text` with the present help between the markers. Raises ValueError where a marker is missing."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    shown = CliRunner().invoke(cli, ["--help"], prog_name="verify-media", terminal_width=100).output.rstrip()
    return f"{before}{BEGIN}```\n{shown}\n```\n{END}{after}"


if __name__ == "__main__":
    old = README.read_text(encoding="utf-8")
    new = with_help(old)
    if "--check" in sys.argv:
        sys.exit(old != new)
    README.write_text(new, encoding="utf-8")
