"""Nothing leaves the computer: no network, no places or serial numbers in what is written, no files left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from PIL import Image

from make_media import textured
from verify_media.cage import tasks
from verify_media.errors import Exit

SHOTS = Path(__file__).parents[1] / "fixtures" / "shots"
PLACE, SERIAL = (35.7654321, 30.1234567), "SERIAL-4711-0815"
GUARD = """
import sys
def guard(event, args):
    if event.startswith("socket.") and event != "socket.gethostname":
        sys.stderr.write(f"NETWORK {event} {args}\\n")
        raise SystemExit(99)
sys.addaudithook(guard)
from verify_media.cli import main
main(sys.argv[1:])
"""


def photo(path: Path) -> Path:
    """With a place, serial numbers of camera and lens, an owner, and a thumbnail's worth of maker's note."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x013B] = "Maker", "Model", "Jane Owner-Name"
    exif.get_ifd(0x8769).update({0xA431: SERIAL, 0xA435: f"L{SERIAL}", 0x927C: f"note {SERIAL}".encode()})
    degrees = [(value, 0.0, 0.0) for value in PLACE]
    exif.get_ifd(0x8825).update({1: "N", 2: degrees[0], 3: "W", 4: degrees[1]})
    tags = f'<a aux:SerialNumber="{SERIAL}" exif:GPSLatitude="{PLACE[0]}"/>'
    xmp = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{tags}</x:xmpmeta>'
    Image.fromarray(textured(640, 480, seed=3)).save(path, exif=exif.tobytes(), xmp=xmp.encode(), quality=92)
    return path


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.CompletedProcess[str]]]:
    """A whole run of the command with a guard against sockets, in temporary folders of its own."""
    root = tmp_path_factory.mktemp("private")
    shots, temporary, home = root / "shots", root / "tmp", root / "home"
    for folder in (shots, temporary, home):
        folder.mkdir()
    photo(shots / "a.jpg")
    shutil.copy(SHOTS / "IMG_0412.HEIC", shots)
    arguments = [str(shots), "--name", "Willow & Thread", "--format", "json"]
    environment = {**os.environ, "TMPDIR": str(temporary), "HOME": str(home), "VERIFY_MEDIA_DEBUG": "1"}
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        environment.pop(name, None)
    done = subprocess.run(
        [sys.executable, "-c", GUARD, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    yield root, done


def test_no_socket_is_opened(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = finished
    assert "NETWORK" not in done.stderr
    assert done.returncode in (Exit.READY, Exit.RULE_FAILED), done.stderr[-2000:]
    assert len(json.loads(done.stdout)["items"]) == 2


def test_places_serial_numbers_and_owners_are_nowhere(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    root, done = finished
    written = {path: path.read_bytes() for path in (root / "shots-verified").rglob("*") if path.is_file()}
    assert {path.name for path in written} >= {"message.eml", "report.html", "report.json"}
    letter = message_from_bytes((root / "shots-verified" / "message.eml").read_bytes(), policy=policy.default)
    attached = [part.get_content() for part in letter.iter_attachments()]
    said = [done.stdout.encode(), done.stderr.encode(), letter.as_bytes()]
    for text in (*written.values(), *attached, *said):
        assert SERIAL.encode() not in text and SERIAL.encode("utf-16-le") not in text
        assert b"Owner-Name" not in text
        assert not re.search(rb"35[.,]765|30[.,]123|GPSLatitude|aux:SerialNumber", text)


def test_what_is_sent_has_no_place_in_its_exif(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    root, _ = finished
    sent = sorted((root / "shots-verified" / "send").iterdir())
    assert len(sent) == 2
    for path in sent:
        with Image.open(path) as image:
            assert not image.getexif().get_ifd(0x8825)
            assert not {0xA431, 0xA435, 0x927C} & image.getexif().get_ifd(0x8769).keys()


def test_no_temporary_file_is_left(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    root, _ = finished
    assert not list((root / "tmp").iterdir())
    assert sorted(path.name for path in root.iterdir()) == ["home", "shots", "shots-verified", "tmp"]


def test_no_library_keeps_a_diary_in_the_home_folder(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """onnxruntime would: a device id, and a database of what it is going to report."""
    root, _ = finished
    assert not list((root / "home").rglob("*"))


def _alone_in_a_network() -> list[str] | None:
    """The command that gives a program a network without any interface, not even a loopback that is up."""
    for flags in ("-n", "-rn"):
        if shutil.which("unshare") and not subprocess.run(["unshare", flags, "true"], capture_output=True).returncode:
            return ["unshare", flags]
    return None


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_the_whole_command_runs_without_any_network(tmp_path: Path) -> None:
    alone = _alone_in_a_network()
    if alone is None:
        pytest.skip("this system does not let us make a network namespace")
    (tmp_path / "shots").mkdir()
    photo(tmp_path / "shots" / "a.jpg")
    command = [*alone, sys.executable, "-m", "verify_media", str(tmp_path / "shots"), "--name", "Willow & Thread"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.RULE_FAILED, done.stderr[-2000:]
    assert (tmp_path / "shots-verified" / "message.eml").is_file()


def test_no_library_is_asked_to_fetch_anything() -> None:
    """Only batches from object stores, and the page on this computer, know of addresses."""
    package = Path(tasks.__file__).parents[1]
    word = re.compile(
        r"^\s*(?:import|from) (socket|urllib\.request|http\.client|requests|httpx|aiohttp|ftplib|smtplib)\b", re.M
    )
    found = {path.name for path in package.rglob("*.py") if word.search(path.read_text(encoding="utf-8"))}
    assert found <= {"server.py"}


def test_the_report_loads_nothing_from_elsewhere(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    root, _ = finished
    page = (root / "shots-verified" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"(?:src|href|url\()\s*=?\s*[\"']?(?:https?:)?//", page)
    assert "Content-Security-Policy" in page
