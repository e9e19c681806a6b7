"""The lessons, listed once: their headers, their blanks with exercise and check, their minutes.

    python -m tools.lessons     what each lesson holds, the minutes by that, and those it states

A lesson takes, in minutes: words / 180 + lines of code / 30 + 1 for each prediction and bug hunt
+ 5 for each exercise + 1/2 for each question of the quiz + its waiting; rounded to 5. Of these
counts what a reader sees on opening the lesson:

- words: whatever stands between spaces in the text and has a letter or digit, formulas and tables
  included. What `<details>` folds does not count, nor does its summary: an option of the quiz is
  part of the half minute of its question;
- lines of code: those of code cells, the blanks and checks among them, and of fences in the text;
  no empty lines, and no cell with a tag of `HIDDEN` or a source that JupyterLab hides;
- predictions and bug hunts: quotes that open with a bold word of `BOXES`;
- waiting: of each code cell that computes for more than two minutes at a time in the stored full
  run, all of its processor time (the clock of a shared machine says little);
- nothing of a section "Further".
"""

import dataclasses
import pathlib
import re
from collections.abc import Callable, Iterator, Sequence

from cnncourse import exercises, run

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[1] / "notebooks"
BOXES = ("predict", "bug hunt")
HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


class LessonError(ValueError):
    """A lesson does not say what is needed of it; the message says which, what and where."""


def paths(notebooks: pathlib.Path = NOTEBOOKS) -> list[pathlib.Path]:
    """Return the sources (NN_topic.md) of the lessons of which both halves are there, in order."""
    try:
        sources = [path.with_suffix(".md") for path in run.lessons(notebooks)]
    except FileNotFoundError:  # a course that has no lesson yet
        return []
    return [path for path in sources if path.exists()]


# Headers


@dataclasses.dataclass(frozen=True)
class Lesson:
    """What a lesson says of itself: its title, and `- **Time**: 45 minutes` and so on below it."""

    name: str  # NN_topic
    title: str
    minutes: int
    questions: tuple[str, ...]
    needs: tuple[str, ...]  # numbers of the lessons that it builds on
    data: str

    @property
    def number(self) -> str:
        return self.name[:2]


_HEADER = re.compile(r"^- \*\*([A-Z][a-z ]+?)(?:\*\*:|:\*\*)\s*(.*?)(?=\n- \*\*|\n\n)", re.M | re.S)


def read(path: pathlib.Path) -> Lesson:
    """Read the header of a lesson's source. Raises LessonError where a part of it is missing."""
    text = path.read_text(encoding="utf-8")
    title = re.search(r"^# (.+)$", text, re.M)
    found = {name: " ".join(value.split()) for name, value in _HEADER.findall(text)}
    for wanted in ("Time", "Questions", "Objectives", "Builds on", "Data"):
        if title is None or wanted not in found:
            raise LessonError(
                f"{path.name}: expected a title and below it a line `- **{wanted}**: ...`; "
                f"found {', '.join(found) or 'no such lines'}. Add it: the map is made of these."
            )
    minutes = re.match(r"(\d+) minutes", found["Time"])
    if minutes is None:
        raise LessonError(
            f"{path.name}: Time is {found['Time']!r}; expected it to begin with '45 minutes'."
        )
    return Lesson(
        name=path.stem,
        title=title[1],
        minutes=int(minutes[1]),
        questions=tuple(re.findall(r"\S[^?]*\?", found["Questions"])),
        needs=numbers(found["Builds on"], below=path.stem[:2]),
        data=found["Data"],
    )


def read_all(notebooks: pathlib.Path = NOTEBOOKS) -> list[Lesson]:
    """Read the header of every lesson, in order."""
    return [read(path) for path in paths(notebooks)]


def numbers(text: str, below: str) -> tuple[str, ...]:
    """Return the numbers of the lessons that a text names, "02 to 04" being three of them."""
    found = set(re.findall(r"\b\d\d\b", text))
    for first, last in re.findall(r"\b(\d\d) to (\d\d)\b", text):
        found |= {f"{n:02}" for n in range(int(first), int(last) + 1)}
    return tuple(sorted(n for n in found if "00" < n < below))


# Blanks


@dataclasses.dataclass(frozen=True)
class Blank:
    """A cell to fill in, what fills it, and the cell that checks it."""

    name: str  # of its exercise: NN/name
    exercise: exercises.Exercise
    cell: int  # places among the lesson's cells
    check: int


_CHECK = re.compile(r"exercises\.check\(.*\)", re.S)


def blanks(
    name: str, cells: Sequence, find: Callable[[str], exercises.Exercise] = exercises.find
) -> list[Blank]:
    """Pair each blank of a lesson with its exercise and with its check, the next code cell.

    name: the lesson's. cells: those of its notebook. Raises LessonError where a blank has no
    exercise, or where the next cell is not its check alone.
    """
    found, open_blank = [], None
    for place, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        is_blank = "exercise" in cell.metadata.get("tags", [])
        if open_blank and is_blank:
            raise LessonError(f"{name}: no cell checks {open_blank[0]} before the next one.")
        if open_blank:
            _expect_check(name, open_blank[0], cell.source)
            found.append(Blank(*open_blank, place))
        open_blank = (*_exercise(name, cell.metadata["tags"], find), place) if is_blank else None
    if open_blank:
        raise LessonError(f"{name}: no cell checks {open_blank[0]}; expected one right below it.")
    return found


def _exercise(name: str, tags: list[str], find) -> tuple[str, exercises.Exercise]:
    others = [tag for tag in tags if tag != "exercise"]
    if len(others) != 1:
        raise LessonError(f"{name}: expected the tags [exercise, name]; found {tags}.")
    full = f"{name[:2]}/{others[0]}"
    try:
        return full, find(full)
    except ValueError as error:
        raise LessonError(f"{name}: {error}. Write it, or mend the cell's tag.") from error


def _expect_check(name: str, exercise: str, source: str) -> None:
    if not _CHECK.fullmatch(source.strip()) or f'"{exercise}"' not in source:
        raise LessonError(
            f"{name}: expected the cell below the blank {exercise} to be "
            f'exercises.check("{exercise}", ...) alone; found {source!r}.'
        )


# Minutes

_BOX = re.compile(rf"^> \*\*({'|'.join(BOXES)})[.:]?\*\*", re.I | re.M)
_QUESTION = re.compile(r"^\*\*\d+\.\*\* ", re.M)
_FENCE = re.compile(r"^(```|~~~).*\n((?:.*\n)*?)\1[ ]*$", re.M)
_FOLDED = re.compile(r"<details\b(?:(?!<details\b).)*?</details>", re.S)


@dataclasses.dataclass(frozen=True)
class Count:
    """What a reader meets in a lesson; `minutes` is what it takes."""

    words: int = 0
    lines: int = 0
    boxes: int = 0
    exercises: int = 0
    questions: int = 0
    waiting: float = 0.0  # minutes

    @property
    def exact(self) -> float:
        """Minutes to work through the lesson, by the formula above."""
        read = self.words / 180 + self.lines / 30
        return read + self.boxes + 5 * self.exercises + self.questions / 2 + self.waiting

    @property
    def minutes(self) -> int:
        """Minutes to work through the lesson, rounded to 5: what it is to state."""
        return 5 * round(self.exact / 5)


def count(path: pathlib.Path) -> Count:
    """Count what a lesson holds. path: its source, with the stored notebook beside it."""
    import jupytext
    import nbformat

    stored = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    seconds = stored.metadata.get("cnncourse", {}).get("cpu_seconds", {})
    ids = [cell.id for cell in _core(stored.cells) if cell.cell_type == "code"]
    waiting = sum(seconds.get(cell, 0) for cell in ids) / 60

    texts, lines, tagged = [], [], 0
    for cell in _core(jupytext.read(path).cells):
        if cell.cell_type == "markdown":
            text = _unfolded(cell.source)
            lines += [line for fence in _FENCE.finditer(text) for line in fence[2].splitlines()]
            texts.append(_FENCE.sub("", text))
            continue
        tags = set(cell.metadata.get("tags", []))
        tagged += "exercise" in tags
        if not tags & HIDDEN and not cell.metadata.get("jupyter", {}).get("source_hidden"):
            lines += cell.source.splitlines()
    text = "\n\n".join(texts)
    return Count(
        words=len(re.findall(r"\S*\w\S*", text)),
        lines=sum(bool(line.strip()) for line in lines),
        boxes=len(_BOX.findall(text)),
        exercises=tagged,
        questions=len(_QUESTION.findall(text)),
        waiting=waiting,
    )


def _unfolded(text: str) -> str:
    """Return a text without what is folded in it, be it in one another."""
    folded = True
    while folded:
        text, folded = _FOLDED.subn("", text)
    return text


def _core(cells: Sequence) -> Iterator:
    """Yield code cells and the sections of text cells, without those called "Further"."""
    further = False
    for cell in cells:
        if cell.cell_type != "markdown":
            if not further:
                yield cell
            continue
        for part in re.split(r"(?m)^(?=## )", cell.source):
            if part.startswith("## "):
                further = part.startswith("## Further")
            if not further:
                yield type(cell)(cell | {"source": part})


def table(notebooks: pathlib.Path = NOTEBOOKS) -> str:
    """Return what each lesson holds, the minutes that this makes, and those that it states."""
    import pandas as pd

    counts = {path: count(path) for path in paths(notebooks)}
    rows = [
        {"lesson": path.stem}
        | dataclasses.asdict(held)
        | {"exact": held.exact, "minutes": held.minutes, "stated": read(path).minutes}
        for path, held in counts.items()
    ]
    return pd.DataFrame(rows).to_string(index=False, float_format="%.1f")


if __name__ == "__main__":
    print(table())
