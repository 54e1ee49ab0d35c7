"""What the caches are worth, and what replicas are worth."""

import asyncio
import collections
import os
import random
import time

from client import Connection, closed_load, fetch, quantile
from processes import Fake, HAProxy, Nginx, replicas
from report import milliseconds, percent

NO_CACHE = ("proxy_cache memed;", "proxy_cache off;")
ROUND_ROBIN = ("        hash $request_uri consistent;\n", "")

PICTURES = 1500
EXPONENT = 0.9


def zipf_requests(count, seed):
    """Requests for so many pictures, the n-th of which is asked for in proportion to 1/n^EXPONENT."""
    weights = [1 / (rank + 1) ** EXPONENT for rank in range(PICTURES)]
    chosen = random.Random(seed).choices(range(PICTURES), weights, k=count)
    return [{"target": f"/images/rocket/z{number}/zipf.jpg?width=160"} for number in chosen]


async def hit_rates(report, program, folder):
    """Consistent hashing against round robin, and the proxy's own cache."""
    report.scene(f"hit rates: Zipf {EXPONENT} over {PICTURES} pictures, three replicas with a cache of 1 MiB each")
    warm, counted = zipf_requests(2500, 1), zipf_requests(3500, 2)
    cases = [
        ("nginx, round robin, no cache", Nginx, [NO_CACHE, ROUND_ROBIN]),
        ("nginx, by URL, no cache", Nginx, [NO_CACHE]),
        ("haproxy, by URL", HAProxy, []),
        ("nginx as shipped", Nginx, []),
    ]
    rows, rates, proxy_rate = [], {}, 0
    for what, kind, changes in cases:
        three = await replicas(program, folder, 3, "--result-cache", "1")
        ports = [replica.port for replica in three]
        proxy = await kind(folder, ports, changes=changes).start()
        answers = await closed_load(proxy.port, warm, 16)
        before = [await replica.stats() for replica in three]
        start = time.monotonic()
        measured = await closed_load(proxy.port, counted, 16, network=3)
        seconds = time.monotonic() - start
        after = [await replica.stats() for replica in three]
        wrong = [answer for answer in answers + measured if not answer.is_well()]
        report.promise(f"all are answered: {what}", not wrong, wrong[:3] or "")

        def grown(*path):
            def at(stats):
                for name in path:
                    stats = stats[name]
                return stats

            return [at(new) - at(old) for new, old in zip(after, before)]

        hits, misses = grown("cache", "results", "hits"), grown("cache", "results", "misses")
        rates[what] = sum(hits) / (sum(hits) + sum(misses))
        in_proxy = sum(answer.headers.get("x-cache") in ("HIT", "UPDATING", "STALE") for answer in measured)
        if what == "nginx as shipped":
            proxy_rate = in_proxy / len(measured)
        held = sum(stats["cache"]["results"]["used"] for stats in after) / (sum(len(a.body) for a in measured) / len(measured))
        rows.append(
            [what, len(measured), percent(in_proxy / len(measured)), percent(rates[what]), sum(grown("drawn", "count"))]
            + ["/".join(str(hit + miss) for hit, miss in zip(hits, misses)), f"{held:.0f}", f"{len(measured) / seconds:.0f}"]
        )
        for replica in three:
            await replica.stop()
        proxy.process.end()
    report.table(
        ["", "requests", "proxy's hits", "replicas' hits", "drawn", "of each replica", "pictures held", "per second"], rows
    )
    by_url, round_robin = rates["nginx, by URL, no cache"], rates["nginx, round robin, no cache"]
    gain = f"{percent(by_url)} instead of {percent(round_robin)}"
    report.promise("by URL, nginx's replicas hit at least a tenth more often", by_url > round_robin + 0.1, gain)
    report.promise(
        "by URL, haproxy's replicas do so as often as nginx's", abs(rates["haproxy, by URL"] - by_url) < 0.06,
        percent(rates["haproxy, by URL"]),
    )
    report.promise("nginx's own cache holds them all, and hits more often still", proxy_rate > by_url, percent(proxy_rate))


async def throughput(report, program, folder):
    """One, two and three replicas with one render thread each."""
    report.scene(f"one, two and three replicas with one render thread each, on {os.cpu_count()} cores: people's own pictures")
    rows, rates, picture = [], [], None
    for count in (1, 2, 3):
        some = await replicas(program, folder, count, "--render-threads", "1", "--result-cache", "0")
        ports = [replica.port for replica in some]
        proxy = await Nginx(folder, ports, changes=[NO_CACHE]).start()
        if picture is None:
            picture = (await fetch(ports[0], "/caption?template=raccoon&top_text=mine")).body
        request = {"target": "/caption?top_text=own&width=160", "method": "POST", "body": picture}
        await closed_load(proxy.port, [request] * 2 * count, 6)
        requests = [request] * (150 * min(count, 2))
        start = time.monotonic()
        answers = await closed_load(proxy.port, requests, 12)
        seconds = time.monotonic() - start
        wrong = [answer for answer in answers if not answer.is_well()]
        report.promise(f"all are answered by {count}", not wrong, wrong[:3] or "")
        rates.append(len(answers) / seconds)
        took = [answer.seconds for answer in answers]
        rows.append(
            [count, len(answers), f"{rates[-1]:.0f}"] + [milliseconds(quantile(took, share)) for share in (0.5, 0.99)]
        )
        for replica in some:
            await replica.stop()
        proxy.process.end()
    report.table(["replicas", "pictures", "per second", "p50", "p99"], rows)
    report.promise(
        "two replicas do more than one", rates[1] > 1.15 * rates[0] or os.cpu_count() == 1,
        f"{rates[1] / rates[0]:.2f} times as much",
    )


async def coalescing(report, program, folder):
    """Fifty first requests for one picture at one instant."""
    report.scene("fifty equal first requests at one instant")
    three = await replicas(program, folder, 3)
    proxies = [await Nginx(folder, [r.port for r in three]).start(), await HAProxy(folder, [r.port for r in three]).start()]

    async def sums():
        stats = [await replica.stats() for replica in three]
        return sum(s["cache"]["results"]["misses"] + s["cache"]["results"]["hits"] + s["shared"] for s in stats), sum(
            s["drawn"]["count"] for s in stats
        )

    rows, drawn, asked = [], [], []
    for proxy in proxies:
        for round_number in range(3):
            # Drawn once, so that all replicas have prepared the template.
            for replica in three:
                await fetch(replica.port, f"/caption?template=deal-with-it&top_text=warm+{proxy.name}+{round_number}")
            clients = [Connection(proxy.port, f"127.0.40.{1 + number}") for number in range(50)]
            for client in clients:
                await client.open()
            log_before = len(await proxy.log()) if proxy.name == "nginx" else 0
            before = await sums()
            target = f"/caption?template=deal-with-it&top_text=all+at+once+{proxy.name}+{round_number}"
            answers = await asyncio.gather(*(client.request(target) for client in clients))
            after = await sums()
            for client in clients:
                client.close()
            wrong = [answer for answer in answers if not answer.is_well()]
            report.promise(f"all are answered, {proxy.name}", not wrong, wrong[:3] or "")
            report.promise("with the same bytes", len({answer.body for answer in answers}) == 1)
            if proxy.name == "nginx":
                lines = [line for line in (await proxy.log())[log_before:] if line["target"] == target]
                reached = sum(1 for line in lines if line["replicas"])
                asked.append(reached)
            else:
                reached = 50
            drawn.append(after[1] - before[1])
            took = [answer.seconds for answer in answers]
            rows.append(
                [proxy.name, len(answers), reached, drawn[-1]]
                + [milliseconds(quantile(took, share)) for share in (0, 0.5, 1)]
            )
    report.table(["", "requests", "reach a replica", "drawn", "first", "p50", "last"], rows)
    report.promise("each picture is drawn once", drawn == [1] * 6, drawn)
    report.promise("nginx lets one of them through", min(asked) == 1, asked)


async def stale(report, program, folder):
    """All replicas are down, and nginx's cache goes on."""
    report.scene("all replicas are down")
    fields = 'Cache-Control: public, max-age=2\r\nETag: "one"\r\nContent-Type: image/png\r\n'
    fakes = [await Fake(lambda head: (200, fields, b"a picture")).start() for _ in range(3)]
    nginx = await Nginx(folder, [fake.port for fake in fakes]).start()
    caption = "/caption?template=cat&top_text=stale"
    first = await fetch(nginx.port, caption)
    report.promise("a picture is cached", first.headers.get("x-cache") == "MISS" and first.is_well(), first)
    fresh = await fetch(nginx.port, caption)
    report.promise("and comes from the cache", fresh.headers.get("x-cache") == "HIT", fresh.headers.get("x-cache"))
    await asyncio.sleep(3.1)
    # After its time it is shown once more, while nginx asks whether it is still the same.
    late = await fetch(nginx.port, caption)
    await asyncio.sleep(0.2)
    heads = [head for fake in fakes for head in fake.heads if b"if-none-match" in head.lower()]
    report.promise("after its time it is shown at once", late.headers.get("x-cache") == "STALE", late.headers.get("x-cache"))
    report.promise("while nginx asks with its ETag", len(heads) == 1, heads)
    again = await fetch(nginx.port, caption)
    report.promise("which makes it fresh again", again.headers.get("x-cache") == "HIT", again.headers.get("x-cache"))
    for fake in fakes:
        await fake.stop()
    await asyncio.sleep(3.1)
    down = await asyncio.gather(*(fetch(nginx.port, caption) for _ in range(20)))
    cached = collections.Counter(answer.headers.get("x-cache") for answer in down)
    report.promise("stale pictures are served while all are down", all(a.is_well() for a in down), dict(cached))
    unknown = await fetch(nginx.port, "/caption?template=cat&top_text=unknown")
    report.promise(
        "what is not cached is a 502 in JSON",
        unknown.status == 502 and unknown.body.startswith(b'{"error":') and "retry-after" in unknown.headers,
        unknown,
    )
    haproxy = await HAProxy(folder, [fake.port for fake in fakes]).start()
    unknown = await fetch(haproxy.port, caption)
    report.promise(
        "haproxy answers a 503 in JSON", unknown.status == 503 and unknown.body.startswith(b'{"error":'), unknown
    )
    for fake in fakes:
        await fake.start()
    back = await fetch(nginx.port, "/caption?template=cat&top_text=unknown")
    report.promise("the first request after they are back is answered", back.is_well(), back)
    for fake in fakes:
        await fake.stop()
