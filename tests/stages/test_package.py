from __future__ import annotations

import asyncio
import email
import random
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from builders import report, sighting
from verify_media.records import Deliverable, Outcome, Reader
from verify_media.stages import letter, package
from verify_media.stages.letter import Letter, Row

LIMIT = 20_000_000
HOSTILE = "a\r\nBcc: thief@example.com\r\n\r\n<b>\u202egpj.exe\x00\x1b[31m"


def files(folder: Path, sizes: list[int], names: list[str] | None = None) -> list[Deliverable]:
    folder.mkdir(exist_ok=True)
    made = []
    for number, size in enumerate(sizes):
        path = folder / (names[number] if names else f"{number + 1:02d}-IMG_{number:04d}.jpg")
        path.write_bytes(random.Random(size).randbytes(size))
        made.append(Deliverable(path, path, "image/jpeg", size, "", 1, 1))
    return made


def written(path: Path) -> EmailMessage:
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def plain_letter(body: str = "Hello.\n") -> Letter:
    return Letter("Production process", "handmade@example.com", "Ann <ann@example.com>", body)


@pytest.mark.parametrize("sizes", [[], [0], [1, 2, 3], [56, 57, 58, 59], [75, 76, 77], [1_000_003, 999_999]])
def test_the_size_is_known_before_and_is_the_size_of_the_file(tmp_path: Path, sizes: list[int]) -> None:
    sent = files(tmp_path / "send", sizes)
    draft = package.package(sent, plain_letter("ü" * 500), tmp_path / "message.eml", LIMIT)
    predicted = package.message_bytes(
        plain_letter("ü" * 500), [(f.path.name, f.media_type, f.size_bytes) for f in sent]
    )
    assert draft.size_bytes == predicted == (tmp_path / "message.eml").stat().st_size


def test_the_draft_reads_back_with_everything_in_order(tmp_path: Path) -> None:
    sent = files(tmp_path / "send", [10, 3000, 77])
    draft = package.package(sent, plain_letter("Grüße,\nAnn\n"), tmp_path / "message.eml", LIMIT)
    message = written(draft.path)
    assert (message["X-Unsent"], message["To"], message["Subject"]) == (
        "1",
        "handmade@example.com",
        "Production process",
    )
    body = message.get_body()
    assert body is not None and body.get_content().splitlines() == ["Grüße,", "Ann"]
    parts = list(message.iter_attachments())
    assert [part.get_filename() for part in parts] == list(draft.attachments) == [file.path.name for file in sent]
    assert [part.get_content() for part in parts] == [file.path.read_bytes() for file in sent]
    assert all(b"\n" not in line for line in draft.path.read_bytes().split(b"\r\n"))
    assert max(map(len, draft.path.read_bytes().split(b"\r\n"))) <= 998


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    sent = files(tmp_path / "send", [10, 20])
    first = package.package(sent, plain_letter(), tmp_path / "a.eml", LIMIT)
    second = package.package(sent, plain_letter(), tmp_path / "b.eml", LIMIT)
    assert first.path.read_bytes() == second.path.read_bytes()


def test_no_text_can_add_a_header_or_a_part(tmp_path: Path) -> None:
    boundary = "--=-" + "0" * 32
    said = letter.body([(HOSTILE, HOSTILE + f"\r\n{boundary}--\r\n.\r\nFrom nobody")], [Row(HOSTILE, HOSTILE, HOSTILE)])
    hostile = Letter(HOSTILE, HOSTILE, HOSTILE, said)
    draft = package.package(files(tmp_path / "send", [9]), hostile, tmp_path / "message.eml", LIMIT)
    message = written(draft.path)
    assert set(message.keys()) <= {"X-Unsent", "From", "To", "Subject", "MIME-Version", "Content-Type"}
    assert len(list(message.iter_attachments())) == 1
    body = message.get_body()
    assert body is not None
    assert not set("\x00\x1b\u202e\r") & set(body.get_content().replace("\r\n", "\n"))
    assert "From nobody" in body.get_content()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("01-IMG_0042.jpg", "01-IMG_0042.jpg"),
        ("a\r\nX: y.jpg", "a X_ y.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ('"quo;te".mp4', "_quo_te_.mp4"),
        ("Tür ä.png", "T_r _.png"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (".jpg", "file.jpg"),
    ],
)
def test_attachment_names_are_plain(name: str, safe: str) -> None:
    assert package.attachment_name(name).replace("..", "..") == safe or "/" not in package.attachment_name(name)
    assert package.attachment_name(name).isascii()


def test_an_address_that_cannot_be_written_is_left_to_the_maker(tmp_path: Path) -> None:
    for address in ("jürgen@exämple.org", "not an address <<>>", "a@b@c, ,;", "\ud800"):
        draft = package.package([], Letter("s", to=address, body="b"), tmp_path / "message.eml", LIMIT)
        assert written(draft.path)["X-Unsent"] == "1"


def test_the_budget_is_never_too_large_and_hardly_too_small() -> None:
    dice = random.Random(3)
    for _ in range(40):
        count = dice.randint(1, 9)
        names = [f"{n + 1:02d}-{'x' * dice.randint(1, 40)}.jpg" for n in range(count)]
        limit = dice.randint(100_000, 25_000_000)
        said = plain_letter("w" * dice.randint(0, 9000))
        budget = package.file_budget_bytes(limit, said, names)
        cuts = sorted(dice.randint(0, budget) for _ in range(count - 1))
        sizes = [b - a for a, b in zip([0, *cuts], [*cuts, budget], strict=True)]
        sent = [(name, "image/jpeg", size) for name, size in zip(names, sizes, strict=True)]
        total = package.message_bytes(said, sent)
        assert limit - 12 * count - 40 <= total <= limit


def test_a_raw_limit_is_on_the_files(tmp_path: Path) -> None:
    assert package.file_budget_bytes(1000, plain_letter("w" * 5000), ["a.jpg"], "raw") == 1000
    sent = files(tmp_path / "send", [10, 20])
    assert package.package(sent, plain_letter(), tmp_path / "message.eml", 1000, counts="raw").size_bytes == 30


def test_the_body_holds_answers_and_a_table() -> None:
    rows = [Row("01-a.jpg", "B0ABCDEFGH", "Our name can be seen."), Row("02-b.mp4")]
    said = letter.body([("How?", "By hand.\nSlowly."), ("Where?", "  ")], rows, part=(1, 2))
    assert "How?\nBy hand.\nSlowly." in said
    assert "Where?" not in said
    assert "1. 01-a.jpg\n   ASIN: B0ABCDEFGH\n   Our name can be seen." in said
    assert "2. 02-b.mp4" in said
    assert "message 1 of 2" in said


def test_where_the_mark_is_said_only_of_physical_ones() -> None:
    seen = report()
    assert letter.where(seen) == 'Our name "Willow & Thread" can be seen at the top left of the picture.'
    assert letter.where(report(outcome=Outcome.DIGITAL)) == ""
    assert letter.where(report(outcome=Outcome.ABSENT)) == ""
    card = sighting(reader=Reader.CARD, quad=((500.0, 400.0),) * 4)
    assert (
        letter.where(report(sightings=(card,))) == "Our business card can be seen at the bottom right of the picture."
    )


def test_two_messages_of_like_size() -> None:
    assert package.halves([5, 5, 5, 5]) == ((0, 1), (2, 3))
    assert package.halves([9, 1, 1, 1]) == ((0,), (1, 2, 3))
    assert package.halves([7]) == ((0,), ())
    assert package.halves([]) == ((), ())
    many = [random.Random(1).randint(1, 9) for _ in range(40)]
    first, second = package.halves(many)
    assert sorted(first + second) == list(range(40))
    assert abs(sum(many[i] for i in first) - sum(many[i] for i in second)) <= 9


class Inbox:
    """Keeps what comes in."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.received.append(bytes(envelope.content))
        return "250 OK"


@contextmanager
def mail_server(inbox: Inbox) -> Iterator[int]:
    controller_module = pytest.importorskip("aiosmtpd.controller")
    # The controller's own start needs a known port; here the system chooses one.
    controller = controller_module.Controller(inbox, hostname="127.0.0.1", port=0, data_size_limit=LIMIT)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(controller.factory, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        server.close()


def send(port: int, path: Path) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(LIMIT)
        client.sendmail("ann@example.com", ["handmade@example.com"], path.read_bytes(), [f"size={path.stat().st_size}"])


def test_a_full_message_passes_a_mail_server_of_that_limit(tmp_path: Path) -> None:
    said = plain_letter("Answers.\n" * 300)
    names = [f"{n + 1:02d}-IMG_{n:04d}.jpg" for n in range(5)]
    budget = package.file_budget_bytes(LIMIT, said, names)
    sent = files(tmp_path / "send", [budget // 5] * 4 + [budget - 4 * (budget // 5)], names)
    draft = package.package(sent, said, tmp_path / "message.eml", LIMIT)
    assert LIMIT - 100 <= draft.size_bytes <= LIMIT
    inbox = Inbox()
    with mail_server(inbox) as port:
        send(port, draft.path)
    assert inbox.received == [draft.path.read_bytes()]
    message = email.message_from_bytes(inbox.received[0], policy=default)
    assert [part.get_content() for part in message.iter_attachments()] == [file.path.read_bytes() for file in sent]


def test_one_byte_too_many_is_refused_by_that_server(tmp_path: Path) -> None:
    said = plain_letter()
    budget = package.file_budget_bytes(LIMIT, said, ["a.jpg"])
    draft = package.package(files(tmp_path / "send", [budget + 60], ["a.jpg"]), said, tmp_path / "message.eml", LIMIT)
    assert draft.size_bytes > LIMIT
    with mail_server(Inbox()) as port, pytest.raises(smtplib.SMTPException):
        send(port, draft.path)
