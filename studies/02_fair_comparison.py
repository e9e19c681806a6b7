"""Lesson 02: MLP and CNN as reported, one change at a time, and both of them given a fair chance.

The test images are scaled as the training images are; nothing is chosen on them.
Run: python -m tools.study 02_fair_comparison
"""

from functools import partial

from cnncourse import data
from tools import study

import keras
import numpy as np
from keras import layers

EPOCHS = 10
LONGER = 30
HELD_OUT = 4_000


def mlp(shape, classes):
    return [layers.Flatten(), *recipe_head(classes)]


def matched_mlp(shape, classes):
    hidden = {1: 93, 3: 33}[shape[-1]]
    return [layers.Flatten(), layers.Dense(hidden, activation="relu"), output(classes)]


def matched_mlp_with_dropout(shape, classes):
    *hidden, last = matched_mlp(shape, classes)
    return [*hidden, layers.Dropout(0.3), last]


def cnn(shape, classes):
    return [*recipe_convolution(), *recipe_head(classes)]


def cnn_without_bottleneck(shape, classes):
    return [*recipe_convolution(), output(classes)]


def three_convolutions(shape, classes):
    *convolutions, _, last = three_convolutions_with_dropout(shape, classes)
    return [*convolutions, last]


def three_convolutions_with_dropout(shape, classes):
    convolutions = []
    for kernels in (32, 64, 80):
        convolutions.append(layers.Conv2D(kernels, 3, padding="same", activation="relu"))
        convolutions.append(layers.MaxPooling2D())
    return [*convolutions, layers.Flatten(), layers.Dropout(0.3), output(classes)]


def recipe_convolution():
    return [layers.Conv2D(32, 4, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]


def recipe_head(classes):
    return [
        layers.Dense(16, activation="relu"),
        layers.Dense(8, activation="relu"),
        output(classes),
    ]


def output(classes):
    return layers.Dense(classes, activation="softmax")


# Each row: the layers, the batch size, the epochs.
ROWS = {
    "MLP as reported": (mlp, 1_000, EPOCHS),
    "CNN as reported": (cnn, 2_000, EPOCHS),
    "MLP with as many parameters": (matched_mlp, 1_000, EPOCHS),
    "MLP with as many parameters, batch 128, dropout": (matched_mlp_with_dropout, 128, EPOCHS),
    "MLP with as many parameters, batch 128, dropout, 30 epochs": (
        matched_mlp_with_dropout,
        128,
        LONGER,
    ),
    "CNN, no bottleneck, batch 128": (cnn_without_bottleneck, 128, EPOCHS),
    "three convolutions, dropout": (three_convolutions_with_dropout, 128, EPOCHS),
}
# One change at a time, on Fashion-MNIST alone.
CHANGES = {
    "MLP with as many parameters, batch 128": (matched_mlp, 128, EPOCHS),
    "CNN, batch 128": (cnn, 128, EPOCHS),
    "CNN, no bottleneck": (cnn_without_bottleneck, 2_000, EPOCHS),
    "three convolutions": (three_convolutions, 128, EPOCHS),
}


def train(images, stack, batch_size, epochs, seed):
    keras.utils.set_random_seed(seed)
    (x_train, y_train), (x_val, y_val) = images.hold_out(HELD_OUT)
    shape = (*x_train.shape[1:3], x_train.shape[3] if x_train.ndim == 4 else 1)
    network = keras.Sequential(
        [
            keras.Input(shape[:2] if shape[2] == 1 else shape),
            layers.Reshape(shape),
            layers.Rescaling(1 / 255),
            *stack(shape, len(images.class_names)),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = network.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        validation_batch_size=500,
        epochs=epochs,
        batch_size=batch_size,
        verbose=0,
    ).history
    accuracies = history["val_accuracy"]
    _, test_accuracy = network.evaluate(images.x_test, images.y_test, verbose=0, batch_size=500)
    return {
        "parameters": network.count_params(),
        "train_accuracy": history["accuracy"][-1],
        "val_accuracy": accuracies[-1],
        "best_val_accuracy": max(accuracies),
        "best_epoch": 1 + int(np.argmax(accuracies)),
        "test_accuracy": test_accuracy,
    }


def main():
    plan = (
        (data.load("fashion_mnist"), ROWS | CHANGES),
        (data.load("cifar100", labels="coarse"), ROWS),
    )
    rows = {
        f"{images.title}: {row}": study.Row(
            train=partial(train, images, stack, batch_size, epochs),
            data=images,
            images=len(images.x_train) - HELD_OUT,
            epochs=epochs,
        )
        for images, chosen in plan
        for row, (stack, batch_size, epochs) in chosen.items()
    }
    study.run(
        "02_fair_comparison", rows, key="Fashion-MNIST: three convolutions, dropout, test_accuracy"
    )


if __name__ == "__main__":
    main()
