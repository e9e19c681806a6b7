"""Stills of the figures look as they did, and their words say what they show.

python tests/test_stills.py writes what they look like now, for whoever changes a drawing.
"""

import difflib
import functools
import pathlib

from cnncourse import figures
from cnncourse.figures import _trained, confusion, convolution, lenet, occlusion, sizes

import numpy as np
import pytest
from drawing import alike, in_our_style

LOOKS = pathlib.Path(__file__).with_name("looks_of_stills.txt")
NAMES = ("cat", "dog", "emu")


def predicted():
    """The data of "confusion": 3 classes, of which cats are called dogs most."""
    random = np.random.default_rng(3)
    called = np.array([0] * 9 + [1] * 10 + [0] * 2 + [1] * 9 + [2] * 3 + [1] * 2 + [2] * 5)
    y_true = np.repeat([0, 1, 2], [19, 14, 7])
    probabilities = random.dirichlet([1, 1, 1], len(y_true)) * 0.4
    probabilities[np.arange(len(y_true)), called] += 0.6
    images = np.zeros((len(y_true), 16, 16, 3), np.uint8)
    images[..., 0] = (6 * np.arange(len(y_true)))[:, None, None]
    return {"y_true": y_true, "probabilities": probabilities, "images": images,
            "class_names": NAMES, "caption": "made up"}  # fmt: skip


def read_digits():
    """The data of "lenet": a network of weights that are drawn, and two digits."""
    random = np.random.default_rng(4)

    def weighted(kind, *shape):
        weights = random.normal(0, 1 / np.sqrt(np.prod(shape[:-1])), shape)
        return {"kind": kind, "weights": weights, "bias": random.normal(0, 0.1, shape[-1])}

    pooling = {"kind": "pooling"}
    layers = [weighted("convolution", 3, 3, 1, 2), pooling, weighted("convolution", 4, 4, 2, 9),
              pooling, weighted("dense", 225, 20), weighted("dense", 20, 9),
              weighted("dense", 9, 3)]  # fmt: skip
    digits = random.integers(0, 256, (2, 28, 28)).astype(np.uint8)
    return {"layers": _trained.packed(layers), "scale": 1 / 255, "offset": -0.5,
            "digits": figures.pack(digits), "labels": [2, 1], "class_names": list(NAMES),
            "caption": "made up"}  # fmt: skip


def covered():
    """The data of "occlusion": a network of weights that are drawn, and two photographs."""
    random = np.random.default_rng(5)

    def layer(size, came_in, maps, pool=False, adds=False):
        kernel = random.integers(1, 256, (size, size, came_in, maps)).astype(np.uint8)
        scale = random.uniform(0.5, 1, maps) / (128 * size * np.sqrt(came_in))
        shift = random.normal(0, 0.1, maps)
        return {"kernel": kernel, "scale": scale, "shift": shift, "pool": pool, "adds": adds}

    layers = [layer(2, 3, 6), layer(3, 6, 5, pool=True), layer(3, 5, 5, adds=True)]
    photographs = random.integers(0, 256, (2, 16, 16, 3)).astype(np.uint8)
    photographs[0, :, :8] //= 3
    return {"mean": [120.0, 110, 100], "deviation": [60.0, 61, 62],
            "layers": _trained.packed(layers), "dense": figures.pack(random.normal(0, 3, (5, 3))),
            "images": figures.pack(photographs), "labels": [1, 0], "class_names": list(NAMES),
            "sizes": [4, 8], "size": 8, "place": [4, 2], "caption": "made up"}  # fmt: skip


COLOURS = np.arange(27.0).reshape(3, 3, 3) / 8 - 1
OWN = [
    {"layer": "conv", "maps": 1200, "kernel": 3, "padding": "same", "stride": 2},
    {"layer": "pool", "kernel": 3, "stride": 1},
    {"layer": "conv", "maps": 7, "kernel": 2},
    {"layer": "dense", "units": 5},
    {"layer": "flatten"},
    {"layer": "dense", "units": 4000},
]


@functools.cache
def stills():
    """Module and data of each still, by name."""
    given = {"image": COLOURS, "kernel": np.arange(24.0).reshape(2, 2, 3, 2) - 11.5,
             "bias": [0.5, 2], "flip": True, "padding": "same", "stride": 2}  # fmt: skip
    wide = {"image": [[-3, 0, 2.345, 1, 9]], "kernel": [[-1, 2]], "padding": 1, "bias": 1}
    nothing = {"image": np.zeros((2, 3)), "kernel": np.zeros((2, 2, 1, 2))}
    small = {"image": [[1, 0, 2], [0, 0.5, -1]], "kernel": [[1, -2], [0, 3]]}
    return {
        "convolution": (convolution, convolution.prepare(**small)),
        "convolution of colours, turned": (convolution, convolution.prepare(**given)),
        "convolution of a row": (convolution, convolution.prepare(**wide)),
        "convolution of nothing": (convolution, convolution.prepare(**nothing)),
        "sizes": (sizes, sizes.prepare(network="lesson 03, LeNet-like")),
        "sizes of one's own": (sizes, sizes.prepare(input=(9, 24, 3), layers=OWN)),
        "confusion": (confusion, confusion.prepare(**predicted())),
        "lenet": (lenet, read_digits()),
        "occlusion": (occlusion, covered()),
    }


def look(name):
    """What a still looks like: its words, then a line for each thing that is drawn."""
    side, data = stills()[name]
    return [side.words(data), *in_our_style(side.draw, data)]


STORED = {
    name: lines
    for name, *lines in map(str.splitlines, LOOKS.read_text(encoding="utf-8").split("== ")[1:])
} if LOOKS.exists() else {}  # fmt: skip


@pytest.mark.parametrize("name", STORED)
def test_a_still_looks_as_it_did(name):
    found, expected = look(name), STORED[name]
    assert alike(found, expected), "\n".join(difflib.unified_diff(expected, found, lineterm=""))


def test_the_first_image_is_the_one_whose_output_is_known():
    """The example of Stanford's tutorial on feature extraction by convolution."""
    found = convolution._output(convolution.prepare())[..., 0]
    assert found.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_every_still_is_kept_and_no_other():
    assert set(STORED) == set(stills())


if __name__ == "__main__":
    blocks = ("\n".join([f"== {name}", *look(name), ""]) for name in stills())
    LOOKS.write_text("".join(blocks), encoding="utf-8")
