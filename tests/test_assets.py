"""Weights are what the manifest says, at every load."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from verify_media import assets
from verify_media.errors import MissingProgram

sys.path.insert(0, str(Path(__file__).parents[1] / ".ci"))


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(assets.models_folder(), tmp_path / "models", ignore=shutil.ignore_patterns("compose", "*.py"))
    monkeypatch.setattr(assets, "models_folder", lambda: tmp_path / "models")
    return tmp_path / "models"


@pytest.mark.parametrize("name", sorted(assets.manifest()))
def test_one_changed_bit_is_noticed(copied: Path, name: str) -> None:
    load = assets.model.__wrapped__
    assert load(name) == copied / name
    data = bytearray((copied / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copied / name).write_bytes(data)
    with pytest.raises(MissingProgram, match="damaged"):
        load(name)


def test_the_bill_of_materials_names_packages_and_weights() -> None:
    import sbom

    bill = sbom.bill()
    parts = {part["name"]: part for part in bill["components"]}
    assert bill["bomFormat"] == "CycloneDX" and parts["pillow"]["purl"].startswith("pkg:pypi/pillow@")
    assert set(assets.manifest()) <= set(parts)
    known = {part["bom-ref"] for part in [*bill["components"], bill["metadata"]["component"]]}
    assert all({one["ref"], *one["dependsOn"]} <= known for one in bill["dependencies"])
    assert "moto" not in parts, "what only development needs is no part of it"


def test_the_bill_of_materials_keeps_to_the_standard() -> None:
    validation = pytest.importorskip("cyclonedx.validation.json")
    import json

    import sbom
    from cyclonedx.schema import SchemaVersion

    assert validation.JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(sbom.bill())) is None
