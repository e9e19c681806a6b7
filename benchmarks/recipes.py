"""The reported recipes of lessons 02 to 05, in Keras and in plain PyTorch, beside networks of ours.

One epoch over the first 10,000 training images, after a few steps that are not counted: what an
epoch costs does not depend on what was learned. A recipe is written down once, and both builders
read it; both draw their first weights alike and count the accuracy as they train. In Keras it is
`fit` on arrays, as the recipes were written, in PyTorch a loop over shuffled batches of one
tensor, which is less work than a DataLoader. Each side has one thread: threads that wait for each
other spend CPU seconds too, those of PyTorch above all where other programs run. Lesson 02's
recipes for CIFAR-100 are those for Fashion-MNIST with a wider input, and are left out.
"""

import dataclasses
import time
from functools import partial

from benchmarks import BenchmarkError, Row, Side, images
from cnncourse import budget

COUNT = budget.choose(full=10_000, quick=500)
ROUNDS = budget.choose(full=5, quick=1)
KEY = "03 ReLU network, reported in Keras, epoch"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recipe:
    """layers: (kind, arguments), as `keras_layer` and `torch_layer` read them."""

    data: str
    layers: tuple[tuple, ...]
    optimizer: str = "adam"
    batch: int
    parameters: int


def conv(maps, size, activation="relu", padding="valid"):
    return ("conv", maps, size, activation, padding)


def dense(units, activation="relu"):
    return ("dense", units, activation)


FLAT, MAX, MEAN, OUT = ("flatten",), ("max", 2), ("mean", 2), dense(10, "")
HEAD = (dense(16), dense(8), OUT)


def lenet_like(activation, pooling):
    return (
        conv(6, 3, activation, "same"),
        pooling,
        conv(16, 5, activation),
        pooling,
        conv(120, 5, activation),
        FLAT,
        dense(84, activation),
        OUT,
    )


def thirds(maps):
    return tuple(layer for n in maps for layer in (conv(n, 3, padding="same"), MAX))


FASHION = "fashion_mnist"
REPORTED = {
    "02 MLP": Recipe(data=FASHION, layers=(FLAT, *HEAD), batch=1_000, parameters=12_786),
    "02 CNN": Recipe(
        data=FASHION, layers=(conv(32, 4), MAX, FLAT, *HEAD), batch=2_000, parameters=74_514
    ),
    "03 ReLU network": Recipe(
        data=FASHION, layers=(conv(8, 3), MAX, FLAT, dense(28), OUT), batch=32, parameters=38_254
    ),
    "03 LeNet-like network": Recipe(
        data=FASHION,
        layers=lenet_like("tanh", MEAN),
        optimizer="sgd",
        batch=128,
        parameters=61_610,
    ),
    "04 CNN": Recipe(
        data="cifar10",
        layers=(conv(32, 4), MAX, conv(32, 4), MAX, FLAT, dense(256), OUT),
        batch=32,
        parameters=225_610,
    ),
    "05 LeNet of today": Recipe(
        data="mnist",
        layers=(conv(6, 5), MAX, conv(16, 5), MAX, FLAT, dense(120), dense(84), OUT),
        batch=128,
        parameters=44_426,
    ),
}
# The course's own network for the same task, where it has another than the recipe.
OURS = {
    "02 MLP": Recipe(
        data=FASHION, layers=(FLAT, dense(93), ("drop", 0.3), OUT), batch=128, parameters=73_945
    ),
    "02 CNN": Recipe(
        data=FASHION,
        layers=(*thirds((32, 64, 80)), FLAT, ("drop", 0.3), OUT),
        batch=128,
        parameters=72_186,
    ),
    "03 LeNet-like network": Recipe(
        data=FASHION, layers=lenet_like("relu", MAX), batch=32, parameters=61_610
    ),
}


# In Keras


def keras_layer(kind, *arguments):
    from keras import layers

    if kind == "conv":
        maps, size, activation, padding = arguments
        return layers.Conv2D(maps, size, activation=activation, padding=padding)
    if kind == "dense":
        units, activation = arguments
        return layers.Dense(units, activation=activation or "softmax")
    return {
        "flatten": layers.Flatten,
        "max": layers.MaxPooling2D,
        "mean": layers.AveragePooling2D,
        "drop": layers.Dropout,
    }[kind](*arguments)


def keras_network(recipe, shape):
    import keras

    network = keras.Sequential([keras.Input(shape), *(keras_layer(*x) for x in recipe.layers)])
    network.compile(recipe.optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def in_keras(recipe, seed):
    import keras

    x, y = images(recipe.data, COUNT)
    keras.utils.set_random_seed(seed)
    network = keras_network(recipe, x.shape[1:])
    return measured(
        network.count_params(), recipe, partial(fit, network, x, y, recipe.batch), len(x)
    )


def fit(network, x, y, batch, count):
    """Train one epoch on the first `count` images and return the accuracy in it."""
    history = network.fit(x[:count], y[:count], batch_size=batch, verbose=0).history
    return next(history[name][-1] for name in history if "accuracy" in name)


def lenet5(seed):
    """LeNet-5 as lesson 05 builds and trains it, with layers of 1998 and a rate for 20 passes."""
    from cnncourse import lenet

    import keras
    from keras import layers

    batch = 64
    x, y = images("mnist", COUNT)
    x = lenet.prepare((255 * x[..., 0]).round().astype("uint8"))
    keras.utils.set_random_seed(seed)
    squash = {"activation": lenet.scaled_tanh, "kernel_initializer": "lecun_uniform"}
    network = keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(6, 5, **squash),
            lenet.Subsampling(),
            lenet.TableConv2D(lenet.C3_TABLE, activation=lenet.scaled_tanh),
            lenet.Subsampling(),
            layers.Conv2D(120, 5, **squash),
            layers.Flatten(),
            layers.Dense(84, **squash),
            lenet.RadialBasis(lenet.DIGIT_CODES),
        ]
    )
    rate = keras.optimizers.schedules.CosineDecay(0.003, 20 * -(-len(x) // batch))
    network.compile(
        keras.optimizers.Adam(rate),
        lenet.MAPLoss(),
        metrics=[lenet.nearest_code_accuracy],
        steps_per_execution=50,
    )
    trainable = sum(weight.shape.num_elements() for weight in network.trainable_weights)
    recipe = Recipe(data="mnist", layers=(), batch=50 * batch, parameters=60_000)
    return measured(trainable, recipe, partial(fit, network, x, y, batch), len(x))


# In PyTorch


def torch_layer(kind, *arguments):
    """The modules of a layer; the sizes of their inputs are found at the first call."""
    from torch import nn

    activations = {"relu": [nn.ReLU()], "tanh": [nn.Tanh()], "": []}
    if kind == "conv":
        maps, size, activation, padding = arguments
        return [nn.LazyConv2d(maps, size, padding=padding), *activations[activation]]
    if kind == "dense":
        units, activation = arguments
        return [nn.LazyLinear(units), *activations[activation]]
    made = {"flatten": nn.Flatten, "max": nn.MaxPool2d, "mean": nn.AvgPool2d, "drop": nn.Dropout}
    return [made[kind](*arguments)]


def in_torch(recipe, seed):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    x, y = images(recipe.data, COUNT)
    x = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous()
    y = torch.from_numpy(y).long()
    network = nn.Sequential(*(module for layer in recipe.layers for module in torch_layer(*layer)))
    network(x[:1])
    for weights in network.parameters():  # as Keras begins
        nn.init.xavier_uniform_(weights) if weights.ndim > 1 else nn.init.zeros_(weights)
    optimizer = {
        "adam": partial(torch.optim.Adam, lr=1e-3, eps=1e-7),
        "sgd": partial(torch.optim.SGD, lr=1e-2),
    }[recipe.optimizer](network.parameters())
    loss = nn.CrossEntropyLoss()

    def epoch(count):
        right = 0.0
        for chosen in torch.randperm(count).split(recipe.batch):
            optimizer.zero_grad()
            scores = network(x[chosen])
            loss(scores, y[chosen]).backward()
            optimizer.step()
            right += (scores.argmax(1) == y[chosen]).sum().item()
        return right / count

    parameters = sum(weights.numel() for weights in network.parameters())
    return measured(parameters, recipe, epoch, len(x))


# Both


def measured(parameters, recipe, epoch, count):
    """CPU seconds of the start (imports, network, first steps) and of an epoch; its accuracy."""
    if parameters != recipe.parameters:
        raise BenchmarkError(f"{parameters} parameters; expected {recipe.parameters}")
    epoch(min(count, 2 * recipe.batch + count % recipe.batch))
    start = time.process_time()
    accuracy = epoch(count)
    return {"epoch": time.process_time() - start, "start": start, "accuracy": accuracy}


def sides(name):
    recipe = REPORTED[name]
    found = {
        "reported in Keras": Side(measure=partial(in_keras, recipe)),
        "reported in PyTorch": Side(measure=partial(in_torch, recipe), peer=True),
    }
    if name in OURS:
        found["ours"] = Side(measure=partial(in_keras, OURS[name]))
    return found


ROWS = {
    name: Row(sides=sides(name), data=recipe.data, images=COUNT, epochs=1, threads=1)
    for name, recipe in REPORTED.items()
}
ROWS["05 LeNet of today"].sides["ours"] = Side(measure=lenet5)
# Lesson 09's network goes beside lesson 04's recipe, as ROWS["04 CNN"].sides["ours"].
