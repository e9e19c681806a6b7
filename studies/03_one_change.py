"""Lesson 03: from the LeNet-like network, change one thing at a time; five seeds each.

Every variant is trained on the lesson's own split of Fashion-MNIST (55,000 images to learn from,
5,000 held out); the test images are looked at once, after the last epoch.
Run: python -m tools.study 03_one_change (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data
from tools import study

import keras
from keras import layers

EPOCHS = 10
HELD_OUT = 5_000

START = {"activation": "tanh", "pooling": "average", "optimizer": "SGD", "batch": 128, "rate": 0.01}
MODERN = {"activation": "relu", "pooling": "max", "optimizer": "Adam", "batch": 32, "rate": 0.001}
VARIANTS = {
    "LeNet-like": START,
    "activation: ReLU": START | {"activation": "relu"},
    "pooling: max": START | {"pooling": "max"},
    "optimizer: Adam": START | {"optimizer": "Adam", "rate": 0.001},
    "batch size: 32": START | {"batch": 32},
    "learning rate: 0.1": START | {"rate": 0.1},
    "all four": MODERN,
    "all four but the activation": MODERN | {"activation": "tanh"},
}


def build(activation, pooling):
    """The LeNet-like network of the lesson, 61,610 parameters."""
    pool = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}[pooling]
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 3, padding="same", activation=activation),
            pool(2),
            layers.Conv2D(16, 5, activation=activation),
            pool(2),
            layers.Conv2D(120, 5, activation=activation),
            layers.Flatten(),
            layers.Dense(84, activation=activation),
            layers.Dense(10, activation="softmax"),
        ]
    )


def train(fashion, settings, seed):
    (x_train, y_train), (x_val, y_val) = fashion.hold_out(HELD_OUT)
    x_train, x_val, x_test = (
        x[..., None].astype("float32") / 255 for x in (x_train, x_val, fashion.x_test)
    )
    keras.utils.set_random_seed(seed)
    network = build(settings["activation"], settings["pooling"])
    optimizer = {"SGD": keras.optimizers.SGD, "Adam": keras.optimizers.Adam}[settings["optimizer"]]
    network.compile(
        optimizer(learning_rate=settings["rate"]),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=50,  # the same steps, with less of Python between them
    )
    history = network.fit(
        x_train, y_train, epochs=EPOCHS, batch_size=settings["batch"], verbose=0
    ).history
    return {
        "test_accuracy": network.evaluate(x_test, fashion.y_test, batch_size=1_000, verbose=0)[1],
        "validation_accuracy": network.evaluate(x_val, y_val, batch_size=1_000, verbose=0)[1],
        "training_accuracy": history["accuracy"][-1],
    }


def main():
    fashion = data.load("fashion_mnist")
    rows = {
        name: study.Row(
            train=partial(train, fashion, settings),
            data=fashion,
            images=len(fashion.x_train) - HELD_OUT,
            epochs=EPOCHS,
        )
        for name, settings in VARIANTS.items()
    }
    study.run("03_one_change", rows, key="all four, test_accuracy")


if __name__ == "__main__":
    main()
