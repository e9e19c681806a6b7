"""Train every row of a study with every seed, resumable, on as many cores as one likes."""

import json
import os
import pathlib
import time
from collections.abc import Callable, Mapping, Sequence

import filelock

from . import results
from ._files import written_whole


def measure(
    name: str,
    rows: Mapping[str, Callable[[int], Mapping[str, float]]],
    seeds: Sequence[int],
) -> dict[str, list[dict]]:
    """Return, for each row, one dict a seed: what `rows[row](seed)` gave, and "cpu_seconds".

    Each finished run is kept in `build/studies/<name>/`, under the digest of the study's code:
    an interrupted study goes on where it stopped. Two processes of the same study share the
    work, run by run; each returns when all runs are there.
    """
    base = results.root()
    if base is None or not (base / "studies" / f"{name}.py").exists():
        raise results.ResultError(
            f"studies/{name}.py was not found from {pathlib.Path.cwd()}; start inside the course."
        )
    digest = results.code_digest(base / "studies" / f"{name}.py").removeprefix("sha256:")[:12]
    folder = base / "build" / "studies" / f"{name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    runs = {
        (row, seed): folder / f"{i}-{seed}.json" for i, row in enumerate(rows) for seed in seeds
    }
    while missing := [run for run in runs if not runs[run].exists()]:
        if not any(
            _run(rows[row], seed, runs[row, seed], f"{row}, seed {seed}") for row, seed in missing
        ):
            time.sleep(5)  # the rest is being run by another process
    return {row: [json.loads(runs[row, seed].read_text()) for seed in seeds] for row in rows}


def _run(
    train: Callable[[int], Mapping[str, float]], seed: int, path: pathlib.Path, what: str
) -> bool:
    """Run once and write `path`; return False when another process has it in hand."""
    lock = filelock.FileLock(path.with_suffix(".lock"), blocking=False)
    try:
        with lock:
            if path.exists():
                return True
            print(f"{time.strftime('%H:%M:%S')} {what} ...", flush=True)
            started = time.process_time()
            numbers = {key: float(value) for key, value in train(seed).items()}
            numbers["cpu_seconds"] = round(time.process_time() - started, 1)
            with written_whole(path) as stream:
                stream.write(json.dumps(numbers).encode())
    except filelock.Timeout:
        return False
    told = ", ".join(f"{key} {value:.4g}" for key, value in numbers.items())
    print(f"{time.strftime('%H:%M:%S')} {what}: {told}", flush=True)
    return True


def storing() -> None:
    """Let `Book.close` write to `results/`: what a study is for. Call it first."""
    os.environ[results.STORE_VARIABLE] = "1"
