"""Stand-in images, drawn where no real set can be had.

Each class is one shape at a random place, size and turn, over a noisy background: enough for
every cell of a lesson to run, never a result.
"""

import numpy as np

from ._datasets import CIFAR100_COARSE_OF_FINE, Spec

_CHUNK = 5_000


def draw(spec: Spec, seed: int = 0) -> dict[str, np.ndarray]:
    """Return arrays with the keys, shapes and class counts of the real set `spec`."""
    arrays = {}
    for part, count in (("train", spec.train), ("test", spec.test)):
        random = np.random.default_rng([seed, count])
        if "_fine" in spec.classes:
            fine = random.permutation(np.arange(count) % len(spec.classes["_fine"]))
            coarse = np.asarray(CIFAR100_COARSE_OF_FINE)[fine]
            arrays[f"y_{part}_fine"] = fine.astype(np.uint8)
            arrays[f"y_{part}_coarse"] = coarse.astype(np.uint8)
            shape, hue = coarse % len(_SHAPES), coarse // len(_SHAPES) / 2 + fine % 5 / 25
        else:
            label = random.permutation(np.arange(count) % len(spec.classes[""]))
            arrays[f"y_{part}"] = label.astype(np.uint8)
            shape, hue = label, random.random(count)
        arrays[f"x_{part}"] = np.concatenate(
            [
                _images(shape[i : i + _CHUNK], hue[i : i + _CHUNK], spec.image_shape, random)
                for i in range(0, count, _CHUNK)
            ]
        )
    return arrays


def _images(shape, hue, image_shape, random):
    """Draw an image for each shape index and hue in [0, 1), both (N,): uint8 (N, H, W[, 3])."""
    count, side = len(shape), image_shape[0]
    axis = np.arange(side, dtype=np.float32) - (side - 1) / 2
    shift_x, shift_y = random.uniform(-3, 3, (2, count, 1, 1)).astype(np.float32)
    radius = random.uniform(0.22, 0.36, (count, 1, 1)).astype(np.float32) * side
    angle = random.uniform(-0.35, 0.35, (count, 1, 1)).astype(np.float32)
    x, y = axis[None, None, :] - shift_x, axis[None, :, None] - shift_y
    u = (np.cos(angle) * x - np.sin(angle) * y) / radius
    v = (np.sin(angle) * x + np.cos(angle) * y) / radius
    inside = np.empty((count, side, side), bool)
    for index, covers in enumerate(_SHAPES):
        chosen = shape == index
        inside[chosen] = covers(u[chosen], v[chosen])
    ink = random.uniform(0.5, 1.0, (count, 1, 1)).astype(np.float32)
    noise = random.standard_normal((count, side, side), dtype=np.float32) * 0.12
    if len(image_shape) == 2:
        image = inside * ink + noise
    else:
        third = np.arange(3) / 3
        colour = 0.5 + 0.5 * np.cos(2 * np.pi * (np.asarray(hue)[:, None] - third))
        ground = random.uniform(0.1, 0.5, (count, 1, 1, 3))
        image = np.where(inside[..., None], colour[:, None, None, :] * ink[..., None], ground)
        image = image + noise[..., None]
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def _box(u, v):
    return np.maximum(abs(u), abs(v))


# One predicate a class over coordinates in which the shape has radius 1.
_SHAPES = (
    lambda u, v: u**2 + v**2 < 1,
    lambda u, v: abs(u**2 + v**2 - 0.7) < 0.3,
    lambda u, v: _box(u, v) < 0.9,
    lambda u, v: abs(_box(u, v) - 0.8) < 0.2,
    lambda u, v: (v < 0.8) & (v > 2 * abs(u) - 1),
    lambda u, v: (np.minimum(abs(u), abs(v)) < 0.25) & (_box(u, v) < 1),
    lambda u, v: (abs(abs(u) - abs(v)) < 0.3) & (_box(u, v) < 1),
    lambda u, v: (np.floor(v * 2.5) % 2 == 0) & (_box(u, v) < 1),
    lambda u, v: (np.floor(u * 2.5) % 2 == 0) & (_box(u, v) < 1),
    lambda u, v: ((np.floor(u * 2) + np.floor(v * 2)) % 2 == 0) & (_box(u, v) < 1),
)
