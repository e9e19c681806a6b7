"""Lesson 03: both recipes as reported, on all 60,000 training images.

Nothing is chosen here: the test set is opened once, after the last epoch of each run.
Run: python -m tools.study 03_as_reported
"""

from functools import partial

from cnncourse import data
from tools import study

import keras
from keras import layers

EPOCHS = 10


def relu_network():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(28, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    return model, keras.optimizers.Adam(), 32


def lenet_like():
    model = keras.Sequential(
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
    return model, keras.optimizers.SGD(), 128


def train(fashion, recipe, seed):
    keras.utils.set_random_seed(seed)
    model, optimizer, batch_size = recipe()
    x_train, x_test = (
        x[..., None].astype("float32") / 255 for x in (fashion.x_train, fashion.x_test)
    )
    model.compile(
        optimizer=optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=50,  # the same steps, with less of Python between them
    )
    model.fit(x_train, fashion.y_train, batch_size=batch_size, epochs=EPOCHS, verbose=0)
    accuracy = model.evaluate(x_test, fashion.y_test, batch_size=1_000, verbose=0)[1]
    return {"parameters": model.count_params(), "test_accuracy": accuracy}


def main():
    fashion = data.load("fashion_mnist")
    rows = {
        name: study.Row(
            train=partial(train, fashion, recipe),
            data=fashion,
            images=len(fashion.x_train),
            epochs=EPOCHS,
        )
        for name, recipe in (("ReLU network", relu_network), ("LeNet-like network", lenet_like))
    }
    study.run("03_as_reported", rows, key="ReLU network, test_accuracy")


if __name__ == "__main__":
    main()
