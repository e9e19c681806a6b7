"""CONTRIBUTING.md holds: what its tables say is followed in a copy of the course, and proved there.

All files of all tables are written first, then each command runs once, then the proofs.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from cnncourse.data import arrays

import contributed
import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
NOTEBOOKS = "make notebooks"
PROOF = re.compile(r'\.venv/bin/python -m pytest -q ([\w/. ]+) -k "([^"]+)"')
STORE = "CNNCOURSE_BUDGET=full .venv/bin/python -m cnncourse run --store NN"


def table(kind):
    """The files and commands of a table, in order, and the command that proves it."""
    section = TEXT.split(f"\n## {kind}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (\d+|proof) \| `([^|]+)` \| [^|]+ \|$", section, re.M)
    assert [place for place, _ in rows] == [*map(str, range(1, len(rows))), "proof"]
    return [what for _, what in rows[:-1]], rows[-1][1]


def named(text):
    """A file or command of a table with the names of what is contributed here."""
    return re.sub(r"NN|topic|NAME", lambda match: contributed.NAMES[match[0]], text)


def in_readme(text):
    link = f"[{contributed.TITLE}](notebooks/97_means.ipynb)"
    rows = re.findall(r"(?m)^\| \d\d \|.*\n", text)
    return text.replace(rows[-1], f"{rows[-1]}| 97 | {link} | {contributed.MINUTES} | none |\n")


def in_guide(text):
    """The lesson is the last of the last week, after a break of 10 minutes."""
    link = f"[97 {contributed.TITLE}](../notebooks/97_means.ipynb)"
    added = f", then {link} ({contributed.MINUTES} minutes)"

    def longer(row):
        pauses = row[2].count("](") * 10
        minutes = int(row[3]) + 10 + contributed.MINUTES
        return f"{row[1]}{row[2]}{added} | {minutes} minutes ({pauses} of them a break) |"

    *_, last = re.finditer(r"(?m)^(\| \d+ \| )(.*) \| (\d+) minutes.*\|$", text)
    text = text[: last.start()] + longer(last) + text[last.end() :]
    return text.replace("## Setting up", contributed.GUIDE + "## Setting up", 1)


def in_catalogue(text):
    entry = contributed.ENTRY.format(digest=arrays.array_digest(contributed.ARRAYS))
    head, tail = text.split("\n    )\n}\n", 1)
    return f"{head}\n{entry}    )\n}}\n{tail}"


def in_figures(text):
    return re.sub(r"(?m)^FIGURES = \{\n", lambda match: match[0] + contributed.PLACE, text)


def in_benchmarks(text):
    return re.sub(r"(?m)^(NAMES = \(.*)\)$", r'\1, "squares")', text)


# What each row of each table asks for: a file's new text from its old one, or a command to run.
STEPS = {
    "A lesson": {
        "notebooks/NN_topic.md": lambda _: contributed.LESSON,
        "cnncourse/exercises/lessonNN.py": lambda _: contributed.BANK,
        NOTEBOOKS: None,
        "README.md": in_readme,
        "site/teaching.md": in_guide,
        STORE: None,
    },
    "An exercise": {
        "cnncourse/exercises/lessonNN.py": contributed.with_exercise_in_bank,
        "notebooks/NN_topic.md": contributed.with_exercise,
        NOTEBOOKS: None,
        STORE: None,
    },
    "A data set": {"cnncourse/data/catalogue.py": in_catalogue},
    "A figure": {
        "cnncourse/figures/NAME.py": lambda _: contributed.FIGURE_PY,
        "cnncourse/figures/NAME.js": lambda _: contributed.FIGURE_JS,
        "cnncourse/figures/NAME.css": lambda _: contributed.FIGURE_CSS,
        "tests/test_figure_NAME.py": lambda _: contributed.FIGURE_TEST,
        "site/_ext/course_pages.py": in_figures,
        "notebooks/NN_topic.md": contributed.with_figure,
        NOTEBOOKS: None,
        STORE: None,
    },
    "A study": {
        "studies/NN_NAME.py": lambda _: contributed.STUDY,
        "CNNCOURSE_BUDGET=full .venv/bin/python -m tools.study NN_NAME": None,
    },
    "A benchmark": {
        "benchmarks/NAME.py": lambda _: contributed.BENCHMARK,
        "benchmarks/__init__.py": in_benchmarks,
        "CNNCOURSE_BUDGET=full .venv/bin/python -m benchmarks NAME": None,
    },
}


def run(command, folder):
    """Run a command of a table in the copy, with the image sets that are contributed."""
    ours = ("CNNCOURSE_", "PYTEST_", "MAKE")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    clean |= {"CNNCOURSE_DATA": str(folder / "build" / "sets"), "PYTHONPATH": str(folder)}
    return subprocess.run(
        named(command), shell=True, cwd=folder, env=clean, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A copy of the course to which everything was added as the tables say."""
    folder = tmp_path_factory.mktemp("copy") / "course"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (ROOT / name).is_file(), files.splitlines()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    (folder / "build" / "sets").mkdir(parents=True)
    np.savez(folder / "build" / "sets" / "squares.npz", **contributed.ARRAYS)
    commands = []
    for kind, steps in STEPS.items():
        for step in table(kind)[0]:
            change = steps.get(step)
            if change is None:
                commands += [step] if step not in commands else []
                continue
            path = folder / named(step)
            before = path.read_text("utf-8") if path.exists() else ""
            path.write_text(change(before), "utf-8")
            assert path.read_text("utf-8") != before, step
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for name, module in {"python": "", "jupytext": "-m jupytext"}.items():
        (binaries / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        (binaries / name).chmod(0o755)
    for stamp in (".ready-cpu", ".makers"):
        (folder / ".venv" / stamp).touch()
    for command in commands:
        done = run(command, folder)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return folder


def test_the_tables_ask_for_what_is_done_here():
    assert re.findall(r"(?m)^## (An? .*)$", TEXT) == list(STEPS)
    for kind, steps in STEPS.items():
        assert table(kind)[0] == list(steps), kind


@pytest.fixture(scope="module")
def passed(grown):
    """The tests that passed there: all tables' proofs in one process, which spares four starts."""
    proofs = [PROOF.fullmatch(table(kind)[1]) for kind in STEPS]
    files = sorted({file for proof in proofs for file in proof[1].split()})
    chosen = " or ".join(proof[2] for proof in proofs)
    start = ".venv/bin/python -m pytest -q -p no:cacheprovider -rA"
    done = run(f'{start} {" ".join(files)} -k "{chosen}"', grown)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall(r"(?m)^PASSED (.+)$", done.stdout)


@pytest.mark.more
@pytest.mark.skipif(os.name == "nt", reason="stands in for .venv with shell scripts")
@pytest.mark.parametrize("kind", STEPS)
def test_what_a_table_adds_passes_its_proof(kind, passed):
    """Each file of a proof has a test that passed, and so has each word by which it chooses."""
    proof = PROOF.fullmatch(table(kind)[1])
    files, words = named(proof[1]).split(), named(proof[2]).split(" or ")
    of_table = [
        (file, word)
        for file in files
        for word in words
        if any(test.startswith(f"{file}::") and word in test for test in passed)
    ]
    assert {file for file, _ in of_table} == set(files)
    assert {word for _, word in of_table} == set(words)
