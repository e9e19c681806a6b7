"""plots.prediction_grid: what stands over each image, and what it says of wrong arrays."""

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
