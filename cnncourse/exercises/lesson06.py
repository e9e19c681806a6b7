"""The exercises of lesson 06: sizes, strides, helpers, a training step, an Inception module."""

from cnncourse.exercises import Exercise, Mistake, _steps

import numpy as np

_random = np.random.default_rng(6)


def _numbers(*shape, random=_random):
    """Whole numbers from -3 to 3, as floats: easy to read in a message."""
    return random.integers(-3, 4, shape).astype(np.float32)


def _below_zero(*shape):
    """The same, all from -3 to -1: a 0 that padding puts beside them is larger."""
    return -1 - np.abs(_numbers(*shape)) % 3


def _draw_same_size(random):
    return tuple(int(random.integers(*bounds)) for bounds in ((1, 40), (1, 9), (1, 5)))


def _draw_conv2d(random):
    batch, height, width, depth, maps = (int(n) for n in random.integers(1, 9, 5))
    side, stride = int(random.integers(1, 6)), int(random.integers(1, 4))
    images = _numbers(batch, height, width, depth, random=random)
    kernels = _numbers(side, side, depth, maps, random=random)
    return images, kernels, _numbers(maps, random=random), stride


def _draw_maxpool2d(random):
    batch, height, width, depth = (int(n) for n in random.integers(1, 9, 4))
    return _numbers(batch, height, width, depth, random=random) - 2, int(random.integers(2, 5))


_TENSORFLOW = "import numpy as np\nimport tensorflow as tf"
_MEAN_LOSS = f"""
{_TENSORFLOW}
def mean_loss(logits, labels):
    each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return tf.reduce_mean(each)
"""


def _train_step(
    forward="loss = mean_loss(network(images, training=True), labels)",
    after="",
    update="velocity.assign(momentum * velocity + gradient)",
    move="variable.assign_sub(rate * velocity)",
    end="return loss",
):
    """A training step, of which some lines are not those of the solution."""
    return f"""
def train_step(network, images, labels, rate, momentum):
    variables = network.trainable_variables
    with tf.GradientTape() as tape:
        {forward}
    {after}
    gradients = tape.gradient(loss, variables)
    for variable, velocity, gradient in zip(variables, network.velocities, gradients):
        {update}
        {move}
    {end}
"""


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
                code="""
                    def same_size(size, kernel, stride):
                        return (size + 2 * (kernel // 2) - kernel) // stride + 1
                """,
                message=(
                    'This pads half a kernel on both sides, which is what "SAME" comes to for '
                    "kernels of odd sides alone. With an even one it gives one output too many "
                    "where the stride divides the size: the kernel does not count at all."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size + 2 * ((kernel - 1) // 2) - kernel) // stride + 1
                """,
                message=(
                    "This pads `(kernel - 1) // 2` on both sides, which is one zero too few for "
                    'an even kernel. "SAME" pads as many as are needed, on one side more than on '
                    "the other if need be: the kernel does not count."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size + kernel - 1) // stride
                """,
                message=(
                    "This divides the padded size and rounds down. What counts is how many steps "
                    "of `stride` begin on the pixels: the size divided by the stride, rounded up."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size + 2 * kernel - kernel) // stride + 1
                """,
                message=(
                    "This pads a whole kernel on both sides, so there are places where the kernel"
                    ' lies outside of the pixels. "SAME" leaves as many places as there are '
                    "pixels, and of those every `stride`-th."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size + 2 - kernel) // stride + 1
                """,
                message=(
                    "This pads one zero on both sides, which is right for a kernel of 3 alone. "
                    '"SAME" pads as many as the kernel needs, so the kernel does not count.'
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return round(size / stride)
                """,
                message=(
                    "This rounds to the nearest. A rest, however small, holds one more place for "
                    "the kernel: round up."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return size * stride
                """,
                message=("This grows with the stride. A longer step leaves fewer places: divide."),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return size // stride - 1
                """,
                message=("The place at 0 is missing here, and one more. Divide, and round up."),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return -(size // -stride) + 1
                """,
                message=(
                    "One too many: the size divided by the stride and rounded up has the place at"
                    " 0 in it."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return -(-size // kernel)
                """,
                message=(
                    "This divides by the kernel, as where windows lie side by side. The steps are"
                    " as long as the stride."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size - kernel + 1) // stride
                """,
                message=(
                    'This is the number of places of "VALID" divided by the stride. With "SAME" '
                    "the kernel does not count: the size is divided, and rounded up."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return -size // stride
                """,
                message=(
                    "The sign is wrong: a number below 0 counts nothing. `-(-size // stride)` "
                    "turns it, rounds down and turns it back."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size + kernel) // stride
                """,
                message=(
                    'The kernel is added here. With "SAME" it does not count at all: the size is '
                    "divided by the stride, and rounded up."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size + 1) // stride
                """,
                message=(
                    "This rounds up for a stride of 2 alone. For any stride it is `(size + stride"
                    " - 1) // stride`."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size + 1) // 2
                """,
                message=("This is the number for a stride of 2, whatever `stride` is."),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return (size - 1) // stride
                """,
                message=(
                    "One too few: the first place stands at 0, and after it come `(size - 1) // "
                    "stride` steps."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return size if stride == 1 else size // 2
                """,
                message=(
                    "This knows two strides alone, and rounds down for the second. Divide by "
                    "`stride` and round up."
                ),
            ),
            Mistake(
                code="""
                    def same_size(size, kernel, stride):
                        return -size % stride
                """,
                message=(
                    "`%` is what is left over, here how far the size is from the next multiple. "
                    "How many steps there are is `//`."
                ),
            ),
            Mistake(
                code="def same_size(size, kernel, stride): return size // stride + 1",
                message="One too many where the stride divides the size: 28 pixels with stride 2 "
                "have places 0, 2, ..., 26, which are 14.",
            ),
        ),
        cases=(
            (6, 3, 1),
            (28, 5, 2),
            (7, 3, 2),
            (15, 5, 2),
            (10, 1, 3),
            (7, 2, 2),
            (8, 2, 2),
            (9, 4, 4),
            (3, 5, 2),
            (224, 7, 2),
        ),
        draw=_draw_same_size,
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
                code="""
                    def strides_list(down, across): return [1, down, down, 1]
                """,
                message=(
                    "This moves as far across as down. Across is the third number: the width is "
                    "the third axis."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [1, across, across, 1]
                """,
                message=(
                    "This moves as far down as across. Down is the second number: the height is "
                    "the second axis."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [1, down, across]
                """,
                message=(
                    "The channels are missing: they are the fourth axis, and none of them is "
                    "skipped."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [down, across, 1]
                """,
                message=("The batch is missing: it is the first axis, and no image is skipped."),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [0, down, across, 0]
                """,
                message=(
                    "A stride of 0 goes nowhere. Along batch and channels each place is visited, "
                    "one after the other: 1."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [2, down, across, 1]
                """,
                message=(
                    "The first number is for the batch: with more than 1 whole images would be "
                    "skipped."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [1, down, across, 2]
                """,
                message=(
                    "The last number is for the channels: with more than 1 some of them would be "
                    "skipped."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [[1, down, across, 1]]
                """,
                message=("There is a list in a list here. Four numbers are asked for, in one."),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [-1, down, across, -1]
                """,
                message=(
                    "-1 means 'as many as there are' for `reshape`, and nothing for a stride: 1 "
                    "visits each."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [1, down + 1, across + 1, 1]
                """,
                message=(
                    "A stride of 2 moves by two pixels: the numbers are those that come in, and "
                    "nothing is added."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across): return [None, down, across, None]
                """,
                message=(
                    "`None` stands for an unknown size in a shape. Strides are known: 1 visits "
                    "each image and each channel."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [down, 1, across, 1]
                """,
                message=("Down stands at the place of the batch. It is the height's, the second."),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [1, down, 1, across]
                """,
                message=(
                    "Across stands at the place of the channels. It is the width's, the third."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [1, across, 1]
                """,
                message=(
                    "Three numbers: the step down is missing. There is one for each of the four "
                    "axes."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [1, down, 1]
                """,
                message=(
                    "Three numbers: the step across is missing. There is one for each of the four"
                    " axes."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [down, 1, 1, across]
                """,
                message=(
                    "The steps stand at the places of batch and channels. Height and width are "
                    "the second and the third axis."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [1, 2, 2, 1]
                """,
                message=(
                    "These are the strides of 2 in both directions. The function gets the two "
                    "steps: use them."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [0, down, across, 1]
                """,
                message=(
                    "A stride of 0 along the batch would never reach the second image. Each is "
                    "visited: 1."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [1, down, across, 0]
                """,
                message=(
                    "A stride of 0 along the channels would never reach the second one. Each is "
                    "visited: 1."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [-1, down, across, 1]
                """,
                message=(
                    "A stride counts forwards. Along the batch it is 1: each image is visited."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return [1, down, across, -1]
                """,
                message=(
                    "A stride counts forwards. Along the channels it is 1: each of them is visited."
                ),
            ),
            Mistake(
                code="""
                    def strides_list(down, across):
                        return "[1, down, across, 1]"
                """,
                message=("This is a text, not a list: leave the quotation marks out."),
            ),
            Mistake(
                code="def strides_list(down, across): return [down, down, across, across]",
                message="The first and the last number are for batch and channels, of which none "
                "is to be skipped: they are 1.",
            ),
        ),
        cases=((2, 3), (1, 1), (4, 2)),
        draw=lambda random: tuple(int(step) for step in random.integers(1, 10, 2)),
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
            "import keras\ndef conv2d(images, kernels, bias, stride):\n"
            '    maps = keras.ops.conv(images, kernels, stride, "same")\n'
            "    return keras.ops.relu(maps + bias)",
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
                        maps = tf.nn.conv2d(images, kernels, 1, "SAME")[:, ::stride, ::stride]
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message=(
                    'The kernel stands at other places here than "SAME" puts it with this stride:'
                    " as many zeros stand before the first pixel as after the last, as with "
                    'stride 1. "SAME" adds no more zeros than its own places need, half of them '
                    "before, and fewer before than after where that does not come out even. Hand "
                    "the stride to `tf.nn.conv2d`."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        padded = tf.pad(images, [[0, 0], [1, 1], [1, 1], [0, 0]])
                        maps = tf.nn.conv2d(padded, kernels, stride, "VALID")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message=(
                    'One row and column of zeros on each side is "SAME" for kernels of 3 with '
                    'stride 1 alone. Let `padding="SAME"` find the number.'
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, 1, stride, 1], "SAME")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message=(
                    "The stride is used for the width alone; the height is the second number of "
                    "the list."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, 2, 2, 1], "SAME")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message=("The stride is 2 here whatever `stride` is."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [stride] * 4, "SAME")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message=(
                    "TensorFlow refuses to step over images or channels: the first and the last "
                    "of the four strides are 1."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return tf.nn.relu(tf.nn.bias_add(maps, -bias))
                """,
                message=("The bias is taken away here: it is to be added."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return tf.nn.relu(maps) + tf.nn.relu(bias)
                """,
                message=(
                    "ReLU is applied to the maps and to the bias, each by itself. Add the two, "
                    "and apply it to the sum."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return tf.nn.sigmoid(tf.nn.bias_add(maps, bias))
                """,
                message=(
                    "This ends in a sigmoid, which gives numbers from 0 to 1. ReLU is asked for: "
                    "what is below 0 becomes 0, the rest stays."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return tf.nn.leaky_relu(tf.nn.bias_add(maps, bias))
                """,
                message=("This keeps a part of what is below 0. ReLU makes 0 of it: `tf.nn.relu`."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return tf.nn.relu6(tf.nn.bias_add(maps, bias))
                """,
                message=(
                    "This cuts everything off above 6. Plain ReLU has no limit above: `tf.nn.relu`."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        return abs(tf.nn.bias_add(maps, bias))
                """,
                message=("This takes the sign off what is below 0. ReLU makes 0 of it."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        return tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                """,
                message=("Bias and ReLU are missing: this is the convolution alone."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, [1, stride, stride, 1], "SAME")
                        tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message=("Nothing came back (None): `return` is to stand before the last step."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, stride, "same")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message=(
                    '`tf.nn` wants its paddings in capitals: `"SAME"`. (Keras takes small letters.)'
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(kernels, images, [1, stride, stride, 1], "SAME")
                        return tf.nn.relu(tf.nn.bias_add(maps, bias))
                """,
                message=("Images and kernels are exchanged: the images come first."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, stride, "SAME")
                        return tf.nn.tanh(maps + bias)
                """,
                message=("This ends in tanh, which gives numbers from -1 to 1. ReLU is asked for."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, stride, "SAME")
                        return tf.nn.softmax(maps + bias)
                """,
                message=(
                    "This ends in softmax, which makes probabilities of the maps' values at each "
                    "place. ReLU is asked for."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, stride, "SAME")
                        return tf.nn.elu(maps + bias)
                """,
                message=(
                    "ELU lets a part of what is below 0 through. ReLU makes 0 of it: `tf.nn.relu`."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, stride, "SAME")
                        return tf.nn.relu(maps * bias)
                """,
                message=("The maps are multiplied by the bias. It is added to them."),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, stride, "SAME")
                        return tf.nn.relu(maps + bias[0])
                """,
                message=(
                    "The first bias is added to all maps. Each has its own: `maps + bias`, or "
                    "`tf.nn.bias_add`."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, stride, "SAME")
                        return tf.nn.relu(maps + tf.reduce_sum(bias))
                """,
                message=(
                    "The sum of all biases is added to every map. Each has its own: `maps + bias`."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels[::-1, ::-1], stride, "SAME")
                        return tf.nn.relu(maps + bias)
                """,
                message=(
                    "The kernels are turned by 180 degrees, as mathematics has it. In networks a "
                    "convolution does not turn them (lesson 01)."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, padding="SAME")
                        return tf.nn.relu(maps + bias)
                """,
                message=(
                    "One argument of `tf.nn.conv2d` is missing: it wants images, kernels, strides "
                    "and padding, none of which it guesses."
                ),
            ),
            Mistake(
                code="""
                    def conv2d(images, kernels, bias, stride):
                        maps = tf.nn.conv2d(images, kernels, stride, "SAME")
                        return tf.nn.relu(tf.nn.bias_add(bias, maps))
                """,
                message=("The arguments of `bias_add` are exchanged: the maps come first."),
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
            (_numbers(2, 6, 8, 2), _numbers(5, 5, 2, 3), np.float32([0, 1, -1]), 2),
        ),
        draw=_draw_conv2d,
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
                return tf.nn.max_pool2d(images, window, window, padding="SAME")
        """,
        right=(
            'maxpool2d = lambda images, k: tf.nn.max_pool2d(images, k, k, "SAME")',
            "import keras\n"
            'maxpool2d = lambda images, k: keras.layers.MaxPooling2D(k, padding="same")(images)',
        ),
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
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, k, 2, "SAME")
                """,
                message=(
                    "The stride is 2 whatever `k` is. Windows touch where the stride is as long "
                    "as the window."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, 2, k, "SAME")
                """,
                message=("The stride is `k`, and the window 2×2 whatever `k` is: both are `k`."),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        rows, columns = -images.shape[1] % k, -images.shape[2] % k
                        padded = tf.pad(images, [[0, 0], [0, rows], [0, columns], [0, 0]])
                        return tf.nn.max_pool2d(padded, k, k, "VALID")
                """,
                message=(
                    'Zeros are put below and on the right here. "SAME" puts its padding on both '
                    "sides, half of it before the first pixel, and a maximum pays no heed to it, "
                    "while a 0 wins over numbers below it."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        rows, columns = -images.shape[1] % k, -images.shape[2] % k
                        rows, columns = ([n // 2, n - n // 2] for n in (rows, columns))
                        padded = tf.pad(images, [[0, 0], rows, columns, [0, 0]])
                        return tf.nn.max_pool2d(padded, k, k, "VALID")
                """,
                message=(
                    "Zeros are put around here, and a 0 wins over numbers below it. The padding "
                    'of "SAME" has no part in a maximum.'
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return -tf.nn.max_pool2d(-images, k, k, "SAME")
                """,
                message=("This is the smallest value of each window; the largest is asked for."),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, [1, k, 1, 1], [1, k, 1, 1], "SAME")
                """,
                message=(
                    "This pools along the height alone. The width is the third number of the list."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, [1, 1, k, 1], [1, 1, k, 1], "SAME")
                """,
                message=(
                    "This pools along the width alone. The height is the second number of the list."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return images[:, ::k, ::k]
                """,
                message=(
                    "This keeps one pixel of each k×k window, its first, as every k-th pixel or a"
                    " window of 1×1 does. The largest of all its pixels is asked for."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, [k] * 4, [k] * 4, "SAME")
                """,
                message=(
                    "TensorFlow refuses to pool over images and channels at once: the first and "
                    "the last number of both lists are 1."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        tf.nn.max_pool2d(images, k, k, "SAME")
                """,
                message=("Nothing comes back (None): `return` is to stand before the call."),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, k, k, "same")
                """,
                message=(
                    '`tf.nn` writes the name of its padding in capitals: `"SAME"`. (Keras takes '
                    "small letters.)"
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.reduce_max(images, axis=[1, 2])
                """,
                message=(
                    "This is the largest value of each whole map. It is asked for in each k×k "
                    "window."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, k, k, "SAME")[..., 0]
                """,
                message=(
                    "The channels are gone: this keeps the first of them. Each channel is pooled,"
                    " and all stay."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, 3, k, "SAME")
                """,
                message=("The window is 3×3 whatever `k` is."),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.relu(tf.nn.max_pool2d(images, k, k, "SAME"))
                """,
                message=(
                    "This makes 0 of what is below 0. Pooling alone is asked for: the largest of "
                    "a window may be below 0."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(tf.abs(images), k, k, "SAME")
                """,
                message=(
                    "This looks at the numbers without their signs. The largest is asked for as "
                    "it is."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, k, k, "SAME")[0]
                """,
                message=(
                    "This is the first image alone, without the axis that counts them. All are "
                    "pooled."
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return tf.nn.max_pool2d(images, [1, k, k, 1], padding="SAME")
                """,
                message=(
                    "One argument of `tf.nn.max_pool2d` is missing: it wants images, window, "
                    "strides and padding. (Keras takes the window's for the strides.)"
                ),
            ),
            Mistake(
                code="""
                    def maxpool2d(images, k):
                        return images
                """,
                message=("The images came back as they were."),
            ),
            Mistake(
                code="def maxpool2d(images, k): "
                'return tf.nn.max_pool2d(images, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")',
                message="The window is 2×2 whatever `k` is.",
            ),
        ),
        cases=(
            (_numbers(1, 4, 4, 1), 2),
            (_numbers(2, 7, 7, 2), 3),
            (_below_zero(1, 5, 5, 2), 2),
            (_below_zero(1, 8, 5, 1), 3),
            (_numbers(1, 9, 6, 1), 4),
        ),
        draw=_draw_maxpool2d,
        setup=_TENSORFLOW,
        seconds=20,
        shows="Window and stride are equal, so each value is read once.",
    ),
    Exercise(
        name="06/train_step",
        task="Write `train_step(network, images, labels, rate, momentum)`: move the network by one "
        "step, and return the loss before it.",
        hints=(
            "Inside `with tf.GradientTape() as tape:` stands what the tape has to see: the call of "
            "the network and the loss.",
            "`tape.gradient(loss, network.trainable_variables)` is a list: a gradient for each "
            "variable. `zip` goes through variables, velocities and gradients together.",
            "For each of them: `velocity.assign(momentum * velocity + gradient)`, then "
            "`variable.assign_sub(rate * velocity)`. After all, `return loss`.",
        ),
        solution="""
            def train_step(network, images, labels, rate, momentum):
                with tf.GradientTape() as tape:
                    loss = mean_loss(network(images, training=True), labels)
                variables = network.trainable_variables
                gradients = tape.gradient(loss, variables)
                triples = zip(variables, network.velocities, gradients, strict=True)
                for variable, velocity, gradient in triples:
                    velocity.assign(momentum * velocity + gradient)
                    variable.assign_sub(rate * velocity)
                return loss
        """,
        right=(
            _train_step(move="variable.assign(variable - rate * velocity)"),
            _train_step(
                update="new = momentum * velocity + gradient",
                move="velocity.assign(new); variable.assign_add(-rate * new)",
                end="return float(loss)",
            ),
        ),
        mistakes=(
            Mistake(
                code=_train_step(update="", move="variable.assign_sub(rate * gradient)"),
                message="This is plain gradient descent: the velocities are neither used nor "
                "changed. Each keeps `momentum` of itself, gets the gradient, and moves the "
                "variable.",
            ),
            Mistake(
                code=_train_step(move="variable.assign_add(rate * velocity)"),
                message="This climbs: the gradient points to where the loss grows. The variable "
                "moves against it, `assign_sub`.",
            ),
            Mistake(
                code=_train_step(update="velocity = momentum * velocity + gradient"),
                message="The name `velocity` stands for a new tensor here, and the variable in "
                "`network.velocities` stays what it was: the next step begins with the old one. "
                "Use `velocity.assign(...)`.",
            ),
            Mistake(
                code=_train_step(move="variable = variable - rate * velocity"),
                message="The velocities change and the variables of the network do not, so nothing "
                "is learned. `variable.assign_sub(...)` changes one; `variable = ...` gives its "
                "name to a new tensor.",
            ),
            Mistake(
                code=_train_step(move="variable.assign(rate * velocity)"),
                message="`assign` puts the change in the place of the weight, which is lost. The "
                "change is subtracted from it: `assign_sub`.",
            ),
            Mistake(
                code=_train_step(
                    update="variable.assign_sub(rate * velocity)",
                    move="velocity.assign(momentum * velocity + gradient)",
                ),
                message="The variable moves by the velocity of the step before: the order of the "
                "two lines is the other way round.",
            ),
            Mistake(
                code=_train_step(update="velocity.assign(velocity + gradient)"),
                message="The velocity keeps all of itself and grows from step to step. It keeps "
                "`momentum` of itself.",
            ),
            Mistake(
                code=_train_step(update="velocity.assign_add(momentum * velocity + gradient)"),
                message="`assign_add` adds to the velocity that is there, so it keeps all of "
                "itself and `momentum` more. The new velocity takes its place: `assign`.",
            ),
            Mistake(
                code=_train_step(update="velocity.assign(gradient)"),
                message="The velocity forgets what it was: this is a step without momentum. It "
                "keeps `momentum` of itself.",
            ),
            Mistake(
                code=_train_step(
                    update="velocity.assign(momentum * velocity + (1 - momentum) * gradient)"
                ),
                message="This takes a mean of velocity and gradient. That is a known form too, "
                "with steps shorter by the factor `1 - momentum`; here the whole gradient is "
                "added.",
            ),
            Mistake(
                code=_train_step(update="velocity.assign(momentum * (velocity + gradient))"),
                message="`momentum` is for the old velocity alone; the gradient is added whole.",
            ),
            Mistake(
                code=_train_step(update="velocity.assign(momentum * velocity - gradient)"),
                message="The gradient is subtracted here and the velocity once more, which turns "
                "the new part of the step round. One minus is enough: that of `assign_sub`.",
            ),
            Mistake(
                code=_train_step(
                    update="velocity.assign(momentum * velocity + rate * gradient)",
                    move="variable.assign_sub(velocity)",
                ),
                message="The rate goes into the velocity here. While the rate stays the same this "
                "takes steps of the same length; after a change of rate the velocity still holds "
                "the old one. Multiply when the variable moves.",
            ),
            Mistake(
                code=_train_step(move="variable.assign_sub(velocity)"),
                message="The rate is not used: the variable moves by the whole velocity.",
            ),
            Mistake(
                code=_train_step(forward="loss = mean_loss(network(images), labels)"),
                message="The network is called as at a test, without dropout. In training it is "
                "`network(images, training=True)`.",
            ),
            Mistake(
                code=_train_step(
                    forward="logits = network(images, training=True)",
                    after="loss = mean_loss(logits, labels)",
                ),
                message="The tape has not seen the loss, which stands after the `with` block, so "
                "there is no way back from it and each gradient is None. Move it inside.",
            ),
            Mistake(
                code=_train_step(
                    forward="loss = tf.nn.sparse_softmax_cross_entropy_with_logits("
                    "labels, network(images, training=True))"
                ),
                message="This loss is a number for each image, and its gradient that of their sum: "
                "the step grows with the batch. `mean_loss` takes the mean.",
            ),
            Mistake(
                code=_train_step(
                    end="return mean_loss(network(images, training=True), labels)",
                ),
                message="The loss that comes back is that after the change. It costs a second "
                "call of the network; return the one that the tape has seen.",
            ),
            Mistake(
                code=_train_step(end=""),
                message="Nothing comes back. End with `return loss`.",
            ),
            Mistake(
                code=_train_step(end="    return loss"),
                message="The `return` stands inside the loop, which ends at the first variable: "
                "the others stay what they were.",
            ),
        ),
        cases=(
            _steps.case(_random),
            _steps.case(_random, batch=3, inputs=4, outputs=2, rate=0.25, momentum=0.5),
        ),
        changes=("network",),
        draw=_steps.drawn_case,
        facts=_steps.step_facts,
        setup=_MEAN_LOSS,
        seconds=20,
        shows="This is what `fit` does between two batches.",
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
                convolving = (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                return reading_the_input + convolving
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
                        return first + 9 * reduce3 * threes + 25 * reduce5 * fives
                """,
                message=(
                    "The 3×3 and the 5×5 convolution have no biases here: one a map, `threes` and"
                    " `fives` of them."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = depth * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The four 1×1 convolutions have no biases here: each map of theirs has one, "
                    "`(depth + 1)` numbers in all."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + 9 * (reduce3 + 1) * threes + 25 * (reduce5 + 1) * fives
                """,
                message=(
                    "This gives each kernel a bias for every place in it, 9 or 25. A map has one "
                    "bias: the `+ 1` is not multiplied."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + 10 * reduce3 * threes + 26 * reduce5 * fives
                """,
                message=(
                    "This counts a bias for each map that is read. A map has one, however many "
                    "maps it reads."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=("The 1×1 branch is missing: `ones` maps that read all `depth` channels."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The bottleneck before the 3×3 convolution is missing: `reduce3` maps that "
                    "read all `depth` channels."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The bottleneck before the 5×5 convolution is missing: `reduce5` maps that "
                    "read all `depth` channels."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The 3×3 convolution is missing: `threes` maps that read the `reduce3` maps "
                    "before it."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes
                """,
                message=(
                    "The 5×5 convolution is missing: `fives` maps that read the `reduce5` maps "
                    "before it."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        return (depth + 1) * (ones + reduce3 + reduce5 + project)
                """,
                message=(
                    "These are the four 1×1 convolutions. The 3×3 and the 5×5 convolution are "
                    "missing."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * ones
                        return first + (9 * depth + 1) * threes + (25 * depth + 1) * fives
                """,
                message=(
                    "This is the module without bottlenecks: all branches read the input itself, "
                    "and nothing follows the pooling."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (9 * reduce5 + 1) * fives
                """,
                message=(
                    "The 5×5 convolution has 3×3 kernels here. A kernel of 5×5 has 25 weights a "
                    "channel."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (25 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The 3×3 convolution has 5×5 kernels here. A kernel of 3×3 has 9 weights a "
                    "channel."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + 9 * reduce3 * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The biases of the 3×3 convolution are missing: one a map, `threes` of them."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + 25 * reduce5 * fives
                """,
                message=(
                    "The biases of the 5×5 convolution are missing: one a map, `fives` of them."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + 9 * reduce3 + 1 + (25 * reduce5 + 1) * fives
                """,
                message=("This is one map of the 3×3 convolution. It has `threes` of them."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + 25 * reduce5 + 1
                """,
                message=("This is one map of the 5×5 convolution. It has `fives` of them."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + 9 * reduce3 + 1 + threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "`threes` is added here. So many maps has the 3×3 convolution, each with all "
                    "the parameters before it: multiply."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + 25 * reduce5 + 1 + fives
                """,
                message=(
                    "`fives` is added here. So many maps has the 5×5 convolution, each with all "
                    "the parameters before it: multiply."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + 10 * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The kernels of the 3×3 convolution are flat here. Each reads all `reduce3` "
                    "maps before it."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + 26 * fives
                """,
                message=(
                    "The kernels of the 5×5 convolution are flat here. Each reads all `reduce5` "
                    "maps before it."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 + reduce3) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "`reduce3` is added to the kernel's 9 weights. It has 9 for each of those "
                    "maps, and a bias: `9 * reduce3 + 1`."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 + reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "`reduce3` is added to the kernel's 9 weights. It has 9 for each of those "
                    "maps: multiply."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 + reduce5 + 1) * fives
                """,
                message=(
                    "`reduce5` is added to the kernel's 25 weights. It has 25 for each of those "
                    "maps: multiply."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (3 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=("A 3×3 kernel has 9 weights a channel: 3 times 3."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (5 * reduce5 + 1) * fives
                """,
                message=("A 5×5 kernel has 25 weights a channel: 5 times 5."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The 3×3 convolution has 1×1 kernels here. A kernel of 3×3 has 9 weights a "
                    "channel."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (reduce5 + 1) * fives
                """,
                message=(
                    "The 5×5 convolution has 1×1 kernels here. A kernel of 5×5 has 25 weights a "
                    "channel."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 - 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The bias of the 3×3 convolution is taken away here. It is a parameter more: "
                    "`+ 1`."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 - 1) * fives
                """,
                message=(
                    "The bias of the 5×5 convolution is taken away here. It is a parameter more: "
                    "`+ 1`."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 2) * threes + (25 * reduce5 + 1) * fives
                """,
                message=("Two biases a map are counted for the 3×3 convolution. It is one."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 2) * fives
                """,
                message=("Two biases a map are counted for the 5×5 convolution. It is one."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "Of the 3×3 convolution the biases alone are counted. Each kernel has `9 * "
                    "reduce3` weights besides."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + fives
                """,
                message=(
                    "Of the 5×5 convolution the biases alone are counted. Each kernel has `25 * "
                    "reduce5` weights besides."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth - 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "The bias of the 1×1 convolutions is taken away here. It is a parameter more:"
                    " `depth + 1`."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 2) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=("Two biases a map are counted for the 1×1 convolutions. It is one."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = ones + reduce3 + reduce5 + project
                        return first + (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=(
                    "Of the 1×1 convolutions one parameter a map is counted here, the bias. Each "
                    "kernel of theirs has `depth` weights besides."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        return (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                """,
                message=("The four 1×1 convolutions are missing. Each reads all `depth` channels."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + project)
                        return first + (9 * depth + 1) * threes + (25 * depth + 1) * fives
                """,
                message=(
                    "The bottlenecks are left out here: all branches read `depth` channels. The "
                    "two 1×1 convolutions are to be counted, and what follows reads their maps."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        weights = depth * (ones + reduce3 + reduce5 + project)
                        weights += 9 * reduce3 * threes + 25 * reduce5 * fives
                        return weights + ones + threes + fives + project
                """,
                message=(
                    "The biases of the two bottlenecks are missing: `reduce3` and `reduce5` of "
                    "them."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        weights = depth * (ones + reduce3 + reduce5 + project)
                        weights += 9 * reduce3 * threes + 25 * reduce5 * fives
                        return weights + 6
                """,
                message=("This counts one bias a convolution. Each map of a convolution has one."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        return 163696
                """,
                message=(
                    "This is the number for the first module of GoogLeNet. The function counts "
                    "any, from what it gets."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        return ones + threes + fives + project
                """,
                message=("These are the maps that leave the module. Its parameters are asked for."),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (25 * reduce3 + 1) * threes + (9 * reduce5 + 1) * fives
                """,
                message=(
                    "The kernels are exchanged: the maps called `threes` come from 3×3 kernels, 9"
                    " weights a channel."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5 + project)
                        return first + (9 * reduce5 + 1) * threes + (25 * reduce3 + 1) * fives
                """,
                message=(
                    "The bottlenecks are exchanged: the 3×3 convolution reads `reduce3` maps, the"
                    " 5×5 `reduce5`."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5)
                        last = (9 * depth + 1) * project
                        last += (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                        return first + last
                """,
                message=(
                    "What follows the pooling is a 1×1 convolution. The 3×3 window is that of the"
                    " pooling, which has no parameters."
                ),
            ),
            Mistake(
                code="""
                    def count_inception(depth, ones, reduce3, threes, reduce5, fives, project):
                        first = (depth + 1) * (ones + reduce3 + reduce5)
                        last = (ones + threes + fives + 1) * project
                        last += (9 * reduce3 + 1) * threes + (25 * reduce5 + 1) * fives
                        return first + last
                """,
                message=(
                    "The pooling reads the module's input, like the other branches: what follows "
                    "it has `depth` channels to read, not the maps of the others."
                ),
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
            (4, 1, 2, 3, 5, 2, 6),
            (192, 64, 96, 128, 16, 32, 32),
            (256, 128, 128, 192, 32, 96, 64),
        ),
        draw=lambda random: tuple(int(maps) for maps in random.integers(1, 200, 7)),
        shows="163,696 for the first module of GoogLeNet: fewer than half of what the same module "
        "takes without bottlenecks.",
    ),
)
