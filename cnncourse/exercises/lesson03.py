"""Exercises of lesson 03: build to a parameter count, spot overfitting, change one thing."""

from cnncourse.exercises import Exercise, Mistake, Wrong
from cnncourse.exercises._models import facts_like
from cnncourse.exercises._when import all_of, differs, each, raises, right_if, some

import numpy as np

PARAMETERS = 20_570


def network(kernels='6, 3, activation="relu"', pool="layers.MaxPooling2D(2),", units=20, last=10):
    """The code of build_network with one part exchanged."""
    return f"""
def build_network():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D({kernels}),
        {pool}
        layers.Flatten(),
        layers.Dense({units}, activation="relu"),
        layers.Dense({last}, activation="softmax"),
    ])
"""


REFERENCE = "import keras\nfrom keras import layers\n" + network() + "\nbuild = build_network"

SOFT = (
    (
        "shape of the input",
        network().replace("(28, 28, 1)", "(28, 28, 3)"),
        "Images of another shape are expected than those of the lesson: 28 x 28 pixels, one "
        "channel.",
    ),
    (
        "further layers",
        network(pool="layers.MaxPooling2D(2), layers.BatchNormalization(),"),
        "There is a layer that the ReLU network does not have. Keep its five: Conv2D, "
        "MaxPooling2D, Flatten, Dense, Dense.",
    ),
    (
        "layers with parameters",
        network(pool="layers.MaxPooling2D(2), layers.Dense(10),"),
        "The layers with parameters are not those of the ReLU network: one Conv2D, then, after "
        "Flatten, two Dense.",
    ),
    (
        "kernels of the convolution",
        network(kernels='7, 3, activation="relu"'),
        "The convolution has not 6 kernels of 3 x 3 over one channel. `Conv2D(number, size)`: the "
        "number of kernels comes first.",
    ),
    (
        "pooling",
        network(pool="layers.MaxPooling2D(3),"),
        "The pooling is not that of the ReLU network, `MaxPooling2D(2)`; another one leaves the "
        "first Dense layer another number of inputs, or other inputs.",
    ),
    (
        "inputs of the first Dense layer",
        network(kernels='6, 3, activation="relu", strides=2'),
        "The first Dense layer does not get the 13 x 13 x 6 numbers of the pooled maps. Is there a "
        "stride, a padding, or a layer in another place?",
    ),
    (
        "units of the Dense layers",
        network(units=21),
        "Kernels and maps are right. Not so the units of the two Dense layers: the last one has "
        f"10, and the first as many as bring the sum of all parameters to {PARAMETERS:,}.",
    ),
    (
        "activations",
        network().replace(', activation="relu"', ""),
        "An activation is not that of the ReLU network: ReLU after the convolution and after the "
        "first Dense layer, softmax at the end, none twice.",
    ),
)


def extra(name):
    """Whether a layer of this name is among those that are too many."""
    return lambda trials: name in trials[0].received["further layers"]


def history(val_loss, val_accuracy):
    """A history as Keras keeps it; the training loss falls in every epoch."""
    epochs = len(val_loss)
    return {
        "loss": [round(1.2 / (epoch + 1), 2) for epoch in range(epochs)],
        "accuracy": [round(0.95 - 0.4 / (epoch + 1), 2) for epoch in range(epochs)],
        "val_loss": val_loss,
        "val_accuracy": val_accuracy,
    }


def draw_history(rng):
    """A training of 1 to 12 epochs; no two validation losses, or accuracies, are equal."""
    epochs = int(rng.integers(1, 13))
    best = rng.integers(epochs)
    losses = 0.3 + 0.03 * np.abs(np.arange(epochs) - best) + rng.normal(0, 0.06, epochs)
    accuracy = 0.9 - losses / 3 + rng.normal(0, 0.03, epochs)
    drawn = history([round(float(x), 6) for x in losses], [round(float(x), 6) for x in accuracy])
    drawn["loss"] = [round(x + float(rng.normal(0, 0.1)), 6) for x in drawn["loss"]]
    return (drawn,)


SETTINGS = {
    "activation": ("relu", "tanh", "elu"),
    "pooling": ("max", "average"),
    "batch": (32, 128, 256),
    "dropout": (0.0, 0.25, 0.5),
    "optimizer": ("sgd", "adam"),
    "augment": (True, False),
}


def draw_settings(rng):
    """Two dictionaries of the same settings, in orders of their own, some of them alike."""
    names = rng.permutation(list(SETTINGS))[: rng.integers(1, len(SETTINGS) + 1)]
    start, other = (
        {str(name): SETTINGS[name][rng.integers(len(SETTINGS[name]))] for name in order}
        for order in (names, rng.permutation(names))
    )
    return start, other


def variants(answer):
    """A list of dictionaries, whatever their order."""
    if isinstance(answer, np.ndarray):
        answer = list(answer)
    if not isinstance(answer, (list, tuple)):
        raise Wrong(
            f"A list of dictionaries is wanted; this is an object of type {type(answer).__name__}."
        )
    whole = all(isinstance(one, dict) for one in answer)
    names = sorted(", ".join(sorted(map(str, one))) for one in answer) if whole else []
    ordered = sorted(answer, key=lambda one: sorted(map(repr, one.items())) if whole else repr(one))
    return {
        "what is in the list": "dictionaries" if whole else "other values",
        "number of dictionaries": len(answer),
        "settings in each": names,
        "the dictionaries": ordered,
    }


def in_all(condition):
    """`condition(start and other, dictionary)` is true of all dictionaries, and there are some."""

    def when(trials):
        pairs = [
            (list(trial.given.values()), {key: plain_value(value) for key, value in one.items()})
            for trial in trials
            for one in trial.received["the dictionaries"]
        ]
        return bool(pairs) and all(condition(given, one) for given, one in pairs)

    return when


def plain_value(value):
    return value.item() if isinstance(value, np.ndarray) else value


EXERCISES = (
    Exercise(
        name="03/build_network",
        task=(
            "Write `build_network()`: the layers of this lesson's ReLU network, with 6 kernels in "
            "place of 8, and as many units in the first Dense layer as give exactly "
            f"{PARAMETERS:,} parameters."
        ),
        hints=(
            "The layers: a convolution of 3 x 3 with ReLU, max pooling by 2, Flatten, a Dense "
            "layer with ReLU, a Dense layer of 10 with softmax. Only the first Dense layer has a "
            "number that you do not know yet.",
            "The convolution has 6 x 9 weights and 6 biases. Its maps are 26 x 26, after pooling "
            "13 x 13. With u units, the first Dense layer has 13 x 13 x 6 x u weights and u "
            "biases, the last one 10 x u weights and 10 biases.",
            f"Add them up: `60 + 1014 * u + u + 10 * u + 10 == {PARAMETERS}`. Solve it for u, and "
            "see whether `model.count_params()` agrees.",
        ),
        setup="import keras\nfrom keras import layers",
        solution='''
            def build_network():
                """The layers of the ReLU network, with 6 kernels and 20 units."""
                return keras.Sequential(
                    [
                        keras.Input((28, 28, 1)),
                        layers.Conv2D(6, 3, activation="relu"),
                        layers.MaxPooling2D(2),
                        layers.Flatten(),
                        layers.Dense(20, activation="relu"),
                        layers.Dense(10, activation="softmax"),
                    ]
                )
        ''',
        right=(
            """
            def build_network():
                inputs = keras.Input((28, 28, 1))
                x = layers.Conv2D(6, (3, 3))(inputs)
                x = layers.ReLU()(layers.MaxPooling2D()(x))
                x = layers.Dense(20, "relu")(layers.Flatten()(x))
                return keras.Model(inputs, layers.Softmax()(layers.Dense(10)(x)))
            """,
            """
            class Network(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.dense = layers.Dense(20, activation="relu")
                    self.last = layers.Dense(10)
                    self.convolution = layers.Conv2D(6, 3, activation="relu")
                    self.pool = layers.MaxPooling2D()

                def call(self, images):
                    x = layers.Flatten()(self.pool(self.convolution(images)))
                    return keras.ops.softmax(self.last(self.dense(x)))


            def build_network():
                model = Network()
                model.build((None, 28, 28, 1))
                return model
            """,
        ),
        cases=((),),
        facts=facts_like(REFERENCE, (28, 28, 1)),
        seconds=20,
        mistakes=(
            Mistake(
                code=network(kernels='8, 3, activation="relu"', units=28),
                by=("kernels of the convolution", "units of the Dense layers"),
                message=(
                    "This is the ReLU network of the lesson as it stands. The layers may stay; it "
                    "is to have 6 kernels, and fewer units in the first Dense layer."
                ),
            ),
            Mistake(
                code=network(kernels='6, 3, activation="relu", padding="same"'),
                by=("inputs of the first Dense layer", "kernels of the convolution"),
                message=(
                    "The numbers are right for a convolution without padding. With "
                    "`padding='same'` the maps keep 28 x 28 and pool to 14 x 14, not 13 x 13, "
                    "and the first Dense layer gets more inputs."
                ),
            ),
            Mistake(
                code=network(pool=""),
                by=("pooling", "inputs of the first Dense layer", "further layers"),
                message=(
                    "The pooling is missing: Flatten hands over 26 x 26 numbers of each map where "
                    "13 x 13 were meant, four times as many, and nearly all parameters are there."
                ),
            ),
            Mistake(
                code=network(kernels='20, 3, activation="relu"', units=6),
                by=("kernels of the convolution", "units of the Dense layers"),
                message=(
                    "Kernels and units have changed places. The product of the two is the same, "
                    "the parameters of the other layers are not."
                ),
            ),
            Mistake(
                code=network(kernels='6, 3, activation="relu", use_bias=False'),
                by=("parameters", "units of the Dense layers", "kernels of the convolution"),
                message="The kernels have no biases here: six parameters are missing.",
            ),
            Mistake(
                code=network().replace('Dense(10, activation="softmax")', "Dense(10)"),
                by=("activations", "layers with parameters", "further layers"),
                message=(
                    "The last layer has no softmax: its ten numbers are logits, which can be "
                    "negative, and do not add up to 1."
                ),
            ),
            Mistake(
                code=network().replace('"softmax")', '"softmax"), layers.Softmax()'),
                by=("activations",),
                message=(
                    "There are two softmax one after the other. The second makes the "
                    "probabilities nearly equal, whatever they were: one is enough."
                ),
            ),
            Mistake(
                code=network().replace('"softmax")', '"softmax"), layers.Dropout(0.5)'),
                by=("further layers",),
                when=all_of(differs("further layers"), extra("Dropout")),
                message=(
                    "There is a Dropout layer. It costs no parameters, but the ReLU network has "
                    "none; and after softmax it would throw probabilities away."
                ),
            ),
            Mistake(
                code=network(last=1),
                by=("shape of the output",),
                message=(
                    "One number comes out. A class is no quantity that one number could measure: "
                    "ten outputs are wanted, one for each class."
                ),
            ),
            *(
                Mistake(code=code, by=(fact,), when=differs(fact), message=message)
                for fact, code, message in SOFT
            ),
            Mistake(
                code="""
                    def build_network():
                        return keras.Sequential([layers.Conv2D("relu", 3)])
                """,
                when=raises("ValueError", "TypeError"),
                message=(
                    "No network comes of this: it raises the error below. Look first at the "
                    "arguments of each layer (`Conv2D` takes the number of kernels, then their "
                    "size) and at the order of the layers."
                ),
            ),
        ),
        shows=(
            "6 kernels and 20 units: 60 + 20,300 + 210. Almost all of it is the first Dense "
            "layer, so its two factors, kernels and units, set the size of such a network."
        ),
    ),
    Exercise(
        name="03/epochs_too_many",
        task=(
            "Write `epochs_too_many(history)`: how many epochs were trained after the one with "
            'the lowest validation loss. `history` is a dictionary with "loss", "accuracy", '
            '"val_loss" and "val_accuracy".'
        ),
        hints=(
            "Which of the four lists says how the network does on images that it does not learn "
            "from, and notices when it becomes too sure of its mistakes?",
            '`np.argmin(history["val_loss"])` is the place of the lowest value, counted from 0.',
            "The last place is `len(history['val_loss']) - 1`. Take the difference of the two.",
        ),
        solution="""
            def epochs_too_many(history):
                losses = history["val_loss"]
                return len(losses) - 1 - int(np.argmin(losses))
        """,
        right=(
            """
            def epochs_too_many(history):
                best = min(history["val_loss"])
                return len(history["val_loss"][history["val_loss"].index(best) + 1 :])
            """,
            "epochs_too_many = lambda history: np.argmin(np.array(history['val_loss'])[::-1])",
        ),
        cases=(
            (history([0.9, 0.7, 0.6, 0.65], [0.6, 0.7, 0.75, 0.76]),),
            (history([0.9, 0.7, 0.6], [0.6, 0.7, 0.75]),),
            (history([0.9, 0.6, 0.65, 0.5, 0.55, 0.7], [0.5, 0.7, 0.69, 0.71, 0.74, 0.73]),),
            (history([0.8], [0.6]),),
            (
                history([0.9, 0.8, 0.6, 0.7, 0.65], [0.5, 0.6, 0.7, 0.71, 0.69])
                | {"loss": [0.9, 0.6, 0.5, 0.4, 0.45]},
            ),
            (
                history(
                    [0.9, 0.8, 0.7, 0.72, 0.65, 0.6, 0.61, 0.58, 0.55, 0.5, 0.52, 0.6],
                    [0.5, 0.6, 0.62, 0.6, 0.65, 0.7, 0.69, 0.71, 0.72, 0.75, 0.76, 0.74],
                ),
            ),
            (history([0.5, 0.6, 0.55, 0.7, 0.65, 0.58], [0.7, 0.72, 0.75, 0.74, 0.7, 0.69]),),
            (history([0.9, 0.4, 0.8, 0.7, 0.85, 0.75, 0.6], [0.6, 0.7, 0.7, 0.8, 0.7, 0.7, 0.7]),),
            (
                history([0.9, 0.7, 0.75, 0.6, 0.8], [0.5, 0.6, 0.62, 0.65, 0.64])
                | {"loss": [0.5, 0.6, 0.7, 0.3, 0.2]},
            ),
        ),
        draw=draw_history,
        mistakes=(
            Mistake(
                code="def epochs_too_many(h): return int(np.argmin(h['val_loss'])) + 1",
                message=(
                    "This is the best epoch itself. Asked for is how many came after it: all "
                    "epochs less this one."
                ),
            ),
            Mistake(
                code="def epochs_too_many(h): return int(np.argmin(h['val_loss']))",
                message=(
                    "This is the place of the best epoch, counted from 0. Asked for is how many "
                    "epochs came after it."
                ),
            ),
            Mistake(
                code=(
                    "def epochs_too_many(h):\n"
                    "    return len(h['val_loss']) - int(np.argmin(h['val_loss']))"
                ),
                message=(
                    "One too many: `argmin` counts from 0, so the last of n epochs stands at the "
                    "place n - 1. Where the last epoch is the best, the answer is 0."
                ),
            ),
            Mistake(
                code=(
                    "def epochs_too_many(h): return len(h['loss']) - 1 - int(np.argmin(h['loss']))"
                ),
                message=(
                    "This looks at the training loss. It falls as long as the network is trained, "
                    "because these are the images that it fits itself to: it cannot show "
                    "overfitting. Look at the validation loss."
                ),
            ),
            Mistake(
                code=(
                    "def epochs_too_many(h):\n"
                    "    return len(h['val_accuracy']) - 1 - int(np.argmax(h['val_accuracy']))"
                ),
                message=(
                    "This looks for the highest validation accuracy. Accuracy counts images and "
                    "does not see how sure the network is of its mistakes, so it turns later than "
                    "the loss, or not at all. Asked for is the lowest validation loss."
                ),
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        losses = history["val_loss"]
                        for place in range(1, len(losses)):
                            if losses[place] > losses[place - 1]:
                                return len(losses) - place
                        return 0
                """,
                message=(
                    "This stops at the first epoch in which the validation loss rises. It may "
                    "fall again afterwards: one step up is as often noise as not. Look for the "
                    "lowest value of all."
                ),
            ),
            Mistake(
                code=(
                    "def epochs_too_many(h):\n"
                    "    return len(h['val_loss']) - 1 - int(np.argmax(h['val_loss']))"
                ),
                message=(
                    "`argmax` finds the highest loss, and a loss is better the lower it is: "
                    "`argmin`."
                ),
            ),
            Mistake(
                code="def epochs_too_many(h): return len(h['val_loss']) - "
                "int(np.argmin(h['loss']))",
                message=(
                    "The training loss is looked at here, and one too many is counted besides: "
                    "look at the validation loss, and count places from 0 to n - 1."
                ),
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        return sum(loss > min(history["val_loss"]) for loss in history["val_loss"])
                """,
                message=(
                    "This counts all epochs but the best, those before it as well. Only those "
                    "after it were too many."
                ),
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        pairs = zip(history["val_loss"], history["val_loss"][1:])
                        return sum(later > earlier for earlier, later in pairs)
                """,
                message=(
                    "This counts how often the validation loss goes up from one epoch to the next. "
                    "Asked for is how many epochs came after the lowest, whether up or down."
                ),
            ),
            Mistake(
                code="def epochs_too_many(history): return min(history['val_loss'])",
                message=(
                    "This is the lowest validation loss itself. Asked for is a number of epochs."
                ),
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        return len(history) - 1 - int(np.argmin(history["val_loss"]))
                """,
                message=(
                    "`len(history)` is 4: the number of lists in the dictionary. The number of "
                    'epochs is the length of one of them, `len(history["val_loss"])`.'
                ),
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        between = np.subtract(history["val_loss"], history["loss"])
                        return len(between) - 1 - int(np.argmin(between))
                """,
                message=(
                    "This looks for the epoch in which the two losses are nearest to each other. "
                    "Asked for is the lowest validation loss, whatever the training loss does."
                ),
            ),
            Mistake(
                code="def epochs_too_many(history): return len(history['loss'])",
                message="This is the number of all epochs; those up to the best do not count.",
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        return int(np.argmin(history["val_loss"])) - len(history["val_loss"]) + 1
                """,
                when=all_of(
                    each(lambda expected, received: received <= 0),
                    some(lambda expected, received: received < 0),
                ),
                message=(
                    "This gives a negative number of epochs. Take the place of the lowest loss "
                    "from the last place, `len(losses) - 1`, not the other way round."
                ),
            ),
            Mistake(
                code="def epochs_too_many(history): return history['val_loss'][-1] / 2",
                when=some(lambda expected, received: (received != np.round(received)).any()),
                message=(
                    "This is no whole number. Epochs are counted, so it is the place of the lowest "
                    "loss in the list that matters, not the loss itself."
                ),
            ),
            Mistake(
                code="def epochs_too_many(history): return np.argsort(history['val_loss'])",
                when=some(lambda expected, received: received.ndim > 0),
                message="Several numbers come out. One is wanted: how many epochs were too many.",
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        later = history["val_loss"][1:]
                        return len(later) - 1 - int(np.argmin(later)) if later else 0
                """,
                when=right_if(lambda given: np.argmin(given["history"]["val_loss"]) > 0),
                message=(
                    "This is right unless the very first epoch is the best. It can be, and then "
                    "all the others were too many."
                ),
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        return len(history["val_loss"]) + 1 - int(np.argmin(history["val_loss"]))
                """,
                when=each(lambda expected, received: received > expected),
                message=(
                    "This is always more than the number of epochs after the best. They are the "
                    "places behind the lowest loss in the list: none, where it is the last."
                ),
            ),
            Mistake(
                code="""
                    def epochs_too_many(history):
                        return max(0, len(history["val_loss"]) - 3 - np.argmin(history["val_loss"]))
                """,
                when=each(lambda expected, received: received <= expected),
                message=(
                    "This is never too many, and sometimes too few. Count the places behind the "
                    "lowest validation loss, to the end of the list."
                ),
            ),
            Mistake(
                code="def epochs_too_many(history): return np.argmin(history['validation'])",
                when=raises("KeyError", "TypeError: list indices", "AttributeError"),
                message=(
                    'The history is a dictionary of lists: `history["val_loss"]` is the list '
                    "of validation losses, one number an epoch, and `[0]` of it the first."
                ),
            ),
        ),
        shows=(
            "0 means that the validation loss was still falling: train on. Anything else: the "
            "last epochs made the network surer, not better. Lesson 04 lets Keras stop in time."
        ),
    ),
    Exercise(
        name="03/one_change",
        task=(
            "Write `one_change(start, other)`: two dictionaries of settings in, a list of "
            "dictionaries out. Each is `start` with one setting taken from `other`; one for every "
            "setting in which the two differ, in any order."
        ),
        hints=(
            "Go through the settings with `for name in start`, and look where `start[name]` and "
            "`other[name]` differ.",
            "Every new dictionary begins as a fresh copy of `start`, not of the one before it.",
            "`start | {name: other[name]}` makes a new dictionary and leaves `start` as it was.",
        ),
        facts=variants,
        draw=draw_settings,
        solution="""
            def one_change(start, other):
                return [
                    start | {name: other[name]}
                    for name in start
                    if start[name] != other[name]
                ]
        """,
        right=(
            """
            def one_change(start, other):
                variants = []
                for name, value in other.items():
                    variant = start.copy()
                    variant[name] = value
                    if variant != start:
                        variants.append(variant)
                return variants
            """,
            """
            def one_change(start, other):
                names = {name for name, _ in set(start.items()) ^ set(other.items())}
                return tuple({**start, name: other[name]} for name in names)
            """,
        ),
        cases=(
            (
                {"activation": "tanh", "pooling": "average"},
                {"activation": "relu", "pooling": "max"},
            ),
            (
                {"activation": "tanh", "epochs": 10, "pooling": "average", "batch": 128},
                {"activation": "relu", "epochs": 10, "pooling": "max", "batch": 32},
            ),
            ({"dropout": 0.5, "units": 20}, {"units": 20, "dropout": 0.0}),
            ({"optimizer": "sgd", "batch": 32}, {"optimizer": "sgd", "batch": 32}),
        ),
        mistakes=(
            Mistake(
                code="""
                    def one_change(start, other):
                        variants = []
                        for name in start:
                            if start[name] != other[name]:
                                start[name] = other[name]
                                variants.append(start.copy())
                        return variants
                """,
                message=(
                    "The changes pile up: the second variant still has the first change. If it "
                    "does better, nobody can say which of the two did it. Begin each variant "
                    "from `start` anew."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        variants = []
                        for name in start:
                            if start[name] != other[name]:
                                start[name] = other[name]
                                variants.append(start)
                        return variants
                """,
                message=(
                    "The list holds the same dictionary again and again, under several places: "
                    "`start[name] = ...` changes it everywhere, so all variants end up with "
                    "all changes. Make a new dictionary: `start | {name: other[name]}`."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        variants, variant = [], start.copy()
                        for name in start:
                            if start[name] != other[name]:
                                variant[name] = other[name]
                                variants.append(variant.copy())
                        return variants
                """,
                message=(
                    "The changes pile up: the second variant still has the first change. Make a "
                    "new copy of `start` for each variant, inside of the loop."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        return [start | other for name in start if start[name] != other[name]]
                """,
                message=(
                    "As many dictionaries as there should be, and each has all changes. Either "
                    "all settings of `other` are taken at once, or one and the same dictionary is "
                    "changed and listed again and again: make a new copy of `start` for each."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        return [start | {name: other[name]} for name in start]
                """,
                message=(
                    "A setting in which the two agree makes no change: its variant is `start` once "
                    "more, and would be trained for nothing."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        differ = [name for name in start if start[name] != other[name]]
                        return [other | {name: start[name]} for name in differ]
                """,
                message=(
                    "This takes everything from `other` and one setting back from `start`. That "
                    "is a good experiment too (what is lost without one change?), but another one."
                ),
            ),
            Mistake(
                code="def one_change(start, other): return [other]",
                message=(
                    "This changes everything at once, as the comparison of the two networks did: "
                    "what caused the difference stays open."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        return [
                            {name: other[name]} for name in start if start[name] != other[name]
                        ]
                """,
                message=(
                    "Each dictionary holds the changed setting alone. To train a network all the "
                    "settings are needed: those of `start`, and the one change."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        return [name for name in start if start[name] != other[name]]
                """,
                by=("what is in the list",),
                message=(
                    "The list does not hold dictionaries. Each entry is to be a whole set of "
                    "settings, with which a network could be trained."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        return [other | {name: other[name]} for name in start]
                """,
                when=all_of(
                    differs("number of dictionaries"), in_all(lambda given, one: one in given)
                ),
                message=(
                    "There are not as many dictionaries as settings in which the two differ; and "
                    "those there are change everything or nothing: they are `start` or `other`."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        return [start | {name: other[name]} for name in start][:1]
                """,
                by=("number of dictionaries",),
                when=differs("number of dictionaries"),
                message=(
                    "There are not as many dictionaries as settings in which the two differ: one "
                    "for each, none for the others. (A `return` inside of the loop ends it after "
                    "the first.)"
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        differ = [name for name in start if start[name] != other[name]]
                        return [start | {name: other[name], "changed": name} for name in differ]
                """,
                by=("settings in each",),
                when=differs("settings in each"),
                message=(
                    "Not every dictionary holds the settings of `start`, all of them and no "
                    "further ones: one value is to be another, the names stay."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        return [start.copy() for name in start if start[name] != other[name]]
                """,
                when=in_all(lambda given, one: one == given[0]),
                message=(
                    "As many dictionaries as there should be, and each is `start` unchanged. "
                    "`variant[name] = other[name]` makes the change."
                ),
            ),
            Mistake(
                code="""
                    def one_change(start, other):
                        differ = [name for name in start if start[name] != other[name]]
                        return [start | {name: other[differ[0]]} for name in differ]
                """,
                when=lambda trials: all(isinstance(t.received, dict) for t in trials),
                message=(
                    "The list is as long as it should be, but not every dictionary in it is "
                    "`start` with one setting as in `other`."
                ),
            ),
            Mistake(
                code="def one_change(start, other): return [start[n] for n in other['name']]",
                when=raises("KeyError", "TypeError"),
                message=(
                    "Something is asked of a dictionary that it does not have, or cannot do. "
                    "`for name in start` goes through the names; `start[name]` is the value; "
                    "`start | {name: value}` a new dictionary."
                ),
            ),
        ),
        shows=(
            "Each variant differs from the start in one thing, so a difference in the result has "
            "one cause. What two changes do together it does not show: for that, change two."
        ),
    ),
)
