"""Checks that a maker's photos and videos show the business mark physically, and packs them into one message that fits.

marks = Marks(names=("Willow & Thread",), logos=(Path("logo.png"),))
report = check(Path("IMG_0042.heic"), marks)          # one photo or video, nothing written
result = run(Submission.load(Path("shots")))          # the whole job, to shots-verified/
"""

import os

# onnxruntime since 1.29 keeps a device id and reports its use to its makers unless this is set before it is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from verify_media.pipeline import Options, RunResult, check, check_submission, run
from verify_media.records import ItemReport, Marks, Outcome, Sighting
from verify_media.submission import Submission

__version__ = "0.1.0"

__all__ = [
    "ItemReport",
    "Marks",
    "Options",
    "Outcome",
    "RunResult",
    "Sighting",
    "Submission",
    "__version__",
    "check",
    "check_submission",
    "run",
]
