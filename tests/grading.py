"""A class for the tests of grading: submissions in every state, made from a lesson's notebook."""

import json
import os
import pathlib
import textwrap

from cnncourse import exercises
from cnncourse.exercises import outside
from cnncourse.grade import sandbox, values

import pytest
from conftest import IN_CI, missing

NOTEBOOKS = pathlib.Path(__file__).parents[1] / "notebooks"


def lesson(number):
    """The notebook of a lesson, as a dict, without outputs."""
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return notebook


def blank(notebook, name):
    """The blank cell of an exercise."""
    tag = name.partition("/")[2]
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "exercise" in tags and tag in tags:
            return cell
    raise LookupError(name)


def fill(notebook, name, code):
    """Put code into a blank."""
    blank(notebook, name)["source"] = textwrap.dedent(code).strip()
    return notebook


def solved(number, but=()):
    """A lesson with every blank filled; `but` gives other code for some: {name: code}."""
    notebook, others = lesson(number), dict(but)
    for name in exercises.names(number):
        exercise = exercises.find(name)
        if exercise.report is None:
            fill(notebook, name, others.pop(name, exercise.filled))
    assert not others, f"no such exercises: {others}"
    return notebook


def code_cell(source, tags=()):
    """A cell of a student's own."""
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [],
            "execution_count": None}  # fmt: skip


def as_bytes(notebook):
    return json.dumps(notebook).encode()


def small(*sources, number="01", tag="output_size"):
    """A notebook of a few cells, the last of which is the blank of an exercise."""
    *above, answer = [textwrap.dedent(source).strip() for source in sources]
    cells = [*map(code_cell, above), code_cell(answer, ("exercise", tag))]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


# For a program that looks at itself: its status by the kernel, and its limits.
OF_ITSELF = """
import resource
def status():
    with open("/proc/self/status") as file:
        parts = (line.partition(":") for line in file)
        return {name: text.split() for name, _, text in parts}
def limits():
    names = "AS DATA FSIZE NOFILE CORE MEMLOCK MSGQUEUE CPU NPROC".split()
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in names}
"""


def message(number, content=b""):
    """As programs of the sandbox send it: a number, a length, and so many bytes."""
    return number.to_bytes(4, "big") + len(content).to_bytes(8, "big") + content


def came_out(judge, code, number=0):
    """What a sandbox hands out for an answer to one of a judge's exercises."""
    answer = judge.exercises[number].fill(code)
    return values.packed(outside.attempt(judge.tasks[number], answer, lambda value, given: value))


def gave(handed):
    """The values that an answer gave in a sandbox, case by case."""
    return [values.unpacked(one["value"].parts) for one in handed["rounds"][0]["tried"]]


@pytest.fixture(scope="session")
def isolation():
    """A test that needs a real sandbox: skipped, with the reason, where there can be none."""
    why = sandbox.problem()
    if why:
        missing(f"isolation: {why}")
    assert IN_CI or os.name == "posix"
