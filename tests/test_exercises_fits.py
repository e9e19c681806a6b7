"""What a training that an answer has begun is judged by, a step, and a model."""

import copy

from cnncourse.exercises import Wrong, _models, _networks, _steps, _training

import keras
import numpy as np
import pytest
from keras import layers

RANDOM = np.random.default_rng(6)
IMAGES = RANDOM.random((40, 28, 28, 1)).astype("float32")
LABELS = np.eye(10, dtype="float32")[RANDOM.integers(0, 10, 40)]
OTHERS = RANDOM.random((4, 28, 28, 1)).astype("float32")

# Training


def lent(epochs=3):
    """A network as it is lent, and what lends it."""
    network, _, _, _ = _training.case(IMAGES, LABELS, epochs)
    return copy.deepcopy(network), network


def batches(*sizes, images=IMAGES, labels=LABELS):
    """Pairs of images and labels one after the other."""
    pairs, first = [], 0
    for size in sizes:
        pairs.append((images[first : first + size], labels[first : first + size]))
        first += size
    return _training.Batches(pairs)


class Endless:
    """A data set that begins again at its end."""

    def __iter__(self):
        while True:
            yield from batches(32, 8)


RIGHT = {
    "calls of fit": "one",
    "what the network was compiled with is as it was": True,
    "images to learn from are among those given": True,
    "each image comes with its own label": True,
    "held-out images are of those given": True,
    "no image is both learned from and held out": True,
    "counts its epochs from the first": True,
    "epochs against those asked for": "as many",
    "epochs": 3,
    "batches are of 32": True,
    "images per batch": 32,
    "share held out": "as many",
    "images to learn from": 36,
    "images held out": 4,
    "an epoch goes over all of them once": True,
    "all its weights learn": True,
    "all of them count the same": True,
    "held-out images are looked at after every epoch": True,
    "it goes on to the last epoch": True,
}
USUAL = {"x": IMAGES, "y": LABELS, "epochs": 3, "validation_split": 0.1}
HELD = {"validation_data": (IMAGES[36:], LABELS[36:])}
ARRAYS = {"x": IMAGES[:36], "y": LABELS[:36], "epochs": 3}
NONE_HELD = {"share held out": "none", "images to learn from": 40, "images held out": 0}


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (USUAL, {}),
        (ARRAYS | HELD, {}),
        (ARRAYS | {"validation_data": batches(4, images=IMAGES[36:], labels=LABELS[36:])}, {}),
        (USUAL | {"x": batches(32, 8), "y": None, "validation_split": 0}, NONE_HELD),
        (USUAL | {"batch_size": 50}, {"batches are of 32": False, "images per batch": 50}),
        (USUAL | {"epochs": 2}, {"epochs against those asked for": "fewer", "epochs": 2}),
        (USUAL | {"epochs": 1}, {"epochs against those asked for": "one", "epochs": 1}),
        (USUAL | {"epochs": 4}, {"epochs against those asked for": "more", "epochs": 4}),
        (USUAL | {"epochs": 4, "initial_epoch": 1}, {"counts its epochs from the first": False}),
        (USUAL | {"validation_split": 0}, NONE_HELD),
        (USUAL | {"validation_split": 0.5},
         {"share held out": "more", "images to learn from": 20, "images held out": 20}),
        (USUAL | {"validation_split": 0.05},
         {"share held out": "fewer", "images to learn from": 38, "images held out": 2}),
        (ARRAYS | {"validation_data": (OTHERS, LABELS[36:])},
         {"held-out images are of those given": False}),
        (ARRAYS | {"validation_data": (np.concatenate([OTHERS[:2], IMAGES[36:38]]), LABELS[:4])},
         {"held-out images are of those given": False}),
        (ARRAYS | {"validation_data": (IMAGES[36:], LABELS[36:39])},
         {"each image comes with its own label": False}),
        (ARRAYS | {"validation_data": (IMAGES[36:], LABELS[:4])},
         {"each image comes with its own label": False}),
        (ARRAYS | {"validation_data": (IMAGES[:4], LABELS[:4])},
         {"no image is both learned from and held out": False}),
        (USUAL | {"y": LABELS[::-1]}, {"each image comes with its own label": False}),
        (USUAL | {"y": LABELS.argmax(1)}, {"each image comes with its own label": False}),
        (USUAL | {"x": IMAGES / 2}, {"images to learn from are among those given": False,
                                     "held-out images are of those given": False,
                                     "an epoch goes over all of them once": False,
                                     "no image is both learned from and held out": False}),
        (ARRAYS | HELD | {"x": IMAGES[[*range(35), 0]], "y": LABELS[[*range(35), 0]]},
         {"an epoch goes over all of them once": False}),
        (USUAL | {"steps_per_epoch": 1}, {"an epoch goes over all of them once": False}),
        (USUAL | {"steps_per_epoch": 2}, {}),
        (USUAL | {"x": Endless(), "y": None, "validation_split": 0, "steps_per_epoch": 2},
         NONE_HELD),
        (USUAL | {"x": Endless(), "y": None, "validation_split": 0, "steps_per_epoch": 1},
         NONE_HELD | {"images to learn from": 32, "an epoch goes over all of them once": False}),
        (USUAL | {"class_weight": {0: 2.0}}, {"all of them count the same": False}),
        (USUAL | {"sample_weight": np.ones(40)}, {"all of them count the same": False}),
        (USUAL | {"validation_freq": 2},
         {"held-out images are looked at after every epoch": False}),
        (ARRAYS | HELD | {"validation_steps": 1},
         {"held-out images are looked at after every epoch": False}),
        (USUAL | {"callbacks": [keras.callbacks.EarlyStopping()]},
         {"it goes on to the last epoch": False}),
        (USUAL | {"callbacks": keras.callbacks.EarlyStopping()},
         {"it goes on to the last epoch": False}),
        (USUAL | {"callbacks": [keras.callbacks.History()]}, {}),
    ],
)  # fmt: skip
def test_of_a_training_it_is_asked_what_fit_was_given(options, changes):
    network, fresh = lent()
    history = network.fit(**options)
    assert _training.training_facts(history) == RIGHT | changes
    # And in another process, which has nothing but what was noted.
    network.set_weights([weight + 1 for weight in network.get_weights()])
    here = copy.deepcopy(fresh)
    fresh.restore(here, fresh.state(network))
    for one, other in zip(network.get_weights(), here.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    again = here.lesson.calls[-1]
    told = _training.history_of(here, again)
    assert _training.training_facts(told) == RIGHT | changes


def test_a_history_is_as_long_as_the_training_would_have_been():
    network, _ = lent()
    history = network.fit(IMAGES, LABELS, epochs=4, initial_epoch=1, validation_split=0.1)
    assert history.epoch == [1, 2, 3]
    assert history.model is network
    assert history.history == dict.fromkeys(
        ["accuracy", "loss", "val_accuracy", "val_loss"], [0.5] * 3
    )
    assert list(network.fit(IMAGES, LABELS).history) == ["accuracy", "loss"]
    held = network.fit(IMAGES, LABELS, validation_data=(OTHERS, LABELS[:4]))
    assert "val_loss" in held.history


def test_trained_twice_compiled_anew_or_frozen_is_seen():
    network, _ = lent()
    network.fit(**USUAL | {"epochs": 1})
    found = _training.training_facts(network.fit(**USUAL))
    assert found == RIGHT | {"calls of fit": "several"}
    network, _ = lent()
    network.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    found = _training.training_facts(network.fit(**USUAL))
    assert found == RIGHT | {"what the network was compiled with is as it was": False}
    network, _ = lent()
    network.layers[-1].trainable = False
    assert _training.training_facts(network.fit(**USUAL)) == RIGHT | {
        "all its weights learn": False
    }


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"x": None}, "`fit` got no images."),
        ({"x": IMAGES}, "`fit` got images and no labels, so there is nothing to compare with."),
        ({"x": batches(32, 8), "batch_size": 32},
         "A data set is in batches already: Keras refuses `batch_size` beside it."),
        ({"x": batches(32, 8), "validation_split": 0.1},
         "Keras can split arrays alone: hold out a part of a data set by `take`."),
        ({"x": IMAGES, "y": LABELS, "validation_split": 10},
         "`validation_split` is a part of the whole: a number between 0 and 1."),
        ({"x": IMAGES, "y": LABELS, "validation_split": 0.99}, "No image is left to learn from."),
    ],
)  # fmt: skip
def test_what_fit_cannot_take_is_told(options, told):
    network, _ = lent()
    history = network.fit(**options)
    with pytest.raises(Wrong) as caught:
        _training.training_facts(history)
    assert str(caught.value) == told


def test_what_comes_back_is_a_history_of_the_network_that_was_lent():
    network, fresh = lent()
    for value, told in (
        (network, "`fit` was not called, and the network itself came back."),
        (None, "`fit` was not called, and an object of type NoneType came back; what "
         "`network.fit(...)` returns is wanted."),
        ({"loss": []}, "`fit` was not called, and an object of type dict came back; what "
         "`network.fit(...)` returns is wanted."),
    ):  # fmt: skip
        with pytest.raises(Wrong) as caught:
            _training.lesson_of(value)
        assert str(caught.value) == told
    history = network.fit(IMAGES, LABELS)
    assert _training.lesson_of(history) is network.lesson
    for value, told in (
        (history.history, "`fit` was called, and a dict came back: the `history` of what `fit` "
         "returns."),
        ({"x": 1}, "`fit` was called, and an object of type dict came back; what "
         "`network.fit(...)` returns is wanted."),
        (_training.history_of(_networks.linear_network(), network.lesson.calls[0]),
         "This is the History of another network: not of the one that the function was given as "
         "`network`."),
    ):  # fmt: skip
        with pytest.raises(Wrong) as caught:
            _training.lesson_of(value)
        assert str(caught.value) == told
    assert copy.deepcopy(fresh).lesson.calls == [], "the next one begins anew"


def test_where_no_network_fits_nothing_is_noted():
    network, images, labels, epochs = _training.case(IMAGES, LABELS, 3, " to test")
    assert [repr(one) for one in (network, images, labels)] == [
        "network", "images to test", "labels to test",
    ]  # fmt: skip
    assert epochs == 3
    made = copy.deepcopy(network)
    with pytest.raises(TypeError):
        made.fit(IMAGES, LABELS, epoch=3)
    assert made.lesson.calls == []
    assert np.std(made.get_weights()[0]) == pytest.approx(0.05, rel=0.1)


# One step


def test_a_small_network_drops_every_other_input_in_training():
    network = _steps.small_network(4, 3, seed=2)
    images = np.arange(8, dtype="float32").reshape(2, 4)
    w, b = network.w.numpy(), network.b.numpy()
    assert (w.shape, b.shape) == ((4, 3), (3,))
    assert set(np.unique(2 * w)) <= set(range(-8, 9))
    np.testing.assert_allclose(network(images), images @ w + b)
    dropped = images * [0, 2, 0, 2]
    np.testing.assert_allclose(network(images, training=True), dropped @ w + b)
    assert [v.shape for v in network.velocities] == [(3,), (4, 3)]
    assert not any(v.trainable for v in network.velocities)
    assert [v.shape for v in network.trainable_variables] == [(3,), (4, 3)]
    again, other = _steps.small_network(4, 3, seed=2), _steps.small_network(4, 3, seed=3)
    np.testing.assert_array_equal(again.w, w)
    assert (other.w.numpy() != w).any()


def test_a_step_is_what_it_has_left_and_what_it_gives_back():
    fresh, images, labels, rate, momentum = _steps.case(np.random.default_rng(1))
    assert [repr(one) for one in (fresh, images, labels)] == ["network", "images", "labels"]
    assert (rate, momentum) == (0.1, 0.9)
    assert copy.deepcopy(images).shape == (2, 2)
    assert copy.deepcopy(labels).tolist() == [2, 1]
    network = copy.deepcopy(fresh)
    network.b.assign_add(np.ones(3))
    found = _steps.step_facts(np.float32(0.5))
    assert found["loss"] == 0.5
    for key, variables in (
        ("velocities", network.velocities), ("variables", network.trainable_variables)
    ):  # fmt: skip
        for one, other in zip(found[key], variables, strict=True):
            np.testing.assert_array_equal(one, other)
    state = fresh.state(network)
    assert state.keys() == {"velocities", "variables"}
    copy.deepcopy(fresh)  # another was lent since
    fresh.restore(None, state)
    again = _steps.step_facts(0.5)
    for key in ("velocities", "variables"):
        for one, other in zip(found[key], again[key], strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(Wrong, match=r"^What comes back is no number; the loss is wanted\.$"):
        _steps.step_facts(None)


def test_further_steps_are_of_other_sizes():
    random = np.random.default_rng(0)
    sizes, rates, momenta = set(), set(), set()
    for _ in range(100):
        fresh, images, labels, rate, momentum = _steps.drawn_case(random)
        images, labels = copy.deepcopy(images), copy.deepcopy(labels)
        network = copy.deepcopy(fresh)
        assert network.w.shape[0] == images.shape[1]
        assert len(labels) == len(images)
        assert 0.01 <= images.max() <= 1
        np.testing.assert_array_equal(images, images.round(2))
        assert 0 <= labels.min() <= labels.max() < network.w.shape[1]
        sizes.add((*images.shape, network.w.shape[1]))
        rates.add(rate)
        momenta.add(momentum)
    assert {size for each in sizes for size in each} == set(range(2, 6))
    assert 0.01 <= min(rates) < 0.1 < 0.4 < max(rates) <= 0.5
    assert 0.3 <= min(momenta) < 0.45 < 0.8 < max(momenta) <= 0.95
    assert all(round(rate, 2) == rate for rate in rates | momenta)


# Models

BUILD = """
import keras
from keras import layers
def build():
    return keras.Sequential([
        keras.Input((8, 8, 1)),
        layers.Conv2D(3, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(5, activation="relu"),
        layers.Dense(4, activation="softmax"),
    ])
"""
FACTS = {
    "shape of the input": "(None, 8, 8, 1)",
    "further layers": "",
    "layers with parameters": "Conv2D, Dense, Dense",
    "kernels of the convolution": "(3, 3, 1, 3)",
    "pooling": "MaxPooling2D (2, 2)",
    "inputs of the first Dense layer": 27,
    "units of the Dense layers": "5, 4",
    "shape of the output": "(None, 4)",
    "activations": "relu, relu, softmax",
    "parameters": 30 + 140 + 24,
    "parameters that are trained": 194,
    "penalties on the weights": 0,
}


def built(*middle, conv=None, first="relu", end=4, last="softmax", penalty=None):
    conv = conv or [layers.Conv2D(3, 3, activation=first)]
    dense = layers.Dense(5, activation="relu", kernel_regularizer=penalty)
    return keras.Sequential([
        keras.Input((8, 8, 1)), *conv, layers.MaxPooling2D(2), layers.Flatten(), dense, *middle,
        layers.Dense(end, activation=last),
    ])  # fmt: skip


class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.inner = built()

    def call(self, images):
        return self.inner(images)


def functional():
    inputs = keras.Input((8, 8, 1))
    x = layers.MaxPooling2D(2)(keras.ops.relu(layers.Conv2D(3, 3)(inputs)))
    x = layers.Dense(5, activation="relu")(keras.ops.reshape(x, (-1, 27)))
    return keras.Model(inputs, keras.ops.softmax(layers.Dense(4)(x)))


def built_later():
    model = Subclass()
    model.build((None, 8, 8, 1))
    return model


@pytest.mark.parametrize(
    ("make", "changes"),
    [
        (built, {}),
        (lambda: built(conv=[layers.Conv2D(3, 3), layers.ReLU()]), {}),
        (lambda: keras.Sequential([keras.Input((8, 8, 1)), built()]), {}),
        (functional, None),
        (built_later, {}),
        (lambda: built(layers.Dropout(0.5)), {"further layers": "Dropout"}),
        (lambda: built(first="tanh"), {"activations": "tanh, relu, softmax"}),
        (lambda: built(last=None), {"activations": "relu, relu, linear"}),
        (lambda: built(layers.ReLU()), {}),  # twice is once
        (lambda: built(layers.Activation("tanh")), {"activations": "relu, relu + tanh, softmax"}),
        (lambda: built(end=6), {"units of the Dense layers": "5, 6", "parameters": 206,
                                "shape of the output": "(None, 6)",
                                "parameters that are trained": 206}),
        (lambda: built(conv=[layers.Conv2D(3, 3, activation="relu", trainable=False)]),
         {"parameters that are trained": 164}),
        (lambda: built(penalty="l2"), {"penalties on the weights": 1}),
        (lambda: built(layers.BatchNormalization()),
         {"further layers": "BatchNormalization", "parameters": 214,
          "layers with parameters": "Conv2D, Dense, BatchNormalization, Dense",
          "activations": "relu, relu, linear, softmax", "parameters that are trained": 204}),
    ],
)  # fmt: skip
def test_of_a_model_it_is_asked_what_it_is_made_of(make, changes):
    model = make()
    before = model.get_weights()
    found = _models.facts_like(BUILD, (8, 8, 1))(model)
    if changes is None:  # operations that are no layers: what they do counts
        found["further layers"] = ""
        changes = {"pooling": found["pooling"]}
    assert found == FACTS | changes
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (3, "The function gives back an object of type int; a Keras model is wanted. Is there a "
         "`return`?"),
        (keras.Sequential([layers.Dense(3)]),
         "The model does not know the size of its images yet, so it has no parameters to count. "
         "Begin with `keras.Input((8, 8, 1))`, or end with `model.build((None, 8, 8, 1))`."),
    ],
)  # fmt: skip
def test_what_is_no_model_says_what_is_wanted(value, told):
    with pytest.raises(Wrong) as caught:
        _models.steps(value, (8, 8, 1))
    assert str(caught.value) == told


def test_a_model_that_cannot_be_called_says_what_it_raises():
    class Failing(keras.Model):
        def call(self, images):
            raise RuntimeError("it is broken")

    model = Failing()
    model.built = True
    with pytest.raises(Wrong) as caught:
        _models.steps(model, (8, 8, 1))
    assert str(caught.value).startswith("Called with images of (8, 8, 1), the model raises Runtime")
