#!/usr/bin/env python3
"""Runs memed in what deploy/memed.service makes of a process, without systemd: sandbox.py PROGRAM

The filter of system calls is that of the unit, resolved by `systemd-analyze syscall-filter`. The other walls are those that
could break a program: no network but the socket that is passed, only AF_UNIX for new ones, no capabilities, another user,
LimitNOFILE, and no memory that is writable and executable. Every kind of request must get its answer, and the end must be clean.

Needs root, systemd-analyze and libseccomp, which systemd has; without them it says why it is skipped, and exits with 77.
"""

import ctypes
import http.client
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
UNIT = os.path.join(HERE, "..", "memed.service")
NOBODY = 65534
PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 38, 65
CLONE_NEWNET = 0x40000000
ALLOW, EPERM = 0x7FFF0000, 0x00050000 | 1
EQUAL = 4


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def settings(name):
    """All values of a setting of the unit, in their order."""
    with open(UNIT) as unit:
        return [line.split("=", 1)[1].split() for line in unit if line.startswith(name + "=")]


def calls_of(names):
    """The system calls of a list of names and @groups."""
    calls = set()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        listed = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True)
        lines = (line.strip() for line in listed.stdout.splitlines()[1:])
        calls |= calls_of([line for line in lines if line and not line.startswith("#")])
    return calls


def allowed_calls():
    """What is left of the unit's SystemCallFilter= lines, read as systemd reads them."""
    first, *others = settings("SystemCallFilter")
    assert not first[0].startswith("~"), "the first line says what is allowed"
    calls = calls_of(first + ["@default"])
    for names in others:
        if names[0].startswith("~"):
            calls -= calls_of([names[0][1:], *names[1:]]) - calls_of(["@default"])
        else:
            calls |= calls_of(names)
    return calls


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def load_filter(library, calls):
    library.seccomp_init.restype = ctypes.c_void_p
    library.seccomp_init.argtypes = [ctypes.c_uint32]
    context = ctypes.c_void_p(library.seccomp_init(EPERM))
    is_unix = Compare(0, EQUAL, socket.AF_UNIX, 0)
    for call in calls:
        number = library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:  # of another architecture
            continue
        compared = (1, ctypes.byref(is_unix)) if call == "socket" else (0, None)
        assert library.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, *compared) == 0, call
    assert library.seccomp_load(context) == 0, "the filter is not taken"


def start(program, library, calls, listener, notify):
    """The program behind these walls, with the unit's own command line."""
    libc = ctypes.CDLL(None, use_errno=True)
    limit = int(settings("LimitNOFILE")[0][0])
    arguments = settings("ExecStart")[0][1:] + ["--render-threads", "2", "--preload", "all"]

    def walls():
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
        assert libc.unshare(CLONE_NEWNET) == 0
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
        # Linux 6.3 and later; systemd's own filter does the same on older ones.
        libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)
        load_filter(library, calls)

    environment = {"NOTIFY_SOCKET": notify, "WATCHDOG_USEC": "200000"}
    return subprocess.Popen(
        [program, *arguments], env=environment, stderr=subprocess.PIPE, preexec_fn=walls, close_fds=False, text=True
    )


def listen(supervisor, told):
    """Collects the messages: its queue has room for a few only."""
    while True:
        told.append(supervisor.recv(4096).decode())


def eventually(is_so, complaint):
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, complaint
        time.sleep(0.02)


def ask(port, method, target, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, target, body, headers or {})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if os.geteuid() != 0:
        skip("only root can build the walls")
    try:
        library = ctypes.CDLL("libseccomp.so.2")
        calls = allowed_calls()
    except (OSError, subprocess.CalledProcessError) as error:
        skip(str(error))
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        name = os.path.join(folder, "notify")
        supervisor = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        supervisor.bind(name)
        os.chmod(name, 0o777)
        program = start(os.path.abspath(sys.argv[1]), library, calls, listener, name)
        try:
            told = []
            threading.Thread(target=listen, args=(supervisor, told), daemon=True).start()
            eventually(lambda: told and told[0].startswith("READY=1"), "it does not say that it is ready")
            pictures = [ask(port, "GET", f"/caption?template={template}&top_text=sand&width=320&format={kind}")
                        for template in ("cat", "deal-with-it", "raccoon") for kind in ("png", "jpeg", "gif")]
            assert all(status == 200 for status, _ in pictures), [status for status, _ in pictures]
            sent = ask(port, "POST", "/caption?top_text=own", pictures[0][1], {"Content-Type": "image/png"})
            assert sent[0] == 200, sent
            pages = ("/", "/templates?details", "/fonts", "/stats", "/metrics", "/openapi.json", "/health")
            statuses = [ask(port, "GET", page)[0] for page in pages]
            assert statuses == [200] * len(pages), statuses
            assert ask(port, "GET", "/nothing")[0] == 404
            eventually(lambda: "WATCHDOG=1" in told, "it does not say that it is alive")
            priorities = {os.getpriority(os.PRIO_PROCESS, int(task)) for task in os.listdir(f"/proc/{program.pid}/task")}
            assert len(priorities) > 1, "the threads that draw have the reactor's priority"
            with open(f"/proc/{program.pid}/status") as status:
                facts = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
            assert facts["Seccomp"] == "2" and int(facts["CapEff"], 16) == 0, facts
            program.send_signal(signal.SIGTERM)
            log = program.communicate(timeout=60)[1]
        finally:
            if program.poll() is None:
                program.kill()
    lines = [json.loads(line) for line in log.splitlines()]
    wrong = [line for line in lines if line["level"] in ("warn", "error")]
    assert program.returncode == 0 and not wrong, (program.returncode, wrong)
    print(f"sandbox: {len(pictures)} pictures, {len(pages)} pages, {len(calls)} system calls allowed, no warning")


if __name__ == "__main__":
    main()
