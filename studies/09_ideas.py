"""Lesson 09: what each idea buys. The small network complete, and with one idea left out a row.

All 50,000 training images, the test images asked once, after the last epoch. The rates were chosen
on the last 5,000 training images in earlier runs, that of plain gradient descent too.
Run: python -m tools.study 09_ideas (started twice, it uses two cores).
"""

import math
import time
from functools import partial

from cnncourse import data, resnet
from tools import study

import keras
import numpy as np

WIDTHS, SIDES = (32, 64, 128), (16, 32)
COMPLETE = {"build": {}, "train": {}, "sides": SIDES, "optimizer": None}


def gradient_descent(steps):
    return keras.optimizers.SGD(resnet.OneCycle(1.6, steps), momentum=0.9, nesterov=True)


def constant_rate(steps):
    return resnet.Muon(0.025)


def averaged(steps):
    return resnet.Muon(resnet.OneCycle(0.15, steps), use_ema=True, ema_momentum=0.98)


ROWS = {
    "complete": {},
    "gradient descent in place of Muon": {"optimizer": gradient_descent},
    "no batch normalisation": {"build": {"normalized": False}},
    "no residual sum": {"build": {"residual": False}},
    "a first layer that learns": {"build": {"whitened": False}},
    "mean in place of maximum": {"build": {"pooling": "mean"}},
    "a constant rate": {"optimizer": constant_rate},
    "batches of 64": {"train": {"batch": 64}},
    "full images from the start": {"sides": (32, 32)},
    "no shifts and flips": {"train": {"shift": 0, "flips": "never"}},
    "flips by chance": {"train": {"flips": "by chance"}},
    "no label smoothing": {"train": {"smoothing": 0.0}},
    "weights averaged (added)": {"optimizer": averaged},
}


def accuracy(network, images, mirrored=False):
    found = resnet.log_probabilities(network, images.x_test, mirrored)
    return np.mean(found.argmax(axis=1) == images.y_test)


def train(images, changed, seed):
    how = COMPLETE | changed
    began = time.process_time()
    keras.utils.set_random_seed(seed)
    network = resnet.build(images.x_train[:5_000], WIDTHS, **how["build"])
    steps = len(how["sides"]) * math.ceil(
        len(images.x_train) / how["train"].get("batch", resnet.BATCH)
    )
    optimizer = how["optimizer"] and how["optimizer"](steps)
    log = resnet.train(
        network,
        images.x_train,
        images.y_train,
        how["sides"],
        seed=seed,
        optimizer=optimizer,
        **how["train"],
    )
    if optimizer and optimizer.use_ema:
        optimizer.finalize_variable_values(network.trainable_variables)
    seconds = time.process_time() - began
    return {
        "test_accuracy": accuracy(network, images),
        "mirrored_test_accuracy": accuracy(network, images, mirrored=True),
        "training_seconds": seconds,
        "training_accuracy": log[-1]["accuracy"],
        "parameters": sum(int(np.prod(w.shape)) for w in network.trainable_weights),
    }


def main():
    images = data.load("cifar10")
    rows = {
        name: study.Row(
            train=partial(train, images, changed),
            data=images,
            images=len(images.x_train),
            epochs=len((COMPLETE | changed)["sides"]),
        )
        for name, changed in ROWS.items()
    }
    study.run("09_ideas", rows, key="complete, test_accuracy")


if __name__ == "__main__":
    main()
