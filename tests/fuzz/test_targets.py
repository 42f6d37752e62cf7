"""Inputs that nobody thought of: a few in the daily tests, many with `make fuzz` (HYPOTHESIS_PROFILE=many)."""

from __future__ import annotations

import email
import os
import random
import tempfile
import tomllib
from email import policy as email_policy
from pathlib import Path
from typing import Any

import pytest
import seeds
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from mutate import mutated, pieces, systematic

from verify_media.codecs import exif
from verify_media.codecs.errors import DecodeError
from verify_media.codecs.sniff import sniff
from verify_media.errors import UsageError
from verify_media.policy import Policy, load_policy, parse_policy, policy_text
from verify_media.records import Deliverable
from verify_media.stages.letter import Letter, Row, body
from verify_media.stages.package import message_bytes, package
from verify_media.submission import Submission

quiet = {"deadline": None, "suppress_health_check": list(HealthCheck)}
settings.register_profile("few", max_examples=40, derandomize=True, **quiet)
settings.register_profile("many", max_examples=2000, **quiet)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "few"))

SEEDS = seeds.photos()
dice = st.builds(random.Random, st.integers(0, 2**32))
words = st.text(max_size=200)
toml_values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), words, st.lists(words, max_size=3), st.dates(),
    st.datetimes(),
    st.dictionaries(words, words, max_size=2), st.lists(st.dictionaries(words, words, max_size=2), max_size=2),
)  # fmt: skip


@pytest.fixture(scope="module")
def folder() -> Any:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@given(head=st.binary(max_size=600), name=st.sampled_from(("a.jpg", "a.mp4", "a.url", "a.gdoc", "a", ".a.icloud")))
def test_any_bytes_have_a_type_or_a_reason(folder: Path, head: bytes, name: str) -> None:
    path = folder / name
    path.write_bytes(head)
    try:
        assert sniff(path).media_type
    except DecodeError as error:
        assert error.message.text and error.message.cure


@given(name=st.sampled_from(sorted(SEEDS)), dice=dice)
def test_any_broken_photo_has_a_type_or_a_reason(folder: Path, name: str, dice: random.Random) -> None:
    test_any_bytes_have_a_type_or_a_reason.hypothesis.inner_test(folder, mutated(SEEDS[name], dice), "b.jpg")  # type: ignore[attr-defined]


@given(text=st.one_of(words, st.integers(1, 200_000).map(lambda n: "names = " + "[" * n)))
def test_any_text_is_a_submission_or_a_usage_error(folder: Path, text: str) -> None:
    (folder / "submission.toml").write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        assert Submission.load(folder)
    except UsageError as error:
        assert error.cure


@given(changes=st.dictionaries(st.sampled_from(sorted(Policy.__slots__)), toml_values, min_size=1, max_size=3))
def test_any_policy_is_whole_or_refused(changes: dict[str, Any]) -> None:
    data = {
        **tomllib.loads(policy_text("generic")),
        **{key: value for key, value in changes.items() if value is not None},
    }
    try:
        policy = parse_policy(data)
    except (KeyError, TypeError, ValueError) as error:
        assert str(error)
        return
    assert isinstance(policy.title, str) and all(isinstance(name, str) for name in policy.formats)
    assert type(policy.limit_bytes) is int and all(isinstance(rule.id, str) for rule in policy.rules)


@given(depth=st.integers(1, 100_000))
def test_a_deep_policy_is_refused(folder: Path, depth: int) -> None:
    path = folder / "policy.toml"
    path.write_text("rules = " + "[" * depth)
    with pytest.raises(UsageError):
        load_policy(path)


@given(block=st.binary(max_size=400), dice=dice)
def test_any_exif_is_cleaned_without_places_and_serials(block: bytes, dice: random.Random) -> None:
    for data in (block, mutated(_exif(), dice)):
        if found := exif.parse(data):
            kept = exif.parse(exif.cleaned(found))
            assert kept is not None and not kept.gps
            assert not {*kept.main, *kept.photo} & {*exif.SERIALS, *exif.OWNERS}


def _exif() -> bytes:
    data = SEEDS["a.jpg"]
    at = data.index(b"Exif\0\0") + 6
    return data[at : at + 600]


addresses = st.one_of(words, st.emails(), st.builds("{}@{}".format, st.text(max_size=40), st.text(max_size=20)))


@given(subject=words, to=addresses, sender=addresses, name=words, answer=words, asin=words)
@example(subject="", to="", sender="0@[", name="", answer="", asin="")
@example(subject="", to="", sender="000\u00a1:\u00a1@\u00a1:\u00a1", name="", answer="", asin="")
@example(
    subject="s",
    to="",
    sender="0000\u00a1\u00a1\u00a1\u00a1\u00a1\u0800\U00010000\U00010000@\U00010000",
    name="",
    answer="",
    asin="",
)
def test_no_text_breaks_out_of_its_place_in_the_message(
    folder: Path, subject: str, to: str, sender: str, name: str, answer: str, asin: str
) -> None:
    path = folder / "01-a.jpg"
    path.write_bytes(b"picture" * 10)
    letter = Letter(subject, to, sender, body([(name, answer)], [Row(name, asin, name)]))
    file = Deliverable(path, path, "image/jpeg", 70, "0" * 64, 1, 1)
    draft = package([file], letter, folder / "message.eml", 20_000_000)
    raw = draft.path.read_bytes()
    assert len(raw) == draft.size_bytes == message_bytes(letter, [(path.name, "image/jpeg", 70)])
    parsed = email.message_from_bytes(raw, policy=email_policy.default)
    assert [part.get_content() for part in parsed.iter_attachments()] == [b"picture" * 10]
    known = {"subject", "to", "from", "x-unsent", "mime-version", "content-type", "date", "message-id"}
    assert {key.lower() for key in parsed} <= known


def test_the_mutations_break_files() -> None:
    for name, data in SEEDS.items():
        assert len(pieces(data)) > 2, name
        assert len(list(systematic(data))) > 16
    assert mutated(SEEDS["a.jpg"], random.Random(1)) == mutated(SEEDS["a.jpg"], random.Random(1)) != SEEDS["a.jpg"]
