"""Lesson 03: from the LeNet-like network, change one thing at a time; three seeds each.

Trains every variant on the lesson's own split of Fashion-MNIST (55,000 images to learn from, 5,000
held out) and writes results/03_one_change.json when CNNCOURSE_STORE=1.

    python studies/03_one_change.py

Each finished run is kept in build/03_one_change/, so that an interrupted study goes on where it
stopped; a change of this file or of the data starts it anew.
"""

import json
import pathlib
import time

from cnncourse import budget, data, results

import keras
import numpy as np
from keras import layers

NAME = "03_one_change"
EPOCHS = budget.choose(full=10, quick=1)
IMAGES = budget.choose(full=None, quick=2_000)
SEEDS = budget.choose(full=[1, 2, 3], quick=[1])
MEASURES = ("test_accuracy", "validation_accuracy", "training_accuracy")

START = {"activation": "tanh", "pooling": "average", "optimizer": "SGD", "batch": 128, "rate": 0.01}
MODERN = {"activation": "relu", "pooling": "max", "optimizer": "Adam", "batch": 32, "rate": 0.001}
VARIANTS = {
    "LeNet-like": START,
    "activation: ReLU": START | {"activation": "relu"},
    "pooling: max": START | {"pooling": "max"},
    "optimizer: Adam": START | {"optimizer": "Adam", "rate": 0.001},
    "batch size: 32": START | {"batch": 32},
    "learning rate: 0.1": START | {"rate": 0.1},
    "all four": MODERN,
    "all four but the activation": MODERN | {"activation": "tanh"},
}


def build(activation: str, pooling: str) -> keras.Model:
    """The LeNet-like network of the lesson, 61,610 parameters."""
    pool = {"average": layers.AveragePooling2D, "max": layers.MaxPooling2D}[pooling]
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 3, padding="same", activation=activation),
            pool(2),
            layers.Conv2D(16, 5, activation=activation),
            pool(2),
            layers.Conv2D(120, 5, activation=activation),
            layers.Flatten(),
            layers.Dense(84, activation=activation),
            layers.Dense(10, activation="softmax"),
        ]
    )


def measure(fashion: data.DataSet, settings: dict, seed: int) -> dict:
    """Train one variant with one seed; return its accuracies and CPU seconds."""
    (x_train, y_train), (x_val, y_val) = fashion.hold_out(len(fashion.x_train) // 12)
    x_train, x_val, x_test = (
        x[..., None].astype("float32") / 255 for x in (x_train, x_val, fashion.x_test)
    )
    keras.utils.set_random_seed(seed)
    model = build(settings["activation"], settings["pooling"])
    assert model.count_params() == 61_610
    optimizer = {"SGD": keras.optimizers.SGD, "Adam": keras.optimizers.Adam}[settings["optimizer"]]
    model.compile(
        optimizer=optimizer(learning_rate=settings["rate"]),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=50,  # the same steps, with less of Python between them
    )
    start = time.process_time()
    history = model.fit(
        x_train, y_train, epochs=EPOCHS, batch_size=settings["batch"], verbose=0
    ).history
    seconds = round(time.process_time() - start, 1)
    return {
        "test_accuracy": model.evaluate(x_test, fashion.y_test, batch_size=1_000, verbose=0)[1],
        "validation_accuracy": model.evaluate(x_val, y_val, batch_size=1_000, verbose=0)[1],
        "training_accuracy": history["accuracy"][-1],
        "images": len(x_train),
        "cpu_seconds": seconds,
    }


def kept(fashion: data.DataSet, variant: str, seed: int) -> dict:
    """The measurements of a run: from an earlier start of this study, or measured now."""
    key = {
        "code": results.code_digest(__file__),
        "data": fashion.provenance,
        "budget": budget.name(),
        "settings": VARIANTS[variant],
        "seed": seed,
    }
    word = "".join(c if c.isalnum() else "_" for c in variant)
    path = results.root() / "build" / NAME / f"{word}-{seed}-{budget.name()}.json"
    if path.exists():
        record = json.loads(path.read_text())
        if record["key"] == key:
            return record["found"]
    found = measure(fashion, VARIANTS[variant], seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = pathlib.Path(f"{path}.partial")
    partial.write_text(json.dumps({"key": key, "found": found}))
    partial.replace(path)
    return found


def main() -> None:
    book = results.Book(NAME)
    fashion = data.load("fashion_mnist").take(train=IMAGES)
    print(fashion)
    for variant in VARIANTS:
        runs = []
        for seed in SEEDS:
            found = kept(fashion, variant, seed)
            runs.append(found)
            about = {"data": fashion, "seeds": [seed], "epochs": EPOCHS, "images": found["images"]}
            for name in MEASURES:
                seconds = found["cpu_seconds"] if name == "test_accuracy" else None
                book.add(f"{variant}/{seed}/{name}", found[name], cpu_seconds=seconds, **about)
            print(
                f"{variant:28} seed {seed}: test {found['test_accuracy']:.4f}, "
                f"training {found['training_accuracy']:.4f}, {found['cpu_seconds']:.0f} CPU s",
                flush=True,
            )
        for name in MEASURES:
            mean = np.mean([run[name] for run in runs])
            book.add(f"{variant}/mean/{name}", mean, **(about | {"seeds": SEEDS}))
    print(book.close(key="all four/mean/test_accuracy"))


if __name__ == "__main__":
    main()
