"""Networks and images that an exercise lends to an answer, and what is judged of a network."""

from cnncourse.exercises import Wrong

import numpy as np

MOST_PARAMETERS = 5_000_000
SATURATED = 0.3  # more than softmax of a softmax can give to one of ten: e / (e + 9) is 0.23


class Fresh:
    """An argument that is made anew for every call of an answer: none sees what another did."""

    def __init__(self, make, shown):
        self.make, self.shown = make, shown

    def __deepcopy__(self, memo):
        return self.make()

    def __repr__(self):
        return self.shown

    def state(self, lent):
        """What a call may have made of what was lent, as plain data; None where none is judged."""

    def restore(self, lent, state):
        """Bring what was lent, in another process, into that state."""


class FreshNetwork(Fresh):
    """A network that is made anew for every call; `lent` is the last one made."""

    lent = None

    def __deepcopy__(self, memo):
        FreshNetwork.lent = self.make()
        return FreshNetwork.lent

    def state(self, lent):
        return {
            "weights": lent.get_weights(),
            "trainable": [weight.trainable for weight in lent.weights],
            "compiled": lent.get_compile_config() if lent.compiled else None,
        }

    def restore(self, lent, state):
        lent.set_weights(state["weights"])
        if state["compiled"] is not None:
            lent.compile_from_config(state["compiled"])
        for weight, trainable in zip(lent.weights, state["trainable"], strict=True):
            weight.trainable = trainable


def digits(count, random):
    """Images of random pixels between 0 and 1: (count, 28, 28)."""
    return random.random((count, 28, 28), dtype=np.float32).round(2)


def named(images, labels=None, ending=""):
    """Images, and labels, that a message calls by name instead of showing their numbers."""
    parts = {"images": images} if labels is None else {"images": images, "labels": labels}
    return [Fresh(part.copy, name + ending) for name, part in parts.items()]


# Networks to lend ---------------------------------------------------------------------------------


def linear_network(weights=0):
    """A softmax over one dense layer of the given weights (784, 10), compiled."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10, activation="softmax")]
    )
    network.layers[-1].set_weights([np.broadcast_to(weights, (784, 10)), np.zeros(10)])
    network.compile("adam", "categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return network


def plain_network(seed=1, kernels=4):
    """A Sequential of two convolutions, with the weights of a seed; not compiled."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(kernels, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(3, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return with_set_weights(network, seed)


def functional_network(seed=1, kernels=5):
    """The same with a BatchNormalization before the first convolution, in functional form."""
    import keras
    from keras import layers

    inputs = keras.Input((28, 28, 1))
    x = layers.BatchNormalization()(inputs)
    x = layers.Conv2D(kernels, 5, activation="relu")(x)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(3, 3, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(10, activation="softmax")(x)
    return with_set_weights(keras.Model(inputs, outputs), seed)


def with_set_weights(network, seed):
    """The network with weights of a fixed seed; positive, so that normalisation stays defined."""
    network.set_weights(drawn_weights(network, np.random.default_rng(seed)))
    return network


def drawn_weights(layer, random, size=0.3):
    """New weights for a layer or network; those of one axis are positive, as a variance must be."""
    weights = []
    for weight in layer.get_weights():
        values = random.normal(0, size, weight.shape)
        weights.append(values if weight.ndim > 1 else 0.1 + np.abs(values))
    return weights


# What is judged -----------------------------------------------------------------------------------


def array_facts(value):
    """Shape and numbers of an array, so that a message can say which of the two is wrong."""
    try:
        array = np.asarray(value)
    except Exception:
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        what = f"an object of type {type(value).__name__}"
        if isinstance(value, list):
            what = f"a list with {len(value)} entries"
        raise Wrong(f"No array of numbers came back, but {what}.")
    return {"axes": array.ndim, "shape": str(array.shape), "numbers": array}


def image_facts(value):
    """The same, with the numbers in a row: two mistakes at once are told one after the other."""
    facts = array_facts(value)
    return {"shape": facts["shape"], "numbers, image after image": facts["numbers"].ravel()}


def network_facts(model):
    """What is asked of the reader's network, whatever it is made of."""
    import keras

    if not isinstance(model, keras.Model):
        raise Wrong(
            f"`build_network()` gave back an object of type {type(model).__name__}; a Keras model "
            "is wanted."
        )
    if not isinstance(model, keras.Sequential) and not getattr(model, "inputs", None):
        raise Wrong(
            "A class of its own is a network too, but the cells below look into the network from "
            "its `inputs` to its layers, and Keras knows these of `keras.Sequential([...])` and of "
            "`keras.Model(inputs, outputs)` alone. Build the same layers as one of the two."
        )
    if not model.built:
        raise Wrong(
            "The model does not know the size of its images yet, so it has no parameters. Begin "
            "with `keras.Input((28, 28, 1))`."
        )
    shapes = str(tuple(model.input_shape)), str(tuple(model.output_shape))
    outputs = model.output_shape[-1] or 0
    facts = {
        "shape of the input": shapes[0],
        "axes of the output": len(model.output_shape),
        "outputs against classes": (outputs > 10) - (outputs < 10),
        "shape of the output": shapes[1],
        "has a Conv2D layer": any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers),
        "has at most 5 million parameters": model.count_params() <= MOST_PARAMETERS,
    }
    judged = shapes == ("(None, 28, 28, 1)", "(None, 10)")
    return facts | (probability_facts(model) if judged else dict.fromkeys(PROBABILITIES, "unknown"))


PROBABILITIES = (
    "its ten outputs are probabilities",
    "they are so while it learns",
    "one of them can come near to 1",
)


def probability_facts(model):
    """Whether ten outputs are probabilities: always, in training too, and up to 1.

    The last is tried with large random weights in the last layer that has any.
    """
    random = np.random.default_rng(8)
    images = 4 * digits(12, random)[..., np.newaxis] - 2
    probable, training = (
        are_probabilities(np.asarray(model(images, training=mode))) for mode in (False, True)
    )
    last = next((layer for layer in reversed(model.layers) if layer.weights), None)
    if last:
        kept = last.get_weights()
        last.set_weights(drawn_weights(last, random, size=1000))
        highest = float(np.asarray(model(images, training=False)).max())
        last.set_weights(kept)
    saturated = last is None or highest > SATURATED
    return dict(zip(PROBABILITIES, (probable, training, saturated), strict=True))


def are_probabilities(outputs):
    return bool(outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3))


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
    rate = float(network.optimizer.learning_rate)
    optimizer = type(network.optimizer).__name__
    optimizer = "Adam" if optimizer in ("AdamW", "Nadam", "Adamax") else optimizer
    measures = measured(network)
    return {
        "it is the network that was given": network is FreshNetwork.lent,
        "loss of three images": measures.pop("loss"),
        "names of the metrics": "accuracy" if "accuracy" in measures else ", ".join(measures),
        "has a metric": bool(measures),
        "accuracy of three images": measures.get("accuracy", "no metric of this name"),
        "optimizer": optimizer,
        "optimizer is Adam": optimizer == "Adam",
        "its learning rate is high": rate > 0.0101,
        "its learning rate is low": rate < 0.0001,
    }


def measured(network):
    """The loss and the metrics of three images, of which the network gets two right.

    By name; in the place of a number that cannot be had stands what Keras says against it.
    """
    import keras

    truth = keras.ops.convert_to_tensor(np.eye(10)[[1, 2, 3]], "float32")
    found = np.full((3, 10), 0.05)
    found[[0, 1, 2], [1, 2, 4]] = 0.55
    found = keras.ops.convert_to_tensor(found, "float32")
    try:
        loss = round(float(network.compute_loss(y=truth, y_pred=found)), 4)
    except Exception as error:
        loss = f"{type(error).__name__}: {str(error)[:70]}"
    try:
        network.reset_metrics()
        metrics = network.compute_metrics(None, truth, found)
        metrics = {name: round(float(value), 4) for name, value in metrics.items()}
        network.reset_metrics()
    except Exception as error:
        metrics = {"accuracy": f"{type(error).__name__}: {str(error)[:70]}"}
    return metrics | {"loss": loss}
