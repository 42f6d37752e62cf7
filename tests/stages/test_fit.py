from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from builders import sighting
from make_media import clip, quadrants, textured, turn_clip
from verify_media.codecs import icc, metadata, mp4, video
from verify_media.errors import CannotWrite
from verify_media.records import Event, ItemReport, Outcome, Skipped
from verify_media.stages import fit as stage
from verify_media.stages.fit import FitResult, file_names, fit
from verify_media.stages.fit_video import VideoShot
from verify_media.stages.ingest import identify

AMPLE = 50_000_000


def grainy(width: int = 640, height: int = 480, seed: int = 0) -> NDArray[np.uint8]:
    grain = np.random.default_rng(seed).normal(0, 5, (height, width, 3))
    return np.clip(textured(width, height, seed) + grain, 0, 255).astype(np.uint8)


def photo(folder: Path, name: str = "IMG_0042.jpg", *, seed: int = 0, **options: object) -> Path:
    path = folder / name
    kind = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "tif": "TIFF"}[name.rpartition(".")[2]]
    Image.fromarray(grainy(seed=seed)).save(path, kind, **({"quality": 95} | options if kind == "JPEG" else options))
    return path


def reports(*paths: Path) -> list[ItemReport]:
    found = [identify(path) for path in paths]
    assert not [item for item in found if isinstance(item, Skipped)], found
    return [ItemReport(item, Outcome.ABSENT, None) for item in found if not isinstance(item, Skipped)]


def keys(result: FitResult) -> list[list[str]]:
    return [[change.key for change in item.changes] for item in result.deliverables]


def test_a_compliant_set_goes_out_byte_for_byte(tmp_path: Path) -> None:
    sources = [photo(tmp_path), photo(tmp_path, "b.png"), clip(tmp_path / "c.mp4")]
    result = fit(reports(*sources), tmp_path / "send", AMPLE)
    assert [item.path.name for item in result.deliverables] == ["01-IMG_0042.jpg", "02-b.png", "03-c.mp4"]
    for source, item in zip(sources, result.deliverables, strict=True):
        assert item.path.read_bytes() == source.read_bytes()
        assert (item.changes, dict(item.quality)) == ((), {})
    assert sorted(path.name for path in (tmp_path / "send").iterdir()) == [i.path.name for i in result.deliverables]


def test_private_data_go_without_a_change_of_the_picture(tmp_path: Path) -> None:
    block = Image.Exif()
    block[0x010F] = "Canon"
    block.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 1.0)})
    source = photo(tmp_path, exif=block)
    (item,) = fit(reports(source), tmp_path / "send", AMPLE).deliverables
    assert [change.key for change in item.changes] == ["fit-cleaned", "fit-hashes"]
    assert np.array_equal(np.asarray(Image.open(item.path)), np.asarray(Image.open(source)))
    examined = metadata.examine(item.path.read_bytes(), "image/jpeg")
    assert examined is not None and not examined.private
    assert item.changes[-1].values["after"] == item.sha256 != item.changes[-1].values["before"]


@pytest.mark.parametrize("name", ["a.webp", "a.tif"])
def test_other_types_become_srgb_jpeg(tmp_path: Path, name: str) -> None:
    source = photo(tmp_path, name)
    (item,) = fit(reports(source), tmp_path / "send", AMPLE).deliverables
    assert (item.media_type, item.path.suffix) == ("image/jpeg", ".jpg")
    assert {"fit-type", "fit-converted-photo", "fit-hashes"} == {change.key for change in item.changes}
    image = Image.open(item.path)
    assert (image.format, image.mode, image.info["icc_profile"]) == ("JPEG", "RGB", icc.srgb())
    assert item.quality["ssimulacra2"] > 75


def test_a_drawing_becomes_a_png(tmp_path: Path) -> None:
    source = tmp_path / "drawing.tif"
    Image.fromarray(quadrants(400, 300)).save(source)
    (item,) = fit(reports(source), tmp_path / "send", AMPLE).deliverables
    assert item.media_type == "image/png"
    assert np.array_equal(np.asarray(Image.open(item.path).convert("RGB")), quadrants(400, 300))


def test_only_accepted_types_go_out(tmp_path: Path) -> None:
    sources = reports(photo(tmp_path, "a.png"), clip(tmp_path / "b.mp4"))
    result = fit(sources, tmp_path / "send", AMPLE, formats=("image/jpeg",))
    assert [item.media_type for item in result.deliverables] == ["image/jpeg"]
    assert [skipped.message.key for skipped in result.unfit] == ["fit-not-accepted"]


def test_scarce_bytes_are_used_and_never_exceeded(tmp_path: Path) -> None:
    sources = [photo(tmp_path, f"{n}.jpg", seed=n) for n in range(3)]
    budget = sum(path.stat().st_size for path in sources) // 4
    result = fit(reports(*sources), tmp_path / "send", budget)
    assert 0.98 * budget <= result.size_bytes <= budget
    assert result.size_bytes == sum(path.stat().st_size for path in (tmp_path / "send").iterdir())
    scores = [item.quality["ssimulacra2"] for item in result.deliverables]
    assert max(scores) - min(scores) < 15
    assert keys(result) == [["fit-recompressed", "fit-hashes"]] * 3


def test_random_sets_never_exceed(tmp_path: Path) -> None:
    dice = random.Random(7)
    pool = [photo(tmp_path, f"{n}.jpg", seed=n, quality=dice.randint(70, 98)) for n in range(4)]
    pool.append(photo(tmp_path, "w.webp", seed=9))
    for number in range(4):
        chosen = dice.sample(pool, dice.randint(1, 4))
        budget = int(sum(path.stat().st_size for path in chosen) * dice.uniform(0.1, 1.2))
        result = fit(reports(*chosen), tmp_path / f"send{number}", budget)
        assert result.size_bytes <= budget
        assert len(result.deliverables) + len(result.unfit) == len(chosen)


def test_what_cannot_fit_is_said_with_its_cost(tmp_path: Path) -> None:
    sources = [photo(tmp_path, "a.jpg"), photo(tmp_path, "b.jpg", seed=2)]
    result = fit(reports(*sources), tmp_path / "send", 4_000)
    assert result.size_bytes <= 4_000
    assert [skipped.message.key for skipped in result.unfit] == ["fit-no-room"] * 2
    assert set(result.costs) == set(sources)


def test_a_clip_alone_meets_its_size(tmp_path: Path) -> None:
    source = noisy_clip(tmp_path / "a.mp4")
    budget = source.stat().st_size // 3
    (item,) = fit(reports(source), tmp_path / "send", budget).deliverables
    assert 0.97 * budget <= item.size_bytes <= budget
    assert item.changes[0].key == "fit-recompressed"


def noisy_clip(path: Path) -> Path:
    return clip(path, pixels=grainy(), size=(640, 480), frames=45, fps=30)


def test_a_clip_and_photos_share(tmp_path: Path) -> None:
    sources = [noisy_clip(tmp_path / "a.mp4"), photo(tmp_path, "b.jpg"), photo(tmp_path, "c.jpg", seed=3)]
    budget = sum(path.stat().st_size for path in sources) // 3
    result = fit(reports(*sources), tmp_path / "send", budget)
    assert 0.97 * budget <= result.size_bytes <= budget
    assert len(result.deliverables) == 3


def test_the_last_clip_takes_what_a_single_photo_leaves(tmp_path: Path) -> None:
    """The steps of one photo are coarse; the message is full all the same."""
    sources = [noisy_clip(tmp_path / "a.mp4"), photo(tmp_path, "b.jpg")]
    budget = sum(path.stat().st_size for path in sources) // 3
    result = fit(reports(*sources), tmp_path / "send", budget)
    assert 0.99 * budget <= result.size_bytes <= budget
    assert all(item.changes for item in result.deliverables)


def test_a_clip_that_comes_out_worse_than_planned_gets_another_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [noisy_clip(tmp_path / "a.mp4"), photo(tmp_path, "b.jpg"), photo(tmp_path, "c.jpg", seed=3)]
    budget = sum(path.stat().st_size for path in sources) // 3
    as_planned = fit(reports(*sources), tmp_path / "send", budget).deliverables[0]
    planned = as_planned.quality["ssimulacra2"]
    monkeypatch.setattr(VideoShot, "measured", lambda shot, fitted: planned - 15)
    worse = fit(reports(*sources), tmp_path / "again", budget)
    assert worse.deliverables[0].size_bytes > 1.1 * as_planned.size_bytes
    assert worse.size_bytes <= budget


def test_a_mirrored_clip_is_put_upright(tmp_path: Path) -> None:
    source = turn_clip(clip(tmp_path / "a.mp4"), (-1, 0, 0, 1))
    (item,) = fit(reports(source), tmp_path / "send", AMPLE).deliverables
    made = mp4.inspect(item.path)
    assert "fit-video-turned" in [change.key for change in item.changes]
    assert (made.codec, made.profile, made.look.pixel_format) == ("h264", "High", "yuv420p")
    assert (made.look.transfer, made.look.primaries, made.look.matrix, made.look.rotation_deg) == (1, 1, 1, 0)
    assert not made.look.flipped and made.timing.constant


def test_a_turned_clip_is_compliant(tmp_path: Path) -> None:
    source = turn_clip(clip(tmp_path / "a.mp4"), (0, 1, -1, 0))
    (item,) = fit(reports(source), tmp_path / "send", AMPLE).deliverables
    assert item.changes == ()


def test_mov_is_put_into_mp4_without_encoding(tmp_path: Path) -> None:
    source = clip(tmp_path / "a.mov", container="mov")
    (item,) = fit(reports(source), tmp_path / "send", AMPLE).deliverables
    assert item.changes[0].key == "fit-remuxed"
    assert item.path.suffix == ".mp4"
    assert dict(item.quality) == {}
    assert mp4.inspect(item.path).beside.brand == b"isom"


def test_the_place_in_a_clip_goes_and_the_time_stays(tmp_path: Path) -> None:
    told = {"location": "+52.5000+013.4000/", "creation_time": "2026-11-20T18:03:00.000000Z"}
    source = clip(tmp_path / "a.mp4", metadata=told)
    assert "location" in mp4.inspect(source).private
    (item,) = fit(reports(source), tmp_path / "send", AMPLE).deliverables
    made = mp4.inspect(item.path)
    assert item.changes[0].key == "fit-cleaned"
    assert made.private == ()
    assert made.beside.tags["creation_time"].startswith("2026-11-20T18:03:00")
    assert b"+52.5" not in item.path.read_bytes()


def test_the_mark_stays_readable(tmp_path: Path) -> None:
    report, other = reports(photo(tmp_path), photo(tmp_path, "b.jpg", seed=4))
    seen: list[int] = []

    def readable(image: NDArray[np.uint8], asked: ItemReport) -> bool:
        assert asked.sightings
        assert image.shape == (480, 640, 3)
        seen.append(len(seen))
        return len(seen) > 1

    quad = ((100.0, 100.0), (300.0, 100.0), (300.0, 160.0), (100.0, 160.0))
    marked = replace(report, sightings=(sighting(quad=quad),), outcome=Outcome.PHYSICAL)
    budget = int(report.media.size_bytes * 0.65)
    first, second = fit([marked, other], tmp_path / "send", budget, still_readable=readable).deliverables
    assert seen == [0, 1]
    assert first.quality["ssimulacra2"] > second.quality["ssimulacra2"] + 3
    assert first.size_bytes + second.size_bytes <= budget


def test_a_mark_that_is_never_readable_is_said(tmp_path: Path) -> None:
    (report,) = reports(photo(tmp_path))
    marked = replace(report, sightings=(sighting(),))
    result = fit([marked], tmp_path / "send", report.media.size_bytes // 3, still_readable=lambda image, asked: False)
    assert not result.deliverables
    assert len(result.unfit) == 1


def test_the_mark_of_a_clip_stays_readable(tmp_path: Path) -> None:
    report, other = reports(noisy_clip(tmp_path / "a.mp4"), photo(tmp_path))
    marked = replace(report, sightings=(sighting(time_s=0.5),))
    seen: list[float] = []

    def readable(image: NDArray[np.uint8], asked: ItemReport) -> bool:
        seen.append(float(image.mean()))
        return len(set(seen)) > 1

    budget = (report.media.size_bytes + other.media.size_bytes) // 3
    result = fit([marked, other], tmp_path / "send", budget, still_readable=readable)
    assert len(set(seen)) == 2
    assert len(result.deliverables) == 2
    assert result.size_bytes <= budget


def test_a_broken_clip_stops_nothing(tmp_path: Path) -> None:
    whole = clip(tmp_path / "a.mp4")
    found = reports(whole, photo(tmp_path))
    whole.write_bytes(b"no clip any more")
    result = fit(found, tmp_path / "send", AMPLE)
    assert [item.path.name for item in result.deliverables] == ["01-IMG_0042.jpg"]
    assert [skipped.path for skipped in result.unfit] == [whole]


def test_progress_counts_every_item(tmp_path: Path) -> None:
    heard: list[Event] = []
    fit(reports(photo(tmp_path), photo(tmp_path, "b.webp")), tmp_path / "send", AMPLE, progress=heard.append)
    assert (heard[-1].done, heard[-1].total, heard[-1].stage) == (2, 2, "fit")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "send").write_text("a file")
    with pytest.raises(CannotWrite):
        fit(reports(photo(tmp_path)), tmp_path / "send", AMPLE)


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("IMG_0042", "01-IMG_0042.jpg"),
        ("Büro Ätelier", "01-Buro-Atelier.jpg"),
        ("写真", "01-item.jpg"),
        ("a\u202egpj.exe", "01-agpj-exe.jpg"),
        ("-rf *", "01-rf.jpg"),
        ("x" * 90, f"01-{'x' * stage.MOST_STEM_CHARS}.jpg"),
    ],
)
def test_names_are_short_and_plain(stem: str, name: str) -> None:
    assert file_names([(Path(f"{stem}.heic"), "image/jpeg")]) == [name]


def test_names_do_not_collide() -> None:
    same: Sequence[tuple[Path, str]] = [(Path("a/x.jpg"), "image/jpeg"), (Path("b/x.png"), "image/jpeg")]
    assert len(set(file_names(same))) == 2


def test_a_gain_map_behind_the_picture_is_dropped(tmp_path: Path) -> None:
    source = photo(tmp_path)
    second = BytesIO()
    Image.fromarray(textured(64, 48)).save(second, "JPEG")
    plain = source.read_bytes()
    source.write_bytes(plain + second.getvalue())
    (item,) = fit(reports(source), tmp_path / "send", AMPLE).deliverables
    assert item.path.read_bytes() == plain


def test_a_long_clip_is_cut_to_its_mark_only_where_the_policy_allows(tmp_path: Path) -> None:
    source = _noisy_with_sound(tmp_path / "long.mp4", seconds=40)
    (seen,) = reports(source)
    seen = replace(seen, sightings=(sighting(time_s=30.0),))
    budget = 700_000
    assert [skipped.message.key for skipped in fit([seen], tmp_path / "whole", budget).unfit] == ["fit-no-room"]
    (part,) = fit([seen], tmp_path / "part", budget, allow_trim=True).deliverables
    cut = mp4.inspect(part.path)
    assert part.size_bytes <= budget
    assert 8 <= cut.timing.duration_s < 30 and cut.sound is not None
    change = next(change for change in part.changes if change.key == "fit-trimmed")
    minutes, seconds = str(change.values["from_s"]).split(":")
    start = 60 * int(minutes) + int(seconds)
    assert start < 30 < start + 1 + cut.timing.duration_s
    # The brightness of this clip tells the time: the part begins where its note says, to a second.
    assert _brightness(part.path, 0.0) == pytest.approx(_brightness(source, start + 0.5), abs=6)


def _noisy_with_sound(path: Path, seconds: int) -> Path:
    picture = f"nullsrc=s=320x240:r=12:d={seconds},geq=lum='255*T/{seconds}+random(1)*30':cb=128:cr=128"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", picture]
    command += ["-f", "lavfi", "-i", f"sine=duration={seconds}", "-preset", "ultrafast", "-crf", "20"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", "-c:a", "aac", path], check=True)
    return path


def _brightness(path: Path, time_s: float) -> float:
    return float(next(iter(video.between(path, time_s, time_s + 1, max_frames=1))).image.mean())
