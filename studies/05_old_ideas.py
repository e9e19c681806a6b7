"""Lesson 05: what each idea of 1998 costs or buys: LeNet-5 as published, and one change at a time.

Five seeds a row. To keep it cheap a run has 6 passes over the 60,000 digits, not the 20 of
studies/05_recipe.py: all errors are higher than they would be in the end.
Run: python -m tools.study 05_old_ideas (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data, lenet
from tools import study

import keras
from keras import layers

EPOCHS = 6
BATCH = 64
RATE = 0.002

PUBLISHED = {
    "c3": "table",
    "pooling": "trainable",
    "output": "codes",
    "activation": "tanh",
    "weights": "lecun_uniform",
}
RELU = {"activation": "relu"}
ROWS = {
    "as published": PUBLISHED,
    "C3 reads all maps": PUBLISHED | {"c3": "full"},
    "average pooling": PUBLISHED | {"pooling": "average"},
    "max pooling": PUBLISHED | {"pooling": "max"},
    "softmax": PUBLISHED | {"output": "softmax"},
    "ReLU": PUBLISHED | RELU,
    "ReLU, weights drawn for it": PUBLISHED | RELU | {"weights": "he_uniform"},
    "distance loss alone": PUBLISHED | {"output": "codes, distance loss"},
    "all of today's": {
        "c3": "full",
        "pooling": "max",
        "output": "softmax",
        "activation": "relu",
        "weights": "he_uniform",
    },
}


def subsample(pooling, activation):
    """One layer that halves the maps and bends what it gives, as S2 and S4 do."""
    if pooling == "trainable":
        return [lenet.Subsampling(activation=activation)]
    pool = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}[pooling]
    return [pool(2), layers.Activation(activation)]


def build(c3, pooling, output, activation, weights):
    """LeNet-5 with one choice for each idea. F6 squashes to the codes whatever the activation."""
    squash = {"activation": lenet.scaled_tanh, "kernel_initializer": "lecun_uniform"}
    bend = squash if activation == "tanh" else {"activation": "relu", "kernel_initializer": weights}
    if c3 == "table":
        third = lenet.TableConv2D(lenet.C3_TABLE, activation=bend["activation"])
    else:
        third = layers.Conv2D(16, 5, **bend)
    if output == "softmax":
        last = [layers.Dense(84, **bend), layers.Dense(10, activation="softmax")]
    else:
        last = [layers.Dense(84, **squash), lenet.RadialBasis(lenet.DIGIT_CODES)]
    network = keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            layers.Conv2D(6, 5, **bend),
            *subsample(pooling, bend["activation"]),
            third,
            *subsample(pooling, bend["activation"]),
            layers.Conv2D(120, 5, **bend),
            layers.Flatten(),
            *last,
        ]
    )
    if c3 == "table" and bend["kernel_initializer"] == "he_uniform":
        third.kernel.assign(third.kernel * 2**0.5)  # the table's own are drawn as lecun_uniform
    return network


def train(digits, choices, seed):
    keras.utils.set_random_seed(seed)
    network = build(**choices)
    x_train, y_train = lenet.prepare(digits.x_train), digits.y_train
    loss, accuracy = {
        "codes": (lenet.MAPLoss(), lenet.nearest_code_accuracy),
        "codes, distance loss": (lenet.DistanceLoss(), lenet.nearest_code_accuracy),
        "softmax": ("sparse_categorical_crossentropy", "sparse_categorical_accuracy"),
    }[choices["output"]]
    steps = EPOCHS * -(-len(x_train) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    network.compile(keras.optimizers.Adam(rate), loss, metrics=[accuracy], steps_per_execution=50)
    network.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    x_test = lenet.prepare(digits.x_test)
    found = network.evaluate(x_test, digits.y_test, batch_size=500, verbose=0)[1]
    return {"parameters": network.count_params(), "test_error": 1 - found}


def main():
    digits = data.load("mnist")
    rows = {
        row: study.Row(
            train=partial(train, digits, choices),
            data=digits,
            images=len(digits.x_train),
            epochs=EPOCHS,
        )
        for row, choices in ROWS.items()
    }
    study.run("05_old_ideas", rows, key="as published, test_error")


if __name__ == "__main__":
    main()
