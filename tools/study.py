"""Measure an experiment over variants and seeds: resumable, on as many cores as one likes.

    python -m tools.study 05_recipe [...]    (none named: all, in the order of their names)
    python -m tools.study --cluster tls://host:8786 [...]

Started twice, two processes share the work; with --cluster, the workers of a Dask scheduler that
were started in the course's folder. Each finished run lies in `build/studies/`, so that a study
goes on where it stopped; a change of its file starts it anew.
"""

import argparse
import collections
import contextlib
import dataclasses
import json
import os
import pathlib
import runpy
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from cnncourse import budget, results
from cnncourse._files import written_whole
from tools import many

import filelock

SEEDS = (1, 2, 3, 4, 5)
CLUSTER = "CNNCOURSE_CLUSTER"  # the scheduler's address, for the studies that this one starts
BESIDE = ("cpu_seconds", "machine")  # what a run holds besides its own numbers


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """A variant: `train(seed)` trains it and gives its numbers by name.

    data: the DataSet or Photographs. images: how many are trained on. epochs: None where
    training stops by itself.
    """

    train: Callable[[int], Mapping[str, float]]
    data: object
    images: int
    epochs: int | None = None


def run(
    name: str, rows: Mapping[str, Row], *, key: str, seeds: Sequence[int] = SEEDS
) -> results.Summary:
    """Measure every row with every seed, write `results/<name>.json`, and print what it holds.

    Each number is booked as "<row>, <number>", with one value a seed. key: the one to quote.
    Raises ResultError, before anything is trained, where its numbers could not be kept.
    """
    if budget.name() != "full":
        raise results.ResultError(f"{name}: a study trains in full; unset {budget.VARIABLE}.")
    if why := unfit(row.data for row in rows.values()):
        raise results.ResultError(f"{name}: {why}")
    if asked := os.environ.get(many.ONE):
        row, seed = json.loads(asked)
        print(json.dumps(_numbers(rows[row].train, seed)))
        raise SystemExit
    runs = measure(name, {row: about.train for row, about in rows.items()}, seeds)
    book = results.Book(name)
    for row, about in rows.items():
        for number in [number for number in runs[row][0] if number not in BESIDE]:
            book.add(
                f"{row}, {number}",
                [found[number] for found in runs[row]],
                data=about.data,
                seeds=list(seeds),
                epochs=about.epochs,
                images=about.images,
                cpu_seconds=round(sum(found["cpu_seconds"] for found in runs[row]), 1),
            )
    every = [found for row in runs.values() for found in row]
    summary = book.close(key, sum(found["cpu_seconds"] for found in every), _machines(every))
    print(summary)
    return summary


def _machines(runs: Iterable[Mapping]) -> dict:
    """What a record says of the machines of its runs; runs from before say nothing of theirs."""
    counts = collections.Counter(json.dumps(run["machine"]) for run in runs if "machine" in run)
    found = [json.loads(text) for text in counts]
    if not found:
        return {}
    facts = {
        "processor": ", ".join(sorted({one["processor"] for one in found})),
        "threads": max(one["threads"] for one in found),
        "versions": {k: v for one in found for k, v in one["versions"].items()},
        "peak_mib": max(one["peak_mib"] or 0 for one in found) or None,
    }
    if len(found) > 1:
        facts["machines"] = [json.loads(text) | {"runs": n} for text, n in counts.items()]
    return facts


def unfit(sets: Iterable) -> str:
    """Why numbers of these sets could not be kept: which of them are no whole, real ones; or ""."""
    found = sorted({each.caption for each in sets if not each.provenance["whole"]})
    if not found:
        return ""
    return (
        f"expected whole, real sets; found {'; '.join(found)}. Set CNNCOURSE_DATA to a folder that "
        "has them."
    )


def measure(
    name: str,
    rows: Mapping[str, Callable[[int], Mapping[str, float]]],
    seeds: Sequence[int],
) -> dict[str, list[dict]]:
    """Return, for each row, one dict a seed: what `rows[row](seed)` gave, and "cpu_seconds".

    All rows with the first seed come first, so that what a machine does meanwhile falls on all of
    them alike. Each finished run is kept in `build/studies/<name>/`, under the digest of the
    study's code: an interrupted study goes on where it stopped. Two processes of the same study
    share the work, run by run; each returns when all runs are there.
    """
    path = _path(name)
    digest = results.code_digest(path).removeprefix("sha256:")[:12]
    folder = path.parents[1] / "build" / "studies" / f"{name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    runs = {
        (row, seed): folder / f"{i}-{seed}.json" for seed in seeds for i, row in enumerate(rows)
    }
    address = os.environ.get(CLUSTER)
    while missing := [run for run in runs if not runs[run].exists()]:
        if address:
            _hand_out(address, name, {run: runs[run] for run in missing})
        elif not any(
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
            _keep(path, what, _numbers(train, seed))
    except filelock.Timeout:
        return False
    return True


def _numbers(train: Callable[[int], Mapping[str, float]], seed: int) -> dict:
    """Train in this process; return the numbers, the CPU seconds and the machine."""
    started = time.process_time()
    numbers: dict = {key: float(value) for key, value in train(seed).items()}
    numbers["cpu_seconds"] = round(time.process_time() - started, 1)
    return numbers | {"machine": results.machine() | {"peak_mib": results.peak_mib()}}


def _keep(path: pathlib.Path, what: str, numbers: Mapping) -> None:
    with written_whole(path) as stream:
        stream.write(json.dumps(numbers).encode())
    told = ", ".join(f"{key} {value:.4g}" for key, value in numbers.items() if key != "machine")
    print(f"{time.strftime('%H:%M:%S')} {what}: {told}", flush=True)


def _hand_out(address: str, name: str, waiting: Mapping[tuple[str, int], pathlib.Path]) -> None:
    """Have the runs made by the workers of a scheduler, but for those another process has in hand.

    Raises ResultError where a run fails, or its workers died.
    """
    from cnncourse.grade import cluster

    digest = results.code_digest(_path(name))
    with contextlib.ExitStack() as locks:
        own = {}
        for run, path in waiting.items():
            with contextlib.suppress(filelock.Timeout):
                locks.enter_context(filelock.FileLock(path.with_suffix(".lock"), blocking=False))
                if not path.exists():
                    own[run] = path
        print(f"{time.strftime('%H:%M:%S')} {len(own)} runs to {address}", flush=True)
        jobs = ((run, (name, digest, *run)) for run in own)
        for (row, seed), numbers in cluster.spread(address, many.there, jobs):
            if numbers is None:
                raise results.ResultError(f"{row}, seed {seed}: its workers died, one by one.")
            _keep(own[row, seed], f"{row}, seed {seed}", numbers)
    if not own:
        time.sleep(5)  # the rest is being run by another process


def _path(name: str) -> pathlib.Path:
    path = _folder() / f"{name}.py"
    if not path.is_file():
        raise results.ResultError(f"studies/{name}.py was not found in {path.parents[1]}.")
    return path


def _folder() -> pathlib.Path:
    base = results.root()
    if base is None:
        raise results.ResultError(
            f"the course's folder was not found above {pathlib.Path.cwd()}; start inside it."
        )
    return base / "studies"


def main(arguments: Iterable[str]) -> int:
    """Run the named studies, or all; return 0, or 1 where one cannot be measured."""
    parser = argparse.ArgumentParser(prog="study", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("names", nargs="*", help="studies, such as 05_recipe (default: all)")
    parser.add_argument("--cluster", metavar="tls://HOST:PORT", help="a Dask scheduler")
    chosen = parser.parse_args(list(arguments))
    names = chosen.names
    if chosen.cluster:
        os.environ[CLUSTER] = chosen.cluster
    try:
        names = list(names) or sorted(path.stem for path in _folder().glob("[0-9][0-9]_*.py"))
        os.environ[results.STORE_VARIABLE] = "1"
        for path in [_path(name) for name in names]:
            print(path.stem, flush=True)
            runpy.run_path(str(path), run_name="__main__")
    except (results.ResultError, ValueError) as error:
        print(f"study: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
