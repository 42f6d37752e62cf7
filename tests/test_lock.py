"""The lock file of development and CI: complete, pinned, hashed, and silent about where packages come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = (ROOT / ".ci" / "requirements.lock").read_text(encoding="utf-8")
PINS = {
    name.lower(): version for name, version in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^ \\]+)", LOCK, re.M)
}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_whatever_is_asked_for_is_locked() -> None:
    """After a change in pyproject.toml: make lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    for requirement in map(Requirement, asked):
        assert plain(requirement.name) in PINS, f"{requirement.name} is not in .ci/requirements.lock"
        assert requirement.specifier.contains(PINS[plain(requirement.name)], prereleases=True), str(requirement)


def test_every_pin_has_its_hashes() -> None:
    for block in re.split(r"\n(?=[A-Za-z])", LOCK)[1:]:
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_the_lock_names_no_place() -> None:
    assert "://" not in LOCK and "--index" not in LOCK and "--find-links" not in LOCK
