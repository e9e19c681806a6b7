"""A measured number, written down with where it came from.

A lesson opens a `Book`, adds its numbers and closes it; the table shows what was measured
beside what is on record. Only a run that is asked to store (`python -m cnncourse run --store`,
a study under `make results` or a benchmark under `make bench`), in the full budget and on whole,
real data, writes `results/<name>.json`.
"""

import ast
import contextlib
import dataclasses
import datetime
import hashlib
import html
import json
import math
import os
import pathlib
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from . import budget
from ._files import written_whole
from ._tables import as_html, as_text

STORE_VARIABLE = "CNNCOURSE_STORE"
MIME = "application/vnd.cnncourse.results+json"
_PACKAGES = ("numpy", "tensorflow", "keras", "scikit-learn", "scipy", "torch")
_NUMBERS = ("value", "values", "seeds", "epochs", "images", "cpu_seconds")


class ResultError(Exception):
    """A result cannot be kept or found; the message says why and what to do."""


def code_digest(path: str | os.PathLike) -> str:
    """Return "sha256:..." over the code of a lesson (.md or .ipynb), a study or a benchmark (.py).

    Of a notebook only the code cells count, so prose may change without the outputs becoming
    stale. As what is stored is a full run, `budget.choose(full=4, quick=2)` counts as 4.
    """
    path = pathlib.Path(path)
    if path.suffix == ".py":
        sources = [path.read_text(encoding="utf-8")]
    else:
        import jupytext

        cells = jupytext.read(path).cells
        sources = [_in_full(cell.source) for cell in cells if cell.cell_type == "code"]
    text = "\n\0\n".join(source.strip() for source in sources)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _in_full(source: str) -> str:
    """A cell with what it chooses for a full run in the place of each `budget.choose(...)`."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # what only Jupyter knows
        return source
    chosen = source
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "budget.choose":
            for each in node.keywords:
                if each.arg == "full":
                    value = ast.get_source_segment(source, each.value)
                    chosen = chosen.replace(ast.get_source_segment(source, node), value)
    return chosen


def root() -> pathlib.Path | None:
    """Return the course's folder, found upwards from the working directory, or None."""
    here = pathlib.Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "notebooks").is_dir():
            return folder
    return None


def _code_of(name: str) -> pathlib.Path | None:
    base = root()
    benchmark = f"benchmarks/{name.removeprefix('bench_')}.py"
    candidates = [f"notebooks/{name}.md", f"studies/{name}.py", benchmark] if base else []
    return next((base / c for c in candidates if (base / c).exists()), None)


@dataclasses.dataclass(frozen=True)
class Stored:
    """What `results/<name>.json` holds; `stored["test_accuracy"]` is that number's value."""

    name: str
    record: dict

    @property
    def numbers(self) -> list[dict]:
        return self.record["numbers"]

    def __getitem__(self, number: str):
        for entry in self.numbers:
            if entry["name"] == number:
                return entry["value"]
        known = ", ".join(entry["name"] for entry in self.numbers)
        raise KeyError(f"results/{self.name}.json has no {number!r}; it has {known}")


def load(name: str) -> Stored:
    """Read `results/<name>.json`. Raises ResultError where it is missing or damaged."""
    base = root()
    if base is None:
        raise ResultError(
            f"results of {name!r}: the course's folder was not found above {pathlib.Path.cwd()}. "
            "Start from inside it."
        )
    path = base / "results" / f"{name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        for entry in record["numbers"]:
            _check_entry(entry)
    except FileNotFoundError as error:
        raise ResultError(
            f"{path}: not there. Measure it with `make results`, or restore the file."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ResultError(
            f"{path}: expected JSON with a list of numbers, each with a name and a finite value "
            f"({type(error).__name__}: {error}). Restore the file, or measure again."
        ) from error
    return Stored(name, record)


def _check_entry(entry: dict) -> None:
    """Raise ValueError, KeyError or TypeError where an entry of a record is none."""
    if not isinstance(entry["name"], str):
        raise ValueError(f"the name {entry['name']!r}")
    for key in _NUMBERS:
        found = entry["value"] if key == "value" else entry.get(key, [])
        for number in found if isinstance(found, list) and key != "value" else [found]:
            if type(number) not in (int, float) or not abs(number) <= sys.float_info.max:
                raise ValueError(f"{key} of {entry['name']} is {str(number)[:40]!r}")


class Book:
    """The numbers of one run of a lesson or a study, from here until `close`."""

    def __init__(self, name: str):
        self.name = name
        self.numbers: list[dict] = []
        self._data = {}
        self._cpu = time.process_time()

    def add(
        self,
        name: str,
        value: float | Sequence[float],
        *,
        data=None,
        seeds: list[int] | None = None,
        epochs: int | None = None,
        images: int | None = None,
        cpu_seconds: float | None = None,
    ) -> float:
        """Write down one number and return it.

        value: a number, or one a seed: their mean is then the value, and all are kept in `values`.
        data: the DataSet it was measured on. images: how many were trained on.
        A value that is not finite is a ValueError. A name that stands already is replaced, so
        that a cell may run again; where results are stored it is a ValueError.
        """
        values = [float(v) for v in value] if isinstance(value, Sequence) else [float(value)]
        if not values or not all(map(math.isfinite, values)):
            raise ValueError(f"{name} is {value}; a result is finite. Find what went wrong.")
        if isinstance(value, Sequence) and len(values) != len(seeds or ()):
            raise ValueError(f"{name}: {len(values)} values, seeds {seeds}; expected one a seed.")
        value = sum(values) / len(values)
        places = [i for i, entry in enumerate(self.numbers) if entry["name"] == name]
        if places and _storing():
            raise ValueError(f"{name!r} stands in this book already; give it another name.")
        entry = {"name": name, "value": value}
        if len(values) > 1:
            entry["values"] = values
        details = {"seeds": seeds, "epochs": epochs, "images": images, "cpu_seconds": cpu_seconds}
        entry |= {key: detail for key, detail in details.items() if detail is not None}
        if data is not None:
            self._data[data.name] = data
            entry["data"] = data.name
        place = places[0] if places else len(self.numbers)
        self.numbers[place : place + 1] = [entry]
        return value

    def close(
        self, key: str, cpu_seconds: float | None = None, facts: Mapping | None = None
    ) -> "Summary":
        """Show the numbers; keep them where this run is one that stores. `key` is the one to quote.

        cpu_seconds: of the whole, where it is not what this process has used since it began.
        facts: what the record says beside its numbers, in place of what this process would say,
        where other processes have measured them, or beyond it.
        Raises ResultError when asked to store what must not be kept: quick or stand-in numbers.
        """
        if key not in [entry["name"] for entry in self.numbers]:
            raise ValueError(
                f"close(key={key!r}): expected one of {', '.join(e['name'] for e in self.numbers)}."
            )
        # Only what is kept needs its code's digest: reading a notebook takes seconds to import.
        code = _code_of(self.name) if _storing() else None
        used = {entry.get("data") for entry in self.numbers}
        sets = [each for name, each in self._data.items() if name in used]
        record = {
            "name": self.name,
            "key": key,
            "numbers": self.numbers,
            "data": {each.name: each.provenance for each in sets},
            "budget": budget.name(),
            "cpu_seconds": round(cpu_seconds or time.process_time() - self._cpu, 1),
            "peak_mib": peak_mib(),
            **machine(),
            "date": datetime.date.today().isoformat(),
            "code": code_digest(code) if code else None,
            **(facts or {}),
        }
        stored = None
        if _storing():
            self._keep(record)
        elif root() and (root() / "results" / f"{self.name}.json").exists():
            stored = load(self.name)
        return Summary(record, stored, [each.caption for each in sets])

    def _keep(self, record: dict) -> None:
        unfit = [name for name, source in record["data"].items() if not source["whole"]]
        if record["budget"] != "full":
            raise ResultError(f"{self.name}: only full runs are kept; unset {budget.VARIABLE}.")
        if unfit:
            raise ResultError(
                f"{self.name}: {', '.join(unfit)} is not the whole, real set; its numbers are not "
                "kept. Set CNNCOURSE_DATA to a folder that has it."
            )
        if record["code"] is None:
            raise ResultError(
                f"{self.name}: neither notebooks/{self.name}.md nor studies/{self.name}.py was "
                "found from here; a result names the code that made it. Start inside the course."
            )
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        with written_whole(root() / "results" / f"{self.name}.json") as stream:
            stream.write(text.encode())


class Summary:
    """The table at the end of a lesson: HTML in a notebook, text in a terminal."""

    def __init__(self, record: dict, stored: Stored | None, captions: list[str]):
        self.record, self._stored, self._captions = record, stored, captions

    def _rows(self) -> list[tuple[str, ...]]:
        if not self._stored:
            numbers = [(e["name"], _text(e["value"])) for e in self.record["numbers"]]
            return [("number", "this run"), *numbers]
        known = {e["name"]: _text(e["value"]) for e in self._stored.numbers}
        numbers = [
            (e["name"], _text(e["value"]), known.get(e["name"], "")) for e in self.record["numbers"]
        ]
        return [("number", "this run", "on record"), *numbers]

    def _footer(self) -> list[str]:
        memory = f", {self.record['peak_mib']:,} MiB at the peak" if self.record["peak_mib"] else ""
        lines = [
            f"{self.record['budget']} budget, {self.record['cpu_seconds']:.0f} CPU seconds{memory}",
            *self._captions,
        ]
        if self.record["budget"] != "full":
            lines.insert(0, "The quick budget is for trying things out: these are no results.")
        here, there = _machine(self.record), _machine(self._stored.record if self._stored else {})
        if there and here != there:
            lines.append(
                f"The record is of {there}, this run of {here}: the same seed may give other "
                "weights there."
            )
        return lines

    def __repr__(self) -> str:
        return "\n".join([as_text(self._rows()), *self._footer()])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        footer = "<br>".join(map(html.escape, self._footer()))
        return {
            "text/plain": repr(self),
            "text/html": f"{as_html(self._rows())}<p>{footer}</p>",
            MIME: {**self.record, "captions": self._captions},
        }


def _text(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.4g}"


def machine() -> dict:
    """Return what a record says of the machine and this process: threads, processor, versions."""
    return {
        "threads": _threads(),
        "processor": _processor(),
        "versions": {"python": sys.version.split()[0], **_versions()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        if module := sys.modules.get(package.replace("scikit-learn", "sklearn")):
            found[package] = module.__version__
    return found


def _storing() -> bool:
    return os.environ.get(STORE_VARIABLE) == "1"


def _machine(record: dict) -> str:
    """Say on what a record was measured; "" for one of before that was written down."""
    if not record.get("threads") or not record.get("processor"):
        return ""
    return f"{record['threads']} threads of {record['processor']}"


def _threads() -> int:
    """How many threads an operation of TensorFlow may use in this process."""
    chosen = 0
    if tf := sys.modules.get("tensorflow"):
        chosen = tf.config.threading.get_intra_op_parallelism_threads()
    wished = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    chosen = chosen or (int(wished) if wished.isdecimal() else 0)
    if chosen:
        return chosen
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processor() -> str:
    """The processor's model, such as "Apple M2", or else its kind, such as "aarch64"."""
    found = ""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        if sys.platform == "darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            found = subprocess.run(command, capture_output=True, text=True, timeout=5).stdout
        else:
            lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            found = next((x.partition(":")[2] for x in lines if x.startswith("model name")), "")
    return " ".join(found.split()) or platform.processor() or platform.machine()


def peak_mib(*, children: bool = False) -> int | None:
    """The largest resident memory so far, in MiB; None where it cannot be asked.

    Of this process, or of the largest of the `children` that have ended.
    """
    try:
        import resource
    except ImportError:
        return None
    whose = resource.RUSAGE_CHILDREN if children else resource.RUSAGE_SELF
    peak = resource.getrusage(whose).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
