"""A believable result: five files of a potter, three of them not yet right. Pictures are synthesised."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from verify_media.messages import message
from verify_media.pipeline import RunResult, exit_code, next_actions
from verify_media.policy import Policy, load_policy
from verify_media.records import (
    Capture,
    Cue,
    Deliverable,
    Draft,
    ItemReport,
    Kind,
    Marks,
    MediaItem,
    Outcome,
    Preview,
    Quad,
    Reader,
    Sighting,
    Skipped,
    Span,
)
from verify_media.stages.judge import Facts, judge
from verify_media.submission import Submission

FOLDER = Path("/maker/shots")
OUT = Path("/maker/shots-verified")
MARK = "Willow & Thread"
QUAD: Quad = ((1400.0, 1900.0), (2380.0, 1980.0), (2350.0, 2260.0), (1370.0, 2170.0))
TODAY = date(2026, 11, 22)


def picture(seed: int, width: int = 800, height: int = 600) -> bytes:
    """A JPEG of a table with a mug and a card on it."""
    rng = np.random.default_rng(seed)
    wood = 150 + 30 * np.sin(np.linspace(0, 40 + seed, height))[:, None] + rng.normal(0, 6, (height, width))
    image = Image.fromarray(np.clip(np.dstack([wood, wood * 0.8, wood * 0.6]), 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.5, height * 0.2, width * 0.8, height * 0.75), fill=(70 + 20 * seed % 90, 110, 130))
    draw.polygon([(x / 4000 * width, y / 3000 * height) for x, y in QUAD], fill=(250, 248, 240))
    draw.text((1500 / 4000 * width, 2000 / 3000 * height), MARK, fill=(40, 40, 40))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def preview(seed: int) -> Preview:
    return Preview(picture(seed), 800, 600, 0.2)


def close_up(seed: int) -> Preview:
    return Preview(picture(seed, 320, 140), 320, 140, 0.2)


def media(name: str, **changes: object) -> MediaItem:
    values: dict[str, object] = {
        "path": FOLDER / name,
        "kind": Kind.PHOTO,
        "media_type": "image/jpeg",
        "size_bytes": 3_214_000,
        "sha256": hashlib.sha256(os.fsencode(name)).hexdigest(),
        "width": 4000,
        "height": 3000,
        "capture": Capture("Apple", "iPhone 14", "2026-11-20T18:22:31", "17.1", has_location=True),
    }
    return MediaItem(**{**values, **changes})  # type: ignore[arg-type]


def sighting(outcome: Outcome, **changes: object) -> Sighting:
    values: dict[str, object] = {
        "mark": MARK,
        "reader": Reader.TEXT,
        "quad": QUAD,
        "score": 0.94,
        "text": "WILLOW & THREAD",
        "letter_height_px": 92.0,
        "p_digital": {Outcome.PHYSICAL: 0.021, Outcome.DIGITAL: 0.987}.get(outcome, 0.44),
        "outcome": outcome,
        "evidence": (Cue("edge_width_ratio", 1.034), Cue("noise_match", 0.88), Cue("tilt_deg", 11.2)),
    }
    return Sighting(**{**values, **changes})  # type: ignore[arg-type]


def item(name: str, outcome: Outcome = Outcome.PHYSICAL, seed: int = 1, **changes: object) -> ItemReport:
    seen = () if outcome is Outcome.ABSENT else (sighting(outcome),)
    values: dict[str, object] = {
        "media": media(name),
        "outcome": outcome,
        "p_digital": seen[0].p_digital if seen else None,
        "sightings": seen,
        "preview": preview(seed),
        "close_up": close_up(seed) if seen else None,
        "timings_s": {"locate": 1.21, "authenticate": 0.34},
    }
    return ItemReport(**{**values, **changes})  # type: ignore[arg-type]


def video(name: str = "throwing.mov", seed: int = 5) -> ItemReport:
    clip = media(
        name, kind=Kind.VIDEO, media_type="video/quicktime", size_bytes=41_200_000, width=1920, height=1080,
        duration_s=20.4, fps=29.97, codec="hevc",
    )  # fmt: skip
    spans = (
        Span(MARK, 2.0, 4.5, 3.2, Outcome.PHYSICAL),
        Span(MARK, 12.1, 17.4, 14.3, Outcome.PHYSICAL),
    )
    seen = (sighting(Outcome.PHYSICAL, time_s=14.3), sighting(Outcome.PHYSICAL, time_s=3.2, score=0.8))
    shown = replace(preview(seed), time_s=14.3)
    return item(name, seed=seed, media=clip, sightings=seen, spans=spans, preview=shown)


def deliverable(source: MediaItem, name: str, size_bytes: int, *changes: str) -> Deliverable:
    video = source.kind is Kind.VIDEO
    return Deliverable(
        source=source.path,
        path=OUT / "send" / name,
        media_type="video/mp4" if video else "image/jpeg",
        size_bytes=size_bytes,
        sha256=hashlib.sha256(os.fsencode(name)).hexdigest(),
        width=source.width,
        height=source.height,
        changes=tuple(message(key, **CHANGES[key]) for key in changes),
        quality={"ssimulacra2": 84.2},
    )


CHANGES: dict[str, dict[str, str | int]] = {
    "fit-converted-photo": {"source_type": "HEIC", "target_type": "JPEG"},
    "fit-converted-video": {"source_type": "MOV"},
    "fit-cleaned": {"kinds": "the place where it was taken"},
    "fit-hashes": {"before": "a" * 64, "after": "b" * 64},
}


def submission(policy: Policy, names: Sequence[str], *, complete: bool) -> Submission:
    answers = dict.fromkeys(policy.answers or {}, "I throw each mug by hand on the wheel.\nThen it dries for a week.")
    if not complete:
        answers = {key: text for key, text in answers.items() if key not in ("employees", "items_per_week")}
    return Submission(
        FOLDER,
        Marks(names=(MARK,), logos=(FOLDER / "logo.png",)),
        policy=policy.id,
        asins=dict.fromkeys(names if complete else names[:-1], "B0CXYZ1234"),
        answers=answers,
        received=date(2026, 11, 20),
    )


def conclude(facts: Facts, *, out: Path | None = OUT) -> RunResult:
    rules = judge(facts)
    return RunResult(
        submission=facts.submission,
        policy=facts.policy,
        items=facts.items,
        skipped=facts.skipped,
        rules=rules,
        deliverables=facts.deliverables,
        drafts=facts.drafts,
        out=out,
        todo=next_actions(rules),
        exit_code=exit_code(rules, strict=False, checked=len(facts.items)),
        versions={"verify-media": "0.1.0", "policy": "amazon-handmade 1", "locator.onnx": "2"},
        timings_s={"ingest": 0.21, "examine": 12.4, "fit": 8.13},
    )


def ready() -> RunResult:
    """Three photos and a video, all right, in one message."""
    policy = load_policy("amazon-handmade")
    items = (item("mug.heic", seed=1), item("glaze.jpg", seed=2), item("kiln.jpg", seed=3), video())
    sent = (
        deliverable(items[0].media, "mug.jpg", 2_912_000, "fit-converted-photo", "fit-cleaned", "fit-hashes"),
        deliverable(items[1].media, "glaze.jpg", 3_214_000),
        deliverable(items[2].media, "kiln.jpg", 2_005_000, "fit-cleaned"),
        deliverable(items[3].media, "throwing.mp4", 5_480_000, "fit-converted-video"),
    )
    draft = Draft(OUT / "message.eml", 18_684_112, 20_000_000, tuple(file.path.name for file in sent))
    asked = submission(policy, [report.path.name for report in items], complete=True)
    return conclude(Facts(policy, asked, TODAY, items, (), sent, (), (draft,), converted=True))


def not_ready() -> RunResult:
    """A mark that was not found, one that looks added, one that is unclear; two answers and one ASIN are missing."""
    policy = load_policy("amazon-handmade")
    stamp = sighting(
        Outcome.DIGITAL, mark="", text="@willowmakes", quad=((2900, 2700), (3900, 2700), (3900, 2850), (2900, 2850))
    )
    items = (
        item("IMG_0042.heic", seed=1),
        item("IMG_0043.jpg", Outcome.ABSENT, seed=2),
        item("IMG_0047.jpg", Outcome.DIGITAL, seed=3),
        item("workbench.jpg", Outcome.UNSURE, seed=4, overlays=(stamp,)),
        video(),
    )
    skipped = (
        Skipped(FOLDER / "copy.jpg", message("duplicate-exact", file="copy.jpg", original="IMG_0042.heic")),
        Skipped(FOLDER / "old.jpg", message("skipped-surplus", file="old.jpg", items="5 items")),
    )
    sizes = (2_912_000, 2_450_000, 1_900_000, 2_105_000, 4_480_000)
    sent = tuple(
        deliverable(report.media, f"{report.path.stem}.{'mp4' if report.media.kind is Kind.VIDEO else 'jpg'}", size)
        for report, size in zip(items, sizes, strict=True)
    )
    draft = Draft(OUT / "message.eml", 18_960_400, 20_000_000, tuple(file.path.name for file in sent))
    asked = submission(policy, [report.path.name for report in items], complete=False)
    return conclude(Facts(policy, asked, TODAY, items, skipped, sent, (), (draft,), converted=True))


def checked() -> RunResult:
    """The same five, only checked: nothing was converted."""
    result = not_ready()
    facts = Facts(result.policy, result.submission, TODAY, result.items, result.skipped)
    return replace(conclude(facts, out=None))


def hostile() -> RunResult:
    """Names, readings and answers that try to be markup, commands or another direction of reading."""
    policy = load_policy("amazon-handmade")
    names = HOSTILE_NAMES
    items = tuple(
        item(name, seed=n, sightings=(sighting(Outcome.PHYSICAL, text='"><script>alert(1)</script>', mark="<b>&amp;"),))
        for n, name in enumerate(names)
    )
    asked = submission(policy, names, complete=True)
    answers = {**asked.answers, "process": "</dd><script>alert(2)</script>\u202e{{ 7*7 }}"}
    capture = Capture("<img src=x onerror=alert(3)>", "`|*_[x](javascript:1)", None, "\x00\x1b[31m")
    items = (replace(items[0], media=replace(items[0].media, capture=capture)), *items[1:])
    skipped = (
        Skipped(FOLDER / "a\nb::error::x.zip", message("skipped-failed", file="a\nb::error::x", reason="%0A,:")),
    )
    return conclude(Facts(policy, replace(asked, answers=answers), TODAY, items, skipped))


HOSTILE_NAMES = (
    "<img src=x onerror=alert(0)>.jpg",
    "a\nb\r::error::c.jpg",
    "invoice\u202egpj.exe",
    "caf\udce9 @all `x` | y.jpg",
    "-rf {file} %s %0A.jpg",
)
