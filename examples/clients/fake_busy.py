"""For the test of the examples: stands before memed, and refuses the first request as a full queue does.

fake_busy.py MEMED prints its port. Each `GET /refuse` lets it refuse the next request again.
"""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.error import HTTPError
from urllib.request import Request, urlopen

memed = sys.argv[1]
refuses, refused = True, 0


class Busy(BaseHTTPRequestHandler):
    def reply(self, status, body, headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def pass_on(self):
        global refuses, refused
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else None
        if self.path == "/refuse":
            # How many were refused since the last time: the test is sure that one was.
            count, refuses, refused = refused, True, 0
            return self.reply(200, str(count).encode(), [])
        if refuses:
            refuses, refused = False, refused + 1
            headers = [("Content-Type", "application/json"), ("Retry-After", "1")]
            return self.reply(503, b'{"error": "the queue is full"}', headers)
        kind = {"Content-Type": self.headers["Content-Type"]} if body else {}
        try:
            with urlopen(Request(memed + self.path, body, kind), timeout=30) as answer:
                self.reply(answer.status, answer.read(), [("Content-Type", answer.headers["Content-Type"])])
        except HTTPError as error:
            self.reply(error.code, error.read(), [("Content-Type", error.headers["Content-Type"])])

    do_GET = do_POST = pass_on


server = HTTPServer(("127.0.0.1", 0), Busy)
print(server.server_port, flush=True)
server.serve_forever()
