from __future__ import annotations

import base64
import hashlib
import itertools
import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from report_samples import QUAD, item

from verify_media.pipeline import RunResult
from verify_media.records import Outcome, Preview
from verify_media.reports import html

VOID = {"meta", "img", "input", "br", "hr", "rect", "circle", "path", "line", "polygon", "use"}
MANY = 8


class Page(HTMLParser):
    """Collects the elements, and checks that every one is closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).replace("\u00a0", " ").split())


@pytest.fixture(scope="module")
def page(not_ready: RunResult) -> Page:
    return Page(html.render(not_ready))


def test_says_first_what_is_open(page: Page) -> None:
    assert page.text.index("Not ready: 2 photos to take again, 2 to check, 2 answers to write, 1 ASIN to note.") < 300


def test_the_light_has_words(page: Page) -> None:
    assert any(svg.get("role") == "img" and svg.get("aria-label") == "Red light" for svg in page.all("svg"))


def test_the_same_result_gives_the_same_page(not_ready: RunResult) -> None:
    assert html.render(not_ready) == html.render(not_ready)


def test_marks_are_outlined_at_the_scale_of_the_preview(ready: RunResult) -> None:
    polygons = Page(html.render(ready)).all("polygon")
    drawn = np.array([point.split(",") for point in str(polygons[0]["points"]).split()], np.float64)
    mark = np.array(QUAD) * 0.2
    assert np.all(np.hypot(*(drawn - mark).T) < 12)
    assert drawn[0][1] < mark[0][1] and drawn[2][1] > mark[2][1]  # around the lettering, not over it


def test_a_video_outlines_only_the_moment_that_is_shown(ready: RunResult) -> None:
    video = replace(ready, items=(ready.items[3],))
    lines = [p for p in Page(html.render(video)).all("polygon") if "line" in str(p["class"])]
    assert len(lines) == 1


def test_a_video_says_when_the_mark_can_be_read(page: Page) -> None:
    assert "Readable from 0:12 to 0:17, best at 0:14." in page.text


def test_a_failure_has_its_reason_its_cure_and_an_example(page: Page) -> None:
    assert "Your name, logo or card was not found in this photo." in page.text
    assert "Large letters, in focus, facing the camera." in page.text
    assert "For example: write the name on paper" in page.text


def test_shows_how_the_limit_is_used(page: Page) -> None:
    assert "The message has 19.0 MB of the 20.0 MB allowed." in page.text


def test_a_check_says_that_nothing_was_made(checked: RunResult) -> None:
    text = Page(html.render(checked)).text
    assert "This was a check only." in text
    assert "How to send it" not in text


def test_missing_answers_are_one_step_of_the_list(page: Page) -> None:
    assert page.text.count("Write the answer in submission.toml under [answers].") == 1


def test_numbers_are_folded_away(page: Page) -> None:
    assert all("open" not in details for details in page.all("details"))
    assert "edge_width_ratio" in page.text


def test_nothing_is_fetched_and_nothing_runs(hostile: RunResult, not_ready: RunResult) -> None:
    for result in (hostile, not_ready):
        text = html.render(result)
        page = Page(text)
        assert not page.all("script") and not page.all("link") and not page.all("iframe") and not page.all("base")
        assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in page.all("img"))
        assert not any(
            name.startswith("on") or name == "style" for _, attributes in page.elements for name in attributes
        )
        assert not any("javascript:" in str(link.get("href")) for link in page.all("a"))


def test_the_policy_of_the_page_allows_exactly_its_own_style(not_ready: RunResult) -> None:
    text = html.render(not_ready)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    policy = next(meta for meta in Page(text).all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert policy["content"] is not None
    assert policy["content"].startswith("default-src 'none'; img-src data:; ")
    assert f"style-src 'sha256-{digest}'" in policy["content"]
    assert "unsafe" not in policy["content"]


def test_text_from_outside_stays_text(hostile: RunResult) -> None:
    text = html.render(hostile)
    assert "<script" not in text and "<img src=x" not in text
    assert "&lt;script&gt;alert(2)&lt;/script&gt;" in text
    assert "{{ 7*7 }}" in text
    assert not set(text) & set("\u202e\x00\x1b\r\udce9")
    assert "invoice\\u202egpj.exe" in text
    text.encode("utf-8")


def test_names_are_isolated(not_ready: RunResult) -> None:
    assert "<bdi>IMG_0043.jpg</bdi>" in html.render(not_ready)


def test_pictures_and_headings_are_in_order(page: Page) -> None:
    assert all(image["alt"] for image in page.all("img"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(identifiers) == len(set(identifiers))


def test_never_accuses_and_never_promises(not_ready: RunResult, ready: RunResult) -> None:
    for result in (not_ready, ready):
        assert not re.search(
            r"\bfake|forged|manipulat|will be accepted|guarantee", Page(html.render(result)).text, re.I
        )


def test_stays_under_five_megabytes(not_ready: RunResult) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG", quality=95)
    heavy = Preview(buffer.getvalue(), 1200, 900, 0.3)
    items = tuple(item(f"{number}.jpg", Outcome.PHYSICAL, preview=heavy, close_up=heavy) for number in range(MANY))
    text = html.render(replace(not_ready, items=items))
    assert len(heavy.jpeg) * MANY > 5e6
    assert len(text.encode()) < 5e6
    assert text.count('width="1200" height="900"') == 2 * MANY


def test_five_items_take_less_than_a_second(not_ready: RunResult) -> None:
    started = time.process_time()
    html.render(not_ready)
    assert time.process_time() - started < 1.0


def test_an_item_without_a_picture_is_shown_without_one(not_ready: RunResult) -> None:
    bare = replace(not_ready, items=tuple(replace(i, preview=None, close_up=None) for i in not_ready.items))
    assert "There is no small picture of this file." in Page(html.render(bare)).text


def test_nothing_usable_is_said_plainly(not_ready: RunResult) -> None:
    text = Page(html.render(replace(not_ready, items=(), deliverables=(), drafts=(), rules=(), todo=()))).text
    assert "there is no photo or video to check" in text
