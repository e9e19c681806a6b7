"""Measure an experiment over variants and seeds: resumable, on as many cores as one likes.

    python -m tools.study 05_recipe [...]    (none named: all, in the order of their names)

Started twice, two processes share the work. Each finished run lies in `build/studies/`, so that a
study goes on where it stopped; a change of its file starts it anew.
"""

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

import filelock

SEEDS = (1, 2, 3, 4, 5)


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
    runs = measure(name, {row: about.train for row, about in rows.items()}, seeds)
    book = results.Book(name)
    for row, about in rows.items():
        for number in [number for number in runs[row][0] if number != "cpu_seconds"]:
            book.add(
                f"{row}, {number}",
                [found[number] for found in runs[row]],
                data=about.data,
                seeds=list(seeds),
                epochs=about.epochs,
                images=about.images,
                cpu_seconds=round(sum(found["cpu_seconds"] for found in runs[row]), 1),
            )
    summary = book.close(key, sum(found["cpu_seconds"] for row in runs.values() for found in row))
    print(summary)
    return summary


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


def main(names: Iterable[str]) -> int:
    """Run the named studies, or all; return 0, or 1 where one cannot be measured."""
    try:
        names = list(names) or sorted(path.stem for path in _folder().glob("[0-9][0-9]_*.py"))
        os.environ[results.STORE_VARIABLE] = "1"
        for path in [_path(name) for name in names]:
            print(path.stem, flush=True)
            runpy.run_path(str(path), run_name="__main__")
    except results.ResultError as error:
        print(f"study: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
