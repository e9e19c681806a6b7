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

    row: str
    measure: str
    value: float
    values: tuple[float, ...]
    seeds: tuple[int, ...]
    epochs: int | None
    images: int | None
    cpu_seconds: float | None  # of one run
    data: str | None
    names: tuple[str, ...]  # what the record calls it

    @property
    def spread(self) -> tuple[float, float] | None:
        return (min(self.values), max(self.values)) if len(set(self.values)) > 1 else None


@dataclasses.dataclass(frozen=True)
class Record:
    """results/<name>.json, with its quantities gathered over the seeds."""

    name: str
    about: str
    raw: dict
    figures: tuple[Figure, ...]

    @property
    def lesson(self) -> str:
        return self.name[:2]

    def figure(self, name: str) -> Figure:
        """The quantity that the record calls `name` (one seed's name will do)."""
        for figure in self.figures:
            if name in figure.names:
                return figure
        raise FactError(f"results/{self.name}.json has no {name!r}, which the results page quotes.")


def read_records(root: pathlib.Path = ROOT) -> list[Record]:
    """Every record in results/, in the order of lessons: a lesson's own run before its studies."""
    records = [read_record(path, root) for path in sorted((root / "results").glob("*.json"))]
    own = {r.name for r in records if (root / "notebooks" / f"{r.name}.md").exists()}
    return sorted(records, key=lambda r: (r.lesson, r.name not in own, r.name))


def read_record(path: pathlib.Path, root: pathlib.Path = ROOT) -> Record:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        figures = gather(raw["numbers"])
        raw["cpu_seconds"], raw["versions"], raw["date"], raw["data"], raw["key"]
    except (ValueError, KeyError, TypeError) as error:
        raise FactError(
            f"results/{path.name}: expected a record as cnncourse.results writes it "
            f"({type(error).__name__}: {error}). Measure again, or restore the file."
        ) from error
    return Record(path.stem, _about(path.stem, root), raw, figures)


def _about(name: str, root: pathlib.Path) -> str:
    """What a record is of, in the words of the lesson or the study that made it."""
    study = root / "studies" / f"{name}.py"
    if study.exists():
        said = ast.get_docstring(ast.parse(study.read_text(encoding="utf-8"))) or ""
        paragraphs = [" ".join(part.split()) for part in said.split("\n\n")[:2]]
        kept = [re.sub(r"\s*(Run:|Writes|and writes) .*", "", p).rstrip(".") for p in paragraphs]
        text = re.sub(r"^Lesson \d\d: ", "", ". ".join(p for p in kept if p)) + "."
        return text[:1].upper() + text[1:]
    if (root / "notebooks" / f"{name}.md").exists():
        return "The lesson itself, run from top to bottom in the full budget."
    return "Made by code that is neither a lesson nor a study."


_SEED = re.compile(r"(?P<row>.+)/(?P<seed>\d+|mean)/(?P<measure>[^/]+)")


def gather(numbers: list[dict]) -> tuple[Figure, ...]:
    """Turn the numbers of a record into quantities.

    Studies name a number "row, measure" and keep a value a seed, or write "row/seed/measure" and
    "row/mean/measure" as numbers of their own; both become one Figure.
    """
    groups: dict[tuple[str, str], list[tuple[str | None, dict]]] = {}
    for entry in numbers:
        match = _SEED.fullmatch(entry["name"])
        if match:
            key, seed = (match["row"], match["measure"]), match["seed"]
        else:
            row, _, measure = entry["name"].rpartition(", ")
            key, seed = (row or entry["name"], measure if row else ""), None
        groups.setdefault(key, []).append((seed, entry))
    return tuple(_figure(row, measure, parts) for (row, measure), parts in groups.items())


def _figure(row: str, measure: str, parts: list[tuple[str | None, dict]]) -> Figure:
    runs = [entry for seed, entry in parts if seed != "mean"]
    mean = next((entry["value"] for seed, entry in parts if seed == "mean"), None)
    values = [float(v) for entry in runs for v in entry.get("values", [entry["value"]])]
    seconds = [entry["cpu_seconds"] for entry in runs if "cpu_seconds" in entry]
    first = runs[0]
    return Figure(
        row=row,
        measure=measure,
        value=float(sum(values) / len(values) if mean is None else mean),
        values=tuple(values),
        seeds=tuple(seed for entry in runs for seed in entry.get("seeds", ())),
        epochs=first.get("epochs"),
        images=first.get("images"),
        cpu_seconds=sum(seconds) / len(values) if seconds else None,
        data=first.get("data"),
        names=tuple(entry["name"] for _, entry in parts),
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
