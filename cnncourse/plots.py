"""Figures that more than one lesson draws: image grids, curves, confusion matrices.

Each function takes arrays or plain mappings, makes a figure (or draws into the axes it is
given) and returns it; `show` puts it into the notebook with a text for those who cannot see it.
"""

import io
from collections.abc import Mapping, Sequence

import numpy as np

# Okabe and Ito's palette, told apart with every common form of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vP*"
_WRONG = "#B34A00"  # the palette's vermilion, darkened until small text is legible on white
_PAGE = 690  # pixels that a page of the site has for a figure in a window of 1,280
_LETTERING = 11  # pixels: the smallest lettering there


def use_style() -> None:
    """Set matplotlib's defaults for the course: once, in the first cell of a lesson."""
    import matplotlib as mpl

    mpl.rcParams.update(
        {
            "figure.dpi": 110,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": mpl.cycler(color=COLOURS),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": False,
            "font.size": 10,
            "axes.titlesize": 11,
            "figure.titlesize": 12,
            "legend.frameon": False,
            "image.cmap": "gray",
        }
    )


def show(figure, alt: str):
    """Return the figure as a PNG that carries `alt`, and close it: the last line of a cell.

    alt: what the picture shows, in a sentence, for readers who hear the page. Lettering that would
    be smaller than 11 pixels on a page of the site is enlarged. The PNG has at most 256 colours,
    which makes a notebook with many figures a third of the size.
    """
    import matplotlib.pyplot as plt
    import PIL.Image
    from IPython.display import Image

    if not alt.strip():
        raise ValueError("show(figure, alt=''): say in a sentence what the picture shows.")
    _drop_hidden_ticks(figure)
    _enlarge_lettering(figure)
    drawn, packed = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", bbox_inches="tight")
    plt.close(figure)
    PIL.Image.open(drawn).convert("RGB").quantize(256).save(packed, format="png", optimize=True)
    return Image(data=packed.getvalue(), format="png", alt=alt)


def _drop_hidden_ticks(figure) -> None:
    """Take the ticks of axes that are off: matplotlib places them each time it draws."""
    for ax in figure.axes:
        if not ax.axison:
            for axis, shared in (
                (ax.xaxis, ax.get_shared_x_axes()),
                (ax.yaxis, ax.get_shared_y_axes()),
            ):
                if len(shared.get_siblings(ax)) == 1:  # others would lose theirs
                    axis.set_ticks([])


def _enlarge_lettering(figure) -> None:
    """Bring all text to the size that is legible where a page shrinks the figure to its width."""
    import matplotlib as mpl
    from matplotlib.text import Text

    saved = figure.get_figwidth() + 2 * mpl.rcParams["savefig.pad_inches"]
    shrunk = min(1, _PAGE / (saved * figure.dpi))
    least = _LETTERING * 72 / figure.dpi / shrunk  # points
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            sizes = [label.get_size() for label in axis.get_ticklabels(which="both")]
            if sizes and min(sizes) < least:
                axis.set_tick_params(which="both", labelsize=least)
    for text in figure.findobj(Text):
        text.set_size(max(text.get_size(), least))


def add_caption(figure, caption: str | None) -> None:
    """Write a small line under the figure: where its images came from."""
    if caption:
        colour = "#B00000" if caption.startswith("STAND-IN") else "#555555"
        figure.supxlabel(caption, fontsize=8, color=colour)


def image_grid(
    images: np.ndarray,
    titles: Sequence[str] | None = None,
    *,
    columns: int = 8,
    title: str | None = None,
    caption: str | None = None,
    colours: Sequence[str] | None = None,
    cell: float = 1.1,
):
    """Draw images in rows of `columns` and return the Figure.

    images: (N, H, W), (N, H, W, 1) or (N, H, W, 3); uint8 in 0..255, or floats in 0..1.
    titles, colours: one text and one colour of the text an image. cell: inches an image.
    Raises ValueError for another shape, for floats outside 0..1, or a wrong number of titles.
    """
    import matplotlib.pyplot as plt

    images = _as_images(images)
    for what, given in (("titles", titles), ("colours", colours)):
        if given is not None and len(given) != len(images):
            raise ValueError(f"{what}: expected one an image, {len(images)}; found {len(given)}.")
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    lines = max(text.count("\n") + 1 for text in titles) if titles is not None else 0
    height = rows * (cell + (0.11 + 0.14 * lines if lines else 0.05)) + 0.7
    figure, axes = plt.subplots(
        rows, columns, figsize=(columns * cell + 0.2, height), squeeze=False
    )
    top = 255 if images.dtype == np.uint8 else 1
    for index, ax in enumerate(axes.flat):
        ax.axis("off")
        if index >= len(images):
            continue
        ax.imshow(images[index], cmap="gray", vmin=0, vmax=top, interpolation="nearest")
        if titles is not None:
            colour = colours[index] if colours is not None else "black"
            ax.set_title(titles[index], fontsize=8, color=colour, pad=2)
    if title:
        figure.suptitle(title)
    add_caption(figure, caption)
    return figure


def prediction_grid(
    images: np.ndarray,
    labels: Sequence[int],
    probabilities: np.ndarray,
    class_names: Sequence[str],
    *,
    columns: int = 5,
    title: str | None = None,
    caption: str | None = None,
):
    """Draw images with what a network took them for, and return the Figure.

    images: as for `image_grid`. labels: (N,), an index into class_names each.
    probabilities: (N, classes), the network's output after softmax.
    Over a right one stand a tick, the class and its probability; a wrong one has a cross, a frame
    and, in a second line, the true class with the probability that the network gave to it.
    Raises ValueError for other shapes, labels out of range, or rows that are no probabilities.
    """
    import matplotlib.pyplot as plt

    images = _as_images(images)
    labels = as_labels("labels", labels, len(class_names))
    probabilities = as_probabilities(probabilities, len(class_names))
    if not len(images) == len(labels) == len(probabilities):
        raise ValueError(
            f"images, labels and probabilities: expected one an image each; found {len(images)}, "
            f"{len(labels)} and {len(probabilities)}."
        )
    predicted = probabilities.argmax(axis=1)
    wrong = predicted != labels
    titles = [
        f"✓ {class_names[c]} {row[c]:.0%}" for c, row in zip(predicted, probabilities, strict=True)
    ]
    for index in np.flatnonzero(wrong):
        label = labels[index]
        truth = f"true: {class_names[label]} {probabilities[index, label]:.0%}"
        titles[index] = f"{titles[index].replace('✓', '✗', 1)}\n{truth}"
    figure = image_grid(
        images,
        titles,
        columns=columns,
        title=title,
        caption=caption,
        colours=np.where(wrong, _WRONG, "black"),
        cell=1.3,
    )
    for index in np.flatnonzero(wrong):
        ax = figure.axes[index]
        frame = plt.Rectangle((0, 0), 1, 1, transform=ax.transAxes, clip_on=False)
        frame.set(fill=False, edgecolor=_WRONG, linewidth=3)
        ax.add_patch(frame)
    return figure


def learning_curves(
    histories: Mapping[str, Mapping[str, Sequence[float]]],
    metric: str = "accuracy",
    *,
    title: str | None = None,
    caption: str | None = None,
    ax=None,
):
    """Draw a metric over the epochs, a colour a network, and return the Figure.

    histories: name of the network -> Keras's `history.history`, a list of numbers for each of
    `metric` (training, dashed) and, where it is there, "val_<metric>" (validation, solid).
    """
    import matplotlib.pyplot as plt

    if not histories:
        raise ValueError("histories is empty; expected {name: history.history}.")
    if ax is None:
        _, ax = plt.subplots(figsize=(8, 3.6))
    figure = ax.figure
    for index, (name, history) in enumerate(histories.items()):
        if metric not in history:
            known = ", ".join(history)
            raise ValueError(f"{name}: no {metric!r} in its history; it has {known}.")
        colour = COLOURS[index % len(COLOURS)]
        epochs = np.arange(1, len(history[metric]) + 1)
        ax.plot(epochs, history[metric], "--", color=colour, label=f"{name}, training")
        if f"val_{metric}" in history:
            ax.plot(
                epochs,
                history[f"val_{metric}"],
                "-",
                marker=_MARKERS[index % len(_MARKERS)],
                color=colour,
                markersize=4,
                label=f"{name}, validation",
            )
    ax.set(xlabel="epoch", ylabel=metric, title=title or f"{metric.capitalize()} while training")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(fontsize=9, loc="upper left", bbox_to_anchor=(1.01, 1))
    add_caption(figure, caption)
    return figure


def confusion_matrix(
    matrix: np.ndarray,
    class_names: Sequence[str],
    *,
    percent: bool = False,
    title: str | None = None,
    caption: str | None = None,
    ax=None,
):
    """Draw a confusion matrix as an annotated heat map and return the Figure.

    matrix: (K, K) counts; the row is the true class, the column the predicted one, as in
    scikit-learn. class_names: K texts, in the order of the rows.
    percent: write each row in percent of its images (so that the diagonal is the recall).
    The shade grows with the square root of the number: few mistakes can be seen beside many hits.

    Raises ValueError for an array that is not square, for numbers that are no counts, for a wrong
    number of names and, in percent, for a class without images.
    """
    import matplotlib.pyplot as plt
    import seaborn as sns
    from matplotlib.colors import PowerNorm

    matrix = _as_counts(matrix)
    count = len(matrix)
    if isinstance(class_names, str) or len(class_names) != count:
        raise ValueError(f"class_names: expected a list of {count} texts; found {class_names!r}.")
    values = matrix
    if percent:
        images = matrix.sum(axis=1, keepdims=True)
        if not images.all():
            empty = ", ".join(str(class_names[row]) for row in np.flatnonzero(images == 0))
            raise ValueError(
                f"percent: no images of {empty}, and a part of none is no number. "
                "Leave out the row and the column, or draw the counts."
            )
        values = 100 * matrix / images
    if ax is None:
        side = 2.2 + 0.52 * count
        _, ax = plt.subplots(figsize=(side + 0.6, side))
    top = 100 if percent else max(values.max(), 1)
    sns.heatmap(
        values,
        ax=ax,
        annot=True,
        fmt=".0f" if percent else "d",
        annot_kws={"fontsize": 8.5},
        cmap="Blues",
        norm=PowerNorm(0.5, vmin=0, vmax=top),
        square=True,
        linewidths=0.5,
        linecolor="white",
        xticklabels=class_names,
        yticklabels=class_names,
        cbar_kws={"label": "percent of the true class" if percent else "images", "shrink": 0.8},
    )
    for text, shade in zip(
        ax.texts[-count * count :], ax.collections[-1].get_facecolors(), strict=True
    ):
        text.set_color("white" if _luminance(shade) < 0.179 else "black")
    ax.set(xlabel="predicted class", ylabel="true class", title=title or "Confusion matrix")
    ax.set_xticklabels(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticklabels(ax.get_yticklabels(), rotation=0)
    add_caption(ax.figure, caption)
    return ax.figure


def _as_images(images) -> np.ndarray:
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if not (images.ndim == 3 or (images.ndim == 4 and images.shape[-1] == 3)) or not len(images):
        raise ValueError(
            "images: expected (N, H, W), (N, H, W, 1) or (N, H, W, 3) with N of 1 or more; "
            f"found {images.shape}. One image alone needs images[None]."
        )
    if images.dtype == np.uint8:
        return images
    if not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images: expected uint8 or floats; found {images.dtype}.")
    if not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(
            f"images: floats must lie in 0..1; found {images.min():.3g} to {images.max():.3g}. "
            "Scale them first."
        )
    return images


def as_labels(what: str, labels, classes: int) -> np.ndarray:
    """Return labels as an array of whole numbers, each an index below `classes`."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        hint = " Of one-hot labels take argmax(axis=1)." if labels.ndim == 2 else ""
        raise ValueError(
            f"{what}: expected whole numbers of shape (N,); found {labels.dtype} of shape "
            f"{labels.shape}.{hint}"
        )
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise ValueError(
            f"{what}: expected 0 to {classes - 1}, an index into the {classes} class names; "
            f"found {labels[wrong[0]]} at place {wrong[0]}."
        )
    return labels


def as_probabilities(probabilities, classes: int) -> np.ndarray:
    """Return probabilities as an array (N, classes) whose rows add up to 1."""
    probabilities = np.asarray(probabilities, dtype=float)
    if probabilities.ndim != 2 or probabilities.shape[1] != classes:
        raise ValueError(
            f"probabilities: expected (N, {classes}), a column for each class name; "
            f"found {probabilities.shape}."
        )
    inside = (probabilities >= 0) & (probabilities <= 1 + 1e-6)
    whole = inside.all(axis=1) & np.isclose(probabilities.sum(axis=1), 1, atol=1e-3)
    if not whole.all():
        place = np.flatnonzero(~whole)[0]
        row = probabilities[place]
        raise ValueError(
            f"probabilities: expected rows of numbers in 0..1 that add up to 1; row {place} has "
            f"{row.min():.3g} to {row.max():.3g} and the sum {row.sum():.3g}. "
            "Of logits take the softmax first."
        )
    return probabilities


def _as_counts(matrix) -> np.ndarray:
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(
            f"matrix: expected (K, K), a row and a column a class; found {matrix.shape}."
        )
    whole = np.issubdtype(matrix.dtype, np.number) and not np.iscomplexobj(matrix)
    if not whole or not (np.isfinite(matrix).all() and (matrix == np.floor(matrix)).all()):
        raise ValueError(
            "matrix: expected counts, whole numbers; found other values "
            f"({matrix.dtype}). For percent give the counts and percent=True."
        )
    if matrix.min() < 0:
        raise ValueError(f"matrix: expected counts, 0 or more; found {matrix.min()}.")
    return matrix.astype(np.int64)


def _luminance(colour) -> float:
    """The relative luminance of WCAG 2; below 0.179 white text stands out more than black."""
    rgb = np.asarray(colour[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])
