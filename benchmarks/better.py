"""Lesson 09's network beside lesson 04's recipe: what whole trainings on CIFAR-10 cost.

All 50,000 training images; the recipe for its 9 epochs, the network small and medium as the study
`09_curve` trains it, which says what each has learned by then. Each side has one thread, and
everything counts but the imports: the network, its graphs, the small images.
"""

import time
from functools import partial

from benchmarks import Row, Side, images, recipes
from cnncourse import budget

COUNT = budget.choose(full=50_000, quick=500)
ROUNDS = budget.choose(full=3, quick=1)
KEY = "training, small, cpu"
RECIPE_EPOCHS = 9
# Maps in the blocks, and the side of the images in each epoch.
SIZES = {
    "small": ((32, 64, 128), (16, 32)),
    "medium": ((32, 64, 128), (16, 16, 24, 32)),
}


def recipe(seed):
    import keras

    x, y = images("cifar10", COUNT)
    start = time.process_time()
    keras.utils.set_random_seed(seed)
    network = recipes.keras_network(recipes.REPORTED["04 CNN"], x.shape[1:])
    network.fit(x, y, batch_size=32, epochs=RECIPE_EPOCHS, verbose=0)
    return {"cpu": time.process_time() - start}


def ours(widths, sides, seed):
    from cnncourse import resnet

    import keras

    x, y = images("cifar10", COUNT)
    x *= 255
    start = time.process_time()
    keras.utils.set_random_seed(seed)
    network = resnet.build(x[:5_000], widths)
    resnet.train(network, x, y, sides, seed=seed)
    return {"cpu": time.process_time() - start}


SIDES = {"recipe": Side(measure=recipe)} | {
    size: Side(measure=partial(ours, *how)) for size, how in SIZES.items()
}
ROWS = {"training": Row(sides=SIDES, data="cifar10", images=COUNT, threads=1)}
