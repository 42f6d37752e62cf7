from __future__ import annotations

from xml.etree import ElementTree

from verify_media.pipeline import RunResult
from verify_media.records import Verdict
from verify_media.reports import junit


def test_one_case_for_each_answer(not_ready: RunResult) -> None:
    suite = _suite(not_ready)
    assert len(suite) == int(suite.get("tests", 0)) == len(not_ready.rules) + len(not_ready.skipped)


def test_failures_say_what_and_what_to_do(not_ready: RunResult) -> None:
    suite = _suite(not_ready)
    failures = suite.findall("testcase/failure")
    assert len(failures) == int(suite.get("failures", 0)) == sum(r.verdict is Verdict.FAIL for r in not_ready.rules)
    assert failures[0].get("message") == "Your name, logo or card was not found in IMG_0043.jpg."
    assert "Large letters" in str(failures[0].text)


def test_a_review_is_skipped_with_its_reason(not_ready: RunResult) -> None:
    messages = [str(case.get("message")) for case in _suite(not_ready).findall("testcase/skipped")]
    assert sum(text.startswith("review: ") for text in messages) == 3


def test_names_its_file(not_ready: RunResult) -> None:
    case = next(case for case in _suite(not_ready) if case.get("file"))
    assert case.get("file") == "IMG_0042.heic"
    assert case.get("classname") == "verify-media.mark-in-every-item"


def test_odd_names_stay_valid_xml(hostile: RunResult) -> None:
    assert any("a\\x0ab" in str(case.get("name")) for case in _suite(hostile))
    junit.render(hostile).encode("utf-8")


def _suite(result: RunResult) -> ElementTree.Element:
    suite = ElementTree.fromstring(junit.render(result)).find("testsuite")
    assert suite is not None
    return suite
