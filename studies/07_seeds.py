"""Lesson 07: the recipe and the deeper network, with augmentation and without, five seeds each.

The settings were chosen on 200 of the training photographs; the validation photographs are looked
at here alone, after the last epoch, and choose nothing.
Run: python -m tools.study 07_seeds (started twice, it uses two cores).
"""

from functools import partial

from cnncourse import data, photos
from tools import study

import keras
from keras import layers

EPOCHS = 40
BATCH = 32
SIZE = (64, 64)


def augmentation():
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomShear(0.2, 0.2),
        layers.RandomZoom(0.2),
    ]


def recipe():
    return [
        layers.Rescaling(1 / 255),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ]


def deeper():
    blocks = []
    for filters in (16, 32, 64, 128, 128):
        blocks += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.MaxPooling2D(2),
        ]
    return [
        layers.Rescaling(1 / 255),
        *blocks,
        layers.GlobalAveragePooling2D(),
        layers.Dropout(0.3),
        layers.Dense(1, activation="sigmoid"),
    ]


def read(folder):
    return keras.utils.image_dataset_from_directory(
        folder,
        image_size=SIZE,
        label_mode="binary",
        batch_size=None,
        shuffle=False,
        verbose=False,
    ).cache()


def train(tidy, network, augmented, seed):
    keras.utils.set_random_seed(seed)
    training, validation = read(tidy.path / "train"), read(tidy.path / "validation")
    images = sum(tidy.counts["train"].values())
    model = keras.Sequential(
        [keras.Input((*SIZE, 3)), *(augmentation() if augmented else []), *network()]
    )
    rate = 1e-3
    if network is deeper:
        rate = keras.optimizers.schedules.CosineDecay(2e-3, EPOCHS * -(-images // BATCH))
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    model.fit(training.shuffle(images, seed=seed).batch(BATCH), epochs=EPOCHS, verbose=0)
    train_loss, train_accuracy = model.evaluate(training.batch(100), verbose=0)
    loss, accuracy = model.evaluate(validation.batch(100), verbose=0)
    return {
        "validation_accuracy": accuracy,
        "validation_loss": loss,
        "training_accuracy": train_accuracy,
        "training_loss": train_loss,
    }


def main():
    tidy = photos.prepare(data.photographs("cats_vs_dogs"))
    rows = {
        name: study.Row(
            train=partial(train, tidy, network, augmented),
            data=tidy,
            images=sum(tidy.counts["train"].values()),
            epochs=EPOCHS,
        )
        for name, network, augmented in (
            ("recipe without augmentation", recipe, False),
            ("recipe", recipe, True),
            ("deeper without augmentation", deeper, False),
            ("deeper", deeper, True),
        )
    }
    study.run("07_seeds", rows, key="deeper, validation_accuracy")


if __name__ == "__main__":
    main()
