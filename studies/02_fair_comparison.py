"""Lesson 02: MLP and CNN as reported, one change at a time, and a deeper CNN of no more parameters.

Three seeds a row; the test images are scaled as the training images are.
Run: python studies/02_fair_comparison.py (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data, results, study

import keras
from keras import layers

SEEDS = (1, 2, 3)
EPOCHS = 10
HELD_OUT = 4_000


def mlp(shape, classes):
    return [layers.Flatten(), *recipe_head(classes)]


def matched_mlp(shape, classes):
    hidden = {1: 93, 3: 33}[shape[-1]]
    return [
        layers.Flatten(),
        layers.Dense(hidden, activation="relu"),
        layers.Dense(classes, activation="softmax"),
    ]


def cnn(shape, classes):
    return [*recipe_convolution(), *recipe_head(classes)]


def cnn_without_bottleneck(shape, classes):
    return [*recipe_convolution(), layers.Dense(classes, activation="softmax")]


def deeper_cnn(shape, classes):
    convolutions = []
    for kernels in (32, 64, 80):
        convolutions.append(layers.Conv2D(kernels, 3, padding="same", activation="relu"))
        convolutions.append(layers.MaxPooling2D())
    return [
        *convolutions,
        layers.Flatten(),
        layers.Dropout(0.3),
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


# Each row: the layers, the batch size.
ROWS = {
    "MLP as reported": (mlp, 1_000),
    "CNN as reported": (cnn, 2_000),
    "MLP with as many parameters": (matched_mlp, 1_000),
    "three convolutions": (deeper_cnn, 128),
}
# What holds the reported CNN back, one change at a time.
CHANGES = {
    "CNN, batch 100": (cnn, 100),
    "CNN, no bottleneck": (cnn_without_bottleneck, 2_000),
}


def train(images, stack, batch_size, seed):
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
    network.fit(x_train, y_train, epochs=EPOCHS, batch_size=batch_size, verbose=0)
    return {
        "parameters": network.count_params(),
        "val_accuracy": network.evaluate(x_val, y_val, verbose=0, batch_size=500)[1],
        "test_accuracy": network.evaluate(images.x_test, images.y_test, verbose=0, batch_size=500)[
            1
        ],
    }


def main():
    study.storing()
    plan = (
        (data.load("fashion_mnist"), ROWS | CHANGES),
        (data.load("cifar100", labels="coarse"), ROWS),
    )
    rows = {
        f"{images.title}: {row}": partial(train, images, stack, batch_size)
        for images, chosen in plan
        for row, (stack, batch_size) in chosen.items()
    }
    runs = study.measure("02_fair_comparison", rows, SEEDS)
    book = results.Book("02_fair_comparison")
    for images, chosen in plan:
        trained_on = len(images.x_train) - HELD_OUT
        for row in chosen:
            name = f"{images.title}: {row}"
            for number in ("parameters", "val_accuracy", "test_accuracy"):
                book.add(
                    f"{name}, {number}",
                    [run[number] for run in runs[name]],
                    data=images,
                    seeds=list(SEEDS),
                    epochs=EPOCHS,
                    images=trained_on,
                    cpu_seconds=sum(run["cpu_seconds"] for run in runs[name]),
                )
    total = sum(run["cpu_seconds"] for row in runs.values() for run in row)
    print(book.close("Fashion-MNIST: three convolutions, test_accuracy", total))


if __name__ == "__main__":
    main()
