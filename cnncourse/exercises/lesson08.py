"""Exercises of lesson 08: every step from raw digits to a trained network, and a look inside it."""

import functools

from cnncourse.exercises import Exercise, Mistake, _fashion, _training
from cnncourse.exercises._networks import (
    FreshNetwork,
    array_facts,
    compiled_facts,
    digits,
    functional_network,
    image_facts,
    linear_network,
    named,
    network_facts,
    plain_network,
)
from cnncourse.exercises._when import differs

import numpy as np

_random = np.random.default_rng(8)
IMAGES = digits(12, _random)[..., np.newaxis]
_KERAS = "import keras\nimport numpy as np\nfrom keras import layers"
_FIRST = f"""
{_KERAS}
def first_convolution(network):
    return next(layer for layer in network.layers if isinstance(layer, layers.Conv2D))
"""

_FASHION = f"""
{_KERAS}
from cnncourse.exercises import _fashion
fashion = _fashion.images().take(train=3_000)
SEED, FASHION_EPOCHS = 8, 1
"""


# Cases --------------------------------------------------------------------------------------------


def grey_images(random, count, darkest, brightest):
    """Images (count, 28, 28) of whole numbers; first and last corner show five greys.

    Those between the first and the last are not as bright.
    """
    images = random.integers(darkest, brightest + 1, (count, 28, 28), dtype=np.uint8)
    images[1:-1] = np.maximum(images[1:-1] // 2, darkest)
    images[0, 0, :3] = [darkest, 51, 102]
    images[-1, -1, -2:] = [204, brightest]
    return images


def draw_network(random):
    """One of the two kinds of network, with weights of its own."""
    make, shown = [
        (plain_network, "sequential_network"),
        (functional_network, "functional_network"),
    ][random.integers(2)]
    seed, kernels = (int(number) for number in random.integers(2, 9, 2))
    return FreshNetwork(functools.partial(make, seed, kernels), shown)


def measured_case(random, count, ending=""):
    """Images, one-hot labels, and a network that knows each image's answer, some of them wrong.

    How sure it is goes from 0.15 to 0.95 for right and wrong answers alike.
    """
    images = digits(count, random)
    labels = random.integers(0, 10, count)
    said = np.where(np.arange(count) % 5 < 3, labels, (labels + 1) % 10)
    sure = random.permuted(np.linspace(0.15, 0.95, count))
    logits = np.log(9 * sure / (1 - sure))[:, None] * np.eye(10)[said]
    weights = np.linalg.pinv(images.reshape(count, 784)) @ logits
    network = FreshNetwork(functools.partial(linear_network, weights), "network")
    one_hot = np.eye(10, dtype=np.float32)[labels]
    return (network, *named(images[..., np.newaxis], one_hot, ending))


def training_case(random, count, epochs, ending=""):
    images = digits(count, random)[..., np.newaxis]
    labels = np.eye(10, dtype=np.float32)[random.integers(0, 10, count)]
    return _training.case(images, labels, epochs, ending)


# Labels and predictions for `worst_digit` ---------------------------------------------------------


def answers(counts, mistakes):
    """Labels and predictions: of each digit so many images, so many of them taken for another."""
    labels, predicted = [], []
    for digit, (count, taken_for) in enumerate(zip(counts, mistakes, strict=True)):
        labels += [digit] * count
        predicted += [*taken_for, *[digit] * (count - len(taken_for))]
    return np.array(labels), np.array(predicted)


def draw_answers(random, most=9):
    """Labels and predictions in which one digit has the largest share of mistakes, and one alone.

    No digit is missing; the first image that is taken for another is not the first of all.
    """
    while True:
        counts = random.integers(2, most, 10)
        mistakes = [random.integers(0, 10, random.integers(0, 1 + n)) for n in counts]
        labels, predicted = answers(counts, [list(taken) for taken in mistakes])
        order = random.permutation(len(labels))
        labels, predicted = labels[order], predicted[order]
        shares = np.sort([(predicted[labels == digit] != digit).mean() for digit in range(10)])
        if shares[-2] < shares[-1] and labels[0] == predicted[0]:
            return labels, predicted


# Of 1 there are most mistakes (4 of 12), of 5 the largest share (2 of 4); 7 is said wrongly most
# often (3 of 7), 6 with the largest share (2 of 4).
_confusions = np.random.default_rng(0)
UNEVEN = answers(
    [5, 12, 2, 2, 3, 4, 2, 5, 3, 2], [[3], [7, 7, 7, 2], [], [], [9], [6, 6], [], [1], [], []]
)
NEVER_SAID = answers(  # 4 is
    [3, 4, 2, 3, 2, 3, 4, 3, 2, 3], [[], [7], [], [5], [9, 9], [], [0, 0], [], [3], []]
)
EVEN = answers([4] * 10, [[1], [], [3], [], [9], [], [], [2], [3, 3], [4, 4, 7]])


# Blank cells with one part exchanged --------------------------------------------------------------


def network(
    start="keras.Input((28, 28, 1)),",
    convolution='layers.Conv2D(32, 3, activation="relu"),',
    pool="layers.MaxPooling2D(2),",
    flatten="layers.Flatten(),",
    last='layers.Dense(10, activation="softmax"),',
):
    return f"""
def build_network():
    return keras.Sequential([
        {start}
        {convolution}
        {pool}
        {flatten}
        {last}
    ])
"""


def compiled(optimizer='"adam"', loss='"categorical_crossentropy"', metrics='["accuracy"]'):
    return f"""
def compile_network(network):
    network.compile(optimizer={optimizer}, loss={loss}, metrics={metrics})
    return network
"""


def trained(call):
    return f"""
def train(network, images, labels, epochs):
    return network.fit({call})
"""


def clothed(
    start="keras.Input((28, 28, 1)),",
    hidden="",
    last='layers.Dense(10, activation="softmax"),',
    scale=" / 255",
    fit="fit(x, fashion.y_train, batch_size=50, verbose=0)",
):
    return f"""
keras.utils.set_random_seed(1)
x = fashion.x_train[..., np.newaxis].astype("float32"){scale}
fashion_network = keras.Sequential([
    {start}
    layers.Conv2D(8, 3, strides=2, activation="relu"),
    layers.Flatten(),
    {hidden}
    {last}
])
fashion_network.compile("adam", "sparse_categorical_crossentropy")
fashion_network.{fit}
"""


UNFITTED = "count_params()"

EXERCISES = (
    Exercise(
        name="08/prepare",
        task=(
            "Write `prepare(images)`: pixels from 0 to 255 of shape (number, 28, 28) in; the same "
            "pixels as numbers from 0 to 1, of shape (number, 28, 28, 1), out."
        ),
        hints=(
            "Two things are to be done. Black, 0, stays 0, and white, 255, becomes 1. And there "
            "is one axis more, at the end, of length 1.",
            "Divide by the largest value that a pixel can have: `/` makes floats of whole "
            "numbers, `//` would round down. `np.expand_dims(images, -1)` or an index with "
            "`np.newaxis` adds the axis.",
            'In the place of the dots: `images[..., np.newaxis].astype("float32") / 255`. (The '
            "three dots in the index are Python, and stay: they stand for all the axes that are "
            "there.)",
        ),
        solution="""
            def prepare(images):
                return images[..., np.newaxis].astype("float32") / 255
        """,
        right=(
            "def prepare(images): return np.expand_dims(images / 255.0, -1)",
            "def prepare(images): return np.float32(images)[:, :, :, None] * np.float32(1 / 255)",
            "def prepare(images):\n    images = np.array(images, float)\n    images /= 255\n"
            "    return images.reshape(-1, 28, 28, 1)",
            "import tensorflow as tf\n"
            "def prepare(images):\n"
            "    return tf.image.convert_image_dtype(images, tf.float32)[..., tf.newaxis]",
            "def prepare(images):\n"
            "    return keras.ops.expand_dims(keras.ops.cast(images, 'float32') / 255, -1)",
            "def prepare(images): return [image[..., None] / 255 for image in images]",
            "def prepare(images):\n    out = np.zeros((*images.shape, 1))\n"
            "    for i in range(len(images)):\n        out[i, :, :, 0] = images[i] / 255\n"
            "    return out",
            "def prepare(images): return np.stack([keras.layers.Rescaling(1 / 255)(images)], 3)",
            "def prepare(images): return (images / 255).reshape(*images.shape, 1).tolist()",
        ),
        setup=_KERAS,
        seconds=20,
        cases=((grey_images(_random, 2, 0, 255),), (grey_images(_random, 3, 20, 230),)),
        draw=lambda random: (
            grey_images(
                random, int(random.integers(1, 5)), *[(0, 255), (9, 204)][random.integers(2)]
            ),
        ),
        facts=image_facts,
        tolerance=1e-3,  # float16 will do
        mistakes=(
            Mistake(
                code="def prepare(images): return np.expand_dims(images / 255, 0)",
                by=("shape",),
                message=(
                    "The new axis stands first: this is a batch of one, which holds all the "
                    "images. The channels come last."
                ),
            ),
            Mistake(
                code="def prepare(images): return np.expand_dims(images / 255, 1)",
                by=("shape",),
                message=(
                    "The new axis stands before height and width: 'channels first', as other "
                    "libraries want it. Keras on TensorFlow wants the channels last."
                ),
            ),
            Mistake(
                code="def prepare(images): return np.expand_dims(images / 255, 2)",
                by=("shape",),
                message=(
                    "The new axis stands between height and width. It has to come after both, as "
                    "the last one."
                ),
            ),
            Mistake(
                code="def prepare(images): return images.reshape(28, 28, -1, 1) / 255",
                by=("shape",),
                message=(
                    "The number of images has to come first. `reshape` only deals the same numbers "
                    "out anew, so the 28 × 28 in front tear the images apart."
                ),
            ),
            Mistake(
                code="def prepare(images): return images.reshape(28, 28, 1) / 255",
                message=(
                    "This is the shape of one image, without the number of images in front. -1 "
                    "stands for 'as many as there are'."
                ),
            ),
            Mistake(
                code="def prepare(images): return images.reshape(60000, 28, 28, 1) / 255",
                message=(
                    "60,000 is right for the training images alone; the same function has to work "
                    "for the test images too. -1 stands for 'as many as there are'."
                ),
            ),
            Mistake(
                code="def prepare(images): return np.stack([images / 255] * 3, axis=-1)",
                by=("shape",),
                message=(
                    "This makes three equal channels, as of a colour image. A grey image has one."
                ),
            ),
            Mistake(
                code="def prepare(images): return images.reshape(-1, 784) / 255",
                by=("shape",),
                message=(
                    "This flattens each image into a row, as a dense layer wants it. A convolution "
                    "needs height and width, and the channel axis after them."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[:, :, :1, None] / 255",
                by=("shape",),
                message=(
                    "Here an axis is cut to its first entry, so most pixels are lost. The new "
                    "axis is put beside the old ones: every pixel stays."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[0][..., None] / 255",
                by=("shape",),
                message="This is the first image alone. All of them are wanted.",
            ),
            Mistake(
                code="def prepare(images): return images[..., None, None] / 255",
                by=("shape",),
                message="There are two new axes at the end. One is wanted, for the grey channel.",
            ),
            Mistake(
                code="def prepare(images): return images",
                message=(
                    "The images came back as they were: numbers from 0 to 255, and three axes. A "
                    "change of type divides nothing, and what a loop computes is lost unless it "
                    "is put into an array and returned."
                ),
            ),
            Mistake(
                code="def prepare(images): return images / 255",
                by=("shape",),
                message=(
                    "The axis of the channel is missing: these images still have three axes, and "
                    "a convolution wants four."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[..., None] // 255",
                message=(
                    "Everything below 255 became 0, and the grey pixels are lost: whole numbers "
                    "cannot hold parts of 1. Divide with `/`, and keep the floats that come out."
                ),
            ),
            Mistake(
                code="def prepare(images):\n    images /= 255\n    return images[..., None]",
                message=(
                    "`/=` would put the floats back into the array of whole numbers that came in, "
                    "and NumPy refuses. Make a new array: `images / 255`."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[..., None] / 255 / 255",
                message=(
                    "This divides twice: white becomes 1/255, and all digits are almost black. "
                    "Once is enough."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[..., None] / 256",
                message=(
                    "Almost: the largest value is 255, as counting begins at 0. After a division "
                    "by 256 white is a little less than 1."
                ),
            ),
            Mistake(
                code="def prepare(images): return np.round(images / 255)[..., None]",
                message=(
                    "Only 0 and 1 are left: each pixel is black or white. The greys between are "
                    "a part of the picture, so leave them as they come out of the division."
                ),
            ),
            Mistake(
                code="def prepare(images): return 1 - images[..., None] / 255",
                message=(
                    "Black and white are exchanged here. The range is right; asked for are the "
                    "same images, with black as 0."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[..., None] / 255 - 0.5",
                message="This goes from -0.5 to 0.5. Asked for is 0 to 1, with black as 0.",
            ),
            Mistake(
                code="def prepare(images): return images[..., None] / 100",
                message=(
                    "A division by 100 makes 2.55 of white. The number to divide by is the "
                    "largest that a pixel can have."
                ),
            ),
            Mistake(
                code="def prepare(images): return [i[..., None] / i.max() for i in images]",
                message=(
                    "This divides each image by its own brightest pixel, so the same grey becomes "
                    "another number in another image. Divide all by the same number: 255."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[..., None] / images.max()",
                message=(
                    "This divides by the brightest pixel that happens to be there. Training and "
                    "test images must be scaled by the same number, or the same grey means two "
                    "things: 255, whatever the images are."
                ),
            ),
            Mistake(
                code=(
                    "def prepare(images):\n"
                    "    low, high = images.min(), images.max()\n"
                    "    return (images[..., None] - low) / (high - low)"
                ),
                message=(
                    "This stretches each set to its own darkest and brightest pixel, so the same "
                    "grey becomes another number in another set. The range is known: 0 to 255."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[..., None].astype('float32')",
                message=(
                    "The shape is right, and the numbers still go from 0 to 255: divide them by "
                    "255."
                ),
            ),
            Mistake(
                code="def prepare(images): return np.zeros(images.shape + (1,))",
                message=(
                    "The shape is right, and all the pixels are 0. An array of zeros has to be "
                    "filled with the images."
                ),
            ),
            Mistake(
                code="def prepare(images): return images.transpose(0, 2, 1)[..., None] / 255",
                message=(
                    "The shape is right, but rows and columns have changed places: the digits lie "
                    "on their sides, mirrored. No pixel is to move."
                ),
            ),
            Mistake(
                code="def prepare(images): return images[..., None] / 127.5 - 1",
                message=(
                    "This goes from -1 to 1. Networks learn from such numbers too; asked for is "
                    "0 to 1, with black as 0."
                ),
            ),
            Mistake(
                code="def prepare(images):\n"
                "    return ((images - images.mean()) / images.std())[..., None]",
                message=(
                    "This standardises: mean 0 and standard deviation 1. It is another way to "
                    "scale, and it depends on the set of images; asked for is 0 to 1."
                ),
            ),
            Mistake(
                code="def prepare(images): return keras.utils.normalize(images)[..., None]",
                message=(
                    "`keras.utils.normalize` divides each row by its own length, which bends the "
                    "picture. What is asked for is one division for all pixels."
                ),
            ),
        ),
        shows=(
            "Every pixel was divided by the same 255, so pictures stay as they are and numbers "
            "have the size that a network's starting weights are made for. The axes are number, "
            "height, width, channels: a grey image has one channel."
        ),
    ),
    Exercise(
        name="08/one_hot",
        task=(
            "Write `one_hot(labels)`: digits in, one row of ten numbers a label out, 1 at the "
            "place of the digit and 0 elsewhere."
        ),
        hints=(
            "The row of the digit 3 is 0, 0, 0, 1, 0, 0, 0, 0, 0, 0. Lesson 03 has made such rows.",
            "`keras.utils.to_categorical` makes them. It has to be told that there are ten "
            "classes, also where a digit does not occur.",
            "In the place of the dots: `keras.utils.to_categorical(labels, num_classes=10)`.",
        ),
        solution="""
            def one_hot(labels):
                return keras.utils.to_categorical(labels, num_classes=10)
        """,
        right=(
            "def one_hot(labels): return np.eye(10)[labels]",
            "def one_hot(labels): return labels[:, None] == np.arange(10)",
            "def one_hot(labels): return keras.ops.one_hot(labels, 10)",
            "import tensorflow as tf\ndef one_hot(labels): return tf.one_hot(labels, 10)",
            "def one_hot(labels): return [[int(k == one) for k in range(10)] for one in labels]",
            "def one_hot(labels):\n    rows = np.zeros((len(labels), 10), np.uint8)\n"
            "    rows[np.arange(len(labels)), labels] = 1\n    return rows",
        ),
        setup=_KERAS,
        seconds=20,
        cases=((np.array([5, 0, 4]),), (np.array([2]),), (np.array([9, 1, 1, 7]),)),
        draw=lambda random: (random.integers(0, 10, random.integers(1, 13)),),
        mistakes=(
            Mistake(
                code="def one_hot(labels): return keras.utils.to_categorical(labels)",
                message=(
                    "Without `num_classes` there are as many columns as the largest label needs. "
                    "Where no 9 is among the labels, a column is missing, and the rows fit no "
                    "network with ten outputs: `num_classes=10`."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return np.eye(len(labels))[labels]",
                message=(
                    "The label 5 asks for row 5 where there are only as many rows as labels. "
                    "`np.eye` needs a row for each class: `np.eye(10)`. In an array of zeros with "
                    "a row for each label, the label is the column, not the row."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return labels[:, None] == np.unique(labels)",
                message=(
                    "There are columns only for the digits that occur among these labels, as "
                    "`pd.get_dummies` and scikit-learn's encoder make them. All ten digits are "
                    "needed, in every set of labels."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return labels[:, None]",
                message=(
                    "These are the same numbers in a column. They still say that a 4 is twice as "
                    "much as a 2; one-hot rows have ten places, one a class."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return labels / 9",
                message=(
                    "This scales the labels as if they were quantities. They are names of classes: "
                    "each becomes a row with a single 1."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return labels",
                message=(
                    "The labels came back as they were: one number each. The loss that this lesson "
                    "uses wants ten numbers each, as the network gives them."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return np.eye(10)[labels].T",
                message=(
                    "Rows and columns have changed places: here each column is a label. The first "
                    "axis has to count the labels, as it counts the images."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return np.eye(10)[labels - 1]",
                message=(
                    "The 1 stands one place too far to the left. The digits begin at 0, as places "
                    "do: the digit 4 has its 1 at place 4, the fifth."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return np.eye(10)[(labels + 1) % 10]",
                message=(
                    "The 1 stands one place too far to the right. Places are counted from 0, as "
                    "the digits are: the digit 4 has its 1 at place 4."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return 1 - np.eye(10)[labels]",
                message=(
                    "0 and 1 are exchanged: each row has its 0 at the place of the digit. The 1 "
                    "belongs there, as the probability of the right digit."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return np.zeros((len(labels), 10))",
                message="The rows have ten places, and no 1 in any of them.",
            ),
            Mistake(
                code="def one_hot(labels): return np.eye(10)[labels[0]]",
                message="This is the row of the first label. One row for each label is wanted.",
            ),
            Mistake(
                code="def one_hot(labels): return np.eye(10)[labels] * labels[:, None]",
                message=(
                    "The digit itself stands at its place, and a 0 makes a row of nothing but "
                    "zeros. A 1 belongs there, whichever digit it is."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return np.eye(10)[:, labels][labels]",
                message=(
                    "This picks rows and columns by the labels, so that there are as many columns "
                    "as labels. `np.eye(10)[labels]`, a row for each label, is enough."
                ),
            ),
            Mistake(
                code="def one_hot(labels): return np.eye(11)[labels]",
                message="Eleven columns: the digits are 0 to 9, and those are ten classes.",
            ),
        ),
        shows=(
            "Label and output of the network have the same shape now, ten numbers each, and the "
            "loss can compare them place by place."
        ),
    ),
    Exercise(
        name="08/build_network",
        task=(
            "Write `build_network()`: a Keras model, Sequential or functional, for images of "
            "28 × 28 × 1, with at least one Conv2D layer, ten probabilities at the end, and at "
            "most 5 million parameters."
        ),
        hints=(
            "Lesson 03 has such a network: `keras.Sequential([...])` with an Input, a convolution, "
            "pooling, Flatten and Dense. You may take another size, or more layers.",
            "Begin with `keras.Input((28, 28, 1))`, then `layers.Conv2D(32, 3, "
            'activation="relu")` and `layers.MaxPooling2D(2)`. The pair of both may come twice, '
            "the second time with 64 kernels.",
            'End with `layers.Flatten()` and `layers.Dense(10, activation="softmax")`.',
        ),
        setup=_KERAS,
        solution="""
            def build_network():
                return keras.Sequential(
                    [
                        keras.Input((28, 28, 1)),
                        layers.Conv2D(32, 3, activation="relu"),
                        layers.MaxPooling2D(2),
                        layers.Conv2D(64, 3, activation="relu"),
                        layers.MaxPooling2D(2),
                        layers.Flatten(),
                        layers.Dense(10, activation="softmax"),
                    ]
                )
        """,
        right=(
            network(),
            """
            def build_network():
                inputs = keras.Input((28, 28, 1))
                x = layers.BatchNormalization()(inputs)
                x = layers.ReLU()(layers.Conv2D(8, 5, padding="same", strides=2)(x))
                x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
                return keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))
            """,
            """
            def build_network():
                network = keras.Sequential()
                network.add(keras.Input(shape=(28, 28, 1)))
                network.add(layers.Conv2D(16, (3, 3), activation="relu"))
                network.add(layers.Flatten())
                network.add(layers.Dense(64, activation="relu"))
                network.add(layers.Dense(10))
                network.add(layers.Activation("softmax"))
                return network
            """,
        ),
        cases=((),),
        draw=lambda random: (),
        facts=network_facts,
        seconds=20,
        mistakes=(
            Mistake(
                code=network(last="layers.Dense(10),"),
                by=("its ten outputs are probabilities",),
                message=(
                    "The ten outputs are no probabilities: they should be positive and add up to "
                    'one in each row. `activation="softmax"` in the last layer does that. (Without '
                    "an activation they are logits; a sigmoid looks at each alone, and ReLU gives "
                    "any number from 0.)"
                ),
            ),
            Mistake(
                code=network(last='layers.Dense(10, "softmax"), layers.Softmax(),'),
                by=("its ten outputs are probabilities", "one of them can come near to 1"),
                message=(
                    "None of the ten outputs can come near to 1, whatever the weights are: a "
                    "softmax of probabilities lies between 0.08 and 0.24. Softmax belongs there "
                    "once, as the activation of the last layer or as a layer of its own."
                ),
            ),
            Mistake(
                code=network(last='layers.Dense(10, "softmax"), layers.Dropout(0.5),'),
                by=("its ten outputs are probabilities", "they are so while it learns"),
                message=(
                    "While the network learns, its ten outputs do not add up to one: a layer that "
                    "works in training alone, such as Dropout, stands after the softmax. Put it "
                    "before the last Dense layer."
                ),
            ),
            Mistake(
                code=network(last='layers.Dense(1, activation="softmax"),'),
                by=("shape of the output",),
                message=(
                    "One number comes out. A digit is a name, not a quantity: ten outputs are "
                    "wanted, one for each class."
                ),
            ),
            Mistake(
                code=network(last='layers.Dense(9, activation="softmax"),'),
                by=("axes of the output", "outputs against classes"),
                message="Fewer than ten outputs: the digits are 0 to 9, and those are ten classes.",
            ),
            Mistake(
                code=network(last='layers.Dense(11, activation="softmax"),'),
                by=("axes of the output", "outputs against classes"),
                message=(
                    "More than ten outputs. Each stands for a digit, and there are ten: the last "
                    "layer has ten units."
                ),
            ),
            Mistake(
                code=network(flatten=""),
                by=("axes of the output",),
                message=(
                    "Flatten is missing before the Dense layer. Dense works along the last axis "
                    "alone, so it gives ten numbers at every place of the maps, instead of ten "
                    "for the image."
                ),
            ),
            Mistake(
                code=network(convolution="", pool=""),
                by=("has a Conv2D layer",),
                message=(
                    "There is no `layers.Conv2D` among the layers of the model itself. This "
                    "lesson looks into its first convolution, so it needs one there."
                ),
            ),
            Mistake(
                code=network(start="").replace("Sequential([", "Sequential([  # no Input"),
                message="The first thing in the list has to say how large the images are.",
            ),
            Mistake(
                code=network(start="keras.Input((28, 28)),"),
                message=(
                    "Input was told 28 × 28, without the channel axis. A convolution wants three "
                    "numbers an image: `keras.Input((28, 28, 1))`."
                ),
            ),
            Mistake(
                code=network(start="keras.Input((28, 28, 3)),"),
                by=("shape of the input",),
                message="This network is made for colour images. The digits are grey: one channel.",
            ),
            Mistake(
                code=network(start="keras.Input((None, 28, 28, 1)),"),
                message=(
                    "`keras.Input` takes the shape of one image, `(28, 28, 1)`. Keras adds the "
                    "axis that counts the images by itself."
                ),
            ),
            Mistake(
                code=network(pool="", last='layers.Dense(512), layers.Dense(10, "softmax"),'),
                by=("has at most 5 million parameters",),
                message=(
                    "That is too many parameters. In most such networks nearly all of them belong "
                    "to the first Dense layer, which looks at all the numbers that Flatten hands "
                    "over; a pooling before it leaves a quarter of them."
                ),
            ),
            Mistake(
                code="def build_network():\n    keras.Sequential([keras.Input((28, 28, 1))])",
                message="Nothing came back (None): a model that is built has to be returned, too.",
            ),
        ),
        shows=(
            "Images of the right size go in, ten probabilities come out. That makes it a network "
            "for these digits, and not yet a good one: all its weights are random."
        ),
    ),
    Exercise(
        name="08/first_filters",
        task=(
            "Write `first_filters(network)`: the kernels of the network's first Conv2D layer, an "
            "array (height, width, channels in, number of kernels)."
        ),
        hints=(
            "`first_convolution(network)` is the layer. It has two sets of parameters: its "
            "kernels, and one bias for each kernel. The kernels are asked for.",
            "`layer.get_weights()` is the list of both as arrays, the kernels first. By their "
            "names they are `layer.kernel` and `layer.bias`.",
            "In the place of the dots: `first_convolution(network).get_weights()[0]`.",
        ),
        setup=_FIRST,
        solution="""
            def first_filters(network):
                return first_convolution(network).get_weights()[0]
        """,
        right=(
            "def first_filters(network):\n"
            "    for layer in network.layers:\n"
            "        if isinstance(layer, keras.layers.Conv2D):\n"
            "            return layer.kernel",
            "def first_filters(network):\n"
            "    found = [l for l in network.layers if 'conv2d' in l.name]\n"
            "    return found[0].weights[0].numpy().tolist()",
            "def first_filters(network):\n"
            "    return next(w for w in network.get_weights() if w.ndim == 4)",
        ),
        cases=(
            (FreshNetwork(plain_network, "sequential_network"),),
            (FreshNetwork(functional_network, "functional_network"),),
        ),
        draw=lambda random: (draw_network(random),),
        facts=array_facts,
        seconds=20,
        mistakes=(
            Mistake(
                code="def first_filters(network): return first_convolution(network).bias",
                message=(
                    "These are the biases, one number a kernel. The kernels are the other "
                    "parameters of the layer."
                ),
            ),
            Mistake(
                code="def first_filters(network): return first_convolution(network).get_weights()",
                message="This is the list of kernels and biases. The kernels stand first in it.",
            ),
            Mistake(
                code="def first_filters(network): return first_convolution(network).filters",
                message=(
                    "`layer.filters` is how many kernels there are. Asked for are the kernels "
                    "themselves, with all their numbers."
                ),
            ),
            Mistake(
                code="def first_filters(network): return first_convolution(network).kernel_size",
                message=(
                    "`layer.kernel_size` is how high and wide a kernel is. Asked for are the "
                    "numbers in it."
                ),
            ),
            Mistake(
                code="def first_filters(network): return first_convolution(network)",
                message="This is the whole layer. Asked for are the numbers in its kernels.",
            ),
            Mistake(
                code="""
                    def first_filters(network):
                        for layer in network.layers:
                            if isinstance(layer, layers.Conv2D):
                                filters = layer.get_weights()[0]
                        return filters
                """,
                message=(
                    "These are the kernels of the last convolution. The first one sees the image "
                    "itself, so that its kernels can be read as pictures."
                ),
            ),
            Mistake(
                code="def first_filters(network): return network.layers[0].get_weights()[0]",
                message=(
                    "The first layer need not be a convolution: in a functional model it is the "
                    "Input, which has no weights. Look for the first Conv2D."
                ),
            ),
            Mistake(
                code="def first_filters(network): return network.get_weights()[0]",
                message=(
                    "This takes the first weights of all. Where a layer with weights stands before "
                    "the convolution, as BatchNormalization here, they are not its kernels."
                ),
            ),
            Mistake(
                code="def first_filters(network): return network.layers[1].get_weights()[0]",
                message=(
                    "The second layer is a convolution in few networks: pooling, which has no "
                    "weights, or a BatchNormalization may stand there. Look for the first Conv2D."
                ),
            ),
            Mistake(
                code="def first_filters(network):\n"
                "    return first_convolution(network).get_weights()[0][..., 0]",
                message="This is the first kernel alone. The layer has as many as it has maps.",
            ),
            Mistake(
                code="def first_filters(network):\n"
                "    return np.moveaxis(first_convolution(network).get_weights()[0], -1, 0)",
                message=(
                    "These are the kernels with their axes in another order. Keras keeps height, "
                    "width, channels in, number of kernels, and that order is asked for."
                ),
            ),
            Mistake(
                code="def first_filters(network): return first_convolution(network).output",
                message=(
                    "This is the place where the layer's maps will be, with a shape and no "
                    "numbers. Asked for are its kernels."
                ),
            ),
            Mistake(
                code="def first_filters(network): return first_convolution(network).get_weights",
                message="`get_weights` is a function: call it, with parentheses.",
            ),
            Mistake(
                code="def first_filters(network): return network.get_weights()",
                message=(
                    "These are the weights of all layers, in a list. Asked for are the kernels of "
                    "the first convolution."
                ),
            ),
            Mistake(
                code="def first_filters(network):\n"
                "    return first_convolution(network).get_weights()[0][:, :, 0, :]",
                message=(
                    "The axis of the channels was taken out. The grey image has one channel, and "
                    "yet the axis belongs to a kernel: the shape has four numbers."
                ),
            ),
        ),
        shows=(
            "A convolution layer is its kernels and its biases, nothing more; both are arrays "
            "that you can look at, copy and draw."
        ),
    ),
    Exercise(
        name="08/feature_maps",
        task=(
            "Write `feature_maps(network, images)`: what the network's first Conv2D layer gives "
            "out for these images, an array (number, height, width, maps)."
        ),
        hints=(
            "`first = first_convolution(network)` is the layer. What is needed is a second model "
            "that begins where the network begins and stops at this layer; then it is called with "
            "the images.",
            "`keras.Model(network.inputs[0], first.output)` is that model. It shares its layers "
            "with the network, so it costs nothing and has the same weights.",
            "In the place of the dots: "
            "`keras.Model(network.inputs[0], first_convolution(network).output)(images)`.",
        ),
        setup=_FIRST,
        solution="""
            def feature_maps(network, images):
                first = first_convolution(network)
                return keras.Model(network.inputs[0], first.output)(images)
        """,
        right=(
            "def feature_maps(network, images):\n"
            "    first = first_convolution(network)\n"
            "    return keras.Model(network.inputs, first.output).predict(images, verbose=0)",
            "def feature_maps(network, images):\n"
            "    found = [l for l in network.layers if isinstance(l, layers.Conv2D)][0]\n"
            "    return keras.Model(inputs=network.inputs, outputs=found.output)(images)",
            "def feature_maps(network, images):\n"
            "    x = images\n"
            "    for layer in network.layers:\n"
            "        x = x if isinstance(layer, layers.InputLayer) else layer(x)\n"
            "        if isinstance(layer, layers.Conv2D):\n"
            "            return x",
        ),
        cases=(
            (FreshNetwork(plain_network, "sequential_network"), *named(IMAGES[:2])),
            (FreshNetwork(functional_network, "functional_network"), *named(IMAGES[:3])),
        ),
        draw=lambda random: (
            draw_network(random),
            *named(digits(int(random.integers(1, 5)), random)[..., np.newaxis]),
        ),
        facts=array_facts,
        tolerance=1e-4,
        seconds=20,
        mistakes=(
            Mistake(
                code="def feature_maps(network, images): return network.predict(images, verbose=0)",
                message=(
                    "These are the ten probabilities, the end of the way. Asked for is what comes "
                    "out of the first convolution, at its beginning."
                ),
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        first = first_convolution(network)
                        return first(images)
                """,
                message=(
                    "This hands the images to the layer itself. That is right as long as nothing "
                    "stands before it; here a BatchNormalization does, and the layer sees other "
                    "numbers in the network. Make a model from `network.inputs[0]` to the "
                    "layer's `output`."
                ),
            ),
            Mistake(
                code="def feature_maps(network, images): return network.layers[0](images)",
                message=(
                    "In a functional model the first of `network.layers` is its Input, which "
                    "cannot be called. Start after it (`keras.layers.InputLayer`), or make a "
                    "model from `network.inputs[0]` to the `output` of the first convolution."
                ),
            ),
            Mistake(
                code="def feature_maps(network, images):\n"
                "    return keras.Model(network.inputs, network.layers[0].output)(images)",
                message=(
                    "This ends at the first layer, whatever that is: in a functional model it is "
                    "the Input, and the images come back. End at the first Conv2D."
                ),
            ),
            Mistake(
                code="def feature_maps(network, images):\n"
                "    return keras.Model(network.inputs, network.layers[1].output)(images)",
                message=(
                    "This ends at the second layer, whatever that is: pooling in one network, "
                    "BatchNormalization in another. End at the first Conv2D."
                ),
            ),
            Mistake(
                code="def feature_maps(network, images):\n"
                "    first = first_convolution(network)\n"
                "    return keras.Model(network.inputs[0], first.output)(images, training=True)",
                message=(
                    "With `training=True` BatchNormalization goes by these few images in place of "
                    "what it has learned. Looking is no training: leave it out."
                ),
            ),
            Mistake(
                code="def feature_maps(network, images):\n"
                "    first = first_convolution(network)\n"
                "    return keras.Model(network.inputs[0], first.output)(images[:1])",
                message="These are the maps of the first image alone. All images are asked for.",
            ),
            Mistake(
                code="def feature_maps(network, images):\n"
                "    first = first_convolution(network)\n"
                "    return keras.Model(network.inputs[0], first.output)(images)[0]",
                message=(
                    "These are the maps of one image, and the axis that counts the images is "
                    "gone. Give back the maps of all images, four axes."
                ),
            ),
            Mistake(
                code="def feature_maps(network, images):\n"
                "    first = first_convolution(network)\n"
                "    return keras.Model(network.inputs[0], first.output)(images)[..., 0]",
                message=(
                    "This is the first map of each image. Each kernel makes one, and all of them "
                    "are asked for."
                ),
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        first = first_convolution(network)
                        return keras.Model(network.input, first.output)(images)
                """,
                message=(
                    "A network that has not been used yet has no `input`. The list `inputs` is "
                    "always there, with one entry here: `network.inputs[0]`."
                ),
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        import tensorflow as tf
                        return tf.nn.conv2d(images, first_convolution(network).kernel, 1, "VALID")
                """,
                message=(
                    "These are the sums alone. The layer adds a bias to each map and applies its "
                    "activation; let the layer do all of it, in a model that ends there."
                ),
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        first = first_convolution(network)
                        return keras.Model(network.inputs, first.output)
                """,
                message="This is the model that makes the maps. Call it with the images.",
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        first = first_convolution(network)
                        return first.output
                """,
                message=(
                    "The `output` of a layer is the place in the network where the maps will be: "
                    "it has a shape and no numbers. A model from `network.inputs[0]` to it has to "
                    "be called with the images."
                ),
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        pool = next(l for l in network.layers if isinstance(l, layers.MaxPooling2D))
                        return keras.Model(network.inputs, pool.output).predict(images, verbose=0)
                """,
                message=(
                    "These maps are pooled: half as high and wide. Stop one layer earlier, at the "
                    "convolution itself."
                ),
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        last = [l for l in network.layers if isinstance(l, layers.Conv2D)][-1]
                        return keras.Model(network.inputs, last.output).predict(images, verbose=0)
                """,
                message="These are the maps of the last convolution. The first one is asked for.",
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        first = first_convolution(network)
                        return first.get_weights()[0]
                """,
                message=(
                    "These are the kernels, which are the same for every image. The maps are what "
                    "comes out when they slide over an image."
                ),
            ),
            Mistake(
                code="""
                    def feature_maps(network, images):
                        first = first_convolution(network)
                        return first(network)
                """,
                message=(
                    "A layer works on numbers, and got a network. Images go in; the network says "
                    "where the layer stands: `keras.Model(network.inputs[0], first.output)`."
                ),
            ),
        ),
        shows=(
            "A model from the inputs to any layer shows what that layer says. It shares the "
            "layers, so after training it shows the trained ones."
        ),
    ),
    Exercise(
        name="08/compile_network",
        task=(
            "Write `compile_network(network)`: compile it with Adam, the cross-entropy loss for "
            'one-hot labels and the accuracy, under the name "accuracy", and return it.'
        ),
        hints=(
            "`compile` takes texts: an optimizer, a loss, and a list of metrics. Lesson 03 names "
            "two losses: one for one-hot rows, one for class numbers.",
            'The optimizer is "adam", the metrics are ["accuracy"]. The loss whose name begins '
            'with "sparse" is for class numbers, and these labels are one-hot.',
            'The loss is "categorical_crossentropy".',
        ),
        setup=_KERAS,
        solution="""
            def compile_network(network):
                network.compile(
                    optimizer="adam",
                    loss="categorical_crossentropy",
                    metrics=["accuracy"],
                )
                return network
        """,
        right=(
            compiled(
                "keras.optimizers.Adam(0.002)",
                "keras.losses.CategoricalCrossentropy()",
                "[keras.metrics.CategoricalAccuracy(name='accuracy'), 'mse']",
            ),
            compiled("keras.optimizers.AdamW()", "keras.losses.categorical_crossentropy"),
            compiled(
                "keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(1e-3, 100, 0.9))"
            ),
        ),
        cases=((FreshNetwork(plain_network, "network"),),),
        draw=lambda random: (draw_network(random),),
        facts=compiled_facts,
        seconds=20,
        mistakes=(
            Mistake(
                code=compiled(loss='"sparse_categorical_crossentropy"'),
                by=("loss of three images",),
                message=(
                    "The sparse loss wants one class number an image. These labels are one-hot, "
                    "ten numbers an image: without `sparse_`."
                ),
            ),
            Mistake(
                code=compiled(loss="keras.losses.CategoricalCrossentropy(from_logits=True)"),
                by=("loss of three images",),
                message=(
                    "`from_logits=True` says that the network gives logits, and the loss applies "
                    "a softmax of its own. This network ends in softmax already. Where Keras sees "
                    "that, it warns and helps itself; where it does not, softmax is applied twice. "
                    "Leave `from_logits` out."
                ),
            ),
            Mistake(
                code=compiled(loss='"binary_crossentropy"'),
                by=("loss of three images",),
                message=(
                    "`binary_crossentropy` is for yes or no. Here it takes each image for ten "
                    "such questions; one choice among ten classes is a categorical one."
                ),
            ),
            Mistake(
                code=compiled(loss="keras.losses.CategoricalCrossentropy(label_smoothing=0.1)"),
                by=("loss of three images",),
                message=(
                    "`label_smoothing` changes the labels: a little of the 1 goes to the other "
                    "nine places. It may help, and it was not asked for: leave it out."
                ),
            ),
            Mistake(
                code=compiled(loss='keras.losses.CategoricalCrossentropy(reduction="sum")'),
                by=("loss of three images",),
                message=(
                    "This adds up the loss of all images in a batch. The mean is meant, which is "
                    "what Keras takes without `reduction`."
                ),
            ),
            Mistake(
                code=compiled(loss='"mae"'),
                by=("loss of three images",),
                message=(
                    "This is the mean absolute error, which is for measurements. The loss for "
                    "classes is the cross-entropy."
                ),
            ),
            Mistake(
                code=compiled(loss='"categorical_focal_crossentropy"'),
                by=("loss of three images",),
                message=(
                    "The focal loss is another one: it lets images that are right already count "
                    "for less. The plain `categorical_crossentropy` is asked for."
                ),
            ),
            Mistake(
                code=compiled(loss='"mse"'),
                by=("loss of three images",),
                message=(
                    "The squared error compares probabilities as if they were measurements, and "
                    "hardly moves where the network is sure and wrong. For classes: cross-entropy."
                ),
            ),
            Mistake(
                code=compiled().replace('loss="categorical_crossentropy", ', ""),
                by=("loss of three images",),
                message="The loss is missing: without one there is nothing to make smaller.",
            ),
            Mistake(
                code=compiled(metrics="None"),
                by=("has a metric",),
                message=(
                    'The metrics are missing: `metrics=["accuracy"]`. The loss is for the '
                    "optimizer; the accuracy is for you."
                ),
            ),
            Mistake(
                code=compiled(metrics='"accuracy"'),
                message='`metrics` is a list, since there may be several: `metrics=["accuracy"]`.',
            ),
            Mistake(
                code=compiled(metrics='["categorical_accuracy"]'),
                by=("has a metric", "accuracy of three images"),
                message=(
                    'No metric has the name "accuracy", and the cells below look for that name. '
                    '`metrics=["accuracy"]` chooses the right measure and calls it so; an object '
                    'can be told: `name="accuracy"`.'
                ),
            ),
            Mistake(
                code=compiled(metrics="[keras.metrics.Accuracy()]"),
                by=("accuracy of three images",),
                message=(
                    "`keras.metrics.Accuracy()` asks how many numbers are equal, and a probability "
                    'hardly ever equals a label: it stays near 0. The name "accuracy" chooses the '
                    "measure that fits one-hot labels, `CategoricalAccuracy`."
                ),
            ),
            Mistake(
                code=compiled(metrics='[keras.metrics.SparseCategoricalAccuracy(name="accuracy")]'),
                by=("accuracy of three images",),
                message=(
                    "A sparse metric wants one class number an image, and cannot be computed from "
                    'one-hot labels. The name "accuracy" chooses the one that fits.'
                ),
            ),
            Mistake(
                code=compiled(metrics='[keras.metrics.BinaryAccuracy(name="accuracy")]'),
                by=("accuracy of three images",),
                message=(
                    "This asks of each of the ten outputs whether it is on the right side of a "
                    "half, and most are so for any image. Asked for is how often the largest of "
                    "the ten stands at the right place."
                ),
            ),
            Mistake(
                code=compiled(optimizer='"sgd"'),
                by=("optimizer",),
                message=(
                    "This is plain stochastic gradient descent. It learns these digits too, in "
                    "many more epochs; Adam is asked for."
                ),
            ),
            Mistake(
                code=compiled(optimizer='"rmsprop"'),
                by=("optimizer",),
                message=(
                    "The optimizer is RMSprop, which Keras also takes where none is named. Adam "
                    "is asked for."
                ),
            ),
            Mistake(
                code=compiled(optimizer='"adagrad"'),
                by=("optimizer is Adam",),
                message='The optimizer is another than Adam. Its name is "adam".',
            ),
            Mistake(
                code=compiled(optimizer="keras.optimizers.Adam(1)"),
                by=("its learning rate is high",),
                message=(
                    "Adam moves every weight by about its learning rate in each step. The weights "
                    'are some hundredths large, so it has to be small: "adam" takes 0.001.'
                ),
            ),
            Mistake(
                code=compiled(optimizer="keras.optimizers.Adam(1e-6)"),
                by=("its learning rate is low",),
                message=(
                    "With a learning rate below 0.0001 Adam needs far more than the epochs of "
                    'this lesson: "adam" takes 0.001.'
                ),
            ),
            Mistake(
                code="def compile_network(network):\n    return network",
                message="Nothing was said about optimizer, loss and metrics.",
            ),
            Mistake(
                code="""
                    def compile_network(network):
                        network = keras.models.clone_model(network)
                        network.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
                        return network
                """,
                by=("it is the network that was given",),
                message=(
                    "Another network came back than the one that was handed over. Compile the "
                    "argument `network` itself and return that."
                ),
            ),
            Mistake(
                code=compiled().replace("    return network\n", ""),
                message=(
                    "Nothing came back (None). `compile` itself gives nothing back, so the "
                    "function needs `return network` in a line of its own."
                ),
            ),
        ),
        shows=(
            "Optimizer, loss and metric fit the labels and the last layer. A loss that does not "
            "fit often raises no error: the network then learns something else."
        ),
    ),
    Exercise(
        name="08/train",
        task=(
            "Write `train(network, images, labels, epochs)`: fit the network in batches of 32, for "
            "`epochs` epochs, with a tenth of these images held out for validation; return what "
            "`fit` returns."
        ),
        hints=(
            "`network.fit(images, labels, ...)` takes the rest by name: how many images a batch, "
            "how many epochs, which part to hold out.",
            "`fit` can hold out a part by itself: `validation_split` is that part, as a number "
            "between 0 and 1.",
            "In the place of the dots: `network.fit(images, labels, batch_size=32, epochs=epochs, "
            "validation_split=0.1, verbose=2)`. `verbose=2` prints one line an epoch.",
        ),
        setup=_KERAS,
        solution="""
            def train(network, images, labels, epochs):
                return network.fit(
                    images,
                    labels,
                    batch_size=32,
                    epochs=epochs,
                    validation_split=0.1,
                    verbose=2,
                )
        """,
        right=(
            trained("images, labels, 32, epochs, validation_split=1 / 10"),
            trained("x=images, y=labels, epochs=epochs, validation_split=0.1, verbose=0"),
            """
            def train(network, images, labels, epochs):
                n = len(images) // 10
                history = network.fit(
                    images[n:], labels[n:], batch_size=32, epochs=epochs,
                    validation_data=(images[:n], labels[:n]),
                )
                return history
            """,
            """
            import tensorflow as tf
            def train(network, images, labels, epochs):
                n = len(images) // 10
                pairs = tf.data.Dataset.from_tensor_slices((images, labels))
                return network.fit(
                    pairs.skip(n).shuffle(1_000).batch(32), epochs=epochs,
                    validation_data=pairs.take(n).batch(32),
                )
            """,
        ),
        cases=(
            training_case(_random, 60, 3, ending="_60"),
            training_case(_random, 200, 2, ending="_200"),
        ),
        draw=lambda random: training_case(
            random, 10 * int(random.integers(4, 13)), int(random.integers(2, 7))
        ),
        facts=_training.training_facts,
        seconds=20,
        mistakes=(
            Mistake(
                code="""
                    def train(network, images, labels, epochs):
                        network.fit(images, labels, batch_size=32, epochs=epochs)
                        return network.fit(
                            images, labels, batch_size=32, epochs=epochs, validation_split=0.1
                        )
                """,
                by=("calls of fit",),
                message=(
                    "`fit` is called more than once. Each call goes on from the weights that the "
                    "last one left, and the history that comes back is that of one call alone."
                ),
            ),
            Mistake(
                code="""
                    def train(network, images, labels, epochs):
                        network.compile("sgd", "mse", metrics=["accuracy"])
                        return network.fit(
                            images, labels, batch_size=32, epochs=epochs, validation_split=0.1
                        )
                """,
                by=("what the network was compiled with is as it was",),
                message=(
                    "The network is compiled anew here, with another optimizer, loss or metric "
                    "than it came with. That was the last exercise; here it is only trained."
                ),
            ),
            Mistake(
                code=trained("labels, images, batch_size=32, epochs=epochs, validation_split=0.1"),
                by=(
                    "images to learn from are among those given",
                    "each image comes with its own label",
                ),
                message=(
                    "What stands first in this call of `fit` are no images of those given, and "
                    "what stands second are not their labels: are the two exchanged? The images "
                    "come first."
                ),
            ),
            Mistake(
                code="x_train, y_train = np.zeros((40, 28, 28, 1)), np.eye(10)[[1] * 40]"
                + trained("x_train, y_train, batch_size=32, epochs=epochs, validation_split=0.1"),
                by=("images to learn from are among those given",),
                message=(
                    "The network learns from images that are not those it was given: from outside "
                    "of the function, or changed once more inside. Give `fit` the arguments "
                    "`images` and `labels` as they are."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels[::-1], batch_size=32, epochs=epochs, validation_split=0.1"
                ),
                by=("each image comes with its own label",),
                message=(
                    "Images and labels do not belong together as `fit` gets them: the label of "
                    "each image has to stand at the same place. Whatever mixes or cuts the images "
                    "has to do the same with the labels."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_data=(images, labels)"
                ),
                by=("no image is both learned from and held out",),
                message=(
                    "Images that the network learns from are its validation images as well: that "
                    "shows how well it knows them, not how well it does on new ones."
                ),
            ),
            Mistake(
                code="x_test, y_test = np.zeros((30, 28, 28, 1)), np.eye(10)[[1] * 30]\n"
                "x_test[:, 8:20, 12:16] = 1  # as real digits: black in the corner"
                + trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_data=(x_test, y_test)"
                ),
                by=("held-out images are of those given",),
                message=(
                    "The validation images come from outside of the function: the test images, "
                    "most likely. Whoever looks at them after every epoch will choose by them, and "
                    "then they are no test any more (lesson 03). Hold out a part of `images`."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_data=(x_test, y_test)"
                ),
                message=(
                    "`x_test` is not among the arguments, and it must not be: the test images are "
                    "for the end. Hold out a part of `images`."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_split=0.1, "
                    "initial_epoch=epochs - 1"
                ),
                by=("counts its epochs from the first",),
                message=(
                    "With `initial_epoch` the first epochs are taken for done, and `fit` trains "
                    "only those that are left. All `epochs` epochs are to be trained: leave it out."
                ),
            ),
            Mistake(
                code=trained("images, labels, epochs, validation_split=0.1"),
                by=("images per batch", "epochs"),
                message=(
                    "The third argument of `fit` is the size of a batch, so this trains one epoch "
                    "in batches of `epochs` images. Give the rest by name: `epochs=epochs`."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, validation_split=0.1"),
                by=("epochs",),
                message=(
                    "The images are gone over once, whatever `epochs` is. `fit` does so where it "
                    "is not told `epochs=epochs`."
                ),
            ),
            Mistake(
                code=trained("images, labels, epochs, 32, validation_split=0.1"),
                by=("images per batch", "epochs"),
                message=(
                    "This trains 32 epochs in batches of `epochs` images: in `fit` the size of a "
                    "batch comes before the epochs. Give both by name."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, epochs=10, validation_split=0.1"),
                by=("epochs against those asked for",),
                message=(
                    "This trains for more epochs than it is told. A number that is written into "
                    "the function does not follow the argument; `epochs=epochs` does. The lesson "
                    "calls it with fewer where it is run quickly."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, epochs=0, validation_split=0.1"),
                by=("epochs against those asked for",),
                message=(
                    "This trains for fewer epochs than it is told: `epochs=epochs`, without a "
                    "number taken off."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=128, epochs=epochs, validation_split=0.1"),
                by=("batches are of 32",),
                message=(
                    "A batch has another size here. 32 is asked for, so that your result can be "
                    "compared with the stored runs; other sizes are for later."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_split=0.1, "
                    "steps_per_epoch=1"
                ),
                by=("an epoch goes over all of them once",),
                message=(
                    "An epoch goes over every image once: without `steps_per_epoch`, which ends it "
                    "after so many batches, and with no image among them twice."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, epochs=epochs"),
                by=("images held out",),
                message=(
                    "No images are held out, so nothing shows how the network does on images that "
                    "it does not learn from: `validation_split=0.1`."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, epochs=epochs, validation_split=0.9"),
                by=("images to learn from", "images held out"),
                message=(
                    "`validation_split` is the part that is held out. This keeps a tenth to learn "
                    "from and nine tenths for looking."
                ),
            ),
            Mistake(
                code="""
                    def train(network, images, labels, epochs):
                        n = len(images) // 10
                        return network.fit(
                            images[n:], labels[n:], batch_size=32, epochs=epochs,
                            validation_split=0.1,
                        )
                """,
                by=("images to learn from", "images held out"),
                message=(
                    "Two tenths are missing from what is learned: one was cut off and is not used "
                    "at all, and one is held out of what was left. Once is enough."
                ),
            ),
            Mistake(
                code="""
                    def train(network, images, labels, epochs):
                        return network.fit(
                            images[6000:], labels[6000:], batch_size=32, epochs=epochs,
                            validation_data=(images[:6000], labels[:6000]),
                        )
                """,
                by=("images to learn from", "images held out"),
                message=(
                    "No image is left to learn from: they are cut at a number larger than theirs. "
                    "6,000 is a tenth of one set alone; count those that come in, "
                    "`len(images) // 10`, or let `validation_split=0.1` do it."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, epochs=epochs, validation_split=0.2"),
                by=("share held out",),
                message=(
                    "More than a tenth is held out. A tenth is asked for: `validation_split=0.1`."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, epochs=epochs, validation_split=0.05"),
                by=("share held out",),
                message=(
                    "Less than a tenth is held out. A tenth is asked for: `validation_split=0.1`."
                ),
            ),
            Mistake(
                code="""
                    def train(network, images, labels, epochs):
                        network.trainable = False
                        return network.fit(
                            images, labels, batch_size=32, epochs=epochs, validation_split=0.1
                        )
                """,
                by=("all its weights learn",),
                message=(
                    "Some weights are frozen here (`trainable = False`), so that they stay as they "
                    "are whatever `fit` does. All of them are to learn."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_split=0.1, "
                    "class_weight={0: 2.0}"
                ),
                by=("all of them count the same",),
                message=(
                    "Weights let some images count for more than others. That was not asked for: "
                    "leave `class_weight` and `sample_weight` out."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_split=0.1, "
                    "validation_freq=2"
                ),
                by=("held-out images are looked at after every epoch",),
                message=(
                    "The held-out images are not all looked at after every epoch: leave "
                    "`validation_freq` and `validation_steps` out, or the curves have gaps."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_split=0.1, "
                    "callbacks=[keras.callbacks.EarlyStopping()]"
                ),
                by=("it goes on to the last epoch",),
                message=(
                    "With `EarlyStopping` the training may end before `epochs` epochs are over. "
                    "It has its use (lesson 03); asked for are all of them."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_split=0.1"
                ).replace(")\n", ").history\n"),
                message=(
                    "This is the dictionary with the numbers. Return the object that `fit` gives "
                    "back; the cells below take its `.history` themselves."
                ),
            ),
            Mistake(
                code="""
                    def train(network, images, labels, epochs):
                        network.fit(
                            images, labels, batch_size=32, epochs=epochs, validation_split=0.1
                        )
                        return network
                """,
                message="The network is trained in its place. Needed is what `fit` returns.",
            ),
            Mistake(
                code="""
                    def train(network, images, labels, epochs):
                        network.fit(
                            images, labels, batch_size=32, epochs=epochs, validation_split=0.1
                        )
                        return network.evaluate(images, labels)
                """,
                message=(
                    "These are the numbers of an evaluation at the end. The history of the "
                    "training, which `fit` gives back, has those of every epoch."
                ),
            ),
            Mistake(
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_split=0.1"
                ).replace("return ", ""),
                message=(
                    "Nothing came back (None). `fit` gives back the history of the training: "
                    "`return` is to stand before the call, or the history after it."
                ),
            ),
            Mistake(
                code="""
                    def train(network, images, labels, epochs):
                        return network.train(images, labels, 32, epochs, validation_split=0.1)
                """,
                message="A Keras model has no method `train`. The one that trains is `fit`.",
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, epochs=epochs, validation_split=10"),
                message="A tenth is 0.1. (The number of images would be another in every set.)",
            ),
            Mistake(
                code=trained("images, batch_size=32, epochs=epochs, validation_split=0.1"),
                message="The labels are missing: `fit` takes them after the images.",
            ),
        ),
        shows=(
            "The network learns from nine tenths and is watched on one tenth; the test images had "
            "no part in it. (The check has trained nothing: it has looked at what `fit` was given.)"
        ),
    ),
    Exercise(
        name="08/test_accuracy",
        task=(
            "Write `test_accuracy(network, images, labels)`: the share of these images that the "
            "network gets right, one number from 0 to 1. The labels are one-hot."
        ),
        hints=(
            "`network.evaluate(images, labels)` does the work. What does it return?",
            "It returns a list: the loss first, then each metric in the order of `compile`.",
            "In the place of the dots: `network.evaluate(images, labels, verbose=0)[1]`.",
        ),
        setup=_KERAS,
        solution="""
            def test_accuracy(network, images, labels):
                return network.evaluate(images, labels, verbose=0)[1]
        """,
        right=(
            "def test_accuracy(network, images, labels):\n"
            "    return network.evaluate(images, labels, return_dict=True)['accuracy']",
            "def test_accuracy(network, images, labels):\n"
            "    predicted = network.predict(images, verbose=0).argmax(axis=1)\n"
            "    return (predicted == labels.argmax(axis=1)).mean()",
            "def test_accuracy(network, images, labels):\n"
            "    found = keras.metrics.categorical_accuracy(labels, network(images))\n"
            "    return keras.ops.mean(found)",
        ),
        # A generator of its own, for which an `argmax` over the images gets some right by chance.
        cases=(measured_case(np.random.default_rng(4), 47),),
        draw=lambda random: measured_case(random, int(random.integers(40, 100))),
        seconds=20,
        mistakes=(
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.evaluate(images, labels, verbose=0)[0]",
                message="This is the loss, which stands first. The accuracy comes after it.",
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.evaluate(images, labels, verbose=0)",
                message="This is the list of loss and accuracy. Asked for is the accuracy alone.",
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.evaluate(images, labels, return_dict=True)",
                message=(
                    "This is the dictionary of loss and accuracy. Asked for is the one number."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return 100 * network.evaluate(images, labels, verbose=0)[1]",
                message="This is the accuracy in percent. Asked for is a number from 0 to 1.",
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return 1 - network.evaluate(images, labels, verbose=0)[1]",
                message="This is the share of mistakes. Asked for is the share of right ones.",
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    right = network.predict(images).argmax(axis=1) == labels.argmax(axis=1)\n"
                "    return right.sum()",
                message="This is how many are right. Asked for is which part of all that is.",
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return (network.predict(images).argmax(axis=1) == labels).mean()",
                message=(
                    "The predictions are digits here, the labels one-hot rows: the two cannot be "
                    "compared. `labels.argmax(axis=1)` makes digits of the rows."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return (network.predict(images) == labels).mean()",
                message=(
                    "Nothing agrees here. Probabilities are hardly ever exactly 0 or 1, so they "
                    "cannot be compared with one-hot rows place by place; and `argmax` without an "
                    "axis finds one place in the whole table. Make a digit of each row on both "
                    "sides, `.argmax(axis=1)`, and compare these."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    found = network.predict(images).argmax(axis=1)\n"
                "    return (found[:, None] == labels.argmax(axis=1)).mean()",
                message=(
                    "Each prediction is compared with every label here, as happens where one of "
                    "the two has the shape (number, 1): NumPy makes a table of all pairs of them. "
                    "Both need one axis."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return (network.predict(images).round() == labels).mean()",
                message=(
                    "This compares ten numbers an image, and nine of them are 0 in most rows: "
                    "even a network that is always wrong gets eight of ten. What counts is the "
                    "place of the largest: `.argmax(axis=1)` on both sides."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return (network.predict(images).round() == labels).all(axis=1).mean()",
                message=(
                    "An answer counts here only where its probability is over a half. The network "
                    "says the digit with the largest probability, and that may be less."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return (network.predict(images) * labels).sum(axis=1).mean()",
                message=(
                    "This is the probability that the right digits got, on average. How often the "
                    "right digit has the largest one is another question."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.evaluate(images[:32], labels[:32], verbose=0)[1]",
                message=(
                    "These are the first 32 images alone, one batch. All the images that come in "
                    "are asked for."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    found, true = network.predict(images).argmax(axis=1), labels.argmax(axis=1)\n"
                "    return (found == true).sum() / 10_000",
                message=(
                    "10,000 is the number of one set of test images. Divide by how many images "
                    "come in, `len(images)`, or take the `.mean()`."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return round(network.evaluate(images, labels, verbose=0)[1], 1)",
                message=(
                    "This is rounded to one decimal. The difference between two networks is "
                    "smaller than that: give back the number as it is."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    found, true = network.predict(images).argmax(axis=0), labels.argmax(axis=0)\n"
                "    return (found == true).mean()",
                message=(
                    "`argmax(axis=0)` goes down the images: for each digit it finds the image "
                    "that is most like it. For each image the digit is asked for: `axis=1`."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    found, true = network.predict(images).argmax(axis=1), labels.argmax(axis=1)\n"
                "    return (found == true)",
                message=(
                    "This says of each image whether it is right. Asked for is the share, one "
                    "number: the `.mean()` of these."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.predict(images, verbose=0)",
                message=(
                    "These are the probabilities, ten for each image. Make a digit of each row, "
                    "and compare it with the label; or let `evaluate` do it."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.predict(images, verbose=0).argmax(axis=1)",
                message="These are the digits that it says. Compare them with the labels.",
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    network.evaluate(images, labels)",
                message="Nothing came back (None): what was measured has to be returned.",
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.evaluate(images, labels, verbose=0)[2]",
                message=(
                    "The list is shorter than that. Loss and accuracy are its first and second "
                    "entry, and counting begins at 0."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.evaluate(images, labels, verbose=0).accuracy",
                message="`evaluate` returns a plain list: the accuracy is its entry `[1]`.",
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.evaluate(images, labels.argmax(axis=1))[1]",
                message=(
                    "The network was compiled for one-hot labels, and here it is given digits: the "
                    "loss cannot be computed. `evaluate` wants the labels as `fit` got them."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.predict(images, verbose=0).max(axis=1).mean()",
                message=(
                    "This is how sure the network is, on average. How often it is right is another "
                    "question: compare with the labels."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    accuracy = network.evaluate(images, labels, verbose=0)[1]\n"
                "    network.fit(images, labels, verbose=0)\n"
                "    return accuracy",
                message=(
                    "The number is right, but the network has other weights afterwards than "
                    "before. The test images are there to measure by: training on them, or "
                    "changing the network in any other way, has no place here."
                ),
            ),
            Mistake(
                code="def test_accuracy(network, images, labels):\n"
                "    return network.evaluate(images, verbose=0)[1]",
                message="Without the labels there is nothing to compare the predictions with.",
            ),
        ),
        shows=(
            "`evaluate` gives the loss and then the metrics. Of the two, the accuracy says how "
            "often the network is right, and the loss how sure it is when it is wrong."
        ),
    ),
    Exercise(
        name="08/worst_digit",
        task=(
            "Write `worst_digit(labels, predicted)`: the digit of whose images the largest share "
            "was taken for another digit. Both are arrays of digits."
        ),
        hints=(
            "The list holds a number for each digit, and `np.argmax` finds the place of the "
            "largest. Of the images whose label is `digit`: which part was predicted wrongly?",
            "`predicted[labels == digit]` is what the images of a digit were taken for. The mean "
            "of a row of True and False is the share of True.",
            "In the place of the dots: `(predicted[labels == digit] != digit).mean()`.",
        ),
        setup=_KERAS,
        solution="""
            def worst_digit(labels, predicted):
                shares = [
                    (predicted[labels == digit] != digit).mean() for digit in range(10)
                ]
                return int(np.argmax(shares))
        """,
        right=(
            "from sklearn.metrics import confusion_matrix\n"
            "def worst_digit(labels, predicted):\n"
            "    matrix = confusion_matrix(labels, predicted)\n"
            "    return np.argmin(matrix.diagonal() / matrix.sum(axis=1))",
            "def worst_digit(labels, predicted):\n"
            "    right = np.bincount(labels[labels == predicted], minlength=10)\n"
            "    return (right / np.bincount(labels, minlength=10)).argmin()",
            "import pandas as pd\n"
            "def worst_digit(labels, predicted):\n"
            "    return pd.Series(predicted != labels).groupby(labels).mean().idxmax()",
        ),
        cases=(
            UNEVEN,
            EVEN,
            NEVER_SAID,
            *(draw_answers(_confusions, most) for most in (5, 8, 8, 8)),
        ),
        draw=draw_answers,
        seconds=20,
        mistakes=(
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    return np.bincount(labels[labels != predicted]).argmax()",
                message=(
                    "This is the digit with the most mistakes. A digit that occurs more often has "
                    "more of everything; divide by how often each occurs."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [(predicted[labels == d] != d).mean() for d in range(10)]\n"
                "    return int(np.argmin(shares))",
                message="This is the digit with the smallest share of mistakes: the best one.",
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [(predicted[labels == d] != d).mean() for d in range(10)]\n"
                "    return max(shares)",
                message="This is the largest share itself. Asked for is the digit that has it.",
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [(labels[predicted == d] != d).mean() for d in range(10)]\n"
                "    return int(np.argmax(shares))",
                message=(
                    "This looks at the images that were called so, and not at those that are so: "
                    "it picks them by `predicted`. Pick them by `labels`."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    return np.bincount(predicted[labels != predicted]).argmax()",
                message=(
                    "This is the digit that is said wrongly most often. Asked for is the true "
                    "digit that suffers most."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    return np.argmax(labels != predicted)",
                message=(
                    "This is the number of the first image with a mistake. Asked for is a digit: "
                    "count the mistakes of each."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    return [(predicted[labels == d] != d).mean() for d in range(10)]",
                message="These are the ten shares. Asked for is the digit with the largest.",
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    missed = [((labels == d) & (predicted != d)).sum() for d in range(10)]\n"
                "    return np.argmax(np.array(missed) / np.bincount(predicted, minlength=10))",
                message=(
                    "The mistakes of a digit are divided here by how often it was said, or by all "
                    "the images that are it or were called so. The share is one of its own "
                    "images: divide by how often it occurs in `labels`."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [(predicted[labels <= d] != d).mean() for d in range(10)]\n"
                "    return int(np.argmax(shares))",
                message=(
                    "This looks at the images of several digits at once for each digit. Pick the "
                    "images of one: `labels == digit`."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [((labels == d) & (predicted == d)).mean() for d in range(10)]\n"
                "    return int(np.argmax(shares))",
                message="This is the digit with the most right answers. Asked for is the worst.",
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [(predicted != d).mean() for d in range(10)]\n"
                "    return int(np.argmax(shares))",
                message=(
                    "This is the digit that is said least often: the labels have no part in it. "
                    "Look at the images of one digit, `labels == digit`."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    return int(np.argmax(np.bincount(labels)))",
                message=(
                    "This is the digit that occurs most often. Whether its images are read "
                    "rightly has no part in it."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    return int(np.argmax(np.bincount(predicted)))",
                message=(
                    "This is the digit that is said most often. Whether rightly has no part in it."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [((labels == d) != (predicted == d)).mean() for d in range(10)]\n"
                "    return int(np.argmax(shares))",
                message=(
                    "This counts a digit's own images that were missed together with the others "
                    "that were taken for it. Asked for is the share of its own images alone."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n    return (labels != predicted).mean()",
                message=(
                    "This is the share of mistakes among all images. Asked for is a digit: of "
                    "which the share among its own images is largest."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [(predicted[labels == d] != d).mean() for d in range(10)]\n"
                "    return int(max(shares))",
                message=(
                    "This is 0 whatever comes in. A share put into `int` is cut to 0; what is "
                    "asked for is the place of the largest, `np.argmax`."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [(predicted[labels == d] != d).mean() for d in range(1, 10)]\n"
                "    return int(np.argmax(shares))",
                message=(
                    "`np.argmax` gives a place, and the list does not begin with the digit 0: its "
                    "places are no digits then. Take `range(10)`."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    shares = [(predicted[labels == d] != d).mean() for d in range(9)]\n"
                "    return int(np.argmax(shares))",
                message=(
                    "The last digit is never found: `range(9)` ends with 8. There are ten digits, "
                    "`range(10)`."
                ),
            ),
            Mistake(
                code="def worst_digit(labels, predicted):\n"
                "    np.argmax([(predicted[labels == d] != d).mean() for d in range(10)])",
                message="Nothing came back (None): put `return` before the digit that was found.",
            ),
        ),
        shows=(
            "The share of each digit's own images is its recall, seen from the other side. A "
            "digit that occurs often is no longer blamed for it."
        ),
    ),
    Exercise(
        name="08/fashion",
        task=(
            "Train a network of your own on `fashion`, with at most 100,000 parameters, and call "
            "it `fashion_network`: a Keras model that takes images as `prepare` makes them, and "
            "gives ten numbers for each."
        ),
        hints=(
            "The way is that of the digits: images with the channel axis and numbers from 0 to 1, "
            "a network, `compile`, `fit` with a part held out. The labels may stay whole numbers "
            "with the loss that lesson 03 takes for these.",
            "Two or three pairs of convolution and pooling, then Flatten and Dense(10), stay below "
            "100,000 parameters if the maps that Flatten gets are small. `count_params()` counts.",
            "Decide beforehand what the held-out images are to choose, such as how much "
            "`layers.Dropout` stands before the last layer, and train one network for each choice "
            "with all else equal.",
        ),
        setup=_FASHION,
        solution="""
            # The plan, made before any training: images held out, 1 in 12 as in
            # lesson 03, choose how much dropout. Test images choose nothing.
            x = fashion.x_train[..., np.newaxis].astype("float32") / 255
            y, held = fashion.y_train, len(fashion.x_train) // 12


            def trained(dropout):
                keras.utils.set_random_seed(SEED)
                network = keras.Sequential(
                    [
                        keras.Input((28, 28, 1)),
                        layers.Conv2D(32, 3, padding="same", activation="relu"),
                        layers.MaxPooling2D(2),
                        layers.Conv2D(64, 3, padding="same", activation="relu"),
                        layers.MaxPooling2D(2),
                        layers.Flatten(),
                        layers.Dropout(dropout),
                        layers.Dense(10, activation="softmax"),
                    ]
                )
                network.compile(
                    keras.optimizers.Adam(0.002),
                    loss="sparse_categorical_crossentropy",
                    metrics=["accuracy"],
                )
                history = network.fit(
                    x[held:],
                    y[held:],
                    batch_size=128,
                    epochs=FASHION_EPOCHS,
                    validation_data=(x[:held], y[:held]),
                    verbose=2,
                )
                return network, history.history["val_accuracy"][-1]


            tried = [trained(dropout) for dropout in (0.0, 0.4)]
            fashion_network = max(tried, key=lambda pair: pair[1])[0]
        """,
        right=(
            clothed(),
            clothed(start="keras.Input((28, 28)), layers.Reshape((28, 28, 1)),"),
            clothed(start="keras.Input((28, 28, 1)), layers.BatchNormalization(),"),
        ),
        answer="fashion_network",
        facts=_fashion.fashion_facts,
        report=_fashion.fashion_report,
        seconds=60,
        mistakes=(
            Mistake(
                code=clothed(hidden="layers.Dense(80),", fit=UNFITTED),
                when=differs("parameters above 100,000"),
                message=(
                    "There are too many parameters. Most of them stand in the first Dense layer "
                    "after Flatten: each of its units has one for every number that comes in. "
                    "Smaller maps, by pooling or a stride, or fewer units make them fewer."
                ),
            ),
            Mistake(
                code=clothed(last="layers.Dense(1),", fit=UNFITTED),
                when=differs("numbers out for an image"),
                message=(
                    "What comes out for an image are not ten numbers in a row, one for each kind "
                    "of clothing: `layers.Dense(10)` at the end gives them, with Flatten before it."
                ),
            ),
            Mistake(
                code=clothed(fit=UNFITTED),
                by=("is better than a guess",),
                message=(
                    "This network knows no more of clothes than one that guesses: on images of the "
                    "training set about one in ten is right. It has not been trained, or on "
                    "something else, or with labels in another order than its images; or it failed "
                    "to learn, as happens with pixels from 0 to 255."
                ),
            ),
            Mistake(
                code=clothed(scale=""),
                by=("pixels that it knows",),
                message=(
                    "This network knows pixels from 0 to 255 better than numbers from 0 to 1: the "
                    "division was left out when it was trained. The check hands it images as "
                    "`prepare` makes them, so train it on such."
                ),
            ),
            Mistake(
                code="fashion_network = keras.Sequential([keras.Input((28, 28, 1))]).compile()",
                message=(
                    "Nothing stands in `fashion_network` (None): `compile` and `summary` give "
                    "nothing back. Give the name to the network, and call these in other lines."
                ),
            ),
        ),
        shows=("This is a network within the limit, and it has learned from its images."),
    ),
)
