"""Lesson 02: MLP and CNN as reported, then one change a row, then both trained as well as we can.

Five seeds a row; the test images are scaled as the training images are, and choose nothing.
Run: python -m tools.study 02_fair_comparison (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data
from tools import study

import keras
from keras import layers

HELD_OUT = 4_000
DROPOUT = 0.3


def mlp(shape, classes):
    return [layers.Flatten(), *recipe_head(classes)]


def matched_mlp(shape, classes, dropout=0.0):
    hidden = {1: 93, 3: 33}[shape[-1]]
    return [
        layers.Flatten(),
        layers.Dense(hidden, activation="relu"),
        *([layers.Dropout(dropout)] if dropout else []),
        layers.Dense(classes, activation="softmax"),
    ]


def cnn(shape, classes):
    return [*recipe_convolution(), *recipe_head(classes)]


def cnn_without_bottleneck(shape, classes):
    return [*recipe_convolution(), layers.Dense(classes, activation="softmax")]


def three_convolutions(shape, classes, dropout=0.0):
    convolutions = []
    for kernels in (32, 64, 80):
        convolutions.append(layers.Conv2D(kernels, 3, padding="same", activation="relu"))
        convolutions.append(layers.MaxPooling2D())
    return [
        *convolutions,
        layers.Flatten(),
        *([layers.Dropout(dropout)] if dropout else []),
        layers.Dense(classes, activation="softmax"),
    ]


def recipe_convolution():
    return [layers.Conv2D(32, 4, activation="relu"), layers.MaxPooling2D(), layers.Flatten()]


def recipe_head(classes):
    return [
        layers.Dense(16, activation="relu"),
        layers.Dense(8, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ]


matched_with_dropout = partial(matched_mlp, dropout=DROPOUT)
three_with_dropout = partial(three_convolutions, dropout=DROPOUT)

# Each row: the layers, the batch size, the epochs.
ROWS = {
    "MLP as reported": (mlp, 1_000, 10),
    "CNN as reported": (cnn, 2_000, 10),
    "MLP with as many parameters": (matched_mlp, 1_000, 10),
    "MLP with as many parameters, batch 128, dropout": (matched_with_dropout, 128, 10),
    "MLP with as many parameters, batch 128, dropout, 30 epochs": (matched_with_dropout, 128, 30),
    "CNN, no bottleneck, batch 128": (cnn_without_bottleneck, 128, 10),
    "three convolutions, dropout": (three_with_dropout, 128, 10),
}
# One change at a time between the two ends, on Fashion-MNIST alone.
STEPS_BETWEEN = {
    "MLP with as many parameters, batch 128": (matched_mlp, 128, 10),
    "CNN, batch 128": (cnn, 128, 10),
    "CNN, no bottleneck": (cnn_without_bottleneck, 2_000, 10),
    "three convolutions": (three_convolutions, 128, 10),
}


def train(images, stack, batch_size, epochs, seed):
    (x_train, y_train), (x_val, y_val) = images.hold_out(HELD_OUT)
    shape = (*x_train.shape[1:3], x_train.shape[3] if x_train.ndim == 4 else 1)
    keras.utils.set_random_seed(seed)
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
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        verbose=0,
    ).history
    validation = history["val_accuracy"]
    test = network.evaluate(images.x_test, images.y_test, verbose=0, batch_size=500)
    return {
        "parameters": network.count_params(),
        "train_accuracy": history["accuracy"][-1],
        "val_accuracy": validation[-1],
        "best_val_accuracy": max(validation),
        "best_epoch": validation.index(max(validation)) + 1,
        "test_accuracy": test[1],
    }


def main():
    plan = (
        (data.load("fashion_mnist"), ROWS | STEPS_BETWEEN),
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
