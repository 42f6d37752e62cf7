"""A folder to items: photos and clips recognised by content, opened once, hashed, paired. A bad file stops nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from verify_media.codecs import photo, video
from verify_media.codecs.errors import DecodeError, refuse
from verify_media.codecs.sniff import sniff
from verify_media.messages import Message, message
from verify_media.records import Event, ItemReport, Kind, MediaItem, Progress, Skipped
from verify_media.stages.likeness import Look, is_same_picture, look, original_of, phash
from verify_media.stages.walk import walk

LOOK_SIDE = 512
"""Side of the picture decoded to confirm a photo; a JPEG is scaled while decoding, and still read to its end."""
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class PairLimits:
    """Still and clip of a Live Photo: 3 s by design, up to 5 s with edited ones; a longer clip is one of its own."""

    clip_s: float = 6.0


PAIR = PairLimits()


@dataclass(frozen=True, slots=True)
class _Found:
    item: MediaItem
    look: Look
    content_id: str | None = None


def ingest(
    folder: Path,
    *,
    ignore: Collection[Path] = (),
    refused: Mapping[Path, Message] | None = None,
    tell: Progress | None = None,
) -> tuple[tuple[MediaItem, ...], tuple[Skipped, ...]]:
    """Items and skipped files of a folder and its subfolders, sorted by path; duplicates and Live Photos are linked.

    `refused`: files that must not be opened, with the reason; `tell` hears of each file before it is opened.
    """
    paths, skipped = walk(folder, ignore)
    refused = refused or {}
    results: list[_Found | Skipped] = []
    for done, path in enumerate(paths):
        if tell:
            tell(Event("ingest", done, len(paths), path))
        results.append(Skipped(path, refused[path]) if path in refused else _examined(path))
    found = _linked([r for r in results if isinstance(r, _Found)])
    broken = [r for r in results if isinstance(r, Skipped)]
    return tuple(f.item for f in found), tuple(sorted([*skipped, *broken], key=lambda s: str(s.path).casefold()))


def identify(path: Path) -> MediaItem | Skipped:
    """One file as an item, or why it is none. Never raises for what a file holds."""
    result = _examined(path)
    return result.item if isinstance(result, _Found) else result


def _examined(path: Path) -> _Found | Skipped:
    try:
        kind = sniff(path)
        return _photo(path) if kind.kind is Kind.PHOTO else _video(path)
    except DecodeError as error:
        return Skipped(path, error.message)
    except FileNotFoundError:
        return Skipped(path, message("file-vanished", file=path.name))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Skipped(path, message("file-read-error", file=path.name, reason=reason))


def _photo(path: Path) -> _Found:
    info = photo.probe(path)
    pixels = photo.load(path, max_side=LOOK_SIDE)
    item = MediaItem(
        path=path,
        kind=Kind.PHOTO,
        media_type=info.media_type,
        size_bytes=path.stat().st_size,
        sha256=_sha256(path),
        width=info.width,
        height=info.height,
        capture=info.capture,
        orientation=info.orientation,
        is_hdr=info.is_hdr,
        phash=phash(pixels),
        notes=info.notes,
    )
    return _Found(item, look(pixels), info.content_id)


def _video(path: Path) -> _Found:
    info = video.probe(path)
    first = next(video.keyframes(path, max_frames=1, max_side=LOOK_SIDE), None)
    if first is None:
        raise refuse("video-no-frames", file=path.name)
    item = MediaItem(
        path=path,
        kind=Kind.VIDEO,
        media_type=info.media_type,
        size_bytes=path.stat().st_size,
        sha256=_sha256(path),
        width=info.width,
        height=info.height,
        capture=info.capture,
        rotation_deg=info.rotation_deg,
        duration_s=info.duration_s,
        fps=info.fps,
        codec=info.codec,
        is_hdr=info.is_hdr,
        phash=phash(first.image),
        notes=info.notes,
    )
    return _Found(item, look(first.image), info.content_id)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _linked(found: Sequence[_Found]) -> list[_Found]:
    """Live Photos joined, duplicates marked; order kept."""
    return _duplicates_marked(_live_photos_joined(found))


def _live_photos_joined(found: Sequence[_Found]) -> list[_Found]:
    """A clip that belongs to a still leaves the list and becomes the still's companion."""
    clips = [f for f in found if f.item.kind is Kind.VIDEO]
    taken: set[Path] = set()
    joined: dict[Path, _Found] = {}
    for still in (f for f in found if f.item.kind is Kind.PHOTO):
        clip = next((c for c in clips if c.item.path not in taken and _belongs(still, c)), None)
        if clip is not None:
            taken.add(clip.item.path)
            note = message("live-photo", file=clip.item.path.name, still=still.item.path.name)
            item = replace(still.item, companion=clip.item.path, notes=(*still.item.notes, note))
            joined[still.item.path] = replace(still, item=item)
    return [joined.get(f.item.path, f) for f in found if f.item.path not in taken]


def _belongs(still: _Found, clip: _Found) -> bool:
    """By Apple's content identifier; without one by name, folder and a Live Photo's length."""
    if still.content_id and clip.content_id:
        return still.content_id == clip.content_id
    return _is_live_by_name(still.item, clip.item)


def _is_live_by_name(still: MediaItem, clip: MediaItem) -> bool:
    is_live = still.media_type in ("image/heic", "image/jpeg") and (clip.duration_s or 0) <= PAIR.clip_s
    return is_live and _bare_name(still.path) == _bare_name(clip.path)


def without_companions(reports: Sequence[ItemReport]) -> list[ItemReport]:
    """Reports of items that were opened one by one, without the clips that belong to a still of the same name."""
    stills = [r.media for r in reports if r.media.kind is Kind.PHOTO]
    clips = {
        r.path for r in reports if r.media.kind is Kind.VIDEO and any(_is_live_by_name(s, r.media) for s in stills)
    }
    return [report for report in reports if report.path not in clips]


def _bare_name(path: Path) -> str:
    return str(path.with_suffix("")).casefold()


def _duplicates_marked(found: Sequence[_Found]) -> list[_Found]:
    """Every item that shows what an earlier group shows points at the best of its group."""
    groups: list[list[_Found]] = []
    for candidate in found:
        group = next((g for g in groups if _is_same(g[0], candidate)), None)
        if group is None:
            groups.append([candidate])
        else:
            group.append(candidate)
    best = {f.item.path: original_of([g.item for g in group]) for group in groups for f in group}
    return [_marked(f, best[f.item.path]) for f in found]


def _is_same(a: _Found, b: _Found) -> bool:
    return a.item.sha256 == b.item.sha256 or is_same_picture(a.item, b.item, a.look, b.look)


def _marked(found: _Found, original: MediaItem) -> _Found:
    if original.path == found.item.path:
        return found
    key = "duplicate-exact" if original.sha256 == found.item.sha256 else "duplicate-near"
    note = message(key, file=found.item.path.name, original=original.path.name)
    item = replace(found.item, duplicate_of=original.path, notes=(*found.item.notes, note))
    return replace(found, item=item)
