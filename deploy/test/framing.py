"""Requests whose end is seen in two ways, and headers with which a client would pass for somebody else."""

import asyncio
import re

from client import fetch, raw
from processes import Fake, HAProxy, Nginx

HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
"""A request that must never be seen as one, because it is in the body of another."""


def post(fields, body=b""):
    return b"POST /caption HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n" + body


def attacks():
    """Names and bytes."""
    chunked = b"Transfer-Encoding: chunked\r\n"
    empty = b"0\r\n\r\n"
    size = len(HIDDEN) + len(empty)
    yield "Content-Length, then Transfer-Encoding", post(b"Content-Length: %d\r\n" % size + chunked, empty + HIDDEN)
    yield "Transfer-Encoding, then Content-Length", post(chunked + b"Content-Length: %d\r\n" % size, empty + HIDDEN)
    yield "Content-Length that is too short for the chunks", post(
        b"Content-Length: 4\r\n" + chunked, b"%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n" + empty
    )
    yield "two Content-Lengths", post(b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(HIDDEN), HIDDEN)
    yield "a list of Content-Lengths", post(b"Content-Length: 0, %d\r\n" % len(HIDDEN), HIDDEN)
    yield "Content-Length with a sign", post(b"Content-Length: +%d\r\n" % len(HIDDEN), HIDDEN)
    yield "Content-Length in hexadecimal", post(b"Content-Length: 0x%x\r\n" % len(HIDDEN), HIDDEN)
    yield "Content-Length that overflows", post(b"Content-Length: 18446744073709551616\r\n", HIDDEN)
    yield "a space before the colon of Content-Length", post(b"Content-Length : %d\r\n" % len(HIDDEN), HIDDEN)
    yield "a space before the colon of Transfer-Encoding", post(b"Transfer-Encoding : chunked\r\n", empty + HIDDEN)
    for coding in (b"xchunked", b"identity", b"chunked, identity", b"identity, chunked", b"chunked, chunked", b'"chunked"', b"\x0bchunked", b"gzip, chunked"):
        yield f"Transfer-Encoding: {coding.decode()!r}", post(b"Transfer-Encoding: " + coding + b"\r\n", empty + HIDDEN)
    yield "Transfer-Encoding twice", post(chunked + b"Transfer-Encoding: identity\r\n", empty + HIDDEN)
    yield "Transfer-Encoding in a folded line", post(b"Transfer-Encoding:\r\n chunked\r\n", empty + HIDDEN)
    yield "Transfer-Encoding hidden by a folded line", post(b"A: b\r\n Transfer-Encoding: chunked\r\n", empty + HIDDEN)
    yield "Transfer-Encoding after a lone LF", post(b"A: b\nTransfer-Encoding: chunked\r\n", empty + HIDDEN)
    yield "Transfer-Encoding after a lone CR", post(b"A: b\rTransfer-Encoding: chunked\r\n", empty + HIDDEN)
    yield "Transfer-Encoding in HTTP/1.0", post(chunked, empty + HIDDEN).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    yield "Transfer_Encoding", post(b"Transfer_Encoding: chunked\r\n", empty + HIDDEN)
    yield "a chunk size of 17 digits", post(chunked, b"f" * 16 + b"0\r\n" + HIDDEN)
    yield "a chunk size that wraps to 0", post(chunked, b"1" + b"0" * 16 + b"\r\n\r\n" + HIDDEN)
    yield "a negative chunk size", post(chunked, b"-1\r\n" + HIDDEN)
    yield "a chunk size 0x0", post(chunked, b"0x0\r\n\r\n" + HIDDEN)
    yield "a chunk size after a space", post(chunked, b" 0\r\n\r\n" + HIDDEN)
    yield "a chunk extension with a lone LF", post(chunked, b"0;a\nb\r\n\r\n" + HIDDEN)
    yield "a chunk that ends elsewhere", post(chunked, b"3\r\nabcdef\r\n" + empty + HIDDEN)
    yield "a chunk that ends in a lone LF", post(chunked, b"3\nabc\n0\n\n" + HIDDEN)
    yield "trailers that frame", post(chunked, b"0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN))
    yield "NUL in a header", post(b"A: b\x00c\r\nContent-Length: 0\r\n")
    yield "a header without a colon", post(b"Nothing\r\nContent-Length: 0\r\n")
    yield "a header without a name", post(b": a\r\nContent-Length: 0\r\n")
    yield "an empty method", b" /caption HTTP/1.1\r\nHost: a\r\n\r\n"
    yield "a method in lower case", b"get /caption HTTP/1.1\r\nHost: a\r\n\r\n"
    yield "HTTP/0.9", b"GET /caption\r\n\r\n"
    yield "HTTP/2.0", b"GET /caption HTTP/2.0\r\nHost: a\r\n\r\n"
    yield "HTTP/1.1 in digits of two", b"GET /caption HTTP/1.01\r\nHost: a\r\n\r\n"
    yield "a space in the target", b"GET /caption?a=b HTTP/1.1 c HTTP/1.1\r\nHost: a\r\n\r\n"
    yield "two Hosts", b"GET /caption HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
    yield "CONNECT", b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"
    yield "TRACE", b"TRACE /caption HTTP/1.1\r\nHost: a\r\n\r\n"
    yield "QUERY", b"QUERY /caption HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN
    yield "the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + HIDDEN
    # These are requests that mean only one thing. The hidden one is a body.
    yield "a GET with a body", b"GET /caption HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN
    yield "a GET with chunks", b"GET /caption HTTP/1.1\r\nHost: a\r\n" + chunked + b"\r\n%x\r\n" % len(HIDDEN) + HIDDEN + b"\r\n" + empty
    yield "an upgrade to h2c", (
        b"GET /caption HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"
    )
    yield "an upgrade to a WebSocket", (
        b"GET /caption HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    yield "an expectation that is none", post(b"Expect: 200-maybe\r\nContent-Length: 1\r\n", b"a")
    yield "an expectation", post(b"Expect: 100-continue\r\nContent-Length: 1\r\n", b"a")
    yield "hop-by-hop X-Forwarded-For", b"GET /caption HTTP/1.1\r\nHost: a\r\nConnection: close, X-Forwarded-For, X-Request-Id\r\n\r\n"


def flaws_of(received):
    """What is wrong with the bytes that a replica got on one connection, read as strictly as can be."""
    data = bytes(received)
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        if not end:
            return f"half a head: {head[:200]!r}"
        lines = head.split(b"\r\n")
        if not re.fullmatch(rb"(GET|HEAD|POST|OPTIONS) [!-~]+ HTTP/1\.1", lines[0]):
            return f"the request line {lines[0]!r}"
        fields = {}
        for line in lines[1:]:
            if not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[ \t]*[\x20-\x7e\x80-\xff\t]*", line):
                return f"the field {line!r}"
            name, _, value = line.partition(b":")
            fields.setdefault(name.lower(), []).append(value.strip())
        lengths, codings = fields.get(b"content-length", []), fields.get(b"transfer-encoding", [])
        if len(lengths) + len(codings) > 1:
            return f"two lengths: {head!r}"
        if any(name in fields for name in (b"upgrade", b"te", b"keep-alive", b"forwarded")):
            return f"a header that is not for replicas: {head!r}"
        if lines[0] != b"GET /health HTTP/1.1":
            forwarded = b",".join(fields.get(b"x-forwarded-for", []))
            if forwarded.split(b",")[-1].strip() != b"127.0.0.1":
                return f"X-Forwarded-For is {forwarded!r}"
            if len(fields.get(b"x-request-id", [])) != 1:
                return f"not one X-Request-Id: {head!r}"
        if lengths:
            if not re.fullmatch(rb"[0-9]+", lengths[0]):
                return f"Content-Length {lengths[0]!r}"
            data = data[int(lengths[0]) :]
        elif codings:
            if codings != [b"chunked"]:
                return f"Transfer-Encoding {codings!r}"
            while True:
                line, _, data = data.partition(b"\r\n")
                if not re.fullmatch(rb"[0-9a-fA-F]{1,15}", line):
                    return f"the chunk size {line!r}"
                size = int(line, 16)
                if size == 0:
                    while line:  # trailers
                        line, _, data = data.partition(b"\r\n")
                    break
                if len(data) < size + 2:
                    return None  # the connection ended there, which leaves no doubt
                if data[size : size + 2] != b"\r\n":
                    return "a chunk that ends elsewhere"
                data = data[size + 2 :]
    return None


async def framing(report, program, folder):
    """Everything that reaches a replica can be read in one way only."""
    report.scene("requests that two servers could read differently")
    rows = []
    for kind in (Nginx, HAProxy):
        fakes = [await Fake().start() for _ in range(3)]
        proxy = await kind(folder, [fake.port for fake in fakes]).start()

        async def attack(name, data):
            answer = await raw(proxy.port, data, seconds=1)
            statuses = [status.decode() for status in re.findall(rb"HTTP/1\.[01] (\d\d\d)", answer) if status != b"100"]
            return name, "/".join(statuses) or "closed"

        found = await asyncio.gather(*(attack(name, data) for name, data in attacks()))
        flaws = [flaw for fake in fakes for flaw in map(flaws_of, fake.received) if flaw]
        # Some of them are two requests to the proxy, as they may be: a lone LF may end a line. What the proxy knows of has its
        # two headers. What it took for a body does not.
        heads = [head for fake in fakes for head in fake.heads if b"/smuggled" in head.split(b"\r\n")[0]]
        hidden = [head for head in heads if not re.search(rb"(?i)\r\nx-request-id: ", head)]
        report.promise(f"{proxy.name}: no request reaches a replica that the proxy does not know of", not hidden, hidden[:2] or "")
        report.promise(f"{proxy.name}: what reaches one can be read in one way only", not flaws, flaws[:3] or "")
        rows.append(found)

        for fake in fakes:
            fake.answer = lambda head: (200, "Cache-Control: no-store\r\n", head)
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        headers = [("X-Forwarded-For", "6.6.6.6, 7.7.7.7"), ("Forwarded", "for=6.6.6.6"), ("traceparent", trace)]
        seen = (await fetch(proxy.port, "/fonts?who", address="127.0.60.7", headers=headers)).body.decode().lower()
        forwarded = ", ".join(re.findall(r"\r\nx-forwarded-for: ([^\r]*)", seen))
        report.promise(
            f"{proxy.name}: X-Forwarded-For ends with who asked", forwarded == "6.6.6.6, 7.7.7.7, 127.0.60.7", forwarded
        )
        is_right = trace in seen and "\r\nforwarded" not in seen
        report.promise(f"{proxy.name}: traceparent is passed on, Forwarded is not", is_right, "" if is_right else seen)
        one = await fetch(proxy.port, "/fonts?id", headers=[("X-Request-Id", "mine")])
        sent = re.findall(r"\r\nx-request-id: ([^\r]*)", one.body.decode().lower())
        report.promise(
            f"{proxy.name}: the replica and the client get the same request id", [one.headers["x-request-id"]] == sent, sent
        )
        proxy.process.end()
        for fake in fakes:
            await fake.stop()
    table = [[name, status, other[1]] for (name, status), other in zip(*rows)]
    report.table(["", "nginx", "haproxy"], table)
