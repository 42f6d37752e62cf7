"""`make audit`: known holes in the locked packages (pip-audit), and the licences of everything that a user installs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from sbom import ROOT, closure, licence

LOCK = Path(__file__).parent / "requirements.lock"
ACCEPTED = {
    "CVE-2025-50817": "future: only future.standard_library runs a foreign test.py; ffmpeg-python never imports it "
    "(tests/tools/test_ffmpeg_python.py)",
}
OPEN = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL-?2|Mozilla Public License 2|HPND|Unlicense|Zlib|0BSD|CC0|"
    r"LGPL|Lesser General Public",
    re.IGNORECASE,
)
"""Licences that a package under Apache-2.0 may ask its users to install beside it."""
STATED_ELSEWHERE: dict[str, str] = {}
"""Packages whose metadata say nothing, with what stands in their files."""


def main() -> int:
    wrong = [*_licences(), *_holes()]
    for line in wrong:
        print(line)
    print("audit:", f"{len(wrong)} to look at" if wrong else "nothing found")
    return 1 if wrong else 0


def _licences() -> list[str]:
    packages = closure(ROOT)
    stated = {name: licence(package) or STATED_ELSEWHERE.get(name, "") for name, (package, _) in packages.items()}
    print(f"licences: {len(stated)} packages")
    return [f"licence of {name}: {words or 'not stated'}" for name, words in stated.items() if not OPEN.search(words)]


def _holes() -> list[str]:
    """Without the database nothing is claimed: that is said, and is no failure."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "audit.json"
        command = ["pip-audit", "--disable-pip", "--require-hashes", "-r", str(LOCK), "--progress-spinner", "off"]
        command = [sys.executable, "-m", "pip_audit", *command[1:], "-f", "json", "-o", str(answer)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not answer.exists():
            reason = (done.stderr.strip().splitlines() or ["no answer"])[-1]
            print(f"known holes: NOT CHECKED, the database cannot be reached ({reason[:200]})")
            return []
        packages = json.loads(answer.read_text(encoding="utf-8"))["dependencies"]
    print(f"known holes: {len(packages)} locked packages looked up")
    return [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'none'}"
        for package in packages
        for hole in package.get("vulns", ())
        if not {hole["id"], *hole["aliases"]} & ACCEPTED.keys()
    ]


if __name__ == "__main__":
    sys.exit(main())
