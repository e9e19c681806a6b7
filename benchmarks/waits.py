"""What a user waits for besides training: kernel, imports, images, checks, a page, predictions.

Each is measured in a new process, in CPU seconds of all processes that it takes, and in seconds
on the clock. The first check has the import of its exercises in it, but not that of Keras.
`predict` is the command, from its start to its end, with lesson 07's network of 64×64 pixels,
whose weights make no difference here. A page is opened in Chromium from its file, until all that
it shows is loaded.
"""

import contextlib
import importlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial

from benchmarks import ROOT, Row, Side
from cnncourse import budget

IMPORTS = {
    "cnncourse": "import cnncourse",
    "its data, exercises and plots": "from cnncourse import data, exercises, plots",
    "Keras after these": "import keras",
}
SETS = ("mnist", "fashion_mnist", "cifar10", "cifar100", "cats_vs_dogs")
CHECKS = {"01/conv2d": "numpy", "08/build_network": "keras"}  # and what its lesson has imported
PAGES = ("index.html", "notebooks/04_cifar10_confusion.html")
MANY = budget.choose(full=100, quick=3)
ROUNDS = budget.choose(full=5, quick=1)
KEY = "kernel, start, cpu"

_IMPORTS = """
import json, sys, time
found = []
for line in sys.argv[1:]:
    cpu, clock = time.process_time(), time.perf_counter()
    exec(line)
    found.append((time.process_time() - cpu, time.perf_counter() - clock))
print(json.dumps(found))
"""
_PREDICT = """
import sys, time
from cnncourse.__main__ import main
status = main(sys.argv[1:])
print(time.process_time())
sys.exit(status)
"""


@contextlib.contextmanager
def timed(found: dict, what: str, cpu=time.process_time):
    """Write down what the block takes as `what`, "cpu" and "seconds"."""
    start, clock = cpu(), time.perf_counter()
    yield
    found[f"{what}, cpu"] = cpu() - start
    found[f"{what}, seconds"] = time.perf_counter() - clock


def kernel(seed):
    """From asking for a kernel until it has answered its first cell."""
    import psutil
    from jupyter_client.manager import KernelManager

    found = {}
    manager = KernelManager(kernel_name="python3")
    cpu = partial(_of_tree, psutil.Process())
    try:
        with timed(found, "start", cpu):
            manager.start_kernel()
            client = manager.blocking_client()
            client.start_channels()
            client.wait_for_ready(timeout=300)
            client.execute_interactive("1 + 1", timeout=300, output_hook=lambda message: None)
    finally:
        manager.shutdown_kernel(now=True)
    return found


def _of_tree(process):
    """CPU seconds of what the process has started and what that has started."""
    return sum(sum(each.cpu_times()[:2]) for each in process.children(recursive=True))


def imports(seed):
    """In a process that has imported nothing yet, one after the other."""
    command = [sys.executable, "-c", _IMPORTS, *IMPORTS.values()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = {}
    for what, (cpu, seconds) in zip(IMPORTS, json.loads(done.stdout), strict=True):
        found |= {f"{what}, cpu": cpu, f"{what}, seconds": seconds}
    return found


def load(name, seed):
    from cnncourse import data

    found = {}
    read = data.load if name in data.names() else data.photographs
    with timed(found, "first"):
        read(name)
    with timed(found, "again"):
        read(name)
    return found


def check(name, seed):
    """The first check of a right answer, and the hundredth."""
    importlib.import_module(CHECKS[name])
    found = {}
    with timed(found, "first"):
        from cnncourse import exercises

        exercise = exercises.find(name)
        answer = exercise.fill(exercise.solution)
        exercises.check(name, answer)
    for _ in range(MANY - 2):
        exercises.check(name, answer)
    with timed(found, f"number {MANY}"):
        exercises.check(name, answer)
    return found


def page(name, seed):
    import psutil
    from playwright.sync_api import sync_playwright

    found = {}
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=flags)
        try:
            tab = browser.new_page(viewport={"width": 1280, "height": 800})
            tab.set_default_timeout(300_000)
            tab.goto("about:blank")
            with timed(found, "open", partial(_of_tree, psutil.Process())):
                tab.goto((_site() / name).as_uri(), wait_until="load")
        finally:
            browser.close()
    return found


def _site():
    return ROOT / "build" / "site"


def _chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def no_page():
    if not all((_site() / name).is_file() for name in PAGES):
        return "the site is not built: make site"
    return "" if _chromium() else "Chromium was not found"


def predict(seed):
    from cnncourse import classifier, data

    import keras
    from keras import layers

    folder = data.photographs("cats_vs_dogs").path / "validation"
    photographs = sorted(map(str, folder.glob("*/*")))
    network = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            layers.Resizing(64, 64),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    found = {}
    with tempfile.TemporaryDirectory() as work:
        file = pathlib.Path(work) / "network.keras"
        classifier.save(network, file, ["cat", "dog"])
        for count in (1, MANY):
            given = ["predict", str(file), *photographs[:: len(photographs) // count][:count]]
            clock = time.perf_counter()
            command = [sys.executable, "-c", _PREDICT, *given]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            what = "1 photograph" if count == 1 else f"{count} photographs"
            found[f"{what}, cpu"] = float(done.stdout.splitlines()[-1])
            found[f"{what}, seconds"] = time.perf_counter() - clock
    return found


def row(measure, **about):
    return Row(sides={"": Side(measure=measure)}, **about)


ROWS = (
    {"kernel": row(kernel), "import": row(imports)}
    | {f"load {name}": row(partial(load, name), data=name) for name in SETS}
    | {f"check {name}": row(partial(check, name)) for name in CHECKS}
    | {f"page {name}": row(partial(page, name), missing=no_page) for name in PAGES}
    | {"predict": row(predict, data="cats_vs_dogs")}
)
