"""Lesson 05: LeNet-5 as published under today's optimizer, without distortions and with them.

Five seeds each, 20 passes over all 60,000 training digits. The settings were chosen on training
digits that were held out; the test digits are looked at here alone, once, after the last pass.
Run: python -m tools.study 05_recipe (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data, lenet
from tools import study

import keras
from keras import layers

EPOCHS = 20
BATCH = 64
RATE = 0.003


def lenet5(*first):
    squash = {"activation": lenet.scaled_tanh, "kernel_initializer": "lecun_uniform"}
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            *first,
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


def train(digits, distorted, seed):
    keras.utils.set_random_seed(seed)
    network = lenet5(lenet.Distort(seed=seed)) if distorted else lenet5()
    x_train, y_train = lenet.prepare(digits.x_train), digits.y_train
    steps = EPOCHS * -(-len(x_train) // BATCH)
    network.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)),
        lenet.MAPLoss(),
        metrics=[lenet.nearest_code_accuracy],
        steps_per_execution=50,
    )
    history = network.fit(x_train, y_train, batch_size=BATCH, epochs=EPOCHS, verbose=0).history
    x_test = lenet.prepare(digits.x_test)
    accuracy = network.evaluate(x_test, digits.y_test, batch_size=500, verbose=0)[1]
    return {
        "test_error": 1 - accuracy,
        "training_error": 1 - history["nearest_code_accuracy"][-1],
    }


def main():
    digits = data.load("mnist")
    rows = {
        name: study.Row(
            train=partial(train, digits, distorted),
            data=digits,
            images=len(digits.x_train),
            epochs=EPOCHS,
        )
        for name, distorted in (("without distortions", False), ("with distortions", True))
    }
    study.run("05_recipe", rows, key="without distortions, test_error")


if __name__ == "__main__":
    main()
