from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("httpx2")

from starlette.testclient import TestClient

from verify_media.web.app import build
from verify_media.web.session import Session
from verify_media.web.uploads import Bounds

TOKEN = "secret-of-this-run"
HOST = "127.0.0.1:8000"
ORIGIN = {"Origin": f"http://{HOST}"}


@pytest.fixture
def client(session: Session) -> Iterator[TestClient]:
    bounds = Bounds(file_bytes=1000, total_bytes=2500, files=4, mark_bytes=100)
    app = build(session, token=TOKEN, hosts=frozenset({HOST}), bounds=bounds)
    with TestClient(app, base_url=f"http://{HOST}") as client:
        yield client


def test_the_page_needs_its_secret(client: TestClient) -> None:
    assert _get(client, "").status_code == 200
    for path in ("/", "/secret", f"/{TOKEN}x/", "/favicon.ico", "//", f"/{TOKEN[:-1]}/"):
        assert client.get(path).status_code == 404


def test_another_host_name_is_refused(client: TestClient) -> None:
    assert _get(client, "", headers={"Host": "evil.example:8000"}).status_code == 421
    assert _get(client, "", headers={"Host": "127.0.0.1:8001"}).status_code == 421


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null"}, {"Origin": "http://evil.example"}, {"Origin": f"https://{HOST}"}]
)
@pytest.mark.parametrize("path", ["pack", "cancel", "go-on", "details", "shots", "marks/logo", "marks/logo/remove"])
def test_changes_need_the_pages_origin(client: TestClient, path: str, headers: dict[str, str]) -> None:
    assert client.post(f"/{TOKEN}/{path}", headers=headers).status_code == 403


def test_every_answer_is_locked_down(client: TestClient) -> None:
    for path in ("", "parts", "page.js", "nothing", "report.css"):
        headers = _get(client, path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


def test_no_path_is_taken_from_the_client(client: TestClient, session: Session) -> None:
    _name(client)
    shot_id = _drop(client, "../../../tmp/evil.jpg")
    assert session.shots[shot_id].path == session.shots_folder / "evil.jpg"
    for path in ("..%2f..%2fetc%2fpasswd", "static/page.js", "thumbnail/%2e%2e", "send/..%2freport.json"):
        assert _get(client, path).status_code in (404, 405)


def test_pictures_come_by_id(client: TestClient) -> None:
    shot_id = _drop(client, "mug.jpg")
    _wait(client, lambda page: "thumbnail/" in page)
    answer = _get(client, f"thumbnail/{shot_id}")
    assert answer.headers["content-type"] == "image/jpeg" and answer.content.startswith(b"\xff\xd8")
    assert _get(client, "thumbnail/nobody").status_code == 404
    assert _get(client, f"picture/{shot_id}").status_code == 404


def test_uploads_are_bounded(client: TestClient, session: Session) -> None:
    refused = _post(client, "shots", content=b"x" * 1001)
    assert refused.status_code == 413 and "larger than" in refused.text
    for number in range(2):
        _drop(client, f"{number}.jpg", b"x" * 1000)
    assert _post(client, "shots", content=b"x" * 600).status_code == 413
    for number in range(2, 4):
        _drop(client, f"{number}.jpg", b"x")
    assert "4 files already" in _post(client, "shots", content=b"x").text
    assert _post(client, "marks/logo", content=b"x" * 101).status_code == 413
    assert len([*session.shots_folder.iterdir()]) == 4


def test_a_full_disk_is_said(client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("verify_media.web.app.receive", full)
    answer = _post(client, "shots", content=b"x")
    assert answer.status_code == 507 and "no room" in answer.text and not session.shots


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("names", 3),
        ("names", "x" * 5000),
        ("policy", "/etc/passwd"),
        ("policy", "../x.toml"),
        ("answers.nothing", "x"),
        ("asins.nobody", "B0"),
        ("received", "yesterday"),
        ("confirmed.affixed", "yes"),
        ("photos_only", "yes"),
        ("marks_folder", "/tmp"),
        ("", ""),
    ],
)
def test_fields_are_checked(client: TestClient, field: str, value: object) -> None:
    assert _post(client, "details", json={"field": field, "value": value}).status_code == 400


def test_a_body_that_is_no_small_object_is_refused(client: TestClient) -> None:
    for body in (b"", b"[]", b"{", b'{"field": "names", "value": "' + b"x" * 70_000 + b'"}'):
        assert _post(client, "details", content=body).status_code == 400


def test_what_is_typed_is_kept_over_a_reload(client: TestClient) -> None:
    _name(client)
    _post(client, "details", json={"field": "answers.process", "value": '"><script>alert(1)</script>'})
    _post(client, "details", json={"field": "received", "value": "2026-11-20"})
    page = _get(client, "").text
    assert 'value="Willow &amp; Thread"' in page
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page
    assert 'value="2026-11-20"' in page


def test_verdicts_come_with_buttons_words(client: TestClient) -> None:
    _name(client)
    _drop(client, "plain.jpg")
    page = _wait(client, lambda page: "Take again" in page)
    assert "Your name, logo or card was not found in this photo." in page
    assert "submission.toml" not in page and "--asin" not in page


def test_the_message_can_be_taken_home(client: TestClient) -> None:
    _name(client)
    _drop(client, "mug.jpg")
    _wait(client, lambda page: "Ready" in page or "To complete" in page)
    assert _get(client, "message/0").status_code == 404
    assert _post(client, "pack").status_code == 204
    page = _wait(client, lambda page: "message/0" in page)
    assert "The message has 18.7 MB of the 20.0 MB allowed." in re.sub(r"<[^>]+>", "", page)
    draft = _get(client, "message/0")
    assert draft.headers["content-disposition"] == 'attachment; filename="message.eml"'
    assert _get(client, "file/1").content == b"glaze.jpg"
    assert _get(client, "send/kiln.jpg", follow_redirects=True).content == b"kiln.jpg"
    assert _get(client, "file/99").status_code == 404
    with zipfile.ZipFile(io.BytesIO(_get(client, "package").content)) as archive:
        assert "verify-media/send/mug.jpg" in archive.namelist()
    report = _get(client, "report")
    assert "style-src 'sha256-" in report.headers["content-security-policy"] and "<style>" in report.text


def test_a_logo_is_given_and_taken_out(client: TestClient, session: Session) -> None:
    assert _post(client, "marks/logo", content=b"png", headers={"X-File-Name": "logo.png"}).status_code == 201
    assert [path.name for path in session.marks.logos] == ["logo-logo.png"]
    assert _post(client, "marks/logo", content=b"png", headers={"X-File-Name": "other.png"}).status_code == 201
    assert [path.name for path in session.marks_folder.iterdir()] == ["logo-other.png"]
    assert _post(client, "marks/logo/remove").status_code == 204
    assert not session.marks and not [*session.marks_folder.iterdir()]
    assert _post(client, "marks/evil", content=b"x").status_code == 404


def test_a_shot_is_removed(client: TestClient, session: Session) -> None:
    shot_id = _drop(client, "mug.jpg")
    assert _post(client, f"shots/{shot_id}/remove").status_code == 204
    assert _post(client, f"shots/{shot_id}/remove").status_code == 404
    assert not session.shots


def _get(client: TestClient, path: str, **options: Any) -> Any:
    return client.get(f"/{TOKEN}/{path}", **{"follow_redirects": False, **options})


def _post(client: TestClient, path: str, headers: dict[str, str] | None = None, **options: Any) -> Any:
    return client.post(f"/{TOKEN}/{path}", headers={**ORIGIN, **(headers or {})}, **options)


def _name(client: TestClient) -> None:
    assert _post(client, "details", json={"field": "names", "value": "Willow & Thread"}).status_code == 204


def _drop(client: TestClient, name: str, content: bytes = b"x") -> str:
    answer = _post(client, "shots", content=content, headers={"X-File-Name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def _wait(client: TestClient, done: Any) -> str:
    for _ in range(400):
        page = str(_get(client, "").text)
        if done(page):
            return page
        time.sleep(0.01)
    raise AssertionError(page)
