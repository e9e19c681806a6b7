"""Measure the rows of a benchmark round by round; go on where it stopped; write its record.

A row of a round is the unit: its sides are measured one after the other, each in a process of its
own, and kept together in `build/benchmarks/`, so that a ratio of two sides is always of one
moment of the machine. The side that begins changes from round to round. What is kept is used again
for the same code alone, and removed when the record is written.
"""

import contextlib
import importlib
import io
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping

from benchmarks import BUILD, NAMES, ROOT, BenchmarkError, Row
from cnncourse import budget, data, results
from cnncourse._files import written_whole
from tools import study

import filelock
import numpy as np
import psutil

PEER_VARIABLE = "CNNCOURSE_TORCH"
THREADS = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
PIPES = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def main(names: Iterable[str]) -> int:
    """Run the named benchmarks; return 0, 1 where one cannot be measured, or 130."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    now = ""
    try:
        unknown = [name for name in names if name not in NAMES]
        if unknown:
            raise BenchmarkError(
                f"no benchmark {', '.join(unknown)}; expected some of {', '.join(NAMES)}"
            )
        if budget.name() == "full":
            os.environ[results.STORE_VARIABLE] = "1"
        for name in names:
            now = name
            module = importlib.import_module(f"benchmarks.{name}")
            print(run(name, module.ROWS, module.KEY, module.ROUNDS))
    except (BenchmarkError, data.DataError, results.ResultError, ValueError, OSError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            f"\nbenchmarks: interrupted{now and f' in {now}'}; what was measured is kept, and the "
            "same command goes on",
            file=sys.stderr,
        )
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _interrupt(number, frame):
    raise KeyboardInterrupt


def run(name: str, rows: Mapping[str, Row], key: str, rounds: int) -> results.Summary:
    """Measure every row in every round and book it, with one value a round.

    In the full budget the numbers are kept as `results/bench_<name>.json`. Raises BenchmarkError,
    before anything is measured, where they could not be.
    """
    peer = _peer()
    left_out = {row: why for row, about in rows.items() if (why := about.missing())}
    if not peer and any(side.peer for about in rows.values() for side in about.sides.values()):
        left_out["PyTorch"] = (
            f"no Python with PyTorch: benchmarks/requirements.txt says how, or set {PEER_VARIABLE}"
        )
    for what, why in left_out.items():
        print(f"{name}: {what} is not measured ({why})", flush=True)
    rows = {row: about for row, about in rows.items() if row not in left_out}
    BUILD.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(BUILD / ".lock", blocking=False):
            sets = _sets(name, rows)
            runs = measure(name, rows, range(1, rounds + 1), peer)
            summary = _book(name, rows, runs, sets, key, left_out)
            shutil.rmtree(_folder(name), ignore_errors=True)
    except filelock.Timeout:
        raise BenchmarkError(
            f"{name}: another benchmark is being measured here, and the two would disturb each "
            "other; wait for it to end."
        ) from None
    return summary


def _peer() -> str | None:
    """The Python that has PyTorch: the one that was named, or that of build/benchmarks/torch."""
    if named := os.environ.get(PEER_VARIABLE):
        if not shutil.which(named):
            raise BenchmarkError(
                f"{PEER_VARIABLE} is {named}; expected a Python that has PyTorch, such as "
                "FOLDER/bin/python."
            )
        return named
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    path = BUILD / "torch" / inside
    return str(path) if path.exists() else None


def _sets(name: str, rows: Mapping[str, Row]) -> dict[str, object]:
    """The sets that the rows name, with the images of the rows written down for their processes."""
    wanted: dict[str, int] = {}
    for row in filter(lambda row: row.data, rows.values()):
        wanted[row.data] = max(wanted.get(row.data, 0), row.images or 0)
    found = {
        each: data.load(each) if each in data.names() else data.photographs(each) for each in wanted
    }
    if budget.name() == "full" and (why := study.unfit(found.values())):
        raise BenchmarkError(f"{name}: {why}")
    for each, count in wanted.items():
        if count:
            stream = io.BytesIO()
            np.savez(stream, x=found[each].x_train[:count], y=found[each].y_train[:count])
            with written_whole(BUILD / "images" / f"{each}.npz") as file:
                file.write(stream.getbuffer())
    return found


def measure(
    name: str, rows: Mapping[str, Row], rounds: Iterable[int], peer: str | None = None
) -> dict[str, list[dict]]:
    """Return, for each row, one dict a round: {"sides": {side: what its process found}, ...}.

    "others" in it is how many cores other programs kept busy meanwhile. What was measured before
    by the same code is taken from `build/benchmarks/`.
    """
    folder = _folder(name)
    files = {
        (row, number): folder / f"{number}-{place}.json"
        for number in rounds
        for place, row in enumerate(rows)
    }
    found: dict[str, list[dict]] = {row: [] for row in rows}
    kept = 0
    for (row, number), path in files.items():
        wanted = [side for side, how in rows[row].sides.items() if peer or not how.peer]
        unit = json.loads(path.read_text()) if path.exists() else {"sides": {}}
        if wanted and not set(wanted) <= unit["sides"].keys():
            start = number % len(wanted)
            what = ", ".join(filter(None, (name, f"round {number}", row)))
            said = f"{time.strftime('%H:%M:%S')} {what}"
            unit = _unit(name, row, wanted[start:] + wanted[:start], number, rows[row], peer)
            with written_whole(path) as stream:
                stream.write(json.dumps(unit).encode())
            spent = sum(side["cpu_seconds"] for side in unit["sides"].values())
            print(f"{said}: {spent:.1f} CPU seconds", flush=True)
        else:
            kept += 1
        found[row].append(unit)
    if kept:
        print(f"{name}: {kept} of {len(files)} were measured before ({folder})", flush=True)
    return found


def _unit(name, row, sides, number, about, peer) -> dict:
    found = {}
    started, busy = time.monotonic(), _busy()
    for side in sides:
        python = peer if about.sides[side].peer else sys.executable
        command = [python, "-m", "benchmarks", "--one", name, row, side, str(number)]
        what = ", ".join(filter(None, (name, row, side)))
        found[side] = _answer(command, what, about.threads)
    own = sum(side["cpu_seconds"] for side in found.values())
    others = (_busy() - busy - own) / (time.monotonic() - started)
    return {"sides": found, "others": max(0.0, others)}


def _busy() -> float:
    """Seconds that the cores of this machine were busy since it started, all together."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0) - getattr(times, "guest", 0)


def _answer(command: list[str], what: str, threads: int | None) -> dict:
    """Run one measurement in a process of its own and return what it found."""
    # Byte code is kept, whatever this shell wishes: a reader's imports do not compile.
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
    if threads:
        environment |= dict.fromkeys(THREADS, str(threads))
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **PIPES) as process:
        try:
            out, said = process.communicate()
        except BaseException:
            _end(process.pid)
            raise
    try:
        if process.returncode:
            raise ValueError(f"it ended with {process.returncode}")
        return json.loads(out.splitlines()[-1])
    except (ValueError, IndexError) as error:
        last = (said.strip().splitlines() or [str(error)])[-1]
        raise BenchmarkError(f"{what} cannot be measured: {last}") from error


def _end(pid: int) -> None:
    """End a process and all that it has started; what removes its files gets ten seconds."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        every = [*process.children(recursive=True), process]
        process.terminate()
        psutil.wait_procs(every, timeout=10)
        for each in every:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


def _folder(name: str) -> pathlib.Path:
    digest = results.code_digest(ROOT / "benchmarks" / f"{name}.py").removeprefix("sha256:")
    return BUILD / f"{name}-{budget.name()}-{digest[:12]}"


def _book(name, rows, runs, sets, key, left_out) -> results.Summary:
    """Book each number as "<row>, <side>, <number>", without the side where there is but one."""
    book = results.Book(f"bench_{name}")
    measured = [side for units in runs.values() for u in units for side in u["sides"].values()]
    for row, about in rows.items():
        for side in runs[row][0]["sides"]:
            for number in runs[row][0]["sides"][side]["numbers"]:
                book.add(
                    ", ".join(filter(None, (row, side, number))),
                    [unit["sides"][side]["numbers"][number] for unit in runs[row]],
                    seeds=list(range(1, len(runs[row]) + 1)),
                    data=sets.get(about.data),
                    images=about.images,
                    epochs=about.epochs,
                )
    versions = {}
    for side in measured:
        versions |= side["machine"]["versions"]
    others = [unit["others"] for units in runs.values() for unit in units]
    facts = {
        "versions": versions,
        "threads": max(side["machine"]["threads"] for side in measured),
        "peak_mib": max(side["peak_mib"] or 0 for side in measured) or None,
        "cores": psutil.cpu_count(),
        "others": round(statistics.median(others), 2),
        "left_out": left_out,
    }
    return book.close(key, sum(side["cpu_seconds"] for side in measured), facts)
