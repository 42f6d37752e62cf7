"""A phone's clip, converted for the message, played in Debian's Chromium."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import imageio_ffmpeg
import pytest

from verify_media.codecs import encode_video, mp4

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")]

PLAY = """async address => {
    const video = document.createElement("video");
    Object.assign(video, {src: address, muted: true, playsInline: true});
    document.body.append(video);
    await video.play();
    await new Promise((done, fail) => {
        video.onended = done;
        video.onerror = () => fail(video.error.message);
        setTimeout(() => fail("still playing after a minute"), 60_000);
    });
    const canvas = document.createElement("canvas");
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width = 8, canvas.height = 8);
    const pixels = [...canvas.getContext("2d").getImageData(0, 0, 8, 8).data];
    const heard = video.webkitAudioDecodedByteCount;
    return {size: [video.videoWidth, video.videoHeight], seconds: video.duration, pixels, heard};
}"""


def test_hevc_hlg_with_sound_plays_as_sdr(tmp_path: Path) -> None:
    """Ten bits, HLG, 180 x 320, mid grey at half signal: BT.2100 and the tone mapping make it 143 of 255."""
    source, made = _hlg_with_sound(tmp_path / "IMG_0001.MOV"), tmp_path / "01-IMG_0001.mp4"
    clip = mp4.inspect(source)
    encode_video.encode_crf(clip, encode_video.recipe(clip), made, 20)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        played = page.evaluate(PLAY, f"data:video/mp4;base64,{b64encode(made.read_bytes()).decode()}")
        browser.close()
    assert played["size"] == [180, 320]
    assert played["seconds"] == pytest.approx(2.0, abs=0.1)
    assert played["heard"] > 0
    assert sum(played["pixels"][0::4]) / 64 == pytest.approx(143, abs=14)


def _hlg_with_sound(path: Path) -> Path:
    hlg = "color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc:range=tv"
    grey = "geq=lum=502:cb=512:cr=512"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "color=s=180x320:r=30:d=2"]
    command += [
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:duration=2",
        "-vf",
        f"format=yuv420p10le,{grey},setparams={hlg}",
    ]
    command += ["-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1", "-c:a", "aac", "-shortest", path]
    subprocess.run(command, check=True)
    return path
