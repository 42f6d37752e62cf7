"""The whole page in a real browser, with the real pipeline; and axe on page and report, at desk and phone width."""

from __future__ import annotations

import email
import email.policy
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from report_samples import not_ready, ready

from verify_media.reports import html

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")]
pytest.importorskip("uvicorn")


NAME = "Willow & Thread"
START = "from verify_media.web.server import serve; serve(open_browser=False, announce=lambda a: print(a, flush=True))"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",  # without a network, its attempts cost more than the page
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LONG_MS = 240_000
SIZES = {"desk": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-c", START], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(20)
    process.stdout.close()


def test_from_an_empty_page_to_the_message(browser: Any, address: str, tmp_path: Path) -> None:
    page, problems = _open(browser, address)
    page.fill("[data-field=names]", NAME)
    page.press("[data-field=names]", "Tab")
    page.set_input_files("#choose", [_heic(tmp_path), _mov(tmp_path), _photo(tmp_path / "no name.jpg", "")])
    page.locator(".item .answers").nth(2).wait_for(timeout=LONG_MS)
    unnamed = page.locator(".item", has_text="no name.jpg")
    assert "was not found in this photo" in unnamed.inner_text()

    unnamed.locator("[data-replace]").set_input_files(_photo(tmp_path / "card.jpg", NAME))
    replaced = page.locator(".item", has_text="card.jpg").locator(".answers")
    replaced.wait_for(timeout=LONG_MS)
    assert "Can the name, logo or card be seen? Yes" in replaced.inner_text()

    for field in page.locator(".asin input").all():
        field.fill("B0CXYZ1234")
    for field in page.locator("textarea").all():
        field.fill("By hand, on the wheel.")
    page.fill("[data-field=received]", "2026-11-20")
    page.press("[data-field=received]", "Tab")
    page.reload()
    assert page.input_value("[data-field='answers.process']") == "By hand, on the wheel."
    assert page.locator(".asin input").nth(2).input_value() == "B0CXYZ1234"

    page.click("[data-do=pack]")
    with page.expect_download(timeout=LONG_MS) as download:
        page.click("a[href='message/0']", timeout=LONG_MS)
    _check_message(download.value.path())
    assert problems == []
    page.context.close()


def test_two_tabs_and_stop(browser: Any, address: str, tmp_path: Path) -> None:
    first, _ = _open(browser, address)
    second, problems = _open(browser, address)
    first.set_input_files("#choose", [_photo(tmp_path / "second tab.jpg", NAME, seed=7)])
    card = second.locator(".item", has_text="second tab.jpg")
    card.wait_for(timeout=LONG_MS)
    first.fill("[data-field=names]", "Another Name")
    first.press("[data-field=names]", "Tab")
    second.wait_for_selector("[data-field=names]")
    playwright.expect(second.locator("[data-field=names]")).to_have_value("Another Name", timeout=LONG_MS)
    second.click("[data-do=cancel]", timeout=LONG_MS)
    first.locator("[data-do=go-on]").wait_for(timeout=LONG_MS)
    card.locator("[data-remove]").click()
    first.locator(".item", has_text="second tab.jpg").wait_for(state="detached", timeout=LONG_MS)
    assert problems == []


def test_a_dropped_folder_is_taken_with_its_subfolders(browser: Any, address: str, tmp_path: Path) -> None:
    folder = tmp_path / "from the phone"
    (folder / "more").mkdir(parents=True)
    for place in ("dropped one.jpg", "more/dropped two.jpg"):
        _photo(folder / place, "", seed=len(place))
    page, problems = _open(browser, address)
    page.locator("#drop").scroll_into_view_if_needed()
    box = page.locator("#drop").bounding_box()
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    devtools = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, **at, "data": data})
    for name in ("dropped one.jpg", "dropped two.jpg"):
        page.locator(".item", has_text=name).wait_for(timeout=LONG_MS)
        page.locator(".item", has_text=name).locator("[data-remove]").click()
        page.locator(".item", has_text=name).wait_for(state="detached", timeout=LONG_MS)
    # what is removed while its picture is on the way is not found any more
    assert [problem for problem in problems if "404" not in problem] == []
    page.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_barriers(browser: Any, address: str, size: str, scheme: str) -> None:
    page = browser.new_page(**_look(size, scheme))
    page.goto(address)
    _assert_no_barriers(page)
    page.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_has_no_barriers(browser: Any, tmp_path: Path, size: str, scheme: str) -> None:
    for result in (ready(), not_ready()):
        path = tmp_path / "report.html"
        path.write_text(html.render(result), encoding="utf-8")
        page = browser.new_page(**_look(size, scheme))
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        _assert_no_barriers(page)
        page.close()


def test_the_report_breaks_none_of_its_own_rules(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(html.render(not_ready()), encoding="utf-8")
    page, problems = _open(browser, path.as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('.top')).display") == "grid"
    assert problems == []
    page.close()


def _open(browser: Any, address: str) -> tuple[Any, list[str]]:
    page = browser.new_page()
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    return page, problems


def _look(size: str, scheme: str) -> dict[str, Any]:
    width, height = SIZES[size]
    return {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "bypass_csp": True}


def _assert_no_barriers(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    package = importlib.util.find_spec("axe_playwright_python")
    if package is None or package.origin is None:
        pytest.skip("axe-core is not installed")
    page.add_script_tag(path=str(Path(package.origin).parent / "axe.min.js"))
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then(result => result.violations)")
    assert [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found] == []


def _check_message(path: Path) -> None:
    raw = path.read_bytes()
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    types = sorted(part.get_content_type() for part in parsed.iter_attachments())
    assert types == ["image/jpeg", "image/jpeg", "video/mp4"]
    assert len(raw) < 20_000_000
    assert (
        "B0CXYZ1234" in parsed.get_body().get_content() and "By hand, on the wheel." in parsed.get_body().get_content()
    )


def _scene(text: str, seed: int = 1) -> Image.Image:
    """A table with a card on it; large letters, a little noise, slightly soft."""
    rng = np.random.default_rng(seed)
    wood = 140 + 25 * np.sin(np.linspace(0, 30 + seed, 900))[:, None] + rng.normal(0, 7, (900, 1200))
    image = Image.fromarray(np.clip(np.dstack([wood, wood * 0.8, wood * 0.6]), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.ellipse((120 + 40 * seed, 60, 420 + 40 * seed, 400), fill=(70, 110, 130 + 10 * seed))
    draw.rectangle((250, 520, 1000, 760), fill=(248, 245, 236))
    draw.text((330, 590), text, fill=(45, 40, 38), font=ImageFont.load_default(80))
    return image


def _photo(path: Path, text: str, seed: int = 3) -> Path:
    _scene(text, seed).save(path, quality=90)
    return path


def _heic(folder: Path) -> Path:
    from pillow_heif import from_pillow

    buffer = BytesIO()
    from_pillow(_scene(NAME, 1)).save(buffer, quality=85)
    (folder / "IMG_0042.HEIC").write_bytes(buffer.getvalue())
    return folder / "IMG_0042.HEIC"


def _mov(folder: Path) -> Path:
    import imageio_ffmpeg

    still = _photo(folder / "still.png", NAME, 5)
    path = folder / "IMG_0043.MOV"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-loop", "1", "-i", still, "-t", "2", "-r", "15"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-c:v", "libx264", path], check=True)
    return path
