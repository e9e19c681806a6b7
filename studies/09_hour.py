"""Lesson 09: how far a wide network of the lesson's kind goes in an hour of two cores.

Half as many maps again as the largest of `09_far`, in bfloat16, for 36 epochs, on images that are
shifted by up to two pixels and have a square of eight cut out, since without that it would know its
training images by heart. One run, nothing chosen by it; the settings were set down before it.
Run: python -m tools.study 09_hour
"""

import time
from functools import partial

from cnncourse import data, resnet
from tools import study

import keras
import numpy as np

WIDTHS = (96, 192, 384)
SIDES = (16,) * 12 + (24,) * 12 + (32,) * 12


def train(images, seed):
    keras.config.set_dtype_policy("mixed_bfloat16")
    began = time.process_time()
    keras.utils.set_random_seed(seed)
    network = resnet.build(images.x_train[:5_000], WIDTHS)
    log = resnet.train(network, images.x_train, images.y_train, SIDES, seed=seed, shift=2, cutout=8)
    trained = time.process_time()
    found = resnet.log_probabilities(network, images.x_test)
    answered = time.process_time()
    both = resnet.log_probabilities(network, images.x_test, mirrored=True)
    return {
        "test_accuracy": np.mean(found.argmax(axis=1) == images.y_test),
        "mirrored_test_accuracy": np.mean(both.argmax(axis=1) == images.y_test),
        "training_seconds": trained - began,
        "answering_seconds": answered - trained,
        "training_accuracy": log[-1]["accuracy"],
        "parameters": sum(int(np.prod(w.shape)) for w in network.trainable_weights),
    }


def main():
    images = data.load("cifar10")
    row = study.Row(
        train=partial(train, images), data=images, images=len(images.x_train), epochs=len(SIDES)
    )
    study.run("09_hour", {"hour": row}, key="hour, test_accuracy", seeds=(1,))


if __name__ == "__main__":
    main()
