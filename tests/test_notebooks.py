"""Pairs agree, outputs are those of the code beside them, and no measured number is typed."""

import ast
import pathlib
import re

from cnncourse import results
from tools import lessons

import jupytext
import nbformat
import pytest
from jupytext.compare import compare_notebooks

ROOT = pathlib.Path(__file__).parents[1]
NAMES = [path.stem for path in lessons.paths()]
FURTHER = [f"further/{p.stem}" for p in sorted((ROOT / "notebooks" / "further").glob("*.md"))]


def pair(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def test_every_lesson_is_a_pair():
    for kind in (".md", ".ipynb"):
        found = [path.stem for path in (ROOT / "notebooks").iterdir() if path.suffix == kind]
        assert sorted(found) == NAMES
    stored = sorted((ROOT / "notebooks" / "further").glob("*.ipynb"))
    assert [f"further/{path.stem}" for path in stored] == FURTHER != []


@pytest.mark.parametrize("name", NAMES + FURTHER)
def test_both_halves_have_the_same_content(name):
    text = jupytext.read(ROOT / "notebooks" / f"{name}.md")
    compare_notebooks(pair(name), text, fmt="md:myst")


@pytest.mark.parametrize("name", NAMES + FURTHER)
def test_stored_outputs_are_those_of_this_code_in_a_full_run(name):
    notebook = pair(name)
    stored = notebook.metadata.get("cnncourse")
    assert stored, f"{name} has no stored run: python -m cnncourse run --store {name}"
    code = results.code_digest(ROOT / "notebooks" / f"{name}.md")
    assert stored["code"] == code, f"the code moved on: python -m cnncourse run --store {name}"
    assert stored["budget"] == "full"
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)
    if name in NAMES:
        assert results.load(name).record["code"] == code
        closing = "\n".join(cell.source for cell in cells).partition("book.close(")[2]
        assert "cpu_seconds=time.process_time()" in closing, "its record costs the whole run"


@pytest.mark.parametrize("name", [p.stem for p in sorted((ROOT / "results").glob("*.json"))])
def test_records_are_of_the_code_that_stands_here(name):
    record = results.load(name).record
    places = [f"notebooks/{name}.md", f"studies/{name}.py"]
    if name.startswith("bench_"):
        places = [f"benchmarks/{name.removeprefix('bench_')}.py"]
    (code,) = [ROOT / place for place in places if (ROOT / place).exists()]
    assert record["code"] == results.code_digest(code), f"{code.name} moved on: measure again"
    assert record["budget"] == "full"
    assert all(source["whole"] for source in record["data"].values())


def lost_pictures(code: str) -> list[str]:
    """The pictures of a cell that nobody sees: Jupyter shows what its last line gives, alone."""
    return [
        ast.unparse(line)
        for line in ast.parse(code).body[:-1]
        if isinstance(line, ast.Expr) and re.match(r"(plots|figures)\.show\(", ast.unparse(line))
    ]


@pytest.mark.parametrize("name", NAMES + FURTHER)
def test_no_picture_is_made_in_vain(name):
    cells = [cell.source for cell in pair(name).cells if cell.cell_type == "code"]
    found = [text for code in cells for text in lost_pictures(code)]
    assert not found, "it stands before the last line of its cell, so it is not shown"


def test_a_picture_in_vain_is_found():
    assert lost_pictures("plots.show(fig, alt=alt)\nprint(1)") == ["plots.show(fig, alt=alt)"]
    assert not lost_pictures("print(1)\nplots.show(fig, alt=alt)")
    assert not lost_pictures("shown = plots.show(fig, alt=alt)\nshown")


@pytest.mark.parametrize("name", NAMES + FURTHER)
def test_pictures_have_words_and_outputs_no_noise(name):
    for cell in pair(name).cells:
        for output in cell.get("outputs", []):
            where = f"{name}: {cell.source[:60]!r}"
            assert output.output_type != "error", where
            assert output.get("name") != "stderr", f"{where}: {output.get('text')}"
            if "image/png" in output.get("data", {}):
                alt = output.metadata.get("image/png", {}).get("alt", "")
                assert len(alt) > 20, f"{where}: a picture without a text for those who hear it"
            text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
            assert "STAND-IN" not in text, f"{where}: a stand-in in a stored output"
            assert not re.search(r"(?<![\w.])/(home|root|tmp|work|Users|usr)/", text), where


# Hand-typed numbers

MEASURED = re.compile(
    r"""(?<![\w.,/-])
    (?: 0\.\d{2,}                                   # an accuracy, a probability
      | \d+(?:\.\d+)?\s?(?:%|percent|percentage)    # a share
      | \d+(?:\.\d+)?\s?(?:CPU[ ])?(?:s|ms|seconds|milliseconds)\b
      | \d+(?:\.\d+)?\s?(?:times|x)\s(?:faster|slower|cheaper|as\s(?:fast|slow|much))
      | (?:accuracy|loss|error)\s(?:of|is|was)\s(?:about\s)?\d[\d.]*\d
    )""",
    re.VERBOSE,
)
# A sentence that says whose number it is, or that it is set or supposed, not measured.
NAMED = re.compile(
    r"\b(report(s|ed)?|published|paper|chance|random|rate|defined|exactly|suppose|made up)\b", re.I
)


def typed_numbers(text: str) -> list[str]:
    """Return the sentences of a Markdown text that state a measurement nobody measured here.

    Code, formulas, links and links' targets do not count; a table row counts as a sentence.
    """
    text = re.sub(r"```.*?```|~~~.*?~~~", " ", text, flags=re.S)
    text = re.sub(r"`[^`]*`|\$\$.*?\$\$|\$[^$\n]+\$|\]\([^)]*\)", " ", text, flags=re.S)
    found = []
    for block in re.split(r"\n\s*\n|\n(?=[-*|>]|\d+\.\s)", text):
        for sentence in re.split(r"(?<=[.!?:;])\s+(?=[A-Z(*_])", " ".join(block.split())):
            if MEASURED.search(sentence) and not NAMED.search(sentence):
                found.append(sentence)
    return found


@pytest.mark.parametrize(
    "prose",
    [
        "The CNN reaches 0.91 on the test set.",
        "It was wrong on 3.5 % of them.",
        "Training took 79 CPU seconds.",
        "- The vectorised form is 120 times faster.",
        "> It ends at a test loss of 0.5 and stays there.",
        "| CNN | 0.838 |",
        "As reported elsewhere, it works. Ours has an accuracy of 0.85.",
    ],
)
def test_a_typed_number_is_found(prose):
    assert typed_numbers(prose)


@pytest.mark.parametrize(
    "prose",
    [
        "Published notebooks report a test accuracy of 0.815 for this MLP.",
        "With 20 classes, chance is 0.05.",
        "The layer has 12,560 parameters; 28 images wide, kernels of 4×4.",
        "Call `f(0.815)` and read $x = 0.25$.",
        "```\naccuracy: 0.815\n```",
        "A loss of −ln(0.1), about 2.3, is what a network that knows nothing scores.",
        "Pixels from 0 to 255 become numbers from 0 to 1.",
    ],
)
def test_other_numbers_may_be_typed(prose):
    assert not typed_numbers(prose)


PAGES = sorted((ROOT / "site").glob("*.md"))


@pytest.mark.parametrize("name", ["README", *(f"site/{p.stem}" for p in PAGES), *NAMES, *FURTHER])
def test_no_measured_number_is_typed(name):
    if name not in NAMES + FURTHER:
        texts = [(ROOT / f"{name}.md").read_text(encoding="utf-8")]
    else:
        notebook = jupytext.read(ROOT / "notebooks" / f"{name}.md")
        texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    found = [sentence for text in texts for sentence in typed_numbers(text)]
    assert not found, "state who reported it, or print it from a run:\n" + "\n".join(found)
