"""`verify-media batch` as it is typed, with real workers; the files hold no pictures, so that no pixel is looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from verify_media.cli import cli


def test_a_folder_of_broken_letters_ends_in_rows_tables_and_a_log(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    for name in ("anna", "berta"):
        (tmp_path / "letters" / name).mkdir(parents=True)
        (tmp_path / "letters" / name / "1.jpg").write_bytes(b"no picture")
    out, log = tmp_path / "out", tmp_path / "log.jsonl"
    arguments = [str(tmp_path / "letters"), "--out", str(out), "--name", "Willow & Thread", "--workers", "1"]
    answer = CliRunner().invoke(cli, ["batch", *arguments, "--parquet", "--log", str(log)])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.output)["items_skipped_total"] == 2
    assert (out / "items.parquet").is_file() and (out / "submissions.parquet").is_file()
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()][-1] == "finished"
