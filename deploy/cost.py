#!/usr/bin/env python3
"""What a request costs a replica, and a proxy in front of it: cost.py PROGRAM

Processor time is that of the server's process, from the kernel, divided by the requests: so it hardly depends on what
else the machine does. Each case is measured in rounds, in turns; printed are the median and the range. If there is an
nginx (Debian's nginx-light), it serves deploy/nginx.conf, without its limits for clients. Takes some minutes, and
everything is on the loopback interface. examples/sizing has these numbers.
"""

import http.client
import os
import pathlib
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib

ROUNDS = 5
# A still picture of each kind at its size and at that of a chat, and the two animations.
PICTURES = {
    "raccoon, JPEG, 1024 pixels": "template=raccoon",
    "raccoon, JPEG, 480 pixels": "template=raccoon&width=480",
    "astronaut, PNG, 512 pixels": "template=astronaut",
    "cat, PNG, 300 pixels": "template=cat&width=300",
    "deal-with-it, GIF, 15 frames": "template=deal-with-it",
    "dramatic-raccoon, GIF, a palette per frame": "template=dramatic-raccoon",
}
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that listens, and its children."""

    def __init__(self, arguments, port, log):
        self.port = port
        self.process = subprocess.Popen(arguments, stderr=log, stdout=log)
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise SystemExit(f"{arguments[0]} does not start")
                time.sleep(0.05)

    def processes(self):
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def seconds(self):
        """Of processor time. What ended is not in it, and nothing ends here."""
        fields = (pathlib.Path(f"/proc/{each}/stat").read_text().rsplit(")", 1)[1].split() for each in self.processes())
        return sum(int(field[11]) + int(field[12]) for field in fields) / TICK

    def memory(self):
        """Resident bytes."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(40)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def get(client, path, headers={}, status=200):
    client.request("GET", path, headers=headers)
    response = client.getresponse()
    body = response.read()
    if response.status != status:
        raise SystemExit(f"{path}: {response.status} {body[:200]}")
    return response, body


def cost(server, client, paths, headers={}, status=200):
    """Milliseconds of the server's processor time for one of these requests."""
    before = server.seconds()
    for path in paths:
        get(client, path, headers, status)
    return (server.seconds() - before) / len(paths) * 1000


def in_turns(cases):
    """The times of each case, in rounds."""
    times = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, measure in cases.items():
            times[name].append(measure())
    return times


def shown(times):
    return f"{statistics.median(times):.3f} ms ({min(times):.3f} to {max(times):.3f})"


def replica(program, log):
    port = free_port()
    server = Server([program, f"127.0.0.1:{port}", "-qq", "--result-cache", "64"], port, log)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    number = iter(range(10**9))

    def new(query):
        return f"/caption?{query}&top_text=I+can+haz+{next(number):06}&bottom_text=of+twenty+characters"

    cases, sizes = {}, {}
    for name, query in PICTURES.items():
        response, body = get(client, new(query))
        sizes[name] = len(body)
        known, tag = new(query), {}
        tag["If-None-Match"] = get(client, known)[0].headers["ETag"]
        # So many that a tick of the kernel's clock, 10 ms, is a hundredth of them.
        many = 100 if "GIF" in name else 500

        cases[name, "drawn"] = lambda query=query, many=many: cost(server, client, [new(query) for _ in range(many)])

        def again(known=known):
            get(client, known)  # what was drawn since may have taken its place
            return cost(server, client, [known] * 8000)

        cases[name, "cached"] = again
        cases[name, "304"] = lambda known=known, tag=tag: cost(server, client, [known] * 8000, tag, 304)
    times = in_turns(cases)
    print("| picture | bytes | drawn | cached | 304 |\n|---|---|---|---|---|")
    for name in PICTURES:
        print(f"| {name} | {sizes[name]} | " + " | ".join(shown(times[name, how]) for how in ("drawn", "cached", "304")) + " |")

    # Idle connections that have been used once.
    memory = []
    for _ in range(3):
        before, clients = server.memory(), []
        for _ in range(2000):
            clients.append(http.client.HTTPConnection("127.0.0.1", port, timeout=30))
            get(clients[-1], "/health")
        memory.append((server.memory() - before) / len(clients) / 1024)
        for each in clients:
            each.close()
        time.sleep(3)
    print(f"\nan idle connection: {max(memory):.1f} KiB (the first of three times 2000; then memory is used again)")
    server.end()


def large_jpeg(program, folder):
    """40 megapixels, the most that a client's own picture may have: stripes as a PNG, which memed makes a JPEG of."""
    width, height = 8000, 5000
    row = lambda y: b"\0" + bytes((x * y >> 8) & 255 for x in range(width // 100)) * 300
    rows = zlib.compress(b"".join(map(row, range(height))), 1)

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    png = pathlib.Path(folder, "large.png")
    png.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    jpeg = png.with_suffix(".jpeg")
    subprocess.run([program, "caption", "--template-file", png, "--output", jpeg], check=True)
    return jpeg.read_bytes()


def most_memory(program, log):
    """Of a replica with two threads, while four clients send pictures of 40 megapixels and its caches are full."""
    port = free_port()
    server = Server([program, f"127.0.0.1:{port}", "-qq", "--render-threads", "2", "--trust-forwarded", "1"], port, log)
    with tempfile.TemporaryDirectory() as folder:
        picture = large_jpeg(program, folder)
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    # 64 MiB of pictures, and each of the templates.
    for number in range(400):
        query = list(PICTURES.values())[number % len(PICTURES) if number < 60 else 0]
        get(client, f"/caption?{query}&top_text=fill+{number}")
    full = server.memory()

    def send(number):
        one = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Content-Type": "image/jpeg", "X-Forwarded-For": f"192.0.2.{number}"}
        one.request("POST", "/caption?top_text=large", picture, headers)
        one.getresponse().read()

    senders = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    most = int(pathlib.Path(f"/proc/{server.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1024
    time.sleep(3)
    print(f"\nmemory of a replica with two threads: {full >> 20} MiB with full caches, at most {most:.0f} MiB while four")
    print(f"clients send JPEGs of 40 megapixels, and {server.memory() >> 20} MiB three seconds after that")
    server.end()


def proxy(program, log):
    here, ports = pathlib.Path(__file__).resolve().parent, [free_port(), free_port()]
    memed = Server([program, f"127.0.0.1:{ports[0]}", "-qq", "--trust-forwarded", "1"], ports[0], log)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        text = (here / "nginx.conf").read_text()
        for path in ("/var/log/nginx", "/var/cache", "/run"):
            text = text.replace(f"{path}/", f"{folder}/")
        text = text.replace("listen 80 ", f"listen 127.0.0.1:{ports[1]} ")
        for replica in ("1337", "1338", "1339"):
            text = text.replace(f"127.0.0.1:{replica}", f"127.0.0.1:{ports[0]}")
        text = "".join(line for line in text.splitlines(True) if not line.strip().startswith(("limit_req ", "limit_conn ")))
        conf = pathlib.Path(folder, "nginx.conf")
        conf.write_text(text)
        nginx = Server(["nginx", "-c", str(conf), "-g", "daemon off;"], ports[1], log)
        client = http.client.HTTPConnection("127.0.0.1", ports[1], timeout=30)
        cases = {}

        def many(name, paths):
            cases[name] = lambda: (cost(nginx, client, paths()), client.close())[0]  # nginx closes it after 1000 requests

        number = iter(range(10**9))
        for name, query in PICTURES.items():
            path = f"/caption?{query}&top_text=I+can+haz&bottom_text=of+twenty+characters"
            get(client, path)
            many((name, "cached"), lambda path=path: [path] * 900)
            # The field means nothing to a replica, which has the picture.
            many((name, "passed on"), lambda path=path: [f"{path}&_={next(number)}" for _ in range(300)])
        times = in_turns(cases)
        print("\n| picture | from nginx's cache | from a replica's cache, and into nginx's |\n|---|---|---|")
        for name in PICTURES:
            print(f"| {name} | {shown(times[name, 'cached'])} | {shown(times[name, 'passed on'])} |")
        nginx.end()
    memed.end()


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    program = os.path.realpath(sys.argv[1])
    with tempfile.TemporaryFile() as log:
        replica(program, log)
        most_memory(program, log)
        if shutil.which("nginx"):
            proxy(program, log)
        else:
            print("\nnginx: skipped, there is none")


main()
