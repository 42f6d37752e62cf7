from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from verify_media.web.uploads import Refused, receive, safe_name


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("IMG_0042.HEIC", "IMG_0042.HEIC"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\mug.jpg", "mug.jpg"),
        ("...", "file"),
        ("", "file"),
        (".bashrc", "bashrc"),
        ("-rf.jpg", "rf.jpg"),
        ("a\nb\x00c\u202egpj.exe", "a_b_c_gpj.exe"),
        ("<script>.jpg", "script.jpg"),
        ("çay bardağı हिन्दी.jpg", "çay bardağı हिन्दी.jpg"),
        ("con.jpg", "con_.jpg"),
        ("a.b.c.jpeg", "a.b.c.jpeg"),
        ("x" * 300 + ".jpg", "x" * 80 + ".jpg"),
        ("mug.<script>", "mug.script"),
        ("caf\udce9.jpg", "caf.jpg"),
    ],
)
def test_names_are_made_here(given: str, kept: str) -> None:
    assert safe_name(given, ()) == kept


def test_names_differ_whatever_their_case() -> None:
    assert safe_name("Mug.jpg", {"mug.JPG", "mug (2).jpg"}) == "Mug (3).jpg"


def test_a_file_arrives_whole(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    assert asyncio.run(receive(_chunks(b"ab", b"cd"), folder / "a.jpg", 4)) == 4
    assert (folder / "a.jpg").read_bytes() == b"abcd"
    assert [path.name for path in tmp_path.iterdir()] == ["shots"]


def test_nothing_stays_of_a_file_that_is_too_large(tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    with pytest.raises(Refused, match="larger than"):
        asyncio.run(receive(_chunks(b"ab", b"cde"), folder / "a.jpg", 4))
    assert [*folder.iterdir()] == [] and [path.name for path in tmp_path.iterdir()] == ["shots"]


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
