"""What the pages of the site say about lessons and results, from the records and the headers.

Nothing here knows Sphinx: functions take a folder or plain values and return plain values.
"""

import ast
import dataclasses
import json
import pathlib
import re

from tools.lessons import Lesson

ROOT = pathlib.Path(__file__).resolve().parents[2]


class FactError(Exception):
    """A file does not say what the site needs from it; the message says which and what."""


# Lessons


def direct_needs(lessons: list[Lesson]) -> dict[str, list[str]]:
    """What each lesson builds on without the detour over another lesson.

    01 <- 02 <- 03 and 01 <- 03 leave 03: ["02"]: what 02 needs goes without saying.
    """
    needs = {lesson.number: set(lesson.needs) for lesson in lessons}

    def behind(number):
        return set().union(*({n} | behind(n) for n in needs.get(number, ()) if n in needs))

    return {
        number: sorted(
            n for n in mine if n in needs and not any(n in behind(m) for m in mine if m != n)
        )
        for number, mine in needs.items()
    }


# Records


@dataclasses.dataclass(frozen=True)
class Figure:
    """One quantity of a record: its mean over the seeds, and each seed's value."""

    name: str  # what the record calls it
    row: str
    measure: str
    value: float
    values: tuple[float, ...]
    seeds: tuple[int, ...]
    epochs: int | None
    images: int | None
    cpu_seconds: float | None  # of one run
    data: str | None

    @property
    def spread(self) -> tuple[float, float] | None:
        return (min(self.values), max(self.values)) if len(set(self.values)) > 1 else None


@dataclasses.dataclass(frozen=True)
class Record:
    """results/<name>.json."""

    name: str
    about: str
    raw: dict
    figures: tuple[Figure, ...]

    @property
    def lesson(self) -> str:
        return self.name[:2]

    def figure(self, name: str) -> Figure:
        """The quantity that the record calls `name`."""
        for figure in self.figures:
            if name == figure.name:
                return figure
        raise FactError(f"results/{self.name}.json has no {name!r}, which the results page quotes.")


def read_records(root: pathlib.Path = ROOT) -> list[Record]:
    """Every record of lessons, in their order: a lesson's own run before its studies."""
    records = [read_record(path, root) for path in _files(root) if not _of_benchmark(path)]
    own = {r.name for r in records if (root / "notebooks" / f"{r.name}.md").exists()}
    return sorted(records, key=lambda r: (r.lesson, r.name not in own, r.name))


def read_benchmarks(root: pathlib.Path = ROOT) -> list[Record]:
    """Every record of a benchmark."""
    return [read_record(path, root) for path in _files(root) if _of_benchmark(path)]


def _files(root: pathlib.Path) -> list[pathlib.Path]:
    return sorted((root / "results").glob("*.json"))


def _of_benchmark(path: pathlib.Path) -> bool:
    return path.name.startswith("bench_")


def read_record(path: pathlib.Path, root: pathlib.Path = ROOT) -> Record:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        figures = tuple(_figure(entry) for entry in raw["numbers"])
        raw["cpu_seconds"], raw["versions"], raw["date"], raw["data"], raw["key"]
    except (ValueError, KeyError, TypeError) as error:
        raise FactError(
            f"results/{path.name}: expected a record as cnncourse.results writes it "
            f"({type(error).__name__}: {error}). Measure again, or restore the file."
        ) from error
    return Record(path.stem, _about(path.stem, root), raw, figures)


def _about(name: str, root: pathlib.Path) -> str:
    """What a record is of, in the words of the lesson, study or benchmark that made it."""
    files = (f"studies/{name}.py", f"benchmarks/{name.removeprefix('bench_')}.py")
    study = next((root / file for file in files if (root / file).exists()), None)
    if study:
        said = ast.get_docstring(ast.parse(study.read_text(encoding="utf-8"))) or ""
        paragraphs = [" ".join(part.split()) for part in said.split("\n\n")[:2]]
        kept = [re.sub(r"\s*Run: .*", "", p).rstrip(".") for p in paragraphs]
        text = re.sub(r"^Lesson \d\d: ", "", ". ".join(p for p in kept if p)) + "."
        return text[:1].upper() + text[1:]
    if (root / "notebooks" / f"{name}.md").exists():
        return "The lesson itself, run from top to bottom in the full budget."
    return "Made by code that is neither a lesson nor a study."


def _figure(entry: dict) -> Figure:
    """A number of a record as a quantity; a study names one "row, measure"."""
    row, _, measure = entry["name"].rpartition(", ")
    values = tuple(float(v) for v in entry.get("values", [entry["value"]]))
    seconds = entry.get("cpu_seconds")
    return Figure(
        name=entry["name"],
        row=row or entry["name"],
        measure=measure if row else "",
        value=float(entry["value"]),
        values=values,
        seeds=tuple(entry.get("seeds", ())),
        epochs=entry.get("epochs"),
        images=entry.get("images"),
        cpu_seconds=None if seconds is None else seconds / len(values),
        data=entry.get("data"),
    )


def shown(name: str, value: float, beside: float | None = None) -> str:
    """Write a value as the pages do: errors in percent, counts whole, accuracies to 3 digits.

    beside: a value whose digits this one is to have, such as the mean of a lowest one.
    """
    like = value if beside is None else beside
    last = re.split(r"[ ,/]+", name)[-1]
    if re.search(r"(test|training|validation)_error$", last):
        return f"{100 * value:.2f} %"
    if value == int(value) and (abs(value) > 1 or re.search(r"count|epochs|parameters", last)):
        return f"{int(value):,}"
    if re.search(
        r"accuracy|loss|precision|recall|confidence|(^|_)f1(_|$)|(^|_)ece(_|$)|accepted", name
    ):
        digits = 4 if "accuracy" in name and 0.98 < like < 1 else 3 if abs(value) < 1000 else 0
        return f"{value:,.{digits}f}"
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"
