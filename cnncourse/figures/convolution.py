"""The figure "convolution": a kernel slides over an image, with the sum written out."""

import numpy as np

from .. import conv, plots

# What the module is drawn for: more cells than these cannot be read on a phone.
MOST_PIXELS, MOST_WEIGHTS, MOST_KERNELS = 12, 5, 3
WORDS = ("valid", "same")
_COLOURS = ("red", "green", "blue")

CROSS_IMAGE = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
CROSS = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def prepare(
    *, image=CROSS_IMAGE, kernel=CROSS, stride=1, padding="valid", bias=0.0, flip=False
) -> dict:
    """Return the data of the figure: the state in which it starts.

    image: numbers of shape (H, W), or (H, W, 1 or 3) with channels; at most 12 by 12.
    kernel: (kh, kw), (kh, kw, channels) or (kh, kw, channels, kernels), as in `conv.conv2d`; at
    most 5 by 5, at most 3 kernels. bias: one number, or one a kernel.
    stride: 1 to 4. padding: "valid", "same" or 0 to 4. flip: turn the kernel by half a circle
    first, which makes a convolution, in the strict sense, of the cross-correlation.

    Raises ValueError where shapes do not fit or are too large to be drawn.
    """
    image = _numbers("image", image)
    kernel = _numbers("kernel", kernel)
    image = image[..., None] if image.ndim == 2 else image
    if image.ndim != 3 or image.shape[2] not in (1, 3) or not image.size:
        raise ValueError(
            f"image: expected (height, width), or with 1 or 3 channels behind; found {image.shape}."
        )
    kernel = kernel[..., None] if kernel.ndim == 2 else kernel
    kernel = kernel[..., None] if kernel.ndim == 3 else kernel
    if kernel.ndim != 4 or not kernel.size:
        raise ValueError(
            "kernel: expected (height, width), (height, width, channels) or (height, width, "
            f"channels, kernels); found {kernel.shape}."
        )
    for what, array, most in (("image", image, MOST_PIXELS), ("kernel", kernel, MOST_WEIGHTS)):
        if max(array.shape[:2]) > most:
            raise ValueError(
                f"{what}: at most {most} by {most} can be drawn; found {array.shape[:2]}. "
                "Give a part of it."
            )
    if kernel.shape[3] > MOST_KERNELS:
        raise ValueError(
            f"kernel: at most {MOST_KERNELS} kernels can be drawn; found {kernel.shape[3]}."
        )
    for what, value, least, words in (("stride", stride, 1, ()), ("padding", padding, 0, WORDS)):
        whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        if not (value in words if isinstance(value, str) else whole and least <= value <= 4):
            others = "".join(f"{word!r} or " for word in words)
            raise ValueError(
                f"{what}: expected {others}a whole number from {least} to 4; found {value!r}."
            )
    bias = _numbers("bias", bias)
    if bias.shape not in ((), kernel.shape[3:]):
        raise ValueError(
            f"bias: expected one number, or one for each of {kernel.shape[3]} kernels; found shape "
            f"{bias.shape}."
        )
    data = {
        "image": image.tolist(),
        "kernel": kernel.tolist(),
        "stride": int(stride),
        "padding": padding if isinstance(padding, str) else int(padding),
        "bias": np.broadcast_to(bias, kernel.shape[3:]).tolist(),
        "flip": bool(flip),
    }
    _output(data)  # its errors say what does not fit
    return data


def draw(data: dict):
    """Draw the image with its first window, the kernel and the first output pixel."""
    import matplotlib.pyplot as plt

    kernel_colour, window_colour, output_colour = plots.COLOURS[:3]
    image, kernel, output = np.array(data["image"]), np.array(data["kernel"]), _output(data)
    padded, inside = _padded(data)
    laid = kernel[::-1, ::-1] if data["flip"] else kernel
    channels, maps = image.shape[2], kernel.shape[3]
    rows, columns = padded.shape[:2]
    title = 0.28 * len(f"× kernel{' 1' * (maps > 1)}{' turned' * data['flip']}") + channels
    second = columns + 1.2  # where the tables begin
    third = second + max(kernel.shape[1], title) + 1.2
    deep = channels * (rows + 1.4)
    size = (0.42 * (third + output.shape[1] + 1), 0.42 * max(deep, output.shape[0] + 1.4) + 0.5)
    figure, ax = plt.subplots(figsize=(max(size[0], 5), size[1]))
    most = 1.8 * max(np.abs(laid).max(), 1e-9)
    grey = (min(image.min(), 0), max(image.max(), 1))
    for channel in range(channels):
        top = channel * (rows + 1.4)
        of = f", {_COLOURS[channel]}" if channels > 1 else ""
        turned = " turned" if data["flip"] else ""
        number = " 1" if maps > 1 else ""
        _title(ax, 0, top, f"image{of}")
        _cells(ax, 0, top, padded[..., channel], "gray", grey, inside)
        _frame(ax, 0, top, kernel.shape[:2], window_colour)
        _title(ax, second, top, f"× kernel{number}{turned}{of}")
        _cells(ax, second, top, laid[..., channel, 0], "PuOr", (-most, most))
        _frame(ax, second, top, kernel.shape[:2], kernel_colour)
    shades = np.abs(output[..., 0]).max() or 1
    empty = np.full(output.shape[:2], np.nan)
    empty[0, 0] = output[0, 0, 0]
    _title(ax, third, 0, "= output 1" if maps > 1 else "= output")
    _cells(ax, third, 0, empty, "BrBG", (-1.8 * shades, 1.8 * shades))
    _frame(ax, third, 0, (1, 1), output_colour)
    ax.set(xlim=(-0.2, third + output.shape[1] + 0.2), aspect="equal")
    ax.set_ylim(max(deep - 1, output.shape[0]) + 0.2, -1)
    ax.axis("off")
    figure.suptitle(
        f"stride {data['stride']}, padding {data['padding']}: output "
        f"{output.shape[0]}×{output.shape[1]}"
    )
    return figure


def words(data: dict) -> str:
    """Say what `draw` shows."""
    image, kernel, output = np.array(data["image"]), np.array(data["kernel"]), _output(data)
    depth = f" with {image.shape[2]} channels" if image.shape[2] > 1 else ""
    padding = data["padding"]
    border = {"valid": "no padding", "same": "padding 'same'"}.get(padding, f"padding {padding}")
    return (
        f"A kernel of {kernel.shape[0]} by {kernel.shape[1]} on the top left corner of an image of "
        f"{image.shape[0]} by {image.shape[1]} pixels{depth}, stride {data['stride']}, {border}. "
        f"The sum of products there, {_number(output[0, 0, 0])}, is the first pixel of an output "
        f"of {output.shape[0]} by {output.shape[1]}."
    )


def _numbers(what: str, values) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{what}: expected numbers; found {values!r}.") from None
    if not np.isfinite(array).all():
        raise ValueError(f"{what}: expected finite numbers; found {array[~np.isfinite(array)][0]}.")
    return array


def _output(data: dict) -> np.ndarray:
    kernel = np.array(data["kernel"])
    return conv.conv2d(
        np.array(data["image"]),
        kernel[::-1, ::-1] if data["flip"] else kernel,
        np.array(data["bias"]),
        data["stride"],
        data["padding"],
    )


def _padded(data: dict) -> tuple[np.ndarray, np.ndarray]:
    """The image with its border of zeros, and a mask of the pixels that are the image's own."""
    image, kernel = np.array(data["image"]), np.array(data["kernel"])
    ends = []
    for size, window in zip(image.shape[:2], kernel.shape[:2], strict=True):
        if data["padding"] == "same":
            ends.append(conv.same_padding(size, window, data["stride"]))
        else:
            ends.append((0, 0) if data["padding"] == "valid" else (data["padding"],) * 2)
    return np.pad(image, (*ends, (0, 0))), np.pad(np.ones(image.shape[:2], bool), ends)


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:g}".replace("-", "−")


def _title(ax, left: float, top: float, text: str) -> None:
    ax.text(left, top - 0.25, text, fontsize=9, fontweight="bold")


def _cells(ax, left, top, values, colours, limits, inside=None) -> None:
    """Draw a table of numbers; NaN is a cell that is still empty, padding has a dotted border."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    scale = mpl.colors.Normalize(*limits)
    for (row, column), value in np.ndenumerate(values):
        own = inside is None or inside[row, column]
        shade = scale(value) if own and not np.isnan(value) else None
        style = {"edgecolor": "#777777", "linewidth": 0.8, "linestyle": "-" if own else ":"}
        face = "white" if shade is None else mpl.colormaps[colours](shade)
        corner = (left + column, top + row)
        ax.add_patch(plt.Rectangle(corner, 1, 1, facecolor=face, zorder=1 + own, **style))
        dark = colours == "gray" and shade is not None and shade < 0.5
        colour = "white" if dark else "black" if own else "#666666"
        text = "" if np.isnan(value) else _number(value)
        place = {"ha": "center", "va": "center", "fontsize": 8.5}
        ax.text(corner[0] + 0.5, corner[1] + 0.5, text, color=colour, zorder=3, **place)


def _frame(ax, left, top, shape, colour) -> None:
    import matplotlib.pyplot as plt

    height, width = shape
    frame = plt.Rectangle((left, top), width, height, fill=False, color=colour, linewidth=3)
    frame.set(clip_on=False, zorder=4)
    ax.add_patch(frame)
