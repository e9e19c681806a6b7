"""Drawn stand-ins look as they did: class by class, coarsely, whatever machine draws them.

python tests/test_standins.py writes what they look like now, for whoever changes a drawing.
"""

import dataclasses
import pathlib
import tempfile

from cnncourse.data import standins
from cnncourse.data.catalogue import IMAGE_SETS
from cnncourse.data.folders import photograph_files

import numpy as np
import PIL.Image
import PIL.ImageDraw

LOOKS = pathlib.Path(__file__).with_name("looks_of_stand_ins.npz")
INKS = {"coat": (90, 60, 30), "dark": (50, 40, 20), "light": (200, 180, 160),
        "black": (25, 25, 25), "eye": (150, 170, 60)}  # fmt: skip


def coarse(images, blocks):
    """The mean over images (N, H, W[, 3]), in blocks x blocks squares, and its spread."""
    count, side = images.shape[:2]
    part = side // blocks
    squares = images.reshape(count, blocks, part, blocks, part, -1).mean((2, 4))
    return np.stack([squares.mean(0), squares.std(0)])


def looks():
    """{set: (classes, 2, blocks, blocks, channels)} of 0 to 255, float32."""
    found = {}
    for name, blocks in {"mnist": 7, "cifar10": 4, "cifar100": 2}.items():
        arrays = standins.draw(IMAGE_SETS[name])
        ending = "_fine" if name == "cifar100" else ""
        for split in ("train", "test"):
            labels = arrays[f"y_{split}{ending}"]
            each = [arrays[f"x_{split}"][labels == label] for label in np.unique(labels)]
            found[f"{name}_{split}"] = [coarse(images, blocks) for images in each]
    with tempfile.TemporaryDirectory() as folder:
        standins.draw_photographs(pathlib.Path(folder))
        pixels = {}
        for path in photograph_files(pathlib.Path(folder)):
            with PIL.Image.open(path) as image:
                pixels.setdefault(path.parts[-3:-1], []).append(np.asarray(image))
        for (split, label), images in pixels.items():
            found[f"{label}_{split}"] = coarse(np.stack(images), 8)
    for number, features in enumerate((*2 * (standins._cat,), *2 * (standins._dog,)), 1):
        head = PIL.Image.new("RGBA", (256, 256))
        features(PIL.ImageDraw.Draw(head), INKS, np.random.default_rng(number))
        blocks = np.asarray(head, np.float32).reshape(64, 4, 64, 4, 4).mean((1, 3))
        found[f"head_{number}"] = blocks
    return {name: np.asarray(values, np.float32) for name, values in found.items()}


def test_stand_ins_look_as_they_did():
    found = looks()
    with np.load(LOOKS) as stored:
        assert found.keys() == set(stored)
        for name, values in found.items():
            assert values.shape == stored[name].shape
            # Rounding differs from processor to processor, at a few pixels' edges.
            assert np.abs(values - stored[name]).max() < 0.5, name


def test_of_grey_classes_that_share_a_shape_the_later_has_less_ink():
    mnist = IMAGE_SETS["mnist"]
    classes = {"": tuple(map(str, range(20)))}
    arrays = standins.draw(dataclasses.replace(mnist, train=1000, test=20, classes=classes))
    brightest = np.percentile(arrays["x_train"].reshape(1000, -1), 90, axis=1)
    means = np.array([brightest[arrays["y_train"] == label].mean() for label in range(20)])
    assert (means[10:] < means[:10] - 20).all()
    assert (means[10:] > 60).all(), "and is still seen"


if __name__ == "__main__":
    np.savez_compressed(
        LOOKS, **{name: values.astype(np.float16) for name, values in looks().items()}
    )
