"""A network for Fashion-MNIST that a reader has trained: what is judged, what a right one is told.

Judged is by training images, as often as it likes; the test images are asked once a network, and
it is counted how often.
"""

import contextlib
import functools
import hashlib
import io

from cnncourse import data, results
from cnncourse._tables import as_text
from cnncourse.exercises import Wrong

import numpy as np

MOST_PARAMETERS = 100_000
GUESSING = 0.3  # of the training images: more than a network without training gets right
SET, TAKEN = "fashion_mnist", 2_000
REPORTED = ("two convolutions, reported with the set", "under 100,000", "0.925")
STORED = {  # what it is called here: its record, its row there
    "three convolutions, lesson 02": (
        "02_fair_comparison",
        "Fashion-MNIST: three convolutions, dropout",
    ),
    "CNN of the recipe, lesson 02": ("02_fair_comparison", "Fashion-MNIST: CNN as reported"),
    "dense layers alone, lesson 02": (
        "02_fair_comparison",
        "Fashion-MNIST: MLP with as many parameters, batch 128, dropout, 30 epochs",
    ),
    "ReLU network, lesson 03": ("03_as_reported", "ReLU network"),
    "LeNet-like network, lesson 03": ("03_as_reported", "LeNet-like network"),
}

_asked = {}  # in this kernel: a network's digest, and its accuracy on the test images


@functools.cache
def images():
    """The set, loaded once a kernel; the bank's setup asks first, outside of any time limit.

    Silent: where the images are drawn ones, the cell that loads them for the reader says so.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        return data.load(SET)


def as_input(pixels, scale=1 / 255):
    """Images as `prepare` makes them, or with another scale."""
    return pixels[..., np.newaxis].astype("float32") * np.float32(scale)


def outputs(network, x):
    """What a network gives for each image; by parts, as memory is limited."""
    parts = [np.asarray(network(x[i : i + 250], training=False)) for i in range(0, len(x), 250)]
    return np.concatenate(parts)


def accuracy(given, y):
    return float(np.mean(given.argmax(axis=1) == y))


def sureness(given):
    """How probable its answers are to a network, on average; outputs may be logits as well."""
    if given.min() < 0 or not np.allclose(given.sum(axis=1), 1, atol=1e-3):
        given = np.exp(given - given.max(axis=1, keepdims=True))
        given /= given.sum(axis=1, keepdims=True)
    return given.max(axis=1).mean()


# What is judged -----------------------------------------------------------------------------------


def fashion_facts(network):
    """Size and outputs of the network, and what it has learned, by images of the training set."""
    import keras

    if isinstance(network, keras.callbacks.History):
        raise Wrong("This is what `fit` returns. The network that was fitted is wanted.")
    if not isinstance(network, keras.Model):
        kind = type(network).__name__
        raise Wrong(f"This is an object of type {kind}. The trained Keras network is wanted.")
    x, y = images().x_train[:TAKEN], images().y_train[:TAKEN]
    try:
        shape = np.shape(network(as_input(x[:2]), training=False))
    except Exception as error:
        expects = getattr(network, "input_shape", None)
        if expects:
            told = f"It was built for inputs of shape {tuple(expects)[1:]}."
        else:
            told = f"Keras says: {type(error).__name__}."
        raise Wrong(
            f"It does not take images of 28 × 28 × 1, as `prepare` makes them. {told}"
        ) from error
    facts = {
        "numbers out for an image": str(shape[1:]),
        "parameters above 100,000": max(0, network.count_params() - MOST_PARAMETERS),
    }
    learned = pixels = "unknown"
    if shape == (2, 10):
        scaled, unscaled = (outputs(network, as_input(x, scale)) for scale in (1 / 255, 1))
        right, right_unscaled = accuracy(scaled, y), accuracy(unscaled, y)
        learned = max(right, right_unscaled) > GUESSING
        # Of numbers 255 times smaller than those it knows, a network says less that is right, or
        # the same, but hardly surer than a guess.
        faint = right > 0.5 and sureness(scaled) < 0.2
        pixels = "0 to 255" if faint or right_unscaled > right + 0.02 else "0 to 1"
    return facts | {"is better than a guess": learned, "pixels that it knows": pixels}


# What a right one is told -------------------------------------------------------------------------


def fashion_report(network):
    """Its test accuracy, how often test images were asked in this kernel, the stored networks."""
    fashion, count = images(), network.count_params()
    digest = hashlib.sha256(b"".join(map(np.ndarray.tobytes, network.get_weights()))).digest()
    if digest not in _asked:
        _asked[digest] = accuracy(outputs(network, as_input(fashion.x_test)), fashion.y_test)
    right, times = _asked[digest], len(_asked)
    told = (
        f"Of {len(fashion.y_test):,} test images it gets {right:.4f} right, with {count:,} "
        "parameters. "
    )
    if times == 1:
        told += (
            "It is the first network that you asked them about since the kernel started: if "
            "held-out images made all your choices, this number is a test."
        )
    else:
        told += (
            f"Since the kernel started you have asked them about {times} networks, and the best "
            f"of these got {max(_asked.values()):.4f}. If you keep a network because of such a "
            "number, the number is no test any more (lesson 03)."
        )
    if fashion.stand_in:
        return [("", told), ("", f"{fashion.caption}. So there is nothing to compare it with.")]
    rows = [("your network", f"{count:,}", f"{right:.4f}"), REPORTED, *stored()]
    rows.sort(key=lambda row: float(row[2].split()[0]), reverse=True)
    head = ("network", "parameters", "test accuracy")
    return [("", told), ("Beside others", as_text([head, *rows], right=[1]))]


def stored():
    """The course's own networks below 100,000 parameters: mean and range of their seeds."""
    for called, (record, row) in STORED.items():
        try:
            numbers = {entry["name"]: entry for entry in results.load(record).numbers}
            found = numbers[f"{row}, test_accuracy"]["values"]
            count = numbers[f"{row}, parameters"]["value"]
        except (results.ResultError, KeyError):  # not on record here
            continue
        mean = f"{np.mean(found):.4f} ({min(found):.4f} to {max(found):.4f}, {len(found)} seeds)"
        yield called, f"{count:,.0f}", mean
