"""The tools that try the tests and the bounds: what they say, on small inputs."""

import os
import pathlib
import subprocess
import sys

from tools import matrix, mutants

import pytest
from packaging.requirements import Requirement

ROOT = pathlib.Path(__file__).parents[1]

SCRIPT = """
from tools import mutants
for change, noticed in mutants.survivors("budget", ["test_budget.py"], 1, 1):
    print(noticed, change)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
def test_a_change_that_a_test_knows_is_noticed_and_the_course_stays_as_it_is():
    before = (ROOT / "cnncourse" / "budget.py").read_bytes()
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    head, *told = done.stdout.splitlines()
    assert head.startswith("budget: 1 of "), done.stderr
    assert [line.partition(" line ")[0] for line in told] == ["True"], told
    assert (ROOT / "cnncourse" / "budget.py").read_bytes() == before


def test_every_module_of_the_makefile_has_tests():
    line = next(
        x for x in (ROOT / "Makefile").read_text().splitlines() if x.startswith("MODULES ?= ")
    )
    for module in line.removeprefix("MODULES ?= ").split():
        assert (ROOT / "cnncourse" / f"{module}.py").is_file()
        assert mutants.tests_of(module)
    assert mutants.tests_of("data/arrays") == mutants.tests_of("data")
    with pytest.raises(
        LookupError, match=r"no tests/test_nothing\*\.py: name the tests of nothing"
    ):
        mutants.tests_of("nothing")


@pytest.mark.skipif(os.name != "posix", reason="writes a shell script")
def test_the_matrix_is_of_what_uv_resolves(tmp_path, monkeypatch):
    uv = tmp_path / "uv"
    uv.write_text(
        '#!/bin/sh\necho "$@" > "$0.said"; cat > "$0.asked"\n'
        'echo "tensorflow==2.20.0"; echo "numpy==2.0.0"'
    )
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert matrix.resolved("lowest") == {"tensorflow": "2.20.0", "numpy": "2.0.0"}
    said = (tmp_path / "uv.said").read_text()
    assert "--resolution lowest-direct --python-version 3.11" in said
    assert "--all-extras - pyproject.toml" in said
    first = (tmp_path / "uv.asked").read_text().splitlines()
    assert [line.partition(">=")[0] for line in first] == ["tensorflow-cpu", "tensorflow"]
    assert all(";" in line for line in first), "without markers, uv would take both"
    uv.write_text("#!/bin/sh\necho no way >&2; exit 1")
    with pytest.raises(SystemExit, match="newest: uv resolves nothing:\nno way"):
        matrix.resolved("newest")


def test_the_table_of_the_matrix_has_every_package_that_the_course_names():
    names = {Requirement(text).name for text in matrix.requirements()} - {"tensorflow"}
    lines = matrix.table({"lowest": (dict.fromkeys(names, "1.2.3"), "passes")}).splitlines()
    assert lines[:3] == ["|  | lowest |", "| --- | --- |", "| Python | 3.11 |"]
    assert {f"| {name} | 1.2.3 |" for name in names} == set(lines[3:-1])
    assert lines[-1] == "| quick suite | passes |"
