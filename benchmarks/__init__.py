"""What the course costs: its networks beside a peer, how cost grows, what a user waits for.

    python -m benchmarks [recipes better growth waits grading]    (none named: these five)
    python -m benchmarks first_setup                              (fetches 1 GB)

A benchmark is a module here with a docstring, `ROWS`, `ROUNDS` and `KEY`, the number to quote, and
an entry in `NAMES`. What it measured lies in `results/bench_NAME.json`, and the site's page of
benchmarks is drawn from there.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping

import numpy as np

LOCAL = ("recipes", "better", "growth", "waits", "grading")  # those that need no network
NAMES = (*LOCAL, "first_setup")
ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "benchmarks"


class BenchmarkError(Exception):
    """A benchmark cannot be measured; the message says why and what to do."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Side:
    """One of those that a row sets beside each other.

    measure(round) is called in a new process and gives numbers by name; the round, counted from
    1, is the seed of what is random. peer: in the Python that has PyTorch.
    """

    measure: Callable[[int], Mapping[str, float]]
    peer: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """What is measured together, one side after the other, in every round.

    data: the name of its set, or "". images, epochs: of one measurement. threads: of an operation,
    or None for as many as the libraries choose. missing() says why this machine cannot measure
    it, or "".
    """

    sides: Mapping[str, Side]
    data: str = ""
    images: int | None = None
    epochs: int | None = None
    threads: int | None = None
    missing: Callable[[], str] = str


def images(name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first training images of a set, float32 (count, h, w, c) in [0, 1], and labels.

    They come from the file that the runner has written for its processes, so that every side
    reads the same numbers with NumPy alone.
    """
    with np.load(BUILD / "images" / f"{name}.npz") as file:
        x, y = file["x"][:count], file["y"][:count]
    return x.reshape(*x.shape[:3], -1).astype("float32") / 255, y
