'''Exercises that answer: `check`, `hint` and `solution`, and the bank behind them.

In a lesson, a blank cell tagged `[exercise, output_size]`, then a cell that checks it:

    exercises.check("01/output_size", output_size)

The answer is one of three: right and what that shows; not attempted yet; not right yet, with the
mistake it looks like, what was expected and what came on which input.

Whatever an answer does, `check` itself raises nothing; the one thing that it refuses is to be
called by the answer that it checks. An answer may use its seconds and 1 GiB. Python code is then
stopped; one long call into compiled code cannot be, and is left to end. Put back afterwards are
random states, the notebook's names, functions of NumPy and Keras, settings, working folder,
environment, open figures and started threads. What is changed inside of the notebook's lists,
arrays and networks stays, and so does a file that an answer has written.

For authors
-----------
The exercises of lesson NN are the tuple `EXERCISES` in `lessonNN.py` beside this file:

    from cnncourse.exercises import Exercise, Mistake

    EXERCISES = (
        Exercise(
            name="01/output_size",
            task="Write `output_size(size, kernel, stride)`: how many positions a kernel has.",
            hints=("A kernel of 3 over 5 pixels: count the places where it fits.",
                   "`size - kernel` steps of one pixel, and the start; then `//` for the stride."),
            solution="""
                def output_size(size, kernel, stride):
                    return (size - kernel) // stride + 1
            """,
            right=("output_size = lambda size, kernel, stride: 1 + (size - kernel) // stride",),
            mistakes=(
                Mistake(code="def output_size(size, kernel, stride): return size // stride",
                        message="This leaves out the kernel: ..."),
                Mistake(code="...", message="..."),
            ),
            cases=((5, 3, 1), (28, 5, 2)),
            shows="The formula of every layer without padding.",
        ),
    )

- `solution`, `right` and the mistakes' `code` fill the blank cell: each defines the variable that
  the lesson gives to `check`, by default named as the exercise. What the cell needs from cells
  before it stands in `setup` (default: NumPy as np).
- What is expected is what the solution does; an answer is the known mistake that it behaves like.
  Choose cases that tell all mistakes from each other. The first case that differs is shown: put
  the smallest first.
- With `cases` the answer is a function; without, a value (number, text, list, array), whose
  right value is not shown to the reader.
- An exercise with `cases` needs `draw(rng)`, which makes one further case from a NumPy generator,
  in the form of those in `cases`: small or large, odd or even, at every border that the text
  admits. `find("04/worst_pair").drawn(1, 20)` gives twenty. On drawn cases no wrong answer may do
  what the solution does.
- Arguments must stay as they were; `changes=("network",)` names parameters of the solution that
  an answer may change. An answer that changes another is told so.
- Of a value with several entries (list, tuple, dict) a reader may fill some and leave others
  `...`: the engine puts the solution's in their place, judges, and names what is missing. A
  mistake that is to be known beside blanks is found `by` its own facts.
- Where values cannot be compared (a model, a kernel of one's own), `facts` takes the answer, or
  with `cases` what it returns, and gives a dict: {"number of parameters": model.count_params()}.
  Every right answer must have the same facts. `Mistake(..., by=("padding",))` is known by these
  facts alone. `raise Wrong("...")` says in your own words why there is nothing to judge.
- Where a right answer is worth measuring (a trained network), `report` takes it and gives further
  parts of the verdict; it is called for answers of readers alone, and for right ones.
- `Mistake(..., when=function)` is for a mistake with many faces: `when` takes one `Trial` a case
  and says whether the message is true, such as "right wherever the stride is 1": `_when.py` has
  the common ones. An answer gets the first mistake that fits it: the special before the general.
- A hint does not give the answer before the last. A message says what the reader's code does,
  and why that is not what is asked; sentences may use `code`.
- A cell that needs the reader's answers begins with `if exercises.done("08/prepare", ...):`, so
  that the lesson runs from top to bottom whichever blanks are filled.
- `tests/test_exercises_bank.py` tries the solution, every right answer and every mistake, and
  `tests/test_generated_answers.py` every single change to the solution; what it finds in one
  exercise is printed by `python -m tools.answers 01/output_size`.
'''

import difflib
import importlib
import importlib.resources
import re

from cnncourse._tables import as_html, as_text
from cnncourse.exercises import _progress
from cnncourse.exercises._engine import judge
from cnncourse.exercises._exercise import Exercise, Mistake
from cnncourse.exercises._observe import Wrong
from cnncourse.exercises._show import Verdict

__all__ = [
    "Exercise",
    "Mistake",
    "Verdict",
    "Wrong",
    "check",
    "done",
    "find",
    "hint",
    "names",
    "progress",
    "solution",
]

_hints_given = {}
_last_status = {}
_STILL_TO_DO = {
    "unchecked": "not checked yet: run the cell with its check",
    "not attempted": "not attempted yet",
    "wrong": "not right yet: its check says why",
}


def lessons():
    """The lessons that have exercises, as two digits: ["01", "02", ...]."""
    files = (entry.name for entry in importlib.resources.files(__name__).iterdir())
    return sorted(name[6:8] for name in files if re.fullmatch(r"lesson\d\d\.py", name))


def names(lesson):
    """The names of the exercises of a lesson ("01"), in the order of the lesson."""
    module = importlib.import_module(f"{__name__}.lesson{lesson}")
    return [exercise.name for exercise in module.EXERCISES]


def find(name):
    """The exercise of that name; ValueError, with the names there are, for any other."""
    lesson = str(name).partition("/")[0]
    if lesson not in lessons():
        raise ValueError(
            f"no exercise {name!r}: a name is a lesson and a word, as in '01/output_size', "
            f"and the lessons with exercises are {', '.join(lessons())}"
        )
    known = names(lesson)
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
        meant = f" Did you mean {nearest[0]!r}?" if nearest else ""
        raise ValueError(f"no exercise {name!r}.{meant} Lesson {lesson} has {', '.join(known)}")
    module = importlib.import_module(f"{__name__}.lesson{lesson}")
    return module.EXERCISES[known.index(name)]


def check(name, answer):
    """Judge an answer: right, not attempted yet, or wrong and why. True where it is right."""
    verdict = judge(find(name), answer)
    _last_status[name] = verdict.status
    if verdict.right:
        _progress.note(name)
    return verdict


def done(*names):
    """Whether all these exercises were right when last checked; prints which are still to do."""
    status = {find(name).name: _last_status.get(name, "unchecked") for name in names}
    for kind, told in _STILL_TO_DO.items():
        left = [name for name in names if status[name] == kind]
        if left:
            print(f"Still to do: {', '.join(left)} ({told})")
    return all(kind == "right" for kind in status.values())


def hint(name):
    """The next hint each time it is called; after the last one, says so."""
    exercise = find(name)
    given = _hints_given.get(name, 0)
    total = len(exercise.hints)
    _hints_given[name] = min(given + 1, total)
    if given < total:
        parts = [("", exercise.hints[given])]
        return Verdict(name, "note", parts, title=f"Hint {given + 1} of {total}")
    told = f'You have seen every hint. The solution: `exercises.solution("{name}")`'
    return Verdict(name, "note", [("", told)], title=f"All {total} hints given")


def solution(name):
    """The code that fills the blank cell."""
    return Verdict(name, "note", [("Solution", find(name).filled)], title="One right answer")


class Progress:
    """Which exercises were right when they were checked, by lesson: a table, also in a terminal.

    rows: (lesson, exercise, day and time of its first right check, or "" for none).
    """

    def __init__(self, rows):
        self.rows = rows

    def __str__(self):
        told = [("lesson", "exercise", "first right")]
        told += [(lesson, name, when or "not yet") for lesson, name, when in self.rows]
        return as_text(told)

    __repr__ = __str__

    def _repr_html_(self):
        told = [("lesson", "exercise", "first right")]
        return as_html(
            told + [(lesson, name, when or "not yet") for lesson, name, when in self.rows]
        )


def progress(lesson=None):
    """Show which exercises were right, and when first; of one lesson ("01"), or of all.

    It is kept in a small file in your data folder, which `python -m cnncourse progress` names. It
    is yours to delete, and CNNCOURSE_PROGRESS= keeps none.
    """
    if lesson is not None and lesson not in lessons():
        raise ValueError(f"no lesson {lesson!r} with exercises: there are {', '.join(lessons())}")
    found = _progress.known()
    rows = [
        (one, name.partition("/")[2], found.get(name, "").replace("T", " ")[:16])
        for one in ([lesson] if lesson else lessons())
        for name in names(one)
    ]
    return Progress(rows)


def progress_file():
    """Where progress is kept; None where none is."""
    return _progress.file()
