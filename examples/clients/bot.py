"""A bot for chats with slash commands, such as Slack's: bot.py MEMED PORT

`/meme cat | top | bottom` becomes a picture. MEMED is the URL of the server, as the readers of the chat reach it.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import requests


def answer(text):
    """What the chat is to show: the link of a picture to all, or to the one who asked what is wrong."""
    template, top, bottom = ([word.strip() for word in text.split("|")] + ["", ""])[:3]
    fields = {"template": template, "top_text": top, "bottom_text": bottom}
    try:
        # Drawn now, so that a mistake is told here; the chat then gets it from the cache.
        drawn = requests.get(f"{memed}/caption.png", params=fields, timeout=2.5)
        if drawn.ok:
            return {"response_type": "in_channel", "blocks": [{"type": "image", "image_url": drawn.url, "alt_text": text}]}
        return {"response_type": "ephemeral", "text": drawn.json()["error"]}
    except (requests.RequestException, ValueError, KeyError):
        return {"response_type": "ephemeral", "text": "The pictures are not there right now. Try again in a moment."}


class Bot(BaseHTTPRequestHandler):
    def do_POST(self):
        # A real bot first verifies the chat's signature of the body.
        form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        body = json.dumps(answer(form.get("text", [""])[0])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    memed, port = sys.argv[1], int(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", port), Bot)
    print(server.server_port, flush=True)
    server.serve_forever()
