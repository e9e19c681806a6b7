"""The house itself: one list of dependencies, clean code, a README that keeps up."""

import base64
import importlib.metadata
import os
import pathlib
import re
import runpy
import shutil
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


FOLDERS = ("cnncourse", "tools", "tests", "studies", "notebooks", "site", "benchmarks")
TENSORFLOW = ("tensorflow", "tensorflow-cpu")  # one module; two packages, of which one is installed
LINUX = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"}
MAC = {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"}
WINDOWS = {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"}
MACHINES = {  # and which TensorFlow of the pinned version has a wheel for it, the smaller one
    "Linux on x86-64": (LINUX | {"platform_machine": "x86_64"}, "tensorflow-cpu"),
    "Linux on Arm": (LINUX | {"platform_machine": "aarch64"}, "tensorflow"),
    "macOS on Arm": (MAC | {"platform_machine": "arm64"}, "tensorflow"),
    "Windows": (WINDOWS | {"platform_machine": "AMD64"}, "tensorflow-cpu"),
}


def pyproject():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def requirements():
    """What lessons need, and what makers need on top."""
    project = pyproject()
    extras = [text for one in project["optional-dependencies"].values() for text in one]
    return [[Requirement(text) for text in one] for one in (project["dependencies"], extras)]


def constraints(name):
    """The pins of a file: requirement, digests."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / name).read_text()).replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        pin, *digests = re.split(r"\s+--hash=", line)
        found.append((Requirement(pin), digests))
    return found


LESSONS, MAKERS = constraints("constraints.txt"), constraints("constraints-makers.txt")


def pins(constraints, here=None):
    """{package: version} of the pins for a machine, without one this machine."""
    pinned = {}
    for constraint, _ in constraints:
        if constraint.marker is None or constraint.marker.evaluate(here):
            name = canonicalize_name(constraint.name)
            assert name not in pinned, f"{name} is pinned twice for {here}"
            (pin,) = constraint.specifier
            assert pin.operator == "=="
            pinned[name] = pin.version
    return pinned


def test_environment_yml_installs_what_pyproject_names():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    (python,) = [d for d in conda if d.startswith("python")]
    assert python.removeprefix("python") == pyproject()["requires-python"]
    assert pip == {"pip": ["--requirement constraints.txt"]}
    last = "pip install --no-deps --no-build-isolation --editable ."
    assert f"#   {last}\n" in (ROOT / "environment.yml").read_text()
    assert f"\npython -m {last}\n" in (ROOT / "postBuild").read_text()
    assert os.access(ROOT / "postBuild", os.X_OK) or os.name != "posix"


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_constraints_pin_every_dependency_within_its_bounds(version, machine):
    here, tensorflow = MACHINES[machine]
    here = here | {"python_version": version, "python_full_version": f"{version}.5"}
    lessons_pin, both_pin = pins(LESSONS, here), pins(LESSONS + MAKERS, here)
    for wanted, pinned in zip(requirements(), (lessons_pin, both_pin), strict=True):
        for requirement in wanted:
            if requirement.marker is None or requirement.marker.evaluate(here):
                name = canonicalize_name(requirement.name)
                assert requirement.specifier.contains(pinned[name]), f"{requirement} for {machine}"
    assert [name for name in both_pin if name in TENSORFLOW] == [tensorflow]


def test_lessons_wait_for_nothing_that_only_makers_need():
    names = {canonicalize_name(constraint.name) for constraint, _ in LESSONS}
    assert not names & {"playwright", "pytest", "ruff", "sphinx"}


def test_constraints_hold_digests_and_no_addresses():
    for constraint, digests in LESSONS + MAKERS:
        assert digests, f"{constraint} has no digest"
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in digests), constraint
    for name in ("constraints.txt", "constraints-makers.txt"):
        text = re.sub("(?m)^#.*$", "", (ROOT / name).read_text()).replace("--hash=", "")
        assert not re.search(r"://|\s@\s|--", text)


@pytest.mark.parametrize("folder", ["", "student"])
def test_make_installs_nothing_without_a_digest_but_the_course_itself(folder):
    lines = [
        line.strip().removeprefix("@")
        for line in (ROOT / folder / "Makefile").read_text().splitlines()
        if re.search(r"pip install|\((PIP|LOCKED)\)", line)
    ]
    assert lines == [
        "PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps",
        "LOCKED := $(PIP) --require-hashes --only-binary :all: --requirement",
        "$(LOCKED) $(VENV)/constraints.txt",
        "$(PIP) --no-build-isolation --editable .",
        "$(LOCKED) constraints-makers.txt",
    ]
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert {canonicalize_name(Requirement(text).name) for text in needed} <= pins(LESSONS).keys()


def test_this_environment_is_the_pinned_one():
    """But for the kind of TensorFlow, of which GPU=1 asks for the other."""
    here = {}
    for distribution in importlib.metadata.distributions():
        here.setdefault(canonicalize_name(distribution.name), distribution.version)
    pinned = pins(LESSONS + MAKERS)
    wanted = {canonicalize_name(r.name) for one in requirements() for r in one} - {*TENSORFLOW}
    assert {name: here.get(name) for name in wanted} == {name: pinned[name] for name in wanted}
    (kind,) = here.keys() & {*TENSORFLOW}
    ((version,),) = [c.specifier for c, _ in LESSONS if c.name == kind]
    assert here[kind] == version.version


def test_what_takes_long_begins_first(tmp_path, pytestconfig):
    settings = runpy.run_path(str(ROOT / "conftest.py"))
    long = settings["LONG"]
    assert all((ROOT / "tests" / name).is_file() for name in long)
    assert all((ROOT / name).is_file() for name in settings["SAME_WORKER"])
    assert not pytestconfig.getoption("loadscopereorder"), "xdist would order them by their tests"
    for name in ("test_budget.py", long[-1]):
        (tmp_path / name).write_text("def test_one(): pass\ndef test_two(): pass")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    nbformat.write(notebook, tmp_path / "test_lesson.ipynb")
    shutil.copy(ROOT / "conftest.py", tmp_path)
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--nbval-lax", tmp_path]
    said = subprocess.run(collect, cwd=tmp_path, capture_output=True, text=True).stdout
    begun = list(dict.fromkeys(re.findall(r"(?m)^(\S+)::", said)))
    assert set(begun[:2]) == {"test_lesson.ipynb", long[-1]}, said
    assert begun[2:] == ["test_budget.py"], said


def test_ruff_finds_nothing():
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *FOLDERS],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "module",
    [
        "",
        ".data",
        ".plots",
        ".results",
        ".budget",
        ".exercises",
        ".photos",
        ".classifier",
        ".grade.evening",
    ],
)
def test_importing_the_package_imports_no_tensorflow(module):
    script = f"import cnncourse{module}, sys; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_tensorflow_s_notices_stay_away():
    script = "import cnncourse, tensorflow as tf; tf.ones(2) + 1"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# What a judge hands to the sandbox, which reads it (nothing that comes out of there is a pickle),
# and the reader of weights, whose tests (test_weights.py) try to make it run something.
PICKLES = {"exercises/outside.py", "grade/inside.py", "grade/sandbox.py", "data/pth.py"}


def test_no_module_of_the_package_reads_pickles():
    package = ROOT / "cnncourse"
    for path in package.rglob("*.py"):
        if path.relative_to(package).as_posix() in PICKLES:
            continue
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
    targets = "lessons lab test makers notebooks results bench site slides student clean"
    for target in targets.split():
        assert re.search(rf"(?m)^{target}:.*## ", text), target
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert "make lessons" in done.stdout
