"""The list of the lessons: what a header says, whom a blank belongs to, what counts as a minute."""

from cnncourse import exercises, run
from tools import lessons

import jupytext
import nbformat
import pytest

HEADER = """# {title}

- **Time**: {time}
- **Questions:** What is it? And
  why?
- **Objectives**: You can.
- **Builds on**: {builds}
- **Data**: none

Text.
"""


def write(folder, name="03_topic", title="Why: `x` < 2?", time="50 minutes.", builds="lesson 02"):
    path = folder / f"{name}.md"
    path.write_text(HEADER.format(title=title, time=time, builds=builds), encoding="utf-8")
    return path


# Headers


def test_a_header_is_read_in_either_style(tmp_path):
    found = lessons.read(write(tmp_path, builds="lessons 01 to 02; not 07"))
    assert (found.number, found.minutes, found.title) == ("03", 50, "Why: `x` < 2?")
    assert found.questions == ("What is it?", "And why?")
    assert found.needs == ("01", "02")  # 07 comes later: it cannot be built on


def test_a_header_that_lacks_something_names_it(tmp_path):
    path = write(tmp_path)
    path.write_text(path.read_text().replace("- **Data**: none\n", ""))
    with pytest.raises(lessons.LessonError, match=r"03_topic.md: .*\*\*Data\*\*"):
        lessons.read(path)
    with pytest.raises(lessons.LessonError, match="begin with '45 minutes'"):
        lessons.read(write(tmp_path, time="an hour"))
    path.write_text("")
    with pytest.raises(lessons.LessonError, match="no such lines"):
        lessons.read(path)


def test_a_lesson_counts_when_both_halves_are_there(tmp_path):
    write(tmp_path, "01_one", builds="nothing").with_suffix(".ipynb").touch()
    write(tmp_path, "02_two")
    (tmp_path / "03_three.ipynb").touch()
    assert [lesson.name for lesson in lessons.read_all(tmp_path)] == ["01_one"]


def test_the_order_is_that_of_the_numbers():
    paths = lessons.paths()
    assert [path.stem for path in paths] == sorted(path.stem for path in paths)
    assert {path.parent for path in paths} == {lessons.NOTEBOOKS}


# Blanks

TEXT = """\
---
kernelspec:
  display_name: Python 3 (ipykernel)
  language: python
  name: python3
jupytext:
  text_representation:
    extension: .md
    format_name: myst
---

"""
PAIR = """\
```{code-cell} ipython3
:tags: [exercise, output_size]

output_size = ...
```

In between.

```{code-cell} ipython3
exercises.check("01/output_size", output_size)
```

"""


def cells(text):
    return jupytext.reads(TEXT + text, fmt="md:myst").cells


def test_a_blank_has_its_exercise_and_its_check():
    other = PAIR.replace("output_size", "conv2d")
    first, second = lessons.blanks("01_one", cells(f"{PAIR}## Then\n\n{other}"))
    assert (first.name, first.cell, first.check) == ("01/output_size", 0, 2)
    assert first.exercise is exercises.find("01/output_size")
    assert (second.name, second.cell, second.check) == ("01/conv2d", 4, 6)
    assert lessons.blanks("01_one", cells("Text.")) == []


def test_every_exercise_of_the_bank_has_one_blank():
    for path in lessons.paths():
        found = [b.name for b in lessons.blanks(path.stem, jupytext.read(path).cells)]
        assert sorted(found) == sorted(exercises.names(path.stem[:2]))


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("exercise, output_size", "exercise, outputsize", "no exercise '01/outputsize'"),
        ("exercise, output_size", "exercise", r"expected the tags \[exercise, name\]"),
        ("In between.", "```{code-cell} ipython3\nprint(1)\n```", r"alone; found 'print\(1\)'"),
        ('"01/output_size"', '"01/conv2d"', "expected the cell below the blank 01/output_size"),
        ("exercises.check(", "x = 1\nexercises.check(", "alone; found 'x = 1"),
        (PAIR, PAIR[: PAIR.index("In between")], "no cell checks 01/output_size"),
        (PAIR, PAIR[: PAIR.index("In between")] + PAIR, "no cell checks 01/output_size before"),
    ],
)
def test_a_blank_that_does_not_fit_is_named(good, bad, told):
    with pytest.raises(lessons.LessonError, match=f"01_one: .*{told}"):
        lessons.blanks("01_one", cells(PAIR.replace(good, bad)))


# Minutes


@pytest.fixture
def counted(tmp_path):
    """`counted(text, seconds)`: the count of a lesson; seconds: of its code cells in a full run."""

    def count(text, seconds=()):
        path = tmp_path / "01_one.md"
        path.write_text(TEXT + text, encoding="utf-8")
        notebook = jupytext.read(path)
        code = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
        notebook.metadata["cnncourse"] = {"cpu_seconds": dict(zip(code, seconds, strict=False))}
        nbformat.write(notebook, path.with_suffix(".ipynb"))
        return lessons.count(path)

    return count


def code(source, tags=""):
    return f"```{{code-cell}} ipython3\n{tags}{source}\n```\n\n"


def test_each_thing_counts_what_the_formula_gives_it(counted):
    assert counted("word " * 900).exact == pytest.approx(5)
    assert counted(code("x = 1\n" * 150)).exact == pytest.approx(5)
    assert counted(code("x = ...", ":tags: [exercise, a]\n\n")).exact == pytest.approx(5 + 1 / 30)
    assert counted("> **Predict.** So?").exact == pytest.approx(1 + 2 / 180)
    assert counted("> **Bug hunt.** So?").exact == pytest.approx(1 + 3 / 180)
    assert counted("## Check yourself\n\n**1.** So?").exact == pytest.approx(0.5 + 4 / 180)
    assert counted(code("train()"), [600]).exact == pytest.approx(10 + 1 / 30)


@pytest.mark.parametrize(("exact", "minutes"), [(57.4, 55), (57.6, 60), (60, 60), (2.4, 0)])
def test_minutes_are_rounded_to_five(exact, minutes):
    held = lessons.Count(waiting=exact)
    assert (held.exact, held.minutes) == (exact, minutes)


def test_what_a_reader_does_not_see_at_first_does_not_count(counted):
    bare = counted("One two.\n\n" + code("x = 1"))
    assert (bare.words, bare.lines) == (2, 1)
    folded = "<details><summary>Answer</summary>\n\n> **Predict.** Not **so**.\n\n</details>\n\n"
    nested = folded.replace("Not", f"\n\n{folded}\n\n")
    hidden = code("y = 2", ":tags: [hide-input]\n\n")
    hidden += code("y = 2", "---\njupyter:\n  source_hidden: true\n---\n")
    assert counted(f"One {folded} two.\n\n{nested}{hidden}" + code("x = 1\n\n\n# as\n")) == (
        lessons.Count(words=2, lines=2)
    )
    assert counted("- One | ++ | $$ = $$ → two").words == 2
    assert counted("One.\n\n```python\nx = 1\n\ny = 2\n```\n\nTwo.") == (
        lessons.Count(words=2, lines=2)
    )


def test_further_is_outside_the_count_wherever_it_stands(counted):
    further = (
        "## Further\n\n> **Predict.** Much?\n\n" + code("y = 2\nz = 3") + "### More\n\nText.\n\n"
    )
    text = f"## One\n\nTwo.\n\n{code('x = 1')}{further}## Key points\n\nThree."
    assert counted(text, [130, 10_000]) == (lessons.Count(words=5, lines=1, waiting=130 / 60))


BUSY = """\
import time
end = time.process_time() + 3
while time.process_time() < end: pass
"""
IDLE = "time.sleep(3)"
RECORD = """\
from cnncourse import results
book = results.Book("01_long")
book.add("answer", 42)
book.close(key="answer")
"""


def test_what_a_reader_waits_for_is_the_time_that_long_cells_compute(course, monkeypatch):
    monkeypatch.setattr(run, "LONG_CELL", 2)
    path = course / "notebooks" / "01_long.ipynb"
    sources = (BUSY, IDLE, RECORD)
    path.with_suffix(".md").write_text(TEXT + "".join(code(source) for source in sources))
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert run.run_lesson(path, course, run.Progress(), store=True).error is None
    stored = nbformat.read(path, as_version=4)
    assert not any("cpu_seconds" in cell.metadata for cell in stored.cells)
    seconds = stored.metadata["cnncourse"]["cpu_seconds"]
    assert seconds[stored.cells[0].id] >= 3
    assert stored.cells[1].id not in seconds
    assert lessons.count(path.with_suffix(".md")).waiting == sum(seconds.values()) / 60


def test_the_table_has_every_lesson_with_its_minutes():
    rows = lessons.table().splitlines()
    assert len(rows) == 1 + len(lessons.paths())
    for row, path in zip(rows[1:], lessons.paths(), strict=True):
        name, *_, exact, minutes, stated = row.split()
        assert name == path.stem
        assert abs(float(exact) - int(minutes)) < 2.6
        assert int(stated) == lessons.read(path).minutes


@pytest.mark.parametrize("path", lessons.paths(), ids=lambda path: path.stem)
def test_a_lesson_takes_the_time_that_it_says(path):
    takes = lessons.count(path).minutes
    assert lessons.read(path).minutes == takes
    assert takes <= (60 if path.stem.startswith("01_") else 75)
