"""How the cost of lesson 04's network grows with the images, its width and the batch.

Each is changed alone, from 5,000 images of CIFAR-10, 32 maps a convolution and batches of 32.
One epoch in a new process with one thread, after a few steps that are not counted. Its
multiply-adds are counted from the layers: forwards, and twice as many backwards except for the
first layer, whose input needs no gradient. Beside them, in the same process, products of two
1,024×1,024 matrices: what one thread of this machine does at its best.
"""

import time
from functools import partial

from benchmarks import Row, Side, images
from cnncourse import budget, results

MAPS, BATCH = 32, 32
COUNTS = budget.choose(full=(5_000, 10_000, 20_000, 50_000), quick=(1_000,))
WIDTHS = budget.choose(full=(8, 16, 32, 64), quick=())
BATCHES = budget.choose(full=(8, 32, 128, 512, 2_048), quick=())
ROUNDS = budget.choose(full=3, quick=1)
KEY = f"images {COUNTS[-1]:,}, epoch"


def network_of(maps):
    """Lesson 04's recipe with `maps` maps in both convolutions."""
    import keras
    from keras import layers

    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(maps, 4, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(maps, 4, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def multiply_adds(network):
    """Those of one image in a training step: forwards, for the weights, and for the inputs."""
    forwards = []
    for layer in network.layers:
        if layer.weights:
            positions = 1
            for size in layer.output.shape[1:-1]:
                positions *= size
            forwards.append(positions * layer.kernel.shape.num_elements())
    return 3 * sum(forwards) - forwards[0]


def peak():
    """Multiply-adds in a CPU second of matrix products, in 10⁹: the best of five."""
    import tensorflow as tf

    size, products = 1_024, 8
    a, b = (tf.random.normal((size, size)) for _ in range(2))
    tf.matmul(a, b).numpy()
    best = 0.0
    for _ in range(5):
        start = time.process_time()
        for _ in range(products):
            c = tf.matmul(a, b)
        c.numpy()
        best = max(best, products * size**3 / (time.process_time() - start))
    return best / 1e9


def measure(count, maps, batch, seed):
    import keras

    x, y = images("cifar10", count)
    keras.utils.set_random_seed(seed)
    network = network_of(maps)
    first = 2 * batch + count % batch  # steps of every size that the epoch has
    network.fit(x[:first], y[:first], batch_size=batch, verbose=0)
    start = time.process_time()
    network.fit(x, y, batch_size=batch, verbose=0)
    epoch = time.process_time() - start
    memory = results.peak_mib()
    rate, best = count * multiply_adds(network) / epoch / 1e9, peak()
    found = {"epoch": epoch, "rate": rate, "peak": best, "share": rate / best}
    return found | ({} if memory is None else {"memory": memory})


def row(count=COUNTS[0], maps=MAPS, batch=BATCH):
    side = Side(measure=partial(measure, count, maps, batch))
    return Row(sides={"": side}, data="cifar10", images=count, epochs=1, threads=1)


ROWS = (
    {f"images {count:,}": row(count=count) for count in COUNTS}
    | {f"maps {maps}": row(maps=maps) for maps in WIDTHS}
    | {f"batch {batch:,}": row(batch=batch) for batch in BATCHES}
)
