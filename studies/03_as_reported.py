"""Lesson 03: both recipes as reported, on all 60,000 training images, with five seeds each.

Nothing is chosen here: the test set is opened once, after the last epoch of each run.
Run: python -m tools.study 03_as_reported (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data
from tools import study

import keras
from keras import layers

EPOCHS = 10


def relu_network():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(28, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def lenet_like():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 3, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(16, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(120, 5, activation="tanh"),
            layers.Flatten(),
            layers.Dense(84, activation="tanh"),
            layers.Dense(10, activation="softmax"),
        ]
    )


# Each recipe: the network, the optimizer, the batch size.
RECIPES = {
    "ReLU network": (relu_network, "adam", 32),
    "LeNet-like network": (lenet_like, "sgd", 128),
}


def train(fashion, build, optimizer, batch_size, seed):
    x_train, x_test = (
        x[..., None].astype("float32") / 255 for x in (fashion.x_train, fashion.x_test)
    )
    keras.utils.set_random_seed(seed)
    network = build()
    network.compile(
        optimizer,
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=50,  # the same steps, with less of Python between them
    )
    network.fit(x_train, fashion.y_train, batch_size=batch_size, epochs=EPOCHS, verbose=0)
    test = network.evaluate(x_test, fashion.y_test, batch_size=1_000, verbose=0)
    return {"parameters": network.count_params(), "test_accuracy": test[1]}


def main():
    fashion = data.load("fashion_mnist")
    rows = {
        name: study.Row(
            train=partial(train, fashion, *recipe),
            data=fashion,
            images=len(fashion.x_train),
            epochs=EPOCHS,
        )
        for name, recipe in RECIPES.items()
    }
    study.run("03_as_reported", rows, key="ReLU network, test_accuracy")


if __name__ == "__main__":
    main()
