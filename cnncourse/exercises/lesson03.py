"""Exercises of lesson 03: build to a parameter count, spot overfitting, change one thing."""

from cnncourse.exercises import Exercise, Mistake, Wrong

PARAMETERS = 20_570


def network_facts(model):
    """What is asked of the network, whatever it is made of."""
    if not hasattr(model, "count_params") or not hasattr(model, "layers"):
        raise Wrong(
            f"`build_network()` gave back an object of type {type(model).__name__}; a Keras model "
            "is wanted. Is there a `return`?"
        )
    if not model.built:
        raise Wrong(
            "The model does not know the size of its images yet, so it has no parameters to "
            "count. Begin with `keras.Input((28, 28, 1))`."
        )
    last = model.layers[-1]
    softmax = type(last).__name__ == "Softmax"
    activation = getattr(getattr(last, "activation", None), "__name__", "linear")
    return {
        "shape of the input": str(tuple(model.input_shape)),
        "shape of the output": str(tuple(model.output_shape)),
        "activation of the output": "softmax" if softmax else activation,
        "has a convolution": any("Conv2D" in type(layer).__name__ for layer in model.layers),
        "parameters": model.count_params(),
    }


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


def history(val_loss, val_accuracy):
    """A history as Keras keeps it; the training loss falls in every epoch."""
    epochs = len(val_loss)
    return {
        "loss": [round(1.2 / (epoch + 1), 2) for epoch in range(epochs)],
        "accuracy": [round(0.95 - 0.4 / (epoch + 1), 2) for epoch in range(epochs)],
        "val_loss": val_loss,
        "val_accuracy": val_accuracy,
    }


EXERCISES = (
    Exercise(
        name="03/build_network",
        task=(
            "Write `build_network()`: images of 28 x 28 x 1 in, at least one convolution, ten "
            f"probabilities out, and exactly {PARAMETERS:,} parameters."
        ),
        hints=(
            "Keep to the layers of the ReLU network of this lesson and change two numbers only: "
            "how many kernels, and how many units in the first Dense layer.",
            "With k kernels of 3 x 3 and u units: 10 k for the convolution, 13 x 13 x k x u + u "
            "for the first Dense layer, 10 u + 10 for the last.",
            "Try small k one after the other and solve for u, by hand or with a loop; "
            f"`10 * k + 169 * k * u + 11 * u + 10 == {PARAMETERS}` has one solution "
            "in whole numbers.",
            "There are 6 kernels. `model.count_params()` tells when the units are right.",
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
            def build_network():
                # Another road: each map averaged to one number, and many units.
                return keras.Sequential([
                    keras.Input((28, 28, 1)),
                    layers.Conv2D(4, 3, activation="relu"),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(1368, activation="relu"),
                    layers.Dense(10, activation="softmax"),
                ])
            """,
        ),
        cases=((),),
        facts=network_facts,
        seconds=20,
        mistakes=(
            Mistake(
                code=network(kernels="8, 3", units=28),
                by=("parameters",),
                message=(
                    "This is the ReLU network of the lesson as it stands, with 38,254 parameters. "
                    "The layers may stay; their numbers have to become smaller."
                ),
            ),
            Mistake(
                code=network(kernels='6, 3, padding="same"'),
                by=("parameters",),
                message=(
                    "The numbers are right for a convolution without padding. With "
                    "`padding='same'` the maps keep 28 x 28 and pool to 14 x 14, not 13 x 13, "
                    "and the first Dense layer gets more inputs."
                ),
            ),
            Mistake(
                code=network(pool=""),
                by=("parameters",),
                message=(
                    "The pooling is missing: Flatten hands over 26 x 26 numbers of each map where "
                    "13 x 13 were meant, four times as many, and nearly all parameters are there."
                ),
            ),
            Mistake(
                code=network(kernels="20, 3", units=6),
                by=("parameters",),
                message=(
                    "Close, and yet not equal: kernels and units have changed places. The product "
                    "of the two is the same, the parameters of the other layers are not."
                ),
            ),
            Mistake(
                code=network(kernels="6, 3, use_bias=False"),
                by=("parameters",),
                message="The kernels have no biases here: six parameters are missing.",
            ),
            Mistake(
                code=network().replace('Dense(10, activation="softmax")', "Dense(10)"),
                by=("activation of the output",),
                message=(
                    "The last layer has no softmax: its ten numbers are logits, which can be "
                    "negative, and do not add up to 1."
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
        ),
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
            "setting in which the two differ, in the order of `start`."
        ),
        hints=(
            "Go through the settings with `for name in start`, and look where `start[name]` and "
            "`other[name]` differ.",
            "Every new dictionary begins as a fresh copy of `start`, not of the one before it.",
            "`start | {name: other[name]}` makes a new dictionary and leaves `start` as it was.",
        ),
        solution="""
            def one_change(start, other):
                return [start | {name: other[name]} for name in start if start[name] != other[name]]
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
        ),
        shows=(
            "Each variant differs from the start in one thing, so a difference in the result has "
            "one cause. What two changes do together it does not show: for that, change two."
        ),
    ),
)
