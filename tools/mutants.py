"""Change a module in one place at a time, and see whether the tests that know it notice.

    python -m tools.mutants results classifier     300 changes of each, drawn by --seed
    python -m tools.mutants conv --number 50       fewer

Every change is written into a copy of the course, where a fork of this process, which has
imported what takes its time, runs the tests until one fails. It says of each module how many
changes were caught and lists those that were not: each wants a test, or is the same program.
By hand and not in CI: some seconds a change. Needs a system that forks.
"""

import argparse
import contextlib
import importlib
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

from tools.changes import changes

ROOT = pathlib.Path(__file__).resolve().parents[1]
_FOLDERS = ("cnncourse", "tests", "tools", "notebooks", "results", "studies", "site", "student")
_HEAVY = ("tensorflow", "keras", "h5py", "hypothesis", "jupytext", "matplotlib.pyplot", "mlxtend")
_HEAVY += ("nbformat", "pandas", "PIL.Image", "pytest", "scipy.signal", "sklearn.metrics")
# Which tests know a module, where they do not bear its name: tests/test_NAME*.py.
_KNOW = {
    "__main__": "main",
    "_classifier_file": "classifier",
    "_files": "files",
    "_tables": "results",
    "doctor": "main",
}


def tests_of(module: str) -> list[str]:
    """The files of tests of a module, "results" or "data/arrays", by name. LookupError if none."""
    name = _KNOW.get(module, module.split("/")[0])
    found = sorted(path.name for path in (ROOT / "tests").glob(f"test_{name}*.py"))
    if not found:
        raise LookupError(f"no tests/test_{name}*.py: name the tests of {module} with --tests.")
    return found


def survivors(module: str, tests: list[str], number: int, seed: int):
    """Yield (change, whether a test failed or ran out of time) of a sample of a module's changes.

    RuntimeError where the tests fail without any change.
    """
    relative = pathlib.Path("cnncourse", f"{module}.py")
    source = (ROOT / relative).read_text(encoding="utf-8")
    every = list(changes(source))
    drawn = sorted(random.Random(seed).sample(range(len(every)), min(number, len(every))))
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = pathlib.Path(folder)
        for name in _FOLDERS:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy(path, copy)
        started = time.monotonic()
        if not _pass(copy, tests, 3_600):
            raise RuntimeError(f"{', '.join(tests)} fails as it is; mend that first.")
        limit = 30 + 3 * (time.monotonic() - started)
        print(f"{module}: {len(drawn)} of {len(every)} changes, {limit:.0f} s each at most")
        for index in drawn:
            (copy / relative).write_text(every[index].source, encoding="utf-8")
            yield every[index], not _pass(copy, tests, limit)


def _pass(copy: pathlib.Path, tests: list[str], seconds: float) -> bool:
    """Run tests in a fork of this process; False also where they do not end in time."""
    child = os.fork()
    if child == 0:
        _run(copy, tests)
    end = time.monotonic() + seconds
    status = None
    try:
        while status is None and time.monotonic() < end:
            ended, code = os.waitpid(child, os.WNOHANG)
            status = code if ended else time.sleep(0.05)
    finally:
        with contextlib.suppress(ProcessLookupError):  # also what a test has left running
            os.killpg(child, signal.SIGKILL)
    if status is None:
        os.waitpid(child, 0)
    return status == 0


def _run(copy: pathlib.Path, tests: list[str]) -> None:
    """Be a process of its own in the copy, run pytest and end with its status."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        silent = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silent, stream)
        os.chdir(copy)
        os.environ["PYTHONPATH"] = str(copy)
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        sys.path.insert(0, str(copy))
        files = [str(copy / "tests" / name) for name in tests]
        code = importlib.import_module("pytest").main(
            ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts=", *files]
        )
    finally:
        os._exit(int(code))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("modules", nargs="+", help="below cnncourse/, as results or data/arrays")
    parser.add_argument("--number", type=int, default=300, help="changes a module at most")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tests", nargs="+", help="files in tests/ (default: those of its name)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    for name in _HEAVY:
        importlib.import_module(name)
    for module in given.modules:
        caught, lived = 0, []
        for change, noticed in survivors(
            module, given.tests or tests_of(module), given.number, given.seed
        ):
            caught += noticed
            if not noticed:
                lived.append(change)
                print(f"  lives: {change}", flush=True)
        tried = caught + len(lived)
        print(f"{module}: {caught} of {tried} caught ({caught / max(tried, 1):.0%})", flush=True)


if __name__ == "__main__":
    main()
