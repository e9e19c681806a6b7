"""The figure "occlusion": a grey square over a photograph, and what a network makes of it."""

import numpy as np

from .. import conv, plots
from . import _trained, pack, unpack

FIRST = ("Normalization", "Whitening", "ReLU")
BLOCK = (
    *("Conv2D", "MaxPooling2D", "BatchNorm", "ReLU"),
    *("Conv2D", "BatchNorm", "ReLU", "Add"),
)
LAST = ("GlobalAveragePooling2D", "Dense", "Rescaling")
MOST_IMAGES, MOST_SIDE = 20, 32
SIZES = (4, 8, 12, 16)  # of the square, in pixels
SIZE = 8  # at the start
GREY = 128


def prepare(*, model, images, labels, class_names, caption="") -> dict:
    """Return the data of the figure: the weights of a trained network and photographs to pick from.

    model: as :func:`cnncourse.resnet.build` makes it with `pooling="mean"`, of any widths. Weights
    of convolutions travel as 8 bits each, with one scale a map; what batch normalisation does at
    an answer is put together with that scale.
    images: uint8 of shape (N, side, side, 3), 1 to 20 photographs of 16 to 32 pixels, the side a
    multiple of 2 for each block; the first one is shown at the start. labels: (N,), an index into
    class_names each. class_names: a text for each output of the network. caption: where the
    photographs come from.

    Raises ValueError with what was expected and what was found.
    """
    network = _network(model)
    outputs = network["dense"].shape[1]
    names = _trained.names_of(class_names, outputs)
    images = np.asarray(images)
    side = images.shape[1] if images.ndim == 4 else 0
    if images.dtype != np.uint8 or images.shape[1:] != (side, side, 3) or not side:
        raise ValueError(
            "images: expected uint8 of shape (N, side, side, 3), as the data set has them; "
            f"found {images.dtype} of shape {images.shape}."
        )
    halved = 2 ** sum(layer["pool"] for layer in network["layers"])
    if side % halved or not 16 <= side <= MOST_SIDE:
        raise ValueError(
            f"images: expected 16 to {MOST_SIDE} pixels along a side, a multiple of {halved}, by "
            f"which the network's pooling divides it; found {side}."
        )
    if not 1 <= len(images) <= MOST_IMAGES:
        raise ValueError(f"images: expected 1 to {MOST_IMAGES}; found {len(images)}.")
    return {
        "mean": network["mean"],
        "deviation": network["deviation"],
        "layers": _trained.packed(network["layers"]),
        "dense": pack(network["dense"]),
        "images": pack(images),
        "labels": _trained.labels_of(labels, images, outputs),
        "class_names": names,
        "sizes": list(SIZES),
        "size": SIZE,
        "place": [(side - SIZE) // 2] * 2,  # of the square's upper left corner: row, column
        "caption": caption,
    }


def draw(data: dict):
    """Draw the first photograph with the square, and the probabilities with and without it."""
    import matplotlib.pyplot as plt

    whole, covered = _first(data)
    before, after = (_probabilities(data, image) for image in (whole, covered))
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.6), width_ratios=[1, 1.3])
    left.imshow(covered)
    left.set(xticks=[], yticks=[], title=f"labelled {_label(data)}")
    rows = np.arange(len(before))[::-1]
    right.barh(rows, 100 * after, color=plots.COLOURS[0], label="with the square")
    right.plot(100 * before, rows, "|", color=plots.COLOURS[1], ms=13, mew=2.5, label="without")
    right.set_yticks(rows, data["class_names"])
    right.set(xlim=(0, 103), xlabel="percent")
    right.legend(loc="lower right")
    plots.add_caption(figure, data["caption"])
    return figure


def words(data: dict) -> str:
    """Say what `draw` shows."""
    found = []
    for image in _first(data):
        shares = _probabilities(data, image)
        found.append(f"{data['class_names'][shares.argmax()]}, {shares.max():.0%}")
    return (
        f"A photograph labelled {_label(data)} with a grey square of {data['size']} pixels in its "
        f"middle, and the network's {len(data['class_names'])} probabilities as bars. The highest "
        f"without the square: {found[0]}; with it: {found[1]}. In the live figure you move the "
        "square."
    )


# The network ------------------------------------------------------------------------------------


def _network(model) -> dict:
    """The weights of a network, checked layer by layer, convolutions in 8 bits."""
    if not (hasattr(model, "layers") and getattr(model, "built", False)):
        raise ValueError(
            "model: expected a built Keras model, as resnet.build(..., pooling='mean') makes it; "
            f"found {type(model).__name__}."
        )
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    kinds = tuple(type(layer).__name__ for layer in layers)
    blocks = (len(kinds) - len(FIRST) - len(LAST)) // len(BLOCK)
    expected = FIRST + max(blocks, 1) * BLOCK + LAST
    if kinds != expected:
        raise ValueError(
            "model: expected a network of resnet.build(..., pooling='mean'), of the layers "
            f"{', '.join(expected)}; found {', '.join(kinds)}."
        )
    normalization, whitening, _, *within, _, dense, rescaling = layers
    weights = [np.asarray(weight) for weight in model.get_weights()]
    if not all(np.isfinite(weight).all() for weight in weights):
        raise ValueError("model: its weights are not all finite; train it again.")
    if dense.use_bias or rescaling.offset:
        raise ValueError("model: expected a last dense layer without bias and offset.")
    kernel, bias = np.asarray(whitening.kernel), np.asarray(whitening.bias)
    found = [_layer(kernel, np.ones_like(bias), bias)]
    for place in range(0, len(within), len(BLOCK)):
        first, _, norm, _, second, other, _, _ = within[place : place + len(BLOCK)]
        found.append(_layer(np.asarray(first.kernel), *_normalized(first, norm), pool=True))
        found.append(_layer(np.asarray(second.kernel), *_normalized(second, other), adds=True))
    return {
        "mean": np.ravel(normalization.mean).tolist(),
        "deviation": np.sqrt(np.ravel(normalization.variance)).tolist(),
        "layers": found,
        "dense": np.asarray(dense.kernel) * float(rescaling.scale),
    }


def _normalized(convolution, norm) -> tuple[np.ndarray, np.ndarray]:
    """By what a batch normalisation multiplies each map at an answer, and what it adds."""
    gamma, beta, mean, variance = (
        np.asarray(part) for part in (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
    )
    scale = gamma / np.sqrt(variance + norm.epsilon)
    bias = np.asarray(convolution.bias) if convolution.use_bias else 0
    return scale, beta + (bias - mean) * scale


def _layer(kernel, scale, shift, pool=False, adds=False) -> dict:
    """A convolution whose kernels are whole numbers from 1 to 255; 128 stands for 0.

    What it does: ReLU(scale * pooled(convolved) + shift), and what came in is added if it `adds`.
    """
    unit = np.maximum(np.abs(kernel).max(axis=(0, 1, 2)), 1e-12) / 127
    whole = np.round(kernel / unit) + 128
    return {
        "kernel": whole.astype(np.uint8),
        "scale": scale * unit,
        "shift": np.asarray(shift),
        "pool": pool,
        "adds": adds,
    }


def _probabilities(data: dict, image: np.ndarray) -> np.ndarray:
    """What the network with its rounded weights makes of an image: (classes,)."""
    maps = (image - np.array(data["mean"])) / np.array(data["deviation"])
    for layer in data["layers"]:
        came_in = maps
        maps = conv.conv2d(maps, unpack(layer["kernel"]).astype(float) - 128, padding="same")
        maps = conv.max_pool2d(maps) if layer["pool"] else maps
        maps = np.maximum(maps * unpack(layer["scale"]) + unpack(layer["shift"]), 0)
        maps = maps + came_in if layer["adds"] else maps
    logits = maps.mean(axis=(0, 1)) @ unpack(data["dense"])
    shares = np.exp(logits - logits.max())
    return shares / shares.sum()


def _first(data: dict) -> tuple[np.ndarray, np.ndarray]:
    """The first photograph without the square and with it."""
    whole = unpack(data["images"])[0]
    covered = whole.copy()
    row, column = data["place"]
    covered[row : row + data["size"], column : column + data["size"]] = GREY
    return whole, covered


def _label(data: dict) -> str:
    return data["class_names"][data["labels"][0]]
