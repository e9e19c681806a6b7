"""Figures that more than one lesson draws: image grids and learning curves.

Each function takes arrays or plain mappings, makes a figure (or draws into the axes it is
given) and returns it; `show` puts it into the notebook with a text for those who cannot see it.
"""

import io
from collections.abc import Mapping, Sequence

import numpy as np

# Okabe and Ito's palette, told apart with every common form of colour blindness.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vP*"


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

    alt: what the picture shows, in a sentence, for readers who hear the page.
    """
    import matplotlib.pyplot as plt
    from IPython.display import Image

    if not alt.strip():
        raise ValueError("show(figure, alt=''): say in a sentence what the picture shows.")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", bbox_inches="tight")
    plt.close(figure)
    return Image(data=stream.getvalue(), format="png", alt=alt)


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
    height = rows * (cell + (0.25 if titles is not None else 0.05)) + 0.7
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
        _, ax = plt.subplots(figsize=(6.4, 3.8))
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
    ax.legend(fontsize=9)
    add_caption(figure, caption)
    return figure


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
