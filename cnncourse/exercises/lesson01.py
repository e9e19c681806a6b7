"""The exercises of lesson 01: sizes, a convolution, a pooling, counts, and a kernel to design."""

from cnncourse import conv
from cnncourse.exercises import Exercise, Mistake, Wrong
from cnncourse.exercises._values import plain
from cnncourse.exercises._when import (
    SAME_SHAPE,
    TOO_LARGE,
    TOO_SMALL,
    all_of,
    axes,
    close,
    each,
    raises,
    right_if,
    some,
)

import numpy as np

LINES = ("vertical lines", "horizontal lines", "diagonal lines")


def lines():
    """Pictures with one line each, one pixel wide, by its name; the diagonals end inside."""
    vertical, falling, rising = np.zeros((3, 13, 13))
    vertical[:, 6] = 1
    falling[range(4, 9), range(4, 9)] = rising[range(4, 9), range(8, 3, -1)] = 1
    return dict(zip(LINES, ((vertical,), (vertical.T,), (falling, rising)), strict=True))


def where_largest(line):
    """Where across a vertical line, in column 5, a map of it is largest."""
    on, beside = line[5], np.delete(line, 5).max()
    if np.allclose(line, 0):
        return "nowhere"
    if np.isclose(on, beside):
        return "on the line and beside it"
    return "on the line" if on > beside else "beside the line"


def about_lines(kernel):
    """What a kernel makes of lines one pixel wide; every right kernel has the same facts."""
    kernel = plain(kernel)
    if not isinstance(kernel, np.ndarray) or kernel.dtype.kind not in "biuf":
        raise Wrong("The kernel must be an array of numbers.")
    if kernel.shape != (3, 3):
        raise Wrong(f"The kernel must have 3 rows and 3 columns; yours has shape {kernel.shape}.")
    if not np.isfinite(kernel).all():
        raise Wrong("Every number of the kernel must be finite, and one is not.")
    kernel = kernel.astype(float) / (np.abs(kernel.astype(float)).max() or 1)
    facts = facts_of_lines(kernel)
    right = dict.fromkeys(facts, "")
    right |= facts_of_lines(np.array([[-1, 2, -1]] * 3) / 2)
    same = [facts_of_lines(other) == right for other in (-kernel, kernel.T)]
    return facts | dict(zip(("right with all signs changed", "right if turned"), same, strict=True))


def facts_of_lines(kernel):
    maps = {
        name: [conv.conv2d(picture, kernel) for picture in pictures]
        for name, pictures in lines().items()
    }
    upright = maps["vertical lines"][0]
    on_line = upright[0, 5]
    most = {name: max(one.max() for one in made) for name, made in maps.items()}
    best = max(most.values())
    first = [name for name in LINES if np.isclose(most[name], best)]
    facts = {
        "largest on the line itself": where_largest(upright[0]) == "on the line",
        "zero along a horizontal line": np.allclose(maps["horizontal lines"], 0),
        "zero on an even ground": np.isclose(kernel.sum(), 0),
        "less on a diagonal than on a vertical line": most["diagonal lines"] < on_line - 1e-9,
    }
    sign = "zero" if np.isclose(on_line, 0) else "positive" if on_line > 0 else "negative"
    return (
        {"on a bright vertical line": sign}
        | {name: "yes" if fact else "no" for name, fact in facts.items()}
        | {
            "where a vertical line gives most": where_largest(upright[0]),
            "a number other than 0": "yes" if kernel.any() else "no",
            "answers most to": " and ".join(first) if best > 1e-9 else "none of these lines",
        }
    )


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
    told, parts = {}, {}
    for number, (answer, right) in enumerate(zip(answers, SHAPES, strict=True), start=1):
        lengths = plain(answer)
        numbers = isinstance(lengths, np.ndarray) and lengths.dtype.kind in "iuf"
        if not numbers or lengths.ndim > 1 or (lengths != np.round(lengths)).any():
            raise Wrong(
                f"Answer {number} is no shape; expected a tuple of whole numbers such as (24, 24)."
            )
        shape = tuple(int(length) for length in np.atleast_1d(lengths))
        name = f"answer {number}"
        told[name] = str(shape)
        parts |= parts_right(name, shape, right)
    return told | parts


def parts_right(name, shape, right):
    """Which parts of a shape are right: its axes, height and width, channels, and batch."""
    axes_right = len(shape) == len(right)
    wanted = {"axes": axes_right}
    if len(right) > 1:
        size = slice(len(right) - 3, -1) if len(right) > 2 else slice(2)
        wanted["height and width"] = axes_right and shape[size] == right[size]
    if len(right) > 2:
        wanted["channels"] = axes_right and shape[-1] == right[-1]
    if len(right) > 3:
        wanted["batch"] = axes_right and shape[0] == right[0]
    return {f"{name}, {part} right": "yes" if so else "no" for part, so in wanted.items()}


PLACES = "Along an axis there are `(size + before + after - kernel) // stride + 1` places"
SOFT = {
    "answer 1, axes": "a grey image and one kernel give a map of two axes, height and width.",
    "answer 1, height and width": f"{PLACES}. Here nothing is added, and the stride is 1.",
    "answer 2, axes": "zeros around a grey image do not change that it has two axes.",
    "answer 2, height and width": f"{PLACES}; 2 zeros stand before and 2 after.",
    "answer 3, axes": "height, width and channels. The three input channels are added up, and "
    "the maps of all kernels lie behind each other as channels.",
    "answer 3, channels": "the last axis counts the maps, and each kernel gives one.",
    "answer 3, height and width": f"{PLACES}. The kernels are 3×3, whatever their depth.",
    "answer 4, axes": "a batch has four: images, height, width, channels.",
    "answer 4, batch": "as many images come out as went in.",
    "answer 4, channels": "the last number of the kernels' shape is how many there are, and each "
    "gives one map.",
    "answer 4, height and width": f"{PLACES}. The kernels are 4×4; the number of images has "
    "nothing to do with it.",
    "answer 5, axes": "pooling leaves three axes three: height, width, channels.",
    "answer 5, channels": "each channel is pooled on its own, so there are as many as before.",
    "answer 5, height and width": "windows of 2 that do not overlap: half of 25, rounded down.",
    "answer 6, axes": "a photograph through a layer keeps three axes: height, width, channels.",
    "answer 6, channels": "there are as many maps as kernels, and the stride does not touch them.",
    "answer 6, height and width": "with `same`, the size is divided by the stride and rounded up.",
    "answer 7, axes": "three go in, height, width and channels, and three come out.",
    "answer 7, channels": "average pooling takes the mean in each channel on its own.",
    "answer 7, height and width": "`same` rounds up, in pooling too: the size by the stride, "
    "which is the window's 2.",
    "answer 8, axes": "height, width, channels.",
    "answer 8, channels": "the kernels' shape ends with their number, and that many maps come out.",
    "answer 8, height and width": f"{PLACES}. Here the stride is 3 and nothing is added.",
    "answer 9, axes": "kernels of one pixel, too, give height, width and channels.",
    "answer 9, channels": "the last number of (1, 1, 16, 32) is how many kernels there are.",
    "answer 9, height and width": "a kernel of one pixel fits on every pixel.",
    "answer 10, axes": "flattening leaves one axis alone: `(n,)`, or just the number `n`.",
}


def soft_mistakes():
    """A message for each part of each answer, for whatever is wrong with it."""
    for key, message in SOFT.items():
        name, part = key.split(", ")
        number = int(name.split()[1])
        answer = [*SHAPES[number - 1]]
        place = {"batch": 0, "channels": -1, "height and width": max(len(answer) - 3, 0)}
        if part == "axes":
            answer.append(7)
        else:
            answer[place[part]] = 7
        yield Mistake(
            code=_shapes(**{f"a{number}": tuple(answer)}),
            message=f"Answer {number}, {part}: {message}",
            by=(f"{key} right",),
        )
    yield Mistake(
        code=_shapes(a10=(401,)),
        message="Answer 10: every number of the maps is kept, so multiply the three lengths.",
        by=("answer 10",),
    )


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

TOO_LARGE_ONLY = all_of(TOO_LARGE, lambda trials: not SAME_SHAPE(trials))
TOO_SMALL_ONLY = all_of(TOO_SMALL, lambda trials: not SAME_SHAPE(trials))


def is_square(array):
    return array.shape[0] == array.shape[1]


def made_with_xor(trials):
    """Whether an answer is the count with `^ 2` in the place of `** 2`, however it is written."""
    forms = (
        lambda kernel, channels, maps: kernel ^ 2 * channels * maps + maps,
        lambda kernel, channels, maps: (kernel ^ 2) * channels * maps + maps,
        lambda kernel, channels, maps: (kernel ^ 2 * channels + 1) * maps,
        lambda kernel, channels, maps: maps * (channels * kernel ^ 2 + 1),
    )
    return any(all(trial.received == form(**trial.given) for trial in trials) for form in forms)


def fits_whole(image, size):
    """Whether windows of `size` without overlap leave nothing of an image over."""
    return image.shape[0] % size == image.shape[1] % size == 0


def some_of(values, rng):
    """Leave out none or some of the last values: those that have a default."""
    return tuple(values)[: rng.integers(2, len(values) + 1)]


def draw_axis(rng):
    """An axis, a kernel that fits into it with its padding, a stride."""
    kernel, stride, padding = (int(n) for n in rng.integers((1, 1, 0), (9, 6, 5)))
    values = some_of((0, kernel, stride, padding), rng)
    least = max(1, kernel - 2 * padding * (len(values) == 4))
    return int(rng.integers(least, least + rng.choice((3, 40)))), *values[1:]


def draw_image(shape, rng):
    """Grey values of a kind that images have: 8 bits, whole numbers, floating-point numbers."""
    kinds = (
        rng.integers(0, 256, shape, dtype="uint8"),
        rng.integers(-20, 21, shape),
        rng.normal(size=shape),
    )
    return kinds[rng.integers(3)]


def draw_convolution(rng):
    kernel_shape = rng.integers(1, 5, 2)
    kernel = rng.integers(-4, 5, kernel_shape)
    image = draw_image(kernel_shape + rng.integers(0, 8, 2), rng)
    kernel = kernel / 8 if rng.random() < 0.5 else kernel
    bias = rng.choice((0.0, -2.0, 0.375, 5.0))
    return some_of((image, kernel, float(bias), int(rng.integers(1, 4))), rng)


def draw_pooling(rng):
    size = int(rng.integers(1, 7)) if rng.random() < 0.7 else 2
    image = draw_image(size * rng.integers(1, 4, 2) + rng.integers(0, size, 2), rng)
    return (image,) if size == 2 and rng.random() < 0.5 else (image, size)


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
            "my_kernel = np.array([[-1, 3, -2], [-1, 3, -2], [-1, 3, -2]], dtype='float32')",
        ),
        facts=about_lines,
        reveal=False,
        mistakes=(
            Mistake(
                code="my_kernel = np.zeros((3, 3))",
                message="All nine numbers are 0, so it gives 0 everywhere. Give the middle column "
                "positive numbers, and what is on both sides of it negative ones.",
                by=("a number other than 0",),
            ),
            Mistake(
                code="my_kernel = np.array([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]])",
                message="This is a kernel for horizontal lines. Turn it by a quarter.",
                by=("right if turned",),
            ),
            Mistake(
                code="my_kernel = np.array([[1, -2, 1], [1, -2, 1], [1, -2, 1]])",
                message="The signs are turned around: a bright line gives a negative number, so "
                "this kernel answers to dark lines.",
                by=("right with all signs changed",),
            ),
            Mistake(
                code="my_kernel = np.array([[0, 1, 0], [0, 1, 0], [0, 1, 0]])",
                message="The nine numbers do not add up to zero, so an even ground makes it "
                "answer, and so does a horizontal line. Let every row add up to zero: what is "
                "positive in the middle must be taken away on both sides.",
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
                code="my_kernel = np.array([[2, -1, -1], [-1, 2, -1], [-1, -1, 2]])",
                message="It answers more to a diagonal line than to a vertical one. The positive "
                "numbers belong into the middle column, in all three rows.",
                by=("answers most to",),
            ),
            Mistake(
                code="my_kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])",
                message="This one answers to edges: on the line itself the numbers of the middle "
                "column give zero, and the largest value stands beside the line. A line is bright "
                "in the middle and dark on both sides.",
                by=("on a bright vertical line", "where a vertical line gives most"),
            ),
            Mistake(
                code="my_kernel = np.array([[2, -1, -1]] * 3)",
                message="On a bright vertical line it gives a negative number, for the middle "
                "column adds up to one. The middle must be positive and both sides negative.",
                by=("on a bright vertical line",),
            ),
            Mistake(
                code="my_kernel = np.array([[-2, 1, 1], [-2, 1, 1], [-2, 1, 1]])",
                message="Beside the line it gives as much as on it, or more: a column on one side "
                "adds up to as much as the middle one. Let both sides be negative.",
                by=("on a bright vertical line", "largest on the line itself"),
            ),
            Mistake(
                code="my_kernel = np.array([[0, 0, 0], [-1, 2, -1], [0, 0, 0]])",
                message="A diagonal line, or its end, gives as much as a vertical one. A vertical "
                "line is three pixels tall: let the middle of all three rows count alike, so that "
                "only all of them together give the largest number.",
                by=("less on a diagonal than on a vertical line",),
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
                when=each(lambda expected, received: received == expected - 1),
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
                when=each(lambda expected, received: np.floor(received) == expected),
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
                        return -(-(size + 2 * padding - kernel) // stride) + 1
                """,
                message="This rounds up: its last place would reach beyond the end. What does not "
                "fill a step is lost, so round down.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return size + 2 * padding - kernel + 1
                """,
                when=right_if(lambda given: given.get("stride", 1) == 1),
                message="This is right for stride 1. With a larger stride the kernel skips "
                "places: divide what is left after the first place by `stride`, rounded down.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride, padding):
                        return (size + 2 * padding - kernel) // stride + 1
                """,
                when=right_if(lambda given: len(given) == 4),
                message="With all four arguments this is right, but not where one is left out: "
                "what stands in its place is `stride=1` and `padding=0`.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (size - kernel) // stride + 1
                """,
                when=right_if(lambda given: given.get("padding", 0) == 0),
                message="Without padding this is right; with padding it is not. The zeros make "
                "the axis longer at both ends: it then has `size + 2 * padding` pixels.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return size - kernel + 1
                """,
                when=right_if(
                    lambda given: given.get("padding", 0) == 0 and given.get("stride", 1) == 1
                ),
                message="This is right with stride 1 and no padding; with another stride or with "
                "padding it is not.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (size + 2 * padding - kernel) // stride + 2
                """,
                when=each(lambda expected, received: received == expected + 1),
                message="This is one too many on every input: the steps between the places and "
                "one for the first place are all there is.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (kernel - size - 2 * padding) // stride + 1
                """,
                when=some(lambda expected, received: received < 0),
                message="This gives a negative number of places. What is left of the axis after "
                "the first place is its length less the kernel.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (size + 2 * padding) / stride + 1
                """,
                when=some(lambda expected, received: received != np.round(received)),
                message="This gives a fraction. Places are counted, so their number is whole: `//` "
                "divides and rounds down. And even rounded down, not every number here is right.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return (size + 2 * padding) // stride + 1
                """,
                when=each(lambda expected, received: received >= expected),
                message="These are never too few places, and on some inputs too many: there the "
                "kernel would reach beyond the end of the axis, which with its padding has "
                "`size + 2 * padding` pixels.",
            ),
            Mistake(
                code="""
                    def output_size(size, kernel, stride=1, padding=0):
                        return max(size - kernel, 0) // stride
                """,
                when=each(lambda expected, received: received <= expected),
                message="These are never too many places, and on some inputs too few. The first "
                "place takes `kernel` of `size + 2 * padding` pixels, and as often as `stride` "
                "fits into the rest, there is one place more.",
            ),
        ),
        cases=(
            (5, 3),
            (7, 3, 2),
            (8, 3, 2),
            (28, 5, 1, 2),
            (28, 3, 2, 1),
            (2, 4, 1, 1),
            (1, 1, 3, 0),
            (3, 5, 4, 1),
            (8, 5, 4),
            (13, 4, 5, 3),
            (30, 4, 3, 0),
            (224, 7, 2, 3),
        ),
        draw=draw_axis,
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
                        rows = slice(top, top + kernel_height)
                        columns = slice(left, left + kernel_width)
                        window = image[rows, columns]
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
                (h, w), (kh, kw) = image.shape, kernel.shape
                out = np.zeros(((h - kh) // stride + 1, (w - kw) // stride + 1), dtype="float32")
                for i in range(kh):
                    for j in range(kw):
                        part = image[i : h - kh + i + 1 : stride, j : w - kw + j + 1 : stride]
                        out += (kernel[i, j] * part).astype("float32")
                return out + bias
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
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel)
                        return out / kernel.size + bias
                """,
                message="This gives the mean of the products. A convolution adds them up: "
                "`np.sum(window * kernel)`.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return windows[::stride, ::stride].sum(axis=(2, 3)) + bias
                """,
                message="This adds up the pixels of each window and does not use the numbers of "
                "the kernel. Multiply first: `window * kernel`.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                        return out.astype(int)
                """,
                when=each(lambda expected, received: close(np.trunc(expected), received)),
                message="What stands behind the decimal point is lost: the output holds whole "
                "numbers, as after `np.zeros(..., dtype=int)`. A blur of eighths would leave "
                "little of an image. Let it hold floating-point numbers, as `np.zeros` does "
                "without `dtype`.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                        return out.astype(image.dtype)
                """,
                message="The output is made in the type of the image (`np.zeros_like(image)` does "
                "that). In an image of whole numbers, nothing behind the decimal point has room, "
                "and in one of `uint8` nothing below 0 or above 255. `np.zeros` makes "
                "floating-point numbers.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                        return np.maximum(out, 0)
                """,
                when=each(lambda expected, received: close(np.maximum(expected, 0), received)),
                message="The sums below zero are set to 0. That is ReLU, a step that a network "
                "may take afterwards; the convolution itself gives negative numbers too.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                        return np.clip(out, 0, 255)
                """,
                when=each(lambda expected, received: close(np.clip(expected, 0, 255), received)),
                message="The sums are cut off below 0 and above 255. A map is no image: its "
                "numbers may be negative, and as large as they come.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return np.einsum("yxij,ij->xy", windows[::stride, ::stride], kernel) + bias
                """,
                when=each(lambda expected, received: close(expected.T, received)),
                message="Rows and columns of the output are exchanged.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias, stride):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                """,
                when=right_if(lambda given: len(given) == 4),
                message="With all four arguments this is right, but not where one is left out: "
                "`bias=0` and `stride=1` stand in its place.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) - bias
                """,
                when=right_if(lambda given: given.get("bias", 0) == 0),
                message="Without a bias this is right, with one it is not. The bias is a number "
                "that is added to each sum: `np.sum(window * kernel) + bias`.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows, kernel) + bias
                        return out[stride - 1 :: stride, stride - 1 :: stride]
                """,
                when=right_if(lambda given: given.get("stride", 1) == 1),
                message="With stride 1 this is right, with a larger one it is not. The output has "
                "`(length - kernel length) // stride + 1` places along each axis, and the window "
                "of place `[row, column]` starts at `image[row * stride, column * stride]`.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return np.einsum("yxij,ij->yx", windows, kernel)
                """,
                when=right_if(
                    lambda given: given.get("bias", 0) == 0 and given.get("stride", 1) == 1
                ),
                message="Without a bias and with stride 1 this is right. Now use the other two "
                "arguments.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        size = kernel.shape[0]
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                """,
                when=right_if(lambda given: is_square(given["kernel"])),
                message="With a kernel of as many rows as columns this is right, with any other "
                "it is not. `kernel.shape` gives the height and the width: each is for its own "
                "axis.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        size = len(image)
                        out = np.zeros([(size - length) // stride + 1 for length in kernel.shape])
                        for row, column in np.ndindex(out.shape):
                            top, left = row * stride, column * stride
                            window = image[top : top + len(kernel), left : left + len(kernel[0])]
                            out[row, column] = np.sum(window * kernel) + bias
                        return out
                """,
                when=right_if(lambda given: is_square(given["image"])),
                message="With an image of as many rows as columns this is right, with any other "
                "it is not. `image.shape` gives the height and the width: each is for its own "
                "axis.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        size = len(image) - len(kernel) + 1
                        out = np.zeros((size, size))
                        for row, column in np.ndindex(out.shape):
                            window = image[row : row + len(kernel), column : column + len(kernel)]
                            out[row, column] = np.sum(window * kernel) + bias
                        return out
                """,
                when=right_if(
                    lambda given: (
                        is_square(given["image"])
                        and is_square(given["kernel"])
                        and given.get("stride", 1) == 1
                    )
                ),
                message="This is right only where image and kernel are square and the stride is "
                "1. `image.shape` and `kernel.shape` give height and width: each is for its own "
                "axis.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        out[0, 0] = 0
                        out = np.zeros(image.shape)
                        return out
                """,
                when=raises("UnboundLocalError", "NameError"),
                message="A name is used in a line that runs before any line puts something into "
                "it, or is spelled in two ways. Size of the output first, then the output, then "
                "the loops.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        return np.zeros((len(image) / 2, 1))
                """,
                when=raises("TypeError: 'float' object cannot be", "TypeError: slice indices"),
                message="A number of places, or where a window starts or ends, is a "
                "floating-point number here. Sizes and places are whole: `//` in place of `/`.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        return image * kernel + bias
                """,
                when=raises("ValueError: operands could not be broadcast"),
                message="Two arrays of different sizes are multiplied or added. Most often one is "
                "the kernel, and the other a window that is not as large: it must run from `top` "
                "to `top + kernel_height` and from `left` to `left + kernel_width`, and not reach "
                "beyond the image.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        out = np.zeros((2, 2))
                        for row in range(image.shape[0] - kernel.shape[0] + 1):
                            for column in range(image.shape[1] - kernel.shape[1] + 1):
                                out[row, column] = bias
                        return out
                """,
                when=raises("IndexError: index"),
                message="A place is asked for that an array does not have. Is the output made "
                "with as many rows and columns as the loops go through?",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        return np.sum(image) + bias
                """,
                when=some(lambda expected, received: received.ndim != 2),
                message="What comes out is no map: a map has two axes, rows and columns, with one "
                "number for each place of the kernel.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        windows = windows[::stride, ::stride][:-1, :-1]
                        return np.einsum("yxij,ij->yx", windows, kernel) + bias
                """,
                when=axes(lambda expected, received: (expected - received == 1).all()),
                message="The map lacks one row and one column. Along an axis the kernel makes "
                "`(length - kernel length) // stride` steps, and has one place more than that.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        image = np.pad(image, [(n // 2, n // 2) for n in kernel.shape])
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        return np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                """,
                when=TOO_LARGE_ONLY,
                message="The map is too large: it has places at which the kernel does not lie on "
                "the image as a whole. Without padding and with `stride`, there are "
                "`(length - kernel length) // stride + 1` along an axis.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        windows = windows[:: stride + 1, ::stride]
                        return np.einsum("yxij,ij->yx", windows, kernel) + bias
                """,
                when=TOO_SMALL_ONLY,
                message="The map is too small: the kernel has more places than that. There are "
                "`(length - kernel length) // stride + 1` along an axis.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        height = (image.shape[0] - kernel.shape[0]) // stride + 1
                        width = (image.shape[1] - kernel.shape[1]) // stride + 1
                        return np.full((height, width), np.sum(kernel) + bias)
                """,
                when=all_of(SAME_SHAPE, each(lambda expected, received: np.ptp(received) == 0)),
                message="The map has the right size, and the same number in every place. Each "
                "place has its own window: `image[top : top + kernel_height, "
                "left : left + kernel_width]`.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel) + bias
                        return out.T.reshape(out.shape)
                """,
                when=all_of(
                    SAME_SHAPE,
                    each(lambda expected, received: close(expected[:1, :1], received[:1, :1])),
                ),
                message="The size of the map and its first number are right, and not all of the "
                "others. The window of place `[row, column]` starts `row * stride` rows down and "
                "`column * stride` columns to the right.",
            ),
            Mistake(
                code="""
                    def conv2d(image, kernel, bias=0, stride=1):
                        windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
                        out = np.einsum("yxij,ij->yx", windows[::stride, ::stride], kernel)
                        return np.abs(out) + bias
                """,
                when=SAME_SHAPE,
                message="The map has the right size; its numbers are not all right. Each is "
                "`np.sum(window * kernel) + bias`, with the window that starts at "
                "`image[row * stride, column * stride]`.",
            ),
        ),
        cases=(
            (IMAGE, CROSS),
            (NUMBERS, WIDE),
            (IMAGE, CROSS, 10),
            (NUMBERS, WIDE, 0, 2),
            (NUMBERS, -WIDE, -3, 3),
            (NUMBERS.T.astype("uint8"), np.array([[1, -2], [1, 2], [-1, 1]]) / 8),
            (NUMBERS[:, :5], WIDE[:, :2], 0.5, 2),
            (IMAGE / 4, np.array([[2]])),
            (NUMBERS, 2 * CROSS - 1, 1),
            (NUMBERS, CROSS, 0, 3),
            (IMAGE, WIDE),
            (IMAGE * 100, CROSS),
            (IMAGE, 1 - 2 * CROSS),
            (NUMBERS[:2, :3], WIDE, 1, 3),
            (IMAGE, np.array([[0.1, -2], [0, 4]]), 0, 1),
        ),
        draw=draw_convolution,
        shows="Two loops, a window, a sum: everything that a convolutional layer computes.",
    ),
    Exercise(
        name="01/max_pool2d",
        task=(
            "Write `max_pool2d(image, size=2)`: the largest number of each whole window; rows and "
            "columns that are left over at the end are dropped."
        ),
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
                        window = image[top : top + size, left : left + size]
                        out[row, column] = window.max()
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
                when=each(lambda expected, received: close(np.maximum(expected, 0), received)),
                message="A window with nothing but negative numbers has a negative maximum. This "
                "answer never goes below zero.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].min(axis=(2, 3))
                """,
                message="This is min pooling: it keeps the smallest number of each window.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].sum(axis=(2, 3))
                """,
                message="This adds up the numbers of each window. Max pooling keeps the largest.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        rows, columns = (length // size for length in image.shape)
                        return image[: rows * size : size, : columns * size : size]
                """,
                message="This keeps the first number of each window, whatever the others are.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].max(axis=(2, 3)).astype(int)
                """,
                when=each(lambda expected, received: close(np.trunc(expected), received)),
                message="What stands behind the decimal point is lost: the output holds whole "
                "numbers. `np.zeros` without `dtype` makes floating-point numbers.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].max(axis=(2, 3)).T
                """,
                when=each(lambda expected, received: close(expected.T, received)),
                message="Rows and columns of the output have changed places.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].max(axis=(2, 3))
                """,
                when=right_if(lambda given: len(given) == 2),
                message="With both arguments this is right. Where the second is left out, its "
                "place is to be taken by `size=2`.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        rows, columns = (length // size for length in image.shape)
                        return image.reshape(rows, size, columns, size).max(axis=(1, 3))
                """,
                when=right_if(lambda given: fits_whole(given["image"], given.get("size", 2))),
                message="This is right where the windows fill the image. Where rows or columns "
                "are left over at the end, they are to be dropped: only whole windows count, and "
                "there are `length // size` of them along an axis.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        rows, columns = (length // 2 for length in image.shape)
                        blocks = image[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2)
                        return blocks.max(axis=(1, 3))[: len(image) // size]
                """,
                when=right_if(lambda given: given.get("size", 2) == 2),
                message="With windows of 2×2 this is right, with larger ones it is not. Is there "
                "a 2 where `size` is meant?",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        length = len(image) // size
                        out = np.zeros((length, length))
                        for row, column in np.ndindex(out.shape):
                            top, left = row * size, column * size
                            out[row, column] = image[top : top + size, left : left + size].max()
                        return out
                """,
                when=right_if(lambda given: is_square(given["image"])),
                message="With as many rows as columns this is right, otherwise not. "
                "`image.shape` gives the height and the width: each is for its own axis.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        out[0, 0] = 0
                        out = np.zeros(image.shape)
                        return out
                """,
                when=raises("UnboundLocalError", "NameError"),
                message="A name has nothing in it yet where it is used, or is spelled in two "
                "ways. First the size of the output, then `out`, then the loops, and in them the "
                "window.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        return np.zeros((len(image) / 2, 1))
                """,
                when=raises("TypeError: 'float' object cannot be", "TypeError: slice indices"),
                message="`/` gives a floating-point number, even of 4 / 2, and that can be no "
                "size and no place: divide with `//`.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        return image[5:].max()
                """,
                when=raises("ValueError: zero-size array"),
                message="On some input, a window without a single pixel is asked for its maximum. "
                "Window `[row, column]` runs from `row * size` to `(row + 1) * size`, likewise "
                "along the columns, and must lie inside of the image.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        out = np.zeros((1, 1))
                        for row in range(len(image)):
                            out[row, 0] = image[row].max()
                        return out
                """,
                when=raises("IndexError: index"),
                message="A place is asked for that an array does not have. The output has "
                "`length // size` rows and columns: do the loops go through as many?",
            ),
            Mistake(
                code="def max_pool2d(image, size=2): return image.max()",
                when=some(lambda expected, received: received.ndim != 2),
                message="What comes out has not two axes, as an image has: one number for each "
                "window, in rows and columns.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        out = np.zeros(image.shape)
                        for row in range(image.shape[0] // size):
                            for column in range(image.shape[1] // size):
                                top, left = row * size, column * size
                                out[row, column] = image[top : top + size, left : left + size].max()
                        return out
                """,
                when=TOO_LARGE_ONLY,
                message="The output is too large. Along each axis it has as many numbers as "
                "windows of `size` fit without overlap: `length // size`.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].max(axis=(2, 3))[:1]
                """,
                when=TOO_SMALL_ONLY,
                message="The output is too small: `length // size` whole windows fit along each "
                "axis, and each gives a number.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        rows, columns = (length // size for length in image.shape)
                        return np.full((rows, columns), image[:size, :size].max())
                """,
                when=all_of(SAME_SHAPE, each(lambda expected, received: np.ptp(received) == 0)),
                message="The output has the right size, and the same number in every place. Each "
                "place has its own window.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        rows, columns = (length // size for length in image.shape)
                        return windows.max(axis=(2, 3))[:rows, :columns]
                """,
                when=all_of(
                    SAME_SHAPE,
                    each(lambda expected, received: close(expected[:1, :1], received[:1, :1])),
                ),
                message="The size of the output and its first number are right, and not all of "
                "the others. The window of place `[row, column]` starts at row `row * size` and "
                "column `column * size`, and ends `size` further on.",
            ),
            Mistake(
                code="""
                    def max_pool2d(image, size=2):
                        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
                        return windows[::size, ::size].max(axis=(2, 3)) + 1
                """,
                when=SAME_SHAPE,
                message="The output has the right size; its numbers are not all right. Each is "
                "the largest of one window, which starts at `image[row * size, column * size]`.",
            ),
        ),
        cases=(
            (np.array([[1, 0], [4, 6]]),),
            (np.array([[1, 0, 2, 3], [4, 6, 6, 8], [3, 1, 1, 0], [1, 2, 2, 4]]),),
            (NUMBERS,),
            (-1 - NUMBERS, 2),
            (NUMBERS, 3),
            (NUMBERS.T / 8 - 1, 2),
            (NUMBERS[:4, :4],),
            (-1 - NUMBERS[:4, :6], 2),
            (np.arange(144).reshape(12, 12) ** 2 % 17, 3),
            (NUMBERS[:3], 1),
            (NUMBERS.astype("uint8"), 4),
            (-1 - NUMBERS[:4, 1:5], 2),
        ),
        draw=draw_pooling,
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
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return (kernel * kernel * maps + 1) * channels
                """,
                message="This has as many biases as there are channels. Each of the `maps` "
                "kernels has one. (Or have channels and maps changed places?)",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return kernel * kernel * (channels + 1) * maps
                """,
                message="This gives a kernel a bias for each place of its window. It has one, "
                "which is added to the sum of all products.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return kernel ^ 2 * channels * maps + maps
                """,
                when=made_with_xor,
                message="In Python `^` is no power: it compares the bits of two numbers. A kernel "
                "has `kernel ** 2` weights a channel.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return kernel * kernel * channels + 1
                """,
                when=right_if(lambda given: given["maps"] == 1),
                message="For one map this is right. Each further map has a kernel of its own, with "
                "as many weights and a bias.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return (kernel * kernel + channels) * maps
                """,
                when=right_if(lambda given: given["channels"] == 1),
                message="For one channel this is right, for more it is not: every kernel has "
                "`kernel * kernel` weights in each channel, and one bias in all.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return (2 * kernel * channels - channels + 1) * maps
                """,
                when=right_if(lambda given: given["kernel"] == 1),
                message="For kernels of one pixel this is right, for larger ones it is not: a "
                "slice has `kernel * kernel` weights.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return (kernel * kernel * channels - 1) * maps
                """,
                when=each(lambda expected, received: received < expected),
                message="These are too few. Count for one kernel, `kernel * kernel` weights in "
                "each channel and a bias; then take it once for every map.",
            ),
            Mistake(
                code="""
                    def count_parameters(kernel, channels, maps):
                        return (kernel * kernel * channels + 2) * maps
                """,
                when=each(lambda expected, received: received > expected),
                message="These are too many. One kernel has `kernel * kernel` weights in each "
                "channel and a single bias, and there are `maps` kernels.",
            ),
        ),
        cases=((3, 1, 1), (3, 1, 8), (3, 3, 16), (5, 6, 16), (1, 64, 32), (1, 1, 1), (2, 5, 1)),
        draw=lambda rng: tuple(int(n) for n in rng.integers(1, (8, 65, 65))),
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
            *soft_mistakes(),
        ),
        shows="You can say what comes out of every layer in this course before it runs.",
    ),
)
