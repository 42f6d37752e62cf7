"""Small builders of records: a test says only what it is about."""

from __future__ import annotations

from pathlib import Path

from verify_media.records import ItemReport, Kind, MediaItem, Outcome, Reader, Sighting

QUAD = ((10.0, 10.0), (110.0, 10.0), (110.0, 40.0), (10.0, 40.0))


def media(name: str = "a.jpg", kind: Kind = Kind.PHOTO) -> MediaItem:
    media_type = "image/jpeg" if kind is Kind.PHOTO else "video/mp4"
    return MediaItem(Path(name), kind, media_type, size_bytes=1000, sha256="0" * 64, width=640, height=480)


def sighting(outcome: Outcome = Outcome.PHYSICAL, **changes: object) -> Sighting:
    values: dict[str, object] = {
        "mark": "Willow & Thread",
        "reader": Reader.TEXT,
        "quad": QUAD,
        "score": 0.9,
        "text": "Willow & Thread",
        "p_digital": {Outcome.PHYSICAL: 0.02, Outcome.DIGITAL: 0.98}.get(outcome, 0.5),
        "outcome": outcome,
    }
    return Sighting(**{**values, **changes})  # type: ignore[arg-type]


def report(name: str = "a.jpg", outcome: Outcome = Outcome.PHYSICAL, **changes: object) -> ItemReport:
    seen = () if outcome is Outcome.ABSENT else (sighting(outcome),)
    values: dict[str, object] = {
        "media": media(name),
        "outcome": outcome,
        "p_digital": seen[0].p_digital if seen else None,
        "sightings": seen,
    }
    return ItemReport(**{**values, **changes})  # type: ignore[arg-type]
