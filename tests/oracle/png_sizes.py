"""Compares the sizes of memed's PNGs with those that Pillow writes at level 6 for the same pixels and kind.

    cargo build --release --example draw_all
    python3 tests/oracle/png_sizes.py target/release/examples/draw_all

Makes pictures of eight kinds, draws them without and with text, and checks that Pillow reads the same pixels and kind
where there is no text. Needs Pillow.
"""

import io
import pathlib
import random
import subprocess
import sys
import tempfile

from PIL import Image, ImageDraw, ImageFont

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEXT = "top_text=I can haz captions&bottom_text=of twenty characters"
WORDS = "the quick brown fox jumps over a lazy dog while rows of code wait to be read by nobody at all".split()


def screenshot():
    """An editor: a title bar, a side bar, lines of colored text."""
    numbers = random.Random(1)
    picture = Image.new("RGB", (1280, 800), "#1e1e2e")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 1280, 32), "#313244")
    draw.rectangle((0, 32, 220, 800), "#181825")
    fonts = ROOT / "data" / "fonts"
    font = ImageFont.truetype(str(fonts / "DejaVuSans.ttf"), 14)
    draw.text((600, 8), "memed — main.rs", "#cdd6f4", font)
    for line in range(36):
        draw.text((16, 44 + line * 20), numbers.choice(WORDS) + ".rs", "#a6adc8", font)
        draw.text((232, 44 + line * 20), str(line + 1), "#6c7086", font)
        left = 270 + 30 * numbers.randrange(4)
        for _ in range(numbers.randrange(2, 11)):
            word = numbers.choice(WORDS)
            draw.text((left, 44 + line * 20), word, numbers.choice(["#cba6f7", "#89b4fa", "#a6e3a1", "#f9e2af"]), font)
            left += draw.textlength(word + " ", font)
    return picture


def drawing():
    """Line art: shapes with smooth edges, filled with flat colors."""
    numbers = random.Random(2)
    picture = Image.new("RGB", (2400, 1800), "white")
    draw = ImageDraw.Draw(picture)
    for _ in range(40):
        x, y, side = numbers.randrange(2400), numbers.randrange(1800), numbers.randrange(60, 700)
        color = tuple(numbers.randrange(256) for _ in range(3))
        draw.ellipse((x - side, y - side // 2, x + side, y + side // 2), color, "black", 9)
        draw.line((x, y, numbers.randrange(2400), numbers.randrange(1800)), "black", 12)
    return picture.resize((1200, 900), Image.LANCZOS)


def photo():
    return Image.open(ROOT / "data" / "templates" / "astronaut.png").convert("RGB")


def tiles():
    """A map of a game: few tiles, each a piece of a photo."""
    numbers = random.Random(3)
    source = photo()
    pieces = [source.crop((x, 100, x + 32, 132)) for x in range(64, 64 + 12 * 32, 32)]
    picture = Image.new("RGB", (960, 640))
    for y in range(0, 640, 32):
        for x in range(0, 960, 32):
            picture.paste(numbers.choice(pieces), (x, y))
    return picture


def pictures():
    yield "screenshot", screenshot()
    yield "screenshot-16", screenshot().quantize(16, dither=Image.Dither.NONE)
    yield "drawing", drawing()
    yield "drawing-gray", drawing().convert("L")
    yield "drawing-bits", drawing().convert("1", dither=Image.Dither.NONE)
    yield "dithered-256", photo().quantize(256, dither=Image.Dither.FLOYDSTEINBERG)
    yield "dithered-32", photo().quantize(32).convert("RGB").quantize(32, dither=Image.Dither.NONE)
    yield "dithered-rgb", photo().quantize(16, dither=Image.Dither.FLOYDSTEINBERG).convert("RGB")
    yield "dithered-bits", photo().convert("1")
    yield "tiles", tiles()
    yield "tiles-64", tiles().quantize(64, dither=Image.Dither.NONE)
    yield "photo", photo()
    yield "photo-gray", photo().convert("L")


def saved(picture):
    """Pillow's file, with a palette no longer than it must be."""
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=6)
    return file.getvalue()


def kind(file):
    return file[25], file[24]


def main():
    draw_all = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name in ("templates", "plain", "text"):
            (folder / name).mkdir()
        originals = {}
        for name, picture in pictures():
            originals[name] = saved(picture)
            (folder / "templates" / f"{name}.png").write_bytes(originals[name])
        times = {}
        for results, text in ("plain", []), ("text", [TEXT]):
            command = [draw_all, folder / "templates", folder / results, *text]
            for line in subprocess.check_output(command, text=True).splitlines():
                name, first, next_one = line.split()
                times[results, name] = first, next_one
        print("| picture | kind | Pillow | ours | ratio | with text: kind | Pillow | ours | ratio | first | next |")
        print("|---|---|---|---|---|---|---|---|---|---|---|")
        for name, original in originals.items():
            row = [name]
            for results in "plain", "text":
                file = (folder / results / f"{name}.png").read_bytes()
                picture = Image.open(io.BytesIO(file))
                picture.load()
                theirs = saved(picture)
                if results == "plain":
                    before = Image.open(io.BytesIO(original))
                    assert kind(file) == kind(original), name
                    assert picture.convert("RGBA").tobytes() == before.convert("RGBA").tobytes(), name
                mark = "" if kind(file) == kind(theirs) else "*"
                row += [f"{picture.mode}{file[24]}{mark}", len(theirs), len(file), f"{len(file) / len(theirs):.2f}"]
            row += [f"{time} ms" for time in (times["plain", name][0], times["text", name][1])]
            print("| " + " | ".join(map(str, row)) + " |")
        if len(sys.argv) > 2:
            for file in folder.rglob("*.png"):
                target = pathlib.Path(sys.argv[2]) / f"{file.parent.name}-{file.name}"
                target.write_bytes(file.read_bytes())


main()
