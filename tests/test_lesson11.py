"""Lesson 11: one's own photographs go through it, with the weights and without."""

import pathlib

from cnncourse import classifier, data

import jupytext
import numpy as np
import pytest
from conftest import missing
from test_lesson07 import PER_CLASS, own_photographs

LESSON = pathlib.Path(__file__).parents[1] / "notebooks" / "11_transfer.md"
CELLS = [cell for cell in jupytext.read(LESSON).cells if cell.cell_type == "code"]


def run_own_cells(tmp_path, monkeypatch, classes):
    """The names that the lesson's cells on one's own photographs leave."""
    own_photographs(tmp_path / "mine", classes)
    monkeypatch.setenv("CNNCOURSE_PHOTOS", str(tmp_path / "mine"))
    monkeypatch.setenv("CNNCOURSE_BUDGET", "quick")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = {"__name__": "lesson11"}
    for cell in CELLS:
        if "own" in cell.metadata.get("tags", []):
            exec(compile(cell.source, "<lesson 11>", "exec"), found)
    return found


def judge(found, classes):
    assert found["matrix"].sum() == sum(found["own"].counts["validation"].values())
    assert len(found["x_own"]) + found["matrix"].sum() >= len(classes) * PER_CLASS
    assert classifier.load(found["OWN_MODEL"]).class_names == classes
    for index, told in zip(found["picked"], found["own_answers"], strict=True):
        assert told.error is None
        assert told.label in classes
        # Of small photographs from the clean copy the file says what the notebook says.
        shares = found["p_own"][index]
        assert list(told.probabilities.values()) == pytest.approx(shares.tolist(), abs=0.05)


@pytest.mark.more
def test_own_photographs_go_through_the_lesson_with_the_weights(tmp_path, monkeypatch):
    if data.locate("efficientnet_lite0")[0] == "drawn":
        missing("the weights of EfficientNet-Lite0")
    found = run_own_cells(tmp_path, monkeypatch, ("apples", "pears", "plums"))
    assert found["weights"].whole
    assert found["own_features"].shape == (len(found["x_own"]), 1_280)
    judge(found, ("apples", "pears", "plums"))


@pytest.mark.more
def test_own_photographs_go_through_the_lesson_without_them(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("CNNCOURSE_DATA", raising=False)
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder,drawn")
    found = run_own_cells(tmp_path, monkeypatch, ("apples", "pears"))
    assert "MISSING: the weights of EfficientNet-Lite0" in capsys.readouterr().out
    assert found["weights"].stand_in
    judge(found, ("apples", "pears"))
    # Its small network has learned something: its features tell the two apart.
    features = np.concatenate([found["own_features"], found["held_features"]])
    labels = np.concatenate([found["y_own"], found["y_held"]])
    right = found["own_head"](features).numpy().argmax(axis=1) == labels
    assert right.mean() > 0.9


def cell_with(text):
    (cell,) = (cell for cell in CELLS if text in cell.source)
    return cell.source


def test_an_array_too_many_or_of_another_shape_is_noticed():
    import keras

    found = {"keras": keras, "np": np, "layers": keras.layers}
    for text in ("def normalised(", "STAGES = (", "def staged(", "def pour("):
        exec(cell_with(text), found)
    network = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 1, use_bias=False)])
    kernel = np.arange(6.0).reshape(2, 3, 1, 1)  # PyTorch's order of axes
    found["pour"]([kernel], [network])
    assert network.layers[0].kernel.numpy()[0, 0].tolist() == kernel[:, :, 0, 0].T.tolist()
    with pytest.raises(AssertionError):
        found["pour"]([kernel, kernel], [network])
    with pytest.raises(ValueError, match="shape"):
        found["pour"]([kernel[:1]], [network])


def test_the_block_of_the_lesson_is_the_answer_to_its_exercise():
    from cnncourse import exercises
    from cnncourse.exercises._engine import judge as judged

    import keras

    found = {"keras": keras, "layers": keras.layers}
    exec(cell_with("def normalised("), found)
    exercise = exercises.find("11/inverted_bottleneck")
    assert judged(exercise, found["block"]).right
