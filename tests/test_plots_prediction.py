"""plots.prediction_grid: what stands over each image, and what it says of wrong arrays."""

import re

from cnncourse import plots

import matplotlib.pyplot as plt
import numpy as np
import pytest

NAMES = ("Bag", "Coat", "Dress")
IMAGES = np.arange(3 * 4 * 4, dtype=np.uint8).reshape(3, 4, 4)
LABELS = np.array([0, 1, 2])
PROBABILITIES = np.array([[0.75, 0.25, 0.0], [0.125, 0.25, 0.625], [0.0, 0.5, 0.5]])


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def frames(figure):
    return [bool(ax.patches) for ax in figure.axes]


def test_right_and_wrong_are_told_apart_by_sign_and_frame():
    figure = plots.prediction_grid(IMAGES, LABELS, PROBABILITIES, NAMES, columns=2, title="Three")
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == [
        "✓ Bag 75%",
        "✗ Dress 62%\ntrue: Coat 25%",
        "✗ Coat 50%\ntrue: Dress 50%",
        "",
    ]
    assert frames(figure) == [False, True, True, False]
    assert figure.get_suptitle() == "Three"
    for ax, image in zip(figure.axes, IMAGES, strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
        assert ax.title.get_fontsize() >= 8


def test_takes_what_keras_gives():
    images = (IMAGES[..., None] / 255).astype("float32")
    exact = np.eye(3, dtype="float32")[[0, 1, 2]]
    figure = plots.prediction_grid(images, LABELS.astype("int32"), exact, list(NAMES))
    assert [ax.get_title() for ax in figure.axes] == ["✓ Bag 100%", "✓ Coat 100%", "✓ Dress 100%"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"images": IMAGES[0]}, "images: expected .*found \\(4, 4\\)"),
        ({"labels": [0, 1, 3]}, "labels: expected 0 to 2.*found 3 at place 2"),
        ({"labels": [0, -1, 2]}, "labels: expected 0 to 2.*found -1 at place 1"),
        ({"labels": np.eye(3, dtype=int)}, "labels: .*shape \\(3, 3\\).*argmax"),
        ({"labels": [0.0, 1.0, 2.0]}, "labels: expected whole numbers.*float64"),
        ({"labels": [0, 1]}, "one an image each; found 3, 2 and 3"),
        ({"probabilities": PROBABILITIES[:, :2]}, "probabilities: expected \\(N, 3\\).*\\(3, 2\\)"),
        ({"probabilities": PROBABILITIES[:2]}, "one an image each; found 3, 3 and 2"),
        ({"probabilities": PROBABILITIES * 9}, "row 0 has .*softmax"),
        ({"probabilities": np.full((3, 3), np.nan)}, "probabilities: .*row 0 has nan"),
        ({"probabilities": np.zeros((3, 3))}, "add up to 1.*the sum 0"),
    ],
)
def test_says_what_is_wrong(changed, told):
    given = {"images": IMAGES, "labels": LABELS, "probabilities": PROBABILITIES} | changed
    with pytest.raises(ValueError, match=told):
        plots.prediction_grid(**given, class_names=NAMES)
    assert not plt.get_fignums()


def test_the_frame_of_a_wrong_one_is_the_colour_of_its_title_and_goes_around():
    figure = plots.prediction_grid(IMAGES, LABELS, PROBABILITIES, NAMES, caption="C")
    right, wrong, _ = figure.axes
    assert right.title.get_color() == "black"
    (frame,) = wrong.patches
    assert plt.matplotlib.colors.to_hex(frame.get_edgecolor()) == wrong.title.get_color().lower()
    assert not frame.get_fill()
    assert not frame.get_clip_on()
    assert frame.get_linewidth() == 3
    corners = frame.get_transform().transform([[0, 0], [1, 1]])
    np.testing.assert_allclose(corners, wrong.get_window_extent().corners()[[0, 3]])
    np.testing.assert_allclose(figure.get_size_inches(), (3 * 1.3 + 0.2, 1.3 + 0.39 + 0.7))
    assert figure.get_supxlabel() == "C"


def test_five_in_a_row():
    many = [np.repeat(array[:1], 7, axis=0) for array in (IMAGES, LABELS, PROBABILITIES)]
    assert len(plots.prediction_grid(*many, NAMES).axes) == 10


def test_labels_and_probabilities_as_arrays():
    assert plots.as_labels("labels", [2, 0], 3).tolist() == [2, 0]
    assert plots.as_labels("labels", np.zeros(0, int), 3).size == 0
    for wrong, told in (
        ([0, 3], "y: expected 0 to 2, an index into the 3 class names; found 3 at place 1."),
        ([[0], [1]], "y: expected whole numbers of shape (N,); found int64 of shape (2, 1). Of "
         "one-hot labels take argmax(axis=1)."),
        ([0.5], "y: expected whole numbers of shape (N,); found float64 of shape (1,)."),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
            plots.as_labels("y", wrong, 3)
    rounded = [[0.5, 0.5009], [1 + 5e-7, 0]]
    np.testing.assert_array_equal(plots.as_probabilities(rounded, 2), rounded)
    for row, told in (
        ([0.5, 0.502], "row 1 has 0.5 to 0.502 and the sum 1"),
        ([1.1, -0.1], "row 1 has -0.1 to 1.1 and the sum 1"),
        ([1 + 1e-5, 0], "row 1 has 0 to 1 and the sum 1"),
    ):
        with pytest.raises(ValueError, match=re.escape(told)):
            plots.as_probabilities([[0, 1], row], 2)
    with pytest.raises(ValueError, match=re.escape("expected (N, 2), a column for each class")):
        plots.as_probabilities([0.5, 0.5], 2)
