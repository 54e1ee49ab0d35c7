#!/usr/bin/env python3
"""Compares captions that come and go with the template and with captions that stay, frame by frame.

    tests/oracle/timing.py FOLDER                 your own GIFs
    tests/oracle/timing.py --generate FOLDER      writes 150 animations there first

Draws each GIF without text, with a text that stays, and with the same text at some times. A frame outside of such a time
must be the first; one within it must have the letters and outlines of the second. The player is this script's: as
browsers, it leaves nothing where a frame is cleared, where Pillow puts the color of the background. MEMED names the
program, which is target/release/memed by default. MOST is how far a color may be off: 0 by default, which holds where
the color tables are not full. Exits with 1 if a frame is wrong.
"""

import json
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

MEMED = os.environ.get("MEMED", "target/release/memed")
MOST = int(os.environ.get("MOST", "0"))
SOLID = ((255, 255, 255, 255), (0, 0, 0, 255))
CLEAR = (0, 0, 0, 0)


# ---- A player of GIFs.

def blocks(file, at):
    data = b""
    while file[at]:
        data += file[at + 1:at + 1 + file[at]]
        at += file[at] + 1
    return data, at + 1


def decompressed(bits, data):
    clear, width, table, last, indices = 1 << bits, bits + 1, [], None, []
    held = count = at = 0
    while True:
        while count < width:
            held |= data[at] << count
            count, at = count + 8, at + 1
        code = held & (1 << width) - 1
        held, count = held >> width, count - width
        if code == clear:
            table, width, last = [(index,) for index in range(clear)] + [None, None], bits + 1, None
        elif code == clear + 1:
            return indices
        else:
            entry = table[code] if code < len(table) else last + last[:1]
            if last is not None and len(table) < 4096:
                table.append(last + entry[:1])
                width += len(table) == 1 << width and width < 12
            indices += entry
            last = entry


def play(file):
    """The frames as they are seen; when each begins, and the end, in milliseconds as browsers count them."""
    width, height = struct.unpack("<HH", file[6:10])
    length = 3 * (2 << (file[10] & 7)) if file[10] & 0x80 else 0
    shared, at = file[13:13 + length], 13 + length
    canvas, frames, starts, time, control = [CLEAR] * (width * height), [], [], 0, (0, None, 0)
    while file[at] != 0x3b:
        if file[at] == 0x21:
            if file[at + 1] == 0xf9:
                flags, delay, index = struct.unpack("<BHB", file[at + 3:at + 7])
                control = (flags >> 2 & 7, index if flags & 1 else None, delay)
            _, at = blocks(file, at + 2)
            continue
        left, top, columns, rows, flags = struct.unpack("<HHHHB", file[at + 1:at + 10])
        length = 3 * (2 << (flags & 7)) if flags & 0x80 else 0
        table, at = file[at + 10:at + 10 + length] or shared, at + 10 + length
        data, end = blocks(file, at + 1)
        dispose, transparent, delay = control
        before, inside = list(canvas), []
        for number, index in enumerate(decompressed(file[at], data)):
            x, y = left + number % columns, top + number // columns
            if x < width and y < height:
                inside.append(y * width + x)
                if index != transparent:
                    canvas[y * width + x] = tuple(table[3 * index:3 * index + 3] or bytes(3)) + (255,)
        frames.append(list(canvas))
        starts.append(time)
        time += 10 * delay if delay >= 2 else 100
        if dispose == 3:
            canvas = before
        elif dispose == 2:
            for pixel in inside:
                canvas[pixel] = CLEAR
        at = end
    return frames, starts, time


# ---- Animations that are hard to write on.

def uncompressed(indices):
    """Codes of nine bits, with a clear code before the table would make them wider."""
    codes = [code for at in range(0, len(indices), 200) for code in [256] + indices[at:at + 200]] + [257]
    bits = sum(code << 9 * place for place, code in enumerate(codes))
    data = bits.to_bytes(9 * len(codes) // 8 + 1, "little")
    parts = [data[at:at + 255] for at in range(0, len(data), 255)]
    return b"\x08" + b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def animation(seed):
    some = random.Random(seed)
    width, height, has_shared = some.randrange(20, 120), some.randrange(20, 90), some.random() < 0.7
    flags = some.randrange(1, 6)
    table = lambda flags: bytes(some.randrange(256) for _ in range(3 * (2 << flags)))
    file = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80 | flags if has_shared else 0, 0, 0)
    file += table(flags) if has_shared else b""
    file += b"!\xff\x0bNETSCAPE2.0\x03\x01\0\0\0"
    for number in range(some.randrange(1, 7)):
        left, top, columns, rows = 0, 0, width, height
        if some.random() < (0.4 if number == 0 else 0.7):
            left, top = some.randrange(width), some.randrange(height)
            columns, rows = some.randrange(1, width - left + 1), some.randrange(1, height - top + 1)
        is_own = not has_shared or some.random() < 0.3
        own = some.randrange(1, 6) if is_own else flags
        entries, block, seed = some.randrange(2, (2 << own) + 1), some.choice([1, 4, 9]), some.randrange(1 << 30)
        control = (some.randrange(4) << 2 | (some.random() < 0.5), some.choice([0, 1, 5, 7, 10]), some.randrange(2 << own))
        file += b"!\xf9\x04" + struct.pack("<BHB", *control) + b"\0"
        file += b"," + struct.pack("<HHHHB", left, top, columns, rows, 0x80 | own if is_own else 0)
        file += table(own) if is_own else b""
        index = lambda x, y: ((x // block * 7919 ^ y // block * 104729 ^ seed) * 2654435761 >> 7) % entries
        file += uncompressed([index(x, y) for y in range(rows) for x in range(columns)])
    return file + b";"


# ---- The comparison.

def drawn(path, **fields):
    request = json.dumps({"template": path.stem, "format": "gif", **fields})
    command = [MEMED, "caption", "--json", "-", "-o", "-", "--templates", str(path.parent)]
    return subprocess.run(command, input=request.encode(), check=True, capture_output=True).stdout


def differs(one, other):
    return one != other and max(abs(a - b) for a, b in zip(one, other)) > MOST


def wrong_pixels(timed, plain, stays, has_text):
    """Soft edges may differ: each table has its own colors for them."""
    if has_text:
        return sum(differs(now, text) for now, bare, text in zip(timed, plain, stays) if text in SOLID and text != bare)
    return sum(differs(now, bare) for now, bare in zip(timed, plain))


def check(path):
    plain, starts, total = play(drawn(path))
    if len(plain) == 1:
        return 0, 0
    stays, _, _ = play(drawn(path, top_text="HI"))
    wrong = count = 0
    for _ in range(4):
        first, last = sorted(random.sample(range(101), 2))
        begin, end = total * first / 100, total * last / 100
        seen = [index for index, start in enumerate(starts) if begin <= start < end]
        seen = seen or [max(index for index, start in enumerate(starts) if start <= begin)]
        timed, others, _ = play(drawn(path, top_text="HI", **{"from": f"{first}%", "to": f"{last}%"}))
        assert others == starts
        for index, now in enumerate(timed):
            pixels = wrong_pixels(now, plain[index], stays[index], index in seen)
            count, wrong = count + 1, wrong + (pixels > 0)
            if pixels:
                which = "with text" if index in seen else "without"
                print(f"{path.stem}: {first}% to {last}%, {pixels} pixels of frame {index} of {len(plain)}, {which}")
    return count, wrong


def main():
    folder = Path(sys.argv[-1])
    if "--generate" in sys.argv:
        for seed in range(150):
            (folder / f"random-{seed}.gif").write_bytes(animation(seed))
    random.seed(1)
    results = [check(path) for path in sorted(folder.glob("*.gif"))]
    count, wrong = (sum(column) for column in zip(*results))
    print(f"{count} frames of {len(results)} animations, {wrong} of them wrong")
    sys.exit(1 if wrong else 0)


main()
