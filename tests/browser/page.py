#!/usr/bin/env python3
"""The page that memed serves at `/`, in headless Chromium.

    page.py PROGRAM [--screenshots DIR] [name of a test ...]

PROGRAM is the memed to be tested (or the variable MEMED). Each class starts a server of its own on a free port of the
loopback interface, and ends it. `--screenshots` writes the pictures of the README instead of testing.

Needed: the PyPI packages `playwright` and `axe-playwright-python` (for its copy of axe-core), and Debian's `chromium`.
run.sh installs what is missing. Every wait has a limit, and so does the whole.
"""
import argparse
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import urllib.request

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LIMIT = 600  # seconds for everything
WAIT = 15_000  # milliseconds for anything that the page is to do
TEMPLATES = pathlib.Path(__file__).resolve().parents[2] / "data" / "templates"

try:
    import playwright.sync_api as playwright
    import axe_playwright_python

    AXE = pathlib.Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(0)
if not os.path.exists(CHROMIUM):
    print(f"skipped: there is no {CHROMIUM}")
    sys.exit(0)


# ===== servers =====


class Memed:
    """A memed on a free port."""

    program = None

    def __init__(self, *arguments):
        self.log = tempfile.TemporaryFile()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MEMED")}
        self.process = subprocess.Popen(
            [Memed.program, "127.0.0.1:0", *arguments], stderr=self.log, stdout=subprocess.DEVNULL, env=environment
        )
        self.url = self.listening()

    def listening(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            self.log.seek(0)
            found = re.search(rb"http://[\d.:]+", self.log.read())
            if found:
                return found.group().decode()
            time.sleep(0.05)
        self.log.seek(0)
        raise AssertionError(f"memed does not start: {self.log.read()}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.log.close()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=20) as response:
            return response.read()

    def stats(self):
        return json.loads(self.get("/stats"))


class Site(http.server.BaseHTTPRequestHandler):
    """A site of another origin, which serves `pages`: path -> (type, body, more headers)."""

    pages = {}

    def do_GET(self):
        kind, body, headers = self.pages.get(self.path, ("text/plain", b"nothing here", {}))
        self.send_response(200)
        for name, value in {"Content-Type": kind, "Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def site(pages):
    handler = type("Pages", (Site,), {"pages": pages})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def large_gif(side=4000, frames=10):
    """An animation that a render thread needs seconds for, in a few kilobytes: its frames are of one color."""
    codes, bits, count = bytearray(), 0, 0

    def put(code, size):
        nonlocal bits, count
        bits |= code << count
        count += size
        while count >= 8:
            codes.append(bits & 255)
            bits >>= 8
            count -= 8

    left, size = side * side, 3
    while left:
        put(4, size)  # an empty table; then runs of 1, 2, 3, ... pixels, each a code that the one before has made
        size, known = 3, 5
        for run in range(1, 4000):
            pixels = min(run, left)
            put(0 if pixels == 1 else pixels + 4, size)
            left -= pixels
            if run > 1:
                known += 1
            if known == (1 << size) - 1 and size < 12:
                size += 1
            if not left:
                break
    put(5, size)
    codes.append(bits)
    blocks = b"".join(bytes([len(part)]) + part for part in (codes[at : at + 255] for at in range(0, len(codes), 255)))
    frame = b"!\xf9\x04\x00\x0a\x00\x00\x00," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02" + blocks + b"\0"
    palette = bytes([90, 90, 90, 255, 255, 255, 0, 0, 0, 200, 0, 0])
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0x81, 0, 0) + palette + frame * frames + b";"


@contextlib.contextmanager
def busy(server):
    """Keeps the one render thread of `server` busy."""
    body = large_gif()
    head = f"POST /caption?top_text=busy HTTP/1.1\r\nHost: memed\r\nContent-Type: image/gif\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    stopped = threading.Event()

    def occupy():
        while not stopped.is_set():
            with socket.create_connection(server.url.removeprefix("http://").split(":"), timeout=60) as connection:
                connection.sendall(head.encode() + body)
                connection.settimeout(0.05)
                while not stopped.is_set():
                    try:
                        if not connection.recv(1 << 20):
                            break
                    except socket.timeout:
                        pass
                    except OSError:
                        break

    thread = threading.Thread(target=occupy, daemon=True)
    thread.start()
    until(lambda: server.stats()["rendering"] == 1, "the render thread is not busy")
    try:
        yield
    finally:
        stopped.set()
        thread.join(10)


def until(holds, otherwise, seconds=15):
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(otherwise)
        time.sleep(0.05)


# ===== the page =====


class Browser(unittest.TestCase):
    """Starts a server and a browser for the tests of a class."""

    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Memed(*cls.arguments)
        cls.addClassCleanup(cls.server.stop)
        cls.playwright = playwright.sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        cls.browser = cls.playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, timeout=60_000)
        cls.addClassCleanup(cls.browser.close)

    def context(self, width=1280, height=800, **options):
        context = self.browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(WAIT)
        self.addCleanup(context.close)
        return context

    def open(self, fragment="", context=None, **options):
        """The page, as soon as it has drawn its first picture."""
        page = self.blank(context or self.context(**options))
        page.goto(f"{self.server.url}/{fragment}")
        drawn(page)
        return page

    def blank(self, context):
        page = context.new_page()
        self.mistakes = mistakes = []
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        # The browser logs each status from 400 on, which some tests are about.
        page.on("console", lambda line: line.type == "error" and "status of" not in line.text and mistakes.append(line.text))
        # The page writes its links in their normal form itself.
        page.on("response", lambda response: response.status == 301 and mistakes.append(f"redirected: {response.url}"))
        self.addCleanup(lambda: self.assertEqual(mistakes, [], "the console of the page, and redirects"))
        return page

    def check(self, page, what):
        """Lets axe-core look at the page."""
        page.evaluate(AXE)
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        self.assertGreater(len(found["passes"]), 20)
        broken = [(one["id"], one["help"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]
        self.assertEqual(broken, [], what)


def wait(page, expression, argument=None, milliseconds=WAIT):
    """Waits until an expression holds. Playwright's own function would use eval, which the page's policy forbids."""
    deadline = time.monotonic() + milliseconds / 1000
    while not page.evaluate(expression, argument):
        if time.monotonic() > deadline:
            raise AssertionError(f"never true: {expression}")
        page.wait_for_timeout(30)


def drawn(page):
    """Waits until the picture is that of the form."""
    wait(page, "!document.querySelector('#stage').matches('.stale') && document.querySelector('#picture').naturalWidth")
    wait(page, "!document.getAnimations().length")  # it fades in


def fill(page, **texts):
    for name, text in texts.items():
        page.fill(f"#{name}", text)
    drawn(page)


def pixels(page):
    """A digest of what the person sees of the picture."""
    return hashlib.sha256(page.locator("#picture").screenshot()).hexdigest()


def frames(page, selector, seconds):
    """How many different looks something has within some time."""
    seen, deadline = set(), time.monotonic() + seconds
    while time.monotonic() < deadline and len(seen) < 3:
        seen.add(hashlib.sha256(page.locator(selector).screenshot()).hexdigest())
        time.sleep(0.1)
    return len(seen)


def rests(page, selector):
    """Whether something does not move, once everything has been painted. A busy browser may paint late; what moves never rests."""
    page.wait_for_load_state("networkidle")
    page.evaluate("Promise.all([...document.images].map(one => one.decode().catch(() => {})))")
    for _ in range(3):
        page.wait_for_timeout(500)
        if frames(page, selector, 2) == 1:
            return True
    return False


def tile(page, name):
    return page.get_by_role("radio", name=name, exact=True)


class Making(Browser):
    """What a person does."""

    def test_a_meme_is_made_changes_and_its_link_opens(self):
        context = self.context(permissions=["clipboard-read", "clipboard-write"])
        page = self.open(context=context)
        before = pixels(page)
        tile(page, "rocket").check()
        drawn(page)
        chosen = pixels(page)
        self.assertNotEqual(before, chosen)
        fill(page, top_text="to the moon")
        typed = pixels(page)
        self.assertNotEqual(chosen, typed)
        fill(page, bottom_text="and back")
        self.assertNotEqual(typed, pixels(page))
        page.get_by_role("button", name="Copy the link").click()
        link = page.evaluate("navigator.clipboard.readText()")
        self.assertEqual(link, f"{self.server.url}/images/rocket/to_the_moon/and_back.jpg")
        opened = context.new_page()
        response = opened.goto(link)
        self.assertEqual((response.status, response.headers["content-type"]), (200, "image/jpeg"))
        self.assertEqual(opened.evaluate("document.images[0].naturalWidth"), 640)
        self.assertEqual(response.body(), self.server.get("/caption?template=rocket&top_text=to+the+moon&bottom_text=and+back"))

    def test_the_picture_changes_while_typing(self):
        page = self.open()
        looks = set()
        page.focus("#top_text")
        for letter in "abc":
            page.keyboard.type(letter)
            wait(page, "letter => document.querySelector('#picture').alt.endsWith(letter)", letter)
            looks.add(pixels(page))
        self.assertEqual(len(looks), 3)

    def test_each_control_of_the_look_changes_the_picture_and_is_in_the_link(self):
        page = self.open("#template=astronaut&top_text=hello there")
        page.get_by_text("Width and format").click()
        looks = {pixels(page)}
        for change, said in [
            (lambda: page.select_option("#font", "ComicNeue"), "font=ComicNeue"),
            (lambda: page.select_option("#size", "48"), "size=48"),
            (lambda: page.fill("#color", "#ffe600"), "color=ffe600"),
            (lambda: page.fill("#outline", "#0a84ff"), "outline=0a84ff"),
            (lambda: page.uncheck("#outlined"), "outline=none"),
            (lambda: page.get_by_text("Right", exact=True).click(), "align=right"),
            (lambda: page.select_option("#case", "upper"), "case=upper"),
            (lambda: page.fill("#width", "300"), "width=300"),
        ]:
            change()
            drawn(page)
            looks.add(pixels(page))
            self.assertIn(said, page.input_value("#link"))
        self.assertEqual(len(looks), 9)
        page.select_option("#format", "gif")
        drawn(page)
        self.assertRegex(page.input_value("#link"), r"/images/astronaut/hello_there\.gif\?width=300&")
        self.assertIn("300 × 300, GIF", page.inner_text("#facts"))

    def test_what_is_set_is_in_the_link_and_what_is_not_is_left_to_the_template(self):
        page = self.open("#template=cat&top_text=hello")
        plain = page.input_value("#link")
        self.assertFalse(page.locator("#reset").is_visible())
        page.fill("#color", "#ff0000")
        page.fill("#color", "#ffffff")
        page.select_option("#size", "fit")
        page.get_by_text("Center", exact=True).click()
        page.select_option("#layout", "both")
        page.fill("#bar_color", "#ffe600")
        drawn(page)
        options = "layout=bar&bar=both&bar_color=ffe600&align=center&color=ffffff&size=fit"
        self.assertEqual(page.input_value("#link"), f"{plain}?{options}")
        page.reload()
        drawn(page)
        self.assertEqual(page.input_value("#link"), f"{plain}?{options}")
        page.get_by_role("button", name="Reset the look").click()
        drawn(page)
        self.assertEqual(page.input_value("#link"), plain)
        self.assertFalse(page.locator("#bar_color").is_visible())

    def test_any_text_has_a_link_that_means_it_and_needs_no_redirect(self):
        page = self.open()
        texts = [
            "a b", "a  b", "a   b", "_", "__", " _", "_ ", "- -", "-_ _-", " - ", "a_b-c", "?&%#/\\<>\"", "it's", "''", "'\"", "\"'",
            "~q", "~~", "~?", "~ q", "100%", "%20", "a+b", "two\nlines", "\n", ".", "..", "...", "é ü ß", "👋🏽 你好", "a.png", "a/b.c",
            "!()*", ";:@=,$", "[x]{y}|^`", "\\n", "a\tb",
        ]  # fmt: skip
        # Each of them is once above and once below.
        for top, bottom in zip(texts, texts[1:] + texts[:1]):
            with self.subTest(top=top, bottom=bottom):
                page.fill("#top_text", top)
                page.fill("#bottom_text", bottom)
                drawn(page)
                link = page.input_value("#link")
                with urllib.request.urlopen(link, timeout=20) as response:
                    self.assertEqual(response.url, link)
                    tag = response.headers["ETag"]
                fields = {"template": "cat", "top_text": top, "bottom_text": bottom, "format": "png"}
                query = urllib.parse.urlencode({name: value for name, value in fields.items() if value.strip()})
                with urllib.request.urlopen(f"{self.server.url}/caption?{query}", timeout=20) as response:
                    self.assertEqual(response.headers["ETag"], tag)

    def test_the_link_is_in_its_normal_form_whatever_the_fragment_says(self):
        for fragment, link in [
            ("top_text=hi&font=Anton&size=fit&color=FFFFFF&outline=000000&align=center", "cat/hi.png?align=center&font=Anton&color=ffffff&outline=000000&size=fit"),
            ("top_text=hi&size=FLEX&width=0300&color=FF0000", "cat/hi.png?width=300&color=ff0000&size=shrink"),
            ("top_text=cafe%CC%81&font=+BebasNeue&size=020.50", "cat/caf%C3%A9.png?font=BebasNeue&size=20.5"),
            ("top_text=+&bottom_text=a%09b&outline=none&size=48.0", "cat/_/a_b.png?outline=none&size=48"),
            ("top_text=%0A&color=ff0000&size=9&width=200", "cat.png?width=200"),
        ]:
            with self.subTest(fragment):
                page = self.open(f"#template=cat&{fragment}")
                self.assertEqual(page.input_value("#link"), f"{self.server.url}/images/{link}")

    def test_what_is_copied_is_quoted_for_a_shell_and_for_markdown(self):
        page = self.open()
        fill(page, top_text="it's $HOME `id` \"q\"", bottom_text="[a](b) !{x,y}")
        link = page.input_value("#link")
        markdown = page.input_value("#markdown")
        self.assertEqual(re.search(r"\]\(([^()\s]*)\)$", markdown).group(1), link)
        if not shutil.which("curl"):
            self.skipTest("there is no curl")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(page.input_value("#curl") + " -s --fail", shell=True, cwd=folder, timeout=20, check=True)
            self.assertEqual(os.listdir(folder), ["cat.png"])
            with urllib.request.urlopen(link, timeout=20) as response:
                self.assertEqual(pathlib.Path(folder, "cat.png").read_bytes(), response.read())

    def test_the_download_has_a_name_and_the_bytes_of_the_link(self):
        page = self.open()
        fill(page, top_text="saved")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        self.assertEqual(download.value.suggested_filename, "cat.png")
        with urllib.request.urlopen(page.input_value("#link"), timeout=20) as response:
            self.assertEqual(pathlib.Path(download.value.path()).read_bytes(), response.read())

    def test_a_download_asked_for_while_typing_has_what_was_typed(self):
        page = self.open()
        page.focus("#top_text")
        with page.expect_download() as download:
            page.keyboard.type("at once")
            page.evaluate("document.querySelector('#download').click()")
        expected = self.server.get("/caption?template=cat&top_text=at+once")
        self.assertEqual(pathlib.Path(download.value.path()).read_bytes(), expected)

    def test_a_picture_is_shared_where_the_browser_can(self):
        context = self.context()
        context.add_init_script(
            "navigator.canShare = () => true; navigator.share = async ({ files }) => { window.shared = files[0]; };"
        )
        page = self.open(context=context)
        page.get_by_role("button", name="Share").click()
        wait(page, "Boolean(window.shared)")
        self.assertEqual(page.evaluate("[shared.name, shared.type]"), ["cat.png", "image/png"])
        self.assertEqual(page.evaluate("shared.size"), len(self.server.get("/caption?template=cat")))
        without = self.context()
        without.add_init_script("delete Navigator.prototype.share")
        self.assertEqual(self.open(context=without).get_by_role("button", name="Share").count(), 0)

    def test_reload_and_back_keep_the_form(self):
        page = self.open()
        tile(page, "coffee").check()
        fill(page, top_text="again & again", middle_text="#2")
        page.select_option("#size", "32")
        page.uncheck("#outlined")
        drawn(page)
        link = page.input_value("#link")
        page.reload()
        drawn(page)
        self.assertEqual(page.input_value("#link"), link)
        self.assertEqual(page.input_value("#top_text"), "again & again")
        page.goto(link)
        page.go_back()
        drawn(page)
        self.assertEqual(page.input_value("#link"), link)
        page.evaluate("location.hash = '#template=space&bottom_text=other'")
        wait(page, "document.querySelector('#link').value.endsWith('/images/space/_/other.jpg')")

    def test_the_search_finds_names_and_keywords(self):
        page = self.open()
        self.assertEqual(page.get_by_role("radio").count() - 4, len(json.loads(self.server.get("/templates"))))
        details = json.loads(self.server.get("/templates?details"))
        word = next(word for one in details if one["name"] == "rocket" for word in one["keywords"] if word not in one["name"])
        page.get_by_role("searchbox").fill(word.upper())
        self.assertEqual(tile(page, "rocket").count(), 1)
        self.assertTrue(tile(page, "cat").is_checked(), "what is chosen stays in view")
        self.assertEqual(tile(page, "coffee").count(), 0)
        self.assertRegex(page.inner_text("#found"), r"^\d+ of \d+ match")
        page.get_by_role("searchbox").fill("no such thing")
        self.assertEqual(page.inner_text("#found"), "No template matches.")

    def test_thumbnails_come_from_the_server_and_do_not_move(self):
        page = self.open(fragment="#template=cat")
        wait(page, "[...document.querySelectorAll('.tile img')].every(one => one.naturalWidth === 240)")
        sources = page.eval_on_selector_all(".tile img", "all => all.map(one => one.src)")
        self.assertEqual(len(sources), len(json.loads(self.server.get("/templates"))))
        self.assertEqual([source for source in sources if ".gif" in source], [])
        self.assertTrue(rests(page, "#tiles"))
        self.assertEqual(page.locator(".tile .moves").count(), 2)


class OwnPictures(Browser):
    def drop(self, page, path, kind):
        content = list(path.read_bytes())
        transfer = page.evaluate_handle(
            "([name, type, content]) => { const all = new DataTransfer();"
            " all.items.add(new File([new Uint8Array(content)], name, { type })); return all; }",
            [path.name, kind, content],
        )
        page.dispatch_event("body", "dragover", {"dataTransfer": transfer})
        self.assertTrue(page.locator("#drop").is_visible())
        page.dispatch_event("body", "drop", {"dataTransfer": transfer})
        self.assertFalse(page.locator("#drop").is_visible())

    def test_a_picture_is_dropped_captioned_and_downloaded(self):
        page = self.open()
        self.drop(page, TEMPLATES / "rocket.jpg", "image/jpeg")
        wait(page, "document.querySelector('#facts').textContent.startsWith('640 × 427, JPEG')")
        without = pixels(page)
        fill(page, top_text="mine's \"best\"")
        self.assertNotEqual(pixels(page), without)
        self.assertFalse(page.locator("#link").is_visible())
        self.assertTrue(page.locator("#unlinked").is_visible())
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        self.assertEqual(download.value.suggested_filename, "rocket-meme.jpg")
        made = pathlib.Path(download.value.path()).read_bytes()
        if not shutil.which("curl"):
            self.skipTest("there is no curl")
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(TEMPLATES / "rocket.jpg", folder)
            subprocess.run(page.input_value("#curl") + " -s --fail", shell=True, cwd=folder, timeout=20, check=True)
            self.assertEqual(pathlib.Path(folder, "rocket-meme.jpg").read_bytes(), made)

    def test_a_picture_is_chosen_left_for_a_template_and_taken_again(self):
        page = self.open()
        page.set_input_files("#file", TEMPLATES / "astronaut.png")
        wait(page, "document.querySelector('#facts').textContent.startsWith('512 × 512, PNG')")
        tile(page, "cat").check()
        wait(page, "document.querySelector('#facts').textContent.startsWith('451 × 300')")
        self.assertTrue(page.locator("#link").is_visible())
        tile(page, "Your picture").check()
        wait(page, "document.querySelector('#facts').textContent.startsWith('512 × 512')")
        page.reload()
        drawn(page)
        self.assertIn("choose it again", page.inner_text("#again-own"))

    def test_a_picture_is_pasted(self):
        page = self.open()
        page.evaluate(
            "async (content) => { const all = new DataTransfer();"
            " all.items.add(new File([new Uint8Array(content)], 'image.png', { type: 'image/png' }));"
            " document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: all, bubbles: true, cancelable: true })); }",
            list((TEMPLATES / "astronaut.png").read_bytes()),
        )
        wait(page, "document.querySelector('#facts').textContent.startsWith('512 × 512, PNG')")

    def test_an_animation_of_ones_own_plays(self):
        page = self.open()
        page.set_input_files("#file", TEMPLATES / "deal-with-it.gif")
        wait(page, "document.querySelector('#facts').textContent.includes('GIF')")
        fill(page, top_text="mine")
        self.assertGreaterEqual(frames(page, "#picture", 10), 3)

    def test_a_file_that_is_no_picture_is_refused_in_the_servers_words(self):
        page = self.open()
        page.set_input_files("#file", {"name": "notes.png", "mimeType": "image/png", "buffer": b"hello"})
        wait(page, "document.querySelector('#error-template').textContent !== ''")
        self.assertEqual(page.inner_text("#error-template"), "the picture cannot be used, because it is neither a JPEG, a PNG nor a GIF")
        tile(page, "cat").check()
        drawn(page)
        self.assertEqual(page.inner_text("#error-template"), "")

    def test_a_file_that_is_too_large_is_refused_in_the_servers_words(self):
        page = self.open()
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write((TEMPLATES / "cat.png").read_bytes() + bytes(17 << 20))
            file.flush()
            page.set_input_files("#file", file.name)
            wait(page, "document.querySelector('#alarm').textContent !== ''")
            self.assertIn("bytes", page.inner_text("#alarm"))
        self.assertFalse(page.locator("#again").is_visible())


class Mistakes(Browser):
    def test_an_error_stands_beside_its_field_in_the_servers_words(self):
        for fragment, field in [
            ("#template=cat&top_text=" + "x" * 257, "top_text"),
            ("#template=cat&bottom_text=" + "x" * 257, "bottom_text"),
            ("#template=cat&width=0", "width"),
            ("#template=cat&size=9999&top_text=x", "size"),
            ("#template=cat&font=Comic+Sans&top_text=x", "font"),
            ("#template=no-such", "template"),
        ]:
            with self.subTest(field=field):
                page = self.blank(self.context())
                with page.expect_response(lambda response: response.status in (400, 404) and "width=240" not in response.url) as refused:
                    page.goto(self.server.url + "/" + fragment)
                sentence = refused.value.json()["error"]
                wait(page, "document.querySelector('#alarm').textContent !== ''")
                self.assertEqual(page.inner_text(f"#error-{field}"), sentence)
                self.assertEqual(page.text_content("#alarm"), sentence)
                self.assertEqual(page.get_attribute(f"#{field}", "aria-invalid"), "true") if field != "template" else None
                self.assertFalse(page.locator("#download").is_visible())
                self.assertTrue(page.locator(f"#error-{field}").is_visible())

    def test_a_mended_field_clears_its_error(self):
        page = self.open()
        page.fill("#top_text", "x" * 300)
        wait(page, "document.querySelector('#error-top_text').textContent !== ''")
        fill(page, top_text="short")
        self.assertEqual(page.inner_text("#error-top_text"), "")
        self.assertEqual(page.text_content("#alarm"), "")
        self.assertIsNone(page.get_attribute("#top_text", "aria-invalid"))
        self.assertTrue(page.locator("#download").is_visible())

    def test_too_much_text_is_said(self):
        page = self.open("#template=cat&width=40&top_text=" + "many+words+" * 20)
        self.assertRegex(page.inner_text("#warning"), "too much text")

    def test_a_server_that_is_gone_is_said_and_asked_again(self):
        context = self.context()
        page = self.open(context=context)
        context.route("**/images/**", lambda route: route.abort("connectionrefused"))
        page.fill("#top_text", "hello")
        wait(page, "document.querySelector('#trouble-text').textContent.includes('cannot be reached')")
        self.mistakes.clear()  # the browser logs the failed request
        context.unroute("**/images/**")
        drawn(page)
        self.assertFalse(page.locator("#trouble").is_visible())
        self.mistakes.clear()


class Motion(Browser):
    def test_both_animations_play_and_pause(self):
        for name in ("deal-with-it", "dramatic-raccoon"):
            with self.subTest(name):
                page = self.open(f"#template={name}&top_text=moving")
                self.assertIn("GIF", page.inner_text("#facts"))
                self.assertGreaterEqual(frames(page, "#picture", 10), 3)
                page.get_by_role("button", name="Pause").click()
                drawn(page)
                self.assertTrue(rests(page, "#picture"))
                with page.expect_download() as download:
                    page.get_by_role("button", name="Download").click()
                self.assertEqual(pathlib.Path(download.value.path()).read_bytes()[:6], b"GIF89a")
                page.get_by_role("button", name="Play").click()
                drawn(page)
                self.assertGreaterEqual(frames(page, "#picture", 10), 3)

    def test_nothing_moves_for_who_wants_no_motion(self):
        page = self.open("#template=dramatic-raccoon&top_text=still", reduced_motion="reduce")
        self.assertTrue(rests(page, "body"))
        page.get_by_role("button", name="Play").click()
        drawn(page)
        self.assertGreaterEqual(frames(page, "#picture", 10), 3)


class Elsewhere(Browser):
    """Pages of other origins."""

    def test_a_picture_shows_under_a_cross_origin_embedder_policy(self):
        embedder = {"Cross-Origin-Embedder-Policy": "require-corp"}
        picture = (TEMPLATES / "cat.png").read_bytes()
        with site({"/cat.png": ("image/png", picture, {})}) as other:
            body = (
                f'<img id="link" src="{self.server.url}/images/cat/hello.png">'
                f'<img id="query" src="{self.server.url}/caption.gif?template=deal-with-it">'
                f'<img id="bare" src="http://127.0.0.1:{other}/cat.png">'
            )
            with site({"/": ("text/html", body.encode(), embedder)}) as port:
                page = self.context().new_page()
                page.goto(f"http://localhost:{port}/")
                self.assertTrue(page.evaluate("crossOriginIsolated || self.origin.startsWith('http')"))
                sizes = page.evaluate("Object.fromEntries([...document.images].map(one => [one.id, one.naturalWidth]))")
                # The last one has no Cross-Origin-Resource-Policy: the browser does enforce the policy.
                self.assertEqual(sizes, {"link": 451, "query": 451, "bare": 0})

    def form(self, body):
        pages = {"/": ("text/html; charset=utf-8", f"<!DOCTYPE html>{body}".encode(), {})}
        return site(pages)

    def submit(self, page):
        with page.expect_navigation() as navigation:
            page.click("button")
        return navigation.value

    def test_a_plain_form_with_a_picture_works_without_javascript(self):
        body = (
            f'<form action="{self.server.url}/caption" method="post" enctype="multipart/form-data">'
            '<input type="file" name="picture"><textarea name="top_text"></textarea><input name="bottom_text">'
            '<input name="width"><select name="font"><option value="">any<option>Anton</select><button>Go</button></form>'
        )
        with self.form(body) as port:
            page = self.context(java_script_enabled=False).new_page()
            page.goto(f"http://127.0.0.1:{port}/")
            page.set_input_files("[name=picture]", TEMPLATES / "astronaut.png")
            page.fill("[name=top_text]", "two\nlines")
            response = self.submit(page)
            self.assertEqual((response.status, response.headers["content-type"]), (200, "image/png"))
            self.assertIn("filename=", response.headers["content-disposition"])
            request = urllib.request.Request(
                f"{self.server.url}/caption?top_text=two%0Alines", (TEMPLATES / "astronaut.png").read_bytes(), {"Content-Type": "image/png"}
            )
            with urllib.request.urlopen(request, timeout=20) as expected:
                self.assertEqual(hashlib.sha256(response.body()).digest(), hashlib.sha256(expected.read()).digest())

    def test_a_plain_form_with_a_template_works_in_each_encoding(self):
        for attributes in ('method="get"', 'method="post"', 'method="post" enctype="multipart/form-data"'):
            with self.subTest(attributes):
                body = (
                    f'<form action="{self.server.url}/caption" {attributes}><input name="template" value="cat">'
                    '<input name="top_text"><input name="bottom_text"><input name="width"><button>Go</button></form>'
                )
                with self.form(body) as port:
                    page = self.context(java_script_enabled=False).new_page()
                    page.goto(f"http://127.0.0.1:{port}/")
                    page.fill("[name=top_text]", "é & 100% + ?")
                    response = self.submit(page)
                    self.assertEqual((response.status, response.headers["content-type"]), (200, "image/png"))
                    query = urllib.parse.urlencode({"template": "cat", "top_text": "é & 100% + ?"})
                    self.assertEqual(response.body(), self.server.get(f"/caption?{query}"))

    def test_the_page_itself_works_without_javascript(self):
        page = self.context(java_script_enabled=False).new_page()
        page.goto(self.server.url)
        self.assertEqual(page.locator("#select option").all_inner_texts(), json.loads(self.server.get("/templates")))
        self.assertEqual(page.locator("#font option").all_inner_texts(), json.loads(self.server.get("/fonts")))
        page.select_option("#select", "rocket")
        page.fill("#top_text", "no script")
        page.fill("#bottom_text", "two\nlines")
        with page.expect_navigation() as navigation:
            page.click("#submit button")
        response = navigation.value
        self.assertEqual((response.status, response.headers["content-type"]), (200, "image/jpeg"))
        self.assertEqual(response.body(), self.server.get("/caption?template=rocket&top_text=no+script&bottom_text=two%0Alines"))
        page.go_back()
        page.set_input_files("#own", TEMPLATES / "cat.png")
        page.fill("#own-top", "mine")
        with page.expect_navigation() as navigation:
            page.click("noscript button")
        self.assertEqual((navigation.value.status, navigation.value.headers["content-type"]), (200, "image/png"))


class Keyboard(Browser):
    def focused(self, page):
        return page.evaluate(
            "(({ id, name, value, tagName }) => id || (name && `${name}=${value}`) || tagName)(document.activeElement)"
        )

    def tab_to(self, page, wanted, key="Tab"):
        """Presses Tab until something has the focus, all of which must show that they have it."""
        for _ in range(60):
            page.keyboard.press(key)
            where = self.focused(page)
            ring = page.evaluate(
                """() => {
                    const marked = (one) => one && getComputedStyle(one).outlineStyle !== 'none' && parseFloat(getComputedStyle(one).outlineWidth) >= 2;
                    const focused = document.activeElement;
                    return [focused, focused.closest('label'), focused.nextElementSibling].some(marked);
                }"""
            )
            self.assertTrue(ring, f"no ring around {where}")
            box = page.evaluate("document.activeElement.getBoundingClientRect().toJSON()")
            self.assertTrue(0 <= box["top"] < page.viewport_size["height"], f"{where} is out of sight: {box}")
            if where == wanted:
                return
        self.fail(f"Tab does not reach {wanted}")

    def test_a_meme_is_made_by_keyboard_alone(self):
        for width in (1280, 360):
            with self.subTest(width):
                context = self.context(width, permissions=["clipboard-read", "clipboard-write"])
                page = self.open(context=context)
                self.tab_to(page, "search")
                page.keyboard.type("ra")
                self.tab_to(page, "template=cat")
                while self.focused(page) != "template=raccoon":
                    page.keyboard.press("ArrowRight")
                self.tab_to(page, "top_text")
                page.keyboard.type("by keyboard")
                self.tab_to(page, "bottom_text")
                page.keyboard.type("alone")
                self.tab_to(page, "font")
                page.keyboard.press("ArrowDown")
                self.tab_to(page, "align=")
                page.keyboard.press("ArrowRight")
                drawn(page)
                # What is said of the picture comes later, and would replace what is said of the copy.
                wait(page, "document.querySelector('#said').textContent.startsWith('Picture updated')")
                copy = page.get_by_role("button", name="Copy the link")
                for _ in range(20):
                    page.keyboard.press("Tab")
                    if copy.evaluate("one => one === document.activeElement"):
                        break
                page.keyboard.press("Enter")
                wait(page, "document.querySelector('#said').textContent.startsWith('Copied')")
                link = page.evaluate("navigator.clipboard.readText()")
                expected = "/images/raccoon/by_keyboard/alone.jpg?align=left&font=Anton"
                self.assertEqual(link, self.server.url + expected)
                with urllib.request.urlopen(link, timeout=20) as response:
                    self.assertEqual(response.status, 200)

    def test_enter_and_space_work_the_button_for_a_picture_of_ones_own(self):
        for key, picture, facts in [("Enter", "astronaut.png", "512 × 512"), ("Space", "rocket.jpg", "640 × 427")]:
            page = self.open()
            choosers = []
            # Long before the key: the browser is told in the background to hand choosers over.
            page.on("filechooser", lambda chooser: choosers.append(chooser))
            self.tab_to(page, "file")
            page.keyboard.press(key)
            until(lambda: page.wait_for_timeout(20) or choosers, f"{key} opens nothing")
            choosers[0].set_files(TEMPLATES / picture)
            wait(page, "facts => document.querySelector('#facts').textContent.startsWith(facts)", facts)

    def test_a_screen_reader_hears_that_the_picture_is_new_once(self):
        page = self.open()
        page.evaluate(
            "() => { window.heard = []; const said = document.querySelector('#said');"
            " new MutationObserver(() => heard.push(said.textContent)).observe(said, { childList: true }); }"
        )
        page.focus("#top_text")
        # Slower than a picture is drawn, so each letter has one.
        page.keyboard.type("hello", delay=400)
        wait(page, "heard.some(line => line.endsWith('hello. '))")
        updates = page.evaluate("heard.filter(line => line.includes('Picture updated'))")
        self.assertEqual(updates, ["Picture updated. cat: hello. "])
        self.assertEqual(page.get_attribute("#said", "role"), "status")
        self.assertEqual(page.get_attribute("#picture", "alt"), "cat: hello")


class Boxes(Browser):
    """Texts that are placed freely."""

    SIDES = ("left", "top", "width", "height")

    def place(self, fragment="#template=cat&top_text=hello", **options):
        page = self.open(fragment, **options)
        page.get_by_role("button", name="Place freely").click()
        drawn(page)
        return page

    def query(self, page):
        """The fields of the link, or of the command if there is no link."""
        url = page.input_value("#link") if page.locator("#link").is_visible() else page.input_value("#curl").split("'")[-2]
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True))

    def numbers(self, page, box=0):
        query = self.query(page)
        sides = [float(query[f"captions[{box}][{side}]"]) for side in self.SIDES]
        return (*sides, int(query.get(f"captions[{box}][angle]", 0)))

    def assertNumbers(self, page, expected, tolerance=0.004):
        """Of the first box. A pixel of the screen is about 0.002 of the picture."""
        numbers = self.numbers(page)
        for number, wanted, limit in zip(numbers, expected, [tolerance] * 4 + [1.01]):
            self.assertAlmostEqual(number, wanted, delta=limit, msg=f"{numbers}, not {expected}")

    def ink(self, page, path, without):
        """Where two pictures differ, as shares: left, top, right, bottom; and the number of pixels that do."""
        return page.evaluate(
            """async (paths) => {
                const [one, other] = await Promise.all(paths.map(async (path) => {
                    const bitmap = await createImageBitmap(await (await fetch(path)).blob());
                    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
                    canvas.drawImage(bitmap, 0, 0);
                    return canvas.getImageData(0, 0, bitmap.width, bitmap.height);
                }));
                const [across, down] = [[], []];
                for (let at = 0; at < one.data.length; at += 4) {
                    const differs = [0, 1, 2].some((channel) => Math.abs(one.data[at + channel] - other.data[at + channel]) > 40);
                    if (!differs) continue;
                    across.push((at / 4) % one.width);
                    down.push(Math.floor(at / 4 / one.width));
                }
                const least = (list) => list.reduce((one, other) => Math.min(one, other), Infinity);
                const most = (list) => list.reduce((one, other) => Math.max(one, other), -Infinity) + 1;
                const [width, height] = [one.width, one.height];
                return [least(across) / width, least(down) / height, most(across) / width, most(down) / height, across.length];
            }""",
            [path, without],
        )

    def assertInk(self, page, numbers):
        """The text of the link is in that box, which is not turned, and fills it one way."""
        left, top, width, height, _ = numbers
        ink = self.ink(page, page.input_value("#link").removeprefix(self.server.url), "/images/cat.png")
        pixel = 1 / 300
        inside = left - pixel <= ink[0] and top - pixel <= ink[1] and ink[2] <= left + width + pixel and ink[3] <= top + height + pixel
        self.assertTrue(inside, f"{ink} is not in {numbers}")
        self.assertGreater(max((ink[2] - ink[0]) / width, (ink[3] - ink[1]) / height), 0.7, f"{ink} in {numbers}")

    def center(self, page, selector):
        box = page.locator(selector).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def size(self, page):
        layer = page.locator("#boxes").bounding_box()
        return layer["width"], layer["height"]

    def drag(self, page, selector, dx, dy):
        x, y = self.center(page, selector)
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + dx / 2, y + dy / 2, steps=4)
        page.mouse.move(x + dx, y + dy, steps=4)
        page.mouse.up()
        drawn(page)

    def touch(self, page, selector, dx, dy):
        x, y = self.center(page, selector)
        session = page.context.new_cdp_session(page)

        def send(kind, *points):
            session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

        send("touchStart", (x, y))
        for step in range(1, 9):
            send("touchMove", (x + dx * step / 8, y + dy * step / 8))
        send("touchEnd")
        session.detach()
        drawn(page)

    def check_pointer(self, page, drag):
        """Moves, stretches and turns the first box, whose numbers are those of the link."""
        across, down = self.size(page)
        left, top, width, height, angle = self.numbers(page)
        self.assertEqual(angle, 0)
        self.assertInk(page, self.numbers(page))
        drag(page, ".box.current .handle.se", -0.5 * across, -0.05 * down)
        self.assertNumbers(page, (left, top, width - 0.5, height - 0.05, 0))
        drag(page, ".box.current", 0.2 * across, 0.4 * down)
        self.assertNumbers(page, (left + 0.2, top + 0.4, width - 0.5, height - 0.05, 0))
        moved = self.numbers(page)
        self.assertInk(page, moved)
        # Past the edge of the picture, where it stops.
        drag(page, ".box.current", 2 * across, 0)
        left, top, width, height, _ = self.numbers(page)
        self.assertAlmostEqual(left + width, 1, places=9)
        self.assertEqual((top, width, height), moved[1:4])
        drag(page, ".box.current .handle.ne", across, -0.1 * down)
        self.assertNumbers(page, (left, top - 0.1, width, height + 0.1, 0))
        drag(page, ".box.current", -0.3 * across, 0)
        straight = self.ink(page, page.input_value("#link").removeprefix(self.server.url), "/images/cat.png")
        # From above or below the center to one side of it: a quarter of a turn. A mouse goes straight.
        center, (x, y) = self.center(page, ".box.current"), self.center(page, ".box.current .turn")
        distance = y - center[1]
        drag(page, ".box.current .turn", -distance, -distance)
        self.assertEqual(self.numbers(page)[4], 90)
        turned = self.ink(page, page.input_value("#link").removeprefix(self.server.url), "/images/cat.png")
        self.assertGreater(straight[2] - straight[0], straight[3] - straight[1])
        self.assertGreater(turned[3] - turned[1], turned[2] - turned[0])
        # The handles turn with the box: what was its right side is its lower one now. The opposite corner stays.
        before = self.numbers(page)
        corner = self.center(page, ".box.current .handle.nw")
        drag(page, ".box.current .handle.se", 0, -0.1 * down)
        after = self.numbers(page)
        self.assertAlmostEqual(after[2], before[2] - 0.1 * down / across, delta=0.006)
        self.assertAlmostEqual(after[3], before[3], delta=0.004)
        for one, other in zip(self.center(page, ".box.current .handle.nw"), corner):
            self.assertAlmostEqual(one, other, delta=2)

    def test_a_box_is_moved_resized_and_turned_by_mouse(self):
        self.check_pointer(self.place(), self.drag)

    def test_a_box_is_moved_resized_and_turned_by_touch_and_the_page_stays(self):
        page = self.place(width=360, height=740, has_touch=True, is_mobile=True)
        page.evaluate("document.querySelector('.box').focus(); scrollTo(0, 200)")
        self.check_pointer(page, self.touch)
        self.assertEqual(page.evaluate("scrollY"), 200)
        # Beside a box, the page can be scrolled.
        self.assertEqual(page.evaluate("getComputedStyle(document.querySelector('#stage')).touchAction"), "auto")

    def test_a_box_is_moved_resized_and_turned_by_keys_which_are_told(self):
        page = self.place()
        page.evaluate("window.scrolled = 0; addEventListener('scroll', () => { scrolled += 1; })")
        box = page.locator(".box").first
        box.focus()
        self.assertEqual(box.get_attribute("aria-label"), "Text 1: hello")
        told = page.locator(f"#{box.get_attribute('aria-describedby')}")
        self.assertTrue(told.is_visible())
        self.assertIn("arrows move it", told.inner_text())
        left, top, width, height, _ = self.numbers(page)

        def press(expected, *keys):
            for key in keys:
                page.keyboard.press(key)
            drawn(page)
            self.assertNumbers(page, expected, 1e-9)

        press((left, top + 0.02, width, height, 0), "ArrowDown", "ArrowDown")
        press((left, top + 0.02, width - 0.3, height + 0.01, 0), *["Shift+ArrowLeft"] * 30, "Shift+ArrowDown")
        press((left + 0.03, top + 0.01, width - 0.3, height + 0.01, 0), *["ArrowRight"] * 4, "ArrowLeft", "ArrowUp")
        press((left + 0.03, top + 0.01, width - 0.3, height + 0.01, -14), "Alt+ArrowLeft", "]", "]", "[")
        press((left + 0.03, top + 0.01, width - 0.3, height + 0.01, 17), "Alt+ArrowRight", "Alt+ArrowRight", "Alt+ArrowDown")
        press((0, 0, width - 0.3, height + 0.01, 17), *["ArrowLeft"] * 20, *["ArrowUp"] * 20)
        wait(page, "document.querySelector('#said').textContent.startsWith('Text 1: left 0 %, top 0 %, width 66')")
        self.assertIn("turned by 17°", page.text_content("#said"))
        self.assertEqual(page.get_attribute("#said", "role"), "status")
        self.assertEqual(page.evaluate("scrolled"), 0)
        self.assertEqual(page.evaluate("document.activeElement === document.querySelector('.box')"), True)
        press((0, 0, 1, 0.02, 17), *["Shift+ArrowRight"] * 40, *["Shift+ArrowUp"] * 40)

    def test_the_numbers_can_be_typed(self):
        page = self.place()
        for name, number in {"width": "50", "height": "25.5", "left": "12.34", "top": "90", "angle": "200"}.items():
            page.fill(f"#box-{name}", number)
        page.select_option("#box-valign", "bottom")
        drawn(page)
        self.assertEqual(self.numbers(page), (0.123, 0.745, 0.5, 0.255, -160))
        self.assertEqual(self.query(page)["captions[0][valign]"], "bottom")
        page.locator("#text-1").focus()
        self.assertEqual(page.inner_text("#numbers-of"), "Box of text 2")
        self.assertEqual(page.input_value("#box-angle"), "0")
        page.locator("#text-0").focus()
        # As the picture allows.
        self.assertEqual([page.input_value(f"#box-{name}") for name in ("top", "angle")], ["74.5", "-160"])
        page.fill("#box-width", "")
        page.wait_for_timeout(300)
        self.assertEqual(self.numbers(page)[2], 0.5)

    def test_a_link_with_boxes_is_copied_opens_and_survives_a_reload(self):
        context = self.context(permissions=["clipboard-read", "clipboard-write"])
        page = self.place("#template=cat&top_text=on+the+[sign]&bottom_text=below", context=context)
        page.locator(".box").nth(1).focus()
        for key in ["Shift+ArrowLeft"] * 40 + ["[", "ArrowUp"]:
            page.keyboard.press(key)
        page.fill("#color", "#ffe600")
        drawn(page)
        page.get_by_role("button", name="Copy the link").click()
        link = page.evaluate("navigator.clipboard.readText()")
        # No character ends a URL in a text or in Markdown.
        self.assertRegex(link, r"^[\w:/.]+/caption\.png\?[\w.~%&=-]+$")
        query = self.query(page)
        self.assertEqual([query["template"], query["color"]], ["cat", "ffe600"])
        self.assertEqual([query["captions[0][text]"], query["captions[1][text]"]], ["on the [sign]", "below"])
        self.assertEqual(self.numbers(page, 1)[4], -1)
        self.assertIn(f"]({link})", page.input_value("#markdown"))
        self.assertEqual(page.get_attribute("#picture", "alt"), "cat: on the [sign] / below")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        opened = context.new_page()
        response = opened.goto(link)
        self.assertEqual((response.status, response.headers["content-type"]), (200, "image/png"))
        self.assertEqual(pathlib.Path(download.value.path()).read_bytes(), response.body())
        places = "[...document.querySelectorAll('.box')].map(one => JSON.stringify(one.getBoundingClientRect()))"
        before = page.evaluate(places)
        page.reload()
        drawn(page)
        self.assertEqual(page.input_value("#link"), link)
        self.assertEqual(len(before), 2)
        self.assertEqual(page.evaluate(places), before)
        if not shutil.which("curl"):
            self.skipTest("there is no curl")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(page.input_value("#curl") + " -s --fail", shell=True, cwd=folder, timeout=20, check=True)
            self.assertEqual(pathlib.Path(folder, "cat.png").read_bytes(), response.body())

    def test_texts_are_added_up_to_sixteen_and_removed(self):
        page = self.place()
        add = page.get_by_role("button", name="Add a text")
        while add.is_enabled():
            add.click()
            self.assertLessEqual(page.locator(".box").count(), 16)
            page.keyboard.type(f"x{page.locator('.box').count()}")
        drawn(page)
        self.assertEqual(page.locator(".box").count(), 16)
        self.assertEqual(page.get_attribute("#picture", "alt").count(" / "), 14, "the second one has no text")
        self.assertEqual(self.query(page)["captions[14][text]"], "x16")
        for left in range(15, 0, -1):
            page.get_by_role("button", name=f"Remove text {left // 2 + 1}", exact=True).click()
            self.assertEqual(page.locator(".box").count(), left)
            self.assertIn("text-", page.evaluate("document.activeElement.id"))
        drawn(page)
        self.assertTrue(page.get_by_role("button", name="Remove text 1", exact=True).is_disabled())
        self.assertTrue(add.is_enabled())

    def test_texts_stay_when_they_are_placed_and_when_they_are_not(self):
        page = self.place("#template=cat&top_text=a&middle_text=b&bottom_text=c")
        self.assertEqual([page.input_value(f"#text-{number}") for number in range(3)], ["a", "b", "c"])
        link = page.input_value("#link")
        self.assertFalse(page.locator("#layout").is_visible())
        page.get_by_role("button", name="Place freely").click()
        drawn(page)
        self.assertEqual(page.input_value("#link"), f"{self.server.url}/images/cat/a/b/c.png")
        self.assertFalse(page.locator("#boxes").is_visible())
        page.get_by_role("button", name="Place freely").click()
        drawn(page)
        self.assertEqual(page.input_value("#link"), link)

    def test_an_error_stands_beside_the_text_in_the_servers_words(self):
        page = self.place("#template=cat&bottom_text=second")
        with page.expect_response(lambda response: response.status == 400) as refused:
            page.fill("#text-1", "x" * 300)
        wait(page, "document.querySelector('#alarm').textContent !== ''")
        # The first one has no text and is not sent.
        self.assertIn("captions[0]", refused.value.json()["error"])
        self.assertEqual(page.inner_text("#error-text-1"), refused.value.json()["error"])
        self.assertEqual(page.get_attribute("#text-1", "aria-invalid"), "true")
        page.fill("#text-1", "short")
        drawn(page)
        self.assertEqual(page.inner_text("#error-text-1"), "")

    def test_an_error_of_a_time_stands_beside_that_time(self):
        page = self.place("#template=deal-with-it&top_text=first&bottom_text=second")
        with page.expect_response(lambda response: response.status == 400) as refused:
            page.fill("#box-to", "0,9")
        wait(page, "document.querySelector('#alarm').textContent !== ''")
        self.assertIn(".to", refused.value.json()["error"])
        self.assertEqual(page.inner_text("#error-box-to"), refused.value.json()["error"])
        self.assertEqual(page.get_attribute("#box-to", "aria-invalid"), "true")
        # The error is about the first text, so its numbers are shown again.
        self.assertIn("1", page.inner_text("#numbers-of"))
        page.fill("#box-to", "0.9")
        drawn(page)
        self.assertEqual(page.inner_text("#error-box-to"), "")

    def test_a_picture_of_ones_own_has_boxes(self):
        page = self.place()
        page.set_input_files("#file", TEMPLATES / "rocket.jpg")
        wait(page, "document.querySelector('#facts').textContent.startsWith('640 × 427, JPEG')")
        drawn(page)
        across, down = self.size(page)
        self.assertAlmostEqual(across / down, 640 / 427, delta=0.01)
        before = pixels(page)
        left, top, width, height, _ = self.numbers(page)
        self.drag(page, ".box.current", 0, 0.5 * down)
        self.assertNumbers(page, (left, top + 0.5, width, height, 0))
        self.assertNotEqual(pixels(page), before)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        made = pathlib.Path(download.value.path()).read_bytes()
        if not shutil.which("curl"):
            self.skipTest("there is no curl")
        with tempfile.TemporaryDirectory() as folder:
            shutil.copy(TEMPLATES / "rocket.jpg", folder)
            subprocess.run(page.input_value("#curl") + " -s --fail", shell=True, cwd=folder, timeout=20, check=True)
            self.assertEqual(pathlib.Path(folder, "rocket-meme.jpg").read_bytes(), made)

    def test_a_text_of_an_animation_has_its_time(self):
        self.assertFalse(self.place().locator("#box-from").is_visible())
        page = self.place("#template=deal-with-it&top_text=hello")
        page.fill("#box-from", "50%")
        page.fill("#box-to", "never")
        wait(page, "document.querySelector('#error-box-to').textContent.includes('captions[0].to')")
        page.fill("#box-to", "1.5")
        drawn(page)
        query = self.query(page)
        self.assertEqual([query["captions[0][from]"], query["captions[0][to]"]], ["50%", "1.5"])

    def test_a_picture_that_a_drag_has_superseded_is_not_waited_for(self):
        context = self.context()
        page = self.place(context=context)
        asked, aborted, held = [], [], []
        page.on("requestfailed", lambda request: aborted.append((request.url, request.failure)))

        def hold(route):
            asked.append(route.request.url)
            if len(asked) == 1:
                held.append(route)  # it never gets an answer
            else:
                route.continue_()

        context.route("**/caption.png?*", hold)
        page.locator(".box").first.focus()
        page.keyboard.press("ArrowDown")
        until(lambda: page.wait_for_timeout(20) or asked, "nothing is asked for")
        page.keyboard.press("ArrowDown")
        drawn(page)
        self.assertEqual(len(asked), 2)
        self.assertEqual(aborted, [(asked[0], "net::ERR_ABORTED")])

    def with_places(self, count=3, **options):
        """A page on which the cat has places for its texts."""
        context = self.context(**options)
        places = [{"left": 0.1, "top": 0.1 + number / 5, "width": 0.5, "height": 0.15, "angle": 10 * number} for number in range(count)]

        def details(route):
            templates = route.fetch().json()
            for one in templates:
                if one["name"] == "cat":
                    one.update({"boxes": places, "example": ["first", "second"]})
            route.fulfill(json=templates)

        context.route("**/templates?details", details)
        return context

    def test_a_template_with_places_has_a_field_for_each_text(self):
        page = self.open(context=self.with_places())
        self.assertEqual(page.locator("#list textarea").count(), 3)
        self.assertEqual([page.get_attribute(f"#text-{number}", "placeholder") for number in range(3)], ["first", "second", ""])
        self.assertFalse(page.locator("#top_text").is_visible())
        self.assertEqual(page.input_value("#link"), f"{self.server.url}/images/cat.png")
        for number, text in enumerate(("a b", "", "c")):
            page.fill(f"#text-{number}", text)
        drawn(page)
        self.assertEqual(page.input_value("#link"), f"{self.server.url}/images/cat/a_b/_/c.png")
        page.reload()
        drawn(page)
        self.assertEqual(page.input_value("#link"), f"{self.server.url}/images/cat/a_b/_/c.png")
        # Other templates have bands, and the texts go along.
        tile(page, "rocket").check()
        drawn(page)
        self.assertEqual(page.input_value("#link"), f"{self.server.url}/images/rocket/a_b/c.jpg")
        self.assertEqual(page.input_value("#bottom_text"), "c")
        tile(page, "cat").check()
        wait(page, "document.querySelector('#text-1')")
        self.assertEqual([page.input_value(f"#text-{number}") for number in range(3)], ["a b", "c", ""])
        page.get_by_role("button", name="Place freely").click()
        drawn(page)
        self.assertEqual(self.numbers(page, 1), (0.1, 0.3, 0.5, 0.15, 10))

    def test_texts_begin_where_the_template_has_them(self):
        for name in ("sign", "screen"):
            with self.subTest(name):
                template = json.loads(self.server.get(f"/templates/{name}"))
                page = self.open(f"#template={name}")
                self.assertEqual(page.locator("#list textarea").count(), len(template["boxes"]))
                for number, text in enumerate(template["example"]):
                    self.assertEqual(page.get_attribute(f"#text-{number}", "placeholder"), text)
                    page.fill(f"#text-{number}", f"text {number}")
                drawn(page)
                segments = "/".join(f"text_{number}" for number in range(len(template["boxes"])))
                self.assertEqual(page.input_value("#link"), f"{self.server.url}/images/{name}/{segments}.jpg")
                page.get_by_role("button", name="Place freely").click()
                drawn(page)
                for number, box in enumerate(template["boxes"]):
                    expected = (*(round(box[side], 3) for side in self.SIDES), round(box["angle"]))
                    self.assertEqual(self.numbers(page, number), expected)

    def test_the_third_text_that_is_too_long_has_its_error(self):
        page = self.open(context=self.with_places())
        page.fill("#text-1", "x" * 300)
        wait(page, "document.querySelector('#error-text-1').textContent.includes('bottom_text')")
        page.fill("#text-2", "z")
        wait(page, "document.querySelector('#error-text-1').textContent.includes('middle_text')")

    def test_a_template_may_have_sixteen_places(self):
        context = self.with_places(16)
        page = self.blank(context)
        asked = []
        context.route("**/images/cat/**", lambda route: (asked.append(route.request.url), route.fulfill(status=400, json={"error": "no"})))
        page.goto(f"{self.server.url}/#template=cat&" + "&".join(f"captions[{number}]={number}" for number in range(16)))
        segments = "/".join(str(number) for number in range(16))
        until(lambda: page.wait_for_timeout(20) or f"{self.server.url}/images/cat/{segments}.png" in asked, f"asked: {asked}")
        self.assertEqual(page.locator("#list textarea").count(), 16)

    def test_axe_finds_no_violation(self):
        for width, height in ((1280, 800), (360, 740), (320, 568)):
            for options in ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}):
                with self.subTest(width=width, **options):
                    page = self.place("#template=cat&top_text=hello&bottom_text=there", width=width, height=height, **options)
                    page.locator(".box").nth(1).focus()
                    page.keyboard.press("Alt+ArrowRight")
                    drawn(page)
                    self.check(page, "boxes")
                    self.assertEqual(page.evaluate("document.scrollingElement.scrollWidth"), width)


class Busy(Browser):
    """One render thread and no queue."""

    arguments = ("--render-threads", "1", "--queue", "0")

    def test_a_busy_server_is_said_and_asked_again_until_the_picture_is_there(self):
        page = self.blank(self.context())
        with busy(self.server):
            page.goto(self.server.url + "/#template=cat&top_text=patience")
            wait(page, "document.querySelector('#trouble-text').textContent.includes('Trying again in')")
            self.assertTrue(page.locator("#trouble").is_visible())
            self.assertIn("Trying again", page.text_content("#said"))
            self.assertTrue(page.input_value("#link").startswith(f"{self.server.url}/images/cat/patience."))
            # The names of the templates need no thread that draws.
            self.assertEqual(page.locator(".tile").count(), len(json.loads(self.server.get("/templates"))))
        drawn(page)
        self.assertFalse(page.locator("#trouble").is_visible())
        self.assertEqual(page.text_content("#alarm"), "")
        until(lambda: page.input_value("#link") == f"{self.server.url}/images/cat/patience.png", "details never come", 40)
        wait(page, "[...document.querySelectorAll('.tile img')].every(one => one.naturalWidth)", milliseconds=60_000)

    def test_it_stops_asking_after_six_times(self):
        context = self.context()
        page = self.open(context=context)
        asked = []

        def refuse(route):
            asked.append(route.request.url)
            answer = {"status": 503, "headers": {"Retry-After": "1"}, "json": {"error": "the queue is full"}}
            route.fulfill(**answer)

        page.clock.install()
        context.route("**/images/cat/hello.png", refuse)
        page.fill("#top_text", "hello")

        def given_up():
            page.clock.run_for(1000)
            page.wait_for_timeout(20)
            return page.locator("#again").is_visible()

        until(given_up, "it does not give up")
        page.clock.run_for(120_000)
        page.wait_for_timeout(200)
        self.assertEqual(len(asked), 6)
        self.assertEqual(page.inner_text("#trouble-text"), "the queue is full")
        self.assertEqual(page.text_content("#alarm"), "the queue is full")
        context.unroute("**/images/cat/hello.png")
        page.get_by_role("button", name="Try again").click()
        page.clock.run_for(1000)
        drawn(page)


class Superseded(Browser):
    """One render thread and room in its queue."""

    arguments = ("--render-threads", "1")

    def test_a_request_that_is_superseded_is_aborted_and_not_drawn(self):
        page = self.open()
        page.wait_for_load_state("networkidle")
        before = self.server.stats()
        aborted = []
        page.on("requestfailed", lambda request: aborted.append((urllib.parse.urlsplit(request.url).path, request.failure)))
        asked = []
        page.on("request", lambda request: asked.append(urllib.parse.urlsplit(request.url).path))
        with busy(self.server):
            page.focus("#top_text")
            for text in ("a", "ab", "abc"):
                page.keyboard.type(text[-1])
                until(lambda: page.wait_for_timeout(20) or f"/images/cat/{text}.png" in asked, f"{text} is not asked for")
            until(lambda: page.wait_for_timeout(20) or len(aborted) == 2, f"aborted: {aborted}")
            until(lambda: self.server.stats()["hung_up"] - before["hung_up"] >= 2, "the server has not noticed")
        drawn(page)
        self.assertEqual(aborted, [(f"/images/cat/{text}.png", "net::ERR_ABORTED") for text in ("a", "ab")])
        self.assertEqual(page.get_attribute("#picture", "alt"), "cat: abc")
        drawings = self.server.stats()["drawn"]["count"] - before["drawn"]["count"]
        self.assertLessEqual(drawings, 3, "abc, and what kept the thread busy")


class Accessible(Browser):
    """axe-core, at three widths, light and dark."""

    def test_axe_finds_no_violation(self):
        for width, height in ((1280, 800), (360, 740), (320, 568)):
            for scheme in ("light", "dark"):
                with self.subTest(width=width, scheme=scheme):
                    context = self.context(width, height, color_scheme=scheme, reduced_motion="reduce")
                    page = self.open("#template=deal-with-it&top_text=hello&width=300", context=context)
                    page.wait_for_load_state("networkidle")
                    self.check(page, "a meme")
                    page.set_input_files("#file", TEMPLATES / "rocket.jpg")
                    wait(page, "document.querySelector('#facts').textContent.includes('JPEG')")
                    self.check(page, "a picture of one's own")
                    page.fill("#bottom_text", "x" * 300)
                    wait(page, "document.querySelector('#alarm').textContent !== ''")
                    self.check(page, "an error")
                    page.get_by_role("searchbox").fill("nothing like this")
                    context.route("**/caption?*", lambda route: route.fulfill(status=503, json={"error": "the queue is full"}))
                    page.fill("#bottom_text", "y")
                    wait(page, "document.querySelector('#trouble-text').textContent.includes('Trying')")
                    self.check(page, "a busy server and a search without matches")

    def test_axe_finds_no_violation_without_javascript(self):
        for scheme in ("light", "dark"):
            # axe is JavaScript: the page is shown as if there were none by refusing its script.
            context = self.context(360, 740, color_scheme=scheme)
            context.route("**/*.js", lambda route: route.abort())
            page = context.new_page()
            page.goto(self.server.url)
            self.check(page, scheme)

    def test_the_page_is_never_wider_than_the_window(self):
        for scripts in (True, False):
            page = self.context(320, 700, java_script_enabled=scripts).new_page()
            page.goto(f"{self.server.url}/#template=cat&top_text={'long' * 40}")
            if scripts:
                drawn(page)
            for width in (320, 360, 480, 768, 895, 896, 1024, 1280, 1600):
                page.set_viewport_size({"width": width, "height": 700})
                self.assertEqual(page.evaluate("document.scrollingElement.scrollWidth"), width, f"scripts: {scripts}")


class Serving(Browser):
    def test_the_page_is_small_needs_nothing_from_elsewhere_and_keeps_its_policy(self):
        page = self.blank(self.context())
        fetched = []
        page.on("response", lambda response: fetched.append(response))
        page.goto(self.server.url)
        drawn(page)
        page.wait_for_load_state("networkidle")
        self.assertEqual([one.url for one in fetched if not one.url.startswith((self.server.url, "blob:"))], [])
        own = [one for one in fetched if re.search(r"(/|\.html|\.css|\.js|\.svg)$", urllib.parse.urlsplit(one.url).path)]
        self.assertGreaterEqual(len(own), 4)
        # As it is written, comments included. The boxes are a fifth of it.
        self.assertLess(sum(len(one.body()) for one in own), 80_000)
        policy = fetched[0].headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)

    def test_each_link_of_the_page_leads_somewhere(self):
        page = self.open()
        for path in page.eval_on_selector_all("a[href]", "all => all.map(one => one.getAttribute('href'))"):
            with self.subTest(path):
                self.assertTrue(self.server.get(path))


# ===== the pictures of the README =====


def screenshots(folder):
    """A wide one and a narrow one. JPEGs, because most of each is a photograph."""
    server = Memed()
    try:
        with playwright.sync_playwright() as started:
            # The links on the pictures have the port that is the default.
            port = [f"--host-resolver-rules=MAP 127.0.0.1:1337 {server.url.removeprefix('http://')}"]
            browser = started.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS + port, timeout=60_000)
            fragment = "#template=cat&top_text=I+can+haz&bottom_text=futures"
            for name, width, height, scheme in (("page", 1280, 800, "light"), ("page-phone", 360, 740, "dark")):
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.set_default_timeout(WAIT)
                page.goto(f"http://127.0.0.1:1337/{fragment}")
                drawn(page)
                page.wait_for_load_state("networkidle")
                path = pathlib.Path(folder, f"{name}.jpg")
                page.screenshot(path=path, type="jpeg", quality=85)
                print(f"{path}: {path.stat().st_size} bytes")
            browser.close()
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", nargs="?", default=os.environ.get("MEMED"))
    parser.add_argument("--screenshots", metavar="DIR")
    arguments, names = parser.parse_known_args()
    if not arguments.program:
        parser.error("which memed? Its path is the first argument, or MEMED")
    Memed.program = os.path.abspath(arguments.program)
    # The limit ends whatever hangs; servers end with their parent's cleanup.
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"not finished within {LIMIT} seconds"))
    signal.alarm(LIMIT)
    if arguments.screenshots:
        screenshots(arguments.screenshots)
    else:
        unittest.main(argv=[sys.argv[0], *names], verbosity=2)


if __name__ == "__main__":
    main()
