"""The glossary: its entries, and links from the first use of each term in a lesson."""

import pathlib
import re
import sys

from tools import lessons

import pytest
from docutils import nodes
from docutils.utils import new_document

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "site" / "_ext"))

import glossary_links  # noqa: E402
from glossary_links import Terms, entries, forms, link  # noqa: E402

TEXT = (ROOT / "site" / "glossary.md").read_text(encoding="utf-8")
NAMES = [["kernel", "filter"], ["confusion matrix"], ["batch"], ["batch normalisation"],
         ["ReLU"], ["Adam"], ["loss"], ["one-hot"], ["1×1 convolution"], ["worker"]]  # fmt: skip
TERMS = Terms([(names, {"06"}) for names in NAMES])


def found(text, terms=TERMS):
    return [text[a:b] for a, b, _ in terms.find(text, set())]


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("Kernels slide; a kernel is small, a filter too.", ["Kernels"]),
        ("two confusion matrices", ["confusion matrices"]),
        ("Batch normalisation over a batch", ["Batch normalisation", "batch"]),
        ("relu, ReLU and RELU", ["ReLU"]),
        ("Adam and adam", ["Adam"]),
        ("losses, a lossless loss", ["losses"]),
        ("one-hot rows", ["one-hot"]),
        ("a 1×1 convolution", ["1×1 convolution"]),
        ("a confusion\nmatrix", ["confusion\nmatrix"]),
        ("kernel-sized, subkernel, kernels/batches", []),
        ("the kernel's side, Adam’s rate", ["kernel", "Adam"]),
        ("nothing known: eigenvalue, KERNEL", []),
        ("census workers", []),
        ("", []),
    ],
)
def test_terms_in_a_text(text, linked):
    assert found(text) == linked


def test_everyday_words_are_linked_where_they_are_introduced():
    assert found("two workers", Terms([(["worker"], {"06"})], "06")) == ["workers"]
    assert found("two workers", Terms([(["worker"], {"06"})], "08")) == []


def test_entries_of_a_glossary():
    text = "a\nb\n  Words in {lesson}`02` and\n  {lesson}`03`.\n\nc\n  None.\n\nd\n  {lesson}`04`\n"
    found = [(["a", "b"], {"02", "03"}), (["c"], set()), (["d"], {"04"})]
    assert entries(f"```{{glossary}}\n{text}```") == found


def test_an_empty_glossary_finds_nothing():
    assert entries("# Glossary\n\nNo directive.") == []
    assert found("a kernel", Terms([])) == []


@pytest.mark.parametrize(
    ("name", "plural"), [("epoch", "epochs"), ("batch", "batches"), ("accuracy", "accuracies"),
                         ("bias", "biases"), ("map", "maps")]
)  # fmt: skip
def test_plurals(name, plural):
    assert forms(name) == [name, plural]


def lesson():
    """A page as a lesson's is: title, header, text, code, link, output, and a quiz answer."""
    document = new_document("lesson")
    section = nodes.section(ids=["x"])
    document += section
    section += nodes.title("", "A kernel in a title")
    section += nodes.bullet_list("", nodes.list_item("", nodes.paragraph("", "A kernel, named")))
    section += nodes.paragraph(
        "", "", nodes.literal("", "kernel"), nodes.reference("", "kernel", refuri="x")
    )
    output = nodes.container("", nodes.paragraph("", "kernel"), classes=["cell_output"])
    section += output
    section += nodes.raw("", "<details><summary>Which kernel?</summary>", format="html")
    section += nodes.paragraph("", "A kernel in an answer.")
    section += nodes.raw("", "</details>", format="html")
    section += nodes.paragraph(
        "", "Here ", nodes.strong("", "kernels"), nodes.Text(" slide over a batch. A filter.")
    )
    section += nodes.paragraph("", "Another batch and an unknown loss.")
    return document


def test_the_first_use_in_running_text_is_linked():
    document = lesson()
    before = document.astext()
    where = {"kernel": "g#kernel", "batch": "g#batch"}  # "loss" is not in the glossary page
    assert link(document, TERMS, where.get) == 2
    made = [
        (node.astext(), node["refuri"])
        for node in document.findall(nodes.reference)
        if glossary_links.CLASS in node["classes"]
    ]
    assert made == [("kernels", "g#kernel"), ("batch", "g#batch")]
    assert document.astext() == before
    assert link(document, TERMS, where.get) <= 2  # the second time only what was left


def test_entries_are_sorted_different_and_name_a_lesson():
    names = [name for group, _ in entries(TEXT) for name in group]
    first = [group[0].lower() for group, _ in entries(TEXT)]
    assert 60 <= len(first) <= 130
    assert first[:-1] == sorted(first[:-1])  # "1×1 convolution" stands last
    assert len({name.lower() for name in names}) == len(names)
    blocks = re.split(r"\n\n(?=\S)", re.search(r"```\{glossary\}\n(.*?)```", TEXT, re.S)[1])
    assert len(blocks) == len(first)
    for block in blocks:
        assert "{lesson}`" in block, block


def test_every_reference_between_entries_has_an_entry():
    names = {name.lower() for group, _ in entries(TEXT) for name in group}
    for target in re.findall(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`", TEXT):
        assert target.lower() in names, target


def test_terms_of_the_glossary_are_used_in_the_lessons():
    used = set()
    for path in lessons.paths():
        terms = Terms(entries(TEXT), path.stem[:2])
        for _ in terms.find(path.read_text(encoding="utf-8"), used):
            pass
    unused = {group[0] for i, (group, _) in enumerate(entries(TEXT)) if i not in used}
    assert unused <= {"dead unit", "He initialisation", "stand-in"}  # in bold, on plots
