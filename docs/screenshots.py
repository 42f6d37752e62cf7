"""Pictures of the report and of the local page for README.md and docs, with a Chromium that is installed.

    python docs/screenshots.py out/shots-verified/report.html fixtures/shots docs/images

Needs the packages playwright and verify-media[web].
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from verify_media.submission import Submission

DESK = {"width": 1200, "height": 1000}
PHONE = {"width": 390, "height": 844}
QUALITY = 82
PATIENCE_MS = 300_000
START = "from verify_media.web.server import serve; serve(open_browser=False, announce=lambda a: print(a, flush=True))"


def main(report: Path, shots: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for name, size in (("report", DESK), ("report-phone", PHONE)):
            with opened(browser, report.resolve().as_uri(), size) as page:
                page.screenshot(path=target / f"{name}.jpg", quality=QUALITY, type="jpeg")
        with served() as address, opened(browser, address, DESK) as page:
            fill(page, Submission.load(shots))
            page.screenshot(path=target / "page.jpg", quality=QUALITY, type="jpeg")
        browser.close()


@contextmanager
def opened(browser: Browser, address: str, size: dict[str, int]) -> Iterator[Page]:
    page = browser.new_page(viewport=size, color_scheme="light")  # type: ignore[arg-type]
    page.goto(address)
    yield page
    page.close()


@contextmanager
def served() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait()


def fill(page: Page, submission: Submission) -> None:
    """As a maker would: the name, the files; then waits for the last verdict."""
    page.fill("[data-field=names]", ", ".join(submission.marks.names))
    page.press("[data-field=names]", "Tab")
    files = sorted(p for p in submission.folder.iterdir() if p.is_file() and p not in submission.own_files)
    page.set_input_files("#choose", files)
    page.locator(".item").nth(len(files) - 1).wait_for(timeout=PATIENCE_MS)
    page.locator("button[data-do=pack]:enabled").wait_for(timeout=PATIENCE_MS)


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:4]))
