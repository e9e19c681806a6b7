"""Maps to put a residual block behind, and what is judged of the block."""

import re
import zlib

from cnncourse.exercises import Wrong
from cnncourse.exercises._networks import Fresh

import numpy as np


class FreshMaps(Fresh):
    """Maps (height, width, channels) of a network, made anew for every call; `lent`: the last."""

    lent = None

    def __init__(self, shape):
        super().__init__(self.input, f"keras.Input({shape})")
        self.shape = shape

    def input(self):
        import keras

        FreshMaps.lent = keras.Input(self.shape, name="what_came_in")
        return FreshMaps.lent


def case(height, across, channels, width):
    """One call of `residual_block`: maps (height, across, channels), and the width."""
    return FreshMaps((height, across, channels)), width


def drawn_case(random):
    """A further call; of few numbers of maps, so that often as many come in as are to come out."""
    return case(*random.integers(4, 9, 2).tolist(), *random.integers(2, 5, 2).tolist())


def block_facts(maps):
    """What stands between the maps that were lent and those that came back.

    The numbers are those under weights that depend on their names and sizes alone, so that every
    style of writing the block has the same.
    """
    image = FreshMaps.lent.shape[1:]
    network = _network_to(maps)
    kernels = [weight.shape for weight in network.weights if weight.name == "kernel"]
    images = np.random.default_rng(9).normal(size=(3, *image)).astype(np.float32)
    for weight in network.weights:
        weight.assign(_numbers(weight.name, weight.shape))
    usual = np.asarray(network(images))
    learning = np.asarray(network(images, training=True))
    came_in, sizes = images, (image[-1], maps.shape[-1])
    if len(set(sizes)) > 1:
        came_in = images @ _numbers("kernel", sizes)
    for weight in network.weights:
        if weight.name in ("beta", "bias", "moving_mean") or weight.shape[:2] == (3, 3):
            weight.assign(np.zeros(weight.shape))
    idle = np.asarray(network(images))
    return {
        "shape of what comes out": str(tuple(maps.shape)),
        "convolutions": " and ".join(sorted(map(_convolution, kernels))) or "none",
        "biases of convolutions": sum(weight.name == "bias" for weight in network.weights),
        "batch normalisations": sum(weight.name == "moving_mean" for weight in network.weights),
        "parameters": network.count_params(),
        "with 3×3 kernels of 0 comes out": _name(idle, came_in),
        "what is added lies below 0 in places": _same_shape(usual, came_in)
        and bool((usual - came_in).min() < -1e-3),
        "numbers": usual,
        "numbers while it learns": learning,
    }


def _network_to(maps):
    """A network from the maps that were lent to those that came back; Wrong where there is none."""
    import keras

    if isinstance(maps, keras.layers.Layer):
        raise Wrong(
            f"A layer came back ({type(maps).__name__}), and the maps that it makes are wanted: "
            "call it with the maps, as in `layers.ReLU()(maps)`."
        )
    if not keras.utils.is_keras_tensor(maps):
        raise Wrong(f"No maps of a Keras network came back, but {type(maps).__name__}.")
    try:
        return keras.Model(FreshMaps.lent, maps)
    except ValueError:
        raise Wrong("What came back is not made of the `maps` that were handed over.") from None


def _convolution(kernel):
    """A kernel's shape in words; a dense layer along the channels is a convolution of 1×1."""
    high, wide = kernel[:2] if len(kernel) == 4 else (1, 1)
    return f"{high}×{wide} with {kernel[-1]} maps"


def _numbers(name, shape):
    """Weights that are the same for all of one name and size; a variance is positive."""
    random = np.random.default_rng([zlib.crc32(name.encode()), int(np.prod(shape))])
    numbers = random.normal(size=tuple(shape)).astype(np.float32)
    return 1 + abs(numbers) if name == "moving_variance" else numbers


def _same_shape(one, other):
    return one.shape == other.shape


def _name(found, came_in):
    """What the maps of a block are that adds nothing to what came in."""
    named = {
        "what came in": came_in,
        "0": 0 * came_in,
        "what came in, without what lies below 0": np.maximum(came_in, 0),
    }
    for name, maps in named.items():
        if _same_shape(found, maps) and np.allclose(found, maps, atol=1e-3):
            return name
    return "something else"


# What gives a mistake away, for `Mistake(when=...)` -----------------------------------------------


def as_many(given):
    """Whether as many maps came in as are to come out."""
    return given["maps"].shape[-1] == given["width"]


def right_where(where):
    """`where(channels, width)` is true of the cases that are right, and of no other."""
    return lambda trials: all(
        trial.right == where(trial.given["maps"].shape[-1], trial.given["width"])
        for trial in trials
    )


def has_no_three(trials):
    """Networks come of it, none of which has a convolution of 3×3."""
    return all("3×3" not in trial.received["convolutions"] for trial in trials)


def brings_in_vain(trials):
    """There is a 1×1 convolution wherever as many maps came in as are to come out."""
    return all("1×1" in trial.received["convolutions"] for trial in trials if as_many(trial.given))


def refused_sizes(trial):
    """The two sizes (height, width, maps) that Keras refuses to add, none for another error."""
    sums = ("ValueError: Inputs have incompatible shapes", "ValueError: Cannot broadcast shape")
    if not (trial.error or "").startswith(sums):
        return []
    numbers = [int(number) for number in re.findall(r"\d+", trial.error)]
    return [tuple(numbers[-6:-3]), tuple(numbers[-3:])]


def loses_pixels(trials):
    """Keras refuses every sum, since one of the two is two pixels less high and less wide."""

    def lost(trial):
        high, wide, _ = trial.given["maps"].shape
        return {(high, wide), (high - 2, wide - 2)} == {size[:2] for size in refused_sizes(trial)}

    return all(map(lost, trials))


def shrinks(trials):
    """Keras refuses some sums, and each since the two are not equally high and wide."""
    refused = [refused_sizes(trial) for trial in trials if trial.error]
    return bool(refused) and all(len({size[:2] for size in sizes}) == 2 for sizes in refused)


def other_number(trials):
    """Keras refuses some sums, and each since the two differ in how many maps they have alone."""
    refused = [refused_sizes(trial) for trial in trials if trial.error]
    return bool(refused) and all(
        sizes and sizes[0][:2] == sizes[1][:2] and sizes[0][2] != sizes[1][2] for sizes in refused
    )


def used_again(trials):
    """A layer that is built already gets another number of maps."""
    return any("expected axis -1 of input shape" in (trial.error or "") for trial in trials)
