"""Exercises of lesson 10: occlusion, a class activation map, the fake map, an adversarial step."""

import functools

from cnncourse.exercises import Exercise, Mistake
from cnncourse.exercises._networks import FreshNetwork
from cnncourse.exercises._when import close, each, raises

import numpy as np

_random = np.random.default_rng(10)
_KERAS = "import keras\nimport numpy as np\nimport tensorflow as tf"
_STATS = "import numpy as np\nfrom scipy import stats"


# Cases --------------------------------------------------------------------------------------------


class Logits:
    """A network as a function, as a lesson's `network.predict` is: images in, logits out.

    Each logit is a sum over the pixels with small whole weights, so that squares at two places
    never cost the same.
    """

    def __init__(self, shape, classes, random):
        self.weights = random.integers(-9, 10, (*shape, classes)) / 50

    def __call__(self, images):
        images = np.asarray(images, np.float64)
        if images.shape[1:] != self.weights.shape[:3]:
            raise ValueError(
                f"answer takes images of shape (number, height, width, 3), each of "
                f"{self.weights.shape[:3]}; it got {images.shape}"
            )
        return np.tensordot(images, self.weights, 3)

    def __repr__(self):
        return "answer"


def _occlusion_case(random, height, width, classes, size, stride, kind="float32"):
    """One call of `occlusion`; no two classes are alike."""
    image = random.integers(0, 256, (height, width, 3)).astype(kind)
    label = int(random.integers(classes))
    return Logits((height, width, 3), classes, random), image, label, size, stride


def _draw_occlusion(random):
    height, width = (int(n) for n in random.integers(3, 10, 2))
    size, stride = int(random.integers(1, min(height, width) + 1)), int(random.integers(1, 4))
    kind = ["float32", "uint8"][random.integers(2)]
    return _occlusion_case(random, height, width, int(random.integers(2, 6)), size, stride, kind)


def _activation_case(random, height, width, maps, classes):
    """One call of `class_activation_map`, in whole numbers."""
    return (
        random.integers(0, 8, (height, width, maps)).astype(np.float32),
        random.integers(-4, 5, (maps, classes)).astype(np.float32),
        int(random.integers(classes)),
    )


def _draw_activation(random):
    return _activation_case(random, *(int(n) for n in random.integers((2, 2, 2, 3), (6, 6, 7, 7))))


def _fake_case(random, methods, images, height, width):
    """One call of `fake_map`: maps without equal numbers, and agreements of all degrees.

    A few pixels of each map are far larger than the rest, as in heat maps, so that a correlation
    of the numbers is none of the ranks; each image has a level and each method a scale of its own.
    """
    pixels = height * width
    likeness = random.uniform(-1, 1, (methods, images, 1))
    one = random.normal(size=(methods, images, pixels))
    other = likeness * one + (1.05 - abs(likeness)) * random.normal(size=one.shape)
    level = 3 * random.normal(size=(1, images, 1))
    scale = random.uniform(0.2, 3, (methods, 1, 1))
    shape = (methods, images, height, width)
    return tuple((scale * np.exp(maps + level)).reshape(shape).round(6) for maps in (one, other))


def _draw_fake(random):
    return _fake_case(random, *(int(n) for n in random.integers((2, 1, 2, 2), (5, 5, 5, 5))))


def _small_network(seed, side, classes):
    """A Sequential of one convolution that gives logits, with the weights of a seed."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="softplus", padding="same"),
            layers.Flatten(),
            layers.Dense(classes),
        ]
    )
    random = np.random.default_rng(seed)
    network.set_weights([random.normal(0, 0.3, w.shape) for w in network.get_weights()])
    return network


def _step_case(random, seed, number, side, classes, size):
    """One call of `adversarial_step`; some pixels are at an end of 0 to 255, or near it."""
    images = random.integers(0, 256, (number, side, side, 3))
    images = np.where(random.random(images.shape) < 0.3, images // 128 * 255, images)
    labels = random.integers(0, classes, number)
    network = FreshNetwork(functools.partial(_small_network, seed, side, classes), "network")
    return network, images.astype(np.float32), labels, size


def _draw_step(random):
    seed, number, side, classes = (int(n) for n in random.integers((1, 1, 3, 3), (1000, 4, 6, 6)))
    return _step_case(random, seed, number, side, classes, int(random.integers(1, 9)))


# Blank cells with one part exchanged --------------------------------------------------------------


def _occluded(
    whole="answer(image[np.newaxis])[0, label]",
    rows="range(0, image.shape[0] - size + 1, stride)",
    columns="range(0, image.shape[1] - size + 1, stride)",
    before="",
    covered="covered = image.copy()",
    square="covered[row : row + size, column : column + size] = 128",
    fall="whole - answer(covered[np.newaxis])[0, label]",
    end="return np.array(falls).reshape(len(rows), len(columns))",
):
    """Occlusion with one part exchanged."""
    return f"""
def occlusion(answer, image, label, size, stride):
    whole = {whole}
    rows = {rows}
    columns = {columns}
    falls = []
    {before}
    for row in rows:
        for column in columns:
            {covered}
            {square}
            falls.append({fall})
    {end}
"""


def _activation(expression):
    return f"""
def class_activation_map(maps, weights, label):
    return {expression}
"""


_SPEARMAN = "stats.spearmanr(one, other, axis=None).statistic"


def _fake(
    agreement=_SPEARMAN,
    images="zip(ones, others)",
    mean="np.mean(found)",
    end="number = int(np.argmax(means))\n    return number, means[number]",
    methods="zip(maps, random_maps)",
):
    """The fake map with one part exchanged."""
    return f"""
def fake_map(maps, random_maps):
    means = []
    for ones, others in {methods}:
        found = [{agreement} for one, other in {images}]
        means.append({mean})
    {end}
"""


_LOSS = "loss = keras.losses.sparse_categorical_crossentropy(labels, network(x), from_logits=True)"


def _stepped(
    watch="tape.watch(x)",
    loss=_LOSS,
    gradient="gradient = tape.gradient(loss, x)",
    step="size * tf.sign(gradient)",
    moved="x + step",
    end="return tf.clip_by_value(moved, 0, 255)",
):
    """An adversarial step with one part exchanged."""
    return f"""
def adversarial_step(network, images, labels, size):
    x = tf.constant(images, tf.float32)
    with tf.GradientTape() as tape:
        {watch}
        {loss}
    {gradient}
    step = {step}
    moved = {moved}
    {end}
"""


OCCLUSION = Exercise(
    name="10/occlusion",
    task=(
        "Write `occlusion(answer, image, label, size, stride)`: how far the logit of `label` falls "
        "when a grey square lies at each place, as an array of places."
    ),
    hints=(
        "First ask about the image as it is. `answer` takes several images: "
        "`answer(image[np.newaxis])[0, label]` is the logit of one.",
        "Two loops, over the rows and the columns where a square begins. For each place make a "
        "copy of the image, set `covered[row : row + size, column : column + size]` to 128, and "
        "ask again.",
        "The last row that fits begins at `image.shape[0] - size`, so that the rows are "
        "`range(0, image.shape[0] - size + 1, stride)`. The fall is the logit of the whole image "
        "minus that of the covered one; reshape the list of falls to (rows, columns).",
    ),
    solution="""
        def occlusion(answer, image, label, size, stride):
            whole = answer(image[np.newaxis])[0, label]
            rows = range(0, image.shape[0] - size + 1, stride)
            columns = range(0, image.shape[1] - size + 1, stride)
            falls = np.zeros((len(rows), len(columns)))
            for i, row in enumerate(rows):
                for j, column in enumerate(columns):
                    covered = image.copy()
                    covered[row : row + size, column : column + size] = 128
                    falls[i, j] = whole - answer(covered[np.newaxis])[0, label]
            return falls
    """,
    right=(
        _occluded(),
        """
        def occlusion(answer, image, label, size, stride):
            falls = []
            for row in range(0, image.shape[0] - size + 1, stride):
                falls.append([])
                for column in range(0, image.shape[1] - size + 1, stride):
                    both = np.stack([image, image])
                    both[1, row : row + size, column : column + size, :] = 128
                    before, after = answer(both)[:, label]
                    falls[-1].append(before - after)
            return falls
        """,
        """
        def occlusion(answer, image, label, size, stride):
            down = (image.shape[0] - size) // stride + 1
            across = (image.shape[1] - size) // stride + 1
            covered = np.repeat(image[None], down * across, axis=0)
            for place, one in enumerate(covered):
                row, column = np.array(divmod(place, across)) * stride
                one[row : row + size, column : column + size] = np.full(3, 128)
            falls = answer(image[None])[:, label] - answer(covered)[:, label]
            return falls.reshape(down, across)
        """,
    ),
    cases=(
        _occlusion_case(_random, 4, 4, 3, 2, 2),
        _occlusion_case(_random, 5, 7, 4, 3, 1, "uint8"),
        _occlusion_case(_random, 7, 4, 2, 2, 2),
        _occlusion_case(_random, 6, 9, 5, 2, 3),
        _occlusion_case(_random, 3, 5, 3, 3, 1),
        _occlusion_case(_random, 6, 6, 3, 1, 4, "uint8"),
    ),
    draw=_draw_occlusion,
    mistakes=(
        Mistake(
            code=_occluded(fall="answer(covered[np.newaxis])[0, label] - whole"),
            message=(
                "The signs are exchanged: this is how far the logit rises. Where the square takes "
                "away what spoke for the class, the number is to be positive: the logit of the "
                "whole image minus that of the covered one."
            ),
        ),
        Mistake(
            code=_occluded(fall="answer(covered[np.newaxis])[0, label]"),
            message=(
                "These are the logits with the square. Wanted is by how much each is below the "
                "logit of the image without a square."
            ),
        ),
        Mistake(
            code=_occluded(fall="abs(whole - answer(covered[np.newaxis])[0, label])"),
            message=(
                "The sign is lost. Where covering helps the class, the fall is negative, and that "
                "is worth seeing: leave it."
            ),
        ),
        Mistake(
            code=_occluded(fall="max(whole - answer(covered[np.newaxis])[0, label], 0)"),
            message=(
                "What is below 0 is cut off. Where covering helps the class, the fall is "
                "negative: leave it."
            ),
        ),
        Mistake(
            code=_occluded(
                square="covered[row : row + size, column : column + size] = 0",
            ),
            message=(
                "The square is black. It is to have the grey 128 in all three channels, which is "
                "the middle of 0 to 255."
            ),
        ),
        Mistake(
            code=_occluded(
                square="covered[row : row + size, column : column + size] = 0.5",
                covered="covered = image.astype(float)",
            ),
            message=(
                "The square has the value 0.5, which is nearly black here: pixels go from 0 to "
                "255, and the grey is 128."
            ),
        ),
        Mistake(
            code=_occluded(
                square="covered[row : row + size, column : column + size] = 255",
            ),
            message="The square is white. It is to have the grey 128 in all three channels.",
        ),
        Mistake(
            code=_occluded(
                square="covered[row : row + size, column : column + size, 0] = 128",
            ),
            message=(
                "Only the first channel is covered. The square has the value 128 in red, green "
                "and blue: leave out the last index."
            ),
        ),
        Mistake(
            code=_occluded(
                square="covered[row : row + size + 1, column : column + size + 1] = 128",
            ),
            message=(
                "The square is one pixel too large down and across: `row : row + size` already "
                "has `size` pixels, since the end of a slice does not belong to it."
            ),
        ),
        Mistake(
            code=_occluded(before="covered = image.copy()", covered="pass"),
            message=(
                "The squares pile up: each is laid on the image that has all the earlier ones. "
                "Begin at every place with a fresh copy of the image."
            ),
        ),
        Mistake(
            code=_occluded(
                before="covered = image.copy()",
                covered="pass",
                fall="whole - answer(covered[np.newaxis])[0, label]\n            "
                "if (row, column) == (0, 0) else before - "
                "answer(covered[np.newaxis])[0, label]",
                square="before = answer(covered[np.newaxis])[0, label]\n            "
                "covered[row : row + size, column : column + size] = 128",
            ).replace("falls.append(whole", "falls.append(\n            whole"),
            message=(
                "The squares pile up, and each fall is counted from the one before. Begin at "
                "every place with a fresh copy of the image, and compare with the whole one."
            ),
        ),
        Mistake(
            code=_occluded(fall="answer(image[np.newaxis]).max() - answer(covered[None]).max()"),
            message=(
                "This is the fall of the highest logit, whichever class that is. Take the logit "
                "of `label` both times."
            ),
        ),
        Mistake(
            code=_occluded(fall="(answer(image[None]) - answer(covered[None]))[0].sum()"),
            message="This adds up the falls of all classes. Take the logit of `label` alone.",
        ),
        Mistake(
            code=_occluded(fall="(answer(image[None]) - answer(covered[None]))[0].mean()"),
            message="This is the mean over all classes. Take the logit of `label` alone.",
        ),
        Mistake(
            code=_occluded(fall="(whole - answer(covered[np.newaxis])[0, label]) / size**2"),
            message=("The fall is divided by the pixels of the square. Wanted is the fall itself."),
        ),
        Mistake(
            code=_occluded(fall="(whole - answer(covered[np.newaxis])[0, label]) / whole"),
            message=(
                "The fall is divided by the logit of the whole image. Wanted is the fall itself."
            ),
        ),
        Mistake(
            code="""
            def probability(logits, label):
                shares = np.exp(logits - logits.max())
                return shares[0, label] / shares.sum()

            def occlusion(answer, image, label, size, stride):
                whole = probability(answer(image[None]), label)
                rows = range(0, image.shape[0] - size + 1, stride)
                columns = range(0, image.shape[1] - size + 1, stride)
                falls = np.zeros((len(rows), len(columns)))
                for i, row in enumerate(rows):
                    for j, column in enumerate(columns):
                        covered = image.copy()
                        covered[row : row + size, column : column + size] = 128
                        falls[i, j] = whole - probability(answer(covered[None]), label)
                return falls
            """,
            message=(
                "These are falls of the probability, after softmax. Wanted is the fall of the "
                "logit, which does not flatten where the network is sure."
            ),
        ),
        Mistake(
            code=_occluded(fall="whole - answer(covered[np.newaxis])[0]").replace(
                "reshape(len(rows), len(columns))", "reshape(len(rows), len(columns), -1)"
            ),
            message=(
                "One number too many axes: a fall for every class comes back. Take the logit of "
                "`label` in the covered image too."
            ),
            when=each(
                lambda expected, received: (
                    received.ndim == 3 and received.shape[:2] == expected.shape
                )
            ),
        ),
        Mistake(
            code=_occluded(end="return np.array(falls)"),
            message=(
                "The falls come back in one row. They are to be an array of rows and columns, as "
                "the places lie on the image: `reshape(len(rows), len(columns))`."
            ),
            when=each(
                lambda expected, received: received.ndim == 1 and close(expected.ravel(), received)
            ),
        ),
        Mistake(
            code=_occluded(end="return np.array(falls).reshape(len(rows), len(columns)).T"),
            message=(
                "Rows and columns are exchanged: the first axis of the result counts the places "
                "downwards."
            ),
            when=each(lambda expected, received: close(expected.T, received)),
        ),
        Mistake(
            code=_occluded(
                rows="range(0, image.shape[0] - size, stride)",
                columns="range(0, image.shape[1] - size, stride)",
            ),
            message=(
                "The last places are missing where the square ends with the image: it may begin "
                "at `image.shape[0] - size`, and `range` leaves its end out. Add 1."
            ),
        ),
        Mistake(
            code=_occluded(
                rows="range(0, image.shape[0], stride)",
                columns="range(0, image.shape[1], stride)",
            ),
            message=(
                "Squares hang over the edge at the end. Only places where the whole square fits "
                "count: begin at most at `image.shape[0] - size`."
            ),
        ),
        Mistake(
            code=_occluded(
                rows="range(image.shape[0] - size + 1)",
                columns="range(image.shape[1] - size + 1)",
            ),
            message=(
                "The stride is ignored: the square moves on by one pixel each time. Give it to "
                "`range` as the third argument."
            ),
        ),
        Mistake(
            code=_occluded(
                rows="range(0, image.shape[0] - size + 1, size)",
                columns="range(0, image.shape[1] - size + 1, size)",
            ),
            message=(
                "The square moves on by its own size. It is to move on by `stride` pixels, so "
                "that squares may overlap or leave gaps."
            ),
        ),
        Mistake(
            code=_occluded(rows="range(0, image.shape[1] - size + 1, stride)"),
            message=(
                "The number of rows is taken from the width. Rows go down the height, "
                "`image.shape[0]`; images need not be square."
            ),
        ),
        Mistake(
            code=_occluded(columns="range(0, image.shape[0] - size + 1, stride)"),
            message=(
                "The number of columns is taken from the height. Columns go across the width, "
                "`image.shape[1]`; images need not be square."
            ),
        ),
        Mistake(
            code=_occluded(
                square="covered[:] = 128\n            "
                "covered[row : row + size, column : column + size] = "
                "image[row : row + size, column : column + size]",
            ),
            message=(
                "The other way round: everything is covered but the square. Cover the square, and "
                "leave the rest."
            ),
        ),
        Mistake(
            code=_occluded(fall="whole - answer(covered)[0, label]"),
            message=(
                "`answer` wants several images, (number, height, width, 3), and got one without "
                "the first axis: `covered[np.newaxis]`."
            ),
            when=raises("ValueError: answer takes images"),
        ),
    ),
    shows=(
        "A map made by asking alone. It works for any network, and each of its numbers is an "
        "experiment."
    ),
)

ACTIVATION = Exercise(
    name="10/class_activation_map",
    task=(
        "Write `class_activation_map(maps, weights, label)`: the maps added up with the dense "
        "layer's weights for the class `label`."
    ),
    hints=(
        "The dense layer has a column of weights for each class: one weight for each map.",
        "At each pixel: multiply what each map has there by its weight, and add up over the maps, "
        "which are the last axis.",
        "`weights[:, label]` is the column. `maps * weights[:, label]` multiplies along the last "
        "axis; `.sum(axis=-1)` adds up. `maps @ weights[:, label]` does both.",
    ),
    solution="""
        def class_activation_map(maps, weights, label):
            return maps @ weights[:, label]
    """,
    right=(
        _activation("(maps * weights[:, label]).sum(axis=-1)"),
        _activation('np.einsum("hwm,m->hw", maps, weights[:, label])'),
        _activation("np.dot(maps, weights)[..., label]"),
        _activation("np.tensordot(maps, weights, 1)[:, :, label]"),
        """
        def class_activation_map(maps, weights, label):
            heat = np.zeros(maps.shape[:2])
            for number in range(maps.shape[2]):
                heat += maps[:, :, number] * weights[number, label]
            return heat
        """,
    ),
    cases=(
        _activation_case(_random, 2, 3, 2, 4),
        _activation_case(_random, 3, 2, 4, 4),
        _activation_case(_random, 2, 2, 5, 3),
        _activation_case(_random, 4, 3, 6, 5),
        _activation_case(_random, 3, 3, 3, 3),
    ),
    draw=_draw_activation,
    mistakes=(
        Mistake(
            code=_activation("maps @ weights"),
            message=(
                "The maps of all classes came back, one behind the other. Take the one of `label`."
            ),
        ),
        Mistake(
            code=_activation("maps @ weights[label]"),
            message=(
                "`weights[label]` is a row: the weights of one map for all classes. A class has a "
                "column, `weights[:, label]`."
            ),
            when=raises("ValueError: matmul", "ValueError: operands could not be broadcast"),
        ),
        Mistake(
            code=_activation("(maps @ weights[:, label]).mean()"),
            message=(
                "This is the logit, one number. The map is what stands before the mean: a number "
                "for each pixel."
            ),
            when=each(
                lambda expected, received: (
                    not received.ndim
                    and np.allclose(expected.mean(), received, rtol=1e-4, atol=1e-6)
                )
            ),
        ),
        Mistake(
            code=_activation("(maps @ weights[:, label]).sum()"),
            message=(
                "Everything is added up, the pixels too, and one number is left. Add up over the "
                "maps alone, the last axis."
            ),
            when=each(
                lambda expected, received: (
                    not received.ndim
                    and np.allclose(expected.sum(), received, rtol=1e-4, atol=1e-6)
                )
            ),
        ),
        Mistake(
            code=_activation("(maps * weights[:, label]).mean(axis=-1)"),
            message=(
                "This is the mean over the maps. The dense layer adds up what they say; with the "
                "mean, the map's mean is no longer the logit."
            ),
        ),
        Mistake(
            code=_activation("(maps * weights[:, label]).max(axis=-1)"),
            message=(
                "This keeps the largest voice at each pixel. The dense layer adds up all of them, "
                "those against the class too."
            ),
        ),
        Mistake(
            code=_activation("maps * weights[:, label]"),
            message=(
                "Each map is multiplied with its weight, and the maps have not been added up yet: "
                "sum over the last axis."
            ),
        ),
        Mistake(
            code=_activation("maps.sum(axis=-1)"),
            message=(
                "The weights have no part in this: it is the same map for every class. Multiply "
                "each map with its weight for `label` before you add up."
            ),
        ),
        Mistake(
            code=_activation("maps.mean(axis=-1)"),
            message=(
                "The weights have no part in this: it is the same map for every class. Multiply "
                "each map with its weight for `label`, and add up."
            ),
        ),
        Mistake(
            code=_activation("np.maximum(maps @ weights[:, label], 0)"),
            message=(
                "What is below 0 is cut off, as Grad-CAM does. Then the map's mean is no longer "
                "the logit: leave what speaks against the class."
            ),
        ),
        Mistake(
            code=_activation("maps @ np.maximum(weights[:, label], 0)"),
            message=(
                "Maps that speak against the class are left out. The logit counts them, with "
                "their negative weights."
            ),
        ),
        Mistake(
            code=_activation("maps @ np.abs(weights[:, label])"),
            message=(
                "The signs of the weights are lost: maps that speak against the class now speak "
                "for it."
            ),
        ),
        Mistake(
            code="""
            def class_activation_map(maps, weights, label):
                heat = maps @ weights[:, label]
                return heat / heat.max()
            """,
            message=(
                "The map is scaled by its own largest number. Then it is 1 somewhere whatever the "
                "network says: give it back as it is."
            ),
        ),
        Mistake(
            code="""
            def class_activation_map(maps, weights, label):
                heat = maps @ weights[:, label]
                return (heat - heat.min()) / (heat.max() - heat.min())
            """,
            message=(
                "The map is scaled to 0 to 1. Then nothing looks like something: give it back as "
                "it is."
            ),
        ),
        Mistake(
            code=_activation("maps @ weights[:, label] / maps[..., 0].size"),
            message=(
                "Each number is divided by the number of pixels, so that their sum is the logit. "
                "Their mean is to be the logit."
            ),
        ),
        Mistake(
            code=_activation("maps @ weights[:, np.argmax(maps.mean((0, 1)) @ weights)]"),
            message=(
                "This is the map of the class with the highest logit. It was asked for `label`, "
                "which may be another one."
            ),
        ),
        Mistake(
            code=_activation("(maps @ weights[:, label]).T"),
            message="Height and width are exchanged: the first axis goes down.",
        ),
        Mistake(
            code=_activation("maps @ (weights[:, label] - weights.mean(axis=1))"),
            message=(
                "The mean over the classes is subtracted. The mean of this map is how far the "
                "logit lies above the mean logit, and not the logit."
            ),
        ),
    ),
    shows=(
        "The map is a part of the network's own sum, not an estimate: its mean over all pixels is "
        "the logit."
    ),
)

FAKE = Exercise(
    name="10/fake_map",
    task=(
        "Write `fake_map(maps, random_maps)`: the number of the method whose maps agree most with "
        "those of random weights, and its mean rank correlation."
    ),
    hints=(
        "`maps[m, i]` and `random_maps[m, i]` are two maps of the same method and image. Their "
        "rank correlation is one number.",
        "For each method, take the mean of these numbers over its images. There are as many means "
        "as methods.",
        "`np.argmax(means)` is the number of the method with the highest mean. Return it together "
        "with that mean: `return number, means[number]`.",
    ),
    solution=f"""
        def fake_map(maps, random_maps):
            means = []
            for ones, others in zip(maps, random_maps, strict=True):
                found = [
                    {_SPEARMAN}
                    for one, other in zip(ones, others, strict=True)
                ]
                means.append(np.mean(found))
            number = np.argmax(means)
            return number, means[number]
    """,
    right=(
        _fake(),
        """
        def fake_map(maps, random_maps):
            def ranks(values):
                return values.reshape(*values.shape[:2], -1).argsort().argsort()
            one, other = ranks(maps), ranks(random_maps)
            one = one - one.mean(-1, keepdims=True)
            other = other - other.mean(-1, keepdims=True)
            root = np.sqrt((one**2).sum(-1) * (other**2).sum(-1))
            means = ((one * other).sum(-1) / root).mean(1)
            return int(means.argmax()), float(means.max())
        """,
        """
        def fake_map(maps, random_maps):
            best, highest = 0, -2
            for m in range(len(maps)):
                total = 0
                for i in range(len(maps[m])):
                    a, b = maps[m][i].ravel(), random_maps[m][i].ravel()
                    total += stats.spearmanr(a, b)[0]
                if total / len(maps[m]) > highest:
                    best, highest = m, total / len(maps[m])
            return [best, highest]
        """,
    ),
    setup=_STATS,
    cases=(
        _fake_case(_random, 2, 2, 2, 2),
        _fake_case(_random, 3, 2, 3, 3),
        _fake_case(_random, 4, 3, 3, 2),
        _fake_case(_random, 3, 4, 4, 4),
        _fake_case(_random, 4, 2, 3, 4),
        _fake_case(_random, 2, 3, 5, 3),
    ),
    draw=_draw_fake,
    mistakes=(
        Mistake(
            code=_fake(end="number = int(np.argmin(means))\n    return number, means[number]"),
            message=(
                "This is the method whose maps agree least with random weights. The fake is the "
                "one that agrees most: its maps do not need what was learned."
            ),
        ),
        Mistake(
            code=_fake(end="return int(np.argmax(means))"),
            message=(
                "The number of the method alone came back. Return two things: the number, and the "
                "mean rank correlation of this method."
            ),
            when=each(
                lambda expected, received: not received.ndim and np.isclose(expected[0], received)
            ),
        ),
        Mistake(
            code=_fake(end="return max(means)"),
            message=(
                "The mean rank correlation alone came back. Return two things: the number of the "
                "method, and this mean."
            ),
            when=each(
                lambda expected, received: not received.ndim and np.isclose(expected[1], received)
            ),
        ),
        Mistake(
            code=_fake(end="number = int(np.argmax(means))\n    return means[number], number"),
            message="The two are exchanged: first the number of the method, then its mean.",
        ),
        Mistake(
            code=_fake(end="number = int(np.argmax(means))\n    return number + 1, means[number]"),
            message="The methods are counted from 1. The first one has the number 0.",
        ),
        Mistake(
            code=_fake(end="return means"),
            message=(
                "The means of all methods came back. Return the number of the highest one, and "
                "that mean."
            ),
            when=lambda trials: all(
                trial.received.shape == trial.given["maps"].shape[:1]
                and np.isclose(trial.received.max(), trial.expected[1])
                for trial in trials
            ),
        ),
        Mistake(
            code=_fake(agreement="np.corrcoef(one.ravel(), other.ravel())[0, 1]"),
            message=(
                "This is the correlation of the numbers (Pearson's). A few very bright pixels "
                "decide it; the rank correlation compares the orders of the pixels alone."
            ),
        ),
        Mistake(
            code=_fake(agreement="stats.spearmanr(one, other).statistic"),
            message=(
                "Without `axis=None`, `spearmanr` takes the columns of a map for separate "
                "quantities and gives a table of correlations. With it, all pixels of a map are "
                "ranked together."
            ),
        ),
        Mistake(
            code=_fake(agreement="stats.kendalltau(one, other).statistic"),
            message=(
                "This is Kendall's rank correlation, which counts pairs in the same order. Wanted "
                "is Spearman's, `stats.spearmanr`."
            ),
        ),
        Mistake(
            code=_fake(
                agreement="np.corrcoef(one.ravel().argsort(), other.ravel().argsort())[0, 1]"
            ),
            message=(
                "`argsort` gives the places of the pixels in order, not the rank of each pixel. "
                "The ranks are `argsort` of `argsort`, or use `stats.spearmanr`."
            ),
        ),
        Mistake(
            code="""
            def fake_map(maps, random_maps):
                means = [
                    stats.spearmanr(ones, others, axis=None).statistic
                    for ones, others in zip(maps, random_maps)
                ]
                number = int(np.argmax(means))
                return number, means[number]
            """,
            message=(
                "All images of a method are ranked together. Then images with bright maps agree "
                "with themselves in the other network, whatever is in them. Take the rank "
                "correlation of each image, and then the mean."
            ),
        ),
        Mistake(
            code=_fake(mean="np.mean(np.abs(found))"),
            message=(
                "The signs of the correlations are dropped. A map that is turned upside down by "
                "random weights agrees to -1, and not to 1."
            ),
        ),
        Mistake(
            code=_fake(mean="np.max(found)"),
            message=(
                "This takes the image with the highest agreement. One image may agree by chance: "
                "take the mean over the images."
            ),
        ),
        Mistake(
            code=_fake(mean="np.median(found)"),
            message="This is the median over the images; wanted is the mean.",
        ),
        Mistake(
            code=_fake(mean="np.sum(found)"),
            message="The agreements are added up. Wanted is their mean over the images.",
        ),
        Mistake(
            code=_fake(mean="found[0]"),
            message="Only the first image is compared. Take the mean over all of them.",
        ),
        Mistake(
            code=_fake(mean="-np.mean(found)", agreement="np.abs(one - other).mean()"),
            message=(
                "This compares the numbers by their differences. Maps of two networks have other "
                "scales, and a difference mostly measures these: compare the orders of the "
                "pixels, by the rank correlation."
            ),
        ),
        Mistake(
            code=_fake(methods="zip(maps.swapaxes(0, 1), random_maps.swapaxes(0, 1))"),
            message=(
                "This goes through the images and takes the mean over the methods. The first axis "
                "of `maps` counts the methods: one mean for each of these."
            ),
        ),
    ),
    shows=(
        "A map that survives random weights shows the photograph. That can be measured without "
        "knowing what a right map would be."
    ),
)

STEP = Exercise(
    name="10/adversarial_step",
    task=(
        "Write `adversarial_step(network, images, labels, size)`: the images moved by `size` along "
        "the sign of the gradient of the loss."
    ),
    hints=(
        "As in `gradient` above: make a tensor of the images, let a `tf.GradientTape` watch it, "
        "and compute in the tape what is to rise. Here that is the loss.",
        "`keras.losses.sparse_categorical_crossentropy(labels, network(x), from_logits=True)` is "
        "the loss of each image. Its gradient has the shape of the images.",
        "`x + size * tf.sign(gradient)`, and `tf.clip_by_value(..., 0, 255)` around it.",
    ),
    solution="""
        def adversarial_step(network, images, labels, size):
            x = tf.constant(images, tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(x)
                loss = keras.losses.sparse_categorical_crossentropy(
                    labels, network(x), from_logits=True
                )
            gradient = tape.gradient(loss, x)
            return tf.clip_by_value(x + size * tf.sign(gradient), 0, 255)
    """,
    right=(
        _stepped(),
        _stepped(
            loss="loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits("
            "labels, network(x)))",
            step="size * np.sign(gradient)",
            end="return np.clip(moved, 0, 255)",
        ),
        """
        def adversarial_step(network, images, labels, size):
            x = tf.Variable(images, dtype=tf.float32)
            criterion = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            with tf.GradientTape() as tape:
                loss = criterion(labels, network(x, training=False))
            moved = images + size * np.sign(tape.gradient(loss, x).numpy())
            return np.minimum(np.maximum(moved, 0), 255)
        """,
        """
        def adversarial_step(network, images, labels, size):
            x = tf.convert_to_tensor(images)
            with tf.GradientTape() as tape:
                tape.watch(x)
                right = tf.one_hot(labels, network.output_shape[-1])
                loss = -tf.reduce_sum(right * tf.nn.log_softmax(network(x)))
            up = tape.gradient(loss, x) > 0
            return tf.clip_by_value(tf.where(up, x + size, x - size), 0, 255)
        """,
        """
        def adversarial_step(network, images, labels, size):
            x = tf.constant(images)
            with tf.GradientTape() as tape:
                tape.watch(x)
                shares = tf.nn.softmax(network(x))
                right = tf.gather(shares, labels, axis=1, batch_dims=1)
            down = tape.gradient(right, x)
            return np.clip(images - size * np.sign(down), 0, 255)
        """,
    ),
    setup=_KERAS,
    seconds=20,
    cases=(
        _step_case(_random, 1, 1, 3, 3, 4),
        _step_case(_random, 2, 2, 4, 4, 1),
        _step_case(_random, 3, 3, 5, 5, 8),
    ),
    draw=_draw_step,
    mistakes=(
        Mistake(
            code=_stepped(moved="x - step"),
            message=(
                "This goes down the gradient: the loss falls, and the network becomes surer of "
                "the right class. Training goes down; this step goes up."
            ),
        ),
        Mistake(
            code=_stepped(step="size * gradient"),
            message=(
                "This moves along the gradient itself, which is tiny at most pixels. Each number "
                "is to move by `size`, up or down by the sign of its gradient."
            ),
        ),
        Mistake(
            code=_stepped(step="size * gradient / tf.reduce_max(tf.abs(gradient))"),
            message=(
                "The gradient is scaled so that its largest number moves by `size`, and the others "
                "by less. Each is to move by `size`: take the sign."
            ),
        ),
        Mistake(
            code=_stepped(step="size * gradient / tf.norm(gradient)"),
            message=(
                "The gradient is scaled to the length `size`, all numbers together. Each is to "
                "move by `size`: take the sign."
            ),
        ),
        Mistake(
            code=_stepped(step="tf.sign(gradient)"),
            message="Each number moves by 1, whatever `size` is: multiply the sign by `size`.",
        ),
        Mistake(
            code=_stepped(step="size / 255 * tf.sign(gradient)"),
            message=(
                "The step is divided by 255. The pixels go from 0 to 255 here, and so does `size`."
            ),
        ),
        Mistake(
            code=_stepped(end="return moved"),
            message=(
                "Some pixels have left 0 to 255, and no photograph has such numbers: bring them "
                "back with `tf.clip_by_value` or `np.clip`."
            ),
        ),
        Mistake(
            code=_stepped(end="return tf.clip_by_value(moved, 0, 1)"),
            message=(
                "All is cut off at 1: nearly every pixel becomes 1. The pixels go from 0 to 255 "
                "here."
            ),
        ),
        Mistake(
            code=_stepped(moved="step", end="return moved"),
            message="This is the step alone. Return the images moved by it.",
        ),
        Mistake(
            code=_stepped(
                loss="loss = keras.losses.sparse_categorical_crossentropy(labels, network(x))"
            ),
            message=(
                "The network gives logits, and this loss takes them for probabilities: it cuts "
                "them off at 0 and 1, and their gradient with them. Say `from_logits=True`."
            ),
        ),
        Mistake(
            code=_stepped(loss="loss = -tf.gather(network(x), labels, axis=1, batch_dims=1)"),
            message=(
                "This lowers the logit of the right class, whatever the others do. The loss also "
                "rises where another class's logit does: take the cross-entropy."
            ),
        ),
        Mistake(
            code=_stepped(loss="loss = tf.gather(network(x), labels, axis=1, batch_dims=1)"),
            message=(
                "This raises the logit of the right class. Wanted is that the loss rises, which "
                "is the opposite."
            ),
        ),
        Mistake(
            code=_stepped(loss="loss = tf.reduce_max(network(x), axis=1)"),
            message=(
                "This raises the highest logit, and `labels` has no part in it. Take the "
                "cross-entropy of the answers with the labels."
            ),
        ),
        Mistake(
            code=_stepped(
                loss="answers = network(x)\n        labels = tf.argmax(answers, axis=1)\n        "
                "loss = keras.losses.sparse_categorical_crossentropy("
                "labels, answers, from_logits=True)"
            ),
            message=(
                "The loss is taken with the network's own answers in the place of the labels. "
                "Where the network is wrong, that leads elsewhere: use `labels`."
            ),
        ),
        Mistake(
            code=_stepped(watch="x = images\n        tape.watch(x)"),
            message=(
                "A tape watches tensors, and this is a NumPy array: make a tensor of it first, "
                "`tf.constant(images, tf.float32)`."
            ),
            when=raises("ValueError: Passed in object"),
        ),
        Mistake(
            code=_stepped(watch="pass"),
            message=(
                "There is no gradient: the tape follows variables by itself, but a tensor only if "
                "it is told to. Say `tape.watch(x)` before the network is called."
            ),
            when=raises(
                "ValueError: None values not supported",
                "ValueError: Attempt to convert a value (None)",
                "TypeError: bad operand type for unary",
                "TypeError: unsupported operand type(s) for *: 'int' and 'NoneType'",
                "TypeError: loop of ufunc does not support argument 0 of type NoneType",
            ),
        ),
    ),
    shows=(
        "One backward pass finds the direction in which the network is weakest. The same tape "
        "that trains it can break it."
    ),
)

EXERCISES = (OCCLUSION, ACTIVATION, FAKE, STEP)
