# ruff: noqa: E501, UP031
"""Overlays by other programs: OpenCV, ImageMagick, ffmpeg, Pango, librsvg, and sprites drawn by a browser."""

from __future__ import annotations

import html
import json
import subprocess
import tempfile
from pathlib import Path

import cv2
import numpy as np
from models.compose import words
from models.compose.artwork import Art
from models.compose.flat import Marks, at, over, spot
from PIL import Image, ImageFont

SPRITES: list[tuple[Path, dict]] = []
"""Pictures and boxes made by `browser_sprites`; set by the builder."""


def opencv(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    text = words.name(rng, seen).encode("ascii", "ignore").decode() or "Willow"
    face = rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 2, 3]) | rng.choice([0, 0, 16])
    thick = max(1, round(height / rng.uniform(7, 22)))
    scale = cv2.getFontScaleFromHeight(face & 7, max(6, int(height * 0.7)), thick)
    (w, h), base = cv2.getTextSize(text, face, scale, thick)
    while w > image.shape[1] * 0.95 and scale > 0.4:
        scale *= 0.85
        (w, h), base = cv2.getTextSize(text, face, scale, thick)
    x, y = rng.randint(0, max(0, image.shape[1] - w)), rng.randint(h, max(h, image.shape[0] - base))
    out = image.copy()
    line = rng.choice([cv2.LINE_8, cv2.LINE_AA, cv2.LINE_AA])
    if rng.random() < 0.25:
        cv2.rectangle(out, (x - 4, y - h - 4), (x + w + 4, y + base), words.colour(rng), -1)
    if rng.random() < 0.3:
        cv2.putText(out, text, (x, y), face, scale, (0, 0, 0), thick + max(2, thick // 2) * 2, line)
    cv2.putText(out, text, (x, y), face, scale, words.colour(rng), thick, line)
    if rng.random() < 0.25:
        out = cv2.addWeighted(out, strength := rng.uniform(0.35, 0.9), image, 1 - strength, 0)
    return out, [(_box(x, y - h, x + w, y + base * 0.5), text)]


def _box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float64)


def _changed(before: np.ndarray, after: np.ndarray) -> np.ndarray | None:
    """The box of what a program drew."""
    ys, xs = np.nonzero(cv2.absdiff(before, after).max(2) > 12)
    return _box(*np.quantile(xs, [0.0]), *np.quantile(ys, [0.0]), xs.max() + 1, ys.max() + 1) if len(xs) > 30 else None


def imagemagick(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    text = words.name(rng, seen).replace("%", "").replace("\\", "").lstrip("@-") or "Willow"
    font = rng.choice(words.fonts(held))
    fill = "#%02x%02x%02x%02x" % (*words.colour(rng), rng.choice([255, 255, rng.randint(70, 255)]))
    options = [
        "-font",
        font,
        "-pointsize",
        str(height),
        "-fill",
        fill,
        "-gravity",
        rng.choice(["South", "North", "Center", "SouthEast", "NorthWest", "East"]),
    ]
    if rng.random() < 0.3:
        options += ["-stroke", "#%02x%02x%02x" % words.colour(rng), "-strokewidth", str(max(1, height // 20))]
    if rng.random() < 0.3:
        options += ["-undercolor", "#%02x%02x%02x%02x" % (*words.colour(rng), rng.randint(60, 255))]
    angle = rng.choice(["0x0", "0x0", "0x0", f"{rng.randint(-30, 30)}x{rng.randint(-30, 30)}"])
    with tempfile.TemporaryDirectory() as folder:
        src, dst = f"{folder}/a.bmp", f"{folder}/b.bmp"
        Image.fromarray(image).save(src)
        place = f"+{rng.randint(0, image.shape[1] // 6)}+{rng.randint(0, image.shape[0] // 3)}"
        subprocess.run(
            ["/usr/bin/convert", src, *options, "-annotate", f"{angle}{place}", text, "-type", "TrueColor", dst],
            check=True,
            capture_output=True,
        )
        out = np.asarray(Image.open(dst).convert("RGB")).copy()
    quad = _changed(image, out)
    return out, ([] if quad is None else [(quad, text)])


def ffmpeg(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    import imageio_ffmpeg

    text = "".join(c for c in words.name(rng, seen) if c.isalnum() or c in " &.@-") or "Willow"
    colour = "0x%02x%02x%02x" % words.colour(rng)
    x, y = rng.choice(
        [
            ("(w-tw)/2", "h-th-20"),
            ("20", "20"),
            ("w-tw-20", "h-th-20"),
            ("(w-tw)/2", "(h-th)/2"),
            (f"w*{rng.uniform(0, 0.3):.3f}", f"h*{rng.uniform(0, 0.9):.3f}"),
        ]
    )
    options = f"fontfile={rng.choice(words.fonts(held))}:text='{text}':fontsize={height}:fontcolor={colour}@{rng.choice([1, 1, rng.uniform(0.3, 1)]):.2f}:x={x}:y={y}"
    options += rng.choice(
        [
            "",
            "",
            f":box=1:boxcolor=black@{rng.uniform(0.3, 1):.2f}:boxborderw=8",
            ":borderw=2:bordercolor=black",
            ":shadowx=2:shadowy=2:shadowcolor=black@0.7",
        ]
    )
    with tempfile.TemporaryDirectory() as folder:
        src, dst = f"{folder}/a.png", f"{folder}/b.png"
        Image.fromarray(image).save(src, compress_level=1)
        yuv = rng.choice(["", ",format=yuv444p", ",format=yuv420p"])
        run = [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-i",
            src,
            "-vf",
            f"drawtext={options}{yuv}",
            "-frames:v",
            "1",
            "-pix_fmt",
            "rgb24",
            dst,
        ]
        subprocess.run(run, check=True, capture_output=True)
        out = np.asarray(Image.open(dst).convert("RGB")).copy()
    height_, width = min(image.shape[0], out.shape[0]), min(image.shape[1], out.shape[1])
    difference = cv2.absdiff(image[:height_, :width], out[:height_, :width]).max(2)
    ys, xs = np.nonzero(cv2.medianBlur(difference, 3) > 28)
    return out, ([(_box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1), text)] if len(xs) > 30 else [])


def pango(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    import pyvips

    text = words.name(rng, seen)
    face = rng.choice(words.fonts(held))
    family = ImageFont.truetype(face, 20).getname()[0]
    mask = pyvips.Image.text(html.escape(text), font=f"{family} {height}px", fontfile=face, dpi=72).numpy()
    mask = mask if mask.ndim == 2 else mask[:, :, 0]
    mask = np.pad(mask, 4)[:, : image.shape[1]]
    art = Art(
        np.dstack([np.full((*mask.shape, 3), words.colour(rng), np.uint8), mask]),
        (4, 4, mask.shape[1] - 4, mask.shape[0] - 4),
        text,
    )
    x, y = spot(image, art, rng)
    return over(image, art, x, y, rng.choice([1.0, rng.uniform(0.3, 1)])), [at(art, x, y)]


def browser(image, rng, seen, height, held) -> tuple[np.ndarray, Marks]:
    """A sprite of the browser at its own size, or scaled as design programs do."""
    path, sprite = rng.choice([s for s in SPRITES if bool(s[1]["held"]) == held] or SPRITES)
    rgba = np.asarray(Image.open(path).convert("RGBA").crop(sprite["box"]))
    ink = np.array(sprite["ink"], np.float64)
    wanted = min(height / max(1, ink[3] - ink[1]), image.shape[1] * 0.95 / rgba.shape[1])
    if not 0.8 < wanted < 1.15:
        rgba = np.asarray(
            Image.fromarray(rgba).resize(
                (max(8, int(rgba.shape[1] * wanted)), max(8, int(rgba.shape[0] * wanted))), Image.Resampling.LANCZOS
            )
        )
        ink = ink * wanted
    art = Art(rgba, tuple(ink), sprite["text"])
    x, y = spot(image, art, rng)
    return over(
        image,
        art,
        x,
        y,
        rng.choice([1.0, 1.0, rng.uniform(0.4, 1)]),
        rng.choice(["normal"] * 5 + ["multiply", "screen", "overlay"]),
    ), [at(art, x, y)]


def browser_sprites(folder: Path, rng, seen: list[str], pages: int = 6) -> None:
    """Text in CSS styles on transparent pages, with the boxes that the browser reports through the page's title."""
    for page in range(pages):
        held = page == pages - 1
        faces = rng.sample(words.fonts(held), min(18, len(words.fonts(held))))
        face_css = "".join(f"@font-face{{font-family:f{i};src:url(file://{f})}}" for i, f in enumerate(faces))
        items = "".join(_sprite(rng, seen, len(faces)) for _ in range(40))
        script = "<script>document.fonts.ready.then(()=>{const o=[...document.querySelectorAll('div')].map(d=>{const b=d.getBoundingClientRect(),s=d.firstChild.getBoundingClientRect();return [b.x,b.y,b.right,b.bottom,s.x,s.y,s.right,s.bottom,d.innerText]});document.title='x';document.body.setAttribute('data-o',JSON.stringify(o))})</script>"
        source = folder / f"page{page}.html"
        source.write_text(
            f"<meta charset=utf8><style>{face_css}body{{margin:0;width:1600px}}div{{position:relative;display:inline-block;padding:24px;white-space:nowrap}}span{{display:inline-block;line-height:1}}</style><body>{items}{script}"
        )
        run = [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--allow-file-access-from-files",
            "--virtual-time-budget=8000",
            "--window-size=1600,8000",
        ]
        subprocess.run(
            [*run, "--default-background-color=00000000", f"--screenshot={folder}/page{page}.png", f"file://{source}"],
            check=True,
            capture_output=True,
            timeout=180,
        )
        dump = subprocess.run(
            [*run, "--dump-dom", f"file://{source}"], check=True, capture_output=True, timeout=180, text=True
        ).stdout
        boxes = json.loads(html.unescape(dump.split('data-o="')[1].split('"')[0]))
        rows = [
            {"box": b[:4], "ink": [b[4] - b[0], b[5] - b[1], b[6] - b[0], b[7] - b[1]], "text": b[8], "held": held}
            for b in boxes
            if b[3] < 8000 and b[2] - b[0] < 1600
        ]
        (folder / f"page{page}.json").write_text(json.dumps(rows))


def _sprite(rng, seen, faces: int) -> str:
    size, colour = rng.randint(22, 120), "rgb(%d,%d,%d)" % words.colour(rng)
    other = "rgb(%d,%d,%d)" % words.colour(rng)
    style = rng.choice([
        "", "", f"text-shadow:{rng.randint(0, 4)}px {rng.randint(0, 4)}px {rng.randint(0, 12)}px {other}", f"-webkit-text-stroke:{rng.uniform(0.5, 3):.1f}px {other}",
        f"background:{other};padding:8px 16px;border-radius:{rng.randint(0, 30)}px", f"background:linear-gradient(90deg,{other},{colour});-webkit-background-clip:text;color:transparent",
        f"text-shadow:0 0 6px {other},0 0 20px {other}", f"letter-spacing:{rng.randint(1, 12)}px", f"transform:rotate({rng.randint(-20, 20)}deg)", f"transform:skew({rng.randint(-25, 25)}deg)",
        f"opacity:{rng.uniform(0.3, 0.9):.2f}", "font-weight:900;font-style:italic", f"border:3px solid {colour};padding:6px 14px",
    ])  # fmt: skip
    return f'<div><span style="font:{size}px f{rng.randrange(faces)};color:{colour};{style}">{html.escape(words.name(rng, seen))}</span></div>'


TOOLS = {"opencv": opencv, "imagemagick": imagemagick, "ffmpeg": ffmpeg, "pango": pango, "browser": browser}
