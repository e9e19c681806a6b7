"""Exercises of lesson 08: every step from raw digits to a trained network, and a look inside it."""

import inspect

from cnncourse.exercises import Exercise, Mistake, Wrong

import numpy as np

MOST_PARAMETERS = 5_000_000
_random = np.random.default_rng(8)
_KERAS = "import keras\nimport numpy as np\nfrom keras import layers"
_FIRST = f"""
{_KERAS}
def first_convolution(network):
    return next(layer for layer in network.layers if isinstance(layer, layers.Conv2D))
"""


class Fresh:
    """An argument that is made anew for every call of an answer: none sees what another did."""

    def __init__(self, make, shown):
        self.make, self.shown = make, shown

    def __deepcopy__(self, memo):
        return self.make()

    def __repr__(self):
        return self.shown


def digits(count):
    """Images of random pixels between 0 and 1: (count, 28, 28)."""
    return _random.random((count, 28, 28), dtype=np.float32).round(2)


IMAGES = digits(12)[..., np.newaxis]
LABELS = np.eye(10, dtype=np.float32)[[3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]]
SAID = np.where(np.arange(12) < 7, LABELS.argmax(axis=1), (LABELS.argmax(axis=1) + 1) % 10)
SAYING = np.linalg.pinv(IMAGES.reshape(12, 784)) @ (3 * np.eye(10)[SAID])  # weights that say so


def named(images, labels=None, ending=""):
    """Images, and labels, that a message calls by name instead of showing their numbers."""
    parts = {"images": images} if labels is None else {"images": images, "labels": labels}
    return [Fresh(part.copy, name + ending) for name, part in parts.items()]


# Networks of the bank's own -----------------------------------------------------------------------


def linear_network():
    """A small network that is right on 7 of the 12 images, compiled."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )
    network.layers[-1].set_weights([SAYING, np.zeros(10)])
    network.compile("adam", "categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return network


def plain_network():
    """A Sequential of two convolutions, with weights that are always the same; not compiled."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(3, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return with_set_weights(network)


def functional_network():
    """The same with a BatchNormalization before the first convolution, in functional form."""
    import keras
    from keras import layers

    inputs = keras.Input((28, 28, 1))
    x = layers.BatchNormalization()(inputs)
    x = layers.Conv2D(5, 5, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(3, 3, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return with_set_weights(keras.Model(inputs, layers.Dense(10, activation="softmax")(x)))


def with_set_weights(network):
    """The network with weights of a fixed seed; positive, so that normalisation stays defined."""
    random = np.random.default_rng(1)
    weights = []
    for weight in network.get_weights():
        values = random.normal(0, 0.3, weight.shape)
        weights.append(values if weight.ndim > 1 else 0.1 + np.abs(values))
    network.set_weights(weights)
    return network


# What is judged -----------------------------------------------------------------------------------


def network_facts(model):
    """What is asked of the reader's network, whatever it is made of."""
    import keras

    if not isinstance(model, keras.Model):
        raise Wrong(
            f"`build_network()` gave back an object of type {type(model).__name__}; a Keras model "
            "is wanted."
        )
    if not model.built:
        raise Wrong(
            "The model does not know the size of its images yet, so it has no parameters. Begin "
            "with `keras.Input((28, 28, 1))`."
        )
    shapes = str(tuple(model.input_shape)), str(tuple(model.output_shape))
    probabilities = "cannot be said"
    if shapes == ("(None, 28, 28, 1)", "(None, 10)"):
        outputs = np.asarray(model(IMAGES * 4 - 2, training=False))
        sums = outputs.sum(axis=1)
        probabilities = bool(outputs.min() >= 0 and np.allclose(sums, 1, atol=1e-3))
    return {
        "shape of the input": shapes[0],
        "axes of the output": len(model.output_shape),
        "shape of the output": shapes[1],
        "has a Conv2D layer": any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers),
        "its ten outputs are probabilities": probabilities,
        "has at most 5 million parameters": model.count_params() <= MOST_PARAMETERS,
    }


def compiled_facts(network):
    """What `compile` was told, found out by what the network does."""
    import keras

    if not isinstance(network, keras.Model):
        raise Wrong(
            f"`compile_network` gave back an object of type {type(network).__name__}; the network "
            "itself is wanted: `return network`."
        )
    if not network.compiled:
        raise Wrong("The network that came back is not compiled: call `network.compile(...)`.")
    truth = keras.ops.convert_to_tensor(np.eye(10)[[1, 2, 3]], "float32")
    found = np.full((3, 10), 0.05)
    found[[0, 1, 2], [1, 2, 4]] = 0.55
    found = keras.ops.convert_to_tensor(found, "float32")
    try:
        loss = round(float(network.compute_loss(y=truth, y_pred=found)), 4)
    except Exception as error:
        loss = f"{type(error).__name__}: {str(error)[:70]}"
    try:
        measured = {name for name in network.compute_metrics(None, truth, found) if name != "loss"}
    except Exception as error:
        measured = {f"{type(error).__name__}: {str(error)[:70]}"}
    rate = float(network.optimizer.learning_rate)
    optimizer = type(network.optimizer).__name__
    return {
        "loss of three images": loss,
        "a metric is called accuracy": "accuracy" in measured,
        "names of the metrics": "accuracy" if "accuracy" in measured else ", ".join(measured),
        "optimizer": "Adam" if optimizer in ("AdamW", "Nadam", "Adamax") else optimizer,
        "its learning rate is between 0.0001 and 0.01": 0.0001 <= rate <= 0.0101,
    }


class Watched:
    """Stands for a network: notes what `fit` is given, and trains nothing."""

    def __init__(self):
        self.given = None

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **options: None

    def fit(self, *args, **options):
        import keras

        bound = inspect.signature(keras.Model.fit).bind(None, *args, **options)
        bound.apply_defaults()
        self.given = bound.arguments
        return History(self)


class History:
    """What `Watched.fit` returns, as Keras's own History."""

    def __init__(self, model):
        epochs = range(int(model.given["epochs"]))
        keys = ("accuracy", "loss", "val_accuracy", "val_loss")
        self.model, self.epoch = model, list(epochs)
        self.history = {key: [0.5 for _ in epochs] for key in keys}
        self.params = {"epochs": len(epochs)}


def training_facts(history):
    """What `fit` was given: how often, in which batches, what to learn from and what to hold out.

    Every image of the case is full of one number of its own, so that it can be told again.
    """
    if not isinstance(history, History):
        raise Wrong(
            f"An object of type {type(history).__name__} came back; what `network.fit(...)` "
            "returns is wanted."
        )
    given = history.model.given
    x, y, batch = collect(given["x"], given["y"])
    held = given["validation_data"]
    if held is None:
        split = given["validation_split"] or 0
        if not 0 <= split < 1:
            raise Wrong(f"`validation_split` is {split}; it is a part, between 0 and 1.")
        keep = int(np.floor(len(x) * (1 - split)))
        x, y, x_held, y_held = x[:keep], y[:keep], x[keep:], y[keep:]
    else:
        x_held, y_held, _ = collect(*held) if isinstance(held, (tuple, list)) else collect(held)
    if len(x) == 0:
        raise Wrong("No image is left to learn from.")
    learned, kept = marks(x), marks(x_held)
    foreign = not set(kept) <= set(range(200))
    return {
        "epochs": given["epochs"],
        "images per batch": given["batch_size"] or batch or 32,
        "each image comes with its own label": same_labels(x, y)
        and (foreign or same_labels(x_held, y_held)),
        "held-out images are of those given": not foreign,
        "no image is both learned from and held out": not set(learned) & set(kept),
        "images to learn from": len(x),
        "images held out": len(x_held),
    }


def collect(x, y=None):
    """Images, labels and batch size of what may be two arrays or batches of pairs."""
    if y is not None:
        return np.asarray(x), np.asarray(y), None
    pairs = [(np.asarray(images), np.asarray(labels)) for images, labels in x]
    images, labels = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return images, labels, len(pairs[0][0])


def marks(images):
    """The numbers of the images among those of the case."""
    return [round(float(image.flat[0]) * 1000) for image in images]


def same_labels(images, labels):
    """Whether each image has the label that the case has given to it."""
    if images.ndim != 4 or labels.ndim != 2 or len(images) != len(labels):
        return False
    return bool((labels.argmax(axis=1) == np.array(marks(images), int) % 10).all())


def numbered(count):
    """Images full of their own number, in thousandths, and one-hot labels: its last digit."""
    images = np.ones((count, 28, 28, 1), np.float32) * np.arange(count).reshape(-1, 1, 1, 1) / 1000
    return images.astype(np.float32), np.eye(10, dtype=np.float32)[np.arange(count) % 10]


def array_facts(value):
    """Shape and numbers of an array, so that a message can say which of the two is wrong."""
    try:
        array = np.asarray(value)
    except Exception:
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        raise Wrong(f"An object of type {type(value).__name__} came back, and no array of numbers.")
    return {"shape": str(array.shape), "numbers": array}


# Labels and predictions for `worst_digit` ---------------------------------------------------------


def answers(counts, mistakes):
    """Labels and predictions: of each digit so many images, so many of them taken for another."""
    labels, predicted = [], []
    for digit, (count, taken_for) in enumerate(zip(counts, mistakes, strict=True)):
        labels += [digit] * count
        predicted += [*taken_for, *[digit] * (count - len(taken_for))]
    return np.array(labels), np.array(predicted)


# Of 1 there are most mistakes (4 of 12), of 5 the largest share (2 of 4); 7 is said wrongly most
# often (3 of 7), 6 with the largest share (2 of 4).
UNEVEN = answers(
    [5, 12, 2, 2, 3, 4, 2, 5, 3, 2], [[3], [7, 7, 7, 2], [], [], [9], [6, 6], [], [1], [], []]
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


EXERCISES = (
    Exercise(
        name="08/normalise",
        task=(
            "Write `normalise(images)`: pixels from 0 to 255 in, the same images with numbers "
            "from 0 to 1 out."
        ),
        hints=(
            "Black, 0, stays 0. White, 255, becomes 1. What does one have to do to 255 for that?",
            "Divide by the largest value that a pixel can have. `/` makes floats of whole numbers; "
            "`//` would round down.",
            'In the place of the dots: `images.astype("float32") / 255`.',
        ),
        solution="""
            def normalise(images):
                return images.astype("float32") / 255
        """,
        right=(
            "def normalise(images): return images / 255.0",
            "def normalise(images): return np.float32(images) * np.float32(1 / 255)",
            "def normalise(images):\n    images = np.array(images, float)\n    images /= 255\n"
            "    return images",
            "import tensorflow as tf\n"
            "def normalise(images): return tf.image.convert_image_dtype(images, tf.float32)",
            "def normalise(images): return keras.ops.cast(images, 'float32') / 255",
            "def normalise(images): return (images / 255).tolist()",
        ),
        setup=_KERAS,
        seconds=20,
        cases=(
            (np.array([[0, 51], [102, 255]], np.uint8),),
            (np.array([[51, 102], [153, 204]], np.uint8),),
        ),
        tolerance=1e-3,  # float16 will do
        mistakes=(
            Mistake(
                code="def normalise(images): return images // 255",
                message=(
                    "These are whole numbers: everything below 255 became 0, and the grey "
                    "pixels are lost. Divide with `/`, and leave the result a float."
                ),
            ),
            Mistake(
                code="def normalise(images):\n    images /= 255\n    return images",
                message=(
                    "`/=` would put the floats back into the array of whole numbers that came in, "
                    "and NumPy refuses. Make a new array: `images / 255`."
                ),
            ),
            Mistake(
                code="def normalise(images): return images / 255 / 255",
                message=(
                    "This divides twice: white becomes 1/255, and all digits are almost black. "
                    "Once is enough."
                ),
            ),
            Mistake(
                code="def normalise(images): return images / 256",
                message=(
                    "Almost: the largest value is 255, as counting begins at 0. After a division "
                    "by 256 white is a little less than 1."
                ),
            ),
            Mistake(
                code="def normalise(images): return images / images.max()",
                message=(
                    "This divides by the brightest pixel that happens to be there. Training and "
                    "test images must be scaled by the same number, or the same grey means two "
                    "things: 255, whatever the images are."
                ),
            ),
            Mistake(
                code=(
                    "def normalise(images):\n"
                    "    low, high = images.min(), images.max()\n"
                    "    return (images - low) / (high - low)"
                ),
                message=(
                    "This stretches each set to its own darkest and brightest pixel, so the same "
                    "grey becomes another number in another set. The range is known: 0 to 255."
                ),
            ),
            Mistake(
                code="def normalise(images): return images.astype('float32')",
                message=(
                    "The numbers still go from 0 to 255. A change of type divides nothing, and "
                    "what a loop computes is lost unless it is put into an array and returned."
                ),
            ),
            Mistake(
                code="def normalise(images): return images / 127.5 - 1",
                message=(
                    "This goes from -1 to 1. Networks learn from such numbers too; asked for is "
                    "0 to 1, with black as 0."
                ),
            ),
            Mistake(
                code="def normalise(images): return (images - images.mean()) / images.std()",
                message=(
                    "This standardises: mean 0 and standard deviation 1. It is another way to "
                    "scale, and it depends on the set of images; asked for is 0 to 1."
                ),
            ),
            Mistake(
                code="def normalise(images): return keras.utils.normalize(images)",
                message=(
                    "`keras.utils.normalize` divides each row by its own length, which bends the "
                    "picture. What is asked for is one division for all pixels."
                ),
            ),
        ),
        shows=(
            "Every pixel was divided by the same 255, so that pictures stay as they are and "
            "numbers have the size that a network's starting weights are made for."
        ),
    ),
    Exercise(
        name="08/add_channel",
        task=(
            "Write `add_channel(images)`: shape (number, 28, 28) in, the same pixels as "
            "(number, 28, 28, 1) out."
        ),
        hints=(
            "No pixel changes, and their order stays. There is one axis more, at the end, of "
            "length 1.",
            "`np.expand_dims(images, axis)` adds an axis; the last place has the number -1. "
            "Indexing with `np.newaxis` does it as well.",
            "In the place of the dots: `images[..., np.newaxis]`. (Those three dots are Python, "
            "and stay: they stand for all the axes that are there.)",
        ),
        solution="""
            def add_channel(images):
                return np.expand_dims(images, -1)
        """,
        right=(
            "def add_channel(images): return images[..., np.newaxis]",
            "def add_channel(images): return images[:, :, :, None]",
            "def add_channel(images): return images.reshape(-1, 28, 28, 1)",
            "def add_channel(images): return images.reshape(*images.shape, 1)",
            "def add_channel(images): return np.stack([images], axis=3)",
            "def add_channel(images): return keras.ops.expand_dims(images, -1)",
            "def add_channel(images): return np.expand_dims(images, -1).tolist()",
        ),
        setup=_KERAS,
        seconds=20,
        cases=((*named(digits(2)),), (*named(digits(3)),)),
        facts=array_facts,
        mistakes=(
            Mistake(
                code="def add_channel(images): return np.expand_dims(images, 0)",
                message=(
                    "The new axis stands first: this is a batch of one, which holds all the "
                    "images. The channels come last."
                ),
            ),
            Mistake(
                code="def add_channel(images): return np.expand_dims(images, 1)",
                message=(
                    "The new axis stands before height and width: 'channels first', as other "
                    "libraries want it. Keras on TensorFlow wants the channels last."
                ),
            ),
            Mistake(
                code="def add_channel(images): return np.expand_dims(images, 2)",
                message=(
                    "The new axis stands between height and width. It has to come after both, as "
                    "the last one."
                ),
            ),
            Mistake(
                code="def add_channel(images): return images.reshape(28, 28, -1, 1)",
                message=(
                    "The number of images has to come first. `reshape` only deals the same numbers "
                    "out anew, so the 28 × 28 in front tear the images apart."
                ),
            ),
            Mistake(
                code="def add_channel(images): return images.reshape(28, 28, 1)",
                message=(
                    "This is the shape of one image, without the number of images in front. -1 "
                    "stands for 'as many as there are'."
                ),
            ),
            Mistake(
                code="def add_channel(images): return images.reshape(60000, 28, 28, 1)",
                message=(
                    "60,000 is right for the training images alone; the same function has to work "
                    "for the test images too. -1 stands for 'as many as there are'."
                ),
            ),
            Mistake(
                code="def add_channel(images): return np.stack([images] * 3, axis=-1)",
                message=(
                    "This makes three equal channels, as of a colour image. A grey image has one."
                ),
            ),
            Mistake(
                code="def add_channel(images): return images.reshape(-1, 784)",
                message=(
                    "This flattens each image into a row, as a dense layer wants it. A convolution "
                    "needs height and width, and the channel axis after them."
                ),
            ),
            Mistake(
                code="def add_channel(images): return images",
                message="The images came back as they were, with three axes; four are wanted.",
            ),
        ),
        shows=(
            "The axes are number, height, width, channels. Grey images have one channel, colour "
            "images three, feature maps as many as there are kernels."
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
            "Write `build_network()`: a Keras model for images of 28 × 28 × 1 with at least one "
            "Conv2D layer, which gives ten probabilities, from at most 5 million parameters."
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
                code=network(last='layers.Dense(1, activation="softmax"),'),
                by=("shape of the output",),
                message=(
                    "One number comes out. A digit is a name, not a quantity: ten outputs are "
                    "wanted, one for each class."
                ),
            ),
            Mistake(
                code=network(last='layers.Dense(9, activation="softmax"),'),
                by=("shape of the output",),
                message="Nine outputs: the digits are 0 to 9, and those are ten classes.",
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
                    "Nearly all of these parameters belong to the first Dense layer, which looks "
                    "at all the numbers that Flatten hands over. Pooling before it leaves a "
                    "quarter of them."
                ),
            ),
            Mistake(
                code="def build_network():\n    keras.Sequential([keras.Input((28, 28, 1))])",
                message="A model was made, perhaps, but it did not come back: `return` it.",
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
            (Fresh(plain_network, "sequential_network"),),
            (Fresh(functional_network, "functional_network"),),
        ),
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
            (Fresh(plain_network, "sequential_network"), *named(IMAGES[:2])),
            (Fresh(functional_network, "functional_network"), *named(IMAGES[:3])),
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
            "one-hot labels and the metric accuracy, and return it."
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
        cases=((Fresh(plain_network, "network"),),),
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
                by=("names of the metrics",),
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
                by=("names of the metrics",),
                message=(
                    "The measure is right, under another name: the cells below look for "
                    '"accuracy". `metrics=["accuracy"]` chooses the same measure.'
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
                code=compiled(optimizer="keras.optimizers.Adam(1)"),
                by=("its learning rate is between 0.0001 and 0.01",),
                message=(
                    "Adam moves every weight by about its learning rate in each step. The weights "
                    'are some hundredths large, so it has to be small: "adam" takes 0.001.'
                ),
            ),
            Mistake(
                code="def compile_network(network):\n    return network",
                message="Nothing was said about optimizer, loss and metrics.",
            ),
            Mistake(
                code=compiled().replace("    return network\n", ""),
                message=(
                    "`compile` changes the network in its place and gives nothing back. The "
                    "function has to return the network: `return network` in a line of its own."
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
                    images, labels, batch_size=32, epochs=epochs, validation_split=0.1, verbose=2
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
            (Fresh(Watched, "network"), *named(*numbered(60), "_60"), 3),
            (Fresh(Watched, "network"), *named(*numbered(200), "_200"), 2),
        ),
        facts=training_facts,
        seconds=20,
        mistakes=(
            Mistake(
                code=trained("labels, images, batch_size=32, epochs=epochs, validation_split=0.1"),
                by=("each image comes with its own label",),
                message=(
                    "Images and labels do not belong together as `fit` gets them: the images come "
                    "first, the label of each at the same place."
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
                code=trained("images, labels, batch_size=32, epochs=10, validation_split=0.1"),
                by=("epochs",),
                message=(
                    "10 is written into the function, so it does not do what it is told: "
                    "`epochs=epochs`. The lesson calls it with fewer where it is run quickly."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, validation_split=0.1"),
                by=("epochs",),
                message="Without `epochs=...` Keras goes over the images once and stops.",
            ),
            Mistake(
                code=trained("images, labels, batch_size=128, epochs=epochs, validation_split=0.1"),
                by=("images per batch",),
                message=(
                    "A batch has another size here. 32 is asked for, so that your result can be "
                    "compared with the stored runs; other sizes are for later."
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
                by=("images to learn from",),
                message=(
                    "`validation_split` is the part that is held out. This keeps a tenth to learn "
                    "from and nine tenths for looking."
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
                code="x_test, y_test = np.ones((30, 28, 28, 1)), np.eye(10)[[1] * 30]"
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
                code="""
                    def train(network, images, labels, epochs):
                        return network.fit(
                            images[6000:], labels[6000:], batch_size=32, epochs=epochs,
                            validation_data=(images[:6000], labels[:6000]),
                        )
                """,
                message=(
                    "6,000 is a tenth of one set alone; the function may be given fewer images. "
                    "Count them, `len(images) // 10`, or let `validation_split=0.1` do it."
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
                code=trained(
                    "images, labels, batch_size=32, epochs=epochs, validation_split=0.1"
                ).replace("return ", ""),
                message=(
                    "`fit` gives back the history of the training, and the function lets it fall: "
                    "put `return` before the call."
                ),
            ),
            Mistake(
                code=trained("images, labels, batch_size=32, epochs=epochs, validation_split=10"),
                message="A tenth is 0.1. (The number of images would be another in every set.)",
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
        cases=((Fresh(linear_network, "network"), *named(IMAGES, LABELS)),),
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
                shares = [(predicted[labels == digit] != digit).mean() for digit in range(10)]
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
        cases=(UNEVEN, EVEN),
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
                    "it picks them by `predicted`. Pick them by `labels` (precision and recall, "
                    "lesson 04)."
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
        ),
        shows=(
            "The share of each digit's own images is its recall, seen from the other side. A "
            "digit that occurs often is no longer blamed for it."
        ),
    ),
)
