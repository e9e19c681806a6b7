"""Lesson 09: its network on digits and on clothing, beside the networks of lessons 05 and 03.

The lesson's small network in bfloat16 on all 60,000 training images, the longer trainings on half
of their side first. Digits are moved by up to two pixels and never mirrored. The networks beside it
are LeNet of today of lesson 05 and the ReLU network of lesson 03, as the full budget trains them.
Settings were chosen on the last 5,000 training images in earlier runs, but for the short training
on clothing: one epoch, at the price of the network beside it.
Run: python -m tools.study 09_sets (started twice, it uses two cores).
"""

import time
from functools import partial

from cnncourse import data, resnet
from tools import study

import keras
import numpy as np
from keras import layers

WIDTHS = (32, 64, 128)
LENET = (
    layers.Conv2D(6, 5, activation="relu"),
    layers.MaxPooling2D(2),
    layers.Conv2D(16, 5, activation="relu"),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dense(120, activation="relu"),
    layers.Dense(84, activation="relu"),
)
RELU = (
    layers.Conv2D(8, 3, activation="relu"),
    layers.MaxPooling2D(2),
    layers.Flatten(),
    layers.Dense(28, activation="relu"),
)


def earlier(images, hidden, batch, epochs, together, seed):
    """Train a network of an earlier lesson; together: steps that Keras runs in one call."""
    keras.config.set_dtype_policy("float32")
    began = time.process_time()
    keras.utils.set_random_seed(seed)
    network = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            *(type(layer).from_config(layer.get_config()) for layer in hidden),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(
        "adam",
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=together,
    )
    x_train = images.x_train[..., None].astype("float32")
    log = network.fit(x_train, images.y_train, batch_size=batch, epochs=epochs, verbose=0)
    trained = time.process_time()
    p = network.predict(images.x_test[..., None].astype("float32"), batch_size=500, verbose=0)
    return {
        "test_accuracy": np.mean(p.argmax(axis=1) == images.y_test),
        "training_seconds": trained - began,
        "training_accuracy": log.history["accuracy"][-1],
        "parameters": network.count_params(),
    }


def better(images, sides, how, seed):
    keras.config.set_dtype_policy("mixed_bfloat16")
    began = time.process_time()
    keras.utils.set_random_seed(seed)
    x_train = images.x_train[..., None]
    network = resnet.build(x_train[:5_000], WIDTHS)
    log = resnet.train(network, x_train, images.y_train, sides, seed=seed, **how)
    trained = time.process_time()
    found = resnet.log_probabilities(network, images.x_test[..., None])
    return {
        "test_accuracy": np.mean(found.argmax(axis=1) == images.y_test),
        "training_seconds": trained - began,
        "training_accuracy": log[-1]["accuracy"],
        "parameters": sum(int(np.prod(w.shape)) for w in network.trainable_weights),
    }


def main():
    digits, clothing = data.load("mnist"), data.load("fashion_mnist")
    still = {"flips": "never", "shift": 2}
    rows = {}

    def add(name, images, train, epochs):
        rows[name] = study.Row(train=train, data=images, images=len(images.x_train), epochs=epochs)

    add("LeNet of today", digits, partial(earlier, digits, LENET, 128, 20, 50), 20)
    add("ReLU network", clothing, partial(earlier, clothing, RELU, 32, 10, 1), 10)
    for name, sides in {"": (14, 28), ", longer": (14, 14, 28, 28)}.items():
        add(f"digits{name}", digits, partial(better, digits, sides, still), len(sides))
    for name, sides in {"": (28,), ", longer": (14, 14, 28, 28)}.items():
        add(f"clothing{name}", clothing, partial(better, clothing, sides, {}), len(sides))
    study.run("09_sets", rows, key="digits, test_accuracy")


if __name__ == "__main__":
    main()
