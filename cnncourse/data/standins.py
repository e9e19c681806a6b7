"""Stand-in images, drawn where no real set can be had.

Each class is one shape at a random place, size and turn, over a noisy background: enough for
every cell of a lesson to run, never a result.
"""

import pathlib

import numpy as np
import PIL.Image
import PIL.ImageDraw

from .catalogue import ImageSet

_MOST = 4_000  # images of each split; 3,000 of the test images choose in lesson 03
_FACES = {"train": 160, "validation": 40}  # a class
FACES = 2 * sum(_FACES.values())


def draw(spec: ImageSet, seed: int = 0) -> dict[str, np.ndarray]:
    """Return arrays with the keys, image shapes and classes of the real set `spec`.

    At most 4,000 training and 4,000 test images, equally many a class. After every ten classes the
    shapes come round again, in another colour or with less ink.
    """
    arrays = {}
    for number, split in enumerate(("train", "test")):
        count = min(_MOST, getattr(spec, split))
        random = np.random.default_rng([seed, number])
        ending = next(iter(spec.classes))
        classes = len(spec.classes[ending])
        label = random.permutation(np.arange(count) % classes)
        arrays[f"y_{split}{ending}"] = label.astype(np.uint8)
        if spec.coarse_of_fine:
            coarse = np.asarray(spec.coarse_of_fine)[label]
            arrays[f"y_{split}_coarse"] = coarse.astype(np.uint8)
            shape, hue = coarse % len(_SHAPES), coarse // len(_SHAPES) / 2 + label % 5 / 25
        elif classes > len(_SHAPES):
            shape, hue = label % len(_SHAPES), label // len(_SHAPES) / -(-classes // len(_SHAPES))
        else:
            shape, hue = label, random.random(count)
        fade = classes > len(_SHAPES)
        arrays[f"x_{split}"] = _images(shape, hue, spec.image_shape, random, fade)
    return arrays


def _images(shape, hue, image_shape, random, fade):
    """Draw an image for each shape index and hue in [0, 1), both (N,): uint8 (N, H, W[, 3]).

    fade: whether a grey image has less ink, the larger its hue.
    """
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
        ink = ink * (1 - 0.8 * np.asarray(hue)[:, None, None]) if fade else ink
        return _pixels(inside * ink + noise)
    third = np.arange(3) / 3
    colour = 0.5 + 0.5 * np.cos(2 * np.pi * (np.asarray(hue)[:, None] - third))
    ground = random.uniform(0.1, 0.5, (count, 1, 1, 3))
    channels = [  # each by itself: over a last axis of three numbers NumPy is slow
        _pixels(np.where(inside, colour[:, None, None, i] * ink, ground[..., i]) + noise)
        for i in range(3)
    ]
    return np.stack(channels, axis=-1)


def _pixels(shares):
    return (np.clip(shares, 0, 1) * 255).astype(np.uint8)


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


def draw_photographs(folder: pathlib.Path, seed: int = 0) -> None:
    """Write faces of cats and dogs into `folder`/{train,validation}/{cats,dogs}/*.jpg.

    128 x 128 pixels, 160 + 40 a class. Coat, ground, place, size and tilt come from one
    distribution for both: ears, muzzle and whiskers alone tell a cat from a dog.
    """
    random = np.random.default_rng(seed)
    for split, count in _FACES.items():
        for name, features in (("cats", _cat), ("dogs", _dog)):
            into = folder / split / name
            into.mkdir(parents=True)
            for number in range(count):
                _face(features, random).save(into / f"{name[:-1]}_{number:03d}.jpg", quality=92)


def _face(features, random) -> PIL.Image.Image:
    side, drawn = 128, 256
    coat = random.uniform(60, 235, 3)
    dark, light = coat * 0.6, coat + (255 - coat) * 0.5
    inks = {"coat": coat, "dark": dark, "light": light, "black": np.full(3, 25), "eye": None}
    inks["eye"] = random.uniform([90, 110, 20], [200, 190, 120])
    inks = {key: tuple(int(v) for v in ink) for key, ink in inks.items()}
    head = PIL.Image.new("RGBA", (drawn, drawn))
    features(PIL.ImageDraw.Draw(head), inks, random)
    if random.random() < 0.5:
        head = head.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT)
    head = head.rotate(random.uniform(-25, 25), PIL.Image.Resampling.BICUBIC)
    size = int(side * random.uniform(0.7, 1.05))
    head = head.resize((size, size), PIL.Image.Resampling.LANCZOS)
    corners = random.uniform(20, 235, (2, 2, 3)).astype(np.uint8)
    ground = PIL.Image.fromarray(corners).resize((side, side), PIL.Image.Resampling.BICUBIC)
    place = tuple(int(v) for v in (side - size) / 2 + random.uniform(-12, 12, 2))
    ground.paste(head, place, head)
    noisy = np.asarray(ground) + random.normal(0, 9, (side, side, 3))
    return PIL.Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def _cat(draw, inks, random) -> None:
    tip, spread = random.uniform(18, 40), random.uniform(0, 14)
    for sign in (-1, 1):
        ear = [(128 + sign * x, y) for x, y in ((78 + spread, tip), (20, 82), (82, 118))]
        draw.polygon(ear, fill=inks["coat"])
        inner = [(128 + sign * x, y) for x, y in ((70 + spread, tip + 22), (38, 84), (72, 106))]
        draw.polygon(inner, fill=inks["light"])
    draw.ellipse((46, 66, 210, 220), fill=inks["coat"])
    for sign in (-1, 1):
        x = 128 + sign * 36
        draw.ellipse((x - 19, 112, x + 19, 142), fill=inks["eye"])
        draw.ellipse((x - 5, 112, x + 5, 142), fill=inks["black"])
        for slope in (-10, 0, 10):
            y = 180 + slope / 2
            draw.line((128 + sign * 26, y, 128 + sign * 104, y + slope), inks["black"], 2)
    draw.polygon(((118, 162), (138, 162), (128, 174)), fill=inks["dark"])
    draw.arc((104, 166, 128, 190), 0, 160, inks["black"], 3)
    draw.arc((128, 166, 152, 190), 20, 180, inks["black"], 3)


def _dog(draw, inks, random) -> None:
    draw.ellipse((62, 50, 194, 196), fill=inks["coat"])
    drop = random.uniform(150, 190)
    for sign in (-1, 1):
        left, right = sorted((128 + sign * 48, 128 + sign * 96))
        draw.ellipse((left, 58, right, drop), fill=inks["dark"])
        x = 128 + sign * 30
        draw.ellipse((x - 12, 96, x + 12, 120), fill=inks["eye"])
        draw.ellipse((x - 8, 100, x + 8, 118), fill=inks["black"])
    draw.ellipse((84, 128, 172, 232), fill=inks["light"])
    draw.ellipse((106, 132, 150, 164), fill=inks["black"])
    draw.line((128, 164, 128, 190), inks["black"], 4)
    draw.arc((98, 172, 158, 206), 20, 160, inks["black"], 4)
    if random.random() < 0.5:
        draw.ellipse((116, 200, 142, 240), fill=(225, 110, 120))
