from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from verify_media.errors import NothingToCheck, UsageError
from verify_media.starter import starter_text, write_starter
from verify_media.submission import Submission


def write(folder: Path, text: str) -> Path:
    (folder / "submission.toml").write_text(text, encoding="utf-8")
    return folder


def test_flags_add_to_lists_and_win_over_texts(tmp_path: Path) -> None:
    write(tmp_path, 'names = ["Willow & Thread"]\npolicy = "generic"\n[asins]\n"a.jpg" = "B0ABCDEFGH"\n')
    loaded = Submission.load(tmp_path, names=("Willow",), policy="handwritten-note", asins={"b.jpg": "B0ABCDEFGI"})
    assert loaded.marks.names == ("Willow & Thread", "Willow")
    assert loaded.policy == "handwritten-note"
    assert set(loaded.asins) == {"a.jpg", "b.jpg"}


def test_a_logo_is_found_beside_the_file_and_is_no_shot(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"x")
    loaded = Submission.load(write(tmp_path, 'logos = ["logo.png"]'))
    assert loaded.marks.logos == ((tmp_path / "logo.png").resolve(),)
    assert loaded.marks.logos[0] in loaded.own_files


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("names = [", "submission.toml"),
        ('name = "x"', "unknown field 'name'"),
        ('names = "x"', "names should be a list"),
        ("names = [1]", "names should hold texts"),
        ('received = "soon"', "received should be a date"),
        ('logos = ["nowhere.png"]', "nowhere.png"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        Submission.load(write(tmp_path, text))


def test_a_missing_folder_is_nothing_to_check(tmp_path: Path) -> None:
    with pytest.raises(NothingToCheck):
        Submission.load(tmp_path / "nowhere")


def test_the_starter_reads_back_and_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / 'IMG "1".jpg').write_bytes(b"x")
    given = Submission.load(tmp_path, names=('Willow "&" Thread\n',))
    write_starter(tmp_path, given)
    again = Submission.load(tmp_path)
    assert again.marks == given.marks
    assert again.asins == {'IMG "1".jpg': ""}
    assert set(again.answers) == set(given.load_policy().answers or {})
    with pytest.raises(UsageError, match="exists already"):
        write_starter(tmp_path, given)


def test_the_starter_keeps_the_day_of_the_letter(tmp_path: Path) -> None:
    given = Submission.load(tmp_path, received=date(2026, 11, 20))
    assert Submission.load(write(tmp_path, starter_text(given, given.load_policy()))).received == date(2026, 11, 20)
