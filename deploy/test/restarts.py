"""Replicas that end while they are asked: restarted, killed, stopped."""

import asyncio
import json
import signal
import time

from client import OpenLoad, fetch, quantile
from processes import HAProxy, Nginx, replicas
from report import milliseconds

MAGIC = {b"\xff\xd8\xff": "jpeg", b"\x89PN": "png", b"GIF": "gif"}


def mixed_requests(tag, small_picture, large_picture):
    """What a site is asked: pictures that no cache has, lists, JSON, people's own pictures."""

    def request(number):
        kind = number % 20
        if kind < 12:
            return {"target": f"/images/rocket/{tag}/a{number}.jpg?width=160"}
        if kind < 14:
            return {"target": f"/caption?template=deal-with-it&top_text={tag}+{number}"}
        if kind == 14:
            return {"target": "/templates"}
        if kind == 15:
            return {"target": "/"}
        if kind < 18:
            body = {"template": "raccoon", "width": 160, "captions": [f"{tag} {number}"]}
            return {
                "target": "/caption",
                "method": "POST",
                "body": json.dumps(body).encode(),
                "headers": [("Content-Type", "application/json")],
            }
        return {
            "target": f"/caption?top_text={tag}+{number}",
            "method": "POST",
            "body": small_picture if kind == 18 else large_picture,
            "headers": [("Content-Type", "image/jpeg")],
        }

    return request


def is_right(answer):
    """Whether the answer is what was asked for, and whole."""
    if not answer.is_well():
        return False
    is_picture = "/images/" in answer.target or "/caption" in answer.target
    return not is_picture or answer.body[:3] in MAGIC


async def rolling_restart(report, program, folder):
    """Three replicas are restarted one after another, and then killed, under load through both proxies."""
    report.scene("replicas are restarted one after another, then killed one by one, under load")
    three = await replicas(program, folder, 3)
    ports = [replica.port for replica in three]
    small = (await fetch(ports[0], "/caption?template=rocket&top_text=mine&width=320")).body
    # More than a buffer of haproxy's.
    large = (await fetch(ports[0], "/caption?template=raccoon&top_text=mine")).body
    proxies = [await Nginx(folder, ports).start(), await HAProxy(folder, ports).start()]
    rows = []

    async def under_load(what, rate, disturb):
        before = [await proxy.repeats() for proxy in proxies]
        loads = [
            OpenLoad(proxy.port, rate, mixed_requests(what.split()[0] + proxy.name, small, large), network=10 + number)
            for number, proxy in enumerate(proxies)
        ]
        in_flight.clear()
        try:
            for load in loads:
                load.start()
            await asyncio.sleep(1)
            await disturb(loads)
            await asyncio.sleep(1)
            for load in loads:
                await load.stop()
        finally:
            for load in loads:
                load.close()
        failures = {}
        for proxy, load, repeated in zip(proxies, loads, before):
            wrong = [answer for answer in load.answers if not is_right(answer)]
            answered = sum(answer.error is None for answer in load.answers)
            failures[proxy.name] = wrong
            seconds = [answer.seconds for answer in load.answers]
            rows.append(
                [what, proxy.name, load.sent, answered, len(wrong), await proxy.repeats() - repeated]
                + [milliseconds(quantile(seconds, share)) for share in (0.5, 0.99, 1)]
            )
        return failures

    codes = []
    in_flight = []

    async def restart_all_twice(_):
        for replica in three + three:
            codes.append(await replica.stop())
            await replica.start()
            await asyncio.sleep(0.3)

    async def kill_each(loads):
        in_flight.extend(0 for _ in loads)
        for replica in three:
            # With something to lose.
            deadline = time.monotonic() + 1
            while min(len(load.tasks) for load in loads) < 2 and time.monotonic() < deadline:
                await asyncio.sleep(0.001)
            replica.process.signal(signal.SIGKILL)
            for number, load in enumerate(loads):
                in_flight[number] += len(load.tasks)
            await replica.process.ended()
            await asyncio.sleep(0.5)
            await replica.start()
            await asyncio.sleep(0.5)

    restarted = await under_load("rolling restart, twice", 100, restart_all_twice)
    killed = await under_load("SIGKILL, one by one", 100, kill_each)
    report.table(["", "through", "sent", "answered", "failed", "repeated", "p50", "p99", "max"], rows)
    for name, wrong in restarted.items():
        report.promise(f"no request fails in two rolling restarts through {name}", not wrong, wrong[:3] or "")
    report.promise("each replica ends with 0", codes == [0] * 6, codes)
    for (name, wrong), limit in zip(killed.items(), in_flight):
        text = f"at most those in flight fail when a replica is killed, through {name}"
        report.promise(text, len(wrong) <= limit, f"{len(wrong)} of {limit} {wrong[:3] or ''}")


async def stopped_replica(report, program, folder):
    """A replica takes connections and says nothing (SIGSTOP)."""
    report.scene("a replica is stopped with SIGSTOP for 15 seconds, under load")
    three = await replicas(program, folder, 3)
    ports = [replica.port for replica in three]
    proxies = [await Nginx(folder, ports).start(), await HAProxy(folder, ports).start()]
    loads = []
    for number, proxy in enumerate(proxies):
        tag = f"stopped{proxy.name}"
        make = lambda count, tag=tag: {"target": f"/images/rocket/{tag}/b{count}.jpg?width=160"}
        loads.append(OpenLoad(proxy.port, 40, make, network=20 + number))
    stopped = three[2].process
    try:
        for load in loads:
            load.start()
        await asyncio.sleep(2)
        since = time.monotonic()
        stopped.signal(signal.SIGSTOP)
        await asyncio.sleep(15)
        stopped.signal(signal.SIGCONT)
        until = time.monotonic()
        await asyncio.sleep(1)
        for load in loads:
            await load.stop()
    finally:
        for load in loads:
            load.close()
    rows = []
    for proxy, load in zip(proxies, loads):
        wrong = [answer for answer in load.answers if not is_right(answer)]
        during = [answer for answer in load.answers if since <= answer.began < until]
        quick = [answer.seconds for answer in during if answer.seconds < 2]
        slow = [answer.seconds for answer in during if answer.seconds >= 2]
        last = max((answer.began - since for answer in during if answer.seconds >= 2), default=0)
        before = [answer.seconds for answer in load.answers if answer.began + answer.seconds < since]
        rows.append(
            [proxy.name, load.sent, len(wrong), await proxy.repeats(), milliseconds(quantile(before, 0.99))]
            + [milliseconds(quantile(quick, share)) for share in (0.5, 0.99)]
            + [len(slow), f"{max(slow, default=0):.1f} s", f"{last:.1f} s"]
        )
        report.promise(f"none fails, through {proxy.name}", not wrong, wrong[:3] or "")
        report.promise(
            f"the others are as quick as before, through {proxy.name}",
            # 90 %, since the slowest are those that the machine had no time for.
            quantile(quick, 0.9) < max(0.5, 5 * quantile(before, 0.9)),
            f"90 % within {milliseconds(quantile(quick, 0.9))}",
        )
        share = len(slow) / len(during)
        report.promise(f"they are most of all, through {proxy.name}", share < 0.4, f"{100 - 100 * share:.0f} %")
        report.promise(
            f"no request waits for longer than one timeout, through {proxy.name}",
            # And then for as long as a busy machine needs.
            max(slow, default=0) < 14 + 5 * quantile(before, 0.99),
            f"{max(slow, default=0):.1f} s",
        )
    report.table(
        ["", "sent", "failed", "repeated", "p99 before", "p50", "p99 of the others", "waited", "for", "last one at"], rows
    )
