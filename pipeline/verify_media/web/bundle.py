"""Everything that a run made, as one ZIP to take home. It is for the maker: a marketplace refuses archives."""

from __future__ import annotations

import zipfile
from pathlib import Path

from verify_media.pipeline import RunResult
from verify_media.reports import html
from verify_media.web import page


def write_bundle(result: RunResult, target: Path) -> None:
    """Whole or not at all. Pictures and videos are stored, not compressed again; the report speaks of the page."""
    assert result.out is not None
    paths = [*(file.path for file in result.deliverables), *(draft.path for draft in result.drafts)]
    paths += [path for path in (result.out / "report.json",) if path.is_file()]
    partial = target.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for path in dict.fromkeys(paths):
            archive.write(path, f"verify-media/{path.relative_to(result.out).as_posix()}")
        archive.writestr("verify-media/report.html", html.render(result, page.cure))
    partial.replace(target)
