"""Whether a result is all there, and a run of the real command that can be shot at."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from email import message_from_bytes, policy
from hashlib import sha256
from pathlib import Path

from PIL import Image

from make_media import textured

NAME = "Willow & Thread"


def hashes(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def is_whole(out: Path) -> bool:
    """Report, files and message are there and tell of the same bytes."""
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    told = sorted(item["deliverable"]["sha256"] for item in report["items"] if item["deliverable"])
    letter = message_from_bytes((out / "message.eml").read_bytes(), policy=policy.default)
    attached = sorted(sha256(part.get_content()).hexdigest() for part in letter.iter_attachments())
    sent = sorted(hashes(out / "send").values())
    return told == attached == sent != [] and (out / "report.html").read_text(encoding="utf-8").rstrip().endswith(
        "</html>"
    )


def make_shots(folder: Path, count: int = 2) -> Path:
    folder.mkdir(parents=True)
    for seed in range(count):
        Image.fromarray(textured(480, 360, seed=seed)).save(folder / f"{seed}.jpg", quality=90)
    return folder


def start(shots: Path, temporary: Path) -> subprocess.Popen[bytes]:
    temporary.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "verify_media", str(shots), "--name", NAME, "--quiet"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)


def forget(out: Path) -> None:
    """The next run examines everything again."""
    shutil.rmtree(out / ".cache", ignore_errors=True)
