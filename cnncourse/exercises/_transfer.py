"""What an inverted bottleneck is judged by, and a network of which a part is to learn."""

from cnncourse.exercises import Wrong
from cnncourse.exercises._networks import FreshNetwork, with_set_weights
from cnncourse.exercises._residual import FreshMaps, _network_to, _numbers, refused_sizes

import numpy as np

# Blocks -------------------------------------------------------------------------------------------


def case(shape, kernel, stride, expansion, width):
    """One call of `inverted_bottleneck`; shape: (height, across, channels) of what comes in."""
    return FreshMaps(shape), kernel, stride, expansion, width


# Kernel, stride, expansion, and how many more maps go out than came in.
_KINDS = ((3, 1, 2, 0), (5, 2, 3, 0), (3, 1, 1, 0), (5, 1, 2, 1), (3, 1, 3, -1))


def drawn_case(random):
    """A further call: one where the sum is possible, or one where it is not, each for a reason."""
    kernel, stride, expansion, more = _KINDS[random.integers(len(_KINDS))]
    *sides, channels = random.integers((5, 5, 2), (9, 9, 5)).tolist()
    return case((*sides, channels), kernel, stride, expansion, channels + more)


def block_facts(maps):
    """What stands between the maps that were lent and those that came back.

    The numbers are those under weights that depend on their names and sizes alone, so that every
    style of writing the block has the same; they are so large that some pass 6.
    """
    image = FreshMaps.lent.shape[1:]
    network = _network_to(maps)
    kernels = [weight.shape for weight in network.weights if weight.name == "kernel"]
    images = np.random.default_rng(11).normal(size=(3, *image)).astype(np.float32)
    for weight in network.weights:
        larger = 4 if weight.name in ("gamma", "kernel") else 1
        weight.assign(larger * _numbers(weight.name, weight.shape))
    usual = np.asarray(network(images))
    learning = np.asarray(network(images, training=True))
    for weight in network.weights:
        if weight.name in ("kernel", "beta", "bias", "moving_mean"):
            weight.assign(np.zeros(weight.shape))
    idle = np.asarray(network(images))
    return {
        "shape of what comes out": str(tuple(maps.shape)),
        "convolutions": ", ".join(sorted(map(_convolution, kernels))) or "none",
        "biases of convolutions": sum(weight.name == "bias" for weight in network.weights),
        "batch normalisations": sum(weight.name == "moving_mean" for weight in network.weights),
        "with kernels of 0 comes out": _name(idle, images),
        "numbers": usual,
        "numbers while it learns": learning,
    }


def _convolution(kernel):
    """A kernel's shape in words; a dense layer along the channels is a convolution of 1×1."""
    *sides, channels, maps = (1, 1, *kernel)[-4:]
    high, wide = sides
    if 1 in (channels, maps) and high * wide > 1:
        return f"{high}×{wide} on each of {channels * maps} maps"
    return f"{high}×{wide} from {channels} to {maps} maps"


def _name(found, came_in):
    if found.shape == came_in.shape and np.allclose(found, came_in, atol=1e-3):
        return "what came in"
    return "0" if np.allclose(found, 0, atol=1e-3) else "something else"


def adds(given):
    """Whether a block adds what came in."""
    return given["stride"] == 1 and given["maps"].shape[-1] == given["width"]


def refused_where(where):
    """Keras refuses a sum exactly in the cases of which `where(given)` is true."""
    return lambda trials: all(bool(refused_sizes(t)) == where(t.given) for t in trials)


# Parts of a network that learn --------------------------------------------------------------------


def network(names, *, frozen):
    """A network of layers named in a text, "norm" in a name being batch normalisation."""

    def make():
        import keras
        from keras import layers

        made = [keras.Input((4, 4, 2))]
        for name in names.split():
            if "norm" in name:
                made.append(layers.BatchNormalization(name=name))
            elif "relu" in name:
                made.append(layers.ReLU(name=name))
            elif "pool" in name:
                made.append(layers.GlobalAveragePooling2D(name=name))
            elif "dense" in name:
                made.append(layers.Dense(2, name=name))
            else:
                made.append(layers.Conv2D(2, 1, name=name))
        built = with_set_weights(keras.Sequential(made), seed=11)
        if frozen:
            built.trainable = False
        return built

    state = ", frozen" if frozen else ""
    return FreshNetwork(make, f"network({names}{state})")


def drawn_network(random):
    """A further call of `unfreeze`: a network of two to four blocks, and a layer of it."""
    names = []
    for block in range(int(random.integers(2, 5))):
        names += [f"{kind}_{block}" for kind in ("conv", "norm", "relu")[: random.integers(1, 4)]]
    names += ["pool", "dense"]
    with_weights = [name for name in names if "relu" not in name and name != "pool"]
    first = with_weights[random.integers(len(with_weights))]
    return network(" ".join(names), frozen=bool(random.integers(2))), first


def learning_facts(answer):
    """Which layers of the network that was lent have weights that the next step would change."""
    lent = FreshNetwork.lent
    if answer is not lent:
        raise Wrong("What came back is not the network that was handed over: `return network`.")
    learning = {id(weight) for weight in lent.trainable_weights}
    found = [layer.name for layer in lent.layers if any(id(w) in learning for w in layer.weights)]
    norms = [name for name in found if "norm" in name]
    return {
        "batch normalisations that learn": ", ".join(norms) or "none",
        "other layers that learn": ", ".join(n for n in found if n not in norms) or "none",
    }
