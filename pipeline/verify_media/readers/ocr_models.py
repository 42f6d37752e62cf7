"""onnxruntime sessions: loaded once per process, sized to the cores that this process may use."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from verify_media.machine import cores

ort.disable_telemetry_events()  # what the variable set in verify_media/__init__.py does not reach: Windows' own log


def threads() -> int:
    """Threads for one model: `VERIFY_MEDIA_THREADS`, else `OMP_NUM_THREADS`, else the cores that are ours."""
    for name in ("VERIFY_MEDIA_THREADS", "OMP_NUM_THREADS"):
        if (value := os.environ.get(name, "")).isdigit() and int(value):
            return int(value)
    return cores()


@cache
def session(path: Path) -> Any:
    """The model at `path`."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads()
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting threads burnt 30 % more CPU
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(model: Any, blob: NDArray[np.float32]) -> Any:
    """The first output for the only input.

    The memory arena is emptied after each run: left alone it keeps the largest picture's activations for ever (190 MB
    more at the end), and without an arena the peak is 70 MB higher.
    """
    return model.run(None, {model.get_inputs()[0].name: blob}, _tidy())[0]


@cache
def _tidy() -> Any:
    options = ort.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options
