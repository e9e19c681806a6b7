"""What exercises lend and ask of networks: decided by what a network does."""

import copy

from cnncourse.exercises import Wrong, _networks

import keras
import numpy as np
import pytest
from keras import layers

IMAGES = np.random.default_rng(2).random((5, 28, 28, 1)).astype("float32")


def small(*inner, shape=(28, 28, 1), end=10, activation="softmax"):
    last = layers.Dense(end, activation=activation)
    return keras.Sequential([keras.Input(shape), *inner, layers.Flatten(), last])


def longer(last):
    """A network that is right, with a layer behind it."""
    right = small(layers.Conv2D(2, 3))
    return keras.Sequential([keras.Input((28, 28, 1)), *right.layers, last])


# What is lent


def test_a_network_is_made_anew_and_the_last_one_is_known():
    made = []
    fresh = _networks.FreshNetwork(lambda: made.append(object()) or made[-1], "the network")
    assert repr(fresh) == "the network"
    first, second = copy.deepcopy(fresh), copy.deepcopy([fresh])[0]
    assert [first, second] == made
    assert _networks.FreshNetwork.lent is second
    assert fresh.state is not None


def test_images_are_lent_as_copies_by_their_name():
    images, labels = np.zeros((2, 3)), np.ones(2)
    one, other = _networks.named(images, labels, " to test")
    assert (repr(one), repr(other)) == ("images to test", "labels to test")
    (alone,) = _networks.named(images)
    assert repr(alone) == "images"
    lent = copy.deepcopy(one)
    lent += 1
    assert images.sum() == 0
    assert alone.state(lent) is None
    assert alone.restore(lent, None) is None


def test_digits_are_noise_of_two_decimals():
    found = _networks.digits(7, np.random.default_rng(1))
    assert (found.shape, found.dtype) == ((7, 28, 28), np.float32)
    np.testing.assert_array_equal(found, found.round(2))
    assert 0 <= found.min() < 0.1 < 0.9 < found.max() <= 1


def test_a_linear_network_is_a_softmax_of_its_weights():
    weights = np.random.default_rng(3).normal(size=(784, 10))
    network = _networks.linear_network(weights)
    logits = IMAGES.reshape(5, -1) @ weights
    shares = np.exp(logits - logits.max(1, keepdims=True))
    np.testing.assert_allclose(network(IMAGES), shares / shares.sum(1, keepdims=True), atol=1e-4)
    assert network.compiled
    assert network.run_eagerly
    config = network.get_compile_config()
    assert (config["loss"], config["metrics"]) == ("categorical_crossentropy", ["accuracy"])
    np.testing.assert_allclose(_networks.linear_network()(IMAGES), 0.1, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "kinds", "kernel"),
    [
        (_networks.plain_network, ["Conv2D", "MaxPooling2D", "Conv2D"], (3, 3, 1)),
        (
            _networks.functional_network,
            ["BatchNormalization", "Conv2D", "MaxPooling2D", "Conv2D"],
            (5, 5, 1),
        ),
    ],
)
def test_networks_to_look_into_have_the_weights_of_a_seed(make, kinds, kernel):
    network, again, other = make(2, 6), make(2, 6), make(3, 6)
    found = [type(layer).__name__ for layer in network.layers if layer.name[:5] != "input"]
    assert found == [*kinds, "GlobalAveragePooling2D", "Dense"]
    (first, second) = (one for one in network.layers if isinstance(one, layers.Conv2D))
    assert (first.kernel.shape, second.kernel.shape) == ((*kernel, 6), (3, 3, 6, 3))
    assert network.output_shape == (None, 10)
    assert not network.compiled
    for one, same, another in zip(*(n.get_weights() for n in (network, again, other)), strict=True):
        np.testing.assert_array_equal(one, same)
        assert (one != another).all()
        assert one.ndim > 1 or (one > 0.1).all(), "a variance is positive"
    assert np.isfinite(network(IMAGES)).all()
    assert np.std(first.kernel) == pytest.approx(0.3, rel=0.4)


def test_what_was_lent_comes_into_the_state_that_it_was_left_in():
    fresh = _networks.FreshNetwork(_networks.plain_network, "the network")
    left, here = copy.deepcopy(fresh), copy.deepcopy(fresh)
    left.layers[0].trainable = False
    left.set_weights([weight + 1 for weight in left.get_weights()])
    state = fresh.state(left)
    assert state["compiled"] is None
    fresh.restore(here, state)
    assert [weight.trainable for weight in here.weights] == [False] * 2 + [True] * 4
    assert not here.compiled
    for one, other in zip(left.get_weights(), here.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    left.compile(keras.optimizers.SGD(0.25), "categorical_crossentropy")
    fresh.restore(here, fresh.state(left))
    assert here.compiled
    assert float(here.optimizer.learning_rate) == 0.25


# What is asked


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("x", "No array of numbers came back, but an object of type str."),
        (None, "No array of numbers came back, but an object of type NoneType."),
        ([1, "x"], "No array of numbers came back, but a list with 2 entries."),
        ([[1, 2], [3]], "No array of numbers came back, but a list with 2 entries."),
    ],
)
def test_what_is_no_array_is_called_by_what_it_is(value, told):
    for ask in (_networks.array_facts, _networks.image_facts):
        with pytest.raises(Wrong) as caught:
            ask(value)
        assert str(caught.value) == told


def test_of_an_array_shape_and_numbers_are_told_apart():
    found = _networks.array_facts([[1, 2, 3], [4, 5, 6]])
    assert (found["axes"], found["shape"]) == (2, "(2, 3)")
    np.testing.assert_array_equal(found["numbers"], [[1, 2, 3], [4, 5, 6]])
    found = _networks.image_facts([[1, 2, 3], [4, 5, 6]])
    assert list(found) == ["shape", "numbers, image after image"]
    np.testing.assert_array_equal(found["numbers, image after image"], range(1, 7))


RIGHT = {
    "shape of the input": "(None, 28, 28, 1)",
    "axes of the output": 2,
    "outputs against classes": 0,
    "shape of the output": "(None, 10)",
    "has a Conv2D layer": True,
    "has at most 5 million parameters": True,
    "its ten outputs are probabilities": True,
    "they are so while it learns": True,
    "one of them can come near to 1": True,
}
UNKNOWN = dict.fromkeys(_networks.PROBABILITIES, "unknown")


class Twice(layers.Layer):
    """Right at an answer, and twice as much in training."""

    def call(self, values, training=False):
        return 2 * values if training else values


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        (lambda: small(layers.Conv2D(2, 3)), {}),
        (lambda: small(), {"has a Conv2D layer": False}),
        (lambda: small(layers.Conv2D(2, 3), end=12),
         {"outputs against classes": 1, "shape of the output": "(None, 12)"} | UNKNOWN),
        (lambda: small(layers.Conv2D(2, 3), end=9),
         {"outputs against classes": -1, "shape of the output": "(None, 9)"} | UNKNOWN),
        (lambda: small(layers.Conv2D(2, 3), shape=(28, 28, 3)),
         {"shape of the input": "(None, 28, 28, 3)"} | UNKNOWN),
        (lambda: small(layers.Conv2D(2, 3), activation="sigmoid"),
         {"its ten outputs are probabilities": False, "they are so while it learns": False}),
        (lambda: small(layers.Conv2D(2, 3), activation=None),
         {"its ten outputs are probabilities": False, "they are so while it learns": False}),
        (lambda: longer(layers.Softmax()),
         {"one of them can come near to 1": False}),
        (lambda: longer(layers.Rescaling(11, offset=-1)),  # they add up to 1, some below 0
         {"its ten outputs are probabilities": False, "they are so while it learns": False}),
        (lambda: longer(Twice()),
         {"they are so while it learns": False}),
        (lambda: small(layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(4000)),
         {"has at most 5 million parameters": False}),
    ],
)  # fmt: skip
def test_of_a_network_it_is_asked_what_it_does(network, changes):
    network = network()
    before = network.get_weights()
    assert _networks.network_facts(network) == RIGHT | changes
    for one, other in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


class OfOnesOwn(keras.Model):
    def call(self, images):
        return images


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (3, "`build_network()` gave back an object of type int; a Keras model is wanted."),
        (OfOnesOwn(), "A class of its own is a network too"),
        (keras.Sequential([layers.Dense(10)]), "The model does not know the size of its images"),
    ],
)
def test_what_cannot_be_asked_is_told_what_is_wanted(value, told):
    with pytest.raises(Wrong) as caught:
        _networks.network_facts(value)
    assert str(caught.value).startswith(told)


def compiled(optimizer, loss="categorical_crossentropy", metrics=("accuracy",)):
    network = _networks.FreshNetwork(small, "x").__deepcopy__(None)
    network.compile(optimizer, loss, metrics=list(metrics))
    return network


@pytest.mark.parametrize(
    ("made", "changes"),
    [
        (lambda: compiled(keras.optimizers.Adam(0.001)), {}),
        (lambda: compiled(keras.optimizers.Nadam(0.0101)), {}),
        (lambda: compiled(keras.optimizers.AdamW(0.02)), {"its learning rate is high": True}),
        (lambda: compiled(keras.optimizers.Adam(0.00005)), {"its learning rate is low": True}),
        (lambda: compiled(keras.optimizers.SGD(0.01)),
         {"optimizer": "SGD", "optimizer is Adam": False}),
        (lambda: compiled("adam", metrics=[]),
         {"has a metric": False, "names of the metrics": "",
          "accuracy of three images": "no metric of this name"}),
        (lambda: compiled("adam", metrics=["mse", "accuracy"]), {}),
        (lambda: compiled("adam", metrics=["mse"]),
         {"names of the metrics": "mse", "accuracy of three images": "no metric of this name"}),
    ],
)  # fmt: skip
def test_of_a_compiled_network_it_is_asked_what_it_measures(made, changes):
    network = made()
    found = _networks.compiled_facts(network)
    shares = np.array([0.55, 0.55, 0.05]) / (0.55 + 9 * 0.05)
    assert found.pop("loss of three images") == pytest.approx(-np.log(shares).mean(), abs=1e-3)
    right = {
        "it is the network that was given": True,
        "names of the metrics": "accuracy",
        "has a metric": True,
        "accuracy of three images": round(2 / 3, 4),
        "optimizer": "Adam",
        "optimizer is Adam": True,
        "its learning rate is high": False,
        "its learning rate is low": False,
    }
    assert found == right | changes


def test_a_network_that_is_another_or_not_compiled_is_told_so():
    compiled("adam")
    other = small()
    other.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    assert not _networks.compiled_facts(other)["it is the network that was given"]
    for value, told in (
        (3, "`compile_network` gave back an object of type int; the network itself is wanted"),
        (small(), "The network that came back is not compiled: call `network.compile(...)`."),
    ):
        with pytest.raises(Wrong) as caught:
            _networks.compiled_facts(value)
        assert str(caught.value).startswith(told)


def test_a_loss_that_cannot_be_had_is_told_in_the_words_of_keras():
    network = compiled("adam", loss="sparse_categorical_crossentropy")
    told = _networks.measured(network)["loss"]
    assert isinstance(told, str)
    kind, _, said = told.partition(": ")
    assert kind.endswith("Error")
    assert 5 < len(said) <= 70
