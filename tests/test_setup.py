"""What `make setup` does to .venv, with stand-ins for Python and pip that note their calls."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[1]
NEEDED = ("pyproject.toml", "constraints.txt", "constraints-makers.txt")
PYTHON = """#!/bin/sh
case "$*" in
"-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
"-m pip install "*) echo "$*" >> calls; for last; do :; done; [ ! -f refuse ] ;;
"-m pip uninstall "*) echo "$*" >> calls ;;
esac
"""

pytestmark = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("make"), reason="stands in for Python with a shell script"
)


@pytest.fixture(params=["", "student"])
def course(request, tmp_path):
    """A folder with a Makefile, that of the course or of the zip, and what it depends on."""
    folder = tmp_path / "my course"
    folder.mkdir()
    for name in (f"{request.param}/Makefile".strip("/"), *NEEDED):
        shutil.copy(ROOT / name, folder)
    (folder / "python").write_text(PYTHON)
    (folder / "python").chmod(0o755)
    return folder


def make(course, *arguments, **environment):
    """Run make; return its exit code and the calls of pip, without the options that all share."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")} | environment
    command = ["make", "PYTHON=./python", *arguments]
    done = subprocess.run(command, cwd=course, env=clean, capture_output=True, text=True)
    calls = course / "calls"
    told = calls.read_text().splitlines() if calls.exists() else []
    calls.unlink(missing_ok=True)
    return done.returncode, [
        re.sub(r"-m pip |--(?!require-hashes|editable)\S+ (:all: )?", "", x) for x in told
    ]


LESSONS = ["install --require-hashes .venv/constraints.txt", "install --editable ."]
MAKERS = ["install --require-hashes constraints-makers.txt"]
UNINSTALL = ["uninstall -qq tensorflow tensorflow-cpu"]


def locked(course):
    """{pin: the lines of its digests} of what was last installed."""
    text = (course / ".venv" / "constraints.txt").read_text()
    text = re.sub(r"(?m)^#.*\n", "", text)
    return dict(re.findall(r"(?m)^(\S.*?) \\\n((?: .*\n)+)", text))


def stamps(course):
    return sorted(path.name for path in (course / ".venv").glob(".[rm]*"))


def test_readers_get_what_lessons_need_and_makers_the_rest_on_top(course):
    assert make(course, "setup") == (0, UNINSTALL + LESSONS)
    assert stamps(course) == [".ready-cpu"]
    assert (course / ".venv" / "constraints.txt").read_bytes() == (ROOT / NEEDED[1]).read_bytes()
    assert make(course, "setup", GPU="1") == (0, []), "only an argument of make counts"
    assert make(course, ".venv/.makers") == (0, MAKERS)
    assert make(course, ".venv/.makers") == (0, [])
    (course / "pyproject.toml").touch()
    assert make(course, ".venv/.makers") == (0, LESSONS + MAKERS), "TensorFlow stays"


def test_gpu_swaps_tensorflow_and_is_remembered(course):
    make(course, "setup")
    before = locked(course)
    (cpu,) = [pin for pin in before if pin.startswith("tensorflow-cpu==")]
    (other,) = [pin for pin in before if pin.startswith("tensorflow==")]
    assert ";" in other
    assert make(course, "setup", "GPU=1") == (0, UNINSTALL + LESSONS)
    digests = before.pop(other)
    del before[cpu]
    assert locked(course) == before | {other.partition(" ;")[0]: digests}
    assert stamps(course) == [".ready-gpu"]
    assert make(course, "setup") == (0, [])
    (course / "pyproject.toml").touch()
    assert make(course, "setup") == (0, LESSONS), "still the one for graphics cards"
    assert ".ready-gpu" in stamps(course)
    assert make(course, "setup", "GPU=0") == (0, UNINSTALL + LESSONS)
    assert stamps(course) == [".ready-cpu"]


def test_an_environment_of_before_loses_its_tensorflow_first(course):
    (course / ".venv").mkdir()
    (course / ".venv" / ".ready").touch()
    assert make(course, "setup") == (0, UNINSTALL + LESSONS)
    assert stamps(course) == [".ready-cpu"]


def test_what_broke_off_is_taken_up_again(course):
    make(course, "setup")
    (course / "refuse").touch()
    assert make(course, "setup", "GPU=1") == (2, UNINSTALL + LESSONS[:1])
    assert stamps(course) == []
    (course / "refuse").unlink()
    assert make(course, "setup", "GPU=1") == (0, UNINSTALL + LESSONS)
