#!/usr/bin/env python3
"""Compares how memed and Pillow decode the pictures of a folder.

    tests/oracle/pictures.py FOLDER                 your own JPEGs, PNGs and GIFs
    tests/oracle/pictures.py --generate FOLDER      writes more than 300 variants there first

Starts a server with the folder as its templates, asks for each picture without a text as PNG, and compares that with
what Pillow decodes: upright, converted to sRGB by LittleCMS, the first frame. Needs Pillow, of PyPI; MEMED names the
program, which is target/release/memed by default. Exits with 1 if a difference is not explained.
"""

import io
import os
import re
import struct
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
import zlib
from pathlib import Path

from odd_jpeg import jpeg as odd_jpeg
from PIL import Image, ImageChops, ImageCms, ImageFile, ImageOps, ImageSequence

# Two decoders round differently, and upsample chroma differently at edges.
SAME_MEAN = 1.5
SAME_MOST = {"PNG": 2, "GIF": 0, "JPEG": 255}


# ---- A profile of three primaries and one gamma, as LittleCMS and ICC.1 have it.

def profile(primaries, gamma, gray=False):
    def number(value):
        return struct.pack(">i", round(value * 65536))

    def xyz(x, y, z):
        return b"XYZ \0\0\0\0" + number(x) + number(y) + number(z)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 79, b"cprt": b"text\0\0\0\0none\0\0\0\0",
            b"wtpt": xyz(0.9642, 1.0, 0.8249)}
    if gray:
        tags[b"kTRC"] = curve
    else:
        for name, column in zip("rgb", colorants(primaries)):
            tags[name.encode() + b"XYZ"] = xyz(*column)
            tags[name.encode() + b"TRC"] = curve
    offset, table, data = 128 + 4 + 12 * len(tags), b"", b""
    for name, body in tags.items():
        body += b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", offset + len(data), len(body))
        data += body
    header = struct.pack(">I", offset + len(data)) + b"\0\0\0\0" + b"\x02\x40\0\0" + b"mntr"
    header += (b"GRAY" if gray else b"RGB ") + b"XYZ " + b"\0" * 12 + b"acsp" + b"\0" * 28
    header += number(0.9642) + number(1.0) + number(0.8249) + b"\0" * 48
    return header + struct.pack(">I", len(tags)) + table + data


def colorants(primaries):
    """Of D65 primaries, adapted to D50 by Bradford's matrix."""
    def multiply(a, b):
        return [[sum(a[i][k] * b[k][j] for k in range(3)) for j in range(len(b[0]))] for i in range(3)]

    def inverse(m):
        (a, b, c), (d, e, f), (g, h, i) = m
        det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
        return [[(e * i - f * h) / det, (c * h - b * i) / det, (b * f - c * e) / det],
                [(f * g - d * i) / det, (a * i - c * g) / det, (c * d - a * f) / det],
                [(d * h - e * g) / det, (b * g - a * h) / det, (a * e - b * d) / det]]

    white = [[0.3127 / 0.3290], [1.0], [(1 - 0.3127 - 0.3290) / 0.3290]]
    columns = [[x / y for x, y in primaries], [1.0] * 3, [(1 - x - y) / y for x, y in primaries]]
    scale = multiply(inverse(columns), white)
    matrix = [[columns[i][j] * scale[j][0] for j in range(3)] for i in range(3)]
    bradford = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    from_, to = multiply(bradford, white), multiply(bradford, [[0.9642], [1.0], [0.8249]])
    ratio = [[to[i][0] / from_[i][0] if i == j else 0.0 for j in range(3)] for i in range(3)]
    adapted = multiply(multiply(multiply(inverse(bradford), ratio), bradford), matrix)
    return [[adapted[i][j] for i in range(3)] for j in range(3)]


SRGB = [(0.64, 0.33), (0.30, 0.60), (0.15, 0.06)]
ADOBE = [(0.64, 0.33), (0.21, 0.71), (0.15, 0.06)]
P3 = [(0.68, 0.32), (0.265, 0.69), (0.15, 0.06)]


# ---- Variants.

def photo(size):
    """Something with edges, ramps, saturated colors and noise, always the same."""
    image = Image.new("RGB", size)
    seed = 1
    for y in range(size[1]):
        for x in range(size[0]):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            noise = (seed >> 16) % 24
            color = (x * 255 // size[0], y * 255 // size[1], (x + y) * 3 % 256)
            if (x // 13 + y // 11) % 5 == 0:
                color = (230, 20 + noise, 30)
            image.putpixel((x, y), tuple(min(255, channel + noise // 3) for channel in color))
    return image


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(png, *chunks):
    """After the header, which is 33 bytes."""
    return png[:33] + b"".join(chunks) + png[33:]


def encoded(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def interlaced(image, depth=8):
    """Pillow does not write Adam7."""
    width, height = image.size
    kind = {"L": 0, "RGB": 2, "LA": 4, "RGBA": 6}[image.mode]
    data, pixels = b"", image.load()
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        for y in range(y0, height, dy):
            row = [pixels[x, y] for x in range(x0, width, dx)]
            if row:
                row = [value if isinstance(value, tuple) else (value,) for value in row]
                data += b"\0" + bytes(channel for pixel in row for channel in pixel)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def variants():
    """Names and files."""
    big, small, odd = photo((96, 72)), photo((16, 16)), photo((61, 37))
    profiles = {"none": None, "p3": profile(P3, 2.2), "adobe": profile(ADOBE, 2.2), "srgb": profile(SRGB, 2.2), "linear": profile(SRGB, 1.0), "broken": b"nonsense" * 20}
    exif = {n: Image.Exif() for n in range(1, 9)}
    for n, one in exif.items():
        one[0x112] = n
    for progressive in (False, True):
        for subsampling in (0, 1, 2):
            for name, image in (("big", big), ("small", small), ("odd", odd)):
                for quality in (40, 92):
                    for restart in (0, 2):
                        options = {"restart_marker_blocks": restart} if restart else {}
                        yield (f"rgb-{name}-p{progressive:d}-s{subsampling}-q{quality}-r{restart}.jpg",
                               encoded(image, "JPEG", progressive=progressive, subsampling=subsampling, quality=quality, **options))
        for name, image in (("big", big), ("odd", odd)):
            yield f"gray-{name}-p{progressive:d}.jpg", encoded(image.convert("L"), "JPEG", progressive=progressive, quality=90)
            yield f"cmyk-{name}-p{progressive:d}.jpg", encoded(image.convert("CMYK"), "JPEG", progressive=progressive, quality=95)
    for name, icc in profiles.items():
        for subsampling in (0, 2):
            if icc:
                yield f"icc-{name}-s{subsampling}.jpg", encoded(big, "JPEG", quality=95, subsampling=subsampling, icc_profile=icc)
        if icc:
            yield f"icc-{name}-png.png", encoded(odd, "PNG", icc_profile=icc)
            yield f"icc-{name}-alpha.png", encoded(odd.convert("RGBA"), "PNG", icc_profile=icc)
            yield f"icc-{name}-palette.png", encoded(odd.quantize(64), "PNG", icc_profile=icc)
    yield "icc-jpeg-gray.jpg", encoded(odd.convert("L"), "JPEG", quality=95, icc_profile=profile(None, 1.8, gray=True))
    yield "icc-png-gray.png", encoded(odd.convert("L"), "PNG", icc_profile=profile(None, 1.8, gray=True))
    for n, one in exif.items():
        yield f"exif-{n}.jpg", encoded(odd, "JPEG", quality=95, exif=one)
        png = encoded(odd, "PNG")
        body = one.tobytes()
        body = body[6:] if body.startswith(b"Exif\0\0") else body
        yield f"exif-before-{n}.png", with_chunks(png, chunk(b"eXIf", body))
        yield f"exif-after-{n}.png", png[:-12] + chunk(b"eXIf", body) + png[-12:]
    for name, image in (("big", big), ("odd", odd), ("small", small)):
        for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16"):
            if mode == "RGBA":
                converted = image.convert("RGBA")
                converted.putalpha(image.convert("L"))
            elif mode == "LA":
                converted = image.convert("LA")
                converted.putalpha(image.convert("L").transpose(Image.Transpose.FLIP_LEFT_RIGHT))
            elif mode == "I;16":
                converted = Image.frombytes("I;16", image.size, b"".join(bytes([value, value]) for value in image.convert("L").tobytes()))
            else:
                converted = image.convert(mode)
            for level in (1, 9):
                yield f"png-{mode.replace(';', '')}-{name}-{level}.png", encoded(converted, "PNG", compress_level=level)
            if mode in ("L", "LA", "RGB", "RGBA"):
                yield f"png-interlaced-{mode}-{name}.png", interlaced(converted)
        for colors in (2, 4, 16, 256):
            palette = image.quantize(colors)
            yield f"png-palette-{colors}-{name}.png", encoded(palette, "PNG")
            yield f"png-palette-{colors}-{name}-clear.png", encoded(palette, "PNG", transparency=1)
            yield f"gif-{colors}-{name}.gif", encoded(palette, "GIF")
            yield f"gif-{colors}-{name}-plain.gif", encoded(palette, "GIF", interlace=0)
            yield f"gif-{colors}-{name}-clear.gif", encoded(palette, "GIF", transparency=1)
        yield f"png-rgb-clear-{name}.png", encoded(image, "PNG", transparency=image.getpixel((3, 3)))
        for disposal in (0, 1, 2, 3):
            frames = [image.rotate(90 * n).resize(image.size).quantize(32) for n in range(3)]
            yield f"gif-frames-{disposal}-{name}.gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=disposal, duration=50)
        for disposal in (0, 1, 2):
            for blend in (0, 1):
                frames = [image.rotate(90 * n).resize(image.size).quantize(32).convert("RGBA") for n in range(3)]
                frames[1].putalpha(image.convert("L").point(lambda value: 255 * (value > 90)))
                yield (f"apng-{disposal}-{blend}-{name}.png",
                       encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], disposal=disposal, blend=blend, duration=[40, 70, 110], loop=3))
        yield (f"apng-apart-{name}.png",
               encoded(image, "PNG", save_all=True, append_images=frames, default_image=True, duration=60))
    # Samplings and scans that Pillow reads and does not write.
    for factors in ([(1, 1)], [(1, 1)] * 3, [(2, 2), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(1, 2), (1, 1), (1, 1)],
                    [(4, 1), (1, 1), (1, 1)], [(3, 1), (1, 1), (1, 1)], [(1, 3), (1, 1), (1, 1)], [(1, 1), (2, 2), (2, 2)],
                    [(2, 2), (2, 1), (1, 2)]):
        name = "-".join(f"{across}x{down}" for across, down in factors)
        yield f"scans-{name}.jpg", odd_jpeg(odd, factors)
        yield f"scans-{name}-apart.jpg", odd_jpeg(odd, factors, interleaved=False)
        yield f"scans-{name}-progressive.jpg", odd_jpeg(odd, factors, progressive=True)
        for restart in (1, 3):
            yield f"scans-{name}-restart-{restart}.jpg", odd_jpeg(odd, factors, restart=restart)
            yield f"scans-{name}-apart-restart-{restart}.jpg", odd_jpeg(odd, factors, interleaved=False, restart=restart)
            yield f"scans-{name}-progressive-restart-{restart}.jpg", odd_jpeg(odd, factors, progressive=True, restart=restart)
        if len(factors) == 3:
            whole = odd_jpeg(odd, factors, interleaved=False)
            yield f"cut-{name}-scan.jpg", whole[:whole.rindex(b"\xff\xda")] + b"\xff\xd9"
    # What is whole and unusual.
    jpeg, png, gif = encoded(big, "JPEG", quality=90), encoded(big, "PNG"), encoded(big.quantize(32), "GIF")
    scan = jpeg.index(b"\xff\xda")
    yield "whole-jpeg-no-end.jpg", jpeg[:-2]
    yield "whole-jpeg-trailing.jpg", jpeg + b"\xff\xd8 something else" * 9
    yield "whole-stray.jpg", jpeg[:20] + b"\0\1\2\3" * 9 + jpeg[20:]
    yield "whole-fill.jpg", jpeg[:scan] + b"\xff" * 7 + jpeg[scan:]
    yield "whole-comment-0.jpg", jpeg[:scan] + b"\xff\xfe\0\0" + jpeg[scan:]
    yield "whole-comment-1.jpg", jpeg[:scan] + b"\xff\xfe\0\1" + jpeg[scan:]
    thumbnail = encoded(small, "JPEG")
    yield "whole-thumbnail.jpg", jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + jpeg[2:]
    yield "whole-no-iend.png", png[:-12]
    yield "whole-half-iend.png", png[:-5]
    yield "whole-no-trailer.gif", gif[:-1]
    yield "whole-png-trailing.png", png + b"abc" * 100
    yield "whole-gif-trailing.gif", gif + b"abc" * 100
    yield "whole-unknown-chunk.png", with_chunks(png, chunk(b"teSt", b"x" * 50))
    yield "whole-srgb.png", with_chunks(png, chunk(b"sRGB", b"\0"))
    # What is damaged.
    for kind, file, end in (("jpg", jpeg, b"\xff\xd9"), ("png", png, b""), ("gif", gif, b"")):
        for part in (3, 5, 8):
            cut = file[:len(file) * part // 9]
            yield f"cut-{kind}-{part}.{kind}", cut
            if end:
                yield f"cut-{kind}-{part}-with-end.{kind}", cut + end
    yield "not-a-picture.png", b"hello"
    yield "html.jpg", b"<!doctype html><html></html>"


# ---- Comparison.

def as_pillow_sees_it(path, is_lenient=False):
    ImageFile.LOAD_TRUNCATED_IMAGES = is_lenient
    image = Image.open(path)
    format = image.format
    if format == "JPEG" and image.mode == "CMYK" and not image.info.get("icc_profile"):
        return format, None
    image.load()
    if format == "GIF":
        return format, image.convert("RGBA")
    icc = image.info.get("icc_profile")
    alpha = None
    if image.mode.startswith("I"):
        image = image.point(lambda value: value / 257).convert("L") if image.mode != "I;16" else Image.frombytes("L", image.size, image.tobytes()[1::2])
    if image.mode in ("P", "1") or (image.mode in ("L", "RGB") and "transparency" in image.info):
        image = image.convert("RGBA" if "transparency" in image.info or image.mode == "P" else "L")
    if image.mode in ("RGBA", "LA"):
        alpha = image.getchannel("A")
        image = image.convert("RGB" if image.mode == "RGBA" else "L")
    if icc:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            if source.profile.xcolor_space.strip() == {"L": "GRAY"}.get(image.mode, image.mode):
                image = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), renderingIntent=0, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            pass
    image = image.convert("RGB")
    image.putalpha(alpha if alpha else 255)
    exif = Image.open(path).getexif()
    turned = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90"}.get(exif.get(0x112))
    return format, image.transpose(Image.Transpose[turned]) if turned else image


def frames_of(file):
    """Frames and their durations in milliseconds."""
    image = Image.open(file)
    frames = ImageSequence.all_frames(image, lambda frame: frame.convert("RGBA"))
    durations = []
    for number in range(len(frames)):
        image.seek(number)
        durations.append(round(image.info.get("duration", 0)))
    first = 1 if image.info.get("default_image") else 0
    return frames[first:], durations[first:]


def animation(path, url):
    """Compares all frames, of a GIF that is made of the file."""
    ours, durations = frames_of(io.BytesIO(asked(path, url, "gif")))
    theirs, their_durations = frames_of(path)
    if (len(ours), durations) != (len(theirs), their_durations):
        return "!other frames", f"{durations}, and {their_durations} by Pillow"
    for number, (one, other) in enumerate(zip(ours, theirs)):
        other.putalpha(other.getchannel("A").point(lambda value: 255 * (value > 127)))
        # Pillow shows what a GIF has cleared in some color.
        one.putalpha(other.getchannel("A"))
        mean, most = difference(one, other)
        if most > 0:
            return "!other frames", f"frame {number} by {mean:.2f} on the average, {most} at most"
    return "the same in all frames", ""


def difference(ours, theirs):
    """The mean and the most, of 255, of what is seen on black and on white."""
    mean, most = 0, 0
    for background in (0, 255):
        flat = [Image.alpha_composite(Image.new("RGBA", image.size, (background,) * 3 + (255,)), image).convert("RGB") for image in (ours, theirs)]
        histogram = ImageChops.difference(*flat).histogram()
        values = [sum(histogram[n::256]) for n in range(256)]
        mean = max(mean, sum(n * count for n, count in enumerate(values)) / sum(values))
        most = max(most, max(n for n, count in enumerate(values) if count))
    return mean, most


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--generate"] and len(arguments) == 2:
        folder = Path(arguments[1])
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in variants():
            (folder / name).write_bytes(file)
    elif len(arguments) == 1 and not arguments[0].startswith("-"):
        folder = Path(arguments[0])
    else:
        sys.exit(__doc__)
    program = os.environ.get("MEMED", "target/release/memed")
    server = subprocess.Popen([program, "127.0.0.1:0", "--templates", folder, "-q", "--result-cache", "0"], stderr=subprocess.PIPE, text=True)
    try:
        url = None
        for line in server.stderr:
            found = re.search(r"http://\S+", line)
            if found:
                url = found.group()
                break
        if not url:
            sys.exit("the server does not start")
        threading.Thread(target=lambda: [None for _ in server.stderr], daemon=True).start()
        sys.exit(compare(folder, url))
    finally:
        server.terminate()
        server.wait()


def compare(folder, url):
    counts, unexplained = {}, []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in (".jpg", ".jpeg", ".png", ".gif") or path.name.startswith("."):
            continue
        kind, note = one(path, url)
        counts[kind] = counts.get(kind, 0) + 1
        if kind.startswith("!"):
            unexplained.append((path.name, kind[1:], note))
    for kind, count in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"{count:6}  {kind.lstrip('!')}")
    for name, kind, note in unexplained:
        print(f"  {name}: {kind}: {note}")
    return 1 if unexplained else 0


def asked(path, url, format):
    name = urllib.parse.quote(path.stem)
    with urllib.request.urlopen(f"{url}/caption?template={name}&format={format}", timeout=60) as reply:
        return reply.read()


def one(path, url):
    try:
        ours = Image.open(io.BytesIO(asked(path, url, "png"))).convert("RGBA")
    except urllib.error.HTTPError as error:
        ours, why = None, error.read().decode(errors="replace").strip()
    if ours is None and path.stem.startswith("cut-"):
        return "refused, since a part of it is missing", ""
    try:
        format, theirs = as_pillow_sees_it(path)
        note = ""
    except Exception:  # Pillow raises almost anything
        if ours is None:
            return "refused by both", ""
        try:
            format, theirs = as_pillow_sees_it(path, is_lenient=True)
            note = ", by Pillow with LOAD_TRUNCATED_IMAGES"
        except Exception as error:
            return "!drawn, and refused by Pillow", str(error)
    if ours is None:
        return "!refused, and decoded by Pillow", why
    if theirs is None:
        return "drawn; inks without a profile, on which decoders do not agree", ""
    if ours.size != theirs.size:
        return "!another size", f"{ours.size}, and {theirs.size} by Pillow"
    mean, most = difference(ours, theirs)
    if mean <= SAME_MEAN and most <= SAME_MOST[format]:
        if getattr(Image.open(path), "n_frames", 1) > 1:
            return animation(path, url)
        return "the same" + note, ""
    return "!other pixels", f"by {mean:.2f} on the average, {most} at most"


if __name__ == "__main__":
    main()
