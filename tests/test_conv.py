"""cnncourse.conv against SciPy, TensorFlow and the counts that were published."""

import re

from cnncourse import conv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

few = settings(max_examples=40, deadline=None, derandomize=True)


def random_array(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@st.composite
def convolutions(draw):
    """Images, kernels, bias, stride and padding that fit each other."""
    number, channels, maps = (draw(st.integers(1, 3)) for _ in range(3))
    kernel = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    size = draw(st.integers(kernel[0], 9)), draw(st.integers(kernel[1], 9))
    stride = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    pad = st.tuples(st.integers(0, 3), st.integers(0, 3))
    padding = draw(st.sampled_from(["valid", "same"]) | st.tuples(pad, pad))
    seed = draw(st.integers(0, 999))
    images = random_array(seed, number, *size, channels)
    kernels = random_array(seed + 1, *kernel, channels, maps)
    return images, kernels, random_array(seed + 2, maps), stride, padding


@st.composite
def poolings(draw):
    """Images, window, stride and padding name that fit each other."""
    size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    shape = (2, draw(st.integers(size[0], 8)), draw(st.integers(size[1], 8)), 3)
    stride = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    padding = draw(st.sampled_from(["valid", "same"]))
    return random_array(draw(st.integers(0, 999)), *shape), size, stride, padding


# Sizes ------------------------------------------------------------------------------------------


@few
@given(st.integers(1, 20), st.integers(1, 6), st.integers(1, 5), st.integers(0, 4), st.data())
def test_output_size_counts_the_places_of_a_window(size, kernel, stride, before, data):
    after = data.draw(st.integers(max(0, kernel - size - before), 6))
    starts = range(0, size + before + after - kernel + 1, stride)
    assert conv.output_size(size, kernel, stride, (before, after)) == len(starts)
    assert conv.output_size(size, kernel, stride, "same") == len(range(0, size, stride))


def test_output_size_of_known_layers():
    assert conv.output_size(28, 5) == 24
    assert conv.output_size(28, 3, padding="same") == 28
    assert conv.output_size(28, 5, padding=2) == 28
    assert conv.output_size(224, 7, stride=2, padding=3) == 112
    assert conv.same_padding(28, 2, 2) == (0, 0)
    assert conv.same_padding(7, 2, 2) == (0, 1)  # the odd pixel goes to the far end
    assert conv.same_padding(10, 3) == (1, 1)  # with a stride of 1


# Convolution ------------------------------------------------------------------------------------


@few
@given(convolutions())
def test_conv2d_equals_tensorflow(case):
    import tensorflow as tf

    images, kernels, bias, stride, padding = case
    given_to_tf = padding.upper() if isinstance(padding, str) else ((0, 0), *padding, (0, 0))
    expected = tf.nn.conv2d(images, kernels, (1, *stride, 1), given_to_tf) + bias
    found = conv.conv2d(images, kernels, bias, stride, padding)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@few
@given(convolutions())
def test_conv2d_equals_scipy_one_channel_at_a_time(case):
    images, kernels, _, (down, across), _ = case
    expected = sum(
        signal.correlate(images[0, :, :, c], kernels[:, :, c, 0], mode="valid", method="direct")
        for c in range(images.shape[-1])
    )
    found = conv.conv2d(images, kernels, stride=(down, across))[0, ..., 0]
    np.testing.assert_allclose(found, expected[::down, ::across], rtol=1e-5, atol=1e-5)


def test_conv2d_worked_by_hand():
    image = [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
    kernel = [[1, 0, 1], [0, 1, 0], [1, 0, 1]]
    expected = [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    assert conv.conv2d(image, kernel).tolist() == expected
    assert conv.conv2d(image, kernel, bias=-2).tolist() == (np.array(expected) - 2).tolist()


def test_conv2d_does_not_flip_the_kernel():
    assert conv.conv2d([[1, 2, 3]], [[10, 1]]).tolist() == [[12, 23]]


def test_conv2d_leaves_out_the_axes_that_were_left_out():
    grey, colour, batch = np.ones((6, 5)), np.ones((6, 5, 3)), np.ones((2, 6, 5, 3))
    assert conv.conv2d(grey, np.ones((3, 3))).shape == (4, 3)
    assert conv.conv2d(grey, np.ones((3, 3, 1, 7))).shape == (4, 3, 7)
    assert conv.conv2d(colour, np.ones((3, 3, 3))).shape == (4, 3)
    assert conv.conv2d(colour, np.ones((3, 3, 3, 7))).shape == (4, 3, 7)
    assert conv.conv2d(batch, np.ones((3, 3, 3))).shape == (2, 4, 3)
    assert conv.conv2d(batch, np.ones((3, 3, 3, 7))).shape == (2, 4, 3, 7)


def test_conv2d_of_small_integers_does_not_overflow():
    assert conv.conv2d(np.full((3, 3), 255, np.uint8), np.ones((3, 3), np.uint8)) == 9 * 255
    assert conv.conv2d(np.ones((3, 3), bool), np.ones((3, 3))) == 9


# Pooling ----------------------------------------------------------------------------------------


@few
@given(poolings())
def test_pooling_equals_tensorflow(case):
    import tensorflow as tf

    images, size, stride, padding = case
    arguments = (size, stride, padding.upper())
    for found, expected in (
        (conv.max_pool2d, tf.nn.max_pool2d(images, *arguments)),
        (conv.average_pool2d, tf.nn.avg_pool2d(images, *arguments)),
        (conv.min_pool2d, -tf.nn.max_pool2d(-images, *arguments)),
    ):
        result = found(images, size, stride, padding)
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5)


def test_pooling_worked_by_hand():
    image = np.array([[1, 0, 2, 3], [4, 6, 6, 8], [3, 1, 1, 0], [1, 2, 2, 4]], np.uint8)
    assert conv.max_pool2d(image).tolist() == [[6, 8], [3, 4]]
    assert conv.min_pool2d(image).tolist() == [[0, 2], [1, 0]]
    assert conv.average_pool2d(image).tolist() == [[2.75, 4.75], [1.75, 1.75]]
    assert conv.max_pool2d(image).dtype == np.uint8
    assert conv.max_pool2d(image, 3, 1).shape == (2, 2)


def test_padding_never_wins_a_pool():
    image = np.array([[-5, -7], [-6, -8]], np.int8)
    assert conv.max_pool2d(image, 2, 2, padding=1).tolist() == [[-5, -7], [-6, -8]]
    assert conv.min_pool2d(-image, 2, 2, padding=1).tolist() == [[5, 7], [6, 8]]
    assert conv.average_pool2d(image, 2, 2, padding=1).tolist() == [[-5, -7], [-6, -8]]
    pixels = np.array([[251, 252], [253, 254]], np.uint8)
    assert conv.min_pool2d(pixels, 2, 2, padding=1).tolist() == pixels.tolist()
    assert conv.min_pool2d(pixels, 2, 2, padding=1).dtype == np.uint8


# Counts -----------------------------------------------------------------------------------------

C3_READS = (
    [[(first + i) % 6 for i in range(3)] for first in range(6)]
    + [[(first + i) % 6 for i in range(4)] for first in range(6)]
    + [[0, 1, 3, 4], [1, 2, 4, 5], [0, 2, 3, 5], [0, 1, 2, 3, 4, 5]]
)


def test_counts_of_lenet5_as_published():
    c1 = conv.count_conv2d((32, 32, 1), 5, 6)
    s2 = conv.count_pool2d(c1.output, trainable=True)
    c3 = conv.count_conv2d(s2.output, 5, reads=C3_READS)
    s4 = conv.count_pool2d(c3.output, trainable=True)
    c5 = conv.count_conv2d(s4.output, 5, 120)
    f6 = conv.count_dense(120, 84)
    codes = conv.count_dense(84, 10, bias=False)
    assert [layer.output for layer in (c1, s2, c3, s4, c5, f6)] == [
        (28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120), (84,)
    ]  # fmt: skip
    layers = (c1, s2, c3, s4, c5, f6)
    assert [layer.parameters for layer in layers] == [156, 12, 1_516, 32, 48_120, 10_164]
    connections = [layer.connections for layer in (*layers, codes)]
    assert connections == [122_304, 5_880, 151_600, 2_000, 48_120, 10_164, 840]
    assert sum(layer.parameters for layer in layers) == 60_000
    assert sum(connections) == 340_908
    assert conv.count_conv2d(s2.output, 5, 16).parameters == 2_416


def network(shape, *layers):
    """Parameters of a chain of layers: (kernel, maps[, padding]), "pool", or a number of units."""
    counts = []
    for layer in layers:
        if layer == "pool":
            counts.append(conv.count_pool2d(shape))
        elif isinstance(layer, int):
            counts.append(conv.count_dense(int(np.prod(shape)), layer))
        else:
            kernel, maps, *padding = layer
            counts.append(conv.count_conv2d(shape, kernel, maps, 1, *padding))
        shape = counts[-1].output
    return [count.parameters for count in counts]


@pytest.mark.parametrize(
    ("shape", "layers", "parameters"),
    [
        ((28, 28, 1), (16, 8, 10), 12_786),
        ((28, 28, 1), ((4, 32), "pool", 16, 8, 10), 74_514),
        ((28, 28, 1), ((3, 8), "pool", 28, 10), 38_254),
        (
            (28, 28, 1),
            ((3, 6, "same"), "pool", (5, 16), "pool", (5, 120), 84, 10),
            61_610,
        ),
        ((32, 32, 3), ((4, 32), "pool", (4, 32), "pool", 256, 10), 225_610),
        ((28, 28, 1), ((5, 6), "pool", (5, 16), "pool", 120, 84, 10), 44_426),
        (
            (28, 28, 1),
            ((5, 32, "same"), "pool", (5, 64, "same"), "pool", 1_024, 10),
            3_274_634,
        ),
        ((64, 64, 3), ((3, 32), "pool", 128, 1), 3_937_409),
    ],
)
def test_parameters_of_the_networks_in_the_lessons(shape, layers, parameters):
    assert sum(network(shape, *layers)) == parameters


@few
@given(convolutions())
def test_counts_follow_the_loops(case):
    images, kernels, _, stride, padding = case
    counts = conv.count_conv2d(
        images.shape[1:], kernels.shape[:2], kernels.shape[3], stride, padding
    )
    out = conv.conv2d(images[0], kernels, 0, stride, padding)
    assert counts.output == out.shape
    assert counts.multiply_adds == out.size * kernels[..., 0].size
    assert counts.connections == counts.multiply_adds + out.size
    assert counts.parameters == kernels.size + kernels.shape[-1]


@few
@given(poolings())
def test_counts_of_a_pooling_follow_the_loops(case):
    images, size, stride, padding = case
    out = conv.max_pool2d(images[0], size, stride, padding)
    fixed = conv.count_pool2d(images.shape[1:], size, stride, padding)
    assert fixed == (out.shape, 0, out.size * size[0] * size[1], 0)
    learned = conv.count_pool2d(images.shape[1:], size, stride, padding, trainable=True)
    assert learned.output == out.shape
    assert learned.parameters == 2 * images.shape[-1]
    assert learned.connections == fixed.connections + out.size
    assert learned.multiply_adds == out.size


def test_counts_without_a_bias_and_with_only_some_channels():
    assert conv.count_dense(7, 3) == ((3,), 24, 24, 21)
    assert conv.count_dense(7, 3, bias=False) == ((3,), 21, 21, 21)
    assert conv.count_conv2d((6, 5, 2), 3, 4, bias=False) == ((4, 3, 4), 72, 864, 864)
    some = conv.count_conv2d((6, 5, 3), (2, 3), reads=[[0], [2, 1]])
    assert some == ((5, 3, 2), 18 + 2, 20 * 15, 18 * 15)
    assert conv.count_conv2d((6, 5, 3), (2, 3), 2, reads=[[0], [2, 1]]) == some


# Wrong input ------------------------------------------------------------------------------------

image, kernel = np.ones((5, 6)), np.ones((3, 3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conv.conv2d(np.ones((5, 6, 3)), np.ones((3, 3, 4, 1))), "3 channel.* 4 deep"),
        (lambda: conv.conv2d(np.ones((5, 6, 3)), kernel), "3 channel.* 1 deep"),
        (lambda: conv.conv2d(image, np.ones((6, 3))), "window of 6 .*height.* 5 pixels, 1 too"),
        (lambda: conv.conv2d(image, np.ones((3, 9)), padding=1), "width.*6 pixels and 1 . 1"),
        (lambda: conv.conv2d(np.ones(5), kernel), "1 axes; expected 2"),
        (lambda: conv.conv2d(image, np.ones(3)), "kernels .*1 axes; expected 2"),
        (lambda: conv.conv2d(np.ones((0, 5, 5, 1)), kernel), "axis 0 is empty"),
        (lambda: conv.conv2d(image, np.ones((3, 3, 1, 2)), bias=[1, 2, 3]), "bias .* 2 kernel"),
        (lambda: conv.conv2d(image, kernel, stride=0), "stride is 0; expected 1"),
        (lambda: conv.conv2d(image, kernel, stride=1.5), "stride is 1.5; expected a whole"),
        (lambda: conv.conv2d(image, kernel, stride=(1, 1, 1)), "stride .* a pair"),
        (lambda: conv.conv2d(image, kernel, padding="full"), "'full'; expected 'valid'"),
        (lambda: conv.conv2d(image, kernel, padding=-1), "padding is -1"),
        (lambda: conv.conv2d(image, kernel, padding=(1, 2)), "top, bottom"),
        (lambda: conv.conv2d(image, kernel, padding=((1, 2), 3)), "top, bottom"),
        (lambda: conv.conv2d([["a"]], kernel), "images hold <U1"),
        (lambda: conv.max_pool2d(image, 7), "window of 7 .*height"),
        (lambda: conv.max_pool2d(image, 2, padding=2), "without a single pixel"),
        (lambda: conv.output_size(4, 5), "1 too few"),
        (lambda: conv.output_size(0, 1), "size is 0"),
        (lambda: conv.count_conv2d((28, 28), 3, 8), "expected .height, width, channels"),
        (lambda: conv.count_conv2d((28, 28, 1), 3), "give maps"),
        (lambda: conv.count_conv2d((9, 9, 2), 3, reads=[[0], [2]]), "map 1 reads"),
        (lambda: conv.count_conv2d((9, 9, 2), 3, 3, reads=[[0], [1]]), "maps is 3"),
    ],
)
def test_what_does_not_fit_says_where_and_why(call, message):
    with pytest.raises(ValueError, match=message):
        call()


FITS_NOT = "Use a smaller window, more padding, or padding='same'."


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: conv.output_size(3, 7, padding=(1, 0)),
            "a window of 7 does not fit along this axis: there are 3 pixels and 1 + 0 of padding, "
            f"3 too few. {FITS_NOT}",
        ),
        (
            lambda: conv.output_size(3, 7, padding=(0, 2)),
            "a window of 7 does not fit along this axis: there are 3 pixels and 0 + 2 of padding, "
            f"2 too few. {FITS_NOT}",
        ),
        (
            lambda: conv.conv2d(np.ones((9, 4)), np.ones((3, 6))),
            "a window of 6 does not fit along the width: there are 4 pixels, 2 too few. "
            + FITS_NOT,
        ),
        (
            lambda: conv.max_pool2d(image, (2, 3), padding=((0, 1), (3, 4))),
            "padding of 4 on the width leaves windows of 3 without a single pixel of the image: "
            "pad by at most 2.",
        ),
        (
            lambda: conv.max_pool2d(image, 2, padding=((1, 2), (1, 1))),
            "padding of 2 on the height leaves windows of 2 without a single pixel of the image: "
            "pad by at most 1.",
        ),
        (
            lambda: conv.count_conv2d((9, 9, 4), 3, reads=[[0, 3], [1, 4]]),
            "map 1 reads [1, 4]; expected different channels from 0 to 3.",
        ),
        (
            lambda: conv.count_conv2d((9, 9, 4), 3, reads=[[2, 2]]),
            "map 0 reads [2, 2]; expected different channels from 0 to 3.",
        ),
        (
            lambda: conv.count_conv2d((9, 9, 4), 3, reads=[[]]),
            "map 0 reads []; expected different channels from 0 to 3.",
        ),
        (
            lambda: conv.count_conv2d((9, 9, 4), 3, 3, reads=[[0], [1]]),
            "maps is 3, but reads lists the channels of 2 map(s).",
        ),
        (
            lambda: conv.conv2d(np.ones((5, 6, 3)), np.ones((2, 3, 4, 1))),
            "images have 3 channel(s) on their last axis (shape (5, 6, 3)), but the kernels are 4 "
            "deep on axis 2 (shape (2, 3, 4, 1)). A kernel has the depth of its input: give "
            "kernels of shape (2, 3, 3, number of kernels).",
        ),
        (
            lambda: conv.conv2d(np.ones((5, 0)), kernel),
            "images have shape (5, 0): axis 1 is empty, so there is no pixel to read. Give at "
            "least one image of at least one pixel.",
        ),
        (
            lambda: conv.conv2d(image, np.ones((3, 0))),
            "kernels have shape (3, 0): axis 1 is empty.",
        ),
        (
            lambda: conv.conv2d(image, np.ones((3, 3, 1, 2)), bias=np.ones((1, 2))),
            "bias has shape (1, 2), but there are 2 kernel(s) on the last axis of kernels: give "
            "one number, or one for each kernel, shape (2,).",
        ),
        (
            lambda: conv.conv2d(np.ones(5), kernel),
            "images have shape (5,), 1 axes; expected 2 (height, width), 3 (height, width, "
            "channels) or 4 (images, height, width, channels).",
        ),
        (
            lambda: conv.conv2d(image, np.ones((1, 1, 1, 1, 1))),
            "kernels have shape (1, 1, 1, 1, 1), 5 axes; expected 2 (height, width), 3 (height, "
            "width, channels in) or 4 (height, width, channels in, channels out).",
        ),
        (lambda: conv.conv2d(image, kernel, bias="1"), "bias hold <U1; expected real numbers."),
        (lambda: conv.conv2d(image, kernel, stride=(1, 0)), "stride is 0; expected 1 or more."),
        (lambda: conv.conv2d(image, kernel, padding=-1), "padding is -1; expected 0 or more."),
        (lambda: conv.max_pool2d(image, 0), "size is 0; expected 1 or more."),
        (lambda: conv.count_pool2d((5, 6, 1), 0), "size is 0; expected 1 or more."),
        (lambda: conv.count_pool2d((5, 0, 1)), "shape is 0; expected 1 or more."),
        (lambda: conv.count_conv2d((5, 6, 1), (0, 1), 1), "kernel is 0; expected 1 or more."),
        (lambda: conv.count_conv2d((5, 6, 1), 3, 0), "maps is 0; expected 1 or more."),
        (lambda: conv.count_dense(0, 1), "inputs is 0; expected 1 or more."),
        (lambda: conv.count_dense(1, 0), "outputs is 0; expected 1 or more."),
        (lambda: conv.output_size(1, 0), "kernel is 0; expected 1 or more."),
        (lambda: conv.output_size(1, 1, 0), "stride is 0; expected 1 or more."),
        (lambda: conv.same_padding(0, 1), "size is 0; expected 1 or more."),
        (lambda: conv.same_padding(1, 0), "kernel is 0; expected 1 or more."),
        (lambda: conv.same_padding(1, 1, 0), "stride is 0; expected 1 or more."),
    ],
)
def test_the_numbers_in_the_messages_are_those_of_the_input(call, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        call()


def test_what_is_just_large_enough_fits():
    assert conv.output_size(1, 1) == 1
    assert conv.same_padding(5, 4) == (1, 2)
    assert conv.output_size(3, 6, padding=(1, 2)) == 1
    assert conv.conv2d(np.ones((1, 1)), np.ones((1, 1)), padding=0).tolist() == [[1]]
    assert conv.max_pool2d([[3]], 1).tolist() == [[3]]
    assert conv.count_dense(1, 1).parameters == 2
    assert conv.output_size(5, 3, padding="SAME") == 5
    assert conv.output_size(5, 3, padding="VALID") == 3
    assert conv.conv2d(image, kernel, padding=[[0, 1], [2, 3]]).shape == (4, 9)
    assert conv.conv2d(image, kernel, stride=np.array([2, 3])).shape == (2, 2)


def test_the_result_is_as_wide_as_its_input():
    wide, narrow = np.ones((3, 3)), np.ones((3, 3), np.float32)
    assert conv.conv2d(wide, narrow).dtype == np.float64
    assert conv.conv2d(narrow, narrow).dtype == np.float32
    assert conv.conv2d(narrow.astype(np.float16), narrow.astype(np.float16)).dtype == np.float32
    assert conv.average_pool2d(np.ones((2, 2), np.uint8)).dtype == np.float32
    assert conv.average_pool2d(wide).dtype == np.float64
    assert conv.average_pool2d(np.ones((2, 2), bool)).tolist() == [[1]]
    assert conv.max_pool2d(np.eye(2, dtype=bool)).tolist() == [[1]]
