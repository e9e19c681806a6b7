"""Lesson 04: the recipe as reported and the mended one, five seeds each.

As reported: 50,000 training images, stopped by the loss on the test images, last weights kept.
Mended: 5,000 of them held out, stopped by the loss on those, best weights kept; then a few epochs
at a tenth of the learning rate, stopped and kept in the same way.
Run: python -m tools.study 04_seeds (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data
from tools import study

import keras
import numpy as np
from keras import layers

EPOCHS, FINE_EPOCHS = 15, 5
HELD_OUT = 5_000


def build_network():
    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 4, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 4, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def scale(images):
    return images.astype("float32") / 255


def measured(network, images, what):
    """Loss, accuracy and mean confidence on the test images, with their names."""
    p = network.predict(scale(images.x_test), batch_size=500, verbose=0)
    right = p[np.arange(len(p)), images.y_test]
    return {
        f"{what}_test_loss": -np.log(np.maximum(right, 1e-7)).mean(),
        f"{what}_test_accuracy": (p.argmax(axis=1) == images.y_test).mean(),
        f"{what}_confidence": p.max(axis=1).mean(),
    }


def as_reported(images, seed):
    keras.utils.set_random_seed(seed)
    network = build_network()
    kept = []
    history = network.fit(
        scale(images.x_train),
        images.y_train,
        epochs=EPOCHS,
        batch_size=32,
        validation_data=(scale(images.x_test), images.y_test),
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=2),
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda epoch, logs: kept.append(network.get_weights())
            ),
        ],
        verbose=0,
    ).history
    numbers = {"epochs": len(kept), "train_accuracy": history["accuracy"][-1]}
    numbers |= measured(network, images, "last")
    network.set_weights(kept[int(np.argmin(history["val_loss"]))])
    return numbers | measured(network, images, "best")


def mended(images, seed):
    keras.utils.set_random_seed(seed)
    network = build_network()
    (x_train, y_train), (x_val, y_val) = images.hold_out(HELD_OUT)
    x_train, x_val = scale(x_train), scale(x_val)
    numbers = {}
    for what, rate, epochs in (("best", 1e-3, EPOCHS), ("fine", 1e-4, FINE_EPOCHS)):
        network.optimizer.learning_rate = rate
        stopping = keras.callbacks.EarlyStopping(
            monitor="val_loss", patience=2, restore_best_weights=True
        )
        history = network.fit(
            x_train,
            y_train,
            epochs=epochs,
            batch_size=32,
            validation_data=(x_val, y_val),
            callbacks=[stopping],
            verbose=0,
        ).history
        numbers[f"{what}_epochs"] = len(history["loss"])
        numbers |= measured(network, images, what)
    return numbers


def main():
    images = data.load("cifar10")
    everything = len(images.x_train)
    rows = {
        "as reported": study.Row(
            train=partial(as_reported, images), data=images, images=everything
        ),
        "mended": study.Row(
            train=partial(mended, images), data=images, images=everything - HELD_OUT
        ),
    }
    study.run("04_seeds", rows, key="mended, fine_test_accuracy")


if __name__ == "__main__":
    main()
