"""Figures show the numbers that they are given."""

import io

from cnncourse import plots

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.text import Text
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
    with pytest.raises(ValueError, match=r"A: no 'accuracy' in its history; it has loss, lr\."):
        plots.learning_curves({"A": {"loss": [1], "lr": [1]}})


def test_show_gives_a_picture_with_words():
    figure = plots.image_grid(np.zeros((1, 4, 4)))
    shown = plots.show(figure, alt="a black square")
    _, metadata = shown._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == "a black square"
    assert Image.open(io.BytesIO(shown.data)).format == "PNG"
    assert not mpl.pyplot.fignum_exists(figure.number)
    with pytest.raises(ValueError, match="say in a sentence what the picture shows"):
        plots.show(figure, alt=" ")


def two_rows():
    """Four axes; the left ones share x, the upper ones are off."""
    figure, axes = mpl.pyplot.subplots(2, 2, figsize=(7, 5))
    axes[0, 0].sharex(axes[1, 0])
    for number, ax in enumerate(axes.flat):
        ax.plot([0, 1, 4], [number, 1, 2])
        ax.set_title("title")
    axes[0, 0].axis("off")
    axes[0, 1].axis("off")
    return figure


def test_ticks_that_nobody_sees_go_and_the_picture_stays():
    plots.use_style()
    drawn, figure = io.BytesIO(), two_rows()
    figure.savefig(drawn, format="png", bbox_inches="tight")
    expected = Image.open(drawn).convert("RGB").quantize(256).convert("RGB")
    shown = Image.open(io.BytesIO(plots.show(figure, alt="four curves").data)).convert("RGB")
    np.testing.assert_array_equal(shown, expected)
    (_, hidden, *seen), left = figure.axes, figure.axes[0]
    assert len(hidden.get_xticks()) == len(hidden.get_yticks()) == len(left.get_yticks()) == 0
    assert all(len(ax.get_xticks()) and len(ax.get_yticks()) for ax in seen)


@pytest.mark.parametrize("width", [4, 7, 12])
def test_lettering_is_legible_where_a_page_shrinks_the_figure(width):
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(width, 3))
    right.imshow([[0, 1]])
    left.plot([0, 1e6], label="x")
    left.legend(fontsize=5)
    left.set_title("x", fontsize=6)
    left.text(0.5, 0.5, "x", fontsize=4)
    left.set_ylabel("x", fontsize=40)
    left.set_xticks([5e5], ["minor"], minor=True)
    left.tick_params(which="minor", labelsize=3)
    plots.add_caption(figure, "x")
    picture = Image.open(io.BytesIO(plots.show(figure, alt="lettering").data))
    shrunk = min(1, 690 / picture.width)  # the page's width for a figure at 1,280
    sizes = [
        text.get_size() * figure.dpi / 72 * shrunk
        for text in figure.findobj(Text)
        if text.get_text()
    ]
    assert len(sizes) > 12
    assert 10.9 < min(sizes) < 11.5
    assert left.yaxis.label.get_size() == 40, "what is large enough stays"


def test_a_stand_in_is_seen_at_a_glance():
    real = plots.image_grid(np.zeros((1, 4, 4)), caption="MNIST, from here")
    drawn = plots.image_grid(np.zeros((1, 4, 4)), caption="STAND-IN drawn by the course: not MNIST")
    assert drawn._supxlabel.get_color() != real._supxlabel.get_color()


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, (5 * 1.1 + 0.2, 1.15 + 0.7)),
        ({"columns": 2}, (2 * 1.1 + 0.2, 3 * 1.15 + 0.7)),
        ({"columns": 4, "cell": 2}, (8.2, 2 * 2.05 + 0.7)),
        ({"columns": 5, "titles": list("abcde")}, (5.7, 1.1 + 0.25 + 0.7)),
        ({"columns": 4, "titles": ["a\nb", *"bcde"]}, (4.6, 2 * (1.1 + 0.39) + 0.7)),
    ],
)
def test_image_grid_is_as_large_as_its_cells_and_titles_need(given, size):
    figure = plots.image_grid(np.zeros((5, 4, 4)), **given)
    np.testing.assert_allclose(figure.get_size_inches(), size)


def test_image_grid_has_eight_columns_nothing_but_images_and_colours_of_its_titles():
    colours = ["red", "#00ff00", *["blue"] * 7]
    figure = plots.image_grid(np.zeros((9, 4, 4)), titles=list("abcdefghi"), colours=colours)
    assert len(figure.axes) == 16
    for index, ax in enumerate(figure.axes):
        assert not ax.axison
        assert bool(ax.images) == (index < 9)
        if index < 9:
            assert ax.images[0].get_interpolation() == "nearest"
            assert ax.images[0].get_cmap().name == "gray"
            assert (ax.title.get_color(), ax.title.get_fontsize()) == (colours[index], 8)
    assert plots.image_grid(np.zeros((1, 4, 4)), titles=["a"]).axes[0].title.get_color() == "black"
    assert figure._suptitle is figure._supxlabel is None
    with pytest.raises(ValueError, match="colours: expected one an image, 9; found 1"):
        plots.image_grid(np.zeros((9, 4, 4)), colours=["red"])


def test_image_grid_takes_the_whole_range_of_floats():
    for wrong in (-0.01, 1.01):
        with pytest.raises(ValueError, match=f"0..1; found {min(wrong, 0):g} to {max(wrong, 0):g}"):
            plots.image_grid(np.array([[[0, wrong]]]))


def test_learning_curves_tell_networks_apart_by_colour_and_marker():
    histories = {
        str(number): {"accuracy": [0, 1], "val_accuracy": [0.5, number]} for number in range(8)
    }
    figure = plots.learning_curves(histories)
    (ax,) = figure.axes
    np.testing.assert_allclose(figure.get_size_inches(), (8, 3.6))
    training, validation = ax.lines[::2], ax.lines[1::2]
    assert [line.get_linestyle() for line in ax.lines] == ["--", "-"] * 8
    assert [line.get_color() for line in training] == [*plots.COLOURS, plots.COLOURS[0]]
    assert [line.get_color() for line in validation] == [line.get_color() for line in training]
    markers = [line.get_marker() for line in validation]
    assert len(set(markers)) == 7
    assert markers[7] == markers[0]
    assert {line.get_marker() for line in training} == {"None"}
    assert {line.get_markersize() for line in validation} == {4}
    assert (ax.get_ylabel(), ax.get_title()) == ("accuracy", "Accuracy while training")
    assert {tick % 1 for tick in ax.get_xticks()} == {0}
    legend = ax.get_legend()
    assert [text.get_text() for text in legend.get_texts()[:2]] == ["0, training", "0, validation"]
    assert legend.get_texts()[0].get_fontsize() == 9
    place = legend.get_bbox_to_anchor().transformed(ax.transAxes.inverted())
    np.testing.assert_allclose((place.x0, place.y0), (1.01, 1))  # beside the curves
    assert legend._loc == 2  # its upper left corner


def test_learning_curves_draw_into_axes_with_a_title_and_a_caption():
    figure, (left, right) = mpl.pyplot.subplots(1, 2)
    given = {"title": "T", "caption": "C", "ax": right}
    assert plots.learning_curves({"A": {"accuracy": [1, 2]}}, **given) is figure
    assert (len(left.lines), len(right.lines), right.get_title()) == (0, 1, "T")
    assert figure.get_supxlabel() == "C"


def test_a_caption_is_small_and_grey_or_red():
    for caption, colour in (("STAND-IN drawn", "#B00000"), ("MNIST, no STAND-IN", "#555555")):
        written = plots.image_grid(np.zeros((1, 4, 4)), caption=caption)._supxlabel
        assert (written.get_text(), written.get_color()) == (caption, colour)
        assert written.get_fontsize() == 8


def test_the_style_of_the_course():
    with mpl.rc_context():
        plots.use_style()
        figure, ax = mpl.pyplot.subplots()
        assert (figure.dpi, figure.get_facecolor()) == (110, (1, 1, 1, 1))
        assert figure.get_constrained_layout()
        assert [ax.plot([0, 1])[0].get_color() for _ in plots.COLOURS] == list(plots.COLOURS)
        assert [ax.spines[side].get_visible() for side in ("top", "right")] == [False, False]
        assert not any(line.get_visible() for line in ax.get_xgridlines())
        assert ax.imshow([[0, 1]]).get_cmap().name == "gray"
        assert ax.set_title("T").get_fontsize() == 11
        assert figure.suptitle("T").get_fontsize() == 12
        assert ax.text(0, 0, "x").get_fontsize() == 10
        assert not ax.legend(["a"]).get_frame_on()
        assert mpl.rcParams["savefig.facecolor"] == "white"


def test_show_keeps_a_palette_of_256_and_cuts_what_is_empty():
    figure, ax = mpl.pyplot.subplots(figsize=(8, 8), dpi=50)
    figure.set_layout_engine("none")
    ax.set_position([0.4, 0.4, 0.2, 0.2])
    ax.imshow(np.random.default_rng(1).random((40, 40, 3)))
    picture = Image.open(io.BytesIO(plots.show(figure, alt="noise").data))
    assert picture.mode == "P"
    assert 200 < len(picture.convert("RGB").getcolors(1 << 24)) <= 256
    assert max(picture.size) < 200
