from __future__ import annotations

import json
import math
from dataclasses import replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from verify_media.pipeline import RunResult
from verify_media.records import Cue
from verify_media.reports import json_report

SCHEMA: dict[str, Any] = json.loads((files("verify_media.reports") / "schema.json").read_text(encoding="utf-8"))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["ready", "not_ready", "checked", "hostile"])
def test_is_valid(name: str, request: pytest.FixtureRequest) -> None:
    jsonschema.validate(_document(request.getfixturevalue(name)), SCHEMA, format_checker=jsonschema.FormatChecker())


def test_another_field_is_refused(ready: RunResult) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**_document(ready), "pixels": []}, SCHEMA)


def test_is_the_same_each_time_and_ends_with_a_newline(not_ready: RunResult) -> None:
    assert json_report.render(not_ready) == json_report.render(not_ready)
    assert json_report.render(not_ready).endswith("}\n")


def test_holds_what_was_decided(not_ready: RunResult) -> None:
    document = _document(not_ready)
    assert (document["schema_version"], document["ready"], document["exit_code"]) == (1, False, 1)
    item = document["items"][2]
    assert (item["outcome"], item["p_digital"]) == ("digital", 0.987)
    assert item["sightings"][0]["evidence"][0] == {"name": "edge_width_ratio", "value": 1.034, "reason": None}
    assert item["sightings"][0]["quad"][0] == [1400.0, 1900.0]
    failed = {rule["id"] for rule in document["rules"] if rule["outcome"] == "fail"}
    assert failed == {"mark-in-every-item", "mark-physical", "asins", "answers"}


def test_paths_say_nothing_about_the_computer(not_ready: RunResult) -> None:
    text = json_report.render(not_ready)
    assert "/home" not in text
    assert _document(not_ready)["items"][0]["deliverable"]["path"] == "send/IMG_0042.jpg"


def test_holds_no_pixels(not_ready: RunResult) -> None:
    assert len(json_report.render(not_ready)) < 60_000


def test_what_is_not_a_number_becomes_null(ready: RunResult) -> None:
    first = ready.items[0]
    odd = replace(first.sightings[0], evidence=(Cue("noise_match", math.nan), Cue("edge_width_ratio", math.inf)))
    document = _document(replace(ready, items=(replace(first, sightings=(odd,)), *ready.items[1:])))
    assert [cue["value"] for cue in document["items"][0]["sightings"][0]["evidence"]] == [None, None]


def test_odd_names_are_plain_utf8(hostile: RunResult) -> None:
    json_report.render(hostile).encode("utf-8")
    assert _document(hostile)["items"][2]["path"] == "invoice\\u202egpj.exe"


def _document(result: RunResult) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json_report.render(result))
    return document
