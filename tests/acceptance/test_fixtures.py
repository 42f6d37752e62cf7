"""Every folder in fixtures/ with an expect.toml is a test: its files go through the real command. See its README."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = sorted(path.parent for path in FIXTURES.rglob("expect.toml"))
SHARED = FIXTURES / "shots" / "submission.toml"
KNOWN = {"about", "command", "exit", "args", "files", "rename", "submission", "rules", "items", "skipped"}
FIELDS = {"names", "spellings", "logos", "cards", "policy", "asins", "answers", "received", "confirmed"}
"""Fields of the submission that a case may replace."""
SEVERITY = ("n/a", "pass", "review", "fail")
LARGEST_BYTES = 25_000_000


def expected(case: Path) -> dict[str, Any]:
    return tomllib.loads((case / "expect.toml").read_text(encoding="utf-8"))


def copies(case: Path, expect: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What goes into the folder under test, and under which names: own files, listed files, renamed files."""
    own = (path for path in case.iterdir() if path.name not in ("expect.toml", "submission.toml"))
    for path in (*own, *(case / name for name in expect.get("files", ()))):
        yield path, path.name
    for source, names in expect.get("rename", {}).items():
        for name in [names] if isinstance(names, str) else names:
            yield case / source, name


def assemble(case: Path, expect: Mapping[str, Any], folder: Path) -> None:
    folder.mkdir()
    names = []
    for source, name in copies(case, expect):
        shutil.copyfile(source, folder / name)
        names.append(name)
    template = case / str(expect.get("submission", "submission.toml"))
    (folder / "submission.toml").write_text(submission(case, expect, names, template if template.exists() else SHARED))


def submission(case: Path, expect: Mapping[str, Any], names: list[str], template: Path) -> str:
    """The shared answers with an ASIN for every file, and what the case replaces."""
    data = tomllib.loads(template.read_text(encoding="utf-8"))
    if template == SHARED and "submission" not in expect:
        data["asins"] = dict.fromkeys(names, "B0EXAMPLE1")
    for key in FIELDS & expect.keys():
        data[key] = {**data[key], **expect[key]} if key == "answers" else expect[key]
    data["logos"] = [str((case / logo).resolve()) for logo in data.get("logos", ())]
    return toml(data)


def toml(data: Mapping[str, Any]) -> str:
    """Texts, lists of texts, dates and one level of tables; JSON's strings are TOML's."""
    flat = [f"{key} = {written(value)}" for key, value in data.items() if not isinstance(value, dict)]
    tables = [
        f"\n[{key}]\n" + "\n".join(f"{json.dumps(name)} = {written(value)}" for name, value in table.items())
        for key, table in data.items()
        if isinstance(table, dict)
    ]
    return "\n".join([*flat, *tables]) + "\n"


def written(value: Any) -> str:
    return json.dumps(value) if isinstance(value, str | list) else str(value)


def call(expect: Mapping[str, Any], folder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = expect.get("command", "check")
    where = ["--out", str(out)] if command == "run" else []
    arguments = [command, str(folder), "--format", "json", "--quiet", *where, *expect.get("args", ())]
    program = [sys.executable, "-m", "verify_media.cli"]
    return subprocess.run([*program, *arguments], capture_output=True, text=True, timeout=600, check=False)


def among(value: str, wanted: str | list[str]) -> bool:
    return value in ([wanted] if isinstance(wanted, str) else wanted)


def differences(report: Mapping[str, Any], expect: Mapping[str, Any]) -> Iterator[str]:
    """Every expectation that the report does not meet, with what it says instead."""
    for rule, wanted in expect.get("rules", {}).items():
        found = [entry["outcome"] for entry in report["rules"] if entry["id"] == rule]
        worst = max(found, key=SEVERITY.index, default="not in the policy")
        if not among(worst, wanted):
            yield f"rule {rule}: {worst}, not {wanted}"
    items = {Path(item["path"]).name: item for item in report["items"]}
    for name, wanted in expect.get("items", {}).items():
        outcome = items[name]["outcome"] if name in items else "not an item"
        if not among(outcome, wanted):
            yield f"item {name}: {outcome} (p_digital {items.get(name, {}).get('p_digital')}), not {wanted}"
    skipped = {Path(entry["path"]).name: entry["reason"]["key"] for entry in report["skipped"]}
    for name, wanted in expect.get("skipped", {}).items():
        if not among(skipped.get(name, "not skipped"), wanted):
            yield f"file {name}: {skipped.get(name, 'not skipped')}, not {wanted}"


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(FIXTURES).as_posix())
def test_case(case: Path, tmp_path: Path) -> None:
    expect = expected(case)
    assemble(case, expect, tmp_path / "shots")
    done = call(expect, tmp_path / "shots", tmp_path / "out")
    codes = expect["exit"] if isinstance(expect["exit"], list) else [expect["exit"]]
    wrong = list(differences(json.loads(done.stdout), expect)) if done.stdout.startswith("{") else []
    told = f"{expect['about']}\n" + "\n".join(wrong) + f"\n{done.stderr[-2000:]}"
    assert done.returncode in codes, f"exit code {done.returncode}, not {codes}: {told}"
    assert not wrong, told


def test_there_are_cases_of_every_kind() -> None:
    assert {case.relative_to(FIXTURES).parts[0] for case in CASES} == {"pass", "fail", "review", "broken"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(FIXTURES).as_posix())
def test_expectations_are_complete(case: Path) -> None:
    expect = expected(case)
    assert not expect.keys() - KNOWN - FIELDS
    assert expect["about"]
    missing = [str(path) for path, _ in copies(case, expect) if not path.is_file()]
    assert not missing


def test_fixtures_stay_small() -> None:
    kept = [p for p in FIXTURES.rglob("*") if p.is_file() and not {".renders", "__pycache__"} & set(p.parts)]
    assert sum(path.stat().st_size for path in kept) < LARGEST_BYTES


def test_every_picture_is_in_the_readme() -> None:
    told = (FIXTURES / "README.md").read_text(encoding="utf-8")
    pictures = [*(FIXTURES / "library").iterdir(), *(p for p in (FIXTURES / "shots").iterdir() if p.suffix != ".toml")]
    assert [path.name for path in pictures if f"`{path.name}`" not in told] == []
