"""The exercises of lesson 01: sizes, a convolution, a pooling, counts, and a kernel to design."""

from cnncourse import conv
from cnncourse.exercises import Exercise, Mistake, Wrong

import numpy as np

VERTICAL_FACTS = (
    "on a bright vertical line",
    "largest on the line itself",
    "zero along a horizontal line",
    "zero on an even ground",
    "less on a diagonal than on a vertical line",
)


def about_lines(kernel):
    """What a kernel makes of lines one pixel wide; every right kernel has the same facts."""
    kernel = np.asarray(kernel)
    if kernel.shape != (3, 3) or kernel.dtype.kind not in "biuf":
        raise Wrong(
            f"The kernel must be an array of 3 rows and 3 columns of numbers; "
            f"yours has shape {kernel.shape}."
        )
    vertical, horizontal, diagonal = np.zeros((3, 9, 9))
    vertical[:, 4] = horizontal[4] = 1
    np.fill_diagonal(diagonal, 1)
    kernel = kernel / (np.abs(kernel).max() or 1)
    upright, lying, leaning, even = (
        conv.conv2d(picture, kernel)
        for picture in (vertical, horizontal, diagonal, np.ones((9, 9)))
    )
    on_line = upright[0, 3]
    beside = np.delete(upright[0], 3)
    sign = "zero" if np.isclose(on_line, 0) else "positive" if on_line > 0 else "negative"
    answers = (
        sign,
        bool(on_line > beside.max() + 1e-9),
        bool(np.allclose(lying, 0)),
        bool(np.allclose(even, 0)),
        bool(leaning.max() < on_line - 1e-9),
    )
    return {
        name: answer if isinstance(answer, str) else "yes" if answer else "no"
        for name, answer in zip(VERTICAL_FACTS, answers, strict=True)
    }


SHAPES = (
    (24, 24),
    (28, 28),
    (30, 30, 16),
    (100, 25, 25, 32),
    (12, 12, 32),
    (112, 112, 64),
    (4, 4, 8),
    (3, 3, 6),
    (14, 14, 32),
    (400,),
)


def shapes_as_text(answers):
    """Each of the ten answers under its number; a lone number counts as a shape of one axis."""
    if not isinstance(answers, (list, tuple)) or len(answers) != len(SHAPES):
        raise Wrong("Give a list of ten shapes, each a tuple such as `(24, 24)`.")
    told = {}
    for number, answer in enumerate(answers, start=1):
        try:
            shape = tuple(int(length) for length in np.atleast_1d(answer))
        except (TypeError, ValueError):
            raise Wrong(
                f"Answer {number} is no shape; expected a tuple such as (24, 24)."
            ) from None
        told[f"answer {number}"] = str(shape)
    return told


def _shapes(**changed):
    """The ten answers with some of them changed, as code: _shapes(a5=(13, 13, 32))."""
    answers = list(SHAPES)
    for name, value in changed.items():
        answers[int(name[1:]) - 1] = value
    return f"my_shapes = {answers}"


IMAGE = np.array(
    [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]]
)
CROSS = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]])
NUMBERS = np.arange(35).reshape(5, 7) ** 2 % 13
WIDE = np.array([[1, -2, 3], [0, 4, -1]])

EXERCISES = (
    Exercise(
        name="01/vertical_lines",
        answer="my_kernel",
        task="Write a 3×3 kernel that answers to bright vertical lines alone.",
        hints=(
            "Look at the kernel for horizontal lines. What does each of its three rows do?",
            "An even row of pixels must give zero in every row of the kernel on its own; then a "
            "horizontal line, which is even along the row, gives zero too.",
            "Each row: positive in the middle, negative on both sides, sum zero.",
        ),
        solution="""
            my_kernel = np.array([[-1, 2, -1], [-1, 2, -1], [-1, 2, -1]])
        """,
        right=(
            "my_kernel = np.array([[-1, 2, -1], [-2, 4, -2], [-1, 2, -1]]) / 8",
            "my_kernel = [[-0.5, 1, -0.5]] * 3",
            "my_kernel = np.array([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]]).T",
        ),
        facts=about_lines,
        reveal=False,
        mistakes=(
            Mistake(
                code="my_kernel = np.array([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]])",
                message="This is the kernel for horizontal lines: a vertical line gives zero in "
                "it. Turn it by a quarter.",
                by=(
                    "on a bright vertical line",
                    "zero along a horizontal line",
                    "zero on an even ground",
                ),
            ),
            Mistake(
                code="my_kernel = np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0]])",
                message="It is largest on the line, but any bright ground makes it answer too, "
                "and so does a horizontal line. Let negative numbers on both sides of the line "
                "bring the sum of every row to zero.",
                by=("zero on an even ground",),
            ),
            Mistake(
                code="my_kernel = np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]])",
                message="All numbers add up to zero, so an even ground gives zero; but not every "
                "row does, so a horizontal line still makes it answer. Let each row add up to "
                "zero.",
                by=("zero along a horizontal line", "zero on an even ground"),
            ),
            Mistake(
                code="my_kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])",
                message="This one answers to edges: on the line itself the left and the right "
                "side cancel out, and the largest value stands beside the line. A line is bright "
                "in the middle and dark on both sides.",
                by=("on a bright vertical line", "zero along a horizontal line"),
            ),
            Mistake(
                code="my_kernel = np.array([[1, -2, 1], [1, -2, 1], [1, -2, 1]])",
                message="The signs are turned around: a bright line gives a negative number, so "
                "this kernel answers to dark lines.",
                by=("on a bright vertical line", "zero along a horizontal line"),
            ),
            Mistake(
                code="my_kernel = np.array([[0, 0, 0], [-1, 2, -1], [0, 0, 0]])",
                message="It sees one row alone, and in one row a diagonal line (or a dot) looks "
                "like a vertical one. Use all three rows: a vertical line is three pixels tall.",
            ),
        ),
        shows="Every row adds up to zero, so whatever is even along a row is left out, and three "
        "equal rows make a line that is upright count most.",
    ),
    Exercise(
        name="01/output_size",
        task="Write `output_size(size, kernel, stride=1, padding=0)`: the places of a kernel.",
        hints=(
            "Padding adds its zeros at both ends. How long is the axis then?",
            "The first place takes `kernel` pixels. How many steps of `stride` fit into the rest?",
            "`(size + 2 * padding - kernel) // stride`, and one for the first place.",
        ),
        solution="""
            def output_size(size, kernel, stride=1, padding=0):
                return (size + 2 * padding - kernel) // stride + 1
        """,
        right=(
            """
            def output_size(size, kernel, stride=1, padding=0):
                return len(range(0, size + 2 * padding - kernel + 1, stride))
            """,
            """
            import math

            def output_size(size, kernel, stride=1, padding=0):
                return math.floor((size + 2 * padding - kernel) / stride) + 1
            """,
        ),
        mistakes=(
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (size + 2 * padding - kernel) // stride
                """,
                message="This counts the steps and not the places: the place where the kernel "
                "starts is missing. Three posts have two gaps between them.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (size + padding - kernel) // stride + 1
                """,
                message="This adds the padding at one end only. It lies at both ends, so it "
                "counts twice.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (size + 2 * padding - kernel) / stride + 1
                """,
                message="This divides without rounding. A place that fits by half does not fit: "
                "round down with `//`.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (size + 2 * padding - kernel + 1) // stride
                """,
                message="The 1 for the first place goes in before the division here. It is one "
                "place whatever the stride, so it is added after the division.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return size + 2 * padding - kernel + 1
                """,
                message="This is right for stride 1. With a larger stride the kernel skips places.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return -(-(size + 2 * padding - kernel) // stride) + 1
                """,
                message="This rounds up: its last place would reach beyond the end. What does not "
                "fill a step is lost, so round down.",
            ),
        ),
        cases=((5, 3), (7, 3, 2), (8, 3, 2), (28, 5, 1, 2), (28, 3, 2, 1), (224, 7, 2, 3)),
        shows="This one line gives the height and the width of every layer in the course.",
    ),
    Exercise(
        name="01/conv2d",
        task="Write `conv2d(image, kernel, bias=0, stride=1)` for a grey image, without padding.",
        hints=(
            "Start from `slide` in this lesson. Which of its lines must know the stride?",
            "The output has `(image.shape[0] - kernel.shape[0]) // stride + 1` rows.",
            "Output pixel `[row, column]` reads the window that starts at "
            "`image[row * stride, column * stride]`; the bias is added to each sum.",
        ),
        solution="""
            def conv2d(image, kernel, bias=0, stride=1):
                kernel_height, kernel_width = kernel.shape
                height = (image.shape[0] - kernel_height) // stride + 1
                width = (image.shape[1] - kernel_width) // stride + 1
                out = np.zeros((height, width))
                for row in range(height):
                    for column in range(width):
                        top, left = row * stride, column * stride
                        window = image[top : top + kernel_height, left : left + kernel_width]
                        out[row, column] = np.sum(window * kernel) + bias
                return out
        """,
        right=(
            """
            def conv2d(image, kernel, bias=0, stride=1):
                windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                return np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
            """,
            """
            def conv2d(image, kernel, bias=0, stride=1):
                height, width = kernel.shape
                return [
                    [
                        (image[r : r + height, c : c + width] * kernel).sum() + bias
                        for c in range(0, image.shape[1] - width + 1, stride)
                    ]
                    for r in range(0, image.shape[0] - height + 1, stride)
                ]
            """,
        ),
        mistakes=(
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel)
                """,
                message="The bias is missing: it is added to every number of the output.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return np.einsum("yxij,ij->yx", windows, kernel) + bias
                """,
                message="The stride is not used: with stride 2 the kernel skips every second "
                "place.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        kernel = kernel[::-1, ::-1]
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                """,
                message="This turns the kernel first, as mathematics does. Networks lay it on as "
                "it is.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        size = (np.array(image.shape) - kernel.shape) // stride + 1
                        out = np.einsum("yxij,ij->yx", windows, kernel) + bias
                        return out[: size[0], : size[1]]
                """,
                message="The output has the right size, but its windows lie one pixel apart: the "
                "window of row 1 starts at row `1 * stride` of the image.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel + bias)
                        return out
                """,
                message="This adds the bias to each number of the kernel. It belongs to the sum: "
                "once for each output pixel.",
            ),
        ),
        cases=(
            (IMAGE, CROSS),
            (NUMBERS, WIDE),
            (IMAGE, CROSS, 10),
            (NUMBERS, WIDE, 0, 2),
            (NUMBERS, WIDE, -3, 3),
        ),
        shows="Two loops, a window, a sum: everything that a convolutional layer computes.",
    ),
    Exercise(
        name="01/max_pool2d",
        task="Write `max_pool2d(image, size=2)`: the largest number of each window.",
        hints=(
            "How many whole windows of `size` fit along each axis?",
            "The window of output pixel `[row, column]` starts at "
            "`image[row * size, column * size]`.",
            "`image[row * size : (row + 1) * size, column * size : (column + 1) * size].max()`",
        ),
        solution="""
            def max_pool2d(image, size=2):
                height, width = image.shape[0] // size, image.shape[1] // size
                out = np.zeros((height, width))
                for row in range(height):
                    for column in range(width):
                        top, left = row * size, column * size
                        out[row, column] = image[top : top + size, left : left + size].max()
                return out
        """,
        right=(
            """
            def max_pool2d(image, size=2):
                height, width = image.shape[0] // size, image.shape[1] // size
                blocks = image[: height * size, : width * size].reshape(height, size, width, size)
                return blocks.max(axis=(1, 3))
            """,
            """
            def max_pool2d(image, size=2):
                windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                return windows[::size, ::size].max(axis=(2, 3))
            """,
        ),
        mistakes=(
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].mean(axis=(2, 3))
                """,
                message="This is average pooling: it gives the mean of each window.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows.max(axis=(2, 3))
                """,
                message="The windows overlap: they move by one pixel. Here they touch, so they "
                "move by `size`.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        size = 2
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].max(axis=(2, 3))
                """,
                message="This uses windows of 2×2 whatever `size` says.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        rows, columns = (-(-length // size) for length in image.shape)
                        return np.array([[
                            image[r * size : (r + 1) * size, c * size : (c + 1) * size].max()
                            for c in range(columns)] for r in range(rows)])
                """,
                message="At the far border this keeps windows that are not whole. Without padding "
                "only whole windows count: `(length - size) // size + 1` of them.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        rows, columns = (length // size for length in image.shape)
                        out = np.zeros((rows, columns))
                        for r in range(rows):
                            for c in range(columns):
                                window = image[r * size : (r + 1) * size, c * size : (c + 1) * size]
                                out[r, c] = max(0, window.max())
                        return out
                """,
                message="A window with nothing but negative numbers has a negative maximum. This "
                "answer never goes below zero.",
            ),
        ),
        cases=(
            (np.array([[1, 0], [4, 6]]),),
            (np.array([[1, 0, 2, 3], [4, 6, 6, 8], [3, 1, 1, 0], [1, 2, 2, 4]]),),
            (NUMBERS,),
            (-1 - NUMBERS, 2),
            (NUMBERS, 3),
        ),
        shows="Half the height, half the width, a quarter of the numbers, and nothing to learn.",
    ),
    Exercise(
        name="01/count_parameters",
        task="Write `count_parameters(kernel, channels, maps)`, biases included.",
        hints=(
            "How many numbers does one kernel have? It has the depth of its input.",
            "Each kernel has one bias.",
            "`kernel * kernel * channels + 1` for one kernel.",
        ),
        solution="""
            def count_parameters(kernel, channels, maps):
                return (kernel * kernel * channels + 1) * maps
        """,
        right=(
            """
            def count_parameters(kernel, channels, maps):
                weights = np.zeros((kernel, kernel, channels, maps))
                return weights.size + maps
            """,
        ),
        mistakes=(
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return kernel * kernel * channels * maps
                """,
                message="The biases are missing: one for each kernel.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return kernel * kernel * channels * maps + 1
                """,
                message="This has a single bias in all. Each kernel has its own.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return (kernel * kernel + 1) * maps
                """,
                message="This is right for a grey image. A kernel has the depth of its input: a "
                "slice of weights for each channel.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return (kernel * kernel + 1) * channels * maps
                """,
                message="This gives every channel of a kernel a bias. The channels go into one "
                "sum, and that sum has one bias.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return (kernel * channels + 1) * maps
                """,
                message="A kernel is `kernel` high and `kernel` wide: `kernel * kernel` weights a "
                "channel.",
            ),
        ),
        cases=((3, 1, 1), (3, 1, 8), (3, 3, 16), (5, 6, 16), (1, 64, 32)),
        shows="The size of the image is not among the arguments: the weights are shared by all "
        "places.",
    ),
    Exercise(
        name="01/ten_shapes",
        answer="my_shapes",
        task="Predict ten output shapes.",
        hints=(
            "Height and width come from the formula; channels and batch have nothing to do with "
            "it.",
            "The number of channels that come out of a convolution is the last axis of its "
            "kernels. Pooling leaves the channels as they are.",
            "`valid`: `(size - kernel) // stride + 1`. `same`: size / stride, rounded up.",
        ),
        solution="\n".join(["my_shapes = [", *(f"    {shape}," for shape in SHAPES), "]"]),
        right=(
            f"my_shapes = {[list(shape) for shape in SHAPES]}",
            f"my_shapes = {(*SHAPES[:9], 400)}",
        ),
        facts=shapes_as_text,
        reveal=False,
        mistakes=(
            Mistake(
                code=_shapes(a1=(23, 23)),
                message="Answer 1 lacks the place where the kernel starts: 28 − 5 steps, and one.",
                by=("answer 1",),
            ),
            Mistake(
                code=_shapes(a2=(26, 26)),
                message="Answer 2 has padding at one end only: 2 zeros at each end are 4.",
                by=("answer 2",),
            ),
            Mistake(
                code=_shapes(a3=(30, 30, 3)),
                message="Answer 3 has as many channels as the input. One kernel gives one map, "
                "whatever its depth: count the kernels.",
                by=("answer 3",),
            ),
            Mistake(
                code=_shapes(a3=(30, 30, 48)),
                message="Answer 3 has a map for every kernel and channel. The three channels of a "
                "kernel go into one sum: one map a kernel.",
                by=("answer 3",),
            ),
            Mistake(
                code=_shapes(a4=(25, 25, 32)),
                message="Answer 4 has lost the batch: 100 images go in, 100 come out.",
                by=("answer 4",),
            ),
            Mistake(
                code=_shapes(a5=(13, 13, 32)),
                message="Answer 5 rounds up, as `same` does. Without padding the last row and "
                "column have no whole window: round down.",
                by=("answer 5",),
            ),
            Mistake(
                code=_shapes(a5=(12, 12, 16)),
                message="Answer 5 halves the channels. Pooling works in each channel on its own "
                "and keeps their number.",
                by=("answer 5",),
            ),
            Mistake(
                code=_shapes(a6=(109, 109, 64)),
                message="Answer 6 is that of `valid`. With `same`, the size is divided by the "
                "stride and rounded up.",
                by=("answer 6",),
            ),
            Mistake(
                code=_shapes(a6=(224, 224, 64)),
                message="Answer 6 leaves out the stride: `same` keeps the size only with stride 1.",
                by=("answer 6",),
            ),
            Mistake(
                code=_shapes(a7=(3, 3, 8)),
                message="Answer 7 rounds down, as `valid` does. `same` adds what the last window "
                "lacks: round up.",
                by=("answer 7",),
            ),
            Mistake(
                code=_shapes(a8=(8, 8, 6)),
                message="Answer 8 leaves out the stride of 3.",
                by=("answer 8",),
            ),
            Mistake(
                code=_shapes(a9=(14, 14, 16)),
                message="Answer 9 keeps the channels of the input. A 1×1 kernel is a kernel: 32 "
                "of them give 32 maps.",
                by=("answer 9",),
            ),
            Mistake(
                code=_shapes(a10=(25, 16)),
                message="Answer 10 flattens height and width alone. Flattening puts all numbers "
                "into one row.",
                by=("answer 10",),
            ),
        ),
        shows="You can say what comes out of every layer in this course before it runs.",
    ),
)
