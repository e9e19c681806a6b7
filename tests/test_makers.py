"""The tools that try the tests and the bounds: what they say, on small inputs."""

import os
import pathlib
import subprocess
import sys

from benchmarks import first_setup
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


def test_the_first_setup_counts_the_wheels_of_what_is_installed(tmp_path):
    wheels, venv = tmp_path / "wheels", tmp_path / ".venv"
    wheels.mkdir()
    for name, size in {
        "Some.Thing-1.0-py3": 30,
        "some_thing-2.0-py3": 50,
        "other-1-py3": 7,
    }.items():
        (wheels / f"{name}-none-any.whl").write_bytes(b"." * size)
    site = venv / "lib" / "python3.12" / "site-packages"
    for name in ("some_thing-1.0", "pip-24.0", "cnncourse-0.1.0", "other-1/_vendor/within-3"):
        (site / f"{name}.dist-info").mkdir(parents=True)
    assert first_setup.bytes_fetched(venv, wheels) == 30
    (site / "other-1.dist-info").mkdir()
    assert first_setup.bytes_fetched(venv, wheels) == 37
    (site / "other-1.dist-info").rename(site / "other-2.dist-info")
    with pytest.raises(LookupError, match=r"expected the wheels of \[\('other', '2'\)\]"):
        first_setup.bytes_fetched(venv, wheels)
    (site / "pip.py").write_bytes(b"." * 100_000)
    if os.name == "posix":  # as venv does there
        (venv / "lib64").symlink_to(venv / "lib")
    assert 100_000 <= first_setup.bytes_on_disk(venv) < 200_000


@pytest.mark.parametrize("kind", ["course", "student"])
def test_the_first_setup_is_of_the_whole_course_or_of_the_zip(kind, tmp_path):
    first_setup.copy_course(kind, tmp_path)
    for name in ("Makefile", "pyproject.toml", "cnncourse/__init__.py", *first_setup.LOCKS):
        assert (tmp_path / name).is_file(), name
    assert (tmp_path / "tests" / "test_makers.py").is_file() == (kind == "course")
    for arguments in (made for of, made in first_setup.SETUPS.values() if of == kind):
        done = subprocess.run(["make", "-n", *arguments], cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, done.stderr
