"""How the site is made: wrong sources are named, a failed build leaves the site that was there."""

import importlib
import json
import pathlib
import shlex
import sys
import types

from cnncourse import lab
from tools import handout, lessons

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

SITE = pathlib.Path(__file__).parents[1] / "site"
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAACCAIAAADwyuo0AAAAEUlEQVR4nGP4z8AARwwwEhkBAHcgBvpNlb0oAAAA"
    "AElFTkSuQmCC"
)


@pytest.fixture(scope="module", autouse=True)
def folder_of_the_site():
    before = sys.path[:]
    sys.path[:0] = [str(SITE), str(SITE / "_ext")]
    yield
    sys.path[:] = before


@pytest.fixture(scope="module")
def stage():
    return importlib.import_module("stage")


def notebook(*cells):
    made = []
    for source, tags, *outputs in cells:
        cell = nbformat.v4.new_code_cell(source, metadata={"tags": tags}, outputs=list(outputs))
        made.append(cell)
    return nbformat.v4.new_notebook(cells=made)


def shown(data, **metadata):
    return nbformat.v4.new_output("display_data", data, metadata=metadata)


# Formulas


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"\foo{x}", r"\foo"),
        (r"\frac{a", "braces"),
        ("a}", "braces"),
        (r"\frac{a}", "missing"),
        ("x^", "cannot be converted"),
        (r"\left( x", "cannot be converted"),
        ("a & b", "'&'"),
        (r"\begin{aligned}a&=b\end{aligned}", "'&'"),
        ("  ", "nothing"),
    ],
)
def test_a_formula_that_would_not_be_whole_is_named(latex, reason):
    mathml = importlib.import_module("mathml")
    with pytest.raises(mathml.FormulaError) as caught:
        mathml.mathml(latex, display=True)
    assert reason in str(caught.value)
    assert latex.strip() in str(caught.value).replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("latex", "part"),
    [
        (r"\frac{1}{2}", "<mfrac>"),
        (r"\lceil n / s \rceil", "&#x02308;"),
        (r"\{1, 2\}", "&#x0007B;"),
        (r"\begin{bmatrix}1&2\\3&4\end{bmatrix}", "<mtable>"),
        ("a < b", "&#x0003C;"),
        (r"\operatorname{acc}(B_m)", "<mi>acc</mi>"),
        ("n / s", '<mo lspace="0" rspace="0">'),
    ],
)
def test_formulas_come_through(latex, part):
    mathml = importlib.import_module("mathml")
    assert part in mathml.mathml(latex, display=False)


# Lessons


def test_an_unknown_exercise_is_named(stage, tmp_path):
    with pytest.raises(lessons.LessonError, match=r"04_x.*'04/koin'.*'04/coin'"):
        stage.prepare(notebook(("...", ["exercise", "koin"])), "04_x", tmp_path)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([("...", ["exercise"])], "expected the tags .exercise, name."),
        ([("...", ["exercise", "coin"])], "no cell checks 04/coin"),
        ([("...", ["exercise", "coin"]), ('exercises.check("04/by_hand", x)', [])], "04/by_hand"),
        (
            [("...", ["exercise", "coin"]), ("...", ["exercise", "by_hand"])],
            "no cell checks 04/coin before",
        ),
    ],
)
def test_an_exercise_without_its_check_is_named(stage, tmp_path, cells, reason):
    with pytest.raises(lessons.LessonError, match=reason):
        stage.prepare(notebook(*cells), "04_x", tmp_path)


def test_an_exercise_gets_its_hints_and_its_solution(stage, tmp_path):
    made = notebook(
        ("...", ["exercise", "coin"]),
        ('exercises.check("04/coin", coin)', [], shown({"text/html": "Not attempted yet"})),
        ("1 + 1", [], shown({"text/plain": "2"})),
    )
    stage.prepare(made, "04_x", tmp_path)
    check, added, other = made.cells[1:]
    assert check.outputs == []
    assert added.source.count("<details") == 5
    assert "always_cat = 900 / 1000" in added.source
    assert other.outputs[0].data == {"text/plain": "2"}


def test_pictures_are_small_lossless_and_keep_their_words(stage, tmp_path):
    made = notebook(("fig", [], shown({"image/png": PNG}, **{"image/png": {"alt": 'a "cat"'}})))
    stage.prepare(made, "04_x", tmp_path / "pictures")
    element = made.cells[0].outputs[0].data["text/html"]
    (file,) = (tmp_path / "pictures").iterdir()
    for part in (file.name, 'width="4"', 'height="2"', 'loading="lazy"', "a &quot;cat&quot;"):
        assert part in element
    import base64
    import io

    import PIL.Image

    before = PIL.Image.open(io.BytesIO(base64.b64decode(PNG))).convert("RGB")
    assert PIL.Image.open(file).convert("RGB").tobytes() == before.tobytes()


def test_tables_lose_their_own_styles_and_keep_their_spans(stage):
    table = (
        '<div>\n<style scoped> td {color: red} </style>\n<table border="1" class="dataframe">'
        '<thead><tr style="text-align: right;"><th></th><th colspan="2" halign="left">a</th></tr>'
        '</thead><tbody><tr><th>x</th><td id="T_1">1</td><td>2</td></tr></tbody></table></div>'
    )
    plain = stage._plain_html(table)
    assert "style" not in plain
    assert '<div class="scroll"><table class="data"><thead><tr><td></td>' in plain
    assert '<th colspan="2">a</th></tr></thead><tbody><tr><th>x</th><td>1</td>' in plain


def test_what_a_terminal_overwrites_is_gone(stage):
    said = "1/2\r2/2\nab\bc\n\x1b[?25l\x1b[1mbold\x1b[0m\r\n"
    assert stage._as_terminal(said) == "2/2\nac\nbold\n"


def test_an_output_no_page_can_show_is_named(stage, tmp_path):
    made = notebook(("x", [], shown({"application/pdf": "..."})))
    with pytest.raises(stage.SiteError, match=r"04_x.*application/pdf"):
        stage.prepare(made, "04_x", tmp_path)


# Launch buttons


def test_launch_buttons_need_an_address():
    line = importlib.import_module("lessons")
    where = ("main", "gh-pages", "notebooks/01_x.ipynb")
    assert line.launches("", *where) == []
    assert line.COPIES == lab.FOLDER
    (binder, colab) = line.launches("https://github.com/a/b.git", *where)
    assert binder[1] == "https://mybinder.org/v2/gh/a/b/main?urlpath=lab/tree/my_lessons/01_x.ipynb"
    published = "https://colab.research.google.com/github/a/b/blob/gh-pages/notebooks/01_x.ipynb"
    assert colab[1] == published


def test_a_published_notebook_brings_the_course_along_where_it_is_not(tmp_path, monkeypatch):
    trim = importlib.import_module("trim")
    told, *cells = trim.alone(notebook(("x = 1", []))).cells
    assert "stops at its first cell" in told.source
    assert [cell.source for cell in cells] == ["x = 1"]
    where = {"repository": "https://github.com/a/b", "branch": "a branch"}
    told, fetch, *cells = trim.alone(notebook(("x = 1", [])), **where).cells
    assert "next cell fetches it" in told.source
    assert [cell.source for cell in cells] == ["x = 1"]

    # Run the cell as IPython does, with its commands noted and not run.
    ran = []
    shell = InteractiveShell()
    monkeypatch.setattr(shell, "system", ran.append)
    monkeypatch.setattr(shell, "run_line_magic", lambda *found, **_: ran.append(found))
    assert shell.run_cell(fetch.source).success
    assert ran == [], "the course is here"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert shell.run_cell(fetch.source).success
    clone = shlex.split(ran[0])
    assert clone[:2] == ["git", "clone"]
    assert clone[-4:] == ["--branch", "a branch", "https://github.com/a/b", "course"]
    assert [found[0] for found in ran[1:]] == ["pip", "pip", "cd"]
    assert "uninstall" in ran[1][1]
    assert ran[2][1].endswith("./course")
    assert ran[3][1] == "course/notebooks"


@pytest.mark.parametrize("address", ["", "https://github.com/a/b"])
def test_a_lesson_s_line_has_what_there_is(tmp_path, address):
    line = importlib.import_module("lessons")
    (tmp_path / "_offered.json").write_text('{"All lessons": "lessons.zip"}')
    config = types.SimpleNamespace(
        course_repository=address, course_branch="main", course_pages="gh-pages"
    )
    app = types.SimpleNamespace(srcdir=tmp_path, config=config)
    context = {"body": "<h1>A title</h1><p>text</p>"}
    line.lesson_links(app, "notebooks/03_x", "page.html", context, None)
    body = context["body"]
    assert body.startswith('<p class="lesson-number">Lesson 03</p>\n<h1>A title</h1><ul')
    assert body.endswith("<p>text</p>")
    assert 'href="03_x.ipynb" download' in body
    assert 'href="../lessons.zip" download' in body
    assert ("mybinder.org" in body) == bool(address)
    assert ("Binder and Colab fetch the course" in body) == bool(address)
    beside = {"body": "<h1>A title</h1>"}
    line.lesson_links(app, "notebooks/further/beside", "page.html", beside, None)
    assert "Beyond the lessons</p>" in beside["body"]
    assert 'href="beside.ipynb" download' in beside["body"]
    assert 'href="../../lessons.zip" download' in beside["body"]
    where = "lab/tree/my_lessons/further/beside.ipynb"
    assert (where in beside["body"]) == bool(address)
    index = {"body": "<h1>A title</h1>"}
    line.lesson_links(app, "index", "page.html", index, None)
    assert index["body"] == "<h1>A title</h1>"


@pytest.mark.parametrize("address", ["github.com/a/b", "https://example.org/a/b", "javascript:1"])
def test_an_address_that_cannot_be_launched_from_is_an_error(address):
    line = importlib.import_module("lessons")
    with pytest.raises(Exception, match="CNNCOURSE_REPOSITORY"):
        line.launches(address, "main", "gh-pages", "x")


# Style


def test_only_rules_that_pages_use_are_kept():
    trim = importlib.import_module("trim")
    css = (
        '@charset "UTF-8";/* } */.a{x:1}.b{x:2}.a .b,p{x:3}@media print{.b{x:4}}'
        '@media print{#i>.a:hover{x:5}}@font-face{font-family:"Font Awesome"}'
        '.a:not(.b){content:"}"}html[data-theme=dark] .c{x:6}@keyframes k{from{x:7}}'
    )
    kept = "".join(trim.used_rules(css, {".a", "#i"}).split())
    assert kept == (
        ".a{x:1}.a.b,p{x:3}@mediaprint{#i>.a:hover{x:5}}"
        '.a:not(.b){content:"}"}@keyframesk{from{x:7}}'
    )


def test_a_formula_keeps_its_comma():
    trim = importlib.import_module("trim")
    formula = '<math xmlns="m" display="inline"><mi>{}</mi></math>'
    a, b = formula.format("a"), formula.format("b")
    assert trim.lighter(f"{a} and {b}, c") == f'{a} and <span class="course-joined">{b},</span> c'


# The build


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A site of one page, and a function that builds it."""
    build = importlib.import_module("build")
    monkeypatch.setattr(handout, "write_student", lambda root, zip_file: zip_file.touch())
    root = tmp_path / "course"
    (root / "notebooks").mkdir(parents=True)
    (root / "site").mkdir()
    for name in ("conf.py", "_ext", "_static", "_templates"):
        (root / "site" / name).symlink_to(SITE / name)
    (root / "tools").symlink_to(SITE.parent / "tools")
    page = root / "site" / "index.md"
    page.write_text("# A course\n\nA formula: $x^2$.\n")
    return root, page, lambda **options: build.build(root=root, **options)


def test_a_failed_build_says_why_and_leaves_the_site_as_it_was(small):
    root, page, build = small
    right = page.read_text()
    site = build()
    before = (site / "index.html").read_text()
    assert "<msup>" in before
    wrong = ("A formula: $\\foo{x}$.", "[a link](missing.md)", "```{course-figure} nothing\n```\n")
    page.write_text("\n\n".join(["# A course", *wrong]))
    with pytest.raises(SystemExit) as caught:
        build()
    said = str(caught.value).replace("\\\\", "\\")
    for part in ("index.md", r"'\foo{x}'", "'missing.md'", "a figure 'nothing'"):
        assert part in said
    assert (site / "index.html").read_text() == before
    assert [p.name for p in (root / "build").iterdir() if p.is_dir()] == ["site"]
    # What is there is still known to come from the sources as they were.
    page.write_text(right)
    stamp = site.stat().st_ino
    build()
    assert site.stat().st_ino == stamp, "built again though nothing had changed"


def test_stored_figures_are_put_in_their_place(stage, tmp_path, monkeypatch):
    figures = importlib.import_module("cnncourse.figures")
    monkeypatch.setattr(
        figures, "html", lambda name, data, still, alt: json.dumps([name, data, still, alt])
    )
    caption = "MNIST, from the classroom folder"
    figure = {"name": "f", "data": {"a": 1, "caption": caption}}
    data = {stage.FIGURE: figure, "image/png": PNG, "text/plain": "x"}
    made = notebook(("f", [], shown(data, **{"image/png": {"alt": "words"}})))
    found = stage.prepare(made, "04_x", tmp_path / "pictures")
    name, given, still, alt = json.loads(found["f"])
    assert (name, given, alt) == ("f", {"a": 1, "caption": "MNIST"}, "words")
    assert still.startswith("../pictures/04-")
    assert made.cells[0].outputs[0].data["text/html"] == found["f"]
