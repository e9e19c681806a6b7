"""The figure "convolution": a kernel slides over an image, with the sum written out."""

import numpy as np

from .. import conv, plots

# What the module is drawn for: more cells than these cannot be read on a phone.
MOST_PIXELS, MOST_WEIGHTS, MOST_KERNELS = 12, 5, 3
WORDS = ("valid", "same")

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
    height, width = kernel.shape[:2]
    padded, (top, left) = _padded(data)
    laid = kernel[::-1, ::-1] if data["flip"] else kernel
    empty = np.full(output.shape[:2], np.nan)
    empty[0, 0] = output[0, 0, 0]
    channels = image.shape[2]
    sizes = [padded.shape[1], width, output.shape[1]]
    figure, axes = plt.subplots(
        channels, 3, figsize=(9, 3.4 * channels), width_ratios=sizes, squeeze=False
    )
    for channel in range(channels):
        of = f", channel {channel + 1}" if channels > 1 else ""
        ax = axes[channel, 0]
        _cells(ax, padded[..., channel], f"image{of}", "gray", (padded.min(), padded.max()))
        _frame(ax, 0, 0, height, width, window_colour)
        if padded.shape[:2] != image.shape[:2]:
            _frame(ax, top, left, *image.shape[:2], "#888888", linestyle="--", linewidth=1.5)
        ax = axes[channel, 1]
        most = 1.8 * max(np.abs(laid).max(), 1e-9)
        turned = ", turned" if data["flip"] else ""
        _cells(ax, laid[..., channel, 0], f"× kernel{turned}{of}", "PuOr", (-most, most))
        _frame(ax, 0, 0, height, width, kernel_colour)
        axes[channel, 2].axis("off")
    ax = axes[0, 2]
    ax.axis("on")
    low, high = output[..., 0].min(), output[..., 0].max()
    _cells(ax, empty, "= output", "Greens", (low - 1, high + max(high - low, 1)))
    _frame(ax, 0, 0, 1, 1, output_colour)
    figure.suptitle(_formula(data))
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


def _padded(data: dict) -> tuple[np.ndarray, tuple[int, int]]:
    """The image with its border of zeros, and where the image begins in it."""
    image, kernel = np.array(data["image"]), np.array(data["kernel"])
    ends = []
    for size, window in zip(image.shape[:2], kernel.shape[:2], strict=True):
        if data["padding"] == "same":
            ends.append(conv.same_padding(size, window, data["stride"]))
        else:
            ends.append((0, 0) if data["padding"] == "valid" else (data["padding"],) * 2)
    return np.pad(image, (*ends, (0, 0))), (ends[0][0], ends[1][0])


def _formula(data: dict) -> str:
    """The size of the output, with its numbers."""
    size, window, step = len(data["image"]), len(data["kernel"]), data["stride"]
    padded, (before, _) = _padded(data)
    after = padded.shape[0] - size - before
    places = len(_output(data))
    return f"output height: ({size} + {before} + {after} − {window}) // {step} + 1 = {places}"


def _number(value: float) -> str:
    return f"{round(value, 2) + 0.0:g}".replace("-", "−")


def _cells(ax, values, title, cmap, limits) -> None:
    low, high = limits if limits[0] < limits[1] else (limits[0] - 1, limits[0] + 1)
    ax.imshow(values, cmap=cmap, vmin=low, vmax=high)
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            dark = cmap == "gray" and value < (low + high) / 2
            colour = "white" if dark else "black"
            ax.text(column, row, _number(value), ha="center", va="center", color=colour)
    ax.set_xticks(np.arange(values.shape[1] + 1) - 0.5, [])
    ax.set_yticks(np.arange(values.shape[0] + 1) - 0.5, [])
    ax.grid(color="#999999", linewidth=0.8)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_title(title)


def _frame(ax, row, column, height, width, colour, linewidth=3, **style) -> None:
    import matplotlib.pyplot as plt

    corner = (column - 0.5, row - 0.5)
    frame = plt.Rectangle(corner, width, height, fill=False, color=colour, clip_on=False, **style)
    frame.set_linewidth(linewidth)
    ax.add_patch(frame)
