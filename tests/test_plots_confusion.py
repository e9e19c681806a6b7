"""plots.confusion_matrix: the numbers on the axes against scikit-learn, and wrong input."""

from cnncourse import plots

import matplotlib
import numpy as np
import pytest
from sklearn import metrics

matplotlib.use("Agg")
NAMES = ("cat", "dog", "frog")
TRUE = [0] * 8 + [1] * 4 + [2] * 3
PREDICTED = [0, 0, 0, 0, 0, 1, 1, 2, 1, 1, 1, 0, 2, 2, 2]


@pytest.fixture
def matrix():
    yield metrics.confusion_matrix(TRUE, PREDICTED)
    matplotlib.pyplot.close("all")


def written(figure):
    """What stands in the cells, row by row."""
    texts = [text.get_text() for text in figure.axes[0].texts]
    return np.reshape(texts, (3, 3)).tolist()


def test_counts_stand_in_their_cells_with_the_names_of_the_classes(matrix):
    figure = plots.confusion_matrix(matrix, NAMES, title="Mine", caption="Somewhere")
    ax = figure.axes[0]
    assert written(figure) == [["5", "2", "1"], ["1", "3", "0"], ["0", "0", "3"]]
    assert [label.get_text() for label in ax.get_xticklabels()] == list(NAMES)
    assert [label.get_text() for label in ax.get_yticklabels()] == list(NAMES)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    assert ax.get_title() == "Mine"
    assert figure.get_supxlabel() == "Somewhere"
    # The true class goes down: row 0 is at the top.
    assert ax.yaxis_inverted()
    assert not ax.xaxis_inverted()


def test_percent_is_of_the_row_so_that_the_diagonal_is_the_recall(matrix):
    figure = plots.confusion_matrix(matrix, NAMES, percent=True)
    drawn = figure.axes[0].collections[0].get_array().reshape(3, 3)
    np.testing.assert_allclose(
        np.diag(drawn), 100 * metrics.recall_score(TRUE, PREDICTED, average=None)
    )
    np.testing.assert_allclose(drawn.sum(axis=1), 100)
    assert written(figure)[0] == ["62", "25", "12"]


def test_it_draws_into_axes_that_it_is_given(matrix):
    figure, (left, right) = matplotlib.pyplot.subplots(1, 2)
    assert plots.confusion_matrix(matrix, NAMES, ax=right) is figure
    assert not left.texts
    assert len(right.texts) == 9


def test_text_is_told_from_its_ground(matrix):
    """Contrast of at least 4.5 to 1 in every cell, as WCAG asks of text."""
    figure = plots.confusion_matrix(np.arange(9).reshape(3, 3) * 110, NAMES)
    figure.canvas.draw()
    ax = figure.axes[0]
    for ground, text in zip(ax.collections[0].get_facecolors(), ax.texts, strict=True):
        light, dark = sorted(map(luminance, (ground, text.get_color())), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, text.get_text()


def luminance(colour):
    """The relative luminance of WCAG 2."""
    rgb = np.array(matplotlib.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(
    ("wrong", "names", "said"),
    [
        (np.ones((2, 3), int), NAMES, r"\(K, K\).*found \(2, 3\)"),
        (np.ones(3, int), NAMES, r"\(K, K\).*found \(3,\)"),
        (np.zeros((0, 0), int), (), r"\(K, K\).*found \(0, 0\)"),
        ([[1, 0], [-2, 3]], ("a", "b"), "0 or more; found -2"),
        ([[0.5, 0.5], [0.1, 0.9]], ("a", "b"), "percent=True"),
        ([[1, np.nan], [0, 1]], ("a", "b"), "whole numbers"),
        ([["1", "2"], ["3", "4"]], ("a", "b"), "whole numbers"),
        ([[1, 0], [0, 1]], NAMES, "list of 2 texts"),
        ([[1, 0], [0, 1]], "ab", "list of 2 texts"),
    ],
)
def test_what_is_no_confusion_matrix_is_told(wrong, names, said):
    with pytest.raises(ValueError, match=said):
        plots.confusion_matrix(wrong, names)


def test_a_class_without_images_has_counts_and_no_percent():
    empty = [[3, 1], [0, 0]]
    assert plots.confusion_matrix(empty, ("cat", "dog")).axes[0].texts[2].get_text() == "0"
    with pytest.raises(ValueError, match="no images of dog"):
        plots.confusion_matrix(empty, ("cat", "dog"), percent=True)


def test_shades_go_from_none_to_all_and_grow_with_the_square_root(matrix):
    for percent, top in ((False, 5), (True, 100)):
        mesh = plots.confusion_matrix(matrix, NAMES, percent=percent).axes[0].collections[0]
        assert (mesh.norm.vmin, mesh.norm.vmax, mesh.norm.gamma) == (0, top, 0.5)
        assert mesh.get_cmap().name == "Blues"
    nothing = plots.confusion_matrix(np.zeros((2, 2), int), NAMES[:2]).axes[0].collections[0]
    assert (nothing.norm.vmin, nothing.norm.vmax) == (0, 1)


def test_it_colours_its_own_texts_and_no_other(matrix):
    _, ax = matplotlib.pyplot.subplots()
    note = ax.text(0, 0, "a note", color="red")
    plots.confusion_matrix(1_000 * np.eye(3, dtype=int), NAMES, ax=ax)
    assert note.get_color() == "red"
    assert [text.get_color() for text in ax.texts[1:]] == [
        "white" if row == column else "black" for row in range(3) for column in range(3)
    ]
    assert {text.get_fontsize() for text in ax.texts[1:]} == {8.5}


def test_size_bar_and_words_beside_it(matrix):
    figure = plots.confusion_matrix(matrix, NAMES)
    np.testing.assert_allclose(figure.get_size_inches(), (2.2 + 3 * 0.52 + 0.6, 2.2 + 3 * 0.52))
    ax, bar = figure.axes
    assert (ax.get_title(), bar.get_ylabel()) == ("Confusion matrix", "images")
    assert figure._supxlabel is None
    assert ax.get_aspect() == 1
    down = [label.get_rotation() for label in ax.get_yticklabels()]
    across = [label.get_rotation() for label in ax.get_xticklabels()]
    assert (set(down), set(across)) == ({0}, {45})
    assert {label.get_ha() for label in ax.get_xticklabels()} == {"right"}
    assert {label.get_rotation_mode() for label in ax.get_xticklabels()} == {"anchor"}
    assert ax.collections[0].get_linewidths() == [0.5]
    np.testing.assert_array_equal(ax.collections[0].get_edgecolors(), [[1, 1, 1, 1]])
    percent = plots.confusion_matrix(matrix, NAMES, percent=True)
    assert percent.axes[1].get_ylabel() == "percent of the true class"


def test_every_shade_has_the_text_that_stands_out_more():
    counts = np.arange(0, 144).reshape(12, 12)
    ax = plots.confusion_matrix(counts, [str(number) for number in range(12)]).axes[0]
    for ground, text in zip(ax.collections[0].get_facecolors(), ax.texts, strict=True):
        light = luminance(ground)
        better = "white" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "black"
        assert text.get_color() == better


def test_classes_without_images_are_named():
    with pytest.raises(ValueError, match=r"percent: no images of cat, frog, and"):
        plots.confusion_matrix([[0, 0, 0], [0, 1, 0], [0, 0, 0]], NAMES, percent=True)
    with pytest.raises(ValueError, match="counts, 0 or more; found -1"):
        plots.confusion_matrix([[-1]], ["a"])
    assert plots.confusion_matrix([[2.0]], ["a"]).axes[0].texts[0].get_text() == "2"
