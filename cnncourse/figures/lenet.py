"""The figure "lenet": draw a digit, see every map and the ten outputs of a trained network."""

import numpy as np

from .. import conv, plots
from . import _trained, pack, unpack

# The network that the module knows how to run and to draw. The numbers of maps and units and the
# size of the kernels are free.
EXPECTED = (
    "Rescaling",
    "Conv2D",
    "MaxPooling2D",
    "Conv2D",
    "MaxPooling2D",
    "Flatten",
    "Dense",
    "Dense",
    "Dense",
)
SIDE = 28
MOST_DIGITS = 40


def prepare(*, model, images, labels, class_names, caption="") -> dict:
    """Return the data of the figure: the weights of a trained network and digits to pick from.

    model: a built Keras model of the layers ``Rescaling, Conv2D, MaxPooling2D, Conv2D,
    MaxPooling2D, Flatten, Dense, Dense, Dense`` on (28, 28, 1) images with pixels from 0 to 255;
    square kernels without padding, ReLU, pooling by 2, softmax at the end. Weights travel as
    float32, four bytes a parameter.
    images: uint8 of shape (N, 28, 28) or (N, 28, 28, 1), 1 to 40 digits; the first one is shown
    at the start. labels: (N,), an index into class_names each.
    class_names: a text for each output of the network. caption: where the digits come from.

    Raises ValueError with what was expected and what was found.
    """
    layers, (scale, offset) = _layers(model)
    outputs = layers[-1]["weights"].shape[1]
    names = _trained.names_of(class_names, outputs)
    images = np.asarray(images)
    if images.ndim == 4 and images.shape[-1] == 1:
        images = images[..., 0]
    if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
        raise ValueError(
            f"images: expected uint8 of shape (N, {SIDE}, {SIDE}), as the data set has them; "
            f"found {images.dtype} of shape {images.shape}."
        )
    if not 1 <= len(images) <= MOST_DIGITS:
        raise ValueError(f"images: expected 1 to {MOST_DIGITS}; found {len(images)}.")
    return {
        "layers": _trained.packed(layers),
        "scale": scale,
        "offset": offset,
        "digits": pack(images),
        "labels": _trained.labels_of(labels, images, outputs),
        "class_names": names,
        "caption": caption,
    }


def draw(data: dict):
    """Draw the first digit, the maps of every layer and the outputs."""
    import matplotlib.pyplot as plt

    digit, outputs = _first(data)
    figure = plt.figure(figsize=(9, 6.4))
    left, right = figure.subfigures(1, 2, width_ratios=[1, 3.4])
    ax = left.subplots()
    ax.imshow(digit, cmap="gray", vmin=0, vmax=255)
    ax.set_title("input, 28×28")
    ax.axis("off")
    maps = [output for output in outputs if output.ndim == 3]
    heights = [1.1 if output.shape[-1] <= 8 else 1.5 for output in maps]
    rows = right.subfigures(len(maps) + 1, 1, height_ratios=[*heights, 1.3])
    for row, output, name in zip(rows, maps, _names(data), strict=False):
        side, count = output.shape[1], output.shape[2]
        columns = min(count, 8)
        row.suptitle(f"{name}: {count} maps of {side}×{side}", fontsize=9)
        axes = row.subplots(-(-count // columns), columns, squeeze=False)
        for number, ax in enumerate(axes.flat):
            ax.set(xticks=[], yticks=[])
            if number >= count:
                ax.set_visible(False)
                continue
            ax.imshow(output[..., number], cmap="Purples", vmin=0, vmax=max(output.max(), 1e-6))
            ax.spines[:].set(visible=True, color="#999999")
    ax = rows[-1].subplots()
    bars = ax.bar(data["class_names"], 100 * outputs[-1], color=plots.COLOURS[0])
    ax.bar_label(bars, fmt="%.0f", fontsize=8)
    ax.set(ylim=(0, 125), yticks=[0, 50, 100], ylabel="percent")
    ax.set_title("output", fontsize=9)
    ax.tick_params(labelsize=8)
    plots.add_caption(figure, data["caption"])
    return figure


def words(data: dict) -> str:
    """Say what `draw` shows."""
    _, outputs = _first(data)
    best = int(outputs[-1].argmax())
    maps = [f"{output.shape[-1]} of {output.shape[1]}×{output.shape[1]}" for output in outputs[:4]]
    return (
        f"A test digit labelled {data['class_names'][data['labels'][0]]}; the maps that the "
        f"network makes of it, {', '.join(maps)}; and its ten outputs as bars. The highest is "
        f"{data['class_names'][best]}, with {outputs[-1][best]:.0%}. "
        "In the live figure you draw digits of your own."
    )


def _layers(model) -> tuple[list[dict], tuple[float, float]]:
    """The layers with weights and pooling, and what Rescaling does, checked one by one."""
    if not (hasattr(model, "layers") and getattr(model, "built", False)):
        raise ValueError(
            f"model: expected a built Keras model, begun with keras.Input(({SIDE}, {SIDE}, 1)); "
            f"found {type(model).__name__}."
        )
    layers = [layer for layer in model.layers if type(layer).__name__ != "InputLayer"]
    kinds = tuple(type(layer).__name__ for layer in layers)
    if kinds != EXPECTED:
        raise ValueError(
            f"model: expected the layers {', '.join(EXPECTED)}; found {', '.join(kinds)}."
        )
    shape = tuple(model.input_shape[1:])
    if shape != (SIDE, SIDE, 1):
        raise ValueError(f"model: expected inputs of shape ({SIDE}, {SIDE}, 1); found {shape}.")
    scale, offset = (np.asarray(value, float) for value in (layers[0].scale, layers[0].offset))
    if scale.shape or offset.shape:
        raise ValueError(
            "model, layer Rescaling: expected one scale and one offset; "
            f"found {scale.tolist()} and {offset.tolist()}."
        )
    found = []
    for place, layer in enumerate(layers[1:], 1):
        kind = kinds[place]
        wanted = {
            "Conv2D": {"padding": "valid", "strides": (1, 1), "dilation_rate": (1, 1), "groups": 1},
            "MaxPooling2D": {"padding": "valid", "strides": (2, 2), "pool_size": (2, 2)},
        }.get(kind, {})
        if kind in ("Conv2D", "Dense"):
            last = place == len(layers) - 1
            wanted |= {"activation": "softmax" if last else "relu", "use_bias": True}
        for what, value in wanted.items():
            there = getattr(layer, what)
            there = getattr(there, "__name__", there)
            if (tuple(there) if isinstance(there, list) else there) != value:
                raise ValueError(
                    f"model, layer {layer.name!r}: expected {what}={value!r}; found {there!r}."
                )
        if kind == "MaxPooling2D":
            found.append({"kind": "pooling"})
        elif kind in ("Conv2D", "Dense"):
            weights, bias = layer.get_weights()
            if kind == "Conv2D" and weights.shape[0] != weights.shape[1]:
                raise ValueError(
                    f"model, layer {layer.name!r}: expected a square kernel; "
                    f"found {weights.shape[:2]}."
                )
            if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
                raise ValueError(
                    f"model, layer {layer.name!r}: its weights are not all finite; train it again."
                )
            kind = "convolution" if kind == "Conv2D" else "dense"
            found.append({"kind": kind, "weights": weights, "bias": bias})
    return found, (float(scale), float(offset))


def _first(data: dict) -> tuple[np.ndarray, list[np.ndarray]]:
    """The first digit, and the output of every layer for it."""
    digit = unpack(data["digits"])[0]
    value = digit[..., None].astype(np.float32) * data["scale"] + data["offset"]
    outputs = []
    for layer in data["layers"]:
        if layer["kind"] == "pooling":
            value = conv.max_pool2d(value)
        else:
            weights, bias = unpack(layer["weights"]), unpack(layer["bias"])
            if layer["kind"] == "convolution":
                value = conv.conv2d(value, weights, bias)
            else:
                value = value.ravel() @ weights + bias
            if layer is not data["layers"][-1]:
                value = np.maximum(value, 0)
        outputs.append(value)
    shares = np.exp(value - value.max())  # softmax
    outputs[-1] = shares / shares.sum()
    return digit, outputs


def _names(data: dict) -> list[str]:
    """The layers as the module calls them: "convolution 1", "pooling 1" and so on."""
    seen: list[str] = []
    for layer in data["layers"]:
        seen.append(layer["kind"])
        seen[-1] = f"{layer['kind']} {sum(name.startswith(layer['kind']) for name in seen)}"
    return seen
