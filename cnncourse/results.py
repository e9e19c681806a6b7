"""A measured number, written down with where it came from.

A lesson opens a `Book`, adds its numbers and closes it; the table shows what was measured
beside what is on record. Only a run that is asked to store (`python -m cnncourse run --store`,
or a study under `make results`), in the full budget and on whole, real data, writes
`results/<name>.json`.
"""

import dataclasses
import datetime
import hashlib
import html
import importlib.metadata
import json
import math
import os
import pathlib
import sys
import time
from collections.abc import Sequence

from . import budget
from ._files import written_whole

STORE_VARIABLE = "CNNCOURSE_STORE"
MIME = "application/vnd.cnncourse.results+json"
_PACKAGES = ("numpy", "tensorflow", "keras", "scikit-learn", "scipy")


class ResultError(Exception):
    """A result cannot be kept or found; the message says why and what to do."""


def code_digest(path: str | os.PathLike) -> str:
    """Return "sha256:..." over the code of a lesson (.md or .ipynb) or a study (.py).

    Of a notebook only the code cells count, so prose may change without the outputs
    becoming stale.
    """
    path = pathlib.Path(path)
    if path.suffix == ".py":
        sources = [path.read_text(encoding="utf-8")]
    else:
        import jupytext

        cells = jupytext.read(path).cells
        sources = [cell.source for cell in cells if cell.cell_type == "code"]
    text = "\n\0\n".join(source.strip() for source in sources)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def root() -> pathlib.Path | None:
    """Return the course's folder, found upwards from the working directory, or None."""
    here = pathlib.Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "notebooks").is_dir():
            return folder
    return None


def _code_of(name: str) -> pathlib.Path | None:
    base = root()
    candidates = [f"notebooks/{name}.md", f"studies/{name}.py"] if base else []
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
            entry["name"], entry["value"]  # a KeyError where one is missing
    except FileNotFoundError as error:
        raise ResultError(
            f"{path}: not there. Measure it with `make results`, or restore the file."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ResultError(
            f"{path}: expected JSON with a list of numbers, each with a name and a value "
            f"({type(error).__name__}: {error}). Restore the file, or measure again."
        ) from error
    return Stored(name, record)


class Book:
    """The numbers of one run of a lesson or a study, from here until `close`."""

    def __init__(self, name: str):
        self.name = name
        self.numbers: list[dict] = []
        self._sources: dict[str, dict] = {}
        self._captions: dict[str, str] = {}
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
        A value that is not finite, or a name that stands already, is a ValueError.
        """
        values = [float(v) for v in value] if isinstance(value, Sequence) else [float(value)]
        if not values or not all(map(math.isfinite, values)):
            raise ValueError(f"{name} is {value}; a result is finite. Find what went wrong.")
        if isinstance(value, Sequence) and len(values) != len(seeds or ()):
            raise ValueError(f"{name}: {len(values)} values, seeds {seeds}; expected one a seed.")
        value = sum(values) / len(values)
        if any(entry["name"] == name for entry in self.numbers):
            raise ValueError(f"{name!r} stands in this book already; give it another name.")
        entry = {"name": name, "value": value}
        if len(values) > 1:
            entry["values"] = values
        details = {"seeds": seeds, "epochs": epochs, "images": images, "cpu_seconds": cpu_seconds}
        entry |= {key: detail for key, detail in details.items() if detail is not None}
        if data is not None:
            self._sources[data.name] = data.provenance
            self._captions[data.name] = data.caption
            entry["data"] = data.name
        self.numbers.append(entry)
        return value

    def close(self, key: str, cpu_seconds: float | None = None) -> "Summary":
        """Show the numbers; keep them where this run is one that stores. `key` is the one to quote.

        cpu_seconds: of the whole, where it is not what this process has used since it began.
        Raises ResultError when asked to store what must not be kept: quick or stand-in numbers.
        """
        if key not in [entry["name"] for entry in self.numbers]:
            raise ValueError(
                f"close(key={key!r}): expected one of {', '.join(e['name'] for e in self.numbers)}."
            )
        code = _code_of(self.name)
        record = {
            "name": self.name,
            "key": key,
            "numbers": self.numbers,
            "data": self._sources,
            "budget": budget.name(),
            "cpu_seconds": round(cpu_seconds or time.process_time() - self._cpu, 1),
            "peak_mib": _peak_mib(),
            "versions": {"python": sys.version.split()[0], **_versions()},
            "date": datetime.date.today().isoformat(),
            "code": code_digest(code) if code else None,
        }
        stored = None
        if os.environ.get(STORE_VARIABLE) == "1":
            self._keep(record)
        elif root() and (root() / "results" / f"{self.name}.json").exists():
            stored = load(self.name)
        return Summary(record, stored, list(self._captions.values()))

    def _keep(self, record: dict) -> None:
        unfit = [name for name, source in self._sources.items() if not source["whole"]]
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

    def _rows(self) -> list[tuple[str, str, str]]:
        on_record = {e["name"]: e["value"] for e in self._stored.numbers} if self._stored else {}
        return [
            (e["name"], _text(e["value"]), _text(on_record.get(e["name"])))
            for e in self.record["numbers"]
        ]

    def _footer(self) -> str:
        memory = f", {self.record['peak_mib']:,} MiB at the peak" if self.record["peak_mib"] else ""
        lines = [
            f"{self.record['budget']} budget, {self.record['cpu_seconds']:.0f} CPU seconds{memory}",
            *self._captions,
        ]
        if self.record["budget"] != "full":
            lines.insert(0, "The quick budget is for trying things out: these are no results.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        head = ("number", "this run", "on record")
        rows = [head, *self._rows()]
        columns = 3 if self._stored else 2
        widths = [max(len(row[i]) for row in rows) for i in range(columns)]
        lines = ["  ".join(row[i].ljust(widths[i]) for i in range(columns)) for row in rows]
        return "\n".join([*lines, self._footer()])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        columns = 3 if self._stored else 2
        cells = [("number", "this run", "on record"), *self._rows()]
        tags = ["th"] + ["td"] * (len(cells) - 1)
        rows = "".join(
            "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in row[:columns]) + "</tr>"
            for tag, row in zip(tags, cells, strict=True)
        )
        footer = "<br>".join(html.escape(line) for line in self._footer().splitlines())
        return {
            "text/plain": repr(self),
            "text/html": f"<table>{rows}</table><p>{footer}</p>",
            MIME: {**self.record, "captions": self._captions},
        }


def _text(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) and abs(value) >= 1 else f"{value:.4g}"


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        if sys.modules.get(package.replace("scikit-learn", "sklearn")):
            found[package] = importlib.metadata.version(package)
    return found


def _peak_mib() -> int | None:
    """The largest resident memory of this process so far, in MiB; None where it cannot be asked."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10))
