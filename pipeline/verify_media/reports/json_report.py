"""`report.json`: everything that was decided and the numbers behind it, for programs. Its shape is in schema.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from verify_media.messages import Message
from verify_media.records import Cue, Deliverable, Draft, ItemReport, MediaItem, RuleResult, Sighting, Skipped, Span
from verify_media.reports import view
from verify_media.reports.escape import finite, visible
from verify_media.reports.units import relative

if TYPE_CHECKING:
    from pathlib import Path

    from verify_media.pipeline import RunResult

SCHEMA_VERSION = 1
"""Goes up when a field changes its meaning or disappears; new fields leave it."""


def render(result: RunResult) -> str:
    """JSON that ends with a newline. The same result gives the same bytes; two runs differ only in `timings_s`."""
    return json.dumps(document(result), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def document(result: RunResult) -> dict[str, Any]:
    """The report as plain data. Paths are relative to the folder of shots, or to the output for what was written."""
    folder = result.submission.folder
    return {
        "schema_version": SCHEMA_VERSION,
        "versions": _sorted(result.versions),
        "policy": _policy(result),
        "submission": _submission(result),
        "ready": view.light(result) is view.Light.READY,
        "exit_code": int(result.exit_code),
        "summary": visible(view.headline(result)),
        "todo": [_message(note) for note in result.todo],
        "rules": [_rule(rule, folder) for rule in result.rules],
        "items": [_item(item, folder, result.out) for item in view.item_views(result)],
        "skipped": [_skipped(skipped, folder) for skipped in result.skipped],
        "messages": [_draft(draft, result.out) for draft in result.drafts],
        "timings_s": _timings(result),
    }


def _policy(result: RunResult) -> dict[str, Any]:
    policy = result.policy
    return {
        "id": policy.id,
        "title": policy.title,
        "source": policy.source,
        "date_checked": policy.date_checked.isoformat(),
        "version": policy.version,
    }


def _submission(result: RunResult) -> dict[str, Any]:
    submission, marks = result.submission, result.submission.marks
    return {
        "folder": visible(submission.folder.name),
        "names": [visible(name) for name in marks.names],
        "spellings": [visible(name) for name in marks.spellings],
        "logos": [_path(path, submission.folder) for path in marks.logos],
        "cards": [_path(path, submission.folder) for path in marks.cards],
        "received": submission.received.isoformat() if submission.received else None,
    }


def _path(path: Path, folder: Path | None) -> str:
    return visible(relative(path, folder))


def _message(note: Message) -> dict[str, Any]:
    return {"key": note.key, "text": visible(note.text), "cure": visible(note.cure)}


def _rule(rule: RuleResult, folder: Path) -> dict[str, Any]:
    return {
        "id": rule.id,
        "question": rule.question,
        "outcome": rule.verdict.value,
        "item": _path(rule.item, folder) if rule.item else None,
        "reasons": [_message(reason) for reason in rule.reasons],
    }


def _item(item: view.ItemView, folder: Path, out: Path | None) -> dict[str, Any]:
    report = item.report
    return {
        **_media(report.media, folder),
        "outcome": report.outcome.value,
        "p_digital": finite(report.p_digital),
        "asin": visible(item.asin) or None,
        "sightings": [_sighting(sighting) for sighting in report.sightings],
        "overlays": [_sighting(sighting) for sighting in report.overlays],
        "spans": [_span(span) for span in report.spans],
        "file_cues": [_cue(cue) for cue in report.file_cues],
        "notes": [_message(note) for note in _once(*report.media.notes, *report.notes)],
        "deliverable": _deliverable(item.deliverable, out) if item.deliverable else None,
    }


def _once(*notes: Message) -> tuple[Message, ...]:
    return tuple({str(note): note for note in notes}.values())


def _media(media: MediaItem, folder: Path) -> dict[str, Any]:
    capture = media.capture
    return {
        "path": _path(media.path, folder),
        "sha256": media.sha256,
        "kind": media.kind.value,
        "media_type": media.media_type,
        "size_bytes": media.size_bytes,
        "width": media.width,
        "height": media.height,
        "duration_s": finite(media.duration_s),
        "fps": finite(media.fps),
        "codec": media.codec,
        "is_hdr": media.is_hdr,
        "companion": _path(media.companion, folder) if media.companion else None,
        "capture": {
            "make": _text(capture.make),
            "model": _text(capture.model),
            "taken_at": _text(capture.taken_at),
            "software": _text(capture.software),
            "has_location": capture.has_location,
        },
    }


def _text(text: str | None) -> str | None:
    return None if text is None else visible(text)


def _sighting(sighting: Sighting) -> dict[str, Any]:
    return {
        "mark": visible(sighting.mark),
        "reader": sighting.reader.value,
        "quad": [[finite(x, 2), finite(y, 2)] for x, y in sighting.quad],
        "score": finite(sighting.score),
        "time_s": finite(sighting.time_s),
        "text": visible(sighting.text),
        "letter_height_px": finite(sighting.letter_height_px, 2),
        "readable": sighting.readable,
        "other_name": visible(sighting.other_name),
        "p_digital": finite(sighting.p_digital),
        "outcome": sighting.outcome.value,
        "evidence": [_cue(cue) for cue in sighting.evidence],
    }


def _cue(cue: Cue) -> dict[str, Any]:
    return {"name": cue.name, "value": finite(cue.value), "reason": _message(cue.reason) if cue.reason else None}


def _span(span: Span) -> dict[str, Any]:
    times = {"start_s": finite(span.start_s), "end_s": finite(span.end_s), "best_s": finite(span.best_s)}
    return {"mark": visible(span.mark), **times, "outcome": span.outcome.value}


def _deliverable(sent: Deliverable, out: Path | None) -> dict[str, Any]:
    return {
        "path": _path(sent.path, out),
        "sha256": sent.sha256,
        "media_type": sent.media_type,
        "size_bytes": sent.size_bytes,
        "width": sent.width,
        "height": sent.height,
        "changes": [_message(change) for change in sent.changes],
        "quality": {name: finite(value) for name, value in sorted(sent.quality.items())},
    }


def _skipped(skipped: Skipped, folder: Path) -> dict[str, Any]:
    return {"path": _path(skipped.path, folder), "reason": _message(skipped.message)}


def _draft(draft: Draft, out: Path | None) -> dict[str, Any]:
    return {
        "path": _path(draft.path, out),
        "size_bytes": draft.size_bytes,
        "limit_bytes": draft.limit_bytes,
        "attachments": [visible(name) for name in draft.attachments],
    }


def _timings(result: RunResult) -> dict[str, Any]:
    """Apart from everything else, so that two reports can be compared without them."""
    return {"stages": _rounded(result.timings_s), "items": [_item_timings(item) for item in result.items]}


def _item_timings(report: ItemReport) -> dict[str, float | None]:
    return _rounded(report.timings_s)


def _rounded(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: finite(value) for name, value in sorted(values.items())}


def _sorted(values: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(values.items()))
