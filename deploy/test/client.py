"""A small HTTP/1.1 client for many requests at once, and load that does not stop."""

import asyncio
import itertools
import time


class Answer:
    """What came back for a request, or why nothing did."""

    def __init__(self, status=0, headers=None, body=b"", error=None, seconds=0.0, target=""):
        self.status = status
        self.headers = headers or {}
        self.body = body
        self.error = error
        self.seconds = seconds
        self.target = target

    def is_well(self):
        """Whether it is whole and a success."""
        return self.error is None and self.status == 200

    def __repr__(self):
        what = self.error or f"{self.status} {self.body[:120]!r}"
        return f"{self.target[:80]}: {what} after {self.seconds:.2f} s"


class Connection:
    """A connection that is kept. One request at a time."""

    def __init__(self, port, address="127.0.0.1"):
        self.port = port
        self.address = address
        self.reader = self.writer = None

    async def open(self):
        # Each client has an address of its own on the loopback interface: the proxies' limits are for each.
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(self.address, 0), limit=1 << 20
        )

    def close(self):
        if self.writer is not None:
            self.writer.transport.abort()
        self.reader = self.writer = None

    async def request(self, target, method="GET", body=None, headers=(), timeout=40):
        """Sends a request and returns the answer. Never raises for what the other side does."""
        start = time.monotonic()
        try:
            answer = await asyncio.wait_for(self._request(target, method, body, headers), timeout)
        except (OSError, EOFError, ValueError, IndexError, asyncio.LimitOverrunError, asyncio.TimeoutError) as error:
            self.close()
            answer = Answer(error=f"{type(error).__name__}: {error}")
        answer.seconds = time.monotonic() - start
        answer.target = f"{method} {target}"
        return answer

    async def _request(self, target, method, body, headers):
        if self.writer is None:
            await self.open()
        elif self.reader.at_eof():
            # Closed while it was idle, which HTTP lets a server do. A proxy that closes later is a failure.
            self.close()
            await self.open()
        head = [f"{method} {target} HTTP/1.1", "Host: memed.test"]
        head += [f"{name}: {value}" for name, value in headers]
        if body is not None:
            head.append(f"Content-Length: {len(body)}")
        self.writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + (body or b""))
        await self.writer.drain()
        return await self._answer(method)

    async def _answer(self, method):
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        fields = {}
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if colon:
                fields[name.lower()] = value.strip()
        if status == 100:
            return await self._answer(method)
        body = b""
        if method != "HEAD" and status not in (204, 304):
            if fields.get("transfer-encoding") == "chunked":
                while True:
                    size = int(await self.reader.readuntil(b"\r\n"), 16)
                    body += (await self.reader.readexactly(size + 2))[:-2]
                    if size == 0:
                        break
            else:
                body = await self.reader.readexactly(int(fields["content-length"]))
        if fields.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, fields, body)


async def fetch(port, target, address="127.0.0.1", **options):
    """One request on a connection of its own."""
    connection = Connection(port, address)
    try:
        return await connection.request(target, **options)
    finally:
        connection.close()


async def raw(port, data, seconds=2.0):
    """Sends bytes as they are, and returns what comes back until the other side closes or falls silent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = b""
    try:
        writer.write(data)
        await writer.drain()
        while True:
            piece = await asyncio.wait_for(reader.read(65536), seconds)
            if not piece:
                break
            received += piece
    except (OSError, asyncio.TimeoutError):
        pass
    finally:
        writer.transport.abort()
    return received


def quantile(values, share):
    """That of a list of numbers."""
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * share))] if values else float("nan")


class OpenLoad:
    """Requests at a steady rate, whether or not the earlier ones were answered, until it is stopped."""

    def __init__(self, port, rate, make_request, clients=64, network=1):
        self.port = port
        self.rate = rate
        self.make_request = make_request
        self.idle = [Connection(port, f"127.0.{network}.{1 + number}") for number in range(clients)]
        self.all = list(self.idle)
        self.addresses = clients
        self.network = network
        self.sent = 0
        self.answers = []
        self.tasks = set()
        self.feeding = None

    def start(self):
        self.feeding = asyncio.create_task(self._feed())

    async def _feed(self):
        start = time.monotonic()
        while True:
            due = int((time.monotonic() - start) * self.rate)
            while self.sent < due:
                task = asyncio.create_task(self._one(self.sent))
                self.sent += 1
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            await asyncio.sleep(0.5 / self.rate)

    async def _one(self, number):
        request = self.make_request(number)
        if self.idle:
            connection = self.idle.pop()
        else:
            connection = Connection(self.port, f"127.0.{self.network}.{1 + len(self.all) % 250}")
            self.all.append(connection)
        began = time.monotonic()
        answer = await connection.request(**request)
        answer.began = began
        self.answers.append(answer)
        self.idle.append(connection)

    async def stop(self):
        """No more requests. Waits for the answers of those that were sent."""
        self.feeding.cancel()
        await asyncio.gather(self.feeding, return_exceptions=True)
        if self.tasks:
            await asyncio.wait(self.tasks)
        self.close()

    def close(self):
        if self.feeding is not None:
            self.feeding.cancel()
        for task in self.tasks:
            task.cancel()
        for connection in self.all:
            connection.close()

    def failures(self):
        return [answer for answer in self.answers if not answer.is_well()]


# Fewer than the proxies let one client send at once, however fast the replicas are.
REQUESTS_OF_ONE = 100


async def closed_load(port, requests, clients, network=2):
    """So many connections, each of which sends its next request when the last was answered, until there are no more. No client,
    which is an address, has more than REQUESTS_OF_ONE of them."""
    answers = []
    each = min(REQUESTS_OF_ONE, -(-len(requests) // clients))
    requests = iter(requests)
    numbers = itertools.count()

    async def connect():
        while batch := list(itertools.islice(requests, each)):
            number = next(numbers)
            connection = Connection(port, f"127.{1 + network}.{number // 250}.{1 + number % 250}")
            try:
                for request in batch:
                    answers.append(await connection.request(**request))
            finally:
                connection.close()

    await asyncio.gather(*(connect() for _ in range(clients)))
    return answers
