"""Lesson 11: three ways of training over few and many photographs, and two other tasks.

Cats and dogs with 5 photographs a class up to all of them; their breeds; and Fashion-MNIST, which
looks like nothing on ImageNet. Of each: a network from nothing, a dense layer on the frozen
features of EfficientNet-Lite0, and its last blocks fine-tuned.

Rates and epochs were chosen on 200 of the training photographs, and for Fashion-MNIST on training
images beyond those used here; validation photographs and test images are looked at here alone,
after the last epoch. Cats and dogs from nothing with all photographs are a row of 07_seeds.
Run: python -m tools.study 11_few_photographs (started twice, it uses two cores).
"""

import functools
import math
import pathlib
import re
from functools import partial

from cnncourse import data, photos
from tools import study

import keras
import numpy as np
import tensorflow as tf
from keras import layers

# Repeats, kernel, stride, expansion and maps of each stage; the last two are fine-tuned.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
FROZEN = 5  # stages
SIDE = 128  # pixels that EfficientNet-Lite0 gets, of photographs and of clothing
SMALL_SIDE = 64  # of a photograph for the network from nothing
BATCH = 32
NUMBERS = (5, 15, 50, 150)  # photographs a class
FAR_NUMBERS = (5, 50)  # images a class
FAR_TEST = 1_000
RATE = 3e-4  # of fine-tuning
ALL = 10**9


# EfficientNet-Lite0 -------------------------------------------------------------------------------


def normalised(maps, active=True):
    maps = layers.BatchNormalization(epsilon=1e-3)(maps)
    return layers.ReLU(6)(maps) if active else maps


def inverted_bottleneck(maps, kernel, stride, expansion, width):
    came_in, channels = maps, maps.shape[-1]
    if expansion > 1:
        maps = normalised(layers.Conv2D(expansion * channels, 1, use_bias=False)(maps))
    depthwise = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False)
    maps = normalised(depthwise(maps))
    maps = normalised(layers.Conv2D(width, 1, use_bias=False)(maps), active=False)
    if stride == 1 and channels == width:
        maps = layers.Add()([maps, came_in])
    return maps


def stages(maps, wanted):
    for repeats, kernel, stride, expansion, width in wanted:
        for place in range(repeats):
            maps = inverted_bottleneck(maps, kernel, 1 if place else stride, expansion, width)
    return maps


def build():
    """Pixels to maps, and these to 1,280 features, with the weights from ImageNet."""
    pixels = keras.Input((SIDE, SIDE, 3))
    maps = layers.Rescaling(1 / 128, -127 / 128)(pixels)
    maps = normalised(layers.Conv2D(32, 3, 2, padding="same", use_bias=False)(maps))
    bottom = keras.Model(pixels, stages(maps, STAGES[:FROZEN]))
    between = keras.Input(bottom.output.shape[1:])
    maps = stages(between, STAGES[FROZEN:])
    maps = normalised(layers.Conv2D(1_280, 1, use_bias=False)(maps))
    top = keras.Model(between, layers.GlobalAveragePooling2D()(maps))
    arrays = iter(learned())
    for layer in (*bottom.layers, *top.layers):
        turned = (2, 3, 0, 1) if isinstance(layer, layers.DepthwiseConv2D) else (2, 3, 1, 0)
        given = [next(arrays) for _ in layer.weights]
        layer.set_weights([a.transpose(turned) if a.ndim == 4 else a for a in given])
    return bottom, top


def learned():
    arrays = data.weights("efficientnet_lite0").arrays
    return [a for name, a in arrays.items() if not name.endswith("num_batches_tracked")]


# Images, as pixels, as maps between bottom and top, and as features -------------------------------


def read(folder, side):
    stream = keras.utils.image_dataset_from_directory(
        folder, image_size=(side, side), batch_size=None, shuffle=False, verbose=False
    )
    pixels, labels = zip(*stream.as_numpy_iterator(), strict=True)
    return np.array(pixels, "uint8"), np.array(labels), stream.file_paths


def kind_of(name):
    return re.fullmatch(r"(\D+)_\d+", pathlib.PurePath(name).stem)[1]


@functools.cache
def photographs(side):
    """{"train": pixels, classes, breeds; "validation": likewise}."""
    tidy = photos.prepare(data.photographs("cats_vs_dogs"))
    found = {}
    for split in ("train", "validation"):
        pixels, labels, files = read(tidy.path / split, side)
        places = (pathlib.Path(file).relative_to(tidy.path).as_posix() for file in files)
        found[split] = pixels, labels, [kind_of(tidy.origin[place]) for place in places]
    kinds = sorted({kind for *_, names in found.values() for kind in names})
    return {
        split: (pixels, labels, np.array([kinds.index(name) for name in names]))
        for split, (pixels, labels, names) in found.items()
    }


@functools.cache
def clothing():
    """{"train": images, classes; "validation": likewise}, the latter of the test images."""
    images = data.load("fashion_mnist").take(train=10 * 2 * max(FAR_NUMBERS), test=FAR_TEST)
    return {
        "train": (images.x_train[..., None], images.y_train),
        "validation": (images.x_test[..., None], images.y_test),
    }


def enlarged(images):
    """Grey images as photographs: larger, and in three equal colours."""
    large = tf.image.resize(images, (SIDE, SIDE)).numpy()
    return np.repeat(large, 3, axis=-1)


@functools.cache
def maps_and_features(task):
    bottom, top = build()
    found = {}
    for split, (pixels, *_) in (clothing() if task == "far" else photographs(SIDE)).items():
        parts = np.array_split(pixels, math.ceil(len(pixels) / 500))
        shown = (enlarged(part) if task == "far" else part for part in parts)
        maps = [bottom.predict(part, batch_size=64, verbose=0) for part in shown]
        maps = np.concatenate(maps)
        found[split] = maps, top.predict(maps, batch_size=64, verbose=0)
    return found


def labels_of(task):
    sets = clothing() if task == "far" else photographs(SIDE)
    place = 2 if task == "breeds" else 1
    return sets["train"][place], sets["validation"][place]


def chosen(labels, number, seed):
    """Places of so many images of each class, or of all that there are."""
    random = np.random.default_rng(seed)
    by_class = (random.permutation(np.flatnonzero(labels == c)) for c in np.unique(labels))
    return np.concatenate([places[:number] for places in by_class])


# Three ways of training ---------------------------------------------------------------------------


def epochs_for(images, epochs, steps):
    """As many epochs, or more where they would be fewer than so many steps."""
    return max(epochs, math.ceil(steps / math.ceil(images / BATCH)))


def compiled(network, optimizer):
    network.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def fitted_head(features, labels, classes):
    head = keras.Sequential(
        [
            keras.Input(features.shape[1:]),
            layers.Dropout(0.2),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    compiled(head, keras.optimizers.Adam(1e-3))
    head.fit(features, labels, BATCH, epochs_for(len(labels), 20, 100), verbose=0)
    return head


def accuracy(network, images, labels):
    loss, found = network.evaluate(images, labels, batch_size=100, verbose=0)
    return {"accuracy": found, "loss": loss}


def frozen(task, number, seed):
    (_, features), (_, asked) = maps_and_features(task).values()
    labels, truth = labels_of(task)
    places = chosen(labels, number, seed)
    keras.utils.set_random_seed(seed)
    head = fitted_head(features[places], labels[places], int(labels.max()) + 1)
    return accuracy(head, asked, truth)


def tuned(task, number, seed):
    (maps, features), (asked, _) = maps_and_features(task).values()
    labels, truth = labels_of(task)
    places = chosen(labels, number, seed)
    keras.utils.set_random_seed(seed)
    head = fitted_head(features[places], labels[places], int(labels.max()) + 1)
    _, top = build()
    for layer in top.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False
    network = keras.Sequential([top, head])
    epochs = epochs_for(len(places), 4, 20)
    steps = epochs * math.ceil(len(places) / BATCH)
    falling = keras.optimizers.schedules.CosineDecay(RATE, steps)
    compiled(network, keras.optimizers.Adam(falling))
    keras.utils.set_random_seed(seed)
    network.fit(maps[places], labels[places], BATCH, epochs, verbose=0)
    return accuracy(network, asked, truth)


def deeper(classes):
    """The network of lesson 07, for as many classes as there are."""
    augmenting = [
        layers.RandomFlip("horizontal"),
        layers.RandomShear(0.2, 0.2),
        layers.RandomZoom(0.2),
    ]
    blocks = []
    for filters in (16, 32, 64, 128, 128):
        blocks += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(2),
        ]
    return keras.Sequential(
        [
            keras.Input((SMALL_SIDE, SMALL_SIDE, 3)),
            *augmenting,
            layers.Rescaling(1 / 255),
            *blocks,
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def small(classes):
    """Two convolutions, for images of clothing."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def from_nothing(task, number, seed):
    labels, truth = labels_of(task)
    images = clothing() if task == "far" else photographs(SMALL_SIDE)
    images, asked = images["train"][0], images["validation"][0]
    places = chosen(labels, number, seed)
    keras.utils.set_random_seed(seed)
    network = (small if task == "far" else deeper)(int(labels.max()) + 1)
    epochs = epochs_for(len(places), 20 if task == "far" else 40, 300)
    steps = epochs * math.ceil(len(places) / BATCH)
    peak = 1e-3 if task == "far" else 2e-3
    falling = keras.optimizers.schedules.CosineDecay(peak, steps)
    compiled(network, keras.optimizers.Adam(falling))
    network.fit(images[places], labels[places], BATCH, epochs, verbose=0)
    return accuracy(network, asked, truth)


def parameters(seed):
    bottom, top = build()
    counted = sum(math.prod(w.shape) for part in (bottom, top) for w in part.trainable_weights)
    return {"parameters": counted}


WAYS = {"from nothing": from_nothing, "frozen": frozen, "fine-tuned": tuned}


def main():
    tidy = photos.prepare(data.photographs("cats_vs_dogs"))
    fashion = data.load("fashion_mnist")
    weights = data.weights("efficientnet_lite0")
    rows = {"EfficientNet-Lite0": study.Row(train=parameters, data=weights, images=0)}
    everything = sum(tidy.counts["train"].values())
    for way, train in WAYS.items():
        asked = {f"{way}, {n} a class": ("classes", n, tidy, 2 * n) for n in NUMBERS}
        if way != "from nothing":  # that row stands in 07_seeds
            asked[f"{way}, all"] = "classes", ALL, tidy, everything
        asked[f"breeds {way}"] = "breeds", ALL, tidy, everything
        for n in FAR_NUMBERS:
            asked[f"clothing {way}, {n} a class"] = "far", n, fashion, 10 * n
        for name, (task, number, of, images) in asked.items():
            rows[name] = study.Row(train=partial(train, task, number), data=of, images=images)
    study.run("11_few_photographs", rows, key="frozen, all, accuracy")


if __name__ == "__main__":
    main()
