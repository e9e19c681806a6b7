"""Drawn stand-ins look as they did: class by class, coarsely, whatever machine draws them.

python tests/test_standins.py writes what they look like now, for whoever changes a drawing.
"""

import pathlib
import tempfile

from cnncourse.data import standins
from cnncourse.data.catalogue import IMAGE_SETS
from cnncourse.data.folders import photograph_files

import numpy as np
import PIL.Image

LOOKS = pathlib.Path(__file__).with_name("looks_of_stand_ins.npz")


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
    return {name: np.asarray(values, np.float32) for name, values in found.items()}


def test_stand_ins_look_as_they_did():
    found = looks()
    with np.load(LOOKS) as stored:
        assert found.keys() == set(stored)
        for name, values in found.items():
            assert values.shape == stored[name].shape
            # Rounding differs from processor to processor, at a few pixels' edges.
            assert np.abs(values - stored[name]).max() < 0.5, name


if __name__ == "__main__":
    np.savez_compressed(
        LOOKS, **{name: values.astype(np.float16) for name, values in looks().items()}
    )
