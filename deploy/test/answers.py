"""What a client sees through a proxy: whole answers, repeats where they are safe, limits that are its own."""

import asyncio
import json
import shutil
import socket
import subprocess

from client import Connection, closed_load, fetch
from processes import Fake, HAProxy, Nginx, replicas

CAPTION = "/caption?template=cat&top_text=hello"


async def answers_through_a_proxy(report, program, folder):
    """Conditions, ranges, errors and lists, as memed itself answers them."""
    report.scene("answers through a proxy")
    three = await replicas(program, folder, 3)
    ports = [replica.port for replica in three]
    tls = await certificate(folder)
    nginx = await Nginx(folder, ports, tls=tls).start()
    haproxy = await HAProxy(folder, ports).start()
    for proxy in (nginx, haproxy):
        await one_by_one(report, proxy, ports[0])
    await cached_answers(report, nginx)
    if tls is None:
        report.note("skipped: TLS needs openssl and curl")
    else:
        await over_tls(report, nginx)


async def one_by_one(report, proxy, direct):
    """What holds with and without a cache."""

    def promise(text, holds, found):
        report.promise(f"{proxy.name}: {text}", holds, "" if holds else found)

    own = (await fetch(direct, "/caption?template=rocket&top_text=own")).body
    for what, options in [
        ("GET", {"target": CAPTION}),
        ("GET again", {"target": CAPTION}),
        ("a link", {"target": "/images/cat/hello/again.png"}),
        ("the page", {"target": "/"}),
        ("templates", {"target": "/templates?details"}),
        ("POST of JSON", {"target": "/caption", "method": "POST", "body": b'{"template":"cat","captions":["a"]}'}),
        ("POST of a picture", {"target": "/caption?top_text=a", "method": "POST", "body": own}),
        ("OPTIONS", {"target": "/caption", "method": "OPTIONS"}),
    ]:
        through, straight = await fetch(proxy.port, **options), await fetch(direct, **options)
        same = through.status == straight.status and through.body == straight.body
        kept = ("content-type", "etag", "cache-control", "content-disposition", "allow", "access-control-allow-origin")
        others = [name for name in kept if through.headers.get(name) != straight.headers.get(name)]
        promise(f"{what} is as from a replica", same and not others, f"{through} {others}")
        promise(f"{what} has a request id", len(through.headers.get("x-request-id", "")) >= 32, through.headers)

    whole = await fetch(proxy.port, CAPTION)
    for target, name in [(CAPTION, "a picture that was asked for"), (CAPTION + "+new", "one that was not")]:
        etag = (await fetch(direct, target)).headers["etag"]
        answer = await fetch(proxy.port, target, headers=[("If-None-Match", etag)])
        promise(f"If-None-Match of {name} is a 304", answer.status == 304 and not answer.body, answer)
        answer = await fetch(proxy.port, target + "&width=300", headers=[("Range", "bytes=10-19")])
        promise(f"Range of {name} is a 206", answer.status == 206 and len(answer.body) == 10, answer)
    part = await fetch(proxy.port, CAPTION, headers=[("Range", "bytes=10-19")])
    promise("the part is that of the whole", part.body == whole.body[10:20], part)
    several = await fetch(proxy.port, CAPTION, headers=[("Range", "bytes=0-1,5-6")])
    promise("several ranges get the whole", several.status == 200 and several.body == whole.body, several)
    old = await fetch(proxy.port, CAPTION, headers=[("Range", "bytes=0-1"), ("If-Range", '"another"')])
    promise("If-Range of another picture gets the whole", old.status == 200 and old.body == whole.body, old)
    head = await fetch(proxy.port, CAPTION, method="HEAD")
    promise(
        "HEAD has the length of GET", head.headers.get("content-length") == str(len(whole.body)), head.headers
    )
    page = await fetch(proxy.port, "/")
    answer = await fetch(proxy.port, "/", headers=[("If-None-Match", page.headers["etag"])])
    promise("If-None-Match of the page is a 304", answer.status == 304, answer)
    moved = await fetch(proxy.port, "/images/cat/a.png?color=red")
    promise(
        "a link that is not in its normal form is redirected",
        moved.status == 301 and moved.headers["location"] == "/images/cat/a.png?color=ff0000",
        moved,
    )

    # Two spellings of one request have two places in a proxy's cache, and perhaps two replicas, but one picture.
    spellings = [
        await fetch(proxy.port, f"/caption?{query}")
        for query in ("template=cat&top_text=a+b&width=200", "width=0200&top_text=a%20b&template=cat&utm_source=c")
    ]
    tags = {answer.headers.get("etag") for answer in spellings}
    is_one = len(tags) == 1 and spellings[0].is_well() and spellings[0].body == spellings[1].body
    promise("another spelling gets the same picture, with the same ETag", is_one, spellings)

    long = await fetch(proxy.port, CAPTION + "&nothing=" + "a" * 31_000)
    promise("a URL of 31,000 bytes reaches memed", long.status == 400 and b'"nothing\\"' in long.body, long)

    for status, options in [
        (400, {"target": CAPTION + "&size=huge"}),
        (404, {"target": "/nothing"}),
        (405, {"target": "/caption", "method": "PUT", "body": b"a"}),
        (405, {"target": "/caption", "method": "PURGE"}),
        (412, {"target": CAPTION, "headers": [("If-Match", '"another"')]}),
        (413, {"target": "/caption", "method": "POST", "body": b"{" + b" " * 200_000 + b"}"}),
        (413, {"target": "/caption?top_text=a", "method": "POST", "body": b"\xff\xd8\xff" + bytes(17_000_000)}),
        (413, {"target": "/caption?top_text=a", "method": "POST", "body": b"\xff\xd8\xff" + bytes(20_000_000)}),
        (415, {"target": "/caption?top_text=a", "method": "POST", "body": b"no picture", "headers": [("Content-Type", "image/png")]}),
        (416, {"target": CAPTION, "headers": [("Range", "bytes=9999999-")]}),
    ]:
        answer = await fetch(proxy.port, **options)
        size = len(options.get("body", b""))
        is_json = False
        try:
            is_json = list(json.loads(answer.body)) == ["error"]
        except ValueError:
            pass
        # A refusal of a body that was not read may be lost in a reset, as from any server.
        is_lost = size > 17_900_000 and answer.error is not None
        what = options.get("method", "GET") + (f" with {size} bytes" if size else "")
        promise(f"{what} is a {status} in JSON", answer.status == status and is_json or is_lost, answer)
    for status, line in [(414, "GET /caption?top_text=" + "a" * 40_000 + " HTTP/1.1\r\nHost: a\r\n\r\n")]:
        answer = await fetch(proxy.port, line.split()[1])
        promise(
            f"a long URL is a {status} in JSON, or a 400",
            answer.status in (status, 400) and answer.body.startswith(b'{"error"'),
            answer,
        )
    for hidden in ("/stats", "/metrics", "/%73tats", "/stats?a"):
        answer = await fetch(proxy.port, hidden)
        promise(f"{hidden} is not public", answer.status == 404 and b"requests" not in answer.body, answer)
    for odd in ("/st%61ts#a", "//stats", "/./stats", "/caption/../stats", "/caption/..%2fstats", "/stats/", "/STATS", "/%2573tats"):
        answer = await fetch(proxy.port, odd)
        is_refused = answer.status in (400, 404) and b"in_flight" not in answer.body
        promise(f"{odd} is not public", is_refused, answer)


async def cached_answers(report, nginx):
    """What nginx's cache does to them."""
    target = "/caption?template=raccoon&top_text=cached"
    cached = []
    for options in [
        {"method": "HEAD"},
        {},
        {"headers": [("Range", "bytes=0-9")]},
        {"headers": [("Range", "bytes=0-9"), ("If-Range", '"another"')]},
        {"method": "HEAD"},
    ]:
        cached.append((await fetch(nginx.port, target, **options)).headers.get("x-cache"))
    report.promise("a HEAD fills nginx's cache, and the rest comes from it", cached == ["MISS"] + ["HIT"] * 4, cached)
    answer = await fetch(nginx.port, target)
    timing = answer.headers.get("server-timing")
    report.promise("a cached answer has no old timing", timing == 'proxy;desc="hit"', timing)
    ids = {(await fetch(nginx.port, target)).headers["x-request-id"] for _ in range(5)}
    report.promise("and a request id of its own", len(ids) == 5)
    body = b'{"template":"raccoon","captions":["cached"]}'
    states = [(await fetch(nginx.port, "/caption", method="POST", body=body)).headers.get("x-cache") for _ in range(2)]
    report.promise("a POST is not cached", states == [None, None], states)
    error = [(await fetch(nginx.port, "/caption?template=none")).headers.get("x-cache") for _ in range(2)]
    report.promise("an error is not cached", error == ["MISS", "MISS"], error)


async def certificate(folder):
    """A folder with one for 127.0.0.1, or None without openssl and curl."""
    if not shutil.which("openssl") or not shutil.which("curl"):
        return None
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    process = await asyncio.create_subprocess_exec(
        *command.split(), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    await process.wait()
    return folder


async def over_tls(report, nginx):
    """The lines that begin with #tls."""
    for version in ("--http1.1", "--http2"):
        process = await asyncio.create_subprocess_exec(
            *["curl", "-sSk", version, "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code} %{http_version}"],
            f"https://127.0.0.1:{nginx.tls_port}{CAPTION}+over+tls",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output = (await process.communicate())[0].decode()
        expected = "200 1.1" if version == "--http1.1" else "200 2"
        report.promise(f"TLS works with {version}", output == expected, output)


def echo(head):
    """200 with the head that was sent."""
    return 200, "Cache-Control: no-store\r\nContent-Type: text/plain\r\n", head


def busy(_):
    """As memed refuses."""
    return 503, "Cache-Control: no-store\r\nRetry-After: 1\r\nContent-Type: application/json\r\n", b'{"error":"busy"}\n'


def late(_):
    """As memed gives up."""
    return 504, "Cache-Control: no-store\r\nContent-Type: application/json\r\n", b'{"error":"late"}\n'


class HangsUp:
    """Takes a request and closes the connection, as often as it is told, as a server does that ends at that moment."""

    def __init__(self, times):
        self.times = times

    def __call__(self, head):
        if self.times > 0:
            self.times -= 1
            raise EOFError("told to")
        return echo(head)


async def repeats(report, program, folder):
    """What is sent to another replica once more, and what is not."""
    report.scene("what is repeated: replicas that answer 504, 503 or nothing")
    small, large = b'{"template":"cat"}', b"\xff\xd8\xff" + bytes(1_000_000)
    requests = [("GET", None), ("POST", small), ("POST", large)]
    rows = []
    for kind in (Nginx, HAProxy):
        fakes = [await Fake().start() for _ in range(3)]
        proxy = await kind(folder, [fake.port for fake in fakes]).start()

        def count():
            return sum(len(fake.heads) for fake in fakes)

        async def ask(what, targets, *answers):
            """Each request once for each target, with replicas that answer so."""
            for fake, answer in zip(fakes, answers):
                fake.answer = answer
            found = []
            for method, body in requests:
                before = count()
                sent = [await fetch(proxy.port, target, method=method, body=body) for target in targets]
                statuses = sorted({answer.status for answer in sent})
                size = f" of {len(body)} bytes" if body else ""
                row = [proxy.name, what, method + size, len(sent), count() - before, "/".join(map(str, statuses))]
                rows.append(row)
                found.append((method + size, sent, count() - before))
            return found

        targets = [f"/caption?template=cat&top_text={number}" for number in range(12)]
        for what, sent, reached in await ask("504", targets, late, late, late):
            once = reached == len(sent) and {answer.status for answer in sent} == {504}
            report.promise(f"{proxy.name}: a 504 is passed on and never repeated, {what}", once, reached)
        for what, sent, reached in await ask("503 from one", targets, busy, echo, echo):
            fine = all(answer.is_well() for answer in sent)
            # haproxy can repeat only what fits into one of its buffers.
            is_possible = kind is Nginx or "1000003" not in what
            text = f"{proxy.name}: a 503 is passed to another replica, {what}"
            if is_possible:
                report.promise(text, fine and reached > len(sent), sorted({answer.status for answer in sent}))
            else:
                statuses = {answer.status for answer in sent}
                report.promise(f"{proxy.name}: a large body is not repeated, {what}", statuses <= {200, 503}, statuses)
        for fake in fakes:
            fake.answer = echo
            fake.heads.clear()
        for number in range(60):
            await fetch(proxy.port, f"/caption?template=cat&top_text=later{number}")
        shares = [len(fake.heads) for fake in fakes]
        report.promise(f"{proxy.name}: and the replica is not taken out for it", min(shares) > 4, shares)
        for what, sent, reached in await ask("503 from all", targets, busy, busy, busy):
            passed_on = all(
                answer.status == 503 and answer.headers.get("retry-after") == "1" and b"busy" in answer.body
                for answer in sent
            )
            tries = reached / len(sent)
            report.promise(f"{proxy.name}: a 503 of all is passed on, {what}", passed_on and tries <= 3, f"{tries:.1f} tries")
        for fake in fakes:
            fake.answer = lambda head: busy(head) if b"greedy" in head else echo(head)
        refused = [await fetch(proxy.port, f"/caption?greedy{number}") for number in range(20)]
        modest = [await fetch(proxy.port, f"/caption?modest{number}") for number in range(20)]
        statuses = [sorted({answer.status for answer in some}) for some in (refused, modest)]
        report.promise(f"{proxy.name}: a client that gets 503s takes nothing from others", statuses == [[503], [200]], statuses)
        for method, body in requests[:2]:
            for fake, times in zip(fakes, (1, 1, 0)):
                fake.answer = HangsUp(times)
            before = count()
            answers = [await fetch(proxy.port, target, method=method, body=body) for target in targets]
            repeated = count() - before - len(answers)
            rows.append([proxy.name, "closes at once", method, len(answers), count() - before, "200"])
            fine = all(answer.is_well() for answer in answers)
            wrong = [answer for answer in answers if not answer.is_well()]
            report.promise(f"{proxy.name}: what got no answer is sent again, {method}", fine and repeated > 0, wrong or repeated)
        proxy.process.end()
        for fake in fakes:
            await fake.stop()
    report.table(["", "replicas", "request", "sent", "reached replicas", "answers"], rows)
    await slow_clients(report, folder)


async def slow_clients(report, folder):
    """nginx has a request before a replica does, and an answer before its client does."""
    # More than the kernel buffers on the way.
    picture = bytes(16_000_000)
    fakes = [await Fake(lambda head: (200, "Cache-Control: no-store\r\n", picture)).start() for _ in range(3)]
    nginx = await Nginx(folder, [fake.port for fake in fakes]).start()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", nginx.port))
    _, writer = await asyncio.open_connection(sock=client, limit=4096)
    writer.write(b"POST /caption HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + bytes(99_999))
    await asyncio.sleep(0.5)
    early = sum(len(fake.received) for fake in fakes)
    writer.write(b"a")
    # It reads nothing. The replica must get rid of its answer nevertheless.
    writer.transport.pause_reading()
    deadline = asyncio.get_running_loop().time() + 5
    while not any(fake.written for fake in fakes) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.02)
    report.promise("nginx: a slow upload reaches no replica before it is complete", early == 0, early)
    written = sum(fake.written for fake in fakes)
    report.promise("nginx: a client that does not read holds no replica", written == 1, written)
    writer.transport.abort()
    nginx.process.end()
    for fake in fakes:
        await fake.stop()


async def limits(report, program, folder):
    """One client asks for too much, and another one does not notice."""
    report.scene("one client asks for too much")
    rows = []
    for kind in (Nginx, HAProxy):
        fakes = [await Fake().start() for _ in range(3)]
        proxy = await kind(folder, [fake.port for fake in fakes]).start()
        greedy = asyncio.create_task(many(proxy.port, 2600, 50, "127.0.50.1"))
        await asyncio.sleep(0.2)
        modest = await closed_load(proxy.port, [{"target": f"/fonts?{n}"} for n in range(40)], 2, network=51)
        answers = await greedy
        refused = [answer for answer in answers if answer.status == 503]
        others = [answer for answer in answers if answer.status not in (200, 503)]
        in_form = all(a.headers.get("retry-after") == "1" and b'{"error":' in a.body for a in refused)
        rows.append([proxy.name, "requests per second", len(answers), len(refused)])
        report.promise(f"{proxy.name}: some of 2600 requests at once are refused", refused and in_form and not others, others[:2] or len(refused))
        report.promise(f"{proxy.name}: and none of another client", all(a.is_well() for a in modest))

        async def slowly(head):
            await asyncio.sleep(2)
            return echo(head)

        for fake in fakes:
            fake.answer = slowly
        await asyncio.sleep(1)
        crowd = [fetch(proxy.port, f"/fonts?crowd{n}", address="127.0.52.1") for n in range(450)]
        alone = asyncio.create_task(fetch(proxy.port, "/fonts?alone", address="127.0.53.1"))
        answers = await asyncio.gather(*crowd)
        refused = [answer for answer in answers if answer.status == 503]
        rows.append([proxy.name, "at the same time", len(answers), len(refused)])
        report.promise(f"{proxy.name}: 384 of 450 at the same time are served", 30 <= len(refused) <= 80, len(refused))
        report.promise(f"{proxy.name}: and one of another client", (await alone).is_well())
        proxy.process.end()
        for fake in fakes:
            await fake.stop()
    report.table(["", "limit", "sent", "refused"], rows)


async def many(port, count, connections, address):
    """That many requests of one client, as fast as they are answered."""
    answers = []

    async def one():
        connection = Connection(port, address)
        while len(answers) + connections <= count:
            answers.append(await connection.request(f"/fonts?{len(answers)}"))
        connection.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return answers
