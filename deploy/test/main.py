"""Runs memed behind nginx and haproxy, with the files of deploy/, and checks what deploy/README.md promises.

usage: main.py PROGRAM [SCENE…]
"""

import asyncio
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

import answers
import caches
import framing
import processes
import restarts
from report import Report

LIMIT = 140
"""Seconds for everything."""

SCENES = {
    "restart": restarts.rolling_restart,
    "stop": restarts.stopped_replica,
    "hits": caches.hit_rates,
    "throughput": caches.throughput,
    "coalescing": caches.coalescing,
    "stale": caches.stale,
    "pages": answers.answers_through_a_proxy,
    "repeats": answers.repeats,
    "limits": answers.limits,
    "framing": framing.framing,
}


async def run(report, program, names):
    for name in names:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="memed-deploy-") as folder:
            try:
                await SCENES[name](report, program, folder)
            finally:
                processes.end_all()
        report.note(f"({time.monotonic() - began:.0f} s)")


async def main(program, names):
    report = Report()
    task = asyncio.current_task()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await asyncio.wait_for(run(report, program, names), LIMIT)
    except asyncio.TimeoutError:
        report.promise(f"all of it takes less than {LIMIT} s", False)
    except asyncio.CancelledError:
        report.promise("the test runs to its end", False)
    except Exception:  # whatever it is, the last line must tell of it
        traceback.print_exc()
        report.promise("the test runs to its end", False)
    finally:
        processes.end_all()
    print()
    for text in report.failed:
        print(f"FAILED: {text}")
    print(f"{report.passed} passed, {len(report.failed)} failed", flush=True)
    return 1 if report.failed else 0


if __name__ == "__main__":
    program = Path(sys.argv[1]).resolve()
    chosen = sys.argv[2:] or list(SCENES)
    unknown = [name for name in chosen if name not in SCENES]
    if unknown:
        sys.exit(f"there is no scene {unknown[0]!r}: the scenes are {', '.join(SCENES)}")
    sys.exit(asyncio.run(main(program, chosen)))
