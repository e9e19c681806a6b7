"""The house itself: one list of dependencies, clean code, a README that keeps up."""

import base64
import os
import pathlib
import re
import subprocess
import sys
import tomllib

from tools import lessons

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = pathlib.Path(__file__).parents[1]


CONSTRAINTS = (ROOT / "constraints.txt").read_text()
FOLDERS = ("cnncourse", "tools", "tests", "studies", "benchmarks", "notebooks", "site")


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements():
    project = pyproject()
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for one in lists for text in one]


def constraints(text):
    """The pins of constraints.txt: requirement, digests."""
    text = re.sub(r"(?m)^#.*\n", "", text).replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        pin, *digests = re.split(r"\s+--hash=", line)
        found.append((Requirement(pin), digests))
    return found


def test_environment_yml_installs_what_pyproject_names():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    (python,) = [d for d in conda if d.startswith("python")]
    assert python.removeprefix("python") == pyproject()["requires-python"]
    assert pip == {"pip": ["--requirement constraints.txt"]}
    last = "pip install --no-deps --no-build-isolation --editable ."
    assert f"#   {last}\n" in (ROOT / "environment.yml").read_text()
    assert (ROOT / "postBuild").read_text().endswith(f"\nexec python -m {last}\n")
    assert os.access(ROOT / "postBuild", os.X_OK) or os.name != "posix"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_constraints_pin_every_dependency_within_its_bounds(version):
    text = CONSTRAINTS
    here = {"python_version": version, "python_full_version": f"{version}.5"}
    pinned = {}
    for constraint, _ in constraints(text):
        if constraint.marker is None or constraint.marker.evaluate(here):
            name = canonicalize_name(constraint.name)
            assert name not in pinned, f"{name} is pinned twice for Python {version}"
            (pin,) = constraint.specifier
            assert pin.operator == "=="
            pinned[name] = pin.version
    for requirement in requirements():
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


def test_constraints_hold_digests_and_no_addresses():
    text = CONSTRAINTS
    for constraint, digests in constraints(text):
        assert digests, f"{constraint} has no digest"
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in digests), constraint
    text = re.sub("(?m)^#.*$", "", text).replace("--hash=", "")
    assert not re.search(r"://|\s@\s|--", text)


@pytest.mark.parametrize("folder", ["", "student"])
def test_make_installs_nothing_without_a_digest_but_the_course_itself(folder):
    lines = [
        line.strip().removeprefix("@")
        for line in (ROOT / folder / "Makefile").read_text().splitlines()
        if "pip install" in line or "(PIP)" in line
    ]
    assert lines == [
        "PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps",
        "$(PIP) --require-hashes --only-binary :all: --requirement constraints.txt",
        "$(PIP) --no-build-isolation --editable .",
    ]
    pinned = {canonicalize_name(constraint.name) for constraint, _ in constraints(CONSTRAINTS)}
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert {canonicalize_name(Requirement(text).name) for text in needed} <= pinned


def test_this_environment_is_the_pinned_one():
    from importlib.metadata import version

    for constraint, _ in constraints(CONSTRAINTS):
        wanted = {canonicalize_name(r.name) for r in requirements()}
        if canonicalize_name(constraint.name) in wanted and (
            constraint.marker is None or constraint.marker.evaluate()
        ):
            assert constraint.specifier.contains(version(constraint.name)), constraint


def test_ruff_finds_nothing():
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--extend-exclude", "site/*.md", *FOLDERS],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "module", ["", ".data", ".plots", ".results", ".budget", ".exercises", ".photos", ".classifier"]
)
def test_importing_the_package_imports_no_tensorflow(module):
    script = f"import cnncourse{module}, sys; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_tensorflow_s_notices_stay_away():
    script = "import cnncourse, tensorflow as tf; tf.ones(2) + 1"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_module_of_the_package_reads_pickles():
    for path in (ROOT / "cnncourse").rglob("*.py"):
        assert not re.search(r"\bpickle\b(?!=False)|allow_pickle=True", path.read_text()), path


def test_the_readme_maps_every_lesson():
    text = (ROOT / "README.md").read_text()
    for lesson in lessons.read_all():
        link = f"[{lesson.title}](notebooks/{lesson.name}.ipynb)"
        row = f"| {lesson.number} | {link} | {lesson.minutes} |"
        assert row in text, f"README.md lacks: {row}"


def test_the_readme_s_picture_is_the_stored_output_of_its_lesson():
    picture = (ROOT / "results" / "01_learned_kernel.png").read_bytes()
    notebook = nbformat.read(ROOT / "notebooks" / "01_convolution_by_hand.ipynb", as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [
        output.data["image/png"] for output in outputs if "image/png" in output.get("data", {})
    ]
    assert base64.b64encode(picture).decode() in [p.replace("\n", "") for p in pictures]


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text()
    targets = "lessons lab test notebooks results bench site student clean"
    for target in targets.split():
        assert re.search(rf"(?m)^{target}:.*## ", text), target
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "make lessons" in done.stdout
