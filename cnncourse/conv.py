"""Convolution and pooling in NumPy, with the arithmetic of their sizes and counts.

Written to be read: every function is the formula in its docstring and little else. Shapes are
those of ``tf.nn``: an image is ``(height, width, channels)``, a batch of them puts the number of
images in front, and a stack of kernels is ``(height, width, channels in, channels out)``. What
networks call convolution is cross-correlation: the kernel is laid on the image as it is, not
flipped.
"""

from collections.abc import Sequence
from operator import index
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

__all__ = [
    "Counts",
    "average_pool2d",
    "conv2d",
    "count_conv2d",
    "count_dense",
    "count_pool2d",
    "max_pool2d",
    "min_pool2d",
    "output_size",
    "same_padding",
]

Array = np.ndarray
Pair = int | tuple[int, int]
Padding = str | int | tuple[tuple[int, int], tuple[int, int]]


# Sizes ------------------------------------------------------------------------------------------


def output_size(
    size: int, kernel: int, stride: int = 1, padding: str | int | tuple[int, int] = "valid"
) -> int:
    """How many places a window of ``kernel`` pixels has along an axis of ``size`` pixels.

    ``floor((size + before + after - kernel) / stride) + 1``, where ``before`` and ``after`` are
    the pixels added at the two ends:

    - ``"valid"``: none, so the window stays inside the image;
    - ``"same"``: as many as make the result ``ceil(size / stride)``, see :func:`same_padding`;
    - a whole number: that many at each end;
    - a pair ``(before, after)``.

    Source: V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning", 2016,
    relationship 6; for ``"same"``, the documentation of ``tf.nn.convolution``.

    Raises ValueError where the window is larger than the padded axis.
    """
    size, kernel, stride = _ones_or_more(size=size, kernel=kernel, stride=stride)
    before, after = _padding_of_axis(padding, size, kernel, stride)
    return _places(size, kernel, stride, before, after, axis="this axis")


def same_padding(size: int, kernel: int, stride: int = 1) -> tuple[int, int]:
    """Pixels that ``"same"`` adds before and after an axis, as TensorFlow does.

    The output has ``ceil(size / stride)`` places; the last window needs
    ``(places - 1) * stride + kernel`` pixels, and what is missing is shared between the two ends.
    An odd pixel goes to the far end (bottom or right).

    Source: documentation of ``tf.nn``, "Notes on padding".
    """
    size, kernel, stride = _ones_or_more(size=size, kernel=kernel, stride=stride)
    places = -(-size // stride)  # division rounded up
    missing = max((places - 1) * stride + kernel - size, 0)
    return missing // 2, missing - missing // 2


# Convolution ------------------------------------------------------------------------------------


def conv2d(
    images: Array,
    kernels: Array,
    bias: Array | float | None = None,
    stride: Pair = 1,
    padding: Padding = "valid",
) -> Array:
    """Slide kernels over images; each place gives the sum of products, plus the bias.

    ``out[n, y, x, m] = bias[m] + sum over i, j, c of
    images[n, y * stride + i, x * stride + j, c] * kernels[i, j, c, m]``

    ============  =======================================  ==================================
    ``images``    ``(H, W)``, ``(H, W, C)``,               grey, coloured, a batch
                  ``(N, H, W, C)``
    ``kernels``   ``(kh, kw)``, ``(kh, kw, C)``,           one for grey, one with the depth of
                  ``(kh, kw, C, M)``                       its image, M of these
    ``bias``      one number, or ``(M,)``                  added to every pixel of a map
    ``stride``    one number, or ``(down, across)``        pixels from one place to the next
    ``padding``   ``"valid"``, ``"same"``, a number, or    zeros around the image, as in
                  ``((top, bottom), (left, right))``       :func:`output_size`
    ============  =======================================  ==================================

    Returns ``(N, out_h, out_w, M)``, without N where one image came without it and without M where
    one kernel came without it: a grey image and one ``(3, 3)`` kernel give ``(out_h, out_w)``.
    The result is floating point, in the widest type of images and kernels, float32 at least.

    Raises ValueError where shapes do not fit, naming the axis.

    Source: the sum above is that of ``tf.nn.conv2d``.
    """
    batch, single_image = _as_batch(images)
    stack, single_kernel = _as_stack(kernels)
    kernel_height, kernel_width, depth, maps = stack.shape
    channels = batch.shape[-1]
    if channels != depth:
        raise ValueError(
            f"images have {channels} channel(s) on their last axis (shape {np.shape(images)}), but "
            f"the kernels are {depth} deep on axis 2 (shape {np.shape(kernels)}). A kernel has the "
            f"depth of its input: give kernels of shape "
            f"({kernel_height}, {kernel_width}, {channels}, number of kernels)."
        )
    dtype = np.result_type(batch, stack, np.float32)
    batch, stack = batch.astype(dtype, copy=False), stack.astype(dtype, copy=False)
    stride, pads, (height, width) = _layout(
        batch.shape[1:3], (kernel_height, kernel_width), stride, padding
    )
    batch = np.pad(batch, ((0, 0), *pads, (0, 0)))

    out = np.empty((len(batch), height, width, maps), dtype)
    for image, result in zip(batch, out, strict=True):  # the windows of one image fit in memory
        windows = _windows(image, (kernel_height, kernel_width), stride)
        result[:] = np.einsum("yxcij,ijcm->yxm", windows, stack, optimize=True)
    if bias is not None:
        out += _as_bias(bias, maps)
    if single_kernel:
        out = out[..., 0]
    return out[0] if single_image else out


# Pooling ----------------------------------------------------------------------------------------


def max_pool2d(
    images: Array, size: Pair = 2, stride: Pair | None = None, padding: Padding = "valid"
) -> Array:
    """Keep the largest value of each window, in each channel on its own.

    ``images`` is ``(H, W)``, ``(H, W, C)`` or ``(N, H, W, C)``; ``size`` is one number or
    ``(height, width)``; ``stride`` is ``size`` unless given, so that windows touch and do not
    overlap. Padding is never the largest: it counts as no pixel at all, as in TensorFlow.

    Returns the same axes and type, with height and width as :func:`output_size` says.
    Raises ValueError where shapes do not fit, naming the axis.
    """
    return _pool(images, size, stride, padding, np.max, np.min)


def min_pool2d(
    images: Array, size: Pair = 2, stride: Pair | None = None, padding: Padding = "valid"
) -> Array:
    """Keep the smallest value of each window; arguments and result as :func:`max_pool2d`."""
    return _pool(images, size, stride, padding, np.min, np.max)


def average_pool2d(
    images: Array, size: Pair = 2, stride: Pair | None = None, padding: Padding = "valid"
) -> Array:
    """Average each window; arguments as :func:`max_pool2d`, the result is floating point.

    At a padded border the mean is taken over the pixels that are there, as in TensorFlow: the
    sum of the window with zeros for padding, divided by the number of real pixels in it.
    """
    images = _numbers(images, "images")
    images = images.astype(np.result_type(images, np.float32), copy=False)
    inside = np.ones(images.shape, images.dtype)
    totals = _pool(images, size, stride, padding, np.sum)
    return totals / _pool(inside, size, stride, padding, np.sum)


# Counts -----------------------------------------------------------------------------------------


class Counts(NamedTuple):
    """What a layer puts out and what it costs for one image.

    - ``output``: shape of the output, without the batch axis.
    - ``parameters``: numbers that training may change.
    - ``connections``: pairs of an input and an output that meet, plus one for each output that
      has a bias. This is the count of LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning
      Applied to Document Recognition", 1998. A place where the window lies on padding counts.
    - ``multiply_adds``: products that are computed and summed; a bias is added without one.
    """

    output: tuple[int, ...]
    parameters: int
    connections: int
    multiply_adds: int


def count_conv2d(
    shape: tuple[int, int, int],
    kernel: Pair,
    maps: int | None = None,
    stride: Pair = 1,
    padding: Padding = "valid",
    bias: bool = True,
    reads: Sequence[Sequence[int]] | None = None,
) -> Counts:
    """Counts of a convolution of ``maps`` kernels over an image of ``shape`` ``(H, W, C)``.

    Parameters are ``maps * (kernel height * kernel width * C + 1)``: the size of the image does
    not appear. Each of them is used once at every output pixel, hence
    ``connections = parameters * output height * output width``.

    Where a map reads only some channels (C3 of LeNet-5), ``reads`` lists for each map the
    channels that it reads, and C gives way to their number.
    """
    height, width, channels = _image_shape(shape)
    kernel = _pair(kernel, "kernel", least=1)
    depths = _depths(maps, channels, reads)
    _, _, places = _layout((height, width), kernel, stride, padding)
    area = places[0] * places[1]
    weights = kernel[0] * kernel[1] * sum(depths)
    biases = len(depths) if bias else 0
    return Counts(
        output=(*places, len(depths)),
        parameters=weights + biases,
        connections=(weights + biases) * area,
        multiply_adds=weights * area,
    )


def count_dense(inputs: int, outputs: int, bias: bool = True) -> Counts:
    """Counts of a dense layer: every output reads every input with a weight of its own.

    Parameters and connections are both ``outputs * (inputs + 1)``, without the 1 if there is no
    bias.
    """
    inputs, outputs = _ones_or_more(inputs=inputs, outputs=outputs)
    weights = inputs * outputs
    parameters = weights + (outputs if bias else 0)
    return Counts((outputs,), parameters, parameters, weights)


def count_pool2d(
    shape: tuple[int, int, int],
    size: Pair = 2,
    stride: Pair | None = None,
    padding: Padding = "valid",
    trainable: bool = False,
) -> Counts:
    """Counts of a pooling layer over an image of ``shape`` ``(H, W, C)``.

    Each output reads one window of one channel. Max, average and min pooling learn nothing and
    multiply nothing. With ``trainable``, the layer is LeNet-5's subsampling: the sum of the window
    times one weight plus one bias, both one a channel, hence two parameters a channel, one more
    connection and one multiply-add an output.
    """
    height, width, channels = _image_shape(shape)
    size = _pair(size, "size", least=1)
    stride = size if stride is None else stride
    _, _, places = _layout((height, width), size, stride, padding)
    outputs = places[0] * places[1] * channels
    return Counts(
        output=(*places, channels),
        parameters=2 * channels if trainable else 0,
        connections=outputs * (size[0] * size[1] + (1 if trainable else 0)),
        multiply_adds=outputs if trainable else 0,
    )


# What the functions above share -----------------------------------------------------------------


def _windows(image: Array, size: tuple[int, int], stride: tuple[int, int]) -> Array:
    """Every window of an image (H, W, C), as a view (out_h, out_w, C, height, width): no copy."""
    return sliding_window_view(image, size, axis=(0, 1))[:: stride[0], :: stride[1]]


def _pool(images, size, stride, padding, reduce, fill=None) -> Array:
    """Reduce every window; padding holds `fill` of all numbers that the type has, or 0."""
    batch, single_image = _as_batch(images)
    grey = np.ndim(images) == 2
    size = _pair(size, "size", least=1)
    stride, pads, _ = _layout(batch.shape[1:3], size, size if stride is None else stride, padding)
    for axis, window, ends in zip(("height", "width"), size, pads, strict=True):
        if max(ends) >= window:
            raise ValueError(
                f"padding of {max(ends)} on the {axis} leaves windows of {window} without a single "
                f"pixel of the image: pad by at most {window - 1}."
            )
    limits = np.iinfo(batch.dtype) if batch.dtype.kind in "iu" else None
    ends = (limits.min, limits.max) if limits else (-np.inf, np.inf)
    border = fill(ends) if fill else 0
    batch = np.pad(batch, ((0, 0), *pads, (0, 0)), constant_values=border)
    out = np.stack([reduce(_windows(image, size, stride), axis=(-2, -1)) for image in batch])
    if grey:
        out = out[..., 0]
    return out[0] if single_image else out


def _layout(sizes, kernel, stride, padding):
    """Stride, padding and output size for the two axes: (sh, sw), ((t, b), (l, r)), (oh, ow)."""
    stride = _pair(stride, "stride", least=1)
    if not isinstance(padding, tuple | list | np.ndarray):
        padding = (padding, padding)
    elif [np.shape(ends) for ends in padding] != [(2,), (2,)]:
        raise ValueError(
            f"padding is {padding!r}; expected 'valid', 'same', one whole number, or "
            "((top, bottom), (left, right))."
        )
    pads, places = [], []
    for axis, size, window, step, given in zip(
        ("height", "width"), sizes, kernel, stride, padding, strict=True
    ):
        before, after = _padding_of_axis(given, size, window, step)
        pads.append((before, after))
        places.append(_places(size, window, step, before, after, axis=f"the {axis}"))
    return stride, tuple(pads), tuple(places)


def _places(size: int, kernel: int, stride: int, before: int, after: int, axis: str) -> int:
    padded = size + before + after
    if kernel > padded:
        padding = f" and {before} + {after} of padding" if before or after else ""
        raise ValueError(
            f"a window of {kernel} does not fit along {axis}: there are {size} pixels{padding}, "
            f"{kernel - padded} too few. Use a smaller window, more padding, or padding='same'."
        )
    return (padded - kernel) // stride + 1


def _padding_of_axis(padding: Any, size: int, kernel: int, stride: int) -> tuple[int, int]:
    if isinstance(padding, str):
        if padding.lower() == "valid":
            return 0, 0
        if padding.lower() == "same":
            return same_padding(size, kernel, stride)
        raise ValueError(f"padding is {padding!r}; expected 'valid', 'same' or whole numbers.")
    return _pair(padding, "padding", least=0)


def _pair(value: Any, name: str, least: int) -> tuple[int, int]:
    if not isinstance(value, tuple | list | np.ndarray):
        value = (value, value)
    if len(value) != 2:
        raise ValueError(f"{name} is {value!r}; expected one whole number or a pair of them.")
    return _whole(value[0], name, least), _whole(value[1], name, least)


def _whole(value: Any, name: str, least: int) -> int:
    try:
        number = index(value)
    except TypeError:
        raise ValueError(f"{name} is {value!r}; expected a whole number.") from None
    if number < least:
        raise ValueError(f"{name} is {number}; expected {least} or more.")
    return number


def _ones_or_more(**values: Any) -> list[int]:
    return [_whole(value, name, least=1) for name, value in values.items()]


def _numbers(values: Any, name: str) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} hold {array.dtype}; expected real numbers.")
    return array


def _of_2_to_4_axes(values: Any, name: str, axes: str, advice: str) -> Array:
    array = _numbers(values, name)
    if array.ndim not in (2, 3, 4):
        found = f"{name} have shape {array.shape}, {array.ndim} axes"
        raise ValueError(f"{found}; expected 2 (height, width), {axes}.")
    if 0 in array.shape:
        axis = array.shape.index(0)
        raise ValueError(f"{name} have shape {array.shape}: axis {axis} is empty{advice}.")
    return array[..., np.newaxis] if array.ndim == 2 else array


def _as_batch(images: Any) -> tuple[Array, bool]:
    """Images as (N, H, W, C), and whether N was added."""
    axes = "3 (height, width, channels) or 4 (images, height, width, channels)"
    advice = ", so there is no pixel to read. Give at least one image of at least one pixel"
    batch = _of_2_to_4_axes(images, "images", axes, advice)
    if batch.dtype == bool:
        batch = batch.astype(np.uint8)
    return (batch[np.newaxis], True) if batch.ndim == 3 else (batch, False)


def _as_stack(kernels: Any) -> tuple[Array, bool]:
    """Kernels as (kh, kw, C, M), and whether M was added."""
    axes = "3 (height, width, channels in) or 4 (height, width, channels in, channels out)"
    stack = _of_2_to_4_axes(kernels, "kernels", axes, "")
    return (stack[..., np.newaxis], True) if stack.ndim == 3 else (stack, False)


def _as_bias(bias: Any, maps: int) -> Array:
    bias = _numbers(bias, "bias")
    if bias.ndim and bias.shape != (maps,):
        raise ValueError(
            f"bias has shape {bias.shape}, but there are {maps} kernel(s) on the last axis of "
            f"kernels: give one number, or one for each kernel, shape ({maps},)."
        )
    return bias


def _image_shape(shape: Any) -> tuple[int, int, int]:
    if not isinstance(shape, tuple | list | np.ndarray) or len(shape) != 3:
        raise ValueError(f"shape is {shape!r}; expected (height, width, channels) of one image.")
    return tuple(_whole(length, "shape", least=1) for length in shape)


def _depths(maps: int | None, channels: int, reads: Any) -> list[int]:
    """How many channels each map reads."""
    if reads is None:
        if maps is None:
            raise ValueError("give maps, the number of kernels, or reads, the channels of each.")
        return [channels] * _whole(maps, "maps", least=1)
    if maps is not None and maps != len(reads):
        raise ValueError(f"maps is {maps}, but reads lists the channels of {len(reads)} map(s).")
    for number, row in enumerate(reads):
        if not set(row) <= set(range(channels)) or len(set(row)) != len(row) or not row:
            raise ValueError(
                f"map {number} reads {row!r}; expected different channels from 0 to {channels - 1}."
            )
    return [len(row) for row in reads]
