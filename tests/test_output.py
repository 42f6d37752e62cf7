from __future__ import annotations

import os
from pathlib import Path

import pytest

from verify_media.errors import CannotWrite
from verify_media.output import whole_folder


def write(target: Path, source: Path, text: str) -> None:
    with whole_folder(target, keep_out_of=source) as (draft, _):
        (draft / "report.json").write_text(text)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "shots"
    folder.mkdir()
    return folder


def test_the_folder_appears_when_the_block_ends(tmp_path: Path, source: Path) -> None:
    with whole_folder(tmp_path / "out", keep_out_of=source) as (draft, target):
        (draft / "report.json").write_text("{}")
        assert not target.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "shots"]


def test_an_error_leaves_the_old_result(tmp_path: Path, source: Path) -> None:
    write(tmp_path / "out", source, "old")
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "out", keep_out_of=source) as (draft, _):
        (draft / "report.json").write_text("new")
        raise RuntimeError
    assert (tmp_path / "out" / "report.json").read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "shots"]


def test_a_new_result_replaces_the_old_one_whole(tmp_path: Path, source: Path) -> None:
    write(tmp_path / "out", source, "old")
    (tmp_path / "out" / "stale.jpg").write_bytes(b"x")
    write(tmp_path / "out", source, "new")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.json"]


def test_a_run_killed_between_the_renames_loses_nothing(tmp_path: Path, source: Path) -> None:
    write(tmp_path / "out", source, "old")
    (tmp_path / "out").rename(tmp_path / ".out.old")
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "out", keep_out_of=source):
        raise RuntimeError
    assert (tmp_path / "out" / "report.json").read_text() == "old"


def test_a_folder_that_is_not_ours_is_never_replaced(tmp_path: Path, source: Path) -> None:
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter.txt").write_text("x")
    with pytest.raises(CannotWrite, match="not a result"):
        write(precious, source, "new")
    assert (precious / "chapter.txt").exists()


@pytest.mark.parametrize("inside", [".", "sub", ".."])
def test_the_input_is_never_written_to(source: Path, inside: str) -> None:
    with pytest.raises(CannotWrite):
        write(source / inside, source, "new")


def test_two_runs_do_not_write_one_folder(tmp_path: Path, source: Path) -> None:
    with whole_folder(tmp_path / "out", keep_out_of=source), pytest.raises(CannotWrite, match="another run"):
        write(tmp_path / "out", source, "new")


def test_the_lock_of_a_dead_run_is_taken_over(tmp_path: Path, source: Path) -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    (tmp_path / ".out.lock").write_text(str(child))
    write(tmp_path / "out", source, "new")
    assert (tmp_path / "out").is_dir()
