"""Only full runs on whole, real data are kept, whole, with where they came from."""

import dataclasses
import json
import math

from cnncourse import results

import nbformat
import numpy as np
import pytest


@dataclasses.dataclass
class Images:
    name: str = "mnist"
    whole: bool = True
    caption: str = "MNIST, from here"

    @property
    def provenance(self):
        return {"name": self.name, "source": "folder", "digest": "sha256:1", "whole": self.whole}


@pytest.fixture
def lesson(course, monkeypatch):
    """A course with one lesson, in the full budget, storing."""
    monkeypatch.setenv("CNNCOURSE_BUDGET", "full")
    monkeypatch.setenv("CNNCOURSE_STORE", "1")
    (course / "notebooks" / "01_x.md").write_text("# Title\n\n```{code-cell}\n1 + 1\n```\n")
    return course


def filled(**images):
    book = results.Book("01_x")
    book.add("test_accuracy", np.float32(0.875), data=Images(**images), seeds=[1], epochs=2)
    book.add("spread", [0.5, 0.75], seeds=[1, 2])
    return book


def test_a_full_run_on_real_data_is_kept(lesson):
    filled().close(key="test_accuracy")
    record = json.loads((lesson / "results" / "01_x.json").read_text())
    accuracy, spread = record["numbers"]
    assert accuracy == {
        "name": "test_accuracy",
        "value": 0.875,
        "seeds": [1],
        "epochs": 2,
        "data": "mnist",
    }
    assert (spread["value"], spread["values"]) == (0.625, [0.5, 0.75])
    assert record["data"]["mnist"]["digest"] == "sha256:1"
    assert record["code"] == results.code_digest(lesson / "notebooks" / "01_x.md")
    assert {"budget", "cpu_seconds", "versions", "date"} <= set(record)
    assert results.load("01_x")["test_accuracy"] == 0.875
    assert [p.name for p in (lesson / "results").iterdir()] == ["01_x.json"]


def test_nothing_is_kept_without_being_asked(lesson, monkeypatch):
    monkeypatch.delenv("CNNCOURSE_STORE")
    summary = filled().close(key="test_accuracy")
    assert not (lesson / "results" / "01_x.json").exists()
    assert "0.875" in repr(summary)


@pytest.mark.parametrize(
    ("budget", "whole", "complaint"),
    [("quick", True, "only full runs"), ("full", False, "mnist is not the whole, real set")],
)
def test_quick_and_stand_in_numbers_are_refused(lesson, monkeypatch, budget, whole, complaint):
    monkeypatch.setenv("CNNCOURSE_BUDGET", budget)
    with pytest.raises(results.ResultError, match=complaint):
        filled(whole=whole).close(key="test_accuracy")
    assert list((lesson / "results").iterdir()) == []


def test_a_result_names_its_code(lesson):
    (lesson / "notebooks" / "01_x.md").unlink()
    with pytest.raises(results.ResultError, match=r"neither notebooks/01_x\.md nor studies"):
        filled().close(key="test_accuracy")


def test_quick_numbers_say_what_they_are(lesson, monkeypatch):
    filled().close(key="test_accuracy")
    monkeypatch.setenv("CNNCOURSE_BUDGET", "quick")
    monkeypatch.delenv("CNNCOURSE_STORE")
    shown = filled(whole=False).close(key="test_accuracy")
    for text in (repr(shown), shown._repr_mimebundle_()["text/html"]):
        assert "these are no results" in text
        assert "on record" in text


def test_wrong_numbers_are_refused():
    book = results.Book("01_x")
    for value in (math.nan, math.inf, [0.5, math.nan], []):
        with pytest.raises(ValueError, match=r"accuracy is .*; a result is finite"):
            book.add("accuracy", value, seeds=[1, 2])
    with pytest.raises(ValueError, match=r"2 values, seeds \[1\]"):
        book.add("accuracy", [0.5, 0.6], seeds=[1])
    book.add("accuracy", 0.5)
    with pytest.raises(ValueError, match="'accuracy' stands in this book already"):
        book.add("accuracy", 0.6)
    with pytest.raises(ValueError, match=r"close\(key='loss'\): expected one of accuracy"):
        book.close(key="loss")


def test_missing_and_damaged_records(course):
    with pytest.raises(results.ResultError, match=r"01_x\.json: not there\. Measure it with"):
        results.load("01_x")
    for text in ("{", "[]", '{"numbers": [{"name": "a"}]}'):
        (course / "results" / "01_x.json").write_text(text)
        with pytest.raises(results.ResultError, match="expected JSON with a list of numbers"):
            results.load("01_x")
    (course / "results" / "01_x.json").write_text('{"numbers": [{"name": "a", "value": 1}]}')
    with pytest.raises(KeyError, match="has no 'b'; it has a"):
        results.load("01_x")["b"]


def test_the_code_digest_is_of_the_code_alone(tmp_path):
    text = "# Title\n\n```{code-cell}\nx = 1\n```\n\nprose\n\n```{code-cell}\nx + 1\n```\n"
    lesson = tmp_path / "01_x.md"
    lesson.write_text(text)
    digest = results.code_digest(lesson)
    lesson.write_text(text.replace("prose", "other prose"))
    assert results.code_digest(lesson) == digest
    lesson.write_text(text.replace("x + 1", "x + 2"))
    assert results.code_digest(lesson) != digest
    cells = [nbformat.v4.new_code_cell(source) for source in ("x = 1", "x + 1")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01_x.ipynb")
    assert results.code_digest(tmp_path / "01_x.ipynb") == digest
