"""JUnit XML for CI: one test case for each answer to a rule; what needs a person's eye is "skipped"."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from verify_media.messages import Message
from verify_media.records import RuleResult, Skipped, Verdict
from verify_media.reports import view
from verify_media.reports.escape import visible
from verify_media.reports.units import relative

if TYPE_CHECKING:
    from pathlib import Path

    from verify_media.pipeline import RunResult

SUITE = "verify-media"


def render(result: RunResult) -> str:
    """A `testsuites` document that ends with a newline."""
    folder = result.submission.folder
    cases = [_case(result, rule, folder) for rule in result.rules]
    cases += [_left_out(skipped, folder) for skipped in result.skipped]
    suite = _counted(Element("testsuite", name=f"{SUITE} {result.policy.id}"), cases)
    suite.extend(cases)
    root = _counted(Element("testsuites", name=SUITE), cases)
    root.append(suite)
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _counted(suite: Element, cases: list[Element]) -> Element:
    suite.set("tests", str(len(cases)))
    suite.set("errors", "0")
    suite.set("failures", str(sum(case.find("failure") is not None for case in cases)))
    suite.set("skipped", str(sum(case.find("skipped") is not None for case in cases)))
    return suite


def _case(result: RunResult, rule: RuleResult, folder: Path) -> Element:
    case = _element(rule.id, rule.question, rule.item, folder)
    text = "\n".join(str(reason) for reason in rule.reasons) or "\n".join(view.cures(result, [rule]))
    if rule.verdict is Verdict.FAIL:
        failure = SubElement(case, "failure", type=rule.id, message=_first(rule.reasons, rule.question))
        failure.text = visible(text, keep="\n")
    elif rule.verdict is Verdict.REVIEW:
        SubElement(case, "skipped", message=visible(f"review: {text}"))
    elif rule.verdict is Verdict.NOT_APPLICABLE:
        SubElement(case, "skipped", message="does not apply")
    return case


def _left_out(skipped: Skipped, folder: Path) -> Element:
    case = _element("left-out", "file", skipped.path, folder)
    SubElement(case, "skipped", message=visible(skipped.message))
    return case


def _element(rule_id: str, question: str, item: Path | None, folder: Path) -> Element:
    if item is None:
        return Element("testcase", classname=f"{SUITE}.{rule_id}", name=visible(question))
    file = visible(relative(item, folder))
    return Element("testcase", classname=f"{SUITE}.{rule_id}", name=f"{visible(question)} [{file}]", file=file)


def _first(reasons: tuple[Message, ...], otherwise: str) -> str:
    return visible(reasons[0].text if reasons else otherwise)
