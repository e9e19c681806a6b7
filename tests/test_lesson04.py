"""Lesson 04: the matrix and the report that the notebook shows are those of the results file."""

import pathlib
import re

from cnncourse import results

import nbformat
import numpy as np
import pytest

NAME = "04_cifar10_confusion"
PATH = pathlib.Path(__file__).parents[1] / "notebooks" / f"{NAME}.ipynb"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(PATH, as_version=4)


@pytest.fixture(scope="module")
def recorded():
    """The matrix on record, (10, 10), and the names of its classes."""
    stored = results.load(NAME)
    cells = [e for e in stored.numbers if e["name"].startswith("matrix_")]
    names = [e["name"].removeprefix("matrix_").split("_called_")[1] for e in cells[:10]]
    return np.reshape([e["value"] for e in cells], (10, 10)), names


def shown(notebook, code):
    """The outputs of the cell that has this code, as one text."""
    (cell,) = [c for c in notebook.cells if c.cell_type == "code" and code in c.source]
    return "".join(
        output.get("text", "") + output.get("data", {}).get("text/html", "")
        for output in cell.outputs
    )


def test_the_matrix_shown_is_the_one_on_record(notebook, recorded):
    html = shown(notebook, "pd.DataFrame(matrix, index=names, columns=names)")
    matrix, names = recorded
    assert re.findall(r"<th>([a-z]+)</th>", html) == [*names, *names]
    assert np.reshape(re.findall(r"<td>(\d+)</td>", html), (10, 10)).astype(int).tolist() == (
        matrix.tolist()
    )


def test_the_report_shown_is_the_one_on_record_and_follows_from_the_matrix(notebook, recorded):
    report = shown(notebook, "metrics.classification_report(")
    matrix, names = recorded
    stored = results.load(NAME)
    for i, name in enumerate(names):
        line = re.search(rf"^ *{name} +(.+)$", report, re.M)[1].split()
        precision, recall = matrix[i, i] / matrix[:, i].sum(), matrix[i, i] / matrix[i].sum()
        expected = (precision, recall, 2 * precision * recall / (precision + recall))
        for text, number, value in zip(line, ("precision", "recall", "f1"), expected, strict=False):
            assert stored[f"{number}_{name}"] == pytest.approx(value)
            assert float(text) == pytest.approx(value, abs=6e-4)
        assert int(line[3]) == matrix[i].sum()
    assert stored["test_accuracy"] == pytest.approx(np.trace(matrix) / matrix.sum())


def test_the_story_of_the_lesson_holds(recorded):
    """At least the accuracy that was reported; cat and dog among the three most confused pairs."""
    matrix, names = recorded
    stored = results.load(NAME)
    assert stored["test_accuracy"] >= 0.668
    assert stored["last_weights_training_accuracy"] > stored["last_weights_test_accuracy"]
    assert stored["last_weights_test_loss"] > stored["usual_steps_test_loss"]
    assert stored["test_accuracy"] > stored["usual_steps_test_accuracy"]
    assert stored["ece_last"] > stored["ece_mended"] > stored["ece_best"]
    both = np.triu(matrix + matrix.T, k=1)
    assert both[names.index("cat"), names.index("dog")] >= np.sort(both, axis=None)[-3]
