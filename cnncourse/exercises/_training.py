"""A network that trains nothing and notes what its `fit` is given, and what is judged of that."""

import functools
import inspect
import itertools

from cnncourse.exercises import Wrong, _networks

import numpy as np

MOST_BATCHES = 2_000  # a data set that repeats itself has no end


class Lesson:
    """What one network was lent for, and what happened to it.

    images, labels, epochs: the arguments that the answer gets beside the network.
    calls: for each call of `fit`, its arguments by name.
    """

    def __init__(self, images, labels, epochs):
        self.images, self.labels, self.epochs = images, labels, epochs
        self.places = {image.tobytes(): place for place, image in enumerate(images)}
        self.calls = []

    def network(self):
        """A compiled network whose `fit` is noted; where it was lent stands as its `lesson`."""
        import keras

        weights = np.random.default_rng(1).normal(0, 0.05, (784, 10))
        network = _networks.linear_network(weights)
        signature = inspect.signature(keras.Model.fit)

        def fit(*args, **options):
            given = signature.bind(network, *args, **options)
            given.apply_defaults()
            lesson.calls.append(given.arguments)
            return history_of(network, given.arguments)

        lesson = Lesson(self.images, self.labels, self.epochs)
        for name, value in {"fit": fit, "lesson": lesson}.items():
            object.__setattr__(network, name, value)  # Keras looks at what is set otherwise
        return network

    def marks(self, images):
        """For each image its place among those lent, -1 for one from elsewhere."""
        images = np.asarray(images, np.float32)
        return np.array([self.places.get(image.tobytes(), -1) for image in images], int)

    def same_labels(self, marks, labels):
        """Whether each image that was lent comes with the label that it was lent with."""
        if labels.ndim != 2 or len(labels) != len(marks):
            return False
        own = marks >= 0
        return np.array_equal(labels[own], self.labels[marks[own]])


class FreshTraining(_networks.FreshNetwork):
    """A network whose `fit` is noted, made anew for every call."""

    def state(self, lent):
        calls = [
            {name: as_data(value, given) for name, value in given.items() if name != "self"}
            for given in lent.lesson.calls
        ]
        return super().state(lent) | {"calls": calls}

    def restore(self, lent, state):
        super().restore(lent, state)
        lent.lesson.calls = [
            {name: from_data(value) for name, value in given.items()} for given in state["calls"]
        ]


def as_data(value, given):
    """An argument of `fit` as plain data: of a data set its batches, of callbacks their kinds."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, tuple):
        return tuple(as_data(part, given) for part in value)
    if isinstance(value, dict):
        return {"dict": len(value)}
    if value is given["callbacks"]:
        kinds = value if isinstance(value, list) else [value]
        return {"callbacks": ["early" if stops_early(one) else "other" for one in kinds]}
    if hasattr(value, "shape") or isinstance(value, list):
        return np.asarray(value)
    pairs = itertools.islice(value, min(given["steps_per_epoch"] or MOST_BATCHES, MOST_BATCHES))
    return {"batches": [tuple(np.asarray(part) for part in pair) for pair in pairs]}


def from_data(value):
    """An argument of `fit` as it is judged, from what `as_data` made of it."""
    if isinstance(value, tuple):
        return tuple(map(from_data, value))
    if not isinstance(value, dict):
        return value
    if "callbacks" in value:
        import keras

        early = keras.callbacks.EarlyStopping()
        return [early if kind == "early" else None for kind in value["callbacks"]]
    return Batches(value["batches"]) if "batches" in value else value


class Batches:
    """A data set that was read: pairs of images and labels, and none of an array's ways."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __iter__(self):
        return iter(self.pairs)


def case(images, labels, epochs, ending=""):
    """One call of `train`: a network of its own, images, labels and epochs."""
    lent = Lesson(images, labels, epochs)
    network = FreshTraining(lent.network, "network")
    return (network, *_networks.named(images, labels, ending), epochs)


def history_of(network, given):
    """What `fit` returns, as long as the training would have been."""
    import keras

    epochs = range(given["initial_epoch"], int(given["epochs"]))
    held = given["validation_data"] is not None or given["validation_split"]
    keys = ["accuracy", "loss", *(["val_accuracy", "val_loss"] if held else [])]
    history = keras.callbacks.History()
    history.set_model(network)
    history.epoch = list(epochs)
    history.history = {key: [0.5 for _ in epochs] for key in keys}
    return history


def training_facts(history):
    """What `fit` was given: how often, in which batches, what to learn from and what to hold out.

    Of several calls the last one is judged, and that there were several.
    """
    lesson = lesson_of(history)
    network, given = history.model, lesson.calls[-1]
    x, y, batch = learned_from(given)
    x, y, x_held, y_held = held_out(given, x, y)
    learned, kept = lesson.marks(x), lesson.marks(x_held)
    foreign = (kept < 0).any()
    epochs = int(given["epochs"]) - given["initial_epoch"]
    steps = given["steps_per_epoch"]
    count = len(kept) + len(learned)
    met = set(learned) | set(kept)
    whole = len(met) == len(lesson.images) if given["y"] is None and steps else True
    return {
        "calls of fit": "one" if len(lesson.calls) == 1 else "several",
        "what the network was compiled with is as it was": as_compiled(network),
        "images to learn from are among those given": not (learned < 0).any(),
        "each image comes with its own label": lesson.same_labels(learned, y)
        and (foreign or lesson.same_labels(kept, y_held)),
        "held-out images are of those given": not foreign,
        "no image is both learned from and held out": not set(learned) & set(kept),
        "counts its epochs from the first": given["initial_epoch"] == 0,
        "epochs against those asked for": against(epochs, lesson.epochs),
        "epochs": epochs,
        "batches are of 32": batch == 32,
        "images per batch": batch,
        "share held out": against(10 * len(kept), count) if len(kept) else "none",
        "images to learn from": len(learned),
        "images held out": len(kept),
        "an epoch goes over all of them once": len(set(learned)) == len(learned)
        and (steps is None or steps * batch >= len(learned))
        and whole,
        "all its weights learn": all(weight.trainable for weight in network.weights),
        "all of them count the same": given["class_weight"] is given["sample_weight"] is None,
        "held-out images are looked at after every epoch": given["validation_freq"] == 1
        and (given["validation_steps"] is None or len(kept) == 0),
        "it goes on to the last epoch": not stops_early(given["callbacks"]),
    }


def lesson_of(history):
    """Where a History comes from; Wrong where it is none, or that of another network."""
    import keras

    lent = _networks.FreshNetwork.lent
    calls = len(lent.lesson.calls)
    fitted = "`fit` was not called" if calls == 0 else "`fit` was called"
    if history is lent:
        raise Wrong(f"{fitted}, and the network itself came back.")
    if isinstance(history, dict) and calls and "loss" in history:
        raise Wrong(f"{fitted}, and a dict came back: the `history` of what `fit` returns.")
    if not isinstance(history, keras.callbacks.History):
        kind = type(history).__name__
        raise Wrong(f"{fitted}, and an object of type {kind} came back; {HISTORY}")
    if not isinstance(getattr(history.model, "lesson", None), Lesson):
        raise Wrong(
            "This is the History of another network: not of the one that the function was given "
            "as `network`."
        )
    return history.model.lesson


HISTORY = "what `network.fit(...)` returns is wanted."


def learned_from(given):
    """Images, labels and batch size of `fit`, before anything is held out."""
    x, y, batch = given["x"], given["y"], given["batch_size"]
    if x is None:
        raise Wrong("`fit` got no images.")
    if y is None and hasattr(x, "shape"):
        raise Wrong("`fit` got images and no labels, so there is nothing to compare with.")
    if y is None and batch is not None:
        raise Wrong("A data set is in batches already: Keras refuses `batch_size` beside it.")
    if y is None and given["validation_split"]:
        raise Wrong("Keras can split arrays alone: hold out a part of a data set by `take`.")
    x, y, found = collect(x, y, steps=given["steps_per_epoch"])
    return x, y, found or (32 if batch is None else batch)


def held_out(given, x, y):
    """What `fit` learns from and what it holds out: images, labels, images, labels."""
    held, split = given["validation_data"], given["validation_split"] or 0
    if held is not None:
        x_held, y_held, _ = collect(*held) if isinstance(held, (tuple, list)) else collect(held)
        return x, y, x_held, y_held
    if split and not 0 < split < 1:
        raise Wrong("`validation_split` is a part of the whole: a number between 0 and 1.")
    keep = int(np.floor(len(x) * (1 - split)))
    if keep == 0:
        raise Wrong("No image is left to learn from.")
    return x[:keep], y[:keep], x[keep:], y[keep:]


def collect(x, y=None, *_weights, steps=None):
    """Images, labels and batch size of what may be two arrays or batches of pairs.

    Of batches only so many as there are steps in an epoch, where that is said.
    """
    if y is not None:
        return np.asarray(x), np.asarray(y), None
    pairs = itertools.islice(x, min(steps or MOST_BATCHES, MOST_BATCHES))
    pairs = [(np.asarray(images), np.asarray(labels)) for images, labels, *_ in pairs]
    images, labels = (np.concatenate(part) for part in zip(*pairs, strict=True))
    return images, labels, len(pairs[0][0])


def against(number, wanted):
    """How a number stands to the one that is wanted, in a word."""
    if number == wanted:
        return "as many"
    return "one" if number == 1 else "more" if number > wanted else "fewer"


def as_compiled(network):
    """Whether loss, accuracy and optimizer are those with which the network was lent."""
    return network.compiled and compiled_with(network) == lent_with()


def compiled_with(network):
    return _networks.measured(network), type(network.optimizer).__name__


@functools.cache
def lent_with():
    return compiled_with(_networks.linear_network())


def stops_early(callbacks):
    import keras

    callbacks = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    return any(isinstance(callback, keras.callbacks.EarlyStopping) for callback in callbacks)
