"""The zip for students: what is in it, what is not, and that it works where it is unpacked."""

import ast
import getpass
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

from cnncourse import exercises
from tools import handout

import nbformat
import pytest

ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The zip of this course."""
    target = tmp_path_factory.mktemp("built") / "student.zip"
    handout.write_student(ROOT, target)
    return target


@pytest.fixture(scope="module")
def unpacked(archive, tmp_path_factory):
    """The folder that a student has after unpacking it, in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("my courses")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    (top,) = folder.iterdir()
    return top


def names(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def run(command, folder, **environment):
    """Run a command in a folder as a student's machine would, without this course at hand."""
    ours = ("CNNCOURSE_", "PYTEST_", "MAKE")  # make tells its children where they are
    clean = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    clean.pop("CI", None)
    return subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True
    )


# What is in it


def test_it_holds_every_lesson_with_what_it_needs(unpacked):
    held = names(unpacked)
    lessons = ("notebooks/[0-9][0-9]_*.ipynb", "notebooks/further/*.ipynb")
    for pattern in (*lessons, "results/*.json", "cnncourse/**/*.py"):
        for path in ROOT.glob(pattern):
            name = path.relative_to(ROOT).as_posix()
            tracked = run(["git", "ls-files", "--error-unmatch", name], ROOT).returncode == 0
            wanted = tracked and not name.startswith("results/bench_")  # makers' records
            assert (name in held) == wanted, name
    locks = {"constraints.txt", "constraints-makers.txt"}
    assert locks | {"README.md", "Makefile", "LICENSE", "environment.yml"} <= set(held)


def test_it_holds_no_solved_notebook_no_leftover_and_no_text_pair(unpacked):
    for name in names(unpacked):
        assert not re.search(r"solutions|\.md$|/\.|__pycache__|build|egg-info|site/", name) or (
            name in ("README.md", "cnncourse/lab/start.md")
        ), name


def test_notebooks_are_as_nobody_has_run_them_and_blanks_are_blank(unpacked):
    blanks = []
    for path in sorted((unpacked / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert set(notebook.metadata) == {"kernelspec", "language_info"}
        ours = nbformat.read(ROOT / "notebooks" / path.name, as_version=4)
        assert [cell.source for cell in notebook.cells] == [cell.source for cell in ours.cells]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                assert (cell.outputs, cell.execution_count) == ([], None)
            tags = cell.metadata.get("tags", [])
            if "exercise" in tags:
                (name,) = set(tags) - {"exercise"}
                blanks.append(f"{path.name[:2]}/{name}")
                constants = [
                    node.value
                    for node in ast.walk(ast.parse(cell.source))
                    if isinstance(node, ast.Constant)
                ]
                assert ... in constants, blanks[-1]
                solution = exercises.find(blanks[-1]).solution.strip()
                assert solution not in cell.source
    lessons = {path.name[:2] for path in (unpacked / "notebooks").iterdir()}
    assert sorted(blanks) == sorted(
        name for n in exercises.lessons() if n in lessons for name in exercises.names(n)
    )


def test_nothing_in_it_is_of_this_machine(archive, unpacked):
    words = [str(ROOT).encode(), str(pathlib.Path.home()).encode() + b"/"]
    words += [getpass.getuser().encode()] if len(getpass.getuser()) > 4 else []
    for name in names(unpacked):
        content = (unpacked / name).read_bytes()
        assert not [word for word in words if word in content], name
    with zipfile.ZipFile(archive) as opened:
        assert not opened.comment
        for entry in opened.infolist():
            assert entry.date_time == (2000, 1, 1, 0, 0, 0)
            assert (entry.external_attr >> 16) == 0o100644
            assert not entry.extra


def test_its_names_are_fit_for_every_system(archive):
    with zipfile.ZipFile(archive) as opened:
        held = opened.namelist()
    assert {name.split("/")[0] for name in held} == {"cnncourse-student"}
    assert len({name.lower() for name in held}) == len(held)
    for name in held:
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", name), name
        assert len(name) < 100
        for part in name.split("/"):
            assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?|.*\.|\.\.?", part)


def test_the_same_course_gives_the_same_bytes(archive, tmp_path):
    handout.write_student(ROOT, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_links_in_it_lead_to_files_in_it(unpacked):
    texts = {unpacked / "README.md": (unpacked / "README.md").read_text()}
    for path in (unpacked / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        texts[path] = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for path, text in texts.items():
        text = re.sub(r"`[^`]*`", "", text)
        for target in re.findall(r"\]\((?!https?:|#|attachment:)([^)#\s]+)", text):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_it_holds_the_results_that_lessons_show(unpacked):
    for path in (unpacked / "notebooks").glob("*.ipynb"):
        source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
        for name in re.findall(r'results\.load\("(\w+)"\)', source):
            assert (unpacked / "results" / f"{name}.json").is_file(), f"{path.name}: {name}"


# That it works


def test_its_readme_maps_the_lessons_and_its_commands_exist(unpacked):
    text = (unpacked / "README.md").read_text()
    for path in (unpacked / "notebooks").glob("*.ipynb"):
        assert f"](notebooks/{path.name})" in text
    makefile = (unpacked / "Makefile").read_text()
    for target in re.findall(r"(?m)(?:^    |`|=quick )make (\w+)", text):
        assert re.search(rf"(?m)^{target}:.*## ", makefile), target
    for name in re.findall(r'exercises\.\w+\("([^"]+)"\)', text):
        assert exercises.find(name)
    for action in re.findall(r"python -m cnncourse (\w+)", text):
        assert run([sys.executable, "-m", "cnncourse", action, "--help"], unpacked).returncode == 0


def test_its_makefile_does_as_the_course_s(unpacked):
    """Setup and JupyterLab are the same lines, and need the same."""

    def rules(path):
        found = re.findall(r"(?m)^(\S+):(?!=) *(.*)\n((?:\t.*\n)+)", path.read_text())
        return {target: rest for target, *rest in found}

    def settings(path):
        return dict(re.findall(r"(?m)^([A-Z_]+) +:= (.+)$", path.read_text()))

    ours, theirs = ROOT / "Makefile", unpacked / "Makefile"
    assert settings(theirs) == settings(ours)
    for target in ("$(READY)", "$(MAKERS)", "help", "lab"):
        assert rules(theirs)[target] == rules(ours)[target], target
    assert rules(theirs)["lessons"][0].startswith("$(READY) "), "no student waits for pytest"
    assert rules(theirs)["test"][0].startswith("$(MAKERS) ")
    done = run(["make"], unpacked)
    assert done.returncode == 0
    assert all(f"make {target}" in done.stdout for target in ("lab", "lessons", "test"))
    assert not re.search(r"\b(site|store|bench|student|results)\b", done.stdout)


@pytest.fixture
def installed(unpacked, tmp_path):
    """The unpacked folder with a .venv that has what this environment has, ready for make."""
    folder = tmp_path / "cnncourse-student"
    shutil.copytree(unpacked, folder)
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for name, module in {"python": "", "jupyter": "-m jupyter"}.items():
        call = f'PYTHONPATH="{folder}" exec "{sys.executable}" {module} "$@"'
        (binaries / name).write_text(f"#!/bin/sh\n{call}\n")
        (binaries / name).chmod(0o755)
    for stamp in (".ready-cpu", ".makers"):
        (folder / ".venv" / stamp).touch()
    return folder


@pytest.mark.skipif(os.name == "nt", reason="stands in for .venv with shell scripts")
def test_make_lessons_runs_there_on_the_unpacked_package(installed):
    for path in (installed / "notebooks").glob("*.ipynb"):
        if not path.name.startswith("01_"):
            path.unlink()
    first = installed / "notebooks" / "01_convolution_by_hand.ipynb"
    notebook = json.loads(first.read_text())
    blank = next(c for c in notebook["cells"] if "output_size" in c["metadata"].get("tags", []))
    blank["source"] = exercises.find("01/output_size").solution.replace("\n            ", "\n")
    where = "import cnncourse; print('package at', cnncourse.__file__)"
    checks = [i for i, c in enumerate(notebook["cells"]) if "01/conv2d" in "".join(c["source"])]
    notebook["cells"] = notebook["cells"][: checks[0] + 1]  # its first half: the test is of the zip
    notebook["cells"].append(
        {"cell_type": "code", "id": "w", "metadata": {}, "source": where}
        | {"outputs": [], "execution_count": None}
    )
    first.write_text(json.dumps(notebook))
    done = run(["make", "lessons"], installed, CNNCOURSE_SOURCES="drawn")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "01_convolution_by_hand" in done.stdout
    executed = (installed / "build" / "notebooks" / first.name).read_text()
    assert f"package at {installed}" in executed
    assert executed.count("✓ Right (01/output_size)") == 1
    assert "… Not attempted yet (01/conv2d)" in executed


@pytest.mark.skipif(os.name == "nt", reason="stands in for .venv with shell scripts")
@pytest.mark.more
def test_the_other_targets_start_there(installed):
    """What `make test` runs is run by the suite already: here it is its cheapest file alone."""
    makefile = installed / "Makefile"
    makefile.write_text(
        makefile.read_text().replace("pytest -n 2 tests", "pytest -v tests/test_budget.py")
    )
    done = run(["make", "test"], installed)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests/test_budget.py::" in done.stdout
    assert "passed" in done.stdout
    opened = "-m cnncourse lab"
    recipe = makefile.read_text()
    assert opened in recipe
    makefile.write_text(recipe.replace(opened, f"{opened} --version"))
    done = run(["make", "lab"], installed)
    assert done.returncode == 0, done.stdout + done.stderr
    copies = {path.name for path in (installed / "my_lessons").glob("*.ipynb")}
    assert copies == {path.name for path in (installed / "notebooks").glob("*.ipynb")}
    makefile.write_text(recipe.replace(opened, f"{opened} --show-config-json"))
    config = "import os\nc.ServerApp.custom_display_url = os.environ['CNNCOURSE_DATA']\n"
    (installed / "jupyter_server_config.py").write_text(config)
    jupyter = {"JUPYTER_CONFIG_DIR": str(installed), "JUPYTER_NO_CONFIG": ""}
    done = run(["make", "lab", "CNNCOURSE_DATA=images"], installed, **jupyter)
    absolute = json.dumps(str(installed / "images"))
    assert absolute in done.stdout, "as kernels need it" + done.stdout + done.stderr
    done = run(["make", "clean"], installed)
    assert done.returncode == 0, done.stderr
    assert (installed / "notebooks").is_dir()
    assert (installed / "my_lessons").is_dir(), "a student's work"


# Made from the wrong thing


@pytest.fixture
def copy(tmp_path):
    """The files of this course, copied, without git."""
    base = tmp_path / "course"
    for name in run(["git", "ls-files"], ROOT).stdout.splitlines():
        if not name.startswith(("site/", "tests/", ".ci")):
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, base / name)
    return base


def test_without_git_it_holds_the_same(copy, unpacked):
    (copy / "cnncourse" / "__pycache__").mkdir(exist_ok=True)
    (copy / "cnncourse" / "__pycache__" / "data.cpython-311.pyc").touch()
    (copy / "notebooks" / "solutions").mkdir(exist_ok=True)
    held = sorted(handout.student_files(copy))
    assert held == [name for name in names(unpacked) if not name.startswith("tests/")]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("notebooks/01_convolution_by_hand.ipynb", "{", "01_convolution_by_hand.ipynb: expected"),
        ("notebooks/01_convolution_by_hand.ipynb", "[]", "01_convolution_by_hand.ipynb: expected"),
        ("README.md", "no table", "README.md's table of lessons"),
        ("student/README.md", "no comment", "README.md's table of lessons"),
        ("student/Makefile", None, "there is no Makefile"),
        ("notebooks", None, "there is no lessons"),
    ],
)
def test_what_is_amiss_is_named_and_no_zip_is_left(copy, name, content, told, monkeypatch, capsys):
    if content is not None:
        (copy / name).write_text(content)
    elif (copy / name).is_dir():
        shutil.rmtree(copy / name)
        (copy / name).mkdir()
    else:
        (copy / name).unlink()
    monkeypatch.chdir(copy)
    assert handout.main(["student"]) == 1
    assert told in capsys.readouterr().err
    assert not (copy / "build" / "cnncourse-student.zip").exists()


def test_a_tracked_file_that_is_gone_is_named(copy):
    for command in (["init", "-q"], ["add", "-A"]):
        assert run(["git", *command], copy).returncode == 0
    (copy / "LICENSE").unlink()
    with pytest.raises(handout.HandoutError, match="LICENSE: No such file"):
        handout.student_files(copy)


def test_with_git_what_is_not_tracked_stays_out(copy):
    for command in (["init", "-q"], ["add", "-A"]):
        assert run(["git", *command], copy).returncode == 0
    (copy / "cnncourse" / "scratch.py").touch()
    (copy / "results" / "my_try.json").touch()
    assert not {"cnncourse/scratch.py", "results/my_try.json"} & handout.student_files(copy).keys()
