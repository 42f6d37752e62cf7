"""Finds the weights: `models/` in a checkout, `verify_media/models/` in a wheel, OCR weights in RapidOCR's wheel."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from verify_media.errors import MissingProgram

PACKAGE = Path(__file__).resolve().parent


@cache
def models_folder() -> Path:
    """Where the weights lie. Raises MissingProgram when the installation is incomplete."""
    for folder in (PACKAGE / "models", PACKAGE.parent.parent / "models"):
        if (folder / "manifest.toml").is_file():
            return folder
    raise MissingProgram("the models are missing from this installation", "Install verify-media again.")


@cache
def manifest() -> dict[str, dict[str, Any]]:
    """File name -> {sha256, version, licence, source, purpose}."""
    return tomllib.loads((models_folder() / "manifest.toml").read_text(encoding="utf-8"))


@cache
def model(name: str) -> Path:
    """Path of a weight file whose hash is the one in the manifest. Raises MissingProgram otherwise."""
    path = models_folder() / name
    wanted = manifest().get(name, {}).get("sha256")
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != wanted:
        raise MissingProgram(f"the model {name} is missing or damaged", "Install verify-media again.")
    return path


@cache
def rapidocr_model(name: str) -> Path:
    """Path of a weight file inside the rapidocr package, found without importing it (its import costs a second)."""
    spec = find_spec("rapidocr")
    folder = Path(spec.origin).parent / "models" if spec and spec.origin else Path()
    if not (folder / name).is_file():
        raise MissingProgram(
            f"the text model {name} is missing", "Install the package rapidocr, version 3.10 or later."
        )
    return folder / name
