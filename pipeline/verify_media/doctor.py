"""What is installed, what is missing, and how to get it on this system."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from verify_media import assets
from verify_media.errors import VerifyMediaError

NEEDED_PACKAGES = (
    "numpy",
    "opencv-python-headless",
    "onnxruntime",
    "rapidocr",
    "pillow",
    "pillow-heif",
    "rawpy",
    "av",
    "pyvips",
)
EXTRAS = {"web": ("starlette", "uvicorn"), "cluster": ("distributed", "fsspec")}
OCR_WEIGHTS = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")
TESSERACT_ADVICE = {
    "Linux": "sudo apt-get install tesseract-ocr",
    "Darwin": "brew install tesseract",
    "Windows": "winget install UB-Mannheim.TesseractOCR",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked for."""

    name: str
    ok: bool
    detail: str
    advice: str = ""
    needed: bool = True

    def line(self) -> str:
        sign = "ok     " if self.ok else "missing" if self.needed else "absent "
        return f"{sign}  {self.name:<24} {self.detail}" + (
            f"\n         {self.advice}" if self.advice and not self.ok else ""
        )


def examine_system() -> tuple[Found, ...]:
    """Never raises: what cannot be examined is missing."""
    return tuple(
        found for look in (_python, _packages, _weights, _cage, _ffmpeg, _tesseract, _extras) for found in look()
    )


def _python() -> Iterator[Found]:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Found("python", sys.version_info >= (3, 11), detail, "Install Python 3.11 or later.")


def _packages() -> Iterator[Found]:
    for name in NEEDED_PACKAGES:
        yield _package(name, "pip install --force-reinstall verify-media")


def _package(name: str, advice: str, *, needed: bool = True) -> Found:
    try:
        return Found(name, True, version(name), needed=needed)
    except PackageNotFoundError:
        return Found(name, False, "", advice, needed=needed)


def _weights() -> Iterator[Found]:
    for find, names in ((assets.model, assets.manifest()), (assets.rapidocr_model, OCR_WEIGHTS)):
        for name in names:
            yield _try(name, partial(_size, find, name))


def _size(find: Callable[[str], Path], name: str) -> str:
    return f"{find(name).stat().st_size // 1000} kB"


def _try(name: str, look: Callable[[], str], *, needed: bool = True, advice: str = "") -> Found:
    try:
        return Found(name, True, look(), needed=needed)
    except VerifyMediaError as error:
        return Found(name, False, str(error), advice or error.cure, needed=needed)


def _cage() -> Iterator[Found]:
    """See docs/security.md for what each system can hold back."""
    from verify_media.cage import Cage

    with Cage() as cage:
        yield _try("cage for foreign files", lambda: f"bounds: {', '.join(cage.start()) or 'time'}")


def _ffmpeg() -> Iterator[Found]:
    from verify_media.tools import ffmpeg

    yield _try("ffmpeg", ffmpeg.version)


def _tesseract() -> Iterator[Found]:
    from verify_media.tools import tesseract

    advice = TESSERACT_ADVICE.get(platform.system(), "See tesseract-ocr.github.io")
    yield _try("tesseract (second reader)", tesseract.version, needed=False, advice=advice)


def _extras() -> Iterator[Found]:
    for extra, modules in EXTRAS.items():
        present = all(find_spec(module) for module in modules)
        yield Found(f"extra {extra}", present, "", f"pip install 'verify-media[{extra}]'", needed=False)
