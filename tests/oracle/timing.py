#!/usr/bin/env python3
"""Compares captions that come and go, frame by frame as Pillow plays them, with the template and with captions that stay.

    tests/oracle/timing.py [FOLDER]     your own GIFs; without a folder, those that are built in

Draws each GIF without text, with a text that stays, and with the same text at some times. A frame outside of such a
time must be the first, one within it the second. Needs Pillow, of PyPI; MEMED names the program, which is
target/release/memed by default. Exits with 1 if a frame is neither.
"""

import io
import json
import os
import random
import subprocess
import sys
from pathlib import Path

from PIL import Image, ImageChops, ImageSequence

MEMED = os.environ.get("MEMED", "target/release/memed")
# A full palette gives colors up for a text; where all tables have room, nothing may differ.
MOST = int(os.environ.get("MOST", "0"))


def drawn(name, folder, **fields):
    request = json.dumps({"template": name, "format": "gif", **fields})
    command = [MEMED, "caption", "--json", "-", "-o", "-"]
    command += ["--templates", str(folder)] if folder else []
    return subprocess.run(command, input=request.encode(), check=True, capture_output=True).stdout


def frames(file):
    """The frames as they are seen, and when each begins, in milliseconds as browsers count them."""
    pictures, starts, time = [], [], 0
    for frame in ImageSequence.Iterator(Image.open(io.BytesIO(file))):
        delay = int(frame.info.get("duration", 0))
        pictures.append(frame.convert("RGBA"))
        starts.append(time)
        time += delay if delay >= 20 else 100
    return pictures, starts, time


def difference(one, other):
    bands = ImageChops.difference(one, other).getextrema()
    return max(most for _, most in bands)


def check(name, folder):
    plain, starts, total = frames(drawn(name, folder))
    stays, _, _ = frames(drawn(name, folder, top_text="HI"))
    if len(plain) == 1:
        return 0, 0
    wrong = count = 0
    for _ in range(4):
        first, last = sorted(random.sample(range(101), 2))
        begin, end = total * first / 100, total * last / 100
        seen = [index for index, start in enumerate(starts) if begin <= start < end]
        seen = seen or [max(index for index, start in enumerate(starts) if start <= begin)]
        timed, _, _ = frames(drawn(name, folder, top_text="HI", **{"from": f"{first}%", "to": f"{last}%"}))
        assert len(timed) == len(plain)
        for index, frame in enumerate(timed):
            expected = stays if index in seen else plain
            most = difference(frame, expected[index])
            count += 1
            if most > MOST:
                wrong += 1
                print(f"{name}: {first}% to {last}%, frame {index} of {len(plain)} is {most} off")
    return count, wrong


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    names = [path.stem for path in sorted(folder.glob("*.gif"))] if folder else ["deal-with-it", "dramatic-raccoon"]
    random.seed(1)
    results = [check(name, folder) for name in names]
    count, wrong = (sum(column) for column in zip(*results))
    print(f"{count} frames of {len(names)} animations, {wrong} of them wrong")
    sys.exit(1 if wrong else 0)


main()
