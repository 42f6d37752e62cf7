"""How good is everything in one message: this tool beside what people do by hand, in one run.

    python bench/fit.py [CORPUS] [--sets scarce,ample,long,photos,tight,hd] [--work FOLDER]

Photos are real, of CORPUS/camera; clips are hand-held moves over them with sensor noise, as a phone would record them
(harder to compress than most footage). Quality is SSIMULACRA2 against the source: photos whole, clips the mean over
every 30th frame; VMAF stands beside it. Bytes over the budget would be a message that bounces.

Peers: equal shares by hand (Pillow bisected to size, x264 in two passes); equal shares with HandBrakeCLI for the clips;
ImageMagick `jpeg:extent` for the photos; a CRF search to VMAF 93 on samples as ab-av1 does it (it aims at no size).
HandBrakeCLI and ImageMagick take part where they are installed.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace
from numpy.typing import NDArray
from PIL import Image as PilImage

import vmaf
from verify_media.codecs import encode_video, mp4, photo, ssimulacra2
from verify_media.records import ItemReport, Kind, Outcome, Skipped
from verify_media.stages.fit import fit
from verify_media.stages.ingest import identify
from verify_media.tools import ffmpeg

Pixels = NDArray[np.uint8]
AUDIO_BPS = 64_000
EVERY_NTH = 30


@dataclass(frozen=True)
class Clip:
    """A move over a photo: seconds, size, bit rate of the "phone", strength of the noise."""

    photo: str
    seconds: float
    size: tuple[int, int]
    mbps: float
    noise: float


@dataclass(frozen=True)
class Set:
    name: str
    budget: int
    photos: tuple[str, ...]
    clips: tuple[Clip, ...] = ()


SIZE, HD = (640, 360), (1920, 1080)
DESK, THREADS = "docscanner_desk.JPG", "lychee_sewing-threads.heic"
G11, SD600, A560 = (f"metadata_extractor_Canon_PowerShot_{name}.jpg" for name in ("G11", "SD600", "A560"))
KODAK, HTC = "metadata_extractor_Kodak_PIXPRO_FZ201.jpg", "metadata_extractor_HTC_One.jpg"
IPHONE = "debian_IMG_3578.heic"
SHORT = (Clip(IPHONE, 10, SIZE, 4, 2.5), Clip(HTC, 6, SIZE, 4, 1.5))
SETS = (
    Set("photos", 1_500_000, (THREADS, DESK, G11, SD600, KODAK)),
    Set("scarce", 2_000_000, (THREADS, DESK, G11), SHORT),
    Set("tight", 1_000_000, (THREADS, SD600, A560), SHORT),
    Set("long", 2_500_000, (THREADS, DESK), (Clip(IPHONE, 40, SIZE, 4, 2.0),)),
    Set("hd", 3_000_000, (THREADS, DESK, G11), (Clip(HTC, 6, HD, 16, 2.0),)),
    Set("ample", 7_000_000, (THREADS, DESK, G11), (Clip(HTC, 6, SIZE, 4, 1.5),)),
)


@dataclass(frozen=True)
class Row:
    method: str
    size_bytes: int
    budget: int
    scores: tuple[float, ...]
    vmafs: tuple[float, ...]
    cpu_s: float

    def text(self) -> str:
        over = " OVER" if self.size_bytes > self.budget else ""
        scores = "/".join(f"{score:.0f}" for score in self.scores)
        vmafs = "/".join(f"{score:.0f}" for score in self.vmafs) or "-"
        used = f"{self.size_bytes / self.budget:.2%}{over}"
        quality = f"{min(self.scores):.1f} | {np.mean(self.scores):.1f} | {scores} | {vmafs}"
        return f"| {self.method} | {quality} | {used} | {self.cpu_s:.1f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--sets", default=",".join(s.name for s in SETS))
    parser.add_argument("--methods", default="", help="only methods whose name holds one of these (comma)")
    parser.add_argument("--work", type=Path, help="keep the clips there between runs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = given.work or Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        for each in SETS:
            if each.name in given.sets.split(","):
                bench(each, given.corpus, work, given.methods)


def bench(each: Set, corpus: Path, work: Path, wanted: str) -> None:
    sources = [corpus / "camera" / name for name in each.photos]
    sources += [record(clip, corpus, work) for clip in each.clips]
    sizes = sum(path.stat().st_size for path in sources)
    amounts = f"{len(each.photos)} photos, {len(each.clips)} clips"
    print(f"\n### {each.name}: {amounts}, {sizes / 1e6:.1f} MB into {each.budget / 1e6:.1f} MB\n")
    print(
        "| method | min S2 | mean S2 | S2 of each | VMAF of clips | bytes used | CPU-s |\n|---|---|---|---|---|---|---|"
    )
    originals = [Original(path, work) for path in sources]
    for name, method in methods(with_clips=bool(each.clips)).items():
        if not any(part in name for part in wanted.split(",")):
            continue
        with tempfile.TemporaryDirectory(dir=work) as folder:
            before = cpu_s()
            files = method(sources, Path(folder), each.budget)
            spent = cpu_s() - before
            print(judged(name, originals, files, each.budget, spent).text(), flush=True)


def methods(*, with_clips: bool) -> dict[str, Callable[[Sequence[Path], Path, int], list[Path]]]:
    """What is installed and has something to do."""
    found = {"**verify-media**": ours, "equal share: Pillow + 2-pass": equal_share}
    if shutil.which("HandBrakeCLI") and with_clips:
        found["equal share: Pillow + HandBrakeCLI"] = equal_share_handbrake
    if shutil.which("convert"):
        found["equal share: ImageMagick jpeg:extent + 2-pass"] = equal_share_magick
    return {**found, "CRF search to VMAF 93, JPEG quality 85": crf_search}


def cpu_s() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


# What is compared


def ours(sources: Sequence[Path], folder: Path, budget: int) -> list[Path]:
    items = [item for item in map(identify, sources) if not isinstance(item, Skipped)]
    result = fit([ItemReport(item, Outcome.ABSENT, None) for item in items], folder, budget)
    assert len(result.deliverables) == len(sources), result.unfit
    return [item.path for item in result.deliverables]


def equal_share(sources: Sequence[Path], folder: Path, budget: int) -> list[Path]:
    return share_out(sources, folder, budget, pillow_to_size, two_pass)


def equal_share_handbrake(sources: Sequence[Path], folder: Path, budget: int) -> list[Path]:
    return share_out(sources, folder, budget, pillow_to_size, handbrake)


def equal_share_magick(sources: Sequence[Path], folder: Path, budget: int) -> list[Path]:
    return share_out(sources, folder, budget, magick_to_size, two_pass)


Maker = Callable[[Path, Path, int], None]


def share_out(sources: Sequence[Path], folder: Path, budget: int, still: Maker, moving: Maker) -> list[Path]:
    made = []
    for number, source in enumerate(sources):
        is_clip = source.suffix == ".mp4"
        out = folder / f"{number}{'.mp4' if is_clip else '.jpg'}"
        (moving if is_clip else still)(source, out, budget // len(sources))
        made.append(out)
    return made


def pillow_to_size(source: Path, out: Path, share: int) -> None:
    image = PilImage.fromarray(photo.load(source))
    low, high, best = 1, 95, b""
    while low <= high:
        quality = (low + high) // 2
        buffer = BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        if buffer.tell() <= share:
            best, low = buffer.getvalue(), quality + 1
        else:
            high = quality - 1
    if not best:  # even the lowest quality is too large
        image.save(out, "JPEG", quality=1)
        return
    out.write_bytes(best)


def magick_to_size(source: Path, out: Path, share: int) -> None:
    pixels = out.with_suffix(".ppm")
    PilImage.fromarray(photo.load(source)).save(pixels)
    subprocess.run(["convert", str(pixels), "-define", f"jpeg:extent={share}b", str(out)], check=True)
    pixels.unlink()


def two_pass(source: Path, out: Path, share: int) -> None:
    """As the usual recipe says: bit rate = size / duration less the sound, preset medium."""
    program, seconds = str(ffmpeg.binary()), duration_s(source)
    rate = max(20_000, int(share * 8 / seconds - AUDIO_BPS))
    common = [program, "-y", "-loglevel", "error", "-i", str(source), "-c:v", "libx264", "-preset", "medium"]
    common += ["-b:v", str(rate), "-pix_fmt", "yuv420p", "-passlogfile", str(out.with_suffix(""))]
    subprocess.run([*common, "-pass", "1", "-an", "-f", "null", "-"], check=True)
    sound = ["-c:a", "aac", "-b:a", str(AUDIO_BPS)]
    subprocess.run([*common, "-pass", "2", *sound, "-movflags", "+faststart", str(out)], check=True)


def handbrake(source: Path, out: Path, share: int) -> None:
    rate = max(20, int(share * 8 / duration_s(source) - AUDIO_BPS) // 1000)
    options = [
        "-e",
        "x264",
        "-b",
        str(rate),
        "--two-pass",
        "--turbo",
        "-B",
        str(AUDIO_BPS // 1000),
        "--optimize",
        "--crop",
        "0:0:0:0",
    ]
    command = ["HandBrakeCLI", "-i", str(source), "-o", str(out), "-f", "av_mp4", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def crf_search(sources: Sequence[Path], folder: Path, budget: int) -> list[Path]:
    return share_out(sources, folder, budget, jpeg_85, crf_to_vmaf)


def jpeg_85(source: Path, out: Path, share: int) -> None:
    PilImage.fromarray(photo.load(source)).save(out, quality=85)


def crf_to_vmaf(source: Path, out: Path, share: int) -> None:
    """Bisection of the CRF on samples, then the whole clip."""
    clip = mp4.inspect(source)
    how = encode_video.recipe(clip, preset="medium")
    low, high = 14.0, 40.0
    for _ in range(5):
        crf = (low + high) / 2
        low, high = (crf, high) if vmaf.of_pieces(clip, how, crf, out.parent) >= 93 else (low, crf)
    encode_video.encode_crf(clip, how, out, low)


# Sources and measuring


def record(clip: Clip, corpus: Path, work: Path) -> Path:
    """As a phone in a hand would record: a slow move with shake, a little blur, noise, a keyframe each second, the
    matrix that its size asks for and says so (without that, players and converters take HD for BT.709, and every
    comparison measures the wrong colours: 56.3 instead of 64.1 on one encode)."""
    matrix = Colorspace.ITU709 if clip.size[1] >= 720 else Colorspace.ITU601
    tag = "-bt709" if matrix == Colorspace.ITU709 else ""
    name = f"{Path(clip.photo).stem[-12:]}-{clip.seconds:.0f}s-{clip.size[1]}-{clip.noise}{tag}.mp4"
    path = work / name
    if path.exists():
        return path
    image = photo.load(corpus / "camera" / clip.photo)
    bits = str(int(clip.mbps * 1e6))
    with av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "g": "30", "b": bits, "maxrate": bits, "bufsize": bits}
        stream = out.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = *clip.size, "yuv420p"
        stream.codec_context.colorspace = matrix
        for pixels in hand_held(image, clip):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            out.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace=matrix)))
        out.mux(stream.encode(None))
    return path


def hand_held(image: Pixels, clip: Clip) -> Iterator[Pixels]:
    noise = np.random.default_rng(1).normal(0, clip.noise, (3, clip.size[1], clip.size[0], 3)).astype(np.float32)
    height, width = image.shape[:2]
    base = min(width / clip.size[0], height / clip.size[1]) * 0.6
    for number in range(int(clip.seconds * 30)):
        t = number / 30
        angle, zoom = 0.04 * np.sin(0.9 * t) + 0.01 * np.sin(5.3 * t), base * (1 + 0.25 * np.sin(0.5 * t))
        middle = (width * (0.5 + 0.16 * np.sin(0.6 * t)) + 6 * np.sin(7 * t), height * (0.5 + 0.12 * np.cos(0.45 * t)))
        turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = np.column_stack([turn, np.array(middle) - turn @ np.array(clip.size) / 2])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        seen = cv2.warpAffine(image, matrix, clip.size, flags=flags, borderMode=cv2.BORDER_REFLECT).astype(np.float32)
        shifted = np.roll(noise[number % 3], (37 * number, 61 * number), (0, 1))
        yield np.clip(cv2.GaussianBlur(seen, (0, 0), 0.7) + shifted, 0, 255).astype(np.uint8)


class Original:
    """A source and its pixels at the moments that are compared."""

    def __init__(self, path: Path, work: Path) -> None:
        self.path, self.work = path, work
        item = identify(path)
        assert not isinstance(item, Skipped), item
        self.is_clip = item.kind is Kind.VIDEO
        self.pixels = list(frames(path)) if self.is_clip else [photo.load(path)]

    def score(self, made: Path) -> float:
        copies = list(frames(made)) if self.is_clip else [photo.load(made)]
        return float(np.mean([score(a, b) for a, b in zip(self.pixels, copies, strict=True)]))

    def vmaf(self, made: Path) -> float:
        clip = mp4.inspect(self.path)
        return vmaf.of_encode(clip, encode_video.recipe(clip), made, self.work)


def score(original: Pixels, copy: Pixels) -> float:
    if original.shape != copy.shape:
        copy = cv2.resize(copy, original.shape[1::-1], interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    return ssimulacra2.score(original, copy)


def frames(path: Path) -> Iterator[Pixels]:
    with av.open(str(path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % EVERY_NTH == 0:
                yield frame.to_ndarray(format="rgb24")


def duration_s(path: Path) -> float:
    return mp4.inspect(path).timing.duration_s


def judged(name: str, originals: Sequence[Original], files: Sequence[Path], budget: int, spent: float) -> Row:
    pairs = list(zip(originals, files, strict=True))
    vmafs = [original.vmaf(made) for original, made in pairs if original.is_clip]
    sizes = sum(path.stat().st_size for path in files)
    return Row(name, sizes, budget, tuple(original.score(made) for original, made in pairs), tuple(vmafs), spent)


if __name__ == "__main__":
    main()
