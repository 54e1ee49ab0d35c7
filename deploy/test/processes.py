"""The programs under test: replicas of memed, nginx and haproxy with the files of deploy/, and fake replicas."""

import asyncio
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from client import fetch

DEPLOY = Path(__file__).resolve().parent.parent
PORTS = (1337, 1338, 1339)
"""The replicas' ports in the files."""

STARTED = []
"""Every process that was started and has not been waited for, so that all of them are ended."""


def free_port():
    """A port that nothing listens on, and that no outgoing connection gets by chance."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        lowest = int(file.read().split()[0])
    for _ in range(1000):
        free_port.last += 1
        port = 20000 + free_port.last % max(1, min(lowest, 32768) - 20000)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")


free_port.last = os.getpid() * 16


class Program:
    """A process that is ended at the latest when the test is, if need be by the kernel with `last_signal`."""

    def __init__(self, arguments, log, last_signal):
        def die_with_parent():
            ctypes.CDLL(None).prctl(1, last_signal)

        self.log = log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [str(argument) for argument in arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        STARTED.append(self)

    def signal(self, number):
        self.process.send_signal(number)

    async def ended(self, seconds=35):
        """Waits for its end and returns its exit code."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.process.args[0]} does not end:\n{self.tail()}")
            await asyncio.sleep(0.01)
        if self in STARTED:
            STARTED.remove(self)
        return self.process.returncode

    def tail(self):
        return Path(self.log).read_text(errors="replace")[-2000:]

    def end(self):
        """Ends it now, with all of its workers."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            try:
                self.process.wait(2)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self in STARTED:
            STARTED.remove(self)


def end_all():
    for program in list(STARTED):
        program.end()


class Replica:
    """memed, as a proxy has it."""

    def __init__(self, program, folder, number, *knobs):
        self.port = free_port()
        self.log = Path(folder) / f"replica{number}.log"
        self.command = [program, f"127.0.0.1:{self.port}", "--trust-forwarded", "1", "-q", *knobs]
        self.process = None

    async def start(self):
        # One that is stopped does not see another signal.
        self.process = Program(self.command, self.log, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while True:
            answer = await fetch(self.port, "/health", timeout=2)
            if answer.status == 200:
                return self
            if time.monotonic() > deadline or self.process.process.poll() is not None:
                raise RuntimeError(f"a replica does not start: {answer}\n{self.process.tail()}")
            await asyncio.sleep(0.02)

    async def stop(self):
        """As an operator stops it: asks it to end, and returns its exit code."""
        self.process.signal(signal.SIGTERM)
        return await self.process.ended()

    async def stats(self):
        return json.loads((await fetch(self.port, "/stats")).body)


async def replicas(program, folder, count, *knobs):
    """So many, started."""
    all_of_them = [Replica(program, folder, number, *knobs) for number in range(count)]
    await asyncio.gather(*(replica.start() for replica in all_of_them))
    return all_of_them


def replaced(text, changes):
    """The text with each of these replaced. What is not there was changed in the file, and must be here, too."""
    for old, new in changes:
        if old not in text:
            raise RuntimeError(f"{old!r} is not in the file any more, and the test replaces it")
        text = text.replace(old, new)
    return text


def with_replicas(text, ports):
    """The configuration with its list of servers filled with these ports."""
    kept = []
    for line in text.split("\n"):
        match = re.search(r"127\.0\.0\.1:(\d+)", line)
        number = PORTS.index(int(match.group(1))) if match and int(match.group(1)) in PORTS else None
        if number is None:
            kept.append(line)
        elif number < len(ports):
            kept.append(line.replace(match.group(0), f"127.0.0.1:{ports[number]}"))
    return "\n".join(kept)


class Proxy:
    """nginx or haproxy."""

    def __init__(self, folder, name):
        self.port = free_port()
        self.folder = Path(folder) / f"{name}-{self.port}"
        self.folder.mkdir()
        self.process = None

    async def _start(self, arguments):
        # nginx ends its workers on it.
        self.process = Program(arguments, self.folder / "output.log", signal.SIGTERM)
        deadline = time.monotonic() + 10
        while True:
            # A path that every proxy answers by itself.
            answer = await fetch(self.port, "/stats", timeout=2)
            if answer.status == 404:
                return self
            if time.monotonic() > deadline or self.process.process.poll() is not None:
                raise RuntimeError(f"{arguments[0]} does not start: {answer}\n{self.process.tail()}")
            await asyncio.sleep(0.02)


class Nginx(Proxy):
    """nginx with deploy/nginx.conf, of which only places, ports and the changes named are others."""

    name = "nginx"

    def __init__(self, folder, ports, changes=(), tls=None):
        super().__init__(folder, "nginx")
        here = self.folder
        places = [
            ("/run/nginx.pid", f"{here}/pid"),
            ("/var/log/nginx/", f"{here}/"),
            ("/var/cache/nginx-memed", f"{here}/cache"),
            ("listen 80 ", f"listen 127.0.0.1:{self.port} "),
            # Folders that Debian's nginx has under /var/lib.
            (
                "http {\n",
                "http {\n"
                + "".join(
                    f"    {kind}_temp_path {here}/{kind};\n"
                    for kind in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
                ),
            ),
        ]
        if os.geteuid() != 0:
            places.append(("user www-data;\n", ""))
        if tls is not None:
            self.tls_port = free_port()
            places += [
                ("#tls ", ""),
                ("listen 443 ", f"listen 127.0.0.1:{self.tls_port} "),
                ("/etc/ssl/certs/memed.pem", f"{tls}/cert.pem"),
                ("/etc/ssl/private/memed.key", f"{tls}/key.pem"),
            ]
        text = with_replicas((DEPLOY / "nginx.conf").read_text(), ports)
        self.file = here / "nginx.conf"
        self.file.write_text(replaced(text, [*places, *changes]))
        if os.geteuid() == 0:
            # Its workers are another user's.
            for parent in (here.parent, here):
                os.chmod(parent, 0o755)

    async def start(self):
        return await self._start(["nginx", "-p", self.folder, "-c", self.file, "-g", "daemon off;"])

    async def log(self):
        """The lines of the access log. They are written within a second."""
        await asyncio.sleep(1.3)
        lines = (self.folder / "access.log").read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines]

    async def repeats(self):
        """How many requests were sent to a replica once more."""
        # Beside replicas there is the name of a group, if all in it were thought to be down.
        tries = [len(re.findall(r"127\.0\.0\.1:", line["replicas"])) for line in await self.log()]
        return sum(max(0, count - 1) for count in tries)


class HAProxy(Proxy):
    """haproxy with deploy/haproxy.cfg, likewise."""

    name = "haproxy"

    def __init__(self, folder, ports, changes=()):
        super().__init__(folder, "haproxy")
        here = self.folder
        places = [
            ("log /dev/log local0", "log stdout format raw local0"),
            ("    user haproxy\n    group haproxy\n    chroot /var/lib/haproxy\n", ""),
            ("/run/haproxy/admin.sock", f"{here}/admin.sock"),
            ("bind :80\n", f"bind 127.0.0.1:{self.port}\n"),
        ]
        text = with_replicas((DEPLOY / "haproxy.cfg").read_text(), ports)
        self.file = here / "haproxy.cfg"
        self.file.write_text(replaced(text, [*places, *changes]))

    async def start(self):
        return await self._start(["haproxy", "-db", "-f", self.file])

    async def repeats(self):
        reader, writer = await asyncio.open_unix_connection(str(self.folder / "admin.sock"))
        writer.write(b"show stat\n")
        rows = (await reader.read()).decode().splitlines()
        writer.close()
        names = rows[0].lstrip("# ").split(",")
        values = [dict(zip(names, row.split(","))) for row in rows[1:] if row]
        return sum(int(row["wretr"]) + int(row["wredis"]) for row in values if row["svname"] == "BACKEND")


def missing_programs():
    """Those of the programs needed that are not installed."""
    return [name for name in ("nginx", "haproxy") if shutil.which(name) is None]


class Fake:
    """A replica that answers as it is told, and keeps what it was sent."""

    def __init__(self, answer=None):
        self.port = free_port()
        self.answer = answer or (lambda head: (200, "Cache-Control: no-store\r\n", b"fine"))
        self.heads = []
        self.received = []
        # Answers that have gone out whole: nothing of them waits here.
        self.written = 0
        self.server = None
        self.writers = set()

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def _serve(self, reader, writer):
        # All bytes of this connection, whatever they are.
        log = bytearray()
        self.received.append(log)
        self.writers.add(writer)
        writer.transport.set_write_buffer_limits(high=0)
        try:
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    byte = await reader.read(1)
                    if not byte:
                        return
                    head += byte
                    log += byte
                await self._skip_body(reader, head.lower(), log)
                if head.startswith(b"GET /health "):
                    # haproxy's own question: as long as it is not stopping, a replica is well.
                    answer = 200, "", b""
                else:
                    self.heads.append(head)
                    answer = self.answer(head)
                if asyncio.iscoroutine(answer):
                    answer = await answer
                status, fields, body = answer
                if b"if-none-match" in head.lower() and status == 200 and "ETag" in fields:
                    status, body = 304, b""
                length = "" if status == 304 else f"Content-Length: {len(body)}\r\n"
                writer.write(f"HTTP/1.1 {status} Whatever\r\n{fields}{length}\r\n".encode())
                if not head.startswith(b"HEAD "):
                    writer.write(body)
                await writer.drain()
                self.written += 1
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            pass
        finally:
            self.writers.discard(writer)
            writer.transport.abort()

    @staticmethod
    async def _skip_body(reader, head, log):
        # As RFC 9112 has it, and as carelessly as old servers: the last length counts, chunked comes before a length.
        if re.search(rb"\r\ntransfer-encoding:[^\r]*chunked", head):
            while True:
                line = await reader.readuntil(b"\r\n")
                log += line
                size = int(line.split(b";")[0], 16)
                if size > 0:
                    log += await reader.readexactly(size + 2)
                    continue
                while line != b"\r\n":  # trailers
                    line = await reader.readuntil(b"\r\n")
                    log += line
                return
        lengths = re.findall(rb"\r\ncontent-length:\s*(\d+)", head)
        if lengths:
            log += await reader.readexactly(int(lengths[-1]))

    async def stop(self):
        self.server.close()
        for writer in list(self.writers):
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def __aenter__(self):
        return await self.start()

    async def __aexit__(self, *_):
        await self.stop()
