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
