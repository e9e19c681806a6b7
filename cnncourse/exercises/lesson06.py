"""The exercises of lesson 06: sizes, strides, two helpers, and the count of an Inception module."""

from cnncourse.exercises import Exercise, Mistake

import numpy as np

_random = np.random.default_rng(6)


def _numbers(*shape):
    """Whole numbers from -3 to 3, as floats: easy to read in a message."""
    return _random.integers(-3, 4, shape).astype(np.float32)


_TENSORFLOW = "import tensorflow as tf"

EXERCISES = (
    Exercise(
        name="06/same_size",
        task='Write `same_size(size, kernel, stride)`: the number of outputs with padding "SAME".',
        hints=(
            'With stride 1, "SAME" gives as many outputs as there are pixels, whatever the kernel.',
            "With stride 2 every second place remains, the first included: of 7 places, 0, 2, 4 "
            "and 6.",
            "Divide and round up: `math.ceil(size / stride)`, or `-(-size // stride)`.",
        ),
        solution="""
            def same_size(size, kernel, stride):
                return -(-size // stride)
        """,
        right=(
            "import math\ndef same_size(size, kernel, stride): return math.ceil(size / stride)",
            "def same_size(size, kernel, stride): return (size - 1) // stride + 1",
            "def same_size(size, kernel, stride): return int(np.ceil(size / stride))",
        ),
        mistakes=(
            Mistake(
                code="def same_size(size, kernel, stride): return (size - kernel) // stride + 1",
                message='This is the size of "VALID", where the kernel stays on the image. "SAME" '
                "adds zeros, as many as the kernel needs, so the kernel does not count.",
            ),
            Mistake(
                code="def same_size(size, kernel, stride): return size // stride",
                message="This rounds down. The kernel stops at 0, stride, 2 · stride, ... up to "
                "the last pixel, and the first place counts too: the quotient is rounded up.",
            ),
            Mistake(
                code="def same_size(size, kernel, stride): return size",
                message='"SAME" keeps the size only where the stride is 1. A stride of 2 leaves '
                "every second place.",
            ),
            Mistake(
                code="def same_size(size, kernel, stride): return size / stride",
                message="There is no part of a pixel: where the division leaves a rest, round up.",
            ),
            Mistake(
                code="def same_size(size, kernel, stride): return size // stride + 1",
                message="One too many where the stride divides the size: 28 pixels with stride 2 "
                "have places 0, 2, ..., 26, which are 14.",
            ),
        ),
        cases=((6, 3, 1), (28, 5, 2), (7, 3, 2), (15, 5, 2), (10, 1, 3), (224, 7, 2)),
        shows='"SAME" depends on the size and the stride, and not on the kernel.',
    ),
    Exercise(
        name="06/strides_list",
        task="Write `strides_list(down, across)`: the four strides of a kernel that moves `down` "
        "pixels down and `across` pixels across.",
        hints=(
            "One number an axis, in the order of the images: [batch, height, width, channels].",
            "No image and no channel is to be skipped: the first and the last are 1.",
            "Down is along the height, across along the width: `[1, down, across, 1]`.",
        ),
        solution="""
            def strides_list(down, across):
                return [1, down, across, 1]
        """,
        right=("strides_list = lambda down, across: (1, down, across, 1)",),
        mistakes=(
            Mistake(
                code="def strides_list(down, across): return [down, across]",
                message="These are the two numbers in the middle. The list has one number for each "
                "axis of the images, and those are four.",
            ),
            Mistake(
                code="def strides_list(down, across): return [1, across, down, 1]",
                message="Height comes before width in [batch, height, width, channels]: the step "
                "down stands first.",
            ),
            Mistake(
                code="def strides_list(down, across): return [1, 1, down, across]",
                message="This is the order with channels first, [batch, channels, height, width]. "
                "Here the channels come last.",
            ),
            Mistake(
                code="def strides_list(down, across): return [down, across, 1, 1]",
                message="The first number is for the batch: this would skip whole images. Height "
                "and width are the second and the third axis.",
            ),
            Mistake(
                code="def strides_list(down, across): return [down, down, across, across]",
                message="The first and the last number are for batch and channels, of which none "
                "is to be skipped: they are 1.",
            ),
        ),
        cases=((2, 3), (1, 1), (4, 2)),
        shows="One number an axis; 1 for the batch and for the channels.",
    ),
    Exercise(
        name="06/conv2d",
        task="Write `conv2d(images, kernels, bias, stride)`: a SAME convolution, the bias, ReLU.",
        hints=(
            "Three functions of `tf.nn`, one after the other: `conv2d`, `bias_add`, `relu`.",
            'The convolution takes `strides=[1, stride, stride, 1]` and `padding="SAME"`.',
            "Add the bias before ReLU: `tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(...), bias))`.",
        ),
        solution="""
            def conv2d(images, kernels, bias, stride):
                strides = [1, stride, stride, 1]
                maps = tf.nn.conv2d(images, kernels, strides=strides, padding="SAME")
                return tf.nn.relu(tf.nn.bias_add(maps, bias))
        """,
        right=(
            "def conv2d(images, kernels, bias, stride):\n"
            '    return tf.maximum(tf.nn.conv2d(images, kernels, stride, "SAME") + bias, 0)',
        ),
        mistakes=(
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return tf.nn.bias_add(maps, bias)
                """,
                message="ReLU is missing: there are negative numbers in the result.",
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return tf.nn.bias_add(tf.nn.relu(maps), bias)
                """,
                message="ReLU comes before the bias here. The bias then moves the zeros, too, "
                "instead of deciding what becomes a zero: add it first.",
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return tf.nn.relu(maps)
                """,
                message="The bias is missing: one number a map, added before ReLU.",
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "VALID")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message='This pads with "VALID", which loses the border. "SAME" is asked for.',
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, 1, 1, 1], "SAME")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message="The stride is not used: the kernel moves one pixel whatever `stride` is.",
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, 1, 1], "SAME")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message="The stride is used for the height alone; the width is the third number of "
                "the list.",
            ),
        ),
        cases=(
            (_numbers(1, 4, 4, 1), _numbers(3, 3, 1, 2), np.float32([1, -2]), 1),
            (_numbers(2, 5, 5, 3), _numbers(3, 3, 3, 4), np.float32([0, 1, -1, 2]), 2),
        ),
        setup=_TENSORFLOW,
        seconds=20,
        shows="Three functions make what Keras calls a Conv2D layer with an activation.",
    ),
    Exercise(
        name="06/maxpool2d",
        task="Write `maxpool2d(images, k)`: the largest of each k×k window, padding SAME.",
        hints=(
            "`tf.nn.max_pool2d` takes the window `ksize` and the `strides`, four numbers each.",
            "Windows touch where the stride is as long as the window.",
            'Both lists are `[1, k, k, 1]`, with `padding="SAME"`.',
        ),
        solution="""
            def maxpool2d(images, k):
                window = [1, k, k, 1]
                return tf.nn.max_pool2d(images, ksize=window, strides=window, padding="SAME")
        """,
        right=('maxpool2d = lambda images, k: tf.nn.max_pool2d(images, k, k, "SAME")',),
        mistakes=(
            Mistake(
                code="def maxpool2d(images, k): "
                'return tf.nn.max_pool2d(images, [1, k, k, 1], [1, 1, 1, 1], "SAME")',
                message="These windows overlap: with a stride of 1 the maps keep their size. The "
                "stride is to be as long as the window.",
            ),
            Mistake(
                code="def maxpool2d(images, k): "
                'return tf.nn.max_pool2d(images, [1, k, k, 1], [1, k, k, 1], "VALID")',
                message='This pads with "VALID", which leaves out the last row and column where '
                "k does not divide the size.",
            ),
            Mistake(
                code="def maxpool2d(images, k): "
                'return tf.nn.avg_pool2d(images, [1, k, k, 1], [1, k, k, 1], "SAME")',
                message="This is the mean of each window; the largest value is asked for.",
            ),
            Mistake(
                code="def maxpool2d(images, k): "
                'return tf.nn.max_pool2d(images, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")',
                message="The window is 2×2 whatever `k` is.",
            ),
        ),
        cases=((_numbers(1, 4, 4, 1), 2), (_numbers(2, 7, 7, 2), 3), (_numbers(1, 5, 5, 2), 2)),
        setup=_TENSORFLOW,
        seconds=20,
        shows="Window and stride are equal, so each value is read once.",
    ),
    Exercise(
        name="06/count_inception",
        task="Write `count_inception(depth, ones, reduce3, threes, reduce5, fives, project)`: the "
        "number of parameters of an Inception module with bottlenecks.",
        hints=(
            "Six convolutions. Each has (kernel height · kernel width · channels in + 1) · maps.",
            "All four branches read `depth` channels, but the 3×3 convolution reads the `reduce3` "
            "maps of its bottleneck, and the 5×5 the `reduce5` of its own.",
            "Pooling has no parameters and leaves `depth` channels for its 1×1 convolution: "
            "`(depth + 1) * project`. The 3×3 has `(9 * reduce3 + 1) * threes`.",
        ),
        solution="""
            def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                reading_the_input = (depth + 1) * (ones + reduce3 + reduce5 + project)
                return reading_the_input + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
        """,
        right=(
            """
            def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                def convolution(kernel, channels, maps):
                    return kernel * kernel * channels * maps + maps
                return (
                    convolution(1, depth, ones)
                    + convolution(1, depth, reduce3) + convolution(3, reduce3, threes)
                    + convolution(1, depth, reduce5) + convolution(5, reduce5, fives)
                    + convolution(1, depth, project)
                )
            """,
        ),
        mistakes=(
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = depth * (ones + reduce3 + reduce5 + project)
                        return first + 9 * reduce3 * threes + 25 * reduce5 * fives
                """,
                message="These are the weights. Each map of each convolution has a bias, too.",
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * depth + 1) * threes + (25 * depth + 1) * fives
                """,
                message="Here the 3×3 and the 5×5 convolution read all `depth` channels. They read "
                "the maps of their bottlenecks: that is what a bottleneck is for.",
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message="The 1×1 convolution after the pooling is missing: `project` maps, each "
                "reading all `depth` channels.",
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message="The two bottlenecks themselves are missing: 1×1 convolutions with "
                "`reduce3` and `reduce5` maps, each reading all `depth` channels.",
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (3 * reduce3 + 1) * threes + (5 * reduce5 + 1) * fives
                """,
                message="A 3×3 kernel has 9 weights a channel and a 5×5 kernel 25: the sides are "
                "multiplied.",
            ),
        ),
        cases=(
            (4, 1, 2, 3, 1, 2, 1),
            (192, 64, 96, 128, 16, 32, 32),
            (256, 128, 128, 192, 32, 96, 64),
        ),
        shows="163,696 for the first module of GoogLeNet: fewer than half of what the same module "
        "takes without bottlenecks.",
    ),
)
