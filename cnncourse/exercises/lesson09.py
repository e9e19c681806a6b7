"""Exercises of lesson 09: multiply-adds, a one-cycle rate, batch norm, a residual block."""

from cnncourse.exercises import Exercise, Mistake, _residual
from cnncourse.exercises._when import all_of, close, differs, each, raises, right_if, some

import numpy as np

_random = np.random.default_rng(9)
_KERAS = "import keras\nimport numpy as np\nfrom cnncourse import resnet\nfrom keras import layers"


# Cases --------------------------------------------------------------------------------------------


def _draw_multiply_adds(random):
    return tuple(int(n) for n in random.integers((1, 1, 1, 1, 1), (65, 8, 65, 65, 5)))


def _draw_one_cycle(random):
    """A step anywhere in a training, the first and the last among them, and a share for the top."""
    steps = int(random.integers(2, 400))
    step = [0, steps - 1, int(random.integers(steps))][random.integers(3)]
    return step, steps, round(random.uniform(0.05, 2), 2), round(random.uniform(0.1, 0.9), 2)


def _maps(random, shape, kind):
    """Maps of whole numbers whose channels, places and images differ in mean and in spread."""
    if kind == "uint8":
        return random.integers(0, 256, shape, dtype=np.uint8)
    numbers = random.normal(size=shape) * random.uniform(1, 4, shape[-1])
    numbers += random.normal(size=(shape[0], 1, 1, shape[-1])) + 2 * random.normal(size=shape[1:])
    return numbers.round().astype(kind)


def _batch_norm_case(random, shape, kind="float32", epsilon=0.5):
    """One call of `batch_norm`: maps, and a scale and a shift for each channel."""
    scale, shift = random.integers(1, 8, (2, shape[-1])) / np.array([[2], [-2]])
    return _maps(random, shape, kind), scale, shift.round(1), epsilon


def _draw_batch_norm(random):
    shape = tuple(int(n) for n in random.integers((1, 2, 2, 1), (5, 6, 6, 6)))
    kind = ["float32", "float64", "uint8", "int32"][random.integers(4)]
    return _batch_norm_case(random, shape, kind, [1e-3, 0.1, 2.0][random.integers(3)])


def _flat_channel(case):
    """The same case with a channel that holds one number everywhere."""
    maps, *rest = case
    maps[..., 0] = 3
    return maps, *rest


# Of channels, for `Mistake(when=...)` -------------------------------------------------------------


def _alike(measure):
    """Whether two maps have the same of each channel, as measured over all its numbers."""
    return lambda one, other: (
        one.shape == other.shape and close(measure(one, (0, 1, 2)), measure(other, (0, 1, 2)))
    )


def _unlike(measure):
    alike = _alike(measure)
    return lambda one, other: one.shape == other.shape and not alike(one, other)


# Blank cells with one part exchanged --------------------------------------------------------------


def _counted(expression):
    return f"""
def multiply_adds(side, kernel, channels, maps, stride):
    places = -(-side // stride)
    return {expression}
"""


def _rate(expression, top="top", before=""):
    """A rate from `done`, the share of the training that is over; `up` and `down` are at hand."""
    return f"""
def one_cycle(step, steps, peak, top):
    done, top = step / steps, {top}
    up = peak / 5 + (peak - peak / 5) * done / top
    down = peak * (1 - done) / (1 - top)
    {before}
    return {expression}
"""


def _line(places, rates):
    return f"""
def one_cycle(step, steps, peak, top):
    return np.interp(step, {places}, {rates})
"""


def _norm(
    axes="(0, 1, 2)",
    mean=None,
    variance=None,
    root="np.sqrt(variance + epsilon)",
    centred="maps - mean",
    end="return scale * normal + shift",
):
    """Batch normalisation with one part exchanged."""
    return f"""
def batch_norm(maps, scale, shift, epsilon):
    mean = {mean or f"maps.mean(axis={axes}, keepdims=True)"}
    variance = {variance or f"maps.var(axis={axes}, keepdims=True)"}
    normal = ({centred}) / {root}
    {end}
"""


_CONVOLVED = 'layers.Conv2D(width, 3, padding="same", use_bias=False)'
_BROUGHT = "layers.Conv2D(width, 1, use_bias=False)"


def _block(
    convolution=_CONVOLVED,
    more="more = layers.ReLU()(resnet.BatchNorm()(more))",
    where="maps.shape[-1] != width",
    brought=f"maps = {_BROUGHT}(maps)",
    end="return layers.Add()([maps, more])",
    before="",
):
    """A residual block with one part exchanged."""
    return f"""
{before}
def residual_block(maps, width):
    more = {convolution}(maps)
    {more}
    if {where}:
        {brought}
    {end}
"""


MULTIPLY_ADDS = Exercise(
    name="09/multiply_adds",
    task=(
        "Write `multiply_adds(side, kernel, channels, maps, stride)`: how many multiplications, "
        'each with its addition, a convolution with padding "same" takes for one image.'
    ),
    hints=(
        "Begin with one number of one map: the kernel lies on `kernel * kernel` pixels of "
        "`channels` channels there, and multiplies each of them.",
        "There are as many such numbers as there are places, times `maps`. With padding "
        '"same" and stride 1 there are as many places as pixels; with stride 2 every second one '
        "along each side remains, the first included.",
        "Along a side there are `math.ceil(side / stride)` places, or `-(-side // stride)`. All "
        "in all: `places**2 * kernel**2 * channels * maps`.",
    ),
    solution="""
        def multiply_adds(side, kernel, channels, maps, stride):
            places = -(-side // stride)
            return places**2 * kernel**2 * channels * maps
    """,
    right=(
        "import math\n"
        "def multiply_adds(side, kernel, channels, maps, stride):\n"
        "    places = math.ceil(side / stride)\n"
        "    return places * places * kernel * kernel * channels * maps",
        """
        def multiply_adds(side, kernel, channels, maps, stride):
            total = 0
            for row in range(0, side, stride):
                for column in range(0, side, stride):
                    total += kernel**2 * channels * maps
            return total
        """,
        "def multiply_adds(side, kernel, channels, maps, stride):\n"
        "    return int(np.ceil(side / stride)) ** 2 * kernel**2 * channels * maps",
        "def multiply_adds(side, kernel, channels, maps, stride):\n"
        "    return ((side + stride - 1) // stride * kernel) ** 2 * channels * maps",
    ),
    cases=(
        (4, 3, 2, 5, 1),
        (7, 3, 2, 5, 2),
        (8, 2, 3, 4, 3),
        (32, 3, 32, 64, 2),
        (9, 5, 1, 3, 4),
        (5, 1, 6, 7, 1),
        (2, 3, 5, 4, 3),
    ),
    draw=_draw_multiply_adds,
    mistakes=(
        Mistake(
            code=_counted("side**2 * kernel**2 * channels * maps"),
            message=(
                "The stride is ignored: this is the number for a kernel that stops at every "
                "pixel. With stride 2 it stops at every second one along each side."
            ),
        ),
        Mistake(
            code=_counted("(side // stride) ** 2 * kernel**2 * channels * maps"),
            message=(
                "The places are rounded down. Where the stride does not divide the side there is "
                "one more, since the kernel stops at 0, stride, 2 · stride, ... up to the last "
                "pixel: round up."
            ),
        ),
        Mistake(
            code=_counted("round(side / stride) ** 2 * kernel**2 * channels * maps"),
            message=(
                "The places are rounded to the nearest whole number. What is left over, however "
                "little, holds one more place: round up."
            ),
        ),
        Mistake(
            code=_counted("(side / stride) ** 2 * kernel**2 * channels * maps"),
            message=(
                "There is no part of a place: where `side / stride` leaves a rest, round up "
                "before you square."
            ),
        ),
        Mistake(
            code=_counted("-(-(side**2) // stride**2) * kernel**2 * channels * maps"),
            message=(
                "This squares first and rounds up afterwards. Each side is divided by the stride "
                "and rounded up, and then squared."
            ),
        ),
        Mistake(
            code=_counted("-(-(side**2) // stride) * kernel**2 * channels * maps"),
            message=(
                "All the pixels are divided by the stride once. The kernel steps over pixels "
                "down and across: divide the side, round up, and square that."
            ),
        ),
        Mistake(
            code=_counted("((side - 1) // stride) ** 2 * kernel**2 * channels * maps"),
            message=(
                "One place too few along each side: the first stands at 0, and after it come "
                "`(side - 1) // stride` steps."
            ),
        ),
        Mistake(
            code=_counted("(side // stride + 1) ** 2 * kernel**2 * channels * maps"),
            message=(
                "One place too many where the stride divides the side: 4 pixels with stride 2 "
                "have the places 0 and 2. Round up in place of adding one."
            ),
        ),
        Mistake(
            code=_counted("(places + 1) ** 2 * kernel**2 * channels * maps"),
            message=(
                "One place too many along each side: the side divided by the stride and rounded "
                "up has the first place in it."
            ),
        ),
        Mistake(
            code=_counted("((side - kernel) // stride + 1) ** 2 * kernel**2 * channels * maps"),
            message=(
                'These are the places of padding "valid", where the kernel stays on the image. '
                '"same" adds what is needed around it, so that the kernel does not change how '
                "many places there are."
            ),
        ),
        Mistake(
            code=_counted("kernel**2 * channels * maps"),
            message=(
                "These are the weights. Each of them is used again at every place of its map, "
                "and each use is a multiplication: times the places."
            ),
        ),
        Mistake(
            code=_counted("(kernel**2 * channels + 1) * maps"),
            message=(
                "These are the parameters, as `count_params` gives them. The work is another "
                "number: each weight is used at every place of its map, and a bias is added "
                "without a multiplication."
            ),
        ),
        Mistake(
            code=_counted("places**2 * (kernel**2 * channels + 1) * maps"),
            message=(
                "A bias is counted at every place. It is added and multiplied with nothing, so "
                "that it is no multiply-add: leave out the `+ 1`."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2 * channels * maps + maps"),
            message=(
                "The biases are counted, one a map. They are added and multiplied with nothing: "
                "leave them out."
            ),
        ),
        Mistake(
            code=_counted("2 * places**2 * kernel**2 * channels * maps"),
            message=(
                "This is twice as much: multiplications and additions, each counted by itself "
                "(as operations, or FLOPs). Asked for is the number of pairs."
            ),
        ),
        Mistake(
            code=_counted("places * kernel**2 * channels * maps"),
            message=(
                "These are the places along one side. The kernel moves down and across: square "
                "them."
            ),
        ),
        Mistake(
            code=_counted("places * 2 * kernel**2 * channels * maps"),
            message="The square of a number is `places ** 2`, and not `places * 2`.",
        ),
        Mistake(
            code=_counted("places**2 * kernel * channels * maps"),
            message=(
                "A kernel has `kernel * kernel` numbers a channel, since it is a square: square "
                "its side."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel * 2 * channels * maps"),
            message="A kernel has `kernel ** 2` numbers a channel, and not `kernel * 2`.",
        ),
        Mistake(
            code=_counted("places**2 * channels * maps"),
            message=(
                "The kernel has no part in this number: it is right for 1×1 alone. At each place "
                "a kernel multiplies `kernel * kernel` pixels of each channel."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2 * maps"),
            message=(
                "The channels are missing: a kernel reaches through all of them, and has "
                "`kernel * kernel` numbers for each. Without them this is the work of a "
                "convolution that gives each map one channel to read."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2 * channels"),
            message=(
                "This is the work of one map, or of a depthwise convolution, whose kernels read "
                "one channel each. There are `maps` kernels, and each reads all channels."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2"),
            message=(
                "This is the work of one kernel on one channel. There are `maps` kernels, and "
                "each has a part for every channel."
            ),
        ),
        Mistake(
            code=_counted("places**2 * channels * (kernel**2 + maps)"),
            message=(
                "This is the work of a depthwise convolution and a 1×1 after it. In the usual "
                "convolution each of the maps has kernels of its own: multiply by `maps`."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2 * (channels + maps)"),
            message=(
                "Channels and maps are added. Every map has a kernel for every channel, so that "
                "there are `channels * maps` of these: multiply."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2 + channels * maps"),
            message=(
                "Here a sum stands where a product belongs: the numbers of a kernel are there "
                "once for every channel and every map. Multiply all of them."
            ),
        ),
        Mistake(
            code=_counted("(places**2 + kernel**2) * channels * maps"),
            message=(
                "Places and numbers of a kernel are added. At every place all numbers of the "
                "kernel are used: multiply."
            ),
        ),
        Mistake(
            code=_counted("places**2 + kernel**2 * channels * maps"),
            message=(
                "The places are added to the weights. Every weight is used at every place: "
                "multiply."
            ),
        ),
        Mistake(
            code=_counted("places**2 * (kernel**2 + channels) * maps"),
            message=(
                "The channels are added to the numbers of a kernel. It has `kernel ** 2` of them "
                "for each channel: multiply."
            ),
        ),
        Mistake(
            code=_counted("places**2 * (kernel**2 * channels + maps)"),
            message=(
                "The maps are added. Each of them takes `kernel ** 2 * channels` multiplications "
                "at a place: multiply by `maps`."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2 * channels + maps"),
            message=(
                "The maps are added at the end, after the work of one. Each of them takes as "
                "much: multiply by `maps`."
            ),
        ),
        Mistake(
            code=_counted("places**2 * maps"),
            message=(
                "These are the numbers that come out. Each of them takes `kernel ** 2 * "
                "channels` multiplications."
            ),
        ),
        Mistake(
            code=_counted("side**2 * channels"),
            message=(
                "These are the numbers that go in. Each is read by many kernels at many places; "
                "count from what comes out."
            ),
        ),
        Mistake(
            code=_counted("(side * stride) ** 2 * kernel**2 * channels * maps"),
            message="This grows with the stride. Longer steps leave fewer places: divide.",
        ),
        Mistake(
            code=_counted("places**2 * (kernel // stride) ** 2 * channels * maps"),
            message=(
                "The kernel is divided by the stride, too. It stays as large as it is; only the "
                "places where it stops become fewer."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2 * channels**2 * maps"),
            message=(
                "The channels are squared. A kernel has a part for every channel: they count once."
            ),
        ),
        Mistake(
            code=_counted("places**2 * kernel**2 * channels * maps**2"),
            message="The maps are squared. Each of them has its kernels once.",
        ),
        Mistake(
            code=_counted("places**2 * kernel**3 * channels * maps"),
            message=(
                "The side of the kernel is multiplied three times. It has two sides, and the "
                "channels are counted by themselves: `kernel ** 2`."
            ),
        ),
        Mistake(
            code=_counted("places**3 * kernel**2 * channels * maps"),
            message="A map has two sides, and so many places: `places ** 2`.",
        ),
        Mistake(
            code=_counted("(side % stride) ** 2 * kernel**2 * channels * maps"),
            message=(
                "`%` is what a division leaves over. How many places there are is the quotient, "
                "rounded up."
            ),
        ),
        Mistake(
            code=_counted("(-side % stride) ** 2 * kernel**2 * channels * maps"),
            message=(
                "`-side % stride` is what is missing to the next multiple of the stride. How many "
                "places there are is a quotient: `-(-side // stride)`."
            ),
        ),
        Mistake(
            code=_counted("-(-side // stride**2) * kernel**2 * channels * maps"),
            message=(
                "The stride is squared in place of the quotient. Divide one side, round up, and "
                "square what comes out."
            ),
        ),
        Mistake(
            code=_counted("(-(-side // 2)) ** 2 * kernel**2 * channels * maps"),
            message="The places are those of stride 2, whatever `stride` is.",
        ),
        Mistake(
            code=_counted("(-(-side // kernel)) ** 2 * kernel**2 * channels * maps"),
            message=(
                "The side is divided by the kernel, as where windows lie side by side. The steps "
                "are as long as the stride."
            ),
        ),
        Mistake(
            code=_counted("print(places**2 * kernel**2 * channels * maps)"),
            message=("Nothing came back (None). `print` only shows the number: `return` it."),
        ),
    ),
    shows=(
        "The work of a layer: parameters, used once at every place. Half the side is a quarter "
        "of the work and as many parameters, which is why training on smaller images at first "
        "saves seconds."
    ),
)

ONE_CYCLE = Exercise(
    name="09/one_cycle",
    task=(
        "Write `one_cycle(step, steps, peak, top)`: the learning rate of step `step` (0 to "
        "`steps - 1`) in a training of `steps` steps. In a straight line from `peak / 5` at step "
        "0 to `peak` at the share `top` of the steps, then in a straight line down to 0 at `steps`."
    ),
    hints=(
        "Begin with the share of the training that is over, `step / steps`: it is 0 at the first "
        "step and `top` at the peak, and would be 1 after the last step.",
        "On the way up the rate grows by four fifths of `peak` while that share goes from 0 to "
        "`top`. On the way down it falls by all of `peak` while it goes from `top` to 1.",
        "With `done = step / steps`: where `done < top`, `peak * (0.2 + 0.8 * done / top)`; else "
        "`peak * (1 - done) / (1 - top)`. Or let NumPy draw the lines: `np.interp(step, [0, top "
        "* steps, steps], [peak / 5, peak, 0])`.",
    ),
    solution="""
        def one_cycle(step, steps, peak, top):
            done = step / steps
            if done < top:
                return peak * (0.2 + 0.8 * done / top)
            return peak * (1 - done) / (1 - top)
    """,
    right=(
        _line("[0, top * steps, steps]", "[peak / 5, peak, 0]"),
        _rate("min(up, down)"),
        "from cnncourse import resnet\n"
        "def one_cycle(step, steps, peak, top):\n"
        "    return resnet.OneCycle(peak, steps, top)(step)",
        """
        def one_cycle(step, steps, peak, top):
            highest = top * steps
            if step <= highest:
                return peak / 5 + step * (peak - peak / 5) / highest
            return peak - peak * (step - highest) / (steps - highest)
        """,
    ),
    tolerance=1e-3,  # a rate in float32 will do
    cases=(
        (0, 10, 1.0, 0.5),
        (2, 10, 1.0, 0.4),
        (4, 10, 2.0, 0.4),
        (7, 10, 2.0, 0.4),
        (9, 10, 0.5, 0.4),
        (3, 11, 0.5, 0.25),
        (60, 400, 0.2, 0.3),
        (399, 400, 0.2, 0.3),
    ),
    draw=_draw_one_cycle,
    mistakes=(
        Mistake(
            code=_rate("up"),
            message=(
                "The rate goes up to the last step, past `peak`. From the share `top` on it goes "
                "down, to 0."
            ),
        ),
        Mistake(
            code=_rate("down"),
            message=(
                "This is the way down alone, and at step 0 the rate is larger than `peak`. Until "
                "the share `top` is reached it goes up."
            ),
        ),
        Mistake(
            code=_rate("max(up, down)"),
            message=(
                "The two lines are exchanged: before the peak this takes the one that leads down, "
                "after it the one that leads up. The lower of both is wanted, `min`, or the other "
                "order of the two branches."
            ),
        ),
        Mistake(
            code=_rate("min(up, peak)"),
            message="The rate stays at `peak`. After the share `top` it goes down in a line, to 0.",
        ),
        Mistake(
            code=_rate("peak"),
            message="The rate is `peak` at every step. Both ways, up and down, are missing.",
        ),
        Mistake(
            code=_rate("peak * (1 - done)"),
            message=(
                "The rate falls from `peak` at step 0 in one line. It begins at `peak / 5`, and "
                "is at `peak` where the share `top` is over."
            ),
        ),
        Mistake(
            code=_rate("peak / 5 if done < top else down"),
            message=(
                "The rate waits at `peak / 5` and then jumps to `peak`. It goes up in a line "
                "until the share `top`."
            ),
        ),
        Mistake(
            code=_rate("min(1, done / top) * peak if done < top else down"),
            message=(
                "This begins at 0, and step 0 would change nothing. It begins at a fifth of "
                "`peak`: `0.2 + 0.8 * done / top` of it."
            ),
        ),
        Mistake(
            code=_rate("peak * (0.2 + done / top) if done < top else down"),
            message=(
                "The way up ends above `peak`: a fifth is there at the start, so that four fifths "
                "are left to grow by, `0.2 + 0.8 * done / top`."
            ),
        ),
        Mistake(
            code=_rate("peak * 0.8 * done / top if done < top else down"),
            message=(
                "The fifth at the start is missing: this begins at 0 and comes to 0.8 of `peak`. "
                "Add 0.2."
            ),
        ),
        Mistake(
            code=_rate("peak * (0.2 + 0.8 * done) if done < top else down"),
            message=(
                "The way up is too slow: it would come to `peak` at the end of the training. "
                "Divide `done` by `top`, so that it is 1 at the peak."
            ),
        ),
        Mistake(
            code=_rate("peak * (0.2 + 0.8 * done * top) if done < top else down"),
            message=(
                "`done` is multiplied by `top`. Divide by it: the quotient goes from 0 to 1 on "
                "the way up."
            ),
        ),
        Mistake(
            code=_rate("up if done < top else peak * (1 - done)"),
            message=(
                "The way down begins below `peak`, with a jump. Divide by `1 - top`: the quotient "
                "goes from 1 at the peak to 0."
            ),
        ),
        Mistake(
            code=_rate("up if done < top else peak * (1 - done) * (1 - top)"),
            message="On the way down this multiplies by `1 - top`. Divide by it.",
        ),
        Mistake(
            code=_rate("up if done < top else peak * (1 - done / (1 - top))"),
            message=(
                "`done` alone is divided by `1 - top` on the way down, and the rate ends below 0. "
                "What is left, `1 - done`, is divided: mind the parentheses."
            ),
        ),
        Mistake(
            code=_rate("up if done < top else peak * (1 - done) / top"),
            message=(
                "The way down takes the share `1 - top` of the steps, and is divided by `top` "
                "here, as the way up."
            ),
        ),
        Mistake(
            code=_rate("up if done < top else peak * (done - top) / (1 - top)"),
            message=(
                "After the peak this goes up again, from 0 to `peak`. It is the share that is "
                "left which counts: `1 - done` in place of `done - top`."
            ),
        ),
        Mistake(
            code=_line("[0, top * steps, steps]", "[peak / 5, peak, peak / 5]"),
            message="The way down ends at `peak / 5`, where the way up began. It ends at 0.",
        ),
        Mistake(
            code=_line("[0, top * steps, steps - 1]", "[peak / 5, peak, 0]"),
            message=(
                "The last step, `steps - 1`, gets the rate 0 here and changes nothing. 0 is "
                "reached at `steps`, one after it: divide by `steps`."
            ),
        ),
        Mistake(
            code=_line("[0, top * (steps - 1), steps - 1]", "[peak / 5, peak, 0]"),
            message=(
                "This counts `steps - 1` steps in place of `steps`, so that the last of them gets "
                "the rate 0 and changes nothing. The share that is over is `step / steps`."
            ),
        ),
        Mistake(
            code=_line(
                "np.array([0, top * steps, steps]) - 1",
                "[peak / 5, peak, 0]",
            ),
            message=(
                "This is the rate of the step after: the first step has the number 0, and its rate "
                "is `peak / 5`. Take `step` as it is."
            ),
        ),
        Mistake(
            code=_line("[0, (1 - top) * steps, steps]", "[peak / 5, peak, 0]"),
            message=(
                "The peak lies at the share `1 - top`. `top` is the part of the steps that leads "
                "up: the peak lies at `top * steps`."
            ),
        ),
        Mistake(
            code=_line("[0, steps / 2, steps]", "[peak / 5, peak, 0]"),
            message="The peak lies in the middle whatever `top` is. It lies at `top * steps`.",
        ),
        Mistake(
            code=_line("[0, 0.23 * steps, steps]", "[peak / 5, peak, 0]"),
            message="The peak lies at 0.23 of the steps whatever `top` is: use `top`.",
        ),
        Mistake(
            code=_line("[0, round(top * steps), steps]", "[peak / 5, peak, 0]"),
            message=(
                "The peak is moved to the nearest whole step. It lies at `top * steps`, between "
                "two steps if need be: leave the product as it is."
            ),
        ),
        Mistake(
            code=_line("[0, int(top * steps), steps]", "[peak / 5, peak, 0]"),
            message=(
                "The peak is moved back to a whole step by rounding down. It lies at `top * "
                "steps`, between two steps if need be: leave the product as it is."
            ),
        ),
        Mistake(
            code=_rate(
                "peak * (0.2 + 0.8 * step / top) if step < top else "
                "peak * (steps - step) / (steps - top)"
            ),
            message=(
                "`top` is compared with the number of the step. It is a share of the training, "
                "as 0.25: the peak lies at step `top * steps`."
            ),
        ),
        Mistake(
            code=_rate("up if step < top else down"),
            message=(
                "Which line it is is decided by `step < top`: a number of steps against a share. "
                "Compare `step / steps`, or `step` with `top * steps`."
            ),
        ),
        Mistake(
            code=_rate("min(up, down)", before="done = step // steps; up, down = peak / 5, peak"),
            message=(
                "This is `peak / 5` at every step. Is the division `//`? It rounds down, and "
                "`step // steps` is 0 as long as the training lasts: use `/`."
            ),
        ),
        Mistake(
            code=_rate(
                "peak * (0.2 + 0.8 * done / top) if done < top else peak * (1 - done) / (1 - top)",
                before="done = step",
            ),
            message=(
                "The number of the step stands where the share of the training belongs, so that "
                "all but the first lie far behind the end. Divide it: `step / steps`."
            ),
        ),
        Mistake(
            code=_rate("0.2 + (peak - 0.2) * done / top if done < top else down"),
            message=(
                "This begins at 0.2, whatever `peak` is. It begins at a fifth of the peak: `0.2 * "
                "peak`."
            ),
        ),
        Mistake(
            code=_rate("min(up, down) / peak"),
            message=(
                "This is the part of the peak, from 0 to 1: right where `peak` is 1 alone. "
                "Multiply by `peak`."
            ),
        ),
        Mistake(
            code=_rate("0.2 + 0.8 * done / top if done < top else down"),
            message=(
                "On the way up `peak` is left out: this is the part of it. Multiply, as on the "
                "way down."
            ),
        ),
        Mistake(
            code=_rate("up if done < top else (1 - done) / (1 - top)"),
            message=(
                "On the way down `peak` is left out: this is the part of it. Multiply, as on the "
                "way up."
            ),
        ),
        Mistake(
            code=_rate("peak * 0.2 + 0.8 * done / top if done < top else down"),
            message=(
                "`peak` multiplies the 0.2 alone on the way up: `*` goes before `+`. Put "
                "parentheses around the sum."
            ),
        ),
        Mistake(
            code=_line("[0, top * steps, steps]", "[peak / 10, peak, 0]"),
            message="This begins at a tenth of `peak`. It begins at a fifth.",
        ),
        Mistake(
            code=_line("[0, top * steps, steps]", "[peak / 25, peak, 0]"),
            message="This begins at `peak / 25`, as in other libraries. Here it is `peak / 5`.",
        ),
        Mistake(
            code=_line("[0, top * steps, steps]", "[peak / 2, peak, 0]"),
            message="This begins at half of `peak`. It begins at a fifth.",
        ),
        Mistake(
            code=_rate(
                "up if done < top else peak * 0.5 * (1 + np.cos(np.pi * (done - top) / (1 - top)))"
            ),
            message=(
                "The way down is half a cosine. Such rates are in use too; asked for is a "
                "straight line."
            ),
        ),
        Mistake(
            code=_rate("peak * 0.5 * (1 + np.cos(np.pi * done))"),
            message=(
                "This is half a cosine from `peak` down to 0. Asked for are two straight lines, "
                "the first of which leads up."
            ),
        ),
        Mistake(
            code=_rate("[min(up, down) for _ in range(steps)]"),
            when=each(lambda expected, received: received.ndim == 1 and len(received) > 1),
            message=(
                "This is a list, perhaps with a rate for each step. Asked for is the rate of one "
                "step, `step`."
            ),
        ),
        Mistake(
            code=_rate("print(min(up, down))"),
            message=(
                "Nothing came back (None). The rate has to be returned; `print` only shows it."
            ),
        ),
        Mistake(
            code=_rate("peak * (0.2 + 0.8 * done / top) if done < top else None"),
            when=lambda trials: any(trial.received is None and not trial.error for trial in trials),
            message=(
                "At some steps nothing comes back (None): each of the two branches needs its "
                "`return`."
            ),
        ),
        Mistake(
            code="def one_cycle(step, steps, peak, top): return peak * steps / step",
            when=raises("ZeroDivisionError"),
            message=(
                "This divides by 0 at some step. Step 0 is the first one, so that nothing can be "
                "divided by `step`, or by the share that is over, `step / steps`: both are what "
                "is divided."
            ),
        ),
        Mistake(
            code=_line("[0, top * steps, steps]", "[peak / 4, peak, 0]"),
            when=right_if(lambda given: given["step"] >= given["top"] * given["steps"]),
            message=(
                "The way down is right, the way up is not: it begins at `peak / 5` at step 0, and "
                "is at `peak` where `step / steps` is `top`."
            ),
        ),
        Mistake(
            code=_line("[0, top * steps, steps]", "[peak / 5, peak, peak / 100]"),
            when=right_if(lambda given: given["step"] < given["top"] * given["steps"]),
            message=(
                "The way up is right, the way down is not: it begins at `peak` where `step / "
                "steps` is `top`, and ends at 0 at `steps`."
            ),
        ),
    ),
    shows=(
        "It begins low, since the first gradients are large, and ends at 0, where the weights come "
        "to rest. `resnet.OneCycle` gives an optimizer the same rates: it counts steps, and an "
        "epoch has many."
    ),
)

BATCH_NORM = Exercise(
    name="09/batch_norm",
    task=(
        "Write `batch_norm(maps, scale, shift, epsilon)` in NumPy, for maps of shape (number, "
        "height, width, channels): of each channel subtract its mean over all images and pixels of "
        "the batch, divide by the root of its variance plus `epsilon`, multiply by its `scale`, "
        "add its `shift`."
    ),
    hints=(
        "Each channel has one mean and one variance, so that these have the shape (channels,). "
        "Which axes of (number, height, width, channels) are gone then?",
        "`maps.mean(axis=(0, 1, 2))` goes over the first three axes; `maps.var` likewise. The "
        "shape (channels,) fits the last axis of the maps by itself.",
        "`normal = (maps - mean) / np.sqrt(variance + epsilon)`, then `scale * normal + shift`.",
    ),
    solution="""
        def batch_norm(maps, scale, shift, epsilon):
            mean = maps.mean(axis=(0, 1, 2))
            variance = maps.var(axis=(0, 1, 2))
            normal = (maps - mean) / np.sqrt(variance + epsilon)
            return scale * normal + shift
    """,
    right=(
        _norm(),
        _norm(variance="np.mean((maps - mean) ** 2, axis=(0, 1, 2))"),
        """
        def batch_norm(maps, scale, shift, epsilon):
            columns = maps.reshape(-1, maps.shape[-1]).astype(float)
            columns -= columns.mean(axis=0)
            columns *= scale / (np.mean(columns**2, axis=0) + epsilon) ** 0.5
            return (columns + shift).reshape(maps.shape)
        """,
        """
        def batch_norm(maps, scale, shift, epsilon):
            out = np.empty(maps.shape)
            for channel in range(maps.shape[-1]):
                one = maps[..., channel]
                normal = (one - one.mean()) / np.sqrt(one.std() ** 2 + epsilon)
                out[..., channel] = scale[channel] * normal + shift[channel]
            return out
        """,
        """
        import tensorflow as tf
        def batch_norm(maps, scale, shift, epsilon):
            maps = tf.cast(maps, "float32")
            mean, variance = tf.nn.moments(maps, [0, 1, 2])
            return tf.nn.batch_normalization(maps, mean, variance, shift, scale, epsilon)
        """,
    ),
    cases=(
        _batch_norm_case(_random, (2, 2, 1, 2)),
        _batch_norm_case(_random, (3, 4, 3, 3)),
        _flat_channel(_batch_norm_case(_random, (2, 3, 4, 3), "float32", 0.01)),
        _batch_norm_case(_random, (4, 3, 2, 5), "uint8", 0.001),
        _batch_norm_case(_random, (3, 3, 3, 3), "int32"),
    ),
    draw=_draw_batch_norm,
    tolerance=1e-4,
    seconds=20,
    mistakes=(
        Mistake(
            code=_norm(axes="0"),
            message=(
                "Mean and variance go over the images alone: every pixel of a map has its own. A "
                "kernel is the same at all pixels, so that its whole map has one mean and one "
                "variance: `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(axes="(1, 2)"),
            message=(
                "Every image has a mean and a variance of its own here (this is instance "
                "normalisation). Those of a batch go over its images, too: `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(axes="(1, 2, 3)"),
            message=(
                "Mean and variance go over the channels here, with one for each image (this is "
                "layer normalisation). Each channel has its own, over all images: `axis=(0, 1, "
                "2)`."
            ),
        ),
        Mistake(
            code=_norm(axes="3"),
            message=(
                "Mean and variance go over the channels, the last axis, one for each pixel. The "
                "channels are what stays: `axis=(0, 1, 2)` goes over all the others."
            ),
        ),
        Mistake(
            code=_norm(axes="None"),
            message=(
                "One mean and one variance for all the numbers of the maps. Each channel has its "
                "own: `axis=(0, 1, 2)` leaves the last axis."
            ),
        ),
        Mistake(
            code=_norm(axes="(0, 1)"),
            message=(
                "Every column of the maps has its own mean and variance: the axes of images and "
                "height are gone through, the width is not. `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(axes="(0, 2)"),
            message=(
                "Every row of the maps has its own mean and variance: the axes of images and "
                "width are gone through, the height is not. `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(axes="1"),
            message=(
                "Mean and variance go along the height alone. They go over images, height and "
                "width: `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(axes="2"),
            message=(
                "Mean and variance go along the width alone. They go over images, height and "
                "width: `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(axes="(0, 2, 3)"),
            message=(
                "The channels are taken to be the second axis, as in other libraries. In Keras on "
                "TensorFlow they are the last: `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(mean="maps.mean()"),
            message=(
                "The mean is that of all channels together; the variance is right. Each channel "
                "has its own mean, too: `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(variance="maps.var()"),
            message=(
                "The variance is that of all channels together; the mean is right. Each channel "
                "has its own variance, too: `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(mean="maps.mean(axis=0)"),
            message=(
                "The mean goes over the images alone, so that every pixel has its own; the "
                "variance is right. Both go over `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(variance="maps.var(axis=0)"),
            message=(
                "The variance goes over the images alone, so that every pixel has its own; the "
                "mean is right. Both go over `axis=(0, 1, 2)`."
            ),
        ),
        Mistake(
            code=_norm(root="(variance + epsilon)"),
            message=(
                "This divides by the variance itself. It is a mean of squares: its root, "
                "`np.sqrt(variance + epsilon)`, is as large as the numbers are."
            ),
        ),
        Mistake(
            code=_norm(root="(variance + epsilon) ** 2"),
            message="The variance is squared here. Its root is wanted: `np.sqrt`, or `** 0.5`.",
        ),
        Mistake(
            code=_norm(root="(np.sqrt(variance) + epsilon)"),
            message=(
                "`epsilon` is added to the root, that is to the standard deviation. It is added "
                "to the variance, inside of the root."
            ),
        ),
        Mistake(
            code=_norm(root="np.sqrt(variance)"),
            message=(
                "`epsilon` is left out. Where a channel is the same everywhere its variance is 0, "
                "and this divides 0 by 0: add it inside of the root."
            ),
        ),
        Mistake(
            code=_norm(root="np.sqrt(variance + 1e-3)"),
            message="`epsilon` is 0.001 here whatever comes in. Use the argument.",
        ),
        Mistake(
            code=_norm(root="np.sqrt(variance + 1e-5)"),
            message="`epsilon` is 0.00001 here whatever comes in. Use the argument.",
        ),
        Mistake(
            code=_norm(root="np.sqrt(variance + epsilon**2)"),
            message="`epsilon` is squared. It is added to the variance as it is.",
        ),
        Mistake(
            code=_norm(root="np.sqrt(variance - epsilon)"),
            message=(
                "`epsilon` is subtracted from the variance, which can come below 0 by it and has "
                "no root then. Add it."
            ),
        ),
        Mistake(
            code=_norm(root="np.sqrt(variance * epsilon)"),
            message="The variance is multiplied by `epsilon`. It is added.",
        ),
        Mistake(
            code=_norm(root="np.sqrt(epsilon)"),
            message=(
                "This divides by the root of `epsilon` alone, the same for each channel. The "
                "variance belongs under it: `variance + epsilon`."
            ),
        ),
        Mistake(
            code=_norm(root="1"),
            message=(
                "The mean is subtracted and nothing is divided. Divide by `np.sqrt(variance + "
                "epsilon)`, so that every channel spreads equally before `scale`."
            ),
        ),
        Mistake(
            code=_norm(root="(1 / np.sqrt(variance + epsilon))"),
            message=(
                "This multiplies by the root of the variance. Divide by it: a channel that "
                "spreads widely is to be made narrow."
            ),
        ),
        Mistake(
            code=_norm(variance="maps.var(axis=(0, 1, 2), ddof=1)"),
            message=(
                "This variance divides by one less than there are numbers (`ddof=1`). Batch "
                "normalisation takes the mean of the squares: leave `ddof` out. (It is 1 by itself "
                "in pandas and in the module `statistics`.)"
            ),
        ),
        Mistake(
            code=_norm(variance="maps.std(axis=(0, 1, 2))"),
            message=(
                "This takes the root twice: `std` is the root of the variance already. Take "
                "`maps.var`."
            ),
        ),
        Mistake(
            code=_norm(centred="maps"),
            message="The mean is not subtracted: only the spread is made even. `maps - mean`.",
        ),
        Mistake(
            code=_norm(centred="maps + mean"),
            message="The mean is added. Subtract it, so that every channel lies around 0.",
        ),
        Mistake(
            code=_norm(centred="mean - maps"),
            message="The signs are turned round: it is `maps - mean`, not `mean - maps`.",
        ),
        Mistake(
            code=_norm(centred="maps - mean / np.sqrt(variance + epsilon)", root="1"),
            message=(
                "The mean alone is divided: `/` goes before `-`. Put parentheses around `maps - "
                "mean`."
            ),
        ),
        Mistake(
            code=_norm(centred="maps - np.median(maps, axis=(0, 1, 2))"),
            message="This subtracts the median. The mean is asked for.",
        ),
        Mistake(
            code=_norm(
                centred="maps - maps.min(axis=(0, 1, 2))",
                root="(maps.max(axis=(0, 1, 2)) - maps.min(axis=(0, 1, 2)) + epsilon)",
            ),
            message=(
                "This brings every channel to 0 up to 1, by its smallest and largest number. Mean "
                "and variance are asked for."
            ),
        ),
        Mistake(
            code=_norm(end="return scale * ((maps - mean) // (variance + epsilon) ** 0.5) + shift"),
            message="`//` rounds the quotient down to a whole number. Divide by `/`.",
        ),
        Mistake(
            code=_norm(end="return shift * normal + scale"),
            message="`scale` and `shift` are exchanged: multiply by `scale`, add `shift`.",
        ),
        Mistake(
            code=_norm(end="return scale * (normal + shift)"),
            message=(
                "`shift` is added before the multiplication, and scaled with the rest. Multiply by "
                "`scale` first, then add `shift`."
            ),
        ),
        Mistake(
            code=_norm(end="return normal"),
            message="`scale` and `shift` are left out: every channel has mean 0 and variance 1.",
        ),
        Mistake(
            code=_norm(end="return scale * normal"),
            message="`shift` is left out: add it at the end.",
        ),
        Mistake(
            code=_norm(end="return normal + shift"),
            message="`scale` is left out: multiply by it before you add `shift`.",
        ),
        Mistake(
            code=_norm(end="return scale * normal - shift"),
            message="`shift` is subtracted. Add it.",
        ),
        Mistake(
            code=_norm(end="return normal / scale + shift"),
            message="This divides by `scale`. Multiply by it.",
        ),
        Mistake(
            code=_norm(end="return normal + scale + shift"),
            message="`scale` is added. Multiply by it, and add `shift` alone.",
        ),
        Mistake(
            code=_norm(end="return scale * normal * shift"),
            message="`shift` multiplies here. Add it.",
        ),
        Mistake(
            code=_norm(end="return scale[0] * normal + shift[0]"),
            message=(
                "All channels get the scale and the shift of the first. Each has its own; arrays "
                "of shape (channels,) fit the last axis by themselves."
            ),
        ),
        Mistake(
            code=_norm(end="return shift + 0 * normal"),
            message="Only `shift` comes back, whatever the maps are: add it to `scale * normal`.",
        ),
        Mistake(
            code=_norm(end="return scale * maps + shift"),
            message=(
                "The maps are scaled and shifted as they came in. Subtract the mean and divide "
                "by the root first."
            ),
        ),
        Mistake(
            code=_norm(end="return (scale * normal + shift).astype(maps.dtype)"),
            message=(
                "The result has the type of the maps, and where these are whole numbers everything "
                "behind the point is lost. Leave the floats as they come; `np.zeros_like(maps)` "
                "has that type too, `np.zeros(maps.shape)` has not."
            ),
        ),
        Mistake(
            code=_norm(
                variance="(maps**2).mean(axis=(0, 1, 2)) - maps.mean(axis=(0, 1, 2)) ** 2",
            ),
            message=(
                "The formula is right, and the squares do not fit the type of the maps: of whole "
                "numbers of 8 bits, those above 255 begin at 0 again. Take `maps.var`, or make "
                "floats first: `maps.astype(float)`."
            ),
        ),
        Mistake(
            code="""
                def batch_norm(maps, scale, shift, epsilon):
                    mean, variance = maps.mean((0, 1, 2)), maps.var((0, 1, 2))
                    maps -= mean
                    maps /= np.sqrt(variance + epsilon)
                    maps *= scale
                    maps += shift
                    return maps
            """,
            message=(
                "This writes into the array that came in: the caller's maps are no longer what "
                "they were, and of whole numbers NumPy refuses it. Make new arrays: `maps - mean`."
            ),
        ),
        Mistake(
            code=_norm(end="scale * normal + shift"),
            message="Nothing came back (None): put `return` before the result.",
        ),
        Mistake(
            code=_norm(root="(np.sqrt(variance + epsilon) / 2)"),
            when=all_of(each(_alike(np.mean)), some(_unlike(np.std))),
            message=(
                "Every channel has the mean that it should have, and a spread that it should not. "
                "Look at what is divided by, `np.sqrt(variance + epsilon)`, at the axes of mean "
                "and variance, and at `scale`."
            ),
        ),
        Mistake(
            code=_norm(mean="maps.mean(axis=(0, 1, 2)) / 2"),
            when=all_of(each(_alike(np.std)), some(_unlike(np.mean))),
            message=(
                "Every channel spreads as it should, and lies around another number than it "
                "should. Look at what is subtracted, the channel's mean, and at what is added, "
                "`shift`."
            ),
        ),
        Mistake(
            code=_norm(end="return scale * normal.mean(axis=0) + shift"),
            when=each(lambda expected, received: received.ndim < expected.ndim),
            message=(
                "Axes are missing in what comes back. Only mean and variance are made of "
                "many numbers; the result has the shape of the maps."
            ),
        ),
        Mistake(
            code="""
                def batch_norm(maps, scale, shift, epsilon):
                    mean, variance = maps.mean(axis=(1, 2)), maps.var(axis=(1, 2))
                    return scale * (maps - mean) / np.sqrt(variance + epsilon) + shift
            """,
            when=raises("ValueError: operands could not be broadcast together"),
            message=(
                "Two shapes do not fit each other, and NumPy says which. A mean and a variance "
                "over `axis=(0, 1, 2)` have the shape (channels,), and that fits the last axis "
                "of the maps."
            ),
        ),
    ),
    shows=(
        "This is what a batch normalisation does in training. Beside it the layer keeps a moving "
        "average of means and variances, and takes these where it does not learn: a single image "
        "has no batch."
    ),
)

RESIDUAL_BLOCK = Exercise(
    name="09/residual_block",
    task=(
        "Write `residual_block(maps, width)`, for maps of a Keras network: a 3×3 convolution with "
        'padding "same", no bias and `width` maps; `resnet.BatchNorm()`; ReLU; and to that, what '
        "came in is added. Where that has another number of maps than `width`, a 1×1 convolution "
        "without bias brings it to `width` first."
    ),
    hints=(
        "The maps take two ways. Keep both under names of their own: `maps` is what came in, and "
        "`more` is what convolution, batch normalisation and ReLU make of it, one after the other: "
        "a layer is made, and called with maps, as in `layers.ReLU()(more)`.",
        "`layers.Conv2D` takes `use_bias=False`. How many maps came in is `maps.shape[-1]`: only "
        "where it is not `width`, `maps` goes through `layers.Conv2D(width, 1, use_bias=False)`.",
        "At the end stands the sum, with nothing after it: `return layers.Add()([maps, more])`, "
        "or `return maps + more`.",
    ),
    solution="""
        def residual_block(maps, width):
            more = layers.Conv2D(width, 3, padding="same", use_bias=False)(maps)
            more = layers.ReLU()(resnet.BatchNorm()(more))
            if maps.shape[-1] != width:
                maps = layers.Conv2D(width, 1, use_bias=False)(maps)
            return layers.Add()([maps, more])
    """,
    right=(
        _block(more="more = keras.ops.relu(layers.BatchNormalization()(more))"),
        _block(
            more="more = resnet.BatchNorm(momentum=0.9)(more); "
            "more = layers.Activation('relu')(more)",
            end="return maps + more",
        ),
        _block(end="return keras.ops.add(more, maps)"),
        """
        def residual_block(maps, width):
            way = keras.Sequential(
                [
                    layers.Conv2D(width, (3, 3), padding="same", use_bias=False),
                    layers.BatchNormalization(),
                    layers.ReLU(),
                ]
            )
            came_in = maps
            if came_in.shape[-1] != width:
                came_in = layers.Conv2D(width, 1, padding="same", use_bias=False)(maps)
            return layers.add([way(maps), came_in])
        """,
        _block(brought="maps = layers.Dense(width, use_bias=False)(maps)"),
    ),
    setup=_KERAS,
    cases=(
        _residual.case(5, 6, 4, 4),
        _residual.case(6, 5, 4, 6),  # a side is the width, so that none is taken for the maps
        _residual.case(6, 5, 7, 5),
    ),
    draw=_residual.drawn_case,
    facts=_residual.block_facts,
    tolerance=2e-3,  # another epsilon will do
    seconds=20,
    mistakes=(
        Mistake(
            code=_block(end="return more"),
            message=(
                "The sum is left out: what came in is not added to what convolution, batch "
                "normalisation and ReLU make of it. End with `layers.Add()([maps, more])`."
            ),
        ),
        Mistake(
            code=_block(
                more="more = resnet.BatchNorm()(more)",
                end="return layers.ReLU()(layers.Add()([maps, more]))",
            ),
            message=(
                "ReLU stands after the sum, as in the first residual networks (He and others, "
                "2015). This block has it before: what came in is then handed on as it is, also "
                "what lies below 0. Add last."
            ),
        ),
        Mistake(
            code=_block(end="return layers.ReLU()(layers.Add()([maps, more]))"),
            message=(
                "There is a second ReLU, after the sum, which takes away what lies below 0 of "
                "what came in. The sum is the last step."
            ),
        ),
        Mistake(
            code=_block(
                more="more = layers.ReLU()(more)",
                end="return resnet.BatchNorm()(layers.Add()([maps, more]))",
            ),
            message=(
                "Batch normalisation stands after the sum, and changes what came in. It stands "
                "between the convolution and ReLU."
            ),
        ),
        Mistake(
            code=_block(
                more="",
                end="return layers.ReLU()(resnet.BatchNorm()(layers.Add()([maps, more])))",
            ),
            message=(
                "The sum comes before batch normalisation and ReLU, which then change what came "
                "in. Add last."
            ),
        ),
        Mistake(
            code=_block(more="more = resnet.BatchNorm()(layers.ReLU()(more))"),
            message=(
                "Batch normalisation comes after ReLU here. It comes before, between the "
                "convolution and ReLU: then `shift` decides what becomes 0."
            ),
        ),
        Mistake(
            code=_block(more="more = resnet.BatchNorm()(more)"),
            message="ReLU is missing: apply it to what comes out of the batch normalisation.",
        ),
        Mistake(
            code=_block(more="more = layers.ReLU()(more)"),
            message=(
                "Batch normalisation is missing: `resnet.BatchNorm()` stands between the "
                "convolution and ReLU."
            ),
        ),
        Mistake(
            code=_block(more=""),
            message=(
                "Batch normalisation and ReLU are missing: the result of the convolution is added "
                "as it is."
            ),
        ),
        Mistake(
            code=_block(end="return layers.Concatenate()([maps, more])"),
            message=(
                "The two are set beside each other along the channels (this is what DenseNet and "
                "Inception do), so that the block gives twice `width` maps. Add them, number by "
                "number."
            ),
        ),
        Mistake(
            code=_block(end="return layers.Multiply()([maps, more])"),
            message=(
                "The two are multiplied. In a product what came in is lost wherever the other is "
                "0; add them."
            ),
        ),
        Mistake(
            code=_block(end="return layers.Average()([maps, more])"),
            message="This is the mean of the two, half of the sum: `layers.Add()`.",
        ),
        Mistake(
            code=_block(end="return layers.Subtract()([maps, more])"),
            message="One is subtracted from the other. Add them.",
        ),
        Mistake(
            code=_block(end="return layers.Subtract()([more, maps])"),
            message="What came in is subtracted. Add it.",
        ),
        Mistake(
            code=_block(end="return layers.Maximum()([maps, more])"),
            message="Of the two numbers the larger one is taken. Add them.",
        ),
        Mistake(
            code=_block(end="return layers.Add()([more, more])"),
            message=(
                "The new maps are added to themselves. What came in is still needed: keep it "
                "under a name of its own."
            ),
        ),
        Mistake(
            code=_block(end="return layers.Add()([maps, maps])"),
            message=(
                "What came in is added to itself, and the new maps lead nowhere: add these to it."
            ),
        ),
        Mistake(
            code=_block(end="return layers.Add()([maps, maps, more])"),
            message="What came in is added twice. Once is asked for.",
        ),
        Mistake(
            code=_block(end="return maps"),
            message=(
                "What came in comes back, and the new maps lead nowhere: return the sum of both."
            ),
        ),
        Mistake(
            code=_block(convolution='layers.Conv2D(width, 3, padding="same")'),
            by=("biases of convolutions",),
            message=(
                "The 3×3 convolution has a bias. Batch normalisation subtracts the mean of every "
                "map, and the bias with it: `use_bias=False` saves parameters that do nothing."
            ),
        ),
        Mistake(
            code=_block(
                convolution='layers.Conv2D(width, 3, padding="same")',
                brought="maps = layers.Conv2D(width, 1)(maps)",
            ),
            by=("biases of convolutions",),
            message="Both convolutions have a bias. Say `use_bias=False` in each of them.",
        ),
        Mistake(
            code=_block(brought="maps = layers.Conv2D(width, 1)(maps)"),
            by=("biases of convolutions",),
            message=(
                "The 1×1 convolution has a bias. It only mixes the maps that came in: "
                "`use_bias=False`."
            ),
        ),
        Mistake(
            code=_block(convolution="layers.Conv2D(width, 3, use_bias=False)"),
            when=_residual.loses_pixels,
            message=(
                "A 3×3 convolution loses a pixel on every side here, so that its maps are too "
                'small to be added: it needs `padding="same"`.'
            ),
        ),
        Mistake(
            code=_block(convolution='layers.Conv2D(width, 3, 2, padding="same", use_bias=False)'),
            when=_residual.shrinks,
            message=(
                "The two are not equally high and wide, and cannot be added. This block has "
                'neither a stride nor a pooling; its 3×3 convolution has `padding="same"`, and '
                "the other one a kernel of 1×1."
            ),
        ),
        Mistake(
            code=_block(where="width == maps.shape[-1]"),
            when=all_of(
                _residual.right_where(lambda channels, width: False),
                _residual.other_number,
                _residual.brings_in_vain,
            ),
            message=(
                "The condition is turned round: the 1×1 convolution is there where as many maps "
                "came in as are wanted, and missing where it is needed."
            ),
        ),
        Mistake(
            code=_block(where="maps.shape[1] != width"),
            message=(
                "`width` is compared with the height of the maps, the second number of their "
                "shape. How many maps there are is the last: `maps.shape[-1]`."
            ),
        ),
        Mistake(
            code=_block(where="maps.shape[2] != width"),
            message=(
                "`width` is compared with how wide the maps are in pixels, the third number of "
                "their shape. How many maps there are is the last: `maps.shape[-1]`."
            ),
        ),
        Mistake(
            code=_block(where="maps.shape[-1] < width"),
            when=_residual.right_where(lambda channels, width: channels <= width),
            message=(
                "Right as long as no more maps come in than are wanted. Where they are more, the "
                "1×1 convolution is needed just as well: compare with `!=`."
            ),
        ),
        Mistake(
            code=_block(where="maps.shape[-1] > width"),
            when=_residual.right_where(lambda channels, width: channels >= width),
            message=(
                "Right as long as no fewer maps come in than are wanted. Where they are fewer, "
                "the 1×1 convolution is needed just as well: compare with `!=`."
            ),
        ),
        Mistake(
            code=_block(where="False"),
            when=_residual.other_number,
            message=(
                "The two have different numbers of maps and cannot be added. Both need `width` of "
                "them: the 3×3 convolution makes so many, and where another number came in, a 1×1 "
                "convolution brings that to `width`."
            ),
        ),
        Mistake(
            code=_block(where="True"),
            when=all_of(
                _residual.right_where(lambda channels, width: channels != width),
                _residual.brings_in_vain,
            ),
            message=(
                "The 1×1 convolution is there even where as many maps came in as are wanted. "
                "There it is left out, so that what came in is handed on as it is. (How many came "
                "in is `maps.shape[-1]`, the last number of the shape.)"
            ),
        ),
        Mistake(
            code="""
                def residual_block(maps, width):
                    if maps.shape[-1] != width:
                        maps = layers.Conv2D(width, 1, use_bias=False)(maps)
                    more = layers.Conv2D(width, 3, padding="same", use_bias=False)(maps)
                    more = layers.ReLU()(resnet.BatchNorm()(more))
                    return layers.Add()([maps, more])
            """,
            message=(
                "The 3×3 convolution reads what the 1×1 convolution has made. Both read what came "
                "in: make the new maps first, and bring `maps` to `width` after that."
            ),
        ),
        Mistake(
            code=_block(
                brought='maps = layers.Conv2D(width, 3, padding="same", use_bias=False)(maps)'
            ),
            message=(
                "What came in is brought to `width` by a kernel of 3×3. A 1×1 kernel mixes the "
                "maps of each pixel alone, for a ninth of the work."
            ),
        ),
        Mistake(
            code=_block(
                brought=f"maps = layers.ReLU()(resnet.BatchNorm()({_BROUGHT}(maps)))",
            ),
            by=("convolutions", "batch normalisations"),
            message=(
                "There is a batch normalisation behind the 1×1 convolution, too. It stands alone: "
                "nothing comes between it and the sum."
            ),
        ),
        Mistake(
            code=_block(brought=f"maps = layers.ReLU()({_BROUGHT}(maps))"),
            message=(
                "ReLU stands behind the 1×1 convolution, too, and takes away what lies below 0. "
                "Nothing comes between it and the sum."
            ),
        ),
        Mistake(
            code=_block(
                convolution=f"{_CONVOLVED}(maps); more = {_CONVOLVED}",
            ).replace("use_bias=False)(maps)\n", "use_bias=False)(more)\n", 1),
            by=("convolutions",),
            message=(
                "There are two 3×3 convolutions one after the other, as in the blocks of He and "
                "others (2015). This block has one."
            ),
        ),
        Mistake(
            code=_block(convolution='layers.Conv2D(width, 5, padding="same", use_bias=False)'),
            when=_residual.has_no_three,
            message=(
                "There is no convolution of 3×3 between the maps that came in and those that come "
                "back: `layers.Conv2D(width, 3, ...)`, called with `maps`."
            ),
        ),
        Mistake(
            code=_block(convolution='layers.Conv2D(width, padding="same", use_bias=False)'),
            when=raises("TypeError: Conv2D.__init__() missing"),
            message=(
                "`layers.Conv2D` wants two numbers first: how many maps it makes, and the side of "
                "its kernels."
            ),
        ),
        Mistake(
            code="""
                def residual_block(maps, width):
                    more = layers.Conv2D(width, 3, padding="same", use_bias=False)
                    return maps + layers.ReLU()(resnet.BatchNorm()(more))
            """,
            when=raises("ValueError: Only input tensors may be passed"),
            message=(
                "A layer is called with something else than maps. Is the layer before it called, "
                "too, as in `layers.Conv2D(...)(maps)`? Without the second parentheses that is a "
                "layer, and not what it makes."
            ),
        ),
        Mistake(
            code=_block(
                convolution=(
                    'layers.Conv2D(width, 3, padding="same", activation="relu", use_bias=False)'
                ),
                more="more = resnet.BatchNorm()(more)",
                end="return layers.Add()([maps, layers.ReLU()(more)])",
            ),
            message=(
                "There are two ReLU: the convolution has one as its `activation`, before batch "
                "normalisation. Leave that out."
            ),
        ),
        Mistake(
            code="""
                def residual_block(maps, width):
                    more = layers.ReLU()(resnet.BatchNorm()(maps))
                    more = layers.Conv2D(width, 3, padding="same", use_bias=False)(more)
                    if maps.shape[-1] != width:
                        maps = layers.Conv2D(width, 1, use_bias=False)(maps)
                    return layers.Add()([maps, more])
            """,
            message=(
                "Batch normalisation and ReLU stand before the convolution (this order is in use "
                'too, as "pre-activation"). Here the convolution comes first.'
            ),
        ),
        Mistake(
            code=_block(more="more = resnet.BatchNorm()(more)\n    maps = layers.ReLU()(maps)"),
            message=(
                "ReLU is applied to what came in. It belongs to the other way, behind the batch "
                "normalisation."
            ),
        ),
        Mistake(
            code=_block(
                more="more = layers.ReLU()(resnet.BatchNorm()(more))\n"
                "    maps = layers.ReLU()(maps)"
            ),
            message=(
                "ReLU is applied to what came in as well. That is handed on as it is: ReLU "
                "belongs to the other way alone."
            ),
        ),
        Mistake(
            code=_block(more="more = layers.LeakyReLU()(resnet.BatchNorm()(more))"),
            message="This keeps a part of what lies below 0. ReLU makes 0 of it: `layers.ReLU()`.",
        ),
        Mistake(
            code=_block(more="more = keras.activations.gelu(resnet.BatchNorm()(more))"),
            message="GELU stands in the place of ReLU: take `layers.ReLU()`.",
        ),
        Mistake(
            code=_block(more="more = keras.activations.silu(resnet.BatchNorm()(more))"),
            message="SiLU (swish) stands in the place of ReLU: take `layers.ReLU()`.",
        ),
        Mistake(
            code=_block(more="more = layers.ReLU()(resnet.BatchNorm(trainable=False)(more))"),
            message=(
                "The batch normalisation is frozen (`trainable=False`): it goes by its moving "
                "averages while the network learns, too, and these never change. Leave that out."
            ),
        ),
        Mistake(
            code=_block(more="more = layers.ReLU()(resnet.BatchNorm()(more, training=True))"),
            message=(
                "With `training=True` batch normalisation goes by the batch wherever nobody says "
                "whether the network learns, as in `network(images)`: an image's answer then "
                "depends on those beside it. Leave it out; `fit` and `predict` say it themselves."
            ),
        ),
        Mistake(
            code=_block(more="more = layers.ReLU()(resnet.BatchNorm()(resnet.BatchNorm()(more)))"),
            by=("convolutions", "batch normalisations"),
            message="There are two batch normalisations. One follows the 3×3 convolution.",
        ),
        Mistake(
            code=_block(more="more = layers.Dropout(0.5)(layers.ReLU()(resnet.BatchNorm()(more)))"),
            when=lambda trials: (
                differs("numbers while it learns")(trials) and not differs("numbers")(trials)
            ),
            message=(
                "As long as the network does not learn, the numbers are right, and while it learns "
                "they are not: a layer that works in training alone, such as Dropout, is not asked "
                "for."
            ),
        ),
        Mistake(
            code=_block(
                more="more = layers.ReLU()(norm(more))", before="norm = resnet.BatchNorm()"
            ),
            when=_residual.used_again,
            message=(
                "A layer is used again, with another number of maps than it was built for. Each "
                "layer keeps weights of its own: make a new one for each place and in every call, "
                "inside of the function."
            ),
        ),
        Mistake(
            code=_block(end="return [maps, more]"),
            message=(
                "The block gives one set of maps: the sum of what came in and of the new ones, "
                "`layers.Add()([maps, more])`."
            ),
        ),
        Mistake(
            code=_block(end="return layers.Add([maps, more])"),
            message=(
                "`layers.Add` makes a layer, and the list is handed to that layer: "
                "`layers.Add()([maps, more])`."
            ),
        ),
        Mistake(
            code=_block(end="return layers.Add()(maps, more)"),
            message=(
                "A layer gets what it adds as one list: `layers.Add()([maps, more])`, with square "
                "brackets."
            ),
        ),
        Mistake(
            code=_block(more="more = layers.ReLU(resnet.BatchNorm()(more))"),
            when=raises("TypeError: A symbolic KerasTensor cannot be used as a boolean"),
            message=(
                "Maps stand where a number or a setting is expected. A layer is made first and "
                "called with the maps in second parentheses, `layers.ReLU()(more)`; how many maps "
                "there are is `maps.shape[-1]`."
            ),
        ),
        Mistake(
            code=_block(end="return np.add(maps, more)"),
            when=raises("ValueError: A KerasTensor is symbolic"),
            message=(
                "These maps have no numbers yet, and NumPy needs some. Add them by `+`, by "
                "`layers.Add()` or by `keras.ops.add`."
            ),
        ),
        Mistake(
            code=_block(
                before="import tensorflow as tf",
                more="more = tf.nn.relu(resnet.BatchNorm()(more))",
            ),
            when=raises("ValueError: A KerasTensor cannot be used as input to a TensorFlow"),
            message=(
                "These maps have no numbers yet, and functions of `tf` need some. Take a layer, or "
                "the function of the same name in `keras.ops`."
            ),
        ),
        Mistake(
            code=_block(end="layers.Add()([maps, more])"),
            message="Nothing came back (None): put `return` before the sum.",
        ),
        Mistake(
            code=_block(more="more = layers.ReLU()(layers.LayerNormalization()(more))"),
            by=("convolutions", "batch normalisations"),
            message=(
                "No batch normalisation is among the layers: `resnet.BatchNorm()` stands between "
                "the convolution and ReLU."
            ),
        ),
        Mistake(
            code=_block(
                more="more = layers.ReLU()(resnet.BatchNorm()(more))\n    more = 3 * more",
                end="return more",
            ),
            by=("convolutions", "with 3×3 kernels of 0 comes out"),
            message=(
                "With all its 3×3 kernels at 0 this block gives 0, and what came in is lost: it is "
                "not added. End with `layers.Add()([maps, more])`."
            ),
        ),
    ),
    shows=(
        "With kernels of 0 this block hands on what came in: what it learns is what to add. The "
        "gradient takes the same way back, past all the layers."
    ),
)

EXERCISES = (MULTIPLY_ADDS, ONE_CYCLE, BATCH_NORM, RESIDUAL_BLOCK)
