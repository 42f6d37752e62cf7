"""Clips: what checking them costs, what their motion tells, and how memory grows with their length.

    python bench/video.py [CORPUS] [--part time|motion|arrivals|titles|clips|memory] [--half held|fit|all] [--rounds N]
        [--seed N]

`time`: CPU seconds to locate and judge a plain mark over a plain full decode by ffmpeg of the same clips, in one run.
`motion`: verdicts by motion alone on simulated clips (see video_clips.py); pairs of (kind, speed, CRF) drawn evenly.
The weights were set on photos of the half "fit".
`arrivals`: verdicts by motion on marks that come before a still camera and are read once they rest (video_arrivals.py).
`titles`: clips with a title and, for a second, a real card: whether that is found, and what it costs (video_titles.py).
`clips`: every clip of the corpus, with a verdict or a reason. `memory`: peak of a process against the clip's length.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "pipeline"))
import video_arrivals
import video_clips
import video_titles
from verify_media.records import ItemReport, Marks, MediaItem, Reader, Sighting, Skipped
from verify_media.stages.follow import Followed, follow, traced
from video_clips import DIGITAL, FFMPEG, NEUTRAL, PHYSICAL, SLID_BANNERS

SPEEDS = (0.5, 1, 2, 4, 8, 16, 32)
CRFS = (18, 23, 28, 34)
KINDS = (*PHYSICAL, *DIGITAL, *NEUTRAL, *SLID_BANNERS)
SURE = 3.0
"""Log-odds: 95 %."""
NAME = "Willow & Thread"
SDR = ("-pix_fmt", "yuv420p")
HLG = (
    "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1", "-color_primaries", "bt2020", "-color_trc", "arib-std-b67",
    "-colorspace", "bt2020nc", "-x265-params", "log-level=error:keyint=30:pools=1",
)  # fmt: skip
"""10 bits, as phones film HEVC."""


@dataclass(frozen=True)
class Judged:
    kind: str
    speed: float
    crf: int
    photo: str
    odds: float

    @property
    def is_digital(self) -> bool:
        return self.kind in DIGITAL or self.kind in SLID_BANNERS


def simulated(corpus: Path, rounds: int, seed: int, half: str) -> Iterator[Judged]:
    words = video_clips.words(corpus, half)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        for number in range(rounds):
            for place, kind in enumerate(KINDS):
                rng = np.random.default_rng([seed, number, place])
                word, other = words[rng.integers(len(words))], words[rng.integers(len(words))]
                speed, crf = SPEEDS[(number + place) % len(SPEEDS)], CRFS[(number + place // 3) % len(CRFS)]
                clip = video_clips.clip(kind, word, other, rng, speed)
                video_clips.write(clip.frames, target, crf)
                (trace,) = traced(islice(video_clips.read_grey(target), clip.start, None), [clip.quad])
                yield Judged(kind, speed, crf, word.image.name, trace.log_odds)


def auc(digital: list[float], physical: list[float]) -> float:
    if not digital or not physical:
        return float("nan")
    pairs = np.sign(np.subtract.outer(digital, physical))
    return float((pairs + 1).mean() / 2)


def row(title: str, cases: list[Judged]) -> str:
    digital = [c.odds for c in cases if c.is_digital]
    physical = [c.odds for c in cases if c.kind in PHYSICAL]
    neutral = [c.odds for c in cases if c.kind in NEUTRAL]
    caught, missed = sum(o >= SURE for o in digital), sum(o <= -SURE for o in digital)
    passed, accused = sum(o <= -SURE for o in physical), sum(o >= SURE for o in physical)
    told = sum(abs(o) >= SURE for o in neutral)
    return (
        f"| {title} | {auc(digital, physical):.3f} | {caught}/{len(digital)} | {missed} | {passed}/{len(physical)} "
        f"| {accused} | {told}/{len(neutral)} |"
    )


def print_motion(cases: list[Judged]) -> None:
    print(
        "| clips | AUC | overlays called digital | wrongly physical | marks called physical | wrongly digital "
        "| no motion, yet told |\n|---|---|---|---|---|---|---|"
    )
    print(row("all", cases))
    for speed in SPEEDS:
        print(row(f"{speed} px/frame", [c for c in cases if c.speed == speed]))
    for crf in CRFS:
        print(row(f"CRF {crf}", [c for c in cases if c.crf == crf]))
    for kind in KINDS:
        print(row(kind, [c for c in cases if c.kind == kind]))
    moving = [c for c in cases if c.kind not in NEUTRAL]
    wrong = sum(c.odds <= -SURE if c.is_digital else c.odds >= SURE for c in moving)
    decided = sum(abs(c.odds) >= SURE for c in moving)
    print(f"\nconfidently wrong: {wrong} of {len(moving)} clips that move; {decided} decided")


@dataclass(frozen=True)
class Arrived:
    clip: video_arrivals.Arrival
    followed: Followed
    cpu_s: float

    @property
    def is_timed(self) -> bool:
        """Whether it is said to be seen since it came: up to 20 frames before it rests; half a second either way."""
        start_s = self.clip.rests_from / video_clips.FPS
        return start_s - 1.2 <= self.followed.start_s <= start_s + 0.5


def arrived(corpus: Path, rounds: int, seed: int, half: str) -> Iterator[Arrived]:
    """Groups of 30 pictures, as phones write them, and in every third clip of 250, as x264 does if it is not told."""
    words = video_clips.words(corpus, half)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        for number, (place, kind) in product(range(rounds), enumerate(video_arrivals.KINDS)):
            rng = np.random.default_rng([seed, number, place])
            word, other = words[rng.integers(len(words))], words[rng.integers(len(words))]
            speed, crf = SPEEDS[(number + place) % len(SPEEDS)], CRFS[(number + place // 3) % len(CRFS)]
            clip = video_arrivals.arrival(kind, word, other, rng, speed)
            video_clips.write(clip.frames, target, crf, gop=30 if (number + place) % 3 else 250)
            item = item_of(target)
            assert isinstance(item, MediaItem)
            sighting = Sighting(word.text, Reader.TEXT, clip.quad, 0.9, time_s=clip.read_at / video_clips.FPS)
            began = time.process_time()
            (followed,) = follow(item, [sighting])
            yield Arrived(replace(clip, frames=[]), followed, time.process_time() - began)


def print_arrivals(cases: list[Arrived]) -> None:
    print("| kind | digital | physical | unsure | timed | CPU-s |\n|---|---|---|---|---|---|")
    for kind in video_arrivals.KINDS:
        own = [case for case in cases if case.clip.kind == kind]
        odds = [case.followed.log_odds for case in own]
        digital, physical = sum(o >= SURE for o in odds), sum(o <= -SURE for o in odds)
        timed = sum(case.is_timed for case in own) if kind not in ("fades-out", "stays") else "–"
        cpu_s = sum(case.cpu_s for case in own) / max(1, len(own))
        print(f"| {kind} | {digital} | {physical} | {len(own) - digital - physical} | {timed} | {cpu_s:.2f} |")


@dataclass(frozen=True)
class Searched:
    clip: video_titles.Titled
    outcome: str
    is_found: bool
    decode_s: float
    cpu_s: float


def searched(corpus: Path, rounds: int, seed: int, half: str) -> Iterator[Searched]:
    photos = sorted({word.image for word in video_clips.words(corpus, half)})
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        for number in range(rounds * len(video_titles.KINDS)):
            rng = np.random.default_rng([seed, number])
            clip = video_titles.titled(number, rng, (12.0, 30.0)[number % 2])
            image = cv2.cvtColor(cv2.imread(str(photos[rng.integers(len(photos))])), cv2.COLOR_BGR2RGB)
            video_titles.write(clip, video_titles.cropped(image), NAME, rng, target)
            plain, _ = decode_s(target)
            report, cpu, _ = checked(target)
            assert isinstance(report, ItemReport)
            yield Searched(clip, report.outcome.value, video_titles.is_found(clip, report.sightings), plain, cpu)


def print_titles(cases: list[Searched]) -> None:
    print("| kind | clips | card found | outcomes | check, CPU-s | over a decode |\n|---|---|---|---|---|---|")
    for kind in video_titles.KINDS:
        own = [case for case in cases if case.clip.kind == kind]
        outcomes = ", ".join(sorted(f"{case.outcome}" for case in own))
        cpu, plain = sum(case.cpu_s for case in own), sum(case.decode_s for case in own)
        found = sum(case.is_found for case in own)
        print(f"| {kind} | {len(own)} | {found} | {outcomes} | {cpu:.1f} | {cpu / plain:.2f} |")


def panned(
    corpus: Path, target: Path, size: tuple[int, int], seconds: float, codec: str, lettered: bool = True
) -> None:
    """A hand-held look around a large photo with the name on a card, at `size`, 30 frames per second."""
    photo = _scene(corpus, size, lettered)
    rate = {1920: "17M", 3840: "45M" if codec == "libx264" else "25M"}.get(size[0], "8M")  # as phones write them
    preset = "superfast" if codec == "libx264" else "ultrafast"
    how = ["-c:v", codec, "-preset", preset, "-b:v", rate, "-g", "30", *(HLG if codec == "libx265" else SDR)]
    video_clips.pipe(_looked_around(photo, size, int(seconds * 30)), size, how, target)


def _looked_around(photo: np.ndarray, size: tuple[int, int], count: int) -> Iterator[np.ndarray]:
    grain = np.random.default_rng(0).integers(0, 9, (size[1], size[0], 3), np.uint8)
    spare = np.array([photo.shape[1] - size[0], photo.shape[0] - size[1]])
    for number in range(count):
        t = number / 30
        share = np.array([0.5 + 0.4 * np.sin(0.7 * t) + 0.02 * np.sin(9 * t), 0.5 + 0.3 * np.sin(0.9 * t + 1)])
        at = np.clip(share, 0, 1) * spare
        matrix = np.array([[1, 0, -at[0]], [0, 1, -at[1]]])
        shot = cv2.warpAffine(photo, matrix, size)
        yield cv2.add(shot, np.roll(grain, 977 * number, axis=1))


def _scene(corpus: Path, size: tuple[int, int], lettered: bool) -> np.ndarray:
    source = max((corpus / "camera").glob("*.jpg"), key=lambda path: path.stat().st_size)
    image = cv2.cvtColor(cv2.imread(str(source)), cv2.COLOR_BGR2RGB)
    image = cv2.resize(image, (int(size[0] * 1.3), int(size[1] * 1.3)), interpolation=cv2.INTER_CUBIC)
    if lettered:
        height, width = image.shape[:2]
        unit = size[1] / 1080
        x, y = int(width * 0.36), int(height * 0.45)
        right, at = (x + int(620 * unit), y + int(190 * unit)), (x + int(50 * unit), y + int(115 * unit))
        cv2.rectangle(image, (x, y), right, (236, 232, 220), -1)
        width_px = max(1, int(4 * unit))
        cv2.putText(image, NAME, at, cv2.FONT_HERSHEY_DUPLEX, 1.9 * unit, (40, 30, 60), width_px, cv2.LINE_AA)
        image = cv2.GaussianBlur(image, (0, 0), 0.8 * unit)
    return image


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def decode_s(path: Path) -> tuple[float, float]:
    """CPU and wall seconds of `ffmpeg -i path -f null -`."""
    cpu, wall = cpu_of_children(), time.perf_counter()
    subprocess.run(
        [FFMPEG, "-v", "error", "-i", str(path), "-map", "0:v:0", "-f", "null", "-"],
        check=False,
    )
    return cpu_of_children() - cpu, time.perf_counter() - wall


def item_of(path: Path) -> MediaItem | Skipped:
    from verify_media.stages.ingest import identify

    return identify(path)


def checked(path: Path, name: str = NAME) -> tuple[ItemReport | Skipped, float, float]:
    """The report, CPU and wall seconds of locating and judging."""
    from verify_media.examination import examine_or_skip

    item = item_of(path)
    if isinstance(item, Skipped):
        return item, 0.0, 0.0
    cpu, wall = time.process_time(), time.perf_counter()
    report = examine_or_skip(item, Marks(names=(name,)))
    return report, time.process_time() - cpu, time.perf_counter() - wall


def print_time(corpus: Path) -> None:
    print(
        "| clip | ffmpeg decode, CPU-s (wall) | check, CPU-s (wall) | ratio (wall) | outcome |\n|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        warm = Path(folder) / "warm.mp4"
        panned(corpus, warm, (1280, 720), 1, "libx264")
        checked(warm)  # loads the models
        for size, seconds, codec in (
            ((1920, 1080), 15, "libx264"),
            ((1920, 1080), 40, "libx264"),
            ((3840, 2160), 8, "libx264"),
            ((3840, 2160), 8, "libx265"),
        ):  # fmt: skip
            path = Path(folder) / "clip.mp4"
            panned(corpus, path, size, seconds, codec)
            plain, plain_wall = decode_s(path)
            report, cpu, wall = checked(path)
            print(
                f"| {size[1]}p {codec} {seconds} s | {plain:.1f} ({plain_wall:.1f}) | {cpu:.1f} ({wall:.1f}) "
                f"| {cpu / plain:.2f} ({wall / plain_wall:.2f}) | {told(report)} |",
                flush=True,
            )


def told(report: ItemReport | Skipped) -> str:
    if isinstance(report, Skipped):
        return f"not checked: {report.message.text}"
    p = "" if report.p_digital is None else f" p_digital {report.p_digital:.3f}"
    spans = "; ".join(f"{s.start_s:.1f} to {s.end_s:.1f} s" for s in report.spans)
    return f"{report.outcome.value}{p} {spans}".strip()


NAMES = {"icdar2003_input_video.mp4": "TRAFFIC", "metadata_extractor_with-gps.mov": "RED DEAD REDEMPTION"}


def print_clips(corpus: Path) -> None:
    print("| clip | name | answer | CPU-s |\n|---|---|---|---|")
    for path in sorted((corpus / "video").iterdir()):
        name = NAMES.get(path.name, NAME)
        report, cpu, _ = checked(path, name)
        print(f"| {path.name} | {name} | {told(report)} | {cpu:.1f} |", flush=True)


def print_memory(corpus: Path) -> None:
    """Each length in a process of its own; the same second of 4K again and again."""
    print("| 4K clip | peak of the process, MB |\n|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        piece, path = Path(folder) / "piece.mp4", Path(folder) / "clip.mp4"
        panned(corpus, piece, (3840, 2160), 6, "libx264")
        for seconds in (6, 60, 600):
            loop = ["-stream_loop", str(seconds // 6 - 1), "-i", str(piece), "-c", "copy", str(path)]
            subprocess.run([FFMPEG, "-v", "error", "-y", *loop], check=True)
            env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "pipeline")}
            code = (
                "import resource,sys; from pathlib import Path; sys.path.insert(0, sys.argv[2]); import video; "
                "r = video.checked(Path(sys.argv[1])); "
                "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, video.told(r[0]))"
            )
            command = [sys.executable, "-c", code, str(path), str(Path(__file__).parent)]
            found = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
            print(f"| {seconds} s | {found.stdout.strip()} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path, nargs="?", default=Path("../shared/corpus"))
    parser.add_argument("--part", choices=("time", "motion", "arrivals", "titles", "clips", "memory"), action="append")
    parser.add_argument("--half", choices=("fit", "held", "all"), default="held")
    parser.add_argument("--rounds", type=int, default=28)
    parser.add_argument("--seed", type=int, default=1000)
    options = parser.parse_args()
    parts = options.part or ["time", "motion", "arrivals", "titles", "clips", "memory"]
    cv2.setNumThreads(1)
    if "motion" in parts:
        print_motion(list(simulated(options.corpus, options.rounds, options.seed, options.half)))
    if "arrivals" in parts:
        print_arrivals(list(arrived(options.corpus, options.rounds, options.seed, options.half)))
    if "titles" in parts:
        print_titles(list(searched(options.corpus, options.rounds, options.seed, options.half)))
    if "time" in parts:
        print_time(options.corpus)
    if "clips" in parts:
        print_clips(options.corpus)
    if "memory" in parts:
        print_memory(options.corpus)


if __name__ == "__main__":
    main()
