"""What the first set-up costs: bytes fetched, bytes on disk, seconds; for readers and for makers.

    python -m benchmarks.first_setup --out build/first_setup.json

Every file that any of the set-ups installs is fetched once (1 GB and more). Each set-up is then
made by `make` in a folder of its own, from those files, without a network: its seconds are this
machine's alone, and what a network adds is its bytes divided by the line's speed. Folders lie in
the system's temporary folder (5 GB at most) and are removed. For Linux and macOS.
"""

import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from cnncourse._files import given_path, written_whole
from tools import handout

ROOT = pathlib.Path(__file__).resolve().parents[1]
CHILDREN = ("children_user", "children_system")
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
            "bytes_fetched": bytes_fetched(venv, wheels),
            "bytes_on_disk": bytes_on_disk(venv),
            "wall_seconds": round(wall, 1),
            "cpu_seconds": round(cpu, 1),
        }


def table(found: dict[str, dict]) -> str:
    """Return a table in Markdown: MB are millions of bytes."""
    rows = ["| set-up | MB fetched | MB on disk | wall seconds | CPU seconds |"]
    rows.append("| --- | --: | --: | --: | --: |")
    for name, one in found.items():
        sizes = (f"{one[key] / 1e6:,.0f}" for key in ("bytes_fetched", "bytes_on_disk"))
        seconds = (f"{one[key]:.0f}" for key in ("wall_seconds", "cpu_seconds"))
        rows.append(f"| {' | '.join((name, *sizes, *seconds))} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=given_path, required=True, help="the JSON file to write")
    out = parser.parse_args().out
    if not shutil.which("make"):
        parser.error("there is no make on the PATH; install it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="first-setup-wheels-") as folder:
        wheels = pathlib.Path(folder)
        seconds = fetch(wheels)
        size = sum(path.stat().st_size for path in wheels.iterdir())
        print(f"fetched {size / 1e6:,.0f} MB, all set-ups' files, in {seconds:.0f} s", flush=True)
        found = {}
        for name in SETUPS:
            found[name] = measured(name, wheels)
            print(name, found[name], flush=True)
    print(table(found))
    record = {
        "setups": found,
        "fetching": {"bytes": size, "wall_seconds": round(seconds, 1)},
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "date": time.strftime("%Y-%m-%d"),
    }
    with written_whole(out) as stream:
        stream.write((json.dumps(record, indent=1) + "\n").encode())


if __name__ == "__main__":
    main()
