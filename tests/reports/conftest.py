"""The samples, made once: a report never changes its result."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import report_samples

from verify_media.pipeline import RunResult


@pytest.fixture(scope="session")
def ready() -> RunResult:
    return report_samples.ready()


@pytest.fixture(scope="session")
def not_ready() -> RunResult:
    return report_samples.not_ready()


@pytest.fixture(scope="session")
def checked() -> RunResult:
    return report_samples.checked()


@pytest.fixture(scope="session")
def hostile() -> RunResult:
    return report_samples.hostile()
