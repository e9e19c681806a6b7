"""The figure "sizes": layers in a stack, with the shape and the cost of each."""

import math

from .. import conv, plots

LARGEST = {"side": 256, "channels": 4096, "maps": 4096, "kernel": 15, "stride": 15, "units": 65_536}
MOST_LAYERS = 20
_STEP, _BLUE = 1.35, "#0063A0"  # of the still: from box to box; a blue dark enough for text


def _conv(maps, kernel, padding="valid", stride=1):
    return {"layer": "conv", "maps": maps, "kernel": kernel, "stride": stride, "padding": padding}


def _pool(size=2, padding="valid", stride=None):
    return {"layer": "pool", "kernel": size, "stride": stride or size, "padding": padding}


def _dense(units):
    return {"layer": "dense", "units": units}


_FLATTEN = {"layer": "flatten"}

NETWORKS = {
    "lesson 02, MLP": ((28, 28, 1), [_FLATTEN, _dense(16), _dense(8), _dense(10)]),
    "lesson 02, CNN": (
        (28, 28, 1),
        [_conv(32, 4), _pool(), _FLATTEN, _dense(16), _dense(8), _dense(10)],
    ),
    "lesson 03, ReLU network": (
        (28, 28, 1),
        [_conv(8, 3), _pool(), _FLATTEN, _dense(28), _dense(10)],
    ),
    "lesson 03, LeNet-like": (
        (28, 28, 1),
        [
            *(_conv(6, 3, "same"), _pool(), _conv(16, 5), _pool(), _conv(120, 5)),
            *(_FLATTEN, _dense(84), _dense(10)),
        ],
    ),
    "lesson 04": (
        (32, 32, 3),
        [_conv(32, 4), _pool(), _conv(32, 4), _pool(), _FLATTEN, _dense(256), _dense(10)],
    ),
    "lesson 05, LeNet today": (
        (28, 28, 1),
        [
            *(_conv(6, 5), _pool(), _conv(16, 5), _pool()),
            *(_FLATTEN, _dense(120), _dense(84), _dense(10)),
        ],
    ),
    "lesson 06": (
        (28, 28, 1),
        [
            *(_conv(32, 5, "same"), _pool(), _conv(64, 5, "same"), _pool()),
            *(_FLATTEN, _dense(1024), _dense(10)),
        ],
    ),
}
_FIELDS = {
    "conv": {"maps", "kernel", "stride", "padding"},
    "pool": {"kernel", "stride", "padding"},
    "flatten": set(),
    "dense": {"units"},
}


def prepare(*, network=None, input=None, layers=None, target=None) -> dict:
    """Return the data of the figure: the networks to choose from, and the one it starts with.

    network: the name of one of the course's networks, the keys of `NETWORKS`. In its place,
    input: (height, width, channels), and layers: a list of
    {"layer": "conv", "maps": 8, "kernel": 3, "stride": 1, "padding": "valid"},
    {"layer": "pool", "kernel": 2, "stride": 2, "padding": "valid"}, {"layer": "flatten"} or
    {"layer": "dense", "units": 10}; stride and padding may be left out.
    target: a number of parameters to build to.

    Raises ValueError where a network cannot be built, naming the layer.
    """
    networks = {
        name: {"input": list(shape), "layers": list(stack)}
        for name, (shape, stack) in NETWORKS.items()
    }
    if (network is None) == (layers is None) or (layers is None) != (input is None):
        raise ValueError("give either network, or input and layers.")
    if network is not None and network not in networks:
        raise ValueError(f"network: expected one of {', '.join(networks)}; found {network!r}.")
    if layers is not None:
        network = "as in the text"
        networks = {network: _checked(input, layers), **networks}
    if target is not None and not _whole(target, 10**12):
        raise ValueError(f"target: expected a number of parameters; found {target!r}.")
    return {
        "networks": networks,
        "network": network,
        "target": None if target is None else int(target),
        "largest": LARGEST,
        "mostLayers": MOST_LAYERS,
    }


def counts(input, layers) -> list[conv.Counts]:
    """Return output and cost of every layer of a stack, as Keras builds it."""
    shape, found = tuple(input), []
    for number, layer in enumerate(layers, 1):
        kind = layer["layer"]
        if kind in ("conv", "pool") and len(shape) != 3:
            raise ValueError(
                f"layer {number}, {kind}: it needs (height, width, channels), and gets {shape} "
                "after a flatten or dense layer. Put it before them."
            )
        try:
            if kind == "conv":
                windows = (layer["kernel"], layer["maps"], layer["stride"], layer["padding"])
                row = conv.count_conv2d(shape, *windows)
            elif kind == "pool":
                row = conv.count_pool2d(shape, layer["kernel"], layer["stride"], layer["padding"])
            elif kind == "flatten":
                row = conv.Counts((math.prod(shape),), 0, 0, 0)
            else:  # Keras applies a dense layer along the last axis, at every pixel alike
                row = conv.count_dense(shape[-1], layer["units"])
                pixels = math.prod(shape[:-1])
                row = row._replace(
                    output=(*shape[:-1], layer["units"]), multiply_adds=row.multiply_adds * pixels
                )
        except ValueError as error:
            raise ValueError(f"layer {number}, {kind}: {error}") from None
        found.append(row)
        shape = row.output
    return found


def draw(data: dict):
    """Draw the network as a row of boxes with its shapes and parameters."""
    import matplotlib.pyplot as plt

    network = data["networks"][data["network"]]
    rows = counts(network["input"], network["layers"])
    shapes = [tuple(network["input"]), *(row.output for row in rows)]
    names = ["input", *(_name(layer) for layer in network["layers"])]
    parameters = [0, *(row.parameters for row in rows)]
    side = max(max(shape[:2]) for shape in shapes if len(shape) == 3)
    figure, ax = plt.subplots(figsize=(1.5 * len(shapes) + 0.4, 2.9))
    for place, (shape, name, number) in enumerate(zip(shapes, names, parameters, strict=True)):
        middle = _STEP * place
        _box(ax, middle, shape, side)
        lines = [name, "×".join(f"{length:,}" for length in shape)]
        for line, text in enumerate(lines):
            ax.text(middle, -0.08 - 0.15 * line, text, ha="center", va="top", fontsize=9)
        if number:
            ax.text(middle, -0.38, f"{number:,}", ha="center", va="top", fontsize=9, color=_BLUE)
    ax.set(xlim=(-0.55 * _STEP, _STEP * (len(shapes) - 0.45)), ylim=(-0.55, 1.1), aspect="equal")
    ax.axis("off")
    ax.set_title(f"{data['network']}: {sum(parameters):,} parameters (in blue: of each layer)")
    return figure


def words(data: dict) -> str:
    """Say what `draw` shows."""
    network = data["networks"][data["network"]]
    rows = counts(network["input"], network["layers"])
    steps = [f"input {_shape(network['input'])}"]
    for layer, row in zip(network["layers"], rows, strict=True):
        cost = f" with {row.parameters:,} parameters" if row.parameters else ""
        steps.append(f"{_name(layer).lower()}{cost} to {_shape(row.output)}")
    total = sum(row.parameters for row in rows)
    products = sum(row.multiply_adds for row in rows)
    return (
        f"A network as a row of boxes: {', '.join(steps)}. "
        f"In all {total:,} parameters and {products:,} multiply-adds an image."
    )


def _whole(value, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _checked(input, layers) -> dict:
    if len(input) != 3 or not all(
        _whole(length, LARGEST[what])
        for length, what in zip(input, ("side", "side", "channels"), strict=True)
    ):
        raise ValueError(
            f"input: expected (height, width, channels), at most {LARGEST['side']} wide; "
            f"found {input!r}."
        )
    if not 1 <= len(layers) <= MOST_LAYERS:
        raise ValueError(f"layers: expected 1 to {MOST_LAYERS}; found {len(layers)}.")
    stack = []
    for number, layer in enumerate(layers, 1):
        kind = layer.get("layer")
        if kind not in _FIELDS:
            raise ValueError(
                f"layer {number}: expected 'layer' to be one of {', '.join(_FIELDS)}; "
                f"found {kind!r}."
            )
        whole = {"stride": layer.get("kernel", 1) if kind == "pool" else 1, "padding": "valid"}
        whole = {key: value for key, value in whole.items() if key in _FIELDS[kind]} | layer
        if set(whole) != _FIELDS[kind] | {"layer"}:
            raise ValueError(
                f"layer {number}, {kind}: expected {sorted(_FIELDS[kind])}; found {sorted(layer)}."
            )
        for key in _FIELDS[kind] - {"padding"}:
            if not _whole(whole[key], LARGEST[key]):
                raise ValueError(
                    f"layer {number}, {kind}: {key} is a whole number from 1 to {LARGEST[key]:,}; "
                    f"found {whole[key]!r}."
                )
        stack.append(whole)
    counts(input, stack)  # its errors say what does not fit
    return {"input": list(input), "layers": stack}


def _name(layer: dict) -> str:
    kind = layer["layer"]
    if kind == "conv":
        return f"Conv {layer['maps']} of {layer['kernel']}×{layer['kernel']}"
    if kind == "pool":
        return f"Pool {layer['kernel']}×{layer['kernel']}"
    return "Flatten" if kind == "flatten" else f"Dense {layer['units']:,}"


def _shape(shape) -> str:
    return " by ".join(f"{length:,}" for length in shape)


def _box(ax, middle: float, shape, side: int) -> None:
    """Maps: a slab, its face to scale, its depth growing with the channels. Numbers: a bar."""
    import matplotlib.pyplot as plt

    style = {"edgecolor": "#333333", "linewidth": 0.8}
    kernel_colour, window_colour, output_colour = plots.COLOURS[:3]
    if len(shape) == 1:
        corner, height = (middle - 0.05, 0), math.log2(shape[0] + 1) / 16
        ax.add_patch(plt.Rectangle(corner, 0.1, height, facecolor=output_colour, **style))
        return
    height, width = (0.85 * length / side for length in shape[:2])
    depth = 0.03 * math.log2(shape[2] + 1)
    left = middle - (width + depth) / 2
    right = left + width
    colour = window_colour if middle == 0 else kernel_colour
    ax.add_patch(plt.Rectangle((left, 0), width, height, facecolor=colour, alpha=0.75, **style))
    back = (right + depth, height + depth)
    top = [(left, height), (right, height), back, (left + depth, height + depth)]
    end = [(right, 0), (right, height), back, (right + depth, depth)]
    for corners in (top, end):
        ax.add_patch(plt.Polygon(corners, facecolor=colour, alpha=0.45, **style))
