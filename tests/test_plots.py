"""Figures show the numbers that they are given."""

import io

from cnncourse import plots

import matplotlib as mpl
import numpy as np
import pytest
from PIL import Image

mpl.use("agg")


def test_image_grid_shows_every_image_in_its_place():
    images = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
    figure = plots.image_grid(images, titles=list("abcde"), columns=3, title="T", caption="C")
    assert len(figure.axes) == 6
    for ax, image, letter in zip(figure.axes, images, "abcde", strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), image)
        assert ax.images[0].get_clim() == (0, 255)
        assert ax.get_title() == letter
    assert not figure.axes[5].images
    assert (figure.get_suptitle(), figure.get_supxlabel()) == ("T", "C")


def test_image_grid_takes_colour_floats_and_a_last_axis_of_one():
    floats = np.linspace(0, 1, 2 * 4 * 4 * 3).reshape(2, 4, 4, 3)
    np.testing.assert_array_equal(plots.image_grid(floats).axes[1].images[0].get_array(), floats[1])
    grey = plots.image_grid(np.zeros((1, 4, 4, 1)))
    assert grey.axes[0].images[0].get_array().shape == (4, 4)
    assert grey.axes[0].images[0].get_clim() == (0, 1)


@pytest.mark.parametrize(
    ("images", "complaint"),
    [
        (np.zeros((4, 4)), r"found \(4, 4\). One image alone needs images\[None\]"),
        (np.zeros((2, 4, 4, 2)), r"found \(2, 4, 4, 2\)"),
        (np.zeros((0, 4, 4)), r"with N of 1 or more"),
        (np.full((1, 4, 4), 7.0), r"0\.\.1; found 7 to 7. Scale them first"),
        (np.full((1, 4, 4), np.nan), r"0\.\.1"),
        (np.zeros((1, 4, 4), int), "expected uint8 or floats; found int64"),
    ],
)
def test_image_grid_refuses(images, complaint):
    with pytest.raises(ValueError, match=complaint):
        plots.image_grid(images)


def test_image_grid_wants_a_title_an_image():
    with pytest.raises(ValueError, match="titles: expected one an image, 2; found 1"):
        plots.image_grid(np.zeros((2, 4, 4)), titles=["a"])


def test_learning_curves_draw_both_curves_of_each_network():
    histories = {
        "A": {"loss": [3, 2, 1], "val_loss": [4, 3, 3.5]},
        "B": {"loss": [2, 1]},
    }
    figure = plots.learning_curves(histories, metric="loss", caption="made up")
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert set(lines) == {"A, training", "A, validation", "B, training"}
    assert lines["A, validation"].get_ydata().tolist() == [4, 3, 3.5]
    assert lines["A, training"].get_xdata().tolist() == [1, 2, 3]
    assert lines["A, training"].get_color() == lines["A, validation"].get_color()
    assert lines["A, training"].get_color() != lines["B, training"].get_color()
    assert figure.axes[0].get_xlabel() == "epoch"


def test_learning_curves_refuse_what_is_not_there():
    with pytest.raises(ValueError, match="histories is empty"):
        plots.learning_curves({})
    with pytest.raises(ValueError, match="A: no 'accuracy' in its history; it has loss"):
        plots.learning_curves({"A": {"loss": [1]}})


def test_show_gives_a_picture_with_words():
    figure = plots.image_grid(np.zeros((1, 4, 4)))
    shown = plots.show(figure, alt="a black square")
    _, metadata = shown._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == "a black square"
    assert Image.open(io.BytesIO(shown.data)).format == "PNG"
    assert not mpl.pyplot.fignum_exists(figure.number)
    with pytest.raises(ValueError, match="say in a sentence what the picture shows"):
        plots.show(figure, alt=" ")


def test_a_stand_in_is_seen_at_a_glance():
    real = plots.image_grid(np.zeros((1, 4, 4)), caption="MNIST, from here")
    drawn = plots.image_grid(np.zeros((1, 4, 4)), caption="STAND-IN drawn by the course: not MNIST")
    assert drawn._supxlabel.get_color() != real._supxlabel.get_color()
