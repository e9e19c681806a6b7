"""The figure "confusion": a confusion matrix whose cells open to show their images."""

import base64
import io

import numpy as np

from .. import plots
from . import pack, unpack

MOST_CLASSES, MOST_SIDE = 12, 64
COLUMNS = 32  # tiles in a row of the sprite, the one picture that holds all of them
QUALITY = 70  # of the sprite as WebP: a fifth of a kilobyte for a tile of 32x32


def prepare(*, y_true, probabilities, images, class_names, caption="", each=8) -> dict:
    """Return the data of the figure: the matrix, and some images of every cell.

    y_true: (N,), an index into class_names each. probabilities: (N, classes), the network's
    output after softmax. images: uint8 of shape (N, H, W, 3), at most 64 by 64 pixels.
    class_names: 2 to 12 texts. caption: where the images come from.
    each: how many images of a cell can be seen, 1 to 8: those of which the network was surest.
    They travel in one picture, compressed, about 250 bytes each at 32 by 32.

    Raises ValueError with what was expected and what was found.
    """
    names = [str(name) for name in class_names]
    if isinstance(class_names, str) or not 2 <= len(names) <= MOST_CLASSES:
        raise ValueError(f"class_names: expected 2 to {MOST_CLASSES} texts; found {class_names!r}.")
    y_true = plots.as_labels("y_true", y_true, len(names))
    probabilities = plots.as_probabilities(probabilities, len(names))
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(
            "images: expected uint8 of shape (N, H, W, 3), as the data set has them; "
            f"found {images.dtype} of shape {images.shape}."
        )
    if images.shape[1] != images.shape[2] or not 1 <= images.shape[1] <= MOST_SIDE:
        raise ValueError(
            f"images: expected squares of at most {MOST_SIDE} by {MOST_SIDE} pixels; "
            f"found {images.shape[1]} by {images.shape[2]}."
        )
    if not len(y_true) == len(probabilities) == len(images) or not len(images):
        raise ValueError(
            "y_true, probabilities and images: expected one an image each, and one at least; "
            f"found {len(y_true)}, {len(probabilities)} and {len(images)}."
        )
    whole = isinstance(each, int | np.integer) and not isinstance(each, bool)
    if not (whole and 1 <= each <= 8):
        raise ValueError(f"each: expected a whole number from 1 to 8; found {each!r}.")

    called = probabilities.argmax(axis=1)
    matrix = np.zeros((len(names), len(names)), int)
    np.add.at(matrix, (y_true, called), 1)
    places = []  # of the images shown, cell after cell along the rows
    for true, guess in np.ndindex(matrix.shape):
        cell = np.flatnonzero((y_true == true) & (called == guess))
        surest = np.argsort(-probabilities[cell, guess], kind="stable")[:each]
        places += cell[surest].tolist()
    return {
        "class_names": names,
        "matrix": matrix.tolist(),
        "each": int(each),
        "places": places,
        "percent": pack(np.round(100 * probabilities[places]).astype(np.uint8)),
        "side": images.shape[1],
        "columns": COLUMNS,
        "sprite": _sprite(images[places]),
        "caption": caption,
    }


def draw(data: dict):
    """Draw the matrix, and beside it the images of its most frequent mistake."""
    import matplotlib.pyplot as plt

    names = data["class_names"]
    true, guess = _worst(data)
    figure = plt.figure(figsize=(10, 5.4))
    left, right = figure.subfigures(1, 2, width_ratios=[1.9, 1])
    plots.confusion_matrix(np.array(data["matrix"]), names, ax=left.subplots())
    right.suptitle(f"Labelled {names[true]}, called {names[guess]}", fontsize=11)
    tiles = _tiles(data, true, guess)
    for number, ax in enumerate(right.subplots(4, 2).flat):
        ax.axis("off")
        if number < len(tiles):
            tile, percent = tiles[number]
            ax.imshow(tile, interpolation="nearest")
            text = f"{names[guess]} {percent[guess]}%, {names[true]} {percent[true]}%"
            ax.set_title(text, fontsize=8, pad=2)
    plots.add_caption(figure, data["caption"])
    return figure


def words(data: dict) -> str:
    """Say what `draw` shows."""
    names, matrix = data["class_names"], np.array(data["matrix"])
    true, guess = _worst(data)
    return (
        f"A confusion matrix of {len(names)} classes. Its most frequent mistake: of "
        f"{matrix[true].sum():,} images labelled {names[true]}, {matrix[true, guess]:,} were "
        f"called {names[guess]}; beside it {len(_tiles(data, true, guess))} of these images with "
        "the probabilities. In the live figure every cell shows its images."
    )


def _sprite(tiles: np.ndarray) -> str:
    """The tiles in rows of COLUMNS, as the address of one compressed picture."""
    import PIL.features
    import PIL.Image

    side = tiles.shape[1]
    rows = -(-len(tiles) // COLUMNS)
    sheet = np.zeros((rows * COLUMNS, side, side, 3), np.uint8)
    sheet[: len(tiles)] = tiles
    sheet = sheet.reshape(rows, COLUMNS, side, side, 3).swapaxes(1, 2)
    picture = PIL.Image.fromarray(sheet.reshape(rows * side, COLUMNS * side, 3))
    kind = "webp" if PIL.features.check("webp") else "jpeg"
    packed = io.BytesIO()
    picture.save(packed, kind, quality=QUALITY, **({"method": 6} if kind == "webp" else {}))
    return f"data:image/{kind};base64,{base64.b64encode(packed.getvalue()).decode()}"


def _worst(data: dict) -> tuple[int, int]:
    """The true and the predicted class of the most frequent mistake."""
    mistakes = np.array(data["matrix"])
    np.fill_diagonal(mistakes, -1)
    true, guess = np.unravel_index(mistakes.argmax(), mistakes.shape)
    return int(true), int(guess)


def _tiles(data: dict, true: int, guess: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The images of a cell as they travel, each with its probabilities in percent."""
    import PIL.Image

    shown = np.minimum(data["matrix"], data["each"]).ravel()
    cell = true * len(data["class_names"]) + guess
    first, side = int(shown[:cell].sum()), data["side"]
    sheet = PIL.Image.open(io.BytesIO(base64.b64decode(data["sprite"].partition(",")[2])))
    sheet = sheet.convert("RGB")
    percent = unpack(data["percent"])
    tiles = []
    for number in range(first, first + int(shown[cell])):
        top, left = number // data["columns"] * side, number % data["columns"] * side
        tile = sheet.crop((left, top, left + side, top + side))
        tiles.append((np.asarray(tile), percent[number]))
    return tiles
