"""Exercises of lesson 11: depthwise convolutions, an inverted bottleneck, pixels, what learns."""

from cnncourse.exercises import Exercise, Mistake, _transfer
from cnncourse.exercises._when import differs, raises

import numpy as np

_KERAS = "import keras\nimport numpy as np\nfrom keras import layers"
_random = np.random.default_rng(11)


# Cases --------------------------------------------------------------------------------------------


def _draw_separable(random):
    return tuple(int(n) for n in random.integers((2, 1, 2, 2), (65, 8, 65, 65)))


def _images(shape):
    return _random.integers(0, 256, (*shape, 3), dtype=np.uint8)


def _draw_prepare(random):
    shape = tuple(int(n) for n in random.integers(1, 5, 3))
    images = random.integers(0, 256, (*shape, 3), dtype=np.uint8)
    mean, scale = random.integers(2, 200, (2, 3)).astype(float)
    return images, mean, scale, ["RGB", "BGR"][random.integers(2)]


_PIXEL = np.array([[[[10, 20, 60]]]], np.uint8)
_IMAGENET = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])


# Blank cells with one part exchanged --------------------------------------------------------------


def _counted(full="full", cheap="depthwise + pointwise"):
    return f"""
def separable(side, kernel, channels, maps):
    places = side**2
    full = places * kernel**2 * channels * maps
    depthwise = places * kernel**2 * channels
    pointwise = places * channels * maps
    return {full}, {cheap}
"""


_WIDENED = "layers.Conv2D(expansion * channels, 1, use_bias=False)(maps)"
_DEPTHWISE = 'layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)'
_NARROWED = "layers.Conv2D(width, 1, use_bias=False)(maps)"
_ACTIVE = "layers.ReLU(6)(layers.BatchNormalization()(maps))"


def _block(
    widened=_WIDENED,
    first=_ACTIVE,
    where="expansion > 1",
    depthwise=_DEPTHWISE,
    second=_ACTIVE,
    narrowed=_NARROWED,
    last="layers.BatchNormalization()(maps)",
    adds="stride == 1 and channels == width",
    added="layers.Add()([maps, came_in])",
    end="return maps",
):
    """An inverted bottleneck with one part exchanged."""
    return f"""
def inverted_bottleneck(maps, kernel, stride, expansion, width):
    came_in, channels = maps, maps.shape[-1]
    if {where}:
        maps = {widened}
        maps = {first}
    maps = {depthwise}(maps)
    maps = {second}
    maps = {narrowed}
    maps = {last}
    if {adds}:
        maps = {added}
    {end}
"""


def _prepared(
    before="", when='order == "BGR"', turned="pixels[..., ::-1]", end="(pixels - mean) / scale"
):
    return f"""
def prepare(images, mean, scale, order):
    pixels = images.astype("float32")
    {before}
    if {when}:
        pixels = {turned}
    return {end}
"""


def _unfrozen(
    begin="network.trainable = True",
    learns="learns = learns or layer.name == first",
    flag="learns and not isinstance(layer, layers.BatchNormalization)",
    after="",
    end="return network",
):
    return f"""
def unfreeze(network, first):
    {begin}
    learns = False
    for layer in network.layers:
        {learns}
        layer.trainable = {flag}
        {after}
    {end}
"""


SEPARABLE = Exercise(
    name="11/separable",
    task=(
        "Write `separable(side, kernel, channels, maps)`: the multiply-adds of a full convolution, "
        "and those of a depthwise convolution with a 1×1 convolution behind it, as a tuple."
    ),
    hints=(
        'With stride 1 and padding "same" there are `side**2` places. At each of them a full '
        "convolution multiplies `kernel**2 * channels` numbers for every one of its maps.",
        "The depthwise convolution has one kernel for each channel, which sees this channel alone: "
        "`kernel**2` multiplications a place for each of `channels` maps. Behind it stand as many "
        "maps as came in.",
        "The 1×1 convolution makes `maps` maps of these `channels`: `channels * maps` "
        "multiplications a place. The second number is the sum of the two steps.",
    ),
    solution="""
        def separable(side, kernel, channels, maps):
            places = side**2
            full = places * kernel**2 * channels * maps
            depthwise = places * kernel**2 * channels
            pointwise = places * channels * maps
            return full, depthwise + pointwise
    """,
    right=(
        "def separable(side, kernel, channels, maps):\n"
        "    each = side * side * channels\n"
        "    return each * kernel * kernel * maps, each * (kernel * kernel + maps)",
        _counted("places * channels * maps * kernel * kernel", "pointwise + depthwise"),
    ),
    cases=((2, 3, 2, 5), (4, 3, 8, 3), (7, 5, 2, 4), (16, 3, 32, 64), (3, 1, 4, 6)),
    draw=_draw_separable,
    mistakes=(
        Mistake(
            code=_counted(cheap="depthwise"),
            message=(
                "The 1×1 convolution is missing in the second number. Without it each map would "
                "know one channel alone: it is what mixes them, and mostly the dearer of the two."
            ),
        ),
        Mistake(
            code=_counted(cheap="pointwise"),
            message=(
                "The depthwise convolution is missing in the second number: `kernel**2` "
                "multiplications for each channel, at every place."
            ),
        ),
        Mistake(
            code=_counted(cheap="depthwise * pointwise"),
            message=(
                "The two steps are multiplied. One is done after the other, so that their work "
                "adds up."
            ),
        ),
        Mistake(
            code=_counted(cheap="full + pointwise"),
            message=(
                "The second number begins with a full convolution. In a depthwise one each kernel "
                "sees a single channel: without the factor `maps`."
            ),
        ),
        Mistake(
            code=_counted(cheap="places * kernel**2 * maps + pointwise"),
            message=(
                "The depthwise convolution is counted with `maps` kernels. It has one for each "
                "channel that comes in; the `maps` are made by the 1×1 convolution behind it."
            ),
        ),
        Mistake(
            code=_counted(cheap="places * kernel**2 * channels**2 + pointwise"),
            message=(
                "Here each of the `channels` kernels sees all the channels. In a depthwise "
                "convolution it sees its own alone."
            ),
        ),
        Mistake(
            code=_counted(cheap="places * kernel**2 + pointwise"),
            message=(
                "The depthwise convolution is counted with a single kernel. It has one for each "
                "channel: times `channels`."
            ),
        ),
        Mistake(
            code=_counted(cheap="depthwise + places * maps"),
            message=(
                "A 1×1 kernel reaches through all the channels: `channels` multiplications for "
                "each of the `maps`, at every place."
            ),
        ),
        Mistake(
            code=_counted(cheap="depthwise + places * channels**2"),
            message=(
                "The 1×1 convolution is counted as if it made as many maps as came in. It makes "
                "`maps` of them."
            ),
        ),
        Mistake(
            code=_counted(cheap="depthwise + places * kernel**2 * channels * maps"),
            message=(
                "The second step is counted with kernels of `kernel`×`kernel`. They are 1×1: one "
                "multiplication for each channel."
            ),
        ),
        Mistake(
            code=_counted("kernel**2 * channels * maps", "kernel**2 * channels + channels * maps"),
            message=(
                "These are the weights. The work is another number: each of them is used at every "
                "one of the `side**2` places."
            ),
        ),
        Mistake(
            code=_counted("full // side", "(depthwise + pointwise) // side"),
            message=(
                "Both numbers are too small by the factor `side`: these are the places of one row. "
                "There are `side` rows."
            ),
        ),
        Mistake(
            code=_counted("depthwise + pointwise", "full"),
            message=(
                "The two are in the other order: the full convolution comes first in the tuple."
            ),
        ),
        Mistake(
            code=_counted("places * (kernel**2 * channels + 1) * maps"),
            message=(
                "A bias is counted in the full convolution. It is added and multiplied with "
                "nothing: leave out the `+ 1`."
            ),
        ),
        Mistake(
            code=_counted("2 * full", "2 * (depthwise + pointwise)"),
            message=(
                "These are twice as many: multiplications and additions, each counted by itself. "
                "Asked for is the number of pairs."
            ),
        ),
        Mistake(
            code=_counted(
                "places * kernel * channels * maps", "places * kernel * channels + pointwise"
            ),
            message=(
                "A kernel has `kernel**2` numbers a channel, since it is a square: square its side."
            ),
        ),
        Mistake(
            code=_counted("full", "full / (depthwise + pointwise)"),
            message=(
                "The second number is how many times cheaper the pair is. Asked for is its work, "
                "in multiply-adds."
            ),
        ),
    ),
    shows=(
        "The pair takes 1 / `maps` + 1 / `kernel**2` of the work. With many maps and a kernel of "
        "3×3 that is not much more than a ninth, and nearly all of it is the 1×1 convolution."
    ),
)


INVERTED_BOTTLENECK = Exercise(
    name="11/inverted_bottleneck",
    task=(
        "Write `inverted_bottleneck(maps, kernel, stride, expansion, width)`, for maps of a Keras "
        "network: a 1×1 convolution to `expansion` times as many maps (left out where `expansion` "
        "is 1), a depthwise convolution, a 1×1 convolution to `width` maps, and the sum with what "
        "came in where stride and number of maps allow it."
    ),
    hints=(
        "Keep two things before `maps` gets a new meaning: what came in, for the sum, and how many "
        "maps that were, `maps.shape[-1]`. Each of the three convolutions has `use_bias=False`, "
        "and `layers.BatchNormalization()` behind it.",
        "The first two batch normalisations are followed by `layers.ReLU(6)`, the last by nothing. "
        'The middle one is `layers.DepthwiseConv2D(kernel, stride, padding="same", '
        "use_bias=False)`: it needs no number of maps.",
        "At the end: where `stride == 1` and as many maps came in as go out, "
        "`layers.Add()([maps, came_in])`; else the maps as they are.",
    ),
    solution="""
        def inverted_bottleneck(maps, kernel, stride, expansion, width):
            came_in, channels = maps, maps.shape[-1]
            if expansion > 1:
                maps = layers.Conv2D(expansion * channels, 1, use_bias=False)(maps)
                maps = layers.ReLU(6)(layers.BatchNormalization()(maps))
            depthwise = layers.DepthwiseConv2D(
                kernel, stride, padding="same", use_bias=False
            )
            maps = layers.ReLU(6)(layers.BatchNormalization()(depthwise(maps)))
            maps = layers.Conv2D(width, 1, use_bias=False)(maps)
            maps = layers.BatchNormalization()(maps)
            if stride == 1 and channels == width:
                maps = layers.Add()([maps, came_in])
            return maps
    """,
    right=(
        _block(added="maps + came_in"),
        _block(where="expansion != 1", added="keras.ops.add(came_in, maps)"),
        _block(
            first='layers.Activation("relu6")(layers.BatchNormalization()(maps))',
            second="keras.ops.relu6(layers.BatchNormalization(epsilon=1e-3)(maps))",
        ),
        _block(
            depthwise='layers.DepthwiseConv2D((kernel, kernel), (stride, stride), "same", '
            "use_bias=False)"
        ),
        _block(
            depthwise="layers.Conv2D(maps.shape[-1], kernel, stride, groups=maps.shape[-1], "
            'padding="same", use_bias=False)'
        ),
        _block(narrowed="layers.Dense(width, use_bias=False)(maps)"),
        _block(adds="maps.shape == came_in.shape"),
    ),
    setup=_KERAS,
    cases=(
        _transfer.case((5, 6, 4), 3, 1, 2, 4),
        _transfer.case((6, 5, 4), 3, 2, 3, 4),
        _transfer.case((7, 6, 3), 5, 1, 2, 4),
        _transfer.case((6, 7, 3), 3, 1, 1, 3),
        _transfer.case((6, 5, 4), 3, 1, 2, 3),
        _transfer.case((5, 7, 2), 5, 2, 1, 4),
    ),
    draw=_transfer.drawn_case,
    facts=_transfer.block_facts,
    tolerance=2e-3,
    seconds=30,
    mistakes=(
        Mistake(
            code=_block(adds="False"),
            message=(
                "The sum is left out: where the stride is 1 and as many maps came in as go out, "
                "what came in is added at the end."
            ),
        ),
        Mistake(
            code=_block(last=_ACTIVE),
            message=(
                "There is a ReLU behind the last convolution as well. The narrow maps stay as "
                "they are: a ReLU would throw away what lies below 0, and there are few maps to "
                "make up for it. The last batch normalisation is followed by nothing."
            ),
        ),
        Mistake(
            code=_block(
                first="layers.ReLU()(layers.BatchNormalization()(maps))",
                second="layers.ReLU()(layers.BatchNormalization()(maps))",
            ),
            message=(
                "These are ReLU without an upper end. This network has ReLU up to 6: "
                "`layers.ReLU(6)`, so that no number of a map is above 6."
            ),
        ),
        Mistake(
            code=_block(second="layers.ReLU()(layers.BatchNormalization()(maps))"),
            message="The second ReLU has no upper end: `layers.ReLU(6)` there, too.",
        ),
        Mistake(
            code=_block(first="layers.BatchNormalization()(maps)"),
            message=(
                "Behind the first convolution and its batch normalisation ReLU up to 6 is missing."
            ),
        ),
        Mistake(
            code=_block(second="layers.BatchNormalization()(maps)"),
            message=(
                "Behind the depthwise convolution and its batch normalisation ReLU up to 6 is "
                "missing."
            ),
        ),
        Mistake(
            code=_block(last="maps"),
            message="The last convolution has no batch normalisation behind it.",
        ),
        Mistake(
            code=_block(first="layers.ReLU(6)(maps)", second="layers.ReLU(6)(maps)", last="maps"),
            message="There is no batch normalisation: one stands behind each convolution.",
        ),
        Mistake(
            code=_block(
                first="layers.BatchNormalization()(layers.ReLU(6)(maps))",
                second="layers.BatchNormalization()(layers.ReLU(6)(maps))",
            ),
            message=(
                "ReLU comes before batch normalisation here. It comes behind it, so that what it "
                "cuts off has the scale that the network has learned for it."
            ),
        ),
        Mistake(
            code=_block(added="layers.ReLU(6)(layers.Add()([maps, came_in]))"),
            message="There is a ReLU behind the sum. Nothing follows it.",
        ),
        Mistake(
            code=_block(
                depthwise='layers.Conv2D(maps.shape[-1], kernel, stride, padding="same", '
                "use_bias=False)"
            ),
            message=(
                "The convolution in the middle is a full one: each of its kernels sees all the "
                "maps, at many times the work. `layers.DepthwiseConv2D` has one kernel a map."
            ),
        ),
        Mistake(
            code=_block(where="True"),
            message=(
                "With `expansion` 1 there is a first convolution as well, which makes as many maps "
                "as there are. There it is left out, with its batch normalisation and ReLU."
            ),
        ),
        Mistake(
            code=_block(widened="layers.Conv2D(expansion * width, 1, use_bias=False)(maps)"),
            message=(
                "This widens to `expansion` times as many maps as go out. It is `expansion` times "
                "as many as came in: `maps.shape[-1]`."
            ),
        ),
        Mistake(
            code=_block(widened="layers.Conv2D(expansion, 1, use_bias=False)(maps)"),
            message=(
                "This makes `expansion` maps. It is to make `expansion` times as many as came in."
            ),
        ),
        Mistake(
            code=_block(
                where="False",
                depthwise='layers.DepthwiseConv2D(kernel, stride, padding="same", '
                "depth_multiplier=expansion, use_bias=False)",
            ),
            message=(
                "The depthwise convolution widens by itself (`depth_multiplier`). Here a 1×1 "
                "convolution does it, before, and so mixes the maps."
            ),
        ),
        Mistake(
            code=_block(depthwise='layers.DepthwiseConv2D(kernel, padding="same", use_bias=False)'),
            message=(
                "Right as long as the stride is 1: the depthwise convolution is to have the "
                "`stride`."
            ),
        ),
        Mistake(
            code=_block(
                narrowed="layers.Conv2D(width, 1, stride, use_bias=False)(maps)",
                depthwise='layers.DepthwiseConv2D(kernel, padding="same", use_bias=False)',
            ),
            message=(
                "The stride stands in a 1×1 convolution, which then looks at every other place "
                "alone, after the work has been done at all of them. It belongs into the "
                "depthwise convolution, whose kernels reach over the gap."
            ),
        ),
        Mistake(
            code=_block(
                depthwise='layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)'
            ),
            message="Right as long as `kernel` is 3: the depthwise kernels have the side `kernel`.",
        ),
        Mistake(
            code=_block(
                widened="layers.Conv2D(expansion * channels, 1)(maps)",
                depthwise='layers.DepthwiseConv2D(kernel, stride, padding="same")',
                narrowed="layers.Conv2D(width, 1)(maps)",
            ),
            by=("biases of convolutions",),
            message=(
                "The convolutions have biases. Batch normalisation subtracts the mean of every "
                "map, and a bias with it: `use_bias=False`, three times."
            ),
        ),
        Mistake(
            code=_block(depthwise='layers.DepthwiseConv2D(kernel, stride, padding="same")'),
            by=("biases of convolutions",),
            message="The depthwise convolution has a bias: `use_bias=False` there, too.",
        ),
        Mistake(
            code=_block(adds="stride == 1"),
            when=_transfer.refused_where(
                lambda given: given["stride"] == 1 and not _transfer.adds(given)
            ),
            message=(
                "Where other than `width` maps came in, the two cannot be added. The sum is for "
                "blocks that keep both the number of maps and their size."
            ),
        ),
        Mistake(
            code=_block(adds="channels == width"),
            when=_transfer.refused_where(
                lambda given: given["maps"].shape[-1] == given["width"] and given["stride"] > 1
            ),
            message=(
                "With a stride of 2 the new maps are half as high and wide as what came in, and "
                "the two cannot be added. The sum is for blocks of stride 1."
            ),
        ),
        Mistake(
            code=_block(adds="True"),
            when=_transfer.refused_where(lambda given: not _transfer.adds(given)),
            message=(
                "What came in is added always. It cannot be where the stride is 2 or the number "
                "of maps changes: ask for both before the sum."
            ),
        ),
        Mistake(
            code=_block(added="layers.Concatenate()([maps, came_in])"),
            message="The two are set beside each other along the channels. Add them.",
        ),
        Mistake(
            code=_block(added="layers.Add()([maps, maps])"),
            message="The new maps are added to themselves: what came in is to be added.",
        ),
        Mistake(
            code=_block(end="maps"),
            message="Nothing came back (None): end with `return maps`.",
        ),
        Mistake(
            code=_block(
                depthwise='layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)'
            )
            .replace("came_in, channels = maps, maps.shape[-1]", "channels = maps.shape[-1]")
            .replace("maps, came_in]", "maps, maps_before]"),
            when=raises("NameError"),
            message=(
                "A name is used that nothing stands behind. What came in is needed at the end: "
                "keep it under a name of its own before `maps` becomes something else."
            ),
        ),
        Mistake(
            code=_block(
                second="layers.Dropout(0.2)(layers.ReLU(6)(layers.BatchNormalization()(maps)))"
            ),
            when=lambda trials: (
                differs("numbers while it learns")(trials) and not differs("numbers")(trials)
            ),
            message=(
                "As long as the network does not learn, the numbers are right, and while it learns "
                "they are not: a layer that works in training alone is not asked for."
            ),
        ),
    ),
    shows=(
        "Wide where it looks, narrow where it hands on: the depthwise kernels see many maps at "
        "little cost, and between the blocks only a few have to be kept."
    ),
)

PREPARE = Exercise(
    name="11/prepare",
    task=(
        "Write `prepare(images, mean, scale, order)`: photographs as a network expects them, from "
        "pixels 0 to 255 in the order red, green, blue."
    ),
    hints=(
        'Make numbers with a fraction of the pixels first: `images.astype("float32")`. Then put '
        "the channels into the network's order, then subtract and divide.",
        "The channels are the last axis. `[..., ::-1]` turns the last axis round and leaves all "
        "others alone.",
        "`mean` and `scale` have three numbers each, in the network's order, so the channels are "
        "turned before them: `(pixels - mean) / scale`.",
    ),
    solution="""
        def prepare(images, mean, scale, order):
            pixels = images.astype("float32")
            if order == "BGR":
                pixels = pixels[..., ::-1]
            return (pixels - mean) / scale
    """,
    right=(
        _prepared(turned="pixels[:, :, :, [2, 1, 0]]"),
        _prepared(when='order != "RGB"', turned="np.flip(pixels, axis=-1)"),
        _prepared(end="pixels / scale - np.divide(mean, scale)"),
        """
        def prepare(images, mean, scale, order):
            channels = [images[..., {"R": 0, "G": 1, "B": 2}[name]] for name in order]
            made = [(c - m) / s for c, m, s in zip(channels, mean, scale)]
            return np.stack(made, axis=-1)
        """,
    ),
    cases=(
        (_PIXEL, np.full(3, 127.0), np.full(3, 128.0), "RGB"),
        (_PIXEL, np.array([1.0, 2, 4]), np.array([2.0, 4, 8]), "BGR"),
        (_images((2, 3, 2)), *_IMAGENET, "RGB"),
        (_images((2, 2, 3)), *_IMAGENET, "BGR"),
    ),
    draw=_draw_prepare,
    mistakes=(
        Mistake(
            code=_prepared(when="False"),
            message=(
                "The order is ignored, which is right as long as the network wants red first. For "
                '`"BGR"` the channels are turned round: blue first.'
            ),
        ),
        Mistake(
            code=_prepared(when="True"),
            message=(
                "The channels are turned round always. They are in the order red, green, blue "
                'already, so that `"RGB"` leaves them.'
            ),
        ),
        Mistake(
            code=_prepared(when='order == "RGB"'),
            message='The condition is turned round: channels are turned for `"BGR"`.',
        ),
        Mistake(
            code=_prepared(turned="pixels[:, :, ::-1]"),
            message=(
                "This turns the third axis round: the photographs are mirrored, and their colours "
                "stay. The channels are the last axis: `[..., ::-1]`."
            ),
        ),
        Mistake(
            code=_prepared(turned="pixels[:, ::-1]"),
            message=(
                "This turns the second axis round: the photographs stand on their heads, and their "
                "colours stay. The channels are the last axis: `[..., ::-1]`."
            ),
        ),
        Mistake(
            code=_prepared(turned="pixels[::-1]"),
            message=(
                "This turns the order of the photographs round. The channels are the last axis: "
                "`[..., ::-1]`."
            ),
        ),
        Mistake(
            code=_prepared(before="pixels = (pixels - mean) / scale", end="pixels"),
            message=(
                "The channels are turned after the means were subtracted, so that red got the mean "
                "of blue. `mean` and `scale` are in the network's order: turn first."
            ),
        ),
        Mistake(
            code=_prepared(end="(pixels / 255 - mean) / scale"),
            message=(
                "The pixels are divided by 255 before the means are subtracted. These means belong "
                "to pixels from 0 to 255. (Where a network's are below 1, they belong to pixels "
                "from 0 to 1: compare the sizes.)"
            ),
        ),
        Mistake(
            code=_prepared(end="pixels / scale - mean"),
            message="Subtract first, then divide: `(pixels - mean) / scale`, with parentheses.",
        ),
        Mistake(
            code=_prepared(end="pixels - mean / scale"),
            message=(
                "Without parentheses `mean / scale` comes first. The difference is divided: "
                "`(pixels - mean) / scale`."
            ),
        ),
        Mistake(
            code=_prepared(end="(pixels - mean) * scale"),
            message="The difference is multiplied by `scale`. Divide by it.",
        ),
        Mistake(
            code=_prepared(end="(pixels + mean) / scale"),
            message="`mean` is added. Subtract it, so that the numbers lie around 0.",
        ),
        Mistake(
            code=_prepared(end="(mean - pixels) / scale"),
            message="The pixels are subtracted from `mean`, so that light becomes dark.",
        ),
        Mistake(
            code=_prepared(end="(pixels - scale) / mean"),
            message="`mean` and `scale` have changed places.",
        ),
        Mistake(
            code=_prepared(end="pixels - mean"),
            message="The division by `scale` is missing.",
        ),
        Mistake(
            code=_prepared(end="pixels / scale"),
            message="`mean` is not subtracted.",
        ),
        Mistake(
            code=_prepared(end="pixels / 255"),
            message=(
                "This is what the networks of earlier lessons expect, that were trained that way. "
                "Here `mean` is subtracted and the rest divided by `scale`."
            ),
        ),
        Mistake(
            code=_prepared(end="(pixels - pixels.mean()) / pixels.std()"),
            message=(
                "Mean and spread are taken of these photographs. The network learned with those "
                "that are handed over, and an answer must not depend on the photographs beside it."
            ),
        ),
        Mistake(
            code=_prepared()
            .replace('images.astype("float32")', "images.copy()")
            .replace("(pixels - mean) / scale", "(pixels - np.uint8(mean)) / scale"),
            message=(
                "The subtraction is done in whole numbers from 0 to 255, where 10 - 127 is 139: "
                "whatever would lie below 0 comes out large. Make `float32` of both first."
            ),
        ),
        Mistake(
            code=_prepared(end="((pixels - mean) / scale).mean(axis=-1)"),
            when=lambda trials: all(
                isinstance(t.received, np.ndarray) and t.received.ndim < 4 for t in trials
            ),
            message="An axis is missing in what comes back: it has the shape of `images`.",
        ),
    ),
    shows=(
        "A network knows the pixels that it was trained on. What was done to them there belongs to "
        "the network, and into its file."
    ),
)

UNFREEZE = Exercise(
    name="11/unfreeze",
    task=(
        "Write `unfreeze(network, first)`: the layer named `first` and all layers behind it can "
        "learn, those before it cannot, and no batch normalisation can. Give back the network."
    ),
    hints=(
        "`network.layers` has the layers in order, each with its `name`. Walk through them, and "
        "remember in a variable whether `first` has come already.",
        "A layer learns or not by its `layer.trainable`, True or False: set it in both cases, "
        "since you do not know how the network came. Whether it is a batch normalisation says "
        "`isinstance(layer, layers.BatchNormalization)`.",
        "A network that is frozen as a whole learns nothing, whatever its layers say. Set "
        "`network.trainable = True` before you go through the layers: it sets all of them, so not "
        "after.",
    ),
    solution="""
        def unfreeze(network, first):
            network.trainable = True
            learns = False
            for layer in network.layers:
                learns = learns or layer.name == first
                is_norm = isinstance(layer, layers.BatchNormalization)
                layer.trainable = learns and not is_norm
            return network
    """,
    right=(
        _unfrozen(),
        """
        def unfreeze(network, first):
            network.trainable = True
            names = [layer.name for layer in network.layers]
            for layer in network.layers[: names.index(first)]:
                layer.trainable = False
            for layer in network.layers:
                if isinstance(layer, keras.layers.BatchNormalization):
                    layer.trainable = False
            return network
        """,
        """
        def unfreeze(network, first):
            network.trainable = True
            for place, layer in enumerate(network.layers):
                if layer is network.get_layer(first):
                    start = place
            for place, layer in enumerate(network.layers):
                norm = type(layer) is layers.BatchNormalization
                layer.trainable = place >= start and not norm
            return network
        """,
    ),
    setup=_KERAS,
    cases=(
        (_transfer.network("stem norm_1 conv_b norm_2 conv_a dense", frozen=False), "conv_b"),
        (_transfer.network("stem norm_1 conv_b norm_2 conv_a dense", frozen=True), "conv_b"),
        (_transfer.network("conv_a norm_a relu_a conv_b dense", frozen=False), "norm_a"),
        (_transfer.network("conv pool dense", frozen=True), "dense"),
        (_transfer.network("conv_1 norm conv_12 conv_2 dense", frozen=True), "conv_1"),
    ),
    draw=_transfer.drawn_network,
    changes=("network",),
    facts=_transfer.learning_facts,
    seconds=20,
    mistakes=(
        Mistake(
            code=_unfrozen(flag="learns"),
            message=(
                "Batch normalisations behind `first` can learn, too. They are to stay frozen: "
                "their means and variances come from a million photographs, and yours are few."
            ),
        ),
        Mistake(
            code=_unfrozen(flag="not isinstance(layer, layers.BatchNormalization)"),
            message="Layers before `first` can learn, too. They are to stay as they are.",
        ),
        Mistake(
            code=_unfrozen(
                learns="",
                flag="learns and not isinstance(layer, layers.BatchNormalization)",
                after="learns = learns or layer.name == first",
            ),
            message=(
                "The layer named `first` does not learn, those behind it do. It is the first that "
                "does: look at its name before you set its `trainable`."
            ),
        ),
        Mistake(
            code=_unfrozen(flag="not learns and not isinstance(layer, layers.BatchNormalization)"),
            message=(
                "It is turned round: the layers before `first` learn. They hold what is common to "
                "all photographs, edges and textures, and are to stay; the last ones learn."
            ),
        ),
        Mistake(
            code=_unfrozen(learns="learns = layer.name == first"),
            message="Only the layer named `first` learns. Those behind it are to learn as well.",
        ),
        Mistake(
            code=_unfrozen(begin="pass"),
            message=(
                "A network that came frozen as a whole learns nothing: `network.trainable` is "
                "still False. Set it to True, before you go through the layers."
            ),
        ),
        Mistake(
            code=_unfrozen(end="network.trainable = True\n    return network", begin="pass"),
            message=(
                "Every layer can learn. A `network.trainable = True` behind the loop does that: it "
                "sets the `trainable` of every layer once more, so it goes before the loop."
            ),
        ),
        Mistake(
            code=_unfrozen(begin="network.trainable = False"),
            message=(
                "Nothing can learn: with `network.trainable = False` the network is frozen as a "
                "whole, whatever its layers say. Set it to True, before the loop."
            ),
        ),
        Mistake(
            code=_unfrozen(end=""),
            message="Nothing came back (None): end with `return network`.",
        ),
    ),
    shows=(
        "What a network learned first holds for nearly all photographs, and what it learned last "
        "for those of its own task: the last layers are the ones to change."
    ),
)

EXERCISES = (SEPARABLE, INVERTED_BOTTLENECK, PREPARE, UNFREEZE)
