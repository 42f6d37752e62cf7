from __future__ import annotations

from pathlib import Path

import pytest

from verify_media.errors import UsageError
from verify_media.policy import Level, builtin_names, load_policy, policy_text
from verify_media.stages.judge import CHECKS


@pytest.mark.parametrize("name", builtin_names())
def test_built_in_policies_are_complete(name: str) -> None:
    policy = load_policy(name)
    assert policy.id == name
    for rule in policy.rules:
        assert rule.question.endswith("?")
        assert rule.source and rule.explanation and rule.cure
        assert rule.id in CHECKS or rule.level is Level.ASK, f"nothing answers {rule.id}"


def test_the_letter_and_its_follow_up() -> None:
    letter, follow_up = load_policy("amazon-handmade"), load_policy("amazon-handmade-appeal")
    assert (letter.min_items, letter.max_items, letter.limit_bytes, letter.deadline_days) == (3, 5, 20_000_000, 5)
    assert follow_up.deadline_days == 2
    assert [rule.id for rule in follow_up.rules] == [rule.id for rule in letter.rules]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("min_items = 1", "min_items = 0"), "min_items"),
        (('counts = "message"', 'counts = "pages"'), "counts"),
        (('level = "required"', 'level = "always"'), "always"),
        (('id = "generic"', 'identity = "generic"'), "identity"),
        (('title = "Generic', 'nothing = "Generic'), "nothing"),
        (("[[rules]]", "[[rules"), "line"),
    ],
)
def test_a_wrong_policy_file_names_what_is_wrong(tmp_path: Path, change: tuple[str, str], what: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(policy_text("generic").replace(*change))
    with pytest.raises(UsageError, match=what):
        load_policy(path)


def test_an_unknown_policy_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        load_policy("etsy")
    assert "amazon-handmade" in caught.value.cure
