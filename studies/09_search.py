"""Lesson 09: what taking the best of many trials does to its accuracy. Random search and Hyperband.

KerasTuner draws five settings of the training; a trial trains a small network on 5,000 training
images of 16×16 pixels and is judged on 1,000 others. 10,000 further training images, which decide
nothing, say what the chosen trial is worth. Each seed draws all these images anew from the 50,000.
The test images are not asked.
Run: python -m tools.study 09_search (started twice, it uses two cores).
"""

import math
import tempfile
from functools import partial

from cnncourse import data, resnet
from tools import study

import keras
import keras_tuner
import numpy as np

TRAINED, JUDGED, UNSEEN = 5_000, 1_000, 10_000
SIDE, WIDTHS, BATCH = 16, (16, 32, 64), 100
TRIALS, EPOCHS = 30, 3  # of the random search; Hyperband trains up to 9 epochs


def space():
    hp = keras_tuner.HyperParameters()
    hp.Float("peak", 0.01, 1.0, sampling="log")  # of the one-cycle rate
    hp.Float("rest", 0.3, 10.0, sampling="log")  # times the rate, for what is no kernel
    hp.Float("inertia", 0.0, 0.95)  # momentum of the kernels
    hp.Float("smoothing", 0.0, 0.3)
    hp.Int("shift", 0, 3)
    return hp


class Search:
    """What both searches share: one trial, and the memory of what each was worth."""

    def begin(self, images, seed):
        drawn = np.random.default_rng(seed).permutation(len(images.x_train))
        ends = np.cumsum([TRAINED, JUDGED, UNSEEN])
        self.parts = [
            (resnet.resized(images.x_train[part], SIDE), images.y_train[part])
            for part in np.split(drawn[: ends[-1]], ends[:-1])
        ]
        self.found = []  # (accuracy on the judged, on the unseen, epochs) of each trial

    def run_trial(self, trial):
        hp = trial.hyperparameters
        epochs = hp.values.get("tuner/epochs", EPOCHS)
        (x, y), *others = self.parts
        keras.utils.set_random_seed(len(self.found) + 1)
        network = resnet.build(x, WIDTHS)
        rate = resnet.OneCycle(hp.get("peak"), epochs * math.ceil(len(x) / BATCH))
        optimizer = resnet.Muon(rate, rest=hp.get("rest"), inertia=hp.get("inertia"))
        resnet.train(
            network,
            x,
            y,
            (SIDE,) * epochs,
            seed=len(self.found) + 1,
            optimizer=optimizer,
            batch=BATCH,
            smoothing=hp.get("smoothing"),
            shift=hp.get("shift"),
        )
        judged, unseen = (
            np.mean(resnet.log_probabilities(network, images).argmax(axis=1) == labels)
            for images, labels in others
        )
        self.found.append((judged, unseen, epochs))
        return {"judged": judged}


class Random(Search, keras_tuner.RandomSearch):
    pass


class Hyperband(Search, keras_tuner.Hyperband):
    pass


def searched(images, kind, options, seed):
    with tempfile.TemporaryDirectory() as folder:
        search = kind(
            objective=keras_tuner.Objective("judged", "max"),
            hyperparameters=space(),
            seed=seed,
            directory=folder,
            **options,
        )
        search.begin(images, seed)
        search.search()
    judged, unseen, epochs = np.array(search.found).T
    best = judged.argmax()
    return {
        "trials": len(judged),
        "epochs": epochs.sum(),
        "best_judged": judged[best],
        "best_unseen": unseen[best],
        "all_judged": judged.mean(),
        "all_unseen": unseen.mean(),
        "best_of_unseen": unseen.max(),
    }


def main():
    images = data.load("cifar10")
    about = {"data": images, "images": TRAINED}
    rows = {
        "random search": study.Row(
            train=partial(searched, images, Random, {"max_trials": TRIALS}), epochs=EPOCHS, **about
        ),
        "Hyperband": study.Row(
            train=partial(searched, images, Hyperband, {"max_epochs": 9, "factor": 3}), **about
        ),
    }
    study.run("09_search", rows, key="random search, best_unseen")


if __name__ == "__main__":
    main()
