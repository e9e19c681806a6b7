"""Lesson 03: both recipes as reported, on all 60,000 training images, with three seeds each.

Nothing is chosen here: the test set is opened once, after the last epoch of each run. Writes
results/03_as_reported.json when CNNCOURSE_STORE=1.

    python studies/03_as_reported.py
"""

import time

from cnncourse import budget, data, results

import keras
import numpy as np
from keras import layers

EPOCHS = budget.choose(full=10, quick=1)
IMAGES = budget.choose(full=None, quick=2_000)
SEEDS = budget.choose(full=[1, 2, 3], quick=[1])


def relu_network() -> tuple[keras.Model, keras.Optimizer, int]:
    """The network of 38,254 parameters, its optimizer and its batch size."""
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


def lenet_like() -> tuple[keras.Model, keras.Optimizer, int]:
    """The network of 61,610 parameters, its optimizer and its batch size."""
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


def main() -> None:
    book = results.Book("03_as_reported")
    fashion = data.load("fashion_mnist").take(train=IMAGES)
    print(fashion)
    x_train, x_test = (
        x[..., None].astype("float32") / 255 for x in (fashion.x_train, fashion.x_test)
    )
    about = {"data": fashion, "epochs": EPOCHS, "images": len(x_train)}
    for name, recipe, parameters in (
        ("relu_network", relu_network, 38_254),
        ("lenet_like", lenet_like, 61_610),
    ):
        accuracies = []
        for seed in SEEDS:
            keras.utils.set_random_seed(seed)
            model, optimizer, batch = recipe()
            assert model.count_params() == parameters
            model.compile(
                optimizer=optimizer,
                loss="sparse_categorical_crossentropy",
                metrics=["accuracy"],
                steps_per_execution=50,  # the same steps, with less of Python between them
            )
            start = time.process_time()
            model.fit(x_train, fashion.y_train, batch, EPOCHS, verbose=0)
            seconds = round(time.process_time() - start, 1)
            accuracy = model.evaluate(x_test, fashion.y_test, batch_size=1_000, verbose=0)[1]
            accuracies.append(accuracy)
            book.add(
                f"{name}/{seed}/test_accuracy", accuracy, seeds=[seed], cpu_seconds=seconds, **about
            )
            print(f"{name:13} seed {seed}: test {accuracy:.4f}, {seconds:.0f} CPU s", flush=True)
        book.add(f"{name}/mean/test_accuracy", np.mean(accuracies), seeds=SEEDS, **about)
    print(book.close(key="relu_network/mean/test_accuracy"))


if __name__ == "__main__":
    main()
