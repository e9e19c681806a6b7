"""Read a notebook that was handed in, as data, and find the answers by the tags of the blanks.

Nothing of it is run or believed: of its cells only source and tags are taken, never an output.
"""

import collections
import dataclasses
import json
import re

from .collect import printable

MOST_CODE = 2 * 2**20  # characters in all the code cells together
MOST_LISTS = 4_000_000  # of a file: lists and dicts, each of which takes up many times its text
MOST_NOTES = 10
_PYTHON = re.compile(r"python|ipython", re.I)


class NotebookError(ValueError):
    """A file is no notebook that can be graded; the message says why."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """A code cell. number: its place among all of the notebook's cells, counted from 1."""

    number: int
    source: str
    tags: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Answers:
    """The answers of one lesson in a notebook.

    cells: every code cell. found: for each exercise the places in `cells` of its blanks, in order.
    missing: the exercises without one. notes: what else is to be said, one sentence each.
    """

    lesson: str
    cells: list[Cell]
    found: dict[str, list[int]]
    missing: list[str]
    notes: list[str]


def read(content: bytes) -> list[Cell]:
    """Return a notebook's code cells; NotebookError for a file that is none, or not Python's."""
    if content.count(b"[") + content.count(b"{") > MOST_LISTS:
        raise NotebookError(f"more than {MOST_LISTS:,} brackets: clear its outputs, save it")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotebookError("damaged: it is no text in UTF-8") from error
    except RecursionError as error:
        raise NotebookError("damaged: lists in lists without end") from error
    except ValueError as error:
        what = "it is empty" if not content.strip() else f"no JSON ({printable(str(error))})"
        raise NotebookError(f"damaged: {what}") from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("nbformat"), int):
        raise NotebookError("damaged: JSON, but no notebook")
    if notebook["nbformat"] != 4:
        raise NotebookError(
            f"its format is {notebook['nbformat']}, and 4 is read: open it in JupyterLab, save it"
        )
    if not isinstance(notebook.get("cells"), list):
        raise NotebookError("damaged: a notebook without cells")
    _expect_python(notebook.get("metadata"))
    cells = [
        Cell(number, _source(cell), _tags(cell))
        for number, cell in enumerate(notebook["cells"], 1)
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]
    if sum(len(cell.source) for cell in cells) > MOST_CODE:
        raise NotebookError(f"more than {MOST_CODE:,} characters of code")
    return cells


def _expect_python(metadata) -> None:
    """Refuse a notebook that says it is in another language; many say nothing."""
    about = metadata if isinstance(metadata, dict) else {}
    for key, field in (("language_info", "name"), ("kernelspec", "language")):
        part = about.get(key)
        language = part.get(field) if isinstance(part, dict) else None
        if isinstance(language, str) and language:
            if not _PYTHON.fullmatch(language):
                raise NotebookError(f"its language is {printable(language)[:40]}, not Python")
            return


def _source(cell: dict) -> str:
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


def _tags(cell: dict) -> tuple[str, ...]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ()


# Answers ------------------------------------------------------------------------------------------


def lesson_of(cells: list[Cell], banks: dict[str, list[str]]) -> str | None:
    """Return the lesson whose blanks these are: the one with the most of its tags here, or None.

    banks: the names of the exercises of each lesson. A name that several lessons have, such as
    conv2d, counts where the notebook's checks name no other lesson.
    """
    tags = {tag for cell in cells if "exercise" in cell.tags for tag in cell.tags}
    text = "\n".join(cell.source for cell in cells)
    counts = {}
    for lesson, names in banks.items():
        shared = sum(name.partition("/")[2] in tags for name in names)
        checks = len(set(re.findall(rf"""check\(\s*["']({lesson}/\w+)""", text)) & set(names))
        counts[lesson] = (shared, checks)
    best = max(counts, key=counts.get, default=None)
    return best if best is not None and any(counts[best]) else None


def answers(cells: list[Cell], lesson: str, names: list[str]) -> Answers:
    """Return the answers to a lesson's exercises. names: all of these, NN/name, in order."""
    places = collections.defaultdict(list)
    notes = []
    for place, cell in enumerate(cells):
        if "exercise" not in cell.tags:
            continue
        known = [f"{lesson}/{tag}" for tag in cell.tags if f"{lesson}/{tag}" in names]
        for name in known:
            places[name].append(place)
        if not known:
            others = [printable(tag[:40]) for tag in cell.tags[:5] if tag != "exercise"]
            told = f"tagged {', '.join(others)}" if others else "without a name among its tags"
            notes.append(f"Cell {cell.number} is {told}: no blank of lesson {lesson} is called so.")
    found = {name: places[name] for name in names if name in places}
    for name, where in found.items():
        if len(where) > 1:
            numbers = " and ".join(str(cells[place].number) for place in where[:10])
            notes.append(f"{name} stands in cells {numbers}: they are run one after the other.")
    order = sorted(found, key=lambda name: found[name][-1])
    if order != list(found):
        notes.append(f"The blanks are in another order: {', '.join(order)}.")
    missing = [name for name in names if name not in found]
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES:] = [f"There are {len(notes) - MOST_NOTES} more remarks of this kind."]
    return Answers(lesson, list(cells), found, missing, notes)
