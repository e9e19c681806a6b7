"""What the first set-up costs: MB fetched, MB on disk, seconds; for readers and for makers.

Every file that any of the set-ups installs is fetched once (1 GB and more). Each set-up is then
made by `make` in a folder of its own, from those files, without a network: its seconds are this
machine's alone, and what a network adds is its bytes divided by the line's speed. Folders lie in
the system's temporary folder (5 GB at most) and are removed. An MB is a million bytes. It is the
one benchmark that needs a network, so it runs where it is named alone. For Linux and macOS.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from benchmarks import Row, Side
from tools import handout

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHILDREN = ("children_user", "children_system")
ROUNDS = 1
KEY = "make lab, MB fetched"
LOCKS = ("constraints.txt", "constraints-makers.txt")
SETUPS = {  # name: whose folder, and what make is to do there
    "make lab": ("course", ["setup"]),
    "students' make lab": ("student", ["setup"]),
    "make test": ("course", ["setup", "makers"]),
    "make test GPU=1": ("course", ["setup", "makers", "GPU=1"]),  # as every set-up once was
}


def copy_course(kind: str, folder: pathlib.Path) -> None:
    """Copy to a new folder what git tracks of the course, or what the zip for students holds."""
    if kind == "student":
        files = handout.student_files(ROOT)
    else:
        command = ["git", "-C", str(ROOT), "ls-files", "-z"]
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        files = {name: (ROOT / name).read_bytes() for name in names.rstrip("\0").split("\0")}
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def fetch(wheels: pathlib.Path) -> float:
    """Fetch into `wheels` what this machine may install, both TensorFlows; return the seconds."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-cache-dir", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--dest", str(wheels)]
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for name in LOCKS:
            text = (ROOT / name).read_text(encoding="utf-8")
            lock = pathlib.Path(folder, name)
            lock.write_text(re.sub(r"(?m)^(tensorflow==\S+) ;.*\\$", r"\1 \\", text), "utf-8")
            command += ["--requirement", str(lock)]
        subprocess.run(command, check=True)
    return time.perf_counter() - start


def bytes_fetched(venv: pathlib.Path, wheels: pathlib.Path) -> int:
    """Return the size of the wheels of what is installed in `venv`.

    Raises LookupError where a package is installed that none of them is of.
    """

    def spelt(name: str) -> str:
        return re.sub(r"[-_.]+", "_", name).lower()

    sizes = {}
    for path in wheels.glob("*.whl"):
        name, version, _ = path.name.split("-", 2)
        sizes[spelt(name), version] = path.stat().st_size
    names = (path.stem.rsplit("-", 1) for path in venv.rglob("site-packages/*.dist-info"))
    installed = {(spelt(name), version) for name, version in names}
    strange = [pair for pair in installed - sizes.keys() if pair[0] not in ("pip", "cnncourse")]
    if strange:
        raise LookupError(f"{venv}: expected the wheels of {sorted(strange)} in {wheels}.")
    return sum(sizes[pair] for pair in installed & sizes.keys())


def bytes_on_disk(folder: pathlib.Path) -> int:
    """Return what the files below a folder take on disk, links not followed."""
    found = (os.lstat(os.path.join(at, name)) for at, _, names in os.walk(folder) for name in names)
    return sum(s.st_blocks * 512 if hasattr(s, "st_blocks") else s.st_size for s in found)


def run_whole(command: list[str], folder: str, environment: dict[str, str]) -> None:
    """Run a command quietly; whatever ends this process ends it too, and what it has started."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        code = process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    if code:
        raise subprocess.CalledProcessError(code, command)


def measured(name: str, wheels: pathlib.Path) -> dict:
    """Make one of SETUPS in a fresh folder from `wheels`; return its bytes and seconds."""
    kind, arguments = SETUPS[name]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "PIP_"))}
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri(), "PIP_NO_CACHE_DIR": "1"}
    offline["PIP_CONFIG_FILE"] = os.devnull
    with tempfile.TemporaryDirectory(prefix="first-setup-") as folder:
        copy_course(kind, pathlib.Path(folder))
        before, start = os.times(), time.perf_counter()
        command = ["make", f"PYTHON={sys.executable}", *arguments]
        run_whole(command, folder, clean | offline)
        wall, after = time.perf_counter() - start, os.times()
        cpu = sum(getattr(after, x) - getattr(before, x) for x in CHILDREN)
        venv = pathlib.Path(folder, ".venv")
        return {
            "MB fetched": bytes_fetched(venv, wheels) / 1e6,
            "MB on disk": bytes_on_disk(venv) / 1e6,
            "seconds": wall,
            "cpu": cpu,
        }


def measure(seed: int) -> dict[str, float]:
    """Make each of SETUPS once; "<set-up>, <number>" for each of its numbers, and the fetching."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="first-setup-wheels-") as folder:
        wheels = pathlib.Path(folder)
        found = {"all, seconds to fetch": fetch(wheels)}
        found["all, MB fetched"] = sum(path.stat().st_size for path in wheels.iterdir()) / 1e6
        for name in SETUPS:
            made = measured(name, wheels)
            found |= {f"{name}, {number}": value for number, value in made.items()}
    return found


def missing() -> str:
    return "" if shutil.which("make") else "there is no make on the PATH"


ROWS = {"": Row(sides={"": Side(measure=measure)}, missing=missing)}
