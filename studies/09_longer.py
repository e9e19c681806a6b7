"""Lesson 09: how far its largest network goes with more epochs, at some twelve times the recipe.

The same network and training as in `09_far`, in bfloat16, with 20 epochs in place of 6; chosen on
the last 5,000 training images in earlier runs.
Run: python -m tools.study 09_longer (started twice, it uses two cores).
"""

import pathlib
import runpy
from functools import partial

from cnncourse import data
from tools import study

WIDTHS = (64, 128, 256)
SIDES = (16,) * 6 + (24,) * 7 + (32,) * 7


def main():
    train = runpy.run_path(str(pathlib.Path(__file__).with_name("09_far.py")))["train"]
    images = data.load("cifar10")
    row = study.Row(
        train=partial(train, images, WIDTHS, SIDES),
        data=images,
        images=len(images.x_train),
        epochs=len(SIDES),
    )
    study.run("09_longer", {"longest in 16 bits": row}, key="longest in 16 bits, test_accuracy")


if __name__ == "__main__":
    main()
