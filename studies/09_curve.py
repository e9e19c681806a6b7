"""Lesson 09: accuracy for CPU seconds, the recipe of lesson 04 and larger and larger networks.

All 50,000 training images; the settings were chosen on the last 5,000 of them in earlier runs, and
the test images are asked once, after the last epoch. The recipe is that of lesson 04 as it was
reported: 9 epochs in batches of 32.
Run: python -m tools.study 09_curve (started twice, it uses two cores).
"""

import time
from functools import partial

from cnncourse import data, resnet
from tools import study

import keras
import numpy as np
from keras import layers

RECIPE_EPOCHS = 9
# Maps in the blocks, and the side of the images in each epoch.
SIZES = {
    "small": ((32, 64, 128), (16, 32)),
    "medium": ((32, 64, 128), (16, 16, 24, 32)),
}


def recipe(images, seed):
    began = time.process_time()
    keras.utils.set_random_seed(seed)
    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 4, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 4, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    network.fit(
        images.x_train.astype("float32") / 255,
        images.y_train,
        batch_size=32,
        epochs=RECIPE_EPOCHS,
        verbose=0,
    )
    trained = time.process_time()
    p = network.predict(images.x_test.astype("float32") / 255, batch_size=500, verbose=0)
    return {
        "test_accuracy": np.mean(p.argmax(axis=1) == images.y_test),
        "training_seconds": trained - began,
        "answering_seconds": time.process_time() - trained,
        "parameters": network.count_params(),
    }


def better(images, widths, sides, seed):
    began = time.process_time()
    keras.utils.set_random_seed(seed)
    network = resnet.build(images.x_train[:5_000], widths)
    log = resnet.train(network, images.x_train, images.y_train, sides, seed=seed)
    trained = time.process_time()
    found = resnet.log_probabilities(network, images.x_test)
    answered = time.process_time()
    both = resnet.log_probabilities(network, images.x_test, mirrored=True)
    return {
        "test_accuracy": np.mean(found.argmax(axis=1) == images.y_test),
        "mirrored_test_accuracy": np.mean(both.argmax(axis=1) == images.y_test),
        "training_seconds": trained - began,
        "answering_seconds": answered - trained,
        "training_accuracy": log[-1]["accuracy"],
        "parameters": sum(int(np.prod(w.shape)) for w in network.trainable_weights),
    }


def main():
    images = data.load("cifar10")
    about = {"data": images, "images": len(images.x_train)}
    rows = {"recipe": study.Row(train=partial(recipe, images), epochs=RECIPE_EPOCHS, **about)}
    for name, (widths, sides) in SIZES.items():
        rows[name] = study.Row(
            train=partial(better, images, widths, sides), epochs=len(sides), **about
        )
    study.run("09_curve", rows, key="medium, test_accuracy")


if __name__ == "__main__":
    main()
