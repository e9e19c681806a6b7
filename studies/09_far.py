"""Lesson 09: how far the network of the lesson goes, with numbers of 16 bits in place of 32.

The networks compute in bfloat16 (Keras's policy "mixed_bfloat16": the weights stay float32), which
saves a third of the seconds on a processor that has instructions for it, and costs far more on one
that has none. All 50,000 training images; the settings were chosen on the last 5,000 of them in
earlier runs, and the test images are asked once, after the last epoch.
Run: python -m tools.study 09_far (started twice, it uses two cores).
"""

import pathlib
import time
from functools import partial

from cnncourse import data, resnet
from tools import study

import keras
import numpy as np

# Maps in the blocks, and the side of the images in each epoch.
SIZES = {
    "small in 16 bits": ((32, 64, 128), (16, 32)),
    "medium in 16 bits": ((32, 64, 128), (16, 16, 24, 24, 32)),
    "large in 16 bits": ((64, 128, 256), (16, 16, 24, 24, 24, 32)),
}


def train(images, widths, sides, seed):
    keras.config.set_dtype_policy("mixed_bfloat16")
    began = time.process_time()
    keras.utils.set_random_seed(seed)
    network = resnet.build(images.x_train[:5_000], widths)
    log = resnet.train(network, images.x_train, images.y_train, sides, seed=seed)
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
    processor = pathlib.Path("/proc/cpuinfo")
    if not (processor.exists() and "bf16" in processor.read_text()):
        print("This processor names no instructions for bfloat16: it will take many times as long.")
    images = data.load("cifar10")
    rows = {
        name: study.Row(
            train=partial(train, images, widths, sides),
            data=images,
            images=len(images.x_train),
            epochs=len(sides),
        )
        for name, (widths, sides) in SIZES.items()
    }
    study.run("09_far", rows, key="large in 16 bits, test_accuracy")


if __name__ == "__main__":
    main()
